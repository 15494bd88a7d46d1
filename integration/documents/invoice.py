"""The invoice, 810: what is to be paid for, or with a credit memo is given back."""

from __future__ import annotations

import datetime
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from integration.documents.parts import (
    MONEY,
    PURPOSES,
    QUANTITY,
    RATE,
    AllowanceOrCharge,
    Contact,
    Item,
    OtherDate,
    OtherParty,
    Party,
    Reference,
    Terms,
    about,
    many,
)

INVOICE_TYPES: Final = (
    "debit_invoice",
    "credit_invoice",
    "credit_memo",
    "debit_memo",
    "dropship_invoice",
    "consolidated_invoice",
    "adjusted_invoice",
    "product_invoice",
)
TAX_TYPES: Final = (
    "all_taxes",
    "state_sales",
    "county_sales",
    "city_sales",
    "local_sales",
    "state_and_local_sales",
    "sales_and_use",
    "goods_and_services",
    "harmonized_sales",
    "state_or_provincial",
    "value_added",
    "federal",
    "environmental",
    "other",
)
TAX_RELATIONSHIPS: Final = ("added", "included", "information_only")
TAX_EXEMPTIONS: Final = (
    "exempt",
    "not_exempt",
    "exempt_for_resale",
    "exempt_not_for_resale",
    "exempt_export",
)


@dataclass(frozen=True)
class Tax:
    """One tax; ``jurisdiction_kind`` is the X12 code of whose code ``jurisdiction`` is."""

    type: str | None = about("Kind of tax", words=TAX_TYPES)
    amount: Decimal | None = about("How much", unit=MONEY)
    rate: Decimal | None = about("The rate", unit=RATE)
    jurisdiction_kind: str | None = about("X12 code of whose code of the place follows: SP state or province")
    jurisdiction: str | None = about("Code of the place that asks for it")
    exemption: str | None = about("Whether the buyer is exempt, and why", words=TAX_EXEMPTIONS)
    taxable: Decimal | None = about("The amount that the rate is of", unit=MONEY)
    tax_id: str | None = about("Number under which the tax is paid")
    relationship: str | None = about(
        "Whether the tax comes on top of the prices or is in them", words=TAX_RELATIONSHIPS
    )


@dataclass(frozen=True)
class InvoicedCharge(AllowanceOrCharge):
    """An allowance or charge with the taxes on it."""

    taxes: tuple[Tax, ...] = many("Taxes on this charge")


@dataclass(frozen=True)
class InvoiceLine(Item):
    """One line to be paid; ``unit_price`` is per ``unit``, in the invoice's currency."""

    line_number: str | None = about("Number of the line, in most invoices that of the order")
    quantity: Decimal | None = about("How many are invoiced", unit=QUANTITY)
    unit: str | None = about("Unit of the quantity, such as each or case")
    unit_price: Decimal | None = about("Price of one unit", unit=f"{MONEY}, for each unit")
    description: str | None = about("What the item is, in words")
    purchase_order_number: str | None = about("The order of this line", reference="purchase_order")
    vendor_order_number: str | None = about(
        "The supplier's own number of the order", reference="vendor_order"
    )
    references: tuple[Reference, ...] = many("Numbers of other kinds")
    shipped_on: datetime.date | None = about("Date of shipping")
    other_dates: tuple[OtherDate, ...] = many("Dates of other kinds")
    taxes: tuple[Tax, ...] = many("Taxes on the line")
    allowances_and_charges: tuple[InvoicedCharge, ...] = many("What is taken off and added on this line")
    parties: tuple[OtherParty, ...] = many("Parties of this line")


@dataclass(frozen=True)
class Invoice:
    """An invoice or credit memo (810), in either direction. ``total`` is what the document says, never computed.

    Amounts have no sign by their type: a credit memo of 20.00 has the total 20.00.
    """

    invoice_date: datetime.date | None = about("Date of the invoice")
    invoice_number: str | None = about("Number of the invoice", reference="invoice", own_number=True)
    purchase_order_date: datetime.date | None = about("Date of the order")
    purchase_order_number: str | None = about("The buyer's number of the order", reference="purchase_order")
    release: str | None = about("Number of the release under a blanket order")
    type: str | None = about("Invoice, credit memo or debit memo", words=INVOICE_TYPES)
    purpose: str | None = about("What the document does: new, changed, cancelled", words=PURPOSES)
    remarks: tuple[str, ...] = many("Remarks, a line each")
    currency: str | None = about("Currency of all money here, three letters (ISO 4217)")
    customer_order_number: str | None = about(
        "Number of the order of the buyer's own customer, the store order", reference="order"
    )
    vendor_order_number: str | None = about(
        "The supplier's own number of the order", reference="vendor_order"
    )
    vendor_number: str | None = about("The buyer's number of the vendor")
    department: str | None = about("The buyer's department")
    bill_of_lading: str | None = about("Number of the bill of lading", reference="shipment")
    original_invoice: str | None = about("The invoice that this one corrects or credits", reference="invoice")
    return_number: str | None = about("Number under which goods came back (RMA)", reference="rma")
    other_references: tuple[Reference, ...] = many("Numbers of other kinds")
    contact: Contact | None = about("Whom to ask about the invoice")
    ship_to: Party | None = about("Where the goods go")
    bill_to: Party | None = about("Who pays")
    remit_to: Party | None = about("Who gets the money")
    buyer: Party | None = about("Who buys")
    vendor: Party | None = about("Who sells")
    ship_from: Party | None = about("Where the goods come from")
    other_parties: tuple[OtherParty, ...] = many("Parties with other roles")
    terms: tuple[Terms, ...] = many("When to pay")
    shipped_on: datetime.date | None = about("Date of shipping")
    delivered_on: datetime.date | None = about("Date of delivery")
    other_dates: tuple[OtherDate, ...] = many("Dates of other kinds")
    freight_payment: str | None = about("Who pays for the freight, such as prepaid or collect")
    lines: tuple[InvoiceLine, ...] = many("What is invoiced, a line each")
    total: Decimal | None = about("What is to be paid, to the cent, as the invoice says", unit=MONEY)
    discountable: Decimal | None = about("The part that a discount for early payment is of", unit=MONEY)
    discounted_total: Decimal | None = about("What is to be paid when paying early", unit=MONEY)
    discount: Decimal | None = about("What paying early takes off", unit=MONEY)
    taxes: tuple[Tax, ...] = many("Taxes on the whole")
    transport_method: str | None = about("Way of transport, such as parcel or motor")
    carrier_scac: str | None = about("Code of the carrier (SCAC)")
    routing: str | None = about("Carrier or shipping method as free text")
    tracking_number: str | None = about("The carrier's number of the shipment", reference="tracking")
    allowances_and_charges: tuple[InvoicedCharge, ...] = many("What is taken off and added on the whole")
    shipped_quantity: Decimal | None = about("How many units were shipped", unit=QUANTITY)
    shipped_unit: str | None = about("Unit of the shipped quantity")
    weight: Decimal | None = about("Weight of the shipment", unit="the weight unit beside it")
    weight_unit: str | None = about("Unit of the weight, such as pound")
