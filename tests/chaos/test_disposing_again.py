"""What was disposed of stays so in a backup of before that is restored with the keys of today, and nothing alarms.

The naive restore differs in one thing: it takes the keys of today, and does not dispose again.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.db import connections

from archive import checking, publishing, sealing, store
from archive.disposable import due
from archive.governance import destroyed_among
from archive.models import Document, LostCertificate, Payload, PayloadCopy, PayloadKey, Translation
from archive.projections import rebuild
from integration.flows.destroyed import refuse_destroyed
from integration.flows.rights import Refused
from integration.models import Pause, RestoreDrill
from integration.work import Unclaimed
from portal.admin.keeping import keeping_of
from portal.backups import restore
from portal.backups.keys import keys_beside, read_keys
from portal.copies import DatabaseCopies
from portal.evidence import scopes
from portal.evidence.making import make
from portal.groups import RECORDS_MANAGER
from portal.installation import Installation
from tests import factories
from tests.archive.test_verify import run
from tests.conftest import own_database
from tests.governed import destroyed, old_order_document, rule
from tests.servers import Rows, cluster, empty_database, every_row

__all__ = ["cluster"]

PROJECTIONS = ("archive_documentreference", "archive_documentstate", "archive_translation")


@dataclass
class Disposed:
    """A backup of before a disposal, the keys of after it, and what the disposal left of the document."""

    before: Path
    keys: Path
    payload: Payload
    certificate: int
    left: Rows


@pytest.fixture(scope="module")
def disposed(
    copies: DatabaseCopies,
    django_db_setup: None,
    django_db_blocker: Any,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Disposed]:
    folder = tmp_path_factory.mktemp("disposed")
    with own_database(copies, django_db_blocker):
        first, second = (factories.user(name, RECORDS_MANAGER) for name in ("kara", "kofi"))
        document = old_order_document(datetime(2019, 1, 1, tzinfo=UTC))
        factories.sent()
        rule(first)
        sealing.seal(Unclaimed())
        _make("before", folder)
        [item] = destroyed(first, second)
        _make("today", folder)
        payload = document.interchange.payload
        yield Disposed(
            folder / "before.backup",
            keys_beside(folder / "today.backup"),
            payload,
            item.certificate.pk,
            _without_ids(every_row(*PROJECTIONS)),
        )


def _make(name: str, folder: Path) -> None:
    call_command("backup", str(folder / f"{name}.backup"), stderr=io.StringIO())


def _without_ids(rows: Rows) -> Rows:
    """References are written anew by whoever clears them: under which number says nothing."""
    bare = {
        table: [{k: v for k, v in row.items() if k != "id"} for row in found] for table, found in rows.items()
    }
    return {table: sorted(found, key=str) for table, found in bare.items()}


def restored(disposed: Disposed) -> str:
    said = io.StringIO()
    call_command("restore", str(disposed.before), f"--keys={disposed.keys}", stderr=said)
    return said.getvalue()


def test_the_keys_say_what_was_disposed_of(disposed: Disposed) -> None:
    held = read_keys(disposed.keys)
    [line] = held.disposed()
    assert (held.manifest.format, held.manifest.disposed) == (2, 1)
    assert line.split(b"\t")[:5] == [
        b"disposed",
        disposed.payload.address.encode(),
        b"",
        b"",
        b"%d" % disposed.certificate,
    ]


def test_a_backup_of_before_with_the_keys_of_today_is_as_the_disposal_left_it(
    disposed: Disposed, cluster: Installation, tmp_path: Path
) -> None:
    with empty_database(cluster):
        said = restored(disposed)
        assert "1 file was disposed of since the backup was made, and again here." in said
        assert _without_ids(every_row(*PROJECTIONS)) == disposed.left
        payload = Payload.objects.get(address=disposed.payload.address)
        assert (bytes(payload.ciphertext), payload.copies.get().state) == (b"", PayloadCopy.State.TO_REMOVE)
        lost = LostCertificate.objects.get()
        assert (lost.payload, lost.number) == (payload, disposed.certificate)
        sealing.seal(Unclaimed())
        outcome = checking.check(tmp_path / "roots.txt")
        assert (outcome.findings, outcome.counts["disposed"]) == ([], 1)
        with pytest.raises(
            store.PayloadDestroyed, match=r"once its retention was over: certificate \d+, which was lost when"
        ):
            store.open(payload, purpose="test")
        with pytest.raises(Refused, match="which was lost when an older backup was restored"):
            refuse_destroyed(payload.pk)
        assert destroyed_among(Payload.objects.values_list("pk", flat=True)) == {payload.pk}
        assert due(10) == []
        rebuild()
        assert _without_ids(every_row(*PROJECTIONS)) == disposed.left
        # A backup of this one hands on what it knows.
        _make("again", tmp_path)
        assert list(read_keys(keys_beside(tmp_path / "again.backup")).disposed()) == list(
            read_keys(disposed.keys).disposed()
        )


def test_what_is_shown_and_proved_of_it_tells_of_its_end(
    disposed: Disposed, cluster: Installation, tmp_path: Path
) -> None:
    with empty_database(cluster):
        restored(disposed)
        document = Document.objects.get(interchange__payload__address=disposed.payload.address)
        kept = keeping_of(document, factories.user("keeper", superuser=True))
        assert kept is not None
        assert (kept.is_destroyed, kept.url) == (True, "")
        assert (
            f"Certificate {disposed.certificate}, which said so, was lost when an older backup"
            in kept.sentence
        )
        sealing.close(Unclaimed(), now=True)
        roots, pack = tmp_path / "roots.txt", tmp_path / "pack.zip"
        publishing.publish_to_file(roots)
        pack.write_bytes(b"".join(make(scopes.of_order(document.orders.get().order), "maria")))
        code, said = run(pack, roots)
        assert code == 0, said
        [told] = [line for line in said.splitlines() if line.startswith("disposed ")]
        assert f"leaves/archive_lostcertificate/{LostCertificate.objects.get().pk}.json), sealed on " in told


def test_a_database_restored_by_other_means_is_as_the_disposal_left_it_too(
    disposed: Disposed, cluster: Installation
) -> None:
    with empty_database(cluster):
        call_command("restore", str(disposed.before), stderr=io.StringIO())
        assert PayloadKey.objects.filter(payload__address=disposed.payload.address).exists()
        Pause.objects.all().delete()
        said = io.StringIO()
        connections["default"].close()  # nobody may be at work there
        call_command("restore", "--in-place", f"--keys={disposed.keys}", stderr=said)
        assert "1 keys were destroyed since, and are removed here too." in said.getvalue()
        assert "1 file was disposed of since the backup was made, and again here." in said.getvalue()
        assert _without_ids(every_row(*PROJECTIONS)) == disposed.left
        assert LostCertificate.objects.get().number == disposed.certificate


def test_a_drill_with_the_keys_of_today_passes(disposed: Disposed) -> None:
    call_command("drill", str(disposed.before), f"--keys={disposed.keys}", stderr=io.StringIO())
    assert RestoreDrill.objects.latest("pk").passed


def test_the_naive_restore_tells_what_was_destroyed_and_alarms(
    disposed: Disposed, cluster: Installation, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(restore, "dispose_again", lambda owner, keys: 0)
    with empty_database(cluster):
        restored(disposed)
        payload = Payload.objects.get(address=disposed.payload.address)
        document = Document.objects.get(interchange__payload=payload)
        assert Translation.objects.get(document=document).content is not None
        assert [each.payload for each in due(10)] == [payload.pk]
        assert checking.check(tmp_path / "roots.txt").findings == [
            f"The key of payload {payload.pk} is gone: nobody disposed of it, or erased of whom it speaks."
        ]
