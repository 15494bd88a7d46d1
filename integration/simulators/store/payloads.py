"""Orders in the official shape: the fields of ``orders.v2``, money as text with four decimals.

A line carries beside the fields of the description ``fulfillment_source``, and ``event_date`` is an empty text: so
they stand in the answer of a real store (bigcommerce/docs issue 173).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from email.utils import format_datetime
from typing import Any

from integration.simulators.store.facts import STATUSES
from integration.simulators.store.plans import Person, PlannedLine, PlannedOrder

ZERO = "0.0000"
SHIPPING = Decimal("9.95")
UNPAID = frozenset({0, 1, 6, 7})
SHIPPED = frozenset({2, 10})


@dataclass
class StoredOrder:
    """An order as the store keeps it. ``placed``: it exists for the API; ``order`` is without its dates of change."""

    order: dict[str, Any]
    lines: list[dict[str, Any]]
    addresses: list[dict[str, Any]]
    taxes: list[dict[str, Any]]
    created: datetime
    modified: datetime
    kind: str = ""
    placed: bool = True
    archived: bool = False
    metafields: dict[int, dict[str, Any]] = field(default_factory=dict)

    @property
    def id(self) -> int:
        """Return the order's number."""
        number: int = self.order["id"]
        return number

    def payload(self) -> dict[str, Any]:
        """Return the order as GET /orders/{id} shows it."""
        dates = {"date_created": rfc2822(self.created), "date_modified": rfc2822(self.modified)}
        return {**self.order, **dates}


@dataclass(frozen=True)
class FirstIds:
    """The first line, address and tax id of an order; none of them is a product's or variant's id."""

    line: int
    address: int
    tax: int


def first_ids(position: int) -> FirstIds:
    """Return the ids of the order at ``position`` (from 0) among all orders that we make: 400 lines fit."""
    return FirstIds(line=40_001 + 400 * position, address=7_001 + 10 * position, tax=9_001 + 10 * position)


def rfc2822(when: datetime) -> str:
    """Return ``Tue, 05 Mar 2019 21:40:11 +0000``, as V2 writes all dates."""
    return format_datetime(when)


def money(amount: Decimal) -> str:
    """Return text with four decimals."""
    return f"{amount.quantize(Decimal('0.0001')):f}"


def build(plan: PlannedOrder, ids: FirstIds, created: datetime, store_url: str) -> StoredOrder:
    """Return the order that ``plan`` describes, with all its sums."""
    addresses = [
        address_payload(person, plan.id, ids.address + index, store_url)
        for index, person in enumerate(plan.ship_to)
    ]
    lines = [
        line_payload(line, plan, ids.line + index, 0 if line.ship_to is None else ids.address + line.ship_to)
        for index, line in enumerate(plan.lines)
    ]
    stored = StoredOrder(
        order=_order_payload(plan, store_url),
        lines=lines,
        addresses=addresses,
        taxes=[],
        created=created,
        modified=created,
        kind=plan.kind,
    )
    if plan.tax_rate:
        holders: list[int] = [address["id"] for address in addresses] or [0]
        stored.taxes = [
            _tax_payload(plan, ids.tax + index, address_id) for index, address_id in enumerate(holders)
        ]
    reckon(stored)
    return stored


def reckon(stored: StoredOrder) -> None:
    """Reckon all sums of an order anew from its lines' prices and quantities."""
    order = stored.order
    for line in stored.lines:
        _reckon_line(line)
    for address in stored.addresses:
        mine = [line for line in stored.lines if line["order_address_id"] == address["id"]]
        address["items_total"] = sum(line["quantity"] for line in mine)
        address["items_shipped"] = sum(line["quantity_shipped"] for line in mine)
    for tax in stored.taxes:
        mine = [line for line in stored.lines if line["order_address_id"] == tax["order_address_id"]]
        tax["line_amount"] = tax["priority_amount"] = money(_sum(mine, "total_tax"))
    shipping = sum((Decimal(address["base_cost"]) for address in stored.addresses), Decimal(0))
    for kind in ("ex_tax", "inc_tax", "tax"):
        order[f"subtotal_{kind}"] = money(_sum(stored.lines, f"total_{kind}"))
        carried = Decimal(0) if kind == "tax" else shipping
        order[f"total_{kind}"] = money(_sum(stored.lines, f"total_{kind}") + carried)
    for name in ("base_shipping_cost", "shipping_cost_ex_tax", "shipping_cost_inc_tax"):
        order[name] = money(shipping)
    order["items_total"] = sum(line["quantity"] for line in stored.lines)
    order["items_shipped"] = sum(line["quantity_shipped"] for line in stored.lines)
    order["shipping_address_count"] = len(stored.addresses)
    order["order_is_digital"] = bool(stored.lines) and all(line["type"] == "digital" for line in stored.lines)


def show_status(order: dict[str, Any], status_id: int) -> None:
    """Set the status and what follows from it. Raises ``KeyError`` for a status that does not exist."""
    status = STATUSES[status_id]
    order.update(status_id=status.id, status=status.name, custom_status=status.label)


def _sum(lines: list[dict[str, Any]], name: str) -> Decimal:
    return sum((Decimal(line[name]) for line in lines), Decimal(0))


def _reckon_line(line: dict[str, Any]) -> None:
    for kind in ("ex_tax", "inc_tax", "tax"):
        line[f"total_{kind}"] = money(Decimal(line[f"price_{kind}"]) * line["quantity"])
    line["base_total"] = line["total_ex_tax"]
    line["discounted_total_inc_tax"] = line["total_inc_tax"]


def line_payload(line: PlannedLine, plan: PlannedOrder, number: int, address_id: int) -> dict[str, Any]:
    """Return a line as GET /orders/{id}/products shows it; ``number`` is its own id, not the product's."""
    item = line.item
    tax = (item.price * plan.tax_rate).quantize(Decimal("0.0001"))
    payload = {
        "id": number,
        "order_id": plan.id,
        "product_id": item.product_id,
        "variant_id": item.variant_id,
        "order_pickup_method_id": 0,
        "order_address_id": address_id,
        **dict.fromkeys(("name", "name_customer", "name_merchant"), item.name),
        "sku": item.sku,
        "upc": item.upc,
        "type": item.type,
        "base_price": money(item.price),
        "price_ex_tax": money(item.price),
        "price_inc_tax": money(item.price + tax),
        "price_tax": money(tax),
        **dict.fromkeys(("base_total", "total_ex_tax", "total_inc_tax", "total_tax"), ZERO),
        "weight": money(item.weight),
        **dict.fromkeys(("width", "height", "depth"), "1.0000"),
        "quantity": line.quantity,
        **dict.fromkeys(("base_cost_price", "cost_price_inc_tax", "cost_price_ex_tax"), money(item.cost)),
        "cost_price_tax": ZERO,
        "is_refunded": False,
        "quantity_refunded": 0,
        "refund_amount": ZERO,
        "return_id": 0,
        "wrapping_id": 0,
        "wrapping_name": "",
        "base_wrapping_cost": ZERO,
        **dict.fromkeys(("wrapping_cost_ex_tax", "wrapping_cost_inc_tax", "wrapping_cost_tax"), ZERO),
        "wrapping_message": "",
        "quantity_shipped": 0,
        "event_name": None,
        "event_date": "",
        "fixed_shipping_cost": ZERO,
        **dict.fromkeys(("ebay_item_id", "ebay_transaction_id"), ""),
        "option_set_id": None,
        "parent_order_product_id": None,
        "is_bundled_product": False,
        "bin_picking_number": "",
        "external_id": None,
        "fulfillment_source": "",
        "brand": "",
        "gift_certificate_id": None,
        **{name: [] for name in ("applied_discounts", "product_options", "configurable_fields")},
        "discounted_total_inc_tax": ZERO,
    }
    _reckon_line(payload)
    return payload


def address_payload(person: Person, order_id: int, number: int, store_url: str) -> dict[str, Any]:
    """Return a shipping address as GET /orders/{id}/shipping_addresses shows it."""
    resource = f"/orders/{order_id}/shippingaddresses/{number}/shippingquotes"
    return {
        "id": number,
        "order_id": order_id,
        **vars(person),
        "items_total": 0,
        "items_shipped": 0,
        "shipping_method": "Flat Rate",
        **dict.fromkeys(("base_cost", "cost_ex_tax", "cost_inc_tax"), money(SHIPPING)),
        "cost_tax": ZERO,
        "cost_tax_class_id": 0,
        **dict.fromkeys(("base_handling_cost", "handling_cost_ex_tax", "handling_cost_inc_tax"), ZERO),
        "handling_cost_tax": ZERO,
        "handling_cost_tax_class_id": 0,
        "shipping_zone_id": 1,
        "shipping_zone_name": person.country,
        "shipping_quotes": {"url": f"{store_url}/v2{resource}", "resource": resource},
        "form_fields": [],
    }


def _tax_payload(plan: PlannedOrder, number: int, address_id: int) -> dict[str, Any]:
    return {
        "id": number,
        "order_id": plan.id,
        "order_address_id": address_id,
        "tax_rate_id": 1,
        "sales_tax_id": "",
        "tax_class_id": 0,
        "name": "Tax",
        "class": "Default Tax Class",
        "rate": money(plan.tax_rate * 100),
        "priority": 0,
        "priority_amount": ZERO,
        "line_amount": ZERO,
        "order_pickup_method_id": 0,
    }


def _order_payload(plan: PlannedOrder, store_url: str) -> dict[str, Any]:
    order: dict[str, Any] = {"id": plan.id, "customer_id": plan.customer_id}
    # The dates stand here for their place in the object; payload() fills them in.
    order |= {"date_created": "", "date_modified": "", "date_shipped": ""}
    show_status(order, plan.status_id)
    order |= _no_sums()
    paid = plan.status_id not in UNPAID
    order |= {
        "payment_method": plan.payment_method,
        "payment_provider_id": "",
        "payment_status": "captured" if paid else "",
        "refunded_amount": ZERO,
        "order_is_digital": False,
        **dict.fromkeys(("store_credit_amount", "gift_certificate_amount"), ZERO),
        **dict.fromkeys(("ip_address", "ip_address_v6", "geoip_country", "geoip_country_iso2"), ""),
        **dict.fromkeys(("currency_id", "default_currency_id"), 1),
        **dict.fromkeys(("currency_code", "default_currency_code", "store_default_currency_code"), "USD"),
        "currency_exchange_rate": "1.0000000000",
        "store_default_to_transactional_exchange_rate": "1.0000000000",
        "staff_notes": plan.staff_notes,
        "customer_message": plan.customer_message,
        **dict.fromkeys(("discount_amount", "coupon_discount"), ZERO),
        "ebay_order_id": "0",
        "cart_id": f"00000000-0000-4000-8000-{plan.id:012d}",
        "billing_address": {**vars(plan.billing), "form_fields": []},
        "is_email_opt_in": False,
        "is_deleted": False,
        "credit_card_type": None,
        "order_source": "www",
        "channel_id": 1,
        **dict.fromkeys(("external_source", "external_id", "external_merchant_id", "external_order_id")),
        "tax_provider_id": "BasicTaxProvider",
        "customer_locale": "en",
        "fees": [],
    }
    for name in ("products", "shipping_addresses", "coupons"):
        resource = f"/orders/{plan.id}/{name.replace('_', '')}"
        order[name] = {"url": f"{store_url}/v2{resource}", "resource": resource}
    return order


def _no_sums() -> dict[str, Any]:
    sums: dict[str, Any] = dict.fromkeys(("subtotal_ex_tax", "subtotal_inc_tax", "subtotal_tax"), ZERO)
    for kind in ("shipping", "handling", "wrapping"):
        names = (f"base_{kind}_cost", f"{kind}_cost_ex_tax", f"{kind}_cost_inc_tax", f"{kind}_cost_tax")
        sums |= dict.fromkeys(names, ZERO)
        sums[f"{kind}_cost_tax_class_id"] = 0
    sums |= dict.fromkeys(("total_ex_tax", "total_inc_tax", "total_tax"), ZERO)
    return {**sums, "is_tax_inclusive_pricing": False, "items_total": 0, "items_shipped": 0}
