"""Live asks nothing, ready asks the database."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import DatabaseError
from django.test import Client
from django.utils import timezone

from integration import channels, work
from integration.models import Work
from integration.work import Step
from portal import health


def test_live_answers_without_the_database(client: Client) -> None:
    answer = client.get("/health/live")
    assert (answer.status_code, answer.json()) == (200, {"live": True})


@pytest.mark.django_db
def test_ready_writes_to_the_database(client: Client) -> None:
    answer = client.get("/health/ready")
    told = {"ready": True, "degraded": [], "oldest_waiting_seconds": 0}
    assert (answer.status_code, answer.json()) == (200, told)


@pytest.mark.django_db
def test_ready_tells_of_work_that_nobody_begins_and_of_who_is_away_and_stays_ready(client: Client) -> None:
    work.put("lane", Step("match", "1", "match:1"))
    Work.objects.update(due_at=timezone.now() - timedelta(minutes=6))
    channels.failed("store:1", at_once=True)
    answer = client.get("/health/ready")
    told = answer.json()
    assert answer.status_code == 200
    assert told["ready"] is True
    assert told["oldest_waiting_seconds"] in range(360, 420)
    assert told["degraded"] == [
        "Work is due for long: look whether manage.py worker runs, or whether it needs more WORKERS.",
        "Stores or mailboxes out of reach: 1.",
    ]


def test_ready_is_503_while_the_database_is_away(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    class Away:
        def update_or_create(self, **wanted: object) -> None:
            raise DatabaseError("gone")

    monkeypatch.setattr(health.Lane, "objects", Away())
    answer = client.get("/health/ready")
    assert answer.status_code == 503
    assert answer.json() == {"ready": False, "problem": "The database does not answer or cannot write."}


@pytest.mark.django_db
def test_ready_is_503_while_migrations_wait(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(health.MigrationExecutor, "migration_plan", lambda executor, targets: [("a", False)])
    answer = client.get("/health/ready")
    assert answer.status_code == 503
    assert answer.json()["problem"] == "1 migrations are not applied: run manage.py migrate as the owner."
