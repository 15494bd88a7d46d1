"""The menu: what asks for somebody, and the searches that they keep or are offered."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from portal.groups import CUSTOMER_SERVICE
from portal.models import SavedSearch
from tests import factories
from tests.portal.admin.conftest import client_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def ida() -> User:
    return factories.user("ida", CUSTOMER_SERVICE)


def menu(client: Client, address: str = "") -> list[dict[str, Any]]:
    """What stands under Work."""
    items: list[dict[str, Any]] = client.get(address or reverse("admin:index")).context["sidebar_navigation"][
        0
    ]["items"]
    return items


def cases(client: Client) -> str:
    return str(next(item for item in menu(client) if item["title"] == "Cases").get("badge", ""))


def searches(client: Client, address: str = "") -> list[dict[str, Any]]:
    """What stands between Find and Cases."""
    items = menu(client, address)
    titles = [item["title"] for item in items]
    return items[titles.index("Find") + 1 : titles.index("Cases")]


def keep(user: User, *names: str, **fields: Any) -> None:
    for name in names:
        SavedSearch.objects.create(user=user, name=name, query=f"q={len(name)}", **fields)


def test_the_badge_counts_what_is_mine_or_nobodys_and_not_put_off(ida: User) -> None:
    client, other = client_of(ida), factories.user("olga", CUSTOMER_SERVICE)
    assert cases(client) == ""
    later = timezone.now() + timedelta(days=1)
    for fields in ({}, {"owner": ida}, {"owner": other}, {"owner": ida, "snoozed_until": later}):
        factories.case(**fields)
    factories.case(
        owner=ida, closed_at=timezone.now(), closed_by="ida", decision="settled", decision_reason="Done."
    )
    assert cases(client) == "2"
    assert cases(client_of(other)) == "2"
    assert cases(client_of(factories.user("vera", "view"))) == "1"


def test_searches_stand_under_find_own_first_eight_at_most(ida: User) -> None:
    client, other = client_of(ida), factories.user("olga", CUSTOMER_SERVICE)
    assert searches(client) == []
    keep(other, "Alpha", is_shared=True)
    keep(other, "Hers")
    keep(ida, "Rejected", "Overdue")
    found = searches(client)
    assert [item["title"] for item in found] == ["Overdue", "Rejected", "Alpha", "All saved searches"]
    assert [item["icon"] for item in found] == ["bookmark", "bookmark", "bookmarks", "more_horiz"]
    assert found[0]["link"] == f"{reverse('find')}?q=7"
    keep(ida, *(f"No {number}" for number in range(7)))
    assert len(searches(client)) == 9
    assert [item["title"] for item in searches(client)][-2:] == ["Overdue", "All saved searches"]
    assert searches(client_of(factories.user("noel"))) == []


def test_a_search_is_marked_where_it_is_shown(ida: User) -> None:
    client = client_of(ida)
    keep(ida, "Four", "Seven77")
    active = {item["title"]: item["active"] for item in searches(client, f"{reverse('find')}?q=7")}
    assert active == {"Four": False, "Seven77": True, "All saved searches": False}
    assert not any(item["active"] for item in searches(client, f"{reverse('admin:index')}?q=7"))


def test_what_people_write_as_a_name_is_never_markup(ida: User) -> None:
    keep(ida, "<b>x</b>", "W" * 80)
    page = client_of(ida).get(reverse("admin:index")).content.decode()
    assert "<b>x</b>" not in page
    assert "&lt;b&gt;x&lt;/b&gt;" in page
    assert f"{'W' * 23}…" in page
    assert "W" * 24 not in page
