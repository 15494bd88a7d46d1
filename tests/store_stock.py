"""Stock in a world: what suppliers say, what the store shows, and the work that brings the one to the other."""

from __future__ import annotations

from typing import Any

from django.db.models import F

from archive.clock import database_now
from integration import tasks, work
from integration.flows.steps import STEPS
from integration.flows.stock_levels import level_steps
from integration.models import StockLevel, StockTerms, StockWrite, StoreItem, SupplierStock, Work
from integration.patience import SETTLES
from integration.simulators.store.stock_control import sell
from partners.models import Agreement
from tests.world import World


def take_advice(world: World, **terms: Any) -> None:
    """Have the store's suppliers be believed on these terms, and the catalogue be read."""
    for agreement in world.row.agreements.all():
        StockTerms.objects.update_or_create(agreement=agreement, defaults=terms)
    tasks.tick()
    tasks.drain("stock")


def agreement_of(world: World, partner: str) -> Agreement:
    """Return the agreement with a partner by the beginning of his name."""
    return world.row.agreements.get(partner__name__startswith=partner)


def say(world: World, sku: str, quantity: int | None, partner: str = "Acme", **fields: Any) -> SupplierStock:
    """Have a supplier have counted so many of an item, now unless ``as_of`` says otherwise."""
    item = StoreItem.objects.get(store=world.row, sku=sku)
    row, _ = SupplierStock.objects.update_or_create(
        agreement=agreement_of(world, partner),
        item=item,
        warehouse=fields.pop("warehouse", ""),
        defaults={"quantity": quantity, "as_of": database_now(), **fields},
    )
    return row


def level(world: World) -> None:
    """Ask for the levels, and do everything that is due."""
    for step in level_steps([world.row.pk]):
        work.put(STEPS[step.name].lane, step)
    drain(world)


def drain(world: World, rounds: int = 6) -> None:
    """Do what is due, waits of stock work being over."""
    tasks.tick()
    for _ in range(rounds):
        # A sale of this second keeps its item back until the second is over.
        world.store.state.clock.advance(3)
        waiting = Work.objects.filter(step__in=["write_stock", "level_stock"], parked_at=None)
        waiting.update(due_at="2020-01-01T00:00Z")
        Work.objects.filter(step="poll_store").update(due_at="2020-01-01T00:00Z")
        tasks.drain_everything()
        if not waiting.exists():
            return


def settle() -> None:
    """Let what was on its way to the store have arrived or be lost for good."""
    StockWrite.objects.update(sent_at=F("sent_at") - 2 * SETTLES)
    StockLevel.objects.update(written_at=F("written_at") - 2 * SETTLES)


def buy(world: World, sku: str, quantity: int = 1) -> int:
    """Have a shopper buy; return the order's number. Raises ``ValueError`` where the store shows less."""
    return int(sell(world.store.state, {"sku": sku, "quantity": quantity})["order"])


def shown(world: World, sku: str) -> int:
    """Return what the store shows."""
    return world.store.state.stock.shown(sku)


def movements(world: World, sku: str) -> list[tuple[str, int]]:
    """Return what moved a SKU's stock, and by how much or to what."""
    told = world.store.state.stock.told()["movements"]
    return [(each["what"], each["quantity"]) for each in told if each["sku"] == sku]


def level_of(world: World, sku: str) -> StockLevel:
    """Return the level of a SKU; there is one location."""
    return StockLevel.objects.get(item__store=world.row, item__sku=sku)
