"""Periods that figures are told of: months, quarters, or days from one to another; and which came before. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

YEARS = (1900, 2999)
"""Farther off nothing is exchanged, and the moments at which days begin cannot be told everywhere."""

_DAY = timedelta(days=1)


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

    def _whole_months(self) -> int:
        """Return how many calendar months it is, 0 where it is none."""
        after = self.last + _DAY
        if self.first.day != 1 or after.day != 1:
            return 0
        return 12 * (after.year - self.first.year) + after.month - self.first.month


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
