"""The one clock: the database's. A machine's own may be wrong by any amount, and several never agree."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from django.db import connection

_EARLIEST_ZONE = timedelta(hours=14)


def database_now() -> datetime:
    """Return the time by the database's clock, which dates the facts and ends the leases."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT clock_timestamp()")
        (now,) = cursor.fetchone()
    assert isinstance(now, datetime)
    return now


def latest_day() -> date:
    """Return the latest day that has begun anywhere: what people date later than this is a day to come for everybody."""
    return (database_now() + _EARLIEST_ZONE).date()
