"""P19 of webhooks: a burst of calls slows the portal down and breaks nothing; calls about one order are one look at a time."""

from __future__ import annotations

import http.client
import statistics
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

import psutil
import pytest
import requests
from django.db import connection, connections, transaction
from django.test import Client

from integration import tasks
from integration.bigcommerce.webhooks import hook_path
from integration.flows import hooks
from integration.models import HookCall, Order, Store, StoreHook, Work
from portal.hooks.door import AT_A_TIME
from tests import calls, factories
from tests.chaos.forking import is_whole, scaled
from tests.chaos.serving import post
from tests.portals import Portal, answers_at, free_port, running, served, until
from tests.world import World, world

__all__ = ["world"]

pytestmark = pytest.mark.chaos

NORMAL = 2
"""Calls in a second: ten thousand orders a day, each told of six times, are fewer."""

BURST = 10 * NORMAL
SECONDS = scaled(60)
CALLERS = 64
ABOUT = 10
"""Orders that the burst is about."""

AT_ONCE = 40
MIB = 2**20
WITHOUT_DOOR = (
    "-m", "uvicorn", "django.core.asgi:get_asgi_application", "--factory", "--lifespan", "off", "--port",
)  # fmt: skip


@dataclass
class Seen:
    """What a burst did: how its calls ended and after how long, and what was seen of the portal meanwhile."""

    ended: Counter[int] = field(default_factory=Counter)
    took: list[float] = field(default_factory=list)
    memory: list[int] = field(default_factory=list)
    sessions: list[int] = field(default_factory=list)
    ages: list[float] = field(default_factory=list)

    def p95(self) -> float:
        return statistics.quantiles(self.took, n=100)[94]


def sessions(name: str, waiting: str = "%") -> int:
    """Return how many sessions the process of that name has with the database."""
    with connection.cursor() as cursor:
        # Else a transaction would see what it saw before.
        cursor.execute("SELECT pg_stat_clear_snapshot()")
        cursor.execute(
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND application_name = %s"
            " AND coalesce(wait_event_type, '') LIKE %s",
            [name, waiting],
        )
        return int(cursor.fetchone()[0])


def oldest_age() -> float:
    """Return for how many seconds the look that is due the longest has been due; 0 where none is."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT coalesce(max(extract(epoch FROM clock_timestamp() - due_at)), 0)::float FROM integration_work"
            " WHERE step = 'import_order' AND due_at <= clock_timestamp()"
        )
        return float(cursor.fetchone()[0])


def burst(portal: Portal, hook: StoreHook, orders: list[int]) -> Seen:
    """Call about ``orders`` in turn, ``BURST`` times a second, however long answers take; look on meanwhile."""
    seen = Seen()
    address = portal.address.removeprefix("http://")
    made = [calls.event(orders[number % len(orders)]) for number in range(BURST * SECONDS)]
    posts = [(body, calls.headers(hook, body)) for body in made]
    process = psutil.Process(portal.pid)
    began = time.monotonic() + 0.1

    def call(number: int) -> tuple[int, float]:
        due = began + number / BURST
        time.sleep(max(0.0, due - time.monotonic()))
        return post(address, hook, *posts[number]), time.monotonic() - due

    with ThreadPoolExecutor(CALLERS) as pool:
        calling = [pool.submit(call, number) for number in range(len(posts))]
        while wait(calling, timeout=0.1).not_done:
            seen.memory.append(process.memory_info().rss)
            seen.sessions.append(sessions("portal"))
            seen.ages.append(oldest_age())
    for status, took in (each.result() for each in calling):
        seen.ended[status] += 1
        seen.took.append(took)
    return seen


@pytest.fixture
def hook(committed: str) -> StoreHook:
    return calls.hooked()


@pytest.fixture
def store(committed: str, tmp_path: Path) -> Iterator[StoreHook]:
    """The hook of a store that runs beside the portal; its orders are read, and then left alone."""
    port, log = free_port(), tmp_path / "store.log"
    options = ("--port", str(port), "--store-hash", "harborpine", "--token", "token")
    with running(committed, log, "-m", "integration.simulators.store", *options):
        until(lambda: answers_at(port), log)
        url = f"http://127.0.0.1:{port}"
        requests.post(f"{url}/_simulator/quota", json={"requests": 100_000}, timeout=10).raise_for_status()
        row = factories.store(
            store_hash="harborpine",
            base_url=url,
            token="token",
            mode="live",
            import_statuses=[],
            poll_seconds=3600,
        )
        yield calls.hooked(row)


def test_p19_a_burst_slows_the_portal_and_breaks_nothing(
    store: StoreHook, committed: str, tmp_path: Path, record_property: Any
) -> None:
    log = tmp_path / "portal.log"
    orders = list(range(1001, 1001 + ABOUT))
    with (
        served(committed, log) as portal,
        running(committed, tmp_path / "worker.log", "manage.py", "worker"),
    ):
        until(lambda: Order.objects.count() >= ABOUT, tmp_path / "worker.log", 120)
        first = calls.event(orders[0])
        address = portal.address.removeprefix("http://")
        assert post(address, store, first, calls.headers(store, first)) == 200
        before = psutil.Process(portal.pid).memory_info().rss
        seen = burst(portal, store, orders)
        ended = time.monotonic()
        until(lambda: not Work.objects.filter(step="import_order").exists(), tmp_path / "worker.log", 120)
        recovered = time.monotonic() - ended
        until(lambda: not sessions("portal"), log)
    total = BURST * SECONDS
    figures = {
        "calls": total,
        "p95": f"{seen.p95() * 1000:.0f} ms",
        "more memory": f"{(max(seen.memory) - before) / MIB:.0f} MiB",
        "sessions": max(seen.sessions),
        "oldest age": f"{max(seen.ages):.1f} s",
        "queue empty after": f"{recovered:.1f} s",
    }
    record_property("figures", figures)
    assert sum(seen.ended.values()) == total
    assert seen.ended[200] >= 0.99 * total
    assert HookCall.objects.count() == seen.ended[200] + 1
    assert max(seen.memory) - before <= 100 * MIB
    # Those that end are still counted for a moment.
    assert 0 < max(seen.sessions) <= 2 * AT_A_TIME
    if is_whole():
        assert seen.p95() <= 1


def sessions_of_calls_that_wait(portal: Portal, hook: StoreHook, number: int) -> int:
    """Have so many calls come at once while none can be stored; return with how many sessions they wait."""
    address = portal.address.removeprefix("http://")
    bodies = [calls.event(1001 + place) for place in range(number)]
    with ThreadPoolExecutor(number) as pool:
        with transaction.atomic():
            with connection.cursor() as cursor:
                cursor.execute("LOCK TABLE integration_hookcall IN SHARE ROW EXCLUSIVE MODE")
            coming = [pool.submit(post, address, hook, body, calls.headers(hook, body)) for body in bodies]
            found = _settled(portal, coming)
        assert [each.result() for each in coming] == [200] * number
    assert HookCall.objects.count() == number
    return found


def _settled(portal: Portal, coming: list[Future[int]]) -> int:
    """Return how many sessions wait for a lock, once all calls have come and no more sessions do."""
    process, deadline = psutil.Process(portal.pid), time.monotonic() + 60
    port = int(portal.address.rpartition(":")[2])
    found = -1
    while time.monotonic() < deadline:
        lines = [each for each in process.net_connections("tcp") if each.laddr.port == port and each.raddr]
        before, found = found, sessions("portal", "Lock")
        if len(lines) == len(coming) and found == before and found >= AT_A_TIME:
            return found
        wait(coming, timeout=0.3)
    raise AssertionError(f"{len(lines)} lines, {found} sessions")


def written_for_a_long_body(portal: Portal, hook: StoreHook) -> int:
    """Return how many bytes the portal writes, to wherever it writes, while 20 MiB come that nobody announced."""
    process = psutil.Process(portal.pid)
    before = process.io_counters().write_chars
    line = http.client.HTTPConnection(portal.address.removeprefix("http://"), timeout=20)
    with suppress(BrokenPipeError, ConnectionResetError):  # it is answered in the middle
        chunks = (b"x" * 64 * 1024 for _ in range(320))
        line.request(
            "POST", hook_path(hook.key), chunks, {"Content-Type": "application/json"}, encode_chunked=True
        )
    with suppress(ConnectionError):
        assert 400 <= line.getresponse().status < 500
    line.close()
    return process.io_counters().write_chars - before


def test_p19_calls_at_once_share_eight_connections_and_a_long_body_is_not_written_down(
    hook: StoreHook, committed: str, tmp_path: Path
) -> None:
    with served(committed, tmp_path / "portal.log") as portal:
        assert sessions_of_calls_that_wait(portal, hook, AT_ONCE) == AT_A_TIME == 8
        assert written_for_a_long_body(portal, hook) < 64 * 1024


def test_p19_without_the_door_each_call_has_a_connection_and_a_long_body_is_written_to_disk(
    hook: StoreHook, committed: str, tmp_path: Path
) -> None:
    with served(committed, tmp_path / "portal.log", WITHOUT_DOOR) as portal:
        assert sessions_of_calls_that_wait(portal, hook, AT_ONCE) == AT_ONCE
        assert written_for_a_long_body(portal, hook) >= 20 * MIB


# Calls about one order

UPDATES = scaled(5000)
MINUTE = scaled(60)
LOOK_AFTER = timedelta(seconds=5) if is_whole() else timedelta(seconds=0.5)
"""So that in a tenth of a minute there are as many looks as in a whole one."""


def looks_at_a_busy_order(world: World, updates: int) -> tuple[int, float]:
    """Have a worker work while the store calls about one order all the time; return the looks, and the seconds."""
    world.place(1002)
    Store.objects.update(import_statuses=[])
    hook = calls.hooked(world.row)
    began = time.monotonic()

    def call() -> None:
        client = Client()
        try:
            for number in range(updates):
                body = calls.event(1002)
                time.sleep(max(0.0, began + number * MINUTE / UPDATES - time.monotonic()))
                headers = calls.headers(hook, body)
                answer = client.post(
                    hook_path(hook.key), body, content_type="application/json", headers=headers
                )
                assert answer.status_code == 200
        finally:
            connections.close_all()

    with ThreadPoolExecutor(1) as pool:
        calling = pool.submit(call)
        while not calling.done() or Work.objects.exists():
            tasks.drain("orders")
            wait([calling], timeout=0.02)
        calling.result()
    assert HookCall.objects.count() == updates
    assert Order.objects.get().number == 1002
    looks = sum(each["path"] == "/v2/orders/1002" for each in world.store.state.ledger)
    return looks, time.monotonic() - began


def test_abuse_35_an_order_that_the_store_calls_about_all_the_time_is_looked_at_now_and_then(
    world: World, monkeypatch: pytest.MonkeyPatch, record_property: Any
) -> None:
    monkeypatch.setattr(hooks, "LOOK_AFTER", LOOK_AFTER)
    looks, seconds = looks_at_a_busy_order(world, UPDATES)
    record_property("figures", {"looks": f"{looks} for {UPDATES} calls in {seconds:.0f} s"})
    # Not before so long after the first call, and after each look not before so long after the next call.
    assert 1 < looks <= seconds / LOOK_AFTER.total_seconds()


def test_abuse_35_an_order_that_is_looked_at_after_each_call_is_looked_at_all_the_time(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hooks, "LOOK_AFTER", timedelta(0))
    looks, seconds = looks_at_a_busy_order(world, UPDATES // 5)
    assert looks > seconds / LOOK_AFTER.total_seconds()
