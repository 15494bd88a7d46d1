"""Large exports: asked for, written part by part, taken, stopped, and gone after a day."""

from __future__ import annotations

import gzip
import json
import zlib
from collections.abc import Iterator
from contextlib import suppress
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from cryptography.fernet import Fernet
from django.contrib.auth.models import Group, User
from django.db import connections
from django.test import Client

from archive.clock import database_now
from archive.models import AccessRecord, Document, DocumentState
from integration import tasks, work
from integration.flows.clock import watch_clock
from integration.models import ExceptionCase, OrderDocument, PurchaseOrder, PurchaseOrderLine, Work
from integration.work import Unclaimed
from portal.admin.access_log import readings_of
from portal.admin.show import page_url
from portal.api.resources import BY_NAME
from portal.api.tokens import revoke
from portal.exports import asked, writing
from portal.exports.parts import plain_file
from portal.models import ApiToken, Export, ExportPart
from tests import factories
from tests.portal.api.conftest import client_with, token_of
from tests.portal.api.test_actions import posted
from tests.portal.api.test_reading import ROOT, data, refusal
from tests.portal.api.test_rights import ADMINISTRATOR, NOBODY, ROLES, SEES
from tests.portal.api.test_streams import text_of


@pytest.fixture(autouse=True)
def small_parts(world: PurchaseOrder, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Two rows a part; nobody knocks, and nothing is left behind."""
    monkeypatch.setattr(tasks, "async_task", lambda *args, **options: None)
    monkeypatch.setattr(writing, "ROWS_AT_ONCE", 2)
    monkeypatch.setattr(writing, "PLAIN_PART", 1)
    Export.objects.all().delete()
    yield
    Export.objects.all().delete()
    Work.objects.filter(step="write_export").delete()


@pytest.fixture(scope="module")
def reader(world: PurchaseOrder) -> User:
    """Who reads."""
    return factories.user("rosa", "Operator")


@pytest.fixture
def reads(reader: User) -> Client:
    """A token that reads alone."""
    return client_with(token_of(reader, may_write=False, reads_content=False))


def ask(client: Client, resource: str, **body: Any) -> dict[str, Any]:
    """Ask for an export; return what is said of it."""
    status, told = posted(client, "exports", {"resource": resource, **body}, uuid4().hex)
    assert status == 202, told
    return dict(told)


def write() -> None:
    """Have a worker write all that is asked for."""
    while tasks.drain("exports"):
        pass


def look(client: Client, told: dict[str, Any]) -> dict[str, Any]:
    return dict(data(client, f"exports/{told['id']}"))


def file_of(client: Client, told: dict[str, Any], **headers: str) -> Any:
    return client.get(f"{ROOT}/exports/{told['id']}/file/", headers=headers)


def refused(response: Any) -> tuple[int, str]:
    return response.status_code, response.json()["code"]


@pytest.mark.parametrize("kind", ["csv", "ndjson"])
def test_an_export_holds_what_the_stream_does(reads: Client, kind: str) -> None:
    rows = len(data(reads, "documents", limit=1000)["data"])
    assert rows > 4
    key = uuid4().hex
    body = {"resource": "documents", "format": kind}
    response = reads.post(
        f"{ROOT}/exports/",
        json.dumps(body),
        content_type="application/json",
        headers={"Idempotency-Key": key},
    )
    told = response.json()
    assert (response.status_code, response["Location"]) == (202, f"{ROOT}/exports/{told['id']}/")
    assert posted(reads, "exports", body, key) == (202, told)
    assert (told["state"], told["rows_expected"], told["links"]["file"]) == ("waiting", None, None)
    assert told["complete_until"] > told["made_at"][:10]
    assert refused(file_of(reads, told)) == (409, "export_not_ready")
    write_one()
    now = look(reads, told)
    # Of a whole list, a page of two changes: one of them may be said again by a later one.
    assert (now["state"], now["rows_done"] in (1, 2), now["rows_expected"]) == ("running", True, rows)
    write()
    done = look(reads, told)
    assert (done["state"], done["rows_done"], done["rows_expected"]) == ("done", rows, rows)
    assert done["links"]["file"] == f"{response['Location']}file/"
    assert ExportPart.objects.filter(export=told["id"]).count() >= rows // 2

    wanted = text_of(reads.get(f"{ROOT}/documents/", {"format": kind}))
    file = file_of(reads, told)
    assert text_of(file) == wanted
    assert (file["Content-Length"], done["size"]) == (str(len(wanted.encode())), len(wanted.encode()))
    assert file["Content-Disposition"] == f'attachment; filename="documents-{told["id"]}.{kind}"'
    assert not file.has_header("Content-Encoding")


def test_a_packed_file_is_one_member_of_gzip_and_known_by_its_tag(reads: Client) -> None:
    told = ask(reads, "documents")
    write()
    plain = file_of(reads, told)
    packed = file_of(reads, told, **{"Accept-Encoding": "br, gzip;q=0.8"})
    content = b"".join(packed)
    assert (packed["Content-Encoding"], packed["Content-Length"]) == ("gzip", str(len(content)))
    assert gzip.decompress(content).decode() == text_of(plain)
    member = zlib.decompressobj(16 + zlib.MAX_WBITS)
    assert member.decompress(content).decode() == text_of(file_of(reads, told))
    assert (member.eof, member.unused_data) == (True, b"")
    assert file_of(reads, told, **{"Accept-Encoding": "gzip;q=0"}).has_header("Content-Encoding") is False
    assert plain["ETag"] != packed["ETag"]
    before = AccessRecord.objects.count()
    for tag in (plain["ETag"], "*"):
        assert file_of(reads, told, **{"If-None-Match": tag}).status_code == 304
    assert AccessRecord.objects.count() == before


def test_an_empty_export_is_a_file_too(reads: Client) -> None:
    told = ask(reads, "documents", filters={"number": "no such number"}, fields=["number"])
    write()
    assert text_of(file_of(reads, told)) == "id,updated_at,number\r\n"
    assert look(reads, told)["rows_expected"] == 0


def test_it_is_narrowed_as_the_list_is_and_no_cell_is_a_formula(reads: Client) -> None:
    line = PurchaseOrderLine.objects.latest("pk")
    PurchaseOrderLine.objects.filter(pk=line.pk).update(description='=HYPERLINK("http://x")')
    told = ask(
        reads,
        "purchase_order_lines",
        filters={"purchase_order_id": str(line.purchase_order_id)},
        fields=["description"],
    )
    write()
    text = text_of(file_of(reads, told))
    assert f"{line.pk}," in text
    assert text.splitlines()[0] == "id,updated_at,description"
    assert len(text.splitlines()) == 1 + line.purchase_order.lines.count()
    assert "\"'=HYPERLINK" in text


def test_each_taking_is_recorded_before_it_leaves_and_no_name_with_it(reads: Client) -> None:
    filters = {"direction": "in", "number": "Ada Quist"}
    told = ask(reads, "documents", filters=filters)
    write()
    file_of(reads, told)
    made = AccessRecord.objects.latest("pk")
    token = ApiToken.objects.latest("pk")
    assert (made.kind, made.subject) == ("export", f"api_export:{told['id']}")
    assert made.actor == f"rosa by token {token.prefix}"
    assert made.purpose == "API, csv of documents: 0 rows, by direction=in number"


def test_a_part_says_which_rows_it_holds_and_whoever_takes_the_file_has_read_them(reads: Client) -> None:
    told = ask(reads, "documents")
    write()
    subject = f"api_export:{told['id']}"
    parts = AccessRecord.objects.filter(subject=subject).order_by("pk")
    rows = data(reads, "documents", limit=1000)["data"]
    assert [hit for row in parts for hit in row.hits] == [f"document:{each['id']}" for each in rows]
    assert {(row.kind, row.actor) for row in parts} == {("export", "Gridport")}
    words, before = f"csv of documents, kept as export {told['id']}", 0
    for row in parts:
        assert row.purpose == (f"{words}, from row {before + 1} on" if before else words)
        before += len(row.hits)
    kept = list(parts)
    assert len(kept) >= len(rows) // 2

    [document] = Document.objects.filter(pk=rows[-1]["id"])
    of_export = AccessRecord.objects.filter(subject=subject)
    assert list(of_export.filter(readings_of(document.subject))) == kept[-1:]
    file_of(reads, told)
    taken = AccessRecord.objects.latest("pk")
    assert (taken.actor.split()[0], taken.hits) == ("rosa", [])
    assert list(of_export.filter(readings_of(document.subject)).order_by("pk")) == [kept[-1], taken]
    link = OrderDocument.objects.filter(document__in=[each["id"] for each in rows]).order_by("pk")[0]
    assert taken in of_export.filter(readings_of(f"order:{link.order_id}"))
    admin = Client()
    admin.force_login(factories.user("alma", superuser=True))
    page = admin.get(page_url(Export.objects.get(pk=told["id"]))).content.decode()
    assert taken.purpose in page
    assert words not in page


def test_a_part_that_cannot_be_recorded_is_not_kept(reads: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    told = ask(reads, "documents")
    write_one()
    kept = AccessRecord.objects.filter(subject=f"api_export:{told['id']}")
    before = look(reads, told)["rows_done"], kept.count(), ExportPart.objects.count()
    with connections["owner"].cursor() as owner:
        owner.execute("REVOKE INSERT ON archive_accessrecord FROM gridport_app")
    try:
        write_one()
    finally:
        with connections["owner"].cursor() as owner:
            owner.execute("GRANT INSERT ON archive_accessrecord TO gridport_app")
    assert (look(reads, told)["rows_done"], kept.count(), ExportPart.objects.count()) == before
    waiting = Work.objects.get(step="write_export")
    assert "could not be recorded, so this part of it is not kept." in waiting.error
    assert not ExceptionCase.objects.filter(cause__contains="write_export").exists()
    Work.objects.filter(step="write_export").update(due_at=database_now())
    write()
    assert look(reads, told)["state"] == "done"
    named = [hit for row in kept.order_by("pk") for hit in row.hits]
    assert len(named) == len(set(named)) == look(reads, told)["rows_done"]


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"resource": "documents", "filters": {"colour": "red"}}, "parameter_unknown"),
        ({"resource": "documents", "filters": {"cursor": "x"}}, "parameter_invalid"),
        ({"resource": "documents", "filters": {"direction": "up"}}, "parameter_invalid"),
        ({"resource": "documents", "fields": ["colour"]}, "parameter_invalid"),
        ({"resource": "nothing"}, "body_invalid"),
        ({"resource": "documents", "format": "json"}, "body_invalid"),
    ],
)
def test_what_is_not_understood_is_refused_at_once(reads: Client, body: Any, code: str) -> None:
    status, told = posted(reads, "exports", body, "k")
    assert (status, told["code"]) == (400, code)
    assert Export.objects.count() == 0


def test_what_changes_while_it_is_written_stands_behind_its_cursor(reads: Client) -> None:
    told = ask(reads, "documents", format="ndjson")
    write_one()
    first = set(ids(reads, told, is_done=False))
    changed = DocumentState.objects.exclude(document__in=first).latest("document")
    DocumentState.objects.filter(pk=changed.pk).update(delivery="unknown")
    write()
    rows = [json.loads(line)["id"] for line in text_of(file_of(reads, told)).splitlines()]
    behind = data(reads, "documents", cursor=look(reads, told)["next_cursor"])["data"]
    assert sorted(rows) == sorted(set(rows))
    assert [each["id"] for each in behind] == [changed.pk]
    assert set(rows) | {changed.pk} == set(Document.objects.values_list("pk", flat=True))
    assert changed.pk not in rows


def test_rows_that_a_filter_finds_are_those_of_one_moment_too(reads: Client) -> None:
    document = Document.objects.order_by("pk")[0]
    found = list(Document.objects.filter(interchange=document.interchange_id).values_list("pk", flat=True))
    told = ask(reads, "documents", filters={"interchange_id": str(document.interchange_id)})
    DocumentState.objects.filter(pk=document.pk).update(delivery="unknown")
    write()
    assert look(reads, told)["rows_done"] == len(found) - 1
    behind = data(reads, "documents", cursor=look(reads, told)["next_cursor"])["data"]
    assert document.pk in {each["id"] for each in behind}


def test_a_token_that_is_revoked_stops_it_at_the_next_part(reads: Client, reader: User) -> None:
    told = ask(reads, "documents")
    write_one()
    written = look(reads, told)["rows_done"]
    token = ApiToken.objects.latest("pk")
    revoke(factories.user("root", superuser=True), token, "Lost.")
    write()
    export = Export.objects.get(pk=told["id"])
    assert (export.state, export.rows_done, bytes(export.wrapped)) == ("stopped", written, b"")
    assert export.sentence == f"{token} was revoked. Ask who gave it to you for another."
    assert ExportPart.objects.filter(export=export).count() == 0


def test_a_right_that_is_lost_stops_it_and_keeps_the_file_back(world: PurchaseOrder) -> None:
    user = factories.user("rita", "Operator")
    client = client_with(token_of(user))
    ready = ask(client, "stores")
    write()
    at_work = ask(client, "stores")
    user.groups.remove(Group.objects.get(name="Operator"))
    write()
    assert look(client, at_work)["state"] == "stopped"
    assert look(client, at_work)["sentence"].endswith("asks in the name of rita, who may not look at stores.")
    assert refused(file_of(client, at_work)) == (409, "export_ended")
    assert refused(file_of(client, ready)) == (403, "right_missing")


def test_a_sight_that_was_changed_stops_it(reads: Client, world: PurchaseOrder) -> None:
    told = ask(reads, "documents")
    token = ApiToken.objects.latest("pk")
    ApiToken.objects.filter(pk=token.pk).update(limits_partners=True)
    token.partners.add(world.agreement.partner)
    write()
    assert look(reads, told)["sentence"].startswith("Which partners, stores or documents this token sees")


def test_whoever_is_limited_exports_their_rows_alone(world: PurchaseOrder, reader: User) -> None:
    limited = client_with(token_of(reader, partners=[world.agreement.partner]))
    told = ask(limited, "documents", format="ndjson")
    write()
    wanted = {each["id"] for each in data(limited, "documents", limit=1000)["data"]}
    assert set(ids(limited, told)) == wanted
    assert 0 < len(wanted) < Document.objects.count()


def test_whoever_may_read_a_list_may_export_it_and_nobody_else(
    world: PurchaseOrder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(asked, "AT_ONCE", 1000)
    monkeypatch.setattr(asked, "KEPT_AT_ONCE", 1000)
    monkeypatch.setattr("django.conf.settings.API_REQUESTS_A_MINUTE", 1_000_000)
    people = {key: factories.user(f"exports-{key}", role) for key, role in ROLES.items()}
    people |= {NOBODY: factories.user("exports-n")}
    people |= {ADMINISTRATOR: factories.user("exports-root", superuser=True)}
    wrong = []
    for key, user in people.items():
        client = client_with(token_of(user, may_write=False))
        for resource in BY_NAME:
            status, told = posted(client, "exports", {"resource": resource}, resource)
            said = "answered" if status == 202 else told["code"]
            if said != ("answered" if key in SEES[resource] else "right_missing"):
                wrong.append(f"{resource} by {key}: {said}")
    assert wrong == []
    others = client_with(token_of(people[ADMINISTRATOR], resources=["orders"]))
    assert posted(others, "exports", {"resource": "documents"}, "x")[1]["code"] == "scope_missing"
    assert Client().get(f"{ROOT}/exports/").status_code == 401


def test_a_token_sees_and_stops_its_own_alone(reads: Client, reader: User) -> None:
    other = client_with(token_of(reader))
    told = ask(reads, "documents")
    path = f"exports/{told['id']}"
    assert refusal(other, path) == refusal(other, f"{path}/file") == (404, "not_found")
    assert other.delete(f"{ROOT}/{path}/").status_code == 404
    assert (len(data(reads, "exports")["data"]), data(other, "exports")["data"]) == (1, [])

    write_one()
    stopped = reads.delete(f"{ROOT}/{path}/").json()
    assert (stopped["state"], stopped["links"]["file"]) == ("stopped", None)
    write()
    assert reads.delete(f"{ROOT}/{path}/").json() == stopped
    assert ExportPart.objects.count() == 0


def test_three_are_at_work_and_twenty_kept_at_most(reads: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    body = {"resource": "stores"}
    made = [ask(reads, **body) for _ in range(asked.AT_ONCE)]
    status, told = posted(reads, "exports", body, "one-more")
    assert (asked.AT_ONCE, status, told["code"]) == (3, 429, "too_many_exports")
    write()
    monkeypatch.setattr(asked, "KEPT_AT_ONCE", 4)
    ask(reads, **body)
    assert posted(reads, "exports", body, "one-more")[1]["code"] == "too_many_exports"
    assert reads.delete(f"{ROOT}/exports/{made[0]['id']}/").json()["state"] == "removed"
    assert posted(reads, "exports", body, "one-more")[0] == 202


def test_a_file_is_removed_after_a_day_and_what_is_known_of_it_after_a_month(reads: Client) -> None:
    told = ask(reads, "stores")
    write()
    done = Export.objects.get(pk=told["id"])
    assert done.expires_at is not None
    assert done.ended_at is not None
    assert done.expires_at - done.ended_at == timedelta(hours=24)
    Export.objects.update(expires_at=database_now())
    watch_clock("all", Unclaimed())
    assert look(reads, told)["state"] == "removed"
    assert refused(file_of(reads, told)) == (410, "export_removed")
    assert (ExportPart.objects.count(), bytes(Export.objects.get().wrapped)) == (0, b"")
    Export.objects.update(made_at=database_now() - timedelta(days=31))
    watch_clock("all", Unclaimed())
    assert Export.objects.count() == 0


def test_a_file_whose_parts_or_key_are_gone_says_so_before_it_begins(reads: Client, settings: Any) -> None:
    told = ask(reads, "stores")
    write()
    settings.ENCRYPTION_KEYS = [Fernet.generate_key().decode()]
    response = file_of(reads, told)
    assert refused(response) == (410, "export_removed")
    assert "is not in ENCRYPTION_KEYS" in response.json()["detail"]
    ExportPart.objects.all().delete()
    assert "the database was restored since" in file_of(reads, told).json()["detail"]


def test_an_erasure_removes_every_file(reads: Client) -> None:
    ready = ask(reads, "stores")
    write()
    at_work = ask(reads, "documents")
    write_one()
    writing.forget_files()
    write()
    assert [look(reads, each)["state"] for each in (ready, at_work)] == ["removed", "removed"]
    assert ExportPart.objects.count() == 0


def test_what_lies_in_the_database_says_nothing_without_the_key(reads: Client) -> None:
    told = ask(reads, "stores")
    write()
    name = data(reads, "stores")["data"][0]["name"].encode()
    for part in ExportPart.objects.all():
        with suppress(zlib.error):  # one in some hundreds unpacks to something
            assert name not in zlib.decompressobj(-zlib.MAX_WBITS).decompress(bytes(part.content))
        assert name not in bytes(part.content)
    assert name in text_of(file_of(reads, told)).encode()


def test_a_part_too_large_ends_it_with_a_sentence(reads: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(writing, "LARGEST_FILE", 100)
    told = ask(reads, "documents")
    write()
    assert look(reads, told)["state"] == "failed"
    assert ExceptionCase.objects.filter(cause__contains="write_export").count() == 0


def write_one() -> None:
    """Have a worker write one part."""
    (claimed,) = work.claim("exports", limit=1)
    tasks.do(claimed)


def ids(client: Client, told: dict[str, Any], *, is_done: bool = True) -> list[int]:
    """Return the ids in an export's file, or in what of it is written."""
    if is_done:
        lines = text_of(file_of(client, told)).splitlines()
    else:
        lines = b"".join(plain_file(Export.objects.get(pk=told["id"]))).decode().splitlines()
    return [json.loads(line)["id"] for line in lines]
