"""Real worker processes, ``manage.py worker``: started, told, stopped, given wrong clocks, and looked at from outside."""

from __future__ import annotations

import contextlib
import logging.config
import os
import signal
import subprocess
import sys
import time
import traceback
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import quote

from django.conf import settings
from django.core.management import call_command
from django.db import connection, connections

from integration import work
from integration.models import Store, StoreEffect, Work
from integration.work import Step
from partners.models import Mailbox
from tests.chaos.installation import STANDING, Installation
from tests.chaos.reckoning import Reckoning, reckon
from tests.conftest import ROOT, skip_or_fail

BACKLOG = 10
FAKETIME = sorted(Path("/usr/lib").glob("*/faketime/libfaketimeMT.so.1"))


def wait_until(true: Callable[[], Any], within: float, what: str) -> float:
    """Wait until ``true``; return how many seconds that took, or fail saying ``what`` did not come true."""
    began = time.monotonic()
    while not true():
        assert time.monotonic() - began < within, f"not within {within:.0f} s: {what}"
        time.sleep(0.05)
    return time.monotonic() - began


def state_of(pid: int) -> str:
    """Return the letter that the kernel gives for a process (``T`` stopped), ``Z`` where it has ended."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return "Z"


def session_of(pid: int) -> int:
    """Return the session of a process, 0 where it has ended."""
    try:
        return int(Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[3])
    except (FileNotFoundError, ProcessLookupError):
        return 0


def rests(pid: int) -> bool:
    """Say whether a process waits, and goes on doing so for as long as it takes to look twice."""

    def switches() -> list[str]:
        lines = Path(f"/proc/{pid}/status").read_text().splitlines()
        return [line for line in lines if "ctxt_switches" in line]

    before = switches()
    time.sleep(0.3)
    return state_of(pid) == "S" and switches() == before


class Clock:
    """A wrong clock, by Debian's libfaketime: ``offset`` as it writes them (``-1d``, ``+300s``); it may jump."""

    def __init__(self, folder: Path, offset: str) -> None:
        if not FAKETIME:
            skip_or_fail(
                "libfaketime is absent (Debian: apt-get install faketime): no wrong clock can be had."
            )
        self._file = folder / f"clock{offset}"
        self.jump(offset)

    def jump(self, offset: str) -> None:
        """Have the clock be wrong by ``offset`` from now on."""
        fresh = self._file.with_suffix(".new")
        fresh.write_text(offset)
        fresh.replace(self._file)

    def environment(self) -> dict[str, str]:
        """Return what gives a process this clock: the time of day, and no other clock nor files' dates."""
        return {
            "LD_PRELOAD": str(FAKETIME[0]),
            "FAKETIME_TIMESTAMP_FILE": str(self._file),
            "FAKETIME_NO_CACHE": "1",
            "FAKETIME_DONT_FAKE_MONOTONIC": "1",
            "NO_FAKE_STAT": "1",
        }


class Child:
    """A child forked from here, waited for as ``subprocess`` waits."""

    def __init__(self, pid: int) -> None:
        self.pid = pid
        self._code: int | None = None

    def poll(self) -> int | None:
        """Return its exit code, or minus the signal that ended it; None while it runs."""
        if self._code is None and os.waitid(os.P_PID, self.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT):
            self._code = os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1])
        return self._code

    def wait(self, timeout: float = 30.0) -> int:
        """Wait for its end; return the same."""
        ends = time.monotonic() + timeout
        while (code := self.poll()) is None:
            if time.monotonic() > ends:
                raise subprocess.TimeoutExpired("worker", timeout)
            time.sleep(0.02)
        return code


class Worker:
    """One ``manage.py worker`` with all its processes, which share a session."""

    def __init__(self, process: subprocess.Popen[bytes] | Child, log: Path) -> None:
        self._process, self._log = process, log
        self.pid = process.pid

    def log(self) -> str:
        """Return what it has written."""
        return self._log.read_text(errors="replace")

    def is_running(self) -> bool:
        """Say whether its main process has not ended."""
        return self._process.poll() is None

    def processes(self) -> list[int]:
        """Return all its processes that have not ended: the main one, the guard, and those that it started."""
        pids = sorted(int(path.name) for path in Path("/proc").iterdir() if path.name.isdigit())
        return [pid for pid in pids if session_of(pid) == self.pid and state_of(pid) != "Z"]

    def tell(self, number: int, *, everybody: bool = False, only: int = 0) -> None:
        """Send a signal to the main process, or, as service managers do, to all; or to one other."""
        for pid in self.processes() if everybody else [only or self.pid]:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, number)

    def ends(self, within: float = 90.0) -> float:
        """Wait for the end of the main process, in good order and with nothing left; return how long it took."""
        began = time.monotonic()
        try:
            code = self._process.wait(within)
        except subprocess.TimeoutExpired:
            raise AssertionError(f"still there after {within:.0f} s:\n{self.log()[-4000:]}") from None
        took = time.monotonic() - began
        assert code == 0, f"ended with {code}:\n{self.log()[-4000:]}"
        left = self.processes()
        assert not left, f"processes left behind: {left}\n{self.log()[-4000:]}"
        return took

    def stop(self) -> float:
        """Tell it to stop, and wait for its end."""
        self.tell(signal.SIGTERM)
        return self.ends()

    def kill(self) -> None:
        """End all its processes at once."""
        self.tell(signal.SIGKILL, everybody=True)
        self.tell(signal.SIGKILL)
        self._process.wait()


_CHANGED = "import django; django.setup(); from tests.chaos.hand import main; main(*{})"


# libfaketime 0.9.10, told to leave the monotonic clock alone, refuses the sleep of Python 3.11 and later.
_SLEEP = "import select, time; time.sleep = lambda left: select.select([], [], [], left) and None; "


class Crew:
    """The workers of one test on the database that this process is connected to; a context manager that ends them."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._workers: list[Worker] = []

    def __enter__(self) -> Crew:
        return self

    def __exit__(self, *problem: object) -> None:
        for worker in self._workers:
            worker.kill()

    def stop(self) -> None:
        """Stop those that run."""
        for worker in self._workers:
            if worker.is_running():
                worker.stop()

    def last_log(self) -> str:
        """Return the end of what the last one has written."""
        return self._workers[-1].log()[-4000:]

    def start(self, *changes: str, clock: Clock | None = None, **environment: str) -> Worker:
        """Start a worker and wait until it runs; ``changes`` are those of ``tests.chaos.hand``."""
        program = ["manage.py", "worker"]
        if changes or clock:
            program = ["-c", (_SLEEP if clock else "") + _CHANGED.format(changes)]
        variables = {
            **os.environ,
            "DJANGO_SETTINGS_MODULE": "portal.settings",
            "DATABASE_URL": app_address(),
            "LOG_LEVEL": "INFO",
            "WORKERS": "2",
            **(clock.environment() if clock else {}),
            **environment,
        }
        log = self._next_log()
        with log.open("wb") as output:
            process = subprocess.Popen(
                [sys.executable, *program],
                cwd=ROOT,
                env=variables,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,
            )
        return self._running(Worker(process, log))

    def fork(self) -> Worker:
        """Start an unchanged worker as a child, which spares the seconds in which Python loads everything."""
        for alias in connections:
            connections[alias].close()
        log = self._next_log()
        pid = os.fork()
        if pid:
            return self._running(Worker(Child(pid), log))
        status = 1
        try:
            os.setsid()
            with log.open("w", buffering=1) as sys.stderr:
                logging.config.dictConfig(settings.LOGGING)
                call_command("worker")
                status = 0
        except BaseException:  # noqa: BLE001 - a child tells, and ends by _exit whatever happened
            log.write_text(traceback.format_exc())
        finally:
            os._exit(status)

    def _next_log(self) -> Path:
        log = self.folder / f"worker{len(self._workers)}.log"
        log.touch()
        return log

    def _running(self, worker: Worker) -> Worker:
        self._workers.append(worker)

        def runs() -> bool:
            assert worker.is_running(), f"it did not start:\n{worker.log()[-4000:]}"
            return "Worker: running." in worker.log()

        wait_until(runs, 180, "the worker runs")
        return worker


class Traffic:
    """Orders on their way through an installation at which real workers are at work.

    The suppliers do something whenever ``deliver`` lets them.
    """

    def __init__(self, installation: Installation) -> None:
        self.installation = installation
        self.delivered_at: list[float] = []
        Mailbox.objects.update(poll_seconds=1)
        Store.objects.update(poll_seconds=1)

    def deliver(self) -> None:
        """Take what lies on the mailbox, and note when something did."""
        if self.installation.network.take_all():
            self.delivered_at.append(time.monotonic())

    def is_over(self, aside: int = 0) -> bool:
        """Say, having delivered, whether every order has gone all its way; ``aside`` pieces of work may be left."""
        self.deliver()
        network = self.installation.network
        return (
            StoreEffect.objects.filter(state=StoreEffect.State.DONE).count()
            == 2 * len(self.installation.placed)
            and Work.objects.exclude(step__in=STANDING).count() <= aside
            and not any([*network.outbox.iterdir(), *network.inbox.iterdir()])
        )

    def keep_busy(self) -> None:
        """Have an order appear in the store, unless more wait than workers are soon done with; deliver."""
        if self._not_sent() < BACKLOG:
            self.installation.place()
        self.deliver()

    def _not_sent(self) -> int:
        sent = {each["purchase_order"] for each in self.installation.network.arrivals()} - {None}
        return len(self.installation.placed) - len(sent)

    def wait_until_over(self, crew: Crew, within: float) -> None:
        """Wait until the workers have brought every order all its way; stop them."""
        try:
            wait_until(self.is_over, within, "all orders have gone all their way")
        except AssertionError:
            left = list(Work.objects.values("step", "subject", "attempts", "deaths", "due_at", "lease_until"))
            raise AssertionError(f"{self._not_sent()} orders never sent; {left}\n{crew.last_log()}") from None
        crew.stop()

    def reckon(self) -> Reckoning:
        """Return what the ledgers say, second arrivals of the same bytes aside: suppliers know them again."""
        # What our own last writes to the store have polls ask for.
        self.installation.finish()
        return replace(reckon(self.installation), sent_again=0)


def app_address() -> str:
    """Return the address of the database that this process is connected to."""
    found = connections["default"].settings_dict
    user, password = quote(found["USER"]), quote(found["PASSWORD"])
    return f"postgres://{user}:{password}@{found['HOST']}:{found['PORT']}/{found['NAME']}"


@contextmanager
def ledger() -> Iterator[None]:
    """Have the tables in which jobs tell that they begin and that they are done."""
    with connections["owner"].cursor() as owner:
        for table in ("begun", "done"):
            owner.execute(
                f"CREATE TABLE {table} (subject text, pid int, at timestamptz DEFAULT clock_timestamp())"
            )
    yield
    with connections["owner"].cursor() as owner:
        owner.execute("DROP TABLE begun, done")
    Work.objects.filter(step="job").delete()


def put_jobs(*subjects: str) -> None:
    """Put jobs that depend on no other."""
    for subject in subjects:
        work.put("jobs", Step("job", subject, f"job:{subject}"))


def times(table: str) -> Counter[str]:
    """Return how often each job stands in ``begun`` or ``done``."""
    return Counter(subject for (subject,) in rows(f"SELECT subject FROM {table}"))  # noqa: S608 - one of two


def rows(query: str, *values: Any) -> list[tuple[Any, ...]]:
    """Return what the database answers."""
    with connection.cursor() as cursor:
        cursor.execute(query, values)
        return list(cursor.fetchall())
