"""Every list and page of the admin opens for those who may look, with a bounded number of queries."""

from __future__ import annotations

import html
from collections.abc import Callable
from typing import Any

import pytest
from django.contrib import admin
from django.contrib.auth.models import Group, User
from django.db import connection
from django.db.models import Model
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from archive.models import AccessRecord, AuditEntry, Document, Transmission
from integration.models import ExceptionCase, Order, Store, Work
from integration.work import Step, put
from partners.models import (
    Agreement,
    CodeList,
    ControlNumber,
    ItemCrossReference,
    Mailbox,
    PartnerIdentifier,
    TradingPartner,
)
from portal.admin.show import list_url, page_url
from tests import factories

SHOWN: dict[type[Model], int] = {
    Order: 20,
    Document: 20,
    Transmission: 20,
    ExceptionCase: 20,
    Work: 20,
    Store: 20,
    Mailbox: 20,
    TradingPartner: 20,
    PartnerIdentifier: 20,
    Agreement: 20,
    ItemCrossReference: 20,
    CodeList: 20,
    ControlNumber: 20,
    AuditEntry: 20,
    AccessRecord: 20,
}
LABELS = [model._meta.label for model in SHOWN]
"""The most queries that a list may take, however many rows it shows."""


def by_label(label: str) -> type[Model]:
    return next(model for model in SHOWN if model._meta.label == label)


def fill() -> None:
    """Make at least one row of everything, by the real flows where there are some."""
    purchase_order = factories.purchase_order()
    document = factories.sent(purchase_order)
    factories.received(purchase_order.agreement, "997", factories.functional_acknowledgment(document))
    factories.received(purchase_order.agreement, "855", factories.acceptance(purchase_order))
    factories.case(order=purchase_order.order, partner=purchase_order.agreement.partner)
    put("documents", Step("match", str(document.pk), f"document:{document.pk}"))
    codes = CodeList.objects.create(agreement=purchase_order.agreement, name="units")
    codes.entries.create(ours="each", theirs="EA")
    AuditEntry.objects.create(actor="dora", verb="settle case", subject=f"order:{purchase_order.order_id}")


def test_the_menu_and_the_lists_hold_what_we_show_and_nothing_else(db: None) -> None:
    ours = {model for model in admin.site._registry if model._meta.app_label not in ("admin", "auth")}
    assert ours == set(SHOWN)
    others = {model._meta.label for model in admin.site._registry} - {model._meta.label for model in ours}
    assert others == {"admin.LogEntry", "auth.User", "auth.Group"}


@pytest.mark.parametrize("label", LABELS)
def test_a_list_and_a_page_open_for_the_group_view(viewer: Client, label: str) -> None:
    fill()
    model = by_label(label)
    listed = viewer.get(list_url(model))
    assert listed.status_code == 200
    assert listed.context["cl"].result_count == model._default_manager.filter(**OPEN.get(label, {})).count()
    row = model._default_manager.order_by("pk").first()
    assert row is not None
    page = viewer.get(page_url(row))
    assert page.status_code == 200
    assert page.content.decode().count("<h1") == 1


OPEN: dict[str, dict[str, Any]] = {"integration.ExceptionCase": {"closed_at": None}}


@pytest.mark.parametrize("label", LABELS)
def test_an_empty_list_says_what_to_do(viewer: Client, label: str) -> None:
    text = html.unescape(viewer.get(list_url(by_label(label))).content.decode())
    empty = admin.site._registry[by_label(label)].empty
    if label == "archive.AccessRecord":
        assert "Nobody has read any content yet" in text
    assert empty.title in text
    assert empty.words in text


@pytest.mark.parametrize("label", LABELS)
def test_every_filter_of_a_list_can_be_chosen(viewer: Client, label: str) -> None:
    fill()
    fill()
    menus = viewer.get(list_url(by_label(label))).context["filter_menus"]
    chosen = [choice for menu in menus for choice in menu.choices]
    assert (len(chosen) > 1) == bool(admin.site._registry[by_label(label)].list_filter)
    for choice in chosen:
        assert viewer.get(list_url(by_label(label)) + choice.query).status_code == 200, choice.words


SEARCHED = [label for label in LABELS if admin.site._registry[by_label(label)].search_fields]


@pytest.mark.parametrize("label", SEARCHED)
def test_a_search_for_anything_is_answered(viewer: Client, label: str) -> None:
    for term in ("1", "PO-450042", "'; DROP TABLE x; --", "9" * 20, "é\x00ü", "²", "#12", "%", " "):
        assert viewer.get(list_url(by_label(label)), {"q": term}).status_code == 200, term


@pytest.mark.parametrize("label", LABELS)
def test_a_list_takes_a_bounded_number_of_queries(
    viewer: Client, label: str, django_assert_max_num_queries: Callable[[int], Any]
) -> None:
    fill()
    model = by_label(label)
    with CaptureQueriesContext(connection) as few:
        viewer.get(list_url(model))
    fill()
    fill()
    assert len(few) <= SHOWN[model]
    with django_assert_max_num_queries(len(few)):
        viewer.get(list_url(model))


def test_the_dashboard_opens_for_view_and_says_so_honestly_when_there_is_nothing(viewer: Client) -> None:
    text = viewer.get(reverse("admin:index")).content.decode()
    assert "No open cases: nothing needs a person right now." in text
    assert "Add a trading partner" in text


def test_somebody_without_a_group_sees_no_counts(client: Client, db: None) -> None:
    factories.case()
    client.force_login(factories.user("nobody"))
    text = client.get(reverse("admin:index")).content.decode()
    assert "Ask an administrator for the group" in text
    assert "Open cases" not in text


@pytest.mark.parametrize("label", LABELS)
def test_nobody_without_rights_opens_a_list(client: Client, db: None, label: str) -> None:
    client.force_login(factories.user("nobody"))
    assert client.get(list_url(by_label(label))).status_code == 403


def test_the_badge_counts_open_cases(viewer: Client) -> None:
    factories.case()
    factories.case()
    navigation = viewer.get(reverse("admin:index")).context["sidebar_navigation"]
    cases = next(item for item in navigation[0]["items"] if item["title"] == "Cases")
    assert cases["badge"] == "2"


def test_users_and_groups_are_for_administrators(viewer: Client, administrator: Client) -> None:
    for model in (User, Group):
        assert viewer.get(list_url(model)).status_code == 403
        assert administrator.get(list_url(model)).status_code == 200
        row = model._default_manager.order_by("pk").first()
        assert row is not None
        assert administrator.get(page_url(row)).status_code == 200
