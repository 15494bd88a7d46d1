"""The pure parts of stock feeds: units, times, what is suspicious, and columns of plain files."""

from __future__ import annotations

from datetime import UTC, date, datetime, time
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest

from integration.matching.stock_columns import NotReadable, is_for, mapping_problem, rows_of
from integration.matching.stock_feed import GuardLimits, ItemSaid, Weighed, counted, counted_at, suspicions
from partners.mapping.conversion import Terms, in_our_unit

D = Decimal
CASES = Terms(sku="A", partner_unit="case", pack_factor=D(12))
CHICAGO = ZoneInfo("America/Chicago")
LIMITS = GuardLimits(D(60), D(20), 10)
MADE = datetime(2026, 11, 23, 15, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("value", "unit", "terms", "ours"),
    [
        ("4", "case", CASES, "48"),
        ("4", "", CASES, "48"),
        ("4", "each", CASES, "4"),
        ("4", "pallet", CASES, None),
        ("0.25", "case", CASES, "3"),
        ("0.00001", "case", CASES, None),
        ("4", "", Terms(sku="A"), "4"),
        ("4", "case", Terms(sku="A"), None),
        ("4", "each", Terms(sku="A", pack_factor=D(6)), "24"),
    ],
)
def test_a_quantity_in_our_unit(value: str, unit: str, terms: Terms, ours: str | None) -> None:
    assert in_our_unit(D(value), unit, terms) == (None if ours is None else D(ours))


def test_limits_are_whole_and_nothing_is_below_nothing() -> None:
    half = Terms(sku="A", partner_unit="case", pack_factor=D("2.5"))
    said = ItemSaid(1, quantity=D(-3), unit="case", minimum=D(3), maximum=D(5))
    ours = counted(said, half)
    assert (ours.quantity, ours.minimum, ours.maximum) == (0, 8, 12)
    assert counted(said, half, movement=True).quantity == D("-7.5")
    assert counted(ItemSaid(1, quantity=D(3), unit="case"), None).problem == (
        "It is counted in case, and no item of the agreement says how many that is."
    )


@pytest.mark.parametrize(
    ("day", "clock", "moment"),
    [
        (date(2026, 11, 23), time(6, 30), datetime(2026, 11, 23, 12, 30, tzinfo=UTC)),
        (date(2026, 11, 23), None, MADE),
        (None, None, MADE),
        (date(2026, 11, 22), None, datetime(2026, 11, 23, 5, 59, 59, tzinfo=UTC)),
        (date(2027, 1, 1), None, MADE),
    ],
)
def test_when_a_feed_was_counted(day: date | None, clock: time | None, moment: datetime) -> None:
    stated, found = counted_at(day, clock, MADE, CHICAGO, MADE)
    assert (stated, found) == (day or date(2026, 11, 23), moment)


@pytest.mark.parametrize(
    ("weighed", "why"),
    [
        (Weighed(100, known=100, in_stock=90, changed=60, emptied=18, standing=100, named=80), []),
        (
            Weighed(100, known=100, in_stock=90, changed=61, standing=100, named=100),
            ["It changes 61 of 100 items known; at most 60 % may change at once."],
        ),
        (
            Weighed(100, known=100, in_stock=90, changed=19, emptied=19, standing=100, named=100),
            ["It sets 19 of 90 items in stock to nothing; at most 20 % may be emptied at once."],
        ),
        (
            Weighed(79, known=79, in_stock=79, changed=1, standing=100, named=79),
            ["It names 79 items as the whole stock where 100 stand: 21 are missing, as from a file that was cut off."],
        ),
        (Weighed(9, known=9, in_stock=9, changed=9, emptied=9, standing=9, named=0), []),
        (Weighed(0), ["It names no item at all."]),
        (
            Weighed(100, known=100, in_stock=100, changed=40, scaled=32, scale=1 / D(12), standing=100, named=100),
            ["32 of 40 changed items have exactly one 12th of what stood before: it seems to count in another unit."],
        ),
        (Weighed(100, known=100, in_stock=100, changed=40, scaled=31, scale=D(2), standing=100, named=100), []),
        # One sold of a few of many: no feed counts one off that leaves most as they were.
        (Weighed(100, known=100, in_stock=100, changed=15, shifted=15, shift=D(-1), standing=100, named=100), []),
    ],
)  # fmt: skip
def test_what_is_suspicious(weighed: Weighed, why: list[str]) -> None:
    assert suspicions(weighed, LIMITS, is_whole=True) == why


def test_what_is_missing_matters_of_a_whole_stock_alone() -> None:
    few = Weighed(2, known=100, in_stock=90, changed=2, standing=100, named=2)
    assert suspicions(few, LIMITS, is_whole=False) == []


GOOD = {"files": "Stock*.csv", "sku": "SKU", "quantity": "Pieces"}


@pytest.mark.parametrize(
    ("mapping", "why"),
    [
        ({}, ""),
        (GOOD, ""),
        ({**GOOD, "colour": "x"}, "“colour” is no name here."),
        ({**GOOD, "warehouse": " "}, "Say what “warehouse” is: where they stand."),
        ({"sku": "SKU", "quantity": "Pieces"}, "Say which files it is for"),
        ({"files": "*", "quantity": "Pieces"}, "Say which column names the item"),
        ({"files": "*", "sku": "SKU"}, "Say which column holds the quantity."),
        ({**GOOD, "separator": "#"}, "The separator is , or ; or tab or |."),
        ({**GOOD, "dates": "%d"}, "The form of dates needs %Y, %m and %d."),
        ({**GOOD, "way": "some"}, "The way is one of whole, changes, movements."),
        ({**GOOD, "first_line": "data"}, "Without a line of names, columns are numbers from 1."),
        ({"files": "*", "first_line": "data", "sku": "1", "quantity": "3"}, ""),
    ],
)
def test_a_mapping_of_columns_says_what_is_wrong_with_it(mapping: dict[str, str], why: str) -> None:
    problem = mapping_problem(mapping)
    assert problem.startswith(why)
    assert bool(problem) == bool(why)


def test_which_files_a_mapping_is_for() -> None:
    assert [is_for(GOOD, name) for name in ("stock-1.CSV", "prices.csv", "old stock.csv")] == [
        True,
        False,
        False,
    ]
    assert not is_for({}, "stock.csv")


def test_a_file_without_a_line_of_names() -> None:
    mapping = {
        "files": "*",
        "first_line": "data",
        "sku": "1",
        "quantity": "3",
        "separator": "tab",
        "encoding": "latin-1",
    }
    found = list(rows_of("A-1\tfür\t5\nA-2\tx\t 1,200 \n".encode("latin-1"), mapping, CHICAGO))
    assert [(each.line, each.numbers[0], each.quantity, each.problem) for each in found] == [
        (1, "A-1", 5, ""),
        (2, "A-2", 1200, ""),
    ]
    with pytest.raises(NotReadable, match="It is no table of text"):
        rows_of(b"\xff\xfe\x80;1", {**GOOD}, CHICAGO)


def test_a_byte_order_mark_and_capitals_in_names_do_not_matter() -> None:
    found = list(rows_of("\ufeffsku,PIECES\nA-1,7\n".encode(), GOOD, CHICAGO))
    assert [(each.numbers, each.quantity) for each in found] == [(("A-1", "", ""), 7)]
