"""P26: who read what is known. Every page, list, search, download and export leaves one row before its bytes leave; and where
no row can be written, no byte does.

The naive middleware differs in one line: it shows what was asked for although it could not be recorded.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import pytest
from django.conf import settings
from django.contrib.auth.models import User
from django.db import connections
from django.http import HttpRequest, HttpResponse
from django.test import Client, override_settings
from django.views import View

from archive.models import AccessRecord
from archive.store import NotRecorded
from portal.api import urls as api
from portal.api.scorecards import ScorecardsView
from portal.api.views import FoundView, ListView
from portal.copies import DatabaseCopies
from portal.groups import AUDITOR, CUSTOMER_SERVICE, OPERATOR, PARTNER_ADMINISTRATOR
from portal.readings import ReadingMiddleware, shows
from tests import factories
from tests.chaos.forking import scaled
from tests.conftest import own_database
from tests.portal.test_permissions import routes, sample

READS = scaled(1000)
SEED = 20261129
NAIVE = "tests.chaos.test_readings.Naive"
TERMS = ("Ada Quist", "FS-1", "larch", "1042", "no such thing")


class Naive(ReadingMiddleware):
    """Shows what could not be recorded."""

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        answer = ReadingMiddleware(lambda _: response)(request)
        return response if answer.status_code == 503 else answer

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        return HttpResponse("Ada Quist") if isinstance(exception, NotRecorded) else None


# What tells nothing of orders, documents and customers: what we agreed and set, goods, people who work here, and doors.
SILENT = {
    "admin_logentry", "archive_payloadcopy", "archive_retentionrule", "archive_sealcheck", "auth_group", "auth_user", "integration_carrier", "integration_customerlink",
    "integration_eventdestination", "integration_invoicerule", "integration_invoiceseries", "integration_mailserver", "integration_noticerule",
    "integration_noticewebhook", "integration_pause", "integration_restoredrill", "integration_routingrule",
    "integration_stockfeed", "integration_store", "integration_storeitem", "integration_supplierstock",
    "integration_warehouse", "partners_agreement", "partners_businesscalendar", "partners_codelist",
    "partners_controlnumber", "partners_itemcrossreference", "partners_mailbox", "partners_mappingprofile",
    "partners_partneridentifier", "partners_tradingpartner", "portal_apitoken", "portal_export",
}  # fmt: skip
DOORS = {
    "admin_password_reset", "api_page", "app_list", "autocomplete", "bigcommerce_hook", "deep", "evidence", "evidence_roots", "evidence_verify", "find_saved", "home", "jsi18n", "live", "login",
    "logout", "metrics", "my_settings", "notice", "notices", "notices_choices", "notices_read", "password_change",
    "password_change_done", "ready", "reporting_tables", "search", "set_password", "view_on_site",
}  # fmt: skip


RECORDING = (ListView, FoundView, ScorecardsView)


def test_every_address_is_recorded_or_told_silent() -> None:
    silent = {route.model or route.name for route in routes() if not shows(route.name)}
    assert silent - SILENT - DOORS == set(), (
        "Say in portal.readings what it shows, or here that it tells nothing."
    )
    assert (SILENT | DOORS) - silent == set()


def test_the_api_records_for_itself_and_its_description_shows_no_row() -> None:
    """Who asks there is a token, and which rows are shown is known to the view alone, so the middleware leaves it out."""
    silent = {
        each.name
        for each in api.urlpatterns
        if not issubclass(getattr(each.callback, "cls", View), RECORDING)
    }
    assert silent == {"docs", "schema"}


@dataclass(frozen=True)
class Desk:
    """Every address that shows rows of which it is kept who looked at them, some searches, and one person of each role."""

    addresses: list[str]
    people: list[Client]


@pytest.fixture(scope="module")
def desk(copies: DatabaseCopies, django_db_setup: None, django_db_blocker: Any) -> Iterator[Desk]:
    """A portal with a row of everything, on a database of its own."""
    with own_database(copies, django_db_blocker):
        rows, others = sample(factories.everything())
        found = [route.path(rows, others) for route in routes() if shows(route.name)]
        lists = [path for path in found if path.count("/") == 4]
        found += [f"{path}?q={term}" for path in lists for term in TERMS[:2]]
        roles = (CUSTOMER_SERVICE, PARTNER_ADMINISTRATOR, OPERATOR, AUDITOR)
        users = [factories.user(role[:5].lower(), role) for role in roles]
        people = [_client(each) for each in [*users, factories.user("root", superuser=True)]]
        yield Desk([*found, *(f"/admin/find/?q={term}" for term in TERMS)], people)


def _client(user: User) -> Client:
    client = Client(raise_request_exception=False)
    client.force_login(user)
    return client


@contextmanager
def nothing_can_be_recorded() -> Iterator[None]:
    """Take from the application the right to add rows of the access log."""
    with connections["owner"].cursor() as owner:
        owner.execute("REVOKE INSERT ON archive_accessrecord FROM gridport_app")
        try:
            yield
        finally:
            owner.execute("GRANT INSERT ON archive_accessrecord TO gridport_app")


def _rows() -> list[AccessRecord]:
    return list(AccessRecord.objects.exclude(kind=AccessRecord.Kind.CONTENT).order_by("pk"))


def _read(client: Client, path: str) -> tuple[Any, list[AccessRecord]]:
    before = {row.pk for row in _rows()}
    answer = client.get(path)
    return answer, [row for row in _rows() if row.pk not in before]


def test_every_reading_leaves_one_row(desk: Desk) -> None:
    rng = random.Random(SEED)
    given = refused = 0
    kinds = set()
    for _ in range(READS):
        path = rng.choice(desk.addresses)
        client = rng.choice(desk.people)
        answer, rows = _read(client, path)
        if answer.status_code == 200 or path.startswith("/admin/find/?q="):
            given += 1
            assert len(rows) == 1, (SEED, path, rows)
            [row] = rows
            assert row.actor == User.objects.get(pk=client.session["_auth_user_id"]).username
            kinds.add(row.kind)
        else:
            refused += 1
            assert rows == [], (SEED, path, answer.status_code)
            assert answer.status_code in (302, 403, 404, 405), (path, answer.status_code)
    assert given > READS // 3
    assert kinds >= {"page", "list", "search"}


def test_what_cannot_be_recorded_is_not_shown(desk: Desk) -> None:
    rng = random.Random(SEED)
    unseen = 0
    for path in rng.sample(desk.addresses, min(scaled(250), len(desk.addresses))):
        with nothing_can_be_recorded():
            answer, rows = _read(desk.people[-1], path)
        assert rows == []
        assert answer.status_code in (302, 403, 404, 405, 503), (path, answer.status_code)
        assert not path.startswith("/admin/find/?q=") or answer.status_code == 503
        if answer.status_code == 503:
            unseen += 1
            assert answer["Content-Type"].startswith("text/plain")
            assert b"Nothing is shown. Who reads what is recorded before" in answer.content
            assert b"Ada Quist" not in answer.content
    assert unseen > 5


def test_the_naive_one_shows_what_is_on_no_record(desk: Desk) -> None:
    before = _rows()
    with override_settings(MIDDLEWARE=_with_naive()), nothing_can_be_recorded():
        client = _client(User.objects.get(username="root"))
        shown = [client.get(path) for path in desk.addresses if "/order/" in path]
    assert _rows() == before
    assert any(b"Ada Quist" in answer.content for answer in shown)


def _with_naive() -> list[str]:

    own = f"{ReadingMiddleware.__module__}.{ReadingMiddleware.__name__}"
    return [NAIVE if each == own else each for each in settings.MIDDLEWARE]
