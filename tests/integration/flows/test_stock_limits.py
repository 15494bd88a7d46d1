"""Limits of orders: written, kept with what stood before, and put back; the catalogue as rows; goods that came back."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

from django.utils import timezone

from archive.clock import database_now
from integration import tasks
from integration.flows.restock import restock_steps
from integration.models import (
    ExceptionCase,
    PurchaseOrder,
    PurchaseOrderLine,
    Restock,
    ReturnCase,
    StockLevel,
    StockLimit,
    StockLocation,
    StoreItem,
    SupplierStock,
    Work,
)
from integration.simulators.store import stock_control
from integration.simulators.store.catalog import CATALOG
from integration.simulators.store.faults import Fault
from tests.store_stock import agreement_of, buy, drain, level, level_of, movements, say, shown, take_advice
from tests.world import World, world

__all__ = ["world"]


def product(world: World, sku: str) -> dict[str, Any]:
    """Return what of a product was written in the store."""
    found: dict[str, Any] = stock_control.tell_products(world.store.state, {}).get(sku, {})
    return found


def read_again(world: World) -> None:
    """Have the catalogue be read, and what follows be done."""
    Work.objects.filter(step="read_catalogue").update(due_at="2020-01-01T00:00Z")
    tasks.drain("stock")
    drain(world)


def test_limits_are_written_and_put_back_as_they_stood(world: World) -> None:
    stock_control.write_product(world.store.state, {"sku": "AC-001", "order_quantity_maximum": 50})
    take_advice(world)
    say(world, "AC-001", 10, minimum=4, maximum=8)
    level(world)
    assert product(world, "AC-001") == {"order_quantity_minimum": 4, "order_quantity_maximum": 8}
    asked = len(world.store.state.ledger)
    read_again(world)
    assert {each["method"] for each in world.store.state.ledger[asked:]} == {"GET"}
    assert StoreItem.objects.get(sku="AC-001").settings["order_quantity_maximum"] == 50
    say(world, "AC-001", 10, minimum=None, maximum=8)
    level(world)
    assert product(world, "AC-001") == {"order_quantity_minimum": 0, "order_quantity_maximum": 8}
    say(world, "AC-001", 10, maximum=None)
    level(world)
    assert product(world, "AC-001") == {"order_quantity_minimum": 0, "order_quantity_maximum": 50}
    assert StockLimit.objects.get().written == {}


def test_what_somebody_changed_after_us_is_left_until_the_advice_changes(world: World) -> None:
    take_advice(world)
    say(world, "AC-001", 10, minimum=4)
    level(world)
    stock_control.write_product(world.store.state, {"sku": "AC-001", "order_quantity_minimum": 6})
    read_again(world)
    level(world)
    assert product(world, "AC-001")["order_quantity_minimum"] == 6
    assert StockLimit.objects.get().overruled == {"order_quantity_minimum": 4}
    say(world, "AC-001", 10, minimum=5)
    level(world)
    assert product(world, "AC-001")["order_quantity_minimum"] == 5
    say(world, "AC-001", 10, minimum=None)
    level(world)
    assert product(world, "AC-001")["order_quantity_minimum"] == 6


def test_a_lost_answer_does_not_lose_what_stood_before(world: World) -> None:
    take_advice(world)
    say(world, "AC-001", 10)
    level(world)
    fault = Fault(method="PUT", path="/v3/catalog/products", kind="apply_then_close")
    world.store.state.faults.append(fault)
    say(world, "AC-001", 10, minimum=4)
    level(world)
    assert product(world, "AC-001")["order_quantity_minimum"] == 4
    read_again(world)
    limit = StockLimit.objects.get()
    assert (limit.written, limit.sent) == ({"order_quantity_minimum": 4}, {})
    assert limit.item.settings["order_quantity_minimum"] == 0


def test_what_is_gone_cannot_be_bought_until_there_is_some_again(world: World) -> None:
    take_advice(world)
    say(world, "BO-001", 0, "Borealis", discontinued_on=timezone.now().date() - timedelta(days=3))
    level(world)
    closed = {"purchasing_disabled": True, "purchasing_disabled_message": "This item is no longer made."}
    assert (product(world, "BO-001"), shown(world, "BO-001")) == (closed, 0)
    say(world, "BO-001", 3, "Borealis")
    level(world)
    opened = {"purchasing_disabled": False, "purchasing_disabled_message": ""}
    assert (product(world, "BO-001"), shown(world, "BO-001")) == (opened, 3)


def test_a_pre_order_ends_when_its_day_comes(world: World) -> None:
    take_advice(world)
    begins = timezone.now().date() + timedelta(days=20)
    say(world, "AC-001", 10, available_from=begins)
    level(world)
    found = product(world, "AC-001")
    assert (found["availability"], found["preorder_message"]) == ("preorder", f"Available from {begins}")
    assert (shown(world, "AC-001"), level_of(world, "AC-001").due_at is not None) == (0, True)
    # The day comes: nobody says anything, the clock asks.
    SupplierStock.objects.update(available_from=timezone.now().date() - timedelta(days=2))
    StockLevel.objects.update(due_at="2020-01-01T00:00Z")
    world.poll()
    drain(world)
    found = product(world, "AC-001")
    assert (found["availability"], found["preorder_release_date"]) == ("available", None)
    assert (shown(world, "AC-001"), level_of(world, "AC-001").due_at) == (10, None)


def test_a_limit_that_is_refused_stands_alone_and_is_told(world: World) -> None:
    take_advice(world)
    say(world, "AC-001", 10, minimum=4)
    say(world, "AC-002", 10, minimum=5)
    StoreItem.objects.filter(sku="AC-002").update(product=1)
    level(world)
    (case,) = ExceptionCase.objects.filter(cause__startswith="limits:refused")
    assert "does not take the limits of AC-002" in case.sentence
    assert product(world, "AC-001") == {"order_quantity_minimum": 4}


def test_the_catalogue_is_read_and_what_is_gone_is_marked(world: World) -> None:
    take_advice(world)
    item = StoreItem.objects.get(sku="BO-001")
    assert (StoreItem.objects.count(), item.tracking, item.name) == (332, "variant", CATALOG["BO-001"].name)
    assert item.settings == {
        "order_quantity_minimum": 0, "order_quantity_maximum": 0, "availability": "available",
        "availability_description": "", "preorder_release_date": None, "preorder_message": "",
        "purchasing_disabled": False, "purchasing_disabled_message": "",
    }  # fmt: skip
    ghost = StoreItem.objects.create(store=world.row, product=1, variant=1, sku="OLD", read_at=database_now())
    read_again(world)
    ghost.refresh_from_db()
    assert (ghost.gone_at is not None, StoreItem.objects.filter(gone_at=None).count()) == (True, 332)


def test_warehouses_stand_at_their_locations_and_orders_take_from_one(world: World) -> None:
    agreement = agreement_of(world, "Acme")
    StockLocation.objects.create(agreement=agreement, warehouse="EAST", store=world.row, location=2)
    take_advice(world)
    say(world, "AC-001", 10)
    say(world, "AC-001", 4, warehouse="EAST")
    level(world)
    stock = world.store.state.stock
    assert (stock.shown("AC-001", 1), stock.shown("AC-001", 2)) == (10, 4)
    buy(world, "AC-001", 3)
    drain(world)
    level(world)
    assert (stock.shown("AC-001", 1), stock.shown("AC-001", 2)) == (7, 4)


def returned(world: World, number: int, quantity: int) -> ReturnCase:
    """Return a return of an order's only line, which was received."""
    order = world.row.orders.get(number=number)
    made = PurchaseOrder.objects.create(
        order=order,
        agreement=agreement_of(world, "Acme"),
        ship_to="1",
        number=f"{number}-9",
        sequence=9,
        state=PurchaseOrder.State.CANCELLED,
    )
    line = PurchaseOrderLine.objects.create(
        purchase_order=made,
        line_number=1,
        store_line=order.content["lines"][0]["id"],
        sku="AC-001",
        quantity=quantity,
        unit="each",
    )
    case = ReturnCase.objects.create(
        number="R-1001", order=order, purchase_order=made, partner=made.agreement.partner
    )
    case.lines.create(line=line, quantity=quantity, reason="damaged", received=Decimal(quantity))
    return case


def test_goods_that_came_back_are_for_sale_once_until_he_counts_them(world: World) -> None:
    take_advice(world)
    say(world, "AC-001", 10)
    level(world)
    number = buy(world, "AC-001", 3)
    drain(world)
    case = returned(world, number, 3)
    case.lines.update(damaged=1)
    for _ in range(2):
        (step,) = restock_steps(case)
        assert (step.name, step.subject) == ("level_stock", str(world.row.pk))
        level(world)
    assert (Restock.objects.count(), shown(world, "AC-001")) == (1, 9)
    assert movements(world, "AC-001")[1:] == [("sale", -3), ("relative", 2)]
    # He counts again, and the two are among what he counts.
    say(world, "AC-001", 12)
    level(world)
    assert shown(world, "AC-001") == 9
