"""Values that are computed over a whole set: counts and sums, written last and compared when read."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from decimal import Context, Decimal

from partners.mapping.rules import DerivedElement
from partners.mapping.transforms import read_number

# Elements have at most 18 digits; sums of them stay exact.
_EXACT = Context(prec=60)
_SHORT = 18


def derived(element: DerivedElement, rows: Iterable[Sequence[str]], tag: str = "") -> str:
    """A count or sum over segments given as rows of the tag and the elements; "" for a sum of nothing.

    ``tag``: which segments are counted, where not those that are counted when writing.
    """
    wanted = tag or element.tag
    found = [row for row in rows if row[0] == wanted]
    if element.derivation == "count":
        return str(len(found))
    at = element.element
    return total([row[at] if at < len(row) else "" for row in found])


def _are_short(texts: Sequence[str], digits: str) -> bool:
    return len(digits) < len(texts) + _SHORT or max(map(len, texts)) <= _SHORT


def total(texts: Sequence[str]) -> str:
    """The sum of numbers, without those that are none; "" for a sum of nothing."""
    digits = "".join(texts)
    # Most quantities are whole and short, and need no care for what is no number.
    if digits.isascii() and digits.isdecimal() and all(texts) and _are_short(texts, digits):
        return str(sum(map(int, texts)))
    found: Decimal | None = None
    for text in texts:
        if (number := read_number(text)) is not None:
            found = _EXACT.add(found or Decimal(0), number)
    return "" if found is None else f"{found:f}"
