"""Events posted: signed as the standard has it, tried by the schedule, and one that is dead holds up no other."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from datetime import timedelta
from email.utils import format_datetime
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import pytest

from archive.clock import database_now
from archive.models import AuditEntry
from integration import tasks
from integration.flows import post_events as posting
from integration.flows.event_settings import (
    BOTH_VALID,
    destination_saved,
    rotate_secret,
    send_again,
    send_all_again,
    try_destination,
)
from integration.flows.post_events import SCHEDULE, wait_after
from integration.flows.rights import Refused
from integration.flows.steps import STEPS
from integration.models import Channel, EventAttempt, EventDelivery, EventDestination, ExceptionCase, Work
from integration.transports import webhook
from integration.transports.signed_webhook import new_secret, signature
from integration.transports.webhook import RECEIVER, address_problem
from integration.work import put
from tests import factories
from tests.receiving import Receiver, always, delivery, destination, is_signed, open_receiver

State = EventDelivery.State
LONG_AGO = "2020-01-01T00:00Z"


@pytest.fixture
def receiver(db: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Receiver]:
    """A receiver on this machine, which for once may be posted to; no knock ever arrives."""
    monkeypatch.setattr(webhook, "allowed", lambda address: True)
    monkeypatch.setattr(tasks, "async_task", lambda *args, **options: None)
    with open_receiver(tmp_path) as opened:
        monkeypatch.setattr(webhook.ssl, "create_default_context", lambda: opened.context)
        yield opened


def turn(*destinations: EventDestination) -> None:
    """Have each of ``destinations`` have its turn now."""
    for each in destinations:
        put("event_posts", posting.post_step(each.pk))
    Channel.objects.filter(opened_at__isnull=False).update(probe_at=LONG_AGO)
    tasks.drain("event_posts")


def later(of: EventDestination) -> None:
    """Let every wait be over, and have the destination have its turn."""
    of.deliveries.filter(state=State.WAITING).update(next_at=LONG_AGO)
    Work.objects.update(due_at=LONG_AGO)
    Channel.objects.update(rests_until=None)
    turn(of)


def states(of: EventDestination) -> list[str]:
    return list(of.deliveries.order_by("pk").values_list("state", flat=True))


def open_cases() -> list[str]:
    return list(ExceptionCase.objects.filter(closed_at=None).order_by("pk").values_list("cause", flat=True))


def test_a_signature_is_what_the_standards_own_example_says() -> None:
    secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
    body = b'{"test": 2432232314}'
    assert signature(secret, "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, body) == (
        "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="
    )


def test_an_event_is_posted_once_as_it_was_written_and_signed(receiver: Receiver) -> None:
    told = destination(url=receiver.url)
    waiting = delivery(told, b'{"specversion":"1.0","id":"x"}')
    turn(told)
    turn(told)
    (post,) = receiver.taken
    assert (post.id, post.body) == (str(waiting.message_id), b'{"specversion":"1.0","id":"x"}')
    assert post.headers["content-type"] == "application/cloudevents+json"
    assert is_signed(post, told.secret, time.time())
    assert not is_signed(post, new_secret(), time.time())
    assert not is_signed(post, told.secret, time.time() + 301)
    assert (states(told), Work.objects.count()) == ([State.DELIVERED], 0)
    attempt = EventAttempt.objects.get()
    assert (attempt.status, attempt.words, attempt.answer) == (204, "The receiver took it (204).", "")


def test_while_a_secret_is_replaced_both_signatures_are_sent_and_afterwards_one(receiver: Receiver) -> None:
    told = destination(url=receiver.url)
    former = told.secret
    secret = rotate_secret(factories.user(superuser=True), told, "Once a year.")
    told.refresh_from_db()
    delivery(told)
    turn(told)
    EventDestination.objects.update(former_until=database_now() - timedelta(seconds=1))
    delivery(told)
    turn(told)
    now = time.time()
    assert [len(post.headers["webhook-signature"].split(" ")) for post in receiver.taken] == [2, 1]
    assert [is_signed(post, former, now) for post in receiver.taken] == [True, False]
    assert [is_signed(post, secret, now) for post in receiver.taken] == [True, True]
    assert told.former_until is not None
    assert timedelta(0) < database_now() + BOTH_VALID - told.former_until < timedelta(minutes=5)
    assert secret not in str(list(AuditEntry.objects.values_list("detail", "reason")))


def test_what_fails_is_tried_by_the_schedule_with_the_same_id_and_bytes_and_given_up_in_the_end(
    receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(posting._rng, "uniform", lambda low, high: 0.0)
    receiver.answer = always(500, b"<html>\x00 down")
    told = destination(url=receiver.url)
    waiting = delivery(told)
    waits = []
    for _ in range(len(SCHEDULE)):
        before = database_now()
        later(told)
        waiting.refresh_from_db()
        assert waiting.next_at is not None
        waits.append(waiting.next_at - before)
    assert all(
        planned <= found < planned + timedelta(seconds=30)
        for planned, found in zip(SCHEDULE, waits, strict=True)
    )
    assert open_cases() == [f"channel:destination:{told.pk}"]
    later(told)
    assert (states(told), len(receiver.taken)) == ([State.GIVEN_UP], 10)
    assert {(post.id, post.body) for post in receiver.taken} == {
        (str(waiting.message_id), b'{"specversion":"1.0"}')
    }
    assert open_cases() == [f"given_up:event_destination:{told.pk}"]
    assert set(EventAttempt.objects.values_list("status", "answer")) == {(500, "<html>  down")}


def test_the_schedule_is_the_standards_and_lasts_three_days() -> None:
    assert [wait.total_seconds() for wait in SCHEDULE[:4]] == [5, 300, 1800, 7200]
    assert timedelta(days=3) < sum(SCHEDULE, timedelta(0)) < timedelta(days=3, hours=6)
    for tries, planned in enumerate(SCHEDULE, 1):
        assert all(planned <= (wait_after(tries) or timedelta(0)) <= planned * 1.1 for _ in range(20))
    assert wait_after(len(SCHEDULE) + 1) is None


@pytest.mark.parametrize(
    ("asked", "wait"),
    [("120", 120), ("90000000000", 86400), ("soon", 0), ("", 0), ("-5", 0), ("²", 0)],
)
def test_a_receiver_that_asks_to_wait_is_heard_as_far_as_it_makes_sense(asked: str, wait: int) -> None:
    assert posting._asked(asked, database_now_of_nobody()) == timedelta(seconds=wait)


def database_now_of_nobody() -> Any:
    return posting.datetime(2026, 11, 29, 6, 0, tzinfo=posting.UTC)


def test_a_date_to_wait_until_is_heard_too() -> None:
    now = database_now_of_nobody()
    until = format_datetime(now + timedelta(minutes=7), usegmt=True)
    assert posting._asked(until, now) == timedelta(minutes=7)
    assert posting._asked("Mon, 01 Jan 2024 00:00:00 GMT", now) == timedelta(0)


def test_a_busy_receiver_is_left_alone_as_long_as_it_asks_and_no_try_counts(receiver: Receiver) -> None:
    receiver.answer = always(429, Retry_After="600")
    told = destination(url=receiver.url)
    first, second = delivery(told), delivery(told)
    turn(told)
    first.refresh_from_db()
    assert first.next_at is not None
    assert (first.tries, first.next_at > database_now() + timedelta(seconds=590)) == (0, True)
    put("event_posts", posting.post_step(told.pk))  # a new event changes nothing
    assert tasks.drain("event_posts") == 0
    assert (receiver.ids, open_cases()) == ([str(first.message_id)], [])
    EventDestination.objects.update(failing_since=database_now() - posting.BUSY_TOLD_AFTER)
    later(told)
    assert open_cases() == [f"channel:destination:{told.pk}"]  # a receiver may not be busy for ever
    receiver.taken.clear()
    receiver.answer = always(200)
    later(told)
    assert open_cases() == []
    assert sorted(receiver.ids) == sorted([str(first.message_id), str(second.message_id)])


def test_one_event_that_is_refused_holds_up_no_other(receiver: Receiver) -> None:
    told = destination(url=receiver.url)
    bad, good = delivery(told, b'{"bad":1}'), delivery(told, b'{"good":1}')
    receiver.answer = lambda post: (422, {}, b"no such order") if b"bad" in post.body else (200, {}, b"ok")
    for _ in range(4):
        later(told)
    assert (states(told), open_cases()) == ([State.WAITING, State.DELIVERED], [])
    assert receiver.ids == [str(bad.message_id), str(good.message_id), *[str(bad.message_id)] * 3]
    assert EventAttempt.objects.filter(delivery=bad).values_list("answer", flat=True)[0] == "no such order"
    EventDelivery.objects.filter(pk=bad.pk).update(tries=len(SCHEDULE))
    delivery(told, b'{"more":1}')
    later(told)
    assert (states(told), open_cases()) == (
        [State.GIVEN_UP, State.DELIVERED, State.DELIVERED],
        [f"given_up:event_destination:{told.pk}"],
    )


def test_one_dead_destination_holds_up_no_other_and_is_one_case_until_it_takes_something(
    receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    dead, well = destination(url="https://127.0.0.1:1/x"), destination(url=receiver.url)
    for _ in range(3):
        delivery(dead)
        delivery(well)
    turn(dead, well)
    assert (states(dead), states(well)) == ([State.WAITING] * 3, [State.DELIVERED] * 3)
    assert EventAttempt.objects.filter(delivery__destination=dead).count() == 1  # the turn ends with it
    for _ in range(5):
        later(dead)
    assert open_cases() == [f"channel:destination:{dead.pk}"]
    case = ExceptionCase.objects.get(closed_at=None)
    assert case.sentence == (
        f"Events to “{dead}” are not taken. The receiver did not answer in time, or the line broke"
        " (ConnectionRefusedError). It is tried again by itself."
    )
    EventDelivery.objects.filter(pk=dead.deliveries.earliest("pk").pk).update(tries=len(SCHEDULE))
    later(dead)
    assert (states(dead), open_cases()) == ([State.GIVEN_UP, State.WAITING, State.WAITING], [case.cause])
    dead.url = receiver.url
    dead.save(update_fields=["url"])
    destination_saved(dead)
    tasks.drain("event_posts")
    dead.refresh_from_db()
    assert (states(dead), dead.failing_since) == ([State.GIVEN_UP, State.DELIVERED, State.DELIVERED], None)
    assert open_cases() == [f"given_up:event_destination:{dead.pk}"]


def test_who_says_that_it_is_gone_is_switched_off_and_told_once(receiver: Receiver) -> None:
    receiver.answer = always(410)
    told = destination(url=receiver.url)
    delivery(told)
    delivery(told)
    later(told)
    later(told)
    told.refresh_from_db()
    assert (told.is_active, len(receiver.taken), states(told)) == (False, 1, [State.WAITING] * 2)
    assert told.stopped_because.startswith(
        f"“{told}” was switched off. The receiver says that it is gone for good (410)."
    )
    assert open_cases() == [f"gone:event_destination:{told.pk}"]
    receiver.answer = always(200)
    told.is_active = True
    told.save(update_fields=["is_active"])
    destination_saved(told)
    tasks.drain("event_posts")
    told.refresh_from_db()
    assert (states(told), open_cases(), told.stopped_because) == ([State.DELIVERED] * 2, [], "")


def test_nobody_is_followed_elsewhere(receiver: Receiver) -> None:
    receiver.answer = always(307, Location=receiver.url)
    told = destination(url=receiver.url)
    delivery(told)
    turn(told)
    assert (len(receiver.taken), states(told)) == (1, [State.WAITING])
    assert "nobody is followed there" in EventAttempt.objects.get().words


def test_a_name_that_led_elsewhere_when_it_was_saved_is_refused_at_the_line(
    receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    answers = iter([["8.8.8.8"], ["127.0.0.1"]])
    monkeypatch.setattr(webhook, "allowed", webhook.is_public)
    monkeypatch.setattr(webhook, "look_up", lambda host, port: [ip_address(each) for each in next(answers)])
    url = receiver.url.replace("127.0.0.1", "events.example")
    assert address_problem(url, RECEIVER) == ""
    told = destination(url=url)
    delivery(told)
    turn(told)
    assert (receiver.taken, states(told)) == ([], [State.WAITING])
    assert EventAttempt.objects.get().words == (
        "The webhook's address leads into a private network, where nothing is posted. Enter one of the internet."
    )


def test_nothing_is_posted_to_a_destination_that_is_switched_off(receiver: Receiver) -> None:
    told = destination(url=receiver.url, is_active=False)
    delivery(told)
    later(told)
    assert (receiver.taken, states(told)) == ([], [State.WAITING])


def test_an_event_is_sent_again_under_its_own_id_with_a_reason(receiver: Receiver) -> None:
    told, user = destination(url=receiver.url), factories.user(superuser=True)
    first = delivery(told)
    turn(told)
    with pytest.raises(Refused, match="Say why"):
        send_again(user, first, " ")
    send_again(user, first, "Their disk was lost.")
    tasks.drain("event_posts")
    assert (receiver.ids, states(told)) == ([str(first.message_id)] * 2, [State.DELIVERED])
    entry = AuditEntry.objects.get(verb="send event again")
    assert (entry.subject, entry.reason) == (first.name, "Their disk was lost.")


def test_all_that_was_given_up_since_a_moment_is_sent_again(receiver: Receiver) -> None:
    told, user = destination(url=receiver.url), factories.user(superuser=True)
    now = database_now()
    lost: dict[str, Any] = {"state": State.GIVEN_UP, "next_at": None, "settled_at": now}
    old = delivery(told, created_at=now - timedelta(days=9), **lost)
    new = [delivery(told, created_at=now - timedelta(days=1), **lost) for _ in range(2)]
    delivery(told)
    turn(told)
    assert send_all_again(user, told, now - timedelta(days=2), "It is mended.") == 2
    with pytest.raises(Refused, match="No event was given up"):
        send_all_again(user, told, now - timedelta(days=2), "It is mended.")
    tasks.drain("event_posts")
    old.refresh_from_db()
    assert (old.state, len(receiver.taken)) == (State.GIVEN_UP, 3)
    assert set(receiver.ids[1:]) == {str(each.message_id) for each in new}
    with pytest.raises(Refused, match="ask an operator"):
        send_all_again(factories.user(group="Auditor"), told, None, "I may not.")


def test_a_test_posts_an_event_that_says_so_and_nothing_else_happens(receiver: Receiver) -> None:
    receiver.answer = always(400, b"bad signature")
    told, user = destination(url=receiver.url), factories.user(superuser=True)
    tried = try_destination(user, told)
    assert (tried.status, tried.answer) == (400, "bad signature")
    (post,) = receiver.taken
    event = json.loads(post.body)
    assert (event["type"], event["data"]) == ("com.gridport.test", {"event_destination": told.pk})
    assert event["id"] == post.id
    assert is_signed(post, told.secret, time.time())
    assert (EventDelivery.objects.count(), AuditEntry.objects.get().verb) == (0, "test event destination")


def test_a_turn_and_one_more_try_are_over_before_the_lease() -> None:
    longest = posting.TURN + timedelta(seconds=webhook.WEBHOOK.visit)
    assert longest + timedelta(seconds=30) < STEPS["post_events"].lease
