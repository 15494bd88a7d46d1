"""Leaves: the same bytes for the same row, whatever the session; every bound column counts."""

from __future__ import annotations

import json

import pytest
from django.apps import apps
from django.db import connection, connections, models

from archive import leaves, store
from archive.facts import Fact
from archive.models import AuditEntry, SealLeaf, SealRoot


def leaf_of(row: models.Model) -> bytes:
    """The leaf of a row as the database has it now."""
    return leaves.leaves_of(row._meta.db_table, [row.pk])[row.pk]


def test_all_facts_are_sealed_but_the_seals() -> None:
    facts = {model for model in apps.get_models() if issubclass(model, Fact)}
    assert {model._meta.db_table for model in facts - {SealLeaf, SealRoot}} == set(leaves.sources())


@pytest.mark.django_db
def test_the_leaf_of_an_audit_entry_byte_for_byte() -> None:
    entry = AuditEntry.objects.create(
        actor="dora", verb="settle case", subject="order:7", detail={"b": 1, "a": "Müller"}
    )
    entry.refresh_from_db()
    at = entry.recorded_at.strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    assert leaf_of(entry).decode() == (
        '{"columns":{"actor":"dora","detail":"{\\"a\\": \\"Müller\\", \\"b\\": 1}",'
        f'"recorded_at":"{at}","subject":"order:7","verb":"settle case"}},'
        f'"id":{entry.pk},"table":"archive_auditentry","version":1}}'
    )


@pytest.mark.django_db
def test_the_leaf_of_a_payload_binds_address_and_commitment_and_no_ciphertext() -> None:
    payload = store.put(b"ISA*00")
    said = json.loads(leaf_of(payload))["columns"]
    assert (said["address"], said["commitment"]) == (payload.address, payload.commitment)
    assert said["nonce"] == bytes(payload.nonce).hex()
    assert set(said) == {"address", "commitment", "fingerprint", "nonce", "recorded_at", "size"}


@pytest.mark.django_db
def test_the_session_has_no_say_in_what_a_leaf_is() -> None:
    payload = store.put(b"ISA*00")
    before = leaf_of(payload)
    with connection.cursor() as cursor:
        for setting in ("TimeZone = 'Asia/Kolkata'", "DateStyle = 'SQL, DMY'", "bytea_output = 'escape'"):
            cursor.execute(f"SET LOCAL {setting}")
    assert leaf_of(payload) == before


def test_a_column_that_comes_later_leaves_the_leaves_of_before_alone(committed: str) -> None:
    entry = AuditEntry.objects.create(actor="dora", verb="settle case", subject="order:7")
    before = leaf_of(entry)
    with connections["owner"].cursor() as owner:
        owner.execute("ALTER TABLE archive_auditentry ADD COLUMN ticket text NOT NULL DEFAULT ''")
    texts = {"actor": "dora", "verb": "settle case", "subject": "order:7", "detail": "{}", "ticket": ""}
    texts["recorded_at"] = json.loads(before)["columns"]["recorded_at"]
    assert leaves.leaf("archive_auditentry", entry.pk, texts) == before
    assert leaves.leaf("archive_auditentry", entry.pk, {**texts, "ticket": "T-1"}) != before


def test_no_text_of_a_fact_may_be_null_and_empty_both() -> None:
    """Null and empty are left out alike, so a column that could be either could be changed unseen."""
    doubtful = [
        f"{model._meta.db_table}.{field.column}"
        for model in apps.get_models()
        if issubclass(model, Fact)
        for field in model._meta.concrete_fields
        if field.null and isinstance(field, models.CharField | models.TextField | models.BinaryField)
    ]
    assert doubtful == []
