"""Reading again from the pages of a document, a file and a case: shown first, done once, by those who may."""

from __future__ import annotations

import pytest
from django.contrib.messages import get_messages
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse

from archive.models import Document, Reprocessing, Transmission
from integration.flows.match import match
from integration.models import ExceptionCase, PurchaseOrder
from integration.work import Unclaimed
from partners.models import AgreementDocument, Partnership
from portal.admin.show import page_url
from tests import factories
from tests.integration.flows.test_reread import arrive
from tests.pages import Desk

REASON = "The agreement was mended."


def client_of(group: str) -> Client:
    client = Client()
    client.force_login(factories.user(group, group))
    return client


@pytest.fixture
def client(db: None) -> Client:
    return client_of("decide")


@pytest.fixture
def made(db: None) -> PurchaseOrder:
    made = factories.purchase_order(factories.order(1001))
    factories.sent(made)
    return made


@pytest.fixture
def unagreed(made: PurchaseOrder) -> Document:
    """An 855 that came before its agreement listed any; it lists them now."""
    AgreementDocument.objects.filter(transaction_set="855").update(is_active=False)
    document = factories.received(made.agreement, "855", factories.acceptance(made))
    match(str(document.pk), Unclaimed())
    AgreementDocument.objects.filter(transaction_set="855").update(is_active=True)
    return document


def address_of(row: Document | Transmission) -> str:
    return reverse(f"admin:archive_{row._meta.model_name}_read_again", args=[row.pk])


def said(answer: HttpResponse) -> str:
    return str(list(get_messages(answer.wsgi_request))[-1])


def post(client: Client, address: str, reason: str = REASON, times: int = 1) -> HttpResponse:
    shown = client.get(address).context
    posted = {"digest": shown["plan"].digest, "key": shown["key"], "reason": reason}
    return [client.post(address, posted) for _ in range(times)][-1]


def test_a_document_is_read_again_from_its_page_and_its_timeline_tells(
    client: Client, unagreed: Document
) -> None:
    assert "Read again…" in Desk(client).page(unagreed)
    page = Desk(client).read(address_of(unagreed))
    assert (
        "Read it again? What it does Posted: line 1 (FS-1) of purchase order 1001-1, 2 each acknowledged at 4.5"
        in page
    )
    assert "Purchase order 1001-1 counts as accepted then, and not as waiting for an answer." in page
    answer = post(client, address_of(unagreed), times=2)
    assert (answer["Location"], said(answer)) == (page_url(unagreed), "It was read again.")
    assert Reprocessing.objects.count() == 1
    assert PurchaseOrder.objects.get().state == PurchaseOrder.State.ACCEPTED
    assert f"Read again: {REASON}" in Desk(client).page(unagreed)


def test_without_a_reason_nothing_is_read_again(client: Client, unagreed: Document) -> None:
    assert "Say why in a few words" in post(client, address_of(unagreed), reason="").content.decode()
    assert Reprocessing.objects.count() == 0


def test_one_that_would_not_change_leads_back_and_says_so(client: Client, unagreed: Document) -> None:
    post(client, address_of(unagreed))
    answer = client.get(address_of(unagreed))
    assert answer["Location"] == page_url(unagreed)
    assert said(answer) == "Nothing would change: it reads as it did, and comes to the same."


def test_a_case_offers_to_read_again(client: Client, unagreed: Document) -> None:
    page = client.get(page_url(ExceptionCase.objects.get())).content.decode()
    assert "Read the document again…" in page
    assert address_of(unagreed) in page


def test_who_may_only_look_is_offered_nothing_and_can_post_nothing(unagreed: Document) -> None:
    viewer = client_of("view")
    assert "Read again…" not in Desk(viewer).page(unagreed)
    assert viewer.post(address_of(unagreed), {"reason": REASON}).status_code == 403
    assert viewer.get(address_of(unagreed)).status_code == 403


def test_what_we_sent_is_not_offered(client: Client, made: PurchaseOrder) -> None:
    assert "Read again…" not in Desk(client).page(Document.objects.get(transaction_set="850"))


def test_a_file_that_was_kept_is_read_again_from_its_page(client: Client, made: PurchaseOrder) -> None:
    Partnership.objects.all().delete()
    file = arrive(made, factories.acceptance(made), 7)
    assert "Read the file again…" in client.get(page_url(ExceptionCase.objects.get())).content.decode()
    answer = client.get(address_of(file))
    assert said(answer).startswith("It would still not be read. ")
    Partnership.objects.create(
        mailbox=made.agreement.mailbox, identifier=made.agreement.identifier, state="active"
    )
    assert "Purchase order acknowledgment (855) 1001-1" in Desk(client).read(address_of(file))
    post(client, address_of(file))
    assert Document.objects.filter(interchange__transmission=file).count() == 1
    page = Desk(client).page(file)
    assert f"Read again: {REASON}" in page
    assert "Read again…" not in page


def test_abuse_20_a_number_used_twice_asks_whether_the_partner_restarted(
    client: Client, made: PurchaseOrder
) -> None:
    arrive(made, factories.shortage(made), 7, "first.edi")
    second = arrive(made, factories.acceptance(made), 7, "second.edi")
    page = Desk(client).page(ExceptionCase.objects.get(kind="duplicate"))
    assert "The partner restarted his numbers…" in page
    assert "The file is read, and from it on his control numbers count anew." in page
    assert "Read it all the same…" in page
    assert "count anew: those" not in Desk(client).read(address_of(second))
    restarted = f"{address_of(second)}?restarted=yes"
    assert "From interchange 000000007 on, the sender's control numbers count anew" in Desk(client).read(
        restarted
    )
    post(client, restarted)
    assert Reprocessing.objects.get().restarts_at is not None
