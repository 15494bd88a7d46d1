"""What the store says of an order, as it is invoiced."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from decimal import Decimal
from zoneinfo import ZoneInfo

from integration.bigcommerce.client import NotFound, StoreClient
from integration.bigcommerce.orders import StoreAddress, StoreOrder, StoreOrderLine
from integration.bigcommerce.refunds import StoreRefund, StoreTax
from integration.documents import Party
from integration.flows.addresses import party
from integration.matching.invoicing.amounts import decimals_of
from integration.matching.invoicing.sold import (
    Amount,
    Payment,
    Refund,
    RefundedItem,
    Sold,
    SoldCharge,
    SoldLine,
    SoldReduction,
    SoldTax,
)
from integration.models import Store

_CHARGES = {
    "shipping": ("Shipping", "D240"),
    "handling": ("Handling", "D500"),
    "wrapping": ("Gift wrapping", "F050"),
}
"""X12 codes of element 1300: D240 freight, D500 handling, F050 other, which the description then says."""


@dataclass(frozen=True)
class Read:
    """An order as it was read to be invoiced."""

    order: StoreOrder
    lines: Sequence[StoreOrderLine]
    addresses: Sequence[StoreAddress]
    taxes: Sequence[StoreTax]
    refunds: Sequence[StoreRefund]


def read_sold(client: StoreClient, number: int) -> Read:
    """Read all that an invoice of the order, and the credit memos of its refunds, are made of.

    The order is read last: what changed while the rest was read shows in its date.
    """
    lines = client.get_lines(number)
    addresses = client.get_shipping_addresses(number)
    try:
        taxes = client.get_taxes(number)
    except (
        NotFound
    ):  # a store whose taxes an outside service reckons may have no rows; its total holds all the same
        taxes = []
    refunds = client.get_refunds(number)
    return Read(client.get_order(number), lines, addresses, taxes, refunds)


def sold_of(store: Store, read: Read) -> Sold:
    """Return the order as it is invoiced; its date is in the store's time zone."""
    order, amounts = read.order, read.order.amounts
    billing = party(asdict(order.billing_address))
    return Sold(
        order=str(order.id),
        purchase_order=order.external_order_id[:22] or str(order.id),
        placed_on=order.date_created.astimezone(ZoneInfo(store.time_zone)).date(),
        currency=order.currency_code,
        decimals=decimals_of(order.currency_code),
        prices_with_tax=order.is_tax_inclusive_pricing,
        lines=tuple(_line(place, line) for place, line in enumerate(read.lines, 1) if line.quantity),
        charges=tuple(_charges(order)),
        reductions=(
            SoldReduction("discount", "Discount", "C310", amounts.discount_amount, "discount_amount"),
            SoldReduction("coupon", "Coupons", "F800", amounts.coupon_discount, "coupon_discount"),
        ),
        taxes=tuple(SoldTax(each.name, each.rate / 100, each.amount) for each in read.taxes),
        total=Amount(amounts.total_ex_tax, order.total_inc_tax),
        tax=amounts.total_tax,
        payments=tuple(
            Payment(label, amount)
            for label, amount in (
                ("store credit", amounts.store_credit_amount),
                ("gift certificate", amounts.gift_certificate_amount),
            )
            if amount
        ),
        ship_to=party(asdict(read.addresses[0])) if len(read.addresses) == 1 else None,
        bill_to=billing,
        buyer=Party(
            name=billing.name,
            id=str(order.customer_id) if order.customer_id else None,
            id_kind="91" if order.customer_id else None,
        ),
        vendor=Party(name=store.name),
    )


def _line(place: int, line: StoreOrderLine) -> SoldLine:
    return SoldLine(
        id=line.id,
        number=place,
        sku=line.sku,
        upc=line.upc,
        name=line.name,
        quantity=Decimal(line.quantity),
        price=Amount(line.price_ex_tax, line.price_inc_tax),
        total=Amount(line.total_ex_tax, line.total_inc_tax),
        discounted=line.discounted_total_inc_tax,
    )


def _charges(order: StoreOrder) -> Iterable[SoldCharge]:
    amounts = order.amounts
    costs = {
        "shipping": Amount(amounts.shipping_cost_ex_tax, amounts.shipping_cost_inc_tax),
        "handling": Amount(amounts.handling_cost_ex_tax, amounts.handling_cost_inc_tax),
        "wrapping": Amount(amounts.wrapping_cost_ex_tax, amounts.wrapping_cost_inc_tax),
    }
    for name, cost in costs.items():
        label, code = _CHARGES[name]
        yield SoldCharge(name, label, code, cost, f"{name}_cost")
    for fee in order.fees:
        yield SoldCharge(
            f"fee:{fee.id}", fee.name, "F050", Amount(fee.cost_ex_tax, fee.cost_inc_tax), "fees.cost"
        )


def refund_of(refund: StoreRefund) -> Refund:
    """Return a refund as it is credited."""
    return Refund(
        id=refund.id,
        total=refund.total_amount,
        tax=refund.total_tax,
        by_merchant=refund.by_merchant,
        items=tuple(
            RefundedItem(
                kind=each.item_type,
                id=each.item_id,
                quantity=Decimal(each.quantity) if each.quantity else None,
                amount=each.requested_amount,
                adjustment=each.adjustment,
            )
            for each in refund.items
        ),
        # Without a payment told, nothing contradicts the total.
        paid=refund.paid if refund.paid or refund.declined else refund.total_amount,
        declined=refund.declined,
    )
