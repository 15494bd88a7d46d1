"""The queue at size: whatever waits and whoever is away, a claim reads by index, and only a handful of rows."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from django.db import connection, connections

from integration import channels, claimable, work
from integration.models import Channel, Work
from portal.copies import DatabaseCopies
from tests import factories
from tests.conftest import own_database

MOST_READ = 60
"""Rows that any node of a plan may read, all its rounds together: there are 100,000."""

# Of the store that is away 80,000; of a healthy one, of 30 mailboxes, and of what asks nobody 5,000 each; 5,000 that are
# not due yet.
_ROWS = """
    INSERT INTO integration_work (lane, step, subject, ordering_key, correlation_id, due_at, again, error, channel, talks_to,
                                  attempts, deaths)
    SELECT 'orders', 'import_order', n::text, 'k' || n, '', now() - interval '1 day' + n * interval '1 s'
           + CASE WHEN n > 95000 THEN interval '40 days' ELSE '0' END, false, '', '',
           CASE WHEN n <= 80000 THEN %s WHEN n %% 3 = 0 THEN %s WHEN n %% 3 = 1 THEN 'mailbox:' || (n %% 30) ELSE '' END, 0, 0
      FROM generate_series(1, 100000) n
"""


@pytest.fixture(scope="module")
def away(copies: DatabaseCopies, django_db_setup: None, django_db_blocker: Any) -> Iterator[tuple[str, str]]:
    """100,000 rows that wait, most of them for a store that is away; the names of that store and of a healthy one."""
    with own_database(copies, django_db_blocker):
        dead, healthy = (f"store:{factories.store().pk}" for _ in range(2))
        with connection.cursor() as cursor:
            cursor.execute(_ROWS, [dead, healthy])
        channels.failed(dead, at_once=True)
        Channel.objects.filter(name=dead).update(probe_at="2999-01-01T00:00Z")
        with connections["owner"].cursor() as owner:
            owner.execute("VACUUM ANALYZE integration_work")
        yield dead, healthy


def plan_of(query: str, parameters: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the nodes of the plan that was carried out."""
    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN (ANALYZE, FORMAT JSON) {query}", parameters)
        (found,) = cursor.fetchone()
    plans = [(json.loads(found) if isinstance(found, str) else found)[0]["Plan"]]
    nodes = []
    while plans:
        node = plans.pop()
        nodes.append(node)
        plans += node.get("Plans", [])
    return nodes


def assert_reads_little(query: str, **parameters: Any) -> None:
    nodes = plan_of(query, {"most": 3, **parameters})
    scanned = [node for node in nodes if node["Node Type"] in ("Seq Scan", "Bitmap Heap Scan")]
    assert [node for node in scanned if node.get("Relation Name") == "integration_work"] == []
    for node in nodes:
        read = (node["Actual Rows"] + node.get("Rows Removed by Filter", 0)) * node["Actual Loops"]
        assert read <= MOST_READ, node


def test_no_query_of_a_claim_scans_the_queue(away: tuple[str, str]) -> None:
    dead, healthy = away
    assert_reads_little(claimable.OF_LANE, lane="orders")
    assert_reads_little(claimable.OF_ALL_LANES)
    for side in (dead, healthy, "", "mailbox:7"):
        assert_reads_little(claimable.ROOM, lane="orders", side=side)
        assert_reads_little(claimable.DUE, lane="orders", side=side, limit=10)
    assert_reads_little(claimable.PROBE, lane="orders", probe=Work.objects.earliest("pk").pk)


def test_reading_the_lane_without_regard_to_sides_reads_all_that_waits(away: tuple[str, str]) -> None:
    """The variant: the same rows, passed over one by one because their channel is open."""
    naive = """
        SELECT w.id FROM integration_work w
         WHERE w.lane = %(lane)s AND w.parked_at IS NULL AND w.due_at <= clock_timestamp()
           AND NOT EXISTS (SELECT 1 FROM integration_channel c WHERE c.name = w.talks_to AND c.opened_at IS NOT NULL)
         ORDER BY w.due_at, w.id LIMIT 10
    """
    with pytest.raises(AssertionError):
        assert_reads_little(naive, lane="orders")


def test_behind_80000_rows_of_a_dead_store_the_others_are_claimed_in_turn(
    away: tuple[str, str], settings: Any
) -> None:
    settings.WORKERS = 2  # one of a side at a time
    dead, healthy = away
    claimed = [work.claim("orders")[0] for _ in range(12)]
    sides = [each.talks_to for each in claimed]
    assert len(set(sides)) == 12
    assert {healthy, ""} < set(sides)
    assert dead not in sides
    Channel.objects.filter(name=dead).update(probe_at="2020-01-01T00:00Z")
    [probe] = work.claim("orders")
    assert (probe.talks_to, probe.subject) == (dead, "1")
