"""Processes for chaos tests: forked from a parent that has everything loaded, each with connections of its own."""

from __future__ import annotations

import json
import os
import signal
import threading
import traceback
import warnings
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from typing import Any

import pytest
from django.db import connections

from integration.failpoints import arm


def is_whole() -> bool:
    """Say whether this is the whole run (``make chaos``)."""
    return os.environ.get("GRIDPORT_CHAOS") == "1"


whole_only = pytest.mark.skipif(not is_whole(), reason="part of the whole run (make chaos)")


def scaled(whole: int) -> int:
    """Return ``whole`` under GRIDPORT_CHAOS=1 (``make chaos``), else a tenth of it."""
    return whole if is_whole() else max(1, whole // 10)


def die() -> None:
    """End this process as the kernel would for want of memory: nothing is flushed, nobody is told."""
    os.kill(os.getpid(), signal.SIGKILL)


def die_at(place: str, passing: int = 1) -> None:
    """Have this process die when it passes the failpoint ``place`` for the ``passing``-th time."""
    left = [passing]

    def count() -> None:
        left[0] -= 1
        if not left[0]:
            die()

    arm(place, count)


class Forked:
    """Runs functions in child processes; a context manager that ends those still running.

    What a thread holds at a fork is held in the child for ever, so whoever forks starts none. Those that were there
    before, of pytest-xdist and of other tests' servers, hold nothing that a child asks for.
    """

    def __init__(self) -> None:
        self._running: set[int] = set()
        self._threads = set(threading.enumerate())

    def __enter__(self) -> Forked:
        return self

    def __exit__(self, *problem: object) -> None:
        for pid in sorted(self._running):
            self.kill(pid)
            self.wait(pid)

    def start(self, act: Callable[[], None]) -> int:
        """Fork a child that does ``act`` and exits with 0, or 1 on an exception; return its process id."""
        for alias in connections:
            connections[alias].close()
        pid = self._fork()
        if pid:
            self._running.add(pid)
            return pid
        status = 1
        try:
            act()
            status = 0
        except BaseException:  # noqa: BLE001 - a child tells, and ends by _exit whatever happened
            traceback.print_exc()
        finally:
            os._exit(status)

    def _fork(self) -> int:
        started = set(threading.enumerate()) - self._threads
        assert not started, f"threads at a fork: {started}"
        with warnings.catch_warnings():
            # Python 3.12 warns of any thread at all.
            warnings.simplefilter("ignore", DeprecationWarning)
            return os.fork()

    def serve(self, opened: Callable[[], AbstractContextManager[dict[str, Any]]]) -> dict[str, Any]:
        """Fork a child that keeps ``opened()`` open until it is ended; return what that gave, once it is ready."""
        reading, writing = os.pipe()

        def act() -> None:
            with opened() as ready, os.fdopen(writing, "w") as pipe:
                pipe.write(json.dumps(ready))
                pipe.close()
                while True:
                    signal.pause()

        self.start(act)
        os.close(writing)
        with os.fdopen(reading) as pipe:
            return dict(json.loads(pipe.read()))

    def wait(self, pid: int) -> int:
        """Wait for a child; return its exit code, or minus the signal that ended it."""
        code = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
        self._running.discard(pid)
        return code

    def run(self, acts: Sequence[Callable[[], None]]) -> None:
        """Run all ``acts`` at once; fail where one failed."""
        codes = [self.wait(pid) for pid in [self.start(act) for act in acts]]
        assert codes == [0] * len(acts), f"exit codes of the children: {codes}"

    def dies(self, act: Callable[[], None]) -> None:
        """Run ``act``; fail unless it died by SIGKILL."""
        code = self.wait(self.start(act))
        assert code == -signal.SIGKILL, f"the child was to be killed, and ended with {code}"

    def kill(self, pid: int) -> None:
        """End a child as the kernel would for want of memory."""
        os.kill(pid, signal.SIGKILL)
