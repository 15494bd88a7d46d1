"""The purchase order acknowledgment, 855."""

from __future__ import annotations

import datetime
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from integration.documents.parts import (
    MONEY,
    PURPOSES,
    QUANTITY,
    Contact,
    Item,
    OtherDate,
    OtherParty,
    Party,
    Reference,
    Shipping,
    about,
    many,
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


@dataclass(frozen=True)
class Acknowledgment:
    """What the supplier says about (a part of) one line. One line may have several: 4 shipped, 6 backordered.

    ``substitute`` is the item offered instead, or the item as the supplier corrects it.
    """

    status: str | None = about("What the supplier says about this quantity", words=LINE_STATUSES)
    quantity: Decimal | None = about("How many", unit=QUANTITY)
    unit: str | None = about("Unit of the quantity, such as each or case")
    delivers_on: datetime.date | None = about("Date on which it is scheduled to be delivered")
    ships_on: datetime.date | None = about("Date on which it is scheduled to ship")
    promised_on: datetime.date | None = about("Date of delivery that the supplier promises")
    promised_ship: datetime.date | None = about("Date of shipping that the supplier promises")
    request_reference: str | None = about("Number of the request")
    substitute: Item | None = about("The item offered instead, or the item as corrected")
    agency: str | None = about("X12 code of the organisation whose table follows")
    industry_table: str | None = about("Name of the table of industry codes")
    industry_code: str | None = about("The industry code")
    date_kind: str | None = about("X12 code of what happens on the date, 067 delivery")
    date: datetime.date | None = about("The date")


@dataclass(frozen=True)
class Schedule:
    """A quantity at a date; ``date_kind`` is the X12 code of what happens then (067: delivery)."""

    quantity: Decimal | None = about("How many", unit=QUANTITY)
    unit: str | None = about("Unit of the quantity, such as each or case")
    warehouse: str | None = about("Name of the warehouse")
    date_kind: str | None = about("X12 code of what happens on the date, 067 delivery")
    date: datetime.date | None = about("The date")
    time: datetime.time | None = about("The time of day, where it happens")
    request_reference: str | None = about("Number of the request")
    id: str | None = about("Number of the schedule")


@dataclass(frozen=True)
class AcknowledgedLine(Item):
    """One line of the order as the supplier repeats it, with what he says about it."""

    line_number: str | None = about("Number of the line in the order")
    quantity: Decimal | None = about("How many", unit=QUANTITY)
    unit: str | None = about("Unit of the quantity, such as each or case")
    unit_price: Decimal | None = about("Price of one unit", unit=f"{MONEY}, for each unit")
    description: str | None = about("What the item is, in words")
    references: tuple[Reference, ...] = many("Numbers of other kinds")
    other_dates: tuple[OtherDate, ...] = many("Dates of other kinds")
    acknowledgments: tuple[Acknowledgment, ...] = many(
        "What the supplier says about the line, one for each part of the quantity"
    )
    schedules: tuple[Schedule, ...] = many("Quantities at dates")
    notes: str | None = about("Remarks, a line each")
    parties: tuple[OtherParty, ...] = many("Parties of this line")


@dataclass(frozen=True)
class PurchaseOrderAcknowledgment:
    """A purchase order acknowledgment (855)."""

    purpose: str | None = about("What the document does: new, changed, cancelled", words=PURPOSES)
    acknowledgment_type: str | None = about(
        "What the supplier says about the whole order", words=ACKNOWLEDGMENT_TYPES
    )
    purchase_order_number: str | None = about(
        "The buyer's number of the order", reference="purchase_order", own_number=True
    )
    purchase_order_date: datetime.date | None = about("Date of the order")
    release: str | None = about("Number of the release under a blanket order")
    request_number: str | None = about("Number of the request that is answered")
    contract: str | None = about("Number of the contract")
    vendor_order_number: str | None = about(
        "The supplier's own number of the order", reference="vendor_order"
    )
    acknowledged_on: datetime.date | None = about("Date of the acknowledgment")
    currency: str | None = about("Currency of all money here, three letters (ISO 4217)")
    customer_order_number: str | None = about(
        "Number of the order of the buyer's own customer, the store order", reference="order"
    )
    other_references: tuple[Reference, ...] = many("Numbers of other kinds")
    buyer_contact: Contact | None = about("Whom to ask at the buyer")
    delivers_on: datetime.date | None = about("Date on which it is scheduled to be delivered")
    ships_on: datetime.date | None = about("Date on which it is scheduled to ship")
    estimated_delivery: datetime.date | None = about("Date on which delivery is expected")
    other_dates: tuple[OtherDate, ...] = many("Dates of other kinds")
    shipping: Shipping | None = about("How the goods travel")
    notes: str | None = about("Remarks, a line each")
    ship_to: Party | None = about("Where the goods go")
    other_parties: tuple[OtherParty, ...] = many("Parties with other roles")
    lines: tuple[AcknowledgedLine, ...] = many("The lines of the order as the supplier repeats them")
    total: Decimal | None = about("Sum of the order as the supplier sees it", unit=MONEY)
