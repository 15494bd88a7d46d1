"""The overlay does what it is for, and takes nothing that the official examples show."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.contract.descriptions import Descriptions
from tests.contract.exchanges import answered, asked

SHIPMENT = {"order_address_id": 1, "items": [{"order_product_id": 1, "quantity": 1}]}


@pytest.mark.parametrize(
    ("body", "found"),
    [
        (SHIPMENT, set()),
        ({}, {"order_address_id: missing", "items: missing"}),
        (
            {"order_adress_id": 1, "items": SHIPMENT["items"]},
            {"order_adress_id: not described", "order_address_id: missing"},
        ),
        (
            {**SHIPMENT, "items": [{"order_product_id": 1, "quantity": 1, "sku": "x"}]},
            {"items[].sku: not described"},
        ),
        ({**SHIPMENT, "order_address_id": "1"}, {"order_address_id: string, not integer"}),
    ],
)
def test_a_request_is_closed_and_has_its_required_fields(
    descriptions: Descriptions, body: dict[str, Any], found: set[str]
) -> None:
    assert descriptions.of_request(asked("POST", "/v2/orders/1/shipments", body)) == found


@pytest.mark.parametrize("sort", ["date_modified", "date_modified:asc", "id:desc"])
def test_a_sort_may_have_a_direction(descriptions: Descriptions, sort: str) -> None:
    assert descriptions.of_request(asked("GET", f"/v2/orders?sort={sort}")) == set()


@pytest.mark.parametrize(
    ("ids", "found"),
    [
        ("1", set()),
        ("1,2,31", set()),
        ("1,", {"?location_id:in: : '1,' is none of the pattern"}),
        ("a", {"?location_id:in: : 'a' is none of the pattern"}),
    ],
)
def test_a_list_of_ids_is_separated_by_commas(descriptions: Descriptions, ids: str, found: set[str]) -> None:
    assert descriptions.of_request(asked("GET", f"/v3/inventory/items?location_id:in={ids}")) == found


@pytest.mark.parametrize(
    ("path", "data", "status"),
    [
        ("/v2/orders", None, 204),
        ("/v2/orders/1", [{"status": 400, "message": "x", "details": {"invalid_reason": "y"}}], 400),
        ("/v2/orders/1", None, 429),
        ("/v2/orders/1", {"status": 403, "title": "x", "type": "y", "errors": {}}, 403),
        ("/v3/channels", {"status": 500, "title": "x", "type": "y"}, 500),
    ],
)
def test_refusals_and_empty_lists_are_described(
    descriptions: Descriptions, path: str, data: Any, status: int
) -> None:
    assert descriptions.of_answer(answered("GET", path, data, status)) == set()


def test_a_problem_is_read_as_json(descriptions: Descriptions, shared: Path) -> None:
    data = json.loads((shared / "bigcommerce" / "examples" / "inventory_absolute_422.json").read_text())
    kind = "application/problem+json"
    path = "/v3/inventory/adjustments/absolute"
    assert descriptions.of_answer(answered("PUT", path, data, 422, kind)) == set()
    wrong = {**data, "status": "422"}
    assert descriptions.of_answer(answered("PUT", path, wrong, 422, kind)) == {"status: string, not integer"}


def test_null_is_taken_where_the_description_says_so_in_the_old_way(descriptions: Descriptions) -> None:
    for name, found in (("sale_price", set()), ("sku", {"data[].sku: null, not string"})):
        data = {"data": [{name: None}], "meta": {}}
        assert descriptions.of_answer(answered("GET", "/v3/catalog/variants", data)) == found


# Official examples of requests: method, path, the file, and what its own description does not have.
REQUESTS: list[tuple[str, str, str, set[str]]] = [
    ("PUT", "/v2/orders/1", "order_update_request.json", set()),
    ("PUT", "/v2/orders/1", "order_update_request__adding-a-new-product-to-order.json", set()),
    ("PUT", "/v2/orders/1/shipments/1", "order_shipment_update_request.json", set()),
    ("POST", "/v3/orders/1/metafields", "order_metafield_create_request.json", set()),
    ("POST", "/v3/orders/1/payment_actions/refund_quotes", "refund_quote_request.json", set()),
    (
        "POST",
        "/v3/orders/1/payment_actions/refunds",
        "refund_request.json",
        {"items[].amount: not described", "merchant_calculated_override: array, not object"},
    ),
    ("PUT", "/v3/inventory/adjustments/absolute", "inventory_absolute_request.json", set()),
    ("POST", "/v3/inventory/adjustments/relative", "inventory_relative_request.json", set()),
    (
        "PUT",
        "/v3/catalog/products",
        "products_batch_update_request.json",
        {
            "[].bulk_pricing_rules[].id: Tried to write read-only property with 0",
            "[].images[].image_file: not described",
        },
    ),
]


@pytest.mark.parametrize(("method", "path", "name", "found"), REQUESTS, ids=[each[2] for each in REQUESTS])
def test_an_official_request_passes_but_for_what_its_description_lacks(
    descriptions: Descriptions, shared: Path, method: str, path: str, name: str, found: set[str]
) -> None:
    body = json.loads((shared / "bigcommerce" / "examples" / name).read_text(encoding="utf-8"))
    assert descriptions.of_request(asked(method, path, body)) == found


# Official examples of answers, and what of each its own description does not have.
ANSWERS: list[tuple[str, str, set[str]]] = [
    ("/v2/orders/1/products", "REAL_order_products_issue173.json", {"[].fulfillment_source: not described"}),
    ("/v2/orders/1/shipping_addresses", "order_shipping_addresses.json", set()),
    ("/v2/orders/1/shipments", "order_shipments.json", set()),
    ("/v2/order_statuses", "order_statuses.json", {"[].order: not described"}),
    ("/v2/orders/count", "orders_count.json", set()),
    ("/v2/store", "store_information.json", set()),
    ("/v2/time", "store_time.json", set()),
    ("/v3/channels", "channels_list.json", set()),
    ("/v3/hooks/1", "webhook.json", set()),
    ("/v3/inventory/locations", "SYNTH_locations.json", set()),
    ("/v3/settings/inventory", "SYNTH_settings_inventory.json", set()),
    ("/v3/orders/1/metafields", "SYNTH_order_metafields.json", set()),
]


@pytest.mark.parametrize(("path", "name", "found"), ANSWERS, ids=[each[1] for each in ANSWERS])
def test_an_official_answer_passes_but_for_what_its_description_lacks(
    descriptions: Descriptions, shared: Path, path: str, name: str, found: set[str]
) -> None:
    data = json.loads((shared / "bigcommerce" / "examples" / name).read_text(encoding="utf-8"))
    assert descriptions.of_answer(answered("GET", path, data)) == found
