"""The hand-over of work: put, claim, finish, retry, park.

A claim counts the attempt before anything is done, so a step that kills its worker is seen to have died. A
lease runs on the database's clock. Everything a claimed step writes is written inside ``claim.transaction()``,
which refuses the write when the lease has passed to another worker.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Protocol
from uuid import UUID, uuid4

from django.db import IntegrityError, connection, transaction

from archive.correlation import current_correlation_id, new_correlation_id
from integration import channels, claimable
from integration.models import Work

LEASE = timedelta(seconds=30)
DEATHS_UNTIL_PARKED = 3
_LONGEST_WAIT = timedelta(minutes=15)


@dataclass(frozen=True)
class Step:
    """One thing to do next: step ``name`` for ``subject`` (a primary key as text), not before ``delay``.

    ``ordering_key`` keeps steps of one order, mailbox or store from overtaking one another. ``talks_to`` is the channel of
    the store or mailbox that it asks something of (``store_channel``), ``""`` where it asks nobody.
    """

    name: str
    subject: str
    ordering_key: str
    delay: timedelta = timedelta(0)
    talks_to: str = ""


class LeaseLost(Exception):
    """The lease ran out and another worker holds the work: nothing was written."""


class Claim(Protocol):
    """Permission to write for one piece of work."""

    def transaction(self) -> AbstractContextManager[None]:
        """Open a transaction that commits only while the permission holds."""


class Unclaimed:
    """The permission of a person or command that does a step at once, outside the queue."""

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Open a plain transaction."""
        with transaction.atomic():
            yield


@dataclass(frozen=True)
class ClaimedWork:
    """One claimed row and the token that every later write must still find on it.

    ``troubled`` says that an earlier attempt failed.
    """

    pk: int
    lane: str
    step: str
    subject: str
    ordering_key: str
    correlation_id: str
    attempts: int
    deaths: int
    troubled: bool
    talks_to: str
    token: UUID

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Open a transaction that holds the row and so the lease; raise ``LeaseLost`` without it."""
        with transaction.atomic():
            held = Work.objects.select_for_update().filter(pk=self.pk, lease_token=self.token)
            if not held.exists():
                raise LeaseLost(f"{self.step} {self.subject}")
            yield


def put(lane: str, step: Step) -> None:
    """Insert ``step``; where its row exists, bring it forward; where it runs, have it run again, not before its delay.

    A parked row stays parked: a person decides when it goes on.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            """
            INSERT INTO integration_work AS w
                   (lane, step, subject, ordering_key, correlation_id, attempts, deaths, due_at, again, error,
                    channel, talks_to)
            VALUES (%s, %s, %s, %s, %s, 0, 0, clock_timestamp() + make_interval(secs => %s), false, '', '', %s)
            ON CONFLICT (step, subject) DO UPDATE
               SET again = w.again OR w.lease_token IS NOT NULL,
                   talks_to = COALESCE(NULLIF(EXCLUDED.talks_to, ''), w.talks_to),
                   due_at = CASE WHEN w.lease_token IS NULL OR w.again THEN LEAST(w.due_at, EXCLUDED.due_at)
                                 ELSE EXCLUDED.due_at END
            """,
            [
                lane,
                step.name,
                step.subject,
                step.ordering_key,
                current_correlation_id() or new_correlation_id(),
                step.delay.total_seconds(),
                step.talks_to,
            ],
        )


def ensure(lane: str, step: Step) -> None:
    """Insert ``step`` where its row is missing, and leave it as it is where it exists."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            INSERT INTO integration_work
                   (lane, step, subject, ordering_key, correlation_id, attempts, deaths, due_at, again, error,
                    channel, talks_to)
            VALUES (%s, %s, %s, %s, %s, 0, 0, clock_timestamp() + make_interval(secs => %s), false, '', '', %s)
            ON CONFLICT (step, subject) DO NOTHING
            """,
            [
                lane,
                step.name,
                step.subject,
                step.ordering_key,
                new_correlation_id(),
                step.delay.total_seconds(),
                step.talks_to,
            ],
        )


_TAKE = """
    UPDATE integration_work
       SET attempts = attempts + 1,
           deaths = deaths + CASE WHEN lease_token IS NULL THEN 0 ELSE 1 END,
           lease_until = clock_timestamp() + make_interval(secs => %(lease)s), lease_token = %(token)s
     WHERE id = ANY(%(ids)s)
    RETURNING id, lane, step, subject, ordering_key, correlation_id, attempts, deaths, error <> '', talks_to
"""


def claim(
    lane: str, *, limit: int = 10, lease: timedelta = LEASE, token: UUID | None = None
) -> list[ClaimedWork]:
    """Claim due rows of ``lane``, the longest due first; an empty list says that nothing may be begun now.

    Up to ``limit`` of what asks nobody; of what asks a store or mailbox one, since it may take its time: within its
    sessions, and not while its channel is open or rests. A row tried before is claimed alone, so that what kills a
    worker never takes neighbours with it. ``token`` lets the caller ``give_back`` what was claimed although the answer
    never came.
    """
    token = token or uuid4()
    for side in claimable.sides(lane):
        try:
            found = (
                _claim_of_side(lane, side, lease, token) if side else _claim_batch(lane, limit, lease, token)
            )
        except IntegrityError:
            # Another worker took earlier work of the same key between our look and our claim.
            if not side and limit > 1:
                return claim(lane, limit=1, lease=lease, token=token)
            continue
        if found:
            return found
    return []


def _claim_batch(lane: str, limit: int, lease: timedelta, token: UUID) -> list[ClaimedWork]:
    with transaction.atomic():
        found = claimable.take(lane, "", limit)
        if not found:
            return []
        fresh = [pk for pk, attempts in found if attempts == 0]
        return _take([found[0][0]] if found[0][1] else fresh, lease, token)


def _claim_of_side(lane: str, side: str, lease: timedelta, token: UUID) -> list[ClaimedWork]:
    with transaction.atomic():
        channels.hold(side)
        room = claimable.room(lane, side)
        if room is None:
            return []
        if room.probe is not None:
            found = claimable.take_probe(lane, room.probe)
        else:
            found = claimable.take(lane, side, 1)
        if not found or (room.is_probe and not channels.begin_probe(side)):
            return []
        return _take([found[0][0]], lease, token)


def _take(pks: Sequence[int], lease: timedelta, token: UUID) -> list[ClaimedWork]:
    with connection.cursor() as cursor:
        cursor.execute(_TAKE, {"lease": lease.total_seconds(), "token": token, "ids": list(pks)})
        rows = cursor.fetchall()
    place = {pk: number for number, pk in enumerate(pks)}
    return [_claimed(row, token) for row in sorted(rows, key=lambda row: place[row[0]])]


def _claimed(row: tuple[Any, ...], token: UUID) -> ClaimedWork:
    pk, lane, step, subject, ordering_key, correlation_id, attempts, deaths, troubled, talks_to = row
    return ClaimedWork(
        pk, lane, step, subject, ordering_key, correlation_id, attempts, deaths, troubled, talks_to, token
    )


def renew(work: ClaimedWork, *, lease: timedelta = LEASE) -> bool:
    """Lengthen the lease from now; return False where it is already another's.

    Where it runs out, the work is due anew by then, behind what became due before: what hangs its worker takes the
    place of nothing else.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            """
            UPDATE integration_work w
               SET lease_until = n.ends, due_at = CASE WHEN w.again THEN w.due_at ELSE n.ends END
              FROM (SELECT clock_timestamp() + make_interval(secs => %s) AS ends) n
             WHERE w.id = %s AND w.lease_token = %s
            """,
            [lease.total_seconds(), work.pk, work.token],
        )
        return bool(cursor.rowcount == 1)


def finish(work: ClaimedWork) -> None:
    """Close the row, in the caller's transaction; where it was asked for again meanwhile, open it anew."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            UPDATE integration_work
               SET again = false, attempts = 0, deaths = 0, error = '', channel = '', lease_until = NULL,
                   lease_token = NULL, due_at = GREATEST(due_at, clock_timestamp())
             WHERE id = %s AND lease_token = %s AND again
            """,
            [work.pk, work.token],
        )
        if cursor.rowcount:
            return
        cursor.execute(
            "DELETE FROM integration_work WHERE id = %s AND lease_token = %s", [work.pk, work.token]
        )
        if cursor.rowcount != 1:
            raise LeaseLost(f"{work.step} {work.subject}")


def release(works: Sequence[ClaimedWork]) -> None:
    """Give back what was claimed and not begun: the attempt does not count."""
    for work in works:
        Work.objects.filter(pk=work.pk, lease_token=work.token).update(
            attempts=work.attempts - 1, deaths=work.deaths, lease_until=None, lease_token=None
        )


def give_back(token: UUID) -> int:
    """Give back all that was claimed with ``token`` and not ended; return how many rows. The attempt does not count."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            UPDATE integration_work
               SET attempts = attempts - 1, lease_until = NULL, lease_token = NULL,
                   due_at = LEAST(due_at, clock_timestamp())
             WHERE lease_token = %s
            """,
            [token],
        )
        return int(cursor.rowcount)


def database_went_away() -> bool:
    """Say, after an error of the database, whether it was the connection that broke, or could not be made."""
    made = connection.connection
    return made is None or bool(made.closed)


def wait_before_retry(attempts: int, retry_after: timedelta | None, rng: random.Random) -> timedelta:
    """Return the pause before the next try: full jitter over a doubling ceiling, never below what was asked."""
    ceiling = min(_LONGEST_WAIT.total_seconds(), 2.0 * 2 ** min(attempts, 12))
    wait = timedelta(seconds=rng.uniform(0.5, ceiling))
    return max(wait, retry_after) if retry_after else wait


def retry(work: ClaimedWork, error: str, wait: timedelta, channel: str = "") -> None:
    """Put the row back for another try after ``wait``, with the sentence that says why."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            UPDATE integration_work
               SET error = %s, channel = %s, due_at = clock_timestamp() + make_interval(secs => %s),
                   lease_until = NULL, lease_token = NULL, deaths = 0, again = false
             WHERE id = %s AND lease_token = %s
            """,
            [error, channel, wait.total_seconds(), work.pk, work.token],
        )


def park(work: ClaimedWork, error: str, channel: str = "") -> None:
    """Stop the row until a person lets it go on; later work of its ordering key waits behind it."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            UPDATE integration_work
               SET error = %s, channel = %s, parked_at = clock_timestamp(), lease_until = NULL, lease_token = NULL,
                   again = false
             WHERE id = %s AND lease_token = %s
            """,
            [error, channel, work.pk, work.token],
        )


def hold(work: ClaimedWork, reason: str, channel: str, until: timedelta) -> None:
    """Put the row back untried until ``channel`` is released, or ``until`` is over and somebody looks again."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            UPDATE integration_work
               SET error = %s, channel = %s, attempts = %s, deaths = %s, lease_until = NULL, lease_token = NULL,
                   due_at = clock_timestamp() + make_interval(secs => %s)
             WHERE id = %s AND lease_token = %s
            """,
            [reason, channel, work.attempts - 1, work.deaths, until.total_seconds(), work.pk, work.token],
        )


def unpark(pk: int) -> bool:
    """Let a parked row go on as if it had never been tried; return whether there was one."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            UPDATE integration_work
               SET parked_at = NULL, attempts = 0, deaths = 0, due_at = clock_timestamp()
             WHERE id = %s AND parked_at IS NOT NULL
            """,
            [pk],
        )
        return bool(cursor.rowcount == 1)


def release_channel(channel: str) -> int:
    """Let everything that waits for ``channel`` go on now, parked or not; return how many rows there are."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            UPDATE integration_work
               SET parked_at = NULL, attempts = 0, deaths = 0, due_at = clock_timestamp()
             WHERE channel = %s AND lease_token IS NULL
            """,
            [channel],
        )
        return int(cursor.rowcount)


def waits_for(channel: str) -> bool:
    """Say whether anything waits for ``channel`` after a failure."""
    return Work.objects.filter(channel=channel).exclude(error="").exists()


def due_lanes() -> list[str]:
    """Return the lanes that have work a worker could begin now."""
    return claimable.lanes()
