"""The breaker of each store and mailbox: one function for each transition of ``Channel``.

Whoever writes work rows and a channel in one transaction writes the channel after them: two that take the same rows in
turn never wait for one another in a circle.
"""

from __future__ import annotations

import random
from dataclasses import dataclass
from datetime import timedelta

from django.db import connection

OPENS_AFTER = 3
"""Failures in a row after which nothing more is begun."""

FIRST_PAUSE = timedelta(seconds=5)
LONGEST_PAUSE = timedelta(minutes=5)
"""Ceilings of the pause before a probe, which doubles with each probe: full jitter, a second at least."""

_rng = random.SystemRandom()


@dataclass(frozen=True)
class Verdict:
    """What a failure made of a channel: how many there are in a row, and whether it is open."""

    failures: int
    is_open: bool


# Of so many probes begun, the pause before the next is between a second and a ceiling that doubles.
def _pause() -> dict[str, float]:
    return {
        "jitter": _rng.random(),
        "first": FIRST_PAUSE.total_seconds(),
        "longest": LONGEST_PAUSE.total_seconds(),
    }


def ensure(name: str) -> None:
    """Have there be a row."""
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO integration_channel (name, failures, probes) VALUES (%s, 0, 0) ON CONFLICT DO NOTHING",
            [name],
        )


def hold(name: str) -> None:
    """Hold the row until the transaction ends: who looks at what runs or waits for it, does so one after the other."""
    for _ in range(2):
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1 FROM integration_channel WHERE name = %s FOR UPDATE", [name])
            if cursor.fetchone():
                return
        ensure(name)


def failed(name: str, *, at_once: bool = False, probe_now: bool = False) -> Verdict:
    """Count a failure that is the other side's; open after ``OPENS_AFTER`` in a row, or ``at_once``.

    ``probe_now`` has the first probe follow without a pause. Of an open channel the next probe moves away.
    """
    ensure(name)
    with connection.cursor() as cursor:
        cursor.execute(
            """
            UPDATE integration_channel
               SET failures = failures + 1,
                   opened_at = COALESCE(opened_at, CASE WHEN %(at_once)s OR failures + 1 >= %(opens_after)s
                                                        THEN clock_timestamp() END),
                   probe_at = CASE WHEN opened_at IS NULL AND NOT (%(at_once)s OR failures + 1 >= %(opens_after)s)
                                   THEN NULL
                                   WHEN opened_at IS NULL AND %(probe_now)s THEN clock_timestamp()
                                   ELSE GREATEST(probe_at, clock_timestamp() + make_interval(secs => 1
                                        + %(jitter)s * (LEAST(%(longest)s, %(first)s * 2 ^ LEAST(probes, 16)) - 1)))
                              END
             WHERE name = %(name)s
            RETURNING failures, opened_at IS NOT NULL
            """,
            {
                "name": name,
                "at_once": at_once,
                "probe_now": probe_now,
                "opens_after": OPENS_AFTER,
                **_pause(),
            },
        )
        return Verdict(*cursor.fetchone())


def succeeded(name: str) -> bool:
    """Forget the failures, and close where it was open; return whether it was."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            WITH before AS (SELECT name, opened_at FROM integration_channel
                             WHERE name = %s AND (failures > 0 OR opened_at IS NOT NULL) FOR UPDATE)
            UPDATE integration_channel c
               SET failures = 0, opened_at = NULL, probe_at = NULL, probes = 0
              FROM before WHERE c.name = before.name
            RETURNING before.opened_at IS NOT NULL
            """,
            [name],
        )
        row = cursor.fetchone()
        return bool(row and row[0])


def begin_probe(name: str) -> bool:
    """Take the one probe that is due of an open channel, and set the time of the next; False where none is due.

    The next time is set before the probe begins: one that never ends is followed by another all the same.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            """
            UPDATE integration_channel
               SET probes = probes + 1,
                   probe_at = clock_timestamp() + make_interval(secs => 1
                       + %(jitter)s * (LEAST(%(longest)s, %(first)s * 2 ^ LEAST(probes + 1, 16)) - 1))
             WHERE name = %(name)s AND opened_at IS NOT NULL AND probe_at <= clock_timestamp()
            """,
            {"name": name, **_pause()},
        )
        return bool(cursor.rowcount)


def probe_now(name: str) -> bool:
    """Have an open channel be probed at once, and a resting one asked at once; return whether it was either."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            UPDATE integration_channel
               SET probe_at = CASE WHEN opened_at IS NOT NULL THEN clock_timestamp() END, rests_until = NULL
             WHERE name = %s AND (opened_at IS NOT NULL OR rests_until > clock_timestamp())
            """,
            [name],
        )
        return bool(cursor.rowcount)


def rest(name: str, wait: timedelta) -> None:
    """Begin no work for it before ``wait`` is over, as the other side asked."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            INSERT INTO integration_channel AS c (name, failures, probes, rests_until)
            VALUES (%(name)s, 0, 0, clock_timestamp() + make_interval(secs => %(wait)s))
            ON CONFLICT (name) DO UPDATE SET rests_until = GREATEST(c.rests_until, EXCLUDED.rests_until)
            """,
            {"name": name, "wait": wait.total_seconds()},
        )
