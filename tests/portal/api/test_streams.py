"""Whole lists as CSV and NDJSON."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable

import pytest
from django.db.models import Max
from django.test import Client

from archive.models import AccessRecord, Document, DocumentState
from integration.models import Order, PurchaseOrder, PurchaseOrderLine, ReturnCase
from portal.admin.access_log import readings_of
from portal.api import streams
from tests.portal.api.test_reading import ROOT, data


def text_of(response: object) -> str:
    return b"".join(response).decode()  # type: ignore[call-overload,no-any-return]


def test_csv_and_ndjson_hold_what_the_list_does(asker: Client) -> None:
    wanted = data(asker, "documents")["data"]

    lines = asker.get(f"{ROOT}/documents/", headers={"Accept": "application/x-ndjson"})
    assert lines["Content-Type"] == "application/x-ndjson; charset=utf-8"
    assert [json.loads(each) for each in text_of(lines).splitlines()] == wanted

    sheet = asker.get(f"{ROOT}/documents/", {"format": "csv"})
    assert sheet["Content-Disposition"] == 'attachment; filename="documents.csv"'
    rows = list(csv.DictReader(io.StringIO(text_of(sheet), newline="")))
    assert [row["id"] for row in rows] == [str(each["id"]) for each in wanted]
    assert [row["control_number"] for row in rows] == [each["control_number"] for each in wanted]
    assert json.loads(rows[0]["references"]) == wanted[0]["references"]
    assert rows[0]["partner_id"] == str(wanted[0]["partner_id"])


def test_the_next_cursor_goes_on_where_the_stream_ended(asker: Client) -> None:
    sheet = asker.get(f"{ROOT}/documents/", {"format": "csv", "fields": "number"})
    text_of(sheet)
    assert data(asker, "documents", cursor=sheet["Next-Cursor"])["data"] == []
    state = DocumentState.objects.latest("document")
    DocumentState.objects.filter(pk=state.pk).update(delivery="unknown")
    again = data(asker, "documents", cursor=sheet["Next-Cursor"])["data"]
    assert [(each["id"], each["delivery"]) for each in again] == [(state.pk, "unknown")]
    assert sheet["Complete-Until"].endswith("Z")


def test_no_cell_is_a_formula_and_leading_zeros_stay(asker: Client) -> None:
    line = PurchaseOrderLine.objects.latest("pk")
    PurchaseOrderLine.objects.filter(pk=line.pk).update(
        description='=HYPERLINK("http://x")', upc="00123456789012"
    )
    sheet = asker.get(f"{ROOT}/purchase-order-lines/", {"format": "csv", "fields": "description,upc"})
    rows = list(csv.DictReader(io.StringIO(text_of(sheet), newline="")))
    (row,) = [each for each in rows if each["id"] == str(line.pk)]
    assert (row["description"], row["upc"]) == ('\'=HYPERLINK("http://x")', "00123456789012")
    assert list(row) == ["id", "updated_at", "upc", "description"]


def last() -> int:
    return AccessRecord.objects.aggregate(last=Max("pk", default=0))["last"]


def named(rows: Iterable[AccessRecord]) -> list[str]:
    return [hit for row in rows for hit in row.hits]


def test_a_stream_may_be_cut_short_and_is_recorded_before_it_begins(asker: Client) -> None:
    made = AccessRecord.objects.filter(pk__gt=last()).order_by("pk")
    short = asker.get(f"{ROOT}/documents/", {"format": "ndjson", "limit": "2"})
    assert [(row.kind, row.purpose) for row in made.all()] == [("export", "API, ndjson of documents")]
    told = [json.loads(line)["id"] for line in text_of(short).splitlines()]
    assert len(told) == 2
    assert "Next-Cursor" not in short
    assert named(made.all()) == [f"document:{each}" for each in told]


@pytest.mark.parametrize("kind", ["csv", "ndjson"])
def test_each_chunk_is_on_record_with_its_rows_before_it_leaves(
    asker: Client, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    monkeypatch.setattr(streams, "CHUNK", 2)
    made = AccessRecord.objects.filter(pk__gt=last()).order_by("pk")
    answer = asker.get(f"{ROOT}/documents/", {"format": kind, "fields": "number"})
    left = []
    for piece in answer.streaming_content:
        lines = piece.decode().splitlines()
        left += [
            json.loads(line)["id"] if kind == "ndjson" else int(line.split(",")[0])
            for line in lines
            if not line.startswith("id,")
        ]
        assert {f"document:{each}" for each in left} <= set(named(made.all()))
    assert left == list(dict.fromkeys(left))
    rows = list(made.all())
    assert named(rows) == [f"document:{each}" for each in left]
    assert len(rows) >= len(left) // 2 > 3
    words, before = f"API, {kind} of documents", 0
    for row in rows:
        assert row.purpose == (f"{words}, from row {before + 1} on" if before else words)
        before += len(row.hits)
    assert len({row.correlation_id for row in rows}) == 1


def test_lines_name_what_they_are_lines_of_and_what_tells_of_nobody_nothing(asker: Client) -> None:
    for path, model, name in (
        ("purchase-order-lines", PurchaseOrder, "purchase_order"),
        ("acknowledgment-lines", PurchaseOrder, "purchase_order"),
        ("return-lines", ReturnCase, "return"),
    ):
        made = AccessRecord.objects.filter(pk__gt=last())
        rows = data(asker, path)["data"]
        text_of(asker.get(f"{ROOT}/{path}/", {"format": "csv"}))
        data(asker, f"{path}/{rows[0]['id']}")
        listed, streamed, one = made.order_by("pk")
        assert set(listed.hits) == {f"{name}:{pk}" for pk in model.objects.values_list("pk", flat=True)}
        assert (listed.hits, len(set(listed.hits))) == (streamed.hits, len(listed.hits)), path
        assert one.subject in listed.hits
    made = AccessRecord.objects.filter(pk__gt=last())
    data(asker, "stores")
    assert [(row.hits, row.subject) for row in made.all()] == [([], "")]


def test_a_page_names_all_its_rows(asker: Client) -> None:
    made = AccessRecord.objects.filter(pk__gt=last())
    rows = data(asker, "documents", limit=1000)["data"]
    assert named(made.all()) == [f"document:{each['id']}" for each in rows]


def test_whoever_took_a_document_by_a_stream_is_found_by_it_and_by_its_order(asker: Client) -> None:
    order = Order.objects.filter(documents__isnull=False).order_by("pk")[0]
    document = order.documents.order_by("pk")[0].document
    made = AccessRecord.objects.filter(pk__gt=last())
    narrowed = {"format": "csv", "interchange_id": str(document.interchange_id)}
    text_of(asker.get(f"{ROOT}/documents/", narrowed))
    (row,) = made.all()
    assert document.subject in row.hits
    for subject in (document.subject, order.subject):
        assert list(made.filter(readings_of(subject))) == [row]
    other = Document.objects.exclude(interchange=document.interchange_id).order_by("pk")[0]
    assert list(made.filter(readings_of(other.subject))) == []
