"""Decisions on their pages: shown before, carried out as shown, once, by those who may."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.contrib.messages import get_messages
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from integration.models import ExceptionCase, Order, PurchaseOrder
from portal.admin.show import page_url
from tests import factories
from tests.pages import Desk
from tests.world import World, world

__all__ = ["world"]

REASON = "Agreed by telephone."


def client_of(group: str, name: str = "") -> Client:
    client = Client()
    client.force_login(factories.user(name, group))
    return client


@pytest.fixture
def case(world: World) -> ExceptionCase:
    """Twelve asked, eleven acknowledged, one on backorder."""
    world.network.answers["1004-1"] = "short"
    world.place(1004)
    world.run()
    return ExceptionCase.objects.get()


def decision_url(case: ExceptionCase, name: str) -> str:
    return reverse("admin:integration_exceptioncase_decision", args=[case.pk, name])


def said(answer: HttpResponse) -> str:
    return str(list(get_messages(answer.wsgi_request))[-1])


def digest_on(client: Client, address: str) -> str:
    answer = client.get(address)
    return str(answer.context["plan"].digest)


def test_the_case_offers_its_decisions_and_each_page_says_what_it_does(case: ExceptionCase) -> None:
    desk = Desk(client_of("decide"))
    page = desk.page(case)
    for words in ("Accept as acknowledged…", "Reject the answer…", "Wait for the partner…", "Not ours…"):
        assert words in page
    today = timezone.now()
    assert (
        "Accept as acknowledged? Acme Supply answered purchase order 1004-1 differently. Line 1 (AC-004): asked 12 each,"
        " answered 1 backordered. The order in the store was left as it is. Leave the order in the store as it is Neither"
        " its status nor its notes are written. Show what it does What it does Line 1 (AC-004): 11 of 12 each"
        f" acknowledged, 1 on backorder, promised for {today.day} {today:%b %Y}. Purchase order 1004-1 counts as"
        " accepted. The order in the store moves to Awaiting Shipment, unless somebody moved it elsewhere."
    ) in desk.read(decision_url(case, "accept"))


def test_the_choice_to_leave_the_store_alone_goes_with_the_plan(world: World, case: ExceptionCase) -> None:
    client = client_of("decide")
    address = decision_url(case, "accept")
    shown = client.get(address, {"leaves_store": "on"})
    assert shown.context["plan"].leaves_store
    assert '<input type="hidden" name="leaves_store" value="True"' in shown.content.decode()
    unlike = client.post(address, {"digest": shown.context["plan"].digest, "reason": REASON})
    assert said(unlike) == "Something has changed since you looked. Here is what it would do now."
    given = {"digest": shown.context["plan"].digest, "reason": REASON, "leaves_store": "True"}
    assert client.post(address, given).status_code == 302
    world.run()
    assert world.store.state.order(1004)["status_id"] == 11


def test_accepting_does_what_was_shown_and_goes_back_to_the_case(world: World, case: ExceptionCase) -> None:
    client = client_of("decide", "lea")
    address = decision_url(case, "accept")
    answer = client.post(address, {"digest": digest_on(client, address), "reason": REASON})
    assert (answer.status_code, answer["Location"]) == (302, page_url(case))
    assert said(answer) == "Decided: accept as acknowledged."
    world.run()
    assert world.store.state.order(1004)["status_id"] == 9
    page = Desk(client).page(case)
    assert "Decision Accepted as acknowledged By lea" in page
    assert REASON in page
    told = Desk(client).page(Order.objects.get())
    assert told.count(f"Purchase order 1004-1 is accepted as acknowledged: {REASON}") == 1


def test_a_double_click_decides_once(world: World, case: ExceptionCase) -> None:
    client = client_of("decide", "lea")
    address = decision_url(case, "accept")
    posted = {"digest": digest_on(client, address), "reason": REASON}
    client.post(address, posted)
    answer = client.post(address, posted)
    assert said(answer) == "lea has closed this case already."
    world.run()
    assert [each["method"] for each in world.store.state.ledger].count("PUT") == 1


def test_what_has_changed_meanwhile_is_shown_anew_and_not_done(case: ExceptionCase) -> None:
    client = client_of("decide")
    answer = client.post(decision_url(case, "accept"), {"digest": "of yesterday", "reason": REASON})
    assert answer.status_code == 200
    assert said(answer) == "Something has changed since you looked. Here is what it would do now."
    assert PurchaseOrder.objects.get().state == PurchaseOrder.State.DISPUTED


def test_a_decision_without_a_reason_is_not_done(case: ExceptionCase) -> None:
    client = client_of("decide")
    address = decision_url(case, "reject")
    answer = client.post(address, {"digest": digest_on(client, address), "reason": " "})
    assert "Say why in a few words" in answer.content.decode()
    assert PurchaseOrder.objects.get().state == PurchaseOrder.State.DISPUTED


def test_waiting_asks_until_when_and_then_keeps_the_case_open(case: ExceptionCase) -> None:
    client = client_of("decide")
    address = decision_url(case, "wait")
    assert "What it does" not in Desk(client).read(address)
    until = timezone.localtime() + timedelta(days=2)
    given = f"{until:%Y-%m-%dT%H:%M}"
    with_time = f"{address}?due_at={given}"
    assert f"The case stays open and is due on {until.day} {until:%b %Y %H:%M} UTC." in Desk(client).read(
        with_time
    )
    posted = {"digest": digest_on(client, with_time), "reason": REASON, "due_at": given}
    assert said(client.post(address, posted)) == "Decided: wait for the partner."
    case.refresh_from_db()
    assert (case.closed_at, case.due_at) == (None, until.replace(second=0, microsecond=0))


def test_a_purchase_order_that_was_never_sent_is_refused_by_its_number(case: ExceptionCase) -> None:
    client = client_of("decide")
    page = Desk(client).read(f"{decision_url(case, 'match')}?number=77-7")
    assert "We did not send a purchase order 77-7 to Acme Supply." in page
    assert "What it does" not in page


def test_who_may_only_look_is_offered_nothing_and_can_post_nothing(case: ExceptionCase) -> None:
    client = client_of("view")
    assert "Accept as acknowledged…" not in Desk(client).page(case)
    assert client.get(decision_url(case, "accept")).status_code == 403
    assert client.post(decision_url(case, "accept"), {"reason": REASON}).status_code == 403


def test_a_decision_that_there_is_not_for_this_case_is_not_found(case: ExceptionCase) -> None:
    assert client_of("decide").get(decision_url(case, "explode")).status_code == 404
