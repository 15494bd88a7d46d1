"""The address that stores call: what it answers to the store and to strangers, and how much comes in."""

from __future__ import annotations

import asyncio
import http.client
import statistics
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import requests
from django.db import connection
from django.http import HttpResponse
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from integration import tasks
from integration.bigcommerce.webhooks import hook_path
from integration.flows import backpressure, connect
from integration.models import HookCall, Order, Store, StoreHook, Work
from portal.hooks import door
from portal.hooks.door import AT_A_TIME, LONGEST_BODY, Door
from tests import calls, factories
from tests.portals import served, until
from tests.world import World, world

__all__ = ["world"]


@pytest.fixture
def hook(db: None) -> StoreHook:
    return calls.hooked()


def post(
    hook: StoreHook,
    body: bytes,
    headers: dict[str, str] | None = None,
    by: Client | None = None,
    **changes: Any,
) -> HttpResponse:
    """Post a call as the store would, or with other headers and settings."""
    given = calls.headers(hook, body) if headers is None else headers
    options = {"data": body, "content_type": "application/json", "headers": given, **changes}
    return Client(enforce_csrf_checks=True).post(hook_path(hook.key), **options)


def answer(response: HttpResponse) -> tuple[int, bytes]:
    return response.status_code, response.content


def test_the_address_is_the_one_that_the_store_is_told() -> None:
    assert reverse("bigcommerce_hook", args=["k-1"]) == hook_path("k-1")


def test_a_call_is_answered_with_200_and_nothing_more_and_so_is_its_repeat(hook: StoreHook) -> None:
    body = calls.event(1042)
    headers = calls.headers(hook, body)
    assert answer(post(hook, body, headers)) == (200, b"")
    assert bytes(HookCall.objects.get().body) == body
    assert Work.objects.get().subject == f"{hook.store_id}:1042"
    assert answer(post(hook, body, headers)) == (200, b"")
    assert HookCall.objects.count() == 1


def test_a_charset_beside_the_content_type_does_not_matter(hook: StoreHook) -> None:
    body = calls.event(1042)
    assert post(hook, body, content_type="application/json; charset=utf-8").status_code == 200


BODY = calls.event(1042)


@pytest.mark.parametrize(("changes", "status"), [
    ({"headers": {}}, 401),
    ({"client_secret": "guessed"}, 401),
    ({"x_gridport_hook": "guessed"}, 401),
    ({"late": 301, "client_secret": "guessed"}, 401),
    ({"data": BODY.replace(b"1042", b"1043")}, 401),
    ({"data": calls.event(1042, producer="stores/fernstone")}, 403),
    ({"content_type": "text/plain"}, 415),
    ({"content_type": "application/x-www-form-urlencoded"}, 415),
    ({"data": b" " * (LONGEST_BODY + 1)}, 413),
])  # fmt: skip
def test_abuse_34_a_stranger_is_refused_and_learns_nothing(
    hook: StoreHook, changes: dict[str, Any], status: int
) -> None:
    body = changes.pop("data", BODY)
    signed = body if status == 403 else BODY
    given = {name: changes.pop(name) for name in ("headers", "content_type") if name in changes}
    headers = given.pop("headers", calls.headers(hook, signed, **changes))
    refusal = post(hook, body, headers, **given)
    assert answer(refusal) == (status, b"")
    assert set(refusal.headers) == set(post(hook, calls.event(7)).headers)
    assert HookCall.objects.get().order_number == 7  # of the one call that was right


def test_a_call_in_clear_is_refused_and_led_nowhere(hook: StoreHook, settings: Any) -> None:
    settings.SECURE_SSL_REDIRECT = True
    refusal = post(hook, BODY)
    assert answer(refusal) == (403, b"")
    assert "Location" not in refusal.headers
    assert not HookCall.objects.exists()
    assert post(hook, BODY, secure=True).status_code == 200


def test_while_more_waits_than_fits_calls_are_sent_away_to_come_again(
    hook: StoreHook, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(backpressure, "MOST_CALLED_FOR", 2)
    for number in (1, 2):
        assert post(hook, calls.event(number)).status_code == 200
    # Looked at only after a while, and so not deep yet.
    assert post(hook, calls.event(3)).status_code == 200
    Work.objects.update(due_at="2020-01-01T00:00Z")
    sent_away = post(hook, calls.event(4))
    assert (*answer(sent_away), sent_away["Retry-After"]) == (503, b"", "300")
    assert HookCall.objects.count() == Work.objects.count() == 3
    Work.objects.filter(subject=f"{hook.store_id}:1").delete()
    Work.objects.filter(subject=f"{hook.store_id}:2").delete()
    assert post(hook, calls.event(4)).status_code == 200


def test_an_address_that_is_none_answers_like_a_wrong_signature(hook: StoreHook) -> None:
    known = post(hook, BODY, {})
    unknown = Client().post(
        hook_path("k" * 43), BODY, content_type="application/json", headers=calls.headers(hook, BODY)
    )
    assert (answer(unknown), set(unknown.headers)) == (answer(known), set(known.headers))


def test_a_length_that_is_told_is_enough_to_refuse(hook: StoreHook) -> None:
    headers = {**calls.headers(hook, BODY), "content-length": "4000000"}
    assert answer(post(hook, BODY, headers)) == (413, b"")


@pytest.mark.parametrize("method", ["get", "put", "delete", "head", "options"])
def test_only_a_post_is_a_call(hook: StoreHook, method: str) -> None:
    refusal = getattr(Client(), method)(hook_path(hook.key))
    assert (refusal.status_code, refusal.headers["Allow"]) == (405, "POST")


def test_a_call_costs_four_statements_and_less_than_50_ms_of_work(hook: StoreHook) -> None:
    post(hook, calls.event(1))
    took = []
    for number in range(2, 52):
        body = calls.event(number)
        headers = calls.headers(hook, body)
        began = time.process_time()
        with CaptureQueriesContext(connection) as asked:
            assert post(hook, body, headers).status_code == 200
        took.append(time.process_time() - began)
        statements = [each["sql"].split()[0] for each in asked]
        assert [each for each in statements if each not in ("SAVEPOINT", "RELEASE")] == [
            "SELECT",  # whether more waits than fits
            "SELECT",
            "INSERT",
            "INSERT",
        ]
    assert statistics.median(took) < 0.05
    assert HookCall.objects.count() == Work.objects.count() == 51


# The door before Django

Message = dict[str, Any]
Inside = Callable[[Any, Any, Any], Awaitable[None]]


async def reads_all(scope: Any, receive: Any, send: Any) -> None:
    """Answer with how many bytes came."""
    message = await receive()
    assert not message.get("more_body")
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": str(len(message["body"])).encode()})


async def ask(
    application: Inside, chunks: list[bytes], path: str = "/hooks/x/", *, ends: bool = True
) -> tuple[int, bytes, int]:
    """Send a body in chunks; return status, content, and how many chunks were taken."""
    waiting: list[Message] = [{"type": "http.request", "body": each, "more_body": True} for each in chunks]
    if ends and waiting:
        waiting[-1]["more_body"] = False
    sent: list[Message] = []

    async def receive() -> Message:
        if not waiting:
            await asyncio.sleep(3600)
        return waiting.pop(0)

    async def send(message: Any) -> None:
        sent.append(message)

    await application({"type": "http", "path": path}, receive, send)
    return sent[0]["status"], sent[1]["body"], len(chunks) - len(waiting)


@pytest.mark.parametrize(("chunks", "outcome"), [
    ([b"abc"], (200, b"3", 1)),
    ([b"abc", b"", b"de"], (200, b"5", 3)),
    ([b"x" * LONGEST_BODY], (200, b"65536", 1)),
    ([b"x" * LONGEST_BODY, b"x"], (413, b"", 2)),
    ([b"x" * 1024] * 1000, (413, b"", 65)),
])  # fmt: skip
def test_the_door_takes_64_kib_and_not_a_byte_more(
    chunks: list[bytes], outcome: tuple[int, bytes, int]
) -> None:
    assert asyncio.run(ask(Door(reads_all), chunks)) == outcome


def test_other_pages_are_behind_no_door() -> None:
    async def counts(scope: Any, receive: Any, send: Any) -> None:
        first, second = await receive(), await receive()
        assert (first["more_body"], second["more_body"]) == (True, False)
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"untouched"})

    assert asyncio.run(ask(Door(counts), [b"x" * 100_000] * 2, "/admin/")) == (200, b"untouched", 2)


def test_a_body_that_does_not_come_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(door, "PATIENCE", 0.01)
    assert asyncio.run(ask(Door(reads_all), [b"abc"], ends=False)) == (408, b"", 1)


def test_a_caller_who_hangs_up_is_let_go() -> None:
    async def hangs_up() -> Message:
        return {"type": "http.disconnect"}

    async def send(message: Any) -> None:
        raise AssertionError(message)

    asyncio.run(Door(reads_all)({"type": "http", "path": "/hooks/x/"}, hangs_up, send))


def test_so_many_calls_are_inside_at_a_time_and_so_many_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(door, "MOST_WAITING", 10)
    inside: list[int] = []
    most: list[int] = []

    async def burst() -> list[tuple[int, bytes, int]]:
        full = asyncio.Event()

        async def slow(scope: Any, receive: Any, send: Any) -> None:
            inside.append(1)
            most.append(len(inside))
            await full.wait()
            inside.pop()
            await reads_all(scope, receive, send)

        behind = Door(slow)
        asked = [asyncio.create_task(ask(behind, [b"abc"])) for _ in range(AT_A_TIME + 10 + 5)]
        while sum(task.done() for task in asked) < 5:
            await asyncio.sleep(0)
        full.set()
        answers = await asyncio.gather(*asked)
        assert await ask(behind, [b"abc"]) == (200, b"3", 1)
        return answers

    answers = asyncio.run(burst())
    assert sorted(status for status, _, _ in answers) == [200] * (AT_A_TIME + 10) + [503] * 5
    assert max(most) == AT_A_TIME


# Served, as in life


def chunked(address: str, path: str, body: Iterator[bytes]) -> int:
    """Post a body whose length is not told; return the status."""
    line = http.client.HTTPConnection(urlsplit(address).netloc, timeout=60)
    with suppress(
        BrokenPipeError, ConnectionResetError
    ):  # it hung up in the middle, and answered before that
        line.request("POST", path, body, {"Content-Type": "application/json"}, encode_chunked=True)
    try:
        return line.getresponse().status
    finally:
        line.close()


def test_the_store_calls_a_served_portal_and_the_order_comes(
    world: World, committed: str, settings: Any, tmp_path: Path
) -> None:
    log = tmp_path / "portal.log"
    with served(committed, log) as portal:
        address = portal.address
        settings.PUBLIC_URL = address
        Store.objects.update(client_secret=calls.CLIENT_SECRET)
        world.row.refresh_from_db()
        connect.register_hooks(factories.user(group="decide"), world.row, "Faster.")
        world.place(1002)
        until(lambda: HookCall.objects.count() == 1, log)
        called = HookCall.objects.get()
        assert (called.scope, called.order_number, called.is_stale) == ("store/order/created", 1002, False)
        until(lambda: world.store.webhooks.ledger, log)
        assert [each["status"] for each in world.store.webhooks.ledger] == [200]
        Work.objects.update(due_at="2020-01-01T00:00Z")
        tasks.drain_everything()
        assert Order.objects.get().number == 1002
        path = hook_path(StoreHook.objects.get().key)
        assert chunked(address, path, (b"x" * 1024 for _ in range(20_000))) == 413
        assert requests.post(f"{address}{path}", b"x" * (LONGEST_BODY + 1), timeout=60).status_code == 413
        stranger = requests.post(
            f"{address}{path}", b"{}", headers={"Content-Type": "application/json"}, timeout=60
        )
        assert (stranger.status_code, stranger.content) == (401, b"")
        assert requests.get(f"{address}/health/ready", timeout=60).json()["ready"] is True
    lines = log.read_text()
    assert '"message": "store call refused"' in lines
    assert "/hooks/bigcommerce/***/" in lines
    assert StoreHook.objects.get().key not in lines
