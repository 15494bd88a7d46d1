"""Every list and page of the admin: opens for those who may look, says what to do when empty, and stays bounded."""

from __future__ import annotations

import html
import inspect
import re
from pathlib import Path
from typing import Any

import pytest
from django.contrib import admin
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Group, User
from django.db.models import Model
from django.test import Client
from django.urls import get_resolver, reverse

from archive.models import (
    AccessRecord,
    AuditEntry,
    DisposalCertificate,
    DisposalRun,
    Document,
    Hold,
    PayloadCopy,
    RetentionRule,
    SealCheck,
    Transmission,
)
from integration.flows import decide
from integration.flows.customer_links import VERBS as LINK_VERBS
from integration.flows.disposals import VERBS as DISPOSAL_VERBS
from integration.flows.event_settings import VERBS as EVENT_VERBS
from integration.flows.exports import VERBS as EXPORT_VERBS
from integration.flows.holds import VERBS as HOLD_VERBS
from integration.flows.invoice_rules import VERBS as INVOICING_VERBS
from integration.flows.notice_settings import VERBS as NOTICE_VERBS
from integration.flows.retention import VERBS as RETENTION_VERBS
from integration.flows.routing_rules import VERBS as ROUTING_VERBS
from integration.flows.steps import STEPS
from integration.flows.translations import CHANGE, VERBS
from integration.models import (
    BulkJob,
    Carrier,
    CustomerLink,
    Erasure,
    EventDelivery,
    EventDestination,
    ExceptionCase,
    Expectation,
    Invoice,
    InvoiceRule,
    InvoiceSeries,
    MailServer,
    NoticeRule,
    NoticeWebhook,
    Order,
    OutgoingMail,
    Pause,
    PurchaseOrder,
    Reconciliation,
    RestoreDrill,
    ReturnCase,
    RoutingRule,
    Shipment,
    StockFeed,
    Store,
    StoreItem,
    SupplierInvoice,
    SupplierStock,
    Warehouse,
    Work,
)
from partners.models import (
    Agreement,
    BusinessCalendar,
    CodeList,
    ControlNumber,
    ItemCrossReference,
    Mailbox,
    MappingProfile,
    PartnerIdentifier,
    TradingPartner,
)
from portal.admin.base import HistoryAdmin
from portal.admin.filters import VerbFilter, verb_words
from portal.admin.show import list_url, page_url
from portal.admin.subjects import STEP_SUBJECTS
from portal.api.tokens import VERBS as TOKEN_VERBS
from portal.exports.stopping import VERBS as STOPPING_VERBS
from portal.models import ApiToken, Export
from tests import factories

HISTORY: list[type[Model]] = [
    Order, PurchaseOrder, Reconciliation, Document, Transmission, ExceptionCase, Work, Pause, ControlNumber, AuditEntry, AccessRecord, LogEntry, PayloadCopy,
    BulkJob, Erasure, EventDelivery, Expectation, OutgoingMail, RestoreDrill, Invoice, Shipment, SupplierInvoice,
    StoreItem,
    ReturnCase,
    StockFeed, SupplierStock, SealCheck,
    RetentionRule, Hold, DisposalRun, ApiToken, Export,
]  # fmt: skip
SETTINGS: list[type[Model]] = [
    Store, Mailbox, MailServer, TradingPartner, PartnerIdentifier, Agreement, ItemCrossReference, CodeList,
    BusinessCalendar, MappingProfile, RoutingRule, Warehouse, CustomerLink, Carrier, InvoiceRule, InvoiceSeries,
    NoticeRule, NoticeWebhook, EventDestination,
]  # fmt: skip
OWN_PAGES = {MappingProfile}
SHOWN = [model for model in (*HISTORY, *SETTINGS) if model is not LogEntry]
MOST_QUERIES = 20
OPEN: dict[type[Model], dict[str, Any]] = {
    ExceptionCase: {"closed_at": None},
    Expectation: {"state__in": Expectation.UNMET},
}

each_shown = pytest.mark.parametrize("model", SHOWN, ids=lambda model: model.__name__)
each_setting = pytest.mark.parametrize("model", SETTINGS, ids=lambda model: model.__name__)
both_groups = pytest.mark.parametrize("group", ["view", "decide"])


def member(group: str) -> Client:
    client = Client()
    client.force_login(factories.user(group=group))
    return client


def first(model: type[Model]) -> Model:
    row = model._default_manager.order_by("pk").first()
    assert row is not None
    return row


def test_the_admin_holds_what_we_show_and_users_and_nothing_else() -> None:
    # A certificate takes a document of years ago: see test_governance_pages.
    assert set(admin.site._registry) == {*SHOWN, DisposalCertificate, LogEntry, User, Group}


@pytest.mark.parametrize("name", ["failure", "success", "schedule", "ormq"])
def test_nobody_reaches_the_tables_of_django_q_or_its_own_resubmit(administrator: Client, name: str) -> None:
    for address in (f"/admin/django_q/{name}/", f"/admin/django_q/{name}/1/change/", "/admin/django_q/"):
        assert administrator.get(address).status_code == 404, address
        assert (
            administrator.post(address, {"action": "retry_failed", "_selected_action": "1"}).status_code
            == 404
        )
    assert "django_q" not in administrator.get(reverse("admin:index")).content.decode()


def test_no_address_of_the_portal_leads_to_django_q() -> None:
    def names(patterns: Any) -> list[str]:
        found = []
        for each in patterns:
            found += names(each.url_patterns) if hasattr(each, "url_patterns") else [repr(each)]
        return found

    addresses = names(get_resolver().url_patterns)
    assert len(addresses) > 50
    assert [address for address in addresses if "django_q" in address or "django-q" in address] == []


@both_groups
@pytest.mark.parametrize(
    "model", [each for each in SHOWN if each is not Carrier], ids=lambda model: model.__name__
)
def test_an_empty_list_says_what_to_do(db: None, group: str, model: type[Model]) -> None:
    answer = member(group).get(list_url(model))
    assert answer.context["cl"].result_count == 0
    text = html.unescape(answer.content.decode())
    empty = admin.site._registry[model].empty
    assert str(empty.title) in text
    assert str(empty.words) in text
    assert (f"{list_url(model)}add/" in text) == (group == "decide" and model in SETTINGS)


@both_groups
def test_a_fresh_installation_says_so_and_what_comes_first(db: None, group: str) -> None:
    answer = member(group).get(reverse("admin:index"))
    assert {tile.count for tile in answer.context["tiles"]} == {"None"}
    assert [step["words"] for step in answer.context["first_steps"] if step["done"]] == []
    text = answer.content.decode()
    assert "No open cases: nothing needs a person right now." in text
    assert "Add a trading partner" in text
    assert "No documents yet." in text


def test_a_filter_that_is_set_says_what_is_chosen(viewer: Client) -> None:
    menus = viewer.get(list_url(Document, "status=rejected")).context["filter_menus"]
    assert [(menu.title, menu.chosen) for menu in menus if menu.is_set] == [
        ("Status", "Rejected by the partner")
    ]


def test_a_list_counts_no_further_than_its_limit(viewer: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    partner = factories.partner()
    for number in range(4):
        factories.case(f"Case {number}.", partner=partner)
    monkeypatch.setattr("portal.admin.paging.COUNT_LIMIT", 2)
    monkeypatch.setattr(HistoryAdmin, "list_per_page", 2)
    monkeypatch.setattr(HistoryAdmin, "count_limit", 2)
    answer = viewer.get(list_url(ExceptionCase))
    assert answer.context["cl"].result_count == 3
    assert ">2+ cases<" in answer.content.decode()


@each_setting
def test_somebody_in_decide_may_open_the_form_of_a_new_one(decider: Client, model: type[Model]) -> None:
    answer = decider.get(f"{list_url(model)}add/")
    assert answer.status_code == 200
    assert 'name="_save"' in answer.content.decode()


def test_what_nothing_holds_can_be_removed(decider: Client) -> None:
    unused = factories.mailbox("Opened by mistake")
    address = page_url(unused).replace("change/", "delete/")
    assert address in decider.get(page_url(unused)).content.decode()
    assert decider.post(address, {"post": "yes"}).status_code == 302
    assert not Mailbox.objects.filter(pk=unused.pk).exists()


def test_somebody_without_a_group_sees_no_counts(client: Client, db: None) -> None:
    factories.case()
    client.force_login(factories.user("nobody"))
    text = client.get(reverse("admin:index")).content.decode()
    assert "Ask an administrator for a role" in text
    assert "Open cases" not in text
    assert 'role="search"' not in text


def test_users_and_groups_are_for_administrators_and_looked_at_by_auditors(
    viewer: Client, decider: Client, administrator: Client
) -> None:
    for model in (User, Group):
        assert decider.get(list_url(model)).status_code == 403
        assert viewer.get(list_url(model)).status_code == 200
        assert viewer.post(page_url(first(model)), {}).status_code == 403
        assert administrator.get(list_url(model)).status_code == 200
        assert administrator.get(page_url(first(model))).status_code == 200


def test_a_user_is_switched_off_and_never_removed(administrator: Client) -> None:
    leaver = factories.user("leaver", "decide")
    assert (
        administrator.post(page_url(leaver).replace("change/", "delete/"), {"post": "yes"}).status_code == 403
    )
    assert User.objects.filter(pk=leaver.pk).exists()


def test_every_step_and_every_verb_has_its_words() -> None:
    assert set(STEP_SUBJECTS) == set(STEPS)
    verbs = Path(inspect.getfile(decide)).parent.glob("*.py")
    sources = "".join(path.read_text() for path in verbs)
    said = re.findall(
        r'record_audit\(\s*user,\s*"([a-z ]+)"|_record_mode\(\s*user,\s*subject,\s*"([a-z ]+)"', sources
    )
    # The verbs with a part that is filled in: what ``change`` does to each kind of row, and what is decided.
    changes = set(re.findall(r'_entry\(user, reason, row, "([a-z]+)"', sources))
    said_in_parts = {verb for verb in VERBS if verb.partition(" ")[0] in changes}
    assert len(said_in_parts) == 3 * len(CHANGE)
    decided = {f"decide: {name}" for name in re.findall(r'^    "(\w+)": _do_\w+,$', sources, re.MULTILINE)}
    of_settings = {*ROUTING_VERBS, *INVOICING_VERBS, *LINK_VERBS, *NOTICE_VERBS}
    of_settings |= {
        *RETENTION_VERBS,
        *HOLD_VERBS,
        *DISPOSAL_VERBS,
        *EXPORT_VERBS,
        *EVENT_VERBS,
        *TOKEN_VERBS,
        *STOPPING_VERBS,
    }
    assert {audited or mode for audited, mode in said} | said_in_parts | of_settings | decided == set(
        VerbFilter.verbs
    )
    assert len(set(VerbFilter.verbs)) == len(VerbFilter.verbs)


@pytest.mark.parametrize(
    ("verb", "words"),
    [
        ("retry case", "Retry case"),
        ("decide: not_ours", "Decide: not ours"),
        ("decide: translate", "Decide: enter the translation"),
        ("decide: a verb of tomorrow", "Decide: a verb of tomorrow"),
    ],
)
def test_a_verb_is_said_in_words(verb: str, words: str) -> None:
    assert verb_words(verb) == words


def test_who_logs_in_without_having_asked_for_a_page_comes_to_the_dashboard(db: None) -> None:
    User.objects.create_superuser("root", password="a password")
    client = Client()
    answer = client.post(reverse("admin:login"), {"username": "root", "password": "a password"})
    assert (answer.status_code, answer.headers["Location"]) == (302, reverse("admin:index"))


def test_the_menu_leads_to_the_search_for_whoever_has_something_to_look_for(db: None) -> None:
    nobody = Client()
    nobody.force_login(factories.user("nobody"))
    leads_there = [
        f'href="{reverse("find")}"' in client.get(reverse("admin:index")).content.decode()
        for client in (member("view"), nobody)
    ]
    assert leads_there == [True, False]
