"""A store or mailbox in trouble: one case, however much waits for it, and all of it goes on together."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.utils import timezone

from archive.models import Transmission
from integration import tasks, work
from integration.bigcommerce import connection
from integration.flows import account_mails, backpressure, decide
from integration.flows.catalogue import catalogue_step
from integration.flows.channels import trouble_of
from integration.flows.events_out import post_step
from integration.flows.import_orders import import_step
from integration.flows.invoicing import invoice_step
from integration.flows.mails import put_mail
from integration.flows.receive import fetch_step
from integration.flows.steps import STEPS
from integration.flows.stock_levels import write_step
from integration.flows.webhook_calls import put_call, steps_of_calls
from integration.models import Channel, ExceptionCase, MailServer, Order, Store, StoreBudget, StoreHook, Work
from integration.simulators.store.faults import Fault
from integration.simulators.store.sample_orders import generated_orders
from integration.work import Step, put
from integration.x12.syntax import segment
from tests import factories
from tests.noticing import webhook
from tests.receiving import destination
from tests.world import World, world

__all__ = ["world"]


@pytest.fixture
def refused(world: World, monkeypatch: pytest.MonkeyPatch) -> World:
    """A world whose store refuses the token while two orders are to be read."""
    monkeypatch.setattr(connection, "TRIES", 1)
    Store.objects.update(token="stale")
    for number in (1002, 1013):
        world.place(number)
        put("orders", import_step(world.row.pk, number))
    world.poll()
    return world


def parked() -> list[tuple[str, str]]:
    return list(Work.objects.filter(parked_at__isnull=False).order_by("pk").values_list("step", "channel"))


def attempts() -> dict[str, int]:
    return {f"{row.step} {row.subject}": row.attempts for row in Work.objects.filter(talks_to="store:1")}


def test_a_refused_token_is_one_case_and_the_rest_is_not_even_tried(refused: World) -> None:
    """Once by the first that asked; once by the poll, whether it was that alone; then nobody asks."""
    refused.poll()
    assert sorted(attempts().values()) == [0, 0, 1]
    assert sum(each["status"] == 401 for each in refused.store.state.ledger) == 1
    channel = f"store:{refused.row.pk}"
    case = ExceptionCase.objects.get()
    assert (case.kind, case.cause, case.store, case.order) == (
        "store",
        f"channel:{channel}",
        refused.row,
        None,
    )
    trouble = trouble_of(channel)
    assert trouble is not None
    assert (trouble.waiting, trouble.waiting_words) == (3, "3 pieces of work wait")
    assert trouble.since is not None
    assert not trouble.is_due


def test_saved_settings_let_everything_try_again_at_once(refused: World) -> None:
    Store.objects.update(token="token")
    assert decide.settings_changed(refused.row) == 3
    refused.run()
    assert parked() == []
    assert ExceptionCase.objects.filter(closed_at=None).count() == 0
    assert trouble_of(f"store:{refused.row.pk}") is None


def test_trying_the_case_again_lets_everything_try_again(refused: World) -> None:
    Store.objects.update(token="token")
    case = ExceptionCase.objects.get()
    assert [step.name for step in decide.steps_to_retry(case)] == ["poll_store"]
    decide.retry_case(factories.user("dora", "decide"), case, "The token was renewed.")
    assert parked() == []
    refused.run()
    case.refresh_from_db()
    assert (case.closed_by, case.decision_reason) == ("dora", "The token was renewed.")
    assert ExceptionCase.objects.count() == 1


def test_a_case_tried_again_in_vain_opens_again(refused: World) -> None:
    case = ExceptionCase.objects.get()
    decide.retry_case(factories.user("dora", "decide"), case, "Perhaps it works.")
    refused.poll()
    assert ExceptionCase.objects.filter(closed_at=None).count() == 1
    assert sum(each["status"] == 401 for each in refused.store.state.ledger) == 2


def test_a_right_that_the_token_lacks_stops_what_needs_it_and_nothing_else(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connection, "TRIES", 1)
    world.store.state.faults.append(Fault(method="PUT", kind="status", status=403, times=10**6))
    world.place(1002)
    world.run()
    channel = f"store:{world.row.pk}"
    assert parked() == [("apply_effect", channel)]
    assert trouble_of(channel) is None
    world.place(1013)
    world.run()
    assert Order.objects.count() == 2
    assert parked() == [("apply_effect", channel), ("apply_effect", channel)]
    assert ExceptionCase.objects.get(closed_at=None).cause == f"channel:{channel}"
    assert sum(each["method"] == "PUT" for each in world.store.state.ledger) == 2


def test_a_limit_that_is_used_up_holds_the_stores_work_and_is_no_failure(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connection, "TRIES", 1)
    world.store.state.faults.append(Fault(kind="status", status=429))
    for number in (1002, 1013):
        put("orders", import_step(world.row.pk, number))
        world.place(number)
    world.poll()
    assert sorted(attempts().values()) == [0, 0, 0]
    assert [each["status"] for each in world.store.state.ledger] == [429]
    row = Channel.objects.get(name=f"store:{world.row.pk}")
    assert (row.failures, row.opened_at) == (0, None)
    trouble = trouble_of(row.name)
    assert trouble is not None
    assert (trouble.since, trouble.waiting) == (None, 3)
    assert ExceptionCase.objects.count() == 0
    StoreBudget.objects.update(window_ends_at="2020-01-01T00:00Z")
    world.later()
    assert Order.objects.count() == 2


def test_every_step_says_whom_it_asks_when_it_is_put(
    world: World, monkeypatch: pytest.MonkeyPatch, settings: Any
) -> None:
    said: dict[str, set[bool]] = {}
    plain = work.put

    def told(lane: str, step: Step) -> None:
        kind = STEPS[step.name]
        said.setdefault(step.name, set()).add(step.talks_to == kind.channel(kind.links(step.subject)))
        plain(lane, step)

    monkeypatch.setattr(work, "put", told)
    monkeypatch.setattr(work, "ensure", told)
    StoreHook.objects.create(store=world.row, key="k" * 32, secret="s", number=1)
    world.place(1002)
    world.run()
    _, steps = put_mail("test:1", ["ada@larch.example"], "Order 1002", "Please answer.\n")
    put_call(webhook(), "Order 1002")
    for step in (*steps, *steps_of_calls(), post_step(destination().pk)):
        work.put(STEPS[step.name].lane, step)
    settings.PUBLIC_URL = "https://edi.fern.example"
    MailServer.objects.create(pk=1, host="127.0.0.1", from_address="a@fern.example", is_active=True)
    User.objects.create_user("ada", "ada@fern.example", "a password", is_staff=True)
    monkeypatch.setattr(account_mails, "put", told)
    account_mails.ask_for_reset("ada@fern.example")
    work.put("orders", invoice_step(Order.objects.get()))
    for step in (catalogue_step(world.row.pk), write_step(world.row.pk)):
        work.put("stock", step)
    assert said == {name: {True} for name in said}
    assert {name for name, kind in STEPS.items() if kind.other_side} <= set(said)


def test_a_poll_behind_which_much_waits_takes_no_more_than_fits_and_skips_nothing(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(backpressure, "MOST_BEHIND", 3)
    numbers = list(generated_orders())[:8]
    for number in numbers:
        world.store.state.clock.advance(1)
        world.place(number)
    tasks.tick()
    taken = []
    for _ in range(2):
        Work.objects.filter(step="poll_store").update(due_at="2020-01-01T00:00Z")
        tasks.drain("store")
        taken.append(Work.objects.filter(step="import_order").count())
    assert taken == [3, 3]
    assert wait_of("poll_store") == 4 * world.row.poll_seconds
    for _ in range(4):
        world.poll()
    assert set(Order.objects.values_list("number", flat=True)) == set(numbers)
    assert wait_of("poll_store") == world.row.poll_seconds


def test_a_fetch_behind_which_much_waits_leaves_files_where_they_are(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(backpressure, "MOST_BEHIND", 3)
    for number in range(5):
        world.network.drop(f"{number}.edi", factories.interchange_bytes("997", [segment("AK1", "PO", "1")]))
    work.put("mailboxes", fetch_step(world.mailbox.pk))
    left = []
    for _ in range(2):
        Work.objects.filter(step="fetch_mailbox").update(due_at="2020-01-01T00:00Z")
        tasks.drain("mailboxes")
        left.append(len(list(world.network.outbox.iterdir())))
    assert left == [2, 2]
    assert wait_of("fetch_mailbox") == 4 * world.mailbox.poll_seconds
    world.poll()
    world.poll()
    assert list(world.network.outbox.iterdir()) == []
    assert Transmission.objects.filter(direction="in").count() == 5


def wait_of(step: str) -> int:
    """How many seconds from now a step is due."""
    due = Work.objects.get(step=step).due_at
    return round((due - timezone.now()).total_seconds())
