"""The processes of a worker: django-q's cluster, and what it lacks to be ended, killed and orphaned without harm.

One process starts a *guard*, which starts the processes that take knocks and do work, and replaces those that die.
"""

from __future__ import annotations

import contextlib
import logging
import multiprocessing
import os
import signal
import time
from ctypes import c_bool, c_double
from datetime import timedelta
from multiprocessing.connection import wait
from multiprocessing.sharedctypes import RawValue
from queue import Empty
from typing import Any
from uuid import uuid4

from django.db import connections
from django_q.cluster import Sentinel
from django_q.conf import Conf
from django_q.queues import Queue
from django_q.signals import pre_execute

logger = logging.getLogger("gridport.worker")

STOP_WITHIN = 20.0
SILENT_GUARD = 60.0
# Longer than every step may take, with what is drained before it.
SILENT_CLUSTER = 600.0
# A knock is repeated, and so seen to be unanswered, less often than that (``integration.tasks``).
LOOKED_AT_EVERY = 30.0
STRIKES = 3
_LOOK_EVERY = 0.05

_fork = multiprocessing.get_context("fork")


class Flag:
    """Raised once and seen by every process forked from here.

    It has no lock: whoever is killed while it looks, and whoever waits while it dies, leaves nothing held.
    """

    def __init__(self) -> None:
        self._raised = RawValue(c_bool, False)

    def set(self) -> None:
        """Raise it."""
        self._raised.value = True

    def is_set(self) -> bool:
        """Say whether it was raised."""
        return bool(self._raised.value)


class Pulse:
    """When something was last seen to happen, by the clock that all processes of one machine share."""

    def __init__(self) -> None:
        self._at = RawValue(c_double, time.monotonic())

    def beat(self) -> None:
        """Say that it happens now."""
        self._at.value = time.monotonic()

    def silence(self) -> float:
        """Return how many seconds ago it happened."""
        return time.monotonic() - float(self._at.value)


class _StopOfGuard:
    """What a guard waits on, as django-q asks: the flag, or the end of the process that it works for."""

    def __init__(self, told: Flag, pulse: Pulse) -> None:
        self._told, self._pulse, self._parent = told, pulse, os.getppid()

    def is_set(self) -> bool:
        return self._told.is_set() or os.getppid() != self._parent

    def wait(self, seconds: float) -> bool:
        self._pulse.beat()
        ends = time.monotonic() + seconds
        while not self.is_set() and time.monotonic() < ends:
            time.sleep(_LOOK_EVERY)
        return self.is_set()


class KnockQueue(Queue):  # type: ignore[misc]
    """A queue between processes whose readers hold its lock only while there is something to read.

    django-q's waits inside the lock, and a process killed while it waits would hold it for ever: no other would get
    anything again.
    """

    def get(self, block: bool = True, timeout: float | None = None) -> Any:
        """Return the next item; as a queue does, and waiting outside the lock where no time is given."""
        if not block or timeout is not None:
            return super().get(block, timeout)
        while True:
            wait([self._reader])
            with contextlib.suppress(Empty):
                return super().get(block=False)


class Guard(Sentinel):  # type: ignore[misc]
    """django-q's guard of a cluster, deaf to SIGTERM with all that it starts.

    Service managers send it to every process of a service. Work would die of it where it stands; so the one process
    that was started listens, and tells the others.
    """

    def start(self) -> None:
        """Start the cluster and look after it until told to stop."""
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        # A group of their own, so that what is left of a cluster can be ended at once.
        os.setpgid(0, 0)
        self.task_queue = KnockQueue(maxsize=Conf.QUEUE_LIMIT)
        super().start()

    def reincarnate(self, process: Any) -> None:
        """Replace a process that ended; end one that has taken too long, since it does not hear SIGTERM."""
        if process in self.pool and process.timer.value == 0 and process.is_alive():
            process.kill()
        super().reincarnate(process)


class Cluster:
    """The cluster of one worker; ``stopping`` tells all of it to stop."""

    def __init__(self, stopping: Flag) -> None:
        self.stopping = stopping
        self._guarding, self._working = Pulse(), Pulse()
        self._unanswered_since = self._unanswered = 0.0
        self._guard: Any = None
        self._strikes = 0
        pre_execute.connect(self._begun, weak=False)

    def start(self) -> None:
        """Fork the guard."""
        for alias in connections:
            connections[alias].close()
        self._guarding.beat()
        self._working.beat()
        self._guard = _fork.Process(target=_guard, args=(self.stopping, self._guarding))
        self._guard.start()

    def knocked_in_vain(self) -> None:
        """Note that a knock is answered by nobody just now."""
        now = time.monotonic()
        if now - self._unanswered > LOOKED_AT_EVERY:
            self._unanswered_since = now
        self._unanswered = now

    def tend(self) -> None:
        """Start a new cluster where the guard has ended, or where guard or cluster have been silent for too long.

        To be called every second: a machine that slept, or was stopped as a whole, is given the time to go on.
        """
        fault = self._fault()
        self._strikes = self._strikes + 1 if fault else 0
        if self._strikes < STRIKES:
            return
        logger.critical("the cluster is started anew: %s", fault)
        self._end()
        self._strikes = 0
        self._unanswered = 0.0
        self.start()

    def stop(self) -> None:
        """Have what is being done finished or given back, and the processes ended: in time, or else by force."""
        self.stopping.set()
        self._guard.join(STOP_WITHIN)
        if self._guard.is_alive():
            logger.critical("still at work %.0f s after being told to stop: ended", STOP_WITHIN)
        self._end()

    def _fault(self) -> str:
        if not self._guard.is_alive():
            return "its guard has died"
        if self._guarding.silence() > SILENT_GUARD:
            return "its guard is silent"
        in_vain = self._unanswered - self._unanswered_since
        if in_vain > SILENT_CLUSTER and self._working.silence() > SILENT_CLUSTER:
            return "nothing answers knocks"
        return ""

    def _begun(self, **said: Any) -> None:
        # In a worker's process.
        self._working.beat()

    def _end(self) -> None:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._guard.pid, signal.SIGKILL)
        self._guard.join()


def _guard(stopping: Flag, guarding: Pulse) -> None:
    Guard(_StopOfGuard(stopping, guarding), _fork.Event(), uuid4())


def end_after(left: timedelta) -> None:
    """Have the kernel end this process once ``left`` is over; zero calls it off."""
    # No handler of Python's: a step that hangs in C would never come to it.
    signal.signal(signal.SIGALRM, signal.SIG_DFL)
    signal.setitimer(signal.ITIMER_REAL, left.total_seconds())
