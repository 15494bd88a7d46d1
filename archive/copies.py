"""Copies of payloads in the storage: made, compared, read, looked at again, and removed.

A copy's bytes are the ciphertext; the address is its hash, so every reading is a check. Nothing here asks a storage
inside a transaction: ``try_to_…`` go there and bring back outcomes, ``settle`` writes them.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import connection
from django.db.models import F, Q, QuerySet

from archive import storages
from archive.models import Payload, PayloadCopy
from archive.storages import Locked, NotThere, Place, StorageAway, StorageRefuses, Written, key_of

State = PayloadCopy.State
UNMADE = [State.WAITING, State.AGAIN]
STREAMS = 8
"""So many copies are on their way at once: a bucket far away answers slowly, and many times."""

AT_ONCE, BYTES_AT_ONCE = 40, 32_000_000
"""Of what waits so much is held in memory at once; a payload that is larger by itself, alone."""

VISIT = 60.0
"""Seconds after which copies that are still on their way are given up for now."""

CHECKED_EVERY = timedelta(days=90)
ASKED_AGAIN = timedelta(days=1)
"""When the removal of what a storage would not let go of is tried again."""

NOTHING = Written()


@dataclass(frozen=True)
class Outcome:
    """What came of one copy: its new state, or ``problem``, for which it stays as it is."""

    copy: PayloadCopy
    state: str = ""
    written: Written = NOTHING
    note: str = ""
    problem: StorageAway | StorageRefuses | None = None


def await_copy(payload: Payload) -> None:
    """Have ``payload`` be copied to the storage in use, in the caller's transaction."""
    PayloadCopy.objects.create(payload=payload, storage=storages.place_name(), key=key_of(payload.address))


def enrol(storage: str) -> int:
    """Have all payloads be copied to ``storage`` that are not known there; return how many.

    Those of before there were copies, what was loaded past ``archive.store``, and all of them where the settings name
    another place. What was moved out may stand there already; what was disposed of is left alone.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            """
            INSERT INTO archive_payloadcopy (payload_id, storage, key, version, etag)
            SELECT p.id, %(storage)s,
                   'sha256/' || substr(p.address, 1, 2) || '/' || substr(p.address, 3, 2) || '/' || p.address, '', ''
              FROM archive_payload p
             WHERE NOT EXISTS (SELECT FROM archive_payloadcopy c WHERE c.payload_id = p.id AND c.storage = %(storage)s)
               AND (octet_length(p.ciphertext) > 0
                    OR EXISTS (SELECT FROM archive_payloadcopy c WHERE c.payload_id = p.id AND c.state = 'copied'))
               AND NOT EXISTS (SELECT FROM archive_payloadcopy c
                                WHERE c.payload_id = p.id AND c.state IN ('to_remove', 'removed'))
            ON CONFLICT DO NOTHING
            """,
            {"storage": storage},
        )
        return int(cursor.rowcount)


def waiting(storage: str) -> QuerySet[PayloadCopy]:
    """Return the copies that wait to be made, the oldest first."""
    return PayloadCopy.objects.filter(state__in=UNMADE, storage=storage).order_by("pk")


def to_check(storage: str, now: datetime) -> QuerySet[PayloadCopy]:
    """Return the copies that nobody has looked at for long, those first that were not for the longest."""
    seen_before = now - CHECKED_EVERY
    rows = PayloadCopy.objects.filter(state=State.COPIED, storage=storage, checked_at__lt=seen_before)
    return rows.order_by("checked_at")


def to_remove(storage: str, now: datetime) -> QuerySet[PayloadCopy]:
    """Return the copies that are to go; those that the storage would not let go of come again after a day."""
    rows = PayloadCopy.objects.filter(state=State.TO_REMOVE, storage=storage)
    return rows.filter(Q(note="") | Q(checked_at=None) | Q(checked_at__lt=now - ASKED_AGAIN)).order_by("pk")


def batch(rows: QuerySet[PayloadCopy]) -> tuple[list[PayloadCopy], bool]:
    """Return as many of ``rows``, with their payloads, as are held in memory at once; and whether there are more."""
    sizes = list(rows.values_list("pk", "payload__size")[: AT_ONCE + 1])
    taken: list[int] = []
    total = 0
    for pk, size in sizes[:AT_ONCE]:
        total += size
        if taken and total > BYTES_AT_ONCE:
            break
        taken.append(pk)
    found = PayloadCopy.objects.filter(pk__in=taken).select_related("payload").order_by("pk")
    return list(found), len(sizes) > len(taken)


def try_to_copy(place: Place, rows: Sequence[PayloadCopy], now: datetime) -> list[Outcome]:
    """Write the payloads of ``rows`` to ``place`` and read them back."""
    return _all_at_once(lambda row: _copy(place, row, now), rows)


def try_to_check(place: Place, rows: Sequence[PayloadCopy]) -> list[Outcome]:
    """Read the copies ``rows`` and compare."""
    return _all_at_once(lambda row: _check(place, row), rows)


def try_to_remove(place: Place, rows: Sequence[PayloadCopy]) -> list[Outcome]:
    """Remove the copies ``rows`` from ``place``."""
    return _all_at_once(lambda row: _remove(place, row), rows)


def _all_at_once(act: Callable[[PayloadCopy], Outcome], rows: Sequence[PayloadCopy]) -> list[Outcome]:
    """Return the outcome of each, in order; what takes too long is given up, whatever may come of it."""
    if not rows:
        return []
    pool = ThreadPoolExecutor(STREAMS)
    try:
        asked = [(row, pool.submit(_judged, act, row)) for row in rows]
        wait([future for _, future in asked], timeout=VISIT)
        late = StorageAway(
            f"The archive's storage took longer than {VISIT:.0f} s. Copies wait; the rest goes on."
        )
        return [future.result() if future.done() else Outcome(row, problem=late) for row, future in asked]
    finally:
        pool.shutdown(wait=False, cancel_futures=True)


def _judged(act: Callable[[PayloadCopy], Outcome], row: PayloadCopy) -> Outcome:
    try:
        return act(row)
    except (StorageAway, StorageRefuses) as problem:
        return Outcome(row, problem=problem)


def _copy(place: Place, row: PayloadCopy, now: datetime) -> Outcome:
    payload = row.payload
    data = bytes(payload.ciphertext)
    if not data:
        # Moved out while another place was in use: whoever changed the settings has brought it here, or not.
        return _check(place, row)
    if not _is_whole(data, payload.address):
        return Outcome(
            row, State.DAMAGED, note="The database's own bytes do not fit their address: not copied."
        )
    if row.state == State.AGAIN:
        place.set_aside(row.key)
    written = place.write(row.key, data, now)
    found = place.read(row.key, written.version)
    if not _is_whole(found, payload.address):
        return Outcome(row, State.DAMAGED, written, "The storage gives back something else than was written.")
    return Outcome(row, State.COPIED, written)


def _check(place: Place, row: PayloadCopy) -> Outcome:
    known = Written(row.version, row.etag)
    try:
        found = place.read(row.key, row.version)
    except NotThere:
        if row.payload.ciphertext:
            return Outcome(row, State.WAITING, note="It was missing, and is copied again.")
        return Outcome(row, State.DAMAGED, known, "It is missing, and the database does not hold the bytes.")
    if not _is_whole(found, row.payload.address):
        return Outcome(row, State.DAMAGED, known, "What stands there is not what was copied.")
    return Outcome(row, State.COPIED, known)


def _remove(place: Place, row: PayloadCopy) -> Outcome:
    try:
        place.remove(row.key)
    except Locked as locked:
        return Outcome(row, State.TO_REMOVE, Written(row.version, row.etag), str(locked))
    return Outcome(row, State.REMOVED)


def _is_whole(data: bytes, address: str) -> bool:
    return hashlib.sha256(data).hexdigest() == address


def settle(outcomes: Iterable[Outcome], now: datetime) -> list[Outcome]:
    """Write what came of copies, in the caller's transaction; return the outcomes that are no success.

    A copy that is to be removed since then stays so, and what was written meanwhile is removed after it.
    """
    troubled = []
    for each in outcomes:
        if each.problem is None:
            _write(each, now)
        if each.problem is not None or each.note:
            troubled.append(each)
    return troubled


def _write(outcome: Outcome, now: datetime) -> None:
    row, is_copied = outcome.copy, outcome.state == State.COPIED
    moved = PayloadCopy.objects.filter(pk=row.pk, state=row.state).update(
        state=outcome.state,
        version=outcome.written.version,
        etag=outcome.written.etag,
        note=outcome.note,
        copied_at=now if is_copied and row.state in UNMADE else F("copied_at"),
        checked_at=now,
    )
    if not moved and is_copied:
        PayloadCopy.objects.filter(pk=row.pk, state=State.REMOVED).update(state=State.TO_REMOVE)


@dataclass(frozen=True)
class Standing:
    """How copies to one storage stand: counts, no further than was asked for; since when some wait; the last one made."""

    copied: int
    waiting: int
    damaged: int
    to_remove: int
    since: datetime | None
    last: datetime | None


def standing(storage: str, up_to: int) -> Standing:
    """Return how copies to ``storage`` stand, counting no further than ``up_to``."""
    rows = "FROM archive_payloadcopy WHERE storage = %(storage)s AND state"
    with connection.cursor() as cursor:
        cursor.execute(
            f"""
            SELECT (SELECT count(*) FROM (SELECT 1 {rows} = 'copied' LIMIT %(up_to)s) c),
                   (SELECT count(*) FROM (SELECT 1 {rows} IN ('waiting', 'again') LIMIT %(up_to)s) w),
                   (SELECT count(*) FROM (SELECT 1 {rows} = 'damaged' LIMIT %(up_to)s) d),
                   (SELECT count(*) FROM (SELECT 1 {rows} = 'to_remove' LIMIT %(up_to)s) r),
                   (SELECT made_at {rows} IN ('waiting', 'again') ORDER BY id LIMIT 1),
                   (SELECT copied_at {rows} = 'copied' ORDER BY checked_at DESC LIMIT 1)
            """,  # noqa: S608 - of our own words alone
            {"storage": storage, "up_to": up_to},
        )
        return Standing(*cursor.fetchone())


def known_storages() -> list[str]:
    """Return the storages that copies are known of, in order: one look by index for each, however many copies."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            WITH RECURSIVE known AS (
                SELECT min(storage) AS name FROM archive_payloadcopy
                UNION ALL
                SELECT (SELECT min(storage) FROM archive_payloadcopy WHERE storage > name) FROM known WHERE name IS NOT NULL
            ) SELECT name FROM known WHERE name IS NOT NULL
            """
        )
        return [name for (name,) in cursor.fetchall()]


def fetch(payload: Payload) -> bytes | None:
    """Return the bytes of ``payload``, which were moved out, as the storage in use holds them; None where it has none.

    Raises ``StorageAway`` and ``StorageRefuses``. Whoever asks compares them with the address.
    """
    row = PayloadCopy.objects.filter(
        payload=payload, storage=storages.place_name(), state__in=[State.COPIED, State.DAMAGED]
    ).first()
    if row is None:
        return None
    try:
        return storages.place().read(row.key, row.version)
    except NotThere:
        return None
