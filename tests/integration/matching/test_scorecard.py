"""What a scorecard counts of facts: shares that never round up, ranks, what is shipped of what was ordered, periods."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest

from integration.matching.ledger import Entry
from integration.matching.periods import Period, days_until, month_of, period_named, quarter_of
from integration.matching.scorecard import (
    Facts,
    OrderLine,
    Outcome,
    Promise,
    SentOrder,
    Share,
    Times,
    is_as_ordered,
    scorecard,
    shipped_of,
    times,
)

START = datetime(2026, 11, 24, 9, tzinfo=UTC)
PRICE = Decimal("4.50")


def line(*entries: tuple[str, int, int], quantity: int = 10, price: Decimal | None = PRICE) -> OrderLine:
    """Return a line with entries of kind, quantity and document; the document is its hour, too."""
    told = [
        Entry(kind, Decimal(count), START + timedelta(hours=document), document, price)
        for kind, count, document in entries
    ]
    return OrderLine(Decimal(quantity), PRICE, told)


def test_nearly_all_is_not_all_and_nothing_has_no_share() -> None:
    assert [Share(*pair).percent for pair in ((9999, 10000), (2, 3), (0, 4), (4, 4), (0, 0))] == [
        Decimal("99.9"), Decimal("66.6"), Decimal("0.0"), Decimal("100.0"), None,
    ]  # fmt: skip


@pytest.mark.parametrize(("count", "half", "most"), [(1, 1, 1), (2, 1, 2), (9, 5, 9), (10, 5, 9), (11, 6, 10), (100, 50, 90)])  # fmt: skip
def test_times_are_by_nearest_rank(count: int, half: int, most: int) -> None:
    assert times(range(count, 0, -1)) == Times(count, half, most)


@pytest.mark.parametrize(("entries", "shipped", "ordered"), [
    ([("ordered", 10, 1)], 0, 10),
    ([("ordered", 10, 1), ("shipped", 4, 3), ("shipped", 9, 4)], 10, 10),
    # Ordered more by a change; cancelled of our own accord.
    ([("ordered", 10, 1), ("ordered", 5, 2), ("shipped", 4, 3)], 4, 15),
    ([("ordered", 10, 1), ("cancelled", 10, 2)], 0, 0),
    # What he refused or backordered and we cancelled for that was ordered all the same; what we cancelled beyond is not.
    ([("ordered", 10, 1), ("rejected", 3, 2), ("backordered", 2, 2), ("cancelled", 5, 3), ("shipped", 5, 4)], 5, 10),
    ([("ordered", 10, 1), ("rejected", 3, 2), ("cancelled", 7, 3), ("shipped", 3, 4)], 3, 6),
    # Said twice, it is refused once.
    ([("ordered", 10, 1), ("rejected", 3, 2), ("rejected", 3, 5), ("cancelled", 6, 6)], 0, 7),
])  # fmt: skip
def test_what_is_shipped_is_held_against_what_was_ordered(
    entries: list[tuple[str, int, int]], shipped: int, ordered: int
) -> None:
    assert shipped_of(line(*entries)) == Share(shipped, ordered)


@pytest.mark.parametrize(("given", "whole"), [
    (line(("ordered", 10, 1), ("acknowledged", 10, 2)), True),
    (line(("ordered", 10, 1), ("acknowledged", 9, 2)), False),
    (line(("ordered", 10, 1), ("acknowledged", 10, 2), ("backordered", 1, 2)), False),
    (line(("ordered", 10, 1), ("acknowledged", 10, 2), price=Decimal("4.51")), False),
    (line(("ordered", 10, 1), ("acknowledged", 10, 2), price=None), True),
    (line(("ordered", 10, 1)), False),
    (line(("ordered", 10, 1), ("cancelled", 10, 1)), True),
    # Only the first answer counts; a change before it is what he answers, too.
    (line(("ordered", 10, 1), ("acknowledged", 9, 2), ("acknowledged", 10, 3)), False),
    (line(("ordered", 10, 0), ("cancelled", 2, 1), ("acknowledged", 8, 2)), True),
])  # fmt: skip
def test_as_ordered_is_whole_at_its_price_by_the_first_answer(given: OrderLine, whole: bool) -> None:
    assert is_as_ordered(SentOrder([given], answer=2)) is whole
    assert not is_as_ordered(SentOrder([given], answer=2, is_disputed=True))


def test_a_long_period_is_told_by_weeks_that_its_ends_cut() -> None:
    due = [
        Promise("855", day, Outcome.ON_TIME) for day in (date(2026, 1, 1), date(2026, 1, 4), date(2026, 1, 5))
    ]
    card = scorecard(
        date(2026, 1, 1),
        date(2026, 3, 31),
        Facts(promises=[*due, Promise("997", due[2].day, Outcome.PENDING)]),
    )
    found = [(each.first, each.last, each.on_time) for each in card.course]
    assert found[:2] == [(date(2026, 1, 1), date(2026, 1, 4), 2), (date(2026, 1, 5), date(2026, 1, 11), 1)]
    assert (found[-1], len(found)) == ((date(2026, 3, 30), date(2026, 3, 31), 0), 14)
    assert card.on_time == Share(3, 3)


@pytest.mark.parametrize(("name", "first", "last"), [
    ("2026-02", date(2026, 2, 1), date(2026, 2, 28)),
    ("2028-02", date(2028, 2, 1), date(2028, 2, 29)),
    ("2026-Q1", date(2026, 1, 1), date(2026, 3, 31)),
    ("2026-Q4", date(2026, 10, 1), date(2026, 12, 31)),
    ("2026", date(2026, 1, 1), date(2026, 12, 31)),
    ("2026-02-01/2026-04-30", date(2026, 2, 1), date(2026, 4, 30)),
    ("2026-10-05/2026-10-18", date(2026, 10, 5), date(2026, 10, 18)),
])  # fmt: skip
def test_a_period_has_one_name_and_is_found_by_it(name: str, first: date, last: date) -> None:
    assert period_named(name) == Period(first, last)
    assert Period(first, last).name == name


@pytest.mark.parametrize("name", [
    "", "26", "2026-13", "2026-00", "2026-Q5", "2026-1", "2026\n", "२०२६", "2026-02-30/2026-03-01", "20260201/20260228",
    "2026-03-01/2026-02-01", "2026-W05/2026-W06", "1899", "3000", "/",
])  # fmt: skip
def test_what_names_no_period_is_none(name: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - whatever date says of it
        period_named(name)


@pytest.mark.parametrize(("period", "before"), [
    (month_of(date(2026, 3, 17)), Period(date(2026, 2, 1), date(2026, 2, 28))),
    (month_of(date(2026, 1, 31)), Period(date(2025, 12, 1), date(2025, 12, 31))),
    (quarter_of(date(2026, 2, 1)), Period(date(2025, 10, 1), date(2025, 12, 31))),
    (days_until(date(2026, 3, 30), 30), Period(date(2026, 1, 30), date(2026, 2, 28))),
    (Period(date(2026, 3, 2), date(2026, 3, 2)), Period(date(2026, 3, 1), date(2026, 3, 1))),
])  # fmt: skip
def test_the_period_before_is_as_many_months_or_days(period: Period, before: Period) -> None:
    assert period.before == before
    with pytest.raises(ValueError, match="ends before"):
        Period(period.last, period.first - timedelta(days=1))
