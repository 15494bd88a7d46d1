"""P3 for stock: what is granted is written once, wherever workers are killed."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest
import requests

from archive.clock import database_now
from integration import work
from integration.flows.steps import STEPS
from integration.flows.stock_levels import level_steps
from integration.models import StockLevel, StockLimit, StockTerms, StockWrite, Store, StoreItem, SupplierStock
from tests.chaos.forking import scaled
from tests.chaos.installation import Installation
from tests.store_stock import settle

pytestmark = pytest.mark.chaos

KILLS = scaled(20)
WRITING = ("level_stock.done", "stock.sending", "stock.written", "write_stock.done")
LIMITS = ("stock.limits_sending", "stock.limits_written")
PLACES = ("read_catalogue.done", *WRITING, *LIMITS)
SKU = "AC-101"


def begin(installation: Installation) -> None:
    """Have the suppliers' advice be taken, and the catalogue be read by a worker that is killed first."""
    for agreement in Store.objects.get().agreements.all():
        StockTerms.objects.get_or_create(agreement=agreement)
    installation.ask("read_catalogue")
    installation.kill_at("read_catalogue.done", "stock")
    installation.go_on()
    assert StoreItem.objects.count() == 332


def say(quantity: int, **fields: Any) -> None:
    """Have the supplier have counted so many, and ask for the level."""
    store = Store.objects.get()
    SupplierStock.objects.update_or_create(
        item=StoreItem.objects.get(sku=SKU),
        agreement=store.agreements.get(partner__name__startswith="Acme"),
        defaults={"quantity": quantity, "as_of": database_now(), **fields},
    )
    for step in level_steps([store.pk]):
        work.put(STEPS[step.name].lane, step)


def told(installation: Installation, what: str) -> Any:
    """Ask the store's control door."""
    return requests.get(f"{installation.store_url}/_simulator/{what}", timeout=60).json()


def written(installation: Installation) -> Counter[str]:
    """Count what moved the stock, by kind."""
    return Counter(each["what"] for each in told(installation, "stock")["movements"])


def go_on_until_done(installation: Installation) -> None:
    """Let healthy workers do all that is to be done once what was on its way has settled."""
    for _ in range(3):
        settle()
        work_rows = work.Work.objects.filter(step__in=["write_stock", "level_stock"])
        work_rows.update(due_at="2020-01-01T00:00Z")
        installation.bring_to("read_catalogue")


def test_deaths_while_writing_stock_lose_and_double_nothing(installation: Installation) -> None:
    begin(installation)
    say(10)
    go_on_until_done(installation)
    assert written(installation) == {"absolute": 1}
    shows, writes = 10, 0
    for place in WRITING:
        for _ in range(KILLS):
            shows, writes = shows + 5, writes + 1
            say(shows)
            installation.kill_at(place, "stock")
            go_on_until_done(installation)
            (level,) = told(installation, "stock")["levels"]
            assert (place, level["on_hand"]) == (place, shows)
    assert written(installation) == {"absolute": 1, "relative": writes}
    assert StockLevel.objects.get().granted == shows
    assert StockWrite.objects.exclude(state__in=["done", "looked"]).count() == 0
    kept = {}
    for minimum, place in enumerate(LIMITS * KILLS, start=2):
        say(shows, minimum=minimum)
        installation.kill_at(place, "stock")
        go_on_until_done(installation)
        kept = told(installation, "products")[SKU]
        assert (place, kept["order_quantity_minimum"]) == (place, minimum)
    limit = StockLimit.objects.get()
    assert (limit.sent, limit.item.settings["order_quantity_minimum"]) == ({}, 0)
    say(shows, minimum=None)
    go_on_until_done(installation)
    assert told(installation, "products")[SKU]["order_quantity_minimum"] == 0
    assert installation.kills == {
        "read_catalogue.done": 1, **dict.fromkeys(WRITING, KILLS), **dict.fromkeys(LIMITS, KILLS),
    }  # fmt: skip
