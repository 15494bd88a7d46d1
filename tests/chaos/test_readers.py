"""Readers miss nothing: writers that commit when they like, one of them very late, and somebody who polls the API."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from random import Random
from typing import Any

import pytest
from django.db import connection, transaction
from django.db.models import F

from archive import changes
from archive.models import Change
from integration.models import ExceptionCase
from tests import factories
from tests.chaos.forking import scaled
from tests.portal.api.conftest import client_with, token_of

pytestmark = pytest.mark.chaos

WRITERS, ROWS = 8, scaled(2000)
OPEN_FOR = scaled(60)
"""Seconds for which one transaction stays open."""


class Reader:
    """Somebody who polls ``/api/v1/cases/`` by its cursor and keeps each row by id; and one who asks by time."""

    def __init__(self) -> None:
        self.api = client_with(token_of(factories.user("rea", superuser=True)))
        self.cursor = ""
        self.held: dict[int, dict[str, Any]] = {}
        self.pages: list[tuple[str | None, int]] = []
        self.by_time: set[int] = set()
        self._last = datetime(2000, 1, 1, tzinfo=UTC)

    def poll(self) -> None:
        """Read until there is no more."""
        while True:
            query = {"limit": "100", **({"cursor": self.cursor} if self.cursor else {})}
            page = self.api.get("/api/v1/cases/", query).json()
            for row in page["data"]:
                self.held[row["id"]] = row
            self.cursor = page["next_cursor"]
            self.pages.append((page["complete_until"], len(self.held)))
            if not page["has_more"]:
                return

    def poll_by_time(self) -> None:
        """Do what looks enough: ask for what changed after the last that was seen."""
        rows = Change.objects.filter(resource="cases", changed_at__gt=self._last).order_by("changed_at")
        for row, at in rows.values_list("row_id", "changed_at"):
            self.by_time.add(row)
            self._last = max(self._last, at)


def test_every_row_is_read_and_asking_by_time_misses_some(committed: str, settings: Any) -> None:
    settings.API_REQUESTS_A_MINUTE = 1_000_000
    reader = Reader()
    begun, over = threading.Event(), threading.Event()
    committed_at: dict[int, datetime] = {}

    def writes(seed: int) -> None:
        random = Random(seed)
        for place in range(ROWS // WRITERS):
            with transaction.atomic():
                made = factories.case(f"Case {seed} {place}.")
                time.sleep(random.random() * 0.02)
            committed_at[made.pk] = _now()
            if random.random() < 0.1:  # many rows at once, all with one time
                with transaction.atomic():
                    pks = ExceptionCase.objects.order_by("-pk").values_list("pk", flat=True)[:50]
                    # In one order: two writers that update the same rows otherwise wait for each other.
                    locked = ExceptionCase.objects.filter(pk__in=list(pks)).order_by("pk").select_for_update()
                    ExceptionCase.objects.filter(pk__in=[each.pk for each in locked]).update(
                        money=F("id") + place
                    )

    def writes_late() -> None:
        with transaction.atomic():
            made = factories.case("Opened long before it is committed.")
            begun.set()
            over.wait(OPEN_FOR)
        committed_at[made.pk] = _now()

    def reads() -> None:
        begun.wait(30)
        while not over.is_set():
            reader.poll()
            reader.poll_by_time()

    with ThreadPoolExecutor(WRITERS + 2) as pool:
        late = pool.submit(_on_own_connection(writes_late, committed))
        reading = pool.submit(_on_own_connection(reads, committed))
        began = time.monotonic()
        for each in [
            pool.submit(_on_own_connection(lambda seed=seed: writes(seed), committed))
            for seed in range(WRITERS)
        ]:
            each.result()
        over.wait(max(0.0, OPEN_FOR - (time.monotonic() - began)))
        over.set()
        late.result()
        reading.result()
    reader.poll()
    reader.poll_by_time()

    rows = {each.pk: each for each in ExceptionCase.objects.all()}
    assert len(rows) == ROWS // WRITERS * WRITERS + 1 == len(committed_at)
    assert set(reader.held) == set(rows)
    assert {pk: row["money"] for pk, row in reader.held.items()} == {
        pk: f"{row.money:.4f}" if row.money is not None else None for pk, row in rows.items()
    }
    assert set(rows) - reader.by_time != set()

    # What was said to be complete was: of all that was committed before, nothing was still to come.
    changes.trim()
    told = [(datetime.fromisoformat(until), held) for until, held in reader.pages if until]
    assert told != []
    for until, held in told:
        assert sum(at < until for at in committed_at.values()) <= held


def _now() -> datetime:
    with connection.cursor() as cursor:
        cursor.execute("SELECT clock_timestamp()")
        found: datetime = cursor.fetchone()[0]
    return found


def _on_own_connection(act: Callable[[], None], database: str) -> Callable[[], None]:
    def acting() -> None:
        connection.settings_dict["NAME"] = database
        try:
            act()
        finally:
            connection.close()

    return acting
