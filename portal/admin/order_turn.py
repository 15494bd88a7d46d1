"""Where an order stands in one sentence, whose turn it is, and what comes next by when: what a caller asks."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from archive.models import Delivery
from integration.models import ExceptionCase, Order, PurchaseOrder
from portal.admin.show import BAD, GOOD, QUIET, WAITING, WARNING

State = PurchaseOrder.State
OURS, GRIDPORTS, NOBODYS = "Yours", "Gridport's", "Nobody's"


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
    whose: str
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
            undelivered[0], OURS, BAD, "Look at the document: it is tried again, or sent again by you."
        )
    late = next((each for each in expected if each.is_late), None)
    if late is not None:
        return _awaited(late, "It is late: ask for it.")
    if open_cases:
        return _waiting(open_cases[0])
    if expected:
        return _awaited(min(expected, key=lambda each: each.due_at), "It comes by itself.")
    return _by_itself(order, [each for each in purchase_orders if each.state != State.DROPPED])


def _decide(cases: Sequence[ExceptionCase], now: datetime) -> Turn:
    first = min(cases, key=lambda each: (each.due_at is None, each.due_at or each.opened_at))
    what = first.get_kind_display()
    more = f", and {len(cases) - 1} more" if len(cases) > 1 else ""
    owner = f"{first.owner} looks after it." if first.owner else "Nobody looks after it yet."
    late = first.due_at is not None and first.due_at <= now
    sentence = f"Needs a decision: {what[:1].lower()}{what[1:]}{more}."
    return Turn(sentence, OURS, BAD if late else WARNING, f"Decide the case. {owner}", first.due_at, late)


def _waiting(case: ExceptionCase) -> Turn:
    if case.waiting_for == ExceptionCase.WaitingFor.PARTNER:
        who = str(case.partner or "the partner")
        words = f"Waiting for the answer of {who}."
        return Turn(
            words, f"{who}'s", WAITING, "The case needs you again by then at the latest.", case.snoozed_until
        )
    return Turn("Put off by you.", NOBODYS, QUIET, "The case needs you again then.", case.snoozed_until)


def _awaited(each: Awaited, then: str) -> Turn:
    sentence = f"Overdue: {each.words}." if each.is_late else f"Waiting for {each.words}."
    tone = BAD if each.is_late else WAITING
    return Turn(sentence, f"{each.partner}'s", tone, then, each.due_at, each.is_late)


def _by_itself(order: Order, standing: Sequence[PurchaseOrder]) -> Turn:
    """Return where an order stands that waits for nobody outside, and for no person here."""
    if order.state == Order.State.NOT_OURS:
        return Turn(_because("Not worked on", order), NOBODYS, QUIET, "Nothing more happens by itself.")
    if order.state == Order.State.HELD:
        return Turn(
            _because("Held", order), OURS, WARNING, "No case is open: settle outside what becomes of it."
        )
    if not standing:
        return Turn(
            "Read from the store, not sent yet.",
            GRIDPORTS,
            WAITING,
            "It goes to the partners once it has settled.",
        )
    if any(each.state == State.COMPOSED for each in standing):
        return Turn(
            "Composed and not sent: the store, the mailbox or the agreement is in watch.", OURS, WAITING,
            "It is sent once all three are live.",
        )  # fmt: skip
    if any(each.state in (State.ROUTED, State.GENERATED) for each in standing):
        partners = ", ".join(dict.fromkeys(str(each.agreement.partner) for each in standing))
        return Turn(
            f"With {partners}.", f"{partners}'s", WAITING, "No time was agreed by which an answer is due."
        )
    if all(each.state == State.CANCELLED for each in standing):
        return Turn("Cancelled by us.", NOBODYS, QUIET, "Nothing more is expected.")
    return Turn("Accepted by every partner.", NOBODYS, GOOD, "Nothing more is expected.")


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
                f"Purchase order {each['row'].number} was not delivered to {each['row'].agreement.partner}."
            )
        elif state is not None and state.delivery == Delivery.UNKNOWN:
            told.append(f"Whether purchase order {each['row'].number} was delivered is not known.")
    return told
