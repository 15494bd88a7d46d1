"""``manage.py worker`` with changes: jobs that tests can count and that may be bad, and variants different in one line."""

from __future__ import annotations

import os
import resource
import signal
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

from django.core.management import call_command
from django.db import connection
from django.utils import timezone
from django_q.cluster import Sentinel
from django_q.queues import Queue

from archive import store
from archive.models import Transmission
from integration import tasks, work
from integration.flows.steps import STEPS, StepKind
from integration.work import LEASE, Claim, Step
from portal import cluster

BAD_BYTES = b"POISON"


def die() -> None:
    """End as for want of memory."""
    os.kill(os.getpid(), signal.SIGKILL)


def leave() -> None:
    """End without a word, as a library in C may."""
    os._exit(1)


def allocate() -> None:
    """Ask for 1 GiB where a quarter of it is allowed."""
    used = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    limit = resource.getrlimit(resource.RLIMIT_AS)
    resource.setrlimit(resource.RLIMIT_AS, (used + 2**28, limit[1]))
    try:
        bytearray(2**30)
    finally:
        resource.setrlimit(resource.RLIMIT_AS, limit)


def loop() -> None:
    """Never end, whatever is raised."""
    while True:
        try:
            time.sleep(0.01)
        except BaseException:  # noqa: BLE001, S112 - it is as bad as can be
            continue


def recurse(depth: int = 0) -> int:
    """Follow what refers to itself."""
    return recurse(depth + 1) + 1


BAD: dict[str, Callable[[], Any]] = {
    "sigkill": die,
    "exit": leave,
    "memory": allocate,
    "loop": loop,
    "recursion": recurse,
}


def begin(subject: str) -> int:
    """Note, committed, that this process begins ``subject``; return how often that was done now."""
    with connection.cursor() as cursor:
        cursor.execute("INSERT INTO begun (subject, pid) VALUES (%s, %s)", [subject, os.getpid()])
        cursor.execute("SELECT count(*) FROM begun WHERE subject = %s", [subject])
        return int(cursor.fetchone()[0])


def do_job(subject: str, claim: Claim) -> list[Step]:
    """Do what the first part of ``subject`` says, and write in the claim's transaction that it is done."""
    times = begin(subject)
    kind = subject.partition("-")[0]
    if kind in BAD:
        BAD[kind]()
    if kind == "stopped" and times == 1:
        os.kill(os.getpid(), signal.SIGSTOP)
    if kind == "long":
        _wait_for_another(subject)
    with claim.transaction(), connection.cursor() as cursor:
        cursor.execute("INSERT INTO done (subject, pid) VALUES (%s, %s)", [subject, os.getpid()])
    return []


def _wait_for_another(subject: str) -> None:
    """Be at work until another worker begins the same, or for so long that one would have."""
    ends = time.monotonic() + float(os.environ["LONG"])
    while time.monotonic() < ends:
        with connection.cursor() as cursor:
            cursor.execute("SELECT count(*) FROM begun WHERE subject = %s", [subject])
            if cursor.fetchone()[0] > 1:
                return
        time.sleep(0.02)


def jobs() -> None:
    """Have a step ``job``, whose lease in seconds may stand in JOB_LEASE."""
    STEPS["job"] = StepKind("jobs", do_job, "do a job", lambda subject: {}, lease=_lease())


def _lease() -> timedelta:
    return timedelta(seconds=float(os.environ.get("JOB_LEASE", LEASE.total_seconds())))


def poison() -> None:
    """Have the reading of a received file that holds POISON end its worker; JOB_LEASE is its lease too."""
    kind = STEPS["translate"]

    def read(subject: str, claim: Claim) -> list[Step]:
        received = Transmission.objects.select_related("payload").get(pk=subject)
        begin(received.name)
        if BAD_BYTES in store.open(received.payload, purpose="test"):
            die()
        return kind.run(subject, claim)

    STEPS["translate"] = replace(kind, run=read, lease=_lease())


def uncounted() -> None:
    """Have claims count nothing: an attempt is known by its end alone, as it is to django-q."""
    counting = "deaths + CASE WHEN lease_token IS NULL THEN 0 ELSE 1 END"
    assert counting in work._TAKE
    work._TAKE = work._TAKE.replace(counting, "deaths")


def own_clock() -> None:
    """Have leases taken, and found to be over, by the clock of the worker's machine."""

    def execute(go_on: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        if "integration_work" in sql:
            sql = sql.replace("clock_timestamp()", f"'{timezone.now().isoformat()}'::timestamptz")
        return go_on(sql, params, many, context)

    connection.execute_wrappers.append(execute)


def locked_queue() -> None:
    """Have workers wait for knocks inside the lock of the queue, as django-q's do."""
    cluster.KnockQueue = Queue  # type: ignore[misc]


def no_ticker() -> None:
    """Have nobody knock for what is due."""
    tasks.tick = lambda: False


def hearing() -> None:
    """Have all processes of the cluster end at SIGTERM, as django-q's do."""
    cluster.Guard.start = Sentinel.start  # type: ignore[method-assign]


def blaming() -> None:
    """Have nobody give back what was being done when the database went away."""
    tasks._give_back_when_it_returns = lambda token: None


def impatient() -> None:
    """Have silence be seen in seconds instead of minutes."""
    tasks.KNOCK_LASTS = timedelta(seconds=1)
    cluster.SILENT_GUARD = cluster.SILENT_CLUSTER = 4.0


CHANGES = {
    change.__name__: change
    for change in (jobs, poison, uncounted, own_clock, locked_queue, no_ticker, hearing, blaming, impatient)
}


def main(*names: str) -> None:
    """Run the worker with the changes ``names``."""
    for name in names:
        CHANGES[name]()
    call_command("worker")
