"""Two pieces of work at the same records: the one that the database stops is tried again, and nobody is bothered."""

from __future__ import annotations

import threading
from datetime import timedelta

import pytest
from django.db import connection, connections

from integration import tasks, work
from integration.flows.steps import STEPS, StepKind
from integration.models import ExceptionCase, Work
from integration.work import Claim, Step

KEYS = (1, 2)


def lock(key: int) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [key])


def test_a_deadlock_is_tried_again_and_no_case(committed: str, monkeypatch: pytest.MonkeyPatch) -> None:
    both = threading.Barrier(2)

    def run(subject: str, claim: Claim) -> list[Step]:
        keys = KEYS if subject == "1" else KEYS[::-1]
        with claim.transaction():
            lock(keys[0])
            if not both.broken:
                both.wait(60)
            lock(keys[1])
        return []

    monkeypatch.setattr(tasks, "async_task", lambda *args, **options: None)
    monkeypatch.setattr(work, "wait_before_retry", lambda *given: timedelta(0))
    monkeypatch.setitem(STEPS, "job", StepKind("jobs", run, "do a job", lambda subject: {}))
    works = []
    for subject in "1", "2":
        work.put("jobs", Step("job", subject, f"job:{subject}"))
        works += work.claim("jobs", limit=1)

    def do(claimed: work.ClaimedWork) -> None:
        try:
            tasks.do(claimed)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=do, args=[claimed]) for claimed in works]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(120)
    both.abort()
    [again] = Work.objects.all()
    assert (again.attempts, again.deaths, again.lease_token) == (1, 0, None)
    assert again.error == "Other work was at the same records. It is tried again by itself."
    tasks.drain("jobs")
    assert not Work.objects.exists()
    assert not ExceptionCase.objects.exists()
