"""Nothing is left unsealed (P23): writers that commit late, a sealer that is killed at any moment, days that close meanwhile."""

from __future__ import annotations

import os
import random
import signal
import time
from pathlib import Path
from typing import Any

import pytest
from django.db import connection, transaction
from psycopg import sql

from archive import checking, leaves, publishing, sealing
from archive.models import Event, SealCheck, SealLeaf, SealRoot
from archive.record import record_event
from archive.verify import read_lines
from integration import tasks, work
from integration.flows.check_archive import check_archive_step
from integration.flows.seal_archive import seal_step
from integration.flows.steps import STEPS
from integration.models import Work
from integration.work import Unclaimed
from tests.chaos.forking import Forked, die_at, is_whole

pytestmark = pytest.mark.chaos
HERE = Unclaimed()
WRITERS = 8
SECONDS = 15.0 if is_whole() else 6.0
LONGEST = 0.03
PLACES = ("seal_archive.done", "check_archive.done")

NAIVE = sql.SQL(
    """
    WHERE t.changed_xid >= {before}::text::xid8
      AND t.id > coalesce((SELECT max(s.row_id) FROM archive_sealleaf s WHERE s.table_name = {table}), 0)
      AND t.id > {after}
    """
)
"""The variant: what comes behind the last that was sealed, as a cursor has it."""


def write(number: int) -> None:
    """Write events for a while, each in a transaction of random length."""
    seed = random.Random(number)
    until = time.monotonic() + SECONDS
    while time.monotonic() < until:
        with transaction.atomic():
            record_event(f"order:{number}", "told", "Something.")
            time.sleep(seed.uniform(0, LONGEST))


def seal_for_ever(published: Path, seed: random.Random) -> None:
    """Seal, in small batches; close days and publish them now and then."""
    sealing.seal_batch.__defaults__ = (40,)
    while True:
        sealing.seal(HERE, everything=seed.random() < 0.1)
        if seed.random() < 0.4:
            sealing.close(HERE, now=True)
            with transaction.atomic():
                publishing.publish_to_file(published)


def race(forked: Forked, published: Path, longest_life: float = 2.0) -> int:
    """Have everybody write while sealers are killed one after another; return how many were."""
    seed = random.Random(7)
    writers = [forked.start(lambda number=number: write(number)) for number in range(WRITERS)]  # type: ignore[misc]
    killed = 0
    until = time.monotonic() + SECONDS
    while time.monotonic() < until:
        sealer = forked.start(lambda: seal_for_ever(published, seed))
        time.sleep(seed.uniform(0.1, longest_life))
        os.kill(sealer, signal.SIGKILL)
        assert forked.wait(sealer) == -signal.SIGKILL, "the sealer ended by itself"
        killed += 1
    assert [forked.wait(writer) for writer in writers] == [0] * WRITERS
    return killed


def unsealed() -> int:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM archive_event e WHERE NOT EXISTS (SELECT 1 FROM archive_sealleaf s"
            " WHERE s.table_name = 'archive_event' AND s.row_id = e.id)"
        )
        return int(cursor.fetchone()[0])


def test_all_that_was_committed_is_sealed(committed: str, forked: Forked, settings: Any) -> None:
    published = Path(settings.PUBLISHED_ROOTS)
    killed = race(forked, published)
    sealing.seal(HERE)
    written = Event.objects.count()
    assert written > WRITERS * SECONDS * 5
    assert killed >= 3
    assert (unsealed(), SealLeaf.objects.filter(table_name="archive_event").count()) == (0, written)
    sealing.close(HERE, now=True)
    publishing.publish_to_file(published)
    outcome = checking.check(published)
    assert (outcome.findings, outcome.counts["not sealed yet"]) == (
        [],
        outcome.counts["rows"] - SealLeaf.objects.count(),
    )
    assert len(read_lines(published.read_text())) == SealRoot.objects.count() > 2


def test_a_cursor_would_miss_many(
    committed: str, forked: Forked, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sealing, "_UNSEALED", NAIVE)
    race(forked, Path(settings.PUBLISHED_ROOTS), longest_life=SECONDS)
    sealing.seal(HERE)
    assert unsealed() > 0


@pytest.mark.parametrize("place", PLACES)
def test_deaths_behind_sealing_and_checking_leave_nothing_undone(
    place: str, committed: str, forked: Forked, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tasks, "async_task", lambda *args, **options: None)
    for number in range(3):
        record_event(f"order:{number}", "told", "Something.")
    for step in (seal_step(), check_archive_step()):
        work.ensure(STEPS[step.name].lane, step)

    def dying() -> None:
        die_at(place)
        tasks.drain("archive")

    forked.dies(dying)
    long_ago = "2020-01-01T00:00Z"
    Work.objects.exclude(lease_token=None).update(lease_until=long_ago, due_at=long_ago)
    forked.run([lambda: tasks.drain("archive") and None])
    assert SealLeaf.objects.filter(table_name="archive_event").count() == 3
    assert set(Work.objects.values_list("step", "attempts")) == {("seal_archive", 0), ("check_archive", 0)}
    assert SealCheck.objects.exclude(finished_at=None).count() == (2 if place == "check_archive.done" else 1)
    assert set(leaves.sources()) >= {"archive_event"}
