"""Copies: made once, compared, looked at again, and removed."""

from __future__ import annotations

import threading
from concurrent.futures import wait
from datetime import timedelta
from pathlib import Path

import pytest

from archive import copies, storages, store
from archive.clock import database_now
from archive.copies import settle, to_check, to_remove, try_to_copy, try_to_remove, waiting
from archive.models import Payload, PayloadCopy
from archive.storages import Locked, Place, StorageAway, place, place_name
from tests.copying import State, copied, copy_all, file_of, look_again, root
from tests.s3 import archived_in, folder_options

__all__ = ["root"]

pytestmark = pytest.mark.django_db


def test_what_is_put_waits_to_be_copied_and_is_then_where_its_address_says(root: Path) -> None:
    payload = store.put(b"ISA*00")
    row = payload.copies.get()
    address = payload.address
    assert (row.state, row.storage) == ("waiting", f"folder {root}")
    assert row.key == f"sha256/{address[:2]}/{address[2:4]}/{address}"
    assert copy_all() == []
    row.refresh_from_db()
    assert row.state == "copied"
    assert row.copied_at == row.checked_at is not None
    assert file_of(root, row).read_bytes() == bytes(payload.ciphertext)


def test_copying_again_changes_nothing(root: Path) -> None:
    row = copied()
    PayloadCopy.objects.update(state=State.WAITING)
    before = file_of(root, row).stat()
    assert copy_all() == []
    assert file_of(root, row).stat().st_mtime_ns == before.st_mtime_ns
    assert PayloadCopy.objects.get().state == "copied"


def test_what_the_storage_gives_back_changed_is_no_copy(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store.put(b"ISA*00")
    monkeypatch.setattr(storages.FolderPlace, "read", lambda *asked: b"something else")
    [outcome] = copy_all()
    assert outcome.note == "The storage gives back something else than was written."
    assert PayloadCopy.objects.get().state == "damaged"


def test_without_reading_back_a_lying_storage_would_be_believed(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store.put(b"ISA*00")
    monkeypatch.setattr(storages.FolderPlace, "read", lambda *asked: b"something else")
    monkeypatch.setattr(copies, "_is_whole", lambda data, address: True)
    assert copy_all() == []


def test_a_storage_that_is_away_leaves_what_waits_as_it_was(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store.put(b"ISA*00")
    store.put(b"ISA*01")

    def away(place: Place, key: str, data: bytes, now: object) -> None:
        if PayloadCopyKeys.first == key:
            raise StorageAway("It does not answer.")
        return write(place, key, data, now)

    class PayloadCopyKeys:
        first = PayloadCopy.objects.earliest("pk").key

    write = storages.FolderPlace.write
    monkeypatch.setattr(storages.FolderPlace, "write", away)
    [outcome] = copy_all()
    assert str(outcome.problem) == "It does not answer."
    assert list(PayloadCopy.objects.order_by("pk").values_list("state", flat=True)) == ["waiting", "copied"]


def test_what_takes_too_long_is_given_up_and_the_rest_is_written(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store.put(b"ISA*00")
    store.put(b"ISA*01")
    slow, go = PayloadCopy.objects.earliest("pk").key, threading.Event()
    read = storages.FolderPlace.read

    def reads(place: storages.FolderPlace, key: str, version: str = "") -> bytes:
        if key == slow:
            go.wait()
        return read(place, key, version)

    monkeypatch.setattr(storages.FolderPlace, "read", reads)
    # The time is over as soon as everything but the slow one is done, however long that takes here.
    monkeypatch.setattr(copies, "wait", lambda asked, timeout: wait(asked, return_when="FIRST_COMPLETED"))
    try:
        [outcome] = copy_all()
    finally:
        go.set()
    assert outcome.copy.key == slow
    assert str(outcome.problem).startswith("The archive's storage took longer than")
    assert list(PayloadCopy.objects.order_by("pk").values_list("state", flat=True)) == ["waiting", "copied"]


def test_every_reading_is_a_check(root: Path) -> None:
    row = copied()
    file_of(root, row).write_bytes(b"something else")
    [outcome] = look_again()
    row.refresh_from_db()
    assert (row.state, row.note) == ("damaged", "What stands there is not what was copied.")
    assert outcome.copy.pk == row.pk


def test_what_is_missing_is_copied_once_more(root: Path) -> None:
    row = copied()
    file_of(root, row).unlink()
    look_again()
    row.refresh_from_db()
    assert (row.state, row.note) == ("waiting", "It was missing, and is copied again.")
    assert copy_all() == []
    row.refresh_from_db()
    assert (row.state, row.note) == ("copied", "")
    assert file_of(root, row).exists()


def test_a_damaged_copy_is_made_again_once_somebody_says_so_and_what_stood_there_is_kept(root: Path) -> None:
    row = copied()
    file_of(root, row).write_bytes(b"something else")
    look_again()
    assert copy_all() == []
    assert PayloadCopy.objects.get().state == "damaged"
    PayloadCopy.objects.update(state=State.AGAIN)
    assert copy_all() == []
    assert PayloadCopy.objects.get().state == "copied"
    [aside] = root.rglob("*.aside-*")
    assert aside.read_bytes() == b"something else"


def test_only_what_was_not_looked_at_for_ninety_days_is_looked_at(root: Path) -> None:
    old, new = copied(b"old"), copied(b"new")
    now = database_now()
    PayloadCopy.objects.filter(pk=old.pk).update(checked_at=now - timedelta(days=91))
    assert list(to_check(place_name(), now)) == [old]
    assert new.checked_at is not None


def test_what_is_to_go_goes_and_is_not_copied_again(root: Path) -> None:
    row = copied()
    PayloadCopy.objects.update(state=State.TO_REMOVE)
    now = database_now()
    assert settle(try_to_remove(place(), list(to_remove(place_name(), now))), now) == []
    row.refresh_from_db()
    assert row.state == "removed"
    assert not file_of(root, row).exists()
    assert copies.enrol("folder /another") == 0


def test_what_the_storage_keeps_is_asked_for_again_the_next_day(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    row = copied()
    PayloadCopy.objects.update(state=State.TO_REMOVE)

    def keep(place: Place, key: str) -> None:
        raise Locked("Its Object Lock is not over.")

    monkeypatch.setattr(storages.FolderPlace, "remove", keep)
    now = database_now()
    settle(try_to_remove(place(), list(to_remove(place_name(), now))), now)
    row.refresh_from_db()
    assert (row.state, row.note) == ("to_remove", "Its Object Lock is not over.")
    assert list(to_remove(place_name(), now + timedelta(hours=23))) == []
    assert list(to_remove(place_name(), now + timedelta(hours=25))) == [row]


@pytest.mark.parametrize("gone", [State.TO_REMOVE, State.REMOVED])
def test_what_is_disposed_of_while_it_is_copied_is_removed_after_it(root: Path, gone: str) -> None:
    store.put(b"ISA*00")
    now = database_now()
    outcomes = try_to_copy(place(), list(waiting(place_name()).select_related("payload")), now)
    PayloadCopy.objects.update(state=gone)
    settle(outcomes, now)
    assert PayloadCopy.objects.get().state == "to_remove"


def test_another_place_gets_everything_and_nothing_counts_as_copied_there(root: Path, tmp_path: Path) -> None:
    copied()
    with archived_in(folder_options(tmp_path / "second")):
        assert list(waiting(place_name())) == []
        assert copies.enrol(place_name()) == 1
        assert copies.enrol(place_name()) == 0
        assert copy_all() == []
    states = PayloadCopy.objects.order_by("pk").values_list("storage", "state")
    assert list(states) == [(f"folder {root}", "copied"), (f"folder {tmp_path / 'second'}", "copied")]


def test_what_came_past_the_store_is_found_and_copied(root: Path) -> None:
    payload = Payload.objects.create(**store.sealed(b"loaded in bulk", bytes(32)))
    assert copies.enrol(place_name()) == 1
    row = payload.copies.get()
    assert row.key == copies.key_of(payload.address)
    assert copy_all() == []
