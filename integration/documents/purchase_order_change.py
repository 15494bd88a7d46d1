"""The purchase order change, 860, and what the supplier answers to it, 865.

A change names the order and says of each line what happens to it; fields that it leaves out stay as they were. What
"left to receive" counts is as the sender keeps it: after the change, and without what was shipped already.
"""

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
    OtherDate,
    OtherParty,
    Party,
    Reference,
    Shipping,
    about,
    many,
)
from integration.documents.purchase_order import ORDER_TYPES, PurchaseOrderLine
from integration.documents.purchase_order_acknowledgment import (
    ACKNOWLEDGMENT_TYPES,
    AcknowledgedLine,
    Schedule,
)

LINE_CHANGES: Final = (
    "item_added",
    "item_deleted",
    "item_replaced",
    "item_replaced_and_modified",
    "item_transferred",
    "line_changed",
    "all_values_replaced",
    "quantity_increased",
    "quantity_decreased",
    "price_changed",
    "price_and_quantity_changed",
    "price_and_schedule_changed",
    "price_quantity_and_schedule_changed",
    "quantity_and_schedule_changed",
    "rescheduled",
    "dates_changed",
    "all_dates_replaced",
    "date_terms_changed",
    "terms_changed",
    "transport_changed",
    "item_allowances_changed",
    "total_allowances_changed",
    "order_cancelled",
    "unchanged",
    "change_rejected",
    "announcement_confirmed",
    "revised_announcement_confirmed",
    "announcement_confirmation_changed",
    "revised_announcement_confirmation_changed",
)

_CHANGE: Final = "What happens to the line"
_LEFT: Final = "How many are still to come after the change"


@dataclass(frozen=True)
class ChangedLine(PurchaseOrderLine):
    """One line that is added, changed, deleted or repeated, with its values after the change.

    ``schedules`` spread the quantity over several dates.
    """

    change: str | None = about(_CHANGE, words=LINE_CHANGES)
    left_to_receive: Decimal | None = about(_LEFT, unit=QUANTITY)
    schedules: tuple[Schedule, ...] = many("Quantities at dates")


@dataclass(frozen=True)
class PurchaseOrderChange:
    """A purchase order change (860): the buyer changes or cancels an order that stands."""

    purpose: str | None = about("What the document does: new, changed, cancelled", words=PURPOSES)
    order_type: str | None = about("Kind of order", words=ORDER_TYPES)
    purchase_order_number: str | None = about(
        "The buyer's number of the order that is changed", reference="purchase_order", own_number=True
    )
    release: str | None = about("Number of the release under a blanket order")
    change_number: str | None = about("Number of this change of the order")
    purchase_order_date: datetime.date | None = about("Date of the order")
    request_number: str | None = about("Number of the buyer's request", reference="reference")
    contract: str | None = about("Number of the contract")
    vendor_order_number: str | None = about(
        "The supplier's own number of the order", reference="vendor_order"
    )
    changed_on: datetime.date | None = about("Date of the change")
    currency: str | None = about("Currency of all money here, three letters (ISO 4217)")
    customer_order_number: str | None = about(
        "Number of the order of the buyer's own customer, the store order", reference="order"
    )
    vendor_number: str | None = about("The buyer's number of the supplier")
    department: str | None = about("Department of the buyer")
    promotion: str | None = about("Promotion that the order belongs to")
    other_references: tuple[Reference, ...] = many("Numbers of other kinds")
    buyer_contact: Contact | None = about("Whom to ask at the buyer")
    freight_payment: str | None = about("Who pays the freight")
    requested_delivery: datetime.date | None = about("Date on which delivery is wanted")
    requested_ship: datetime.date | None = about("Date on which shipping is wanted")
    ship_not_before: datetime.date | None = about("First date of shipping")
    ship_no_later: datetime.date | None = about("Last date of shipping")
    cancel_after: datetime.date | None = about("Date after which the order is void")
    other_dates: tuple[OtherDate, ...] = many("Dates of other kinds")
    shipping: Shipping | None = about("How the goods travel")
    notes: str | None = about("Remarks, a line each")
    ship_to: Party | None = about("Where the goods go")
    bill_to: Party | None = about("Who gets the invoice")
    buyer: Party | None = about("Who buys")
    vendor: Party | None = about("Who sells")
    other_parties: tuple[OtherParty, ...] = many("Parties with other roles")
    lines: tuple[ChangedLine, ...] = many("The lines that the change speaks of")
    total: Decimal | None = about("Total of the order after the change", unit=MONEY)


@dataclass(frozen=True)
class AcknowledgedChange(AcknowledgedLine):
    """One line of the change as the supplier repeats it, with what he says about it."""

    change: str | None = about(_CHANGE, words=LINE_CHANGES)
    left_to_receive: Decimal | None = about(_LEFT, unit=QUANTITY)


@dataclass(frozen=True)
class PurchaseOrderChangeAcknowledgment:
    """A purchase order change acknowledgment (865): the supplier answers a change, or asks for one himself."""

    purpose: str | None = about("What the document does: new, changed, cancelled", words=PURPOSES)
    acknowledgment_type: str | None = about(
        "What the supplier says about the whole change", words=ACKNOWLEDGMENT_TYPES
    )
    purchase_order_number: str | None = about(
        "The buyer's number of the order that is changed", reference="purchase_order", own_number=True
    )
    release: str | None = about("Number of the release under a blanket order")
    change_number: str | None = about("Number of the change that is answered")
    purchase_order_date: datetime.date | None = about("Date of the order")
    request_number: str | None = about("Number of the buyer's request", reference="reference")
    contract: str | None = about("Number of the contract")
    vendor_order_number: str | None = about(
        "The supplier's own number of the order", reference="vendor_order"
    )
    acknowledged_on: datetime.date | None = about("Date of this answer")
    changed_on: datetime.date | None = about("Date of the change that is answered")
    order_type: str | None = about("Kind of order", words=ORDER_TYPES)
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
    lines: tuple[AcknowledgedChange, ...] = many("The lines that the answer speaks of")
    total: Decimal | None = about("Total of the order after the change", unit=MONEY)
