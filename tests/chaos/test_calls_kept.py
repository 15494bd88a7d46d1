"""P1 of webhooks: a call that was answered with 2xx is kept, byte for byte, wherever the portal is killed."""

from __future__ import annotations

import random
import signal
import socket
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.test import Client

from integration.bigcommerce.webhooks import hook_path
from integration.models import HookCall, StoreHook, Work
from portal.asgi import application
from tests import calls
from tests.chaos.forking import Forked, die_at, is_whole, scaled
from tests.chaos.serving import AnswersFirst, Application, CallingStore, address_of, listening, post, serve

pytestmark = pytest.mark.chaos

KILLS = 2000 if is_whole() else 60
KILLS_AT_A_PLACE = scaled(100)
PLACES = ("hook.stored", "hook.taken", "hook.answered")
SEED = 20261128


@pytest.fixture
def line() -> Iterator[socket.socket]:
    with listening() as opened:
        yield opened


@pytest.fixture
def hook(committed: str) -> StoreHook:
    """A hook; everything that a first call loads is loaded, and so in the memory of every child."""
    made = calls.hooked()
    body = calls.event(1)
    answer = Client().post(
        hook_path(made.key), body, content_type="application/json", headers=calls.headers(made, body)
    )
    assert answer.status_code == 200
    return made


def kill(forked: Forked, pid: int) -> None:
    forked.kill(pid)
    assert forked.wait(pid) == -signal.SIGKILL


def until_the_first_answer(
    forked: Forked, line: socket.socket, hook: StoreHook, application: Application, number: int
) -> float:
    """Return the seconds that a fresh portal takes on this machine, and now, over its first call."""
    pid = serve(forked, line, application)
    body = calls.event(number)
    began = time.monotonic()
    assert post(address_of(line), hook, body, calls.headers(hook, body)) == 200
    took = time.monotonic() - began
    kill(forked, pid)
    return took


def kill_at_random(
    forked: Forked, line: socket.socket, hook: StoreHook, ledger: Path, application: Application, kills: int
) -> CallingStore:
    """Kill a serving portal so many times while a store calls; return the store once all it called about is taken."""
    rng = random.Random(SEED)
    # The slowest of three: whoever works beside us may have paused for one of them, and a portal that is always killed
    # before it answers shows nothing.
    longest = 2.5 * max(until_the_first_answer(forked, line, hook, application, each) for each in (2, 3, 4))
    store = CallingStore(forked, address_of(line), hook, ledger)
    for _ in range(kills):
        pid = serve(forked, line, application)
        time.sleep(rng.uniform(0, longest))
        kill(forked, pid)
    last = serve(forked, line, application)
    store.stop()
    kill(forked, last)
    return store


def lost(taken: list[bytes]) -> int:
    """Return how many of these are not stored as they were sent."""
    stored = {bytes(body) for body in HookCall.objects.values_list("body", flat=True)}
    return sum(body not in stored for body in taken)


def test_p1_a_call_that_was_answered_is_kept_wherever_the_portal_is_killed(
    forked: Forked, line: socket.socket, hook: StoreHook, tmp_path: Path, record_property: Any
) -> None:
    store = kill_at_random(forked, line, hook, tmp_path / "ledger", application, KILLS)
    record_property("kills", {"a portal that is called": KILLS})
    record_property("seed", SEED)
    record_property("figures", {"calls": dict(store.counted)})
    assert lost(store.taken) == 0
    assert len(set(store.taken)) == len(store.taken) == HookCall.objects.count() - 4
    numbers = HookCall.objects.values_list("order_number", flat=True)
    assert set(Work.objects.values_list("subject", flat=True)) == {
        f"{hook.store_id}:{number}" for number in numbers
    }
    assert set(store.counted) == {0, 200}
    # Else it was killed while nobody called.
    assert store.counted[0] > KILLS / 2
    assert len(store.taken) > KILLS / 10


def test_p1_a_portal_that_answers_before_it_stores_loses_calls(
    forked: Forked, line: socket.socket, hook: StoreHook, tmp_path: Path
) -> None:
    store = kill_at_random(forked, line, hook, tmp_path / "ledger", AnswersFirst(application), scaled(200))
    assert lost(store.taken) > scaled(200) / 4


def calls_killed_at(
    place: str, forked: Forked, line: socket.socket, hook: StoreHook, application: Application
) -> tuple[Counter[int], list[bytes]]:
    """Make calls that each kill their portal at ``place``; return how they ended, and the bodies."""
    ended: Counter[int] = Counter()
    bodies = [calls.event(1001 + number) for number in range(KILLS_AT_A_PLACE)]
    for body in bodies:
        pid = serve(forked, line, application, lambda: die_at(place))
        ended[post(address_of(line), hook, body, calls.headers(hook, body))] += 1
        assert forked.wait(pid) == -signal.SIGKILL
    return ended, bodies


@pytest.mark.parametrize(("place", "status", "missing"), [
    ("hook.stored", 0, KILLS_AT_A_PLACE), ("hook.taken", 0, 0), ("hook.answered", 200, 0),
])  # fmt: skip
def test_p1_a_death_around_the_commit_or_the_answer_loses_nothing_that_was_answered(
    place: str,
    status: int,
    missing: int,
    forked: Forked,
    line: socket.socket,
    hook: StoreHook,
    record_property: Any,
) -> None:
    ended, bodies = calls_killed_at(place, forked, line, hook, application)
    record_property("kills", {place: KILLS_AT_A_PLACE})
    assert ended == {status: KILLS_AT_A_PLACE}
    assert lost(bodies) == missing
    healthy = serve(forked, line, application)
    again = [post(address_of(line), hook, body, calls.headers(hook, body)) for body in bodies]
    kill(forked, healthy)
    assert again == [200] * KILLS_AT_A_PLACE
    assert lost(bodies) == 0
    assert HookCall.objects.count() == Work.objects.count() == KILLS_AT_A_PLACE + 1


def test_p1_of_calls_answered_before_they_are_stored_each_death_loses_one(
    forked: Forked, line: socket.socket, hook: StoreHook
) -> None:
    ended, bodies = calls_killed_at("hook.stored", forked, line, hook, AnswersFirst(application))
    assert ended == {200: KILLS_AT_A_PLACE}
    assert lost(bodies) == KILLS_AT_A_PLACE
