"""Run the workers and the ticker."""

from __future__ import annotations

import logging
import multiprocessing
import signal
import threading
from types import FrameType
from typing import Any

from django.core.management.base import BaseCommand
from django.db import DatabaseError, connection
from django_q.cluster import Cluster

from integration import tasks

logger = logging.getLogger("gridport.worker")
TICK_SECONDS = 1.0


class Command(BaseCommand):
    """``manage.py worker``: a django-q cluster and, beside it, a ticker that knocks for what is due."""

    help = "Run background workers until SIGTERM or Ctrl-C; what is being done is finished or given back."

    def handle(self, *args: Any, **options: Any) -> None:
        """Run until told to stop."""
        stop = threading.Event()
        # One flag for all the cluster's processes, which are forked from this one.
        tasks.stopping = stopping = multiprocessing.get_context("fork").Event()

        def ask_to_stop(number: int, frame: FrameType | None) -> None:
            stop.set()

        cluster = Cluster()
        cluster.start()
        # After the fork: the children end by their own handlers, this process by ours.
        signal.signal(signal.SIGTERM, ask_to_stop)
        signal.signal(signal.SIGINT, ask_to_stop)
        self.stderr.write("Worker: running.")
        while not stop.wait(TICK_SECONDS):
            self._tick()
        stopping.set()
        cluster.stop()
        self.stderr.write("Worker: stopped.")

    def _tick(self) -> None:
        try:
            tasks.tick()
        except DatabaseError as error:
            # A database that restarts is a pause: the next tick connects anew.
            logger.warning("tick failed: %s", str(error).splitlines()[0])
            connection.close()
