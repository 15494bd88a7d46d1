"""Pause switches: each holds its own and nothing else, and what waited goes on when it is resumed."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import User

from archive.models import Document
from integration import tasks, work
from integration.flows import decide
from integration.models import ExceptionCase, Order, Pause, PurchaseOrder, Work
from integration.work import Step
from partners.models import TradingPartner
from tests import factories
from tests.world import World, world

__all__ = ["world"]

ACME, BOREALIS = 1001, 1002
REASON = "The supplier takes stock."


@pytest.fixture
def lead() -> User:
    return factories.user("lea", "decide")


def subject_of(world: World, name: str) -> decide.Pausable:
    rows = {
        "store": world.row,
        "mailbox": world.mailbox,
        "partner": TradingPartner.objects.get(name="Acme Supply"),
    }
    return rows.get(name, name)


def purchase_orders() -> dict[str, str]:
    return dict(PurchaseOrder.objects.order_by("number").values_list("number", "state"))


@pytest.mark.parametrize(
    ("switch", "orders_read", "written", "files_left"),
    [
        (Pause.EVERYTHING, 0, {}, 0),
        ("store", 0, {}, 0),
        (Pause.SENDING, 2, {"1001-1": "composed", "1002-1": "composed"}, 0),
        ("partner", 2, {"1001-1": "routed", "1002-1": "accepted"}, 0),
        ("mailbox", 2, {"1001-1": "generated", "1002-1": "generated"}, 0),
        (Pause.RECEIVING, 2, {"1001-1": "generated", "1002-1": "generated"}, 4),
    ],
)
def test_a_switch_holds_its_own_and_resuming_lets_all_of_it_go_on(
    world: World, lead: User, switch: str, orders_read: int, written: dict[str, str], files_left: int
) -> None:
    subject = subject_of(world, switch)
    decide.pause(lead, subject, REASON)
    world.place(ACME)
    world.place(BOREALIS)
    world.run()
    assert Order.objects.count() == orders_read
    assert purchase_orders() == written
    assert len(list(world.network.outbox.iterdir())) == files_left
    assert ExceptionCase.objects.count() == 0
    held = Work.objects.filter(channel=Pause.objects.get().channel)
    assert set(held.values_list("attempts", flat=True)) == {0}
    assert all(row.error.endswith(f"paused by lea: {REASON}") for row in held)

    decide.resume(lead, subject, "Stock is taken.")
    world.run()
    assert purchase_orders() == {"1001-1": "accepted", "1002-1": "accepted"}
    assert [world.store.state.order(number)["status_id"] for number in (ACME, BOREALIS)] == [9, 9]
    assert len(world.network.arrivals("1001-1")) == len(world.network.arrivals("1002-1")) == 1
    assert ExceptionCase.objects.count() == 0


def test_a_partners_answer_waits_while_he_is_paused_and_is_not_lost(world: World, lead: User) -> None:
    world.network.answer = "silent"
    world.place(ACME)
    world.run()
    partner = subject_of(world, "partner")
    decide.pause(lead, partner, REASON)
    world.network.answer = "accept"
    [sent] = list(world.network.taken.iterdir())
    sent.rename(world.network.inbox / "again.edi")
    world.run()
    assert Document.objects.filter(direction="in").count() == 2
    assert purchase_orders() == {"1001-1": "generated"}
    decide.resume(lead, partner, "Back.")
    world.run()
    assert purchase_orders() == {"1001-1": "accepted"}


def test_pausing_twice_and_resuming_what_goes_on_are_refused(world: World, lead: User) -> None:
    with pytest.raises(decide.Refused, match=r"This is not paused\."):
        decide.resume(lead, Pause.SENDING, "Go.")
    decide.pause(lead, Pause.SENDING, REASON)
    with pytest.raises(decide.Refused, match=r"This is paused already\."):
        decide.pause(lead, Pause.SENDING, REASON)
    with pytest.raises(decide.Refused, match="Say why"):
        decide.resume(lead, Pause.SENDING, " ")
    with pytest.raises(decide.Refused, match="You may look at this"):
        decide.resume(factories.user(group="view"), Pause.SENDING, "Go.")
    assert Pause.objects.count() == 1


def test_a_step_claimed_while_somebody_resumes_is_done_and_not_put_back(
    world: World, lead: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Between looking at the switches and putting the work back, the switch may be gone."""
    decide.pause(lead, Pause.EVERYTHING, REASON)
    work.put("documents", Step("reconcile", "all", "reconcile"))
    looked = tasks.pause_of

    def resumed_meanwhile(*args: object) -> Pause | None:
        found = looked(*args)  # type: ignore[arg-type]
        decide.resume(lead, Pause.EVERYTHING, "Now.")
        return found

    monkeypatch.setattr(tasks, "pause_of", resumed_meanwhile)
    [claimed] = work.claim("documents")
    tasks.do(claimed)
    assert Work.objects.filter(channel="pause:everything").count() == 0
    assert Work.objects.get(step="reconcile").error == ""
