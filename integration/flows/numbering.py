"""The numbers of new purchase orders: by the store's pattern, each once."""

from __future__ import annotations

from integration.matching.numbering import Parts, counts, has_place, number_by, number_problem
from integration.models import Order, PurchaseOrder, PurchaseOrderCounter, Store

_TRIES = 1000
"""How many numbers in a row may be taken already before a person has to look."""


class NoNumber(Exception):
    """No number can be given; ``str()`` is a sentence for staff."""


def next_number(order: Order) -> str:
    """Return a number for one more purchase order of ``order``; the caller's transaction creates it.

    Where the pattern counts, the store's counter is locked until that transaction ends, and given back if it fails.
    Raises ``NoNumber``.
    """
    store = order.store
    pattern = store.purchase_order_pattern
    place = order.purchase_orders.count() + 1
    counter = _counter(store) if counts(pattern) else None
    first = counter.next_number if counter else 0
    for step in range(_TRIES if counter or has_place(pattern) else 1):
        number = number_by(pattern, Parts(store.purchase_order_prefix, order.number, place, first + step))
        if problem := number_problem(number):
            raise NoNumber(f"{problem}. {_mend(store)}")
        if not PurchaseOrder.objects.filter(number=number).exists():
            if counter:
                PurchaseOrderCounter.objects.filter(pk=counter.pk).update(next_number=first + step + 1)
            return number
        place += 1
    raise NoNumber(f"{number} is the number of another purchase order. {_mend(store)}")


def _counter(store: Store) -> PurchaseOrderCounter:
    PurchaseOrderCounter.objects.get_or_create(store=store)
    return PurchaseOrderCounter.objects.select_for_update().get(store=store)


def _mend(store: Store) -> str:
    return f"Change how {store} numbers purchase orders ({store.purchase_order_pattern}) on the store's page, then try again."
