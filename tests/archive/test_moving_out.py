"""Bytes leave the database only for a copy that was compared, only where the owner wishes it, and are read from there."""

from __future__ import annotations

from collections.abc import Sequence
from io import StringIO
from pathlib import Path
from typing import Any

import psycopg
import pytest
from django.core.management import CommandError, call_command
from django.db import connection, connections

from archive import copies, store
from archive.models import MoveOut, Payload, PayloadCopy
from archive.storages import place_name
from portal.checks import object_lock_can_be_asked_for
from portal.storage import ObjectLock
from tests.copying import State, copied, copy_all, file_of, look_again, root
from tests.s3 import archived_in, folder_options

__all__ = ["root"]


def emptied(payload: Payload) -> Payload:
    with connections["owner"].cursor() as owner:
        owner.execute("SET ROLE gridport_disposer")
        owner.execute("UPDATE archive_payload SET ciphertext = '' WHERE id = %s", [payload.pk])
        owner.execute("RESET ROLE")
    return Payload.objects.get(pk=payload.pk)


def ask_to_move(payload: Payload) -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT gridport_move_out(%s)", [payload.pk])
        return bool(cursor.fetchone()[0])


def allow(days: int) -> None:
    MoveOut.objects.using("owner").create(pk=1, after_days=days)


def test_bytes_leave_the_database_only_where_a_copy_was_compared_and_the_owner_wishes_it(
    committed: str, root: Path
) -> None:
    payload = store.put(b"ISA*00")
    copy = payload.copies.get()
    allow(0)
    assert ask_to_move(payload) is False
    copy_all()
    MoveOut.objects.using("owner").update(after_days=1)
    assert ask_to_move(payload) is False
    MoveOut.objects.using("owner").update(after_days=0)
    PayloadCopy.objects.update(state=State.DAMAGED)
    assert ask_to_move(payload) is False
    PayloadCopy.objects.update(state=State.COPIED)
    MoveOut.objects.using("owner").all().delete()
    assert ask_to_move(payload) is False
    allow(0)
    assert ask_to_move(payload) is True
    assert ask_to_move(payload) is False
    moved = Payload.objects.get(pk=payload.pk)
    assert (bytes(moved.ciphertext), moved.address, moved.changed_xid) == (b"", payload.address, payload.changed_xid)  # fmt: skip
    assert store.open(moved, purpose="t") == b"ISA*00"
    file_of(root, copy).write_bytes(b"something else")
    with pytest.raises(store.PayloadDamaged, match="do not fit its address"):
        store.open(moved, purpose="t")
    file_of(root, copy).unlink()
    with pytest.raises(store.PayloadDamaged, match="neither the database nor the storage holds its bytes"):
        store.open(moved, purpose="t")


def test_a_rule_of_the_applications_own_moves_nothing_out(committed: str, root: Path) -> None:
    payload = store.put(b"ISA*00")
    copy_all()
    attacks: Sequence[str] = (
        "INSERT INTO archive_moveout (id, after_days) VALUES (1, 0)",
        "UPDATE archive_payload SET ciphertext = ''",
        "CREATE OR REPLACE FUNCTION gridport_move_out(which bigint) RETURNS boolean LANGUAGE sql AS 'SELECT true'",
        "ALTER FUNCTION gridport_move_out(bigint) SECURITY INVOKER",
    )
    for attack in attacks:
        with (
            pytest.raises(psycopg.errors.InsufficientPrivilege),
            psycopg.connect(**connection.get_connection_params(), autocommit=True) as plain,
        ):
            plain.execute(attack)
    with psycopg.connect(**connection.get_connection_params(), autocommit=True) as plain:
        plain.execute("CREATE TEMPORARY TABLE archive_moveout AS SELECT 1 AS id, 0 AS after_days")
        plain.execute("GRANT ALL ON archive_moveout TO PUBLIC")
        assert plain.execute("SELECT gridport_move_out(%s)", [payload.pk]).fetchone() == (False,)
    assert bytes(Payload.objects.get().ciphertext) == bytes(payload.ciphertext)


def test_what_was_moved_out_and_is_missing_is_damage_and_comes_back_when_it_is_there_again(
    committed: str, root: Path
) -> None:
    payload = emptied(copied().payload)
    copy = payload.copies.get()
    kept = file_of(root, copy).read_bytes()
    file_of(root, copy).unlink()
    look_again()
    copy.refresh_from_db()
    assert (copy.state, copy.note) == ("damaged", "It is missing, and the database does not hold the bytes.")
    file_of(root, copy).write_bytes(kept)
    PayloadCopy.objects.update(state=State.AGAIN)
    assert copy_all() == []
    assert store.open(payload, purpose="t") == b"ISA*00"


def test_what_was_moved_out_is_looked_for_at_another_place_and_not_believed_to_be_there(
    committed: str, root: Path, tmp_path: Path
) -> None:
    copy = copied()
    payload = emptied(copy.payload)
    with archived_in(folder_options(tmp_path / "second")):
        assert copies.enrol(place_name()) == 1
        [outcome] = copy_all()
        assert outcome.state == "damaged"
        target = tmp_path / "second" / copy.key
        target.parent.mkdir(parents=True)
        target.write_bytes(file_of(root, copy).read_bytes())
        PayloadCopy.objects.filter(state=State.DAMAGED).update(state=State.AGAIN)
        assert copy_all() == []
        assert store.open(payload, purpose="t") == b"ISA*00"


def told(*arguments: str) -> str:
    said = StringIO()
    call_command("move_out", *arguments, stdout=said)
    return said.getvalue()


def test_the_owner_says_after_how_many_days_or_never(committed: str) -> None:
    assert told() == "Bytes stay in the database, whether they are copied or not.\n"
    assert told("--after-days", "90").startswith(
        "Bytes leave the database 90 days after they came, once they are"
    )
    assert told("--after-days", "30").startswith("Bytes leave the database 30 days")
    assert MoveOut.objects.get().after_days == 30
    with pytest.raises(CommandError, match="One day is the least"):
        told("--after-days", "0")
    assert told("--never") == told()
    assert not MoveOut.objects.exists()


@pytest.mark.parametrize(
    ("lock", "bucket", "faults"),
    [
        (ObjectLock(0, "GOVERNANCE"), "", []),
        (ObjectLock(400, "COMPLIANCE"), "archive", []),
        (ObjectLock(400, "COMPLIANCE"), "", ["gridport.E020"]),
        (ObjectLock(400, "LEGAL"), "archive", ["gridport.E020"]),
        (ObjectLock(-1, "GOVERNANCE"), "archive", ["gridport.E020"]),
    ],
)
def test_an_object_lock_that_no_bucket_knows_is_found_at_start(
    settings: Any, lock: ObjectLock, bucket: str, faults: list[str]
) -> None:
    settings.ARCHIVE_STORAGE_LOCK, settings.ARCHIVE_STORAGE_BUCKET = lock, bucket
    assert [each.id for each in object_lock_can_be_asked_for()] == faults


def test_roots_locked_for_less_than_no_time_are_found_at_start(settings: Any) -> None:
    settings.ARCHIVE_ROOTS_LOCK = ObjectLock(-1, "COMPLIANCE")
    [found] = object_lock_can_be_asked_for()
    assert (found.id, found.msg.split(":")[0]) == ("gridport.E020", "ARCHIVE_ROOTS_LOCK_DAYS is -1")
