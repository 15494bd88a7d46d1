"""Messages to chats: where nothing is posted to, whatever the name says, and what each answer leads to."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Iterator
from datetime import timedelta
from ipaddress import ip_address
from pathlib import Path

import pytest

from integration import channels, patience, tasks
from integration.errors import ConfigurationError, RateLimited, RetryableError
from integration.flows.notice_settings import webhook_saved
from integration.flows.notices import tell_notices
from integration.flows.steps import STEPS
from integration.flows.webhook_calls import GIVEN_UP_AFTER, post_webhook, put_call, steps_of_calls
from integration.models import Channel, ExceptionCase, WebhookCall, Work
from integration.patience import Patience
from integration.transports import webhook
from integration.work import Unclaimed, put
from tests.noticing import Chat, open_chat
from tests.noticing import webhook as room_of

State = WebhookCall.State

UNUSABLE = "This is no address of a webhook. Copy it whole from the chat: https://, a name, and what follows."
PRIVATE = [
    "127.0.0.1", "10.1.2.3", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1", "0.0.0.1", "224.0.0.1",
    "255.255.255.255", "192.0.2.1", "198.18.0.1", "240.0.0.1", "::1", "::", "fe80::1", "fc00::1", "fec0::1", "ff02::1",
    "::ffff:127.0.0.1", "::ffff:10.0.0.1", "::7f00:1", "64:ff9b::7f00:1", "64:ff9b::808:808", "2002:7f00:1::", "2001::1",
]  # fmt: skip


@pytest.fixture
def chat(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Chat]:
    """A chat on this machine, which for once may be posted to."""
    monkeypatch.setattr(webhook, "allowed", lambda address: True)
    with open_chat(tmp_path) as opened:
        monkeypatch.setattr(webhook.ssl, "create_default_context", lambda: opened.context)
        yield opened


def leads_to(monkeypatch: pytest.MonkeyPatch, *answers: list[str]) -> list[str]:
    """Have every name lead to the next of ``answers``; return the names that were asked for."""
    asked: list[str] = []

    def look_up(host: str, port: int) -> list[webhook.IpAddress]:
        asked.append(host)
        return [ip_address(each) for each in answers[min(len(asked), len(answers)) - 1]]

    monkeypatch.setattr(webhook, "look_up", look_up)
    return asked


@pytest.mark.parametrize("address", PRIVATE)
def test_an_address_of_a_private_network_is_none_of_the_internet(address: str) -> None:
    assert webhook.is_public(ip_address(address)) is False


@pytest.mark.parametrize("address", ["8.8.8.8", "2606:4700::1111", "::ffff:8.8.8.8"])
def test_an_address_of_the_internet_is_public(address: str) -> None:
    assert webhook.is_public(ip_address(address)) is True


@pytest.mark.parametrize(
    ("url", "sentence"),
    [
        ("http://chat.example/x", "Messages are posted by https alone: the address begins with https://."),
        ("ftp://chat.example/x", "Messages are posted by https alone: the address begins with https://."),
        ("https://a:b@chat.example/x", "The address may hold no user and no password before its name."),
        ("https:///x", UNUSABLE),
        ("https://chat.example:99999/x", UNUSABLE),
        ("https://chat.example/a b", UNUSABLE),
        ("https://chat.example/\r\nHost: x", UNUSABLE),
        ("https://[::1", UNUSABLE),
        ("nonsense", UNUSABLE),
    ],
)
def test_an_address_that_cannot_be_posted_to_says_why(url: str, sentence: str) -> None:
    assert webhook.address_problem(url) == sentence


@pytest.mark.parametrize(
    "url",
    [
        "https://127.0.0.1/x",
        "https://[::1]/x",
        "https://2130706433/x",
        "https://0x7f.1/x",
        "https://localhost/x",
    ],
)
def test_no_notation_of_this_machine_is_accepted(url: str) -> None:
    assert "private network" in webhook.address_problem(url)


def test_a_name_that_leads_to_a_private_address_too_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    leads_to(monkeypatch, ["8.8.8.8", "10.0.0.1"])
    assert "private network" in webhook.address_problem("https://chat.example/x")


def test_a_name_that_led_elsewhere_when_it_was_saved_is_refused_at_the_line(
    monkeypatch: pytest.MonkeyPatch, chat: Chat
) -> None:
    monkeypatch.setattr(webhook, "allowed", webhook.is_public)
    asked = leads_to(monkeypatch, ["8.8.8.8"], ["127.0.0.1"])
    url = chat.url.replace("127.0.0.1", "chat.example")
    assert webhook.address_problem(url) == ""
    with pytest.raises(ConfigurationError, match="private network"):
        webhook.post(url, {})
    assert (asked, chat.taken) == (["chat.example"] * 2, [])


def test_the_line_goes_where_it_was_looked_up_and_the_name_is_asked_for_once(
    monkeypatch: pytest.MonkeyPatch, chat: Chat
) -> None:
    asked = leads_to(monkeypatch, ["127.0.0.1"], ["8.8.8.8"])
    webhook.post(chat.url, {"text": "Größe"})
    assert asked == ["127.0.0.1"]
    assert chat.taken == [("/rooms/7?key=s3cret", "application/json", b'{"text": "Gr\\u00f6\\u00dfe"}')]


def test_a_certificate_for_another_name_is_refused(monkeypatch: pytest.MonkeyPatch, chat: Chat) -> None:
    leads_to(monkeypatch, ["127.0.0.1"])
    with pytest.raises(ConfigurationError, match="certificate is not in order"):
        webhook.post(chat.url.replace("127.0.0.1", "chat.example"), {})
    assert chat.taken == []


@pytest.mark.parametrize(
    ("status", "error"),
    [
        (301, ConfigurationError), (307, ConfigurationError), (403, ConfigurationError), (404, ConfigurationError),
        (410, ConfigurationError), (408, RetryableError), (500, RetryableError), (503, RetryableError),
        (429, RateLimited),
    ],
)  # fmt: skip
def test_each_answer_leads_to_what_has_to_happen_next(
    chat: Chat, status: int, error: type[Exception]
) -> None:
    chat.status, chat.headers = status, {"Location": chat.url}
    with pytest.raises(error) as raised:
        webhook.post(chat.url, {})
    assert type(raised.value) is error
    assert "s3cret" not in str(raised.value)
    assert len(chat.taken) == 1  # nobody is followed, and nothing repeated here


def test_a_chat_that_says_nothing_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(webhook, "allowed", lambda address: True)
    monkeypatch.setattr(webhook, "WEBHOOK", Patience(0.3, 30.0, 0.4, 0.5))
    with socket.create_server(("127.0.0.1", 0)) as silent:
        held: list[socket.socket] = []
        threading.Thread(target=lambda: held.append(silent.accept()[0]), daemon=True).start()
        with pytest.raises(RetryableError, match="did not answer in time"):
            webhook.post(f"https://127.0.0.1:{silent.getsockname()[1]}/x", {})
        for line in held:
            line.close()


def test_the_wait_for_a_chat_is_shorter_than_the_lease_of_its_step() -> None:
    assert timedelta(seconds=patience.WEBHOOK.visit) + timedelta(seconds=30) < STEPS["post_webhook"].lease


def test_no_message_calls_a_room_together_or_hides_where_a_link_leads() -> None:
    text = "Store “<!channel> & [x](https://evil.example)” stands still\n\nhttps://edi.example/7/"
    assert webhook.message("slack", text) == {
        "text": "Store “&lt;!channel&gt; &amp; [x](https://evil.example)” stands still\n\nhttps://edi.example/7/"
    }
    (attachment,) = webhook.message("teams", text)["attachments"]  # type: ignore[misc]
    assert [block["text"] for block in attachment["content"]["body"]] == [
        r"Store “<!channel\> & \[x\]\(https://evil.example\)” stands still",
        "https://edi.example/7/",
    ]
    assert attachment["contentType"] == "application/vnd.microsoft.card.adaptive"


# The flow.


@pytest.fixture
def no_knocks(db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tasks, "async_task", lambda *args, **options: None)


def go_on() -> None:
    """Let every wait be over, and do what is due."""
    for step in steps_of_calls():
        put(STEPS[step.name].lane, step)
    Work.objects.filter(parked_at=None).update(due_at="2020-01-01T00:00Z")
    Channel.objects.filter(opened_at__isnull=False).update(probe_at="2020-01-01T00:00Z")
    tasks.drain("notices")


def states() -> list[str]:
    return list(WebhookCall.objects.order_by("pk").values_list("state", flat=True))


def test_a_message_is_posted_once(no_knocks: None, chat: Chat) -> None:
    put_call(room_of(url=chat.url), "Bulk job 7 is finished.")
    go_on()
    go_on()
    assert [json.loads(body) for _, _, body in chat.taken] == [{"text": "Bulk job 7 is finished."}]
    assert (states(), Work.objects.count()) == ([State.SENT], 0)


def test_a_room_that_refuses_is_one_case_and_all_goes_on_once_its_address_is_mended(
    no_knocks: None, chat: Chat
) -> None:
    room = room_of(url=chat.url)
    chat.status = 404
    for number in range(3):
        put_call(room, f"Message {number}")
    go_on()
    go_on()
    (case,) = ExceptionCase.objects.filter(closed_at=None)
    assert (case.cause, states()) == (f"channel:webhook:{room.pk}", [State.WAITING] * 3)
    chat.status = 200
    chat.taken.clear()
    webhook_saved(room)
    for _ in range(3):
        go_on()
    assert sorted(json.loads(body)["text"] for _, _, body in chat.taken) == [
        "Message 0",
        "Message 1",
        "Message 2",
    ]
    case.refresh_from_db()
    assert case.closed_at is not None


def test_a_room_that_is_away_is_tried_again_and_given_up_after_a_day(no_knocks: None, chat: Chat) -> None:
    chat.status = 503
    room = room_of(url=chat.url)
    put_call(room, "Yesterday's")
    for _ in range(3):
        go_on()
    assert len(chat.taken) == 3
    assert channels.failed(f"webhook:{room.pk}").is_open
    call = WebhookCall.objects.get()
    WebhookCall.objects.update(created_at=call.created_at - GIVEN_UP_AFTER)
    go_on()
    assert (len(chat.taken), states()) == (3, [State.GIVEN_UP])


def test_a_message_to_a_room_that_was_switched_off_or_removed_is_posted_to_nobody(
    no_knocks: None, chat: Chat
) -> None:
    room = room_of(url=chat.url)
    put_call(room, "To nobody")
    room.is_active = False
    room.save()
    go_on()
    assert (chat.taken, states()) == ([], [State.GIVEN_UP])
    assert post_webhook("4711", Unclaimed()) == []
    assert STEPS["post_webhook"].links("4711") == {}


def test_a_message_whose_writer_died_before_handing_it_over_is_asked_for_by_the_next_look(db: None) -> None:
    put_call(room_of(), "Lost")
    assert [step.name for step in tell_notices("all", Unclaimed())] == ["post_webhook", "tell_notices"]
