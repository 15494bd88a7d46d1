"""Answers of a store that does not exist: our own invention, in the published shapes."""

from __future__ import annotations

from datetime import datetime
from email.utils import format_datetime
from typing import Any


def order_answer(number: int = 1042, **changes: Any) -> dict[str, Any]:
    """An order as V2 writes it: money as text, dates as RFC 2822."""
    answer: dict[str, Any] = {
        "id": number,
        "customer_id": 7,
        "date_created": "Tue, 03 Mar 2026 14:05:06 +0000",
        "date_modified": "Wed, 04 Mar 2026 01:02:03 +0000",
        "date_shipped": "",
        "status_id": 11,
        "status": "Awaiting Fulfillment",
        "custom_status": "To be packed",
        "subtotal_ex_tax": "40.0000",
        "subtotal_inc_tax": "43.3000",
        "shipping_cost_ex_tax": "5.1000",
        "shipping_cost_inc_tax": "5.5200",
        "handling_cost_ex_tax": "0.0000",
        "handling_cost_inc_tax": "0.0000",
        "wrapping_cost_ex_tax": "0.0000",
        "wrapping_cost_inc_tax": "0.0000",
        "total_ex_tax": "45.1000",
        "total_inc_tax": "48.8200",
        "total_tax": "3.7200",
        "discount_amount": "2",
        "coupon_discount": "1.5000",
        "store_credit_amount": "0.0000",
        "gift_certificate_amount": "0.0000",
        "refunded_amount": "0.0000",
        "is_tax_inclusive_pricing": False,
        "items_total": 3,
        "items_shipped": 0,
        "shipping_address_count": 1,
        "payment_method": "Purchase Order",
        "payment_status": "",
        "order_is_digital": False,
        "currency_code": "CAD",
        "default_currency_code": "USD",
        "staff_notes": "Call first",
        "customer_message": "Leave at the gate",
        "order_source": "www",
        "channel_id": 1,
        "external_source": None,
        "external_id": None,
        "external_order_id": "PO-77",
        "is_deleted": False,
        "billing_address": {
            "first_name": "Ada",
            "last_name": "Example",
            "company": "Example Garden Supply",
            "street_1": "1 Invented Way",
            "street_2": "",
            "city": "Springfield",
            "state": "Oregon",
            "zip": "97477",
            "country": "United States",
            "country_iso2": "US",
            "phone": "",
            "email": "ada@example.com",
            "form_fields": [{"name": "Days", "value": ["Mon", "Tue"]}],
        },
        "products": {"url": "https://example.com/products", "resource": "/orders/1042/products"},
        "a_field_of_next_year": {"whatever": [1, 2.5]},
    }
    return {**answer, **changes}


def changed_order(number: int, at: datetime) -> dict[str, Any]:
    """An order that was changed last at ``at``."""
    return order_answer(number, date_modified=format_datetime(at))


def line_answer(number: int = 1, **changes: Any) -> dict[str, Any]:
    """An order line as V2 writes it."""
    answer: dict[str, Any] = {
        "id": number,
        "order_id": 1042,
        "order_address_id": 9,
        "order_pickup_method_id": 0,
        "product_id": 301,
        "variant_id": 511,
        "sku": "ROSE-3 ",
        "upc": "",
        "name": "Rose, three stems",
        "brand": "",
        "type": "physical",
        "quantity": 2,
        "quantity_shipped": 1,
        "quantity_refunded": 0,
        "base_price": "20.0000",
        "price_ex_tax": "20.0000",
        "price_inc_tax": "21.6500",
        "price_tax": "1.6500",
        "base_cost_price": "11.2500",
        "cost_price_ex_tax": "11.2500",
        "cost_price_inc_tax": "11.2500",
        "total_ex_tax": "40.0000",
        "total_inc_tax": "43.3000",
        "total_tax": "3.3000",
        "discounted_total_inc_tax": "41.3000",
        "weight": "0.4000",
        "bin_picking_number": "A-7",
        "parent_order_product_id": None,
        "is_bundled_product": False,
        "event_date": "",
        "product_options": [{"id": 5, "display_name": "Colour", "display_value": "Red", "value": "104"}],
    }
    return {**answer, **changes}


def address_answer(number: int = 9, **changes: Any) -> dict[str, Any]:
    """A shipping address as V2 writes it."""
    answer: dict[str, Any] = {
        "id": number,
        "order_id": 1042,
        "first_name": "Grace",
        "last_name": "Example",
        "company": "",
        "street_1": "2 Invented Way",
        "street_2": "Gate B",
        "city": "Springfield",
        "zip": 97477,
        "country": "United States",
        "country_iso2": "US",
        "state": "Oregon",
        "email": "grace@example.com",
        "phone": "555-0101",
        "items_total": 2,
        "items_shipped": 0,
        "shipping_method": "Ground",
        "form_fields": [{"name": "Dock", "value": "North"}],
    }
    return {**answer, **changes}
