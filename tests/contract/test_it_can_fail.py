"""The suite finds what it is there to find: clients and stores that are wrong in one thing each."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import requests

from integration.bigcommerce.client import Refused, StoreClient
from integration.simulators.store.server import StoreSimulator
from tests.contract.descriptions import Descriptions
from tests.contract.exchanges import HASH, HEADERS, asked, not_accepted, of_answers, of_requests, recorded


class SendsAnUnknownField(StoreClient):
    """Writes a field that orders do not have."""

    def update_status(self, number: int, status_id: int) -> Any:
        body = {"status_id": status_id, "staff_note": "moved"}
        return self._connection.one("PUT", f"/v2/orders/{number}", "set the status", body)


class AsksWithAnUnknownParameter(StoreClient):
    """Filters by a parameter that orders do not have."""

    def get_order_statuses(self) -> Any:
        return self._connection.v2_page("/v2/orders", {"modified_since": "2026-01-01"}, 1, "list orders")


class AsksForAnUnknownPath(StoreClient):
    """Follows the spelling of the links in orders."""

    def get_shipping_addresses(self, number: int) -> Any:
        return self._connection.v2_list(f"/v2/orders/{number}/shippingaddresses", "read the addresses")


class SendsAWrongType(StoreClient):
    """Writes a status as text."""

    def update_status(self, number: int, status_id: int) -> Any:
        body = {"status_id": str(status_id)}
        return self._connection.one("PUT", f"/v2/orders/{number}", "set the status", body)


class LeavesARequiredFieldOut(StoreClient):
    """Changes a metafield by its value alone."""

    def set_order_metafield(self, number: int, namespace: str, key: str, value: str) -> None:
        super().set_order_metafield(number, namespace, key, value)
        path = f"/v3/orders/{number}/metafields/1"
        self._connection.one("PUT", path, "write a metafield", {"value": value})


@pytest.mark.parametrize(
    ("kind", "drive", "refused", "found"),
    [
        (
            SendsAnUnknownField,
            lambda client: client.update_status(1001, 9),
            True,
            {("updateOrder", "staff_note: not described")},
        ),
        (
            AsksWithAnUnknownParameter,
            lambda client: client.get_order_statuses(),
            True,
            {("getOrders", "?modified_since: not described")},
        ),
        (
            AsksForAnUnknownPath,
            lambda client: client.get_shipping_addresses(1001),
            False,
            {(f"/stores/{HASH}/v2/orders/1001/shippingaddresses?page=1&limit=250", "path: not described")},
        ),
        (
            SendsAWrongType,
            lambda client: client.update_status(1001, 9),
            True,
            {("updateOrder", "status_id: string, not integer")},
        ),
        (
            LeavesARequiredFieldOut,
            lambda client: client.set_order_metafield(1001, "gridport", "k", "v"),
            False,
            {("updateOrderMetafield", f"{name}: missing") for name in ("namespace", "key", "permission_set")},
        ),
    ],
)
def test_a_client_that_asks_wrongly_is_found(
    descriptions: Descriptions,
    store: StoreSimulator,
    kind: type[StoreClient],
    drive: Callable[[StoreClient], object],
    refused: bool,
    found: set[tuple[str, str]],
) -> None:
    with recorded(store, kind) as (client, recorder):
        if refused:
            with pytest.raises(Refused):
                drive(client)
        else:
            drive(client)
    assert of_requests(descriptions, recorder.answers) == found


@pytest.mark.parametrize(
    ("request_", "found"),
    [
        (asked("GET", "/v2/orders?limit=many"), {"?limit: Failed to cast value to number type: many"}),
        (asked("GET", "/v2/orders?sort=price:asc"), {"?sort: : 'price:asc' is none of the enum"}),
        (asked("PATCH", "/v2/orders/1001", {"status_id": 9}), {"path: not described"}),
        (
            asked("GET", "/v2/orders", headers={"Accept": "application/json"}),
            {"Security not found. Schemes not valid for any requirement: [['X-Auth-Token']]"},
        ),
        (
            asked(
                "PUT",
                "/v2/orders/1001",
                json=None,
                data="status_id=9",
                headers={**HEADERS, "Content-Type": "text/plain"},
            ),
            {
                "Content for the following mimetype not found: text/plain. Valid mimetypes: ['application/json']"
            },
        ),
        (asked("POST", "/v2/orders/1001/shipments"), {"Missing required request body"}),
    ],
    ids=["type of a parameter", "value of a parameter", "method", "token", "content type", "body"],
)
def test_a_request_that_is_wrong_otherwise_is_found(
    descriptions: Descriptions, request_: requests.PreparedRequest, found: set[str]
) -> None:
    assert descriptions.of_request(request_) == found


@pytest.mark.parametrize(
    ("field", "value", "difference"),
    [
        ("items_total", "2", "items_total: string, not number"),
        ("items_total", None, "items_total: null, not number"),
        ("is_deleted", 0, "is_deleted: integer, not boolean"),
        ("is_deleted", "no", "is_deleted: string, not boolean"),
        ("payment_status", "cleared", "payment_status: 'cleared' is none of the enum"),
        ("surprise", 1, "surprise: not described"),
        ("billing_address", {"zip": "1", "town": "x"}, "billing_address.town: not described"),
        ("products", {"url": 1, "resource": "x", "more": {}}, "products.more: not described"),
    ],
)
def test_a_store_that_answers_wrongly_is_found(
    descriptions: Descriptions, store: StoreSimulator, field: str, value: Any, difference: str
) -> None:
    store.state.sample(1001).order[field] = value
    answer = requests.get(f"{store.url}/stores/{HASH}/v2/orders/1001", headers=HEADERS, timeout=10)
    found = not_accepted(of_answers(descriptions, [answer]))
    assert ("getOrder", difference) in found
    assert len(found) == (2 if field == "products" else 1)


@pytest.mark.parametrize(
    ("status", "content", "kind", "difference"),
    [
        (200, b"", "application/json", "Missing response data"),
        (200, b"<html></html>", "text/html", "mimetype not found"),
        (404, b'{"status": 404}', "application/json", ": object, not array"),
        (400, b'[{"status": 400}]', "application/json", "[].message: missing"),
        (
            400,
            b'[{"status": 400, "message": "x", "field": "y"}]',
            "application/json",
            "[].field: not described",
        ),
    ],
)
def test_an_answer_without_the_described_body_is_found(
    descriptions: Descriptions, status: int, content: bytes, kind: str, difference: str
) -> None:
    answer = requests.Response()
    answer.request = asked("GET", "/v2/orders/1001")
    answer.status_code, answer._content, answer.headers["Content-Type"] = status, content, kind
    [found] = descriptions.of_answer(answer)
    assert difference in found
