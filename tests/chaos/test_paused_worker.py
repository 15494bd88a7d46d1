"""P8: a worker that was stopped for longer than its lease writes nothing when it goes on."""

from __future__ import annotations

import os
import signal
from collections import Counter
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import connection, transaction

from integration import tasks
from integration.flows.steps import STEPS, StepKind
from integration.models import Work
from integration.work import Claim, ClaimedWork, Step
from tests.chaos.crew import Crew, ledger, put_jobs, rows, state_of, times, wait_until
from tests.chaos.forking import Forked, scaled, whole_only

pytestmark = pytest.mark.chaos

STOPS = scaled(100)
LEASE = timedelta(milliseconds=100)


@pytest.fixture
def jobs(committed: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A step whose worker is stopped before it writes, the first time that anybody does it."""

    def run(subject: str, claim: Claim) -> list[Step]:
        with connection.cursor() as cursor:
            cursor.execute("INSERT INTO begun (subject, pid) VALUES (%s, %s)", [subject, os.getpid()])
        if times("begun")[subject] == 1:
            os.kill(os.getpid(), signal.SIGSTOP)
        with claim.transaction(), connection.cursor() as cursor:
            cursor.execute("INSERT INTO done (subject, pid) VALUES (%s, %s)", [subject, os.getpid()])
        return []

    monkeypatch.setitem(STEPS, "job", StepKind("jobs", run, "do a job", lambda subject: {}, lease=LEASE))
    with ledger():
        yield


def stop_and_go_on(forked: Forked, subject: str) -> None:
    """Have a worker be stopped in the middle of a job, another do it three leases later, and the first go on."""
    put_jobs(subject)
    late = forked.start(lambda: tasks.drain("jobs") and None)
    assert os.WIFSTOPPED(os.waitpid(late, os.WUNTRACED)[1])
    over = "SELECT clock_timestamp() > lease_until + %s FROM integration_work WHERE subject = %s"
    wait_until(lambda: rows(over, 2 * LEASE, subject) == [(True,)], 120, "three leases are over")
    forked.run([lambda: tasks.drain("jobs") and None])
    os.kill(late, signal.SIGCONT)
    assert forked.wait(late) == 0


def test_p8_the_late_write_of_a_stopped_worker_is_refused(
    jobs: None, forked: Forked, record_property: Any
) -> None:
    subjects = [f"job-{number}" for number in range(STOPS)]
    for subject in subjects:
        stop_and_go_on(forked, subject)
    assert times("begun") == dict.fromkeys(subjects, 2)
    assert times("done") == dict.fromkeys(subjects, 1)
    assert Work.objects.count() == 0
    record_property("faults", {"workers stopped for three leases": STOPS})


def test_p8_without_the_fence_it_is_written_twice(
    jobs: None, forked: Forked, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ClaimedWork, "transaction", lambda claim: transaction.atomic())
    subjects = [f"job-{number}" for number in range(scaled(20))]
    for subject in subjects:
        stop_and_go_on(forked, subject)
    assert times("done") == dict.fromkeys(subjects, 2)


@whole_only
def test_p8_a_stopped_process_of_a_running_worker_is_overtaken(committed: str, tmp_path: Path) -> None:
    """Its lease over, the kernel ends it as soon as it goes on."""
    stops = 10
    with Crew(tmp_path) as crew, ledger():
        worker = crew.start("jobs", JOB_LEASE="0.5")
        for number in range(stops):
            subject = f"stopped-{number}"
            put_jobs(subject)
            wait_until(lambda subject=subject: times("done")[subject], 60, "another has done it")  # type: ignore[misc]
            [late] = [pid for pid in worker.processes() if state_of(pid) == "T"]
            os.kill(late, signal.SIGCONT)
            wait_until(lambda late=late: state_of(late) == "Z", 60, "the late one has ended")  # type: ignore[misc]
        assert Counter(times("begun").values()) == {2: stops}
        assert Counter(times("done").values()) == {1: stops}
        worker.stop()
