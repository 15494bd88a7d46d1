"""Count what the dashboard's charts show, a day at a time, so that no page counts a million rows."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise

from django.db import connection
from django.db.models import Max

from archive.clock import database_now
from integration.models import ANSWERED_WITHIN, DailyFigure

EVERY = timedelta(minutes=5)
SHOWN_DAYS = 14
COUNTED_DAYS = SHOWN_DAYS + 16
"""How far back is counted where nothing is counted yet."""
STILL_CHANGING = timedelta(days=3)
"""Days that are counted anew: what was sent on them is still being answered."""

_MINUTES = "extract(epoch FROM first.at - d.recorded_at) / 60"
_COUNT = """
    INSERT INTO integration_dailyfigure
           (day, partner_id, transaction_set, direction, documents, failed, answered, counted_at, first_at, last_at)
    SELECT (d.recorded_at AT TIME ZONE 'UTC')::date, d.partner_id, d.transaction_set, d.direction, count(*),
           count(*) FILTER (WHERE s.validation = 'invalid' OR s.delivery IN ('failed', 'unknown')
                                  OR s.acknowledgment = 'rejected'),
           ARRAY[{buckets}], clock_timestamp(), min(d.recorded_at), max(d.recorded_at)
      FROM archive_document d
      LEFT JOIN archive_documentstate s ON s.document_id = d.id
      LEFT JOIN LATERAL (
           SELECT min(a.recorded_at) AS at FROM archive_acknowledgment a WHERE a.document_id = d.id
      ) first ON d.direction = 'out'
     WHERE d.recorded_at >= %s AND d.recorded_at < %s
     GROUP BY 1, 2, 3, 4
    ON CONFLICT (day, partner_id, transaction_set, direction) DO UPDATE
       SET documents = excluded.documents, failed = excluded.failed, answered = excluded.answered,
           counted_at = excluded.counted_at, first_at = excluded.first_at, last_at = excluded.last_at
"""


def keep_figures() -> bool:
    """Count anew what may have changed, unless that was done within ``EVERY``, in the caller's
    transaction; return whether it was."""
    now = database_now()
    last = DailyFigure.objects.aggregate(at=Max("counted_at"))["at"]
    if last is not None and now - last < EVERY:
        return False
    began = now - timedelta(days=COUNTED_DAYS) if last is None else last - STILL_CHANGING
    first = datetime(began.year, began.month, began.day, tzinfo=UTC)
    with connection.cursor() as cursor:
        cursor.execute(_COUNT.format(buckets=_buckets()), [first, now + timedelta(days=1)])
    return True


def _buckets() -> str:
    """Return the counts of acknowledgments by how long they took, as SQL."""
    bounds = [0, *ANSWERED_WITHIN, None]
    counts = []
    for least, most in pairwise(bounds):
        # An acknowledgment that was recorded before its document, by a clock set back, took no time.
        above = f" AND {_MINUTES} >= {least}" if least else ""
        below = f" AND {_MINUTES} < {most}" if most else ""
        counts.append(f"count(*) FILTER (WHERE first.at IS NOT NULL{above}{below})::int")
    return ", ".join(counts)
