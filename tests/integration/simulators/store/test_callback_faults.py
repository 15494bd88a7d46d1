"""The character of callbacks: duplicated, late, reordered, dropped, signed wrongly, stamped in the past."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import requests

from integration.simulators.store.hook_faults import KINDS, HookFault
from integration.simulators.store.server import StoreSimulator
from tests.integration.simulators.store.receiver import Receiver, until

Door = Callable[..., requests.Response]


def listen(store: StoreSimulator, receiver: Receiver, scope: str = "store/order/updated") -> None:
    store.webhooks.add({"scope": scope, "destination": receiver.url})


def change(store: StoreSimulator, *numbers: int) -> None:
    """Have orders change, in this order."""
    for number in numbers:
        store.state.change(number, {"staff_notes": "changed"}, checked=False)


def arm(control: Door, **fields: Any) -> None:
    """Arm a fault through the control door."""
    assert control("POST", "webhooks/faults", fields).status_code == 200


def told(store: StoreSimulator, receiver: Receiver) -> list[int]:
    """The orders of what came until nothing more was to be tried."""
    until(lambda: store.webhooks.waiting() == 0, "The end of all deliveries")
    return [callback.told["data"]["id"] for callback in receiver.received]


def test_a_duplicate_is_the_same_to_the_last_byte(
    store: StoreSimulator, receiver: Receiver, control: Door
) -> None:
    listen(store, receiver)
    arm(control, kind="duplicate")
    change(store, 1001, 1002)
    assert told(store, receiver) == [1001, 1001, 1002]
    first, second, _ = receiver.received
    assert (first.content, first.headers["webhook-id"]) == (second.content, second.headers["webhook-id"])
    assert first.told["hash"] == second.told["hash"]
    assert second.is_signed()
    assert [(each["fault"], each["attempt"]) for each in store.webhooks.ledger] == [
        ("duplicate", 1),
        ("duplicate", 1),
        ("", 1),
    ]


def test_a_late_one_comes_when_the_stores_clock_says_so(
    store: StoreSimulator, receiver: Receiver, control: Door
) -> None:
    listen(store, receiver)
    arm(control, kind="late", seconds=600)
    change(store, 1001, 1002)
    receiver.wait(1)
    until(lambda: store.webhooks.waiting() == 1, "The end of the other")
    assert [callback.told["data"]["id"] for callback in receiver.received] == [1002]
    store.state.clock.advance(500)
    assert store.webhooks.waiting() == 1
    store.state.clock.advance(100)
    assert told(store, receiver) == [1002, 1001]
    first, second = store.webhooks.ledger
    assert (second["fault"], second["attempt"]) == ("late", 1)
    assert 600 <= second["at"] - first["at"] < 605
    late = receiver.received[1]
    assert late.is_signed()
    assert 600 <= int(late.headers["webhook-timestamp"]) - late.told["created_at"] < 605


def test_a_reordered_one_comes_behind_the_next(
    store: StoreSimulator, receiver: Receiver, control: Door
) -> None:
    listen(store, receiver)
    arm(control, kind="reorder", times=2)
    change(store, 1001, 1002)
    assert (store.webhooks.waiting(), receiver.received) == (0, [])
    change(store, 1003, 1004)
    assert told(store, receiver) == [1003, 1001, 1002, 1004]
    assert [each["fault"] for each in store.webhooks.ledger] == ["", "reorder", "reorder", ""]


def test_a_duplicate_lets_those_that_were_held_back_go_as_well(
    store: StoreSimulator, receiver: Receiver, control: Door
) -> None:
    listen(store, receiver)
    arm(control, kind="reorder")
    arm(control, kind="duplicate")
    change(store, 1001, 1002)
    assert told(store, receiver) == [1002, 1002, 1001]


def test_a_dropped_one_never_comes_and_is_in_the_ledger(
    store: StoreSimulator, receiver: Receiver, control: Door
) -> None:
    listen(store, receiver)
    arm(control, kind="drop")
    change(store, 1001, 1002)
    assert told(store, receiver) == [1002]
    assert [
        (each["data"]["id"], each["fault"], each["attempt"], each["status"], each["error"])
        for each in store.webhooks.ledger
    ] == [(1001, "drop", 0, 0, "dropped"), (1002, "", 1, 200, "")]


def test_a_bad_signature_is_bad_once(store: StoreSimulator, receiver: Receiver, control: Door) -> None:
    listen(store, receiver)
    arm(control, kind="bad_signature")
    receiver.answers = [401]
    change(store, 1001)
    until(lambda: len(store.webhooks.ledger) == 1, "The first try")
    store.state.clock.advance(60)
    assert told(store, receiver) == [1001, 1001]
    assert [callback.is_signed() for callback in receiver.received] == [False, True]
    assert receiver.received[0].content == receiver.received[1].content
    assert [(each["fault"], each["status"]) for each in store.webhooks.ledger] == [
        ("bad_signature", 401),
        ("", 200),
    ]


@pytest.mark.parametrize(("fields", "age"), [({}, 86_400), ({"seconds": 301}, 301)])
def test_an_old_timestamp_is_signed_as_such(
    store: StoreSimulator, receiver: Receiver, control: Door, fields: dict[str, int], age: int
) -> None:
    listen(store, receiver)
    arm(control, kind="old_timestamp", **fields)
    change(store, 1001)
    assert told(store, receiver) == [1001]
    [callback] = receiver.received
    assert callback.is_signed()
    assert age <= callback.told["created_at"] + 5 - int(callback.headers["webhook-timestamp"]) < age + 6


def test_a_fault_strikes_its_scope_as_often_as_said_in_the_order_of_arming(
    store: StoreSimulator, receiver: Receiver, control: Door
) -> None:
    listen(store, receiver, "store/order/*")
    arm(control, kind="drop", scope="store/order/statusUpdated")
    arm(control, kind="duplicate", scope="store/order/*", times=2)
    store.state.change(1001, {"status_id": 9}, checked=False)
    change(store, 1002, 1003)
    assert told(store, receiver) == [1001, 1001, 1002, 1002, 1003]
    assert receiver.scopes() == ["store/order/updated"] * 5
    assert control("GET", "webhooks/faults").json() == []


def test_a_fault_strikes_each_hook_by_itself(
    store: StoreSimulator, receiver: Receiver, control: Door
) -> None:
    listen(store, receiver)
    listen(store, receiver, "store/order/*")
    arm(control, kind="drop")
    change(store, 1001)
    assert told(store, receiver) == [1001]
    assert {each["hook"]: each["status"] for each in store.webhooks.ledger} == {1: 0, 2: 200}


def test_faults_are_armed_told_and_disarmed(control: Door) -> None:
    assert control("POST", "webhooks/faults", {"kind": "late"}).json() == {"armed": 1}
    assert control(
        "POST", "webhooks/faults", {"kind": "drop", "scope": "store/order/*", "times": 3}
    ).json() == {"armed": 2}
    assert control("GET", "webhooks/faults").json() == [
        {"kind": "late", "scope": "store/*", "times": 1, "seconds": None},
        {"kind": "drop", "scope": "store/order/*", "times": 3, "seconds": None},
    ]
    assert control("DELETE", "webhooks/faults").json() == {"armed": 0}
    assert control("GET", "webhooks/faults").json() == []


def test_settings_are_told_and_set_one_by_one(control: Door) -> None:
    first = {
        "time_scale": 1.0,
        "timeout": 10.0,
        "warm_up": 0.0,
        "restamped": True,
        "waiting": 0,
        "blocked": [],
    }
    assert control("GET", "webhooks").json() == first
    assert control("POST", "webhooks", {"time_scale": 3600}).json() == {**first, "time_scale": 3600}
    assert control("POST", "webhooks", {"restamped": False, "timeout": 2.5}).json() == {
        **first,
        "time_scale": 3600,
        "timeout": 2.5,
        "restamped": False,
    }


SETTINGS = "restamped, time_scale, timeout, warm_up"
FIELDS = "kind, scope, seconds, times"


@pytest.mark.parametrize(
    ("path", "fields", "sentence"),
    [
        ("webhooks", {"speed": 2}, f"Callbacks have no setting 'speed'. Their settings are: {SETTINGS}."),
        ("webhooks", {"time_scale": 0}, "The setting time_scale of hooks cannot be 0."),
        ("webhooks", {"time_scale": 1e7}, "The setting time_scale of hooks cannot be 10000000.0."),
        ("webhooks", {"time_scale": True}, "The setting time_scale of hooks cannot be True."),
        ("webhooks", {"timeout": 0}, "The setting timeout of hooks cannot be 0."),
        ("webhooks", {"warm_up": -1}, "The setting warm_up of hooks cannot be -1."),
        ("webhooks", {"restamped": 1}, "The setting restamped of hooks cannot be 1."),
        ("webhooks/faults", {}, f"A hook fault has a kind. Kinds are: {', '.join(KINDS)}."),
        (
            "webhooks/faults",
            {"kind": "late", "delay": 1},
            f"A hook fault has no field 'delay'. Its fields are: {FIELDS}.",
        ),
        (
            "webhooks/faults",
            {"kind": "explode"},
            f"A hook fault cannot have 'explode' as its kind. Kinds are: {', '.join(KINDS)}.",
        ),
        (
            "webhooks/faults",
            {"kind": "drop", "scope": "order"},
            "A hook fault cannot have 'order' as its scope.",
        ),
        ("webhooks/faults", {"kind": "drop", "times": 0}, "A hook fault cannot have 0 as its times."),
        ("webhooks/faults", {"kind": "drop", "times": "2"}, "A hook fault cannot have '2' as its times."),
        ("webhooks/faults", {"kind": "late", "seconds": -1}, "A hook fault cannot have -1 as its seconds."),
    ],
)
def test_what_is_wrong_is_refused_with_a_sentence(
    store: StoreSimulator, control: Door, path: str, fields: dict[str, Any], sentence: str
) -> None:
    answer = control("POST", path, fields)
    assert (answer.status_code, answer.json()) == (400, {"error": sentence})
    assert (store.webhooks.faults, store.webhooks.settings.time_scale) == ([], 1.0)


def test_a_fault_of_late_is_five_seconds_unless_said() -> None:
    assert [HookFault(kind).span for kind in KINDS] == [0.0, 5.0, 0.0, 0.0, 0.0, 86_400.0]
