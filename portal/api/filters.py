"""What lists are narrowed by: each filter declared, anything else refused."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from enum import StrEnum
from typing import Any

from django.utils.dateparse import parse_date, parse_datetime

from portal.api.problems import bad_parameter

LARGEST = (1 << 63) - 1
LONGEST = 100
EARLIEST, LATEST = datetime(1900, 1, 1, tzinfo=UTC), datetime(9000, 1, 1, tzinfo=UTC)


class Shape(StrEnum):
    """How a filter's value is written."""

    TEXT = "text"
    ID = "id"
    DATE = "date"
    TIME = "time"
    YES_OR_NO = "yes or no"
    CHOICE = "choice"


@dataclass(frozen=True)
class Filter:
    """One filter: its parameter, the lookup behind it, how a value is written.

    ``finds`` says that it leads to few rows by an index: the list is read from those rows. The others are looked at as the
    list is read in order, so that a page may hold fewer rows than it could, or none, and yet there be more.
    """

    name: str
    lookup: str
    about: str
    shape: Shape = Shape.TEXT
    choices: Sequence[str] = ()
    finds: bool = False

    def read(self, text: str) -> Any:
        """Return the value that ``text`` says. Raises ``Problem``."""
        if self.shape is Shape.ID:
            return whole(self.name, text, least=0)
        if self.shape is Shape.DATE:
            return day(self.name, text)
        if self.shape is Shape.TIME:
            return moment(self.name, text)
        if self.shape is Shape.YES_OR_NO:
            return _one_of(self.name, text, ("true", "false")) == "true"
        if self.shape is Shape.CHOICE:
            return _one_of(self.name, text, self.choices)
        if not text or len(text) > LONGEST or "\x00" in text:
            raise bad_parameter(self.name, f"give 1 to {LONGEST} characters.")
        return text


def one(name: str, values: Sequence[str]) -> str:
    """Return the one value of a parameter. Raises ``Problem`` where it is given more than once."""
    if len(values) != 1:
        raise bad_parameter(name, "give it once.")
    return values[0]


def whole(name: str, text: str, *, least: int, most: int = LARGEST) -> int:
    """Return a whole number. Raises ``Problem``."""
    if not (text.isascii() and text.isdecimal() and len(text) <= 19 and least <= int(text) <= most):
        raise bad_parameter(name, f"give a whole number from {least} to {most}.")
    return int(text)


def day(name: str, text: str) -> date:
    """Return a day. Raises ``Problem``."""
    try:
        found = parse_date(text)
    except ValueError:
        found = None
    if found is None or len(text) != 10:
        raise bad_parameter(name, "give a day such as 2026-11-29.")
    return found


def moment(name: str, text: str) -> datetime:
    """Return a moment, at most as far away as anything happens. Raises ``Problem``: without an offset it would mean another one
    for each reader."""
    try:
        found = parse_datetime(text)
    except ValueError:
        found = None
    if found is None or found.tzinfo is None:
        raise bad_parameter(
            name,
            "give a moment with its offset, such as 2026-11-29T08:00:00Z (a + is written %2B in an address).",
        )
    try:
        # In UTC: PostgreSQL refuses offsets of 16 hours and more, which RFC 3339 allows.
        return min(max(found, EARLIEST), LATEST).astimezone(UTC)
    except OverflowError:
        return EARLIEST if found.year < EARLIEST.year else LATEST


def _one_of(name: str, text: str, choices: Sequence[str]) -> str:
    if text not in choices:
        raise bad_parameter(name, f"give one of {', '.join(choices)}.")
    return text
