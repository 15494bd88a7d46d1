"""Processes for chaos tests: forked from a parent that has everything loaded, each with connections of its own."""

from __future__ import annotations

import os
import signal
import traceback
from collections.abc import Callable, Sequence

from django.db import connections


def scaled(whole: int) -> int:
    """Return ``whole`` under GRIDPORT_CHAOS=1 (``make chaos``), else a tenth of it."""
    return whole if os.environ.get("GRIDPORT_CHAOS") == "1" else max(1, whole // 10)


class Forked:
    """Runs functions in child processes."""

    def start(self, act: Callable[[], None]) -> int:
        """Fork a child that does ``act`` and exits with 0, or 1 on an exception; return its process id."""
        for alias in connections:
            connections[alias].close()
        pid = os.fork()
        if pid:
            return pid
        status = 1
        try:
            act()
            status = 0
        except BaseException:  # noqa: BLE001 - a child tells, and ends by _exit whatever happened
            traceback.print_exc()
        finally:
            os._exit(status)

    def wait(self, pid: int) -> int:
        """Wait for a child; return its exit code, or minus the signal that ended it."""
        return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])

    def run(self, acts: Sequence[Callable[[], None]]) -> None:
        """Run all ``acts`` at once; fail where one failed."""
        codes = [self.wait(pid) for pid in [self.start(act) for act in acts]]
        assert codes == [0] * len(acts), f"exit codes of the children: {codes}"

    def kill(self, pid: int) -> None:
        """End a child as the kernel would for want of memory."""
        os.kill(pid, signal.SIGKILL)
