"""P7: what ends its worker, or never ends, is put aside after three tries and stops nothing else."""

from __future__ import annotations

import os
import signal
from pathlib import Path
from typing import Any

import pytest

from integration.models import ExceptionCase, Work
from tests.chaos.crew import Crew, Worker, ledger, put_jobs, rests, rows, times, wait_until
from tests.chaos.forking import is_whole, scaled, whole_only
from tests.chaos.hand import BAD

pytestmark = pytest.mark.chaos

GOOD = scaled(2000)
EACH = 4 if is_whole() else 1
CLAIMS = 3
KILLED_IDLE = scaled(20)
# The lease decides how long three tries take; the promise is about the product's own.
LEASE = "30" if is_whole() else "1.5"
PUT_ASIDE_WITHIN = 120


@pytest.fixture
def crew(committed: str, tmp_path: Path) -> Any:
    """Workers on a database of its own, with the ledger of jobs."""
    with Crew(tmp_path) as crew, ledger():
        yield crew


def spread(bad: list[str], good: list[str]) -> list[str]:
    """Return ``good`` with ``bad`` at equal distances among them."""
    mixed = list(good)
    for place, each in enumerate(bad):
        mixed.insert(place * (len(good) // len(bad)), each)
    return mixed


def test_p7_bad_documents_are_put_aside_and_stop_nothing(crew: Crew, record_property: Any) -> None:
    bad = [f"{kind}-{number}" for number in range(EACH) for kind in BAD]
    good = [f"good-{number}" for number in range(GOOD)]
    put_jobs(*spread(bad, good))
    # Two to spare, were all that hang to hang at once.
    crew.start("jobs", JOB_LEASE=LEASE, WORKERS=str(EACH + 2))
    parked = Work.objects.exclude(parked_at=None)
    wait_until(
        lambda: parked.count() == len(bad) and len(times("done")) == GOOD, 300, "all are done or put aside"
    )
    assert {each: times("begun")[each] for each in bad} == dict.fromkeys(bad, CLAIMS)
    assert times("done") == dict.fromkeys(good, 1)
    assert set(parked.values_list("subject", flat=True)) == set(bad)
    assert set(ExceptionCase.objects.filter(closed_at=None).values_list("kind", "cause")) == {
        ("parked", f"work:job:{each}") for each in bad
    }
    took = rows(
        "SELECT extract(epoch FROM w.parked_at - min(b.at)) FROM integration_work w JOIN begun b USING (subject)"
        " GROUP BY w.id, w.parked_at"
    )
    assert max(seconds for (seconds,) in took) <= PUT_ASIDE_WITHIN
    record_property("faults", {"workers ended by a bad document": CLAIMS * len(bad)})


def test_p7_a_queue_that_counts_no_claims_repeats_for_ever(crew: Crew) -> None:
    put_jobs("sigkill-0")
    crew.start("jobs", "uncounted", JOB_LEASE="0.5")
    wait_until(lambda: times("begun")["sigkill-0"] == 2 * CLAIMS, 60, "it is tried for the sixth time")
    assert not ExceptionCase.objects.exists()


def kill_idle(crew: Crew, worker: Worker, number: int) -> None:
    """Have a job done, and kill who did it and waits for the next."""
    put_jobs(f"before-{number}")
    wait_until(lambda: times("done")[f"before-{number}"], 120, "a job is done")
    [(idle,)] = rows("SELECT pid FROM done WHERE subject = %s", f"before-{number}")
    wait_until(lambda: rests(idle), 60, "it waits for the next knock")
    os.kill(idle, signal.SIGKILL)
    wait_until(lambda: idle not in worker.processes(), 60, "it has ended")
    put_jobs(f"after-{number}")


def test_p7_a_worker_that_is_killed_idle_holds_nothing_up(crew: Crew, record_property: Any) -> None:
    worker = crew.start("jobs", WORKERS="1")
    for number in range(KILLED_IDLE):
        kill_idle(crew, worker, number)
        wait_until(lambda number=number: times("done")[f"after-{number}"], 120, "the next job is done")  # type: ignore[misc]
    assert times("begun") == times("done")
    record_property("kills", {"waiting for work": KILLED_IDLE})


@whole_only
def test_p7_waiting_inside_the_lock_of_the_queue_holds_everything_up(crew: Crew) -> None:
    worker = crew.start("jobs", "locked_queue", WORKERS="1")
    kill_idle(crew, worker, 0)
    wait_until(lambda: "reincarnated worker" in worker.log(), 60, "another worker has taken its place")
    with pytest.raises(AssertionError, match="the next job is done"):
        wait_until(lambda: times("done")["after-0"], 5, "the next job is done")
