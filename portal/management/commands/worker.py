"""Run the workers and the ticker."""

from __future__ import annotations

import logging
import signal
import threading
from types import FrameType
from typing import Any

from django.core.management.base import BaseCommand
from django.db import Error, connection

from archive.signing import has_key
from integration import tasks
from portal.cluster import Cluster, Flag, end_after

logger = logging.getLogger("gridport.worker")
TICK_SECONDS = 1.0


class Command(BaseCommand):
    """``manage.py worker``: a django-q cluster and, beside it, a ticker that knocks for what is due."""

    help = "Run background workers until SIGTERM or Ctrl-C; what is being done is finished or given back."

    def handle(self, *args: Any, **options: Any) -> None:
        """Run until told to stop."""
        stop = threading.Event()

        def ask_to_stop(number: int, frame: FrameType | None) -> None:
            stop.set()

        signal.signal(signal.SIGTERM, ask_to_stop)
        signal.signal(signal.SIGINT, ask_to_stop)
        # Before the fork: both hold for the cluster's processes.
        tasks.stopping = stopping = Flag()
        tasks.end_after = end_after
        cluster = Cluster(stopping)
        cluster.start()
        if not has_key():
            self.stderr.write("Worker: there is no SEAL_SIGNING_KEY, so the archive's seals are not signed.")
        self.stderr.write("Worker: running.")
        try:
            while not stop.is_set():
                if self._tick():
                    cluster.knocked_in_vain()
                cluster.tend()
                stop.wait(TICK_SECONDS)
        finally:
            cluster.stop()
        self.stderr.write("Worker: stopped.")

    def _tick(self) -> bool:
        try:
            return tasks.tick()
        except Error as error:
            # A database that restarts is a pause: the next tick connects anew.
            logger.warning("tick failed: %s", str(error).splitlines()[0])
            connection.close()
            return False
