"""Every address, method and role: what the resolver knows, against a table that people wrote.

A new address without a row fails, and so does a row without an address. Views are called as the resolver finds them,
behind the middleware that says who looks, and what they answer is not rendered: that is what makes it quick.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from django.contrib import admin
from django.contrib.admin.models import ADDITION, LogEntry
from django.contrib.auth.models import AnonymousUser, User
from django.contrib.messages.storage.cookie import CookieStorage
from django.contrib.sessions.backends.signed_cookies import SessionStore
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import Model
from django.http import Http404
from django.test import RequestFactory
from django.urls import get_resolver, resolve

from integration.models import PurchaseOrder, ReturnFile
from integration.reach import TABLE
from partners.models import AgreementDocument
from portal.access import ReachMiddleware, seen
from portal.groups import AUDITOR, CUSTOMER_SERVICE, OPERATOR, PARTNER_ADMINISTRATOR, RECORDS_MANAGER
from portal.models import Access
from tests import factories

ROLES = {"c": CUSTOMER_SERVICE, "p": PARTNER_ADMINISTRATOR, "o": OPERATOR, "r": RECORDS_MANAGER, "a": AUDITOR}
ADMINISTRATOR, ANYBODY = "A", "?"
STAFF = "cporaA"
NO_SUCH_METHOD = "405"

# Whose lists and pages are whose to look at, who adds, who changes, who removes the row of the sample world. What
# happened is added, changed and removed by nobody, and a row that something holds is not removed either.
MODELS: dict[str, tuple[str, str, str, str]] = {
    "archive_document": ("cporaA", "", "", ""),
    "archive_transmission": ("poraA", "", "", ""),
    "archive_retentionrule": ("poraA", "", "", ""),
    "archive_hold": ("poraA", "", "", ""),
    "archive_disposalrun": ("poraA", "", "", ""),
    "archive_disposalcertificate": ("poraA", "", "", ""),
    "archive_auditentry": ("poraA", "", "", ""),
    "archive_accessrecord": ("poraA", "", "", ""),
    "admin_logentry": ("aA", "", "", ""),
    "portal_apitoken": ("poaA", "", "", ""),
    "portal_export": ("poaA", "", "", ""),
    "auth_user": ("aA", "A", "A", ""),
    "auth_group": ("aA", "A", "A", "A"),
    "integration_order": ("cporaA", "", "", ""),
    "integration_purchaseorder": ("cporaA", "", "", ""),
    "integration_shipment": ("cporaA", "", "", ""),
    "integration_returncase": ("cporaA", "", "", ""),
    "integration_invoice": ("cporaA", "", "", ""),
    "integration_supplierinvoice": ("cporaA", "", "", ""),
    "integration_storeitem": ("cporaA", "", "", ""),
    "integration_stockfeed": ("cporaA", "", "", ""),
    "integration_supplierstock": ("cporaA", "", "", ""),
    "integration_exceptioncase": ("cporaA", "", "", ""),
    "integration_expectation": ("cporaA", "", "", ""),
    "integration_outgoingmail": ("cporaA", "", "", ""),
    "integration_bulkjob": ("poraA", "", "", ""),
    "integration_reconciliation": ("poraA", "", "", ""),
    "integration_work": ("poraA", "", "", ""),
    "integration_pause": ("poraA", "", "", ""),
    "integration_store": ("poraA", "oA", "oA", ""),
    "integration_mailserver": ("poraA", "", "oA", "oA"),
    "integration_noticerule": ("poraA", "poA", "poA", "poA"),
    "integration_noticewebhook": ("poraA", "oA", "oA", ""),
    "integration_eventdestination": ("poraA", "oA", "oA", ""),
    "integration_eventdelivery": ("poraA", "", "", ""),
    "integration_carrier": ("poraA", "poA", "poA", "poA"),
    "integration_warehouse": ("poraA", "poA", "poA", ""),
    "integration_customerlink": ("poraA", "pA", "pA", ""),
    "integration_invoicerule": ("poraA", "pA", "pA", ""),
    "integration_invoiceseries": ("poraA", "pA", "pA", ""),
    "integration_routingrule": ("poraA", "pA", "pA", "pA"),
    "partners_agreement": ("poraA", "pA", "pA", ""),
    "partners_controlnumber": ("poraA", "", "", ""),
    "partners_businesscalendar": ("poraA", "poA", "poA", "poA"),
    "partners_mailbox": ("poraA", "poA", "poA", ""),
    "partners_mappingprofile": ("poraA", "pA", "", ""),
    "partners_tradingpartner": ("poraA", "pA", "pA", ""),
    "partners_partneridentifier": ("poraA", "pA", "pA", ""),
    "partners_itemcrossreference": ("poraA", "pA", "pA", "pA"),
    "partners_codelist": ("poraA", "pA", "pA", "pA"),
    "archive_sealcheck": ("poraA", "", "", ""),
    "archive_payloadcopy": ("poraA", "", "", ""),
    "integration_erasure": ("poraA", "", "", ""),
    "integration_restoredrill": ("poraA", "", "", ""),
}
# Nobody posts to the lists of what happened; the lists of settings answer a post as they answer a look.
SETTINGS = {name for name, (_, _, changes, _) in MODELS.items() if changes} | {"partners_mappingprofile"}

# Every other address: who may look (GET), and who may do (POST).
OTHERS: dict[str, tuple[str, str]] = {
    "home": (ANYBODY, ANYBODY),
    "live": (ANYBODY, NO_SUCH_METHOD),
    "ready": (ANYBODY, NO_SUCH_METHOD),
    # A token opens these two, and nobody's login.
    "deep": (ANYBODY, NO_SUCH_METHOD),
    "metrics": (ANYBODY, NO_SUCH_METHOD),
    "bigcommerce_hook": (NO_SUCH_METHOD, ANYBODY),
    "admin_password_reset": (ANYBODY, ANYBODY),
    "set_password": (ANYBODY, ANYBODY),
    "login": (ANYBODY, ANYBODY),
    "logout": (NO_SUCH_METHOD, STAFF),
    "my_settings": (STAFF, STAFF),
    "change_log": ("aA", NO_SUCH_METHOD),
    "reporting_tables": ("poraA", NO_SUCH_METHOD),
    "api_page": (STAFF, STAFF),
    "portal_apitoken_issue": ("poA", "poA"),
    "portal_apitoken_decide": (NO_SUCH_METHOD, "poA"),
    "portal_export_decide": (NO_SUCH_METHOD, "poA"),
    "evidence": ("poraA", "poraA"),
    "evidence_verify": ("poraA", NO_SUCH_METHOD),
    "evidence_roots": ("poraA", NO_SUCH_METHOD),
    "find": (STAFF, STAFF),
    "notices": (STAFF, STAFF),
    "notices_read": (NO_SUCH_METHOD, STAFF),
    "notices_choices": (STAFF, STAFF),
    "notice": (STAFF, STAFF),
    "save_search": (NO_SUCH_METHOD, STAFF),
    "remove_search": (NO_SUCH_METHOD, STAFF),
    "search": (STAFF, STAFF),
    "index": (STAFF, STAFF),
    "app_list": (STAFF, STAFF),
    "password_change": (STAFF, STAFF),
    "password_change_done": (STAFF, NO_SUCH_METHOD),
    "jsi18n": (STAFF, NO_SUCH_METHOD),
    "autocomplete": ("poraA", NO_SUCH_METHOD),
    "view_on_site": (STAFF, STAFF),
    "archive_document_download": ("cporaA", "cporaA"),
    "archive_document_send_again": ("cpoA", "cpoA"),
    "archive_document_read_again": ("cpoA", "cpoA"),
    "archive_document_comment": (NO_SUCH_METHOD, "cpoA"),
    "archive_document_send_many": ("oA", "oA"),
    "archive_retentionrule_add_one": ("rA", "rA"),
    "archive_retentionrule_change_rule": ("rA", "rA"),
    "archive_retentionrule_retire": ("rA", "rA"),
    "archive_hold_take": ("rA", "rA"),
    "archive_hold_add_document": ("rA", "rA"),
    "archive_hold_decide": (NO_SUCH_METHOD, "rA"),
    "archive_disposalrun_due": ("poraA", "rA"),
    "archive_disposalrun_decide": (NO_SUCH_METHOD, "rA"),
    "archive_disposalcertificate_pdf": ("poraA", "poraA"),
    "archive_transmission_download": ("poraA", "poraA"),
    "archive_transmission_read_again": ("poA", "poA"),
    "auth_user_password_change": ("A", "A"),
    "auth_user_invite": ("A", "A"),
    "auth_user_leave": ("A", "A"),
    "integration_bulkjob_decide": (NO_SUCH_METHOD, "oA"),
    "integration_bulkjob_result": ("poraA", "poraA"),
    "integration_exceptioncase_decide": (NO_SUCH_METHOD, "cpoA"),
    "integration_exceptioncase_decision": ("cpoA", "cpoA"),
    "integration_exceptioncase_comment": (NO_SUCH_METHOD, "cpoA"),
    "integration_exceptioncase_looking": (NO_SUCH_METHOD, "cpoA"),
    "integration_exceptioncase_many": ("cpoA", "cpoA"),
    "integration_order_comment": (NO_SUCH_METHOD, "cpoA"),
    "integration_order_erase": ("porA", "porA"),
    "integration_erasure_decide": (NO_SUCH_METHOD, "porA"),
    "integration_returncase_comment": (NO_SUCH_METHOD, "cpoA"),
    "integration_invoice_pdf": ("cporaA", "cporaA"),
    "integration_mailserver_test": ("oA", "oA"),
    "integration_noticewebhook_test": ("oA", "oA"),
    "integration_eventdestination_test": ("oA", "oA"),
    "integration_eventdestination_rotate": ("oA", "oA"),
    "integration_eventdestination_again": ("oA", "oA"),
    "integration_eventdelivery_again": ("oA", "oA"),
    "integration_outgoingmail_again": ("cpoA", "cpoA"),
    "integration_outgoingmail_arrived": ("cpoA", "cpoA"),
    "integration_pause_switch": ("poA", "poA"),
    "integration_reconciliation_ask": ("poA", "poA"),
    "archive_sealcheck_ask": ("poA", "poA"),
    "integration_returncase_add_file": (NO_SUCH_METHOD, "cpoA"),
    "integration_returncase_file": ("cporaA", "cporaA"),
    "integration_returncase_small_file": ("cporaA", "cporaA"),
    "integration_returncase_withdraw_file": ("cpoA", "cpoA"),
    "integration_returncase_claim_form": ("cporaA", "cporaA"),
    "integration_returncase_claim_form_pdf": ("cporaA", "cporaA"),
    "integration_returncase_verb": ("cpoA", "cpoA"),
    "integration_returncase_refund": ("cpoA", "cpoA"),
    "integration_returncase_restock": ("cpoA", "cpoA"),
    "integration_returncase_open": ("cpoA", "cpoA"),
    "integration_returncase_import_page": ("cpoA", "cpoA"),
    "archive_payloadcopy_now": ("oA", "oA"),
    "archive_payloadcopy_again": ("oA", "oA"),
    "integration_routingrule_what_if": ("", "pA"),
    "integration_routingrule_try_rules": ("poraA", "poraA"),
    "integration_routingrule_duplicate": ("pA", "pA"),
    "integration_shipment_packing_slip": ("cporaA", "cporaA"),
    "integration_shipment_packing_slip_pdf": ("cporaA", "cporaA"),
    "integration_shipment_file": ("cporaA", "cporaA"),
    "integration_stockfeed_read_again": ("cpoA", "cpoA"),
    "integration_stockfeed_roll_back": ("cpoA", "cpoA"),
    "integration_storeitem_strategy": ("cpoA", "cpoA"),
    "integration_store_connection": ("poraA", "oA"),
    "integration_store_go_live": ("poA", "poA"),
    "integration_store_back_to_watch": ("poA", "poA"),
    "integration_store_pause": ("poA", "poA"),
    "integration_store_resume": ("poA", "poA"),
    "integration_store_take_over": ("oA", "oA"),
    "integration_work_release": (NO_SUCH_METHOD, "poA"),
    "partners_agreement_tolerances": ("pA", "pA"),
    "partners_agreement_numbers": ("pA", "pA"),
    "partners_agreement_go_live": ("poA", "poA"),
    "partners_agreement_back_to_watch": ("poA", "poA"),
    "partners_codelist_export_file": ("poraA", "poraA"),
    "partners_codelist_import_page": ("pA", "pA"),
    "partners_itemcrossreference_export_file": ("poraA", "poraA"),
    "partners_itemcrossreference_import_page": ("pA", "pA"),
    "partners_mailbox_host_keys": ("poraA", "poraA"),
    "partners_mailbox_test_connection": ("poA", "poA"),
    "partners_mailbox_go_live": ("poA", "poA"),
    "partners_mailbox_back_to_watch": ("poA", "poA"),
    "partners_mailbox_pause": ("poA", "poA"),
    "partners_mailbox_resume": ("poA", "poA"),
    "partners_tradingpartner_add_in_test": ("pA", "pA"),
    "partners_tradingpartner_to_onboarding": ("poraA", "poraA"),
    "partners_tradingpartner_onboarding": ("poraA", NO_SUCH_METHOD),
    "partners_tradingpartner_onboarding_verb": (NO_SUCH_METHOD, "poA"),
    "partners_tradingpartner_to_scorecard": ("poraA", "poraA"),
    "partners_tradingpartner_scorecard": ("poraA", NO_SUCH_METHOD),
    "partners_tradingpartner_scorecard_pdf": ("poraA", NO_SUCH_METHOD),
    "partners_tradingpartner_pause": ("poA", "poA"),
    "partners_tradingpartner_resume": ("poA", "poA"),
    "partners_mappingprofile_use": ("pA", "pA"),
    "partners_mappingprofile_describe": ("pA", "pA"),
    "partners_mappingprofile_places": ("poraA", ""),
    "partners_mappingprofile_row_add": ("pA", "pA"),
    "partners_mappingprofile_row": ("pA", "pA"),
    "partners_mappingprofile_row_remove": ("pA", "pA"),
    "partners_mappingprofile_rehearse": ("poraA", "poraA"),
    "partners_mappingprofile_sample": ("poraA", "poraA"),
    "partners_mappingprofile_sample_remove": ("pA", "pA"),
    "partners_mappingprofile_revisions": ("poraA", ""),
    "partners_mappingprofile_release": ("pA", "pA"),
    "partners_mappingprofile_retire": ("pA", "pA"),
}
# Redirects of Django's to the page of a row, and the login page behind every address that is none.
UNNAMED = {r"<path:object_id>/", r"(?P<url>.*)$"}

ASKED_FOR = {"autocomplete": "?app_label=partners&model_name=agreement&field_name=partner"}

_STANDARD = re.compile(r"(.+)_(changelist|add|history|delete|change)")
WORDS = {
    "integration_pause_switch": {"name": "everything"},
    "integration_exceptioncase_many": {"what": "snooze"},
    "integration_returncase_verb": {"name": "close"},
    "integration_invoice_pdf": {"paper": "letter"},
    "integration_returncase_claim_form_pdf": {"paper": "letter"},
    "integration_shipment_packing_slip_pdf": {"paper": "letter"},
    "archive_disposalcertificate_pdf": {"paper": "letter"},
    "partners_tradingpartner_onboarding_verb": {"verb": "send"},
    "partners_tradingpartner_scorecard_pdf": {"paper": "letter"},
    "app_list": {"app_label": "integration"},
    "bigcommerce_hook": {"key": "unknown"},
    "set_password": {"uidb64": "MQ", "token": "none"},
}


@dataclass(frozen=True)
class Route:
    """One pattern of the resolver."""

    name: str
    pattern: str

    @property
    def model(self) -> str:
        """The model whose admin the address belongs to, ``app_model``, or ``""``."""
        found = re.match(r"admin/(\w+)/(\w+)/", self.pattern)
        return f"{found[1]}_{found[2]}" if found else ""

    def path(self, rows: dict[str, Model], others: dict[str, object]) -> str:
        """Return an address of this pattern: of the row of its model, and of what ``others`` names."""
        own = rows.get(self.model)
        given = {
            "object_id": own.pk if own else 1,
            "id": own.pk if own else 1,
            **others,
            **WORDS.get(self.name, {}),
        }
        filled = re.sub(r"\(\?P<(\w+)>[^)]*\)", r"<\1>", self.pattern).replace("^", "").replace("$", "")
        path = re.sub(r"<(?:\w+:)?(\w+)>", lambda found: str(given.get(found[1], 1)), filled)
        return f"/{path}{ASKED_FOR.get(self.name, '')}"


def routes() -> list[Route]:
    """Return every pattern that has a name."""
    return [Route(name, pattern) for name, pattern in _walk(get_resolver().url_patterns) if name]


def _walk(patterns: Any, before: str = "") -> Iterator[tuple[str, str]]:
    for each in patterns:
        if getattr(each, "app_name", "") == "api":
            continue  # who asks there is a token: tests/portal/api/test_rights.py
        pattern = before + str(each.pattern)
        if hasattr(each, "url_patterns"):
            yield from _walk(each.url_patterns, pattern)
        else:
            yield each.name or "", pattern


def expected(route: Route) -> tuple[str, str]:
    """Return who may GET and who may POST, by the table."""
    if route.name in OTHERS:
        return OTHERS[route.name]
    standard = _STANDARD.fullmatch(route.name)
    assert standard is not None, f"{route.name} stands in no row: say in this file who may."
    views, adds, changes, removes = MODELS[standard[1]]
    return {
        "changelist": (views, views if standard[1] in SETTINGS else ""),
        "add": (adds, adds),
        "history": (views, views),
        "delete": (removes, removes),
        "change": (views, changes),
    }[standard[2]]


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """What every page shares, the menu above all, is looked at elsewhere; nor is every refusal logged."""
    monkeypatch.setattr(logging.getLogger("django.request"), "disabled", True)
    monkeypatch.setattr(admin.site, "each_context", lambda request: {})


def answer(user: User | AnonymousUser, method: str, path: str) -> str:
    """Return what ``user`` is answered: a status, ``login``, or ``absent``; nothing that is done stays done."""
    request = getattr(RequestFactory(), method.lower())(path)
    request.session = SessionStore()
    request.user = user
    request._messages = CookieStorage(request)
    request._dont_enforce_csrf_checks = True
    found = resolve(request.path)
    request.resolver_match = found
    view = ReachMiddleware(lambda asked: found.func(asked, *found.args, **found.kwargs))
    try:
        if method == "GET":
            said = view(request)
        else:
            with transaction.atomic():
                said = view(request)
                transaction.set_rollback(True)
    except PermissionDenied:
        return "403"
    except Http404:
        return "404"
    leads_to = said.headers.get("Location", "")
    if leads_to.startswith("/admin/login/") or (leads_to == "/admin/" and not user.pk and path != "/"):
        return "login"
    return "absent" if leads_to == "/admin/" and path != "/" else str(said.status_code)


def sample(made: PurchaseOrder) -> tuple[dict[str, Model], dict[str, object]]:
    """Return a row of each model, and what else addresses name."""
    rows = {}
    for model in admin.site._registry:
        row = model._default_manager.order_by("pk").first()
        if row is not None:
            rows[f"{model._meta.app_label}_{model._meta.model_name}"] = row
    return rows, _others(made)


def _others(made: PurchaseOrder) -> dict[str, object]:
    return {
        "purchase_order_id": made.pk,
        "agreement_id": made.agreement.pk,
        "document": AgreementDocument.objects.filter(agreement=made.agreement).earliest("pk").pk,
        "file_id": next(iter(ReturnFile.objects.values_list("pk", flat=True)), 1),
        "name": "not_ours",
    }


def test_every_address_has_a_row_and_every_row_an_address() -> None:
    named = {route.name for route in routes()}
    known = set(OTHERS)
    for model in MODELS:
        known |= {f"{model}_{page}" for page in ("changelist", "add", "history", "delete", "change")}
    assert named - known == set(), "Say in this file who may."
    assert known - named == set()
    unnamed = {pattern for name, pattern in _walk(get_resolver().url_patterns) if not name}
    assert {re.sub(r"^admin/(\w+/\w+/)?", "", pattern) for pattern in unnamed} == UNNAMED


def test_every_address_answers_each_role_as_the_table_says(db: None, quick: None) -> None:
    rows, others = sample(factories.everything())
    people: dict[str, User | AnonymousUser] = {key: factories.user(key, role) for key, role in ROLES.items()}
    people |= {ADMINISTRATOR: factories.user("root", superuser=True), ANYBODY: AnonymousUser()}
    rows["admin_logentry"] = LogEntry.objects.create(
        user=User.objects.get(username="root"), action_flag=ADDITION, object_repr="Something"
    )
    wrong, asked = [], 0
    for route in routes():
        path = route.path(rows, others)
        for method, may in zip(("GET", "POST"), expected(route), strict=True):
            for key, user in people.items():
                asked += 1
                said = answer(user, method, path)
                is_without_row = said == "absent" and route.model not in rows  # Django looks before it asks
                if not is_without_row and not _is_as_told(said, key, may):
                    wrong.append(f"{method} {route.name} by {key}: {said}, and the table says “{may}”")
    assert wrong == []
    assert asked > 3000


def _is_as_told(said: str, key: str, may: str) -> bool:
    if key == ANYBODY and may != ANYBODY:
        return said in ("login", "405")
    if may == NO_SUCH_METHOD:
        return said in ("405", "403")  # where a method is none, the right may be asked for before it
    return said not in ("403", "login", "405") if may == ANYBODY or key in may else said == "403"


def test_another_partners_rows_answer_somebody_limited_as_if_there_were_none(db: None, quick: None) -> None:
    ours, theirs = factories.everything(), factories.everything()
    user = factories.user("lina", "decide")
    Access.objects.create(user=user, limits_partners=True).partners.add(ours.agreement.partner)
    rows: dict[str, Model] = {}
    for model in TABLE:
        hidden = model._default_manager.exclude(pk__in=seen(model._default_manager.all(), user).values("pk"))
        if (row := hidden.order_by("pk").first()) is not None:
            rows[f"{model._meta.app_label}_{model._meta.model_name}"] = row
    others = _others(theirs)
    of_a_row = [
        route for route in routes()
        if re.search(r"object_id|purchase_order_id|<int:document>", route.pattern) and (route.model in rows)
    ]  # fmt: skip
    assert len(of_a_row) > 100
    there = {
        f"{method} {route.name}: {said}"
        for route in of_a_row
        for method in ("GET", "POST")
        if (said := answer(user, method, route.path(rows, others))) not in ("absent", "403", "404", "405")
    }
    assert there == set()
