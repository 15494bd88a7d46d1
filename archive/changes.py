"""Read what changed, without missing or repeating a row: a page at a time, in the order of transactions.

A page holds what transactions wrote that were over, all of them and all older ones, when it was read: numbers below
``pg_snapshot_xmin``. So what commits late is never behind a cursor; a cursor on time, or on ids, passes it by.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import connection
from psycopg import sql

from archive.models import CursorEpoch, TrimmedChanges

RESOURCES = (
    "documents", "interchanges", "orders", "purchase_orders", "purchase_order_lines", "shipments", "invoices",
    "supplier_invoices", "returns", "return_lines", "acknowledgment_lines", "cases", "partners", "stores",
    "mappings", "reconciliations", "daily_figures",
)  # fmt: skip
"""What is reported; migrations say of which tables each is made (``archive.telling``)."""

LONGEST_TRANSACTION = timedelta(hours=1)
"""A time is looked for this much earlier: the numbers of transactions and the times at which they began differ in order."""

LAST = (1 << 63) - 1
"""Behind every row, and every transaction."""
_HORIZON = "pg_snapshot_xmin(pg_current_snapshot())"
_NEWER = f"""
    EXISTS (SELECT 1 FROM archive_change n WHERE n.resource = c.resource AND n.row_id = c.row_id
               AND n.changed_xid > c.changed_xid AND n.changed_xid < {_HORIZON})
"""
_PAGE = f"""
    SELECT c.changed_xid::text::bigint, c.row_id, c.changed_at, {_NEWER}
      FROM (SELECT * FROM archive_change
             WHERE resource = %s AND (changed_xid, row_id) > (%s::text::xid8, %s) AND changed_xid < {_HORIZON}
               AND changed_xid < %s::text::xid8
             ORDER BY changed_xid, row_id LIMIT %s) c
     ORDER BY c.changed_xid, c.row_id
"""
_OF_ROWS = f"""
    SELECT c.changed_xid::text::bigint, c.row_id, c.changed_at, false
      FROM archive_change c
     WHERE c.resource = %s AND c.row_id = ANY(%s) AND c.changed_xid < {_HORIZON} AND NOT {_NEWER}
       AND (c.changed_xid, c.row_id) > (%s::text::xid8, %s) AND c.changed_xid < %s::text::xid8
     ORDER BY c.changed_xid, c.row_id LIMIT %s
"""
_LATER = """
    SELECT 1 FROM archive_change WHERE resource = %s AND row_id = %s AND changed_xid > %s::text::xid8 LIMIT 1
"""
_BEFORE = """
    SELECT changed_xid::text::bigint FROM archive_change
     WHERE resource = %s AND changed_at < %s ORDER BY changed_at DESC LIMIT 1
"""
_COMPLETE = f"""
    SELECT CASE WHEN {_HORIZON} = pg_snapshot_xmax(pg_current_snapshot()) THEN statement_timestamp()
           ELSE coalesce((SELECT changed_at FROM archive_change WHERE resource = %s AND changed_xid < {_HORIZON}
                           ORDER BY changed_xid DESC LIMIT 1), 'epoch'::timestamptz) END
"""
_TRIM = f"""
    WITH looked AS MATERIALIZED (
        SELECT resource, row_id, changed_xid FROM archive_change
         WHERE resource = %s AND (changed_xid, row_id) > (%s::text::xid8, %s)
           AND changed_xid < {_HORIZON}
         ORDER BY changed_xid, row_id LIMIT %s),
    gone AS (DELETE FROM archive_change c USING looked l
              WHERE c.resource = l.resource AND c.row_id = l.row_id AND c.changed_xid < l.changed_xid)
    SELECT changed_xid::text::bigint, row_id FROM looked ORDER BY changed_xid DESC, row_id DESC LIMIT 1
"""


class BadCursor(ValueError):
    """The text is no cursor of ours."""


class CursorOver(ValueError):
    """The cursor is of a database that this one was restored from: what it was read up to means nothing here."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a reader is: everything up to this transaction, and in it up to this row, was given to him."""

    changed_xid: int = 0
    row: int = 0


@dataclass(frozen=True, slots=True)
class Changed:
    """A row that changed: where the reader is behind it, and when the transaction that wrote it began."""

    place: Place
    at: datetime

    @property
    def row(self) -> int:
        """Its primary key."""
        return self.place.row


@dataclass(frozen=True, slots=True)
class Changes:
    """What was looked at: ``rows`` as they are now, once each; ``reached`` is behind all of it, ``goes_on`` says that there
    is more. What a later entry says again is not among the rows."""

    rows: Sequence[Changed]
    reached: Place
    goes_on: bool


def current_epoch() -> UUID:
    """Return the epoch of this database (``CursorEpoch``)."""
    return CursorEpoch.objects.order_by("-pk").values_list("token", flat=True)[0]


def written(place: Place, epoch: UUID) -> str:
    """Return the text by which a reader goes on behind ``place``."""
    return (
        base64.urlsafe_b64encode(f"{epoch.hex}.{place.changed_xid}.{place.row}".encode()).decode().rstrip("=")
    )


def read(text: str, epoch: UUID) -> Place:
    """Return the place that ``text`` names. Raises ``BadCursor``, or ``CursorOver`` where it is of another epoch."""
    try:
        told = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True).decode("ascii")
        known, xid, row = told.split(".")
        if not (xid.isdecimal() and row.isdecimal() and len(xid) < 20 and len(row) < 20):
            raise BadCursor(text)
        place = Place(int(xid), int(row))
        is_ours = UUID(hex=known) == epoch
    except (ValueError, binascii.Error) as error:
        raise BadCursor(text) from error
    if max(place.changed_xid, place.row) > LAST:
        raise BadCursor(text)
    if not is_ours:
        raise CursorOver(text)
    return place


def horizon() -> int:
    """Return the oldest transaction that is not over: what older ones wrote is all there."""
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {_HORIZON}::text::bigint")
        found: int = cursor.fetchone()[0]
    return found


def page(resource: str, after: Place, size: int, until: int | None = None) -> Changes:
    """Return what transactions before ``until`` changed behind ``after``, looking at no more than ``size`` entries."""
    found = _asked(
        _PAGE, [resource, after.changed_xid, after.row, LAST if until is None else until, size + 1]
    )
    kept = found[:size]
    rows = [changed for changed, is_said_again in kept if not is_said_again]
    return Changes(rows, kept[-1][0].place if kept else after, len(found) > size)


def of_rows(resource: str, rows: Sequence[int], after: Place, size: int, until: int | None = None) -> Changes:
    """Return what transactions before ``until`` changed of ``rows`` alone, ``size`` at most."""
    before = LAST if until is None else until
    values = [resource, list(rows), after.changed_xid, after.row, before, size + 1]
    found = [changed for changed, _ in _asked(_OF_ROWS, values)]
    kept = found[:size]
    return Changes(kept, kept[-1].place if kept else after, len(found) > size)


def newest(resource: str, row: int) -> Changed | None:
    """Return the last change of a row that readers may be told of; None where there is none yet."""
    return next(iter(of_rows(resource, [row], Place(), 1).rows), None)


def is_newest(resource: str, told: Changed) -> bool:
    """Say whether nothing is known of a later change of that row, be readers told of it yet or not."""
    with connection.cursor() as cursor:
        cursor.execute(_LATER, [resource, told.row, told.place.changed_xid])
        return cursor.fetchone() is None


def since(resource: str, moment: datetime) -> Place:
    """Return a place before everything that transactions changed which began at ``moment`` or later.

    They got their numbers after that; whatever began ``LONGEST_TRANSACTION`` before it had got its own by then.
    """
    with connection.cursor() as cursor:
        cursor.execute(_BEFORE, [resource, moment - LONGEST_TRANSACTION])
        found = cursor.fetchone()
    return Place() if found is None else Place(found[0], LAST)


def complete_until(resource: str) -> datetime:
    """Return a time before which nothing was committed that is not below every reader's horizon.

    Now, where nothing is being written; else when the last transaction began that is over together with all older ones.
    """
    with connection.cursor() as cursor:
        cursor.execute(_COMPLETE, [resource])
        found: datetime = cursor.fetchone()[0]
    return found


def tell_statement(resource: str, table: str) -> sql.Composed:
    """Return the statement that tells every row of ``table``, for who wrote them with no triggers at work."""
    return sql.SQL("INSERT INTO archive_change (resource, row_id) SELECT {}, id FROM {}").format(
        sql.Literal(resource), sql.Identifier(table)
    )


def trim(most: int = 20_000) -> None:
    """Remove entries that a later one of the same row says again, looking at ``most`` new ones of each resource.

    In the caller's transaction. A reader who has not come as far meets the row at its later entry.
    """
    epoch = current_epoch()
    for resource in RESOURCES:
        known = TrimmedChanges.objects.filter(resource=resource, epoch=epoch).first()
        begin = [known.transaction, known.row] if known else [0, 0]
        with connection.cursor() as cursor:
            cursor.execute(_TRIM, [resource, *begin, most])
            reached = cursor.fetchone()
        if reached is not None:
            transaction, row = reached
            TrimmedChanges.objects.update_or_create(
                resource=resource, defaults={"epoch": epoch, "transaction": transaction, "row": row}
            )


def _asked(query: str, values: list[Any]) -> list[tuple[Changed, bool]]:
    with connection.cursor() as cursor:
        cursor.execute(query, values)
        return [
            (Changed(Place(xid, row), at), is_said_again) for xid, row, at, is_said_again in cursor.fetchall()
        ]
