"""Calls of a store again and again, from many sides at once; and workers killed while they look after its hook."""

from __future__ import annotations

import random
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor, wait
from typing import Any

import pytest
import requests
from django.db import connections
from django.test import Client

from archive.models import Event
from integration import tasks
from integration.bigcommerce.webhooks import hook_path
from integration.flows import connect, hooks
from integration.models import ExceptionCase, HookCall, Store, StoreHook, Work
from tests import calls, factories
from tests.chaos.forking import is_whole, scaled
from tests.chaos.installation import STORE_HASH, TOKEN, Installation
from tests.world import World, world

__all__ = ["world"]

pytestmark = pytest.mark.chaos

KILLS = scaled(20)
PLACES = ("check_hooks.done",)
EVENTS, REPEATS, THREADS = (500, 20, 16) if is_whole() else (25, 20, 8)


def at_once(hook: StoreHook, events: int, repeats: int, meanwhile: Callable[[], object]) -> None:
    """Post as many calls, each so many times, from many threads; do ``meanwhile`` over and over until all are in."""
    seed = random.SystemRandom().randrange(10**6)
    made = [calls.event(1001 + number) for number in range(events)]
    posts = [(body, calls.headers(hook, body)) for body in made] * repeats
    random.Random(seed).shuffle(posts)

    def one_side(place: int) -> list[int]:
        client, path = Client(), hook_path(hook.key)
        try:
            return [
                client.post(path, body, content_type="application/json", headers=headers).status_code
                for body, headers in posts[place::THREADS]
            ]
        finally:
            connections.close_all()

    with ThreadPoolExecutor(THREADS) as pool:
        sides = [pool.submit(one_side, place) for place in range(THREADS)]
        while wait(sides, timeout=0.02).not_done:
            meanwhile()
        statuses = [status for side in sides for status in side.result()]
    assert statuses == [200] * events * repeats, f"seed {seed}"


def test_p4_20_calls_of_each_event_ask_for_one_look_at_each_order(committed: str) -> None:
    hook = calls.hooked()
    at_once(hook, EVENTS, REPEATS, lambda: None)
    wanted = {f"{hook.store_id}:{number}" for number in range(1001, 1001 + EVENTS)}
    assert set(Work.objects.values_list("subject", flat=True)) == wanted
    assert set(Work.objects.values_list("step", flat=True)) == {"import_order"}
    assert Work.objects.count() == HookCall.objects.count() == EVENTS


def looks_while_called(world: World, monkeypatch: pytest.MonkeyPatch) -> int:
    """Return how many looks follow from 10 events, called 10 times each, where each is looked into at once."""
    monkeypatch.setattr(hooks, "LOOK_AFTER", hooks.LOOK_AFTER * 0)
    at_once(calls.hooked(world.row), 10, 10, tasks.drain_everything)
    tasks.drain_everything()
    assert not Work.objects.exists()
    return sum(each["path"].rsplit("/", 1)[0] == "/v2/orders" for each in world.store.state.ledger)


def test_p4_a_repeat_asks_for_no_second_look_when_the_first_is_over(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert looks_while_called(world, monkeypatch) == 10


def test_p4_calls_that_nobody_knows_again_are_looked_into_again(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hooks, "_stored", lambda *call, **more: True)
    assert looks_while_called(world, monkeypatch) > 10


def test_deaths_while_looking_after_a_hook_mend_it_and_tell_of_it_once(
    shared_installation: Installation, record_property: Any, settings: Any
) -> None:
    installation = shared_installation
    installation.kills.clear()
    settings.PUBLIC_URL = "http://127.0.0.1:9"
    Store.objects.update(client_secret=calls.CLIENT_SECRET)
    connect.register_hooks(factories.user(group="decide"), Store.objects.get(), "Faster.")
    address = f"{installation.store_url}/stores/{STORE_HASH}/v3/hooks/{StoreHook.objects.get().number}"
    token = {"X-Auth-Token": TOKEN}
    for _ in range(KILLS):
        requests.put(address, json={"is_active": False}, headers=token, timeout=60).raise_for_status()
        installation.ask("check_hooks")
        installation.kill_at("check_hooks.done", "store")
        installation.go_on()
        assert requests.get(address, headers=token, timeout=60).json()["data"]["is_active"] is True
    assert Event.objects.filter(kind="hook_mended").count() == KILLS
    assert ExceptionCase.objects.count() == 1
    mended = [
        each for each in installation.ledger() if each["method"] == "PUT" and each["body"].get("headers")
    ]
    assert len(mended) == KILLS
    assert installation.kills == dict.fromkeys(PLACES, KILLS)
    record_property("kills", dict(installation.kills))
