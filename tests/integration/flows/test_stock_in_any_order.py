"""The same feeds come to the same stock in whatever order they arrive, and however often; rolled back, to that without them."""

from __future__ import annotations

import os
import random
from datetime import datetime, timedelta
from typing import Any

import pytest

from integration.flows.reprocess import rehearsal
from integration.flows.roll_back_stock import roll_back
from integration.models import StockFeed, SupplierStock
from integration.x12.syntax import Segment
from partners.models import Agreement
from tests import factories
from tests.stock import MONDAY, advice, supplier, take, terms

WHOLE = os.environ.get("GRIDPORT_CHAOS") == "1"
SETS_OF_FEEDS = 40 if WHOLE else 3
ORDERS = 12 if WHOLE else 3
ITEMS = 3
Told = tuple[list[Segment], datetime, int]


def told(rng: random.Random) -> list[Told]:
    """Some feeds of three items: whole counts, changes and movements, some of one minute."""
    feeds = []
    for number in range(1, 8):
        minute = rng.randrange(6) * 10
        made_at = MONDAY + timedelta(minutes=minute)
        quantities = {place: rng.randrange(30) for place in range(1, ITEMS + 1) if rng.random() < 0.7}
        purpose = rng.choice(("00", "04", "25", "25"))
        if purpose == "25":
            quantities = {place: each - 15 for place, each in quantities.items()}
        body = advice(quantities or {1: 0}, f"N{number}", f"{made_at:%Y%m%d}", f"{made_at:%H%M}", purpose)
        feeds.append((body, made_at, 900 + number))
    return feeds


def stands() -> dict[Any, Any]:
    return {
        (sku, warehouse): said
        for sku, warehouse, *said in SupplierStock.objects.values_list(
            "item__sku", "warehouse", "quantity", "as_of"
        )
    }


def come_in(acme: Agreement, feeds: list[Told]) -> None:
    came: set[int] = set()
    for body, made_at, number in feeds:
        # Sent once more it comes in another interchange: one of the same number and content is known before it is read.
        take(acme, body, made_at, number + 50 if number in came else number)
        came.add(number)


def expected(feeds: list[Told]) -> dict[str, int]:
    """What stands, worked out anew from what the feeds say."""
    said: dict[str, list[tuple[datetime, int, bool, int]]] = {}
    for body, made_at, number in feeds:
        is_movement = body[0][1] == "25"
        for lin, qty in zip(body[1:-1:2], body[2:-1:2], strict=True):
            of_item = said.setdefault(lin[3].replace("V-", "FS-"), [])
            of_item.append((made_at, number, is_movement, int(qty[2])))
    found = {}
    for sku, rows in said.items():
        rows.sort()
        counts = [place for place, row in enumerate(rows) if not row[2]]
        if counts:
            after = rows[counts[-1] :]
            found[sku] = max(0, sum(row[3] for row in after))
    return found


@pytest.mark.django_db
def test_any_order_and_any_repetition_comes_to_the_same() -> None:
    rng = random.Random(7)
    acme = supplier(ITEMS)
    terms(acme, guarded_from=1000)
    lead = factories.user(group="decide")
    for _ in range(SETS_OF_FEEDS):
        feeds = told(rng)
        results = []
        for order in range(ORDERS):
            shuffled = list(feeds)
            if order:
                rng.shuffle(shuffled)
                shuffled += rng.sample(feeds, 3)
            with rehearsal():
                come_in(acme, shuffled)
                results.append(stands())
                if order == 1:
                    # One taken back comes to what the others say.
                    taken = rng.choice(feeds)
                    row = StockFeed.objects.filter(number=taken[0][0][3], state__in=StockFeed.COUNTED).get()
                    roll_back(lead, row, "It was wrong.")
                    without = {sku: int(quantity) for (sku, _), (quantity, _) in stands().items()}
                    assert without == expected([each for each in feeds if each is not taken])
        assert all(each == results[0] for each in results)
        assert {sku: int(quantity) for (sku, _), (quantity, _) in results[0].items()} == expected(feeds)
        assert results[0]
