"""Refunds and taxes of an order: what an invoice and a credit memo need besides the order itself.

Shapes follow the published ``orders.v3`` and ``orders.v2`` descriptions. V2's own fields for what was refunded always
read 0. A refund's items may lack their amount: then they are refunded by number, at what the order says.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from integration.bigcommerce.fields import Fields

ZERO = Decimal(0)


@dataclass(frozen=True, slots=True)
class StoreTax:
    """One row of an order's taxes; ``rate`` is in percent. There is one for each line and address that is taxed."""

    name: str
    rate: Decimal
    amount: Decimal


@dataclass(frozen=True, slots=True)
class RefundItem:
    """One item: ``item_type`` is PRODUCT, SHIPPING, HANDLING, GIFT_WRAPPING, ORDER or FEE, ``item_id`` the line, address or
    order. ``adjustment`` is below 0: what is kept back."""

    item_type: str
    item_id: int
    quantity: int
    requested_amount: Decimal | None
    adjustment: Decimal


@dataclass(frozen=True, slots=True)
class StoreRefund:
    """A refund; ``paid`` is what its payments come to without those that were ``declined``."""

    id: int
    created: datetime | None
    reason: str
    total_amount: Decimal
    total_tax: Decimal
    by_merchant: bool
    items: tuple[RefundItem, ...]
    paid: Decimal
    declined: Decimal


def parse_tax(data: object, order: int) -> StoreTax:
    """Return the tax in ``data``. Raises ``BrokenAnswer`` naming the field that is broken."""
    tax = Fields(data, f"a tax of order {order}")
    return StoreTax(tax.text("name") or "Tax", tax.money("rate", ZERO), tax.money("line_amount", ZERO))


def parse_refund(data: object, order: int) -> StoreRefund:
    """Return the refund in ``data``. Raises ``BrokenAnswer`` naming the field that is broken."""
    refund = Fields(data, f"a refund of order {order}")
    refund.where = f"refund {refund.whole('id')} of order {order}"
    paid, declined = ZERO, ZERO
    for payment in refund.parts("payments"):
        amount = payment.money("amount")
        if payment.flag("is_declined"):
            declined += amount
        else:
            paid += amount
    return StoreRefund(
        id=refund.whole("id"),
        created=refund.moment_or_none("created"),
        reason=refund.text("reason"),
        total_amount=refund.money("total_amount"),
        total_tax=refund.money("total_tax", ZERO),
        by_merchant=refund.flag("uses_merchant_override_values"),
        items=tuple(_item(each) for each in refund.parts("items")),
        paid=paid,
        declined=declined,
    )


def _item(item: Fields) -> RefundItem:
    kept_back = sum((each.money("amount") for each in item.parts("adjustments")), ZERO)
    return RefundItem(
        item_type=item.text("item_type"),
        item_id=item.whole("item_id", 0),
        quantity=item.whole("quantity", 0),
        requested_amount=item.money_or_none("requested_amount"),
        adjustment=kept_back,
    )
