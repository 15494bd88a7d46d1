"""The application advice, 824: what the partner's own system says about a document of ours, or ours about his."""

from __future__ import annotations

import datetime
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from integration.documents.parts import (
    MONEY,
    PURPOSES,
    Contact,
    OtherDate,
    OtherParty,
    Party,
    Reference,
    about,
    many,
)

ADVICE_PURPOSES: Final = (*PURPOSES, "response", "status")
_OUTCOMES = ("accepted", "accepted_with_changes", "accepted_with_errors", "partially_accepted", "rejected")
OUTCOMES: Final = (
    *(f"transaction_set_{outcome}" for outcome in _OUTCOMES),
    "transaction_set_on_hold",
    *(f"functional_group_{outcome}" for outcome in _OUTCOMES),
    "functional_group_on_hold",
    *(f"item_{outcome}" for outcome in _OUTCOMES),
    *(f"batch_{outcome}" for outcome in _OUTCOMES),
)
ERROR_CONDITIONS: Final = (
    "duplicate",
    "missing_data",
    "out_of_range",
    "invalid_date",
    "total_out_of_balance",
    "not_matching",
    "invalid_combination",
    "other_reason",
    "missing_reference",
    "incorrect_data",
    "incorrect_date",
    "invalid_item",
    "invalid_quantity",
    "invalid_price",
    "invalid_unit",
    "invalid_purchase_order",
    "invalid_invoice_date",
    "invalid_store",
    "invalid_upc",
    "invalid_terms",
    "not_authorized",
    "duplicate_transaction",
    "mutually_defined",
)


@dataclass(frozen=True)
class AdviceError:
    """One error; the place is that of the document spoken of. ``segment_position`` counts from its ST, which is 1."""

    condition: str | None = about("What is wrong", words=ERROR_CONDITIONS)
    text: str | None = about("What is wrong, in the sender's words")
    segment: str | None = about("Tag of the segment that is wrong, such as PO1")
    segment_position: int | None = about(
        "Place of the segment in the transaction set", unit="segments from ST, which is 1"
    )
    element: int | None = about("Place of the element in the segment", unit="elements from 1")
    element_reference: int | None = about("Number of the element in the X12 dictionary")
    bad_value: str | None = about("The value that is wrong")
    new_value: str | None = about("The value that was put in its place")
    remarks: tuple[str, ...] = many("What is said about the error, a line each")


@dataclass(frozen=True)
class AdviceSubject:
    """What is said about one document, group or item of the receiver. ``reference_kind`` is the X12 code of its number.

    ``group_control_number``, ``set_control_number`` and ``set_code`` are those of the document as it was sent.
    """

    outcome: str | None = about("Accepted or rejected, and what it is said of", words=OUTCOMES)
    reference_kind: str | None = about(
        "X12 code of the kind of number: PO purchase order, IV invoice, TN transaction"
    )
    reference: str | None = about("The number of what is spoken of", reference="reference")
    application_sender: str | None = about("Sender code of its functional group")
    application_receiver: str | None = about("Receiver code of its functional group")
    date: datetime.date | None = about("Date of its functional group")
    time: datetime.time | None = about("Time of its functional group")
    group_control_number: int | None = about("Control number of its functional group")
    set_control_number: str | None = about("Control number of the transaction set")
    set_code: str | None = about("X12 number of the transaction set: 850, 856, 810")
    version_code: str | None = about("X12 version of its functional group")
    purchase_order_number: str | None = about("The order that it is about", reference="purchase_order")
    invoice_number: str | None = about("The invoice that it is about", reference="invoice")
    shipment_number: str | None = about("The shipment that it is about", reference="shipment")
    customer_order_number: str | None = about("The store order that it is about", reference="order")
    vendor_order_number: str | None = about(
        "The supplier's own number of the order", reference="vendor_order"
    )
    other_references: tuple[Reference, ...] = many("Numbers of other kinds")
    other_dates: tuple[OtherDate, ...] = many("Dates")
    contact: Contact | None = about("Whom to ask")
    total: Decimal | None = about("Total of what is spoken of", unit=MONEY)
    errors: tuple[AdviceError, ...] = many("What is wrong")


@dataclass(frozen=True)
class ApplicationAdvice:
    """An application advice (824). It speaks of one document or several; each has its own outcome."""

    purpose: str | None = about("What the document does", words=ADVICE_PURPOSES)
    advice_number: str | None = about("Number of the advice", reference="reference", own_number=True)
    date: datetime.date | None = about("Date of the advice")
    time: datetime.time | None = about("Time of the advice, where the sender is")
    answered_number: str | None = about("Number of the message that is answered", reference="reference")
    sender: Party | None = about("Who says it")
    receiver: Party | None = about("To whom it is said")
    other_parties: tuple[OtherParty, ...] = many("Parties with other roles")
    subjects: tuple[AdviceSubject, ...] = many("What is said, of each document")
