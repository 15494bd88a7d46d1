"""Shipments in the store: looked for, made, removed, and the order's status after them."""

from __future__ import annotations

from typing import Any

from integration.bigcommerce.client import StoreClient
from integration.bigcommerce.errors import NotFound
from integration.bigcommerce.orders import StoreOrder, StoreOrderLine
from integration.bigcommerce.shipments import NewShipment, StoreShipment
from integration.errors import IntegrationError
from integration.failpoints import failpoint
from integration.flows.cases import open_once
from integration.flows.effects import begin, finish, interrupted
from integration.matching.ship_notices import bundle_quantities
from integration.models import ORDER_STATUSES, ExceptionCase, Shipment, Store, StoreEffect
from integration.work import Claim

State = StoreEffect.State
PARTIALLY_SHIPPED = 3
_UNTOUCHED = frozenset({4, 5, 6, 10, 13, 14})
"""Statuses that no shipment moves: refunded, cancelled, declined, completed, disputed, partially refunded."""


def add_shipment(effect: StoreEffect, client: StoreClient, claim: Claim) -> None:
    """Make the shipment unless the store holds it already, or has not so much left to ship.

    BigCommerce knows no key by which a repeated POST would be one, and refuses only what is more than is left: half a
    line would be shipped twice. So before every POST the shipments are read, and one that is just like ours, and is
    no other effect's, is ours: made before an answer was lost, or by somebody by hand.
    """
    order = effect.order
    lines = client.get_lines(order.number)
    wanted = _wanted(effect, lines)
    found = _unclaimed(effect, client.get_shipments(order.number), wanted)
    if found is not None:
        _made(effect, claim, found)
        return
    left = {each.id: each.quantity - each.quantity_shipped for each in lines}
    short = {line: quantity for line, quantity in wanted.items.items() if quantity > left.get(line, 0)}
    if short and not effect.intended["as_left"]:
        _refuse(effect, claim, short, left, lines)
        return
    if short:
        items = {line: min(quantity, left.get(line, 0)) for line, quantity in wanted.items.items()}
        wanted = _with_items(wanted, {line: quantity for line, quantity in items.items() if quantity > 0})
    if not wanted.items:
        finish(effect, claim, State.SKIPPED, {}, "Nothing of the shipment is left to ship in the store.")
        return
    # What is sent is written first: after a lost answer just this is looked for.
    items_json = {str(line): quantity for line, quantity in wanted.items.items()}
    if not begin(effect, claim, intended={**effect.intended, "sent": items_json}):
        return
    try:
        made = client.add_shipment(order.number, wanted)
    except IntegrationError as error:
        interrupted(effect, claim, error)
        raise
    failpoint("effect.written")
    _made(effect, claim, made)


def remove_shipment(effect: StoreEffect, client: StoreClient, claim: Claim) -> None:
    """Take a shipment away that the partner took back; what is gone already is not missed."""
    shipment = Shipment.objects.get(pk=effect.intended["shipment"])
    if shipment.store_shipment is None:
        finish(effect, claim, State.SKIPPED, {}, f"{shipment} was never written to the store.")
        return
    if not begin(effect, claim):
        return
    try:
        client.remove_shipment(effect.order.number, shipment.store_shipment)
    except NotFound:
        pass
    except IntegrationError as error:
        interrupted(effect, claim, error)
        raise
    failpoint("effect.written")
    sentence = f"{shipment} of {shipment.purchase_order.agreement.partner} is not in the store any more."
    finish(effect, claim, State.DONE, {"shipment": shipment.store_shipment}, sentence)


def move_by_shipments(effect: StoreEffect, client: StoreClient, claim: Claim) -> None:
    """Set the order's status by what the store holds as shipped now, whoever shipped it.

    It comes after the shipments, so that the mail that the store sends with the status knows them. A status that says
    more than shipping (refunded, completed, cancelled) stays.
    """
    order = effect.order
    found = client.get_order(order.number)
    wanted = status_by(client.get_lines(order.number), order.store)
    if found.status_id != wanted and found.status_id in _UNTOUCHED:
        stays = ORDER_STATUSES[found.status_id]
        sentence = f"The order stays {stays} in the store, and is not moved to {ORDER_STATUSES[wanted]}: somebody moved it there."
        finish(effect, claim, State.SKIPPED, answer_of(found), sentence)
        return
    write_status(effect, client, claim, found, wanted)


def write_status(
    effect: StoreEffect, client: StoreClient, claim: Claim, found: StoreOrder, wanted: int
) -> None:
    """Set the status of the order, just ``found`` so, to ``wanted``, unless it is that already."""
    words = ORDER_STATUSES[wanted]
    if found.status_id == wanted:
        finish(effect, claim, State.DONE, answer_of(found), f"The order in the store is {words}.")
        return
    if not begin(effect, claim):
        return
    try:
        written = client.update_status(effect.order.number, wanted)
    except IntegrationError as error:
        interrupted(effect, claim, error)
        raise
    failpoint("effect.written")
    sentence = f"The order in the store is now {words}."
    finish(effect, claim, State.DONE, answer_of(written, after=found), sentence)


def status_by(lines: list[StoreOrderLine], store: Store) -> int:
    """Return the status of an order with these lines: shipped, partially shipped, or accepted where nothing is."""
    physical = [each for each in lines if each.type == "physical" and not each.order_pickup_method_id]
    if not any(each.quantity_shipped for each in physical):
        return store.accepted_status
    done = all(each.quantity_shipped + each.quantity_refunded >= each.quantity for each in physical)
    return store.shipped_status if done else PARTIALLY_SHIPPED


def answer_of(found: StoreOrder, *, after: StoreOrder | None = None) -> dict[str, Any]:
    """Return what is kept of the order as the store gave it: of a write, with the date of change right ``after`` which it came."""
    told = {"status_id": found.status_id, "date_modified": found.date_modified.isoformat()}
    if after is not None:
        told["after"] = after.date_modified.isoformat()
    return told


def _wanted(effect: StoreEffect, lines: list[StoreOrderLine]) -> NewShipment:
    """Return what is to be made: as it was sent before, else as intended, with the bundles that it completes."""
    told = effect.intended
    items = {int(line): quantity for line, quantity in (told.get("sent") or told["items"]).items()}
    if "sent" not in told:
        rows = [
            (each.id, each.quantity, each.quantity_shipped, each.parent_order_product_id) for each in lines
        ]
        items |= bundle_quantities(items, rows)
    return NewShipment(
        order_address_id=told["order_address_id"],
        items=items,
        tracking_number=told["tracking_number"],
        carrier=told["carrier"],
        link=told["link"],
        method=told["method"],
    )


def _with_items(wanted: NewShipment, items: dict[int, int]) -> NewShipment:
    return NewShipment(
        wanted.order_address_id, items, wanted.tracking_number, wanted.carrier, wanted.link, wanted.method
    )


def _unclaimed(
    effect: StoreEffect, shipments: list[StoreShipment], wanted: NewShipment
) -> StoreShipment | None:
    """Return the shipment that is like ``wanted`` and known as no other's; the oldest of several."""
    others = Shipment.objects.filter(order=effect.order).exclude(effect=effect)
    claimed = set(others.exclude(store_shipment=None).values_list("store_shipment", flat=True))
    like = [each for each in shipments if each.is_like(wanted) and each.id not in claimed]
    return min(like, key=lambda each: each.id, default=None)


def _made(effect: StoreEffect, claim: Claim, made: StoreShipment) -> None:
    shipment = Shipment.objects.get(effect=effect)
    number = f", tracking number {made.tracking_number}" if made.tracking_number else ""
    sentence = f"{shipment} is in the store as shipment {made.id}{number}."
    with claim.transaction():
        Shipment.objects.filter(pk=shipment.pk).update(store_shipment=made.id)
        finish(effect, claim, State.DONE, {"shipment": made.id}, sentence)


def _refuse(
    effect: StoreEffect,
    claim: Claim,
    short: dict[int, int],
    left: dict[int, int],
    lines: list[StoreOrderLine],
) -> None:
    """Write nothing, and ask a person: somebody shipped it by hand, or the order was edited."""
    shipment = Shipment.objects.select_related("purchase_order__agreement__partner", "order__store").get(
        effect=effect
    )
    names = {each.id: each.sku or each.name for each in lines}
    rows = [
        {
            "line": None,
            "sku": names.get(line, f"line {line}"),
            "what": "quantity",
            "asked": f"{max(left.get(line, 0), 0)} left to ship in the store",
            "answered": str(quantity),
        }
        for line, quantity in short.items()
    ]
    partner = shipment.purchase_order.agreement.partner
    sentence = (
        f"{partner} shipped more of purchase order {shipment.purchase_order.number} than the order in the store has left:"
        f" {rows[0]['sku']}, {rows[0]['asked']}, shipped {rows[0]['answered']}. Somebody shipped it by hand, or edited the"
        " order. Nothing was written."
    )
    with claim.transaction():
        finish(effect, claim, State.SKIPPED, {"error": sentence}, sentence)
        open_once(
            ExceptionCase.Kind.SHIPMENT_DIFFERS,
            f"left:{shipment.pk}",
            sentence,
            document=shipment.document,
            order=shipment.order,
            store=shipment.order.store,
            purchase_order=shipment.purchase_order,
            partner=partner,
            evidence=rows,
        )
