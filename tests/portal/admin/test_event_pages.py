"""Event destinations and what they were told, as staff see and change them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from django.contrib.admin.models import LogEntry
from django.test import Client

from archive.clock import database_now
from archive.models import AuditEntry
from integration import tasks
from integration.flows.post_events import post_events
from integration.models import EventAttempt, EventDelivery, EventDestination, Work
from integration.transports import webhook
from integration.work import Unclaimed
from portal.groups import OPERATOR
from tests import factories
from tests.receiving import Receiver, always, delivery, destination, open_receiver

State = EventDelivery.State
LIST = "/admin/integration/eventdestination/"
ADDRESS = "https://events.example/in?key=s3cret"


@pytest.fixture
def client(db: None, monkeypatch: pytest.MonkeyPatch) -> Client:
    monkeypatch.setattr(tasks, "async_task", lambda *args, **options: None)
    made = Client()
    made.force_login(factories.user("olga", OPERATOR))
    return made


@pytest.fixture
def receiver(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Receiver]:
    monkeypatch.setattr(webhook, "allowed", lambda address: True)
    with open_receiver(tmp_path) as opened:
        monkeypatch.setattr(webhook.ssl, "create_default_context", lambda: opened.context)
        yield opened


@pytest.mark.parametrize(
    ("url", "sentence"),
    [
        ("https://169.254.169.254/latest/", "The webhook's address leads into a private network, where nothing is posted. Enter one of the internet."),
        ("https://localhost/x", "The webhook's address leads into a private network, where nothing is posted. Enter one of the internet."),
        ("http://events.example/x", "Messages are posted by https alone: the address begins with https://."),
        ("events.example", "This is no address of a webhook. Copy it whole from the receiver: https://, a name, and what follows."),
    ],
)  # fmt: skip
def test_an_address_that_nothing_may_be_posted_to_is_refused_when_it_is_saved(
    client: Client, url: str, sentence: str
) -> None:
    answer = client.post(f"{LIST}add/", {"name": "Warehouse", "is_active": "on", "url": url})
    assert answer.context["adminform"].form.errors["url"] == [sentence]
    assert EventDestination.objects.count() == 0


def test_a_secret_is_made_and_shown_once_and_address_and_secret_never_again(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("portal.admin.event_destinations.address_problem", lambda url, whom: "")
    partner = factories.partner()
    values = {"name": "Warehouse", "is_active": "on", "url": ADDRESS, "kinds": ["case.opened", "order.changed"], "partners": [partner.pk]}  # fmt: skip
    answer = client.post(f"{LIST}add/", values)
    made = EventDestination.objects.get()
    assert made.secret.startswith("whsec_")
    assert len(made.secret) == 50
    assert answer.context["secret"] == made.secret
    assert made.secret in answer.content.decode()
    assert "no-store" in answer["Cache-Control"]
    assert (made.kinds, list(made.partners.all())) == (["case.opened", "order.changed"], [partner])
    page = f"{LIST}{made.pk}/change/"
    text = client.get(page).content.decode()
    assert "events.example" in text
    assert client.post(page, {**values, "name": "Lake", "url": ""}).status_code == 302
    made.refresh_from_db()
    assert (made.name, made.url) == ("Lake", ADDRESS)
    everything = text + client.get(LIST).content.decode() + client.get(page).content.decode()
    kept = str(list(LogEntry.objects.values())) + str(list(AuditEntry.objects.values()))
    assert [each for each in ("s3cret", made.secret) if each in everything + kept] == []


def test_a_saved_form_leaves_what_posting_wrote_meanwhile(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("portal.admin.event_destinations.address_problem", lambda url, whom: "")
    made = destination("Warehouse", ADDRESS)
    waiting = delivery(made, next_at=database_now() + timedelta(days=1))
    began = made.began
    EventDestination.objects.update(failing_since=database_now())
    client.post(f"{LIST}{made.pk}/change/", {"name": "Warehouse", "is_active": "on", "url": ""})
    made.refresh_from_db()
    waiting.refresh_from_db()
    assert made.failing_since is not None
    assert made.began == began
    assert waiting.next_at is not None
    assert waiting.next_at <= database_now()
    assert Work.objects.get().step == "post_events"


def test_a_new_secret_is_shown_once_with_a_reason(client: Client) -> None:
    made = destination("Warehouse")
    page = f"{LIST}{made.pk}/rotate/"
    assert "Make a new secret for Warehouse?" in client.get(page).content.decode()
    assert client.post(page, {"reason": ""}).status_code == 200
    former, answer = made.secret, client.post(page, {"reason": "Somebody left."})
    made.refresh_from_db()
    assert (made.former_secret, answer.context["secret"]) == (former, made.secret)
    assert former != made.secret
    assert AuditEntry.objects.get(verb="rotate event secret").reason == "Somebody left."
    assert "The former one is used too until" in client.get(f"{LIST}{made.pk}/change/").content.decode()


def test_the_test_button_says_in_words_what_came_back(client: Client, receiver: Receiver) -> None:
    made = destination("Warehouse", receiver.url)
    page = f"{LIST}{made.pk}/test/"
    assert "Post a test event to Warehouse?" in client.get(page).content.decode()
    assert "The receiver took it (204)." in client.post(page, follow=True).content.decode()
    receiver.answer = always(401, b"<b>who?</b>")
    text = client.post(page, follow=True).content.decode()
    assert (
        "The receiver takes nothing now (401). It is tried again by itself. It says: &lt;b&gt;who?&lt;/b&gt;"
        in text
    )
    assert [json.loads(post.body)["type"] for post in receiver.taken] == ["com.gridport.test"] * 2
    assert EventDelivery.objects.count() == 0


def test_an_event_is_shown_with_its_bytes_and_tries_and_sent_again(
    client: Client, receiver: Receiver
) -> None:
    receiver.answer = always(422, b"<b>no such order</b>")
    made = destination("Warehouse", receiver.url)
    row = delivery(made, b'{"specversion":"1.0","data":{"order":7}}')
    with pytest.raises(Exception, match="refused this event"):
        post_events(str(made.pk), Unclaimed())
    EventDelivery.objects.update(state=State.GIVEN_UP, next_at=None, settled_at=database_now())
    page = f"/admin/integration/eventdelivery/{row.pk}/change/"
    text = client.get(page).content.decode()
    assert str(row.message_id) in text
    assert "The receiver refused this event (422). It is tried again by itself." in text
    assert "It said: &lt;b&gt;no such order&lt;/b&gt;" in text
    assert "The exact body: 40 bytes" in text
    again = f"/admin/integration/eventdelivery/{row.pk}/again/"
    assert client.post(again, {"reason": "They mended it."}).status_code == 302
    row.refresh_from_db()
    assert (row.state, row.tries, EventAttempt.objects.count()) == (State.WAITING, 0, 1)
    found = client.get(f"/admin/integration/eventdelivery/?q={row.message_id}").content.decode()
    assert "Order changed" in found
    assert "Nothing matches" not in found


def test_what_was_given_up_since_a_day_is_sent_again_from_the_destination(client: Client) -> None:
    made, now = destination("Warehouse"), database_now()
    for days in (1, 9):
        delivery(
            made, created_at=now - timedelta(days=days), state=State.GIVEN_UP, next_at=None, settled_at=now
        )
    page = f"{LIST}{made.pk}/again/"
    since = f"{now - timedelta(days=2):%Y-%m-%dT%H:%M}"
    (row,) = client.get(LIST).context["cl"].result_list
    assert row.counts == {State.WAITING: 0, State.GIVEN_UP: 2}
    text = client.post(page, {"since": since, "reason": "Mended."}, follow=True).content.decode()
    assert "1 event is sent again." in text
    assert "No event was given up in that time." in client.post(page, {"since": since, "reason": "Mended."}, follow=True).content.decode()  # fmt: skip
    assert (
        "1 event is sent again."
        in client.post(page, {"since": "", "reason": "All."}, follow=True).content.decode()
    )
