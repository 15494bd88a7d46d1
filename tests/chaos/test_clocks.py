"""P9: workers whose clocks are wrong do everything once and at once, and date it by the database's clock."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from archive import store as archive_store
from archive.models import Direction, Interchange
from integration.models import ExceptionCase, Work
from partners.models import Agreement
from portal.guards import guarded_tables
from tests.chaos.crew import Clock, Crew, Traffic, ledger, put_jobs, rows, times, wait_until
from tests.chaos.forking import Forked, is_whole, whole_only
from tests.chaos.installation import Installation
from tests.chaos.reckoning import Reckoning

pytestmark = pytest.mark.chaos

ORDERS = 40 if is_whole() else 4
JOBS = 30 if is_whole() else 5
JUMPS = 20 if is_whole() else 4
WRONG = ("-1d", "-300s", "+300s", "+2d")
ZONE = ZoneInfo("America/Phoenix")
"""Without an hour that comes twice a year: an ISA does not tell which of the two it means."""


@pytest.fixture
def crew(committed: str, tmp_path: Path) -> Iterator[Crew]:
    """Workers on a database of its own, with the ledger of jobs."""
    with Crew(tmp_path) as crew, ledger():
        yield crew


def dated() -> list[datetime]:
    """Return when each fact was recorded."""
    facts, _ = guarded_tables()
    return [at for table in facts for (at,) in rows(f"SELECT recorded_at FROM {table}")]  # noqa: S608 - ours


def envelope_time(interchange: Interchange) -> datetime:
    """Return the date and time in the ISA of an interchange of ours."""
    written = archive_store.open(interchange.payload, purpose="test")[70:81].decode()
    return datetime.strptime(written, "%y%m%d*%H%M").replace(tzinfo=ZONE).astimezone(UTC)


def test_p9_wrong_clocks_do_not_matter(
    crew: Crew, forked: Forked, tmp_path: Path, record_property: Any
) -> None:
    [(began,)] = rows("SELECT clock_timestamp()")
    traffic = Traffic(Installation(forked, tmp_path))
    Agreement.objects.update(time_zone=ZONE.key)
    jumping = Clock(tmp_path, "+0s")
    for clock in [*(Clock(tmp_path, offset) for offset in WRONG), jumping]:
        crew.start("jobs", clock=clock, WORKERS="1", LONG="0.5")
    jobs = [f"long-{number}" for number in range(JOBS)]
    put_jobs(*jobs)
    for number in range(JUMPS):
        traffic.installation.place(ORDERS // JUMPS)
        traffic.deliver()
        before = len(times("begun"))
        # Between its two looks at the ledger at least one job was at work, under a lease that the jump runs across.
        jumping.jump("+2h" if number % 2 else "-2h")
        wait_until(
            lambda before=before: len(times("begun")) > before or len(times("done")) == JOBS, 120, "on"
        )  # type: ignore[misc]
    wait_until(lambda: len(times("done")) == JOBS, 120, "all jobs are done")
    traffic.wait_until_over(crew, 200)
    facts = dated()
    [(ended,)] = rows("SELECT clock_timestamp()")
    assert times("begun") == times("done") == dict.fromkeys(jobs, 1)
    orders = len(traffic.installation.placed)
    assert traffic.reckon() == Reckoning(orders=orders)
    assert ExceptionCase.objects.count() == 0
    second = timedelta(seconds=1)
    assert [at for at in facts if not began - second <= at <= ended + second] == []
    sent = Interchange.objects.filter(direction=Direction.OUT)
    # The ISA has whole minutes.
    assert all(abs(each.recorded_at - envelope_time(each)) < timedelta(seconds=61) for each in sent)
    assert sent.count() == 2 * orders
    record_property("faults", {"jumps of a clock": JUMPS})


@pytest.mark.parametrize(
    ("changes", "runs"),
    [
        pytest.param(["jobs"], 1, marks=whole_only, id="database"),
        pytest.param(["jobs", "own_clock"], 2, id="own"),
    ],
)
def test_p9_leases_on_the_workers_clock_run_twice(
    crew: Crew, tmp_path: Path, changes: list[str], runs: int
) -> None:
    """A worker that is five minutes ahead comes along while another is at work."""
    # Long enough for a knock that the busy one took to be repeated.
    options = {"WORKERS": "1", "LONG": "6"}
    crew.start(*changes, "impatient", **options)
    ahead = crew.start(*changes, "impatient", clock=Clock(tmp_path, "+300s"), **options)
    jobs = [f"long-{number}" for number in range(4 if is_whole() else 1)]
    for job in jobs:
        ahead.tell(signal.SIGSTOP, everybody=True)
        put_jobs(job)
        wait_until(lambda job=job: times("begun")[job], 120, "the other has begun it")  # type: ignore[misc]
        ahead.tell(signal.SIGCONT, everybody=True)
        wait_until(lambda: not Work.objects.filter(step="job").exists(), 120, "it is done")
    assert times("begun") == dict.fromkeys(jobs, runs)
    # What is written is still written once: the fence is another guard.
    assert times("done") == dict.fromkeys(jobs, 1)
