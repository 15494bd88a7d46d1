"""The lines of a purchase order, what a partner says of them, and which of his lines means which of ours."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Generic, TypeVar

from integration.documents import AcknowledgedLine
from integration.documents.credit_adjustment import Adjustment
from integration.documents.invoice import InvoiceLine
from integration.documents.parts import Item
from integration.documents.return_document import ReturnLine
from integration.documents.ship_notice import ShippedItem

Told = TypeVar("Told", AcknowledgedLine, ShippedItem, InvoiceLine, ReturnLine, Adjustment)
"""A line of a partner's document: its number of ours, where he gives it, and his numbers of the item."""

# Qualifiers (element 235) without a field of their own, by whose number it is.
_VENDORS = frozenset({"VC"})
_BUYERS = frozenset({"PI"})
_GTIN = 14


@dataclass(frozen=True, slots=True)
class AskedLine:
    """One line of a purchase order as it holds now; ``quantity`` in ``unit``, ``unit_price`` per unit.

    ``wanted_on`` is the day by which it was asked for, None where no day was given.
    """

    line_number: int
    sku: str
    vendor_item: str
    upc: str
    quantity: Decimal
    unit: str
    unit_price: Decimal | None
    wanted_on: date | None = None


@dataclass(frozen=True, slots=True)
class LineStatement:
    """What the partner says that he will do about one line: so much promised, backordered, refused, held.

    ``substitute`` is the number of the item that he offers instead, "" where it is the one that was asked for.
    """

    line_number: int
    quantity: Decimal
    unit_price: Decimal | None
    promised_on: date | None
    backordered: Decimal = Decimal(0)
    rejected: Decimal = Decimal(0)
    held: Decimal = Decimal(0)
    substitute: str = ""


@dataclass(frozen=True)
class Pairing(Generic[Told]):
    """The partner's lines by our line numbers, several where he tells a line in parts; ``strangers`` mean none."""

    lines: dict[int, list[Told]] = field(default_factory=dict)
    strangers: list[Told] = field(default_factory=list)


def pair(asked: Sequence[AskedLine], answered: Sequence[Told], *, in_parts: bool = False) -> Pairing[Told]:
    """Pair by PO101 where the item does not contradict it, else by item number where that means one line alone.

    A number that comes again without an item number is a slip, unless lines are told ``in_parts``, as goods of one
    line in several cartons are.
    """
    found: dict[int, list[Told]] = {}
    left: list[Told] = []
    by_number = {line.line_number: line for line in asked}
    for answer in answered:
        number = int(answer.line_number) if answer.line_number and answer.line_number.isdecimal() else None
        line = by_number.get(number) if number is not None else None
        if line is not None and _contradicts(line, answer):
            line = None
        if line is not None and (in_parts or line.line_number not in found or _same_item(line, answer)):
            found.setdefault(line.line_number, []).append(answer)
        else:
            left.append(answer)
    strangers: list[Told] = []
    numbered = set(found)
    for answer in left:
        matches = [line for line in asked if line.line_number not in numbered and _same_item(line, answer)]
        if len(matches) == 1:
            found.setdefault(matches[0].line_number, []).append(answer)
        else:
            strangers.append(answer)
    return Pairing(found, strangers)


def number_of(answer: Item) -> str:
    """Return the item number by which people know a partner's line."""
    return answer.vendor_item or answer.upc or answer.buyer_item or "without an item number"


def plain(number: Decimal | None) -> str:
    """Return a number without idle zeros."""
    if number is None:
        return "no quantity"
    text = f"{number:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def words(code: str | None) -> str:
    """Return a word of the canonical vocabulary as people say it; a code without a word keeps its code."""
    if code is None:
        return "nothing said"
    return f"code {code[1:]}" if code.startswith("?") else code.replace("_", " ")


def _contradicts(line: AskedLine, answer: Item) -> bool:
    ours, theirs = _asked_items(line), _answered_items(answer)
    shared = ours.keys() & theirs.keys()
    return bool(shared) and not any(ours[name] & theirs[name] for name in shared)


def _same_item(line: AskedLine, answer: Item) -> bool:
    ours, theirs = _asked_items(line), _answered_items(answer)
    return any(ours[name] & theirs[name] for name in ours.keys() & theirs.keys())


def _asked_items(line: AskedLine) -> dict[str, set[str]]:
    """Return the numbers that our purchase order gave the line, by who gave them: what an answer may repeat."""
    return _named({"vendor": [line.vendor_item], "buyer": [line.sku], "trade": [_gtin(line.upc)]})


def _answered_items(answer: Item) -> dict[str, set[str]]:
    others = [(each.qualifier, each.value) for each in answer.other_ids]
    return _named(
        {
            "vendor": [answer.vendor_item, *(value for kind, value in others if kind in _VENDORS)],
            "buyer": [
                answer.buyer_item,
                answer.buyer_catalogue,
                *(value for kind, value in others if kind in _BUYERS),
            ],
            "trade": [_gtin(answer.upc), _gtin(answer.ean)],
        }
    )


def _named(items: dict[str, list[str | None]]) -> dict[str, set[str]]:
    found = {name: {value for value in values if value} for name, values in items.items()}
    return {name: values for name, values in found.items() if values}


def _gtin(code: str | None) -> str:
    """Return a UPC or EAN at the length of all GTINs: the same article in any of its forms."""
    return code.zfill(_GTIN) if code else ""


def day_words(day: date) -> str:
    """Return a day as people write it: ``1 Dec 2026``."""
    return f"{day.day} {day:%b %Y}"
