"""A large export misses no row and doubles none, wherever the worker that writes it is killed.

The naive writer differs in one line: where it is it keeps in its memory, and not in one transaction with the part.
"""

from __future__ import annotations

import json
from collections import Counter
from uuid import uuid4

import pytest
from django.db import connection
from django.test import Client

from archive.changes import Place
from archive.models import Document
from integration import tasks
from portal.exports import writing
from portal.exports.parts import plain_file
from portal.models import Export
from tests import factories
from tests.chaos.forking import Forked, die_at, scaled
from tests.portal.api.conftest import client_with, token_of

pytestmark = pytest.mark.chaos

PLACES = ("export.part_written", "write_export.done")
KILLS = scaled(30)
LANE = "exports"


@pytest.fixture
def reader(committed: str, monkeypatch: pytest.MonkeyPatch) -> Client:
    """Who asks for documents of a world of their own; a part holds two of them at most."""
    monkeypatch.setattr(tasks, "async_task", lambda *args, **options: None)
    monkeypatch.setattr(writing, "ROWS_AT_ONCE", 2)
    monkeypatch.setattr(writing, "PLAIN_PART", 1)
    factories.everything()
    return client_with(token_of(factories.user("ada", superuser=True)))


def ask(reader: Client) -> Export:
    """Ask for all documents."""
    answer = reader.post(
        "/api/v1/exports/",
        json.dumps({"resource": "documents", "format": "ndjson"}),
        content_type="application/json",
        headers={"Idempotency-Key": uuid4().hex},
    )
    return Export.objects.get(pk=answer.json()["id"])


def die_and_go_on(forked: Forked, place: str) -> None:
    """Have a worker die at ``place``, and its lease be over."""

    def dying() -> None:
        die_at(place)
        tasks.drain(LANE)

    forked.dies(dying)
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE integration_work SET lease_until = now(), due_at = now() WHERE lane = %s", [LANE]
        )


def written(export: Export) -> Counter[int]:
    """Return how often each row stands in the file."""
    export.refresh_from_db()
    assert export.state == "done"
    return Counter(json.loads(line)["id"] for line in b"".join(plain_file(export)).decode().splitlines())


def once_each() -> Counter[int]:
    return Counter(Document.objects.values_list("pk", flat=True))


def test_deaths_between_parts_miss_no_row_and_double_none(reader: Client, forked: Forked) -> None:
    kills: Counter[str] = Counter()
    for _ in range(KILLS):
        export = ask(reader)
        for place in PLACES:
            die_and_go_on(forked, place)
            kills[place] += 1
        forked.run([lambda: tasks.drain(LANE) and None])
        assert written(export) == once_each()
        reader.delete(f"/api/v1/exports/{export.pk}/")
    assert kills == dict.fromkeys(PLACES, KILLS)


def test_without_the_place_kept_with_the_part_rows_are_doubled(
    reader: Client, forked: Forked, monkeypatch: pytest.MonkeyPatch
) -> None:
    reached: list[Place] = []

    def remembered(export: Export) -> Place:
        return reached[-1] if reached else Place()

    def naive(*args: object, **options: object) -> object:
        part = next_part(*args, **options)  # type: ignore[arg-type]
        reached.append(part.reached)
        return part

    next_part = writing.next_part
    monkeypatch.setattr(writing, "place_kept", remembered)
    monkeypatch.setattr(writing, "next_part", naive)
    export = ask(reader)
    die_and_go_on(forked, "write_export.done")
    forked.run([lambda: tasks.drain(LANE) and None])
    doubled = written(export) - once_each()
    assert doubled.total() in (1, 2)
    assert set(written(export)) == set(once_each())
