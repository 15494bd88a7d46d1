"""Pages of lists: 50 entries unless asked otherwise, 250 at most."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import urlencode

from integration.simulators.store.exchange import Answer
from integration.simulators.store.refusals import invalid, v2_error, v3_error
from integration.simulators.store.values import counting_text

DEFAULT_PAGE = 50
LARGEST_PAGE = 250
PAGING = frozenset({"page", "limit"})


def v2_page(rows: Sequence[Any], query: Mapping[str, str]) -> Answer:
    """Return one page as V2 gives it: a bare list without a total, 204 behind the end, 413 for too large a page."""
    asked = {"page": 1, "limit": DEFAULT_PAGE}
    for name in [name for name in asked if name in query]:
        try:
            asked[name] = counting_text(query[name])
        except ValueError as error:
            raise invalid(name, str(error)) from error
    if asked["limit"] > LARGEST_PAGE:
        message = "The specified limit exceeds the maximum allowed."
        raise v2_error(413, message, {"max_limit": LARGEST_PAGE})
    found = _slice(rows, asked["page"], asked["limit"])
    return Answer(200, found) if found else Answer(204)


def v3_page(rows: Sequence[Any], query: Mapping[str, str], largest: int = LARGEST_PAGE) -> Answer:
    """Return one page as V3 gives it: the list, and how it lies in the whole with links to its neighbours."""
    asked = {"page": 1, "limit": DEFAULT_PAGE}
    for name in [name for name in asked if name in query]:
        try:
            asked[name] = counting_text(query[name])
        except ValueError as error:
            raise v3_error(400, "Input is invalid", {name: str(error)}) from error
    page, limit = asked["page"], asked["limit"]
    if limit > largest:
        raise v3_error(400, "Input is invalid", {"limit": f"The largest value is {largest}."})
    found = _slice(rows, page, limit)
    pages = max(1, -(-len(rows) // limit))
    neighbours = {"previous": page - 1, "current": page, "next": page + 1}
    filters = {name: value for name, value in query.items() if name not in PAGING}
    pagination = {
        "total": len(rows),
        "count": len(found),
        "per_page": limit,
        "current_page": page,
        "total_pages": pages,
        "links": {
            word: f"?{urlencode({**filters, 'page': number, 'limit': limit})}"
            for word, number in neighbours.items()
            if word == "current" or 1 <= number <= pages
        },
    }
    return Answer(200, {"data": found, "meta": {"pagination": pagination}})


def _slice(rows: Sequence[Any], page: int, limit: int) -> list[Any]:
    return list(rows[(page - 1) * limit : page * limit])
