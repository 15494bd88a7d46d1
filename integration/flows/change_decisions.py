"""What staff can decide about an order that changed after it was sent, and about a change that a partner does not take."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext, gettext_lazy

from integration.flows.changes import (
    LineChange,
    change_words,
    start_change,
    takes_changes,
    told_by_hand,
)
from integration.flows.edited import moves_of
from integration.flows.import_orders import CANCELLED
from integration.flows.planned import Choice, Given, Plan
from integration.flows.quantities_in_force import STANDING
from integration.flows.rights import Refused
from integration.models import ExceptionCase, PurchaseOrder, PurchaseOrderChange
from integration.work import Step

Kind = ExceptionCase.Kind
Decision = ExceptionCase.Decision
SEND_CHANGE = Choice(
    "send_change",
    gettext_lazy("Send the change"),
    gettext_lazy("The partner is sent a purchase order change (860)."),
)
TELL = Choice(
    "tell",
    gettext_lazy("Tell the partner yourself"),
    gettext_lazy("The change counts, and nothing is sent: you tell the partner, by telephone or mail."),
)
LEAVE = Choice(
    "leave",
    gettext_lazy("Leave it as it was"),
    gettext_lazy("The partner delivers as before; settle with the customer what becomes of it."),
)
SEND_AGAIN = Choice(
    "send_again",
    gettext_lazy("Send the change again"),
    gettext_lazy("The same change is sent once more, under a new number."),
)
CHANGE_KINDS = frozenset({Kind.ORDER_CHANGED, Kind.CHANGE_ANSWERED})


def change_choices(case: ExceptionCase, offered: Sequence[Choice]) -> tuple[Choice, ...]:
    """Return those of ``offered`` that make sense: nothing is sent to a partner who takes no changes."""
    purchase_order = case.purchase_order
    if purchase_order is None:
        return ()
    sends = takes_changes(purchase_order.agreement)
    return tuple(each for each in offered if sends or each not in (SEND_CHANGE, SEND_AGAIN))


def send_plan(case: ExceptionCase, given: Given) -> Plan:
    """Return what sending the change does. Raises ``Refused`` where no quantity has changed."""
    purchase_order, changes = _asked(case)
    if not changes:
        raise Refused(
            gettext(
                "No quantity has changed, and a change (860) tells quantities alone: tell the partner yourself."
            )
        )
    partner = purchase_order.agreement.partner
    rest = [row for row in case.evidence if "line" not in row]
    sentences = [
        *change_words(purchase_order, changes),
        f"{partner} is sent change {purchase_order.changes.count() + 1} of purchase order {purchase_order.number} (860).",
        *(f"The {row['what']} is not told in it: tell {partner} yourself." for row in rest),
    ]
    return _plan("send_change", purchase_order, sentences, changes)


def tell_plan(case: ExceptionCase, given: Given) -> Plan:
    """Return what telling the partner by hand does."""
    purchase_order, changes = _asked(case)
    partner = purchase_order.agreement.partner
    sentences = [
        *change_words(purchase_order, changes),
        f"Nothing is sent: you tell {partner}. From now on that counts as what {partner} was told.",
    ]
    return _plan("tell", purchase_order, sentences, changes)


def leave_plan(case: ExceptionCase, given: Given) -> Plan:
    """Return what leaving a refused change does: nothing but to close the case."""
    change = _refused(case)
    purchase_order = change.purchase_order
    sentences = [
        f"Purchase order {purchase_order.number} stands as {purchase_order.agreement.partner} says; the order in the store"
        " stays as it is."
    ]
    return _plan("leave", purchase_order, sentences, [])


def again_plan(case: ExceptionCase, given: Given) -> Plan:
    """Return what sending a refused change again does."""
    change = _refused(case)
    purchase_order = change.purchase_order
    if purchase_order.state not in STANDING:
        raise Refused(
            gettext("Purchase order %(number)s is %(state)s.")
            % {"number": purchase_order.number, "state": purchase_order.get_state_display().lower()}
        )
    changes = [LineChange(row["line_number"], Decimal(row["now"])) for row in change.lines]
    words = change_words(purchase_order, changes)
    number = purchase_order.changes.count() + 1
    sentences = [*words, f"{purchase_order.agreement.partner} is sent it as change {number} (860)."]
    return _plan("send_again", purchase_order, sentences, changes)


@dataclass(frozen=True)
class Done:
    """What an act came to: the steps that follow, what is told on the case, and how the case is closed."""

    steps: list[Step]
    sentence: str
    decision: str


def carry_out_change(case: ExceptionCase, wanted: Plan, reason: str, actor: str) -> Done:
    """Do what a plan about a change says, in the caller's transaction, which holds the purchase order."""
    purchase_order = case.purchase_order
    assert purchase_order is not None
    changes = [LineChange(row["line_number"], Decimal(row["quantity"])) for row in wanted.lines]
    number = purchase_order.number
    if wanted.decision in ("send_change", "send_again"):
        steps = start_change(purchase_order, changes, reason=reason, actor=actor)
        return Done(steps, f"A change of purchase order {number} is sent: {reason}", Decision.CHANGE_SENT)
    if wanted.decision == "tell":
        told_by_hand(purchase_order, changes, reason=reason, actor=actor)
        return Done(
            [], f"The partner of purchase order {number} is told by hand: {reason}", Decision.CHANGE_TOLD
        )
    return Done([], f"Purchase order {number} is left as it was: {reason}", Decision.LEFT)


def _asked(case: ExceptionCase) -> tuple[PurchaseOrder, list[LineChange]]:
    purchase_order = case.purchase_order
    if purchase_order is None or purchase_order.state not in STANDING:
        raise Refused(gettext("The purchase order does not stand any more: settle the case."))
    order = purchase_order.order
    moves = moves_of(purchase_order, cancelled=order.status_id in CANCELLED)
    return purchase_order, [LineChange(each.line_number, each.now) for each in moves]


def _refused(case: ExceptionCase) -> PurchaseOrderChange:
    pk = case.cause.rpartition(":")[2]
    change = PurchaseOrderChange.objects.select_related(
        "purchase_order__agreement__partner", "purchase_order__order"
    )
    found = change.filter(pk=pk).first() if pk.isdecimal() else None
    if found is None:
        raise Refused(gettext("The change is not known any more: settle the case."))
    return found


def _plan(
    name: str, purchase_order: PurchaseOrder, sentences: list[str], changes: Sequence[LineChange]
) -> Plan:
    lines: list[dict[str, Any]] = [
        {"line_number": each.line_number, "quantity": str(each.quantity)} for each in changes
    ]
    return Plan(name, sentences, purchase_order.pk, purchase_order.state, purchase_order.state, lines=lines)


CHANGE_PLANS: dict[str, Callable[[ExceptionCase, Given], Plan]] = {
    "send_change": send_plan,
    "tell": tell_plan,
    "leave": leave_plan,
    "send_again": again_plan,
}
