"""One store or mailbox that is away never stops the others: breaker and budget, by count.

Store A and mailbox B take every connection and never answer; a healthy store and a healthy mailbox have documents to
exchange. Several workers do what there is.
"""

from __future__ import annotations

import multiprocessing
import os
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from datetime import timedelta
from functools import partial
from typing import Any

import pytest
import requests
from django.db import connection
from django.db.models import Sum

from integration import channels, claimable, patience, tasks, work
from integration.bigcommerce import connection as store_connection
from integration.flows.cases import channel_cause, open_case
from integration.flows.import_orders import import_step, poll_step
from integration.flows.receive import fetch_step
from integration.flows.steps import STEPS
from integration.flows.transmit import transmit_step
from integration.models import (
    Channel,
    ExceptionCase,
    Order,
    Store,
    Work,
    mailbox_channel,
    store_channel,
)
from integration.simulators.store.faults import Fault
from integration.simulators.store.payloads import build, line
from integration.simulators.store.server import StoreSimulator
from partners.models import Mailbox, Mode
from tests import factories
from tests.chaos.forking import die_at, scaled
from tests.chaos.installation import STANDING, Installation

pytestmark = pytest.mark.chaos

WORKERS = 3
HEALTHY_ORDERS = scaled(100)
"""Each gives four documents: a purchase order, its two answers, and our functional acknowledgment of one of them."""
WAITING_FOR_A, WAITING_FOR_B = 30, 4
SILENCE = 0.5
"""Seconds after which a worker gives up on who never answers."""
DELAY = 0.05
PAST = "2020-01-01T00:00Z"


@dataclass
class Silent:
    """A server that takes connections and never says anything."""

    listening: socket.socket
    taken: list[socket.socket] = field(default_factory=list)

    @property
    def port(self) -> int:
        return int(self.listening.getsockname()[1])

    def calls(self) -> int:
        """Return how often it was called so far."""
        with suppress(BlockingIOError):
            while True:
                self.taken.append(self.listening.accept()[0])
        return len(self.taken)

    def close(self) -> None:
        for each in (self.listening, *self.taken):
            each.close()


@contextmanager
def silent() -> Iterator[Silent]:
    listening = socket.create_server(("127.0.0.1", 0), backlog=1000)
    listening.setblocking(False)
    server = Silent(listening)
    yield server
    server.close()


@dataclass
class Sides:
    """The dead ones, their rows, and the installation of the healthy ones."""

    installation: Installation
    a: Silent
    b: Silent
    store: Store
    mailbox: Mailbox

    @property
    def channels(self) -> tuple[Channel, Channel]:
        names = store_channel(self.store.pk), mailbox_channel(self.mailbox.pk)
        return Channel.objects.get(name=names[0]), Channel.objects.get(name=names[1])

    def tried(self) -> int:
        """Return how often work for the dead was claimed."""
        names = [store_channel(self.store.pk), mailbox_channel(self.mailbox.pk)]
        found = Work.objects.filter(talks_to__in=names).aggregate(all=Sum("attempts"))["all"]
        return int(found or 0)


@pytest.fixture
def sides(
    shared_installation: Installation, monkeypatch: pytest.MonkeyPatch, settings: Any
) -> Iterator[Sides]:
    """Work waits for the dead, due longer than all else."""
    settings.WORKERS = WORKERS + 1
    for side in ("STORE", "MAILBOX"):
        short = replace(getattr(patience, side), connect=SILENCE, silence=SILENCE)
        monkeypatch.setattr(patience, side, short)
    monkeypatch.setattr(store_connection, "TRIES", 1)
    with silent() as a, silent() as b:
        store = factories.store(
            base_url=f"http://127.0.0.1:{a.port}", mode=Mode.LIVE, sessions=2, live_from_order=10**9
        )
        mailbox = factories.mailbox(
            transport="sftp", host="127.0.0.1", port=b.port, username="us", password="word", mode=Mode.LIVE
        )
        agreement = factories.agreement(on=mailbox, skus=["FS-1", "FS-2"])
        for number in range(WAITING_FOR_A):
            work.put("orders", import_step(store.pk, 2001 + number))
        for _ in range(WAITING_FOR_B):
            document = factories.sent(factories.purchase_order(under=agreement), delivered=False)
            work.put("mailboxes", transmit_step(document.interchange))
        work.put("store", poll_step(store.pk))
        work.put("mailboxes", fetch_step(mailbox.pk))
        found = Sides(shared_installation, a, b, store, mailbox)
        Work.objects.filter(talks_to__in=names_of(found)).update(due_at=PAST)
        for name in names_of(found):
            channels.ensure(name)
        yield found
    for name in names_of(found):
        Work.objects.filter(talks_to=name).delete()
        Channel.objects.filter(name=name).delete()


def names_of(sides: Sides) -> tuple[str, str]:
    return store_channel(sides.store.pk), mailbox_channel(sides.mailbox.pk)


def work_until(done: Callable[[], bool], within: float) -> None:
    """Do what there is, lane after lane, as a worker who is knocked for each."""
    deadline = time.monotonic() + within
    while not done():
        assert time.monotonic() < deadline, list(Work.objects.values("step", "talks_to", "attempts", "error"))
        lanes = work.due_lanes()
        for lane in lanes:
            tasks.drain(lane, timedelta(seconds=1))
        if not lanes:
            time.sleep(0.05)


def healthy_is_done(sides: Sides, orders: int) -> bool:
    ours = Work.objects.exclude(talks_to__in=names_of(sides)).exclude(step__in=STANDING)
    accepted = Order.objects.filter(
        number__in=sides.installation.placed[-orders:], state=Order.State.ACCEPTED
    )
    return accepted.count() == orders and not ours.exists()


def exchange(sides: Sides, orders: int, within: float) -> None:
    """Place orders in the healthy store; let workers, and the suppliers, go on until all of them are accepted."""
    installation = sides.installation
    installation.place(orders)
    healthy_store = Store.objects.get(name="Harbor & Pine")
    healthy_mailbox = Mailbox.objects.get(name="Trading Grid mailbox")
    work.put("store", poll_step(healthy_store.pk))
    started = [
        installation.forked.start(lambda: work_until(lambda: healthy_is_done(sides, orders), within))
        for _ in range(WORKERS)
    ]
    deadline = time.monotonic() + within
    while not healthy_is_done(sides, orders) and time.monotonic() < deadline:
        installation.network.take_all()
        work.put("mailboxes", fetch_step(healthy_mailbox.pk))
        time.sleep(0.2)
    assert [installation.forked.wait(pid) for pid in started] == [0] * WORKERS


def test_abuse_37_a_dead_store_and_a_dead_mailbox_stop_nobody_else(
    sides: Sides, record_property: Any
) -> None:
    exchange(sides, HEALTHY_ORDERS, within=600)
    a, b = sides.channels
    assert (a.opened_at is not None, b.opened_at is not None) == (True, True)
    # Beside the probes, no more were tried than failed before it opened and were under way when it did.
    most = channels.OPENS_AFTER - 1 + 2
    for channel, server in ((a, sides.a), (b, sides.b)):
        assert channel.failures - channel.probes in range(channels.OPENS_AFTER, most + 1)
        assert server.calls() == channel.failures
    assert sides.tried() == a.failures + b.failures
    assert ExceptionCase.objects.filter(closed_at=None, kind="parked").count() == 0
    record_property("faults", {"calls to who never answers": a.failures + b.failures})


def claims(count: int) -> None:
    """Do so many pieces of work, whatever may be begun."""
    done = 0
    while done < count:
        claimed = [each for lane in work.due_lanes()[:1] for each in work.claim(lane, limit=1)]
        for each in claimed:
            tasks.do(each)
        done += len(claimed)


def twelve_claims_each(sides: Sides) -> int:
    """Return how many of thirty-six claims were spent on the dead, while thirty-six healthy pieces of work wait."""
    healthy = Store.objects.get(name="Harbor & Pine")
    for number in range(WORKERS * 12):
        work.put("orders", import_step(healthy.pk, 900_000 + number))
    sides.installation.forked.run([lambda: claims(12)] * WORKERS)
    Work.objects.filter(step="import_order", talks_to=store_channel(healthy.pk)).delete()
    return sides.tried()


def test_of_36_claims_the_dead_have_no_more_than_it_takes_to_know(sides: Sides) -> None:
    spent = twelve_claims_each(sides)
    a, b = sides.channels
    assert spent == a.failures + b.failures
    assert spent - a.probes - b.probes <= 2 * (channels.OPENS_AFTER + 1)


def test_without_a_breaker_all_36_claims_go_to_the_dead(
    sides: Sides, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(channels, "OPENS_AFTER", 10**6)
    monkeypatch.setattr(claimable, "most_of_one_side", lambda: 10**6)
    for row in (sides.store, sides.mailbox):
        type(row).objects.filter(pk=row.pk).update(sessions=50)
    # Tried again as soon as it failed: what is due the longest goes first.
    monkeypatch.setattr(work, "wait_before_retry", lambda *given: timedelta(0))
    assert twelve_claims_each(sides) == 36


def probe(sides: Sides) -> None:
    """Have the time of A's next probe come, and a worker begin what there is for it to do."""
    Channel.objects.filter(name=store_channel(sides.store.pk)).update(probe_at=PAST)
    sides.installation.forked.run([lambda: tasks.drain("store") and None])


@contextmanager
def store_at(port: int, store_hash: str) -> Iterator[dict[str, Any]]:
    """Serve the store that was away, slowly."""
    placed = {number: build(number, [line("AC-001")]) for number in range(2001, 2001 + WAITING_FOR_A)}
    with StoreSimulator(
        placed, placed=list(placed), store_hash=store_hash, token="secret-token", port=port
    ) as simulator:
        simulator.state.faults.append(Fault(times=10**6, kind="delay", delay=DELAY))
        yield {"url": simulator.url}


def recover(sides: Sides) -> int:
    """Have A come back and workers do all that waits for it; return how many requests it had at once at most."""
    port = sides.a.port
    sides.a.close()
    forked = sides.installation.forked
    url = forked.serve(lambda: store_at(port, sides.store.store_hash))["url"]
    channels.probe_now(store_channel(sides.store.pk))
    waiting = Work.objects.filter(step="import_order", talks_to=store_channel(sides.store.pk))
    forked.run([lambda: work_until(lambda: not waiting.exists(), within=60)] * WORKERS)
    ledger = requests.get(f"{url}/_simulator/ledger", timeout=60).json()
    ends = [each["at"] for each in ledger]
    return max(sum(end - DELAY * 0.9 <= at <= end for end in ends) for at in ends)


def test_when_the_dead_store_answers_again_all_that_waited_is_done_within_its_sessions(sides: Sides) -> None:
    is_open = Channel.objects.filter(name=store_channel(sides.store.pk), opened_at__isnull=False)
    sides.installation.forked.run([lambda: work_until(is_open.exists, within=60)] * WORKERS)
    cause = channel_cause(store_channel(sides.store.pk))
    while not ExceptionCase.objects.filter(cause=cause).exists():
        probe(sides)
    case = ExceptionCase.objects.get(cause=cause)
    assert sides.channels[0].failures >= tasks.TRIES_UNTIL_CASE
    assert recover(sides) == 2
    assert Order.objects.filter(store=sides.store, state=Order.State.NOT_OURS).count() == WAITING_FOR_A
    case.refresh_from_db()
    assert (case.closed_by, case.decision_reason[:15]) == ("Gridport", "It works again:")
    row = sides.channels[0]
    assert (row.failures, row.opened_at, row.probe_at, row.probes) == (0, None, None, 0)


def test_without_a_budget_all_workers_are_at_the_store_that_answers_again(sides: Sides) -> None:
    Store.objects.filter(pk=sides.store.pk).update(sessions=50)
    assert recover(sides) > 2


def test_a_worker_killed_while_it_probes_is_followed_by_another_probe(sides: Sides) -> None:
    name = store_channel(sides.store.pk)
    channels.failed(name, at_once=True)

    def dies() -> None:
        die_at("work.claimed")
        tasks.drain("store")

    Channel.objects.filter(name=name).update(probe_at=PAST)
    sides.installation.forked.dies(dies)
    poll = Work.objects.get(step="poll_store", talks_to=name)
    assert (poll.attempts, sides.channels[0].probes) == (1, 1)
    # While it may still be at it, nobody else is.
    probe(sides)
    assert sides.tried() == 1
    Work.objects.filter(pk=poll.pk).update(lease_until=PAST)
    probe(sides)
    poll.refresh_from_db()
    assert (poll.attempts, sides.channels[0].probes, sides.a.calls()) == (2, 2, 1)


def claimers(sides: Sides, count: int) -> int:
    """Have so many workers claim at the same moment; return how many got something of A.

    Its poll waits for nothing meanwhile: the last place would be left to it.
    """
    poll = Work.objects.filter(step="poll_store", talks_to=store_channel(sides.store.pk))
    poll.update(due_at="2120-01-01T00:00Z")
    ready = multiprocessing.Barrier(count)

    def act() -> None:
        connection.ensure_connection()
        ready.wait(60)
        work.claim("orders")

    sides.installation.forked.run([act] * count)
    return Work.objects.filter(talks_to=store_channel(sides.store.pk)).exclude(lease_token=None).count()


def slowly(take: Callable[..., Any], seconds: float = 0.2) -> Callable[..., Any]:
    """Leave time between seeing a place and taking it."""

    def taking(*given: Any) -> Any:
        time.sleep(seconds)
        return take(*given)

    return taking


def test_of_eight_workers_at_the_same_moment_two_get_the_two_sessions(
    sides: Sides, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.WORKERS = 9
    monkeypatch.setattr(claimable, "take", slowly(claimable.take))
    assert claimers(sides, 8) == 2


def test_without_holding_the_channel_more_than_two_get_them(
    sides: Sides, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.WORKERS = 9
    monkeypatch.setattr(claimable, "take", slowly(claimable.take, 1.0))
    monkeypatch.setattr(channels, "hold", lambda name: None)
    assert claimers(sides, 8) > 2


def test_of_eight_workers_at_the_same_moment_one_probes(sides: Sides, settings: Any) -> None:
    settings.WORKERS = 9
    name = store_channel(sides.store.pk)
    Work.objects.filter(talks_to=name, step="poll_store").delete()
    channels.failed(name, at_once=True)
    Channel.objects.filter(name=name).update(probe_at=PAST)
    assert claimers(sides, 8) == 1
    assert sides.channels[0].probes == 1


def test_failures_of_many_workers_at_once_are_all_counted_and_open_it_once(sides: Sides) -> None:
    name = store_channel(sides.store.pk)

    def fail() -> None:
        for _ in range(20):
            channels.failed(name)

    sides.installation.forked.run([fail] * 4)
    assert Channel.objects.get(name=name).failures == 80
    assert Channel.objects.get(name=name).opened_at is not None


def test_of_many_successes_at_once_one_closes_it(sides: Sides) -> None:
    name = store_channel(sides.store.pk)
    channels.failed(name, at_once=True)

    def succeed() -> None:
        if channels.succeeded(name):
            work.put("orders", import_step(sides.store.pk, 5000 + os.getpid()))

    sides.installation.forked.run([succeed] * 6)
    assert Work.objects.filter(talks_to=name, step="import_order").count() == WAITING_FOR_A + 1
    assert Channel.objects.get(name=name).opened_at is None


def test_of_the_last_two_that_waited_one_closes_the_case(
    sides: Sides, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert case_left_open(sides, monkeypatch) is False


def test_without_holding_the_channel_neither_of_the_last_two_closes_the_case(
    sides: Sides, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(channels, "hold", lambda name: None)
    assert case_left_open(sides, monkeypatch) is True


def case_left_open(sides: Sides, monkeypatch: pytest.MonkeyPatch) -> bool:
    """Let two that waited for A succeed at the same moment; say whether its case is still open."""
    name = store_channel(sides.store.pk)
    Work.objects.filter(talks_to=name).exclude(
        subject__in=[f"{sides.store.pk}:{n}" for n in (2001, 2002)]
    ).delete()
    Work.objects.filter(talks_to=name).update(channel=name, error="It did not answer.")
    open_case(ExceptionCase.Kind.STORE, channel_cause(name), "It did not answer.", store=sides.store)
    works = work.claim("orders") + work.claim("orders")
    assert len(works) == 2
    looks = work.waits_for

    def waits_for(channel: str) -> bool:
        found = looks(channel)
        time.sleep(1.0)
        return found

    monkeypatch.setattr(work, "waits_for", waits_for)
    kind = STEPS["import_order"]
    acts = [partial(tasks._hand_over, each, kind, []) for each in works]
    sides.installation.forked.run(acts)
    return ExceptionCase.objects.filter(cause=channel_cause(name), closed_at=None).exists()
