"""P15: a lost call costs minutes and no order. A day of the store's clock, in which every call is turned away."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.test import Client

from archive.models import Event
from integration import tasks, work
from integration.bigcommerce.webhooks import Stamp
from integration.flows import connect
from integration.flows.steps import STEPS, standing_steps
from integration.models import ExceptionCase, HookCall, Order, Store, StoreHook
from integration.simulators.store.lanes import RETRIES
from integration.simulators.store.webhooks import HookSettings
from tests import calls, factories
from tests.chaos.forking import scaled
from tests.chaos.installation import FIRST_ORDER, orders
from tests.integration.simulators.store.receiver import Receiver, receiving, until
from tests.world import World, open_world

pytestmark = pytest.mark.chaos

ORDERS = scaled(500)
HOUR, DAY = 3600, 86_400
POLLS_EVERY = 720
MOST = 900
"""Seconds until an order is to be found at the latest."""

TIME_SCALE = 4.0
"""The store gives up after 12 hours instead of 48: in the middle of the day, and once."""


@pytest.fixture
def door() -> Iterator[Receiver]:
    """What answers under the portal's address: nothing but 503, as when the portal is away."""
    with receiving() as receiver:
        receiver.usual = 503
        yield receiver


@pytest.fixture
def world(
    committed: str, tmp_path: Path, door: Receiver, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> Iterator[World]:
    """A world whose store calls ``door``; Gridport's clock goes with the store's where stamps are compared."""
    with open_world(tmp_path, orders()) as opened:
        state = opened.store.state
        state.quota = 100_000
        opened.store.webhooks.settings = HookSettings(TIME_SCALE)
        is_stale = Stamp.is_stale
        monkeypatch.setattr(
            Stamp,
            "is_stale",
            lambda stamp, now: is_stale(stamp, datetime.fromtimestamp(state.clock.seconds(), UTC)),
        )
        settings.PUBLIC_URL = door.url.removesuffix("/callbacks")
        # Orders are to be found, and then left alone.
        Store.objects.update(client_secret=calls.CLIENT_SECRET, import_statuses=[], poll_seconds=DAY)
        opened.row.refresh_from_db()
        connect.register_hooks(factories.user(group="decide"), opened.row, "Faster.")
        yield opened


def do(*steps: str) -> None:
    """Have these standing steps, and no others, be done now, and what follows from them."""
    for step in standing_steps():
        if step.name in steps:
            work.put(STEPS[step.name].lane, step)
    for lane in ("store", "orders"):
        tasks.drain(lane)


def advance_to(world: World, moment: float) -> None:
    """Let the store's clock go on to ``moment``, and the store try again whatever it would have by then."""
    clock = world.store.state.clock
    clock.advance(max(0.0, moment - clock.seconds()))
    until(lambda: not world.store.webhooks.due(), "the end of the tries that are due")


def live_a_day(world: World, *standing: str) -> list[float]:
    """Let a day pass with orders all along it; do ``standing`` every twelve minutes, and look at the hook every hour.

    Return the seconds that each order that was found took to be.
    """
    clock = world.store.state.clock
    began = clock.seconds()
    coming = {FIRST_ORDER + place: began + (place + 0.5) * DAY / ORDERS for place in range(ORDERS)}
    placed: dict[int, float] = {}
    found: dict[int, float] = {}
    for minutes in range(POLLS_EVERY, DAY + 1, POLLS_EVERY):
        for number in [each for each in coming if coming[each] <= began + minutes]:
            advance_to(world, coming.pop(number))
            world.place(number)
            placed[number] = clock.seconds()
        advance_to(world, began + minutes)
        do(*standing, *(["check_hooks"] if minutes % HOUR == 0 else []))
        now = clock.seconds()
        found |= {
            number: now for number in Order.objects.values_list("number", flat=True) if number not in found
        }
    assert not coming
    assert len(placed) == ORDERS
    return [found[number] - placed[number] for number in found]


def told() -> list[str]:
    about = Event.objects.filter(kind__startswith="hook_").order_by("pk")
    return list(about.values_list("sentence", flat=True))


def test_p15_every_order_is_found_within_minutes_of_a_day_without_a_call(
    world: World, door: Receiver, record_property: Any
) -> None:
    webhooks = world.store.webhooks
    took = live_a_day(world, "poll_store")
    record_property("faults", {"a call turned away": len(webhooks.ledger)})
    record_property(
        "figures", {"longest until an order was found": f"{max(took):.0f} s of the store's clock"}
    )
    assert len(took) == ORDERS
    assert max(took) <= MOST
    assert not HookCall.objects.exists()
    # The store gave up, once, and was told to call again.
    assert [each["attempt"] for each in webhooks.ledger].count(len(RETRIES) + 1) == 1
    assert told() == [
        "The store's webhook was registered. Faster.",
        "The store's webhook was put in order: it was not active.",
    ]
    assert webhooks.hooks()[0].is_active
    case = ExceptionCase.objects.get(kind="store")
    assert case.closed_at is None
    assert case.sentence.startswith("Harbor & Pine had given up calling Gridport: its webhook was not active")

    door.usual = 200
    came = len(door.received)
    advance_to(world, world.store.state.clock.seconds() + DAY)
    assert answered(door, came) > 0
    do("check_hooks")
    case.refresh_from_db()
    assert (case.closed_by, case.decision_reason) == ("Gridport", "The store calls again.")


def answered(door: Receiver, since: int) -> int:
    """Hand the calls that the door took since then to the portal; return how many."""
    client = Client()
    taken = door.received[since:]
    for call in taken:
        names = ("webhook-id", "webhook-timestamp", "webhook-signature", "x-gridport-hook")
        answer = client.post(
            urlsplit(call.path).path,
            call.content,
            content_type="application/json",
            headers={name: call.headers[name] for name in names},
        )
        assert answer.status_code == 200
    assert HookCall.objects.count() == len(taken)
    return len(taken)


def test_p15_who_acts_on_calls_alone_finds_no_order(world: World) -> None:
    assert live_a_day(world) == []
    assert not Order.objects.exists()
    assert StoreHook.objects.get().is_active
