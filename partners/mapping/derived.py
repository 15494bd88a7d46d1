"""Values that are computed over a whole set: counts and sums, written last and compared when read."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from decimal import Context, Decimal

from partners.mapping.rules import DerivedElement
from partners.mapping.transforms import read_number

# Elements have at most 18 digits; sums of them stay exact.
_EXACT = Context(prec=60)


def derived(element: DerivedElement, rows: Iterable[tuple[str, Sequence[str]]], tag: str = "") -> str:
    """A count or sum over segments given as tag and elements; "" for a sum of nothing.

    ``tag``: which segments are counted, where not those that are counted when writing.
    """
    wanted = tag or element.tag
    found = [elements for each, elements in rows if each == wanted]
    if element.derivation == "count":
        return str(len(found))
    total: Decimal | None = None
    for elements in found:
        text = elements[element.element - 1] if element.element <= len(elements) else ""
        if (number := read_number(text)) is not None:
            total = _EXACT.add(total or Decimal(0), number)
    return "" if total is None else f"{total:f}"
