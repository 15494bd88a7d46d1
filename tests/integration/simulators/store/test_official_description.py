"""The simulator's answers fit the official OpenAPI description, and its rules for requests are the description's."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from integration.simulators.store import order_fields, order_filters, v3
from integration.simulators.store.paging import PAGING
from integration.simulators.store.payloads import SampleOrder
from integration.simulators.store.routes import ROUTES
from integration.simulators.store.sample_orders import generated_orders
from integration.simulators.store.server import StoreSimulator
from integration.simulators.store.statuses import STATUSES
from tests.integration.simulators.store.asking import Asker
from tests.integration.simulators.store.openapi import Description

ORDERS = "orders.v2.oas2.yml"
METAFIELDS = "orders.v3.yml"
VARIANTS = "catalog/product-variants_catalog.v3.yml"
STORE = "store_information.v2.yml"
NUMBERS = sorted(generated_orders())


@pytest.fixture(scope="module")
def descriptions(shared: Path) -> dict[str, Description]:
    folder = shared / "bigcommerce" / "specs"
    return {name: Description(folder / name) for name in (ORDERS, METAFIELDS, VARIANTS, STORE)}


def of_each(part: str) -> list[str]:
    return [f"/v2/orders/{number}{part}" for number in NUMBERS]


EXAMPLE = "not described, but in the official example"
# Description, its path, what is asked, and what does not fit with the reason.
ANSWERS: list[tuple[str, str, list[str], dict[str, str]]] = [
    (
        ORDERS,
        "/orders",
        ["/v2/orders"],
        {"[].credit_card_type: not described": EXAMPLE, "[].custom_status: not described": EXAMPLE},
    ),
    (
        ORDERS,
        "/orders/{order_id}",
        of_each(""),
        {"credit_card_type: not described": EXAMPLE, "custom_status: not described": EXAMPLE},
    ),
    (
        ORDERS,
        "/orders/{order_id}/products",
        of_each("/products?limit=250"),
        {"[].fulfillment_source: not described": "in the answer of a real store"},
    ),
    (ORDERS, "/orders/{order_id}/shipping_addresses", of_each("/shipping_addresses"), {}),
    (ORDERS, "/orders/{order_id}/taxes", of_each("/taxes"), {}),
    (ORDERS, "/orders/count", ["/v2/orders/count"], {}),
    (ORDERS, "/order_statuses", ["/v2/order_statuses"], {"[].order: not described": EXAMPLE}),
    (STORE, "/store", ["/v2/store"], {}),
    (STORE, "/time", ["/v2/time"], {}),
    (METAFIELDS, "/orders/{order_id}/metafields", ["/v3/orders/1001/metafields"], {}),
    (METAFIELDS, "/orders/{order_id}/metafields/{metafield_id}", ["/v3/orders/1001/metafields/1"], {}),
    (
        VARIANTS,
        "/catalog/variants",
        ["/v3/catalog/variants?limit=250", "/v3/catalog/variants?limit=250&page=2"],
        {
            f"data[].{name}: not described": EXAMPLE
            for name in ("calculated_weight", "gtin", "image_url", "map_price", "mpn")
        },
    ),
]


@pytest.mark.parametrize(("name", "path", "asked", "expected"), ANSWERS, ids=[each[1] for each in ANSWERS])
def test_answers_fit_the_official_description(
    ask: Asker,
    store: StoreSimulator,
    descriptions: dict[str, Description],
    name: str,
    path: str,
    asked: list[str],
    expected: dict[str, str],
) -> None:
    store.state.add_metafield(
        1001, {"permission_set": "app_only", "namespace": "gridport", "key": "k", "value": "v"}
    )
    tax(store.state.sample(1001))
    schema = descriptions[name].answer(path)
    answers = [answer.json() for answer in (ask("GET", each) for each in asked) if answer.status_code == 200]
    found = [descriptions[name].misfits(schema, answer) for answer in answers]
    assert found
    assert set().union(*found) == set(expected)


def tax(sample: SampleOrder) -> None:
    """Give an order a tax, of which the generated ones have none."""
    sample.taxes.append(
        {
            "id": 1,
            "order_id": 1001,
            "order_address_id": 10011,
            "tax_rate_id": 1,
            "tax_class_id": None,
            "name": "Tax",
            "class": "Default Tax Class",
            "rate": "8.0000",
            "priority": 0,
            "priority_amount": "1.0000",
            "line_amount": "1.0000",
        }
    )


@pytest.mark.parametrize(
    ("value", "misfit"),
    [
        ({"id": "1"}, "id: str, not integer"),
        ({"id": True}, "id: bool, not integer"),
        ({"items_total": None}, "items_total: null"),
        ({"is_deleted": 0}, "is_deleted: int, not boolean"),
        ({"payment_status": "cleared"}, "payment_status: 'cleared', not one of the choices"),
        ({"billing_address": {"zip": "1", "town": "x"}}, "billing_address.town: not described"),
        ({"billing_address": {}}, "billing_address.zip: missing"),
        ({"products": {"url": 1}}, "products.url: int, not string"),
    ],
)
def test_an_answer_that_does_not_fit_is_found(
    descriptions: dict[str, Description], value: dict[str, Any], misfit: str
) -> None:
    schema = descriptions[ORDERS].answer("/orders/{order_id}")
    assert descriptions[ORDERS].misfits(schema, value) == {misfit}


def test_every_described_field_of_an_order_is_writable_or_not_as_described(
    descriptions: dict[str, Description],
) -> None:
    put = descriptions[ORDERS].properties("order_Put")
    told = descriptions[ORDERS].properties("order_Resp")
    taken = {*order_fields.WRITABLE, *order_fields.NOT_SIMULATED, *order_fields.IGNORED, "billing_address"}
    assert taken | order_fields.READ_ONLY == put.keys() | told.keys()
    assert taken & order_fields.READ_ONLY == set()
    described = {name for name, schema in put.items() if not schema.get("readOnly")}
    assert described - taken == {
        "items_shipped",  # the store's own figures, though the schema takes them
        "items_total",
        "refunded_amount",
        "order_source",  # says where the order came from
        "external_merchant_id",  # its description: a PUT is answered with 400
    }
    assert taken - described == {"is_deleted"}  # its description: a PUT of true archives the order


def test_the_fields_of_a_billing_address_are_the_described_ones(descriptions: dict[str, Description]) -> None:
    described = descriptions[ORDERS].properties("billingAddress_Put")
    assert {*order_fields.BILLING, "form_fields"} == described.keys()


def test_the_fields_of_a_metafield_are_the_described_ones(descriptions: dict[str, Description]) -> None:
    described = descriptions[METAFIELDS].content["components"]["schemas"]["MetafieldBase_Post"]
    assert v3.METAFIELD.keys() == described["properties"].keys()
    assert set(v3.REQUIRED) == set(described["required"])


def parameters(description: Description, path: str) -> dict[str, Any]:
    """The query parameters of a list with their schemas."""
    found = [
        description.resolved(each) for each in description.content["paths"][path]["get"].get("parameters", [])
    ]
    return {each["name"]: each["schema"] for each in found if each["in"] == "query"}


def test_the_filters_of_orders_are_the_described_ones(descriptions: dict[str, Description]) -> None:
    described = parameters(descriptions[ORDERS], "/orders")
    known = {*order_filters.FILTERS, *order_filters.NOT_SIMULATED, *PAGING, "sort"}
    assert known - described.keys() == {"is_deleted"}  # of older descriptions
    assert described.keys() - known == set()
    assert list(order_filters.SORTS) == described["sort"]["enum"]


@pytest.mark.parametrize(
    ("name", "path", "filters"),
    [
        (METAFIELDS, "/orders/{order_id}/metafields", v3.METAFIELD_FILTERS),
        (VARIANTS, "/catalog/variants", v3.VARIANT_FILTERS),
    ],
)
def test_filters_of_v3_are_described(
    descriptions: dict[str, Description], name: str, path: str, filters: frozenset[str]
) -> None:
    assert (filters | PAGING) - parameters(descriptions[name], path).keys() == set()


def test_every_route_is_described(descriptions: dict[str, Description]) -> None:
    described = {
        (
            method.upper(),
            f"/{version}" + "/".join("{}" if part.startswith("{") else part for part in path.split("/")),
        )
        for name, version in ((ORDERS, "v2"), (STORE, "v2"), (METAFIELDS, "v3"), (VARIANTS, "v3"))
        for path, methods in descriptions[name].content["paths"].items()
        for method in methods
    }
    routes = {
        (route.method, "/".join("{}" if part.startswith("{") else part for part in route.path.split("/")))
        for route in ROUTES
    }
    assert routes - described == {
        ("GET", "/v2/orders/{}/shippingaddresses"),  # what the links in orders say
        ("GET", "/v2/orders/{}/shippingaddresses/{}/shippingquotes"),  # what the links in addresses say
    }


def test_statuses_are_the_described_ones(descriptions: dict[str, Description]) -> None:
    table = descriptions[ORDERS].content["paths"]["/order_statuses"]["get"]["description"]
    rows = [
        [cell.strip() for cell in row.split("|")[1:3]] for row in table.splitlines() if row.count("|") == 4
    ]
    described = {int(number): name for number, name in rows if number.isdigit()}
    assert {status.id: status.name for status in STATUSES.values()} == described
