"""Polling by date of change: nothing is skipped while the pages move."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from integration.bigcommerce.changes import iter_changes
from integration.bigcommerce.fields import BrokenAnswer

START = datetime(2026, 3, 1, tzinfo=UTC)
SIZE = 4


@dataclass(frozen=True)
class Change:
    id: int
    date_modified: datetime


class MovingStore:
    """Orders by date of change; before each page but the first, the next of ``edits`` are changed, now."""

    def __init__(self, seconds: list[int], edits: list[list[int]], *, exclusive: bool = False) -> None:
        self.orders = {
            n: Change(n, START + timedelta(seconds=each)) for n, each in enumerate(seconds, start=1)
        }
        self.edits = edits
        self.exclusive = exclusive
        self.now = START + timedelta(days=1)
        self.pages = 0

    def page_of(self, floor: datetime, number: int) -> list[Change]:
        self.pages += 1
        assert self.pages < 500, "The reading has no end."
        if self.pages > 1 and self.edits:
            self.now += timedelta(seconds=1)
            for order in self.edits.pop(0):
                if order in self.orders:
                    self.orders[order] = replace(self.orders[order], date_modified=self.now)
        found = [each for each in self.orders.values() if each.date_modified >= floor]
        if self.exclusive:
            found = [each for each in found if each.date_modified > floor]
        found.sort(key=lambda each: (each.date_modified, each.id))
        return found[(number - 1) * SIZE : number * SIZE]


def read(store: MovingStore, since: datetime = START) -> list[Change]:
    return list(iter_changes(store.page_of, since, SIZE))


def naive(store: MovingStore, since: datetime = START) -> set[int]:
    """Read by page numbers alone, as one would: the proof that the store above is hard to read."""
    seen: set[int] = set()
    number = 1
    while page := store.page_of(since, number):
        seen |= {each.id for each in page}
        number += 1
    return seen


def test_a_store_at_rest_is_read_once_in_order() -> None:
    store = MovingStore([10 * n for n in range(11)], [])
    assert [each.id for each in read(store)] == list(range(1, 12))


def test_an_empty_store_takes_one_request() -> None:
    store = MovingStore([], [])
    assert read(store) == []
    assert store.pages == 1


def test_only_what_changed_since_is_read() -> None:
    store = MovingStore([0, 10, 20, 30], [])
    assert [each.id for each in read(store, START + timedelta(seconds=20))] == [3, 4]


def test_an_order_that_leaves_a_page_already_read_hides_no_other() -> None:
    seconds = [10 * n for n in range(12)]
    assert 5 not in naive(MovingStore(seconds, [[2]]))
    found = read(MovingStore(seconds, [[2]]))
    assert {each.id for each in found} == set(range(1, 13))
    assert [each.id for each in found].count(2) == 2


def test_orders_of_one_second_beyond_a_page_are_all_read() -> None:
    store = MovingStore([5] * 19, [])
    assert sorted(each.id for each in read(store)) == list(range(1, 20))


def test_an_order_that_leaves_a_second_of_several_pages_hides_no_other() -> None:
    assert 5 not in naive(MovingStore([5] * 19, [[2]]))
    found = read(MovingStore([5] * 19, [[2]]))
    assert {each.id for each in found} == set(range(1, 20))


def test_a_store_that_takes_since_as_after_is_read_likewise() -> None:
    store = MovingStore([7, 7, 7, 8, 8, 8, 8, 9, 9], [], exclusive=True)
    assert sorted(each.id for each in read(store)) == list(range(1, 10))


def test_a_store_that_heeds_no_page_numbers_is_told() -> None:
    store = MovingStore([5] * 19, [])
    with pytest.raises(BrokenAnswer, match="the same page of changed orders again"):
        list(iter_changes(lambda floor, number: store.page_of(floor, 1), START, SIZE))


@settings(max_examples=200, derandomize=True, deadline=None)
@given(
    st.lists(st.integers(0, 6), max_size=30),
    st.lists(st.lists(st.integers(1, 30), max_size=3), max_size=12),
)
def test_whatever_changes_while_it_is_read_nothing_is_skipped(
    seconds: list[int], edits: list[list[int]]
) -> None:
    store = MovingStore(seconds, edits)
    found = read(store)
    assert {each.id for each in found} == set(store.orders)
    assert len(found) == len(set(found))
