"""100,000 lines of stock in 2 minutes and 200 MB: ten sets of 10,000 in one interchange, and one file of as many lines."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from datetime import UTC, datetime
from typing import Any

import pytest
from django.db import connection

from integration.models import ExceptionCase, StockFeed, StoreItem, SupplierStock, Work
from integration.x12.envelope import GroupToWrite, InterchangeHeader, SetToWrite, write_interchange
from integration.x12.syntax import Separators
from partners.models import Agreement, ItemCrossReference
from portal.copies import with_database
from tests import factories
from tests.conftest import ROOT
from tests.stock import MONDAY, body, plain_line, supplier, terms

WHOLE = os.environ.get("GRIDPORT_CHAOS") == "1"
LINES = 100_000 if WHOLE else 5_000
MOST_MEGABYTES = 200
MOST_SECONDS = 120 * max(1.0, LINES / 100_000)
SETS = 10


def items(of: Agreement, count: int) -> None:
    """List as many items, and have the store have them."""
    store = of.stores.get()
    for start in range(1, count + 1, 10_000):
        places = range(start, min(start + 10_000, count + 1))
        StoreItem.objects.bulk_create(
            [StoreItem(store=store, product=each, variant=each, sku=f"BULK-{each:06d}") for each in places]
        )
        ItemCrossReference.objects.bulk_create(
            [
                ItemCrossReference(
                    agreement=of, sku=f"BULK-{each:06d}", vendor_item=f"V-{each:03d}", upc=f"9{each:011d}"
                )
                for each in places
            ]
        )
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")


def interchange(of: Agreement, change: int) -> bytes:
    """All items in ten sets, as many of each as its place and ``change`` say."""
    sets = []
    for number in range(SETS):
        first = number * (LINES // SETS) + 1
        lines = [plain_line(place, place % 500 + change) for place in range(first, first + LINES // SETS)]
        sets.append(
            SetToWrite(
                "846", number + 1, body(lines, f"BULK{change}-{number}", "20261123", f"07{change:02d}")
            )
        )
    header = InterchangeHeader(
        sender_qualifier=of.identifier.qualifier,
        sender_id=of.identifier.value,
        receiver_qualifier=of.own_qualifier,
        receiver_id=of.own_id,
        date=MONDAY.date(),
        time=MONDAY.time(),
        control_number=700 + change,
        usage_indicator="P",
    )
    group = GroupToWrite(
        functional_id="IB",
        sender=of.identifier.value,
        receiver=of.own_id,
        date=MONDAY.date(),
        time=MONDAY.time(),
        control_number=700 + change,
        sets=sets,
        version="004010",
    )
    return write_interchange(header, [group], Separators(), "utf-8")


def table(change: int) -> bytes:
    """The same as a plain file."""
    rows = [f"V-{place:03d};{place % 500 + change};MAIN" for place in range(1, LINES + 1)]
    return "\n".join(["Item No;On hand;Hall", *rows, ""]).encode()


def taken(database: str, pk: int) -> dict[str, Any]:
    """Have a process of its own take the file; return what it cost."""
    environment = {**os.environ, "DATABASE_URL": with_database(os.environ["DATABASE_URL"], database)}
    done = subprocess.run(
        [sys.executable, "-m", "tests.stock_volume", str(pk)],
        cwd=ROOT, env=environment, capture_output=True, text=True, timeout=600, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-2000:]
    cost: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    sys.stderr.write(f"{LINES} lines: {cost}\n")
    return cost


@pytest.mark.parametrize("form", ["x12", "csv"])
def test_a_large_feed_takes_little_time_and_memory(committed: str, form: str) -> None:
    acme = supplier(0)
    columns = {
        "files": "stock*.csv",
        "separator": ";",
        "vendor_item": "Item No",
        "quantity": "On hand",
        "warehouse": "Hall",
    }
    terms(acme, columns=columns, most_changed=100)
    items(acme, LINES)
    for change in (1, 2):
        # The second time every line is held against what stands, and changes it.
        data = interchange(acme, change) if form == "x12" else table(change * change)
        name = f"stock{change}.x12" if form == "x12" else f"stock{change}.csv"
        cost = taken(committed, factories.received_file(acme.mailbox, data, name).pk)
        assert cost["megabytes"] < MOST_MEGABYTES
        assert cost["seconds"] < MOST_SECONDS
    feeds = list(StockFeed.objects.order_by("pk"))
    assert len(feeds) == 2 * (SETS if form == "x12" else 1)
    assert not Work.objects.filter(parked_at__isnull=False).exists()
    held = ExceptionCase.objects.filter(kind=ExceptionCase.Kind.STOCK_HELD).count()
    assert sum(each.said for each in feeds) == 2 * LINES
    assert SupplierStock.objects.count() == LINES
    assert (held, {each.state for each in feeds}) == (len(feeds) // 2, {"applied", "held"})
    assert datetime.now(UTC) > MONDAY
