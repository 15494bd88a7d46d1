"""Effects on the store: intended, looked for, done, and never twice."""

from __future__ import annotations

from typing import Any

from archive.clock import database_now
from archive.record import record_event
from integration.bigcommerce.client import StoreClient
from integration.bigcommerce.orders import StoreOrder
from integration.errors import IntegrationError, PermanentError, RetryableError
from integration.failpoints import failpoint
from integration.flows.stores import client_for
from integration.models import ORDER_STATUSES, Order, PurchaseOrder, StoreEffect, store_channel
from integration.patience import SETTLES
from integration.work import Claim, Step
from partners.models import Mode

State = StoreEffect.State
NAMESPACE = "gridport"
_ENDED = [PurchaseOrder.State.ACCEPTED, PurchaseOrder.State.DROPPED, PurchaseOrder.State.CANCELLED]
_TOLD_IN_NOTES = [PurchaseOrder.State.ACCEPTED, PurchaseOrder.State.CANCELLED]
LONGEST_NOTES = 65_535
_UNDONE = [State.WAITING, State.SENDING, State.UNKNOWN, State.FAILED]


def effect_step(effect: StoreEffect) -> Step:
    """Return the step that applies ``effect``."""
    order = effect.order
    return Step("apply_effect", str(effect.pk), order.ordering_key, talks_to=store_channel(order.store_id))


def apply_effect(subject: str, claim: Claim) -> list[Step]:
    """Bring the store to what the effect intends; what is found done already is not done again.

    To a store in watch nothing is written: the effect waits, and going live asks for this step again. Neither is it
    begun while a partner's answer does not stand any more, being read again as another one: accepting asks for it again.
    """
    effect = StoreEffect.objects.select_related("order__store").get(pk=subject)
    if effect.state in (State.DONE, State.SKIPPED):
        return []
    if effect.order.store.mode != Mode.LIVE:
        return []  # asked for again when the store goes live
    with client_for(effect.order.store) as client:
        if effect.kind == StoreEffect.Kind.STATUS:
            _apply_status(effect, client, claim)
        elif effect.kind == StoreEffect.Kind.NOTE:
            _apply_note(effect, client, claim)
        else:
            _apply_metafield(effect, client, claim)
    return []


def _apply_status(effect: StoreEffect, client: StoreClient, claim: Claim) -> None:
    order, wanted = effect.order, int(effect.intended["status_id"])
    found = client.get_order(order.number)
    if found.status_id == wanted:
        _finish(
            effect, claim, State.DONE, _answer(found), f"The order in the store is {ORDER_STATUSES[wanted]}."
        )
        return
    if found.status_id not in order.store.movable_statuses:
        sentence = (
            f"The order stays {ORDER_STATUSES.get(found.status_id, found.status_id)} in the store: somebody moved it"
            f" there, and only {', '.join(ORDER_STATUSES[each] for each in order.store.movable_statuses)} are moved to"
            f" {ORDER_STATUSES[wanted]}."
        )
        _finish(effect, claim, State.SKIPPED, _answer(found), sentence)
        return
    if not _begin(effect, claim):
        return
    try:
        written = client.update_status(order.number, wanted)
    except IntegrationError as error:
        _interrupted(effect, claim, error)
        raise
    failpoint("effect.written")
    _finish(
        effect,
        claim,
        State.DONE,
        _answer(written, after=found),
        f"The order in the store is now {ORDER_STATUSES[wanted]}.",
    )


def _apply_metafield(effect: StoreEffect, client: StoreClient, claim: Claim) -> None:
    key, value = effect.intended["key"], effect.intended["value"]
    if not _begin(effect, claim):
        return
    try:
        # Looks for the field first and writes only what differs: repeating it changes nothing.
        client.set_order_metafield(effect.order.number, NAMESPACE, key, value)
    except IntegrationError as error:
        _interrupted(effect, claim, error)
        raise
    failpoint("effect.written")
    _finish(
        effect, claim, State.DONE, {}, "The purchase order's answer is written to the order in the store."
    )


def _apply_note(effect: StoreEffect, client: StoreClient, claim: Claim) -> None:
    """Add the line to the staff notes, unless it stands there already; all that stands there is kept.

    What is certain: our line is written once however often this is done, and nothing that the notes held when they
    were read is lost. What is not: BigCommerce writes the notes as a whole and knows no condition for it, so what
    somebody saves, in the notes or as the status, between our read and our write is overwritten. That time is one
    round trip to the store: the read is the last thing before the write, which waits for nothing and is not repeated
    without reading anew. And a line that staff remove before we have learnt that it was written is written again.
    """
    number, line = effect.order.number, effect.intended["line"]
    if not _begin(effect, claim):
        return
    try:
        found = client.get_order(number)
        if _holds(found.staff_notes, effect.intended["sign"]):
            _finish(effect, claim, State.DONE, {}, f"The order's staff notes hold the line: “{line}”")
            return
        notes = f"{found.staff_notes}\n{line}" if found.staff_notes else line
        if len(notes) > LONGEST_NOTES:
            sentence = (
                f"The staff notes of order {number} have no room left for “{line}”: the store takes"
                f" {LONGEST_NOTES:,} characters, and they hold {len(found.staff_notes):,}. Nothing was written or cut off."
            )
            _finish(effect, claim, State.SKIPPED, {"error": sentence}, sentence)
            return
        written = client.update_staff_notes(number, notes, found.status_id)
    except IntegrationError as error:
        _interrupted(effect, claim, error)
        raise
    failpoint("effect.written")
    _finish(
        effect,
        claim,
        State.DONE,
        _answer(written, after=found),
        f"The order's staff notes have a new line: “{line}”",
    )


def _holds(notes: str, sign: str) -> bool:
    return sign in notes


def _answer(found: StoreOrder, *, after: StoreOrder | None = None) -> dict[str, Any]:
    """Return what is kept of the order as the store gave it: of a write, with the date of change right ``after`` which it came."""
    told = {"status_id": found.status_id, "date_modified": found.date_modified.isoformat()}
    if after is not None:
        told["after"] = after.date_modified.isoformat()
    return told


def _begin(effect: StoreEffect, claim: Claim) -> bool:
    """Write that the effect is begun; return False, with nothing written, where its reason does not stand any more."""
    with claim.transaction():
        # Locked as reading an answer again locks it: that finds the effect either begun or held back.
        order = Order.objects.select_for_update().get(pk=effect.order_id)
        if effect.state == State.WAITING and not _reason_stands(effect, order):
            return False
        StoreEffect.objects.filter(pk=effect.pk, state__in=_UNDONE).update(state=State.SENDING)
    failpoint("effect.sending")
    return True


def _reason_stands(effect: StoreEffect, order: Order) -> bool:
    """Say whether the answers that the effect follows from are still what they were when it was intended."""
    if effect.kind == StoreEffect.Kind.NOTE:
        told_of = order.purchase_orders.filter(pk=effect.intended["purchase_order"])
        return told_of.filter(state__in=_TOLD_IN_NOTES).exists()
    return order.state != Order.State.HELD and not order.purchase_orders.exclude(state__in=_ENDED).exists()


def _interrupted(effect: StoreEffect, claim: Claim, error: IntegrationError) -> None:
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


def _finish(effect: StoreEffect, claim: Claim, state: str, answer: dict[str, Any], sentence: str) -> None:
    with claim.transaction():
        done = StoreEffect.objects.filter(pk=effect.pk, state__in=_UNDONE).update(
            state=state, answer=answer, finished_at=database_now()
        )
        if done:
            record_event(effect.order.subject, f"effect_{state}", sentence)
        if done and state == State.DONE and effect.kind == StoreEffect.Kind.STATUS:
            Order.objects.filter(pk=effect.order_id).update(status_id=answer["status_id"])
