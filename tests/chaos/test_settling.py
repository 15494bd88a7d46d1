"""Whatever goes wrong on the way: in the end the other sides' ledgers and ours agree to the unit, or somebody is asked.

One seed decides what happens: the same in each usual run, another in each whole one (``SETTLING_SEED`` repeats one).
Store and suppliers are processes of their own and are asked for their ledgers.
"""

from __future__ import annotations

import os
import random
import socket
from collections import Counter, defaultdict
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User

from archive.clock import database_now
from archive.models import Document, TransmissionOutcome
from integration import tasks
from integration.flows import clock, hooks, parents
from integration.flows.gaps import billed, received, sent, shipped, stores
from integration.flows.reconciliation import ask
from integration.models import ExceptionCase, Gap, HookCall, Order, PurchaseOrder, PurchaseOrderChange
from portal.asgi import application
from tests import factories
from tests.behind import remove
from tests.chaos.forking import Forked, is_whole, scaled
from tests.chaos.installation import MOVING
from tests.chaos.kinds import KINDS, Answers, by_arrival, differences, twice
from tests.chaos.serving import address_of, listening, serve
from tests.chaos.trading import AGES, QUIET, Trading

pytestmark = pytest.mark.chaos

ORDERS = scaled(500)
USUAL_SEED = 20261129
SEED = int(
    os.environ.get("SETTLING_SEED") or (random.SystemRandom().randrange(10**6) if is_whole() else USUAL_SEED)
)


@pytest.fixture
def line() -> Iterator[socket.socket]:
    with listening() as opened:
        yield opened


@pytest.fixture
def trading(
    committed: str,
    forked: Forked,
    line: socket.socket,
    tmp_path: Any,
    settings: Any,
    monkeypatch: pytest.MonkeyPatch,
    record_property: Any,
) -> Iterator[Trading]:
    """The world, its portal served; no knock arrives, and what was done just now counts as settled."""
    record_property("seed", SEED)
    monkeypatch.setattr("integration.tasks.async_task", lambda *args, **options: None)
    monkeypatch.setattr(hooks, "LOOK_AFTER", timedelta(0))
    for module in (billed, received, sent, shipped, stores):
        monkeypatch.setattr(module, "SETTLED", timedelta(seconds=-60), raising=False)
    made = Trading(forked, tmp_path, SEED, ORDERS)
    serve(forked, line, application)
    made.call_us(address_of(line), settings)
    yield made
    record_property("faults", dict(made.courier.faults))


def unsettled() -> set[str]:
    """Return the numbers of what is not at its end: purchase orders, those of a change, orders."""
    State, Change = PurchaseOrder.State, PurchaseOrderChange.State
    open_orders = PurchaseOrder.objects.exclude(state__in=[State.ACCEPTED, State.CANCELLED, State.DROPPED])
    open_changes = PurchaseOrderChange.objects.exclude(
        state__in=[Change.ACCEPTED, Change.TOLD, Change.DROPPED]
    )
    held = Order.objects.exclude(state__in=[Order.State.ROUTED, Order.State.ACCEPTED, Order.State.NOT_OURS])
    return {
        *open_orders.values_list("number", flat=True),
        *open_changes.values_list("purchase_order__number", flat=True),
        *map(str, held.values_list("number", flat=True)),
    }


def asked() -> set[str]:
    """Return the numbers of purchase orders and orders that an open case is about."""
    cases = ExceptionCase.objects.filter(closed_at=None).values_list(
        "purchase_order__number", "order__number"
    )
    return {str(each) for pair in cases for each in pair if each is not None}


def look(lead: User) -> dict[str, list[Gap]]:
    """Look at everything now, and do what that asks for; return what is missing, by check."""
    row = ask(lead, "Before the audit.")
    tasks.drain_everything()
    row.refresh_from_db()
    assert (row.finished_at is not None, row.unread) == (True, [])
    found: defaultdict[str, list[Gap]] = defaultdict(list)
    for gap in row.gaps.select_related("purchase_order"):
        found[gap.check_name].append(gap)
    return dict(found)


def concerned(gaps: list[Gap]) -> list[str]:
    """Return the numbers of the purchase orders that something is missing of."""
    return [each.purchase_order.number if each.purchase_order else "" for each in gaps]


def purchase_order_of(order: int) -> Document:
    """Return the 850 of an order that has one."""
    return Document.objects.get(orders__order__number=order, transaction_set="850")


def test_every_ledger_agrees_in_the_end_and_what_is_removed_behind_our_back_is_found(
    trading: Trading, monkeypatch: pytest.MonkeyPatch, record_property: Any
) -> None:
    trading.trade()
    trading.settle()
    with monkeypatch.context() as later:
        later.setattr(clock, "database_now", lambda: database_now() + AGES)
        trading.work("reconcile")
    trading.settle()
    outside = trading.outside()
    cases = Counter(ExceptionCase.objects.filter(closed_at=None).values_list("kind", flat=True))
    documents = Counter(Document.objects.values_list("transaction_set", flat=True))
    record_property("figures", {"documents": dict(documents), "open cases": dict(cases)})
    assert len(outside.orders) == ORDERS
    for kind in KINDS:
        assert differences(kind, outside) == {}, f"{kind.name}; seed {SEED}"
    assert twice(outside) == [], f"seed {SEED}"
    assert unsettled() - asked() == set(), f"seed {SEED}"
    assert HookCall.objects.exists(), f"seed {SEED}"
    lead = factories.user("lea", "decide")
    assert look(lead) == {}, f"seed {SEED}"

    # The same answers, taken by when they arrived.
    said, naive = Answers().theirs(outside), by_arrival()
    wrong = {number for number, place in said if naive[number, place] != said[number, place][0]}
    assert wrong & trading.overtaken, f"seed {SEED}"

    lost_order, lost_acknowledgment, lost_receipt = trading.placed[:QUIET]
    remove(Order.objects.get(number=lost_order))
    remove(purchase_order_of(lost_acknowledgment).acknowledgments.get().source)
    sent_as = purchase_order_of(lost_receipt)
    remove(TransmissionOutcome.objects.get(transmission__interchange=sent_as.interchange))
    # The answer to what is removed waits for it no longer than this test does.
    monkeypatch.setattr(parents, "AWAITED", timedelta(0))
    found = look(lead)
    assert set(found) == {"order", "answer", "acknowledgment", "received", "receipt"}
    assert [each.sentence.split(" of ")[0] for each in found["order"]] == [f"Order {lost_order}"]
    assert concerned(found["acknowledgment"]) == [f"{lost_acknowledgment}-1"]
    assert concerned(found["receipt"]) == [f"{lost_receipt}-1"]
    trading.work(*MOVING)
    assert twice(trading.outside()) == []
    assert {number for number, _ in differences(KINDS[0], outside)} == {f"{lost_order}-1"}
