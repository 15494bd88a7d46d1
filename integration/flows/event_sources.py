"""Where events come from: facts of the archive, and what triggers noted of our own rows; read so that none is missed.

A row that commits late bears the number of a transaction that was still running when others behind it were read. So of
every table those rows are read that older transactions wrote than any that still runs, in the order of
(``changed_xid``, ``id``), and never those behind the last id.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db import connection

from archive.changes import current_epoch, horizon
from integration.flows.event_bodies import Happening
from integration.models import EventCursor, EventType

_TOLD_OF_DOCUMENTS = {
    "delivered": EventType.DOCUMENT_DELIVERED,
    "acknowledged": EventType.DOCUMENT_ACKNOWLEDGED,
    "rejected": EventType.DOCUMENT_REJECTED,
}
"""Lines of a document's timeline that are events, by kind."""

_TYPES = {
    ("purchase_order", "accepted"): EventType.PURCHASE_ORDER_ACCEPTED,
    ("purchase_order", "disputed"): EventType.PURCHASE_ORDER_DISPUTED,
    ("purchase_order", "cancelled"): EventType.PURCHASE_ORDER_CANCELLED,
    ("shipment", "created"): EventType.SHIPMENT_CREATED,
    ("shipment", "withdrawn"): EventType.SHIPMENT_WITHDRAWN,
    ("invoice", "issued"): EventType.INVOICE_ISSUED,
    ("case", "opened"): EventType.CASE_OPENED,
    ("case", "closed"): EventType.CASE_CLOSED,
}
_IN_ANY_STATE = {"order": EventType.ORDER_CHANGED, "return": EventType.RETURN_CHANGED}


@dataclass(frozen=True)
class Source:
    """One table that is read; ``columns`` are what ``happening`` makes an event of, behind id and transaction."""

    table: str
    columns: str
    happening: Callable[[str, int, Sequence[Any]], Happening]
    where: str = "true"


def _of_document(source: str, xid: int, row: Sequence[Any]) -> Happening:
    document, at = row
    return Happening(source, xid, EventType.DOCUMENT_RECORDED, "document", document, "", at)


def _of_timeline(source: str, xid: int, row: Sequence[Any]) -> Happening:
    subject, kind, at = row
    document = int(subject.partition(":")[2])
    return Happening(source, xid, _TOLD_OF_DOCUMENTS[kind], "document", document, "", at)


def _of_occurrence(source: str, xid: int, row: Sequence[Any]) -> Happening:
    what, row_id, state, at = row
    found = _IN_ANY_STATE.get(what)
    return Happening(source, xid, found or _TYPES[what, state], what, row_id, state, at)


SOURCES = (
    Source("archive_document", "t.id, t.recorded_at", _of_document),
    Source(
        "archive_event",
        "t.subject, t.kind, t.recorded_at",
        _of_timeline,
        "t.kind IN ({}) AND t.subject LIKE 'document:%%'".format(
            ", ".join(f"'{kind}'" for kind in _TOLD_OF_DOCUMENTS)
        ),
    ),
    Source("integration_occurrence", "t.what, t.row_id, t.state, t.happened_at", _of_occurrence),
)

ROWS = """
    SELECT t.id, t.changed_xid::text, {columns}
      FROM {table} t
     WHERE (t.changed_xid, t.id) > (%(xid)s::text::xid8, %(row)s) AND t.changed_xid < %(before)s::text::xid8 AND {where}
     ORDER BY t.changed_xid, t.id LIMIT %(most)s
"""


def begin() -> None:
    """Have there be cursors from the first destination on, so that a restore is noticed before anything was read."""
    first = first_of_destinations()
    if first is not None:
        rows = [EventCursor(source=_name(each), epoch=current_epoch(), xid=first) for each in SOURCES]
        EventCursor.objects.bulk_create(rows, ignore_conflicts=True)


def _name(source: Source) -> str:
    return source.table.partition("_")[2]


def read_on(source: Source, epoch: UUID, first: int, most: int) -> tuple[list[Happening], bool]:
    """Return what is new of ``source``, at most ``most``, and whether there may be more; move its cursor behind it.

    In the caller's transaction, which is alone at it. Where nothing was read yet in ``epoch``, it begins with
    transaction ``first``; older ones are never read.
    """
    before = horizon()
    cursor, _ = EventCursor.objects.get_or_create(
        source=_name(source), defaults={"epoch": epoch, "xid": first}
    )
    if cursor.epoch != epoch or cursor.xid < first:
        cursor.epoch, cursor.xid, cursor.row_id = epoch, first, 0
    found, last = _rows(source, cursor, before, most)
    is_full = len(found) == most
    cursor.xid, cursor.row_id = last if is_full and last is not None else (max(before, cursor.xid), 0)
    cursor.save()
    return found, is_full


def _rows(
    source: Source, cursor: EventCursor, before: int, most: int
) -> tuple[list[Happening], tuple[int, int] | None]:
    query = ROWS.format(columns=source.columns, table=source.table, where=source.where)
    with connection.cursor() as database:
        database.execute(query, {"xid": cursor.xid, "row": cursor.row_id, "before": before, "most": most})
        rows = database.fetchall()
    found = [source.happening(f"{source.table}:{pk}", int(xid), rest) for pk, xid, *rest in rows]
    return found, (int(rows[-1][1]), rows[-1][0]) if rows else None


def first_of_destinations() -> int | None:
    """Return the oldest transaction that ran when the first of the destinations began; None where there are none."""
    with connection.cursor() as database:
        database.execute(
            "SELECT min(pg_snapshot_xmin(began::pg_snapshot)::text::bigint) FROM integration_eventdestination"
        )
        found: int | None = database.fetchone()[0]
        return found


def new_to_whom(xids: Sequence[int]) -> set[tuple[int, int]]:
    """Return pairs of destination and transaction: those of ``xids`` that had not committed when the destination began."""
    with connection.cursor() as database:
        database.execute(
            """
            SELECT d.id, x::text::bigint
              FROM integration_eventdestination d, unnest(%s::text[]::xid8[]) x
             WHERE NOT pg_visible_in_snapshot(x, d.began::pg_snapshot)
            """,
            [[str(each) for each in sorted(set(xids))]],
        )
        return set(database.fetchall())


def begin_anew() -> None:
    """Have every destination begin with what is committed from here on, in the caller's transaction."""
    with connection.cursor() as database:
        database.execute("UPDATE integration_eventdestination SET began = pg_current_snapshot()::text")


def forget_read() -> None:
    """Remove the occurrences that were read, in the caller's transaction."""
    with connection.cursor() as database:
        database.execute(
            "DELETE FROM integration_occurrence o USING integration_eventcursor c"
            " WHERE c.source = 'occurrence' AND o.changed_xid < c.xid::text::xid8"
        )
