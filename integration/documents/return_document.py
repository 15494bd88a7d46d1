"""The return document, 180: goods that are to go back, and what the partner answers."""

from __future__ import annotations

import datetime
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

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

RETURN_PURPOSES: Final = (*PURPOSES, "request", "response", "notification")
DISPOSITIONS: Final = (
    "consumer_return",
    "dispose",
    "keep_with_allowance",
    "keep_and_repair",
    "warranty_service",
    "partially_authorized",
    "authorized",
    "denied",
    "factory_repair",
    "return_without_number",
    "pending",
    "ship_to_third_party",
    "donate",
    "third_party_disposal",
)
REQUEST_REASONS: Final = (
    "beyond_code_date",
    "customer_ordering_error",
    "colour",
    "damaged",
    "discontinued",
    "defective_in_store",
    "defective_packaging",
    "defective",
    "damaged_in_transit",
    "excess_inventory",
    "end_of_season",
    "excessive_wear",
    "label_problem",
    "mark_down",
    "not_as_expected",
    "outdated_packaging",
    "price_error",
    "poor_fit",
    "product_recall",
    "spoiled",
    "poor_workmanship",
    "recall",
    "short_dated",
    "samples",
    "shipped_too_late",
    "stock_reduction",
    "style_problem",
    "termination",
    "wrong_goods",
)
RESPONSE_REASONS: Final = (
    "excessive_wear",
    "freight_damage",
    "not_defective",
    "as_ordered",
    "more_information",
    "no_record_of_sale",
    "out_of_season",
    "pricing_difference",
    "picture_requested",
    "quantity_difference",
    "repair",
    "time_limit_exceeded",
    "sample_requested",
    "unidentifiable",
)


@dataclass(frozen=True)
class ReturnedPiece:
    """One returned piece."""

    number: int | None = about("Number of the piece within the line")
    serial_number: str | None = about("Serial number of the piece", reference="reference")
    references: tuple[Reference, ...] = many("Numbers of other kinds")


@dataclass(frozen=True)
class ReturnQuantity:
    """A part of a line's quantity and where it goes; ``kind`` says what is counted."""

    kind: str | None = about(
        "What is counted",
        words=("returned", "approved", "received", "damaged", "unusable", "rejected", "remaining"),
    )
    quantity: Decimal | None = about("How many", unit=QUANTITY)
    unit: str | None = about("Unit of the quantity")
    amount: Decimal | None = about("What this part is worth", unit=MONEY)
    pieces: tuple[ReturnedPiece, ...] = many("The single pieces, each with its numbers")


@dataclass(frozen=True)
class ReturnLine(Item):
    """One item that is to go back; ``unit_price`` is what it cost. ``price_kind`` is the X12 code of the kind of price."""

    quantity: Decimal | None = about("How many go back", unit=QUANTITY)
    unit: str | None = about("Unit of the quantity, such as each or case")
    price_kind: str | None = about("X12 code of the kind of price: UCP unit cost, CON contract")
    unit_price: Decimal | None = about("Price of one unit", unit=f"{MONEY}, for each unit")
    return_number: str | None = about("Number under which the partner takes it back (RMA)", reference="rma")
    line_number: str | None = about("Number of the line in the order")
    invoice_number: str | None = about("The invoice of the goods", reference="invoice")
    tracking_number: str | None = about("The carrier's number of the return", reference="tracking")
    references: tuple[Reference, ...] = many("Numbers of other kinds")
    description: str | None = about("What the item is, in words")
    disposition: str | None = about("What is to happen with the goods", words=DISPOSITIONS)
    request_reason: str | None = about("Why they go back", words=REQUEST_REASONS)
    response_reason: str | None = about("Why the partner answers so", words=RESPONSE_REASONS)
    reason_text: str | None = about("The reason in words")
    allowances_and_charges: tuple[AllowanceOrCharge, ...] = many(
        "What is taken off and added, such as restocking"
    )
    amount: Decimal | None = about("What the line is worth", unit=MONEY)
    defects: tuple[str, ...] = many("What is wrong with the goods, in words")
    purchase_order_number: str | None = about("The order of the goods", reference="purchase_order")
    purchase_order_date: datetime.date | None = about("Date of that order")
    sold_on: datetime.date | None = about("When the customer bought it")
    other_dates: tuple[OtherDate, ...] = many("Dates of other kinds")
    quantities: tuple[ReturnQuantity, ...] = many("Parts of the quantity")
    other_parties: tuple[OtherParty, ...] = many("Parties of this line")


@dataclass(frozen=True)
class ReturnDocument:
    """A return document (180): a request, or the partner's answer to one (authorization, denial)."""

    purpose: str | None = about("Request, answer, notification or cancellation", words=RETURN_PURPOSES)
    document_number: str | None = about("Number of the document", reference="reference", own_number=True)
    date: datetime.date | None = about("Date of the document")
    time: datetime.time | None = about("Time of the document, where the sender is")
    answered_number: str | None = about("Number of the request that is answered", reference="reference")
    disposition: str | None = about("What is to happen with the goods", words=DISPOSITIONS)
    request_reason: str | None = about("Why they go back", words=REQUEST_REASONS)
    response_reason: str | None = about("Why the partner answers so", words=RESPONSE_REASONS)
    reason_text: str | None = about("The reason in words")
    purchase_order_number: str | None = about("The order of the goods", reference="purchase_order")
    purchase_order_date: datetime.date | None = about("Date of that order")
    authorized_until: datetime.date | None = about("Until when the authorization holds")
    shipped_on: datetime.date | None = about("When the goods were sent back")
    other_dates: tuple[OtherDate, ...] = many("Dates of other kinds")
    return_number: str | None = about("Number under which the partner takes it back (RMA)", reference="rma")
    customer_order_number: str | None = about(
        "Number of the order of the buyer's own customer, the store order", reference="order"
    )
    invoice_number: str | None = about("The invoice of the goods", reference="invoice")
    tracking_number: str | None = about("The carrier's number of the return", reference="tracking")
    vendor_number: str | None = about("The buyer's number of the vendor")
    other_references: tuple[Reference, ...] = many("Numbers of other kinds")
    contact: Contact | None = about("Whom to ask about the return")
    allowances_and_charges: tuple[AllowanceOrCharge, ...] = many(
        "What is taken off and added, such as restocking"
    )
    shipping: Shipping | None = about("How the goods travel back")
    remarks: tuple[str, ...] = many("Remarks, a line each")
    buyer: Party | None = about("Who bought the goods")
    vendor: Party | None = about("Who sold the goods")
    ship_to: Party | None = about("Where the goods go back to")
    ship_from: Party | None = about("Where the goods are fetched")
    other_parties: tuple[OtherParty, ...] = many("Parties with other roles")
    lines: tuple[ReturnLine, ...] = many("What goes back, a line each")
