"""Claim forms: what goes back to a partner and why, with its photos, for him to decide on and for the parcel."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Final

from integration.matching.lines import plain, words
from integration.printing.invoices import money
from integration.printing.paper import Column, Paper, Sheet, bind, day

_COLUMNS: Final = (
    Column("Item", 16),
    Column("Description", 24),
    Column("Quantity", 13, is_number=True),
    Column("Authorized", 15, is_number=True),
    Column("Why it goes back", 28),
    Column("Worth", 15, is_number=True),
)
_FILES: Final = (Column("File", 24), Column("Kind", 18), Column("What it shows", 58))


@dataclass(frozen=True)
class ClaimLine:
    """So much of one item. ``reason`` and ``wanted`` are words of the return document, ``authorized`` None unless answered."""

    number: str
    description: str
    quantity: Decimal
    unit: str
    reason: str
    comment: str
    wanted: str
    unit_price: Decimal | None
    authorized: Decimal | None = None

    @property
    def count(self) -> str:
        """The quantity with its unit."""
        return f"{plain(self.quantity)} {words(self.unit)}"

    @property
    def granted(self) -> str:
        """How much of it the partner authorized; empty where he has not answered."""
        return "" if self.authorized is None else plain(self.authorized)

    @property
    def why(self) -> str:
        """The reason, what is wrong in words, and what is to happen with it where that is said."""
        said = ": ".join(each for each in (words(self.reason), self.comment) if each)
        return f"{said}. Wanted: {words(self.wanted)}" if self.wanted else said

    @property
    def worth(self) -> Decimal | None:
        """What was paid for it; None where that is not known."""
        return None if self.unit_price is None else self.unit_price * self.quantity


@dataclass(frozen=True)
class ClaimFile:
    """A photo or form that belongs to it: ``picture`` is a small JPEG, empty where there is none to show."""

    name: str
    kind: str
    shows: str
    picture: bytes = b""


@dataclass(frozen=True)
class ClaimForm:
    """One return as its partner is told of it."""

    number: str
    seller: str
    partner: str
    return_to: tuple[str, ...]
    return_from: tuple[str, ...]
    order_number: str
    purchase_order_number: str
    opened_on: date | None
    rma: str
    authorized_until: date | None
    carrier: str
    tracking_number: str
    currency: str
    customers_word: str
    lines: tuple[ClaimLine, ...]
    files: tuple[ClaimFile, ...] = ()

    @property
    def total(self) -> Decimal | None:
        """What all of it is worth; None where a price is not known."""
        known = [each.worth for each in self.lines]
        return None if None in known else sum((each for each in known if each is not None), Decimal(0))

    def amount(self, value: Decimal | None) -> str:
        """Return an amount with the form's currency; empty for None."""
        return money(value, self.currency)


def claim_forms(forms: Sequence[ClaimForm], paper: Paper) -> bytes:
    """Return ``forms`` as one PDF, each on pages of its own. Raises ``ValueError`` where there are none."""
    return bind([_sheet(each, paper) for each in forms], paper, "Claim forms")


def _sheet(form: ClaimForm, paper: Paper) -> Sheet:
    sheet = Sheet(paper, f"Return {form.number}, purchase order {form.purchase_order_number}, {form.seller}")
    sheet.heading(f"Claim form, return {form.number}", f"{form.seller} to {form.partner}")
    sheet.blocks([("Goes back to", form.return_to), ("Comes from", form.return_from)])
    sheet.facts(
        [
            ("RMA number", form.rma or "Not given yet"),
            ("Purchase order", form.purchase_order_number),
            ("Order", form.order_number),
            ("Opened on", day(form.opened_on)),
            ("Authorized until", day(form.authorized_until)),
            ("Carrier", form.carrier),
            ("Tracking number", form.tracking_number),
        ]
    )
    sheet.table(_COLUMNS, [_row(form, line) for line in form.lines])
    if form.total is not None:
        sheet.totals([("Claimed in all", form.amount(form.total))])
    if form.customers_word:
        sheet.section("The customer's word")
        sheet.note(form.customers_word)
    if form.files:
        sheet.section("Photos and forms")
        sheet.table(_FILES, [(each.name, each.kind, each.shows) for each in form.files])
        sheet.pictures([(each.picture, f"{each.name}: {each.shows}") for each in form.files if each.picture])
    return sheet


def _row(form: ClaimForm, line: ClaimLine) -> tuple[str, ...]:
    return (line.number, line.description, line.count, line.granted, line.why, form.amount(line.worth))
