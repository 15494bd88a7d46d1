"""The purchase order, 850."""

from __future__ import annotations

import datetime
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from integration.documents.parts import (
    PURPOSES,
    Contact,
    Item,
    OtherDate,
    OtherParty,
    Party,
    Reference,
    Shipping,
    word_of,
)

ORDER_TYPES: Final = ("stand_alone", "dropship", "new_order", "purchase_order", "release", "reorder", "rush")


@dataclass(frozen=True, slots=True)
class PurchaseOrderLine(Item):
    """One line ordered; ``unit_price`` is per ``unit``, in the order's currency."""

    line_number: str | None = None
    quantity: Decimal | None = None
    unit: str | None = None
    unit_price: Decimal | None = None
    description: str | None = None
    references: tuple[Reference, ...] = ()
    requested_delivery: datetime.date | None = None
    requested_ship: datetime.date | None = None
    other_dates: tuple[OtherDate, ...] = ()
    notes: str | None = None


@dataclass(frozen=True, slots=True)
class PurchaseOrder:
    """A purchase order (850). ``customer_order_number`` is the order of the buyer's own customer, the store order."""

    purpose: str | None = word_of(PURPOSES)
    order_type: str | None = word_of(ORDER_TYPES)
    purchase_order_number: str | None = None
    release: str | None = None
    purchase_order_date: datetime.date | None = None
    contract: str | None = None
    currency: str | None = None
    customer_order_number: str | None = None
    vendor_number: str | None = None
    department: str | None = None
    promotion: str | None = None
    other_references: tuple[Reference, ...] = ()
    buyer_contact: Contact | None = None
    freight_payment: str | None = None
    requested_delivery: datetime.date | None = None
    requested_ship: datetime.date | None = None
    ship_not_before: datetime.date | None = None
    ship_no_later: datetime.date | None = None
    cancel_after: datetime.date | None = None
    other_dates: tuple[OtherDate, ...] = ()
    shipping: Shipping | None = None
    notes: str | None = None
    ship_to: Party | None = None
    bill_to: Party | None = None
    buyer: Party | None = None
    vendor: Party | None = None
    other_parties: tuple[OtherParty, ...] = ()
    lines: tuple[PurchaseOrderLine, ...] = ()
    total: Decimal | None = None

    @property
    def line_count(self) -> int:
        """How many lines are ordered; the writer puts it into the totals itself."""
        return len(self.lines)
