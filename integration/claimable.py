"""What of the queue may be begun now: read by index, however much waits, and whichever of the other sides is away.

Each lane is looked at one other side at a time (``Work.talks_to``): work that waits for a store that is away, or that
has all the sessions it may have, is passed over as one, not row by row.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.db import connection

from integration.models import STANDING_POLL

# Every value that there is, each found by one probe of an index: PostgreSQL reads all rows for a DISTINCT.
_LANES = """
    lanes AS (
        (SELECT lane FROM integration_work WHERE parked_at IS NULL ORDER BY lane LIMIT 1)
        UNION ALL
        SELECT (SELECT w.lane FROM integration_work w
                 WHERE w.parked_at IS NULL AND w.lane > l.lane ORDER BY w.lane LIMIT 1)
          FROM lanes l WHERE l.lane IS NOT NULL
    )"""
_ONE_LANE = "lanes AS (SELECT %(lane)s::varchar AS lane)"
_SIDES = """
    sides AS (
        SELECT l.lane, (SELECT w.talks_to FROM integration_work w
                         WHERE w.lane = l.lane AND w.parked_at IS NULL ORDER BY w.talks_to LIMIT 1) AS talks_to
          FROM lanes l
        UNION ALL
        SELECT s.lane, (SELECT w.talks_to FROM integration_work w
                         WHERE w.lane = s.lane AND w.parked_at IS NULL AND w.talks_to > s.talks_to
                         ORDER BY w.talks_to LIMIT 1)
          FROM sides s WHERE s.talks_to IS NOT NULL
    )"""
_ONE_SIDE = "sides AS (SELECT %(lane)s::varchar AS lane, %(side)s::varchar AS talks_to)"

_FREE = "(w.lease_until IS NULL OR w.lease_until <= clock_timestamp())"
_FIRST_OF_KEY = (
    "NOT EXISTS (SELECT 1 FROM integration_work e WHERE e.ordering_key = w.ordering_key AND e.id < w.id)"
)

# Of an open channel, the standing poll is the probe, whenever it would be due by itself; another piece of work where
# that is stopped or paused.
_PROBE = """
    LEFT JOIN LATERAL (
        SELECT w.id FROM integration_work w
         WHERE c.opened_at IS NOT NULL AND w.step = {poll} AND w.subject = split_part(s.talks_to, ':', 2)
           AND w.parked_at IS NULL AND w.channel NOT LIKE 'pause:%%'
    ) probe ON true""".format(
    poll="CASE split_part(s.talks_to, ':', 1) "
    + " ".join(f"WHEN '{side}' THEN '{step}'" for side, step in STANDING_POLL.items())
    + " END"
)
# How much of a side runs, in all and in this lane, and how much may: its own setting, and always fewer than there are
# workers, so that one slow side never has them all.
_RUNS = """
    LEFT JOIN LATERAL (
        SELECT count(*) AS everywhere, count(*) FILTER (WHERE r.lane = s.lane) AS here FROM integration_work r
         WHERE r.talks_to = s.talks_to AND r.lease_token IS NOT NULL AND r.lease_until > clock_timestamp()
    ) runs ON s.talks_to <> ''
    LEFT JOIN LATERAL (
        SELECT LEAST(%(most)s, COALESCE(CASE split_part(s.talks_to, ':', 1)
                   WHEN 'store' THEN (SELECT sessions FROM integration_store
                                       WHERE id = split_part(s.talks_to, ':', 2)::bigint)
                   WHEN 'mailbox' THEN (SELECT sessions FROM partners_mailbox
                                         WHERE id = split_part(s.talks_to, ':', 2)::bigint)
               END, 1)) AS most
    ) may ON s.talks_to <> ''"""
_WAITS_ELSEWHERE = """
    EXISTS (SELECT 1 FROM integration_work o
             WHERE o.talks_to = s.talks_to AND o.lane {beyond} s.lane AND o.talks_to <> '' AND o.parked_at IS NULL
               AND o.due_at <= clock_timestamp() AND o.lease_token IS NULL)"""
# Whether one more may be begun. The last place is left to the side's other lanes while they wait for it: a thousand
# orders to be read keep neither the poll nor what is to be written from their turn.
_ROOM = f"""
    (s.talks_to = '' OR (
        (c.rests_until IS NULL OR c.rests_until <= clock_timestamp())
        AND CASE
            WHEN c.opened_at IS NOT NULL THEN c.probe_at <= clock_timestamp() AND runs.everywhere = 0
            WHEN may.most > 1 AND runs.here >= may.most - 1
             THEN runs.everywhere < may.most AND NOT {_WAITS_ELSEWHERE.format(beyond="<")}
                  AND NOT {_WAITS_ELSEWHERE.format(beyond=">")}
            ELSE runs.everywhere < may.most END
    ))"""
_HEADS = f"""
    SELECT s.lane, s.talks_to, clock_timestamp() - h.due_at
      FROM sides s
      LEFT JOIN integration_channel c ON c.name = s.talks_to
      {_PROBE}
      {_RUNS}
     CROSS JOIN LATERAL (
        SELECT w.id, w.due_at FROM integration_work w
         WHERE w.id = probe.id AND w.lane = s.lane AND {_FREE} AND {_FIRST_OF_KEY}
        UNION ALL
        (SELECT w.id, w.due_at FROM integration_work w
          WHERE probe.id IS NULL AND w.lane = s.lane AND w.talks_to = s.talks_to AND w.parked_at IS NULL
            AND w.due_at <= clock_timestamp() AND {_FREE} AND {_FIRST_OF_KEY}
          ORDER BY w.due_at, w.id LIMIT 1)
     ) h
     WHERE s.talks_to IS NOT NULL AND {_ROOM}
     ORDER BY h.due_at, h.id
"""
OF_LANE = f"WITH RECURSIVE {_ONE_LANE}, {_SIDES} {_HEADS}"
OF_ALL_LANES = f"WITH RECURSIVE {_LANES}, {_SIDES} {_HEADS}"
ROOM = f"""
    WITH {_ONE_SIDE}
    SELECT c.opened_at IS NOT NULL, probe.id
      FROM sides s LEFT JOIN integration_channel c ON c.name = s.talks_to {_PROBE} {_RUNS}
     WHERE {_ROOM}
"""
DUE = f"""
    SELECT w.id, w.attempts
      FROM integration_work w
     WHERE w.lane = %(lane)s AND w.talks_to = %(side)s AND w.parked_at IS NULL AND w.due_at <= clock_timestamp()
       AND {_FREE} AND {_FIRST_OF_KEY}
     ORDER BY w.due_at, w.id
     LIMIT %(limit)s
       FOR UPDATE SKIP LOCKED
"""
PROBE = f"""
    SELECT w.id, w.attempts
      FROM integration_work w
     WHERE w.id = %(probe)s AND w.lane = %(lane)s AND w.parked_at IS NULL AND {_FREE} AND {_FIRST_OF_KEY}
       FOR UPDATE SKIP LOCKED
"""


@dataclass(frozen=True)
class Room:
    """Room for one more of a side: whether that is a probe of an open channel, and the row that has to be it."""

    is_probe: bool
    probe: int | None


def most_of_one_side() -> int:
    """Return how many pieces of work of one side are done at once at most: one worker is left to the others."""
    workers: int = settings.WORKERS
    return max(1, workers - 1)


def sides(lane: str) -> list[str]:
    """Return the sides of ``lane`` with work that may be begun now (``""``: asks nobody), the longest due first."""
    return [side for _, side, _ in _heads(OF_LANE, lane)]


def lanes() -> list[str]:
    """Return the lanes with work that may be begun now."""
    return list(dict.fromkeys(lane for lane, _, _ in _heads(OF_ALL_LANES)))


def longest_due() -> timedelta | None:
    """Return for how long something is due already that may be begun and was not; None where there is nothing.

    What waits for a side that is away, or has all its sessions, is not meant, nor what a person stopped or paused.
    """
    # A probe may be begun before it would be due by itself.
    return max((max(due_for, timedelta(0)) for _, _, due_for in _heads(OF_ALL_LANES)), default=None)


def due_by_lane() -> dict[str, timedelta]:
    """Return for how long the longest due of each lane is due already, as ``longest_due`` counts it."""
    longest: dict[str, timedelta] = {}
    for lane, _, due_for in _heads(OF_ALL_LANES):
        longest[lane] = max(longest.get(lane, timedelta(0)), due_for)
    return longest


def _heads(query: str, lane: str = "") -> list[tuple[str, str, timedelta]]:
    with connection.cursor() as cursor:
        cursor.execute(query, {"lane": lane, "most": most_of_one_side()})
        return list(cursor.fetchall())


def room(lane: str, side: str) -> Room | None:
    """Say whether one more may be begun, and as what.

    The caller holds the channel (``channels.hold``), so that no two workers take the last place.
    """
    with connection.cursor() as cursor:
        cursor.execute(ROOM, {"lane": lane, "side": side, "most": most_of_one_side()})
        found = cursor.fetchone()
    return Room(*found) if found else None


def take(lane: str, side: str, limit: int) -> list[tuple[int, int]]:
    """Lock the rows that are due; return id and attempts of each."""
    return _locked(DUE, {"lane": lane, "side": side, "limit": limit})


def take_probe(lane: str, probe: int) -> list[tuple[int, int]]:
    """Lock the row that has to be the probe; return its id and attempts."""
    return _locked(PROBE, {"lane": lane, "probe": probe})


def depth(lane: str, talks_to: Sequence[str] = (), *, up_to: int) -> int:
    """Count what is due in ``lane`` and nobody has begun, no further than ``up_to``; of these sides, or of all."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT count(*) FROM (
                SELECT 1 FROM integration_work w
                 WHERE w.lane = %s AND w.parked_at IS NULL AND w.due_at <= clock_timestamp()
                   AND w.lease_token IS NULL AND (%s OR w.talks_to = ANY(%s))
                 LIMIT %s) found
            """,
            [lane, not talks_to, list(talks_to), up_to],
        )
        (found,) = cursor.fetchone()
        return int(found)


def depths(lanes: Sequence[str], *, up_to: int) -> dict[str, int]:
    """Count for each of ``lanes`` what is due and nobody has begun, as ``depth`` does of one."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT l.lane, (SELECT count(*) FROM (
                        SELECT 1 FROM integration_work w
                         WHERE w.lane = l.lane AND w.parked_at IS NULL AND w.due_at <= clock_timestamp()
                           AND w.lease_token IS NULL
                         LIMIT %s) found)
              FROM unnest(%s::varchar[]) AS l (lane)
            """,
            [up_to, list(lanes)],
        )
        return dict(cursor.fetchall())


def _locked(query: str, parameters: dict[str, Any]) -> list[tuple[int, int]]:
    with connection.cursor() as cursor:
        cursor.execute(query, parameters)
        return list(cursor.fetchall())
