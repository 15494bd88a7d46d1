"""``make bench-flow``: how many documents a second go the whole way, and how soon work is begun, in one run.

The worker is the real ``manage.py worker`` on a database of its own; store and suppliers are the simulators, the store's
rate limit out of the way. All orders are in the store before the clock starts; it stops when each has been sent (850),
acknowledged (997), answered (855) and told to the store. django-q2 alone, one task a document, is not beside it yet: our broker
takes nothing but knocks (``integration.knocks``), so that needs a cluster of its own.

``begun after``: from the moment that work is put until the worker asks the store for it, with nothing else to do. JSON
goes to ``.data/bench/flow.json``. ``ORDERS`` (150, at most 1,500) says how many.
"""

from __future__ import annotations

import json
import os
import statistics
import time
from datetime import timedelta
from pathlib import Path

from archive.models import Document
from integration.claimable import longest_due
from integration.flows.import_orders import import_step
from integration.models import Store
from integration.work import put
from tests.chaos.conftest import books, forked, installation, shared_installation
from tests.chaos.crew import Crew, Traffic, wait_until
from tests.chaos.installation import Installation

__all__ = ["books", "forked", "installation", "shared_installation"]

ORDERS = int(os.environ.get("ORDERS", "150"))
LOOKS = 20
WITHIN = 3600
OUTPUT = Path(".data/bench/flow.json")


def test_flow(installation: Installation, tmp_path: Path) -> None:
    installation.tell_store("quota", {"requests": 1_000_000})
    traffic = Traffic(installation)
    Store.objects.update(poll_seconds=WITHIN)
    with Crew(tmp_path) as crew:
        crew.start()
        begun = sorted(_begun_after(installation) for _ in range(LOOKS))
        whole = _whole_way(installation, traffic)
    row = {
        "orders": ORDERS,
        **whole,
        "begun_after_median": round(statistics.median(begun), 3),
        "begun_after_p95": round(begun[int(len(begun) * 0.95) - 1], 3),
    }
    OUTPUT.parent.mkdir(parents=True, exist_ok=True)
    OUTPUT.write_text(json.dumps(row, indent=1))
    print()  # noqa: T201 - the table is what this is for
    for name, value in row.items():
        print(f"{name.replace('_', ' '):26} {value}")  # noqa: T201


def _begun_after(installation: Installation) -> float:
    """Return the seconds from putting a look at an order until the store is asked for it."""
    number = installation.place()[0] if not installation.placed else installation.placed[0]
    path = f"/v2/orders/{number}"
    asked = sum(each["path"] == path for each in installation.ledger())
    put("orders", import_step(Store.objects.get().pk, number))
    began = time.time()

    def times() -> list[float]:
        return [float(each["at"]) for each in installation.ledger() if each["path"] == path]

    wait_until(lambda: len(times()) > asked, 30, "the store is asked")
    return float(times()[asked] - began)


def _whole_way(installation: Installation, traffic: Traffic) -> dict[str, float]:
    installation.ask("fetch_mailbox")
    wait_until(traffic.is_over, 60, "the order that was looked at is through")
    before = Document.objects.count()
    installation.place(ORDERS)
    Store.objects.update(poll_seconds=1)
    oldest = timedelta(0)
    began = time.monotonic()
    installation.ask("poll_store")

    def is_over() -> bool:
        nonlocal oldest
        oldest = max(oldest, longest_due() or timedelta(0))
        return traffic.is_over()

    wait_until(is_over, WITHIN, "all orders have gone all their way")
    seconds = time.monotonic() - began
    documents = Document.objects.count() - before
    return {
        "documents": documents,
        "seconds": round(seconds, 1),
        "documents_per_second": round(documents / seconds, 1),
        "orders_per_hour": round(ORDERS / seconds * 3600),
        "oldest_work_seconds": round(oldest.total_seconds(), 1),
    }
