"""The records that documents of several kinds share: who, which item, which number, how it travels.

``about`` and ``many`` say of a field what it means; the words stand in the JSON Schema and beside the value in the
window, so they are for people who do not know X12.
"""

from __future__ import annotations

import datetime
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Final

PURPOSES: Final = ("original", "cancel", "change", "replace", "confirmation", "duplicate")
CREDIT_OR_DEBIT: Final = ("credit", "debit")

MONEY: Final = "the document's currency"
QUANTITY: Final = "the unit beside it"
DAYS: Final = "days"
RATE: Final = "a share of one: 0.025 is 2.5 %"


def about(
    meaning: str,
    *,
    words: tuple[str, ...] = (),
    unit: str = "",
    reference: str = "",
    own_number: bool = False,
    link: str = "",
    default: Any = None,
) -> Any:
    """A field, None where the document does not say it.

    ``words`` is its closed vocabulary (a code without a word is held as ``?`` and the code), ``unit`` what its number
    counts, ``reference`` the kind of number it is to those who search (``archive.search.KINDS``). ``own_number``: it
    is the number that the document itself goes by. ``link``: the list of the document in which the number names a place.
    """
    metadata = {
        "meaning": meaning,
        "words": words,
        "unit": unit,
        "reference": reference,
        "own_number": own_number,
        "link": link,
    }
    return field(default=default, metadata=metadata)


def many(meaning: str, *, reference: str = "") -> Any:
    """A list, empty where the document does not say it; the arguments are as for ``about``."""
    return about(meaning, reference=reference, default=())


@dataclass(frozen=True)
class Contact:
    """A person or desk to ask; phone and fax as the partner writes them."""

    name: str | None = about("Name of the person or desk")
    phone: str | None = about("Telephone number")
    email: str | None = about("E-mail address")
    fax: str | None = about("Fax number")


@dataclass(frozen=True)
class Party:
    """Who or where. ``id_kind`` is the X12 code of the kind of ``id`` (92: assigned by the buyer, UL: GLN)."""

    name: str | None = about("Name of the company or person")
    id_kind: str | None = about(
        "X12 code of who assigned the number: 92 the buyer, 91 the seller, UL a GLN, 1 DUNS"
    )
    id: str | None = about("Number of the party, such as a store number")
    name_2: str | None = about("Second line of the name")
    name_3: str | None = about("Third line of the name")
    address_lines: tuple[str, ...] = many("Street and house, a line each")
    city: str | None = about("City")
    state: str | None = about("State or province, two letters")
    postal_code: str | None = about("Postal code")
    country: str | None = about("Country code")
    contact: Contact | None = about("Whom to ask there")


@dataclass(frozen=True)
class OtherParty(Party):
    """A party whose X12 role code (N101) has no field of its own in the document."""

    role: str | None = about("X12 code of the party's role")


@dataclass(frozen=True)
class Reference:
    """A number that has no field of its own; ``qualifier`` is its X12 code (REF01)."""

    qualifier: str | None = about("X12 code of the kind of number")
    value: str | None = about("The number", reference="reference")
    text: str | None = about("What is said about it")


@dataclass(frozen=True)
class OtherDate:
    """A date that has no field of its own; ``qualifier`` is its X12 code (DTM01)."""

    qualifier: str | None = about("X12 code of what happens then")
    date: datetime.date | None = about("The date")


@dataclass(frozen=True)
class ItemId:
    """An item number that has no field of its own; ``qualifier`` is its X12 code (element 235)."""

    qualifier: str | None = about("X12 code of the kind of item number")
    value: str | None = about("The item number", reference="item")


@dataclass(frozen=True)
class Item:
    """What an item is called by those who trade it."""

    vendor_item: str | None = about("The seller's number of the item", reference="vendor_item")
    buyer_item: str | None = about("The buyer's number of the item", reference="sku")
    sku: str | None = about("Stock keeping unit", reference="sku")
    upc: str | None = about("UPC, the GTIN of 12 digits", reference="upc")
    ean: str | None = about("EAN, the GTIN of 13 digits", reference="upc")
    gtin14: str | None = about("GTIN of 14 digits, often of a case", reference="upc")
    manufacturer_item: str | None = about("The manufacturer's number of the item", reference="item")
    buyer_catalogue: str | None = about("Number in the buyer's catalogue", reference="item")
    other_ids: tuple[ItemId, ...] = many("Item numbers of other kinds")


@dataclass(frozen=True)
class Shipping:
    """How goods travel. ``routing`` is free text, such as the store's shipping method."""

    carrier_scac: str | None = about("Code of the carrier (SCAC)")
    transport_method: str | None = about("Way of transport, such as parcel or motor")
    routing: str | None = about("Shipping method as free text")
    service_level: str | None = about("How fast, such as ground or next_day")


@dataclass(frozen=True)
class AllowanceOrCharge:
    """Money taken off (allowance) or added (charge): freight, handling, a discount. Without a sign: the type says it.

    ``service_code`` is the X12 code of what it is for (D240 freight, C310 discount); ``agency_code`` a code of the
    organisation ``agency``.
    """

    type: str | None = about("Whether money is taken off or added", words=("allowance", "charge", "neither"))
    service_code: str | None = about("X12 code of what it is for: D240 freight, C310 discount, D500 handling")
    agency: str | None = about("X12 code of the organisation whose code follows")
    agency_code: str | None = about("That organisation's code of what it is for")
    amount: Decimal | None = about("How much, to the cent", unit=MONEY)
    rate_of_code: str | None = about("X12 code of what the rate is of")
    rate: Decimal | None = about("How much as a share", unit=RATE)
    amount_per_unit: Decimal | None = about("How much for each unit", unit=f"{MONEY}, for each unit")
    unit: str | None = about("Unit of the quantity")
    quantity: Decimal | None = about("For how many units", unit=QUANTITY)
    handling: str | None = about(
        "How it is settled",
        words=(
            "bill_back",
            "off_invoice",
            "vendor_check",
            "credit_account",
            "paid_by_vendor",
            "paid_by_customer",
            "optional",
            "information_only",
            "added_to_invoice",
            "collect",
            "prepaid",
        ),
    )
    number: str | None = about("Number of the allowance or charge", reference="reference")
    description: str | None = about("What it is for, in words")


@dataclass(frozen=True)
class Terms:
    """When to pay, and what paying early saves."""

    type: str | None = about(
        "Kind of terms",
        words=(
            "basic",
            "end_of_month",
            "fixed_date",
            "discount_not_applicable",
            "basic_discount",
            "proximo",
            "previously_agreed",
            "due_on_receipt",
            "cash_on_delivery",
            "prepayment",
            "consignment",
            "no_charge",
        ),
    )
    counted_from: str | None = about(
        "From which date the days are counted",
        words=("ship", "delivery", "invoice", "specified", "invoice_receipt", "goods_receipt", "effective"),
    )
    discount_rate: Decimal | None = about("Taken off for paying early", unit=RATE)
    discount_due: datetime.date | None = about("Last date of paying early")
    discount_days: int | None = about("Within how many days paying is early", unit=DAYS)
    net_due: datetime.date | None = about("Last date of paying the whole")
    net_days: int | None = about("Within how many days the whole is to be paid", unit=DAYS)
    discount_amount: Decimal | None = about("Taken off for paying early", unit=MONEY)
    description: str | None = about("The terms in words")
