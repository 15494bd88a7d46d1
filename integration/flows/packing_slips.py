"""What the packing slip of a shipment says: from its ship notice as it reads now, in our units and our item numbers."""

from __future__ import annotations

from decimal import Decimal

from archive.models import Translation
from integration.documents import PurchaseOrder as CanonicalPurchaseOrder
from integration.documents import ShipNotice, from_json
from integration.documents.parts import Party
from integration.documents.ship_notice import Package
from integration.flows.accept import current_reading
from integration.flows.counted import asked_lines, terms_of
from integration.flows.positions import positions
from integration.matching.lines import number_of
from integration.matching.ship_notices import PackedItem, packed_for, tracking_of
from integration.models import PurchaseOrder, PurchaseOrderLine, Shipment
from integration.printing.packing_slips import PackingSlip, SlipItem, SlipPackage
from integration.printing.parties import party_lines
from partners.mapping.conversion import from_partner

_SETTLED = (PurchaseOrder.State.DROPPED, PurchaseOrder.State.CANCELLED)


def packing_slip(shipment: Shipment) -> PackingSlip:
    """Return the slip of ``shipment``, with what of its order is still to come to the same place by now.

    Where its notice does not read any more as it did when the shipment was written, what the shipment holds is told
    without packages.
    """
    purchase_order = shipment.purchase_order
    notice = _notice(shipment)
    packages = _packages(shipment, notice) if notice is not None else ()
    return PackingSlip(
        seller=shipment.order.store.name,
        ship_to=_ship_to(purchase_order, notice),
        ship_from=party_lines(notice.ship_from) if notice is not None else (),
        order_number=str(shipment.order.number),
        purchase_order_number=purchase_order.number,
        shipment_number=shipment.number,
        shipped_on=shipment.shipped_on,
        carrier=shipment.carrier_name,
        tracking_number=shipment.tracking_number,
        packages=packages or (SlipPackage("", shipment.tracking_number, _items_written(shipment)),),
        still_to_come=still_to_come(purchase_order),
        is_withdrawn=shipment.withdrawn_by_id is not None,
    )


def still_to_come(purchase_order: PurchaseOrder) -> tuple[SlipItem, ...]:
    """Return what partners have still to ship of the order to the ship-to of ``purchase_order``, by the ledger."""
    lines = list(
        PurchaseOrderLine.objects.filter(
            purchase_order__order=purchase_order.order_id, purchase_order__ship_to=purchase_order.ship_to
        )
        .exclude(purchase_order__state__in=_SETTLED)
        .order_by("purchase_order", "line_number")
    )
    found = positions(lines)
    left = {line: found[line.pk].open if found[line.pk].ordered else line.quantity for line in lines}
    return tuple(_own_item(line, quantity) for line, quantity in left.items() if quantity > 0)


def _notice(shipment: Shipment) -> ShipNotice | None:
    """Return the notice in our units, None where another reading of it holds than the one that the shipment is of."""
    document = shipment.document
    translation = Translation.objects.filter(document=document).first()
    if translation is None or translation.content is None or current_reading(document) != shipment.reading:
        return None
    said = from_json("ship_notice", translation.content)
    assert isinstance(said, ShipNotice)
    return from_partner(said, terms_of(shipment.purchase_order)).document


def _packages(shipment: Shipment, notice: ShipNotice) -> tuple[SlipPackage, ...]:
    purchase_order = shipment.purchase_order
    lines = {line.line_number: line for line in purchase_order.lines.all()}
    inside: dict[int | None, tuple[Package | None, list[SlipItem]]] = {}
    for each in packed_for(notice, purchase_order.number, asked_lines(purchase_order)):
        if each.package_set[:80] == shipment.package_set and each.item.quantity:
            _, items = inside.setdefault(each.item.package, (each.package, []))
            items.append(_told_item(each, lines.get(each.line or 0)))
    return tuple(
        SlipPackage(
            (package.sscc or "") if package else "", tracking_of(package) if package else "", tuple(items)
        )
        for package, items in inside.values()
    )


def _told_item(told: PackedItem, line: PurchaseOrderLine | None) -> SlipItem:
    item = told.item
    return SlipItem(
        number=line.sku if line is not None else number_of(item),
        description=item.description or (line.description if line is not None else ""),
        quantity=item.quantity or Decimal(0),
        unit=item.unit or (line.unit if line is not None else ""),
    )


def _own_item(line: PurchaseOrderLine, quantity: Decimal) -> SlipItem:
    return SlipItem(line.sku, line.description, quantity, line.unit)


def _items_written(shipment: Shipment) -> tuple[SlipItem, ...]:
    return tuple(_own_item(each.line, each.quantity) for each in shipment.lines.select_related("line"))


def _ship_to(purchase_order: PurchaseOrder, notice: ShipNotice | None) -> tuple[str, ...]:
    """Return where the goods went by the notice; where it gives no address, where they were to go."""
    told = notice.ship_to if notice is not None else None
    if told is not None and _has_address(told):
        return party_lines(told)
    asked = from_json("purchase_order", purchase_order.content or {})
    assert isinstance(asked, CanonicalPurchaseOrder)
    return party_lines(asked.ship_to) or party_lines(told)


def _has_address(party: Party) -> bool:
    return bool(party.address_lines or party.city or party.postal_code)
