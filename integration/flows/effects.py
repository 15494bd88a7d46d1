"""An intended effect on the store and its end: begun, interrupted, finished, each in one place for all kinds."""

from __future__ import annotations

from typing import Any

from archive.clock import database_now
from archive.record import record_event
from integration.errors import IntegrationError, PermanentError, RetryableError
from integration.failpoints import failpoint
from integration.flows.nameless import nameless
from integration.models import Order, PurchaseOrder, Shipment, StoreEffect, store_channel
from integration.patience import SETTLES
from integration.work import Claim, Step

State = StoreEffect.State
Kind = StoreEffect.Kind
UNDONE = (State.WAITING, State.SENDING, State.UNKNOWN, State.FAILED)
_ENDED = [PurchaseOrder.State.ACCEPTED, PurchaseOrder.State.DROPPED, PurchaseOrder.State.CANCELLED]
_TOLD_IN_NOTES = [PurchaseOrder.State.ACCEPTED, PurchaseOrder.State.CANCELLED]
_OF_SHIPPING = (Kind.REMOVAL, Kind.SHIPPED)
SHIPPING_KINDS = (Kind.SHIPMENT, *_OF_SHIPPING)


def effect_words(effect: StoreEffect) -> str:
    """Return what an effect of shipping does, to go on a sentence."""
    if effect.kind == Kind.SHIPPED:
        return "the status that follows from what is shipped"
    shipment: Shipment | None = getattr(effect, "shipment", None)
    if effect.kind == Kind.REMOVAL:
        shipment = Shipment.objects.filter(pk=effect.intended["shipment"]).first()
    tracking = (
        f", tracking number {shipment.tracking_number}" if shipment and shipment.tracking_number else ""
    )
    number = f" {shipment.number}" if shipment else ""
    what = "the removal of shipment" if effect.kind == Kind.REMOVAL else "shipment"
    return f"{what}{number}{tracking}"


def effect_step(effect: StoreEffect) -> Step:
    """Return the step that applies ``effect``."""
    order = effect.order
    return Step("apply_effect", str(effect.pk), order.ordering_key, talks_to=store_channel(order.store_id))


def begin(effect: StoreEffect, claim: Claim, **written: Any) -> bool:
    """Write that the effect is begun, with the fields ``written``; return False where its reason does not stand any more.

    Then nothing is written, neither here nor there.
    """
    with claim.transaction():
        # Locked as reading an answer again locks it: that finds the effect either begun or held back.
        order = Order.objects.select_for_update().get(pk=effect.order_id)
        if effect.state == State.WAITING and not _reason_stands(effect, order):
            return False
        rows = StoreEffect.objects.filter(pk=effect.pk, state__in=UNDONE)
        if not rows.update(state=State.SENDING, **written):
            return False  # undone meanwhile
    failpoint("effect.sending")
    return True


def _reason_stands(effect: StoreEffect, order: Order) -> bool:
    """Say whether what the partner said, that the effect follows from, is still what it was when it was intended."""
    if effect.kind in _OF_SHIPPING or effect.kind == Kind.REFUND:
        return True
    if effect.kind == Kind.SHIPMENT:
        return Shipment.objects.filter(effect=effect, withdrawn_by=None).exists()
    if effect.kind == Kind.NOTE:
        told_of = order.purchase_orders.filter(pk=effect.intended["purchase_order"])
        return told_of.filter(state__in=_TOLD_IN_NOTES).exists()
    return order.state != Order.State.HELD and not order.purchase_orders.exclude(state__in=_ENDED).exists()


def interrupted(effect: StoreEffect, claim: Claim, error: IntegrationError) -> None:
    """Write how far an effect came that ended with ``error``."""
    if isinstance(error, PermanentError):
        state = State.FAILED
    elif isinstance(error, RetryableError) and error.ambiguous:
        state = State.UNKNOWN
        error.wait_at_least(SETTLES)
    else:
        state = State.WAITING
    with claim.transaction():
        StoreEffect.objects.filter(pk=effect.pk, state=State.SENDING).update(
            state=state, answer={"error": str(error)}
        )


def finish(effect: StoreEffect, claim: Claim, state: str, answer: dict[str, Any], sentence: str) -> None:
    """Write that the effect has ended as ``state`` says, and tell it in the order's timeline."""
    with claim.transaction():
        done = StoreEffect.objects.filter(pk=effect.pk, state__in=UNDONE).update(
            state=state, answer=answer, finished_at=database_now()
        )
        if done:
            record_event(effect.order.subject, f"effect_{state}", nameless(sentence, effect.order))
        if done and state == State.DONE and effect.kind in (Kind.STATUS, Kind.SHIPPED):
            Order.objects.filter(pk=effect.order_id).update(status_id=answer["status_id"])
