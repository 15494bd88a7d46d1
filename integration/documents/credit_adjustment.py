"""The credit or debit adjustment, 812: money given back or asked for, apart from an invoice."""

from __future__ import annotations

import datetime
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from integration.documents.parts import (
    CREDIT_OR_DEBIT,
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
    about,
    many,
)

HANDLINGS: Final = (
    "deducted_from_invoice",
    "notification_only",
    "payment_requested",
    "payment_follows",
    "apply_on_account",
    "deduct_from_next_payment",
    "payment_issued",
    "adjustment_requested",
)
ADJUSTMENT_REASONS: Final = (
    "pricing_error",
    "allowance_error",
    "extension_error",
    "damaged",
    "quality",
    "quantity_contested",
    "incorrect_product",
    "substitute_product",
    "terms_error",
    "returned_damaged",
    "returned_quality",
    "returned_recall",
    "returned_overstock",
    "returned_discontinued",
    "returned_material",
    "authorized_return",
    "duplicate_billing",
    "duplicate_payment",
    "duplicate_shipment",
    "incorrect_discount",
    "invoice_cancelled",
    "order_cancelled",
    "freight_deducted",
    "freight_charge",
    "tax_deducted",
    "cash_discount",
    "volume_discount",
    "promotional_allowance",
    "defective_allowance",
    "defective",
    "handling_charge",
    "return_allowance",
    "rebate",
)


@dataclass(frozen=True)
class Adjustment(Item):
    """One reason for money to change hands. ``price_kind`` is the X12 code of the kind of price (CON: contract)."""

    reason: str | None = about("Why", words=ADJUSTMENT_REASONS)
    credit_or_debit: str | None = about("Who gets the money: the receiver of a credit", words=CREDIT_OR_DEBIT)
    line_number: str | None = about("Number of the adjustment")
    amount: Decimal | None = about("How much, to the cent", unit=MONEY)
    quantity: Decimal | None = about("For how many", unit=QUANTITY)
    unit: str | None = about("Unit of the quantity, such as each or case")
    price_difference: Decimal | None = about(
        "By how much the price was wrong", unit=f"{MONEY}, for each unit"
    )
    price_kind: str | None = about("X12 code of the kind of price that follows")
    unit_price: Decimal | None = about("Price of one unit", unit=f"{MONEY}, for each unit")
    second_price_kind: str | None = about("X12 code of the kind of the second price")
    second_price: Decimal | None = about("The price that it is held against", unit=f"{MONEY}, for each unit")
    item_line_number: str | None = about("Line of the order or invoice")
    invoice_number: str | None = about("The invoice of this line", reference="invoice")
    purchase_order_number: str | None = about("The order of this line", reference="purchase_order")
    return_number: str | None = about("Number under which the goods came back (RMA)", reference="rma")
    references: tuple[Reference, ...] = many("Numbers of other kinds")
    other_dates: tuple[OtherDate, ...] = many("Dates")


@dataclass(frozen=True)
class CreditAdjustment:
    """A credit or debit adjustment (812). ``amount`` has no sign: ``credit_or_debit`` says the way."""

    date: datetime.date | None = about("Date of the adjustment")
    adjustment_number: str | None = about("Number of the adjustment", reference="reference", own_number=True)
    handling: str | None = about("What happens with the money", words=HANDLINGS)
    amount: Decimal | None = about("How much in all, to the cent", unit=MONEY)
    credit_or_debit: str | None = about("Who gets the money: the receiver of a credit", words=CREDIT_OR_DEBIT)
    invoice_date: datetime.date | None = about("Date of the invoice")
    invoice_number: str | None = about("The invoice that it is about", reference="invoice")
    vendor_order_number: str | None = about(
        "The supplier's own number of the order", reference="vendor_order"
    )
    purchase_order_date: datetime.date | None = about("Date of the order")
    purchase_order_number: str | None = about("The order that it is about", reference="purchase_order")
    purpose: str | None = about("What the document does: new, changed, cancelled", words=PURPOSES)
    reference_kind: str | None = about("X12 code of the kind of the number that follows")
    reference: str | None = about("A further number that it is about", reference="reference")
    currency: str | None = about("Currency of all money here, three letters (ISO 4217)")
    customer_order_number: str | None = about(
        "Number of the order of the buyer's own customer, the store order", reference="order"
    )
    return_number: str | None = about("Number under which the goods came back (RMA)", reference="rma")
    other_references: tuple[Reference, ...] = many("Numbers of other kinds")
    contact: Contact | None = about("Whom to ask about the adjustment")
    other_dates: tuple[OtherDate, ...] = many("Dates")
    allowances_and_charges: tuple[AllowanceOrCharge, ...] = many("What is taken off and added on the whole")
    buyer: Party | None = about("Who buys")
    vendor: Party | None = about("Who sells")
    ship_to: Party | None = about("Where the goods went")
    remit_to: Party | None = about("Who gets the money")
    other_parties: tuple[OtherParty, ...] = many("Parties with other roles")
    adjustments: tuple[Adjustment, ...] = many("What the amount is made of, a line each")
