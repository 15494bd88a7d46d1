"""A folder and a bucket keep one contract: what is written is whole, is never overwritten, and comes back or says why."""

from __future__ import annotations

import hashlib
import os
import stat
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.core.files.storage import InMemoryStorage

from archive import storages
from archive.storages import (
    Locked,
    NotThere,
    Place,
    StorageAway,
    StorageRefuses,
    bucket_of_roots,
    key_of,
    place,
    place_name,
)
from portal.storage import ObjectLock, archive_storage
from tests.s3 import S3Server, archived_in, folder_options, s3_options, s3_server

NOW = datetime(2026, 11, 29, 12, tzinfo=UTC)
DATA = bytes(range(256)) * 20
KEY = key_of(hashlib.sha256(DATA).hexdigest())


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[S3Server]:
    with s3_server(tmp_path_factory.mktemp("s3") / "data") as server:
        yield server


KINDS = ("folder", "bucket", "bucket with versions", "bucket with a prefix")


@pytest.fixture(params=KINDS)
def somewhere(request: pytest.FixtureRequest, tmp_path: Path, server: S3Server) -> Iterator[Place]:
    kind = request.param
    if kind == "folder":
        options = folder_options(tmp_path / "archive")
    else:
        prefix = {"location": "gridport/"} if kind.endswith("prefix") else {}
        options = s3_options(server.bucket(versions=kind.endswith("versions")), server.url, **prefix)
    with archived_in(options):
        yield place()


@pytest.fixture
def bucket(server: S3Server) -> Iterator[Any]:
    """A bucket's place, with versions, and everything that is there."""
    name = server.bucket(versions=True)
    with archived_in(s3_options(name, server.url)):
        yield place()


def bucket_of(there: Place) -> str:
    return there.name.split()[1].partition("/")[0]


def versions(server: S3Server, there: Place) -> int:
    return len(server.client.list_object_versions(Bucket=bucket_of(there)).get("Versions", []))


def test_what_is_written_is_read_back(somewhere: Place) -> None:
    written = somewhere.write(KEY, DATA, NOW)
    assert somewhere.read(KEY, written.version) == somewhere.read(KEY) == DATA


def test_an_empty_place_says_that_there_is_nothing(somewhere: Place) -> None:
    with pytest.raises(NotThere):
        somewhere.read(KEY)


def test_what_stands_there_is_never_overwritten(somewhere: Place) -> None:
    first = somewhere.write(KEY, DATA, NOW)
    assert somewhere.write(KEY, b"something else", NOW) == first
    assert somewhere.read(KEY) == DATA


def test_what_is_set_aside_makes_room_and_is_not_lost(
    somewhere: Place, server: S3Server, tmp_path: Path
) -> None:
    somewhere.write(KEY, b"wrong", NOW)
    somewhere.set_aside(KEY)
    with pytest.raises(NotThere):
        somewhere.read(KEY)
    somewhere.write(KEY, DATA, NOW)
    assert somewhere.read(KEY) == DATA
    if somewhere.name.startswith("folder"):
        [aside] = (tmp_path / "archive").rglob("*.aside-*")
        assert aside.read_bytes() == b"wrong"
    else:
        assert versions(server, somewhere) == 2


def test_nothing_is_set_aside_where_nothing_is(somewhere: Place) -> None:
    somewhere.set_aside(KEY)
    with pytest.raises(NotThere):
        somewhere.read(KEY)


def test_what_is_removed_is_gone_with_all_that_was_there_before(
    somewhere: Place, server: S3Server, tmp_path: Path
) -> None:
    somewhere.write(KEY, b"wrong", NOW)
    somewhere.set_aside(KEY)
    somewhere.write(KEY, DATA, NOW)
    somewhere.remove(KEY)
    somewhere.remove(KEY)
    with pytest.raises(NotThere):
        somewhere.read(KEY)
    if somewhere.name.startswith("folder"):
        assert [path for path in (tmp_path / "archive").rglob("*") if path.is_file()] == []
    else:
        assert versions(server, somewhere) == 0


def test_the_name_is_known_without_going_there_and_is_that_of_the_place(somewhere: Place) -> None:
    assert place_name() == somewhere.name


def test_two_buckets_of_one_name_at_two_servers_are_two_places(server: S3Server) -> None:
    names = set()
    for url in (server.url, "https://s3.example.com", ""):
        with archived_in(s3_options("archive-0", url)):
            names.add(place_name())
    assert names == {f"bucket archive-0 at 127.0.0.1:{server.port}", "bucket archive-0 at s3.example.com", "bucket archive-0"}  # fmt: skip


def test_another_kind_of_storage_is_refused_in_words() -> None:
    with pytest.raises(
        ImproperlyConfigured, match=r"^STORAGES\['archive'\] is InMemoryStorage: copies go to"
    ):
        storages.place_of(InMemoryStorage())


def test_the_environment_names_a_folder_or_a_bucket(monkeypatch: pytest.MonkeyPatch) -> None:
    assert archive_storage("/srv/archive", "")["OPTIONS"]["location"] == "/srv/archive"
    monkeypatch.setenv("ARCHIVE_STORAGE_ENDPOINT", "https://s3.example.com")
    monkeypatch.setenv("ARCHIVE_STORAGE_SECRET_KEY", "hush")
    assert archive_storage("/srv/archive", "archive")["OPTIONS"] == {
        "bucket_name": "archive",
        "location": "",
        "endpoint_url": "https://s3.example.com",
        "secret_key": "hush",
    }


# The folder.


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Place]:
    with archived_in(folder_options(tmp_path / "archive")):
        yield place()


@pytest.fixture
def done(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What is synced and renamed, in order."""
    done: list[str] = []
    fsync, rename = os.fsync, Path.rename

    def synced(handle: int) -> None:
        path = Path(f"/proc/self/fd/{handle}").readlink()
        is_folder = stat.S_ISDIR(os.fstat(handle).st_mode)
        done.append(f"sync {path.relative_to(tmp_path) if is_folder else 'file'}")
        fsync(handle)

    def renamed(path: Path, target: Path) -> Path:
        done.append("rename")
        return rename(path, target)

    monkeypatch.setattr(os, "fsync", synced)
    monkeypatch.setattr(Path, "rename", renamed)
    return done


def test_a_file_is_on_the_disk_before_it_has_its_name_and_every_name_after_it(
    folder: Place, done: list[str]
) -> None:
    folder.write(KEY, DATA, NOW)
    first, second = KEY.split("/")[1:3]
    assert done == [
        "sync .",
        "sync archive",
        "sync archive/sha256",
        f"sync archive/sha256/{first}",
        "sync file",
        "rename",
        f"sync archive/sha256/{first}/{second}",
    ]


def test_a_name_that_somebody_else_gave_is_on_the_disk_before_it_counts_as_written(
    folder: Place, done: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def killed(path: Path) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as dying:
        dying.setattr(storages, "_sync", killed)
        (Path(folder.name.removeprefix("folder ")) / KEY).parent.mkdir(parents=True)
        with pytest.raises(KeyboardInterrupt):
            folder.write(KEY, DATA, NOW)
    assert done == ["sync file", "rename"]
    folder.write(KEY, DATA, NOW)
    assert done[2:] == [f"sync archive/{Path(KEY).parent}"]


@pytest.mark.parametrize("broken", ["fsync", "write"])
def test_a_write_that_fails_leaves_nothing(
    folder: Place, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, broken: str
) -> None:
    (tmp_path / "archive" / Path(KEY).parent).mkdir(parents=True)

    def full(*ignored: Any) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(*((os, "fsync") if broken == "fsync" else (Path, "open")), full)
        with pytest.raises(StorageAway, match="its disk is full: make room"):
            folder.write(KEY, DATA, NOW)
    assert [path for path in (tmp_path / "archive").rglob("*") if path.is_file()] == []
    folder.write(KEY, DATA, NOW)
    assert folder.read(KEY) == DATA


def test_a_folder_that_is_no_folder_is_for_staff(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    with archived_in(folder_options(tmp_path / "file" / "archive")), pytest.raises(StorageRefuses) as refusal:
        place().write(KEY, DATA, NOW)
    assert str(refusal.value).endswith("Look at who owns it, and at ARCHIVE_STORAGE_FOLDER.")


# The bucket.


def altered(there: Any, event: str, change: Callable[[Any], None]) -> None:
    """Have what the client sends be changed before it is signed: the server answers as a laxer one would."""
    there.client.meta.events.register(f"before-sign.s3.{event}", lambda request, **rest: change(request))


def test_a_server_that_ignores_conditions_overwrites_with_the_same_bytes_at_most(
    bucket: Any, server: S3Server
) -> None:
    altered(bucket, "PutObject", lambda request: request.headers.__delitem__("If-None-Match"))
    bucket.write(KEY, DATA, NOW)
    second = bucket.write(KEY, DATA, NOW)
    assert bucket.read(KEY, second.version) == DATA
    assert versions(server, bucket) == 2


def test_a_server_that_knows_no_conditions_is_asked_whether_something_is_there(
    bucket: Any, server: S3Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    put = bucket.client.put_object

    def picky(**asked: Any) -> Any:
        if "IfNoneMatch" in asked:
            error = {"Error": {"Code": "NotImplemented", "Message": "A header implies functionality"}}
            raise bucket.client.exceptions.ClientError(error, "PutObject")
        return put(**asked)

    monkeypatch.setattr(bucket.client, "put_object", picky)
    first = bucket.write(KEY, DATA, NOW)
    assert bucket.write(KEY, DATA, NOW) == first
    assert versions(server, bucket) == 1


def test_bytes_changed_on_the_way_are_refused_by_their_checksum(bucket: Any, server: S3Server) -> None:
    def change(request: Any) -> None:
        request.data = b"X" + request.data.read()[1:]

    altered(bucket, "PutObject", change)
    with pytest.raises(StorageAway, match="BadDigest"):
        bucket.write(KEY, DATA, NOW)
    assert versions(server, bucket) == 0


def test_a_version_that_was_put_over_ours_is_not_what_is_read(bucket: Any, server: S3Server) -> None:
    ours = bucket.write(KEY, DATA, NOW)
    server.client.put_object(Bucket=bucket_of(bucket), Key=KEY, Body=b"forged")
    assert bucket.read(KEY, ours.version) == DATA
    assert bucket.read(KEY) == b"forged"


@pytest.fixture
def locked(server: S3Server) -> Iterator[Any]:
    with archived_in(
        s3_options(server.bucket(lock=True), server.url), ARCHIVE_STORAGE_LOCK=ObjectLock(400, "COMPLIANCE")
    ):
        yield place()


def test_object_lock_keeps_what_was_written_as_long_as_was_asked(locked: Any, server: S3Server) -> None:
    now = datetime.now(UTC).replace(microsecond=0)
    written = locked.write(KEY, DATA, now)
    name = bucket_of(locked)
    kept = server.client.get_object_retention(Bucket=name, Key=KEY, VersionId=written.version)["Retention"]
    assert (kept["Mode"], kept["RetainUntilDate"]) == ("COMPLIANCE", now + timedelta(days=400))
    with pytest.raises(Locked, match=r"keeps sha256/.*: its Object Lock is not over"):
        locked.remove(KEY)
    assert locked.read(KEY, written.version) == DATA


def test_a_bucket_without_object_lock_refuses_to_be_asked_for_it(server: S3Server) -> None:
    with (
        archived_in(
            s3_options(server.bucket(), server.url), ARCHIVE_STORAGE_LOCK=ObjectLock(400, "GOVERNANCE")
        ),
        pytest.raises(StorageRefuses, match=r"refuses what Gridport asks .*Look at ARCHIVE_STORAGE_…"),
    ):
        place().write(KEY, DATA, NOW)


def test_roots_are_locked_for_longer_and_stand_unlocked_where_nothing_locks(server: S3Server) -> None:
    now = datetime.now(UTC).replace(microsecond=0)
    for lock in (True, False):
        name = server.bucket(versions=True, lock=lock)
        with archived_in(s3_options(name, server.url)):
            there = bucket_of_roots()
            assert there is not None
            written = there.write("roots/2026-11-29.txt", DATA, now)
            assert there.write("roots/2026-11-29.txt", b"another", now).version == written.version
            assert there.read("roots/2026-11-29.txt", written.version) == DATA
        if lock:
            kept = server.client.get_object_retention(Bucket=name, Key="roots/2026-11-29.txt")["Retention"]
            assert (kept["Mode"], kept["RetainUntilDate"]) == ("COMPLIANCE", now + timedelta(days=3650))
    assert bucket_of_roots() is None


def test_a_bucket_that_does_not_exist_is_for_staff(server: S3Server) -> None:
    with archived_in(s3_options("nowhere", server.url)), pytest.raises(StorageRefuses, match="NoSuchBucket"):
        place().write(KEY, DATA, NOW)


def test_a_server_that_is_not_there_is_waited_for(server: S3Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(storages, "CONNECT", 0.5)
    with archived_in(s3_options("archive-0", "http://127.0.0.1:1")):
        for ask in (lambda: place().write(KEY, DATA, NOW), lambda: place().read(KEY)):
            with pytest.raises(StorageAway, match=r"bucket archive-0 at 127\.0\.0\.1:1 does not answer"):
                ask()
