"""Ship notices (856) from a supplier's file to the shipments in the store."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from itertools import permutations
from typing import Any

import pytest
from django.utils import timezone

from archive.models import Document
from integration.flows.decisions import carry_out
from integration.flows.gaps.shipped import ship_notices
from integration.flows.parents import match_step
from integration.flows.planned import Given, Plan
from integration.flows.plans import plan
from integration.flows.positions import positions_of
from integration.flows.shipping import shipped_whole
from integration.models import (
    ExceptionCase,
    LineEntry,
    Order,
    OutgoingMail,
    PurchaseOrder,
    Shipment,
    StoreEffect,
)
from integration.simulators.store.payloads import build, line
from integration.work import put
from partners.models import ShipmentTolerances
from tests import factories
from tests.behind import remove
from tests.world import World, world

__all__ = ["world"]

Case = ExceptionCase
NOTHING_GIVEN = Given()
BOTH_SUPPLIERS, BUNDLE = 1015, 1023


def accepted(world: World, number: int = 1001) -> PurchaseOrder:
    """Have an order be acknowledged as it was asked; return its first purchase order."""
    world.place(number)
    world.run()
    return PurchaseOrder.objects.filter(order__number=number).order_by("number").first()  # type: ignore[return-value]


def in_store(world: World, number: int = 1001) -> list[tuple[str, str, dict[int, int]]]:
    """What the store holds as shipped: tracking number, carrier and quantities by line."""
    return [
        (
            each["tracking_number"],
            each["tracking_carrier"],
            {item["order_product_id"]: item["quantity"] for item in each["items"]},
        )
        for each in world.store.state.shipments.get(number, [])
    ]


def shipped(purchase_order: PurchaseOrder) -> dict[int, Decimal]:
    return {line: position.shipped for line, position in positions_of(purchase_order).items()}


def status(world: World, number: int = 1001) -> int:
    found: int = world.store.state.order(number)["status_id"]
    return found


def posts(world: World, number: int = 1001) -> int:
    path = f"/v2/orders/{number}/shipments"
    return sum((each["method"], each["path"]) == ("POST", path) for each in world.store.state.ledger)


def open_case() -> ExceptionCase:
    return ExceptionCase.objects.get(closed_at=None)


def test_what_the_supplier_ships_is_in_the_store_with_its_tracking_number(world: World) -> None:
    purchase_order = accepted(world)
    world.network.ship(["1001-1"])
    world.run()
    assert in_store(world) == [("1Z5R89000000000001", "ups", {1001001: 2})]
    assert shipped(purchase_order) == {1: 2}
    assert status(world) == 2
    assert shipped_whole(Order.objects.get())
    assert ExceptionCase.objects.count() == 0
    [shipment] = Shipment.objects.all()
    assert (shipment.number, shipment.store_shipment, shipment.carrier_name) == ("SH000001", 1, "UPS")
    # The status was looked at after the shipment, and found moved by it.
    kinds = StoreEffect.objects.order_by("finished_at").values_list("kind", "state")
    assert list(kinds)[-2:] == [("shipment", "done"), ("shipped", "done")]


def test_the_status_is_set_where_the_store_does_not_move_it(world: World) -> None:
    world.store.state.moves_when_shipped = False
    accepted(world)
    world.network.ship(["1001-1"], "half")
    world.run()
    assert (in_store(world), status(world)) == ([("1Z5R89000000000001", "ups", {1001001: 1})], 3)
    world.network.ship(["1001-1"])
    world.run()
    assert status(world) == 2
    assert posts(world) == 2


@pytest.mark.parametrize("way", ["no_packages", "packed_first", "pallets", "parcels", "whole"])
def test_every_structure_ships_the_same(world: World, way: str) -> None:
    accepted(world)
    world.network.ship(["1001-1"], way)
    world.run()
    assert in_store(world) == [("1Z5R89000000000001", "ups", {1001001: 2})]


def test_without_a_tracking_number_it_is_shipped_plainly(world: World) -> None:
    accepted(world)
    world.network.ship(["1001-1"], "untracked")
    world.run()
    assert in_store(world) == [("", "ups", {1001001: 2})]


def test_each_supplier_and_parcel_is_a_shipment_of_its_own(world: World) -> None:
    accepted(world, BOTH_SUPPLIERS)
    numbers = list(PurchaseOrder.objects.order_by("number").values_list("number", flat=True))
    assert len(numbers) == 2
    world.network.ship([numbers[0]], "parcels")
    world.run()
    assert status(world, BOTH_SUPPLIERS) == 3
    world.network.ship([numbers[1]], "parcels")
    world.run()
    lines = {each["id"]: each["quantity"] for each in world.store.state.sample(BOTH_SUPPLIERS).products}
    told: dict[int, int] = {}
    for _, _, items in in_store(world, BOTH_SUPPLIERS):
        assert len(items) == 1
        told |= items
    assert told == lines
    assert status(world, BOTH_SUPPLIERS) == 2


def test_a_bundle_is_shipped_with_the_last_of_its_parts(world: World) -> None:
    accepted(world, BUNDLE)
    [number] = PurchaseOrder.objects.values_list("number", flat=True)
    world.network.ship([number], "half")
    world.run()
    parts = {1023002: 1, 1023003: 2}
    assert in_store(world, BUNDLE) == [("1Z5R89000000000001", "ups", {**parts, 1023001: 1})]
    world.network.ship([number])
    world.run()
    assert in_store(world, BUNDLE)[1:] == [("1Z5R89000000000002", "ups", {**parts, 1023001: 1})]
    assert status(world, BUNDLE) == 2


def test_several_orders_in_one_notice(world: World) -> None:
    accepted(world, 1001)
    world.place(1002)
    world.run()
    of_same = [
        each.number
        for each in PurchaseOrder.objects.order_by("number")
        if each.agreement == PurchaseOrder.objects.get(number="1001-1").agreement
    ]
    world.network.ship(of_same, "packed_first")
    world.run()
    assert Document.objects.filter(transaction_set="856").count() == 1
    assert {each.purchase_order.number for each in Shipment.objects.all()} == set(of_same)
    assert posts(world, 1001) == 1


def test_more_than_was_ordered_is_a_case_and_goes_as_far_as_the_store_has_it_left(world: World) -> None:
    purchase_order = accepted(world)
    world.network.ship(["1001-1"], "over")
    world.run()
    case = open_case()
    assert case.kind == Case.Kind.SHIPMENT_DIFFERS
    assert "Line 1 (AC-001): quantity: asked 2, shipped 3" in case.sentence
    assert (in_store(world), shipped(purchase_order), status(world)) == ([], {1: 3}, 9)


def test_one_more_within_the_tolerance_goes_as_far_as_the_store_has_room(world: World) -> None:
    purchase_order = accepted(world)
    ShipmentTolerances.objects.create(agreement=purchase_order.agreement, over_absolute=1)
    world.network.ship(["1001-1"], "over")
    world.run()
    assert (in_store(world), shipped(purchase_order), status(world)) == (
        [("1Z5R89000000000001", "ups", {1001001: 2})],
        {1: 3},
        2,
    )
    assert ExceptionCase.objects.count() == 0


@pytest.mark.parametrize(
    ("way", "words"),
    [
        ("stranger", "An item that was not ordered: asked nothing, shipped 1 of GIFT-PEN"),
        ("elsewhere", "Ship-to: asked"),
    ],
)
def test_what_was_not_asked_is_a_case(world: World, way: str, words: str) -> None:
    accepted(world)
    world.network.ship(["1001-1"], way)
    world.run()
    assert words in open_case().sentence
    assert in_store(world) == []


def test_goods_before_the_acknowledgment_wait_for_it(world: World) -> None:
    world.network.answer = "functional_only"
    world.place(1001)
    world.run()
    world.network.ship(["1001-1"])
    world.run()
    assert "Not acknowledged: asked an acknowledgment (855) first" in open_case().sentence
    assert in_store(world) == []
    world.network.answer_again("1001-1", "accept+no_functional")
    world.run()
    assert ExceptionCase.objects.filter(closed_at=None).count() == 0
    assert in_store(world) == [("1Z5R89000000000001", "ups", {1001001: 2})]
    assert status(world) == 2


def test_an_order_cancelled_in_the_store_is_not_shipped_there(world: World) -> None:
    accepted(world)
    world.store.state.clock.advance(2)
    world.store.state.change(1001, {"status_id": 5}, checked=False)
    world.store.state.clock.advance(2)
    world.run()
    world.network.ship(["1001-1"])
    world.run()
    sentences = ExceptionCase.objects.filter(kind=Case.Kind.SHIPMENT_DIFFERS).values_list(
        "sentence", flat=True
    )
    assert any("cancelled by the store" in each for each in sentences)
    assert (in_store(world), status(world)) == ([], 5)


def test_a_notice_that_replaces_another_changes_the_store(world: World) -> None:
    purchase_order = accepted(world)
    number = world.network.ship(["1001-1"], "half")
    world.run()
    world.network.ship(["1001-1"], "whole", "replace", number)
    world.run()
    assert in_store(world) == [("1Z5R89000000000002", "ups", {1001001: 2})]
    assert (shipped(purchase_order), status(world), posts(world)) == ({1: 2}, 2, 2)
    assert LineEntry.standing().filter(kind="shipped").count() == 1


def test_a_notice_that_cancels_another_takes_it_out_of_the_store(world: World) -> None:
    purchase_order = accepted(world)
    number = world.network.ship(["1001-1"])
    world.run()
    world.network.ship(["1001-1"], "whole", "cancel", number)
    world.run()
    assert (in_store(world), shipped(purchase_order), status(world)) == ([], {1: 0}, 9)
    assert ExceptionCase.objects.count() == 0


def test_the_same_notice_sent_anew_ships_nothing_twice(world: World) -> None:
    purchase_order = accepted(world)
    number = world.network.ship(["1001-1"])
    world.run()
    world.network._trackings = 1
    world.network.ship(["1001-1"], number=number)
    world.run()
    assert Document.objects.filter(transaction_set="856").count() == 2
    assert (posts(world), shipped(purchase_order), status(world)) == (1, {1: 2}, 2)
    assert ExceptionCase.objects.count() == 0


def test_a_replacement_that_overtakes_what_it_replaces_comes_to_the_same(world: World) -> None:
    purchase_order = accepted(world)
    number = world.network.ship(["1001-1"], "half")
    first = hold(world)
    world.network.ship(["1001-1"], "whole", "replace", number)
    world.run()
    assert in_store(world) == [("1Z5R89000000000002", "ups", {1001001: 2})]
    for name, data in first.items():
        world.network.drop(name, data)
    world.run()
    assert in_store(world) == [("1Z5R89000000000002", "ups", {1001001: 2})]
    assert (shipped(purchase_order), posts(world)) == ({1: 2}, 1)


def test_any_order_of_arrival_comes_to_the_same(world: World) -> None:
    orders = range(5001, 5007)
    for number in orders:
        world.store.state.orders[number] = build(number, [line("AC-030", 5)])
        world.place(number)
    world.run()
    arriving: list[dict[str, bytes]] = [{}, {}, {}]
    for number, order in zip(orders, permutations(range(3)), strict=True):
        first = world.network.ship([f"{number}-1"], "half")
        world.network.ship([f"{number}-1"])
        world.network.ship([f"{number}-1"], "whole", "cancel", first)
        files = list(hold(world).items())
        for place in order:
            name, data = files[place]
            arriving[order.index(place)][name] = data
    for files_now in arriving:
        for name, data in files_now.items():
            world.network.drop(name, data)
        world.run(2)
    world.run()
    # Two were taken back, and the three that went besides stand.
    assert {(len(in_store(world, number)), status(world, number)) for number in orders} == {(1, 3)}
    assert {sum(in_store(world, number)[0][2].values()) for number in orders} == {3}
    found = [shipped(each) for each in PurchaseOrder.objects.filter(order__number__in=orders)]
    assert found == [{1: 3}] * 6
    assert ExceptionCase.objects.filter(closed_at=None).count() == 0


def hold(world: World) -> dict[str, bytes]:
    """Take what lies in the outbox away; return it by name."""
    found = {}
    for path in sorted(world.network.outbox.glob("*.x12")):
        found[path.name] = path.read_bytes()
        path.unlink()
    return found


def test_what_staff_shipped_by_hand_is_not_shipped_again(world: World) -> None:
    accepted(world)
    by_hand(world, {1001001: 2}, "1Z5R89000000000001")
    world.network.ship(["1001-1"])
    world.run()
    assert (len(in_store(world)), posts(world)) == (1, 0)
    assert Shipment.objects.get().store_shipment == 1
    assert ExceptionCase.objects.count() == 0


def test_a_part_that_staff_shipped_by_hand_is_a_case(world: World) -> None:
    accepted(world)
    by_hand(world, {1001001: 1}, "BY-HAND")
    world.network.ship(["1001-1"])
    world.run()
    assert open_case().evidence == [
        {
            "line": None,
            "sku": "AC-001",
            "what": "quantity",
            "asked": "1 left to ship in the store",
            "answered": "2",
        }
    ]
    assert (len(in_store(world)), posts(world), status(world)) == (1, 0, 3)


def by_hand(world: World, items: dict[int, int], tracking: str) -> None:
    """Ship in the store's control panel: what the simulator does without our client."""
    sample = world.store.state.sample(1001)
    made: dict[str, Any] = {
        "id": 1, "order_id": 1001, "order_address_id": 10011, "tracking_number": tracking, "tracking_carrier": "ups",
        "shipping_provider": "", "items": [
            {"order_product_id": line, "product_id": 0, "quantity": quantity} for line, quantity in items.items()
        ],
    }  # fmt: skip
    world.store.state.shipments.setdefault(1001, []).append(made)
    world.store.state.last_shipment = 1
    for product in sample.products:
        product["quantity_shipped"] += items.get(product["id"], 0)
    world.store.state.change(1001, {"status_id": 3}, checked=False)


def test_nothing_is_shipped_in_a_store_in_watch_until_it_goes_live(world: World) -> None:
    accepted(world)
    world.row.mode = "watch"
    world.row.save()
    world.network.ship(["1001-1"])
    world.run()
    assert in_store(world) == []
    assert StoreEffect.objects.filter(kind="shipment", state="waiting").count() == 1


def test_a_notice_for_an_unknown_purchase_order_is_a_case(world: World) -> None:
    accepted(world)
    world.network.ship(["1001-1"])
    [(name, data)] = hold(world).items()
    world.network.drop(name, data.replace(b"PRF*1001-1*", b"PRF*7777-1*"))
    world.run()
    case = open_case()
    assert case.kind == Case.Kind.UNKNOWN_PURCHASE_ORDER
    assert "(shipment SH000001) for purchase order 7777-1" in case.sentence
    assert in_store(world) == []


def decide(case: ExceptionCase, name: str, given: Given = NOTHING_GIVEN) -> Plan:
    lead = factories.user("lea", "decide")
    wanted = plan(case, name, given)
    carry_out(lead, case, name, given, "As agreed by telephone.", wanted.digest)
    return wanted


def test_more_than_was_ordered_is_written_to_the_store_as_far_as_it_goes(world: World) -> None:
    purchase_order = accepted(world)
    world.network.ship(["1001-1"], "over")
    world.run()
    wanted = decide(open_case(), "ship")
    assert wanted.sentences == [
        "Harbor & Pine gets a shipment of 3 of AC-001, tracking number 1Z5R89000000000001, so much of it as is left to"
        " ship there.",
        "The order's status follows from what the store holds as shipped then.",
    ]
    world.run()
    assert in_store(world) == [("1Z5R89000000000001", "ups", {1001001: 2})]
    assert (shipped(purchase_order), status(world)) == ({1: 3}, 2)
    assert ExceptionCase.objects.filter(closed_at=None).count() == 0


def test_a_notice_that_is_put_aside_counts_for_nothing(world: World) -> None:
    purchase_order = accepted(world)
    world.network.ship(["1001-1"], "over")
    world.run()
    decide(open_case(), "put_aside")
    world.run()
    assert (in_store(world), shipped(purchase_order), status(world)) == ([], {1: 0}, 9)
    assert Shipment.objects.filter(withdrawn_by=None).count() == 0
    assert ExceptionCase.objects.filter(closed_at=None).count() == 0


def test_what_staff_shipped_in_part_is_completed_by_decision(world: World) -> None:
    accepted(world)
    by_hand(world, {1001001: 1}, "BY-HAND")
    world.network.ship(["1001-1"])
    world.run()
    decide(open_case(), "ship")
    world.run()
    assert in_store(world)[1:] == [("1Z5R89000000000001", "ups", {1001001: 1})]
    assert status(world) == 2


def test_the_partner_is_written_to_about_what_he_shipped(world: World) -> None:
    accepted(world)
    world.network.ship(["1001-1"], "stranger")
    world.run()
    later = timezone.now() + timedelta(days=2)
    decide(open_case(), "ask_shipper", Given(due_at=later, to="orders@acme.example"))
    mail = OutgoingMail.objects.get()
    assert mail.subject == "Purchase order 1001-1: your ship notice (856) differs"
    assert "  - An item that was not ordered: asked nothing, shipped 1 of GIFT-PEN" in mail.body
    assert open_case().due_at == later


def test_a_notice_without_its_shipment_is_found_and_matched_again(world: World) -> None:
    accepted(world)
    world.network.ship(["1001-1"])
    world.run()
    assert asked_of_notices() == (1, 0, [])
    remove(Shipment.objects.get())
    assert asked_of_notices() == (0, 0, ["is in part in no shipment"])
    document = Document.objects.get(transaction_set="856")
    put("documents", match_step(document))
    world.run()
    assert asked_of_notices() == (1, 0, [])
    # What stands in the store is found there.
    assert (posts(world), Shipment.objects.get().store_shipment) == (1, 1)


def asked_of_notices() -> tuple[int, int, list[str]]:
    found = ship_notices(timezone.now() + timedelta(minutes=10))
    words = [each.sentence.partition(" of Acme Supply ")[2].rstrip(".") for each in found.gaps]
    return found.good, found.explained, words
