"""What may be shown of an item, worked out by hand; and the limits that go with it."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from integration.matching.stock_levels import (
    BEST,
    LARGEST,
    NOTHING_SOLD,
    PRIORITY,
    SUM,
    Level,
    Limits,
    Sold,
    Statement,
    Terms,
    limits,
    reckon,
    strictest,
)

NOW = datetime(2026, 11, 28, 18, 0, tzinfo=UTC)
CHICAGO = ZoneInfo("America/Chicago")
ACME = Statement(1, "Acme", Terms(), NOW - timedelta(hours=2), Decimal(10))
BOREALIS = Statement(2, "Borealis", Terms(priority=10), NOW - timedelta(hours=1), Decimal(4))


def said(**fields: Any) -> Statement:
    terms = {name: fields.pop(name) for name in list(fields) if name in Terms.__dataclass_fields__}
    return replace(ACME, terms=replace(ACME.terms, **terms), **fields)


def level(*statements: Statement, sold: Sold = NOTHING_SOLD, strategy: str = SUM) -> Level:
    found = reckon(statements, sold, strategy, NOW, CHICAGO)
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("fields", "shows"),
    [
        ({}, 10),
        ({"quantity": Decimal("10.9")}, 10),
        ({"quantity": Decimal(-3)}, 0),
        ({"quantity": Decimal(9_999_999_999)}, LARGEST),
        ({"share": Decimal(25)}, 2),
        ({"buffer": 3}, 7),
        ({"buffer": 30}, 0),
        ({"allocation": Decimal(6)}, 6),
        ({"allocation": Decimal(60)}, 10),
        ({"allocation": Decimal(6), "share": Decimal(50), "buffer": 2}, 3),
        ({"stale_after": 2}, 0),
        ({"stale_after": 3}, 10),
        ({"available_from": date(2026, 11, 28)}, 10),
        ({"available_from": date(2026, 11, 29)}, 0),
        ({"discontinued_on": date(2026, 1, 1)}, 10),
    ],
)
def test_one_supplier(fields: dict[str, Any], shows: int) -> None:
    assert level(said(**fields)).shows == shows


def test_nobody_said_a_quantity() -> None:
    assert reckon([said(quantity=None)], NOTHING_SOLD, SUM, NOW, CHICAGO) is None
    assert level(said(quantity=None), BOREALIS).shows == 4


@pytest.mark.parametrize(("strategy", "shows"), [(SUM, 14), (BEST, 10), (PRIORITY, 4)])
def test_several_suppliers(strategy: str, shows: int) -> None:
    assert level(ACME, BOREALIS, strategy=strategy).shows == shows


def test_the_first_that_has_any_is_not_always_the_first() -> None:
    assert level(ACME, replace(BOREALIS, quantity=Decimal(0)), strategy=PRIORITY).shows == 10


@pytest.mark.parametrize(
    ("sold", "shows"),
    [
        (Sold({1: Decimal(3)}, {}), 11),
        (Sold({1: Decimal(30)}, {}), 4),
        (Sold({1: Decimal(3)}, {}, Decimal(2)), 9),
        (Sold({1: Decimal(30)}, {}, Decimal(5)), 0),
        (Sold({}, {2: Decimal(1)}), 15),
        (Sold({2: Decimal(6)}, {2: Decimal(1)}), 10),
    ],
)
def test_what_he_did_not_know_is_taken_from_his_own_alone(sold: Sold, shows: int) -> None:
    assert level(ACME, BOREALIS, sold=sold).shows == shows


def test_warehouses_count_together_before_share_and_buffer() -> None:
    north = said(warehouse="N", quantity=Decimal(5), share=Decimal(50), buffer=1)
    found = level(north, replace(north, warehouse="S"))
    assert (found.shows, found.words) == (
        4,
        (
            "Acme counted 5 in warehouse N on 28 Nov 2026 16:00 UTC.",
            "Acme counted 5 in warehouse S on 28 Nov 2026 16:00 UTC.",
            "Acme: 50 percent of 10 is 5.",
            "Acme: 1 are the safety buffer.",
            "The store may show 4.",
        ),
    )


def test_it_says_when_it_changes_by_itself() -> None:
    assert level(ACME).due_at is None
    assert level(said(stale_after=3)).due_at == NOW + timedelta(hours=1)
    waits = level(said(available_from=date(2026, 11, 29)))
    assert waits.due_at == datetime(2026, 11, 29, 6, 0, tzinfo=UTC)
    assert waits.words[0].endswith("for sale from 2026-11-29, and not before.")


def of(*statements: Statement, shows: int = 5) -> Limits:
    return limits(statements, shows, NOW, CHICAGO)


def test_nothing_is_asked_for() -> None:
    assert of(ACME) == Limits({}, {}, ())
    assert of(said(minimum=1, maximum=0)) == Limits({}, {}, ())
    assert of(said(sets_limits=False, minimum=4, discontinued_on=date(2026, 1, 1)), shows=0) == Limits(
        {}, {}, ()
    )


def test_the_strictest_quantity_holds() -> None:
    found = of(said(minimum=4, maximum=40), replace(BOREALIS, minimum=6, maximum=12))
    assert found.product == {"order_quantity_minimum": 6, "order_quantity_maximum": 12}
    torn = of(said(minimum=4, maximum=40), replace(BOREALIS, minimum=50))
    assert torn.product == {"order_quantity_minimum": 50}
    assert torn.words[0] == "The largest quantity of an order, 40, is below the smallest, 50: left out."


def test_what_is_not_made_any_more_is_sold_until_nothing_is_left() -> None:
    gone = said(discontinued_on=date(2026, 11, 28))
    assert of(gone).variant == {}
    assert of(gone, shows=0).variant == {
        "purchasing_disabled": True,
        "purchasing_disabled_message": "This item is no longer made.",
    }
    assert of(gone, BOREALIS, shows=0).variant == {}
    later = of(said(discontinued_on=date(2026, 12, 1)), shows=0)
    assert (later.variant, later.due_at) == ({}, datetime(2026, 12, 1, 6, 0, tzinfo=UTC))


def test_what_is_for_sale_later_is_a_pre_order_until_then() -> None:
    found = of(said(available_from=date(2026, 12, 24)), shows=0)
    assert found.product == {
        "availability": "preorder",
        "preorder_release_date": "2026-12-24T06:00:00+00:00",
        "preorder_message": "Available from 2026-12-24",
    }
    assert found.due_at == datetime(2026, 12, 24, 6, 0, tzinfo=UTC)
    assert of(said(available_from=date(2026, 12, 24)), BOREALIS).product == {}
    assert of(said(available_from=date(2026, 11, 28))).product == {}


def test_shoppers_are_told_when_more_comes_and_how_long_it_takes() -> None:
    comes = said(expected_on=date(2026, 12, 3), lead_days=1)
    assert of(comes, shows=0).product == {"availability_description": "Expected again on 2026-12-03"}
    assert of(comes).product == {"availability_description": "Ships in 1 day"}
    assert of(said(expected_on=date(2026, 11, 1)), shows=0).product == {}


def test_variants_of_one_product_share_the_strictest_limits() -> None:
    first = Limits({"order_quantity_minimum": 2, "availability": "preorder"}, {}, ("a",), NOW)
    other = Limits({"order_quantity_minimum": 5, "order_quantity_maximum": 9}, {}, ("a", "b"))
    assert strictest([first, other]) == Limits(
        {"order_quantity_minimum": 5, "order_quantity_maximum": 9}, {}, ("a", "b"), NOW
    )
    assert strictest([first]) is first
