"""Orders of the V2 API as typed values: tolerant of fields that are new, clear about those that are broken.

Shapes follow BigCommerce's published ``orders.v2`` description. Money is text with four decimals or a number, dates
are RFC 2822 in UTC, an empty text stands for "none".
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from email.utils import parsedate_to_datetime
from typing import Any, TypeVar

from integration.errors import PermanentError

T = TypeVar("T")
Json = Mapping[str, Any]


class BrokenAnswer(PermanentError):
    """A field that we need is missing or is not what the API describes."""


@dataclass(frozen=True, slots=True)
class BillingAddress:
    """Who pays; the only place of a guest's name."""

    first_name: str
    last_name: str
    company: str
    street_1: str
    street_2: str
    city: str
    state: str
    zip: str
    country_iso2: str
    phone: str
    email: str


@dataclass(frozen=True, slots=True)
class StoreOrder:
    """One order as the list and the single read give it; amounts in ``currency_code``."""

    id: int
    status_id: int
    customer_id: int
    date_created: datetime
    date_modified: datetime
    currency_code: str
    total_inc_tax: Decimal
    items_total: int
    customer_message: str
    staff_notes: str
    payment_method: str
    payment_status: str
    external_order_id: str
    channel_id: int
    is_deleted: bool
    is_tax_inclusive_pricing: bool
    billing_address: BillingAddress


@dataclass(frozen=True, slots=True)
class StoreOrderLine:
    """One line (order product); ``id`` is the line's, which shipments and refunds use, not the product's."""

    id: int
    order_address_id: int
    order_pickup_method_id: int
    product_id: int
    variant_id: int
    sku: str
    upc: str
    name: str
    type: str
    quantity: int
    quantity_shipped: int
    quantity_refunded: int
    base_cost_price: Decimal
    price_ex_tax: Decimal
    price_inc_tax: Decimal
    parent_order_product_id: int
    is_bundled_product: bool


@dataclass(frozen=True, slots=True)
class StoreAddress:
    """One shipping address of an order; ``id`` is what lines name as ``order_address_id``."""

    id: int
    first_name: str
    last_name: str
    company: str
    street_1: str
    street_2: str
    city: str
    state: str
    zip: str
    country: str
    country_iso2: str
    phone: str
    email: str
    shipping_method: str


def _field(data: Json, name: str, convert: Callable[[Any], T], where: str) -> T:
    try:
        return convert(data[name])
    except (KeyError, TypeError, ValueError, InvalidOperation) as error:
        held = repr(data.get(name))[:40] if name in data else "nothing"
        raise BrokenAnswer(
            f"The store's answer for {where} holds {held} where {name} belongs. It was not used; report it if it goes"
            " on."
        ) from error


def _text(value: Any) -> str:
    return "" if value is None else str(value)


def _whole(value: Any) -> int:
    return int(value or 0)


def _money(value: Any) -> Decimal:
    if value is None or value == "":
        return Decimal(0)
    amount = Decimal(str(value))
    if not amount.is_finite():
        raise ValueError(value)
    return amount


def _date(value: Any) -> datetime:
    return parsedate_to_datetime(value).astimezone(UTC)


def _optional(data: Json, name: str, convert: Callable[[Any], T]) -> T:
    return convert(data.get(name))


def parse_order(data: Json) -> StoreOrder:
    """Return the order in ``data``. Raises ``BrokenAnswer`` naming the field that is broken."""
    where = f"order {data.get('id', '?')}"
    billing = data.get("billing_address") or {}
    return StoreOrder(
        id=_field(data, "id", int, where),
        status_id=_field(data, "status_id", int, where),
        customer_id=_optional(data, "customer_id", _whole),
        date_created=_field(data, "date_created", _date, where),
        date_modified=_field(data, "date_modified", _date, where),
        currency_code=_text(data.get("default_currency_code") or data.get("currency_code")),
        total_inc_tax=_field(data, "total_inc_tax", _money, where),
        items_total=_optional(data, "items_total", _whole),
        customer_message=_optional(data, "customer_message", _text),
        staff_notes=_optional(data, "staff_notes", _text),
        payment_method=_optional(data, "payment_method", _text),
        payment_status=_optional(data, "payment_status", _text),
        external_order_id=_optional(data, "external_order_id", _text),
        channel_id=_optional(data, "channel_id", _whole),
        is_deleted=bool(data.get("is_deleted")),
        is_tax_inclusive_pricing=bool(data.get("is_tax_inclusive_pricing")),
        billing_address=BillingAddress(
            **{name: _text(billing.get(name)) for name in BillingAddress.__dataclass_fields__}
        ),
    )


def parse_line(data: Json, order: int) -> StoreOrderLine:
    """Return the order line in ``data``. Raises ``BrokenAnswer`` naming the field that is broken."""
    where = f"a line of order {order}"
    return StoreOrderLine(
        id=_field(data, "id", int, where),
        order_address_id=_optional(data, "order_address_id", _whole),
        order_pickup_method_id=_optional(data, "order_pickup_method_id", _whole),
        product_id=_optional(data, "product_id", _whole),
        variant_id=_optional(data, "variant_id", _whole),
        sku=_optional(data, "sku", _text).strip(),
        upc=_optional(data, "upc", _text).strip(),
        name=_field(data, "name", _text, where),
        type=_optional(data, "type", _text) or "physical",
        quantity=_field(data, "quantity", int, where),
        quantity_shipped=_optional(data, "quantity_shipped", _whole),
        quantity_refunded=_optional(data, "quantity_refunded", _whole),
        base_cost_price=_optional(data, "base_cost_price", _money),
        price_ex_tax=_optional(data, "price_ex_tax", _money),
        price_inc_tax=_optional(data, "price_inc_tax", _money),
        parent_order_product_id=_optional(data, "parent_order_product_id", _whole),
        is_bundled_product=bool(data.get("is_bundled_product")),
    )


def parse_address(data: Json, order: int) -> StoreAddress:
    """Return the shipping address in ``data``. Raises ``BrokenAnswer`` without an id."""
    texts = {name: _text(data.get(name)) for name in StoreAddress.__dataclass_fields__ if name != "id"}
    return StoreAddress(id=_field(data, "id", int, f"an address of order {order}"), **texts)
