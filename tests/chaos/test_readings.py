"""P26: who read what is known. Every page, list, search, download, export and reading by the API leaves one row before its bytes
leave, a row for each chunk where it streams; and where no row can be written, no byte does.

The naive middleware differs in one line: it shows what was asked for although it could not be recorded. So does the naive stream.
"""

from __future__ import annotations

import http.client
import json
import random
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any

import pytest
from django.conf import settings
from django.contrib.auth.models import User
from django.core.asgi import get_asgi_application
from django.db import connections
from django.db.models import Max
from django.http import HttpRequest, HttpResponse
from django.test import Client, override_settings
from django.utils import timezone
from django.views import View

from archive.models import AccessRecord, Document
from archive.store import NotRecorded
from integration import tasks
from integration.flows.figures import keep_figures
from integration.models import LineEntry
from portal.api import streams
from portal.api import urls as api
from portal.api.recording import record_chunk
from portal.api.scorecards import ScorecardsView
from portal.api.views import FoundView, ListView
from portal.copies import DatabaseCopies
from portal.groups import AUDITOR, CUSTOMER_SERVICE, OPERATOR, PARTNER_ADMINISTRATOR
from portal.models import Export
from portal.readings import ReadingMiddleware, shows
from tests import factories
from tests.chaos.forking import Forked, scaled
from tests.chaos.serving import PATIENCE, address_of, listening, serve
from tests.chaos.takings import Taking, takings
from tests.conftest import own_database
from tests.portal.api.conftest import token_of
from tests.portal.api.test_reading import ROOT
from tests.portal.test_permissions import routes, sample

READS = scaled(1000)
TAKEN = 0.5
"""Such a share of them takes something out, or asks the API."""
SEED = 20261129
NAIVE = "tests.chaos.test_readings.Naive"
NOT_RECORDED = {
    "type": "about:blank",
    "title": "The reading could not be recorded",
    "status": 503,
    "code": "not_recorded",
    "detail": "Who reads could not be recorded, so nothing is shown. Try again in a minute.",
}
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
    """Every address that shows rows of which it is kept who looked at them, some searches, one person of each role, and every way
    by which something is taken out."""

    addresses: list[str]
    people: list[Client]
    takings: list[Taking]


@pytest.fixture(scope="module")
def desk(copies: DatabaseCopies, django_db_setup: None, django_db_blocker: Any) -> Iterator[Desk]:
    """A portal with a row of everything, on a database of its own, where nobody reaches a limit."""
    limits = override_settings(API_REQUESTS_A_MINUTE=10**6, EXPORTS_AN_HOUR=10**6, EXPORT_ROWS_A_DAY=10**9)
    with own_database(copies, django_db_blocker), limits, pytest.MonkeyPatch.context() as patched:
        patched.setattr(tasks, "async_task", lambda *args, **options: None)
        made = factories.everything()
        answer = made.order.documents.order_by("-document")[0].document
        LineEntry.objects.create(
            line=made.lines.order_by("pk")[0],
            kind=LineEntry.Kind.ACKNOWLEDGED,
            quantity=2,
            document=answer,
            stated_at=timezone.now(),
        )
        keep_figures()
        Export.objects.all().delete()  # nobody can write it: it was asked for under another epoch
        rows, others = sample(made)
        found = [route.path(rows, others) for route in routes() if shows(route.name)]
        lists = [path for path in found if path.count("/") == 4]
        found += [f"{path}?q={term}" for path in lists for term in TERMS[:2]]
        roles = (CUSTOMER_SERVICE, PARTNER_ADMINISTRATOR, OPERATOR, AUDITOR)
        users = [factories.user(role[:5].lower(), role) for role in roles]
        root = factories.user("root", superuser=True)
        people = [_client(each) for each in [*users, root]]
        token = Client(headers={"Authorization": f"Bearer {token_of(root)}"}, raise_request_exception=False)
        taken = takings(made, people[-1], token)
        yield Desk([*found, *(f"/admin/find/?q={term}" for term in TERMS)], people, taken)


@contextmanager
def about_one_nothing_can_be_recorded(document: int) -> Iterator[int]:
    """Have the database take no row of the access log that names ``document``; give that again."""
    _as_owner(f"""ADD CONSTRAINT unheard CHECK (NOT hits @> '["document:{document}"]'::jsonb) NOT VALID""")
    try:
        yield document
    finally:
        _as_owner("DROP CONSTRAINT unheard")


def _as_owner(change: str) -> None:
    with connections["owner"].cursor() as owner:
        owner.execute(f"ALTER TABLE archive_accessrecord {change}")


def _careless(*said: Any, **further: Any) -> None:
    with suppress(NotRecorded):
        record_chunk(*said, **further)


def _id(line: bytes) -> int:
    return int(json.loads(line)["id"])


def _ids(answer: Any) -> list[int]:
    return [_id(line) for line in answer.getvalue().splitlines()]


def _is_told(piece: bytes, after: int) -> bool:
    """Say whether what ``piece`` holds, which has not left yet, is on record."""
    return _rows(after)[-1].hits == [f"document:{_id(piece)}"]


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


def _rows(after: int = 0) -> list[AccessRecord]:
    """Return what is on record, as the database's owner sees it: what is not committed is not there."""
    return list(AccessRecord.objects.using("owner").filter(pk__gt=after).order_by("pk"))


def _last() -> int:
    return AccessRecord.objects.using("owner").aggregate(last=Max("pk", default=0))["last"]


def _read(client: Client, path: str) -> tuple[Any, list[AccessRecord]]:
    after = _last()
    answer = client.get(path)
    return answer, [row for row in _rows(after) if row.kind != AccessRecord.Kind.CONTENT]


def test_every_reading_leaves_one_row(desk: Desk) -> None:
    rng = random.Random(SEED)
    given = refused = 0
    kinds = set()
    for _ in range(READS):
        if rng.random() < TAKEN:
            kinds.add(_take(rng.choice(desk.takings)))
            continue
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
    assert given > READS // 6
    assert kinds == {"page", "list", "search", "download", "export", "content"}


def _take(taking: Taking) -> str:
    """Take it; hold what is on record before the first byte against what should be, and see that nothing comes later."""
    after = _last()
    answer = taking.ask()
    rows = _rows(
        after
    )  # an answer that streams has given nothing yet, and what reads on is a generator not begun
    assert answer.status_code == 200, (SEED, taking.what, answer.status_code)
    told = [row for row in rows if row.kind != AccessRecord.Kind.CONTENT]
    opened = [row for row in rows if row.kind == AccessRecord.Kind.CONTENT]
    [row] = opened if taking.kind == "content" else told
    assert (row.kind, row.subject) == (taking.kind, taking.subject), taking.what
    assert (set(row.hits), len(row.hits)) == (taking.hits, len(taking.hits)), taking.what
    assert row.actor.partition(" by token ")[0] == "root"
    assert all(each.payload_id for each in opened)
    assert bool(opened) or not taking.opened, taking.what
    assert answer.getvalue()
    assert _rows(after) == rows, taking.what
    return row.kind


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


def test_what_cannot_be_recorded_is_not_taken(desk: Desk) -> None:
    before = _rows()
    refused = []
    with nothing_can_be_recorded():
        for taking in desk.takings:
            answer = taking.ask()
            assert answer.status_code == 503, (taking.what, answer.status_code)
            assert not answer.streaming
            said = answer.content
            if taking.by_api:
                assert answer["Content-Type"] == "application/problem+json"
                assert answer.json() == NOT_RECORDED
            else:
                assert b"Nothing is shown. Who reads what is recorded before" in said
            assert not answer.has_header("Content-Disposition")
            refused.append(taking.what)
    assert _rows() == before
    assert len(refused) == len(desk.takings) > 60
    assert {"pack of an order", "csv of documents", "bytes", "export of documents, gzip"} < set(refused)


def test_a_stream_ends_broken_at_the_chunk_that_cannot_be_recorded(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(streams, "CHUNK", 1)
    [whole] = [each for each in desk.takings if each.what == "ndjson of documents"]
    with about_one_nothing_can_be_recorded(_ids(whole.ask())[2]) as kept_back:
        after, told, pieces = _last(), [], iter(whole.ask().streaming_content)
        with pytest.raises(NotRecorded):
            told.extend(_id(piece) for piece in pieces if _is_told(piece, after))
        assert told
        assert kept_back not in told
        assert [f"document:{each}" for each in told] == [hit for row in _rows(after) for hit in row.hits]
        assert {row.kind for row in _rows(after)} == {"export"}
        assert len({row.correlation_id for row in _rows(after)}) == 1
        # The naive stream goes on over what it could not record.
        monkeypatch.setattr(streams, "record_chunk", _careless)
        assert kept_back in _ids(whole.ask())


def test_whoever_reads_a_stream_over_the_network_sees_that_it_is_not_whole(
    desk: Desk, forked: Forked, monkeypatch: pytest.MonkeyPatch, settings: Any
) -> None:
    monkeypatch.setattr(streams, "CHUNK", 1)
    settings.ALLOWED_HOSTS = ["127.0.0.1"]
    documents = list(Document.objects.order_by("pk").values_list("pk", flat=True))
    headers = {"Authorization": f"Bearer {token_of(User.objects.get(username='root'))}"}
    with about_one_nothing_can_be_recorded(documents[-1]), listening() as line:
        serve(forked, line, get_asgi_application())
        caller = http.client.HTTPConnection(address_of(line), timeout=PATIENCE)
        caller.request("GET", f"{ROOT}/documents/?format=ndjson", headers=headers)
        answer = caller.getresponse()
        assert answer.status == 200
        with pytest.raises(http.client.IncompleteRead) as broken:
            answer.read()
        caller.close()
    told = [_id(each) for each in broken.value.partial.splitlines()]
    assert told
    assert documents[-1] not in told


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
