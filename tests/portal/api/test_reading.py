"""Lists and rows: what they hold, how they go on, what they refuse."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import pytest
from django.test import Client

from archive import changes
from archive.changes import Place
from archive.models import AccessRecord, Document, DocumentState
from integration.models import PurchaseOrder
from portal.api.resources import RESOURCES, Resource

ROOT = "/api/v1"


def data(client: Client, path: str, **query: Any) -> Any:
    """Return the body of an answer that is none of refusal."""
    response = client.get(f"{ROOT}/{path}/", query)
    assert response.status_code == 200, response.content
    return response.json()


def refusal(client: Client, path: str, **query: Any) -> tuple[int, str]:
    """Return the status and the code of a refusal."""
    response = client.get(f"{ROOT}/{path}/", query)
    assert response["Content-Type"] == "application/problem+json"
    assert response.json()["status"] == response.status_code
    return response.status_code, response.json()["code"]


def test_a_moment_may_have_an_offset_that_postgresql_does_not_know(asker: Client) -> None:
    for offset in ("+16:00", "-18:26", "+23:59"):
        since = f"2000-01-01T00:00:00{offset}"
        assert data(asker, "stores", updated_since=since)["data"] == data(asker, "stores")["data"] != []
        assert data(asker, "stores", updated_before=since)["data"] == []


@pytest.mark.parametrize("resource", RESOURCES, ids=lambda each: each.name)
def test_every_list_holds_every_row_once_whatever_the_size_of_its_pages(
    asker: Client, resource: Resource
) -> None:
    whole = data(asker, resource.path)
    wanted = set(resource.model._default_manager.filter(resource.only).values_list("pk", flat=True))

    assert [list(each) for each in whole["data"]] == [list(resource.columns)] * len(wanted)
    assert sorted(each["id"] for each in whole["data"]) == sorted(wanted) != []
    assert (whole["has_more"], whole["complete_until"][-1]) == (False, "Z")

    seen, cursor = [], None
    for _ in range(100):
        page = data(asker, resource.path, limit=1, **({"cursor": cursor} if cursor else {}))
        seen += page["data"]
        cursor = page["next_cursor"]
        assert len(page["data"]) <= 1
        if not page["has_more"]:
            break
        assert page["complete_until"] is None
    assert seen == whole["data"]
    assert data(asker, resource.path, cursor=cursor)["data"] == []

    for each in whole["data"]:
        assert data(asker, f"{resource.path}/{each['id']}") == each


def test_a_row_that_changes_comes_again_behind_the_cursor_and_alone(asker: Client) -> None:
    before = data(asker, "documents")
    document = Document.objects.order_by("pk")[0]
    DocumentState.objects.filter(document=document).update(acknowledgment="overdue")
    after = data(asker, "documents", cursor=before["next_cursor"])

    assert [(each["id"], each["acknowledgment"]) for each in after["data"]] == [(document.pk, "overdue")]
    assert after["data"][0]["updated_at"] > before["data"][-1]["updated_at"]
    again = data(asker, "documents")["data"]
    assert [each["id"] for each in again].count(document.pk) == 1
    assert again[-1] == after["data"][0]


def test_positions_are_those_of_the_ledger_as_text(asker: Client, world: PurchaseOrder) -> None:
    line, _ = data(asker, "purchase-order-lines", purchase_order_id=world.pk)["data"]

    assert (line["quantity"], line["unit"], line["currency"]) == ("2.0000", "each", "USD")
    assert (line["ordered"], line["shipped"], line["open"]) == ("2.0000", "0.0000", "2.0000")
    assert (line["acknowledged"], line["backordered"], line["promised_on"]) == (
        "2.0000",
        "0.0000",
        "2026-12-01",
    )
    (said,) = data(asker, "acknowledgment-lines", line_id=line["id"])["data"]
    assert (said["status"], said["quantity"], said["unit_price"], said["is_reversed"]) == (
        "acknowledged", "2.0000", "4.5000", False,
    )  # fmt: skip


def test_filters_narrow_and_what_is_misspelt_is_refused(asker: Client, world: PurchaseOrder) -> None:
    partner = world.agreement.partner_id
    own = data(asker, "purchase-orders", partner_id=partner)["data"]
    assert [each["id"] for each in own] == [world.pk]
    assert data(asker, "purchase-orders", number=world.number)["data"] == own
    assert data(asker, "purchase-orders", number=world.number, partner_id=partner + 100_000)["data"] == []
    assert {each["direction"] for each in data(asker, "documents", direction="in")["data"]} == {"in"}

    for query, wanted in {
        "partner": (400, "parameter_unknown"),
        "ordering": (400, "parameter_unknown"),
        "_connector": (400, "parameter_unknown"),
        "page_size": (400, "parameter_unknown"),
    }.items():
        assert refusal(asker, "purchase-orders", **{query: "1"}) == wanted
    for query in (
        {"partner_id": "x"}, {"partner_id": "9" * 30}, {"limit": "0"}, {"limit": "1001"}, {"limit": "1e3"},
        {"number": "a\0"}, {"number": ""}, {"number": "9" * 101}, {"state": "nowhere"}, {"fields": "password"},
        {"updated_since": "2026-11-29T08:00:00"}, {"updated_since": "yesterday"}, {"updated_before": "2026-13-01T00:00:00Z"},
        {"format": "xml"},
    ):  # fmt: skip
        assert refusal(asker, "purchase-orders", **query) == (400, "parameter_invalid"), query
    assert asker.get(f"{ROOT}/purchase-orders/?limit=1&limit=2").json()["code"] == "parameter_invalid"


def test_times_narrow_by_when_it_changed(asker: Client) -> None:
    every = data(asker, "documents")["data"]
    last = every[-1]["updated_at"]

    since = data(asker, "documents", updated_since=last)["data"]
    before = data(asker, "documents", updated_before=last)["data"]

    assert since == [each for each in every if each["updated_at"] >= last] != []
    assert before == [each for each in every if each["updated_at"] < last] != []
    assert data(asker, "documents", updated_since="2100-01-01T00:00:00Z")["data"] == []
    assert data(asker, "documents", updated_since="2100-01-01T00:00:00+17:27")["data"] == []


def test_fields_choose_and_the_first_two_are_always_there(asker: Client) -> None:
    (first, *_) = data(asker, "orders", fields="total,currency")["data"]
    assert list(first) == ["id", "updated_at", "total", "currency"]
    assert (first["total"], first["currency"]) == ("69.3000", "USD")
    assert list(data(asker, f"orders/{first['id']}", fields="number")) == ["id", "updated_at", "number"]


def test_what_did_not_change_is_not_sent_again(asker: Client) -> None:
    for path in ("orders", f"orders/{data(asker, 'orders')['data'][0]['id']}"):
        first = asker.get(f"{ROOT}/{path}/")
        same = asker.get(f"{ROOT}/{path}/", headers={"If-None-Match": first["ETag"]})
        other = asker.get(f"{ROOT}/{path}/", {"fields": "id"}, headers={"If-None-Match": first["ETag"]})
        assert (same.status_code, same.content, same["ETag"]) == (304, b"", first["ETag"])
        assert other.status_code == 200


def test_a_cursor_of_another_life_of_the_database_is_over(asker: Client) -> None:
    assert refusal(asker, "orders", cursor=changes.written(Place(3, 4), uuid4())) == (410, "cursor_over")
    for text in ("", "x", "e" * 400, "Zm9v", "é"):
        assert refusal(asker, "orders", cursor=text) == (400, "cursor_invalid"), text


def test_what_a_document_says_is_read_by_its_own_address_and_recorded(asker: Client) -> None:
    document = Document.objects.filter(transaction_set="850").order_by("pk")[0]
    before = AccessRecord.objects.order_by("-pk")[0].pk

    content = data(asker, f"documents/{document.pk}/content")
    raw = asker.get(f"{ROOT}/documents/{document.pk}/raw/")

    assert content["transaction_set"] == "850"
    assert raw.content.startswith(b"ST*850*")
    assert raw["Content-Type"] == "application/octet-stream"
    made = AccessRecord.objects.filter(pk__gt=before).order_by("pk")
    assert [(each.kind, each.purpose, each.payload_id) for each in made] == [
        ("content", "content by API", document.interchange.payload_id),
        ("content", "bytes by API", document.interchange.payload_id),
    ]
    assert {each.actor.partition(" by token ")[0] for each in made} == {"ada"}


def test_every_list_and_row_leaves_its_record(asker: Client, world: PurchaseOrder) -> None:
    before = AccessRecord.objects.order_by("-pk")[0].pk
    data(asker, "purchase-orders", number=world.number)
    data(asker, f"purchase-orders/{world.pk}")

    made = AccessRecord.objects.filter(pk__gt=before).order_by("pk")
    assert [(each.kind, each.subject, each.hits) for each in made] == [
        ("list", "", [f"purchase_order:{world.pk}"]),
        ("page", f"purchase_order:{world.pk}", []),
    ]


def test_what_is_not_there_is_said_so(asker: Client) -> None:
    for path in (
        "orders/0",
        "orders/999999999",
        f"orders/{10**30}",
        "documents/0/raw",
        "documents/0/content",
    ):
        assert refusal(asker, path) == (404, "not_found"), path
    assert asker.post(f"{ROOT}/orders/").json()["code"] == "method_not_allowed"
    assert asker.get(f"{ROOT}/orders/", headers={"Accept": "text/html"}).json()["code"] == "not_acceptable"
