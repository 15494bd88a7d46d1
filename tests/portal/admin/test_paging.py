"""Lists by page: each row once, in both directions, whatever is equal and whatever is written meanwhile."""

from __future__ import annotations

from datetime import UTC, datetime
from itertools import chain
from typing import Any

import pytest
from django.test import Client

from archive.models import Event
from integration.models import Order, Store
from portal.admin.base import HistoryAdmin
from portal.admin.paging import Order as RowOrder
from portal.admin.show import list_url, page_url
from tests import factories

pytestmark = pytest.mark.django_db
ORDERS = 23
PLACED = datetime(2026, 11, 20, 12, tzinfo=UTC)


@pytest.fixture
def store(monkeypatch: pytest.MonkeyPatch) -> Store:
    """A store with 23 orders that were placed in the same second, shown five at a time."""
    monkeypatch.setattr(HistoryAdmin, "list_per_page", 5)
    made = factories.store()
    for number in range(ORDERS):
        factories.order(5_000 + number, of=made, placed_at=PLACED)
    return made


def walk(client: Client, query: str, way: str) -> list[list[int]]:
    """Return the numbers on each page from ``query`` on, following ``next_url`` or ``previous_url``."""
    pages = []
    for _ in range(ORDERS):
        shown: Any = client.get(f"{list_url(Order)}{query}").context["cl"]
        pages.append([row.number for row in shown.result_list])
        query = getattr(shown, way)
        if not query:
            return pages
    raise AssertionError("The pages never end.")


def test_every_row_is_on_one_page_though_all_have_one_time(viewer: Client, store: Store) -> None:
    pages = walk(viewer, "", "next_url")
    assert [len(page) for page in pages] == [5, 5, 5, 5, 3]
    assert [*chain.from_iterable(pages)] == [5_000 + number for number in reversed(range(ORDERS))]


def test_the_way_back_shows_the_same_pages(viewer: Client, store: Store) -> None:
    shown: Any = viewer.get(list_url(Order)).context["cl"]
    while shown.next_url:
        last = shown.next_url
        shown = viewer.get(f"{list_url(Order)}{last}").context["cl"]
    backwards = walk(viewer, last, "previous_url")
    assert backwards[0] == [5_002, 5_001, 5_000]
    assert [*chain.from_iterable(reversed(backwards))] == [
        5_000 + number for number in reversed(range(ORDERS))
    ]
    assert shown.first_url == "?"


def test_a_row_that_is_written_meanwhile_moves_nothing_to_the_next_page(viewer: Client, store: Store) -> None:
    first: Any = viewer.get(list_url(Order)).context["cl"]
    factories.order(9_000, of=store, placed_at=datetime(2026, 11, 25, tzinfo=UTC))
    following: Any = viewer.get(f"{list_url(Order)}{first.next_url}").context["cl"]
    assert [row.number for row in following.result_list] == [5_017, 5_016, 5_015, 5_014, 5_013]
    assert (
        viewer.get(f"{list_url(Order)}{following.previous_url}").context["cl"].result_list[0].number == 5_022
    )


@pytest.mark.parametrize(
    "key", ["x", "2026-11-20", "~", "a~b", "9" * 40, "2026-11-20T12:00:00+00:00~x", "\x00"]
)
def test_a_key_that_is_none_shows_the_first_page(viewer: Client, store: Store, key: str) -> None:
    shown: Any = viewer.get(list_url(Order), {"after": key}).context["cl"]
    assert [row.number for row in shown.result_list] == [5_022, 5_021, 5_020, 5_019, 5_018]


def test_another_filter_begins_on_its_first_page_and_a_page_is_come_back_to(
    viewer: Client, store: Store
) -> None:
    first: Any = viewer.get(list_url(Order), {"state__exact": "settling"}).context["cl"]
    answer: Any = viewer.get(f"{list_url(Order)}{first.next_url}")
    assert "state__exact=settling" in first.next_url
    chosen = [choice.query for menu in answer.context["filter_menus"] for choice in menu.choices]
    assert [query for query in chosen if "after=" in query] == []
    row = answer.context["cl"].result_list[0]
    link = next(part for part in answer.content.decode().split('"') if part.startswith(f"{page_url(row)}?"))
    back = viewer.get(link.replace("&amp;", "&")).context["back_url"]
    again: Any = viewer.get(back).context["cl"]
    assert [each.number for each in again.result_list] == [
        each.number for each in answer.context["cl"].result_list
    ]


def test_how_many_there_are_is_told_on_every_page(viewer: Client, store: Store) -> None:
    for query in ("", walk_once(viewer)):
        assert ">23 orders<" in viewer.get(f"{list_url(Order)}{query}").content.decode()


def walk_once(client: Client) -> str:
    """Return the query of the second page."""
    return str(client.get(list_url(Order)).context["cl"].next_url)


def test_only_an_order_that_a_key_can_continue_is_one() -> None:
    assert RowOrder.of(Order.objects.order_by("-placed_at", "-pk")) is not None
    assert RowOrder.of(Event.objects.order_by("pk")) is not None
    for names in (("-placed_at", "pk"), ("store__name", "pk"), ("-customer_link", "-pk"), ()):
        assert RowOrder.of(Order.objects.order_by(*names)) is None, names
