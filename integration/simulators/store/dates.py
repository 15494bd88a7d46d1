"""Dates as the API writes and takes them. The store's dates have whole seconds."""

from __future__ import annotations

from datetime import UTC, datetime
from email.utils import format_datetime, parsedate_to_datetime


def v2_date(seconds: float) -> str:
    """Return a date as V2 writes it: RFC 2822, UTC."""
    return format_datetime(datetime.fromtimestamp(int(seconds), UTC))


def v3_date(seconds: float) -> str:
    """Return a date as V3 writes it: ISO 8601, UTC."""
    return datetime.fromtimestamp(int(seconds), UTC).isoformat()


def moment(text: str) -> datetime:
    """Return the time, aware, that RFC 2822 or ISO 8601 text says. Raises ``ValueError``."""
    for read in (datetime.fromisoformat, parsedate_to_datetime):
        try:
            found = read(text)
        except (ValueError, OverflowError):
            continue
        return found if found.tzinfo is not None else found.replace(tzinfo=UTC)
    raise ValueError("A date is written as in RFC 2822 or ISO 8601.")
