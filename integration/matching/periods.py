"""Periods that figures are told of: months, quarters, or days from one to another; and which came before. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, timedelta

YEARS = (1900, 2999)
"""Farther off nothing is exchanged, and the moments at which days begin cannot be told everywhere."""

_DAY = timedelta(days=1)
_NAMED = re.compile(r"(?P<year>[0-9]{4})(?:-(?P<month>[0-9]{2})|-Q(?P<quarter>[1-4]))?")


@dataclass(frozen=True, slots=True)
class Period:
    """Days from ``first`` to ``last``, both with it.

    Raises ``ValueError`` where the last comes before the first, or one lies outside of ``YEARS``.
    """

    first: date
    last: date

    def __post_init__(self) -> None:
        if self.last < self.first:
            raise ValueError("The period ends before it begins.")
        if self.first.year < YEARS[0] or self.last.year > YEARS[1]:
            raise ValueError("The period lies too far off.")

    @property
    def days(self) -> int:
        """How many days it has."""
        return (self.last - self.first).days + 1

    @property
    def before(self) -> Period:
        """The period before: of whole months as many whole months, else as many days."""
        months = self._whole_months()
        if months:
            return Period(_month(self.first, -months), self.first - _DAY)
        return Period(self.first - self.days * _DAY, self.first - _DAY)

    @property
    def name(self) -> str:
        """What ``period_named`` reads: ``2026-10``, ``2026-Q3``, ``2026``, else ``2026-10-05/2026-10-18``."""
        months, month = self._whole_months(), self.first.month
        if months == 1:
            return f"{self.first:%Y-%m}"
        if months == 3 and month % 3 == 1:
            return f"{self.first:%Y}-Q{month // 3 + 1}"
        if months == 12 and month == 1:
            return f"{self.first:%Y}"
        return f"{self.first}/{self.last}"

    def _whole_months(self) -> int:
        """Return how many calendar months it is, 0 where it is none."""
        after = self.last + _DAY
        if self.first.day != 1 or after.day != 1:
            return 0
        return 12 * (after.year - self.first.year) + after.month - self.first.month


def period_named(text: str) -> Period:
    """Return the period that is called ``text``: a year, quarter, month, or two days with a stroke between.

    Raises ``ValueError`` where it is none.
    """
    first, stroke, last = text.partition("/")
    if stroke:
        if len(first) != 10 or len(last) != 10:
            raise ValueError("A day is written such as 2026-10-05.")
        return Period(date.fromisoformat(first), date.fromisoformat(last))
    found = _NAMED.fullmatch(text)
    if found is None:
        raise ValueError("That names no period.")
    year = int(found["year"])
    if found["month"]:
        return month_of(date(year, int(found["month"]), 1))
    if found["quarter"]:
        return quarter_of(date(year, 3 * int(found["quarter"]), 1))
    return Period(date(year, 1, 1), date(year, 12, 31))


def month_of(day: date) -> Period:
    """Return the calendar month of ``day``."""
    first = day.replace(day=1)
    return Period(first, _month(first, 1) - _DAY)


def quarter_of(day: date) -> Period:
    """Return the calendar quarter of ``day``."""
    first = date(day.year, 3 * ((day.month - 1) // 3) + 1, 1)
    return Period(first, _month(first, 3) - _DAY)


def days_until(last: date, days: int) -> Period:
    """Return the ``days`` days that end with ``last``."""
    return Period(last - (days - 1) * _DAY, last)


def _month(first: date, by: int) -> date:
    place = 12 * first.year + first.month - 1 + by
    return date(place // 12, place % 12 + 1, 1)
