"""The packing slip of a shipment: what the ship notice says, in our numbers, and what is still to come."""

from __future__ import annotations

from decimal import Decimal

from archive.models import Translation
from integration.flows.packing_slips import packing_slip, still_to_come
from integration.models import PurchaseOrder, Shipment
from integration.printing.packing_slips import PackingSlip, SlipItem, SlipPackage
from tests.world import World, world

__all__ = ["world"]

BUNDLE = 1023
FIRST = "1Z5R89000000000001"


def shipped(world: World, ways: dict[int, str]) -> dict[int, list[PackingSlip]]:
    """Ship the first purchase order of each order in a way of its own; return the slips by order."""
    for number in ways:
        world.place(number)
    world.run(3)
    for number, way in ways.items():
        world.network.ship([f"{number}-1"], way)
    world.run(2)
    found: dict[int, list[PackingSlip]] = {}
    for each in Shipment.objects.filter(withdrawn_by=None):
        found.setdefault(each.order.number, []).append(packing_slip(each))
    return found


def place_of(number: str) -> tuple[str, ...]:
    """Where the purchase order was to go, as its canonical document says."""
    told = PurchaseOrder.objects.get(number=number).content
    assert told is not None
    where = told["ship_to"]
    city = f"{where['city']}, {where['state']} {where['postal_code']}"
    return (where["name"], *where["address_lines"], city, where["country"])


def items(slip: PackingSlip) -> dict[str, Decimal]:
    return {item.number: item.quantity for package in slip.packages for item in package.items}


def ordered(number: int) -> dict[str, Decimal]:
    lines = PurchaseOrder.objects.get(number=f"{number}-1").lines.all()
    return {line.sku: line.quantity for line in lines}


def test_each_way_of_shipping_has_its_slip(world: World) -> None:
    slips = shipped(
        world,
        {
            1001: "whole",
            1002: "no_packages",
            1004: "packed_first",
            1010: "stranger",
            1013: "elsewhere",
            BUNDLE: "parcels",
        },
    )
    [slip] = slips[1001]
    shipment = Shipment.objects.get(order__number=1001)
    line = PurchaseOrder.objects.get(number="1001-1").lines.get()
    assert slip == PackingSlip(
        seller=world.row.name,
        ship_to=place_of("1001-1"),
        ship_from=(),
        order_number="1001",
        purchase_order_number="1001-1",
        shipment_number="SH000001",
        shipped_on=shipment.shipped_on,
        carrier="UPS",
        tracking_number=FIRST,
        packages=(SlipPackage("", FIRST, (SlipItem(line.sku, line.description, Decimal(2), "each"),)),),
        still_to_come=(),
    )
    assert slip.shipped_on is not None
    assert line.description != ""
    for number in (1002, 1004):
        assert [items(each) for each in slips[number]] == [ordered(number)]
        assert [each.tracking_number != "" for each in slips[number]] == [True]
        assert [each.packages[0].tracking_number != "" for each in slips[number]] == [number == 1004]
    # What nobody ordered lies in the box all the same.
    assert [items(each) for each in slips[1010]] == [{**ordered(1010), "GIFT-PEN": 1}]
    assert slips[1013][0].ship_to == ("Harbour Depot", "3 Wharf Lane", "Galveston, TX 77550", "US")
    parcels = [items(each) for each in slips[BUNDLE]]
    assert parcels == [{sku: quantity} for sku, quantity in ordered(BUNDLE).items()]
    assert len(parcels) == 2
    assert [each.packages[0].tracking_number for each in slips[BUNDLE]] == [
        each.tracking_number for each in slips[BUNDLE]
    ]
    # Where the notice does not read any more as it did, what was written of the shipment is told.
    Translation.objects.filter(document=shipment.document).update(content=None)
    assert packing_slip(shipment) == slip


def test_what_is_still_to_come_is_told_until_it_has_come(world: World) -> None:
    [first] = shipped(world, {BUNDLE: "half"})[BUNDLE]
    purchase_order = PurchaseOrder.objects.get()
    left = {each.number: each.quantity for each in first.still_to_come}
    assert {sku: items(first)[sku] + left[sku] for sku in left} == ordered(BUNDLE)
    assert {each.description for each in first.still_to_come} == {
        line.description for line in purchase_order.lines.all()
    }
    PurchaseOrder.objects.update(state=PurchaseOrder.State.CANCELLED)
    assert still_to_come(purchase_order) == ()
    PurchaseOrder.objects.update(state=PurchaseOrder.State.ACCEPTED)
    world.network.ship([purchase_order.number])
    world.run(2)
    assert [packing_slip(each).still_to_come for each in Shipment.objects.all()] == [(), ()]
