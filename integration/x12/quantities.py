"""Quantities and prices that the standard's numbers allow and that cannot be: below zero, too fine, too large.

X12 gives them the type R, whose sign and decimals have no end but its length, and a number that is too long only earns
a warning. What is below zero, would be rounded, or does not fit where quantities are kept is rejected where it stands
instead of being taken for something else.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from integration.x12.elements import is_number
from integration.x12.findings import Finding
from integration.x12.syntax import Segment

DECIMALS = 4
MOST_DIGITS = {"quantity": 11, "price": 10}
"""Digits before the decimal point, as the ledger keeps them."""

# Where they stand, and their number in the element dictionary.
_PLACES = {
    "PO1": ((2, "330", "quantity"), (4, "212", "price")),
    "ACK": ((2, "380", "quantity"),),
    "SCH": ((1, "380", "quantity"),),
}


def plain_quantity(tag: str, element: int) -> str | None:
    """A pattern of what is fine at a glance, where a segment's element is a quantity or price; None where it is not."""
    is_place = any(number == element for number, _, _ in _PLACES.get(tag, ()))
    return _PLAINLY_FINE if is_place else None


def quantity_findings(segments: Iterable[Segment]) -> Iterator[Finding]:
    """Yield an error for each quantity and price that cannot be; what is no number is the standard's to reject."""
    for each in segments:
        texts = each.texts
        if texts[0] not in _PLACES:
            continue
        for element, data_element, what in _PLACES[texts[0]]:
            if element >= len(texts) or _plainly_fine(texts[element]):
                continue
            text = texts[element]
            code, words = _fault(text, what) if is_number(text, "R") else _FINE
            if code:
                place = f"{each.tag} (segment {each.position}), element {element}, {what}"
                yield Finding(
                    "error",
                    each.tag,
                    each.position,
                    "",
                    element,
                    None,
                    data_element,
                    code,
                    "element",
                    text,
                    f"{place}: {text[:40]!r} {words}.",
                )


_FINE = ("", "")
# Nearly all are short and have no sign, such as 12 and 9.95, or are not there.
_PLAINLY_FINE = rf"[0-9]{{0,{min(MOST_DIGITS.values())}}}(?:\.[0-9]{{0,{DECIMALS}}})?"
_plainly_fine = re.compile(_PLAINLY_FINE).fullmatch


def _fault(text: str, what: str) -> tuple[str, str]:
    whole, _, decimals = text.partition(".")
    most = MOST_DIGITS[what]
    if len(whole.lstrip("-0")) > most:
        return "5", f"has more than {most} digits before the decimal point"
    if what == "quantity" and whole.startswith("-") and text.strip("-0."):
        return "6", "is below zero"
    if what == "quantity" and len(decimals.rstrip("0")) > DECIMALS:
        return "5", f"has more than {DECIMALS} decimals"
    return "", ""
