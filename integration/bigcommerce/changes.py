"""What changed since, with nothing skipped while the pages move.

A page number counts from the front of a list sorted by date of change. Each order that changes while we read leaves
its place for the end, all behind it move one forward, and the first of the next page is never seen. So we ask by the
last date seen instead of the next page, one second back since dates have whole seconds. Only where a whole page lies
within these two seconds are page numbers used, and then the pages are read once more from the last to the first:
what moves forward moves into pages that are still to be read.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import Protocol, TypeVar

from integration.bigcommerce.fields import BrokenAnswer

SECOND = timedelta(seconds=1)


class Changed(Protocol):
    """An order, or the news of one."""

    @property
    def id(self) -> int:
        """Return its number."""

    @property
    def date_modified(self) -> datetime:
        """Return when it changed last, whole seconds."""


C = TypeVar("C", bound=Changed)


def iter_changes(page_of: Callable[[datetime, int], list[C]], since: datetime, size: int) -> Iterator[C]:
    """Yield each state that was seen, once; by date, but for what moved while it was read.

    ``page_of`` returns a page (1, 2 …) of the changes at or after a date, oldest first, ``size`` long but for the
    last. Every order that changed at or after ``since`` is yielded; one that changes while we read may be yielded in
    either or both of its states. Raises ``BrokenAnswer`` where page numbers are not heeded.
    """
    floor = since
    seen: set[tuple[int, datetime]] = set()
    while True:
        number, read = 1, page_of(floor, 1)
        while len(read) == size and read[-1].date_modified - SECOND <= floor:
            yield from _fresh(read, seen)
            number += 1
            before, read = read, page_of(floor, number)
            if _states(read) == _states(before):
                # Orders only ever move towards the front, so a page cannot hold what the one before held.
                raise BrokenAnswer("The store gives the same page of changed orders again. It was not used.")
        for earlier in range(number - 1, 0, -1):
            yield from _fresh(page_of(floor, earlier), seen)
        yield from _fresh(read, seen)
        if len(read) < size:
            return
        floor = read[-1].date_modified - SECOND
        seen = {state for state in seen if state[1] >= floor}


def _states(page: list[C]) -> list[tuple[int, datetime]]:
    return [(each.id, each.date_modified) for each in page]


def _fresh(page: list[C], seen: set[tuple[int, datetime]]) -> Iterator[C]:
    for each in page:
        state = (each.id, each.date_modified)
        if state not in seen:
            seen.add(state)
            yield each
