"""The purchase order, 850."""

from __future__ import annotations

import datetime
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from integration.documents.invoice import Tax
from integration.documents.parts import (
    MONEY,
    PURPOSES,
    QUANTITY,
    AllowanceOrCharge,
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

ORDER_TYPES: Final = ("stand_alone", "dropship", "new_order", "purchase_order", "release", "reorder", "rush")


@dataclass(frozen=True)
class PurchaseOrderLine(Item):
    """One line ordered; ``unit_price`` is per ``unit``, in the order's currency."""

    line_number: str | None = about("Number of the line in the order")
    quantity: Decimal | None = about("How many", unit=QUANTITY)
    unit: str | None = about("Unit of the quantity, such as each or case")
    unit_price: Decimal | None = about("Price of one unit", unit=f"{MONEY}, for each unit")
    description: str | None = about("What the item is, in words")
    references: tuple[Reference, ...] = many("Numbers of other kinds")
    requested_delivery: datetime.date | None = about("Date on which delivery is wanted")
    requested_ship: datetime.date | None = about("Date on which shipping is wanted")
    other_dates: tuple[OtherDate, ...] = many("Dates of other kinds")
    notes: str | None = about("Remarks, a line each")


@dataclass(frozen=True)
class PurchaseOrder:
    """A purchase order (850). ``customer_order_number`` is the order of the buyer's own customer, the store order."""

    purpose: str | None = about("What the document does: new, changed, cancelled", words=PURPOSES)
    order_type: str | None = about("Kind of order", words=ORDER_TYPES)
    purchase_order_number: str | None = about(
        "The buyer's number of the order", reference="purchase_order", own_number=True
    )
    release: str | None = about("Number of the release under a blanket order")
    purchase_order_date: datetime.date | None = about("Date of the order")
    contract: str | None = about("Number of the contract")
    currency: str | None = about("Currency of all money here, three letters (ISO 4217)")
    customer_order_number: str | None = about(
        "Number of the order of the buyer's own customer, the store order", reference="order"
    )
    vendor_number: str | None = about("The buyer's number of the vendor")
    department: str | None = about("The buyer's department")
    promotion: str | None = about("Number of the promotion")
    other_references: tuple[Reference, ...] = many("Numbers of other kinds")
    buyer_contact: Contact | None = about("Whom to ask at the buyer")
    allowances_and_charges: tuple[AllowanceOrCharge, ...] = many("Money taken off or added")
    freight_payment: str | None = about("Who pays for the freight, such as prepaid or collect")
    requested_delivery: datetime.date | None = about("Date on which delivery is wanted")
    requested_ship: datetime.date | None = about("Date on which shipping is wanted")
    ship_not_before: datetime.date | None = about("Earliest date of shipping")
    ship_no_later: datetime.date | None = about("Last date of shipping")
    cancel_after: datetime.date | None = about("What is not shipped by then is cancelled")
    other_dates: tuple[OtherDate, ...] = many("Dates of other kinds")
    shipping: Shipping | None = about("How the goods travel")
    taxes: tuple[Tax, ...] = many("Taxes")
    notes: str | None = about("Remarks, a line each")
    ship_to: Party | None = about("Where the goods go")
    bill_to: Party | None = about("Who gets the invoice")
    buyer: Party | None = about("Who buys")
    vendor: Party | None = about("Who sells")
    other_parties: tuple[OtherParty, ...] = many("Parties with other roles")
    lines: tuple[PurchaseOrderLine, ...] = many("What is ordered, a line each")
    total: Decimal | None = about("Sum of the order", unit=MONEY)

    @property
    def line_count(self) -> int:
        """How many lines are ordered; the writer puts it into the totals itself."""
        return len(self.lines)
