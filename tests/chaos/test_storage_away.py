"""P14: with the storage away for half an hour documents come and go; afterwards every copy is there, whole, and once."""

from __future__ import annotations

import hashlib
import random
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db.models import F
from django.test import Client

from archive import copies, storages, store
from archive.models import Payload, PayloadCopy, Transmission
from archive.storages import place_name
from integration import tasks, work
from integration.flows import copy_payloads as flow
from integration.flows.copy_payloads import copy_step
from integration.models import ExceptionCase, Work
from tests.chaos.forking import Forked, die_at, is_whole, scaled
from tests.chaos.places import http
from tests.chaos.proxy import DOWN, UP, Proxy, Toxic
from tests.copying import file_of, root
from tests.s3 import S3Server, archived_in, s3_options, s3_server
from tests.world import World, world

__all__ = ["root", "world"]

pytestmark = pytest.mark.chaos

PLACES = ("copies.made", "copy_payloads.done")
KILLS = scaled(50)
MINUTES = 30
STEP = 1 if is_whole() else 3
"""Minutes that pass at once."""
FILES = 6
"""New files at each step."""
SEED = 14


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[S3Server]:
    with s3_server(tmp_path_factory.mktemp("s3") / "data") as server:
        yield server


@pytest.fixture
def away(world: World, server: S3Server, monkeypatch: pytest.MonkeyPatch) -> Iterator[Proxy]:
    """What stands before the storage, a bucket with versions."""
    monkeypatch.setattr(storages, "CONNECT", 0.2)
    monkeypatch.setattr(storages, "SILENCE", 0.2)
    monkeypatch.setattr(storages, "TRIES", 1)
    monkeypatch.setattr(copies, "VISIT", 3.0)
    monkeypatch.setattr(copies, "AT_ONCE", 8)
    world.mailbox.settle_seconds = 0
    world.mailbox.save()
    with Proxy(server.port, http) as proxy:
        bucket = server.bucket(versions=True)
        with archived_in(s3_options(bucket, f"http://127.0.0.1:{proxy.port}")):
            yield proxy


def bucket_name() -> str:
    return place_name().split()[1]


def time_passes() -> None:
    """Let minutes pass over the queue and over what waits."""
    Work.objects.update(due_at=F("due_at") - timedelta(minutes=STEP))
    PayloadCopy.objects.update(made_at=F("made_at") - timedelta(minutes=STEP))


def spoilt(rng: random.Random) -> list[Toxic]:
    """Return what happens to each of the next connections: cut, reset or swallowed, on the way there or back."""
    kinds = ("limit_data", "reset_peer", "timeout")
    return [
        Toxic(rng.choice(kinds), rng.choice((UP, DOWN)), place=rng.choice(("PUT *", "GET *", "*")), size=rng.randrange(300))
        for _ in range(40)
    ]  # fmt: skip


def live_through(world: World, proxy: Proxy, rng: random.Random) -> list[str]:
    """Let half an hour pass with new files all along, while the storage is away in one way or another.

    Return what ready said after each step.
    """
    said = []
    for minute in range(0, MINUTES, STEP):
        proxy.disarm()
        if rng.random() < 0.5:
            proxy.shut()
        else:
            proxy.open()
            proxy.arm(*spoilt(rng))
        for number in range(FILES):
            world.network.drop(f"{minute}-{number}.edi", b"no X12 at all: %d, %d" % (minute, number))
        world.poll()
        time_passes()
        answer = Client().get("/health/ready")
        assert (answer.status_code, answer.json()["ready"]) == (200, True)
        said.append(" ".join(answer.json()["degraded"]))
        proxy.shut()
    return said


def in_bucket(server: S3Server) -> dict[str, list[str]]:
    """Return what stands in the bucket, by key: the SHA-256 of each version, read past Gridport."""
    found: dict[str, list[str]] = {}
    pages = server.client.get_paginator("list_object_versions").paginate(Bucket=bucket_name())
    for each in (version for page in pages for version in page.get("Versions", [])):
        body = server.client.get_object(Bucket=bucket_name(), Key=each["Key"], VersionId=each["VersionId"])[
            "Body"
        ]
        found.setdefault(each["Key"], []).append(hashlib.sha256(body.read()).hexdigest())
    return found


def drain() -> None:
    """Let workers copy until nothing waits."""
    for _ in range(10):
        Work.objects.filter(lane="archive").update(due_at="2020-01-01T00:00Z")
        work.put("archive", copy_step())
        tasks.drain("archive")
        if not copies.waiting(place_name()).exists():
            return


def test_half_an_hour_without_the_storage_delays_copies_and_nothing_else(
    world: World, away: Proxy, server: S3Server, record_property: Callable[[str, object], None]
) -> None:
    record_property("seed", SEED)
    said = live_through(world, away, random.Random(SEED))
    files = MINUTES // STEP * FILES
    assert Transmission.objects.filter(direction="in").count() == files
    assert ExceptionCase.objects.filter(kind="unreadable").count() == files
    assert ["wait long to be copied" in words for words in said] == [
        minute >= 5 for minute in range(STEP, MINUTES + 1, STEP)
    ]
    assert "Payloads wait long to be copied to the archive's storage: " in said[-1]
    [case] = ExceptionCase.objects.filter(cause="work:copy_payloads:all")
    assert case.closed_at is None

    away.disarm()
    away.open()
    drain()
    assert set(PayloadCopy.objects.values_list("state", flat=True)) == {"copied"}
    addresses = sorted(Payload.objects.values_list("address", flat=True))
    assert len(addresses) == files
    there = in_bucket(server)
    # Each under its key, the same bytes as its address says, written once however often it was tried.
    assert there == {storages.key_of(address): [address] for address in addresses}
    case.refresh_from_db()
    assert case.closed_at is not None
    assert Client().get("/health/ready").json()["degraded"] == []
    faults = [told["toxic"]["kind"] for told in away.ledger() if told["toxic"]]
    assert set(faults) >= {"limit_data", "reset_peer", "timeout"}


def test_whoever_copies_before_it_is_stored_takes_nothing_in(
    world: World, away: Proxy, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The variant: what is put goes to the storage at once."""

    def at_once(payload: Payload) -> None:
        storages.place().write(
            storages.key_of(payload.address), bytes(payload.ciphertext), payload.recorded_at
        )

    monkeypatch.setattr(copies, "await_copy", at_once)
    away.shut()
    world.network.drop("one.edi", b"no X12 at all")
    world.poll()
    assert not Transmission.objects.exists()


def put_some(count: int) -> None:
    for number in range(count):
        store.put(b"%d" % number)


def die_and_go_on(forked: Forked, place: str) -> None:
    """Have a worker die at ``place``; once its lease is over, have another do what is due."""
    work.put("archive", copy_step())
    Work.objects.update(due_at="2020-01-01T00:00Z")

    def dying() -> None:
        die_at(place)
        tasks.drain("archive")

    forked.dies(dying)
    Work.objects.update(due_at="2020-01-01T00:00Z", lease_until="2020-01-01T00:00Z")
    forked.run([lambda: tasks.drain("archive") and None])


@pytest.fixture
def quiet(committed: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tasks, "async_task", lambda *args, **options: None)


@pytest.mark.parametrize("place", PLACES)
def test_deaths_around_copying_lose_no_copy_and_write_none_twice(
    quiet: None, root: Path, forked: Forked, place: str
) -> None:
    for _ in range(KILLS):
        put_some(3)
        die_and_go_on(forked, place)
    assert set(PayloadCopy.objects.values_list("state", flat=True)) == {"copied"}
    assert PayloadCopy.objects.count() == 3 * KILLS
    files = [path for path in root.rglob("*") if path.is_file()]
    assert sorted(hashlib.sha256(path.read_bytes()).hexdigest() for path in files) == sorted(
        Payload.objects.values_list("address", flat=True)
    )


def test_whoever_says_copied_before_it_is_written_loses_copies(
    quiet: None, root: Path, forked: Forked, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The variant: the row is settled first."""

    def settled_first(claim: Any, wanted: Any, act: Any) -> bool:
        rows, has_more = copies.batch(wanted)
        with claim.transaction():
            PayloadCopy.objects.filter(pk__in=[row.pk for row in rows]).update(
                state="copied", copied_at=F("made_at"), checked_at=F("made_at")
            )
        flow.failpoint("copies.made")
        act(rows)
        return has_more

    monkeypatch.setattr(flow, "_do_batch", settled_first)
    put_some(3)
    die_and_go_on(forked, "copies.made")
    rows = PayloadCopy.objects.filter(state="copied")
    assert [file_of(root, row).exists() for row in rows] == [False] * 3
