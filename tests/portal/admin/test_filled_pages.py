"""Lists and pages where there is something of everything: they open, filter, search, stay bounded, and change nothing."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.contrib import admin
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import User
from django.db import connection
from django.db.models import Model
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from archive.models import AccessRecord
from integration.models import ExceptionCase, Expectation, PurchaseOrder
from partners.models import MappingProfile, TradingPartner
from portal.admin.show import list_url, page_url
from tests import factories
from tests.portal.admin.test_admin_pages import (
    HISTORY,
    MOST_QUERIES,
    SHOWN,
    both_groups,
    each_setting,
    each_shown,
    member,
)

pytestmark = pytest.mark.usefixtures("everything", "db")

OWN_PAGES = {MappingProfile}
OPEN: dict[type[Model], dict[str, Any]] = {
    ExceptionCase: {"closed_at": None},
    Expectation: {"state__in": Expectation.UNMET},
}
SEARCHED = [model for model in SHOWN if admin.site._registry[model].search_fields]


def first(model: type[Model]) -> Model:
    row = model._default_manager.order_by("pk").first()
    assert row is not None
    return row


@both_groups
@each_shown
def test_a_list_and_a_page_open_with_their_name_above(group: str, model: type[Model]) -> None:
    client = member(group)
    there = model._default_manager.filter(**OPEN.get(model, {})).count()  # to look at readings is one too
    listed = client.get(list_url(model))
    assert listed.status_code == 200
    assert listed.context["cl"].result_count == there
    row = first(model)
    page = client.get(page_url(row))
    assert page.status_code == 200
    assert page.content.decode().count("<h1") == 1
    way = [crumb.words for crumb in page.context["crumbs"]]
    assert way[:-1] == [listed.context["title"]]
    assert way[-1] != ""


@each_shown
def test_every_filter_of_a_list_can_be_chosen(viewer: Client, model: type[Model]) -> None:
    menus = viewer.get(list_url(model)).context["filter_menus"]
    chosen = [choice for menu in menus for choice in menu.choices]
    assert (len(chosen) > 1) == bool(admin.site._registry[model].list_filter)
    for choice in chosen:
        assert viewer.get(list_url(model) + choice.query).status_code == 200, choice.words


@pytest.mark.parametrize("model", SEARCHED, ids=lambda model: model.__name__)
def test_a_search_for_anything_is_answered(viewer: Client, model: type[Model]) -> None:
    for term in (
        "1",
        "PO-450042",
        "'; DROP TABLE x; --",
        "9" * 20,
        "é\x00ü",
        "²",
        "#12",
        "#",
        "%",
        " ",
        "\\y(",
        "*",
    ):
        assert viewer.get(list_url(model), {"q": term}).status_code == 200, term


def test_lists_and_the_first_page_take_as_many_queries_for_many_rows_as_for_few(viewer: Client) -> None:
    # To look at lists fills the list of readings: test_access_log counts there.
    lists = [list_url(model) for model in SHOWN if model is not AccessRecord]
    addresses = [*lists, reverse("admin:index")]

    def queries() -> dict[str, int]:
        taken = {}
        for address in addresses:
            with CaptureQueriesContext(connection) as captured:
                viewer.get(address)
            taken[address] = len(captured)
        return taken

    queries()  # what is kept in memory afterwards
    few = queries()
    factories.everything()
    factories.everything()
    many = queries()
    # one more where there is another page now
    grown = {address: many[address] - few[address] for address in addresses}
    assert {address: more for address, more in grown.items() if more > 1} == {}
    most = {address: MOST_QUERIES for address in addresses} | {reverse("admin:index"): 2 * MOST_QUERIES + 1}
    assert {address: few[address] for address in addresses if few[address] > most[address]} == {}


@pytest.mark.parametrize("model", HISTORY, ids=lambda model: model.__name__)
def test_history_is_added_to_changed_and_removed_by_nobody(administrator: Client, model: type[Model]) -> None:
    administrator.post(page_url(first(TradingPartner)), {"name": "Renamed"})
    LogEntry.objects.create(user=User.objects.get(username="root"), object_repr="a", action_flag=1)
    row, before = first(model), model._default_manager.count()
    addresses = [
        list_url(model),
        page_url(row),
        f"{list_url(model)}add/",
        page_url(row).replace("change/", "delete/"),
    ]
    for address in addresses:
        assert administrator.post(address, {"post": "yes", "_save": "Save"}).status_code == 403, address
    assert administrator.get(addresses[2]).status_code == 403
    assert administrator.get(addresses[3]).status_code == 403
    assert model._default_manager.count() == before
    assert administrator.get(page_url(row)).status_code == 200


@each_setting
def test_somebody_in_view_changes_no_setting(viewer: Client, model: type[Model]) -> None:
    row = first(model)
    addresses = [page_url(row), f"{list_url(model)}add/", page_url(row).replace("change/", "delete/")]
    for address in addresses:
        assert viewer.post(address, {"name": "Taken over", "post": "yes"}).status_code == 403, address
    page = viewer.get(addresses[0]).content.decode()
    assert 'name="_save"' not in page
    begin = 'class="gp-page"' if model in OWN_PAGES else 'id="content-main"'
    content = page.split(begin)[1].split("</form>")[0]
    assert re.findall(r'<(?:input|select|textarea)(?![^>]*type="(?:hidden|search)")[^>]*>', content) == []


def test_what_holds_history_is_never_offered_for_removal(decider: Client, everything: PurchaseOrder) -> None:
    made = everything
    held: list[Model] = [made.agreement, made.agreement.mailbox, made.agreement.partner, made.agreement.identifier,
                         made.order.store]  # fmt: skip
    for row in held:
        address = page_url(row).replace("change/", "delete/")
        assert address not in decider.get(page_url(row)).content.decode(), row
        assert decider.post(address, {"post": "yes"}).status_code == 403, row
        assert type(row)._default_manager.filter(pk=row.pk).exists()


@each_shown
def test_nobody_without_rights_opens_a_list_or_a_page(client: Client, model: type[Model]) -> None:
    client.force_login(factories.user("nobody"))
    assert client.get(list_url(model)).status_code == 403
    assert client.get(page_url(first(model))).status_code == 403
