"""What may be missing from an archive that is as it was sealed: what was moved out, disposed of, or speaks of somebody erased."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest
from django.db import connections
from django.utils import timezone

from archive import checking, keys, sealing, storages, store
from archive.models import DataSubject, DisposalCertificate, Payload, PayloadCopy, SubjectKey
from integration.work import Unclaimed
from portal.groups import RECORDS_MANAGER
from tests import factories
from tests.governed import destroyed, old_order_document, rule


def found(tmp_path: Path) -> list[str]:
    """What a check of everything finds, the seals up to date."""
    sealing.seal(Unclaimed())
    return checking.check(tmp_path / "roots.txt").findings


def as_disposer(statement: str, payload: Payload) -> None:
    """What the functions that run as the disposer could do, without what they look at first."""
    with connections["owner"].cursor() as owner:
        owner.execute("SET ROLE gridport_disposer")
        owner.execute(statement, [payload.pk])
        owner.execute("RESET ROLE")


EMPTY = "UPDATE archive_payload SET ciphertext = '' WHERE id = %s"
FORGET_KEY = "DELETE FROM archive_payloadkey WHERE payload_id = %s"


def test_bytes_that_are_gone_are_found_unless_a_copy_was_made(committed: str, tmp_path: Path) -> None:
    payload = store.put(b"ISA*00")
    as_disposer(EMPTY, payload)
    assert found(tmp_path) == [
        f"The bytes of payload {payload.pk} are gone: nobody disposed of it, and no copy of it was made."
    ]
    now = timezone.now()
    PayloadCopy.objects.filter(payload=payload).update(state="copied", copied_at=now, checked_at=now)
    assert found(tmp_path) == []
    assert PayloadCopy.objects.get().storage == storages.place_name()


def test_a_key_that_is_gone_is_found_unless_the_persons_is_too(committed: str, tmp_path: Path) -> None:
    subject = DataSubject.objects.create(lookup="a" * 64)
    SubjectKey.objects.create(subject=subject, **keys.wrapped_by_store(keys.new_key()))
    ours, theirs = store.put(b"of nobody"), store.put(b"of somebody", subject=subject)
    assert found(tmp_path) == []
    for payload in (ours, theirs):
        as_disposer(FORGET_KEY, payload)
    said = "The key of payload {} is gone: nobody disposed of it, or erased of whom it speaks."
    assert found(tmp_path) == [said.format(ours.pk), said.format(theirs.pk)]
    with connections["owner"].cursor() as owner:
        owner.execute("DELETE FROM archive_subjectkey")
    assert found(tmp_path) == [said.format(ours.pk)]


def test_what_was_disposed_of_by_two_people_is_as_it_was_sealed(committed: str, tmp_path: Path) -> None:
    first, second = (factories.user(name, RECORDS_MANAGER) for name in ("kara", "kofi"))
    old_order_document(datetime(2019, 1, 1, tzinfo=UTC))
    rule(first)
    assert found(tmp_path) == []
    destroyed(first, second)
    certificate = DisposalCertificate.objects.get()
    assert bytes(certificate.payload.ciphertext) == b""
    assert found(tmp_path) == []


@pytest.mark.parametrize("change", ["size = 0", "address = repeat('0', 64)"])
def test_a_payload_that_was_moved_out_is_still_bound(change: str, committed: str, tmp_path: Path) -> None:
    payload = store.put(b"ISA*00")
    assert found(tmp_path) == []
    now = timezone.now()
    PayloadCopy.objects.filter(payload=payload).update(state="copied", copied_at=now, checked_at=now)
    as_disposer(EMPTY, payload)
    with connections["owner"].cursor() as owner:
        owner.execute("ALTER TABLE archive_payload DISABLE TRIGGER guard_rows")
        owner.execute(f"UPDATE archive_payload SET {change}")  # noqa: S608
    assert found(tmp_path) == [f"The payload {payload.pk} is not what was sealed."]
