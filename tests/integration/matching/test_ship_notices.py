"""What a ship notice sends of a purchase order, and what of it only a person can settle."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest

from integration.documents import Party, ShipNotice
from integration.documents.parts import Shipping
from integration.documents.ship_notice import Package, ShippedItem, ShippedOrder
from integration.matching.lines import AskedLine
from integration.matching.ship_notices import (
    MAIN,
    Circumstances,
    ShipmentLimits,
    bundle_quantities,
    differences,
    in_force,
    repeats_unasked,
    sent_for,
)
from integration.matching.tolerances import Limit

HOME = Party(name="Nora Quill", city="Duluth", postal_code="55802-1234", country="US")
ASKED = [
    AskedLine(1, "LAMP", "V-1", "", Decimal(5), "each", None),
    AskedLine(2, "DESK", "V-2", "", Decimal(2), "each", None),
]
NOTICE = ShipNotice(
    purpose="original",
    number="S-1",
    shipped_on=date(2026, 3, 4),
    tracking_number="WHOLE",
    shipping=Shipping(carrier_scac="UPSN", routing="UPS Ground"),
    ship_to=HOME,
    orders=(ShippedOrder(purchase_order_number="10-1"), ShippedOrder(purchase_order_number="11-1")),
    packages=(
        Package(carrier_package_ids=("1Z1",)),
        Package(tracking_number="1Z2", shipping=Shipping(carrier_scac="FDEG")),
        Package(),
    ),
    items=(
        ShippedItem(line_number="1", quantity=Decimal(2), order=0, package=0),
        ShippedItem(line_number="1", quantity=Decimal(1), order=0, package=1),
        ShippedItem(line_number="1", quantity=Decimal(1), order=0, package=1),
        ShippedItem(vendor_item="V-2", quantity=Decimal(2), order=0, package=2),
        ShippedItem(line_number="1", quantity=Decimal(9), order=1, package=0),
        ShippedItem(vendor_item="V-9", quantity=Decimal(1), order=0, package=0),
        ShippedItem(vendor_item="V-8", quantity=Decimal(0), order=0),
    ),
)


def test_goods_are_told_by_tracking_number_and_only_those_of_the_purchase_order() -> None:
    sent = sent_for(NOTICE, "10-1", ASKED)
    assert [(each.key, each.scac, dict(each.quantities)) for each in sent.sets] == [
        ("1Z1", "UPSN", {1: 2}),
        ("1Z2", "FDEG", {1: 2}),
        ("WHOLE", "UPSN", {2: 2}),
    ]
    assert sent.quantities == {1: 4, 2: 2}
    assert [each.vendor_item for each in sent.strangers] == ["V-9"]
    assert sent_for(NOTICE, "11-1", ASKED[:1]).quantities == {1: 9}
    assert sent_for(NOTICE, "12-1", ASKED).sets == ()


def test_without_any_number_it_is_one_set() -> None:
    plain = replace(NOTICE, tracking_number=None, packages=(Package(), Package(), Package()))
    [only] = sent_for(plain, "10-1", ASKED).sets
    assert (only.key, only.tracking_number, dict(only.quantities)) == (MAIN, "", {1: 4, 2: 2})


def words(known: Circumstances, notice: ShipNotice = NOTICE) -> list[str]:
    return [str(each) for each in differences(notice, sent_for(notice, "10-1", ASKED), ASKED, known)]


STRANGER = "An item that was not ordered: asked nothing, shipped 1 of V-9"


@pytest.mark.parametrize(
    ("known", "found"),
    [
        (Circumstances(), []),
        (Circumstances(cancelled="us"), ["A cancelled order: asked nothing, cancelled by us, shipped goods"]),
        (
            Circumstances(awaits_answer=True),
            ["Not acknowledged: asked an acknowledgment (855) first, shipped without one"],
        ),
        (Circumstances(awaits_answer=True, limits=ShipmentLimits(before_answer=True)), []),
        (Circumstances(last_day=date(2026, 3, 4)), []),
        (Circumstances(last_day=date(2026, 3, 3)), ["Date: asked by 2026-03-03, shipped on 2026-03-04"]),
        (Circumstances(last_day=date(2026, 3, 3), limits=ShipmentLimits(days_late=1)), []),
        (Circumstances(shipped_before={1: Decimal(1)}), []),
        (
            Circumstances(shipped_before={1: Decimal(2)}),
            ["Line 1 (LAMP): quantity: asked 5, shipped 6 in all"],
        ),
        (
            Circumstances(shipped_before={1: Decimal(2)}, limits=ShipmentLimits(over=Limit(Decimal(20)))),
            [],
        ),
        (
            Circumstances(shipped_before={1: Decimal(3)}, limits=ShipmentLimits(over=Limit(Decimal(20)))),
            ["Line 1 (LAMP): quantity: asked 5, shipped 7 in all"],
        ),
        (Circumstances(ship_to=replace(HOME, postal_code="55802", country="USA")), []),
        (Circumstances(ship_to=Party(city="Duluth")), []),
        (
            Circumstances(ship_to=Party(city="Ames", postal_code="50010")),
            ["Ship-to: asked Ames, 50010, shipped to Nora Quill, Duluth, 55802-1234, US"],
        ),
        (
            Circumstances(ship_to=replace(HOME, country="CA")),
            [
                "Ship-to: asked Nora Quill, Duluth, 55802-1234, CA, shipped to Nora Quill, Duluth, 55802-1234, US",
            ],
        ),
    ],
)
def test_what_only_a_person_can_settle(known: Circumstances, found: list[str]) -> None:
    found = [*found]
    place = next((place for place, each in enumerate(found) if each.startswith("Line")), len(found))
    assert words(known) == [*found[:place], STRANGER, *found[place:]]


def test_parts_of_pieces_are_asked_about() -> None:
    items = (ShippedItem(line_number="1", quantity=Decimal("1.5"), order=0),)
    assert words(Circumstances(), replace(NOTICE, items=items)) == [
        "Line 1 (LAMP): quantity: asked whole pieces, shipped 1.5 each"
    ]


@pytest.mark.parametrize(
    ("purposes", "held", "unasked"),
    [
        ([], None, False),
        (["original"], 0, False),
        ([None], 0, False),
        (["original", "replace"], 1, False),
        (["original", "original"], 1, True),
        (["original", "cancel"], None, False),
        (["cancel"], None, False),
        (["original", "cancel", "original"], 2, False),
        (["replace", "change", "replace"], 2, False),
    ],
)
def test_of_notices_with_one_number_the_last_holds(
    purposes: list[str | None], held: int | None, unasked: bool
) -> None:
    assert (in_force(purposes), repeats_unasked(purposes)) == (held, unasked)


# The bundle's own line 1, two of it, of which each holds one of line 2 and two of line 3.
BUNDLE = [(1, 2, 0, 0), (2, 2, 0, 1), (3, 4, 0, 1), (9, 1, 0, 0)]


@pytest.mark.parametrize(
    ("items", "shipped", "found"),
    [
        ({9: 1}, {}, {}),
        ({2: 1}, {}, {}),
        ({2: 1, 3: 2}, {}, {1: 1}),
        ({2: 2, 3: 3}, {}, {1: 1}),
        ({2: 2, 3: 4}, {}, {1: 2}),
        ({3: 2}, {2: 1}, {1: 1}),
        ({3: 2}, {1: 1, 2: 2, 3: 2}, {1: 1}),
        ({1: 1, 2: 1, 3: 2}, {}, {}),
    ],
)
def test_a_bundle_is_shipped_when_all_of_it_is(
    items: dict[int, int], shipped: dict[int, int], found: dict[int, int]
) -> None:
    rows = [(key, quantity, shipped.get(key, 0), parent) for key, quantity, _, parent in BUNDLE]
    assert bundle_quantities(items, rows) == found
