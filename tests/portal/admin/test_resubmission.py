"""Sending again from the document's page: shown first, done once, by those who may."""

from __future__ import annotations

import pytest
from django.contrib.messages import get_messages
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse

from archive.models import Document, Resubmission
from portal.admin.show import page_url
from tests import factories
from tests.pages import Desk
from tests.world import World, world

__all__ = ["world"]

REASON = "The supplier's import was mended."


def client_of(group: str) -> Client:
    client = Client()
    client.force_login(factories.user(group, group))
    return client


@pytest.fixture
def rejected(world: World) -> Document:
    world.network.answers["1001-1"] = "reject"
    world.place(1001)
    world.run()
    return Document.objects.get(transaction_set="850")


def address_of(document: Document) -> str:
    return reverse("admin:archive_document_send_again", args=[document.pk])


def said(answer: HttpResponse) -> str:
    return str(list(get_messages(answer.wsgi_request))[-1])


def test_the_page_says_what_it_does_and_a_double_click_sends_once(world: World, rejected: Document) -> None:
    client = client_of("decide")
    assert "Send again…" in Desk(client).page(rejected)
    assert (
        "What is sent The same content, segment for segment Purchase order 1001-1 goes to Acme Supply once"
        " more as it is, under new control numbers, by Trading Grid mailbox. Reason"
    ) in Desk(client).read(address_of(rejected))
    shown = client.get(address_of(rejected)).context
    posted = {
        "digest_same": shown["plan"].digest,
        "content": "same",
        "key": shown["key"],
        "reason": "other",
        "note": REASON,
    }
    answers = [client.post(address_of(rejected), posted) for _ in range(2)]
    new = Resubmission.objects.get().document
    assert [answer["Location"] for answer in answers] == [page_url(new)] * 2
    assert said(answers[0]) == "It is sent again as interchange 000000002."
    world.run()
    assert len([each for each in world.network.arrivals() if each["purchase_order"]]) == 2
    assert REASON in Desk(client).page(rejected)


def test_what_the_partner_said_stands_above_the_button(world: World) -> None:
    world.place(1001)
    world.run()
    page = Desk(client_of("decide")).read(address_of(Document.objects.get(transaction_set="850")))
    assert (
        "Acme Supply has accepted the first one as a document (997): he has it, and may ship twice." in page
    )


def test_without_a_reason_nothing_is_sent(rejected: Document) -> None:
    client = client_of("decide")
    shown = client.get(address_of(rejected)).context
    answer = client.post(
        address_of(rejected),
        {"digest_same": shown["plan"].digest, "content": "same", "key": shown["key"], "reason": ""},
    )
    assert "Choose a reason: it is kept with the decision." in answer.content.decode()
    assert Resubmission.objects.count() == 0


def test_one_that_was_sent_again_leads_back_with_the_reason(rejected: Document) -> None:
    client = client_of("decide")
    shown = client.get(address_of(rejected)).context
    client.post(
        address_of(rejected),
        {
            "digest_same": shown["plan"].digest,
            "content": "same",
            "key": shown["key"],
            "reason": "other",
            "note": REASON,
        },
    )
    answer = client.get(address_of(rejected))
    assert answer["Location"] == page_url(rejected)
    assert said(answer) == (
        "decide has sent it again already, as interchange 000000002. Send that one again if need be."
    )


def test_who_may_only_look_is_offered_nothing_and_can_post_nothing(rejected: Document) -> None:
    client = client_of("view")
    assert "Send again…" not in Desk(client).page(rejected)
    assert client.post(address_of(rejected), {"reason": REASON}).status_code == 403
