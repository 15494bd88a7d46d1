"""The drill: the newest backup restored into a scratch database, looked through, dropped, and what came of it told."""

from __future__ import annotations

import io
import os
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import connections
from django.utils import timezone
from psycopg import sql

from archive import sealing, store
from archive.models import Payload
from integration.flows.drills import tell_of_drill
from integration.models import ExceptionCase, RestoreDrill
from integration.work import Unclaimed
from portal.backups import BackupError
from portal.backups.drill import PREFIX, latest_backup
from portal.backups.keys import keys_beside
from portal.copies import DatabaseCopies
from tests.conftest import own_database
from tests.servers import connect


@pytest.fixture(scope="module")
def folder(
    copies: DatabaseCopies,
    django_db_setup: None,
    django_db_blocker: Any,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Path]:
    """A folder with a backup of three payloads."""
    found = tmp_path_factory.mktemp("backups")
    with own_database(copies, django_db_blocker):
        for content in (b"one", b"two", b"three"):
            store.put(content)
        sealing.seal(Unclaimed())
        call_command("backup", str(found / "gridport.backup"), stderr=io.StringIO())
        yield found


def drill(*arguments: str) -> str:
    said = io.StringIO()
    call_command("drill", *arguments, stderr=said)
    return said.getvalue()


def scratch_databases() -> list[str]:
    with connect("owner") as owner:
        rows = owner.execute("SELECT datname FROM pg_database WHERE starts_with(datname, %s)", [PREFIX])
        return [name for (name,) in rows]


def test_the_newest_backup_is_restored_looked_through_and_dropped(folder: Path, settings: Any) -> None:
    settings.BACKUP_FOLDER = folder
    with connect("owner") as owner:
        owner.execute(f"CREATE DATABASE {PREFIX}left_behind")
    said = drill()
    assert (
        "Drill: 3 payloads open as they were stored. 3 records are as they were sealed. Restored and looked through in"
        in said
    )
    assert "minutes would be lost: the backup is that old." in said
    row = RestoreDrill.objects.first()
    assert row is not None
    assert (row.file, row.passed, row.detail) == (
        "gridport.backup", True,
        "3 payloads open as they were stored. 3 records are as they were sealed.",
    )  # fmt: skip
    assert row.rows > 100
    assert row.backup_made_at is not None
    assert scratch_databases() == []
    assert not ExceptionCase.objects.exists()


def test_a_backup_of_what_was_tampered_with_is_found(folder: Path, tmp_path: Path) -> None:
    changed = Payload.objects.earliest("pk")
    tamper = (
        "ALTER TABLE archive_payload DISABLE TRIGGER guard_rows; UPDATE archive_payload SET size = size + {}"
    )
    put_right = "ALTER TABLE archive_payload ENABLE ALWAYS TRIGGER guard_rows"
    with connections["owner"].cursor() as owner:
        owner.execute(f"{tamper.format(1)} WHERE id = {changed.pk}; {put_right}")
    call_command("backup", str(tmp_path / "changed.backup"), stderr=io.StringIO())
    with connections["owner"].cursor() as owner:
        owner.execute(f"{tamper.format(-1)} WHERE id = {changed.pk}; {put_right}")
    with pytest.raises(
        CommandError, match=f"The payload {changed.pk} is not what was sealed. In all 1 findings"
    ):
        drill(str(tmp_path / "changed.backup"))
    # The portal's own connection leads back to where it was.
    row = RestoreDrill.objects.first()
    assert row is not None
    assert (row.file, row.passed) == ("changed.backup", False)
    assert scratch_databases() == []
    row.delete()
    ExceptionCase.objects.all().delete()


def test_a_backup_that_cannot_be_read_is_a_case_until_one_can(folder: Path, tmp_path: Path) -> None:
    spoilt = tmp_path / "spoilt.backup"
    data = bytearray((folder / "gridport.backup").read_bytes())
    data[len(data) // 2] ^= 1
    spoilt.write_bytes(data)
    with pytest.raises(CommandError, match=r"The drill failed after .* is damaged"):
        drill(str(spoilt), f"--keys={keys_beside(folder / 'gridport.backup')}")
    [case] = ExceptionCase.objects.filter(closed_at=None)
    assert case.kind == ExceptionCase.Kind.ARCHIVE
    assert case.sentence.startswith("The backup spoilt.backup could not be restored when it was tried.")
    assert "The last one that could was tried on" in case.sentence
    assert scratch_databases() == []
    drill(str(folder / "gridport.backup"))
    assert not ExceptionCase.objects.filter(closed_at=None).exists()


def test_keys_that_open_nothing_are_found(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("portal.backups.look._opens", lambda payload, row: payload.pk % 2 == 0)
    with pytest.raises(CommandError, match=r"Payloads do not open as they were stored: [0-9a-f]{12}"):
        drill(str(folder / "gridport.backup"))
    last = RestoreDrill.objects.first()
    assert last is not None
    assert not last.passed


def test_a_drill_too_long_ago_is_a_case(folder: Path) -> None:
    RestoreDrill.objects.create(file="x", seconds=1, passed=True, detail="")
    tell_of_drill(timezone.now())
    assert not ExceptionCase.objects.filter(closed_at=None).exists()
    tell_of_drill(timezone.now() + timedelta(days=31))
    [case] = ExceptionCase.objects.filter(closed_at=None)
    assert case.sentence == "No backup was tried out for 31 days: run manage.py drill."


def test_the_newest_with_its_keys_is_taken(tmp_path: Path) -> None:
    with pytest.raises(BackupError, match="There is no backup with its keys"):
        latest_backup(tmp_path / "none")
    for age, name in ((50, "old"), (10, "new"), (1, "without its keys")):
        path = tmp_path / name
        path.write_text("x")
        os.utime(path, (1_800_000_000 - age,) * 2)
        if age > 1:
            keys_beside(path).write_text("x")
    assert latest_backup(tmp_path).name == "new"


def test_a_role_that_a_later_gridport_needs_is_asked_for_in_words(
    folder: Path, settings: Any, monkeypatch: pytest.MonkeyPatch, db: None
) -> None:
    settings.BACKUP_FOLDER = folder
    lacking = [sql.SQL("CREATE ROLE {} NOLOGIN").format(sql.Identifier("gridport_reporter"))]
    monkeypatch.setattr("portal.backups.ground.missing_role_statements", lambda *asked: lacking)
    with pytest.raises(CommandError, match='CREATE ROLE "gridport_reporter" NOLOGIN;'):
        drill()
    assert not RestoreDrill.objects.get().passed
    assert scratch_databases() == []
