"""What makes each of the twenty generated orders easy or hard, by number."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from integration.simulators.store.catalog import SKUS
from integration.simulators.store.payloads import SampleOrder
from integration.simulators.store.payloads import line as a_line
from integration.simulators.store.sample_orders import generated_orders

ORDERS = generated_orders()

# Number: lines, pieces, shipping addresses, status, customer, total.
TABLE = {
    1001: (1, 2, 1, 11, 41, "63.9000"),
    1002: (3, 8, 1, 11, 41, "370.6000"),
    1003: (0, 0, 0, 11, 41, "0.0000"),
    1004: (1, 12, 1, 11, 41, "419.4000"),
    1005: (51, 102, 1, 11, 41, "3856.9000"),
    1006: (250, 250, 1, 11, 41, "10076.5000"),
    1007: (2, 3, 2, 11, 41, "115.8500"),
    1008: (2, 2, 1, 11, 41, "71.9000"),
    1009: (1, 1, 0, 11, 41, "31.9500"),
    1010: (1, 1, 1, 11, 0, "47.9500"),
    1011: (2, 2, 1, 11, 41, "42.9000"),
    1012: (1, 1, 1, 11, 41, "33.9500"),
    1013: (1, 1, 1, 11, 41, "34.9500"),
    1014: (1, 1, 1, 11, 41, "35.9500"),
    1015: (3, 4, 1, 11, 41, "160.8000"),
    1016: (1, 2, 1, 11, 41, "109.9000"),
    1017: (2, 2, 1, 11, 41, "54.9000"),
    1018: (1, 1, 1, 7, 41, "39.9500"),
    1019: (1, 1, 1, 0, 41, "40.9500"),
    1020: (1, 1, 0, 11, 41, "32.9500"),
}


def lines(number: int, *names: str) -> list[tuple[Any, ...]]:
    """The named fields of an order's lines."""
    return [tuple(line[name] for name in names) for line in ORDERS[number].products]


def test_there_are_the_twenty_of_the_table() -> None:
    found = {
        number: (
            len(sample.products),
            sum(line["quantity"] for line in sample.products),
            len(sample.addresses),
            sample.order["status_id"],
            sample.order["customer_id"],
            sample.order["total_inc_tax"],
        )
        for number, sample in ORDERS.items()
    }
    assert found == TABLE


@pytest.mark.parametrize("number", TABLE)
def test_an_order_agrees_with_its_parts(number: int) -> None:
    sample: SampleOrder = ORDERS[number]
    order = sample.order
    total = sum((Decimal(line["total_inc_tax"]) for line in sample.products), Decimal(0))
    assert Decimal(order["total_inc_tax"]) == Decimal(order["subtotal_ex_tax"]) == total
    assert order["items_total"] == sum(line["quantity"] for line in sample.products)
    assert order["shipping_address_count"] == len(sample.addresses)
    for line in sample.products:
        assert (line["order_id"], line["id"] // 1000) == (number, number)
        assert Decimal(line["total_inc_tax"]) == Decimal(line["price_inc_tax"]) * line["quantity"]
    for address in sample.addresses:
        goes_there = [
            line["quantity"] for line in sample.products if line["order_address_id"] == address["id"]
        ]
        assert (address["order_id"], address["items_total"]) == (number, sum(goes_there))
    places = {address["id"] for address in sample.addresses}
    astray = [line["sku"] for line in sample.products if line["order_address_id"] not in places]
    assert astray == {1008: ["AC-010"], 1009: ["AC-010"], 1020: ["AC-020"]}.get(number, [])


def test_1003_has_no_lines() -> None:
    assert (ORDERS[1003].products, ORDERS[1003].addresses) == ([], [])


def test_1004_carries_the_shoppers_message() -> None:
    assert ORDERS[1004].order["customer_message"] == "Please leave it with the neighbour at number 50."
    assert {number for number, sample in ORDERS.items() if sample.order["customer_message"]} == {1004}


def test_1005_has_51_lines_of_one_supplier() -> None:
    skus = [line["sku"] for line in ORDERS[1005].products]
    assert (len(skus), len(set(skus))) == (51, 51)
    assert set(skus) <= set(SKUS["AC"])


def test_1006_has_250_lines_of_one_supplier() -> None:
    skus = [line["sku"] for line in ORDERS[1006].products]
    assert (len(skus), len(set(skus))) == (250, 250)
    assert set(skus) <= set(SKUS["AC"])


def test_1007_goes_to_two_addresses_one_line_each() -> None:
    assert [(each["id"], each["street_1"], each["city"]) for each in ORDERS[1007].addresses] == [
        (10071, "48 Lighthouse Road", "Duluth"),
        (10072, "9 Mill Lane", "Ames"),
    ]
    assert lines(1007, "sku", "quantity", "order_address_id") == [("AC-007", 1, 10071), ("AC-008", 2, 10072)]


def test_1008_has_a_digital_line_beside_a_physical_one() -> None:
    assert lines(1008, "sku", "type", "order_address_id") == [
        ("AC-009", "physical", 10081),
        ("AC-010", "digital", 0),
    ]
    assert ORDERS[1008].order["order_is_digital"] is False


def test_1009_is_digital_alone() -> None:
    assert lines(1009, "sku", "type") == [("AC-010", "digital")]
    assert {number for number, sample in ORDERS.items() if sample.order["order_is_digital"]} == {1009}


def test_1010_is_a_guests() -> None:
    assert {number for number, sample in ORDERS.items() if sample.order["customer_id"] == 0} == {1010}
    assert ORDERS[1010].order["billing_address"]["email"] == "nora.quill@example.com"


def test_1011_has_a_custom_line_without_sku() -> None:
    assert lines(1011, "name", "sku", "product_id", "variant_id")[1] == ("Engraved name plate", "", 0, 0)
    without = [number for number, sample in ORDERS.items() for line in sample.products if not line["sku"]]
    assert without == [1011]


def test_1012_is_cyrillic_in_name_and_address() -> None:
    [address] = ORDERS[1012].addresses
    assert (address["first_name"], address["last_name"]) == ("Вера", "Лунина")
    assert (address["street_1"], address["city"], address["country_iso2"]) == (
        "ул. Озёрная, 7",
        "Мурманск",
        "RU",
    )
    assert ORDERS[1012].order["billing_address"]["last_name"] == "Лунина"


def test_1013_has_apostrophes() -> None:
    [address] = ORDERS[1013].addresses
    assert (address["last_name"], address["street_1"]) == ("O'Dell", "3 Fisher's Walk")


def test_1014_has_separators_in_its_address() -> None:
    [address] = ORDERS[1014].addresses
    assert (address["street_1"], address["company"]) == ("Unit *5* ~ rear", "Quill & Co")


@pytest.mark.parametrize(
    ("number", "skus"),
    [
        (1015, ["AC-015", "BO-005", "AC-016"]),
        (1016, ["SH-001"]),
        (1017, ["XX-001", "AC-017"]),
    ],
)
def test_1015_to_1017_are_of_two_suppliers_of_either_and_of_none(number: int, skus: list[str]) -> None:
    assert [line["sku"] for line in ORDERS[number].products] == skus
    listed = {sku: [letters for letters, known in SKUS.items() if sku in known] for sku in skus}
    assert (
        listed
        == {
            1015: {"AC-015": ["AC"], "BO-005": ["BO"], "AC-016": ["AC"]},
            1016: {"SH-001": ["AC", "BO"]},
            1017: {"XX-001": [], "AC-017": ["AC"]},
        }[number]
    )


def test_1018_awaits_payment_and_1019_is_incomplete() -> None:
    assert {
        number: sample.order["status_id"]
        for number, sample in ORDERS.items()
        if sample.order["status_id"] != 11
    } == {
        1018: 7,
        1019: 0,
    }


def test_1020_has_something_to_ship_and_no_address() -> None:
    assert lines(1020, "sku", "type", "order_address_id") == [("AC-020", "physical", 0)]
    assert (ORDERS[1020].addresses, ORDERS[1020].order["billing_address"]["city"]) == ([], "Duluth")


def test_a_line_of_an_unknown_sku_is_a_custom_line_and_may_have_a_name_of_its_own() -> None:
    made = [
        a_line("ZZ-77"),
        a_line("ZZ-77", name="Coil"),
        a_line("AC-001", 3, name="Gift lantern"),
        a_line(""),
    ]
    assert [(each["product_id"], each["sku"], each["name"], each["quantity"]) for each in made] == [
        (0, "ZZ-77", "Serving tray 77", 1),
        (0, "ZZ-77", "Coil", 1),
        (5001, "AC-001", "Gift lantern", 3),
        (0, "", "Lantern made to measure", 1),
    ]


def test_the_orders_are_made_anew_each_time() -> None:
    others = generated_orders()
    others[1001].order["status_id"] = 5
    others[1001].products[0]["quantity"] = 9
    assert generated_orders()[1001] == ORDERS[1001]
