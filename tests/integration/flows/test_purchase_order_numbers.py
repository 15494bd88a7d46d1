"""The numbers of purchase orders: by the store's pattern, each once, or a case."""

from __future__ import annotations

import threading
from functools import partial
from unittest.mock import patch

import pytest

from integration.flows import route as flow
from integration.flows.numbering import next_number
from integration.flows.route import look_again, route
from integration.models import Order, PurchaseOrder, PurchaseOrderCounter, PurchaseOrderLine, Store, Work
from integration.work import Unclaimed
from tests import factories
from tests.at_once import at_once
from tests.integration.flows.test_routing import fern, placed, routed, sentences

__all__ = ["fern"]


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        ("{prefix}{order}-{place}", ["FS{0}-1", "FS{0}-2"]),
        ("PO{next:6}", ["PO000041", "PO000042"]),
    ],
)
def test_purchase_orders_are_numbered_by_the_stores_pattern(
    fern: Store, pattern: str, expected: list[str]
) -> None:
    Store.objects.update(purchase_order_pattern=pattern, purchase_order_prefix="FS")
    PurchaseOrderCounter.objects.create(store=fern, next_number=41)
    order = placed(fern, factories.order_line(1, "L-1"), factories.order_line(2, "M-1"))
    routed(order)
    numbers = PurchaseOrder.objects.order_by("pk").values_list("number", flat=True)
    assert list(numbers) == [each.format(order.number) for each in expected]


def test_a_number_that_is_taken_is_stepped_over(fern: Store) -> None:
    Store.objects.update(purchase_order_pattern="PO{next}")
    factories.purchase_order(number="PO1")
    routed(placed(fern, factories.order_line(1, "L-1")))
    assert PurchaseOrder.objects.filter(number="PO2").count() == 1
    assert PurchaseOrderCounter.objects.get(store=fern).next_number == 3


@pytest.mark.parametrize(
    ("pattern", "why"),
    [
        (
            "{prefix}{order}-123456789012345678-{place}",
            "FERN{0}-123456789012345678-1 has 30 characters, and a purchase order number has 22 at most.",
        ),
        ("{prefix}{order}", "FERN{0} is the number of another purchase order."),
    ],
)
def test_an_order_that_gets_no_number_is_held_with_a_case_and_goes_on_by_itself(
    fern: Store, pattern: str, why: str
) -> None:
    Store.objects.update(purchase_order_pattern=pattern, purchase_order_prefix="FERN")
    order = placed(fern, factories.order_line(1, "L-1"), factories.order_line(2, "M-1"))
    assert routed(order) == {}
    assert sentences(order) == [
        f"A purchase order for order {order.number} gets no number: {why.format(order.number)} Change how Fern & Stone"
        f" numbers purchase orders ({pattern}) on the store's page, then try again."
    ]
    assert order.state == Order.State.HELD
    assert PurchaseOrder.objects.count() == 0
    Store.objects.update(purchase_order_pattern="{order}-{place}")
    assert look_again(fern) == 1
    assert list(Work.objects.values_list("step", "subject")) == [
        ("import_order", f"{fern.pk}:{order.number}")
    ]
    order.refresh_from_db()
    assert len(routed(order)) == 2
    assert [case.closed_by for case in order.cases.all()] == ["Gridport"]


def test_two_stores_whose_orders_come_to_the_same_number_at_once_get_two(committed: str) -> None:
    terms = factories.agreement("Moss", skus=["M-1"])
    orders = []
    for _ in range(2):
        store = factories.store()
        store.agreements.add(terms)
        orders.append(factories.order(1042, of=store, lines=[factories.order_line(1, "M-1")]))
    looked, both = set[int](), threading.Barrier(2)

    def look_together(order: Order) -> str:
        found = next_number(order)
        if order.pk not in looked:
            looked.add(order.pk)
            both.wait(30)
        return found

    with patch.object(flow, "next_number", look_together):
        acts = [partial(route, str(order.pk), Unclaimed()) for order in orders]
        assert at_once(*acts) == ["", ""]
    numbers = PurchaseOrder.objects.order_by("number").values_list("number", flat=True)
    assert list(numbers) == ["1042-1", "1042-2"]
    assert PurchaseOrderLine.objects.count() == 2
