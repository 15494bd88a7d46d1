"""The stock advice, 846: how much of each item a supplier has, where, and when more comes."""

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
    about,
    many,
)

STOCK_PURPOSES: Final = (*PURPOSES, "request", "incremental", "status")
REPORT_TYPES: Final = (
    "seller_inventory",
    "distributor_inventory",
    "manufacturer_distributor_inventory",
    "manufacturer_inventory",
    "agent_distributor_inventory",
    "customer_manufacturer_inventory",
    "inventory_parameters",
    "location_inventory",
    "availability_inquiry",
)
QUANTITY_KINDS: Final = (
    "available",
    "available_quantity",
    "on_hand",
    "on_order",
    "projected",
    "backordered",
    "committed",
    "on_hold",
    "reserved",
    "damaged",
    "unusable",
    "minimum_order",
    "maximum_order",
    "order_multiple",
    "minimum_stock",
    "maximum_stock",
    "sold",
    "in_process",
    "received",
)
PERIODS: Final = ("days", "calendar_days", "work_days", "weeks", "months")
OF_STORES: Final = "the unit of the line's stores"


@dataclass(frozen=True)
class StoreQuantity:
    """How much of the item stands at one store or warehouse."""

    location: str | None = about("Number of the store or warehouse")
    quantity: Decimal | None = about("How much is there", unit=OF_STORES)


@dataclass(frozen=True)
class ExpectedReceipt:
    """A quantity that is expected on a date; ``date_kind`` is the X12 code of what happens then (018: available)."""

    quantity: Decimal | None = about("How much is expected", unit=QUANTITY)
    unit: str | None = about("Unit of the quantity, such as each or case")
    date_kind: str | None = about("X12 code of what happens on the date: 018 available, 017 delivered")
    date: datetime.date | None = about("Date of the receipt")


@dataclass(frozen=True)
class StockQuantity:
    """A quantity of one kind. The next receipt is a quantity ``on_order`` with ``expected_on``, or one of ``receipts``."""

    kind: str | None = about("What is counted", words=QUANTITY_KINDS)
    quantity: Decimal | None = about("How much", unit=QUANTITY)
    unit: str | None = about("Unit of the quantity, such as each or case")
    available_on: datetime.date | None = about("From when it is available")
    expected_on: datetime.date | None = about("When it is expected to arrive")
    other_dates: tuple[OtherDate, ...] = many("Dates of other kinds")
    receipts: tuple[ExpectedReceipt, ...] = many("What is expected, and when")


@dataclass(frozen=True)
class StockLine(Item):
    """One item with its quantities. ``price_kind`` is the X12 code of the kind of price (CON: contract)."""

    line_number: str | None = about("Number of the line")
    description: str | None = about("What the item is, in words")
    available_on: datetime.date | None = about("From when the item is available")
    expected_on: datetime.date | None = about("When the next receipt is expected")
    discontinued_on: datetime.date | None = about("From when the item is not made any more")
    other_dates: tuple[OtherDate, ...] = many("Dates of other kinds")
    price_kind: str | None = about("X12 code of the kind of price: CON contract, RTL retail")
    unit_price: Decimal | None = about("Price of one unit", unit=f"{MONEY}, for each unit")
    price_quantity: Decimal | None = about("How many units the price is for", unit=QUANTITY)
    price_unit: str | None = about("Unit that the price is for, such as each")
    references: tuple[Reference, ...] = many("Numbers of other kinds")
    contact: Contact | None = about("Whom to ask about the item")
    lead_time_kind: str | None = about(
        "X12 code of what the lead time runs from and to: AF order to delivery"
    )
    lead_time: Decimal | None = about("How long an order takes", unit="in units of lead_time_unit")
    lead_time_unit: str | None = about("What the lead time is counted in", words=PERIODS)
    store_unit: str | None = about("Unit of the quantities by store")
    store_id_kind: str | None = about("X12 code of who numbers the stores: 92 the buyer, 91 the seller")
    stores: tuple[StoreQuantity, ...] = many("Quantities by store")
    quantities: tuple[StockQuantity, ...] = many("Quantities by kind")
    warehouse: Party | None = about("Where the quantities of this line stand")
    other_parties: tuple[OtherParty, ...] = many("Parties with other roles")


@dataclass(frozen=True)
class StockAdvice:
    """A stock or allocation advice (846). A quantity of zero is a statement; an absent one is none."""

    purpose: str | None = about(
        "What the document does: the whole stock (original), changes (change, incremental)",
        words=STOCK_PURPOSES,
    )
    report_type: str | None = about("Whose stock it is", words=REPORT_TYPES)
    advice_number: str | None = about("Number of the advice", reference="reference", own_number=True)
    date: datetime.date | None = about("Date of the count")
    time: datetime.time | None = about("Time of the count, where the sender is")
    currency: str | None = about("Currency of all money here, three letters (ISO 4217)")
    effective_on: datetime.date | None = about("From when it holds")
    available_on: datetime.date | None = about("From when the items are available")
    other_dates: tuple[OtherDate, ...] = many("Dates of other kinds")
    vendor_number: str | None = about("The buyer's number of the vendor")
    purchase_order_number: str | None = about("The order that it is about", reference="purchase_order")
    other_references: tuple[Reference, ...] = many("Numbers of other kinds")
    contact: Contact | None = about("Whom to ask about the stock")
    warehouse: Party | None = about("Where all the quantities stand")
    vendor: Party | None = about("Who sells")
    buyer: Party | None = about("Who buys")
    other_parties: tuple[OtherParty, ...] = many("Parties with other roles")
    lines: tuple[StockLine, ...] = many("The items")
