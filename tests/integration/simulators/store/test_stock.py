"""The simulated store's stock: what it takes and refuses, what sales do to it, and what its control door tells."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import requests

from integration.simulators.store.payloads import build, line
from integration.simulators.store.server import StoreSimulator

HEADERS = {"X-Auth-Token": "token", "Accept": "application/json"}
ABSOLUTE, RELATIVE = "/v3/inventory/adjustments/absolute", "/v3/inventory/adjustments/relative"
DESK = {"location_id": 1, "product_id": 5001}


@pytest.fixture
def store() -> Iterator[StoreSimulator]:
    orders = {1: build(1, [line("AC-001", 3)]), 2: build(2, [line("AC-001", 2)], status=0)}
    with StoreSimulator(orders, placed=[], store_hash="pine", token="token") as simulator:
        yield simulator


def ask(store: StoreSimulator, method: str, path: str, body: Any = None) -> tuple[int, Any]:
    answer = requests.request(
        method, f"{store.url}/stores/pine{path}", json=body, headers=HEADERS, timeout=10
    )
    return answer.status_code, answer.json()


def door(store: StoreSimulator, path: str, body: Any = None) -> tuple[int, Any]:
    method = "GET" if body is None else "POST"
    answer = requests.request(method, f"{store.url}/_simulator/{path}", json=body, timeout=10)
    return answer.status_code, answer.json()


def adjust(store: StoreSimulator, path: str, *items: dict[str, Any]) -> tuple[int, str]:
    status, said = ask(store, "PUT" if path == ABSOLUTE else "POST", path, {"items": list(items)})
    return status, said.get("title", "")


@pytest.mark.parametrize(
    ("item", "title"),
    [
        ({"location_id": 1, "variant_id": 7001}, "[Item with variant_id 7001 is tracked by product, please update stock by product id]"),
        ({"location_id": 1, "product_id": 5302}, "[Item with product_id 5302 is tracked by variant, please update stock by variant id]"),
        ({"location_id": 1, "sku": "AC-010"}, "[Item with sku AC-010 has no inventory tracking]"),
        ({"location_id": 1, "product_id": 77}, "Items with identity: [product_id 77] not found"),
        ({"location_id": 9, "product_id": 5001}, "Payload contains invalid fields"),
        ({**DESK, "variant_id": 7001}, "Payload contains invalid fields"),
    ],
)  # fmt: skip
def test_what_it_does_not_take(store: StoreSimulator, item: dict[str, Any], title: str) -> None:
    for path in (ABSOLUTE, RELATIVE):
        assert adjust(store, path, {**item, "quantity": 1}) == (422, title)
    assert door(store, "stock")[1]["movements"] == []


def test_a_relative_change_needs_an_absolute_number_and_leaves_the_safety_stock(
    store: StoreSimulator,
) -> None:
    first = adjust(store, RELATIVE, {**DESK, "quantity": 2})
    assert first == (
        422,
        "Items with identity: [product_id 5001] requires absolute adjustment before relative",
    )
    assert adjust(store, ABSOLUTE, {**DESK, "quantity": 5}) == (200, "")
    door(store, "stock", {"sku": "AC-001", "safety_stock": 2})
    status, title = adjust(store, RELATIVE, {**DESK, "quantity": -4})
    assert (status, title) == (
        422,
        "Items with identity: [product_id 5001] cannot fall below the safety stock",
    )
    assert adjust(store, RELATIVE, {**DESK, "quantity": -3}) == (200, "")
    _, found = ask(store, "GET", "/v3/inventory/locations/1/items?variant_id:in=7001")
    (item,) = found["data"]
    assert (item["total_inventory_onhand"], item["available_to_sell"]) == (2, 0)


def test_one_refused_item_keeps_its_whole_batch_from_being_written(store: StoreSimulator) -> None:
    other = {"location_id": 1, "product_id": 5002, "quantity": 4}
    assert adjust(store, ABSOLUTE, other, {"location_id": 1, "variant_id": 7001, "quantity": 1})[0] == 422
    assert door(store, "stock")[1]["movements"] == []


def test_an_order_takes_its_goods_once_when_it_is_placed_and_an_incomplete_one_later(
    store: StoreSimulator,
) -> None:
    adjust(store, ABSOLUTE, {**DESK, "quantity": 9})
    for number in (1, 2):
        door(store, f"orders/{number}/place", {})
    assert store.state.stock.shown("AC-001") == 6
    for status in (11, 2):
        door(store, "orders/2", {"status_id": status})
    assert store.state.stock.shown("AC-001") == 4


def test_nobody_buys_more_than_is_shown(store: StoreSimulator) -> None:
    adjust(store, ABSOLUTE, {**DESK, "quantity": 3})
    assert door(store, "sales", {"sku": "AC-001", "quantity": 2}) == (200, {"order": 50_001})
    refused = {"error": "AC-001 is sold out: 1 left, 2 asked for."}
    assert door(store, "sales", {"sku": "AC-001", "quantity": 2}) == (400, refused)
    assert ask(store, "GET", "/v2/orders/50001")[1]["items_total"] == 2
    moved = door(store, "stock")[1]["movements"]
    assert [(each["what"], each["quantity"], each["on_hand"]) for each in moved] == [
        ("absolute", 3, 3),
        ("sale", -2, 1),
    ]


def test_reads_may_be_behind_the_last_write(store: StoreSimulator) -> None:
    adjust(store, ABSOLUTE, {**DESK, "quantity": 3})
    adjust(store, ABSOLUTE, {**DESK, "quantity": 8})
    door(store, "stock/stale", {"reads": 1})
    seen = [
        ask(store, "GET", "/v3/inventory/locations/1/items")[1]["data"][0]["total_inventory_onhand"]
        for _ in range(2)
    ]
    assert seen == [3, 8]


def test_limits_are_written_by_clients_and_by_people(store: StoreSimulator) -> None:
    ask(store, "PUT", "/v3/catalog/products", [{"id": 5001, "order_quantity_minimum": 4}])
    door(store, "products", {"sku": "AC-001", "purchasing_disabled": True})
    assert door(store, "products")[1] == {
        "AC-001": {"order_quantity_minimum": 4, "purchasing_disabled": True}
    }
    status, said = ask(store, "PUT", "/v3/catalog/variants", [{"id": 7001, "purchasing_disabled": "yes"}])
    assert (status, said["batch_errors"][0]["errors"]) == (
        422,
        {"purchasing_disabled": "true or false is expected."},
    )
