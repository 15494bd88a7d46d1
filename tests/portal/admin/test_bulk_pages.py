"""Sending many again from the list: what it would do, a page that shows how far it is, and its result as a file."""

from __future__ import annotations

import csv
import io
from typing import Any

import pytest
from django.contrib.messages import get_messages
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse

from archive.models import Document, DocumentState, Resubmission
from integration import tasks
from integration.models import BulkItem, BulkJob
from portal.admin.show import list_url, page_url
from tests import factories
from tests.integration.flows.test_bulk import sent
from tests.pages import Desk

REASON = "The supplier's import was mended."


@pytest.fixture(autouse=True)
def no_knocks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tasks, "async_task", lambda *args, **options: None)


def client_of(name: str, group: str = "decide") -> Client:
    client = Client()
    client.force_login(factories.user(name, group))
    return client


@pytest.fixture
def client(db: None) -> Client:
    return client_of("lea")


def choose(client: Client, documents: list[Document], **more: str) -> HttpResponse:
    """Choose rows in the list and press the button; return the page that it leads to."""
    chosen = {"action": "send_chosen_again", "_selected_action": [str(each.pk) for each in documents], **more}
    return client.post(list_url(Document), chosen)


def begin(client: Client, address: str, reason: str = REASON, times: int = 1) -> HttpResponse:
    shown = client.get(address).context
    posted = {"digest": shown["plan"].digest, "key": shown["key"], "reason": "other", "note": reason}
    return [client.post(address, posted) for _ in range(times)][-1]


def said(answer: HttpResponse) -> str:
    return str(list(get_messages(answer.wsgi_request))[-1])


def test_chosen_documents_are_sent_again_and_the_page_says_how_far_it_is(client: Client) -> None:
    documents = sent(3)
    address = choose(client, documents)["Location"]
    page = Desk(client).read(address)
    assert "Send 3 purchase orders again? 3 documents, chosen one by one." in page
    assert f"3 to {documents[0].partner}: written anew, each under new control numbers, and sent." in page
    assert "Up to 20 at once one person is enough" in page
    answer = begin(client, address, times=2)
    job = BulkJob.objects.get()
    assert answer["Location"] == page_url(job)
    waiting = Desk(client).page(job)
    assert "0 of 3 settled: 3 waiting" in waiting
    assert "data-live" in client.get(page_url(job)).content.decode()
    tasks.drain("orders")
    page = Desk(client).page(job)
    assert "3 of 3 settled: 3 sent again" in page
    assert f"Reason {REASON} Decided by lea" in page
    assert "data-live" not in client.get(page_url(job)).content.decode()
    assert "Stop" not in page.split("Timeline")[1]
    assert Resubmission.objects.count() == 3
    assert "3 of 3 settled: 3 sent again" in Desk(client).list(BulkJob)


def test_all_that_a_filter_shows_can_be_chosen(client: Client) -> None:
    documents = sent(4)
    DocumentState.objects.filter(document__in=documents[:3]).update(acknowledgment="rejected")
    chosen = {"action": "send_chosen_again", "_selected_action": [str(documents[0].pk)], "select_across": "1"}
    address = client.post(f"{list_url(Document)}?status=rejected", chosen)["Location"]
    page = Desk(client).read(address)
    assert (
        "Send 3 purchase orders again? All documents of the list (Status: Rejected by the partner). Only what was never"
        " delivered Only what failed: not delivered, rejected, or not answered All, even what the partner has accepted"
        in page
    )
    begin(client, address)
    assert BulkJob.objects.get().items.count() == 3


def test_what_is_not_sent_and_what_was_answered_is_said_before(client: Client) -> None:
    documents = sent(3)
    DocumentState.objects.filter(document=documents[0]).update(acknowledgment="accepted")
    DocumentState.objects.filter(document=documents[1]).update(delivery="sending")
    address = choose(client, documents)["Location"]
    page = Desk(client).read(address)
    assert "Send 1 purchase order again?" in page
    assert (
        "1: The partner has answered it already: left out. Which documents are not sent Purchase order (850) 2001-1"
        in page
    )
    assert "1: Not sent yet: it goes on by itself." in page
    page = Desk(client).read(f"{address}&which=all")
    assert "Send 2 purchase orders again?" in page
    assert "he has it, and may ship twice." in page


def test_above_the_number_a_second_person_approves_on_the_page(client: Client, settings: Any) -> None:
    settings.BULK_ALONE = 2
    address = choose(client, sent(3))["Location"]
    assert "More than 2 at once need a second person" in Desk(client).read(address)
    begin(client, address)
    job = BulkJob.objects.get()
    verbs = reverse("admin:integration_bulkjob_decide", args=[job.pk])
    page = Desk(client).page(job)
    assert "Withdraw" in page
    assert "Approve" not in page
    answer = client.post(verbs, {"verb": "approve", "reason": "Right."})
    assert said(answer) == "You have proposed this job: a second person has to approve it."
    tasks.drain("orders")
    assert Resubmission.objects.count() == 0
    other = client_of("otto")
    assert "Approve" in Desk(other).page(job)
    other.post(verbs, {"verb": "approve", "reason": "Seen."})
    tasks.drain("orders")
    assert Resubmission.objects.count() == 3
    assert "Approved by otto: Seen." in Desk(client).page(job)


def test_a_job_is_stopped_on_its_page(client: Client) -> None:
    begin(client, choose(client, sent(2))["Location"])
    job = BulkJob.objects.get()
    verbs = reverse("admin:integration_bulkjob_decide", args=[job.pk])
    assert client.post(verbs, {"verb": "stop", "reason": ""}).status_code == 302
    job.refresh_from_db()
    assert job.state == BulkJob.State.RUNNING
    client.post(verbs, {"verb": "stop", "reason": "Wrong ones."})
    page = Desk(client).page(job)
    assert "2 of 2 settled: 2 stopped before they were sent" in page
    assert "Stopped by lea: Wrong ones." in page
    assert client.post(verbs, {"verb": "undo", "reason": "x"}).status_code == 400


def test_failed_ones_are_shown_and_tried_again_on_the_page(client: Client) -> None:
    begin(client, choose(client, sent(2))["Location"])
    job = BulkJob.objects.get()
    item = job.items.first()
    assert item is not None
    row = factories.work("send_again", item.pk, "A fault in Gridport stopped it.", stopped=True)
    page = Desk(client).page(job)
    assert "1 of 2 settled: 1 failed, 1 waiting" in page
    assert "A fault in Gridport stopped it." in page
    client.post(
        reverse("admin:integration_bulkjob_decide", args=[job.pk]), {"verb": "retry", "reason": "Mended."}
    )
    row.refresh_from_db()
    assert row.parked_at is None


def test_abuse_25_the_result_is_a_file_without_formulas(client: Client) -> None:
    documents = sent(2)
    begin(client, choose(client, documents)["Location"])
    job = BulkJob.objects.get()
    BulkItem.objects.filter(document=documents[0]).update(
        state="refused", sentence='=HYPERLINK("http://example.com")'
    )
    tasks.drain("orders")
    answer = client.get(reverse("admin:integration_bulkjob_result", args=[job.pk]))
    assert answer["Content-Disposition"] == f'attachment; filename="bulk-job-{job.pk}.csv"'
    rows = list(csv.reader(io.StringIO(answer.content.decode())))
    partner = str(documents[0].partner)
    assert rows == [
        ["Document", "Partner", "Sent as interchange", "What became of it", "New interchange", "Why not"],
        [
            "Purchase order (850) 2001-1",
            partner,
            "000000001",
            "Not sent",
            "",
            '\'=HYPERLINK("http://example.com")',
        ],
        ["Purchase order (850) 2002-1", partner, "000000002", "Sent again", "000000003", ""],
    ]


def test_more_than_the_limit_leads_back_with_the_reason(client: Client, settings: Any) -> None:
    settings.BULK_LIMIT = 2
    answer = client.get(choose(client, sent(3))["Location"])
    assert answer["Location"] == list_url(Document)
    assert said(answer).startswith("More than 2 documents are chosen")


@pytest.mark.parametrize(
    "query", ["", "ids=", "ids=x,²,-1", "ids=999999999999999999999", "filter=nonsense__x%3D1"]
)
def test_a_choice_of_nothing_leads_back(client: Client, query: str) -> None:
    address = f"{reverse('admin:archive_document_send_many')}?{query}"
    assert said(client.get(address)) == "No document is chosen."


def test_who_may_only_look_chooses_and_begins_nothing(db: None) -> None:
    documents = sent(1)
    viewer = client_of("vera", "view")
    assert "_selected_action" not in viewer.get(list_url(Document)).content.decode()
    assert choose(viewer, documents).status_code == 403
    address = f"{reverse('admin:archive_document_send_many')}?ids={documents[0].pk}"
    assert viewer.get(address).status_code == 403
    assert viewer.post(address, {"reason": REASON}).status_code == 403
    assert BulkJob.objects.count() == 0


def test_who_may_only_look_sees_a_job_and_decides_nothing(client: Client) -> None:
    begin(client, choose(client, sent(1))["Location"])
    job = BulkJob.objects.get()
    viewer = client_of("vera", "view")
    page = Desk(viewer).page(job)
    assert "0 of 1 settled: 1 waiting" in page
    assert "What to do" not in page
    verbs = reverse("admin:integration_bulkjob_decide", args=[job.pk])
    assert viewer.post(verbs, {"verb": "stop", "reason": "x"}).status_code == 403
