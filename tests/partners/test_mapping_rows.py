"""Released revisions are written once, whoever asks; samples do not lie in clear."""

from __future__ import annotations

import os
from collections.abc import Iterator
from datetime import UTC, datetime

import psycopg
import pytest
from django.db import DatabaseError, connection

from partners.models import MappingProfile, MappingRevision, MappingSample
from portal.copies import with_database

LONG_AGO = datetime(2001, 1, 1, tzinfo=UTC)
ATTEMPTS = (
    "UPDATE partners_mappingrevision SET reason = 'another'",
    "DELETE FROM partners_mappingrevision",
    "TRUNCATE partners_mappingrevision",
    "ALTER TABLE partners_mappingrevision DISABLE TRIGGER guard_rows",
)


@pytest.fixture
def revision(committed: str) -> MappingRevision:
    profile = MappingProfile.objects.create(name="Birch & Sons orders", transaction_set="850")
    return MappingRevision.objects.create(
        profile=profile, number=1, base="base", author="dora", reason="First.", released_at=LONG_AGO
    )


@pytest.fixture
def owner(revision: MappingRevision, committed: str) -> Iterator[psycopg.Connection]:
    address = with_database(os.environ["DATABASE_OWNER_URL"], committed)
    with psycopg.connect(address, autocommit=True) as opened:
        yield opened


def test_nobody_changes_a_released_revision(revision: MappingRevision, owner: psycopg.Connection) -> None:
    for statement in ATTEMPTS:
        with connection.cursor() as cursor, pytest.raises(DatabaseError) as refused:
            cursor.execute(statement)
        assert getattr(refused.value.__cause__, "sqlstate", None) == "42501", statement
    for statement in ATTEMPTS[:3]:
        with pytest.raises(psycopg.errors.InsufficientPrivilege, match="revisions are written once"):
            owner.execute(statement)
    revision.refresh_from_db()
    assert revision.reason == "First."
    assert revision.released_at.year >= 2025


def test_samples_do_not_lie_in_clear(db: None) -> None:
    profile = MappingProfile.objects.create(name="Birch & Sons orders", transaction_set="850")
    MappingSample.objects.create(
        profile=profile, name="One order", direction="out", given="4 Rope Walk", expected="N3*4 Rope Walk"
    )
    with connection.cursor() as cursor:
        cursor.execute("SELECT given, expected FROM partners_mappingsample")
        stored = cursor.fetchone()
    assert [text.startswith("enc:v1:") for text in stored] == [True, True]
    assert MappingSample.objects.get().given == "4 Rope Walk"
