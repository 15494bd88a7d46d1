"""P10: a database that restarts is a pause. Nothing is lost or doubled, and nobody's document is blamed for it."""

from __future__ import annotations

import random
import signal
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from django.db import connections

from integration.models import ExceptionCase, Work
from portal.copies import DatabaseCopies
from portal.installation import Installation as Installed
from portal.localdb import PrivateServer
from tests.chaos.crew import Clock, Crew, Traffic, ledger, put_jobs, rows, times, wait_until
from tests.chaos.forking import Forked, is_whole, whole_only
from tests.chaos.installation import Installation
from tests.chaos.reckoning import Reckoning
from tests.servers import connected_to, fresh_server

pytestmark = pytest.mark.chaos

RESTARTS, EVERY = (20, (3.0, 10.0)) if is_whole() else (2, (1.0, 3.0))
DOWN = (0.0, 2.0)
DELIVERED_WITHIN = 30


@dataclass
class Server:
    """A server of its own, and how its databases are made."""

    runs: PrivateServer
    reached: Installed
    copies: DatabaseCopies


@pytest.fixture(scope="module")
def own_server(
    django_db_setup: None, django_db_blocker: Any, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Server]:
    """The server of this module's tests, which restart it."""
    folder = tmp_path_factory.mktemp("restarted") / "data"
    with fresh_server(folder) as reached, django_db_blocker.unblock():
        copies = DatabaseCopies(reached.address("owner"), reached.address("app"), folder)
        yield Server(PrivateServer(folder), reached, copies)


@pytest.fixture
def server(own_server: Server) -> Iterator[PrivateServer]:
    """The server, with a fresh database to which everybody is connected."""
    own_server.copies.make("restarted")
    with connected_to(own_server.reached, "restarted"):
        yield own_server.runs


def restart(server: PrivateServer, down: float) -> None:
    """Have the server break off as it stands, and be away for ``down`` seconds."""
    assert server.stop("immediate")
    time.sleep(down)
    server.start()
    for alias in connections:
        connections[alias].close()


def go_on_for(seconds: float, traffic: Traffic) -> None:
    """Let orders come and suppliers work for so long."""
    ends = time.monotonic() + seconds
    while time.monotonic() < ends:
        traffic.keep_busy()
        time.sleep(0.1)


@pytest.mark.parametrize("seed", [20261128])
def test_p10_restarts_under_load_lose_and_double_nothing(
    server: PrivateServer, forked: Forked, tmp_path: Path, seed: int, record_property: Any
) -> None:
    rng = random.Random(seed)
    traffic = Traffic(Installation(forked, tmp_path))
    returned = []
    with Crew(tmp_path) as crew:
        worker = crew.start()
        for _ in range(RESTARTS):
            go_on_for(rng.uniform(*EVERY), traffic)
            restart(server, rng.uniform(*DOWN))
            returned.append(time.monotonic())
        assert worker.is_running()
        traffic.wait_until_over(crew, 180)
    waits = [min(at for at in traffic.delivered_at if at > back) - back for back in returned]
    assert max(waits) <= DELIVERED_WITHIN, f"seed {seed}: {waits}"
    assert traffic.reckon() == Reckoning(orders=len(traffic.installation.placed)), f"seed {seed}"
    assert ExceptionCase.objects.count() == 0
    record_property("faults", {"immediate restarts of the database": RESTARTS})
    record_property("seed", seed)
    record_property("p10", {"orders": len(traffic.installation.placed), "longest": round(max(waits), 1)})


@whole_only
@pytest.mark.parametrize(
    ("changes", "deaths"), [(["jobs"], 0), (["jobs", "blaming"], 1)], ids=["ours", "blaming"]
)
def test_p10_a_restart_is_no_documents_death(
    server: PrivateServer, tmp_path: Path, changes: list[str], deaths: int
) -> None:
    """What was being done is done again at once; a queue that leaves it to the lease counts a death, and waits."""
    with Crew(tmp_path) as crew, ledger():
        put_jobs("long-0")
        crew.start(*changes, LONG="1", JOB_LEASE="8")
        wait_until(lambda: times("begun"), 30, "the job is begun")
        restart(server, 0.5)
        wait_until(lambda: times("begun")["long-0"] == 2, 30, "it is begun again")
        assert rows("SELECT deaths FROM integration_work WHERE step = 'job'") in ([(deaths,)], [])
        wait_until(lambda: not Work.objects.filter(step="job").exists(), 30, "it is done")
        [(took,)] = rows("SELECT extract(epoch FROM max(at) - min(at)) FROM begun")
        assert (took > 7) is bool(deaths)


def test_abuse_40_poison_while_everything_else_goes_wrong_too(
    server: PrivateServer, forked: Forked, tmp_path: Path
) -> None:
    """A poison document comes during a deploy, while the database restarts and the clock jumps two hours ahead."""
    traffic = Traffic(Installation(forked, tmp_path))
    clock = Clock(tmp_path, "+0s")
    lease = "30" if is_whole() else "3"
    with Crew(tmp_path) as crew, ledger():
        old = crew.start("poison", clock=clock, JOB_LEASE=lease)
        traffic.installation.place(5)
        traffic.installation.network.drop("poison.x12", b"POISON")
        wait_until(lambda: traffic.deliver() or times("begun")["poison.x12"], 60, "the poison is read")
        began = time.monotonic()
        old.tell(signal.SIGTERM)
        restart(server, 1.0)
        clock.jump("+2h")
        old.ends()
        crew.start("poison", clock=clock, JOB_LEASE=lease)
        traffic.installation.place(5)
        wait_until(lambda: traffic.is_over(aside=1), began + 120 - time.monotonic(), "all else is done")
        parked = Work.objects.filter(step="translate").exclude(parked_at=None)
        wait_until(parked.exists, began + 120 - time.monotonic(), "the poison is put aside")
        assert parked.get().deaths == 3
        assert times("begun")["poison.x12"] == 3
        crew.stop()
    assert ExceptionCase.objects.get(closed_at=None).cause == f"work:translate:{parked.get().subject}"
    # The case, and the work, which counts as not done and as put aside.
    assert traffic.reckon() == Reckoning(orders=10, left=3)
