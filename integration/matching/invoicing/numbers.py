"""How invoices are numbered: a pattern with the year and a number that counts on without a gap."""

from __future__ import annotations

import re

LONGEST = 22
"""Characters of BIG02 (X12 element 76)."""
LARGEST_NUMBER = 999_999_999

_PLACE = re.compile(r"\{(year|number)(?::0?([1-9]))?\}")
_LITERAL = re.compile(r"[A-Za-z0-9./-]*")


def series_problem(pattern: str) -> str:
    """Return why no invoice could be numbered by ``pattern``, or ``""``."""
    if not _LITERAL.fullmatch(_PLACE.sub("", pattern)):
        return (
            "Write letters, digits, dashes, dots and slashes, {number} or {number:06} where the number goes, and {year} where"
            " you want the year."
        )
    places = [name for name, _ in _PLACE.findall(pattern)]
    if places.count("number") != 1:
        return "Put {number} into it once: without it two invoices would have one number."
    if len(numbered(pattern, 2026, LARGEST_NUMBER)) > LONGEST:
        return (
            f"It would be longer than {LONGEST} characters, which is the most that an 810 takes. Shorten it."
        )
    return ""


def numbered(pattern: str, year: int, number: int) -> str:
    """Return the invoice number."""
    values = {"year": str(year), "number": str(number)}
    return _PLACE.sub(lambda found: values[found[1]].zfill(int(found[2] or 0)), pattern)
