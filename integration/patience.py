"""How long Gridport waits for a store or mailbox, and what ends the wait.

A socket's time-out bounds silence alone: who sends a byte a second holds a reader for hours, and with it the lease of
its work. So every visit has an end as well, below the lease of the steps that make it, at which the line is cut.
"""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Patience:
    """Seconds: until the line stands, of silence on it, for one answer, and for all that one piece of work asks."""

    connect: float
    silence: float
    answer: float
    visit: float


STORE = Patience(connect=5.0, silence=30.0, answer=60.0, visit=240.0)
SETTLES = timedelta(seconds=30)
"""What was on its way when a line broke may arrive yet: before this is over nobody looks whether it did."""

MAIL = Patience(connect=20.0, silence=60.0, answer=90.0, visit=180.0)
WEBHOOK = Patience(connect=5.0, silence=10.0, answer=15.0, visit=20.0)
MAILBOX = Patience(connect=20.0, silence=20.0, answer=240.0, visit=240.0)


class Alarm:
    """Calls ``cut`` from a thread of its own unless the ``with`` block ends within ``seconds``; ``rang`` says so."""

    def __init__(self, seconds: float, cut: Callable[[], None]) -> None:
        self.rang = False
        self._cut = cut
        self._timer = threading.Timer(max(0.0, seconds), self._ring)
        self._timer.daemon = True

    def _ring(self) -> None:
        # Before the cut: whoever is woken by it has to find out why.
        self.rang = True
        self._cut()

    def start(self) -> None:
        """Begin to wait."""
        self._timer.start()

    def stop(self) -> None:
        """Wait no longer."""
        self._timer.cancel()

    def __enter__(self) -> Alarm:
        self.start()
        return self

    def __exit__(self, *problem: object) -> None:
        self.stop()


class Line(Protocol):
    """A connection, or what stands for one."""

    def shutdown(self, how: int, /) -> None:
        """End one direction, or both."""


def cut(line: Line) -> None:
    """End a connection for everybody who reads from it or writes to it, in whatever thread they do."""
    with suppress(OSError):
        line.shutdown(socket.SHUT_RDWR)
