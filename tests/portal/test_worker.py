"""``manage.py worker``: told to stop, it finishes what it is doing and gives back the rest."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from integration.flows.import_orders import import_step
from integration.models import Work
from integration.simulators.store.faults import Fault
from integration.simulators.store.sample_orders import build, line
from integration.work import put
from portal.copies import with_database
from tests.conftest import ROOT
from tests.world import World, open_world

ORDERS = range(3001, 3041)


def wait_until(true: Callable[[], bool], within: float = 120.0) -> None:
    deadline = time.monotonic() + within
    while not true():
        assert time.monotonic() < deadline, "it did not come true"
        time.sleep(0.05)


@pytest.fixture
def slow_store(committed: str, tmp_path: Path) -> Iterator[World]:
    """A store that takes its time, and forty orders to be read from it."""
    orders = {number: build(number, [line("AC-001")]) for number in ORDERS}
    with open_world(tmp_path, orders) as world:
        world.store.state.faults.append(Fault(times=10**6, kind="delay", delay=0.2))
        yield world


def test_a_worker_told_to_stop_gives_back_what_it_has_not_begun(
    slow_store: World, committed: str, tmp_path: Path
) -> None:
    for number in ORDERS:
        slow_store.place(number)
        put("orders", import_step(slow_store.row.pk, number))
    environment = {**os.environ, "DATABASE_URL": with_database(os.environ["DATABASE_URL"], committed)}
    with (tmp_path / "worker.log").open("w") as log:
        worker = subprocess.Popen(
            [sys.executable, str(ROOT / "manage.py"), "worker"], env=environment, stderr=log, stdout=log
        )
        try:
            read = Work.objects.filter(step="import_order")
            wait_until(lambda: 0 < read.count() < len(ORDERS) - 3)
            worker.send_signal(signal.SIGTERM)
            assert worker.wait(60) == 0
        finally:
            worker.kill()
            worker.wait()
    assert read.count() > 10, (tmp_path / "worker.log").read_text()
    assert Work.objects.exclude(lease_token=None).count() == 0
    assert set(read.values_list("attempts", flat=True)) == {0}
