"""How purchase orders are numbered: a pattern of letters with places that are filled in.

``{prefix}`` is the store's, ``{order}`` the order's number, ``{place}`` which purchase order of that order it is, and
``{next}`` counts through all of the store; ``{next:6}`` with zeros before it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

LONGEST = 22
"""Characters of BEG03 (X12 element 324)."""
LONGEST_COUNT = 9

_PLACE = re.compile(r"\{(prefix|order|place|next)(?::([0-9]{1,2}))?\}")
_LITERAL = re.compile(r"[A-Za-z0-9./-]*")


@dataclass(frozen=True, slots=True)
class Parts:
    """What the places of a pattern are filled with."""

    prefix: str
    order: int
    place: int
    next: int


def pattern_problem(pattern: str) -> str:
    """Return why no purchase order could be numbered by ``pattern``, or ``""``."""
    rest = _PLACE.sub("", pattern)
    if not _LITERAL.fullmatch(rest):
        return (
            "Write letters, digits, dashes, dots and slashes, and {prefix}, {order}, {place}, {next} or {next:6} where a number"
            " goes."
        )
    if any(
        width and (name != "next" or not 0 < int(width) <= LONGEST_COUNT)
        for name, width in _PLACE.findall(pattern)
    ):
        return f"Only {{next}} takes a width, from 1 to {LONGEST_COUNT}: {{next:6}} is 000042."
    if counts(pattern) or {"order", "place"} <= _names(pattern):
        return ""
    return (
        "Put {next} into it, or {order} and {place}: without them two purchase orders would have one number."
    )


def counts(pattern: str) -> bool:
    """Say whether ``pattern`` takes a number from the store's counter."""
    return "next" in _names(pattern)


def has_place(pattern: str) -> bool:
    """Say whether another place in the order makes another number."""
    return "place" in _names(pattern)


def number_by(pattern: str, parts: Parts) -> str:
    """Return the number."""
    values = {
        "prefix": parts.prefix, "order": str(parts.order), "place": str(parts.place), "next": str(parts.next),
    }  # fmt: skip
    return _PLACE.sub(lambda found: values[found[1]].zfill(int(found[2] or 0)), pattern)


def number_problem(number: str) -> str:
    """Return why ``number`` cannot be a purchase order's, or ``""``."""
    if len(number) > LONGEST:
        return f"{number} has {len(number)} characters, and a purchase order number has {LONGEST} at most"
    return "" if number else "it would be empty"


def _names(pattern: str) -> set[str]:
    return {name for name, _ in _PLACE.findall(pattern)}
