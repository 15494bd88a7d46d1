"""The purchase order acknowledgment, 855."""

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

ACKNOWLEDGMENT_TYPES: Final = (
    "detail_with_change",
    "detail_no_change",
    "exceptions_only",
    "on_hold",
    "no_detail",
    "replenishment",
    "accepted",
    "not_needed",
    "rejected_with_detail",
    "rejected_with_exceptions",
    "rejected",
    "rejected_not_as_agreed",
    "counter_offer",
    "rejected_industry_practice",
)
LINE_STATUSES: Final = (
    "accepted",
    "accepted_elsewhere",
    "accepted_and_shipped",
    "accepted_and_released",
    "partial_backordered",
    "rescheduled",
    "backordered",
    "changed",
    "deleted",
    "price_pending",
    "price_changed",
    "quantity_changed",
    "schedule_pending",
    "substituted",
    "on_hold",
    "on_hold_description",
    "on_hold_waiver",
    "rejected",
    "rejected_not_in_contract",
    "rejected_item_number",
    "rejected_unit",
    "rejected_not_available",
    "reorder_just_in_time",
    "reorder_extended_delivery",
    "reorder_dropship",
    "reorder_surge",
)


@dataclass(frozen=True, slots=True)
class Acknowledgment:
    """What the supplier says about (a part of) one line. One line may have several: 4 shipped, 6 backordered.

    ``substitute`` is the item offered instead, or the item as the supplier corrects it.
    """

    status: str | None = word_of(LINE_STATUSES)
    quantity: Decimal | None = None
    unit: str | None = None
    delivers_on: datetime.date | None = None
    ships_on: datetime.date | None = None
    promised_on: datetime.date | None = None
    promised_ship: datetime.date | None = None
    request_reference: str | None = None
    substitute: Item | None = None
    agency: str | None = None
    industry_table: str | None = None
    industry_code: str | None = None
    date_kind: str | None = None
    date: datetime.date | None = None


@dataclass(frozen=True, slots=True)
class Schedule:
    """A quantity at a date; ``date_kind`` is the X12 code of what happens then (067: delivery)."""

    quantity: Decimal | None = None
    unit: str | None = None
    warehouse: str | None = None
    date_kind: str | None = None
    date: datetime.date | None = None
    time: datetime.time | None = None
    request_reference: str | None = None
    id: str | None = None


@dataclass(frozen=True, slots=True)
class AcknowledgedLine(Item):
    """One line of the order as the supplier repeats it, with what he says about it."""

    line_number: str | None = None
    quantity: Decimal | None = None
    unit: str | None = None
    unit_price: Decimal | None = None
    description: str | None = None
    references: tuple[Reference, ...] = ()
    other_dates: tuple[OtherDate, ...] = ()
    acknowledgments: tuple[Acknowledgment, ...] = ()
    schedules: tuple[Schedule, ...] = ()
    notes: str | None = None
    parties: tuple[OtherParty, ...] = ()


@dataclass(frozen=True, slots=True)
class PurchaseOrderAcknowledgment:
    """A purchase order acknowledgment (855)."""

    purpose: str | None = word_of(PURPOSES)
    acknowledgment_type: str | None = word_of(ACKNOWLEDGMENT_TYPES)
    purchase_order_number: str | None = None
    purchase_order_date: datetime.date | None = None
    release: str | None = None
    request_number: str | None = None
    contract: str | None = None
    vendor_order_number: str | None = None
    acknowledged_on: datetime.date | None = None
    currency: str | None = None
    customer_order_number: str | None = None
    other_references: tuple[Reference, ...] = ()
    buyer_contact: Contact | None = None
    delivers_on: datetime.date | None = None
    ships_on: datetime.date | None = None
    estimated_delivery: datetime.date | None = None
    other_dates: tuple[OtherDate, ...] = ()
    shipping: Shipping | None = None
    notes: str | None = None
    ship_to: Party | None = None
    other_parties: tuple[OtherParty, ...] = ()
    lines: tuple[AcknowledgedLine, ...] = ()
    total: Decimal | None = None
