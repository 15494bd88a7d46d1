"""By when something is due in business hours: exact moments, and what holds of every calendar."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from partners.business_time import (
    HORIZON_DAYS,
    MIDNIGHT,
    OpenHours,
    business_days_due,
    business_due,
    day_of_due,
    open_days,
    open_time,
    span_of_days,
)
from tests.chaos.forking import is_whole

CHICAGO = ZoneInfo("America/Chicago")
OFFICE = OpenHours(dict.fromkeys(range(5), (time(8), time(17))), frozenset({date(2026, 11, 26)}))
ALWAYS = OpenHours(dict.fromkeys(range(7), (MIDNIGHT, MIDNIGHT)))
EXAMPLES = 2000 if is_whole() else 120


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(("start", "hours", "due"), [
    # Friday 16:00 in Chicago: one hour on Friday, eight on Monday.
    ("2026-11-20 22:00", 1, "2026-11-20 23:00"),
    ("2026-11-20 22:00", 9, "2026-11-23 22:00"),
    ("2026-11-20 22:00", 10, "2026-11-23 23:00"),
    ("2026-11-20 22:00", 11, "2026-11-24 15:00"),
    # Sent at night and at the weekend: counted from the next opening.
    ("2026-11-21 12:00", 2, "2026-11-23 16:00"),
    ("2026-11-21 12:00", 0, "2026-11-23 14:00"),
    # Thanksgiving is closed.
    ("2026-11-25 22:00", 2, "2026-11-27 15:00"),
    # At closing time to the second.
    ("2026-11-20 23:00", 1, "2026-11-23 15:00"),
])  # fmt: skip
def test_only_open_hours_count(start: str, hours: int, due: str) -> None:
    assert business_due(at(start), hours, OFFICE, CHICAGO) == at(due)


def test_without_a_calendar_hours_are_plain_hours() -> None:
    assert business_due(at("2026-11-20 22:00"), 48, None, CHICAGO) == at("2026-11-22 22:00")


@pytest.mark.parametrize(("hours_of_day", "start", "hours", "due"), [
    # 8 March 2026: Chicago's clocks jump from 02:00 (08:00 UTC) to 03:00. Open 01:00 to 04:00 is two hours long.
    ((time(1), time(4)), "2026-03-08 07:00", 2, "2026-03-08 09:00"),
    ((time(1), time(4)), "2026-03-08 07:00", 3, "2026-03-09 07:00"),
    # An opening and a closing that the clock jumps over happen when it jumps.
    ((time(2, 30), time(4)), "2026-03-08 06:00", 0, "2026-03-08 08:00"),
    ((time(1), time(2, 30)), "2026-03-08 07:00", 1, "2026-03-08 08:00"),
    ((time(1), time(2, 30)), "2026-03-08 07:00", 2, "2026-03-09 07:00"),
    # Both within the hour that does not exist: closed that day.
    ((time(2, 15), time(2, 45)), "2026-03-08 06:00", 0, "2026-03-09 07:15"),
    # 1 November 2026: 01:00 to 02:00 comes twice (06:00 and 07:00 UTC). Open 01:00 to 03:00 is three hours long.
    ((time(1), time(3)), "2026-11-01 05:00", 3, "2026-11-01 09:00"),
    ((time(1, 30), time(3)), "2026-11-01 05:00", 0, "2026-11-01 06:30"),
    ((time(0), time(1, 30)), "2026-11-01 05:00", 2, "2026-11-01 07:00"),
    ((time(0), time(1, 30)), "2026-11-01 07:30", 0, "2026-11-02 06:00"),
])  # fmt: skip
def test_a_night_in_which_clocks_change_counts_as_long_as_it_lasts(
    hours_of_day: tuple[time, time], start: str, hours: int, due: str
) -> None:
    calendar = OpenHours(dict.fromkeys(range(7), hours_of_day))
    assert business_due(at(start), hours, calendar, CHICAGO) == at(due)


@pytest.mark.parametrize(("day", "days", "due"), [
    (date(2026, 11, 20), 0, "2026-11-20 23:00"),
    (date(2026, 11, 20), 1, "2026-11-23 23:00"),
    (date(2026, 11, 25), 1, "2026-11-27 23:00"),  # over Thanksgiving
    (date(2026, 11, 25), 2, "2026-11-30 23:00"),
    (date(2026, 11, 21), 0, "2026-11-23 23:00"),  # a Saturday
    (date(2026, 11, 21), 1, "2026-11-23 23:00"),
])  # fmt: skip
def test_days_are_open_days_and_end_at_closing_time(day: date, days: int, due: str) -> None:
    assert business_days_due(day, days, OFFICE, CHICAGO) == at(due)


def test_without_a_calendar_a_day_ends_at_its_midnight() -> None:
    assert business_days_due(date(2026, 11, 20), 2, None, CHICAGO) == at("2026-11-23 06:00")


def test_what_open_hours_never_fill_is_due_after_ten_years() -> None:
    one_minute_a_week = OpenHours({6: (time(12), time(12, 1))})
    start = at("2026-11-20 22:00")
    assert business_due(start, 100, one_minute_a_week, CHICAGO) == start + timedelta(days=HORIZON_DAYS)
    assert business_due(start, 100, OpenHours({}), CHICAGO) == start + timedelta(days=HORIZON_DAYS)


times = st.builds(time, st.integers(0, 23), st.sampled_from([0, 15, 30, 59]))
spans = st.tuples(times, times).filter(lambda span: span[1] == MIDNIGHT or span[0] < span[1])
days = st.dates(date(2026, 1, 1), date(2027, 12, 31))
calendars = st.builds(
    OpenHours, st.dictionaries(st.integers(0, 6), spans, min_size=1), st.frozensets(days, max_size=12)
)
# Clocks change in the night, at midnight, in the other half of the year, by half an hour, and never.
zones = st.sampled_from([
    "America/Chicago", "America/Havana", "Africa/Cairo", "Australia/Lord_Howe", "Europe/Berlin", "Asia/Kolkata", "UTC",
]).map(ZoneInfo)  # fmt: skip
starts = st.datetimes(datetime(2026, 1, 1), datetime(2027, 12, 31), timezones=st.just(UTC))  # noqa: DTZ001
hours = st.integers(0, 200)


@settings(max_examples=EXAMPLES, derandomize=True, deadline=None)
@given(starts, st.integers(0, 2000), zones)
def test_always_open_is_plain_hours(start: datetime, promised: int, zone: ZoneInfo) -> None:
    assert business_due(start, promised, ALWAYS, zone) == start + timedelta(hours=promised)


@settings(max_examples=EXAMPLES, derandomize=True, deadline=None)
@given(starts, hours, hours, calendars, zones)
def test_more_hours_are_never_due_earlier(
    start: datetime, some: int, more: int, calendar: OpenHours, zone: ZoneInfo
) -> None:
    first = business_due(start, some, calendar, zone)
    assert start <= first <= business_due(start, some + more, calendar, zone)
    assert first - start >= timedelta(hours=some) or first == start + timedelta(days=HORIZON_DAYS)


@settings(max_examples=EXAMPLES, derandomize=True, deadline=None)
@given(starts, hours, calendars, zones)
def test_nothing_is_due_outside_open_hours(
    start: datetime, promised: int, calendar: OpenHours, zone: ZoneInfo
) -> None:
    due = business_due(start, promised, calendar, zone)
    if due == start + timedelta(days=HORIZON_DAYS):
        return
    shown = {
        (due - back).astimezone(zone).replace(tzinfo=None)
        for back in (timedelta(0), timedelta(microseconds=1))
    }
    assert any(_is_open(each, calendar) for each in shown)


def _is_open(shown: datetime, calendar: OpenHours) -> bool:
    span = calendar.hours_of(shown.date())
    return span is not None and span[0] <= shown.time() and (span[1] == MIDNIGHT or shown.time() < span[1])


@pytest.mark.parametrize(("start", "end", "hours"), [
    ("2026-11-20 22:00", "2026-11-20 22:30", 0.5),
    ("2026-11-20 22:00", "2026-11-23 15:00", 2),
    ("2026-11-21 12:00", "2026-11-22 12:00", 0),
    ("2026-11-25 22:00", "2026-11-27 15:00", 2),  # Thanksgiving is closed.
    ("2026-11-20 22:00", "2026-11-20 21:00", 0),
    ("2026-03-06 22:00", "2026-03-09 14:00", 2),  # 8:00 to 9:00 in Chicago, whose clock went forward.
])  # fmt: skip
def test_the_open_time_between_two_moments(start: str, end: str, hours: float) -> None:
    assert open_time(at(start), at(end), OFFICE, CHICAGO) == timedelta(hours=hours)


def test_without_a_calendar_all_time_and_every_day_counts() -> None:
    assert open_time(at("2026-11-20 22:00"), at("2026-11-22 23:00"), None, CHICAGO) == timedelta(hours=49)
    assert open_days(date(2026, 11, 20), date(2026, 11, 23), None) == 3


@given(st.integers(0, 365 * 24 * 60), st.integers(0, 60))
@settings(max_examples=EXAMPLES // 4, deadline=None)
def test_open_time_and_open_days_undo_what_is_due(minute: int, count: int) -> None:
    start = at("2026-01-01") + timedelta(minutes=minute)
    assert open_time(start, business_due(start, count, OFFICE, CHICAGO), OFFICE, CHICAGO) == timedelta(
        hours=count
    )
    day = start.date()
    due = business_days_due(day, count, OFFICE, CHICAGO)
    assert count == 0 or open_days(day, day_of_due(due, CHICAGO), OFFICE) == count


def test_midnight_is_due_on_the_day_that_it_ends() -> None:
    end = at("2026-04-01 05:00")  # Midnight in Chicago.
    assert day_of_due(end, CHICAGO) == date(2026, 3, 31)
    assert day_of_due(end + timedelta(microseconds=1), CHICAGO) == date(2026, 4, 1)
    assert span_of_days(date(2026, 3, 1), date(2026, 3, 31), CHICAGO) == (at("2026-03-01 06:00"), end)
