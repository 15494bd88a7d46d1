"""What was sold, as the store says it: what an invoice is made of."""

from __future__ import annotations

import datetime
from dataclasses import dataclass
from decimal import Decimal

from integration.documents import Party

ZERO = Decimal(0)


@dataclass(frozen=True, slots=True)
class Amount:
    """One amount without and with tax, as the store keeps them, at up to four decimals."""

    without_tax: Decimal
    with_tax: Decimal

    def by(self, with_tax: bool) -> Decimal:
        """Return the one of the two that is asked for."""
        return self.with_tax if with_tax else self.without_tax


@dataclass(frozen=True, slots=True)
class SoldLine:
    """One line of the order; ``id`` is what shipments and refunds name. ``discounted`` is its total with tax after all
    discounts, as the store says it."""

    id: int
    number: int
    sku: str
    upc: str
    name: str
    quantity: Decimal
    price: Amount
    total: Amount
    discounted: Decimal = ZERO


@dataclass(frozen=True, slots=True)
class SoldCharge:
    """Something on the whole order that is added; ``key`` tells it from the others, ``field`` is the store's word."""

    key: str
    label: str
    service_code: str
    amount: Amount
    field: str


@dataclass(frozen=True, slots=True)
class SoldReduction:
    """Something on the whole order that is taken off; one amount, with tax or without as the prices are."""

    key: str
    label: str
    service_code: str
    amount: Decimal
    field: str


@dataclass(frozen=True, slots=True)
class SoldTax:
    """A row of the order's taxes; ``rate`` is a share of one."""

    name: str
    rate: Decimal
    amount: Decimal


@dataclass(frozen=True, slots=True)
class Payment:
    """A payment that some systems take for a reduction: store credit, a gift certificate."""

    label: str
    amount: Decimal


@dataclass(frozen=True, slots=True)
class Sold:
    """An order as it is invoiced. ``decimals`` are those of ``currency``; amounts of the whole are the store's own."""

    order: str
    purchase_order: str
    placed_on: datetime.date
    currency: str
    decimals: int
    prices_with_tax: bool
    lines: tuple[SoldLine, ...]
    charges: tuple[SoldCharge, ...]
    reductions: tuple[SoldReduction, ...]
    taxes: tuple[SoldTax, ...]
    total: Amount
    tax: Decimal
    payments: tuple[Payment, ...] = ()
    ship_to: Party | None = None
    bill_to: Party | None = None
    buyer: Party | None = None
    vendor: Party | None = None


@dataclass(frozen=True, slots=True)
class RefundedItem:
    """One item of a refund: ``kind`` is the store's word (PRODUCT, SHIPPING …), ``id`` what it is of.

    ``amount`` is None where the store does not say it, as for products refunded by number. ``adjustment`` is below 0.
    """

    kind: str
    id: int
    quantity: Decimal | None
    amount: Decimal | None
    adjustment: Decimal = ZERO


@dataclass(frozen=True, slots=True)
class Refund:
    """A refund as the store says it. ``paid`` is what its payments come to, those that were declined left out."""

    id: int
    total: Decimal
    tax: Decimal
    by_merchant: bool
    items: tuple[RefundedItem, ...]
    paid: Decimal
    declined: Decimal = ZERO
