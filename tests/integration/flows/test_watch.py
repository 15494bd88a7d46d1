"""Watch: everything is read, routed, composed and shown; nothing is sent, removed, answered or written."""

from __future__ import annotations

import pytest

from archive.models import Document
from integration import tasks
from integration.flows import decide
from integration.models import ExceptionCase, Order, PurchaseOrder, StoreEffect, Work
from partners.models import Agreement, Mailbox, Mode
from tests import factories
from tests.pages import open_desk
from tests.world import World, world

__all__ = ["world"]

ORDER = 1001
SUBJECTS = ["store", "mailbox", "agreement"]


def subject_of(world: World, name: str) -> decide.Store | Mailbox | Agreement:
    if name == "agreement":
        return Agreement.objects.get(partner__name="Acme Supply")
    return world.row if name == "store" else world.mailbox


def put_in_watch(world: World, name: str) -> decide.Store | Mailbox | Agreement:
    subject = subject_of(world, name)
    type(subject).objects.filter(pk=subject.pk).update(mode=Mode.WATCH)
    return subject


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("store", "store Harbor & Pine is in watch"),
        ("mailbox", "mailbox Trading Grid mailbox is in watch"),
        ("agreement", "agreement Acme Supply, drop shipment is in watch"),
    ],
)
def test_what_was_composed_in_watch_is_sent_when_it_goes_live(world: World, name: str, why: str) -> None:
    subject = put_in_watch(world, name)
    world.place(ORDER)
    world.run()
    assert PurchaseOrder.objects.get().state == PurchaseOrder.State.COMPOSED
    assert Document.objects.count() == 0
    assert list(world.network.taken.iterdir()) == []
    assert f"Purchase order 1001-1 is composed and not sent: {why}" in open_desk().page(Order.objects.get())
    assert ExceptionCase.objects.count() == 0

    decide.go_live(factories.user("dora", "decide"), subject, "It looks right.")
    world.run()
    assert PurchaseOrder.objects.get().state == PurchaseOrder.State.ACCEPTED
    assert len(world.network.arrivals("1001-1")) == 1
    assert world.store.state.order(ORDER)["status_id"] == 9


def test_what_was_written_before_the_mailbox_went_to_watch_waits_and_is_sent_once(world: World) -> None:
    world.place(ORDER)
    tasks.tick()
    while Work.objects.filter(step="transmit").count() == 0:
        for lane in ("store", "orders"):
            tasks.drain(lane)
    mailbox = put_in_watch(world, "mailbox")
    world.run()
    assert Document.objects.get().state.delivery == "waiting"
    assert Work.objects.filter(step="transmit").count() == 0

    decide.go_live(factories.user("dora", "decide"), mailbox, "It was put in watch by mistake.")
    world.run()
    assert len(world.network.arrivals("1001-1")) == 1
    assert world.store.state.order(ORDER)["status_id"] == 9


def test_files_in_watch_are_read_left_where_they_are_and_not_answered(world: World) -> None:
    world.network.answer = "silent"
    world.place(ORDER)
    world.run()
    world.network.answer = "accept"
    put_in_watch(world, "mailbox")
    [sent] = list(world.network.taken.iterdir())
    sent.rename(world.network.inbox / "again.edi")
    world.run()
    assert len(list(world.network.outbox.iterdir())) == 2
    codes = Document.objects.filter(direction="in").order_by("pk").values_list("transaction_set", flat=True)
    assert list(codes) == ["997", "855"]
    assert Document.objects.filter(direction="out").count() == 1
    assert PurchaseOrder.objects.get().state == PurchaseOrder.State.ACCEPTED


def test_nothing_is_written_to_a_store_in_watch_until_it_goes_live(world: World) -> None:
    world.network.answer = "silent"
    world.place(ORDER)
    world.run()
    store = put_in_watch(world, "store")
    world.network.answer = "accept"
    [sent] = list(world.network.taken.iterdir())
    sent.rename(world.network.inbox / "again.edi")
    world.run()
    assert set(StoreEffect.objects.values_list("state", flat=True)) == {StoreEffect.State.WAITING}
    assert [each["method"] for each in world.store.state.ledger if each["method"] != "GET"] == []

    decide.go_live(factories.user("dora", "decide"), store, "The partner answers as we expected.")
    world.run()
    assert set(StoreEffect.objects.values_list("state", flat=True)) == {StoreEffect.State.DONE}
    assert world.store.state.order(ORDER)["status_id"] == 9
