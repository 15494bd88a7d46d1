"""django-q2 by itself: a cluster of its own on its ORM broker, which does one task a document that does nothing."""

from __future__ import annotations

import os
import signal
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from django_q.brokers.orm import ORM
from django_q.models import Task
from django_q.tasks import async_task

from tests.chaos.crew import app_address, wait_until
from tests.conftest import ROOT

TASK = "tests.benchmarks.queue_alone.do_nothing"
LOOKS = 20
WITHIN = 600


def do_nothing() -> float:
    """Return when it was begun, in seconds since 1970."""
    return time.time()


@contextmanager
def cluster(folder: Path) -> Iterator[None]:
    """Run the cluster on the database that this process is connected to."""
    variables = {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": "tests.benchmarks.queue_alone_settings",
        "DATABASE_URL": app_address(),
    }
    log = folder / "queue_alone.log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "manage.py", "qcluster"],
            cwd=ROOT,
            env=variables,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,
        )
    try:
        yield
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(30)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def measure(folder: Path, documents: int) -> dict[str, float]:
    """Return how many tasks a second it does, and how soon one is begun with nothing else to do."""
    with cluster(folder):
        _begun_after()  # once it runs
        begun = sorted(_begun_after() for _ in range(LOOKS))
        Task.objects.all().delete()
        began = time.time()
        for _ in range(documents):
            _put()
        put_within = time.time() - began
        wait_until(lambda: Task.objects.count() == documents, WITHIN, "django-q2 has done all tasks")
        last = max(Task.objects.values_list("stopped", flat=True))
    seconds = last.timestamp() - began
    return {
        "tasks": documents,
        "seconds": round(seconds, 1),
        "tasks_put_within": round(put_within, 1),
        "documents_per_second": round(documents / seconds, 1),
        "begun_after_median": round(statistics.median(begun), 3),
        "begun_after_p95": round(begun[int(len(begun) * 0.95) - 1], 3),
    }


def _put() -> str:
    return str(async_task(TASK, broker=ORM(list_key="gridport")))


def _begun_after() -> float:
    began = time.time()
    task = _put()
    wait_until(lambda: Task.objects.filter(pk=task).exists(), 60, "a task is done")
    return float(Task.objects.get(pk=task).result) - began
