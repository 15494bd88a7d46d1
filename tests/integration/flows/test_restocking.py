"""Goods that came back and are for sale again: what the decision says, and what it counts."""

from __future__ import annotations

from decimal import Decimal

import pytest

from archive.models import AuditEntry, Event
from integration.flows.restocking import restock, restock_plan
from integration.flows.rights import Refused
from integration.models import Restock, ReturnCase, SoldItem, StoreItem, Work
from tests import factories
from tests.returned import return_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def case() -> ReturnCase:
    """A return of three of each of two lines, of which the store sells the first as one of its items."""
    order = factories.order(1042)
    case = return_of(factories.purchase_order(order), 3, number="R-1001")
    StoreItem.objects.create(store=order.store, product=5, variant=7, sku="FS-1", name="Lamp")
    SoldItem.objects.create(order=order, line=1, variant=7, quantity=2)
    return case


def receive(case: ReturnCase, received: str, damaged: str) -> None:
    case.lines.filter(line__line_number=1).update(received=Decimal(received), damaged=Decimal(damaged))


def test_what_came_in_good_state_counts_once_and_what_came_damaged_does_not(case: ReturnCase) -> None:
    receive(case, "3", "1")
    assert restock_plan(case) == [
        f"2 of FS-1 count as what {case.partner} can sell again, once.",
        "Of FS-1, 1 came damaged by his word: not counted.",
        f"What {case.order.store} shows rises where Gridport wrote the item's stock before, until {case.partner} counts again; an item"
        " that it never wrote is left alone.",
    ]
    nora = factories.user("nora", "decide")
    for _ in range(2):
        restock(nora, case, "As new")
    [row] = Restock.objects.all()
    assert (row.quantity, row.item.sku) == (2, "FS-1")
    assert Work.objects.filter(step="level_stock", subject=str(case.order.store_id)).count() == 1
    assert (
        list(AuditEntry.objects.filter(verb="restock").values_list("subject", "reason"))
        == [(case.subject, "As new")] * 2
    )
    assert Event.objects.filter(subject=case.subject, kind="restock_decided", actor="nora").count() == 2


def test_all_damaged_is_nothing_to_sell(case: ReturnCase) -> None:
    receive(case, "1", "1")
    restock(factories.user("nora", "decide"), case, "To be sure")
    assert Restock.objects.count() == 0


def test_nothing_is_restocked_before_it_came_or_by_who_may_only_look(case: ReturnCase) -> None:
    with pytest.raises(
        Refused, match="Nothing of Return R-1001 is received yet: there is nothing to restock"
    ):
        restock(factories.user("nora", "decide"), case, "As new")
    receive(case, "1", "0")
    with pytest.raises(Refused, match="You may look at this, and not decide it"):
        restock(factories.user("ida", "view"), case, "As new")
    assert Restock.objects.count() == 0
