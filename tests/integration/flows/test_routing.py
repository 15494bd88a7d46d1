"""Where the lines of orders go: by rules, by who lists the SKU, as bundles or parts, and to where."""

from __future__ import annotations

import threading
import time
from typing import Any
from unittest.mock import patch

import pytest
from django.db import connection
from django.utils import timezone

from integration.flows import decide, routing_rules
from integration.flows import route as flow
from integration.flows.route import look_again, route
from integration.flows.routing import nothing_to_route, plan_routing
from integration.models import (
    ExceptionCase,
    Order,
    ProductCategories,
    PurchaseOrder,
    PurchaseOrderLine,
    RoutingRule,
    Store,
    StoreCategory,
    Warehouse,
    Work,
)
from integration.simulators.store.payloads import build, line, person
from integration.work import Unclaimed
from partners.models import Agreement, ItemCrossReference, Mode
from tests import factories
from tests.at_once import at_once
from tests.world import World, world

__all__ = ["world"]


def rule(name: str, agreement: Agreement, **fields: Any) -> RoutingRule:
    made = RoutingRule(name=name, agreement=agreement, **fields)
    if made.warehouse is not None:
        made.fulfilment = RoutingRule.Fulfilment.WAREHOUSE
    made.save()
    return made


@pytest.fixture
def fern(db: None) -> Store:
    """A store that two agreements serve: Larch lists L-1 and S-1, Moss lists M-1 and S-1."""
    made = factories.store("Fern & Stone")
    for name, skus in (("Larch", ["L-1", "S-1"]), ("Moss", ["M-1", "S-1"])):
        made.agreements.add(factories.agreement(name, skus=skus))
    return made


def larch() -> Agreement:
    return Agreement.objects.get(name="Larch")


def moss() -> Agreement:
    return Agreement.objects.get(name="Moss")


def placed(
    of: Store, *lines: dict[str, Any], addresses: list[dict[str, Any]] | None = None, **content: Any
) -> Order:
    made = factories.order(of=of, lines=lines)
    made.content |= {"addresses": addresses or [factories.address()], **content}
    made.save()
    return made


def routed(order: Order) -> dict[tuple[str, str], list[str]]:
    """Route the order; return the SKUs by agreement and ship-to."""
    route(str(order.pk), Unclaimed())
    order.refresh_from_db()
    found: dict[tuple[str, str], list[str]] = {}
    standing = PurchaseOrder.objects.filter(order=order).exclude(state=PurchaseOrder.State.DROPPED)
    for each in standing.order_by("pk"):
        found[(each.agreement.name, each.ship_to)] = [line.sku for line in each.lines.all()]
    return found


def sentences(order: Order) -> list[str]:
    return list(order.cases.filter(closed_at=None).order_by("pk").values_list("sentence", flat=True))


def kept(order: Order, line: int) -> dict[str, Any]:
    found: dict[str, Any] = order.routing[str(line)]
    return found


def test_a_rule_says_who_gets_what_several_list(fern: Store) -> None:
    order = placed(fern, factories.order_line(1, "S-1"), factories.order_line(2, "L-1"))
    assert routed(order) == {}
    assert sentences(order) == [
        f"{larch().partner} and {moss().partner} both list SKU S-1 (2 in order {order.number}). Leave it in one"
        " agreement's items, or say by a routing rule who gets it; nothing of this order is sent before."
    ]
    rule("Shared items", moss(), skus=["S-*"], priority=10)
    assert routed(order) == {("Moss", "1"): ["S-1"], ("Larch", "1"): ["L-1"]}
    assert sentences(order) == []
    assert kept(order, 1) == {"rule": "10 · Shared items", "because": ["SKU S-1 fits S-*."], "passed": []}
    assert kept(order, 2) == {
        "rule": "",
        "because": ["No routing rule takes it: the one agreement that lists the SKU does."],
        "passed": [["10 · Shared items", "SKU L-1 fits none of S-*."]],
    }


def test_rules_heed_store_and_channel_and_those_that_are_off_do_not_count(fern: Store) -> None:
    other = factories.store("Pine")
    other.agreements.add(*fern.agreements.all())
    rule("Trade", moss(), channels=[1041], priority=1)
    rule("Pine's", larch(), store=other, priority=2)
    rule("Off", larch(), is_active=False, priority=0)
    line = factories.order_line(1, "S-1")
    assert routed(placed(fern, line, channel_id=1041)) == {("Moss", "1"): ["S-1"]}
    assert routed(placed(fern, line, channel_id=1)) == {}
    assert routed(placed(other, line, channel_id=1)) == {("Larch", "1"): ["S-1"]}


def test_a_rule_for_an_agreement_that_does_not_serve_the_store_is_passed_over(fern: Store) -> None:
    stranger = factories.agreement("Yew", skus=["L-1"])
    rule("Everything to Yew", stranger)
    order = placed(fern, factories.order_line(1, "L-1"))
    assert routed(order) == {("Larch", "1"): ["L-1"]}
    assert kept(order, 1)["passed"] == [
        [
            "100 · Everything to Yew",
            "Agreement Yew does not serve the order's store, or its partner is not active.",
        ]
    ]


def test_what_the_rules_agreement_does_not_list_is_a_case_or_goes_with_the_sku_alone(fern: Store) -> None:
    rule("Lamps", larch(), skus=["M-*"])
    order = placed(fern, factories.order_line(1, "M-1", 3))
    assert routed(order) == {}
    assert sentences(order) == [
        f"Routing rule Lamps sends SKU M-1 (3 in order {order.number}) to {larch().partner}, and agreement Larch does not list"
        " it. Add it to that agreement's items, have the agreement take items that are not listed, or change the rule;"
        " nothing of this order is sent before."
    ]
    Agreement.objects.filter(name="Larch").update(takes_unlisted_items=True)
    assert routed(order) == {("Larch", "1"): ["M-1"]}
    assert sentences(order) == []
    made = PurchaseOrderLine.objects.get()
    assert (made.vendor_item, made.unit, made.pack_factor, made.quantity) == ("", "each", 1, 3)


def test_a_line_without_sku_is_a_case_whoever_takes_it(fern: Store) -> None:
    Agreement.objects.update(takes_unlisted_items=True)
    rule("Everything", larch())
    order = placed(fern, factories.order_line(1, "", name="Name plate"))
    assert routed(order) == {}
    [sentence] = sentences(order)
    assert sentence.startswith("Routing rule Everything sends “Name plate”, which has no SKU (2 in order")
    assert "Give the product a SKU, or change the rule;" in sentence


def test_an_order_is_split_by_partner_and_ship_to(fern: Store) -> None:
    rule("West", moss(), skus=["S-1"], regions=["CA", "Oregon"], countries=["US"])
    rule("Rest", larch(), skus=["S-1"], priority=200)
    order = placed(
        fern,
        factories.order_line(1, "S-1"),
        factories.order_line(2, "S-1", order_address_id=2),
        factories.order_line(3, "L-1", order_address_id=2),
        factories.order_line(4, "M-1"),
        addresses=[factories.address(), factories.address(id=2, state="Oregon")],
    )
    assert routed(order) == {
        ("Larch", "1"): ["S-1"],
        ("Moss", "2"): ["S-1"],
        ("Larch", "2"): ["L-1"],
        ("Moss", "1"): ["M-1"],
    }
    numbers = PurchaseOrder.objects.order_by("pk").values_list("number", flat=True)
    assert list(numbers) == [f"{order.number}-{place}" for place in (1, 2, 3, 4)]
    assert kept(order, 2)["because"] == [
        "SKU S-1 fits S-1.", "The country it goes to is US.", "The region it goes to is OR.",
    ]  # fmt: skip


PARTS = {"parent_order_product_id": 1, "is_bundled_product": True}


@pytest.mark.parametrize(
    ("bundles", "expected", "reasons"),
    [
        ("parent", {("Larch", "1"): ["L-1"]}, {2: "Part of “Desk set”, which goes whole."}),
        (
            "exploded",
            {("Moss", "1"): ["M-1"], ("Larch", "1"): ["S-1"]},
            {1: "A bundle: its parts go, each by its own rule."},
        ),
    ],
)
def test_a_bundle_goes_whole_or_in_parts(
    fern: Store, bundles: str, expected: dict[tuple[str, str], list[str]], reasons: dict[int, str]
) -> None:
    rule("Sets", larch(), skus=["L-*", "S-*"], bundles=bundles)
    order = placed(
        fern,
        factories.order_line(1, "L-1", name="Desk set"),
        factories.order_line(2, "M-1", **PARTS),
        factories.order_line(3, "S-1", **PARTS),
    )
    assert routed(order) == expected
    assert {number: kept(order, number)["left_out"] for number in reasons} == reasons


def test_a_bundle_that_goes_whole_has_to_be_listed(fern: Store) -> None:
    rule("Sets", larch(), skus=["SET"], bundles="parent")
    order = placed(
        fern, factories.order_line(1, "SET", name="Desk set"), factories.order_line(2, "M-1", **PARTS)
    )
    assert routed(order) == {}
    assert "Routing rule Sets sends SKU SET" in sentences(order)[0]


def test_what_nobody_ships_is_left_out_with_the_reason(fern: Store) -> None:
    order = placed(
        fern,
        factories.order_line(1, "L-1"),
        factories.order_line(2, "L-1", type="digital"),
        factories.order_line(3, "", type="giftcertificate"),
        factories.order_line(4, "L-1", order_pickup_method_id=3, order_address_id=0),
        factories.order_line(5, "L-1", quantity_refunded=2),
    )
    assert routed(order) == {("Larch", "1"): ["L-1"]}
    assert {number: kept(order, number).get("left_out") for number in range(1, 6)} == {
        1: None,
        2: "Digital: nothing of it is shipped.",
        3: "A gift certificate: nothing of it is shipped.",
        4: "The customer collects it, and no rule sends that to a partner.",
        5: "Refunded: nothing of it is left to ship.",
    }


def test_what_the_shopper_collects_goes_to_our_warehouse_where_a_rule_says_so(fern: Store) -> None:
    rule(
        "Shop",
        larch(),
        delivery="pickup",
        pickup_methods=[3],
        warehouse=factories.warehouse(party_id="0042", party_id_kind="92"),
    )
    order = placed(
        fern,
        factories.order_line(1, "L-1", order_pickup_method_id=3, order_address_id=0),
        factories.order_line(2, "L-1"),
    )
    where = f"warehouse:{Warehouse.objects.get().pk}"
    assert routed(order) == {("Larch", where): ["L-1"], ("Larch", "1"): ["L-1"]}
    alone = placed(fern, factories.order_line(1, "L-1", order_pickup_method_id=4, order_address_id=0))
    assert routed(alone) == {}
    assert (alone.state, alone.state_reason) == (
        Order.State.NOT_OURS,
        "Nothing of it goes to a partner; its lines say why.",
    )


@pytest.mark.parametrize(
    ("lines", "nothing"),
    [
        ([{"type": "digital"}, {}], False),
        ([{"type": "digital"}, {"quantity_refunded": 2}], True),
        ([{"order_pickup_method_id": 3}], False),
        ([{"order_pickup_method_id": 4}], True),
        ([{}, {"parent_order_product_id": 1, "is_bundled_product": True}], False),
        ([{}, {"parent_order_product_id": 1, "is_bundled_product": True, "type": "digital"}], True),
    ],
    ids=[
        "one is shipped",
        "none is left",
        "a rule takes it",
        "no rule takes it",
        "parts",
        "parts that are not shipped",
    ],
)
def test_an_order_that_holds_nothing_for_partners_is_told_from_others(
    fern: Store, lines: list[dict[str, Any]], nothing: bool
) -> None:
    rule("Shop", larch(), delivery="pickup", pickup_methods=[3], warehouse=factories.warehouse())
    made = [factories.order_line(place, "L-1", **fields) for place, fields in enumerate(lines, start=1)]
    assert nothing_to_route(placed(fern, *made)) is nothing


def test_categories_count_with_all_above_them(fern: Store) -> None:
    now = timezone.now()
    for number, parent, name in ((1, 0, "Home"), (2, 1, "Lighting"), (3, 2, "Lanterns"), (4, 4, "Ring")):
        StoreCategory.objects.create(store=fern, category_id=number, parent_id=parent, name=name, read_at=now)
    for product, categories in ((1, [3]), (2, [1]), (3, [4, 77])):
        ProductCategories.objects.create(store=fern, product_id=product, categories=categories, read_at=now)
    rule("Lights", moss(), categories=["lighting"], skus=["S-1"])
    rule("Ring", larch(), categories=["77"], skus=["S-1"], priority=200)
    order = placed(
        fern,
        factories.order_line(1, "S-1"),
        factories.order_line(2, "M-1"),
        factories.order_line(3, "S-1"),
        factories.order_line(4, "L-1"),
    )
    assert routed(order) == {("Moss", "1"): ["S-1", "M-1"], ("Larch", "1"): ["S-1", "L-1"]}
    assert kept(order, 1)["because"] == ["SKU S-1 fits S-1.", "It is in category lighting."]
    assert kept(order, 4)["passed"][0][1] == (
        "SKU L-1 fits none of S-1. Its categories are not known; wanted: lighting."
    )


def test_a_purchase_order_that_no_rule_wants_any_more_is_dropped_unless_it_was_sent(fern: Store) -> None:
    order = placed(fern, factories.order_line(1, "L-1"))
    assert routed(order) == {("Larch", "1"): ["L-1"]}
    ItemCrossReference.objects.create(agreement=moss(), sku="L-1")
    rule("Moss now", moss(), skus=["L-1"])
    assert routed(order) == {("Moss", "1"): ["L-1"]}
    assert list(PurchaseOrder.objects.order_by("pk").values_list("number", "state")) == [
        (f"{order.number}-1", "dropped"),
        (f"{order.number}-2", "routed"),
    ]


def test_a_changed_rule_has_only_the_orders_looked_at_that_it_may_let_go(fern: Store) -> None:
    other = factories.store("Pine")
    held = [placed(of, factories.order_line(1, "X-1")) for of in (fern, other)]
    for order in (*held, placed(fern, factories.order_line(1, "L-1"))):
        routed(order)
    assert look_again(fern) == 1
    assert look_again(None) == 2
    assert set(Work.objects.values_list("subject", flat=True)) == {
        f"{order.store_id}:{order.number}" for order in held
    }


def test_rules_by_brand_category_channel_and_region_send_an_order_to_two_partners(world: World) -> None:
    acme, borealis = (
        Agreement.objects.get(partner__name="Acme Supply"),
        Agreement.objects.get(partner__name="Borealis Trading"),
    )
    Agreement.objects.update(takes_unlisted_items=True)
    rule("Lanterns", borealis, categories=["Lighting"], brands=["Acme Home"], channels=[1041], regions=["MN"])
    rule("To the hall", acme, skus=["BO-*"], warehouse=factories.warehouse("Fern & Stone, hall 2"))
    lantern = next(sku for sku in ("AC-001", "AC-002", "AC-003", "AC-004", "AC-005", "AC-006", "AC-007", "AC-008")
                   if line(sku)["name"].startswith("Lantern"))  # fmt: skip
    other = "AC-001" if lantern != "AC-001" else "AC-002"
    for number, channel in ((4001, 1041), (4002, 1)):
        lines = [line(lantern), line(other), line("BO-001", 2)]
        world.store.state.orders[number] = build(number, lines, addresses=[person()], channel_id=channel)
        world.place(number)
    world.run()
    asked = [each["path"] for each in world.store.state.ledger if "/v3/catalog/" in each["path"]]
    assert sorted({path.rpartition("/v3/")[2] for path in asked}) == [
        "catalog/products",
        "catalog/trees/categories",
    ]
    assert len([path for path in asked if path.endswith("products")]) == 1
    where = f"warehouse:{Warehouse.objects.get().pk}"
    made = {
        (each.order.number, each.agreement.partner.name, each.ship_to == where): [
            row.sku for row in each.lines.all()
        ]
        for each in PurchaseOrder.objects.all()
    }
    assert made == {
        (4001, "Borealis Trading", False): [lantern],
        (4001, "Acme Supply", False): [other],
        (4001, "Acme Supply", True): ["BO-001"],
        (4002, "Acme Supply", False): [lantern, other],
        (4002, "Acme Supply", True): ["BO-001"],
    }
    assert set(Order.objects.values_list("state", flat=True)) == {Order.State.ACCEPTED}
    stock = PurchaseOrder.objects.filter(ship_to=where).first()
    assert stock is not None
    assert stock.content["order_type"] == "stand_alone"
    assert stock.content["ship_to"]["name"] == "Fern & Stone, hall 2"
    assert ExceptionCase.objects.count() == 0


def test_one_of_two_purchase_orders_that_waited_in_watch_is_sent_when_it_goes_live(world: World) -> None:
    Agreement.objects.filter(partner__name="Borealis Trading").update(mode=Mode.WATCH)
    world.place(1015)
    world.run()
    assert [each["purchase_order"] for each in world.network.arrivals() if each["purchase_order"]] == [
        "1015-1"
    ]
    decide.go_live(
        factories.user(group="decide"), Agreement.objects.get(partner__name="Borealis Trading"), "Ready."
    )
    world.run()
    sent = [each["purchase_order"] for each in world.network.arrivals() if each["purchase_order"]]
    assert sorted(sent) == ["1015-1", "1015-2"]


def waits_for_a_lock() -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted")
        return bool(cursor.fetchone()[0])


def test_a_rule_that_is_saved_while_an_order_is_routed_overlooks_no_case_of_it(committed: str) -> None:
    store = factories.store()
    terms = factories.agreement("Moss")
    store.agreements.add(terms)
    Agreement.objects.update(takes_unlisted_items=True)
    order = placed(store, factories.order_line(1, "X-1"))
    lead = factories.user(group="decide")
    planned, saving = threading.Event(), threading.Event()

    def plan_slowly(routed: Order) -> Any:
        found = plan_routing(routed)
        planned.set()
        assert saving.wait(30)
        return found

    def route_slowly() -> None:
        with patch.object(flow, "plan_routing", plan_slowly):
            route(str(order.pk), Unclaimed())

    def save_a_rule() -> None:
        assert planned.wait(30)
        routing_rules.change(lead, "It is theirs.", [RoutingRule(name="All", agreement=terms)])

    def let_go_once_it_waits() -> None:
        assert planned.wait(30)
        deadline = time.monotonic() + 30
        while not waits_for_a_lock() and time.monotonic() < deadline:
            time.sleep(0.01)
        saving.set()

    assert at_once(route_slowly, save_a_rule, let_go_once_it_waits) == ["", "", ""]
    assert order.cases.filter(closed_at=None).count() == 1
    assert list(Work.objects.values_list("subject", flat=True)) == [f"{store.pk}:{order.number}"]
