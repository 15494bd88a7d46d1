"""P13: a full disk refuses, and never lies: of the database (64 MiB), and of the archive's folder (8 MiB)."""

from __future__ import annotations

import os
import random
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.db import Error, connections
from django.test import Client
from psycopg import sql

from archive import copies, store
from archive.models import Payload, PayloadCopy, Transmission
from archive.storages import place_name
from integration import tasks, work
from integration.bigcommerce.webhooks import hook_path
from integration.flows.copy_payloads import copy_step
from integration.models import ExceptionCase, HookCall, Store, Work
from portal.copies import DatabaseCopies, point_at
from portal.installation import read_installation
from tests import calls
from tests.chaos.forking import scaled
from tests.s3 import archived_in, folder_options
from tests.servers import superuser_of
from tests.world import World, open_world

pytestmark = pytest.mark.chaos

RUNS = scaled(20)
VOLUME, SPOOL = "64m", "8m"
LARGE = 1_500_000
"""Bytes of a file that fits into no page that is there already."""


@contextmanager
def small_disk(folder: Path, size: str) -> Iterator[Path]:
    """A disk of ``size`` at ``folder``, which only root can make."""
    folder.mkdir()
    made = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={size},mode=700", "tmpfs", str(folder)], check=False, capture_output=True
    )  # fmt: skip
    if made.returncode:
        pytest.skip("A disk of a test's own is mounted by root alone: a full one is not tried here.")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)


@pytest.fixture
def full_volume(
    copies: DatabaseCopies, django_db_setup: None, django_db_blocker: Any, tmp_path: Path
) -> Iterator[Path]:
    """A database whose tables stand on a small disk; its log does not, so the server itself goes on."""
    installation = read_installation(settings.DATA_FOLDER)
    if installation is None:
        pytest.skip("The database is not the private server: its disk is nobody's to fill.")
    before = connections["default"].settings_dict["NAME"]
    name = sql.Identifier(f"gridport_full_{os.getpid()}")
    with (
        small_disk(tmp_path / "volume", VOLUME) as volume,
        django_db_blocker.unblock(),
        superuser_of(installation) as superuser,
    ):
        (volume / "tables").mkdir(mode=0o700)
        where = sql.Literal(str(volume / "tables"))
        copies.make(f"gridport_full_{os.getpid()}")
        superuser.execute(sql.SQL("CREATE TABLESPACE {} LOCATION {}").format(name, where))
        superuser.execute(sql.SQL("ALTER DATABASE {} SET TABLESPACE {}").format(name, name))
        point_at(f"gridport_full_{os.getpid()}")
        try:
            yield volume
        finally:
            point_at(before)
            copies.drop(f"gridport_full_{os.getpid()}")
            superuser.execute("CHECKPOINT")
            superuser.execute(sql.SQL("DROP TABLESPACE {}").format(name))


@pytest.fixture
def world(full_volume: Path, tmp_path: Path) -> Iterator[World]:
    with open_world(tmp_path, {}) as opened:
        opened.mailbox.settle_seconds = 0
        opened.mailbox.save()
        yield opened


def fill(volume: Path) -> Path:
    """Take all the room that is left; return the file that holds it."""
    ballast = volume / "ballast"
    with ballast.open("wb", buffering=0) as file, suppress(OSError):
        while file.write(bytes(1 << 16)):
            pass
    return ballast


def drop(world: World, rng: random.Random, number: int) -> tuple[str, bytes]:
    name, data = f"{number}.edi", rng.randbytes(LARGE)
    world.network.drop(name, data)
    return name, data


def poll(world: World) -> bool:
    """Let a worker do what is due; say whether the database had room for it."""
    try:
        Work.objects.update(due_at="2020-01-01T00:00Z")
        tasks.tick()
        for lane in ("mailboxes", "documents"):
            tasks.drain(lane)
    except Error:
        return False
    return True


def on_mailbox(world: World) -> set[str]:
    return {path.name for path in world.network.outbox.iterdir()}


def taken() -> dict[str, bytes]:
    """Return what is archived, by file."""
    rows = Transmission.objects.filter(direction="in").select_related("payload").order_by("pk")
    return {row.name: store.open(row.payload, purpose="compare") for row in rows}


def test_p13_a_full_database_takes_nothing_that_it_does_not_keep(
    world: World, full_volume: Path, record_property: Any
) -> None:
    rng = random.Random(13)
    record_property("seed", 13)
    Store.objects.update(mode="live")
    hook = calls.hooked(Store.objects.get())
    client = Client(raise_request_exception=False, headers={"host": "localhost"})
    path = hook_path(hook.key)
    put: dict[str, bytes] = {}
    answers: list[int] = []
    assert poll(world)
    for number in range(RUNS):
        ballast = fill(full_volume)
        name, data = drop(world, rng, number)
        put[name] = data
        poll(world)
        # Refused: the file stays where it is, whole, and nothing of it is here.
        assert name in on_mailbox(world)
        assert not Transmission.objects.filter(name=name).exists()
        # As many calls as fill every page that has room: each is kept, or is not answered with success.
        for _ in range(30):
            body = calls.event(number * 100 + len(answers), padding="x" * 6_000)
            known = HookCall.objects.count()
            answer = client.post(
                path, body, content_type="application/json", headers=calls.headers(hook, body)
            )
            answers.append(answer.status_code)
            assert HookCall.objects.count() == known + (answer.status_code == 200)
        ballast.unlink()
        # Freed, the same processes go on by themselves.
        assert poll(world)
        assert name not in on_mailbox(world)
    assert taken() == put
    assert not Work.objects.filter(parked_at__isnull=False).exists()
    assert not ExceptionCase.objects.filter(cause__startswith="work:").exists()
    assert Payload.objects.filter(transmissions=None).count() == 0
    refused = [status for status in answers if status != 200]
    assert refused
    assert set(refused) <= {500, 503}


def test_p13_a_full_storage_holds_no_half_copy_and_goes_on_once_there_is_room(
    committed: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tasks, "async_task", lambda *args, **options: None)
    with small_disk(tmp_path / "spool", SPOOL) as disk, archived_in(folder_options(disk / "archive")):
        for number in range(RUNS):
            fresh = [store.put(random.Random(number).randbytes(100_000)) for _ in range(2)]
            ballast = fill(disk)
            work.put("archive", copy_step())
            Work.objects.update(due_at="2020-01-01T00:00Z")
            tasks.drain("archive")
            row = Work.objects.get(step="copy_payloads")
            assert "its disk is full: make room" in row.error
            assert copies.waiting(place_name()).count() == 2
            # Nothing stands there under a name that is not whole, and no remains beside it.
            found = {path.name for path in (disk / "archive").rglob("*") if path.is_file()}
            assert found == set(
                PayloadCopy.objects.filter(state="copied").values_list("payload__address", flat=True)
            )
            ballast.unlink()
            Work.objects.update(due_at="2020-01-01T00:00Z")
            tasks.drain("archive")
            assert set(PayloadCopy.objects.values_list("state", flat=True)) == {"copied"}
            for payload in fresh:
                assert (disk / "archive" / payload.copies.get().key).read_bytes() == bytes(payload.ciphertext)


def test_whoever_removes_a_file_before_it_is_committed_loses_it_on_a_full_disk(
    world: World, full_volume: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The variant: the mailbox's file is removed first."""
    world.network.drop("first.edi", b"one that fits")
    assert poll(world)
    name, _ = drop(world, random.Random(13), 0)
    ballast = fill(full_volume)
    before = store.put

    def removed_first(data: bytes, **rest: Any) -> Payload:
        (world.network.outbox / name).unlink()
        return before(data, **rest)

    monkeypatch.setattr(store, "put", removed_first)
    poll(world)
    ballast.unlink()
    assert name not in on_mailbox(world)
    assert not Transmission.objects.filter(name=name).exists()
