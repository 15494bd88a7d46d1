"""Refunds and taxes of an order: as they are told, quoted and made.

Shapes follow the published ``orders.v3`` and ``orders.v2`` descriptions. V2's own fields for what was refunded always
read 0. A refund's items may lack their amount: then they are refunded by number, at what the order says.

The store reckons what items come to (``refund_quotes``), and takes a refund of just that amount alone, one after another of
each order. It knows no key by which a repeated POST would be one: whoever repeats has to look first.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from integration.bigcommerce.fields import Fields

ZERO = Decimal(0)
LONGEST_REASON = 1000


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
    reason: str = ""


@dataclass(frozen=True, slots=True)
class ReturnedItem:
    """So many pieces of a line of the order, to be refunded; ``reason`` stands with them in the store."""

    line: int
    quantity: int
    reason: str = ""

    def body(self) -> dict[str, Any]:
        """Return it as the API takes it."""
        return {
            "item_type": "PRODUCT",
            "item_id": self.line,
            "quantity": self.quantity,
            "reason": self.reason[:LONGEST_REASON],
        }


@dataclass(frozen=True, slots=True)
class RefundPayment:
    """One part of a way to give money back. ``offline``: it is put on record alone, and somebody has to pay it."""

    provider: str
    words: str
    amount: Decimal
    offline: bool

    def body(self) -> dict[str, Any]:
        """Return it as the API takes it: the amount exactly as it was quoted."""
        return {"provider_id": self.provider, "amount": exact(self.amount), "offline": self.offline}


@dataclass(frozen=True, slots=True)
class RefundQuote:
    """What items come to, ``total`` with ``tax``, and the ways to give it back, each one of parts together."""

    total: Decimal
    tax: Decimal
    methods: tuple[tuple[RefundPayment, ...], ...]


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
        reason=item.text("reason"),
    )


def parse_quote(data: object, order: int) -> RefundQuote:
    """Return the quote in ``data``. Raises ``BrokenAnswer`` naming the field that is broken."""
    quote = Fields(data, f"a refund quote of order {order}")
    return RefundQuote(
        total=quote.money("total_refund_amount"),
        tax=quote.money("total_refund_tax_amount", ZERO),
        methods=tuple(tuple(map(_payment, parts)) for parts in quote.lists("refund_methods") if parts),
    )


def refund_body(items: Iterable[ReturnedItem], payments: Iterable[RefundPayment]) -> dict[str, Any]:
    """Return the body of the POST that makes a refund."""
    return {"items": [each.body() for each in items], "payments": [each.body() for each in payments]}


def exact(amount: Decimal) -> float | int:
    """Return an amount as the number that JSON writes just so: of up to 15 digits it is told as it was given."""
    return int(amount) if amount == amount.to_integral_value() else float(amount)


def _payment(part: Fields) -> RefundPayment:
    return RefundPayment(
        provider=part.text("provider_id"),
        words=part.text("provider_description") or part.text("provider_id"),
        amount=part.money("amount"),
        offline=part.flag("offline"),
    )
