"""By when something is due, counted in the hours in which a business is open. Pure: no Django, no clock.

Hours are counted as they pass, in UTC, between the moments at which the local clock opens and closes. So a night in which
clocks change counts for as long as it really lasted, and open hours that hold a whole day are plain hours.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

MIDNIGHT = time(0)
HORIZON_DAYS = 3660
"""How far is looked ahead. What ten years of open hours do not fill is due when they are over."""

_DAY = timedelta(days=1)
_SECOND = timedelta(seconds=1)
_TICK = timedelta(microseconds=1)

Opening = tuple[datetime, datetime]
"""From when until when it is open, in UTC."""


@dataclass(frozen=True)
class OpenHours:
    """From when until when a business is open.

    ``week`` gives (from, until) by weekday, 0 for Monday; a weekday that is not there is closed. *Until* ``MIDNIGHT`` is the
    end of the day. ``holidays`` are closed whatever weekday they are. ``worked_out`` keeps what was counted of each day in
    each zone: thousands of answers are measured by the same few days.
    """

    week: Mapping[int, tuple[time, time]]
    holidays: frozenset[date] = field(default_factory=frozenset)
    worked_out: dict[tuple[date, ZoneInfo], Opening | None] = field(
        default_factory=dict, init=False, compare=False, repr=False
    )

    def hours_of(self, day: date) -> tuple[time, time] | None:
        """Return (from, until) of ``day``; None where it is closed."""
        return None if day in self.holidays else self.week.get(day.weekday())


def business_due(start: datetime, hours: int, calendar: OpenHours | None, zone: ZoneInfo) -> datetime:
    """Return the moment, in UTC, by which ``hours`` open hours have passed since ``start``, which is aware.

    It is never outside open hours: what is used up by closing time is due at closing time. No hours are due at once, or
    when it opens next. Without a calendar hours are plain hours; with one, ``zone`` is where its clock hangs.
    """
    start = start.astimezone(UTC)
    left = timedelta(hours=hours)
    if calendar is None:
        return start + left
    for opens, closes in _openings(start, calendar, zone):
        if left <= closes - opens:
            return opens + left
        left -= closes - opens
    return start + HORIZON_DAYS * _DAY


def business_days_due(day: date, days: int, calendar: OpenHours | None, zone: ZoneInfo) -> datetime:
    """Return the end, in UTC, of the open day that is ``days`` open days after ``day``: its closing time.

    ``days`` 0 is ``day`` itself, or the next open one. Without a calendar every day counts, until its midnight in ``zone``.
    """
    if calendar is None:
        return _reached(datetime.combine(day + (days + 1) * _DAY, MIDNIGHT), zone)
    left = days
    for ahead in range(HORIZON_DAYS):
        each = day + ahead * _DAY
        if ahead and calendar.hours_of(each) is not None:
            left -= 1
        if left <= 0 and (opening := _opening(each, calendar, zone)) is not None:
            return opening[1]
    return _reached(datetime.combine(day + HORIZON_DAYS * _DAY, MIDNIGHT), zone)


def open_time(start: datetime, end: datetime, calendar: OpenHours | None, zone: ZoneInfo) -> timedelta:
    """Return how long it was open from ``start`` to ``end``, which are aware; nothing where ``end`` is not later.

    It undoes ``business_due``: so many open hours after ``start`` as that gives is ``end``, or the opening after a closing
    time. Without a calendar all time counts.
    """
    start, end = start.astimezone(UTC), end.astimezone(UTC)
    if calendar is None or end <= start:
        return max(end - start, timedelta(0))
    passed = timedelta(0)
    for opens, closes in _openings(start, calendar, zone):
        if closes >= end:
            return passed + (end - opens) if opens < end else passed
        passed += closes - opens
    return passed


def open_days(first: date, last: date, calendar: OpenHours | None) -> int:
    """Return how many open days there are after ``first``, up to and with ``last``; 0 where ``last`` is not later.

    Without a calendar every day is open. It undoes ``business_days_due``.
    """
    length = max((last - first).days, 0)
    if calendar is None:
        return length
    return sum(calendar.hours_of(first + ahead * _DAY) is not None for ahead in range(1, length + 1))


def day_of_due(due_at: datetime, zone: ZoneInfo) -> date:
    """Return the day in ``zone`` to which something due at ``due_at`` belongs; midnight is the end of the day before."""
    return (due_at.astimezone(UTC) - _TICK).astimezone(zone).date()


def span_of_days(first: date, last: date, zone: ZoneInfo) -> tuple[datetime, datetime]:
    """Return the moments, in UTC, at which ``first`` begins and ``last`` ends in ``zone``."""
    begins = _reached(datetime.combine(first, MIDNIGHT), zone)
    return begins, _reached(datetime.combine(last + _DAY, MIDNIGHT), zone)


def _openings(start: datetime, calendar: OpenHours, zone: ZoneInfo) -> Iterator[Opening]:
    """Yield (from, until) in UTC of each time that it is open from ``start`` on, in their order and apart."""
    closed = start
    # The day before: where clocks go back over midnight, its last hour is yet to come once more.
    first = start.astimezone(zone).date() - _DAY
    for ahead in range(HORIZON_DAYS):
        opening = _opening(first + ahead * _DAY, calendar, zone)
        if opening is not None and opening[1] > closed:
            yield (opening[0] if opening[0] > closed else closed), opening[1]
            closed = opening[1]


def _opening(day: date, calendar: OpenHours, zone: ZoneInfo) -> Opening | None:
    key = (day, zone)
    if key not in calendar.worked_out:
        calendar.worked_out[key] = _worked_out(day, calendar, zone)
    return calendar.worked_out[key]


def _worked_out(day: date, calendar: OpenHours, zone: ZoneInfo) -> Opening | None:
    hours = calendar.hours_of(day)
    if hours is None:
        return None
    opens = _reached(datetime.combine(day, hours[0]), zone)
    if hours[1] == MIDNIGHT:
        closes = _reached(datetime.combine(day + _DAY, MIDNIGHT), zone)
    else:
        closes = _reached(datetime.combine(day, hours[1]), zone, last=True)
    return (opens, closes) if opens < closes else None


def _reached(local: datetime, zone: ZoneInfo, *, last: bool = False) -> datetime:
    """Return the moment at which the clock of ``zone`` shows ``local``, which has no zone of its own.

    Where it shows it twice, the first or the ``last`` of the two; where it skips it, the moment at which it jumps over it.
    """
    moments = [local.replace(tzinfo=zone, fold=fold).astimezone(UTC) for fold in (0, 1)]
    shown = moments[last]
    if _shown(shown, zone) == local:
        return shown
    before, after = min(moments), max(moments)
    while after - before > _SECOND:
        middle = before + timedelta(seconds=(after - before) // _SECOND // 2)
        if _shown(middle, zone) < local:
            before = middle
        else:
            after = middle
    return after


def _shown(moment: datetime, zone: ZoneInfo) -> datetime:
    return moment.astimezone(zone).replace(tzinfo=None)
