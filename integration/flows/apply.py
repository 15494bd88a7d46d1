"""Effects on the store: intended, looked for, done, and never twice."""

from __future__ import annotations

from collections.abc import Callable

from integration.bigcommerce.client import StoreClient
from integration.errors import IntegrationError
from integration.failpoints import failpoint
from integration.flows.apply_refunds import refund_customer
from integration.flows.apply_shipments import (
    add_shipment,
    answer_of,
    move_by_shipments,
    remove_shipment,
    write_status,
)
from integration.flows.effects import begin, finish, interrupted
from integration.flows.stores import client_for
from integration.models import ORDER_STATUSES, StoreEffect
from integration.work import Claim, Step
from partners.models import Mode

State = StoreEffect.State
Kind = StoreEffect.Kind
NAMESPACE = "gridport"
LONGEST_NOTES = 65_535


def apply_effect(subject: str, claim: Claim) -> list[Step]:
    """Bring the store to what the effect intends; what is found done already is not done again.

    To a store in watch nothing is written: the effect waits, and going live asks for this step again. Neither is it
    begun while a partner's answer does not stand any more, being read again as another one: accepting asks for it again.
    """
    effect = StoreEffect.objects.select_related("order__store").filter(pk=subject).first()
    if effect is None or effect.state in (State.DONE, State.SKIPPED):
        return []  # gone: what it follows from was undone before it began
    if effect.order.store.mode != Mode.LIVE:
        return []  # asked for again when the store goes live
    with client_for(effect.order.store) as client:
        _APPLIED[Kind(effect.kind)](effect, client, claim)
    return []


def _apply_status(effect: StoreEffect, client: StoreClient, claim: Claim) -> None:
    order, wanted = effect.order, int(effect.intended["status_id"])
    found = client.get_order(order.number)
    if found.status_id != wanted and found.status_id not in order.store.movable_statuses:
        sentence = (
            f"The order stays {ORDER_STATUSES.get(found.status_id, found.status_id)} in the store: somebody moved it"
            f" there, and only {', '.join(ORDER_STATUSES[each] for each in order.store.movable_statuses)} are moved to"
            f" {ORDER_STATUSES[wanted]}."
        )
        finish(effect, claim, State.SKIPPED, answer_of(found), sentence)
        return
    write_status(effect, client, claim, found, wanted)


def _apply_metafield(effect: StoreEffect, client: StoreClient, claim: Claim) -> None:
    key, value = effect.intended["key"], effect.intended["value"]
    if not begin(effect, claim):
        return
    try:
        # Looks for the field first and writes only what differs: repeating it changes nothing.
        client.set_order_metafield(effect.order.number, NAMESPACE, key, value)
    except IntegrationError as error:
        interrupted(effect, claim, error)
        raise
    failpoint("effect.written")
    finish(effect, claim, State.DONE, {}, "The purchase order's answer is written to the order in the store.")


def _apply_note(effect: StoreEffect, client: StoreClient, claim: Claim) -> None:
    """Add the line to the staff notes, unless it stands there already; all that stands there is kept.

    What is certain: our line is written once however often this is done, and nothing that the notes held when they
    were read is lost. What is not: BigCommerce writes the notes as a whole and knows no condition for it, so what
    somebody saves, in the notes or as the status, between our read and our write is overwritten. That time is one
    round trip to the store: the read is the last thing before the write, which waits for nothing and is not repeated
    without reading anew. And a line that staff remove before we have learnt that it was written is written again.
    """
    number, line = effect.order.number, effect.intended["line"]
    if not begin(effect, claim):
        return
    try:
        found = client.get_order(number)
        if _holds(found.staff_notes, effect.intended["sign"]):
            finish(effect, claim, State.DONE, {}, f"The order's staff notes hold the line: “{line}”")
            return
        notes = f"{found.staff_notes}\n{line}" if found.staff_notes else line
        if len(notes) > LONGEST_NOTES:
            sentence = (
                f"The staff notes of order {number} have no room left for “{line}”: the store takes"
                f" {LONGEST_NOTES:,} characters, and they hold {len(found.staff_notes):,}. Nothing was written or cut off."
            )
            finish(effect, claim, State.SKIPPED, {"error": sentence}, sentence)
            return
        written = client.update_staff_notes(number, notes, found.status_id)
    except IntegrationError as error:
        interrupted(effect, claim, error)
        raise
    failpoint("effect.written")
    finish(
        effect,
        claim,
        State.DONE,
        answer_of(written, after=found),
        f"The order's staff notes have a new line: “{line}”",
    )


def _holds(notes: str, sign: str) -> bool:
    return sign in notes


_APPLIED: dict[StoreEffect.Kind, Callable[[StoreEffect, StoreClient, Claim], None]] = {
    Kind.STATUS: _apply_status,
    Kind.METAFIELD: _apply_metafield,
    Kind.NOTE: _apply_note,
    Kind.SHIPMENT: add_shipment,
    Kind.REMOVAL: remove_shipment,
    Kind.SHIPPED: move_by_shipments,
    Kind.REFUND: refund_customer,
}
