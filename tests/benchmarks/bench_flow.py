"""``make bench-flow``: how many documents a second go the whole way, and how soon work is begun, in one run.

The worker is the real ``manage.py worker`` on a database of its own; store and suppliers are the simulators, the store's
rate limit out of the way. ``burst``: ``ORDERS`` (150) are in the store before the clock starts, and it stops when each has
been sent (850), acknowledged (997), answered (855) and told to the store. ``steady``, where ``RATE`` says how many orders an
hour: they come one by one for ``MINUTES`` (10), and what counts is how long the oldest work waited. ``queue alone``:
django-q2 by itself, on its own broker in the same database server, which does as many tasks as the burst had documents,
each of which does nothing.

``begun after``: from the moment that work is put until the worker asks the store for it, with nothing else to do; of
django-q2 alone until its task begins. ``load`` is the machine's, over the minute before. JSON goes to
``.data/bench/flow.json``.
"""

from __future__ import annotations

import json
import os
import statistics
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from archive.models import Document
from integration.claimable import longest_due
from integration.flows.import_orders import import_step
from integration.models import Store
from integration.work import put
from portal.copies import DatabaseCopies
from tests.benchmarks import queue_alone
from tests.chaos.conftest import books, forked, installation, opened_installation
from tests.chaos.crew import Crew, Traffic, wait_until
from tests.chaos.installation import Installation, orders

__all__ = ["books", "forked", "installation"]

ORDERS = int(os.environ.get("ORDERS", "150"))
RATE = int(os.environ.get("RATE", "0"))
MINUTES = float(os.environ.get("MINUTES", "10"))
STEADY_ORDERS = round(RATE * MINUTES / 60)
LOOKS = 20
WITHIN = 3600
LOOK_EVERY = 0.2
OUTPUT = Path(".data/bench/flow.json")

Row = dict[str, float]


@pytest.fixture(scope="module")
def shared_installation(
    copies: DatabaseCopies,
    django_db_setup: None,
    django_db_blocker: Any,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Installation]:
    """The installation, its store with as many orders as are to come."""
    sold = orders(1 + ORDERS + STEADY_ORDERS)
    folder = tmp_path_factory.mktemp("network")
    with opened_installation(copies, django_db_blocker, folder, sold) as opened:
        yield opened


def test_flow(installation: Installation, tmp_path: Path) -> None:
    installation.tell_store("quota", {"requests": 1_000_000})
    traffic = Traffic(installation)
    Store.objects.update(poll_seconds=WITHIN)
    rows: dict[str, Row] = {}
    with Crew(tmp_path) as crew:
        crew.start()
        begun = sorted(_begun_after(installation) for _ in range(LOOKS))
        installation.ask("fetch_mailbox")
        wait_until(traffic.is_over, 60, "the order that was looked at is through")
        rows["burst"] = _measured(traffic, ORDERS, _burst) | _spread(begun)
        if STEADY_ORDERS:
            rows["steady"] = _measured(traffic, STEADY_ORDERS, _steady)
        crew.stop()
    rows["queue alone"] = _with_load(lambda: queue_alone.measure(tmp_path, int(rows["burst"]["documents"])))
    OUTPUT.parent.mkdir(parents=True, exist_ok=True)
    OUTPUT.write_text(json.dumps(rows, indent=1))
    _show(rows)


def _show(rows: dict[str, Row]) -> None:
    names = list(dict.fromkeys(name for row in rows.values() for name in row))
    print("\n" + " " * 26 + "".join(f"{title:>14}" for title in rows))  # noqa: T201 - the table is what this is for
    for name in names:
        figures = "".join(f"{row.get(name, ''):>14}" for row in rows.values())
        print(f"{name.replace('_', ' '):26}{figures}")  # noqa: T201


def _begun_after(installation: Installation) -> float:
    """Return the seconds from putting a look at an order until the store is asked for it."""
    number = installation.place()[0] if not installation.placed else installation.placed[0]
    path = f"/v2/orders/{number}"
    asked = sum(each["path"] == path for each in installation.ledger())
    put("orders", import_step(Store.objects.get().pk, number))
    began = time.time()

    def times() -> list[float]:
        return [float(each["at"]) for each in installation.ledger() if each["path"] == path]

    wait_until(lambda: len(times()) > asked, 60, "the store is asked")
    return float(times()[asked] - began)


def _spread(begun: list[float]) -> Row:
    return {
        "begun_after_median": round(statistics.median(begun), 3),
        "begun_after_p95": round(begun[int(len(begun) * 0.95) - 1], 3),
    }


def _measured(traffic: Traffic, count: int, come: Callable[[Installation], Iterator[None]]) -> Row:
    """Return the figures of ``count`` orders that ``come`` has appear, a look at the oldest work between them."""
    return _with_load(lambda: _whole_way(traffic, count, come))


def _with_load(act: Callable[[], Row]) -> Row:
    before = os.getloadavg()[0]
    return act() | {"load_before": round(before, 1), "load_after": round(os.getloadavg()[0], 1)}


def _whole_way(traffic: Traffic, count: int, come: Callable[[Installation], Iterator[None]]) -> Row:
    before = Document.objects.count()
    Store.objects.update(poll_seconds=1)
    oldest = timedelta(0)
    began = time.monotonic()

    def look() -> None:
        nonlocal oldest
        oldest = max(oldest, longest_due() or timedelta(0))

    for _ in come(traffic.installation):
        traffic.deliver()
        look()
    wait_until(lambda: look() or traffic.is_over(), WITHIN, "all orders have gone all their way")
    seconds = time.monotonic() - began
    documents = Document.objects.count() - before
    return {
        "orders": count,
        "documents": documents,
        "seconds": round(seconds, 1),
        "documents_per_second": round(documents / seconds, 1),
        "orders_per_hour": round(count / seconds * 3600),
        "oldest_work_seconds": round(oldest.total_seconds(), 1),
    }


def _burst(installation: Installation) -> Iterator[None]:
    Store.objects.update(poll_seconds=WITHIN)
    installation.place(ORDERS)
    Store.objects.update(poll_seconds=1)
    installation.ask("poll_store")
    yield


def _steady(installation: Installation) -> Iterator[None]:
    began, placed = time.monotonic(), 0
    installation.ask("poll_store")
    while placed < STEADY_ORDERS:
        due = min(STEADY_ORDERS, int((time.monotonic() - began) * RATE / 3600) + 1) - placed
        if due:
            installation.place(due)
            placed += due
        yield
        time.sleep(LOOK_EVERY)
