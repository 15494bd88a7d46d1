"""Payloads: what is put comes back, whoever reads is recorded, and what was changed is noticed."""

from __future__ import annotations

import hashlib
from typing import Any

import pytest
from cryptography.fernet import Fernet
from django.core.exceptions import FieldError, ImproperlyConfigured
from django.db import connection

from archive import keys, store
from archive.models import AccessRecord, DataSubject, Payload, SubjectKey
from integration.models import Store

pytestmark = pytest.mark.django_db


def test_what_was_put_is_read_back_and_the_reader_recorded() -> None:
    payload = store.put(b"ISA*00")
    assert bytes(payload.ciphertext) != b"ISA*00"
    assert store.open(payload, actor="desk", purpose="look at it") == b"ISA*00"
    record = AccessRecord.objects.get()
    assert (record.payload, record.actor, record.purpose) == (payload, "desk", "look at it")


def test_equal_content_has_unequal_ciphertext_and_one_fingerprint() -> None:
    first, second = store.put(b"same"), store.put(b"same")
    assert first.address != second.address
    assert first.fingerprint == second.fingerprint == store.fingerprints(b"same")[0]


def test_a_new_key_writes_and_the_old_one_still_reads(settings: Any) -> None:
    old = store.put(b"old")
    settings.ENCRYPTION_KEYS = [Fernet.generate_key().decode(), *settings.ENCRYPTION_KEYS]
    new = store.put(b"new")
    assert new.key.store_key != old.key.store_key
    assert (store.open(old, purpose="t"), store.open(new, purpose="t")) == (b"old", b"new")
    assert old.fingerprint == store.fingerprints(b"old")[1]


def test_without_its_key_a_payload_says_so(settings: Any) -> None:
    payload = store.put(b"x")
    settings.ENCRYPTION_KEYS = [Fernet.generate_key().decode()]
    with pytest.raises(store.PayloadDamaged, match=f"key {payload.key.store_key} is not in ENCRYPTION_KEYS"):
        store.open(payload, purpose="t")


def test_changed_bytes_are_noticed() -> None:
    payload = store.put(b"x")
    payload.ciphertext = bytes(payload.ciphertext)[:-1] + b"\x00"
    with pytest.raises(store.PayloadDamaged, match="do not fit its address"):
        store.open(payload, purpose="t")


def test_a_payload_from_before_there_were_own_keys_still_opens() -> None:
    key = keys.store_keys()[0]
    nonce = b"n" * 12
    ciphertext = key.cipher.encrypt(nonce, b"ISA*00", None)
    address = hashlib.sha256(ciphertext).hexdigest()
    old = Payload.objects.create(
        address=address, ciphertext=ciphertext, nonce=nonce, key_id=key.key_id, size=6
    )
    assert store.opened(old, purpose="t") == (b"", b"ISA*00")


def test_the_commitment_is_that_of_the_content_and_of_what_blinds_it() -> None:
    payload = store.put(b"ISA*00")
    blind, data = store.opened(payload, purpose="t")
    assert len(blind) == 32
    assert payload.commitment == hashlib.sha256(blind + b"ISA*00").hexdigest()
    assert payload.commitment != store.put(b"ISA*00").commitment
    assert data == b"ISA*00"


def test_what_is_said_of_a_person_opens_as_long_as_the_persons_key_is_there() -> None:
    subject = DataSubject.objects.create(lookup="a" * 64)
    SubjectKey.objects.create(subject=subject, **keys.wrapped_by_store(keys.new_key()))
    payload = store.put(b"Nora Quill", subject=subject)
    assert list(payload.subjects.values_list("subject", flat=True)) == [subject.pk]
    assert payload.key.store_key == ""
    assert store.open(payload, purpose="t") == b"Nora Quill"


def test_no_keys_at_all_is_a_sentence(settings: Any) -> None:
    settings.ENCRYPTION_KEYS = []
    with pytest.raises(ImproperlyConfigured, match="run `make setup`"):
        store.put(b"x")


def test_a_secret_is_encrypted_in_its_column_and_cannot_be_searched() -> None:
    Store.objects.create(name="S", store_hash="h", token="very secret")
    with connection.cursor() as cursor:
        cursor.execute("SELECT token FROM integration_store")
        [(held,)] = cursor.fetchall()
    assert held.startswith("enc:v1:")
    assert "very secret" not in held
    assert Store.objects.get().token == "very secret"
    with pytest.raises(FieldError, match="encrypted and cannot be searched"):
        Store.objects.filter(token="very secret").exists()
