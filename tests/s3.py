"""An S3 server for tests: ``ministack``, an emulator with versions, Object Lock, checksums and conditional writes.

No server of S3's own kind comes as a package; where this one is laxer, tests make the laxness themselves.
"""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from itertools import count
from pathlib import Path
from typing import Any
from urllib.error import URLError
from urllib.request import urlopen

import boto3
from django.core.files.storage import storages
from django.test import override_settings

READY_WITHIN = 30.0
_numbers = count(1)


@dataclass
class S3Server:
    """The server at ``port``; it can be stopped and started again, and then has what it had."""

    port: int
    folder: Path
    process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """Return its address."""
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        """Start it, and wait until it answers."""
        here = {
            "BIND_HOST": "127.0.0.1",
            "GATEWAY_PORT": str(self.port),
            "SERVICES": "s3",
            "LOG_LEVEL": "ERROR",
        }
        kept = {"S3_PERSIST": "1", "S3_DATA_DIR": str(self.folder), "TMPDIR": str(self.folder)}
        self.folder.mkdir(exist_ok=True)
        with (self.folder / "log").open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "ministack"],
                env={**os.environ, **here, **kept},
                stdout=log,
                stderr=log,
            )
        deadline = time.monotonic() + READY_WITHIN
        while True:
            try:
                with urlopen(f"{self.url}/_ministack/health", timeout=2):  # noqa: S310 - our own address
                    return
            except (URLError, OSError):
                assert self.process.poll() is None, (self.folder / "log").read_text()
                assert time.monotonic() < deadline, "the S3 server does not answer"
                time.sleep(0.05)

    def stop(self) -> None:
        """End it."""
        if self.process is not None:
            self.process.kill()
            self.process.wait()
            self.process = None

    @cached_property
    def client(self) -> Any:
        """Return a client of the library's."""
        keys = {"aws_access_key_id": "k", "aws_secret_access_key": "s"}
        return boto3.client("s3", endpoint_url=self.url, region_name="us-east-1", **keys)

    def bucket(self, *, versions: bool = False, lock: bool = False) -> str:
        """Make a bucket; return its name."""
        name = f"archive-{next(_numbers)}"
        self.client.create_bucket(Bucket=name, ObjectLockEnabledForBucket=lock)
        if versions or lock:
            self.client.put_bucket_versioning(Bucket=name, VersioningConfiguration={"Status": "Enabled"})
        return name


@contextmanager
def s3_server(folder: Path) -> Iterator[S3Server]:
    """Serve S3 on a free port."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    server = S3Server(port, folder)
    server.start()
    try:
        yield server
    finally:
        server.stop()


def s3_options(bucket: str, url: str, **more: Any) -> dict[str, Any]:
    """Return the entry of ``STORAGES`` for ``bucket`` at ``url``."""
    options = {
        "bucket_name": bucket,
        "endpoint_url": url,
        "region_name": "us-east-1",
        "access_key": "k",
        "secret_key": "s",
    }
    return {"BACKEND": "storages.backends.s3.S3Storage", "OPTIONS": {**options, **more}}


def folder_options(folder: Path) -> dict[str, Any]:
    """Return the entry of ``STORAGES`` for ``folder``."""
    return {"BACKEND": "django.core.files.storage.FileSystemStorage", "OPTIONS": {"location": str(folder)}}


@contextmanager
def archived_in(options: dict[str, Any], **settings: Any) -> Iterator[None]:
    """Have the archive be copied to the storage of these options."""
    others = {alias: each for alias, each in storages.backends.items() if alias != "archive"}
    with override_settings(STORAGES={**others, "archive": options}, **settings):
        yield
