"""What makes each of the generated orders easy or hard, by number."""

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
    1015: (3, 4, 1, 11, 77, "160.8000"),
    1016: (1, 2, 1, 11, 41, "109.9000"),
    1017: (2, 2, 1, 11, 41, "54.9000"),
    1018: (1, 1, 1, 7, 41, "39.9500"),
    1019: (1, 1, 1, 0, 41, "40.9500"),
    1020: (1, 1, 0, 11, 41, "32.9500"),
    1021: (1, 2, 0, 11, 41, "67.9000"),
    1022: (2, 2, 1, 11, 41, "59.9500"),
    1023: (3, 8, 1, 11, 41, "31.9000"),
    1024: (2, 4, 1, 11, 41, "150.8000"),
    1025: (1, 2, 1, 11, 41, "54.0000"),
    1026: (1, 3, 1, 11, 41, "12600.0000"),
    1027: (1, 2, 1, 11, 41, "101.9000"),
    1028: (1, 1, 1, 11, 41, "40.9500"),
}


def lines(number: int, *names: str) -> list[tuple[Any, ...]]:
    """The named fields of an order's lines."""
    return [tuple(line[name] for name in names) for line in ORDERS[number].products]


def test_there_are_those_of_the_table() -> None:
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
    for part in ("ex_tax", "inc_tax", "tax"):
        total = sum((Decimal(line[f"total_{part}"]) for line in sample.products), Decimal(0))
        assert Decimal(order[f"total_{part}"]) == Decimal(order[f"subtotal_{part}"]) == total
    assert order["items_total"] == sum(line["quantity"] for line in sample.products)
    assert order["shipping_address_count"] == len(sample.addresses)
    for line in sample.products:
        assert (line["order_id"], line["id"] // 1000) == (number, number)
        for part in ("ex_tax", "inc_tax", "tax"):
            assert Decimal(line[f"total_{part}"]) == Decimal(line[f"price_{part}"]) * line["quantity"]
    for address in sample.addresses:
        goes_there = [
            line["quantity"] for line in sample.products if line["order_address_id"] == address["id"]
        ]
        assert (address["order_id"], address["items_total"]) == (number, sum(goes_there))
    places = {address["id"] for address in sample.addresses}
    astray = [line["sku"] for line in sample.products if line["order_address_id"] not in places]
    assert astray == {
        1008: ["AC-010"],
        1009: ["AC-010"],
        1020: ["AC-020"],
        1021: ["AC-021"],
        1022: [""],
    }.get(number, [])


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
    assert without == [1011, 1022]


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


def test_1021_is_picked_up() -> None:
    assert lines(1021, "sku", "type", "order_pickup_method_id") == [("AC-021", "physical", 4)]
    assert ORDERS[1021].addresses == []
    picked_up = {
        number
        for number, sample in ORDERS.items()
        if any(line["order_pickup_method_id"] for line in sample.products)
    }
    assert picked_up == {1021}


def test_1022_has_a_gift_certificate_beside_a_physical_line() -> None:
    assert lines(1022, "name", "type", "gift_certificate_id", "product_id", "weight", "order_address_id") == [
        ("Door mat 022", "physical", None, 5022, "1.0000", 10221),
        ("Gift certificate", "giftcertificate", 52, 0, "0.0000", 0),
    ]


def test_1023_is_a_bundle_whose_parts_name_their_parent() -> None:
    assert lines(
        1023, "id", "sku", "quantity", "is_bundled_product", "parent_order_product_id", "total_inc_tax"
    ) == [
        (1023001, "XX-001", 2, False, None, "31.9000"),
        (1023002, "AC-023", 2, True, 1023001, "0.0000"),
        (1023003, "AC-029", 4, True, 1023001, "0.0000"),
    ]
    bundled = [
        line["id"] for sample in ORDERS.values() for line in sample.products if line["is_bundled_product"]
    ]
    assert bundled == [1023002, 1023003]


def test_1024_is_refunded_in_part() -> None:
    assert lines(1024, "sku", "quantity", "quantity_refunded", "is_refunded", "refund_amount") == [
        ("AC-024", 1, 1, True, "0.0000"),
        ("AC-025", 3, 1, False, "0.0000"),
    ]
    assert ORDERS[1024].order["payment_status"] == "partially refunded"
    assert ORDERS[1024].order["refunded_amount"] == "0.0000"


def test_1025_has_prices_that_include_tax() -> None:
    order = ORDERS[1025].order
    assert lines(1025, "base_price", "price_ex_tax", "price_inc_tax", "price_tax") == [
        ("27.0000", "25.0000", "27.0000", "2.0000")
    ]
    assert (order["total_ex_tax"], order["total_inc_tax"], order["total_tax"]) == (
        "50.0000",
        "54.0000",
        "4.0000",
    )
    [tax] = ORDERS[1025].taxes
    assert (tax["order_id"], tax["order_address_id"], tax["rate"], tax["line_amount"]) == (
        1025,
        10251,
        "8.0000",
        "4.0000",
    )
    inclusive = {number for number, sample in ORDERS.items() if sample.order["is_tax_inclusive_pricing"]}
    assert inclusive == {1025}


def test_1026_is_paid_in_yen_and_1027_in_euros() -> None:
    foreign = {
        number: (
            sample.order["default_currency_code"],
            sample.order["currency_code"],
            sample.order["currency_id"],
            sample.order["store_default_currency_code"],
            sample.order["store_default_to_transactional_exchange_rate"],
            sample.addresses[0]["country_iso2"],
        )
        for number, sample in ORDERS.items()
        if sample.order["default_currency_code"] != "USD"
    }
    assert foreign == {
        1026: ("JPY", "JPY", 3, "USD", "150.0000000000", "JP"),
        1027: ("EUR", "EUR", 2, "USD", "0.9000000000", "DE"),
    }
    assert lines(1026, "price_inc_tax", "total_inc_tax") == [("4200.0000", "12600.0000")]


def test_1028_has_staff_notes_that_a_person_wrote() -> None:
    assert ORDERS[1028].order["staff_notes"] == (
        "Called Nora on Monday: she is away until the 14th.\nLeave it at the café next door, not before. – Jo"
    )
    assert {number for number, sample in ORDERS.items() if sample.order["staff_notes"]} == {1028}


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
