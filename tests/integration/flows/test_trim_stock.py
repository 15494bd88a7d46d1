"""Old lines of stock feeds go, and what stands stays what it was, whichever younger feed is rolled back afterwards."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from integration.flows import trim_stock
from integration.flows.roll_back_stock import roll_back
from integration.flows.steps import standing_steps
from integration.models import StockFeed, StockFeedLine
from integration.work import Step, Unclaimed
from tests import factories
from tests.stock import advice, feed, skus, standing, supplier

pytestmark = pytest.mark.django_db

LONG_AGO = datetime(2020, 1, 6, 6, 30, tzinfo=UTC)
DAY = timedelta(days=1)


def trimmed() -> list[Step]:
    return trim_stock.trim_stock("all", Unclaimed())


def lines() -> list[tuple[str, str]]:
    rows = StockFeedLine.objects.order_by("feed__number", "line")
    return [(number, named) for number, named in rows.values_list("feed__number", "named")]


def test_what_a_later_count_of_long_ago_replaced_goes_and_nothing_else() -> None:
    acme = supplier()
    feed(acme, advice({1: 10, 2: 20, 3: 30}, "A1", "20200106"), LONG_AGO)
    feed(acme, advice({1: 2}, "A2", "20200106", "0900", purpose="25"), LONG_AGO + DAY / 8)
    feed(acme, advice({1: 11, 2: 21}, "A3", "20200107", purpose="04"), LONG_AGO + DAY)
    feed(acme, advice({3: -4}, "A4", "20200108", purpose="25"), LONG_AGO + 2 * DAY)
    recently = datetime.now(UTC) - timedelta(days=30)
    young = feed(acme, advice({1: 99, 3: 98}, "A5", f"{recently:%Y%m%d}", purpose="04"), recently)
    before = standing(acme)
    assert before == skus({1: 99, 2: 21, 3: 98})
    assert trimmed() == [trim_stock.trim_step(trim_stock.EVERY)]
    # The movement A4 came after the last count of its item that is old; A5's count is young, and may be rolled back.
    assert lines() == [
        ("A1", "V-003"), ("A3", "V-001"), ("A3", "V-002"), ("A4", "V-003"), ("A5", "V-001"), ("A5", "V-003"),
    ]  # fmt: skip
    assert standing(acme) == before
    roll_back(factories.user(group="decide"), young, "He had counted the wrong hall.")
    assert standing(acme) == skus({1: 11, 2: 21, 3: 26})


def test_what_nobody_decided_stays_and_what_was_put_aside_goes() -> None:
    acme = supplier()
    for state in (StockFeed.State.HELD, StockFeed.State.PUT_ASIDE):
        made = feed(acme, advice({1: 5}, f"S{state}", "20200106"), LONG_AGO)
        StockFeed.objects.filter(pk=made.pk).update(state=state)
    trimmed()
    assert lines() == [("Sheld", "V-001")]


def test_it_goes_on_at_once_where_there_is_more(monkeypatch: pytest.MonkeyPatch, settings: Any) -> None:
    monkeypatch.setattr(trim_stock, "PIECE", 2)
    acme = supplier()
    for day in range(2):
        feed(acme, advice({1: 1 + day, 2: 2, 3: 3}, f"A{day}", f"2020010{day + 1}"), LONG_AGO + day * DAY)
    assert [trimmed()[0].delay, trimmed()[0].delay] == [timedelta(0), trim_stock.EVERY]
    assert {number for number, _ in lines()} == {"A1"}


def test_it_stands_by_where_there_are_feeds() -> None:
    assert trim_stock.trim_step() not in standing_steps()
    feed(supplier(), advice({1: 1}))
    assert trim_stock.trim_step() in standing_steps()
