"""Which orders are worked on, when, and what happens to one that changes on its way."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from archive.models import Event
from integration.flows import decide
from integration.flows.route import skus_listed
from integration.models import ExceptionCase, LineEntry, Order, PurchaseOrder, Store, Work
from partners.models import Agreement, ItemCrossReference, Mode
from tests import factories
from tests.world import World, world

__all__ = ["world"]

ORDER = 1001


def change(world: World, number: int = ORDER, **fields: object) -> None:
    """Change the order in the store, as its staff or the shopper would, some seconds ago."""
    world.store.state.clock.advance(5)
    world.store.state.change(number, fields, checked=False)
    world.store.state.clock.advance(5)


def sent(world: World) -> list[str]:
    """Return the numbers of the purchase orders that suppliers received."""
    return [each["purchase_order"] for each in world.network.arrivals() if each["purchase_order"]]


def told(order: Order) -> list[str]:
    return list(Event.objects.filter(subject=order.subject).order_by("pk").values_list("sentence", flat=True))


def in_watch(world: World) -> Agreement:
    """Keep Acme Supply from being sent anything: orders end composed."""
    Agreement.objects.filter(partner__name="Acme Supply").update(mode=Mode.WATCH)
    return Agreement.objects.get(partner__name="Acme Supply")


def go_live(agreement: Agreement) -> None:
    decide.go_live(factories.user(group="decide"), agreement, "Ready.")


def test_an_order_settles_before_it_is_sent(world: World) -> None:
    Store.objects.update(settle_minutes=10)
    world.place(ORDER)
    world.run()
    order = Order.objects.get()
    assert (order.state, order.state_reason) == ("settling", "Sent on once unchanged for 10 minutes.")
    [waiting] = Work.objects.filter(step="import_order")
    assert timedelta(minutes=9) < waiting.due_at - timezone.now() < timedelta(minutes=10)

    world.store.state.clock.advance(300)
    world.later()
    assert Order.objects.get().state == Order.State.SETTLING
    world.store.state.clock.advance(300)
    world.later()
    world.run()
    assert sent(world) == ["1001-1"]


def test_orders_from_before_the_store_went_live_are_history(world: World) -> None:
    Store.objects.update(live_from=timezone.now() + timedelta(minutes=1))
    world.place(ORDER)
    world.run()
    order = Order.objects.get()
    assert order.state == Order.State.NOT_OURS
    assert order.state_reason.endswith("when Harbor & Pine went live: history.")
    assert sent(world) == []


def test_orders_below_the_first_number_are_history(world: World) -> None:
    Store.objects.update(live_from_order=1002)
    world.place(ORDER)
    world.place(1002)
    world.run()
    history = Order.objects.get(number=ORDER)
    assert (history.state, history.state_reason) == (
        Order.State.NOT_OURS,
        "Before order 1002, the first that is worked on.",
    )
    assert sent(world) == ["1002-1"]


def test_an_order_changed_before_it_is_sent_is_composed_anew(world: World) -> None:
    agreement = in_watch(world)
    world.place(ORDER)
    world.run()
    world.store.state.orders[ORDER].products[0]["quantity"] = 7
    change(world)
    go_live(agreement)
    world.run()
    assert list(LineEntry.objects.values_list("kind", "quantity")) == [("ordered", 7), ("acknowledged", 7)]
    assert ExceptionCase.objects.count() == 0


def test_an_order_changed_after_it_was_routed_is_read_again_and_says_so(world: World) -> None:
    agreement = in_watch(world)
    world.place(ORDER)
    world.run()
    Order.objects.update(
        modified_at=timezone.now() - timedelta(hours=1)
    )  # what routing saw is older than the store
    Agreement.objects.filter(pk=agreement.pk).update(mode=Mode.LIVE)
    purchase_order = PurchaseOrder.objects.get()
    decide.put("orders", decide.Step("compose", str(purchase_order.pk), purchase_order.order.ordering_key))
    world.run()
    assert "Changed in the store before it was sent: read and routed anew." in told(Order.objects.get())
    assert sent(world) == ["1001-1"]


def test_an_order_cancelled_before_it_is_sent_is_dropped_and_says_so(world: World) -> None:
    agreement = in_watch(world)
    world.place(ORDER)
    world.run()
    change(world, status_id=5)
    go_live(agreement)
    world.run()
    order = Order.objects.get()
    reason = "Its status is Cancelled; worked on are: Awaiting Fulfillment."
    assert (order.state, order.state_reason) == (Order.State.NOT_OURS, reason)
    assert f"No longer to be sent, and nothing was sent: {reason}" in told(order)
    assert PurchaseOrder.objects.get().state == PurchaseOrder.State.DROPPED
    assert sent(world) == []


@pytest.mark.parametrize(
    ("quantity", "status", "sentence"),
    [
        (
            9,
            11,
            "Order 1001 was edited after purchase order 1001-1 had been sent: line 1, quantity: 2 each was told, 9 each is in"
            " the store. Acme Supply takes no changes (860): tell them yourself.",
        ),
        (
            2,
            5,
            "Order 1001 is now Cancelled after purchase order 1001-1 had been sent: line 1, line gone: 2 each was told, 0 each"
            " is in the store. Acme Supply takes no changes (860): tell them yourself.",
        ),
    ],
)
def test_an_order_changed_after_it_was_sent_is_a_case(
    world: World, quantity: int, status: int, sentence: str
) -> None:
    world.network.answer = "silent"
    world.place(ORDER)
    world.run()
    world.store.state.orders[ORDER].products[0]["quantity"] = quantity
    change(world, status_id=status)
    world.run()
    case = ExceptionCase.objects.get()
    assert (case.kind, case.sentence) == (ExceptionCase.Kind.ORDER_CHANGED, sentence)
    assert sent(world) == ["1001-1"]


def test_refunded_pieces_are_not_ordered(world: World) -> None:
    world.store.state.orders[1004].products[0]["quantity_refunded"] = 5
    world.place(1004)
    world.run()
    assert list(LineEntry.objects.filter(kind="ordered").values_list("quantity", flat=True)) == [7]


def test_a_held_order_goes_on_when_its_item_is_listed(world: World) -> None:
    world.place(1017)
    world.run()
    assert Order.objects.get().state == Order.State.HELD
    assert "No partner lists SKU XX-001 (1 in order 1017)" in ExceptionCase.objects.get().sentence
    borealis = Agreement.objects.get(partner__name="Borealis Trading")
    ItemCrossReference.objects.create(agreement=borealis, sku="XX-001", vendor_item="NEW-1")
    assert skus_listed(["XX-001", "", "nothing"]) == 1
    world.run()
    assert Order.objects.get().state == Order.State.ACCEPTED
    assert [case.closed_by for case in ExceptionCase.objects.all()] == ["Gridport"]
    assert sent(world) == ["1017-1", "1017-2"]


def test_listing_an_item_that_nobody_waits_for_asks_for_nothing(world: World) -> None:
    world.place(1017)
    world.run()
    assert skus_listed(["AC-001"]) == 0
    assert skus_listed([]) == 0


def test_settling_the_last_case_of_a_held_order_leaves_it_to_people(world: World) -> None:
    world.place(1017)
    world.run()
    decide.settle_case(factories.user(group="decide"), ExceptionCase.objects.get(), "We ship it ourselves.")
    order = Order.objects.get()
    assert (order.state, order.state_reason) == (
        Order.State.NOT_OURS,
        "Settled outside: We ship it ourselves.",
    )
