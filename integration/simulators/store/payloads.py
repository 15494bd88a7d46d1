"""Orders, lines and addresses of our own invention, in the shapes of BigCommerce's published V2 description."""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from integration.simulators.store.catalog import CATALOG, custom_item


@dataclass
class SampleOrder:
    """One order with its lines, addresses and taxes as the API gives them."""

    order: dict[str, Any]
    products: list[dict[str, Any]] = field(default_factory=list)
    addresses: list[dict[str, Any]] = field(default_factory=list)
    taxes: list[dict[str, Any]] = field(default_factory=list)


def money(amount: Decimal | int | str) -> str:
    """Return an amount as V2 writes it: text with four decimals."""
    return f"{Decimal(amount):.4f}"


def link(resource: str) -> dict[str, str]:
    """Return a link to a part of an order; the store completes its ``url`` when it is told."""
    return {"url": resource, "resource": resource}


def person(**changes: str) -> dict[str, str]:
    """Return an address of a person who does not exist."""
    made = {
        "first_name": "Nora",
        "last_name": "Quill",
        "company": "",
        "street_1": "48 Lighthouse Road",
        "street_2": "",
        "city": "Duluth",
        "zip": "55802",
        "country": "United States",
        "country_iso2": "US",
        "state": "Minnesota",
        "email": "nora.quill@example.com",
        "phone": "2185550142",
    }
    return {**made, **changes}


def line(sku: str, quantity: int = 1, *, name: str = "", **changes: Any) -> dict[str, Any]:
    """Return one order product with ``changes``; its id, order and address are filled in with the order.

    A SKU that the catalog does not know, or none, makes a custom line: product id 0.
    """
    item = CATALOG.get(sku) or custom_item(sku)
    label = name or item.name
    zero = money(0)
    made = {
        "product_id": item.product_id, "variant_id": item.variant_id, "order_pickup_method_id": 0,
        "name": label, "name_customer": label, "name_merchant": label, "sku": sku, "upc": "",
        "type": item.type, "base_price": zero, "price_ex_tax": zero, "price_inc_tax": zero, "price_tax": zero,
        "base_total": zero, "total_ex_tax": zero, "total_inc_tax": zero, "total_tax": zero,
        "weight": "0.0000" if item.type == "digital" else "1.0000", "width": zero, "height": zero, "depth": zero,
        "quantity": quantity, "base_cost_price": zero, "cost_price_inc_tax": zero, "cost_price_ex_tax": zero,
        "cost_price_tax": zero, "is_refunded": False, "quantity_refunded": 0, "refund_amount": zero,
        "return_id": 0, "wrapping_id": 0, "wrapping_name": "", "base_wrapping_cost": zero,
        "wrapping_cost_ex_tax": zero, "wrapping_cost_inc_tax": zero, "wrapping_cost_tax": zero,
        "wrapping_message": "", "quantity_shipped": 0, "event_name": None, "event_date": "",
        "fixed_shipping_cost": zero, "ebay_item_id": "", "ebay_transaction_id": "", "option_set_id": None,
        "parent_order_product_id": None, "is_bundled_product": False, "bin_picking_number": "",
        "external_id": None, "fulfillment_source": "", "brand": item.brand, "gift_certificate_id": None,
        "applied_discounts": [], "product_options": [], "configurable_fields": [],
        "discounted_total_inc_tax": zero,
    }  # fmt: skip
    return {**priced(made, item.price, item.price), **changes}


def priced(made: dict[str, Any], without_tax: Decimal, with_tax: Decimal) -> dict[str, Any]:
    """Return a line with this price of one piece; the merchant entered the one with tax."""
    tax, quantity = with_tax - without_tax, made["quantity"]
    return {
        **made,
        "base_price": money(with_tax),
        "price_ex_tax": money(without_tax),
        "price_inc_tax": money(with_tax),
        "price_tax": money(tax),
        "base_total": money(with_tax * quantity),
        "total_ex_tax": money(without_tax * quantity),
        "total_inc_tax": money(with_tax * quantity),
        "total_tax": money(tax * quantity),
        "discounted_total_inc_tax": money(with_tax * quantity),
    }


def build(
    number: int,
    lines: list[dict[str, Any]],
    *,
    addresses: list[dict[str, str]] | None = None,
    status: int = 11,
    **changes: Any,
) -> SampleOrder:
    """Put an order together; physical lines that nobody picks up go to the addresses in turn."""
    people = [person()] if addresses is None else addresses
    shipping = [_shipping_address(number, place, each) for place, each in enumerate(people)]
    physical = 0
    for place, each in enumerate(lines):
        each.update(id=number * 1000 + place + 1, order_id=number, order_address_id=0)
        if each["type"] == "physical" and shipping and not each["order_pickup_method_id"]:
            goes_to = shipping[physical % len(shipping)]
            physical += 1
            each["order_address_id"] = goes_to["id"]
            goes_to["items_total"] += each["quantity"]
    billing = {**(people[0] if people else person()), "form_fields": []}
    order = _order(number, status, billing, lines, len(shipping))
    order.update(changes)
    return SampleOrder(order, lines, shipping)


def _shipping_address(number: int, place: int, address: dict[str, str]) -> dict[str, Any]:
    zero = money(0)
    key = number * 10 + place + 1
    return {
        "id": key, "order_id": number, **address, "items_total": 0, "items_shipped": 0,
        "shipping_method": "Ground", "base_cost": zero, "cost_ex_tax": zero, "cost_inc_tax": zero, "cost_tax": zero,
        "cost_tax_class_id": 0, "base_handling_cost": zero, "handling_cost_ex_tax": zero,
        "handling_cost_inc_tax": zero, "handling_cost_tax": zero, "handling_cost_tax_class_id": 0,
        "shipping_zone_id": 1, "shipping_zone_name": "United States",
        "shipping_quotes": link(f"/orders/{number}/shippingaddresses/{key}/shippingquotes"), "form_fields": [],
    }  # fmt: skip


def _order(
    number: int, status: int, billing: dict[str, Any], lines: list[dict[str, Any]], addresses: int
) -> dict[str, Any]:
    zero = money(0)
    without_tax, with_tax, tax = (
        money(sum((Decimal(each[f"total_{part}"]) for each in lines), Decimal(0)))
        for part in ("ex_tax", "inc_tax", "tax")
    )
    costs = {
        f"{kind}_{part}": zero
        for kind in ("shipping_cost", "handling_cost", "wrapping_cost")
        for part in ("ex_tax", "inc_tax", "tax")
    }
    return {
        "id": number, "customer_id": 41, "date_created": "", "date_modified": "", "date_shipped": "",
        "status_id": status, "status": "", "subtotal_ex_tax": without_tax, "subtotal_inc_tax": with_tax,
        "subtotal_tax": tax, "base_shipping_cost": zero, "base_handling_cost": zero, "base_wrapping_cost": zero,
        **costs, "shipping_cost_tax_class_id": 0, "handling_cost_tax_class_id": 0,
        "wrapping_cost_tax_class_id": 0, "total_ex_tax": without_tax, "total_inc_tax": with_tax, "total_tax": tax,
        "is_tax_inclusive_pricing": False, "items_total": sum(each["quantity"] for each in lines),
        "items_shipped": 0, "payment_method": "Manual", "payment_provider_id": "", "payment_status": "captured",
        "refunded_amount": zero, "order_is_digital": bool(lines) and all(each["type"] == "digital" for each in lines),
        "store_credit_amount": zero, "gift_certificate_amount": zero, "ip_address": "", "ip_address_v6": "",
        "geoip_country": "", "geoip_country_iso2": "", "currency_id": 1, "currency_code": "USD",
        "currency_exchange_rate": "1.0000000000", "default_currency_id": 1, "default_currency_code": "USD",
        "staff_notes": "", "customer_message": "", "discount_amount": zero, "coupon_discount": zero,
        "shipping_address_count": addresses, "is_deleted": False, "ebay_order_id": "0", "cart_id": f"00000000-0000-4000-8000-{number:012d}",
        "billing_address": billing, "is_email_opt_in": False, "credit_card_type": None, "order_source": "www",
        "channel_id": 1, "external_source": None, "products": link(f"/orders/{number}/products"),
        "shipping_addresses": link(f"/orders/{number}/shippingaddresses"),
        "coupons": link(f"/orders/{number}/coupons"), "external_id": None, "external_merchant_id": None,
        "tax_provider_id": "BasicTaxProvider", "store_default_currency_code": "USD",
        "store_default_to_transactional_exchange_rate": "1.0000000000", "custom_status": "",
        "customer_locale": "en", "external_order_id": "", "fees": [],
    }  # fmt: skip
