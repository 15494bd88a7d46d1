"""Packing slips: what is in each package of a shipment, and what of the order is still to come. No prices."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Final

from integration.matching.lines import plain, words
from integration.printing.paper import Column, Paper, Sheet, bind, day

_COLUMNS: Final = (
    Column("Item", 22),
    Column("Description", 48),
    Column("Quantity", 15, is_number=True),
    Column("Unit", 13),
)


@dataclass(frozen=True)
class SlipItem:
    """So much of one item."""

    number: str
    description: str
    quantity: Decimal
    unit: str

    @property
    def count(self) -> str:
        """The quantity without idle zeros."""
        return plain(self.quantity)

    @property
    def counted_in(self) -> str:
        """The unit in words."""
        return words(self.unit)


@dataclass(frozen=True)
class SlipPackage:
    """What lies in one package; what lies in none has neither number."""

    sscc: str
    tracking_number: str
    items: tuple[SlipItem, ...]

    @property
    def words(self) -> str:
        """What the package is known by, on label and on paper."""
        known = [
            f"SSCC {self.sscc}" if self.sscc else "",
            f"tracking number {self.tracking_number}" if self.tracking_number else "",
        ]
        return ", ".join(each for each in known if each)


@dataclass(frozen=True)
class PackingSlip:
    """One shipment as it is told to whom it goes. ``still_to_come`` is of the same order, to the same place."""

    seller: str
    ship_to: tuple[str, ...]
    ship_from: tuple[str, ...]
    order_number: str
    purchase_order_number: str
    shipment_number: str
    shipped_on: date | None
    carrier: str
    tracking_number: str
    packages: tuple[SlipPackage, ...]
    still_to_come: tuple[SlipItem, ...] = ()
    is_withdrawn: bool = False

    @property
    def title(self) -> str:
        """What the paper is called; of a shipment that the partner took back it says so."""
        return "Packing slip, withdrawn" if self.is_withdrawn else "Packing slip"


def packing_slips(slips: Sequence[PackingSlip], paper: Paper) -> bytes:
    """Return ``slips`` as one PDF, each on pages of its own. Raises ``ValueError`` where there are none."""
    return bind([_sheet(each, paper) for each in slips], paper, "Packing slips")


def package_titles(packages: Sequence[SlipPackage]) -> list[str]:
    """Return what stands above each package: its place among them where there are several."""
    if len(packages) == 1:
        return [f"Package, {each.words}" if each.words else "What is in it" for each in packages]
    return [
        f"Package {place} of {len(packages)}{f', {each.words}' if each.words else ''}"
        for place, each in enumerate(packages, start=1)
    ]


def _sheet(slip: PackingSlip, paper: Paper) -> Sheet:
    sheet = Sheet(paper, f"Packing slip {slip.shipment_number}, order {slip.order_number}, {slip.seller}")
    sheet.heading(slip.title, slip.seller)
    sheet.blocks([("Ship to", slip.ship_to), ("Ship from", slip.ship_from)])
    sheet.facts(
        [
            ("Order", slip.order_number),
            ("Purchase order", slip.purchase_order_number),
            ("Shipment", slip.shipment_number),
            ("Shipped on", day(slip.shipped_on)),
            ("Carrier", slip.carrier),
            ("Tracking number", slip.tracking_number),
        ],
        columns=3,
    )
    for title, package in zip(package_titles(slip.packages), slip.packages, strict=True):
        sheet.section(title)
        sheet.table(_COLUMNS, _rows(package.items))
    if slip.still_to_come:
        sheet.section("Still to come")
        sheet.table(_COLUMNS, _rows(slip.still_to_come))
    else:
        sheet.note("Nothing of this order is still to come to this address.")
    return sheet


def _rows(items: Sequence[SlipItem]) -> list[tuple[str, ...]]:
    return [(each.number, each.description, each.count, each.counted_in) for each in items]
