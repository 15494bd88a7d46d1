"""What becomes of callbacks that are not taken: retries, deactivation, blocked domains."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import requests

from integration.simulators.store.destination import post
from integration.simulators.store.sample_orders import generated_orders
from integration.simulators.store.server import StoreSimulator
from tests.integration.simulators.store.asking import TOKEN, Asker
from tests.integration.simulators.store.receiver import SECRET, Receiver, receiving, until

SCHEDULE = [60, 180, 300, 600, 900, 1800, 3600, 7200, 21600, 50400, 86400]
"""Seconds from try to try, as published."""


def listen(store: StoreSimulator, url: str, scope: str = "store/order/updated") -> int:
    """Have a destination told of events; return the hook's id."""
    return store.webhooks.add({"scope": scope, "destination": url}).id


def change(store: StoreSimulator, number: int = 1001) -> None:
    """Have an order change."""
    store.state.change(number, {"staff_notes": "changed"}, checked=False)


def tried(store: StoreSimulator, number: int) -> list[Any]:
    """Wait for so many tries and return all."""
    until(lambda: len(store.webhooks.ledger) >= number, f"Try {number}")
    return list(store.webhooks.ledger)


def test_a_callback_that_is_not_taken_is_tried_again_as_published_and_then_the_hook_is_deactivated(
    ask: Asker, store: StoreSimulator, receiver: Receiver
) -> None:
    receiver.usual = 500
    listen(store, receiver.url)
    change(store)
    for number, seconds in enumerate(SCHEDULE, start=1):
        tried(store, number)
        assert ask("GET", "/v3/hooks/1").json()["data"]["is_active"] is True
        store.state.clock.advance(seconds)
    tries = tried(store, 12)
    until(lambda: store.webhooks.waiting() == 0, "The end of all tries")
    assert [each["attempt"] for each in tries] == list(range(1, 13))
    passed = [later["at"] - earlier["at"] for earlier, later in itertools.pairwise(tries)]
    assert [0 <= between - planned < 60 for between, planned in zip(passed, SCHEDULE, strict=True)] == [
        True
    ] * 11
    assert len({each["id"] for each in tries}) == 1
    assert len({callback.content for callback in receiver.received}) == 1
    told = ask("GET", "/v3/hooks", query={"is_active": "false"}).json()["data"]
    assert [each["id"] for each in told] == [1]
    change(store)
    assert store.webhooks.waiting() == 0


def test_each_try_is_stamped_and_signed_anew(store: StoreSimulator, receiver: Receiver) -> None:
    receiver.answers = [500]
    listen(store, receiver.url)
    change(store)
    tried(store, 1)
    store.state.clock.advance(60)
    first, second = receiver.wait(2)
    assert 60 <= int(second.headers["webhook-timestamp"]) - int(first.headers["webhook-timestamp"]) < 120
    assert (first.is_signed(), second.is_signed()) == (True, True)


def test_tries_may_keep_the_first_ones_stamp(
    store: StoreSimulator, receiver: Receiver, control: Callable[..., requests.Response]
) -> None:
    assert control("POST", "webhooks", {"restamped": False}).json()["restamped"] is False
    receiver.answers = [500]
    listen(store, receiver.url)
    change(store)
    tried(store, 1)
    store.state.clock.advance(60)
    first, second = receiver.wait(2)
    assert first.headers["webhook-timestamp"] == second.headers["webhook-timestamp"]
    assert first.headers["webhook-signature"] == second.headers["webhook-signature"]
    assert second.is_signed()


@pytest.fixture
def hasty() -> Iterator[StoreSimulator]:
    """A store whose 48 hours last under a second."""
    orders = generated_orders()
    with StoreSimulator(
        orders, placed=orders, store_hash="h", token=TOKEN, client_secret=SECRET, time_scale=200_000
    ) as store:
        yield store


def test_48_hours_are_over_in_a_second_where_time_is_scaled(
    hasty: StoreSimulator, receiver: Receiver
) -> None:
    receiver.usual = 404
    listen(hasty, receiver.url)
    change(hasty)
    tries = tried(hasty, 12)
    until(lambda: not hasty.webhooks.hook(1).is_active, "The deactivation")
    assert [each["status"] for each in tries] == [404] * 12
    passed = [later["at"] - earlier["at"] for earlier, later in itertools.pairwise(tries)]
    assert all(between >= seconds / 200_000 for between, seconds in zip(passed, SCHEDULE, strict=True))
    assert 0.86 < tries[-1]["at"] - tries[0]["at"] < 120


def test_a_hook_that_is_activated_again_is_told_of_what_happens_from_then_on(
    ask: Asker, hasty: StoreSimulator, receiver: Receiver
) -> None:
    receiver.usual = 500
    listen(hasty, receiver.url)
    change(hasty, 1001)
    tried(hasty, 12)
    until(lambda: not hasty.webhooks.hook(1).is_active, "The deactivation")
    until(lambda: hasty.webhooks.waiting() == 0, "The end of all tries")
    change(hasty, 1002)
    receiver.usual = 200
    hasty.webhooks.change(1, {"is_active": True})
    change(hasty, 1003)
    until(lambda: hasty.webhooks.waiting() == 0, "The end of all tries")
    assert [callback.told["data"]["id"] for callback in receiver.received] == [1001] * 12 + [1003]


@pytest.mark.parametrize("gone", ["deactivated", "removed"])
def test_what_still_waits_is_given_up_when_its_hook_goes(
    ask: Asker, store: StoreSimulator, receiver: Receiver, gone: str
) -> None:
    receiver.usual = 500
    listen(store, receiver.url)
    change(store)
    tried(store, 1)
    until(lambda: store.webhooks.waiting() == 1, "The wait for the second try")
    if gone == "removed":
        ask("DELETE", "/v3/hooks/1")
    else:
        ask("PUT", "/v3/hooks/1", body={"is_active": False})
    assert store.webhooks.waiting() == 0
    store.state.clock.advance(86_400)
    if gone == "deactivated":
        ask("PUT", "/v3/hooks/1", body={"is_active": True})
    assert (store.webhooks.waiting(), len(receiver.received)) == (0, 1)


def test_a_hook_without_events_is_deactivated_after_90_days(
    ask: Asker, store: StoreSimulator, receiver: Receiver
) -> None:
    listen(store, receiver.url)
    listen(store, receiver.url, "store/order/created")
    store.state.clock.advance(50 * 86_400)
    change(store)
    tried(store, 1)
    store.state.clock.advance(41 * 86_400)
    active = {each["scope"]: each["is_active"] for each in ask("GET", "/v3/hooks").json()["data"]}
    assert active == {"store/order/updated": True, "store/order/created": False}
    ask("PUT", "/v3/hooks/2", body={"is_active": True})
    assert ask("GET", "/v3/hooks/2").json()["data"]["is_active"] is True


@pytest.mark.parametrize(
    ("status", "more", "error"),
    [
        (200, {}, ""),
        (204, {}, ""),
        (302, {"Location": "/elsewhere"}, "the answer was 302, not 2xx"),
        (401, {}, "the answer was 401, not 2xx"),
        (200, {f"X-{number}": "1" for number in range(70)}, "the answer had 73 headers, more than 64"),
        (200, {"X" * 65: "1"}, f"the answer's header {'X' * 64} is too long"),
        (200, {"X-Long": "1" * 8193}, "the answer's header X-Long is too long"),
        (200, {"X-Long": "1" * 8192}, ""),
    ],
)
def test_what_counts_as_taken(
    store: StoreSimulator, receiver: Receiver, status: int, more: dict[str, str], error: str
) -> None:
    receiver.usual, receiver.more = status, more
    listen(store, receiver.url)
    change(store)
    [entry] = tried(store, 1)
    assert (entry["status"], entry["error"]) == (status, error)
    until(lambda: store.webhooks.waiting() == bool(error), "Another try, or none")
    assert len(receiver.received) == 1


def test_a_destination_that_keeps_silent_has_not_taken_it(
    store: StoreSimulator, receiver: Receiver, control: Callable[..., requests.Response]
) -> None:
    control("POST", "webhooks", {"timeout": 0.05})
    receiver.hold.clear()
    listen(store, receiver.url)
    change(store)
    [entry] = tried(store, 1)
    assert (entry["status"], entry["error"]) == (0, "TimeoutError: timed out")


def test_nobody_but_this_machine_is_called() -> None:
    outcome = post("https://gridport.example.com/hooks", {}, b"{}", 1.0)
    assert (outcome.status, outcome.error) == (
        0,
        "gridport.example.com is not on this machine: the simulated store calls nobody else",
    )


def test_a_certificate_that_nobody_vouches_for_is_not_taken(receiver: Receiver) -> None:
    outcome = post(receiver.url.replace("http:", "https:"), {}, b"{}", 1.0)
    assert (outcome.status, outcome.error[:8]) == (0, "SSLError")


def test_a_domain_below_nine_answers_of_ten_is_blocked_for_three_minutes(
    store: StoreSimulator, receiver: Receiver, control: Callable[..., requests.Response]
) -> None:
    listen(store, receiver.url)
    with receiving() as other:
        listen(store, other.url, "store/order/created")
        receiver.answers = [200] * 89 + [500] * 11
        for _ in range(99):
            change(store)
        tried(store, 99)
        # A hundred calls have to be made before anything is reckoned: until then even 10 of 99 are borne.
        assert store.webhooks.blocked() == []
        change(store)
        tried(store, 100)
        assert control("GET", "webhooks").json()["blocked"] == ["127.0.0.1"]
        store.state.place(1002)
        change(store)
        blocked = tried(store, 102)[100:]
        assert {(each["scope"], each["status"], each["error"]) for each in blocked} == {
            ("store/order/created", 0, "127.0.0.1 is blocked"),
            ("store/order/updated", 0, "127.0.0.1 is blocked"),
        }
        assert (len(receiver.received), len(other.received)) == (100, 0)
        store.state.clock.advance(180)
        assert store.webhooks.blocked() == []
        # Thirteen wait: eleven that failed, two that were not sent.
        until(lambda: store.webhooks.waiting() == 0, "What went to the retry queue")
        assert (len(receiver.received), len(other.received)) == (112, 1)
        assert [each["error"] for each in store.webhooks.ledger[102:]] == [""] * 13


def test_nine_answers_of_ten_are_enough(store: StoreSimulator, receiver: Receiver) -> None:
    listen(store, receiver.url)
    receiver.answers = [500] * 10
    for _ in range(100):
        change(store)
    tried(store, 100)
    assert store.webhooks.blocked() == []


def test_what_failed_more_than_two_minutes_ago_is_forgotten(
    store: StoreSimulator, receiver: Receiver
) -> None:
    receiver.answers = [500] * 50
    listen(store, receiver.url, "store/order/created")
    for _ in range(50):
        store.state.place(1001)
    tried(store, 50)
    ledger = store.webhooks.ledger
    assert [each["status"] for each in ledger] == [500] * 50
    store.state.clock.advance(121)
    tried(store, 100)
    for _ in range(50):
        store.state.place(1001)
    tried(store, 150)
    assert (store.webhooks.blocked(), {each["status"] for each in ledger[50:]}) == ([], {200})
