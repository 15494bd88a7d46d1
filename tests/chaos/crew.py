"""Real worker processes, ``manage.py worker``: started, told, stopped, given wrong clocks, and looked at from outside."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import quote

from django.db import connection, connections

from integration import work
from integration.models import Work
from integration.work import Step
from tests.conftest import ROOT, skip_or_fail

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
            "DONT_FAKE_MONOTONIC": "1",
            "FAKETIME_DONT_FAKE_MONOTONIC": "1",
            "NO_FAKE_STAT": "1",
        }


class Worker:
    """One ``manage.py worker`` with all its processes, which share a session."""

    def __init__(self, process: subprocess.Popen[bytes], log: Path) -> None:
        self._process, self._log = process, log
        self.pid = process.pid

    def log(self) -> str:
        """Return what it has written."""
        return self._log.read_text(errors="replace")

    def is_running(self) -> bool:
        """Say whether its main process has not ended."""
        return self._process.poll() is None

    def processes(self) -> list[int]:
        """Return all its processes that have not ended, the main one too."""
        pids = [int(path.name) for path in Path("/proc").iterdir() if path.name.isdigit()]
        return [pid for pid in pids if session_of(pid) == self.pid and state_of(pid) != "Z"]

    def tell(self, number: int, *, everybody: bool = False) -> None:
        """Send a signal to the main process, or, as service managers do, to all processes."""
        for pid in self.processes() if everybody else [self.pid]:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, number)

    def ends(self, within: float = 30.0) -> float:
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

    def start(self, *changes: str, clock: Clock | None = None, **environment: str) -> Worker:
        """Start a worker and wait until it runs; ``changes`` are those of ``tests.chaos.hand``."""
        program = ["-c", _CHANGED.format(changes)] if changes else ["manage.py", "worker"]
        variables = {
            **os.environ,
            "DJANGO_SETTINGS_MODULE": "portal.settings",
            "DATABASE_URL": app_address(),
            "LOG_LEVEL": "INFO",
            "WORKERS": "2",
            **(clock.environment() if clock else {}),
            **environment,
        }
        log = self.folder / f"worker{len(self._workers)}.log"
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
        worker = Worker(process, log)
        self._workers.append(worker)

        def runs() -> bool:
            assert worker.is_running(), f"it did not start:\n{worker.log()[-4000:]}"
            return "Worker: running." in worker.log()

        wait_until(runs, 60, "the worker runs")
        return worker


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
