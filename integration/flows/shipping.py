"""What is shipped, as the store is to hold it: effects intended, taken back, and the steps that carry them out."""

from __future__ import annotations

from collections.abc import Iterable
from urllib.parse import quote

from archive.clock import database_now
from archive.models import Document
from integration.bigcommerce.shipments import LONGEST_LINK, LONGEST_TRACKING
from integration.flows.effects import UNDONE, effect_step
from integration.flows.invoicing import invoice_steps
from integration.flows.positions import positions
from integration.flows.routing import warehouse_of
from integration.matching.ship_notices import PackageSet
from integration.models import (
    Carrier,
    Order,
    PurchaseOrder,
    PurchaseOrderLine,
    Shipment,
    ShipmentLine,
    StoreEffect,
)
from integration.work import Step

State = PurchaseOrder.State
Kind = StoreEffect.Kind
_OF_SHIPPING = (Kind.REMOVAL, Kind.SHIPMENT, Kind.SHIPPED)
"""In this order: what was taken back makes room, and the status comes last, so that its mail knows all shipments."""
_SETTLED = (State.DROPPED, State.CANCELLED)


def standing(purchase_order: PurchaseOrder) -> list[Shipment]:
    """Return the shipments of ``purchase_order`` that no later word of the partner took back."""
    return list(purchase_order.shipments.filter(withdrawn_by=None).prefetch_related("lines__line"))


def add_shipments(
    purchase_order: PurchaseOrder,
    document: Document,
    reading: int,
    number: str,
    sets: Iterable[PackageSet],
) -> None:
    """Write what ``document`` sends of ``purchase_order``, a row for each package set; nothing where it is written."""
    by_number = {line.line_number: line for line in purchase_order.lines.all()}
    content = document.translation.content or {}
    for each in sets:
        carrier = find_carrier(each.scac, each.carrier_words)
        tracking = each.tracking_number[:LONGEST_TRACKING]
        shipment, is_new = Shipment.objects.get_or_create(
            purchase_order=purchase_order,
            document=document,
            reading=reading,
            package_set=each.key[:80],
            defaults={
                "order_id": purchase_order.order_id,
                "number": number[:30],
                "tracking_number": tracking,
                "scac": each.scac[:4],
                "carrier_name": (carrier.name if carrier else each.carrier_words or each.scac)[:60],
                "carrier_slug": carrier.store_slug if carrier else "",
                "tracking_link": _link(carrier, tracking),
                "shipped_on": content.get("shipped_on") or content.get("notified_on"),
            },
        )
        if is_new:
            ShipmentLine.objects.bulk_create(
                ShipmentLine(shipment=shipment, line=by_number[line], quantity=quantity)
                for line, quantity in sorted(each.quantities.items())
            )
            _take_over_effect(shipment)


def find_carrier(scac: str, words: str) -> Carrier | None:
    """Return the carrier of a code, else the one whose name a text such as "UPS Ground" begins with."""
    if scac:
        found = Carrier.objects.filter(scac=scac).first()
        if found is not None:
            return found
    said = f"{words.casefold()} "
    named = [each for each in Carrier.objects.all() if said.startswith(f"{each.name.casefold()} ")]
    return max(named, key=lambda each: len(each.name), default=None)


def withdraw(shipments: Iterable[Shipment], by: Document) -> None:
    """Let ``shipments`` stand no more because of ``by``; what became of them in the store is undone by ``undo``."""
    for each in shipments:
        Shipment.objects.filter(pk=each.pk, withdrawn_by=None).update(withdrawn_by=by)


def undo(purchase_order: PurchaseOrder) -> None:
    """Intend the removal of what stands in the store of withdrawn shipments; what was not written yet never is."""
    for shipment in purchase_order.shipments.exclude(withdrawn_by=None).exclude(effect=None):
        effect = StoreEffect.objects.select_for_update().get(shipment=shipment)
        if effect.state in (StoreEffect.State.WAITING, StoreEffect.State.FAILED):
            StoreEffect.objects.filter(pk=effect.pk).update(
                state=StoreEffect.State.SKIPPED, finished_at=database_now()
            )
        elif effect.state != StoreEffect.State.SKIPPED:
            order = purchase_order.order
            StoreEffect.objects.get_or_create(
                marker=f"{order.store_id}:{order.number}:removal:{shipment.pk}",
                defaults={"order": order, "kind": Kind.REMOVAL, "intended": {"shipment": shipment.pk}},
            )


def intend(shipment: Shipment, *, as_left: bool = False) -> None:
    """Intend that the store holds ``shipment``; ``as_left``: so much of it as is left to ship there.

    Nothing is intended where the goods go to a warehouse of ours, or where a person left the store out.
    """
    purchase_order, order = shipment.purchase_order, shipment.order
    if warehouse_of(purchase_order.ship_to) is not None or purchase_order.leaves_store:
        return
    items = {str(each.line.store_line): int(each.quantity) for each in shipment.lines.select_related("line")}
    effect, _ = StoreEffect.objects.get_or_create(
        marker=f"{order.store_id}:{order.number}:shipment:{shipment.pk}{':left' if as_left else ''}",
        defaults={
            "order": order,
            "kind": Kind.SHIPMENT,
            "intended": {
                "order_address_id": int(purchase_order.ship_to),
                "items": items,
                "tracking_number": shipment.tracking_number,
                "carrier": shipment.carrier_slug,
                "link": shipment.tracking_link,
                "method": shipment.carrier_name,
                "as_left": as_left,
            },
        },
    )
    Shipment.objects.filter(pk=shipment.pk).update(effect=effect)


def move_status(purchase_order: PurchaseOrder) -> None:
    """Intend the status that follows from the shipments, once for each change of what is intended."""
    order = purchase_order.order
    of_shipments = StoreEffect.objects.filter(order=order, kind__in=[Kind.SHIPMENT, Kind.REMOVAL])
    last = of_shipments.order_by("pk").last()
    if last is not None:
        StoreEffect.objects.get_or_create(
            marker=f"{order.store_id}:{order.number}:shipped:{last.pk}",
            defaults={"order": order, "kind": Kind.SHIPPED, "intended": {}},
        )


def shipping_steps(order: Order) -> list[Step]:
    """Return the steps that bring the store to what is shipped, the same ones as long as they are undone, and invoice it."""
    undone = StoreEffect.objects.filter(order=order, kind__in=_OF_SHIPPING, state__in=UNDONE)
    by_kind = sorted(undone, key=lambda each: (_OF_SHIPPING.index(Kind(each.kind)), each.pk))
    return [*(effect_step(each) for each in by_kind), *invoice_steps(order)]


def shipped_whole(order: Order) -> bool:
    """Say whether all that partners are to deliver for ``order`` is shipped, and nothing of it waits for a partner."""
    purchase_orders = order.purchase_orders.exclude(state__in=_SETTLED)
    if not purchase_orders.exists() or order.state not in (Order.State.ROUTED, Order.State.ACCEPTED):
        return False
    lines = list(PurchaseOrderLine.objects.filter(purchase_order__in=purchase_orders))
    found = positions(lines)
    return all(found[line.pk].ordered and found[line.pk].open <= 0 for line in lines)


def _take_over_effect(shipment: Shipment) -> None:
    """Let ``shipment`` have the place in the store of one that it replaces and that says just the same."""
    mine = _content(shipment)
    before = shipment.purchase_order.shipments.exclude(withdrawn_by=None).exclude(effect=None)
    for old in before.filter(number=shipment.number).order_by("-pk"):
        if _content(old) == mine and not _is_removed(old):
            effect, key = old.effect, old.store_shipment
            Shipment.objects.filter(pk=old.pk).update(effect=None, store_shipment=None)
            Shipment.objects.filter(pk=shipment.pk).update(effect=effect, store_shipment=key)
            return


def _content(shipment: Shipment) -> tuple[object, ...]:
    lines = sorted((each.line_id, each.quantity) for each in shipment.lines.all())
    return (shipment.tracking_number, shipment.carrier_slug, shipment.tracking_link, *lines)


def _is_removed(shipment: Shipment) -> bool:
    marker = f"{shipment.order.store_id}:{shipment.order.number}:removal:{shipment.pk}"
    skipped = StoreEffect.objects.filter(shipment=shipment, state=StoreEffect.State.SKIPPED)
    return skipped.exists() or StoreEffect.objects.filter(marker=marker).exists()


def _link(carrier: Carrier | None, tracking: str) -> str:
    """Return our own tracking link, for a carrier that the store has no word for."""
    if carrier is None or carrier.store_slug or not carrier.tracking_link or not tracking:
        return ""
    link = carrier.tracking_link.replace("{number}", quote(tracking, safe=""))
    return link if len(link) <= LONGEST_LINK else ""
