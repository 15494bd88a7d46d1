"""Silence by a partner's own rhythm: exact days, and no alarm for who is new, irregular, rare, or closed."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, timedelta
from random import Random

import pytest

from integration.matching.silence import Silence, silence_of

MONDAY = date(2026, 9, 7)
HOLIDAY = date(2026, 11, 26)


def weekday(day: date) -> bool:
    return day.weekday() < 5 and day != HOLIDAY


def days(count: int, step: int = 1, first: date = MONDAY) -> list[date]:
    """Return ``count`` days that count, each ``step`` such days after the one before."""
    counted = [day for day in (first + timedelta(days=each) for each in range(400)) if weekday(day)]
    return counted[: count * step : step]


def on(spoke: Iterable[date], today: date) -> Silence | None:
    return silence_of(list(spoke), today, weekday)


def test_who_speaks_each_weekday_is_silent_after_two_of_them() -> None:
    spoke = days(50)  # The last: Friday, 13 November.
    last = spoke[-1]
    assert last == date(2026, 11, 13)
    found = {each: on(spoke, last + timedelta(days=each)) for each in (1, 3, 4, 5, 6)}
    assert {each: (row.passed, row.is_too_long) for each, row in found.items() if row is not None} == {
        1: (0, False),  # Saturday
        3: (0, False),  # Monday, which is not over
        4: (1, False),
        5: (2, True),  # Wednesday: Monday and Tuesday went by whole
        6: (3, True),
    }
    assert found[5] == Silence(last, passed=2, usual=1, limit=2)


def test_a_holiday_is_no_silence() -> None:
    spoke = days(58)
    assert spoke[-1] == date(2026, 11, 25)
    found = on(spoke, date(2026, 11, 30))  # Thursday is closed, Friday went by.
    assert found is not None
    assert (found.passed, found.is_too_long) == (1, False)


def test_who_speaks_once_a_week_has_a_longer_limit() -> None:
    spoke = days(12, 5)
    found = on(spoke, spoke[-1] + timedelta(days=14))
    assert found == Silence(spoke[-1], passed=8, usual=5, limit=10)
    assert not found.is_too_long


def test_who_is_irregular_is_not_alarmed_of() -> None:
    random = Random(10)
    day, spoke = MONDAY, []
    for _ in range(20):
        spoke.append(day)
        day += timedelta(days=random.choice([1, 1, 2, 5, 9]))
    gap_of_his = spoke[-1] + timedelta(days=9)
    found = on(spoke, gap_of_his)
    assert found is not None
    assert (found.usual, found.passed, found.limit, found.is_too_long) == (7, 6, 14, False)


@pytest.mark.parametrize(("spoke", "why"), [
    ([], "never spoke"),
    (days(10), "nine gaps"),
    ([MONDAY + timedelta(days=each) for each in range(15)], "two weeks"),
    (days(12, 11), "a gap of 11 is no rhythm"),
])  # fmt: skip
def test_without_a_rhythm_nothing_is_missed(spoke: list[date], why: str) -> None:
    assert on(spoke, MONDAY + timedelta(days=365)) is None, why


def test_what_he_sent_on_closed_days_tells_nothing_of_his_rhythm() -> None:
    spoke = [*days(20), *(MONDAY + timedelta(days=5 + 7 * week) for week in range(4))]
    found = on(spoke, MONDAY + timedelta(days=28))
    assert found is not None
    assert (found.usual, found.limit) == (1, 2)
