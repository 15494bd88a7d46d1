"""Where an order stands in one sentence, whose turn it is, and what comes next by when: what a caller asks."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext, gettext_lazy

from archive.models import Delivery
from integration.models import ExceptionCase, Order, PurchaseOrder
from portal.admin.show import BAD, GOOD, QUIET, WAITING, WARNING, and_more

State = PurchaseOrder.State
OURS, GRIDPORTS, NOBODYS = gettext_lazy("Yours"), gettext_lazy("Gridport's"), gettext_lazy("Nobody's")


@dataclass(frozen=True)
class Awaited:
    """What has to come next, from whom, until when."""

    words: str
    due_at: datetime
    is_late: bool
    partner: str = ""


@dataclass(frozen=True)
class Turn:
    """One sentence on where the order stands, whose turn it is, and the next step with its day, where there is one."""

    sentence: str
    whose: str | Promise
    tone: str
    next: str
    due_at: datetime | None = None
    is_late: bool = False


def order_turn(
    order: Order,
    purchase_orders: Iterable[PurchaseOrder],
    undelivered: Sequence[str],
    open_cases: Sequence[ExceptionCase],
    expected: Sequence[Awaited],
    now: datetime,
) -> Turn:
    """Return whose turn it is. ``undelivered`` says of each purchase order that did not get out why, in words.

    What a person must do comes first, then what has failed, then what is awaited, then what Gridport does by itself.
    """
    needed = [case for case in open_cases if not case.is_put_off(now)]
    if needed:
        return _decide(needed, now)
    if undelivered:
        return Turn(
            undelivered[0],
            OURS,
            BAD,
            gettext("Look at the document: it is tried again, or sent again by you."),
        )
    late = next((each for each in expected if each.is_late), None)
    if late is not None:
        return _awaited(late, gettext("It is late: ask for it."))
    if open_cases:
        return _waiting(open_cases[0])
    if expected:
        return _awaited(min(expected, key=lambda each: each.due_at), gettext("It comes by itself."))
    return _by_itself(order, [each for each in purchase_orders if each.state != State.DROPPED])


def _decide(cases: Sequence[ExceptionCase], now: datetime) -> Turn:
    first = min(cases, key=lambda each: (each.due_at is None, each.due_at or each.opened_at))
    what = first.get_kind_display()
    needs = and_more(what[:1].lower() + what[1:], len(cases) - 1)
    owner = (
        gettext("%(owner)s looks after it.") % {"owner": first.owner}
        if first.owner
        else gettext("Nobody looks after it yet.")
    )
    late = first.due_at is not None and first.due_at <= now
    sentence = gettext("Needs a decision: %(needs)s.") % {"needs": needs}
    return Turn(
        sentence,
        OURS,
        BAD if late else WARNING,
        gettext("Decide the case. %(owner)s") % {"owner": owner},
        first.due_at,
        late,
    )


def _waiting(case: ExceptionCase) -> Turn:
    if case.waiting_for == ExceptionCase.WaitingFor.PARTNER:
        who = str(case.partner or gettext("the partner"))
        words = gettext("Waiting for the answer of %(who)s.") % {"who": who}
        return Turn(
            words,
            f"{who}'s",
            WAITING,
            gettext("The case needs you again by then at the latest."),
            case.snoozed_until,
        )
    return Turn(
        gettext("Put off by you."),
        NOBODYS,
        QUIET,
        gettext("The case needs you again then."),
        case.snoozed_until,
    )


def _awaited(each: Awaited, then: str) -> Turn:
    sentence = (
        gettext("Overdue: %(words)s.") % {"words": each.words}
        if each.is_late
        else gettext("Waiting for %(words)s.") % {"words": each.words}
    )
    tone = BAD if each.is_late else WAITING
    return Turn(sentence, f"{each.partner}'s", tone, then, each.due_at, each.is_late)


def _by_itself(order: Order, standing: Sequence[PurchaseOrder]) -> Turn:
    """Return where an order stands that waits for nobody outside, and for no person here."""
    if order.state == Order.State.NOT_OURS:
        return Turn(
            _because(gettext("Not worked on"), order),
            NOBODYS,
            QUIET,
            gettext("Nothing more happens by itself."),
        )
    if order.state == Order.State.HELD:
        return Turn(
            _because(gettext("Held"), order),
            OURS,
            WARNING,
            gettext("No case is open: settle outside what becomes of it."),
        )
    if not standing:
        return Turn(
            gettext("Read from the store, not sent yet."),
            GRIDPORTS,
            WAITING,
            gettext("It goes to the partners once it has settled."),
        )
    if any(each.state == State.COMPOSED for each in standing):
        return Turn(
            gettext("Composed and not sent: the store, the mailbox or the agreement is in watch."), OURS, WAITING,
            gettext("It is sent once all three are live."),
        )  # fmt: skip
    if any(each.state in (State.ROUTED, State.GENERATED) for each in standing):
        partners = ", ".join(dict.fromkeys(str(each.agreement.partner) for each in standing))
        return Turn(
            gettext("With %(partners)s.") % {"partners": partners},
            f"{partners}'s",
            WAITING,
            gettext("No time was agreed by which an answer is due."),
        )
    if all(each.state == State.CANCELLED for each in standing):
        return Turn(gettext("Cancelled by us."), NOBODYS, QUIET, gettext("Nothing more is expected."))
    return Turn(gettext("Accepted by every partner."), NOBODYS, GOOD, gettext("Nothing more is expected."))


def _because(words: str, order: Order) -> str:
    return f"{words}: {order.state_reason}" if order.state_reason else f"{words}."


def undelivered_words(rows: Iterable[dict[str, Any]]) -> list[str]:
    """Return, of each purchase order whose document did not get out, the sentence that says so."""
    told = []
    for each in rows:
        document = each["document"]
        state = getattr(document, "state", None) if document is not None else None
        if state is not None and state.delivery == Delivery.FAILED:
            told.append(
                gettext("Purchase order %(number)s was not delivered to %(partner)s.")
                % {"number": each["row"].number, "partner": each["row"].agreement.partner}
            )
        elif state is not None and state.delivery == Delivery.UNKNOWN:
            told.append(
                gettext("Whether purchase order %(number)s was delivered is not known.")
                % {"number": each["row"].number}
            )
    return told
