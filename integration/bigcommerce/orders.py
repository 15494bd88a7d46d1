"""Orders of the V2 API as typed values: tolerant of fields that are new, clear about those that are broken.

Shapes follow BigCommerce's published ``orders.v2`` description. An order has no number but its ``id``. The V2 fields
``refunded_amount`` and ``refund_amount`` always read 0 there, so refunds are not taken from here.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from integration.bigcommerce.fields import BrokenAnswer, Fields

__all__ = [
    "BillingAddress",
    "BrokenAnswer",
    "FormField",
    "LineOption",
    "OrderAmounts",
    "OrderChange",
    "StoreAddress",
    "StoreFee",
    "StoreOrder",
    "StoreOrderLine",
    "parse_address",
    "parse_change",
    "parse_line",
    "parse_order",
]

ZERO = Decimal(0)


@dataclass(frozen=True, slots=True)
class FormField:
    """A field that the merchant added to the address form."""

    name: str
    value: str


@dataclass(frozen=True, slots=True)
class BillingAddress:
    """Who pays; the only place of a guest's name. ``state`` is the full name, not its code."""

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
    form_fields: tuple[FormField, ...]


@dataclass(frozen=True, slots=True)
class StoreAddress:
    """One shipping address of an order; ``id`` is what lines name as ``order_address_id``.

    Costs and shipped counts are left out on purpose: an address compares equal as long as it leads to the same place.
    """

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
    form_fields: tuple[FormField, ...]
    shipping_method: str


@dataclass(frozen=True, slots=True)
class OrderChange:
    """That an order changed, and when: all that a poll needs to know."""

    id: int
    status_id: int
    date_modified: datetime


@dataclass(frozen=True, slots=True)
class OrderAmounts:
    """What makes up the total. Which of ex and inc is exact depends on ``is_tax_inclusive_pricing``."""

    subtotal_ex_tax: Decimal
    subtotal_inc_tax: Decimal
    shipping_cost_ex_tax: Decimal
    shipping_cost_inc_tax: Decimal
    handling_cost_ex_tax: Decimal
    handling_cost_inc_tax: Decimal
    wrapping_cost_ex_tax: Decimal
    wrapping_cost_inc_tax: Decimal
    discount_amount: Decimal
    coupon_discount: Decimal
    store_credit_amount: Decimal
    gift_certificate_amount: Decimal
    total_ex_tax: Decimal
    total_tax: Decimal
    refunded_amount: Decimal


@dataclass(frozen=True, slots=True)
class StoreFee:
    """A fee on the whole order. The API spells its cost without tax in two ways."""

    id: int
    name: str
    cost_ex_tax: Decimal
    cost_inc_tax: Decimal


@dataclass(frozen=True, slots=True)
class StoreOrder:
    """One order as the list and the single read give it.

    Amounts are in ``currency_code`` (the API's ``default_currency_code``, that of the transaction);
    ``display_currency_code`` is what the shopper was shown. ``customer_id`` 0 is a guest. ``custom_status`` is the
    merchant's own word for ``status_id``. ``staff_notes`` are exact, to be written back: the database may not take them.
    """

    id: int
    status_id: int
    custom_status: str
    customer_id: int
    date_created: datetime
    date_modified: datetime
    date_shipped: datetime | None
    currency_code: str
    display_currency_code: str
    total_inc_tax: Decimal
    amounts: OrderAmounts
    items_total: int
    items_shipped: int
    shipping_address_count: int
    customer_message: str
    staff_notes: str
    payment_method: str
    payment_status: str
    external_order_id: str
    external_id: str
    external_source: str
    order_source: str
    channel_id: int
    is_deleted: bool
    is_digital: bool
    is_tax_inclusive_pricing: bool
    billing_address: BillingAddress
    fees: tuple[StoreFee, ...]


@dataclass(frozen=True, slots=True)
class LineOption:
    """What the shopper chose: a variant's option, or a modifier such as an engraving."""

    name: str
    value: str


@dataclass(frozen=True, slots=True)
class StoreOrderLine:
    """One line (order product); ``id`` is the line's, which shipments and refunds use, not the product's.

    ``type`` is ``physical``, ``digital`` or ``giftcertificate``. ``product_id`` 0 is a custom line. A line inside a
    bundle names it in ``parent_order_product_id`` (0: none). ``order_address_id`` and ``order_pickup_method_id`` say
    where it goes (0: nowhere). ``wrapping_name`` is the gift wrapping that the shopper chose, if any.
    """

    id: int
    order_address_id: int
    order_pickup_method_id: int
    product_id: int
    variant_id: int
    sku: str
    upc: str
    name: str
    brand: str
    type: str
    quantity: int
    quantity_shipped: int
    quantity_refunded: int
    base_price: Decimal
    price_ex_tax: Decimal
    price_inc_tax: Decimal
    price_tax: Decimal
    base_cost_price: Decimal
    cost_price_ex_tax: Decimal
    cost_price_inc_tax: Decimal
    total_ex_tax: Decimal
    total_inc_tax: Decimal
    total_tax: Decimal
    discounted_total_inc_tax: Decimal
    weight: Decimal
    bin_picking_number: str
    wrapping_name: str
    wrapping_message: str
    parent_order_product_id: int
    is_bundled_product: bool
    product_options: tuple[LineOption, ...]


def parse_change(data: object) -> OrderChange:
    """Return what changed. Raises ``BrokenAnswer`` naming the field that is broken."""
    order = Fields(data, _name_of(data))
    return OrderChange(order.whole("id"), order.whole("status_id"), order.moment("date_modified"))


def parse_order(data: object) -> StoreOrder:
    """Return the order in ``data``. Raises ``BrokenAnswer`` naming the field that is broken."""
    order = Fields(data, _name_of(data))
    return StoreOrder(
        id=order.whole("id"),
        status_id=order.whole("status_id"),
        custom_status=order.text("custom_status"),
        customer_id=order.whole("customer_id", 0),
        date_created=order.moment("date_created"),
        date_modified=order.moment("date_modified"),
        date_shipped=order.moment_or_none("date_shipped"),
        currency_code=order.text("default_currency_code") or order.text("currency_code"),
        display_currency_code=order.text("currency_code"),
        total_inc_tax=order.money("total_inc_tax"),
        amounts=_amounts(order),
        items_total=order.whole("items_total", 0),
        items_shipped=order.whole("items_shipped", 0),
        shipping_address_count=order.whole("shipping_address_count", 0),
        customer_message=order.text("customer_message"),
        staff_notes=order.exact_text("staff_notes"),
        payment_method=order.text("payment_method"),
        payment_status=order.text("payment_status"),
        external_order_id=order.text("external_order_id"),
        external_id=order.text("external_id"),
        external_source=order.text("external_source"),
        order_source=order.text("order_source"),
        channel_id=order.whole("channel_id", 0),
        is_deleted=order.flag("is_deleted"),
        is_digital=order.flag("order_is_digital"),
        is_tax_inclusive_pricing=order.flag("is_tax_inclusive_pricing"),
        billing_address=_billing_address(order.part("billing_address")),
        fees=tuple(_fee(each) for each in order.parts("fees")),
    )


def _fee(fee: Fields) -> StoreFee:
    name = fee.text("display_name_customer") or fee.text("display_name_merchant") or "Fee"
    without = fee.money("cost_ex_tax", fee.money("cost_exc_tax", ZERO))
    return StoreFee(fee.whole("id", 0), name, without, fee.money("cost_inc_tax", without))


def _amounts(order: Fields) -> OrderAmounts:
    return OrderAmounts(
        subtotal_ex_tax=order.money("subtotal_ex_tax", ZERO),
        subtotal_inc_tax=order.money("subtotal_inc_tax", ZERO),
        shipping_cost_ex_tax=order.money("shipping_cost_ex_tax", ZERO),
        shipping_cost_inc_tax=order.money("shipping_cost_inc_tax", ZERO),
        handling_cost_ex_tax=order.money("handling_cost_ex_tax", ZERO),
        handling_cost_inc_tax=order.money("handling_cost_inc_tax", ZERO),
        wrapping_cost_ex_tax=order.money("wrapping_cost_ex_tax", ZERO),
        wrapping_cost_inc_tax=order.money("wrapping_cost_inc_tax", ZERO),
        discount_amount=order.money("discount_amount", ZERO),
        coupon_discount=order.money("coupon_discount", ZERO),
        store_credit_amount=order.money("store_credit_amount", ZERO),
        gift_certificate_amount=order.money("gift_certificate_amount", ZERO),
        total_ex_tax=order.money("total_ex_tax", ZERO),
        total_tax=order.money("total_tax", ZERO),
        refunded_amount=order.money("refunded_amount", ZERO),
    )


def parse_line(data: object, order: int) -> StoreOrderLine:
    """Return the order line in ``data``. Raises ``BrokenAnswer`` naming the field that is broken."""
    line = Fields(data, f"a line of order {order}")
    line.where = f"line {line.whole('id')} of order {order}"
    return StoreOrderLine(
        id=line.whole("id"),
        order_address_id=line.whole("order_address_id", 0),
        order_pickup_method_id=line.whole("order_pickup_method_id", 0),
        product_id=line.whole("product_id", 0),
        variant_id=line.whole("variant_id", 0),
        sku=line.text("sku").strip(),
        upc=line.text("upc").strip(),
        name=line.text("name"),
        brand=line.text("brand"),
        type=line.text("type") or "physical",
        quantity=line.whole("quantity"),
        quantity_shipped=line.whole("quantity_shipped", 0),
        quantity_refunded=line.whole("quantity_refunded", 0),
        base_price=line.money("base_price", ZERO),
        price_ex_tax=line.money("price_ex_tax", ZERO),
        price_inc_tax=line.money("price_inc_tax", ZERO),
        price_tax=line.money("price_tax", ZERO),
        base_cost_price=line.money("base_cost_price", ZERO),
        cost_price_ex_tax=line.money("cost_price_ex_tax", ZERO),
        cost_price_inc_tax=line.money("cost_price_inc_tax", ZERO),
        total_ex_tax=line.money("total_ex_tax", ZERO),
        total_inc_tax=line.money("total_inc_tax", ZERO),
        total_tax=line.money("total_tax", ZERO),
        discounted_total_inc_tax=line.money("discounted_total_inc_tax", ZERO),
        weight=line.money("weight", ZERO),
        bin_picking_number=line.text("bin_picking_number"),
        wrapping_name=line.text("wrapping_name"),
        wrapping_message=line.text("wrapping_message"),
        parent_order_product_id=line.whole("parent_order_product_id", 0),
        is_bundled_product=line.flag("is_bundled_product"),
        product_options=tuple(
            LineOption(each.text("display_name"), each.text("display_value"))
            for each in line.parts("product_options")
        ),
    )


def parse_address(data: object, order: int) -> StoreAddress:
    """Return the shipping address in ``data``. Raises ``BrokenAnswer`` naming the field that is broken."""
    address = Fields(data, f"a shipping address of order {order}")
    return StoreAddress(
        id=address.whole("id"),
        **{name: address.text(name) for name in _PLACE},
        form_fields=_form_fields(address),
        shipping_method=address.text("shipping_method"),
    )


_PLACE = (
    "first_name",
    "last_name",
    "company",
    "street_1",
    "street_2",
    "city",
    "state",
    "zip",
    "country",
    "country_iso2",
    "phone",
    "email",
)


def _billing_address(address: Fields) -> BillingAddress:
    return BillingAddress(**{name: address.text(name) for name in _PLACE}, form_fields=_form_fields(address))


def _form_fields(address: Fields) -> tuple[FormField, ...]:
    return tuple(FormField(each.text("name"), each.words("value")) for each in address.parts("form_fields"))


def _name_of(data: object) -> str:
    return f"order {data.get('id', '?')}" if isinstance(data, dict) else "an order"
