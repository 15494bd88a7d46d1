"""Live asks nothing, ready asks the database."""

from __future__ import annotations

import pytest
from django.db import DatabaseError
from django.test import Client

from portal import health


def test_live_answers_without_the_database(client: Client) -> None:
    answer = client.get("/health/live")
    assert (answer.status_code, answer.json()) == (200, {"live": True})


@pytest.mark.django_db
def test_ready_writes_to_the_database(client: Client) -> None:
    answer = client.get("/health/ready")
    assert (answer.status_code, answer.json()) == (200, {"ready": True})


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
