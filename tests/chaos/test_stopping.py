"""P17: told to stop, a worker is gone in seconds, whoever else was told; nothing is lost, doubled or left leased."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from integration.models import Work
from tests.chaos.crew import Crew, Traffic, Worker, ledger, put_jobs, state_of, times, wait_until
from tests.chaos.forking import Forked, is_whole, whole_only
from tests.chaos.installation import Installation
from tests.chaos.reckoning import Reckoning

pytestmark = pytest.mark.chaos

STOPS = 100 if is_whole() else 3
DOWN_WITHIN = 30 if is_whole() else 90
"""The promise is about a machine that has nothing else to do."""


@pytest.fixture
def traffic(committed: str, forked: Forked, tmp_path: Path) -> Traffic:
    """An installation on a database of its own."""
    return Traffic(Installation(forked, tmp_path))


@pytest.fixture
def crew(traffic: Traffic, tmp_path: Path) -> Iterator[Crew]:
    """Its workers."""
    with Crew(tmp_path) as crew:
        yield crew


def stop_at_work(traffic: Traffic, worker: Worker, *, everybody: bool) -> float:
    """Tell a worker to stop while something is being done; return how long it took."""
    traffic.keep_busy()

    def at_work() -> bool:
        traffic.deliver()
        return (
            Work.objects.exclude(lease_token=None).exclude(step__in=["poll_store", "fetch_mailbox"]).exists()
        )

    wait_until(at_work, 120, "something is being done")
    worker.tell(signal.SIGTERM, everybody=everybody)
    took = worker.ends(DOWN_WITHIN)
    assert not Work.objects.exclude(lease_token=None).exists(), worker.log()[-4000:]
    assert set(Work.objects.values_list("deaths", flat=True)) <= {0}
    return took


@pytest.mark.parametrize("everybody", [False, True], ids=["the main process", "all processes"])
def test_p17_a_stop_is_clean(traffic: Traffic, crew: Crew, everybody: bool, record_property: Any) -> None:
    took = [stop_at_work(traffic, crew.fork(), everybody=everybody) for _ in range(STOPS)]
    crew.fork()
    traffic.wait_until_over(crew, 180)
    assert traffic.reckon() == Reckoning(orders=len(traffic.installation.placed))
    record_property("faults", {f"stops, SIGTERM to {'all' if everybody else 'the main process'}": STOPS})
    record_property("longest_stop", max(took))


@pytest.mark.parametrize(
    ("changes", "done", "leased"),
    [(["jobs"], 1, 0), (["jobs", "hearing"], 0, 1)],
    ids=["ours", "all hear it"],
)
def test_p17_what_is_being_done_is_finished_only_where_children_do_not_hear_sigterm(
    committed: str, tmp_path: Path, changes: list[str], done: int, leased: int
) -> None:
    with Crew(tmp_path) as crew, ledger():
        put_jobs("long-0")
        worker = crew.start(*changes, LONG="2")
        wait_until(lambda: times("begun"), 120, "the job is begun")
        worker.tell(signal.SIGTERM, everybody=True)
        worker.ends(DOWN_WITHIN)
        assert sum(times("done").values()) == done
        assert Work.objects.filter(step="job").exclude(lease_token=None).count() == leased


def processes_of(worker: Worker) -> list[int]:
    """Return the main process, the guard, and the four that this starts, once they are there."""
    wait_until(lambda: len(worker.processes()) == 6, 60, "all its processes run")
    return worker.processes()


def test_p17_a_worker_whose_main_process_is_killed_leaves_nobody_behind(
    committed: str, tmp_path: Path
) -> None:
    with Crew(tmp_path) as crew:
        worker = crew.start()
        _, *others = processes_of(worker)
        worker.tell(signal.SIGKILL)
        wait_until(lambda: {state_of(pid) for pid in others} == {"Z"}, 120, "all its processes have ended")


@pytest.mark.parametrize(
    ("who", "number", "why"),
    [
        ("guard", signal.SIGKILL, "its guard has died"),
        pytest.param("guard", signal.SIGSTOP, "its guard is silent", marks=whole_only),
        pytest.param("all others", signal.SIGSTOP, "nothing answers knocks", marks=whole_only),
    ],
)
def test_p17_a_cluster_that_does_not_work_is_started_anew(
    committed: str, tmp_path: Path, who: str, number: int, why: str
) -> None:
    with Crew(tmp_path) as crew, ledger():
        worker = crew.start("jobs", "impatient")
        _, guard, *others = processes_of(worker)
        for pid in [guard] if who == "guard" else others:
            worker.tell(number, only=pid)
        put_jobs("good-0")
        wait_until(lambda: times("done"), 120, "a job is done")
        wait_until(lambda: why in worker.log(), 120, "it says why")
        wait_until(lambda: not {guard, *others} & set(worker.processes()), 120, "what was left of it is gone")
        put_jobs("good-1")
        wait_until(lambda: times("done")["good-1"], 120, "the new one does a job")
        worker.stop()
