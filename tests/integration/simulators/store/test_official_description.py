"""The simulator's rules for requests are those of the official descriptions."""

from __future__ import annotations

from pathlib import Path

import pytest

from integration.simulators.store import order_fields, order_filters, v3
from integration.simulators.store.paging import PAGING
from integration.simulators.store.statuses import STATUSES
from tests.integration.simulators.store.openapi import Description

ORDERS = "orders.v2.oas2.yml"
METAFIELDS = "orders.v3.yml"
VARIANTS = "catalog/product-variants_catalog.v3.yml"
CHANNELS = "channels.v3.yml"
LOCATIONS = "locations.v3.yml"


@pytest.fixture(scope="module")
def descriptions(shared: Path) -> dict[str, Description]:
    folder = shared / "bigcommerce" / "specs"
    return {name: Description(folder / name) for name in (ORDERS, METAFIELDS, VARIANTS, CHANNELS, LOCATIONS)}


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


def test_the_filters_of_orders_are_the_described_ones(descriptions: dict[str, Description]) -> None:
    described = descriptions[ORDERS].parameters("/orders")
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
    assert (filters | PAGING) - descriptions[name].parameters(path).keys() == set()


@pytest.mark.parametrize(
    ("name", "path", "known"),
    [
        (CHANNELS, "/channels", v3.CHANNEL_FILTERS | v3.CHANNELS_NOT_SIMULATED),
        (LOCATIONS, "/inventory/locations", v3.LOCATIONS_NOT_SIMULATED),
    ],
)
def test_filters_of_channels_and_locations_are_the_described_ones(
    descriptions: dict[str, Description], name: str, path: str, known: frozenset[str]
) -> None:
    assert known | PAGING == descriptions[name].parameters(path).keys()


def test_statuses_are_the_described_ones(descriptions: dict[str, Description]) -> None:
    table = descriptions[ORDERS].content["paths"]["/order_statuses"]["get"]["description"]
    rows = [
        [cell.strip() for cell in row.split("|")[1:3]] for row in table.splitlines() if row.count("|") == 4
    ]
    described = {int(number): name for number, name in rows if number.isdigit()}
    assert {status.id: status.name for status in STATUSES.values()} == described
