"""A decision undone: everything as it stood before, as long as nothing of it has left the portal.

What a decision writes to a store waits ``UNDO_SECONDS`` before it begins. Undoing looks whether it has begun, not at the
clock: an effect that another reason brought forward has left, and one that waits for a store that is away has not.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.contrib.auth.models import User
from django.db import IntegrityError, transaction
from django.db.models import Q, QuerySet
from django.utils.translation import gettext

from archive.clock import database_now
from archive.house import house_language
from archive.record import record_audit, record_event
from integration.flows.case_work import locked
from integration.flows.decisions import take_back_cancellation
from integration.flows.expectations import order_subject
from integration.flows.match_invoices import rejudge
from integration.flows.rights import DECIDE, Refused, require_right
from integration.models import ExceptionCase, Expectation, Order, PurchaseOrder, StoreEffect

UNDONE_FOR = timedelta(minutes=15)
"""Later, other people have read and told of it: it is decided anew instead."""
_DECIDED = {
    ExceptionCase.Decision.ACCEPTED: PurchaseOrder.State.ACCEPTED,
    ExceptionCase.Decision.REJECTED: PurchaseOrder.State.CANCELLED,
}
_NOT_ALONE = (
    ExceptionCase.Kind.INVOICE_DIFFERS,
    ExceptionCase.Kind.DUPLICATE,
    ExceptionCase.Kind.STOCK_HELD,
)
"""Cases whose settling puts something else aside too."""


def may_undo(case: ExceptionCase) -> bool:
    """Say whether the last decision of ``case`` can still be undone."""
    return not _obstacle(case)


def undo(user: User, case: ExceptionCase) -> None:
    """Open ``case`` again with everything as it stood before it was decided. Raises ``Refused`` where it cannot be."""
    require_right(user, DECIDE)
    with transaction.atomic():
        # In the order of a decision: the purchase order, its case, the order.
        if case.purchase_order_id is not None:
            PurchaseOrder.objects.select_for_update().get(pk=case.purchase_order_id)
        held = locked(case)
        if held.order_id is not None:
            # Held as ``effects.begin`` holds it: that finds the reason gone, or this finds the effect begun.
            Order.objects.select_for_update().get(pk=held.order_id)
        obstacle = _obstacle(held)
        if obstacle:
            raise Refused(obstacle)
        if held.decision == ExceptionCase.Decision.SETTLED:
            _hold_again(held)
        else:
            _take_back(held)
        _reopen(held)
        with house_language():
            decided = held.get_decision_display()
        record_audit(user, "undo decision", held.subject, detail={"decision": held.decision})
        sentence = f"Undone: “{decided}” of {held.closed_by}. Nothing of it had left."
        for subject in [held.subject, *([held.order.subject] if held.order else [])]:
            record_event(subject, "case_reopened", sentence, actor=user.get_username())


def _obstacle(case: ExceptionCase) -> str:
    """Return why the decision of ``case`` cannot be undone; ``""`` where it can."""
    if case.closed_at is None:
        return gettext("This case is open: there is nothing to undo.")
    if case.closed_at < database_now() - UNDONE_FOR:
        return gettext("It cannot be undone any more: more than 15 minutes have passed.")
    if case.decision == ExceptionCase.Decision.SETTLED:
        return (
            gettext("It cannot be undone any more: something else was put aside with it.")
            if case.kind in _NOT_ALONE
            else ""
        )
    if case.decision not in _DECIDED or case.plan.get("decision") not in ("accept", "reject"):
        return gettext("It cannot be undone any more: what this decision does begins at once.")
    return _gone_on(case)


def _gone_on(case: ExceptionCase) -> str:
    purchase_order, order = case.purchase_order, case.order
    if purchase_order is None or order is None or case.document is None:
        return gettext("It cannot be undone any more: the purchase order it was about is gone.")
    went_on = purchase_order.state != _DECIDED[ExceptionCase.Decision(case.decision)]
    is_other = case.plan.get("before") != PurchaseOrder.State.DISPUTED
    if went_on or is_other:
        return gettext("It cannot be undone any more: purchase order %(number)s stands otherwise by now.") % {
            "number": purchase_order.number
        }
    if _effects(case).exclude(state=StoreEffect.State.WAITING).exists():
        return gettext("It cannot be undone any more: it is written to the store, or being written.")
    if order.acknowledgments.filter(created_at__gte=case.closed_at).exists():
        return gettext("It cannot be undone any more: the customer was told.")
    return ""


def _effects(case: ExceptionCase) -> QuerySet[StoreEffect]:
    """Return what the decision writes to the store: the order's status with its metafield, and the note."""
    order = case.order
    assert order is not None
    prefix = f"{order.store_id}:{order.number}"
    note = f"{prefix}:note:{case.purchase_order_id}:{case.document_id}:{case.plan.get('after')}"
    wanted = Q(marker=note)
    if case.decision == ExceptionCase.Decision.ACCEPTED:
        wanted |= Q(marker__startswith=f"{prefix}:accepted:")
    return StoreEffect.objects.filter(wanted)


def _take_back(case: ExceptionCase) -> None:
    purchase_order, document = case.purchase_order, case.document
    assert purchase_order is not None
    assert document is not None
    if case.decision == ExceptionCase.Decision.REJECTED:
        take_back_cancellation(purchase_order, document)
    else:
        PurchaseOrder.objects.filter(pk=purchase_order.pk).update(
            state=PurchaseOrder.State.DISPUTED, accepted_by=None, agreed=None, leaves_store=False
        )
        accepted = Order.objects.filter(pk=purchase_order.order_id, state=Order.State.ACCEPTED)
        accepted.update(state=Order.State.ROUTED)
        Expectation.objects.filter(
            what=Expectation.What.SHIP_NOTICE,
            subject=order_subject(purchase_order),
            document=document,
            state__in=Expectation.UNMET,
        ).delete()
    # None has begun: what is decided next makes its own, or none.
    _effects(case).delete()
    rejudge(purchase_order)


def _hold_again(case: ExceptionCase) -> None:
    """Let the case hold its order again where settling it had let the order go."""
    state, why = case.plan.get("order", ["", ""])
    if state and case.order_id is not None:
        let_go = Order.objects.filter(pk=case.order_id, state=Order.State.NOT_OURS)
        let_go.update(state=state, state_reason=why)


def _reopen(case: ExceptionCase) -> None:
    opened: dict[str, Any] = {
        "closed_at": None,
        "closed_by": "",
        "decision": "",
        "decision_reason": "",
        "plan": {},
    }
    try:
        with transaction.atomic():
            ExceptionCase.objects.filter(pk=case.pk).update(**opened)
    except IntegrityError:
        raise Refused(
            gettext("It cannot be undone any more: another case of the same cause is open.")
        ) from None
