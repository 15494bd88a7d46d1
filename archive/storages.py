"""Where copies of the archive stand: a folder, or a bucket of S3; both through ``STORAGES["archive"]`` of the settings.

What is written is never overwritten, and what was written is on the disk, or in the bucket, when ``write`` returns. A
place trusts nobody: whoever copies reads back what was written and compares (``archive.copies``).
"""

from __future__ import annotations

import base64
import errno
import hashlib
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import urlsplit
from uuid import uuid4

from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.core.files.storage import FileSystemStorage, Storage, storages
from storages.backends.s3 import S3Storage
from urllib3.exceptions import HTTPError

from integration.errors import ConfigurationError, RetryableError

ALIAS = "archive"
TRIES = 2
"""A line that stood idle may be closed at its other end, which the first request finds out."""

CONNECT, SILENCE = 5.0, 20.0
"""Seconds until a bucket's server has to answer the telephone, and for which it may be silent afterwards."""


class StorageAway(RetryableError):
    """The storage does not answer, or is full: the same may succeed later, and until then copies wait."""


class StorageRefuses(ConfigurationError):
    """The storage answers and refuses: somebody has to change a setting, of it or of ours."""


class NotThere(Exception):
    """Under that key stands nothing."""


class Locked(Exception):
    """The storage keeps what stands under that key, as its Object Lock says; ``str()`` is the sentence for staff."""


@dataclass(frozen=True)
class Written:
    """How the storage calls what stands under a key: its version, where it keeps versions, and its entity tag."""

    version: str = ""
    etag: str = ""


class Lock(Protocol):
    """For how many days a bucket keeps what is written, and how strictly: GOVERNANCE or COMPLIANCE; 0 days: its own default."""

    @property
    def days(self) -> int:
        """How many days."""

    @property
    def mode(self) -> str:
        """Object Lock's word."""


class Place(Protocol):
    """One storage. ``name`` tells it from every other: rows of copies name it, so that another is never taken for it."""

    name: str

    def write(self, key: str, data: bytes, now: datetime) -> Written:
        """Write ``data`` under ``key``, or find that something stands there already and leave it as it is."""

    def read(self, key: str, version: str = "") -> bytes:
        """Return what stands under ``key``; raise ``NotThere``."""

    def set_aside(self, key: str) -> None:
        """Have nothing stand under ``key``, and lose nothing: what stood there is kept beside it, for whoever asks why."""

    def remove(self, key: str) -> None:
        """Remove what stands under ``key``, with all its versions; raise ``Locked`` where the storage keeps it."""


def place() -> Place:
    """Return the place that ``STORAGES["archive"]`` names, for use by one thread; raise ``ImproperlyConfigured``."""
    return place_of(storages[ALIAS])


def bucket_of_roots() -> Place | None:
    """Return the bucket in use as roots of seals are written to it: locked for longer, where it locks; None: it is a folder."""
    return (
        BucketPlace(storages[ALIAS], settings.ARCHIVE_ROOTS_LOCK, if_it_locks=True) if is_bucket() else None
    )


def place_of(storage: Storage) -> Place:
    """Return the place behind a storage of Django's."""
    if isinstance(storage, FileSystemStorage):
        return FolderPlace(Path(storage.location))
    if isinstance(storage, S3Storage):
        return BucketPlace(storage, settings.ARCHIVE_STORAGE_LOCK)
    raise ImproperlyConfigured(
        f"STORAGES[{ALIAS!r}] is {type(storage).__name__}: copies go to FileSystemStorage or S3Storage alone."
    )


def is_bucket() -> bool:
    """Say whether the place in use is a bucket, out of reach of whoever has this machine."""
    return "bucket_name" in settings.STORAGES[ALIAS].get("OPTIONS", {})


def place_name() -> str:
    """Return the name of the place in use, without going there."""
    options = settings.STORAGES[ALIAS].get("OPTIONS", {})
    if "bucket_name" in options:
        return _bucket_name(
            options["bucket_name"], options.get("location", ""), options.get("endpoint_url", "")
        )
    return _folder_name(Path(options["location"]))


def _folder_name(root: Path) -> str:
    return f"folder {root}"


def _bucket_name(bucket: str, prefix: str, endpoint: str | None) -> str:
    name = f"bucket {bucket}/{prefix.strip('/')}".rstrip("/")
    return f"{name} at {urlsplit(endpoint).netloc}" if endpoint else name


class FolderPlace:
    """A folder of this machine. A file under its name is whole: it was on the disk before it was given the name."""

    def __init__(self, root: Path) -> None:
        self.name = _folder_name(root)
        self._root = root

    def write(self, key: str, data: bytes, now: datetime) -> Written:
        """Write beside the name, have it on the disk, give it the name, and have that on the disk too."""
        target = self._root / key
        with self._in_words("write to"):
            if target.exists():
                # Who gave it the name may have died before that was on the disk.
                _sync(target.parent)
                return Written()
            self._make(target.parent)
            # Nobody else's: of two that write one file at once, each names a whole one.
            beside = target.with_name(f".{target.name}.{uuid4().hex}")
            try:
                with beside.open("xb") as file:
                    file.write(data)
                    file.flush()
                    os.fsync(file.fileno())
                beside.rename(target)
            except BaseException:
                with suppress(OSError):
                    beside.unlink()
                raise
            _sync(target.parent)
        return Written()

    def read(self, key: str, version: str = "") -> bytes:
        """Return the file's bytes."""
        with self._in_words("read from"):
            try:
                return (self._root / key).read_bytes()
            except FileNotFoundError as error:
                raise NotThere(key) from error

    def set_aside(self, key: str) -> None:
        """Give the file another name, in the same folder."""
        target = self._root / key
        with self._in_words("rename in"):
            try:
                target.rename(target.with_name(f"{target.name}.aside-{uuid4().hex[:8]}"))
            except FileNotFoundError:
                return
            _sync(target.parent)

    def remove(self, key: str) -> None:
        """Remove the file, and what of it was set aside."""
        target = self._root / key
        with self._in_words("remove from"):
            for path in [target, *target.parent.glob(f"{target.name}.aside-*")]:
                path.unlink(missing_ok=True)
            if target.parent.exists():
                _sync(target.parent)

    def _make(self, folder: Path) -> None:
        """Make ``folder``, each new folder's name on the disk before anything is put into it."""
        if folder.is_dir():
            return
        self._make(folder.parent)
        folder.mkdir(mode=0o700, exist_ok=True)
        _sync(folder.parent)

    @contextmanager
    def _in_words(self, doing: str) -> Iterator[None]:
        try:
            yield
        except (PermissionError, NotADirectoryError, FileExistsError, FileNotFoundError) as error:
            raise StorageRefuses(
                f"Gridport may not {doing} the archive's folder {self._root}: {error.strerror}. Look at who owns it, and at"
                " ARCHIVE_STORAGE_FOLDER."
            ) from error
        except OSError as error:
            if error.errno in (errno.EROFS,):
                raise StorageRefuses(
                    f"The archive's folder {self._root} is mounted for reading only."
                ) from error
            full = error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
            words = "its disk is full: make room" if full else f"{error.strerror}: look at the disk"
            raise StorageAway(
                f"Gridport cannot {doing} the archive's folder {self._root}, {words}. Copies wait until then; documents come"
                " and go as ever."
            ) from error


def _sync(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


_ABSENT = ("404", "NoSuchKey", "NoSuchVersion", "NotFound")
_THERE_ALREADY = ("PreconditionFailed", "412")
_CANNOT_LOCK = ("InvalidRequest", "NotImplemented")
"""How a bucket without Object Lock answers who asks for it; who asks wrongly in another way is told so once more."""
_BUSY = ("SlowDown", "ConditionalRequestConflict", "RequestTimeout", "OperationAborted", "InternalError", "ServiceUnavailable", "BadDigest")  # fmt: skip


class BucketPlace:
    """A bucket of S3 or its kin. Its client may be used by several threads at once.

    Where the bucket has Object Lock, its default retention holds, or ``lock`` where that has days; ``if_it_locks``: a bucket
    without Object Lock is written to all the same.
    """

    def __init__(self, storage: S3Storage, lock: Lock, *, if_it_locks: bool = False) -> None:
        self.name = _bucket_name(storage.bucket_name, storage.location, storage.endpoint_url)
        self._bucket, self._prefix = storage.bucket_name, storage.location.strip("/")
        # Its own tries come within one of ours: the queue waits longer, and tells people.
        patient = Config(
            connect_timeout=CONNECT,
            read_timeout=SILENCE,
            retries={"mode": "standard", "total_max_attempts": TRIES},
        )
        storage.client_config = storage.client_config.merge(patient)
        self.client = storage.connection.meta.client
        # The library asks before it sends a body, and reads for ever where the line breaks within the answer to that.
        self.client.meta.events.register("before-send.s3", _send_at_once, unique_id="gridport")
        self._lock, self._if_it_locks = lock, if_it_locks

    def write(self, key: str, data: bytes, now: datetime) -> Written:
        """Put the object with its checksum, only where there is none; the answer comes once the bucket has it."""
        asked: dict[str, Any] = {
            "Key": self._key(key),
            "Body": data,
            "ContentType": "application/octet-stream",
            "ChecksumSHA256": base64.b64encode(hashlib.sha256(data).digest()).decode(),
        }
        answer = self._put(key, {**asked, **self._retention(now)})
        if answer is _NO_LOCK:
            answer = self._put(key, asked)
        return Written(_version(answer), answer.get("ETag", "").strip('"'))

    def _put(self, key: str, asked: dict[str, Any]) -> Any:
        """Put what is ``asked`` for where there is nothing; return what is said of what stands there then, or ``_NO_LOCK``."""
        answer = self._ask("put_object", IfNoneMatch="*", **asked)
        if answer is _NOT_KNOWN:
            # A server that knows no conditions: what is there is looked for instead. The key is the content's, so
            # of two that write at once both write the same.
            answer = self._ask("head_object", Key=self._key(key))
            if answer is None:
                answer = self._ask("put_object", **asked)
        if answer is None:
            answer = self._ask("head_object", Key=self._key(key))
        if answer is None:
            raise StorageAway(f"The archive's {self.name} says both that {key} is there and that it is not.")
        return answer

    def read(self, key: str, version: str = "") -> bytes:
        """Return the object's bytes, of that version where it is named."""
        named = {"VersionId": version} if version else {}
        answer = self._ask("get_object", Key=self._key(key), **named)
        if answer is None:
            raise NotThere(key)
        with self._in_words(), answer["Body"] as body:
            return bytes(body.read())

    def set_aside(self, key: str) -> None:
        """Mark the object as deleted; its version stays. Without versions it is copied beside itself first."""
        if self._ask("head_object", Key=self._key(key)) is None:
            return
        if not self._keeps_versions():
            data = self.read(key)
            aside = f"{self._key(key)}.aside-{hashlib.sha256(data).hexdigest()[:8]}"
            self._ask("put_object", Key=aside, Body=data)
        self._ask("delete_object", Key=self._key(key))

    def remove(self, key: str) -> None:
        """Delete every version and marker under the key."""
        for each in self._versions(key):
            self._ask("delete_object", Key=each["Key"], VersionId=each["VersionId"])

    def _versions(self, key: str) -> list[dict[str, Any]]:
        answer = self._ask("list_object_versions", Prefix=self._key(key)) or {}
        return [*answer.get("Versions", []), *answer.get("DeleteMarkers", [])]

    def _keeps_versions(self) -> bool:
        answer = self._ask("get_bucket_versioning") or {}
        return bool(answer.get("Status") == "Enabled")

    def _retention(self, now: datetime) -> dict[str, Any]:
        if not self._lock.days:
            return {}
        until = now + timedelta(days=self._lock.days)
        return {"ObjectLockMode": self._lock.mode, "ObjectLockRetainUntilDate": until}

    def _key(self, key: str) -> str:
        return f"{self._prefix}/{key}" if self._prefix else key

    def _ask(self, operation: str, **asked: Any) -> Any:
        """Return the answer; None where there is nothing, or for a condition something, under the key."""
        with self._in_words():
            try:
                ask: Callable[..., Any] = getattr(self.client, operation)
                return ask(Bucket=self._bucket, **asked)
            except ClientError as error:
                code = error.response["Error"].get("Code", "")
                if code in _ABSENT or code in _THERE_ALREADY:
                    return None
                if code == "NotImplemented" and "IfNoneMatch" in asked:
                    return _NOT_KNOWN
                if code in _CANNOT_LOCK and "ObjectLockMode" in asked and self._if_it_locks:
                    return _NO_LOCK
                if operation == "delete_object" and code in ("AccessDenied", "ObjectLocked"):
                    raise Locked(
                        f"The archive's {self.name} keeps {asked['Key']}: its Object Lock is not over, or Gridport may not"
                        " delete there."
                    ) from error
                raise

    @contextmanager
    def _in_words(self) -> Iterator[None]:
        try:
            yield
        except ClientError as error:
            said = error.response["Error"]
            code, message = said.get("Code", ""), said.get("Message", "")
            status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
            if status >= 500 or status == 429 or code in _BUSY:
                raise StorageAway(
                    f"The archive's {self.name} is not well ({code}: {message}). Copies wait until it is; documents come and"
                    " go as ever."
                ) from error
            raise StorageRefuses(
                f"The archive's {self.name} refuses what Gridport asks ({code}: {message}). Look at ARCHIVE_STORAGE_…, and at"
                " the rights of its access key."
            ) from error
        except (BotoCoreError, HTTPError, OSError) as error:
            raise StorageAway(
                f"The archive's {self.name} does not answer ({type(error).__name__}). Copies wait until it does; documents"
                " come and go as ever."
            ) from error


def _send_at_once(request: Any, **rest: Any) -> None:
    request.headers.pop("Expect", None)


_NOT_KNOWN: Any = object()
_NO_LOCK: Any = object()


def _version(answer: dict[str, Any]) -> str:
    version = answer.get("VersionId", "")
    return "" if version == "null" else str(version)


def key_of(address: str) -> str:
    """Return the key under which the payload of that address stands: ``sha256/ab/cd/abcd…``."""
    return f"sha256/{address[:2]}/{address[2:4]}/{address}"
