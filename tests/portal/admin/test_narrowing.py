"""Find narrowed: only documents that fulfil all that was chosen, each choice in sight; and searches that are kept."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from archive.models import DocumentState
from portal.admin.saved_searches import kept_query
from portal.groups import CUSTOMER_SERVICE
from portal.models import SavedSearch
from tests import factories
from tests.portal.admin.conftest import client_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def desk() -> Client:
    """Somebody of customer service."""
    return client_of(factories.user("ida", CUSTOMER_SERVICE))


def ask(client: Client, **query: Any) -> Any:
    return client.get(reverse("find"), query)


def orders(answer: Any) -> list[int]:
    return [group.order.number for section in answer.context["sections"] for group in section.groups]


@pytest.fixture
def two() -> list[Any]:
    """Two orders of one item with one partner; the 850 of the second was rejected."""
    made = factories.purchase_order(factories.order(1042))
    other = factories.purchase_order(factories.order(1043), made.agreement)
    sent = [factories.sent(each) for each in (made, other)]
    DocumentState.objects.filter(document=sent[1]).update(acknowledgment="rejected")
    return sent


def test_what_is_chosen_holds_for_every_document_that_is_shown(desk: Client, two: list[Any]) -> None:
    partner = two[0].partner
    assert orders(ask(desk, q="FS-1")) == [1043, 1042]
    assert orders(ask(desk, q="FS-1", status="rejected")) == [1043]
    assert orders(ask(desk, q="FS-1", status="rejected", direction="out", set="850", period="today")) == [
        1043
    ]
    assert orders(ask(desk, q="FS-1", partner=partner.pk)) == [1043, 1042]
    stranger = factories.partner()
    for query in ({"direction": "in"}, {"set": "855"}, {"partner": stranger.pk}, {"status": "accepted"}):
        answer = ask(desk, q="FS-1", **query)
        assert answer.context["sections"] == [], query
        assert "Look for “FS-1” everywhere" in answer.content.decode()


def test_each_choice_is_a_chip_that_is_taken_away_by_itself(desk: Client, two: list[Any]) -> None:
    answer = ask(desk, q="FS-1", status="rejected", direction="out")
    chips = {chip.words: chip.url for chip in answer.context["narrowing"].chips}
    assert chips == {
        "Status: Rejected by the partner": "?q=FS-1&direction=out",
        "Direction: Sent": "?q=FS-1&status=rejected",
    }
    page = answer.content.decode()
    assert page.count('class="gp-chip"') == 2
    menus = {menu.title: menu.chosen for menu in answer.context["narrowing"].menus}
    assert menus == {
        "Period": "All", "Status": "Rejected by the partner", "Document": "All", "Direction": "Sent", "Partner": "All",
    }  # fmt: skip


def test_a_choice_that_there_is_not_narrows_nothing(desk: Client, two: list[Any]) -> None:
    answer = ask(desk, q="FS-1", status="x", period="-1", partner="0", set="999999", direction="sideways")
    assert answer.context["narrowing"].chips == []
    assert orders(answer) == [1043, 1042]


def test_a_number_narrowed_is_listed_and_not_jumped_to(desk: Client, two: list[Any]) -> None:
    assert ask(desk, q="1042").status_code == 302
    assert orders(ask(desk, q="1042", direction="out")) == [1042]


def test_without_a_term_the_same_documents_are_offered_as_a_list(desk: Client, two: list[Any]) -> None:
    address = ask(desk, status="rejected", direction="out").context["narrowing"].documents_url
    listed: Any = desk.get(address)
    assert [row.pk for row in listed.context["cl"].result_list] == [two[1].pk]


def test_a_search_is_kept_offered_and_removed(desk: Client, two: list[Any]) -> None:
    query = "q=FS-1&status=rejected&after=abc&x=1"
    desk.post(reverse("save_search"), {"name": "Rejected FS-1", "query": query, "is_shared": "on"})
    row = SavedSearch.objects.get()
    assert (row.query, row.is_shared, row.user.username) == ("q=FS-1&status=rejected", True, "ida")
    [kept] = ask(desk).context["saved_searches"]
    assert orders(desk.get(kept.url)) == [1043]
    desk.post(reverse("save_search"), {"name": "Rejected FS-1", "query": "q=FS-2"})
    assert SavedSearch.objects.get().query == "q=FS-2"
    desk.post(reverse("remove_search", args=[row.pk]))
    assert not SavedSearch.objects.exists()


def test_what_others_share_is_offered_and_theirs_to_remove(desk: Client) -> None:
    other = factories.user("olga", CUSTOMER_SERVICE)
    for name, is_shared in (("Ours", True), ("Mine", False)):
        SavedSearch.objects.create(user=other, name=name, query="q=1", is_shared=is_shared)
    assert [(kept.row.name, kept.is_own) for kept in ask(desk).context["saved_searches"]] == [("Ours", False)]
    assert desk.post(reverse("remove_search", args=[SavedSearch.objects.first().pk])).status_code == 404
    assert SavedSearch.objects.count() == 2


def test_nothing_is_kept_that_looks_for_nothing(desk: Client) -> None:
    answer = desk.post(reverse("save_search"), {"name": "Empty", "query": "after=x"}, follow=True)
    assert "The search is not kept." in answer.content.decode()
    assert not SavedSearch.objects.exists()
    assert desk.get(reverse("save_search")).status_code == 405
    assert Client().post(reverse("save_search"), {"name": "x", "query": "q=1"}).status_code == 302
    nobody = client_of(factories.user("noel"))
    assert nobody.post(reverse("save_search"), {"name": "x", "query": "q=1"}).status_code == 403
    assert not SavedSearch.objects.exists()


def test_two_ways_to_write_one_search_are_one() -> None:
    assert (
        kept_query("status=rejected&q=1042")
        == kept_query("q=1042&status=rejected&after=9")
        == "q=1042&status=rejected"
    )
