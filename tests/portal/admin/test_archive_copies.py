"""The page of copies: how each storage stands, what is wrong in words, and the verbs for those who may."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from archive import store
from archive.copies import settle, to_remove, try_to_remove
from archive.models import AuditEntry, PayloadCopy
from archive.storages import StorageAway, place, place_name
from integration import work
from integration.flows.copy_payloads import copy_step
from integration.models import Work
from portal.admin.content import download
from portal.admin.show import list_url, page_url
from tests import factories
from tests.copying import State, copied, file_of, look_again, root
from tests.pages import Desk, open_desk
from tests.s3 import archived_in, folder_options

__all__ = ["root"]


@pytest.fixture
def desk(db: None, root: Path) -> Desk:
    return open_desk()


@pytest.fixture
def operator(db: None) -> Client:
    client = Client()
    client.force_login(factories.user("olga", "Operator"))
    return client


def damaged(root: Path) -> PayloadCopy:
    row = copied()
    file_of(root, row).write_bytes(b"something else")
    look_again()
    row.refresh_from_db()
    return row


def remove_all() -> None:
    """Let the worker remove what is to go from the storage in use."""
    now = timezone.now()
    settle(try_to_remove(place(), list(to_remove(place_name(), now).select_related("payload"))), now)


def test_each_storage_is_told_with_what_is_copied_and_since_when_the_rest_waits(
    desk: Desk, root: Path, tmp_path: Path
) -> None:
    copied()
    assert f"Folder {root} All copied 1 0 Nothing waits 0 " in desk.list(PayloadCopy)
    store.put(b"another")
    PayloadCopy.objects.filter(state=State.WAITING).update(made_at="2026-11-20T08:30Z")
    assert f"Folder {root} Copies wait 1 1 20 Nov 2026 08:30 UTC 0 " in desk.list(PayloadCopy)
    with archived_in(folder_options(tmp_path / "second")):
        words = desk.list(PayloadCopy)
    assert f"Folder {tmp_path / 'second'} All copied 0 0 Nothing waits 0 0 None yet" in words
    assert f"Folder {root} No longer in use 1 1 " in words
    assert "The database keeps all bytes as well: a storage that fails loses nothing." in words


def test_what_is_to_go_from_a_storage_no_longer_in_use_is_told_to_people(
    desk: Desk, root: Path, tmp_path: Path
) -> None:
    row = copied()
    PayloadCopy.objects.filter(pk=row.pk).update(state=State.TO_REMOVE)
    told = f"1 copy of what was disposed of still lies in folder {root}, which is no longer in use. Remove it there; or name"
    assert told not in desk.list(PayloadCopy)
    with archived_in(folder_options(tmp_path / "second")):
        remove_all()
        words = desk.list(PayloadCopy)
        assert told in words
        assert f"Folder {root} To be cleared 0 0 Nothing waits 0 1 " in words
        assert file_of(root, row).exists()
        assert "To be removed" in desk.list(PayloadCopy, "state=to_remove")
    # named again, it is cleared by the worker
    remove_all()
    assert not file_of(root, row).exists()
    assert told not in desk.list(PayloadCopy)


def test_why_nothing_is_copied_is_said_with_the_next_try(desk: Desk) -> None:
    work.put("archive", copy_step())
    assert "It is tried again by itself" not in desk.list(PayloadCopy)
    Work.objects.update(error="The bucket does not answer.", due_at=timezone.now() + timedelta(minutes=1))
    assert "The bucket does not answer. It is tried again by itself, next on " in desk.list(PayloadCopy)


def test_the_list_is_narrowed_to_what_waits_or_is_damaged(desk: Desk, root: Path) -> None:
    damaged(root)
    store.put(b"another")
    PayloadCopy.objects.filter(state=State.WAITING).update(state=State.AGAIN)
    assert "To be copied again" in desk.list(PayloadCopy, "state=waiting")
    assert "What stands there is not what was copied." not in desk.list(PayloadCopy, "state=waiting")
    assert "What stands there is not what was copied." in desk.list(PayloadCopy, "state=damaged")


def test_a_damaged_copy_is_copied_again_by_those_who_may(desk: Desk, operator: Client, root: Path) -> None:
    row = damaged(root)
    address = reverse("admin:archive_payloadcopy_again", args=[row.pk])
    page = desk.page(row)
    assert "Not what was copied" in page
    assert "Bytes in the database Kept" in page
    assert "Copy again" not in page
    assert desk.client.get(address).status_code == 403
    assert "Copy again…" in operator.get(page_url(row)).content.decode()
    assert operator.post(address, {"reason": " "}).status_code == 200
    assert operator.post(address, {"reason": "The disk was changed."})["Location"] == page_url(row)
    row.refresh_from_db()
    assert row.state == "again"
    assert AuditEntry.objects.get().verb == "copy again"
    assert Work.objects.get().step == "copy_payloads"
    assert "Copy again…" not in operator.get(page_url(row)).content.decode()


def test_copying_now_is_asked_for_with_a_reason(desk: Desk, operator: Client) -> None:
    address = reverse("admin:archive_payloadcopy_now")
    assert "Copy now…" not in desk.list(PayloadCopy)
    assert desk.client.get(address).status_code == 403
    assert "Copy now…" in operator.get(list_url(PayloadCopy)).content.decode()
    assert operator.post(address, {"reason": "The bucket is back."})["Location"] == list_url(PayloadCopy)
    assert Work.objects.filter(step="copy_payloads").count() == 2
    entry = AuditEntry.objects.get()
    assert (entry.verb, entry.detail) == ("copy now", {"storage": place_name()})


@pytest.mark.django_db
def test_content_that_the_storage_does_not_give_just_now_is_asked_for_again_later(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(*asked: object, **rest: object) -> bytes:
        raise StorageAway("The archive's bucket does not answer.")

    payload, ada = store.put(b"ISA"), factories.user("ada", superuser=True)
    monkeypatch.setattr(store, "open", away)
    answer = download(ada, payload, "855.edi", "download 855.edi")
    assert answer.status_code == 503
    assert answer.content.decode() == (
        "The bytes were moved out of the database to the archive's storage. The archive's bucket does not answer."
    )
