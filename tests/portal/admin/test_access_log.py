"""Who read what: found by reader, by thing, and by what was looked for, which is kept as a hash alone."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from archive.models import AccessRecord
from integration.models import Order, PurchaseOrder
from portal.admin.access_log import readings_url
from portal.admin.show import list_url, page_url
from tests import factories
from tests.portal.admin.conftest import client_of


@pytest.fixture
def world(db: None) -> PurchaseOrder:
    return factories.everything()


@pytest.fixture
def auditor(world: PurchaseOrder) -> Client:
    return client_of(factories.user("aude", "Auditor"))


def rows_of(answer: Any) -> list[AccessRecord]:
    return list(answer.context["cl"].result_list)


def last(kind: str) -> AccessRecord:
    return AccessRecord.objects.filter(kind=kind).latest("pk")


def test_a_page_says_whose_it_is_and_what_it_shows(world: PurchaseOrder, auditor: Client) -> None:
    auditor.get(page_url(world.order))
    row = last("page")
    assert (row.actor, row.subject, row.purpose) == ("aude", f"order:{world.order_id}", "page of an order")
    assert row.correlation_id
    assert row.payload is None


def test_a_search_keeps_what_it_brought_and_a_hash_of_what_was_asked(
    world: PurchaseOrder, auditor: Client
) -> None:
    answer = auditor.get("/admin/find/?q=ada  quist")
    assert answer.status_code == 200
    row = last("search")
    assert row.hits[0] == f"order:{world.order_id}"
    assert {each.partition(":")[0] for each in row.hits} == {"order", "document"}
    assert "quist" not in f"{row.term} {row.purpose} {row.hits}".lower()
    assert len(row.term) == 64


def test_a_search_that_leads_straight_to_one_thing_is_one_too(world: PurchaseOrder, auditor: Client) -> None:
    other = factories.order()
    assert auditor.get(f"/admin/find/?q={other.number}").status_code == 302
    assert last("search").hits == [f"order:{other.pk}"]


def test_a_file_of_a_list_is_an_export(world: PurchaseOrder, auditor: Client) -> None:
    assert auditor.get(reverse("admin:partners_itemcrossreference_export_file")).status_code == 200
    row = last("export")
    assert (row.purpose, row.subject) == ("export file of items", "")


def test_whoever_read_of_an_order_is_found_by_it(world: PurchaseOrder, auditor: Client) -> None:
    other = factories.order()
    client_of(factories.user("vera", "view")).get(page_url(other))
    dora = client_of(factories.user("dora", "decide"))
    document = world.order.documents.first().document  # type: ignore[union-attr]
    dora.get(page_url(document))
    dora.get(page_url(world))
    answer = auditor.get(readings_url(f"order:{world.order_id}"))
    read = {(row.actor, row.subject or row.payload) for row in rows_of(answer) if row.actor != "Gridport"}
    assert read == {
        ("dora", f"document:{document.pk}"),
        ("dora", f"purchase_order:{world.pk}"),
        ("dora", document.interchange.payload),
    }
    of_document = rows_of(auditor.get(readings_url(f"document:{document.pk}")))
    assert {row.subject for row in of_document if row.kind == "page"} == {f"document:{document.pk}"}


def test_whoever_knows_the_words_finds_who_looked_for_them(world: PurchaseOrder, auditor: Client) -> None:
    auditor.get("/admin/find/?q=Ada Quist")
    auditor.get("/admin/find/?q=Bea Quist")
    found = rows_of(auditor.get(f"{list_url(AccessRecord)}?q=ADA quist"))
    assert [row.kind for row in found] == ["search"]
    assert found[0].hits[0] == f"order:{world.order_id}"


def test_people_and_gridport_are_told_apart(world: PurchaseOrder, auditor: Client) -> None:
    auditor.get(page_url(world.order))
    assert {row.actor for row in rows_of(auditor.get(f"{list_url(AccessRecord)}?by=people"))} == {"aude"}
    assert {row.actor for row in rows_of(auditor.get(f"{list_url(AccessRecord)}?by=machine"))} == {"Gridport"}


def test_the_pages_of_order_and_document_lead_to_their_readers(world: PurchaseOrder, auditor: Client) -> None:
    document = world.order.documents.first().document  # type: ignore[union-attr]
    for path, subject in (
        (page_url(world.order), f"order:{world.order_id}"),
        (f"{page_url(document)}?show=history", f"document:{document.pk}"),
    ):
        assert f"?about={subject.replace(':', '%3A')}" in auditor.get(path).content.decode(), path
        desk = client_of(factories.user(f"desk-{document.pk}-{len(path)}", "Customer service"))
        assert "?about=" not in desk.get(path).content.decode()


def test_the_list_takes_as_many_queries_for_many_readings_as_for_few(
    world: PurchaseOrder, auditor: Client, django_assert_max_num_queries: Any
) -> None:
    def read(times: int) -> None:
        for _ in range(times):
            for path in (page_url(world.order), page_url(world), "/admin/find/?q=Ada Quist", list_url(Order)):
                auditor.get(path)

    read(1)
    with CaptureQueriesContext(connection) as few:
        auditor.get(list_url(AccessRecord))
        taken = len(few)
    read(5)
    with django_assert_max_num_queries(taken):
        auditor.get(list_url(AccessRecord))
    assert 5 < taken <= 20


def test_one_reading_shows_all_that_it_showed(world: PurchaseOrder, auditor: Client) -> None:
    auditor.get("/admin/find/?q=Ada Quist")
    row = last("search")
    words = auditor.get(page_url(row)).content.decode()
    assert f"Order {world.order.number}" in words
    assert "Purchase order (850)" in words
