"""Sealing: every fact once, trees closed by day, chained and signed; what commits late is not missed."""

from __future__ import annotations

import hashlib
import threading
from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import Any
from unittest.mock import patch

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from django.core.exceptions import ImproperlyConfigured
from django.db import connection, connections, transaction

from archive import leaves, merkle, sealing, signing, store
from archive.models import AuditEntry, CursorEpoch, Payload, SealHorizon, SealLeaf, SealRoot
from archive.record import record_audit, record_event
from archive.verify import statement
from integration.work import Unclaimed
from tests import factories

HERE = Unclaimed()


def unsealed() -> dict[str, int]:
    """How many rows of each table have no leaf."""
    found = {}
    with connection.cursor() as cursor:
        for table in leaves.sources():
            cursor.execute(
                f"SELECT count(*) FROM {table} t WHERE NOT EXISTS"  # noqa: S608
                " (SELECT 1 FROM archive_sealleaf s WHERE s.table_name = %s AND s.row_id = t.id)",
                [table],
            )
            found[table] = cursor.fetchone()[0]
    return {table: count for table, count in found.items() if count}


def rows() -> int:
    """How many rows there are to seal."""
    with connection.cursor() as cursor:
        total = 0
        for table in leaves.sources():
            cursor.execute(f"SELECT count(*) FROM {table}")  # noqa: S608
            total += cursor.fetchone()[0]
    return total


def on(moment: datetime) -> Any:
    """Have it be ``moment`` for whoever closes days."""
    return patch("archive.sealing.database_now", lambda: moment)


@pytest.mark.django_db
def test_every_row_of_every_table_gets_one_leaf_and_a_place_without_gap() -> None:
    factories.everything()
    assert sum(unsealed().values()) == rows() > 50
    look = sealing.seal(HERE)
    assert (look.sealed, look.is_complete, unsealed()) == (rows(), True, {})
    places = list(SealLeaf.objects.order_by("place").values_list("tree", "place"))
    assert places == [(1, place) for place in range(rows())]
    leaf = SealLeaf.objects.get(table_name="archive_payload", row_id=Payload.objects.earliest("pk").pk)
    data = leaves.leaves_of("archive_payload", [leaf.row_id])[leaf.row_id]
    assert bytes(leaf.leaf) == merkle.leaf_hash(data)


@pytest.mark.django_db
def test_what_is_sealed_is_not_sealed_again_and_what_comes_is() -> None:
    store.put(b"one")
    assert sealing.seal(HERE).sealed == 1
    assert sealing.seal(HERE).sealed == 0
    record_event("order:7", "told", "Something.")
    assert sealing.seal(HERE).sealed == 1
    assert sealing.seal(HERE, everything=True).sealed == 0


@pytest.mark.django_db
def test_batches_take_up_where_the_one_before_ended() -> None:
    for number in range(7):
        record_event(f"order:{number}", "told", "Something.")
        store.put(b"one")
    with patch.object(sealing.seal_batch, "__defaults__", (3,)):
        assert sealing.seal(HERE).sealed == 14
    assert [place for (place,) in SealLeaf.objects.order_by("place").values_list("place")] == list(range(14))
    assert Counter(SealLeaf.objects.values_list("table_name", flat=True)) == {
        "archive_event": 7,
        "archive_payload": 7,
    }


def test_a_row_that_commits_late_is_sealed_by_the_next_look(committed: str) -> None:
    store.put(b"before")
    with connections["owner"].cursor() as late, transaction.atomic("owner"):
        late.execute(
            "INSERT INTO archive_auditentry (actor, verb, subject, reason, detail) VALUES ('a', 'b', 'c', '', '{}')"
        )
        # Others begin and commit meanwhile, and are sealed: number and time of the late row lie before theirs.
        AuditEntry.objects.create(actor="early", verb="b", subject="c", reason="")
        assert sealing.seal(HERE).sealed == 2
        assert SealHorizon.objects.get().before > 0
    assert unsealed() == {"archive_auditentry": 1}
    assert sealing.seal(HERE).sealed == 1
    assert unsealed() == {}


def test_two_who_seal_at_once_take_turns(committed: str) -> None:
    for number in range(50):
        record_event(f"order:{number}", "told", "Something.")
    database = connection.settings_dict["NAME"]
    totals: list[int] = []

    def act() -> None:
        connection.settings_dict["NAME"] = database
        try:
            totals.append(sealing.seal(HERE).sealed)
        finally:
            connection.close()

    with patch.object(sealing.seal_batch, "__defaults__", (7,)):
        threads = [threading.Thread(target=act) for _ in range(3)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert sum(totals) == 50
    places = list(SealLeaf.objects.order_by("place").values_list("place", flat=True))
    assert places == list(range(50))


@pytest.mark.django_db
def test_a_closed_tree_is_hashed_chained_and_signed() -> None:
    store.put(b"one")
    first = sealing.close(HERE, now=True)
    record_event("order:7", "told", "Something.")
    second = sealing.close(HERE, now=True)
    assert first is not None
    assert second is not None
    leaf = bytes(SealLeaf.objects.get(tree=2).leaf)
    assert (first.tree, second.tree, second.size, second.root) == (1, 2, 1, leaf.hex())
    assert (first.previous, second.previous) == ("0" * 64, first.chain)
    today = datetime.now(UTC).date()
    assert (first.name, second.name) == (f"{today}", f"{today}.2")
    said = statement(second.name, sealing.time_text(second.closed_at), 1, second.root, first.chain)
    assert hashlib.sha256(said).hexdigest() == second.chain
    Ed25519PublicKey.from_public_bytes(bytes.fromhex(second.key)).verify(
        bytes.fromhex(second.signature), said
    )
    again = SealRoot.objects.get(pk=second.pk)
    assert sealing.statement_of(again) == said


@pytest.mark.django_db
def test_without_a_key_roots_are_chained_and_say_that_they_are_not_signed(
    settings: Any, tmp_path: Any
) -> None:
    settings.KEPT_SIGNING_KEY = tmp_path / "none"
    root = sealing.close(HERE, now=True)
    assert root is not None
    assert (root.signature, root.key, len(root.chain)) == ("", "", 64)


@pytest.mark.django_db
@pytest.mark.parametrize("text", ["short", "AAAA", "Ä" * 43])
def test_a_key_that_is_none_closes_nothing_and_says_so(text: str, settings: Any) -> None:
    settings.SEAL_SIGNING_KEY = text
    with pytest.raises(ImproperlyConfigured, match="SEAL_SIGNING_KEY is no signing key"):
        sealing.close(HERE, now=True)
    assert not SealRoot.objects.exists()


@pytest.mark.django_db
def test_a_day_is_closed_once_some_time_after_its_midnight() -> None:
    assert sealing.close(HERE) is None  # nothing was ever sealed
    store.put(b"one")
    sealing.seal(HERE)
    began = SealLeaf.objects.get().recorded_at.astimezone(UTC)
    midnight = datetime(began.year, began.month, began.day, tzinfo=UTC) + timedelta(days=1)
    for moment in (began, midnight, midnight + sealing.GRACE - timedelta(seconds=1)):
        with on(moment):
            assert sealing.close(HERE) is None
    with on(midnight + sealing.GRACE):
        root = sealing.close(HERE)
        assert sealing.close(HERE) is None
    assert root is not None
    assert (root.day, root.name, root.size) == (began.date(), f"{began.date()}", 1)
    with on(midnight + timedelta(days=3, hours=1)):
        later = sealing.close(HERE)
    assert later is not None
    assert (later.day - root.day, later.size) == (timedelta(days=3), 0)


def test_after_a_restore_everything_is_looked_at_again_and_no_day_has_the_name_it_had(committed: str) -> None:
    record_audit(factories.user(), "look", "order:7")
    sealing.seal(HERE)
    assert sealing._horizon() > 0
    with connections["owner"].cursor() as owner:
        owner.execute("INSERT INTO archive_cursorepoch (origin) VALUES ('restored')")
    assert sealing._horizon() == 0
    assert sealing.seal(HERE).sealed == 0
    assert sealing._horizon() > 0
    root = sealing.close(HERE, now=True)
    assert root is not None
    assert root.name == f"{root.day}r{CursorEpoch.objects.latest('pk').token.hex[:8]}"


@pytest.mark.django_db
def test_the_key_of_the_setting_goes_before_the_kept_one(settings: Any) -> None:
    kept = signing.sign(b"x")
    settings.SEAL_SIGNING_KEY = "A" * 43 + "="
    assert signing.sign(b"x")[1] == "3b6a27bcceb6a42d62a3a8d02a6f0d73653215771de243a63ac048a18b59da29"
    assert kept[1] != signing.sign(b"x")[1]
