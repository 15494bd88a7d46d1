"""Orders, lines and addresses as typed values."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from integration.bigcommerce.orders import (
    BrokenAnswer,
    FormField,
    LineOption,
    parse_address,
    parse_change,
    parse_line,
    parse_order,
)
from tests.integration.bigcommerce.store_answers import address_answer, line_answer, order_answer


def test_an_order_is_read_whole() -> None:
    order = parse_order(order_answer())
    assert (order.id, order.status_id, order.custom_status, order.customer_id) == (
        1042,
        11,
        "To be packed",
        7,
    )
    assert order.date_created == datetime(2026, 3, 3, 14, 5, 6, tzinfo=UTC)
    assert order.date_modified == datetime(2026, 3, 4, 1, 2, 3, tzinfo=UTC)
    assert order.date_shipped is None
    assert (order.currency_code, order.display_currency_code) == ("USD", "CAD")
    assert str(order.total_inc_tax) == "48.8200"
    assert str(order.amounts.shipping_cost_ex_tax) == "5.1000"
    assert order.amounts.discount_amount == Decimal(2)
    assert (order.items_total, order.items_shipped, order.channel_id) == (3, 0, 1)
    assert (order.payment_method, order.payment_status) == ("Purchase Order", "")
    assert (order.external_order_id, order.external_id, order.external_source) == ("PO-77", "", "")
    assert (order.staff_notes, order.customer_message) == ("Call first", "Leave at the gate")
    assert (order.is_deleted, order.is_digital, order.is_tax_inclusive_pricing) == (False, False, False)
    assert order.billing_address.company == "Example Garden Supply"
    assert order.billing_address.form_fields == (FormField("Days", "Mon, Tue"),)


def test_the_amounts_of_an_order_add_up_as_decimals() -> None:
    order = parse_order(order_answer())
    parts = order.amounts.subtotal_ex_tax + order.amounts.shipping_cost_ex_tax + order.amounts.total_tax
    assert parts == order.total_inc_tax == Decimal("48.82")


@pytest.mark.parametrize("field", ["id", "status_id", "date_created", "date_modified", "total_inc_tax"])
def test_an_order_that_lacks_what_we_need_is_refused_by_name(field: str) -> None:
    answer = order_answer()
    del answer[field]
    with pytest.raises(
        BrokenAnswer, match=rf"^The store's answer for order \S+ holds nothing where {field} belongs"
    ):
        parse_order(answer)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("total_inc_tax", "much"),
        ("items_total", "3.5"),
        ("date_modified", "soon"),
        ("billing_address", "a string"),
        ("is_deleted", "perhaps"),
        ("staff_notes", {"a": 1}),
    ],
)
def test_a_broken_field_is_named_with_its_order(field: str, value: Any) -> None:
    with pytest.raises(BrokenAnswer, match=rf"{field}.*") as caught:
        parse_order(order_answer(**{field: value}))
    assert "order 1042" in str(caught.value)


@pytest.mark.parametrize("answer", [None, [], "order", 7])
def test_what_is_no_order_is_refused(answer: Any) -> None:
    with pytest.raises(BrokenAnswer, match="is not an object"):
        parse_order(answer)


def test_a_change_needs_nothing_but_number_status_and_date() -> None:
    change = parse_change(order_answer(total_inc_tax="much"))
    assert (change.id, change.status_id) == (1042, 11)
    assert change.date_modified == datetime(2026, 3, 4, 1, 2, 3, tzinfo=UTC)


def test_a_line_is_read_whole() -> None:
    line = parse_line(line_answer(), 1042)
    assert (line.id, line.order_address_id, line.product_id, line.variant_id) == (1, 9, 301, 511)
    assert (line.sku, line.upc, line.name, line.type) == ("ROSE-3", "", "Rose, three stems", "physical")
    assert (line.quantity, line.quantity_shipped, line.quantity_refunded) == (2, 1, 0)
    assert str(line.base_cost_price) == "11.2500"
    assert line.price_inc_tax - line.price_ex_tax == line.price_tax
    assert str(line.discounted_total_inc_tax) == "41.3000"
    assert (line.parent_order_product_id, line.is_bundled_product) == (0, False)
    assert line.product_options == (LineOption("Colour", "Red"),)


def test_a_broken_line_is_named_with_its_order() -> None:
    with pytest.raises(BrokenAnswer, match=r"for line 5 of order 1042 holds '2\.5' where quantity belongs"):
        parse_line(line_answer(5, quantity="2.5"), 1042)


def test_an_address_is_read_whole_without_what_changes_as_goods_move() -> None:
    address = parse_address(address_answer(), 1042)
    assert (address.id, address.street_2, address.zip, address.state) == (9, "Gate B", "97477", "Oregon")
    assert (address.shipping_method, address.form_fields) == ("Ground", (FormField("Dock", "North"),))
    assert address == parse_address(address_answer(items_shipped=2, cost_ex_tax="9.0000"), 1042)


@pytest.mark.parametrize(
    ("name", "parse", "count"),
    [
        ("order.json", parse_order, 1),
        ("order__multiple-items.json", parse_order, 1),
        ("orders_list.json", parse_order, 1),
        ("order_product.json", lambda data: parse_line(data, 1), 1),
        ("order_product__custom-product.json", lambda data: parse_line(data, 1), 1),
        ("order_product__product-with-file-upload.json", lambda data: parse_line(data, 1), 1),
        ("order_product__product-with-variants.json", lambda data: parse_line(data, 1), 1),
        ("order_products.json", lambda data: parse_line(data, 1), 1),
        ("REAL_order_products_issue173.json", lambda data: parse_line(data, 1), 1),
        ("order_shipping_address.json", lambda data: parse_address(data, 1), 1),
        ("order_shipping_addresses.json", lambda data: parse_address(data, 1), 1),
    ],
)
def test_published_examples_are_read(shared: Path, name: str, parse: Any, count: int) -> None:
    found = json.loads((shared / "bigcommerce" / "examples" / name).read_text(), parse_float=Decimal)
    parsed = [parse(each) for each in (found if isinstance(found, list) else [found])]
    assert len(parsed) >= count
    assert all(each.id > 0 for each in parsed)
