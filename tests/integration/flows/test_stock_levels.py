"""From what suppliers said to what the store shows: nothing sold twice, nothing written twice."""

from __future__ import annotations

from datetime import timedelta

from archive.clock import database_now
from integration.flows.cases import close_case
from integration.flows.decide import back_to_watch
from integration.flows.gaps.store_stock import stock_of
from integration.flows.write_stock import look_step, write_stock
from integration.models import (
    ExceptionCase,
    LineEntry,
    PurchaseOrder,
    StockLevel,
    StockWrite,
    StoreItem,
    SupplierStock,
)
from integration.simulators.store import stock_control
from integration.simulators.store.faults import Fault
from integration.work import Unclaimed
from tests import factories
from tests.store_stock import (
    buy,
    drain,
    level,
    level_of,
    movements,
    say,
    settle,
    shown,
    take_advice,
)
from tests.world import World, world

__all__ = ["world"]

OLD = timedelta(days=1)
State = StockWrite.State


def looked(world: World) -> list[str]:
    """Look at the store as reconciliation asks for; return the sentences of what it found before."""
    settle()
    found = [gap.sentence for gap in stock_of(world.row, database_now()).gaps]
    write_stock(look_step(world.row.pk).subject, Unclaimed())
    drain(world)
    return found


def test_the_first_number_is_absolute_and_the_later_ones_are_differences(world: World) -> None:
    take_advice(world, buffer=2)
    say(world, "AC-001", 10)
    level(world)
    assert (shown(world, "AC-001"), movements(world, "AC-001")) == (8, [("absolute", 8)])
    say(world, "AC-001", 15)
    level(world)
    say(world, "AC-001", 4)
    level(world)
    level(world)
    assert movements(world, "AC-001") == [("absolute", 8), ("relative", 5), ("relative", -11)]
    assert (shown(world, "AC-001"), level_of(world, "AC-001").granted) == (2, 2)


def test_a_sale_needs_no_write_and_a_count_that_does_not_know_it_gives_nothing_back(world: World) -> None:
    take_advice(world)
    say(world, "AC-001", 10)
    level(world)
    buy(world, "AC-001", 3)
    # The same count comes again, and the order was not read yet.
    SupplierStock.objects.update(as_of=database_now() - OLD)
    level(world)
    level(world)
    assert (shown(world, "AC-001"), movements(world, "AC-001")) == (7, [("absolute", 10), ("sale", -3)])
    assert (level_of(world, "AC-001").shows, level_of(world, "AC-001").granted) == (7, 10)
    # He counts after the order was placed, and has not acknowledged it: he need not know of it.
    say(world, "AC-001", 12)
    level(world)
    assert (shown(world, "AC-001"), level_of(world, "AC-001").shows) == (9, 9)


def test_what_he_acknowledged_before_he_counted_is_in_his_count(world: World) -> None:
    take_advice(world)
    say(world, "AC-001", 10)
    level(world)
    buy(world, "AC-001", 3)
    world.row.settle_minutes = 0
    world.row.save()
    world.run()
    drain(world)
    assert PurchaseOrder.objects.get().state == PurchaseOrder.State.ACCEPTED
    acknowledged = LineEntry.standing().get(kind=LineEntry.Kind.ACKNOWLEDGED).stated_at
    say(world, "AC-001", 7, as_of=acknowledged - timedelta(minutes=1))
    level(world)
    assert (shown(world, "AC-001"), level_of(world, "AC-001").shows) == (4, 4)
    say(world, "AC-001", 7, as_of=acknowledged + timedelta(minutes=1))
    level(world)
    assert (shown(world, "AC-001"), level_of(world, "AC-001").shows) == (7, 7)
    assert movements(world, "AC-001")[1:] == [("sale", -3), ("relative", -3), ("relative", 3)]


def test_nothing_is_shown_absolutely_and_what_comes_after_it_too(world: World) -> None:
    take_advice(world)
    say(world, "AC-001", 10)
    level(world)
    buy(world, "AC-001", 4)
    say(world, "AC-001", 0)
    level(world)
    assert (shown(world, "AC-001"), level_of(world, "AC-001").granted) == (0, None)
    level(world)
    say(world, "AC-001", 9)
    level(world)
    assert movements(world, "AC-001") == [("absolute", 10), ("sale", -4), ("absolute", 0), ("absolute", 5)]


def test_what_the_store_held_before_is_taken_over_by_a_difference(world: World) -> None:
    stock_control.set_stock(world.store.state, {"sku": "AC-001", "on_hand": 20})
    take_advice(world)
    say(world, "AC-001", 8)
    level(world)
    assert movements(world, "AC-001") == [("staff", 20), ("relative", -12)]


def test_a_lost_answer_is_looked_for_and_never_sent_again(world: World) -> None:
    take_advice(world)
    say(world, "AC-001", 10)
    level(world)
    for kind, arrived in (("apply_then_close", True), ("close", False)):
        before = shown(world, "AC-001")
        say(world, "AC-001", before + 5)
        path = "/v3/inventory/adjustments/relative"
        world.store.state.faults.append(Fault(method="POST", path=path, kind=kind))
        level(world)
        assert shown(world, "AC-001") == before + 5 * arrived
        assert StockWrite.objects.filter(state=State.UNKNOWN).count() == 1
        level(world)  # too early to look: what was on its way may arrive yet
        assert shown(world, "AC-001") == before + 5 * arrived
        settle()
        drain(world)
        assert shown(world, "AC-001") == before + 5
    assert movements(world, "AC-001") == [("absolute", 10), ("relative", 5), ("relative", 5)]
    assert StockWrite.objects.filter(state=State.LOOKED).count() == 2


def test_one_that_is_refused_stands_alone_and_its_neighbours_are_written(world: World) -> None:
    take_advice(world)
    stock_control.set_tracking(world.store.state, {"sku": "AC-003", "tracking": "variant"})
    for number in range(1, 6):
        say(world, f"AC-{number:03d}", number)
    level(world)
    assert [shown(world, f"AC-{number:03d}") for number in range(1, 6)] == [1, 2, 0, 4, 5]
    (case,) = ExceptionCase.objects.filter(kind=ExceptionCase.Kind.STOCK_UNCLEAR)
    assert (
        "[Item with product_id 5003 is tracked by variant, please update stock by variant id]"
        in case.sentence
    )
    asked = len(world.store.state.ledger)
    level(world)
    writes = [each for each in world.store.state.ledger[asked:] if each["method"] in ("PUT", "POST")]
    assert writes == []
    stock_control.set_tracking(world.store.state, {"sku": "AC-003", "tracking": "product"})
    say(world, "AC-003", 7)
    level(world)
    case.refresh_from_db()
    assert (shown(world, "AC-003"), case.closed_at is not None) == (7, True)


def test_an_item_that_is_not_tracked_is_told_and_never_switched_on(world: World) -> None:
    take_advice(world)
    StoreItem.objects.filter(sku="AC-002").update(tracking=StoreItem.Tracking.NONE)
    say(world, "AC-002", 5)
    level(world)
    (case,) = ExceptionCase.objects.filter(kind=ExceptionCase.Kind.STOCK_UNCLEAR)
    assert (case.cause, "AC-002" in case.sentence) == (f"stock:untracked:{world.row.pk}", True)
    assert (StockLevel.objects.count(), movements(world, "AC-002")) == (0, [])
    close_case(case, ExceptionCase.Decision.SETTLED, "They are made to order.", actor="lea")
    level(world)
    assert ExceptionCase.objects.filter(closed_at=None).count() == 0
    StoreItem.objects.filter(sku="AC-003").update(tracking=StoreItem.Tracking.NONE)
    say(world, "AC-003", 5)
    level(world)
    assert "AC-002, AC-003" in ExceptionCase.objects.get(closed_at=None).sentence


def test_a_store_in_watch_is_reckoned_and_not_written_to(world: World) -> None:
    take_advice(world)
    back_to_watch(factories.user(superuser=True), world.row, "not yet")
    say(world, "AC-001", 10)
    level(world)
    assert (level_of(world, "AC-001").shows, movements(world, "AC-001")) == (10, [])


def test_drift_is_told_and_mended(world: World) -> None:
    take_advice(world)
    say(world, "AC-001", 10)
    say(world, "AC-002", 0)
    level(world)
    assert (looked(world), stock_of(world.row, database_now()).good) == ([], 2)
    stock_control.set_stock(world.store.state, {"sku": "AC-001", "on_hand": 90})
    stock_control.set_stock(world.store.state, {"sku": "AC-002", "on_hand": 3})
    assert looked(world) == [
        "Harbor & Pine holds 90 of AC-001, and 10 were left after what was sold.",
        "Harbor & Pine holds 3 of AC-002, and 0 were left after what was sold.",
    ]
    assert (shown(world, "AC-001"), shown(world, "AC-002")) == (10, 0)
    assert looked(world) == []


def test_an_old_number_that_is_read_right_after_a_write_is_not_granted_twice(world: World) -> None:
    take_advice(world)
    say(world, "AC-001", 10)
    level(world)
    say(world, "AC-001", 15)
    level(world)
    world.store.state.stock.stale = 1000
    assert stock_of(world.row, database_now()).gaps == ()
    write_stock(look_step(world.row.pk).subject, Unclaimed())
    StockLevel.objects.update(granted=None)
    level(world)
    assert movements(world, "AC-001") == [("absolute", 10), ("relative", 5)]
    world.store.state.stock.stale = 0
    settle()
    level(world)
    assert movements(world, "AC-001") == [("absolute", 10), ("relative", 5)]
    assert level_of(world, "AC-001").granted == 15


def test_what_is_cancelled_and_not_given_back_by_the_store_is_found_by_the_look(world: World) -> None:
    take_advice(world)
    say(world, "AC-001", 10)
    level(world)
    number = buy(world, "AC-001", 3)
    drain(world)
    world.store.state.change(number, {"status_id": 5}, checked=False)
    drain(world)
    level(world)
    assert (shown(world, "AC-001"), level_of(world, "AC-001").shows) == (7, 10)
    assert looked(world) == ["Harbor & Pine holds 7 of AC-001, and 10 were left after what was sold."]
    assert shown(world, "AC-001") == 10


def test_an_item_that_is_being_sold_is_looked_at_a_moment_later(world: World) -> None:
    stock_control.set_stock(world.store.state, {"sku": "AC-001", "on_hand": 20})
    take_advice(world)
    buy(world, "AC-001", 1)
    say(world, "AC-001", 8)
    say(world, "AC-002", 8)
    write = StockLevel.objects.filter(granted=None)
    level(world)
    assert write.count() == 0
    # One was sold that he did not know of.
    assert (shown(world, "AC-001"), shown(world, "AC-002")) == (7, 8)
