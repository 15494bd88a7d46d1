"""Abuse case 37: a store that refuses for a while, answers with rubbish, or no longer says what it used to.

What waits is not lost, nothing is written twice, and each order's writes keep their order.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from django.db.models import F
from django.utils import timezone

from integration import tasks
from integration.bigcommerce import connection
from integration.flows import decide
from integration.models import Channel, ExceptionCase, Order, StoreBudget, StoreEffect, Work
from integration.simulators.store.catalog import SKUS
from integration.simulators.store.faults import Fault
from integration.simulators.store.payloads import build, line
from tests import factories
from tests.world import World, open_world

ORDERS = (1001, 1002, 1003)
MANY = 100_000
FAR = "2120-01-01T00:00Z"
TWO_HOURS = timedelta(hours=2)


@pytest.fixture
def world(committed: str, tmp_path: Path) -> Iterator[World]:
    """A world of orders that one supplier ships."""
    orders = {number: build(number, [line(SKUS["BO"][number % 30], 2)]) for number in ORDERS}
    with open_world(tmp_path, orders) as opened:
        yield opened


@pytest.fixture(autouse=True)
def no_pause_between_tries(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection, "BACKOFF", 0.001)


def place_all(world: World) -> None:
    for number in ORDERS:
        world.place(number)


def written(world: World, number: int) -> list[tuple[str, int]]:
    """Return method and answer of every write to an order."""
    return [
        (each["method"], each["status"])
        for each in world.store.state.ledger
        if each["method"] != "GET" and f"/orders/{number}" in each["path"]
    ]


def assert_all_done(world: World, writes: list[tuple[str, int]] | None = None) -> None:
    """Fail unless every order is as it should be in the end, written to in the right order and once."""
    for number in ORDERS:
        assert world.store.state.order(number)["status_id"] == 9
        assert len(world.store.state.metafields[number]) == 1
        carried_out = [each for each in written(world, number) if each[1] == 200]
        assert carried_out == [("POST", 200), ("PUT", 200)]
        if writes is not None:
            assert written(world, number) == writes
    assert not Work.objects.exclude(parked_at=None).exists()
    assert not ExceptionCase.objects.filter(closed_at=None).exists()


def end_of_window() -> None:
    """Let the store's window, as the workers know of it, be over."""
    StoreBudget.objects.update(window_ends_at=timezone.now() - timedelta(seconds=1))


def test_abuse_37_a_429_storm_with_headers_is_waited_out_as_long_as_they_say(world: World) -> None:
    place_all(world)
    world.store.state.faults.append(Fault(times=MANY, kind="status", status=429))
    world.poll()
    # One worker asked once; nobody asks again before the reset, however often work comes due.
    for _ in range(5):
        world.later()
    assert [each["status"] for each in world.store.state.ledger] == [429]
    wait = Work.objects.get(step="poll_store").due_at - timezone.now()
    # A standing step waits a minute at most where it is not asked for more.
    assert timedelta(seconds=15) < wait <= timedelta(seconds=60)

    world.store.state.faults.clear()
    end_of_window()
    world.later()
    world.run()
    assert_all_done(world, [("POST", 200), ("PUT", 200)])


def test_abuse_37_a_429_storm_over_the_writes_keeps_their_order(world: World) -> None:
    storm = [Fault(method, "/", times=MANY, kind="status", status=429) for method in ("POST", "PUT")]
    world.store.state.faults += storm
    place_all(world)
    world.run()
    # Turned away is not lost: nobody has to look for it.
    assert set(StoreEffect.objects.values_list("state", flat=True)) == {StoreEffect.State.WAITING}
    assert [each for number in ORDERS for each in written(world, number)] == [("POST", 429)]
    world.store.state.faults.clear()
    end_of_window()
    world.later()
    world.run()
    assert_all_done(world)


def test_abuse_37_a_429_storm_without_headers_is_backed_off_from(world: World) -> None:
    place_all(world)
    world.store.state.faults.append(Fault(times=MANY, kind="status", status=429, headers=False))
    waits = []
    for attempt in range(1, 7):
        Work.objects.filter(step="poll_store").update(due_at="2020-01-01T00:00Z")
        Channel.objects.filter(opened_at__isnull=False).update(probe_at="2020-01-01T00:00Z")
        tasks.tick()
        tasks.drain("store")
        assert len(world.store.state.ledger) == connection.TRIES * attempt
        work = Work.objects.get(step="poll_store")
        assert work.attempts == attempt
        waits.append((work.due_at - timezone.now()).total_seconds())
    assert all(0 < wait <= min(60, 2 * 2**attempt) for attempt, wait in enumerate(waits, 1))
    world.store.state.faults.clear()
    world.later()
    world.run()
    assert_all_done(world, [("POST", 200), ("PUT", 200)])


def test_abuse_37_a_web_page_with_200_is_never_taken_for_data(world: World) -> None:
    place_all(world)
    world.store.state.faults.append(Fault(times=MANY, kind="html"))
    world.poll()
    work = Work.objects.get(step="poll_store")
    assert work.error.startswith(
        "The store answered with a web page instead of data (list changed orders, HTTP 200). It is tried again by itself"
    )
    assert not Order.objects.exists()

    # And in place of the answer to a write: it may be carried out, so it is looked for.
    world.store.state.faults[:] = [Fault("PUT", "/", times=len(ORDERS), kind="html")]
    world.later()
    world.run()
    assert sorted(StoreEffect.objects.values_list("kind", "state")) == [
        *[("metafield", "done")] * len(ORDERS),
        *[("status", "unknown")] * len(ORDERS),
    ]
    world.later()
    world.run()
    for number in ORDERS:
        # The page had status 200, and nothing was carried out.
        assert written(world, number) == [("POST", 200), ("PUT", 200), ("PUT", 200)]
        assert world.store.state.order(number)["status_id"] == 9


def let_time_pass(until: timedelta) -> tuple[timedelta, timedelta]:
    """Let work come due as it does while time passes; return how long that was, and the longest wait there was."""
    passed = longest = timedelta(0)
    while passed < until:
        work = Work.objects.exclude(due_at__gte="2100-01-01T00:00Z").order_by("due_at").first()
        assert work is not None, "nobody waits any more"
        # While the store is left alone, what is due waits for the next probe.
        left_alone = Channel.objects.filter(opened_at__isnull=False).first()
        comes = left_alone.probe_at if left_alone is not None else work.due_at
        assert comes is not None
        wait = max(timedelta(0), comes - timezone.now())
        longest = max(longest, wait)
        passed += wait
        Work.objects.exclude(due_at__gte="2100-01-01T00:00Z").update(due_at=F("due_at") - wait)
        Channel.objects.update(probe_at=F("probe_at") - wait, rests_until=F("rests_until") - wait)
        tasks.drain_everything()
    return passed, longest


def test_abuse_37_two_hours_of_500_lose_nothing_and_keep_the_order(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connection, "TRIES", 1)
    place_all(world)
    world.store.state.faults.append(Fault(path="/v2/orders/", times=MANY, kind="status", status=500))
    world.poll()
    assert Work.objects.filter(step="import_order").count() == len(ORDERS)
    Work.objects.exclude(step__in=["import_order", "poll_store"]).update(due_at=FAR)
    world.store.state.faults.append(Fault(path="/v2/orders", times=MANY, kind="status", status=500))
    passed, longest = let_time_pass(TWO_HOURS)
    assert passed >= TWO_HOURS
    assert longest <= timedelta(minutes=15)
    assert not Order.objects.exists()
    assert not Work.objects.exclude(parked_at=None).exists()
    [case] = ExceptionCase.objects.filter(closed_at=None)
    assert case.cause == f"channel:store:{world.row.pk}"
    assert case.sentence.startswith("The store had a fault of its own (")

    world.store.state.faults.clear()
    world.later()
    world.run()
    assert_all_done(world, [("POST", 200), ("PUT", 200)])
    case.refresh_from_db()
    assert case.decision == ExceptionCase.Decision.RELEASED


def test_abuse_37_an_order_that_lost_a_field_waits_for_a_person_and_keeps_no_other_waiting(
    world: World,
) -> None:
    place_all(world)
    lost = world.store.state.orders[1002].order.pop("total_inc_tax")
    world.run()
    assert sorted(Order.objects.values_list("number", flat=True)) == [1001, 1003]
    [case] = ExceptionCase.objects.filter(closed_at=None)
    assert "order 1002 holds nothing where total_inc_tax belongs" in case.sentence
    assert {number: world.store.state.order(number)["status_id"] for number in ORDERS} == {
        1001: 9,
        1002: 11,
        1003: 9,
    }

    world.store.state.orders[1002].order["total_inc_tax"] = lost
    decide.retry_case(factories.user(group="decide"), case, "The store says it again.")
    world.run()
    assert_all_done(world, [("POST", 200), ("PUT", 200)])
