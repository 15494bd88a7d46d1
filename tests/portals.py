"""Processes of Gridport as in life, on a test's own database: the portal that serves, the worker, a simulated store."""

from __future__ import annotations

import os
import random
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from portal.copies import with_database
from tests.conftest import ROOT


@dataclass(frozen=True)
class Portal:
    """A portal that serves; ``address`` is ``http://127.0.0.1:…``, ``pid`` its process."""

    address: str
    pid: int


@contextmanager
def running(database: str, log: Path, *command: str) -> Iterator[subprocess.Popen[bytes]]:
    """``python command…`` on ``database``; in the database its sessions bear the name of the log."""
    environment = {
        **os.environ,
        "DATABASE_URL": with_database(os.environ["DATABASE_URL"], database),
        "PGAPPNAME": log.stem,
        "HTTPS": "false",
    }
    with log.open("w") as output:
        process = subprocess.Popen(
            [sys.executable, *command], cwd=ROOT, env=environment, stdout=output, stderr=subprocess.STDOUT
        )
        try:
            yield process
        finally:
            process.terminate()
            process.wait(60)


@contextmanager
def served(
    database: str, log: Path, command: Sequence[str] = ("manage.py", "serve", "--port")
) -> Iterator[Portal]:
    """A portal that serves ``database``; ``command`` is followed by the port."""
    port = free_port()
    with running(database, log, *command, str(port)) as process:
        until(lambda: process.poll() is None and answers_at(port), log)
        yield Portal(f"http://127.0.0.1:{port}", process.pid)


def free_port() -> int:
    """Return a port that nobody listens on, below those that the system gives to whoever opens a line."""
    while True:
        port = random.SystemRandom().randrange(20_000, 32_000)
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
        return port


def answers_at(port: int) -> bool:
    """Say whether somebody listens."""
    with socket.socket() as line:
        return line.connect_ex(("127.0.0.1", port)) == 0


def until(true: Callable[[], object], log: Path, within: float = 120) -> None:
    """Wait for ``true``; fail with the end of ``log`` where it does not come."""
    deadline = time.monotonic() + within
    while not true():
        assert time.monotonic() < deadline, log.read_text()[-2000:]
        time.sleep(0.02)
