"""Sealing and checking as steps: days close and are published, mailed to the auditor, and what is found is a case."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from io import StringIO
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest
from django.conf import settings
from django.core.management import call_command
from django.db import connections
from django.test import override_settings
from django.utils import timezone

from archive import checking, sealing, storages, store
from archive.models import AuditEntry, SealCheck, SealLeaf, SealPublication, SealRoot
from archive.record import record_event
from archive.verify import read_lines
from integration import tasks, work
from integration.errors import ConfigurationError, RetryableError
from integration.flows import check_archive, seal_archive
from integration.flows.rights import Refused
from integration.flows.steps import STEPS
from integration.models import ExceptionCase, OutgoingMail, Pause, Work
from integration.work import Step, Unclaimed
from tests import factories
from tests.s3 import S3Server, archived_in, s3_options, s3_server

HERE = Unclaimed()


def seal() -> list[Step]:
    return seal_archive.seal_archive("all", HERE)


def check() -> list[Step]:
    return check_archive.check_archive("daily", HERE)


def tomorrow() -> Any:
    """Have it be a while after the next midnight for whoever closes days."""
    now = datetime.now(UTC)
    midnight = datetime(now.year, now.month, now.day, tzinfo=UTC) + timedelta(days=1)
    return patch("archive.sealing.database_now", lambda: midnight + timedelta(hours=1))


def the_case() -> ExceptionCase:
    return ExceptionCase.objects.get(kind=ExceptionCase.Kind.ARCHIVE)


def tamper(statement: str) -> None:
    """Change the archive as somebody does who owns the database."""
    with connections["owner"].cursor() as owner:
        for table in ("archive_event", "archive_payload", "archive_sealroot"):
            owner.execute(f"ALTER TABLE {table} DISABLE TRIGGER guard_rows")
        owner.execute(statement)


@pytest.mark.django_db
def test_what_is_archived_is_sealed_within_minutes_and_the_day_is_published_when_it_is_over(
    settings: Any,
) -> None:
    record_event("order:7", "told", "Something.")
    assert seal() == [seal_archive.seal_step(seal_archive.EVERY)]
    assert timedelta(minutes=5) > seal_archive.EVERY
    assert (SealLeaf.objects.count(), SealRoot.objects.count()) == (1, 0)
    with tomorrow():
        assert seal() == [seal_archive.seal_step(seal_archive.EVERY)]
    root = SealRoot.objects.get()
    (line,) = read_lines(Path(settings.PUBLISHED_ROOTS).read_text())
    assert (line.day, line.root, line.size) == (root.name, root.root, 1)
    assert not ExceptionCase.objects.exists()


@pytest.mark.django_db
def test_a_turn_that_takes_too_long_goes_on_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(seal_archive, "WITHIN", timedelta(0))
    monkeypatch.setattr(sealing.seal_batch, "__defaults__", (1,))
    for _ in range(2):
        record_event("order:7", "told", "Something.")
    assert [seal(), seal(), seal()] == [
        [seal_archive.seal_step()],
        [seal_archive.seal_step()],
        [seal_archive.seal_step(seal_archive.EVERY)],
    ]


def test_whoever_pauses_everything_does_not_stop_the_sealing(committed: str) -> None:
    Pause.objects.create(subject=Pause.EVERYTHING, reason="So that nobody sees.", paused_by="dora")
    record_event("order:7", "told", "Something.")
    for step in (seal_archive.seal_step(), check_archive.check_archive_step()):
        work.put(STEPS[step.name].lane, step)
    tasks.drain("archive")
    assert SealLeaf.objects.filter(table_name="archive_event").count() == 1
    assert SealCheck.objects.exclude(finished_at=None).count() == 1


@pytest.mark.django_db
def test_the_auditor_is_mailed_each_root_once(settings: Any) -> None:
    settings.SEAL_AUDITOR = "audit@fern.example"
    for _ in range(2):
        sealing.close(HERE, now=True)
    (step, again) = seal()
    assert (step.name, again.name) == ("send_mail", "seal_archive")
    mail = OutgoingMail.objects.get()
    first, second = SealRoot.objects.order_by("tree")
    assert (mail.to, mail.subject) == (["audit@fern.example"], f"Archive sealed: {second.name}")
    assert [line.root for line in read_lines(mail.body.partition("FILE\n\n")[2])] == [first.root, second.root]
    assert [step.name for step in seal()] == ["seal_archive"]
    assert SealPublication.objects.filter(place="mail", reference=mail.marker).count() == 2


@pytest.mark.django_db
def test_an_auditor_without_address_is_a_setting_to_mend(settings: Any) -> None:
    settings.SEAL_AUDITOR = "the auditor"
    sealing.close(HERE, now=True)
    with pytest.raises(ConfigurationError, match="SEAL_AUDITOR is not an address"):
        seal()


@pytest.mark.django_db
def test_a_key_that_is_none_is_a_setting_to_mend(settings: Any) -> None:
    settings.SEAL_SIGNING_KEY = "short"
    record_event("order:7", "told", "Something.")
    seal()
    with tomorrow(), pytest.raises(ConfigurationError, match="SEAL_SIGNING_KEY is no signing key"):
        seal()
    assert SealLeaf.objects.count() == 1  # sealed it is; its day stays open


@pytest.mark.django_db
def test_a_file_that_cannot_be_written_is_tried_again(settings: Any, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    settings.PUBLISHED_ROOTS = tmp_path / "file" / "roots.txt"
    sealing.close(HERE, now=True)
    with pytest.raises(RetryableError, match="cannot be written"):
        seal()


@pytest.mark.django_db
def test_published_roots_that_say_something_else_are_a_case_until_they_agree(settings: Any) -> None:
    path = Path(settings.PUBLISHED_ROOTS)
    sealing.close(HERE, now=True)
    seal()
    good = path.read_text()
    path.write_text(good.replace(SealRoot.objects.get().root, "0" * 64))
    seal()
    assert the_case().sentence.startswith("The published roots say something else of ")
    path.write_text(good)
    seal()
    assert the_case().closed_at is not None


def test_a_changed_row_is_a_case_until_a_check_of_everything_finds_nothing(committed: str) -> None:
    event = record_event("order:7", "told", "Something.")
    seal()
    sealing.close(HERE, now=True)
    seal()
    tamper("UPDATE archive_event SET sentence = 'Something else.'")
    share = event.pk % checking.SHARES
    for tried in range(checking.SHARES):
        on = datetime(2026, 11, 29, tzinfo=UTC) + timedelta(days=tried)
        with patch("integration.flows.check_archive.database_now", lambda on=on: on):
            assert check() == [check_archive.check_archive_step(check_archive.EVERY)]
        if ExceptionCase.objects.exists():
            break
    row = SealCheck.objects.latest("pk")
    assert (row.share, row.found, SealCheck.objects.filter(found=0).count()) == (share, 1, tried)
    assert row.findings == [f"The event {event.pk} is not what was sealed on {SealRoot.objects.get().words}."]
    assert the_case().sentence == f"The archive is not as it was sealed. {row.findings[0]}"
    tamper("UPDATE archive_event SET sentence = 'Something.'")
    check_archive.ask(factories.user("olga", "Operator"), "It was put right.")
    asked = SealCheck.objects.latest("pk")
    assert Work.objects.get(step="check_archive").subject == str(asked.pk)
    assert check_archive.check_archive(str(asked.pk), HERE) == []
    asked.refresh_from_db()
    assert (asked.share, asked.found, asked.asked_by) == (None, 0, "olga")
    assert the_case().closed_at is not None
    assert AuditEntry.objects.filter(verb="check archive", reason="It was put right.").count() == 1


@pytest.mark.django_db
def test_who_may_not_or_wants_too_much_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(Refused):
        check_archive.ask(factories.user("nobody"), "I want to.")
    record_event("order:7", "told", "Something.")
    seal()
    monkeypatch.setattr(check_archive, "MOST_AT_ONCE", -1)
    with pytest.raises(Refused, match="verify_archive --everything"):
        check_archive.ask(factories.user("olga", "Operator"), "I want to.")
    assert not SealCheck.objects.exists()


def verify_archive(*arguments: str) -> tuple[int, str]:
    """Run the command; return its exit code and what it found."""
    out = StringIO()
    try:
        call_command("verify_archive", *arguments, stdout=out, stderr=StringIO())
    except SystemExit as ended:
        return int(str(ended.code)), out.getvalue()
    return 0, out.getvalue()


def test_the_command_tells_each_finding_and_ends_with_1(committed: str, tmp_path: Path) -> None:
    payload = store.put(b"ISA*00")
    sealing.close(HERE, now=True)
    seal()
    assert verify_archive("--everything") == (0, "")
    assert verify_archive() == (0, "")
    tamper("UPDATE archive_payload SET ciphertext = 'x'")
    assert verify_archive("--everything") == (
        1,
        f"The bytes of payload {payload.pk} are not those that were stored.\n",
    )
    copy = tmp_path / "mine.txt"
    copy.write_text("# no line\n")
    with patch("archive.checking.LATE", timedelta(0)):
        code, said = verify_archive("--everything", "--roots", str(copy))
    assert (code, "does not stand among the published roots" in said) == (1, True)
    assert SealCheck.objects.filter(asked_by="manage.py verify_archive").count() == 4


@pytest.fixture
def server(tmp_path: Path) -> Iterator[S3Server]:
    with s3_server(tmp_path / "s3") as server:
        yield server


def test_roots_stand_in_the_archives_bucket_too(committed: str, server: S3Server) -> None:
    bucket = server.bucket(versions=True, lock=True)
    with archived_in(s3_options(bucket, server.url)):
        sealing.close(HERE, now=True)
        root = SealRoot.objects.get()
        key = f"roots/{root.name}.txt"
        with archived_in(s3_options("archive-1", "http://127.0.0.1:9")):
            seal()  # away: the roots wait, everything else goes on
        assert not SealPublication.objects.filter(place="bucket").exists()
        seal()
        seal()
        place = storages.place()
        (line,) = read_lines(place.read(key).decode())
        assert (line.root, line.chain) == (root.root, root.chain)
        published = SealPublication.objects.get(place="bucket")
        assert published.reference == place.name
        # Whoever has this machine cannot put another there, and nobody can take this one away.
        place.write(key, b"another\n", timezone.now())
        assert read_lines(place.read(key).decode()) == [line]
        kept = server.client.get_object_retention(Bucket=bucket, Key=key, VersionId=published.version)
        assert kept["Retention"]["Mode"] == "COMPLIANCE"
        assert kept["Retention"]["RetainUntilDate"] > timezone.now() + timedelta(days=3649)
        with pytest.raises(storages.Locked):
            place.remove(key)
    assert not ExceptionCase.objects.exists()


def test_a_root_that_is_put_over_ours_in_the_bucket_is_a_case(committed: str, server: S3Server) -> None:
    bucket = server.bucket(versions=True, lock=True)
    with archived_in(s3_options(bucket, server.url)):
        sealing.close(HERE, now=True)
        seal()
        root = SealRoot.objects.get()
        key, share = f"roots/{root.name}.txt", root.tree % checking.SHARES
        where = f"the {storages.place_name()}"
        check_share(share)
        assert not ExceptionCase.objects.exists()
        forged = server.client.put_object(Bucket=bucket, Key=key, Body=b"another\n")
        # The naive check knows the file alone.
        assert checking.check(Path(settings.PUBLISHED_ROOTS)).findings == []
        assert [check_share(share).found, check_share(share + 1).found] == [1, 0]
        assert the_case().sentence == (
            f"The archive is not as it was sealed. Over the {root} in {where} another was put: who asks for {key} is given"
            " something else than what was published."
        )
        server.client.delete_object(Bucket=bucket, Key=key, VersionId=forged["VersionId"])
        assert check_share(share).found == 0
        server.client.delete_object(Bucket=bucket, Key=key)
        assert check_share(share).findings == [
            f"The {root} is hidden in {where}: who asks for {key} is told that there is nothing."
        ]
    with archived_in(s3_options(bucket, "http://127.0.0.1:9")):
        row = check_share(share)  # another place: nothing was published there
        assert (row.found, row.counts.get("in the bucket")) == (0, None)


def test_a_bucket_that_is_away_or_refuses_is_no_finding(committed: str, server: S3Server) -> None:
    with archived_in(s3_options(server.bucket(versions=True), server.url)):
        sealing.close(HERE, now=True)
        seal()
        share = SealRoot.objects.get().tree % checking.SHARES
        with patch.object(storages.BucketPlace, "read", side_effect=storages.StorageRefuses("It says no.")):
            row = check_share(share)
        assert (row.found, row.counts["not read"]) == (0, 1)
        assert the_case().sentence == (
            "Whether the seals in the archive's bucket are those that were published cannot be seen. It says no."
        )
        with patch.object(storages.BucketPlace, "read", side_effect=storages.StorageAway("Later.")):
            row = check_share(share)
        assert (row.found, row.counts["not read"], the_case().closed_at) == (0, 1, None)
        assert check_share(share).counts["in the bucket"] == 1
        assert the_case().closed_at is not None


def check_share(share: int) -> SealCheck:
    """Check one share; return what came of it."""
    row = SealCheck.objects.create(share=share)
    check_archive.check_archive(str(row.pk), HERE)
    row.refresh_from_db()
    return row


def test_a_bucket_that_refuses_is_a_case_and_keeps_no_mail_from_the_auditor(
    committed: str, server: S3Server
) -> None:
    with override_settings(SEAL_AUDITOR="audit@fern.example"):
        sealing.close(HERE, now=True)
        with archived_in(s3_options("nowhere", server.url)):
            assert [step.name for step in seal()] == ["send_mail", "seal_archive"]
            assert [step.name for step in seal()] == ["seal_archive"]
        assert OutgoingMail.objects.count() == 1
        assert the_case().sentence.startswith("The archive's bucket nowhere at 127.0.0.1:")
        assert the_case().sentence.endswith(" Until then no seal is published there.")
        with archived_in(s3_options(server.bucket(), server.url)):
            seal()
    assert SealPublication.objects.filter(place="bucket").count() == 1
    assert the_case().closed_at is not None
