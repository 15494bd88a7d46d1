"""A backup of a world, and that world again in a fresh cluster, row by row."""

from __future__ import annotations

import io
import os
import subprocess
import sys
import tarfile
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
import pytest
from cryptography.fernet import Fernet
from django.core.management import CommandError, call_command
from psycopg import sql

from archive import store as archive_store
from archive.models import CursorEpoch, Direction, Interchange, Payload
from archive.projections import rebuild
from archive.record import record_event
from integration.models import Order, Pause, Store
from integration.simulators.store.sample_orders import generated_orders
from partners.models import Mailbox
from portal.backups.address import address_of
from portal.backups.keys import KEY_TABLES, keys_beside, read_keys
from portal.backups.make import LEFT_OUT, make_backup
from portal.backups.manifest import Manifest, read_manifest
from portal.copies import DatabaseCopies
from portal.exports.parts import sealed
from portal.guards import guard_faults, guarded_tables
from portal.installation import Installation
from tests import factories
from tests.conftest import ROOT, own_database
from tests.servers import Rows, cluster, connect, connected_to, empty_database, every_row
from tests.world import World, open_world

__all__ = ["cluster"]

ACME, BOREALIS = "ZZ:ACMESUPPLY", "01:123456789"
CHANGED_BY_A_RESTORE = {
    "archive_change",
    "archive_cursorepoch",
    "integration_pause",
    "partners_controlnumber",
    *LEFT_OUT,
}
ATTACKS = (
    "UPDATE {} SET recorded_at = now()",
    "DELETE FROM {}",
    "TRUNCATE {} CASCADE",
    "ALTER TABLE {} DISABLE TRIGGER guard_rows",
)
PROJECTIONS = ("archive_documentreference", "archive_documentstate", "archive_translation")


def stamped_tables() -> list[str]:
    facts, reported = guarded_tables()
    return [*facts, *reported]


def stamps() -> set[int]:
    """Return every ``changed_xid`` that there is."""
    query = sql.SQL("SELECT DISTINCT changed_xid::text FROM {}")
    with connect("owner") as owner:
        return {
            int(stamp)
            for table in stamped_tables()
            for (stamp,) in owner.execute(query.format(sql.Identifier(table)))
        }


def rows_behind_the_readers_line() -> int:
    """Return how many rows an incremental reader would have to wait for."""
    query = sql.SQL("SELECT count(*) FROM {} WHERE changed_xid >= pg_snapshot_xmin(pg_current_snapshot())")
    with connect("owner") as owner:
        counts = [owner.execute(query.format(sql.Identifier(table))).fetchall() for table in stamped_tables()]
    return sum(count for [(count,)] in counts)


def numbers_used() -> set[tuple[str, str]]:
    """Return receiver and control number of every interchange that was made."""
    sent = Interchange.objects.filter(direction=Direction.OUT)
    return {(f"{each.receiver_qualifier}:{each.receiver_id}", each.control_number) for each in sent}


def manage(command: str, *arguments: str) -> str:
    """Run a command here; return what it said on stderr."""
    said = io.StringIO()
    call_command(command, *arguments, stderr=said)
    return said.getvalue()


@dataclass(frozen=True)
class Backup:
    """A backup, and what the database held then and until the source was lost."""

    file: Path
    rows: Rows
    contents: dict[str, bytes]
    stamps: set[int]
    numbers_used_since: set[tuple[str, str]]

    @property
    def manifest(self) -> Manifest:
        """What the backup says of itself."""
        with tarfile.open(self.file) as tar:
            text = tar.extractfile("manifest.json")
            assert text is not None
            return read_manifest(text.read())


@dataclass(frozen=True)
class Restored:
    """What the new cluster held before anybody touched it, and what the command said."""

    said: str
    rows: Rows
    stamps: set[int]
    rows_behind_the_readers_line: int


@pytest.fixture(scope="module")
def world(
    copies: DatabaseCopies,
    django_db_setup: None,
    django_db_blocker: Any,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[World]:
    """A world in which order 1001 has gone there and back."""
    folder = tmp_path_factory.mktemp("world")
    with own_database(copies, django_db_blocker), open_world(folder, generated_orders()) as opened:
        opened.mailbox.password = "the mailbox's secret"
        opened.mailbox.save()
        opened.place(1001)
        opened.run()
        assert Order.objects.get().state == Order.State.ACCEPTED
        yield opened


@pytest.fixture(scope="module")
def backup(world: World, tmp_path_factory: pytest.TempPathFactory) -> Backup:
    """A backup of that world, which went on to order 1004 before it was lost."""
    file = tmp_path_factory.mktemp("backups") / "gridport.backup"
    export = factories.export_of(factories.api_token(factories.user("rosa", "Operator")))
    sealed(export, 1, b"id,number", 1).save()
    for _ in range(2):  # told twice, and not cleared away yet
        Order.objects.update(state_reason="")
    manage("backup", str(file))
    rows, stamped = every_row(), stamps()
    contents = {each.address: archive_store.open(each, purpose="test") for each in Payload.objects.all()}
    before = numbers_used()
    world.place(1004)
    world.run()
    return Backup(file, rows, contents, stamped, numbers_used() - before)


@pytest.fixture(scope="module")
def restored(backup: Backup, cluster: Installation) -> Restored:
    """That backup in the fresh cluster, by the command as an operator runs it."""
    addresses = {"DATABASE_URL": cluster.address("app"), "DATABASE_OWNER_URL": cluster.address("owner")}
    done = subprocess.run(
        [sys.executable, str(ROOT / "manage.py"), "restore", str(backup.file)],
        env={**os.environ, **addresses}, capture_output=True, text=True, timeout=300, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    with connected_to(cluster, "gridport"):
        return Restored(done.stderr, every_row(), stamps(), rows_behind_the_readers_line())


@pytest.fixture
def new_cluster(restored: Restored, cluster: Installation) -> Iterator[None]:
    """Everybody is connected to the restored database."""
    with connected_to(cluster, "gridport"):
        yield


def test_every_row_of_every_table_is_in_the_new_cluster(backup: Backup, restored: Restored) -> None:
    assert restored.rows.keys() == backup.rows.keys()
    same = backup.rows.keys() - CHANGED_BY_A_RESTORE
    assert {table: restored.rows[table] for table in same} == {table: backup.rows[table] for table in same}
    assert {table for table in stamped_tables() if backup.rows[table]} >= {
        "archive_acknowledgment", "archive_document", "archive_documentreference", "archive_documentstate",
        "archive_event", "archive_functionalanswer", "archive_interchange", "archive_payload",
        "archive_translation", "archive_transmission", "archive_transmissionoutcome", "integration_lineentry",
        "integration_order", "integration_orderdocument", "integration_purchaseorder", "integration_storeeffect",
    }  # fmt: skip
    for table in KEY_TABLES:
        rows = [[{**row, "id": 0} for row in each.rows[table]] for each in (backup, restored)]
        assert sorted(map(str, rows[0])) == sorted(map(str, rows[1])) != []
    assert (len(backup.rows["portal_exportpart"]), restored.rows["portal_exportpart"]) == (1, [])
    dumped = backup.rows.keys() - set(LEFT_OUT)
    assert backup.manifest.tables == {table: len(backup.rows[table]) for table in dumped}


def test_rows_are_stamped_anew_and_a_reader_of_the_new_cluster_gets_them_all(
    backup: Backup, restored: Restored
) -> None:
    assert len(backup.stamps) > 10
    assert len(restored.stamps) == 1
    assert restored.rows_behind_the_readers_line == 0


def test_each_row_that_is_reported_is_told_once_in_the_new_cluster(
    backup: Backup, restored: Restored
) -> None:
    before, after = (
        Counter((row["resource"], row["row_id"]) for row in each.rows["archive_change"])
        for each in (backup, restored)
    )
    assert set(before) == set(after)
    assert max(before.values()) > 1
    assert set(after.values()) == {1}


def test_a_restore_begins_another_epoch_that_the_application_can_read_and_not_write(
    backup: Backup, restored: Restored, new_cluster: None
) -> None:
    [first, second] = CursorEpoch.objects.order_by("pk")
    assert [str(first.token)] == [row["token"] for row in backup.rows["archive_cursorepoch"]]
    assert second.token != first.token
    assert second.origin == f"restored from the backup of {backup.manifest.made_at}"
    with connect("default") as application:
        for attack in (
            "INSERT INTO archive_cursorepoch (origin) VALUES ('mine')",
            "UPDATE archive_cursorepoch SET origin = 'mine'",
            "DELETE FROM archive_cursorepoch",
        ):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                application.execute(attack)


def test_payloads_and_secrets_decrypt_in_the_new_cluster(backup: Backup, new_cluster: None) -> None:
    assert len(backup.contents) == 4
    assert {
        each.address: archive_store.open(each, purpose="test") for each in Payload.objects.all()
    } == backup.contents
    assert Mailbox.objects.get().password == "the mailbox's secret"
    assert Store.objects.get().token == "token"


def test_facts_can_be_changed_by_nobody_in_the_new_cluster(new_cluster: None) -> None:
    facts, _ = guarded_tables()
    assert len(facts) == 34
    with connect("default") as application, connect("owner") as schema_owner:
        for table in facts:
            name = sql.Identifier(table)
            for attack in ATTACKS:
                with pytest.raises(psycopg.errors.InsufficientPrivilege):
                    application.execute(sql.SQL(attack).format(name))
            with pytest.raises(psycopg.errors.InsufficientPrivilege, match="facts are written once"):
                schema_owner.execute(sql.SQL("TRUNCATE {} CASCADE").format(name))
        assert guard_faults(schema_owner.cursor()) == []


def test_projections_rebuild_equal_in_the_new_cluster(new_cluster: None) -> None:
    def without_ids() -> list[dict[str, Any]]:
        rows = [row for table in every_row(*PROJECTIONS).values() for row in table]
        return sorted(({**row, "id": 0} for row in rows), key=str)

    before = without_ids()
    assert rebuild() == 4
    assert without_ids() == before


def test_nothing_goes_on_until_somebody_resumes_and_then_numbers_are_new(
    world: World, backup: Backup, restored: Restored, new_cluster: None
) -> None:
    assert backup.numbers_used_since == {(ACME, "000000003"), (ACME, "000000004")}
    world.place(1013)
    world.place(1010)
    arrived = len(world.network.arrivals())
    world.run()
    assert (Order.objects.count(), len(world.network.arrivals())) == (1, arrived)

    [switch] = Pause.objects.all()
    assert (switch.subject, switch.paused_by) == ("everything", "manage.py restore")
    switch.delete()
    world.later()
    world.run()
    assert set(Order.objects.filter(number__in=[1013, 1010]).values_list("state", flat=True)) == {"accepted"}
    assert numbers_used() == {
        (ACME, "000000001"), (ACME, "000000002"), (ACME, "000010003"), (ACME, "000010004"),
        (BOREALIS, "000010001"), (BOREALIS, "000010002"),
    }  # fmt: skip
    assert not numbers_used() & backup.numbers_used_since


def test_the_operator_is_told_what_is_known_and_what_to_do_next(backup: Backup, restored: Restored) -> None:
    rows = sum(backup.manifest.tables.values())
    lines = restored.said.splitlines()
    assert lines[1].startswith(
        f"Restore: Loading {len(backup.rows) - len(LEFT_OUT)} tables with {rows:,} rows into the database"
    )
    assert lines[3].startswith(
        f"Everything is as it was at {backup.manifest.made_at}, and everything is paused"
    )
    assert "every counter left out the next 10,000." in restored.said


def test_a_backup_and_its_keys_are_two_files_for_their_owner_alone(backup: Backup, settings: Any) -> None:
    files = sorted(backup.file.parent.iterdir())
    assert [each.name for each in files] == ["gridport.backup", "gridport.backup.keys"]
    assert {each.stat().st_mode & 0o777 for each in files} == {0o600}
    with tarfile.open(backup.file) as tar:
        assert tar.getnames() == ["database.dump", "manifest.json"]
    [key] = settings.ENCRYPTION_KEYS
    assert backup.manifest.keys == {archive_store.key_id(key): 2}
    said = read_keys(keys_beside(backup.file)).manifest
    # three files that came or went for one order, whose person's key two of them lie under
    assert (said.persons, said.payloads, said.store_keys) == (
        1,
        4,
        {archive_store.key_id(key): said.payloads - 1 + 1},
    )
    for file in files:
        assert key.encode() not in file.read_bytes()


def test_a_backup_replaces_another_only_when_told(backup: Backup, world: World, tmp_path: Path) -> None:
    file = tmp_path / "kept"
    file.write_text("what was there")
    with pytest.raises(CommandError, match=r"kept is there already: name another file, or say --force"):
        manage("backup", str(file))
    assert file.read_text() == "what was there"
    manage("backup", str(file), "--force")
    assert tarfile.is_tarfile(file)


def test_what_is_written_during_a_backup_is_not_half_in_it(
    committed: str, cluster: Installation, tmp_path: Path
) -> None:
    source, file = address_of("owner"), tmp_path / "gridport.backup"
    assert source is not None
    late: list[str] = []

    def write(line: str) -> None:
        late.append(line)
        record_event("order:1", "late", line)

    manifest = make_backup(source, file, keys_beside(file), force=False, say=write)
    assert len(late) == 1
    assert len(every_row("archive_event")["archive_event"]) == 1
    assert manifest.tables["archive_event"] == 0
    with empty_database(cluster):
        manage("restore", str(file))
        assert every_row("archive_event") == {"archive_event": []}


def test_without_the_owners_address_there_is_no_backup(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr("portal.management.commands.backup.address_of", lambda alias: None)
    with pytest.raises(CommandError, match="DATABASE_OWNER_URL is not set"):
        manage("backup", str(tmp_path / "x"))


def test_an_empty_database_makes_no_backup(cluster: Installation, tmp_path: Path) -> None:
    with (
        empty_database(cluster) as name,
        pytest.raises(
            CommandError, match=rf"The database {name} on .* holds no Gridport: nothing was ever migr"
        ),
    ):
        manage("backup", str(tmp_path / "x"))
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_is_not_there_is_told(world: World, tmp_path: Path) -> None:
    with pytest.raises(CommandError, match=r"There is no folder .*/nowhere: make it, or name another file"):
        manage("backup", str(tmp_path / "nowhere" / "x"))


def test_a_secret_and_payloads_that_no_key_opens_are_told(
    backup: Backup, settings: Any, tmp_path: Path
) -> None:
    needed = archive_store.key_id(settings.ENCRYPTION_KEYS[0])
    settings.ENCRYPTION_KEYS = [Fernet.generate_key().decode()]
    said = manage("backup", str(tmp_path / "x"))
    assert "none of ENCRYPTION_KEYS opens a secret in partners_mailbox.password." in said
    assert f"keys of persons and payloads lie under key {needed}, which is not in ENCRYPTION_KEYS." in said


def programs(folder: Path, **scripts: str) -> str:
    """Write shell scripts that stand for PostgreSQL's programs; return their folder."""
    folder.mkdir()
    for name, text in scripts.items():
        path = folder / name
        path.write_text(f"#!/bin/sh\n{text}\n")
        path.chmod(0o755)
    return str(folder)


OLD = 'echo "pg_dump (PostgreSQL) 9.6.24"'
BREAKING = (
    '[ "$1" = --version ] && { echo "pg_dump (PostgreSQL) 99.1"; exit; }\n'
    'echo "half of it"\necho "pg_dump: error: it broke" >&2\nexit 1'
)


@pytest.mark.parametrize(
    ("scripts", "sentence"),
    [
        (
            {},
            r"There is no pg_dump on this machine\. Install PostgreSQL's client programs .* or set PG_BINDIR",
        ),
        (
            {"pg_dump": OLD},
            r"The server is PostgreSQL \d+, and the newest pg_dump on this machine is 9\.6\.24",
        ),
        ({"pg_dump": BREAKING}, r"pg_dump ended with 1: pg_dump: error: it broke"),
    ],
    ids=["missing", "too old", "breaks off"],
)
def test_without_a_pg_dump_that_does_it_nothing_is_left_behind(
    world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, scripts: dict[str, str], sentence: str
) -> None:
    monkeypatch.setenv("PG_BINDIR", programs(tmp_path / "bin", **scripts))
    with pytest.raises(CommandError, match="^No backup was made. .*" + sentence):
        manage("backup", str(tmp_path / "x"))
    assert [each.name for each in tmp_path.iterdir()] == ["bin"]
