"""The numbers of new purchase orders: by the store's pattern, each once."""

from __future__ import annotations

from django.contrib.auth.models import User

from archive.record import record_audit
from integration.matching.numbering import (
    Parts,
    counts,
    has_place,
    number_by,
    number_problem,
    pattern_problem,
)
from integration.models import Order, PurchaseOrder, PurchaseOrderCounter, Store

_LONGEST_NEXT = 9_999_999
_TRIES = 1000
"""How many numbers in a row may be taken already before a person has to look."""


class NoNumber(Exception):
    """No number can be given; ``str()`` is a sentence for staff."""


def next_number(order: Order) -> str:
    """Return a number for one more purchase order of ``order``; the caller's transaction creates it.

    Where the pattern counts, the store's counter is locked until that transaction ends, and given back if it fails.
    Raises ``NoNumber``.
    """
    counter = _counter(order.store) if counts(order.store.purchase_order_pattern) else None
    number, following = _free(order, counter.next_number if counter else 0)
    if counter:
        PurchaseOrderCounter.objects.filter(pk=counter.pk).update(next_number=following)
    return number


def free_number(order: Order) -> str:
    """Return the number that ``next_number`` would give now, for a plan to show; the counter steps over it once it is
    used. Raises ``NoNumber``."""
    number, _ = _free(order, upcoming_number(order.store))
    return number


def _free(order: Order, first: int) -> tuple[str, int]:
    """Return the first number that is free, counting from ``first``, and what to count from after it."""
    store = order.store
    pattern = store.purchase_order_pattern
    place = order.purchase_orders.count() + 1
    for step in range(_TRIES if counts(pattern) or has_place(pattern) else 1):
        number = number_by(
            pattern, Parts(store.purchase_order_prefix, order.number, place + step, first + step)
        )
        if problem := number_problem(number):
            raise NoNumber(f"{problem}. {_mend(store)}")
        if not PurchaseOrder.objects.filter(number=number).exists():
            return number, first + step + 1
    raise NoNumber(f"{number} is the number of another purchase order. {_mend(store)}")


def numbering_problem(store: Store) -> str:
    """Return why ``store`` could give no number as it is set, or ``""``: its pattern, or numbers that are too long."""
    pattern = store.purchase_order_pattern
    if problem := pattern_problem(pattern):
        return problem
    longest = number_by(pattern, Parts(store.purchase_order_prefix, _last_order(store), 99, _LONGEST_NEXT))
    problem = number_problem(longest)
    return f"{problem}. Shorten the pattern or the prefix." if problem else ""


def preview(store: Store) -> list[str]:
    """Return the numbers that an order of two purchase orders would get, if they are free."""
    following = upcoming_number(store)
    order = _last_order(store) + 1
    return [
        number_by(
            store.purchase_order_pattern,
            Parts(store.purchase_order_prefix, order, place, following + place - 1),
        )
        for place in (1, 2)
    ]


def upcoming_number(store: Store) -> int:
    """Return what the store's counter gives next."""
    counter = PurchaseOrderCounter.objects.filter(store=store).first() if store.pk else None
    return counter.next_number if counter else 1


def set_next_number(user: User, store: Store, number: int) -> None:
    """Have the store's counter go on with ``number``, kept as an audit entry; numbers that are taken are stepped over.

    Called where the store's settings are saved, in the same transaction.
    """
    counter = _counter(store)
    if counter.next_number != number:
        PurchaseOrderCounter.objects.filter(pk=counter.pk).update(next_number=number)
        detail = {"what": "next purchase order number", "was": str(counter.next_number), "is": str(number)}
        record_audit(user, "change next number", f"store:{store.pk}", detail=detail)


def _last_order(store: Store) -> int:
    orders = Order.objects.filter(store=store.pk).order_by("-number")
    return orders.values_list("number", flat=True).first() or 1000


def _counter(store: Store) -> PurchaseOrderCounter:
    PurchaseOrderCounter.objects.get_or_create(store=store)
    return PurchaseOrderCounter.objects.select_for_update().get(store=store)


def _mend(store: Store) -> str:
    return f"Change how {store} numbers purchase orders ({store.purchase_order_pattern}) on the store's page, then try again."
