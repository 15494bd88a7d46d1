"""The ship notice, 856: a flat graph of orders, pallets, packages and items.

An 856 tells the same shipment in any of several nestings (order above carton, carton above order, no carton at all).
Here it is always the same: four lists, whose entries name each other by ``link`` fields. A link is the place of the other
entry in its list, counted from 0. What is contained says where it is, and only once:

* an item names its order, and its package, or its pallet where it lies in no package;
* a package names its pallet, and its order only where it holds no items;
* a pallet names its order only where it holds nothing.
"""

from __future__ import annotations

import datetime
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final

from integration.documents.parts import (
    PURPOSES,
    QUANTITY,
    Item,
    OtherDate,
    OtherParty,
    Party,
    Reference,
    Shipping,
    about,
    many,
)
from integration.documents.purchase_order_acknowledgment import LINE_STATUSES

WEIGHT: Final = "the weight unit beside it"
ORDERED: Final = "the ordered unit beside it"


def _link(meaning: str, target: str) -> Any:
    return about(f"{meaning}: its place in {target}, counted from 0", link=target)


@dataclass(frozen=True)
class Mark:
    """A number on a label that has no field of its own; ``kind`` is its X12 code (MAN01)."""

    kind: str | None = about("X12 code of the kind of label")
    value: str | None = about("The number on the label", reference="tracking")


@dataclass(frozen=True)
class ShippedOrder:
    """One purchase order that goods are shipped for."""

    purchase_order_number: str | None = about("The buyer's number of the order", reference="purchase_order")
    release: str | None = about("Number of the release under a blanket order")
    purchase_order_date: datetime.date | None = about("Date of the order")
    contract: str | None = about("Number of the contract")
    vendor_order_number: str | None = about("The seller's number of the order", reference="vendor_order")
    customer_order_number: str | None = about(
        "Number of the order of the buyer's own customer, the store order", reference="order"
    )
    invoice_number: str | None = about("Number of the invoice", reference="invoice")
    department: str | None = about("The buyer's department")
    other_references: tuple[Reference, ...] = many("Numbers of other kinds")
    packaging: str | None = about("X12 code of the packaging")
    carton_count: int | None = about("How many cartons", unit="cartons")
    weight: Decimal | None = about("Gross weight", unit=WEIGHT)
    weight_unit: str | None = about("Unit of the weight, such as pound or kilogram")
    buyer: Party | None = about("Who buys")
    mark_for: Party | None = about("For whom the cartons are marked, such as a store")
    other_parties: tuple[OtherParty, ...] = many("Parties with other roles")


@dataclass(frozen=True)
class Pallet:
    """One pallet, or another unit that packages stand on."""

    sscc: str | None = about("Serial shipping container code, 18 digits", reference="sscc")
    packaging: str | None = about("X12 code of the packaging")
    carton_count: int | None = about("How many cartons stand on it", unit="cartons")
    weight: Decimal | None = about("Gross weight", unit=WEIGHT)
    weight_unit: str | None = about("Unit of the weight, such as pound or kilogram")
    other_marks: tuple[Mark, ...] = many("Labels of other kinds")
    order: int | None = _link("The order of an empty pallet", "orders")


@dataclass(frozen=True)
class Package:
    """One carton or parcel."""

    sscc: str | None = about("Serial shipping container code, 18 digits", reference="sscc")
    carrier_package_ids: tuple[str, ...] = many("The carrier's numbers of the parcel", reference="tracking")
    tracking_number: str | None = about("Tracking number", reference="tracking")
    pro_number: str | None = about("The carrier's number of the freight bill", reference="tracking")
    other_marks: tuple[Mark, ...] = many("Labels of other kinds")
    other_references: tuple[Reference, ...] = many("Numbers of other kinds")
    inner_packs: int | None = about("How many inner packs are in it", unit="packs")
    packaging: str | None = about("X12 code of the packaging")
    carton_count: int | None = about("How many cartons this stands for", unit="cartons")
    weight: Decimal | None = about("Gross weight", unit=WEIGHT)
    weight_unit: str | None = about("Unit of the weight, such as pound or kilogram")
    shipping: Shipping | None = about("How this package travels")
    pallet: int | None = _link("The pallet that it stands on", "pallets")
    order: int | None = _link("The order of an empty package", "orders")


@dataclass(frozen=True)
class ShippedItem(Item):
    """A quantity of one item that was shipped, in one place, for one order."""

    line_number: str | None = about("Number of the line in the order")
    quantity: Decimal | None = about("How many were shipped", unit=QUANTITY)
    unit: str | None = about("Unit of the quantity, such as each or case")
    shipped_to_date: Decimal | None = about("How many have been shipped so far, with these", unit=QUANTITY)
    ordered: Decimal | None = about("How many were ordered", unit=ORDERED)
    ordered_unit: str | None = about("Unit of the quantity ordered")
    status: str | None = about("What became of the line", words=LINE_STATUSES)
    description: str | None = about("What the item is, in words")
    references: tuple[Reference, ...] = many("Numbers of other kinds")
    other_dates: tuple[OtherDate, ...] = many("Dates of other kinds, such as of expiry")
    order: int | None = _link("The order that it is shipped for", "orders")
    package: int | None = _link("The package that it is in", "packages")
    pallet: int | None = _link("The pallet that it lies on, outside any package", "pallets")


@dataclass(frozen=True)
class ShipNotice:
    """A ship notice (856): what left, how it is packed, and for which orders."""

    purpose: str | None = about("What the document does: new, changed, cancelled", words=PURPOSES)
    number: str | None = about("The sender's number of the shipment", reference="shipment", own_number=True)
    notified_on: datetime.date | None = about("Date of the notice")
    notified_at: datetime.time | None = about("Time of the notice")
    shipped_on: datetime.date | None = about("Date on which it left")
    shipped_at: datetime.time | None = about("Time at which it left")
    estimated_delivery: datetime.date | None = about("Date on which it should be there")
    delivered_on: datetime.date | None = about("Date on which it was there")
    other_dates: tuple[OtherDate, ...] = many("Dates of other kinds")
    packaging: str | None = about("X12 code of the packaging")
    carton_count: int | None = about("How many cartons in all", unit="cartons")
    weight: Decimal | None = about("Gross weight in all", unit=WEIGHT)
    weight_unit: str | None = about("Unit of the weight, such as pound or kilogram")
    shipping: Shipping | None = about("How the goods travel")
    equipment_code: str | None = about("X12 code of the kind of trailer or container")
    equipment_owner: str | None = about("Letters before the number of the trailer or container")
    equipment_number: str | None = about("Number of the trailer or container")
    seal_number: str | None = about("Number of its seal")
    bill_of_lading: str | None = about("Number of the bill of lading", reference="tracking")
    tracking_number: str | None = about("Tracking number of the whole shipment", reference="tracking")
    pro_numbers: tuple[str, ...] = many("The carrier's numbers of the freight bills", reference="tracking")
    packing_slip: str | None = about("Number of the packing slip", reference="shipment")
    other_references: tuple[Reference, ...] = many("Numbers of other kinds")
    freight_payment: str | None = about("Who pays for the freight, such as prepaid or collect")
    ship_to: Party | None = about("Where the goods go")
    ship_from: Party | None = about("Where the goods left")
    other_parties: tuple[OtherParty, ...] = many("Parties with other roles")
    orders: tuple[ShippedOrder, ...] = many("The orders that goods are shipped for")
    pallets: tuple[Pallet, ...] = many("The pallets")
    packages: tuple[Package, ...] = many("The cartons and parcels")
    items: tuple[ShippedItem, ...] = many("What was shipped, an entry for each item in each place")
