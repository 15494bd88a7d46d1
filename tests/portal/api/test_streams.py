"""Whole lists as CSV and NDJSON."""

from __future__ import annotations

import csv
import io
import json

from django.test import Client

from archive.models import AccessRecord, DocumentState
from integration.models import PurchaseOrderLine
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


def test_a_stream_may_be_cut_short_and_is_recorded_before_it_begins(asker: Client) -> None:
    before = AccessRecord.objects.order_by("-pk")[0].pk
    short = asker.get(f"{ROOT}/documents/", {"format": "ndjson", "limit": "2"})
    assert len(text_of(short).splitlines()) == 2
    assert "Next-Cursor" not in short
    (made,) = AccessRecord.objects.filter(pk__gt=before)
    assert (made.kind, made.purpose) == ("export", "API, ndjson of documents")
