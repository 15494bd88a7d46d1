"""Tokens that may not do everything: 403 in the words of the real store, and nothing is carried out."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

import pytest
import requests

from integration.simulators.store.routes import ROUTES
from integration.simulators.store.sample_orders import generated_orders
from integration.simulators.store.scopes import SCOPES, strange
from integration.simulators.store.server import StoreSimulator
from tests.integration.simulators.store.asking import TOKEN, Asker

FORBIDDEN = {
    "status": 403,
    "title": "You don't have a required scope to access the endpoint",
    "type": "https://developer.bigcommerce.com/api-docs/getting-started/api-status-codes",
    "errors": {},
}
# What each reading needs, without its ending.
READS = {
    "/v2/orders": "store_v2_orders",
    "/v2/orders/1001": "store_v2_orders",
    "/v2/orders/1001/products": "store_v2_orders",
    "/v2/order_statuses": "store_v2_orders",
    "/v3/orders/1001/metafields": "store_v2_orders",
    "/v3/catalog/variants": "store_v2_products",
    "/v2/store": "store_v2_information",
    "/v2/time": "store_v2_information",
    "/v2/currencies": "store_v2_information",
    "/v3/settings/inventory": "store_v2_information",
    "/v3/channels": "store_channel_settings",
    "/v3/inventory/locations": "store_locations",
    "/v3/customers": "store_v2_customers",
    "/v3/hooks": "",
}


def statuses(scopes: Collection[str]) -> dict[str, int]:
    """What each reading is answered with."""
    orders = generated_orders()
    with (
        StoreSimulator(orders, placed=orders, store_hash="h", token=TOKEN, scopes=scopes) as store,
        requests.Session() as session,
    ):
        ask = Asker(session, f"{store.url}/stores/h")
        return {path: ask("GET", path).status_code for path in READS}


@pytest.mark.parametrize("scope", sorted(SCOPES))
def test_a_scope_opens_its_own_readings_and_the_hooks(scope: str) -> None:
    told = statuses([scope])
    assert told == {
        path: 200 if needed in ("", scope.removesuffix("_read_only")) else 403
        for path, needed in READS.items()
    }


def test_without_any_scope_only_hooks_are_open() -> None:
    assert [path for path, status in statuses([]).items() if status == 200] == ["/v3/hooks"]


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("PUT", "/v2/orders/1001", {"status_id": 9}),
        ("POST", "/v3/orders/1001/metafields", {"key": "k"}),
        ("DELETE", "/v3/orders/1001/metafields/1", None),
        ("GET", "/v3/catalog/variants", None),
        ("GET", "/v2/store", None),
        ("GET", "/v2/orders/77", None),
    ],
)
def test_what_a_scope_does_not_cover_is_refused_alike_everywhere(method: str, path: str, body: Any) -> None:
    orders = generated_orders()
    scopes = [] if path == "/v2/orders/77" else ["store_v2_orders_read_only"]
    with (
        StoreSimulator(orders, placed=orders, store_hash="h", token=TOKEN, scopes=scopes) as store,
        requests.Session() as session,
    ):
        answer = Asker(session, f"{store.url}/stores/h")(method, path, body=body)
        assert (answer.status_code, answer.json()) == (403, FORBIDDEN)
        assert store.state.order(1001)["status_id"] == 11


def test_a_wrong_token_is_still_401_and_a_strange_path_still_404() -> None:
    orders = generated_orders()
    with (
        StoreSimulator(orders, placed=orders, store_hash="h", token=TOKEN, scopes=[]) as store,
        requests.Session() as session,
    ):
        ask = Asker(session, f"{store.url}/stores/h")
        assert ask("GET", "/v2/orders", headers={"X-Auth-Token": "another"}).status_code == 401
        assert ask("GET", "/v2/nothing-here").status_code == 404
        assert ask("DELETE", "/v2/orders/1001").status_code == 405


def test_every_route_needs_a_scope_but_the_hooks() -> None:
    assert {route.path for route in ROUTES if not route.needs} == {"/v3/hooks", "/v3/hooks/{hook}"}
    assert {route.needs for route in ROUTES} - {""} == {
        scope for scope in SCOPES if not scope.endswith("_read_only")
    }


def test_scopes_that_the_store_does_not_know_are_named() -> None:
    assert strange(["store_v2_orders", "store_v2_order", "store_cart"]) == ["store_v2_order", "store_cart"]
