"""The step that copies: what waits is copied, what is wrong is told, and a storage that is away delays it and no more."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import connections

from archive import copies, storages, store
from archive.clock import database_now
from archive.models import AuditEntry, MoveOut, Payload, PayloadCopy
from archive.storages import StorageAway, place_name
from integration import tasks, work
from integration.flows.copy_again import copy_again, copy_now
from integration.flows.copy_payloads import copy_payloads, copy_step, enrol_step
from integration.flows.rights import Refused
from integration.flows.steps import STEPS, standing_steps
from integration.models import ExceptionCase, Work
from integration.work import Unclaimed
from tests import factories
from tests.copying import State, copied, file_of, root
from tests.s3 import archived_in, folder_options

__all__ = ["root"]

NOW = timedelta(0)


@pytest.fixture(autouse=True)
def no_knocks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tasks, "async_task", lambda *args, **options: None)


def states() -> list[str]:
    return list(PayloadCopy.objects.order_by("pk").values_list("state", flat=True))


def run_step() -> None:
    """Have a worker do what is due of copying."""
    work.put("archive", copy_step())
    Work.objects.filter(lane="archive").update(due_at="2020-01-01T00:00Z")
    tasks.drain("archive")


def broken(monkeypatch: pytest.MonkeyPatch) -> None:
    def away(*asked: Any) -> None:
        raise StorageAway("The archive's folder does not answer.")

    monkeypatch.setattr(storages.FolderPlace, "write", away)


@pytest.mark.django_db
def test_everything_is_copied_in_batches_and_the_step_comes_again(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(copies, "AT_ONCE", 2)
    for number in range(5):
        store.put(b"%d" % number)
    [again] = copy_payloads("all", Unclaimed())
    assert states() == ["copied"] * 5
    assert (again.name, again.subject, again.delay) == ("copy_payloads", "all", timedelta(seconds=10))


@pytest.mark.django_db
def test_large_payloads_are_held_in_memory_one_at_a_time(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(copies, "BYTES_AT_ONCE", 10)
    for _ in range(3):
        store.put(b"more than ten bytes")
    rows, has_more = copies.batch(copies.waiting(place_name()))
    assert (len(rows), has_more) == (1, True)
    copy_payloads("all", Unclaimed())
    assert states() == ["copied"] * 3


@pytest.mark.django_db
def test_a_storage_that_is_away_is_tried_again_by_itself_and_told_of_after_a_while(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store.put(b"ISA")
    with monkeypatch.context() as patched:
        broken(patched)
        for _ in range(tasks.TRIES_UNTIL_CASE):
            assert not ExceptionCase.objects.exists()
            run_step()
    [case] = ExceptionCase.objects.all()
    assert (case.kind, case.sentence) == ("parked", "The archive's folder does not answer.")
    row = Work.objects.get(step="copy_payloads")
    assert row.parked_at is None
    assert row.due_at < database_now() + timedelta(minutes=1, seconds=5)
    run_step()
    case.refresh_from_db()
    assert case.closed_at is not None
    assert states() == ["copied"]


@pytest.mark.django_db
def test_what_was_copied_beside_a_failure_is_kept(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store.put(b"good")
    store.put(b"bad")
    bad = PayloadCopy.objects.latest("pk").key
    write = storages.FolderPlace.write

    def away(place: Any, key: str, data: bytes, now: Any) -> Any:
        if key == bad:
            raise StorageAway("Not now.")
        return write(place, key, data, now)

    monkeypatch.setattr(storages.FolderPlace, "write", away)
    with pytest.raises(StorageAway, match="Not now"):
        copy_payloads("all", Unclaimed())
    assert states() == ["copied", "waiting"]


@pytest.mark.django_db
def test_damage_is_a_case_that_closes_once_it_was_copied_again(root: Path) -> None:
    row = copied()
    PayloadCopy.objects.update(checked_at=database_now() - timedelta(days=91))
    file_of(root, row).write_bytes(b"something else")
    copy_payloads("all", Unclaimed())
    assert states() == ["damaged"]
    [case] = ExceptionCase.objects.all()
    assert case.sentence == (
        f"The copy {row.key} in folder {root} is not as it should be. What stands there is not what was copied. The database"
        " still holds the bytes: copy it again on the page “Archive copies”, and find out who wrote there."
    )
    olga = factories.user("olga", "Operator")
    copy_again(olga, row, "The disk was changed.")
    copy_payloads("all", Unclaimed())
    assert states() == ["copied"]
    case.refresh_from_db()
    assert case.closed_at is not None
    entry = AuditEntry.objects.get()
    assert (entry.verb, entry.subject, entry.reason) == (
        "copy again", f"payload_copy:{row.pk}", "The disk was changed."
    )  # fmt: skip
    with pytest.raises(Refused, match="It is not damaged any more"):
        copy_again(olga, row, "Once more.")


@pytest.mark.django_db
def test_who_may_not_is_refused_and_changes_nothing(root: Path) -> None:
    row = copied()
    PayloadCopy.objects.update(state=State.DAMAGED)
    dora = factories.user("dora", "Auditor")
    for verb in (lambda: copy_again(dora, row, "Please."), lambda: copy_now(dora, "Please.")):
        with pytest.raises(
            Refused, match=r"^You may look at this, and not have it copied: ask an operator\.$"
        ):
            verb()
    assert states() == ["damaged"]
    assert not Work.objects.exists()


@pytest.mark.django_db
def test_to_copy_now_makes_copying_due(root: Path) -> None:
    for step in (copy_step(timedelta(hours=1)), enrol_step(place_name(), timedelta(hours=1))):
        work.put("archive", step)
    copy_now(factories.user("olga", "Operator"), "The bucket is back.")
    assert Work.objects.filter(due_at__lte=database_now()).count() == 2
    assert AuditEntry.objects.get().detail == {"storage": f"folder {root}"}


@pytest.mark.django_db
def test_more_than_the_limit_that_waits_is_a_case_and_stops_nothing(
    root: Path, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.ARCHIVE_WAITING_LIMIT = 3
    for number in range(3):
        store.put(b"%d" % number)
    with monkeypatch.context() as patched:
        broken(patched)
        run_step()
    [case] = ExceptionCase.objects.all()
    assert case.sentence.startswith("3 payloads or more wait to be copied to folder ")
    store.put(b"and on")
    run_step()
    run_step()
    case.refresh_from_db()
    assert case.closed_at is not None
    assert states() == ["copied"] * 4


@pytest.mark.django_db
def test_a_new_place_is_given_everything_at_once_and_the_old_one_is_left(root: Path, tmp_path: Path) -> None:
    copied()
    first = enrol_step(place_name())
    with archived_in(folder_options(tmp_path / "second")):
        second = enrol_step(place_name())
        assert {step.subject for step in standing_steps() if step.name == "copy_payloads"} == {
            "all",
            second.subject,
        }
        assert copy_payloads(first.subject, Unclaimed()) == []
        [again] = copy_payloads(second.subject, Unclaimed())
        assert (again.subject, again.delay) == (second.subject, timedelta(hours=24))
        copy_payloads("all", Unclaimed())
    assert states() == ["copied", "copied"]
    assert PayloadCopy.objects.latest("pk").storage == f"folder {tmp_path / 'second'}"


def test_the_daily_look_moves_out_what_the_owner_wants_moved_out(
    committed: str, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("integration.flows.copy_payloads.MOVED_AT_ONCE", 2)
    rows = [copied(b"%d" % number) for number in range(3)]
    waiting = store.put(b"not copied yet")
    daily = enrol_step(place_name()).subject
    copy_payloads(daily, Unclaimed())
    assert not Payload.objects.filter(ciphertext=b"").exists()
    MoveOut.objects.using("owner").create(pk=1, after_days=0)
    copy_payloads(daily, Unclaimed())
    moved = Payload.objects.filter(ciphertext=b"")
    assert sorted(moved.values_list("pk", flat=True)) == [row.payload_id for row in rows]
    assert waiting.pk not in moved.values_list("pk", flat=True)
    assert store.open(moved.earliest("pk"), purpose="t") == b"0"
    with connections["owner"].cursor() as owner:
        owner.execute("SELECT count(*) FROM archive_payload WHERE octet_length(ciphertext) = 0")
        assert owner.fetchone() == (3,)


def test_copies_have_a_lane_of_their_own() -> None:
    assert [name for name, kind in STEPS.items() if kind.lane == "archive"] == [
        "copy_payloads",
        "seal_archive",
        "check_archive",
    ]
    assert STEPS["copy_payloads"].standing
