"""An invented archive as a whole: judged before, written in one transaction, and told how far it is."""

from __future__ import annotations

import heapq
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import psycopg
from django.db import connections

from archive.changes import tell_statement
from archive.models import Change, Document
from portal.api.resources import RESOURCES
from portal.seeding.bulk import Table, copy_full, laid_bare
from portal.seeding.exchanged import ExchangedTables
from portal.seeding.ground import lay_ground
from portal.seeding.lives import FEWEST, Life, Planned, lives
from portal.seeding.ordered import OrderedTables, Story

BYTES_EACH = 7_000
"""Of disk for one document with all that belongs to it: tables and indexes."""
_WRITTEN_AHEAD = 2_000
_MOST_WRITTEN_AHEAD = 3_000_000_000
"""However many documents they are: the server begins anew with what it writes ahead of its tables (``max_wal_size``)."""
DOCUMENTS_A_SECOND = 2_000
_TELL_EVERY = 50_000


class SeedError(Exception):
    """No archive is made; the sentence says why."""


@dataclass(frozen=True)
class Estimate:
    """What a number of documents will take."""

    bytes: int
    seconds: int

    def __str__(self) -> str:
        minutes = max(1, round(self.seconds / 60))
        return f"about {self.bytes / 1e9:.1f} GB of disk and {minutes} minute{'s' if minutes > 1 else ''}"


def estimate(documents: int) -> Estimate:
    """Return what ``documents`` will take on two cores."""
    ahead = min(documents * _WRITTEN_AHEAD, _MOST_WRITTEN_AHEAD)
    return Estimate(documents * BYTES_EACH + ahead, documents // DOCUMENTS_A_SECOND + 5)


def check(documents: int, folder: Path) -> None:
    """Raise ``SeedError`` where they do not fit on the disk of ``folder``, are too few, or the archive holds any."""
    if documents < FEWEST:
        raise SeedError(
            f"{documents:,} documents are too few: {FEWEST:,} at least, since some orders are always made."
        )
    needed, free = estimate(documents).bytes, shutil.disk_usage(folder).free
    if free < needed:
        raise SeedError(
            f"{documents:,} documents need {needed / 1e9:.1f} GB, and {folder} has {free / 1e9:.1f} GB free. Name fewer, or"
            " give the database another disk."
        )
    if Document.objects.exists():
        raise SeedError(
            "This archive holds documents already. Invented ones are only put into an empty archive."
        )


def seed(documents: int, until: datetime, say: Callable[[str], None], number: int = 8) -> dict[str, int]:
    """Write ``documents`` documents up to ``until``, in one transaction of the owner; return the rows of each table.

    ``number`` chooses the lives: the same one gives the same archive, but for what is encrypted.
    """
    ground = lay_ground()
    exchanged = ExchangedTables(ground)
    ordered = OrderedTables(ground, exchanged, until)
    tables: list[Table] = [*exchanged.all, *ordered.all]
    names = [table.name for table in tables]
    with psycopg.connect(**_owner()) as owner:
        owner.execute("SET LOCAL maintenance_work_mem = '512MB'")
        with laid_bare(owner, [*names, Change._meta.db_table]):
            stories = _by_time(ordered, lives(documents, until, number))
            for done, (story, planned) in enumerate(stories, start=1):
                story.write(planned)
                if planned is story.life.documents[-1]:
                    story.end()
                if done % 1000 == 0:
                    copy_full(owner, tables)
                if done % _TELL_EVERY == 0:
                    say(f"{done:,} of {documents:,} documents written.")
            copy_full(owner, tables, all_of_it=True)
            for resource in RESOURCES:
                if resource.model._meta.db_table in names:
                    owner.execute(tell_statement(resource.name, resource.model._meta.db_table))
            say("Rows are in; indexes and constraints are made again.")
        for table in tables:
            table.continue_ids(owner)
    with psycopg.connect(**_owner(), autocommit=True) as owner:
        owner.execute("VACUUM (ANALYZE)")
    return {table.name: table.count for table in tables}


def _by_time(tables: OrderedTables, orders: Iterator[Life]) -> Iterator[tuple[Story, Planned]]:
    """Yield documents as they were exchanged, of whichever order: ids grow with time, as they do in life."""
    waiting: list[tuple[datetime, int, int, Planned, Story]] = []
    for place, life in enumerate(orders):
        while waiting and waiting[0][0] < life.placed_at:
            *_, planned, story = heapq.heappop(waiting)
            yield story, planned
        story = Story(tables, life)
        if not life.documents:
            story.end()
        for at, planned in enumerate(life.documents):
            heapq.heappush(waiting, (planned.at, place, at, planned, story))
    while waiting:
        *_, planned, story = heapq.heappop(waiting)
        yield story, planned


def _owner() -> dict[str, Any]:
    """Return what psycopg needs to connect as the owner to the database that the application is on."""
    settings = connections["owner"].settings_dict
    return {
        "host": settings["HOST"],
        "port": settings["PORT"] or None,
        "user": settings["USER"],
        "password": settings["PASSWORD"],
        "dbname": settings["NAME"],
    }
