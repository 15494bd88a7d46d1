"""The file of keys: whole or refused, of the same database, not older than the backup, and kept for a shorter time."""

from __future__ import annotations

import hashlib
import io
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from cryptography.fernet import Fernet
from django.core.management import CommandError, call_command
from django.db import transaction

from archive import store
from archive.subjects import subject_of
from portal.backups import BackupError
from portal.backups.keys import keys_beside, read_keys, refuse_other_keys, remove_old_keys
from portal.copies import DatabaseCopies
from tests.conftest import own_database


@pytest.fixture(scope="module")
def backup(
    copies: DatabaseCopies,
    django_db_setup: None,
    django_db_blocker: Any,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Path]:
    """A backup with two payloads of nobody and one of a person."""
    file = tmp_path_factory.mktemp("backups") / "gridport.backup"
    with own_database(copies, django_db_blocker):
        with transaction.atomic():
            store.put(b"one")
            store.put(b"two")
            store.put(b"three", subject=subject_of("person:h:customer:1"))
        call_command("backup", str(file), stderr=io.StringIO())
        yield file


def test_it_counts_and_names_what_it_holds(backup: Path, settings: Any) -> None:
    held = read_keys(keys_beside(backup))
    kinds = [line.split(b"\t")[0] for line in held.lines()]
    assert kinds == [b"person", b"payload", b"payload", b"payload"]
    assert (held.manifest.persons, held.manifest.payloads, held.manifest.erased) == (1, 3, 0)
    assert (held.manifest.format, held.manifest.disposed, list(held.disposed())) == (2, 0, [])
    assert held.manifest.store_keys == {store.key_id(settings.ENCRYPTION_KEYS[0]): 3}
    assert held.erased() == []


def test_a_file_of_before_disposals_were_told_is_read(backup: Path, tmp_path: Path) -> None:
    first, *rows, _ = keys_beside(backup).read_bytes().splitlines(keepends=True)
    said = {name: value for name, value in json.loads(first).items() if name != "disposed"}
    whole = b"".join([json.dumps({**said, "format": 1}).encode() + b"\n", *rows])
    old = tmp_path / "old.keys"
    old.write_bytes(whole + b"end\t" + hashlib.sha256(whole).hexdigest().encode() + b"\n")
    held = read_keys(old)
    assert (held.manifest.format, held.manifest.payloads, held.manifest.disposed) == (1, 3, 0)
    assert list(held.disposed()) == []


@pytest.mark.parametrize(
    ("spoil", "sentence"),
    [
        (lambda data: data[:-200], "is damaged"),
        (lambda data: data.replace(b"payload\t", b"payloae\t", 1), "is damaged"),
        (lambda data: b"Dear diary\n", "is no file of keys"),
        (lambda data: data.replace(b'"format": 2', b'"format": 7', 1), "is no file of keys"),
    ],
)
def test_a_file_that_is_not_what_it_was_is_refused(
    backup: Path, tmp_path: Path, spoil: Any, sentence: str
) -> None:
    spoilt = tmp_path / "x.keys"
    spoilt.write_bytes(spoil(keys_beside(backup).read_bytes()))
    with pytest.raises(BackupError, match=sentence):
        read_keys(spoilt)


def test_without_its_keys_a_backup_is_refused_in_words(backup: Path, tmp_path: Path) -> None:
    with pytest.raises(
        CommandError, match=r"Nothing was restored\. The file of keys .* name their file with --keys"
    ):
        call_command("restore", str(backup), f"--keys={tmp_path / 'none'}", stderr=io.StringIO())


def test_keys_of_before_or_of_elsewhere_or_that_nothing_opens_are_refused(
    backup: Path, settings: Any
) -> None:
    held = read_keys(keys_beside(backup))
    refuse_other_keys(held, held.manifest.made_at, held.manifest.lineage)
    with pytest.raises(BackupError, match="before the backup"):
        refuse_other_keys(held, "9999-01-01T00:00:00Z", held.manifest.lineage)
    with pytest.raises(BackupError, match="of another database"):
        refuse_other_keys(held, held.manifest.made_at, "0" * 16)
    settings.ENCRYPTION_KEYS = [Fernet.generate_key().decode()]
    with pytest.raises(BackupError, match="for 3 keys"):
        refuse_other_keys(held, held.manifest.made_at, held.manifest.lineage)


def test_old_files_of_keys_of_the_same_database_are_removed_and_nothing_else(
    backup: Path, tmp_path: Path
) -> None:
    whole = keys_beside(backup).read_bytes()
    first, _, rest = whole.partition(b"\n")
    said = json.loads(first)

    def write(name: str, **changes: Any) -> Path:
        path = tmp_path / name
        path.write_bytes(json.dumps({**said, **changes}).encode() + b"\n" + rest)
        return path

    newest = tmp_path / "new.keys"
    newest.write_bytes(whole)
    old = write("old.keys", made_at="2020-01-01T00:00:00Z")
    kept = [
        write("elsewhere.keys", made_at="2020-01-01T00:00:00Z", lineage="f" * 16),
        write("young.keys"),
        write("other.txt", made_at="2020-01-01T00:00:00Z"),
    ]
    (tmp_path / "diary.keys").write_text("Dear diary")
    assert remove_old_keys(newest, 30) == [old]
    assert not old.exists()
    assert all(each.exists() for each in [*kept, newest, tmp_path / "diary.keys"])
