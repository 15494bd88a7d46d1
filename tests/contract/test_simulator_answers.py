"""Every answer of the simulated store, refusals and callbacks included, is as officially described."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests
import yaml
from openapi_schema_validator import OAS30ReadValidator

from integration.simulators.store.events import HAPPENING, event, metafield_data, order_data, shipment_data
from integration.simulators.store.faults import Fault
from integration.simulators.store.hooks import MOST_OF_A_SCOPE
from integration.simulators.store.messages import write_message
from integration.simulators.store.routes import ROUTES
from integration.simulators.store.sample_orders import generated_orders
from integration.simulators.store.server import StoreSimulator
from tests.contract.descriptions import Descriptions
from tests.contract.differences import OF_ANSWERS, OF_REFUSALS, UNDESCRIBED
from tests.contract.exchanges import HASH, HEADERS, TOKEN, not_accepted, of_answers
from tests.contract.overlay import laid_over

METAFIELDS = "/v3/orders/1001/metafields"
METAFIELD = {"permission_set": "app_only", "namespace": "gridport", "key": "k", "value": "v"}
REFUNDS = "/v3/orders/1001/payment_actions/refunds"
QUOTES = "/v3/orders/1001/payment_actions/refund_quotes"
PIECE = {"item_type": "PRODUCT", "item_id": 1001001, "quantity": 1, "reason": "Broken"}
PRICE = float(generated_orders()[1001].products[0]["price_inc_tax"])
SHIPMENTS = "/v2/orders/1001/shipments"
SHIPMENT = {
    "order_address_id": 10011,
    "tracking_number": "EJ1",
    "tracking_carrier": "usps",
    "items": [{"order_product_id": 1001001, "quantity": 1}],
}
HOOK = {"scope": "store/order/*", "destination": "https://gridport.example.com/hooks"}
STOCK = {"location_id": 1, "product_id": 5001, "quantity": 3}
NUMBERS = sorted(generated_orders())

Asked = tuple[str, str, Any]


def walk() -> list[Asked]:
    """Every route with an answer that carries it out: method, path, body."""
    of_orders = [
        ("GET", f"/v2/orders/{number}{part}", None)
        for number in NUMBERS
        for part in ("", "/products?limit=250", "/shipping_addresses", "/taxes", "/coupons")
    ]
    return [
        *of_orders,
        ("GET", "/v2/orders?limit=250&sort=date_modified:desc&min_id=1", None),
        ("GET", "/v2/orders?status_id=14", None),
        ("GET", "/v2/orders/count", None),
        ("PUT", "/v2/orders/1001", {"status_id": 9, "staff_notes": "x", "billing_address": {"city": "Ames"}}),
        ("GET", "/v2/orders/1007/shippingaddresses", None),
        ("GET", "/v2/orders/1007/shippingaddresses/10071/shippingquotes", None),
        ("POST", SHIPMENTS, SHIPMENT),
        ("GET", SHIPMENTS, None),
        ("GET", f"{SHIPMENTS}/count", None),
        ("GET", f"{SHIPMENTS}/1", None),
        ("PUT", f"{SHIPMENTS}/1", {"tracking_number": "EJ2", "shipping_provider": "usps"}),
        ("DELETE", f"{SHIPMENTS}/1", None),
        ("POST", QUOTES, {"items": [PIECE]}),
        (
            "POST",
            REFUNDS,
            {"items": [PIECE], "payments": [{"provider_id": "custom", "amount": PRICE, "offline": True}]},
        ),
        ("GET", REFUNDS, None),
        ("GET", "/v2/orders/1001/messages", None),
        ("GET", "/v2/order_statuses", None),
        ("GET", "/v2/currencies", None),
        ("GET", "/v2/store", None),
        ("GET", "/v2/time", None),
        ("POST", METAFIELDS, METAFIELD),
        ("GET", f"{METAFIELDS}?namespace=gridport&limit=1", None),
        ("GET", f"{METAFIELDS}/1", None),
        ("PUT", f"{METAFIELDS}/1", {**METAFIELD, "value": "w"}),
        ("DELETE", f"{METAFIELDS}/1", None),
        ("GET", "/v3/catalog/products?id:in=5001,5002&include_fields=categories,name,sku,type", None),
        ("GET", "/v3/catalog/trees/categories", None),
        ("GET", "/v3/customers?id:in=41,77", None),
        ("GET", "/v3/catalog/variants?limit=250", None),
        ("GET", "/v3/catalog/variants?limit=250&page=2", None),
        (
            "GET",
            "/v3/catalog/variants?include_fields=product_id,sku,upc,purchasing_disabled,purchasing_disabled_message",
            None,
        ),
        ("PUT", "/v3/catalog/products", [{"id": 5001, "order_quantity_minimum": 2}]),
        ("PUT", "/v3/catalog/variants", [{"id": 7001, "purchasing_disabled": True}]),
        ("PUT", "/v3/inventory/adjustments/absolute", {"items": [STOCK]}),
        ("POST", "/v3/inventory/adjustments/relative", {"reason": "x", "items": [STOCK]}),
        ("GET", "/v3/inventory/locations/1/items?variant_id:in=7001,7002&limit=1000", None),
        ("GET", "/v3/channels", None),
        ("GET", "/v3/inventory/locations", None),
        ("GET", "/v3/settings/inventory", None),
        ("GET", "/v3/hooks", None),
        ("POST", "/v3/hooks", {**HOOK, "headers": {"X-Secret": "s"}}),
        ("POST", "/v3/hooks", {**HOOK, "scope": "store/order/created"}),
        ("GET", "/v3/hooks?is_active=true&limit=1", None),
        ("GET", "/v3/hooks/1", None),
        ("PUT", "/v3/hooks/1", {"is_active": False}),
        ("DELETE", "/v3/hooks/1", None),
    ]


REFUSED: list[tuple[Asked, int]] = [
    (("GET", "/v2/orders/77", None), 404),
    (("GET", "/v2/orders?limit=251", None), 413),
    (("GET", "/v2/orders?min_date_modified=yesterday", None), 400),
    (("GET", "/v2/orders/1001?include=fees", None), 501),
    (("PUT", "/v2/orders/1001", {"custom_status": "x"}), 400),
    (("PUT", "/v2/orders/1001", {"id": 1}), 400),
    (("PUT", "/v2/orders/1001", {"status_id": 99}), 400),
    (("PUT", "/v2/orders/1001", []), 400),
    (("PUT", "/v2/orders/77", {"status_id": 9}), 404),
    (("GET", "/v2/orders/77/shipments", None), 404),
    (("GET", f"{SHIPMENTS}/9", None), 404),
    (("POST", SHIPMENTS, {"order_address_id": 10011}), 400),
    (("POST", SHIPMENTS, {**SHIPMENT, "order_address_id": 7}), 400),
    (("POST", SHIPMENTS, {**SHIPMENT, "items": [{"order_product_id": 1001001, "quantity": 99}]}), 400),
    (("POST", SHIPMENTS, {**SHIPMENT, "items": [{"order_product_id": 7, "quantity": 1}]}), 400),
    (("POST", SHIPMENTS, {**SHIPMENT, "items": [{"product_id": 7, "quantity": 1}]}), 400),
    (("PUT", f"{SHIPMENTS}/9", {"comments": "x"}), 404),
    (("DELETE", f"{SHIPMENTS}/9", None), 404),
    (("GET", REFUNDS.replace("1001", "77"), None), 404),
    (("GET", f"{REFUNDS}?transaction_id=1", None), 501),
    (("POST", QUOTES, {"items": []}), 422),
    (("POST", QUOTES, {"items": [{**PIECE, "quantity": 99}]}), 422),
    (("POST", QUOTES.replace("1001", "77"), {"items": [PIECE]}), 404),
    (("POST", REFUNDS, {"items": [PIECE]}), 422),
    (("POST", REFUNDS, {"items": [PIECE], "payments": [{"provider_id": "custom", "amount": 0.01}]}), 422),
    (("GET", "/v3/orders/77/metafields", None), 404),
    (("GET", f"{METAFIELDS}/9", None), 404),
    (("GET", f"{METAFIELDS}?limit=0", None), 400),
    (("GET", f"{METAFIELDS}?value=x", None), 422),
    (("POST", METAFIELDS, {"key": "k"}), 422),
    (("POST", METAFIELDS, []), 400),
    (("PUT", f"{METAFIELDS}/9", {"value": "w"}), 404),
    (("DELETE", f"{METAFIELDS}/9", None), 404),
    (("GET", "/v3/catalog/products", None), 501),
    (("GET", "/v3/catalog/products?include_fields=price", None), 501),
    (("GET", "/v3/catalog/products?id:in=first&include_fields=name", None), 400),
    (("GET", "/v3/catalog/variants?id=first", None), 400),
    (("PUT", "/v3/catalog/products", [{"id": 77, "order_quantity_minimum": 2}]), 404),
    (("PUT", "/v3/catalog/products", [{"id": 5001, "order_quantity_minimum": -2}]), 422),
    (("PUT", "/v3/catalog/products", [{"id": 5001}] * 11), 413),
    (("PUT", "/v3/catalog/products", {"id": 5001}), 400),
    (("PUT", "/v3/catalog/products", [{"id": 5001, "price": 2}]), 501),
    (("PUT", "/v3/catalog/variants", [{"id": 7001}] * 51), 413),
    (("PUT", "/v3/catalog/variants", [{"id": 7001, "purchasing_disabled": 1}]), 422),
    (("PUT", "/v3/inventory/adjustments/absolute", {"items": [{**STOCK, "product_id": 77}]}), 422),
    (("PUT", "/v3/inventory/adjustments/absolute", {"items": []}), 422),
    (("PUT", "/v3/inventory/adjustments/absolute", {"items": [STOCK] * 2001}), 422),
    (("POST", "/v3/inventory/adjustments/relative", {"items": [STOCK]}), 422),
    (("GET", "/v3/inventory/locations/77/items", None), 404),
    (("GET", "/v3/inventory/locations/1/items?sku=x", None), 422),
    (("GET", "/v3/channels?include=currencies", None), 501),
    (("GET", "/v3/hooks/9", None), 404),
    (("POST", "/v3/hooks", {"scope": "store/order/*"}), 422),
    (("POST", "/v3/hooks", {**HOOK, "destination": "http://gridport.example.com"}), 422),
    (("POST", "/v3/hooks", []), 400),
    (("PUT", "/v3/hooks/9", {"is_active": True}), 404),
    (("DELETE", "/v3/hooks/9", None), 404),
]


class Asker(requests.Session):
    """Asks a store with the right token unless told otherwise."""

    def __init__(self, store: StoreSimulator) -> None:
        super().__init__()
        self._base = f"{store.url}/stores/{HASH}"

    def ask(self, asked: Asked, **headers: str) -> requests.Response:
        """Ask and return the answer."""
        method, path, body = asked
        told = {**HEADERS, **{name.replace("_", "-"): value for name, value in headers.items()}}
        return self.request(method, self._base + path, json=body, headers=told, timeout=10)


@pytest.fixture
def asker(store: StoreSimulator) -> Iterator[Asker]:
    with Asker(store) as session:
        yield session


def test_every_answer_is_as_described_but_for_the_accepted_differences(
    descriptions: Descriptions, asker: Asker, store: StoreSimulator
) -> None:
    write_message(store.state, {"message": "It came broken", "subject": "Order 1001"}, 1001)
    answers = [asker.ask(asked) for asked in walk()]
    assert {answer.status_code for answer in answers} == {200, 201, 204}
    described = [answer for answer in answers if descriptions.operation(answer.request)]
    assert of_answers(descriptions, described) == OF_ANSWERS.keys()
    routes = {
        (route.method, route.path)
        for route in ROUTES
        for asked in walk()
        if _is_of(route.method, route.path, asked)
    }
    assert routes == {(route.method, route.path) for route in ROUTES}


def _is_of(method: str, path: str, asked: Asked) -> bool:
    pattern = re.sub(r"\{\w+\}", "[0-9]+", path)
    return method == asked[0] and re.fullmatch(pattern, asked[1].partition("?")[0]) is not None


def test_every_route_is_described_but_for_the_accepted_ones(descriptions: Descriptions) -> None:
    routes = {(route.method, re.sub(r"\{\w+\}", "{}", route.path)) for route in ROUTES}
    assert routes - set(descriptions.operations()) == UNDESCRIBED.keys()


def test_every_refusal_is_as_described_but_for_the_accepted_differences(
    descriptions: Descriptions, asker: Asker
) -> None:
    answers = [asker.ask(asked) for asked, _ in REFUSED]
    assert [answer.status_code for answer in answers] == [status for _, status in REFUSED]
    assert of_answers(descriptions, answers) == OF_REFUSALS.keys()


@pytest.mark.parametrize("path", ["/v2/orders", METAFIELDS, "/v3/hooks", "/v3/channels"])
def test_what_any_path_may_be_refused_with_is_as_described(
    descriptions: Descriptions, store: StoreSimulator, asker: Asker, path: str
) -> None:
    asked = ("GET", path, None)
    answers = [asker.ask(asked, X_Auth_Token="another")]
    for status in (429, 500, 503):
        store.state.faults.append(Fault(status=status))
        answers.append(asker.ask(asked))
    assert [answer.status_code for answer in answers] == [401, 429, 500, 503]
    assert of_answers(descriptions, answers) == set()


@pytest.mark.parametrize("asked", [("GET", "/v2/orders", None), ("POST", METAFIELDS, METAFIELD)])
def test_a_missing_scope_is_refused_as_described(descriptions: Descriptions, asked: Asked) -> None:
    orders = generated_orders()
    with (
        StoreSimulator(orders, placed=orders, store_hash=HASH, token=TOKEN, scopes=[]) as store,
        Asker(store) as session,
    ):
        answer = session.ask(asked)
    assert answer.status_code == 403
    assert of_answers(descriptions, [answer]) == set()


def test_conflicts_are_refused_as_described(descriptions: Descriptions, asker: Asker) -> None:
    for number in range(MOST_OF_A_SCOPE):
        asker.ask(("POST", "/v3/hooks", {**HOOK, "destination": f"https://gridport.example.com/{number}"}))
    asker.ask(("POST", METAFIELDS, METAFIELD))
    answers = [
        asker.ask(("POST", METAFIELDS, METAFIELD)),
        asker.ask(("POST", "/v3/hooks", HOOK)),
        asker.ask(("PUT", "/v3/hooks/3", {"destination": "https://gridport.example.com/1"})),
        asker.ask(("PUT", "/v2/orders/1001", {"status_id": 9}), Content_Type="text/plain"),
        asker.ask(("POST", METAFIELDS, METAFIELD), Content_Type="text/plain"),
    ]
    assert [answer.status_code for answer in answers] == [409, 422, 422, 415, 415]
    assert not_accepted(of_answers(descriptions, answers)) == set()


@pytest.fixture(scope="module")
def callbacks(shared: Path) -> dict[str, Any]:
    """The official schemas of callbacks by scope, closed."""
    found = {}
    for file in sorted((shared / "bigcommerce" / "specs" / "webhook_callbacks").glob("store_*.yml")):
        if not file.name.startswith(("store_order_", "store_shipment_")):
            continue
        content = yaml.load(file.read_text(encoding="utf-8"), Loader=yaml.CSafeLoader)
        spec = laid_over({"paths": {}, "components": {"schemas": content["properties"]}}, "v3")
        found |= spec["components"]["schemas"]
    return found


def misfits(schema: Any, data: Any) -> list[str]:
    """What a callback's schema finds wrong."""
    return sorted(error.message for error in OAS30ReadValidator(schema).iter_errors(data))


@pytest.mark.parametrize("scope", HAPPENING)
def test_a_callback_is_as_described(callbacks: dict[str, Any], scope: str) -> None:
    if "metafield" in scope:
        data = metafield_data(1001, 14)
    elif scope == "store/order/statusUpdated":
        data = order_data(1001, status={"previous_status_id": 0, "new_status_id": 11})
    elif "refund" in scope:
        data = order_data(1001, refund={"refund_id": 3})
    elif "shipment" in scope:
        data = shipment_data(3, 1001)
    else:
        data = order_data(1001)
    told = json.loads(event(scope, data, 1_765_000_000.5, 1_000_001, HASH).content)
    assert misfits(callbacks[scope], told) == []
    assert misfits(callbacks[scope], {**told, "created_at": "1765000000"}) == [
        "'1765000000' is not of type 'integer'"
    ]
    assert misfits(callbacks[scope], {**told, "order": 1001}) == [
        "Additional properties are not allowed ('order' was unexpected)"
    ]
