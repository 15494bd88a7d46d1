"""What a restore refuses, with nothing changed; and the roles, guards and numbers that it sees to."""

from __future__ import annotations

import io
import re
import tarfile
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from cryptography.fernet import Fernet
from django.core.management import CommandError, call_command
from django.db import connections

from archive import store as archive_store
from archive.models import Change
from integration.models import ExceptionCase
from partners.control_numbers import LARGEST, skip_statements
from partners.models import ControlNumber
from portal.backups.keys import keys_beside
from portal.backups.load import copy_script
from portal.backups.manifest import Manifest, read_manifest
from portal.backups.package import write_package
from portal.copies import DatabaseCopies
from portal.guards import guard_faults
from portal.installation import Installation
from tests import factories
from tests.conftest import own_database
from tests.portal.api.conftest import client_with, token_of
from tests.servers import (
    bare_server,
    cluster,
    connect,
    connected_to,
    empty_database,
    every_row,
    superuser_of,
)

__all__ = ["cluster"]

ACME, BOREALIS = "ZZ:ACMESUPPLY", "01:123456789"


def manage(command: str, *arguments: str) -> None:
    """Run a command here."""
    call_command(command, *arguments, stderr=io.StringIO())


@dataclass(frozen=True)
class Backup:
    """A backup and what it says of itself."""

    file: Path
    manifest: Manifest
    dump: bytes

    def rewritten(self, target: Path, dump: bytes | None = None, **changes: Any) -> Path:
        """Write a copy whose manifest says something else, or whose dump is another."""

        def describe(size: int, sha256: str) -> Manifest:
            return replace(self.manifest, **{"size": size, "sha256": sha256, **changes})

        write_package(target, [self.dump if dump is None else dump], describe, force=False)
        return target


@pytest.fixture(scope="module")
def backup(
    copies: DatabaseCopies,
    django_db_setup: None,
    django_db_blocker: Any,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Backup]:
    """A backup of a database with four payloads."""
    file = tmp_path_factory.mktemp("backups") / "gridport.backup"
    with own_database(copies, django_db_blocker):
        for content in (b"one", b"two", b"three", b"four"):
            archive_store.put(content)
        manage("backup", str(file))
        with tarfile.open(file) as tar:
            text, dump = tar.extractfile("manifest.json"), tar.extractfile("database.dump")
            assert text is not None
            assert dump is not None
            yield Backup(file, read_manifest(text.read()), dump.read())


@pytest.fixture
def target(backup: Backup, cluster: Installation) -> Iterator[str]:
    """An empty database of a fresh cluster, to which everybody is connected."""
    with empty_database(cluster) as name:
        yield name


def refused(file: Path, keys: Path | None = None) -> str:
    """Restore ``file``, see that it is refused and the database as empty as before, and return the sentence."""
    with pytest.raises(CommandError) as refusal:
        manage("restore", str(file), f"--keys={keys or keys_beside(file)}")
    assert refusal.value.returncode == 1
    with connect("owner") as owner:
        for query in (
            "SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace",
            "SELECT proname FROM pg_proc WHERE pronamespace = 'public'::regnamespace",
        ):
            assert owner.execute(query).fetchall() == []
    return str(refusal.value)


def flipped(backup: Backup, target: Path) -> Path:
    data = bytearray(backup.file.read_bytes())
    data[backup.manifest.size // 2] ^= 1
    target.write_bytes(data)
    return target


def cut(backup: Backup, target: Path) -> Path:
    target.write_bytes(backup.file.read_bytes()[: backup.manifest.size // 2])
    return target


def another_file(backup: Backup, target: Path) -> Path:
    target.write_text("Dear diary,\n" * 1000)
    return target


def no_file(backup: Backup, target: Path) -> Path:
    return target


def of_another_format(backup: Backup, target: Path) -> Path:
    return backup.rewritten(target, format=3)


def of_an_older_schema(backup: Backup, target: Path) -> Path:
    older = [name for name in backup.manifest.migrations if name != "archive.0003_cursor_epoch"]
    return backup.rewritten(target, migrations=older)


def of_a_newer_schema(backup: Backup, target: Path) -> Path:
    return backup.rewritten(target, migrations=[*backup.manifest.migrations, "archive.9999_later"])


def of_a_newer_server(backup: Backup, target: Path) -> Path:
    return backup.rewritten(target, server=99)


def of_a_newer_pg_dump(backup: Backup, target: Path) -> Path:
    return backup.rewritten(target, pg_dump=99)


def with_a_row_too_few(backup: Backup, target: Path) -> Path:
    tables = dict(backup.manifest.tables)
    tables["archive_payload"] += 1
    return backup.rewritten(target, tables=tables)


def with_a_dump_that_is_none(backup: Backup, target: Path) -> Path:
    return backup.rewritten(target, dump=b"no dump at all" * 100)


def with_half_a_dump(backup: Backup, target: Path) -> Path:
    return backup.rewritten(target, dump=backup.dump[: -len(backup.dump) // 10])


@pytest.mark.parametrize(
    ("spoil", "sentence"),
    [
        (
            flipped,
            r"is damaged: its dump does not have the SHA-256 that its manifest gives\. Take another copy",
        ),
        (cut, r"is not a backup of Gridport, or not a whole one"),
        (another_file, r"is not a backup of Gridport, or not a whole one"),
        (no_file, r"cannot be read: No such file or directory"),
        (of_another_format, r"is of format 3 .* this Gridport \(\d+\.\d+\.\d+\) reads format 2"),
        (of_an_older_schema, r"holds an older schema, .*: archive\.0003_cursor_epoch were not applied"),
        (of_a_newer_schema, r"was made by a newer Gridport .* does not know archive\.9999_later"),
        (of_a_newer_server, r"comes from PostgreSQL 99 and this server is \d+: restore into 99 or newer"),
        (
            of_a_newer_pg_dump,
            r"was written by pg_dump 99, and the newest pg_restore on this machine is \d+\.\d+",
        ),
        (with_a_row_too_few, r"table archive_payload holds 4 rows, the manifest says 5"),
        (with_a_dump_that_is_none, r"pg_restore ended with 1: .*does not appear to be a valid"),
        (with_half_a_dump, r"pg_restore ended with 1: .*could not read from input file"),
    ],
)
def test_a_backup_that_is_not_what_it_was_is_refused(
    backup: Backup, target: str, tmp_path: Path, spoil: Callable[[Backup, Path], Path], sentence: str
) -> None:
    said = refused(spoil(backup, tmp_path / "spoilt"), keys_beside(backup.file))
    assert said.startswith("Nothing was restored. ")
    assert re.search(sentence, said), said


def test_without_the_key_that_it_needs_a_backup_is_refused(
    backup: Backup, target: str, settings: Any
) -> None:
    needed = archive_store.key_id(settings.ENCRYPTION_KEYS[0])
    settings.ENCRYPTION_KEYS = [Fernet.generate_key().decode()]
    assert f"gridport.backup.keys: {needed} for 4 keys" in refused(backup.file)


def test_a_database_that_holds_something_is_left_as_it_is(backup: Backup, target: str) -> None:
    with connect("owner") as owner:
        owner.execute("CREATE TABLE kept AS SELECT 'still here' AS words")
    with pytest.raises(CommandError, match=rf"The database {target} on .* is not empty \(kept\)"):
        manage("restore", str(backup.file))
    assert every_row() == {"kept": [{"words": "still here"}]}


def test_without_pg_restore_nothing_is_restored(
    backup: Backup, target: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PG_BINDIR", str(tmp_path))
    assert "There is no pg_restore on this machine." in refused(backup.file)


@pytest.mark.parametrize(
    ("server", "handed_on"),
    [
        (16, b"SET lock_timeout = 0;\nCOPY t FROM stdin;\nSET transaction_timeout = 0;\n\\.\n"),
        (17, b"SET lock_timeout = 0;\nSET transaction_timeout = 0;\nCOPY t FROM stdin;\n"
             b"SET transaction_timeout = 0;\n\\.\n"),
    ],
)  # fmt: skip
def test_an_older_server_is_not_told_a_setting_that_it_does_not_know(server: int, handed_on: bytes) -> None:
    script = (
        b"SET lock_timeout = 0;\nSET transaction_timeout = 0;\nCOPY t FROM stdin;\n"
        b"SET transaction_timeout = 0;\n\\.\n"
    )
    read = io.BytesIO()
    copy_script(io.BytesIO(script), read, server)
    assert read.getvalue() == handed_on


@pytest.mark.parametrize("number", ["-1", "1000000000", "many"])
def test_only_a_number_of_control_numbers_can_be_skipped(backup: Backup, target: str, number: str) -> None:
    with pytest.raises(CommandError, match="must be a whole number from 0 to 999,999,999"):
        manage("restore", str(backup.file), f"--skip-control-numbers={number}")


def test_only_the_owner_restores(backup: Backup, target: str) -> None:
    connections["owner"].settings_dict["USER"] = "postgres"
    with pytest.raises(
        CommandError, match="DATABASE_OWNER_URL connects as postgres: it must be gridport_owner"
    ):
        manage("restore", str(backup.file))


def test_a_server_without_roles_is_made_ready_by_a_superusers_address_alone(
    backup: Backup, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with bare_server(tmp_path / "data") as bare, connected_to(bare, "gridport"):
        with pytest.raises(CommandError, match=r"does not let gridport_owner in: .*manage.py roles --sql"):
            manage("restore", str(backup.file))

        with superuser_of(bare) as superuser:
            superuser.execute(f"CREATE ROLE gridport_owner LOGIN PASSWORD '{bare.owner_password}'")
            superuser.execute("CREATE DATABASE gridport OWNER gridport_owner")
        said = refused(backup.file)
        assert said.splitlines()[1:] == [
            """    CREATE ROLE "gridport_app" LOGIN PASSWORD 'CHANGE-ME-APP';""",
            """    CREATE ROLE "gridport_disposer" NOLOGIN;""",
            """    CREATE ROLE "gridport_reporter" NOLOGIN;""",
            """    GRANT "gridport_disposer" TO "gridport_owner";""",
        ]

        with superuser_of(bare) as superuser:
            superuser.execute("DROP DATABASE gridport")
            superuser.execute("DROP ROLE gridport_owner")
        monkeypatch.setenv("DATABASE_SUPERUSER_URL", bare.address("superuser", "postgres"))
        manage("restore", str(backup.file))
        with connect("default") as application:
            assert application.execute("SELECT count(*) FROM archive_payload").fetchone() == (4,)
        with superuser_of(bare, "gridport") as superuser:
            superuser.execute("SET ROLE gridport_reporter")
            assert superuser.execute("SELECT count(*) FROM reporting_v1.documents").fetchone() == (0,)
            told = superuser.execute("SELECT obj_description('reporting_v1.documents'::regclass)").fetchone()
            assert told == ("One document (transaction set), received or sent, with its three statuses.",)
        with pytest.raises(CommandError, match="is not empty"):
            manage("restore", str(backup.file))


def test_a_backup_without_a_guard_is_restored_and_told(
    committed: str, cluster: Installation, tmp_path: Path
) -> None:
    file = tmp_path / "gridport.backup"
    with connect("owner") as owner:
        owner.execute("DROP TRIGGER guard_table ON archive_payload")
        owner.execute("ALTER TABLE archive_event ENABLE TRIGGER guard_rows")
        owner.execute("DROP TRIGGER stamp_change ON integration_order")
        owner.execute("GRANT UPDATE (actor), DELETE ON archive_auditentry TO gridport_app")
        owner.execute("REVOKE INSERT ON archive_document FROM gridport_app")
    manage("backup", str(file))
    with empty_database(cluster):
        with pytest.raises(CommandError, match=r"is restored into .* and not to be used before") as told:
            manage("restore", str(file))
        with connect("owner") as owner:
            assert guard_faults(owner.cursor()) == [
                "archive_event lacks guard_rows, always enabled.",
                "archive_payload lacks guard_table, always enabled.",
                "integration_order lacks stamp_change, always enabled.",
                "gridport_app holds DELETE, UPDATE on archive_auditentry.",
                "gridport_app lacks INSERT on archive_document.",
            ]
            assert " ".join(guard_faults(owner.cursor())) in str(told.value)
    assert told.value.returncode == 3


def test_an_application_role_with_power_is_told(backup: Backup, cluster: Installation, target: str) -> None:
    with superuser_of(cluster) as superuser:
        superuser.execute("GRANT gridport_owner TO gridport_app")
        try:
            with pytest.raises(
                CommandError, match="gridport_app is or may become gridport_owner: it could rewrite"
            ):
                manage("restore", str(backup.file))
        finally:
            superuser.execute("REVOKE gridport_owner FROM gridport_app")


def test_readers_of_the_api_begin_anew_and_meet_every_row_once(
    committed: str, cluster: Installation, tmp_path: Path
) -> None:
    file = tmp_path / "gridport.backup"
    case = factories.everything().order.cases.all()[0]
    for money in (1, 2):  # each in a transaction of its own, so told by itself
        ExceptionCase.objects.filter(pk=case.pk).update(money=money)
    asks = client_with(token_of(factories.user("rea", superuser=True)))
    before = asks.get("/api/v1/cases/").json()
    assert Change.objects.filter(resource="cases", row_id=case.pk).count() >= 3
    assert [each["id"] for each in before["data"]].count(case.pk) == 1
    with connect("owner") as owner:
        owner.execute(
            "UPDATE archive_trimmedchanges SET transaction = 1 << 60"
        )  # as if all had been looked at
    manage("backup", str(file))
    with empty_database(cluster):
        manage("restore", str(file))
        told = Counter(Change.objects.values_list("resource", "row_id"))
        assert set(told.values()) == {1}
        assert {resource for resource, _ in told} >= {"cases", "documents", "orders"}
        gone = asks.get("/api/v1/cases/", {"cursor": before["next_cursor"]})
        assert (gone.status_code, gone.json()["code"]) == (410, "cursor_over")
        again = asks.get("/api/v1/cases/").json()
        assert _by_id(again) == _by_id(before)
        ExceptionCase.objects.filter(pk=case.pk).update(money=3)
        [row] = asks.get("/api/v1/cases/", {"cursor": again["next_cursor"]}).json()["data"]
        assert row["id"] == case.pk


def _by_id(page: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the rows of a page, but for when each was told: that is the restore's."""
    return sorted(({**each, "updated_at": ""} for each in page["data"]), key=lambda each: each["id"])


def test_counters_leave_out_numbers_and_wrap(committed: str) -> None:
    for receiver, value, epoch in ((ACME, 5, 0), (BOREALIS, LARGEST - 3, 2)):
        ControlNumber.objects.create(
            sender="ZZ:US", receiver=receiver, kind="interchange", value=value, epoch=epoch
        )
    with connections["owner"].cursor() as cursor:
        for statement in skip_statements(10):
            cursor.execute(statement)
    assert list(ControlNumber.objects.order_by("pk").values_list("receiver", "epoch", "value")) == [
        (ACME, 0, 15),
        (BOREALIS, 3, 7),
    ]
