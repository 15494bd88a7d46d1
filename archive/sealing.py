"""Seal facts: give every row its leaf in the open tree, and close the tree once a day, chained and signed.

What is not yet sealed is asked of the leaves themselves, never of a number or a time: a row that commits late is simply
not sealed yet. Numbers of transactions and ids only spare looking again at what is known to be sealed. One seals at a time (an advisory lock), so places have no gap and roots one order.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from time import monotonic
from typing import Protocol

from django.db import connection
from django.db.models import Max
from psycopg import sql

from archive import merkle
from archive.changes import current_epoch, horizon
from archive.clock import database_now
from archive.leaves import Source, read, sources
from archive.models import CursorEpoch, SealHorizon, SealLeaf, SealRoot
from archive.signing import sign
from archive.verify import NO_CHAIN, statement

GRACE = timedelta(minutes=10)
"""A day is closed so long after its midnight (UTC): what was begun before it has committed by then, as a rule."""

BATCH = 20_000
LOWEST_ID = -(1 << 63)
_LOCK = int.from_bytes(b"seal")
_UNSEALED = sql.SQL(
    """
    WHERE t.changed_xid >= {before}::text::xid8
      AND NOT EXISTS (SELECT 1 FROM archive_sealleaf s WHERE s.table_name = {table} AND s.row_id = t.id)
      AND t.id > {after}
    """
)
_IN_ORDER = sql.SQL("{} ORDER BY t.id LIMIT {}")
_WAITS = sql.SQL("SELECT {} WHERE EXISTS (SELECT 1 FROM {} t {})")
_FIRST = sql.SQL("(SELECT t.recorded_at AS at FROM {} t {} ORDER BY t.changed_xid LIMIT 1)")
_COPY = "COPY archive_sealleaf (table_name, row_id, leaf, tree, place) FROM STDIN"


class Writes(Protocol):
    """Gives a transaction to write in (``integration.work.Claim``)."""

    def transaction(self) -> AbstractContextManager[None]:
        """Open one."""


@dataclass
class Look:
    """One look for what is not yet sealed, in several transactions.

    Of rows that transactions before ``before`` wrote it knows that they are sealed; ``running`` is the oldest transaction
    that ran when it began, and ``reached`` the last id that it saw of each table. A row with a smaller id that commits
    behind its back is of ``running`` or a later one: the next look, which begins there, finds it.
    """

    before: int
    running: int
    reached: dict[str, int] = field(default_factory=dict)
    sealed: int = 0
    is_complete: bool = False


def seal(writes: Writes, *, everything: bool = False, within: timedelta | None = None) -> Look:
    """Seal what is not yet sealed, a batch a transaction, and return how far that came.

    ``everything`` looks through whole tables, and not only at what the last transactions wrote. After ``within`` it stops
    before it is complete; the next look goes on.
    """
    began = monotonic()
    look = None
    while True:
        with writes.transaction():
            _alone()
            look = look or _begin(everything=everything)
            seal_batch(look)
        if look.is_complete or (within is not None and monotonic() - began > within.total_seconds()):
            return look


def _begin(*, everything: bool) -> Look:
    """Begin a look; what is asked first is the oldest transaction: what older ones wrote, every look that follows sees."""
    running = horizon()
    return Look(0 if everything else _horizon(), running)


def seal_batch(look: Look, most: int = BATCH) -> None:
    """Seal at most ``most`` rows of what ``look`` has not seen, in the caller's transaction, which is alone at it."""
    tree = open_tree()
    place = size_of(tree)
    left = most
    for source in _waiting(look):
        found = list(read(source, _IN_ORDER.format(_unsealed(source, look), left)))
        if not found:
            continue
        _add(source.table, found, tree, place + most - left)
        look.reached[source.table] = found[-1][0]
        look.sealed += len(found)
        left -= len(found)
        if not left:
            return
    SealHorizon.objects.update_or_create(
        pk=SealHorizon.ONLY, defaults={"epoch": current_epoch(), "before": look.running}
    )
    look.is_complete = True


def close(writes: Writes, *, now: bool = False, within: timedelta | None = None) -> SealRoot | None:
    """Close the open tree where its day is over, after a look through everything; ``now``: whatever the time is.

    Returns the new root, None where there was nothing to close or ``within`` was over first. Raises
    ``ImproperlyConfigured`` for a signing key that is none.
    """
    if not now and day_to_close() is None:
        return None
    if not seal(writes, everything=True, within=within).is_complete:
        return None
    with writes.transaction():
        _alone()
        # What has committed since the look through everything is recent.
        look = _begin(everything=False)
        while not look.is_complete:
            seal_batch(look)
        moment = database_now()
        day = moment.astimezone(UTC).date() if now else day_to_close()
        return _close(day, moment) if day is not None else None


def day_to_close() -> date | None:
    """Return the last day that is over and has no root yet; None where that is not so, or nothing was ever sealed."""
    day = (database_now().astimezone(UTC) - GRACE).date() - timedelta(days=1)
    last = SealRoot.objects.aggregate(day=Max("day"))["day"]
    if last is not None:
        return day if last < day else None
    first = SealLeaf.objects.order_by("tree", "place").values_list("recorded_at", flat=True).first()
    return day if first is not None and first.astimezone(UTC).date() <= day else None


def oldest_unsealed() -> datetime | None:
    """Return when the first of what is not yet sealed was recorded, of each table the oldest transaction; None: all is.

    By the index on transactions, from where everything is known to be sealed: a look as short as the time since the last turn.
    """
    look = Look(_horizon(), 0)
    asked = [_FIRST.format(source.name, _unsealed(source, look)) for source in sources().values()]
    with connection.cursor() as cursor:
        cursor.execute(sql.SQL("SELECT min(at) FROM ({}) first").format(sql.SQL(" UNION ALL ").join(asked)))
        (found,) = cursor.fetchone()
    assert found is None or isinstance(found, datetime)
    return found


def open_tree() -> int:
    """Return the number of the tree that takes leaves now."""
    return int(SealRoot.objects.aggregate(last=Max("tree"))["last"] or 0) + 1


def size_of(tree: int) -> int:
    """Return how many leaves ``tree`` has."""
    last = SealLeaf.objects.filter(tree=tree).aggregate(last=Max("place"))["last"]
    return 0 if last is None else int(last) + 1


def hashes_of(tree: int) -> Iterator[bytes]:
    """Return the leaf hashes of ``tree`` in their places' order."""
    with connection.chunked_cursor() as cursor:
        cursor.execute("SELECT leaf FROM archive_sealleaf WHERE tree = %s ORDER BY place", [tree])
        while rows := cursor.fetchmany(10_000):
            for (leaf,) in rows:
                yield bytes(leaf)


def time_text(moment: datetime) -> str:
    """Return a time as seals say it."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def statement_of(root: SealRoot) -> bytes:
    """Return what is signed of ``root``."""
    return statement(root.name, time_text(root.closed_at), root.size, root.root, root.previous)


def _close(day: date, moment: datetime) -> SealRoot:
    last = SealRoot.objects.order_by("-tree").first()
    tree = last.tree + 1 if last is not None else 1
    size, root = merkle.tree_hash(hashes_of(tree))
    row = SealRoot(
        tree=tree,
        name=_name(day),
        day=day,
        closed_at=moment,
        size=size,
        root=root.hex(),
        previous=last.chain if last is not None else NO_CHAIN,
    )
    said = statement_of(row)
    row.chain = hashlib.sha256(said).hexdigest()
    row.signature, row.key = sign(said)
    row.save(force_insert=True)
    return row


def _name(day: date) -> str:
    earlier = SealRoot.objects.filter(day=day).count()
    epochs = list(CursorEpoch.objects.order_by("pk").values_list("token", flat=True))
    # The lost database may have published this day already, and another tree under one name would be called a forgery.
    restored = f"r{epochs[-1].hex[:8]}" if len(epochs) > 1 else ""
    return f"{day}{f'.{earlier + 1}' if earlier else ''}{restored}"


def _alone() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_LOCK])


def _horizon() -> int:
    """Return up to which transaction everything is known to be sealed."""
    kept = SealHorizon.objects.first()
    return kept.before if kept is not None and kept.epoch == current_epoch() else 0


def _unsealed(source: Source, look: Look) -> sql.Composable:
    return _UNSEALED.format(
        before=str(look.before), table=source.table, after=look.reached.get(source.table, LOWEST_ID)
    )


def _waiting(look: Look) -> list[Source]:
    """Return the tables with rows that are not sealed: most have none, and are asked in one question."""
    asked = [
        _WAITS.format(source.table, source.name, _unsealed(source, look)) for source in sources().values()
    ]
    with connection.cursor() as cursor:
        cursor.execute(sql.SQL(" UNION ALL ").join(asked))
        return [sources()[table] for (table,) in cursor.fetchall()]


def _add(table: str, found: list[tuple[int, bytes]], tree: int, place: int) -> None:
    if not found:
        return
    with connection.cursor() as cursor, cursor.copy(_COPY) as copy:
        for number, (row_id, leaf) in enumerate(found, place):
            copy.write_row((table, row_id, merkle.leaf_hash(leaf), tree, number))
