"""Goods that came back in good state: for sale again, once, until the supplier counts them himself.

They are not added to the store by a write of their own: they are part of what the supplier has and had not counted yet, so
what may be shown rises by them, and the difference is written as any other. When he counts again, his count holds them.
"""

from __future__ import annotations

from decimal import ROUND_FLOOR, Decimal

from archive.clock import database_now
from archive.record import record_event
from integration.flows.stock_levels import level_steps
from integration.models import Restock, ReturnCase, ReturnLine, SoldItem, StoreItem
from integration.work import Step


def good_units(row: ReturnLine) -> int:
    """Return how many whole pieces of a line came back and can be sold again: those that came damaged cannot."""
    good = (row.received or Decimal(0)) - (row.damaged or Decimal(0))
    return max(int(good.to_integral_value(ROUND_FLOOR)), 0)


def restock_steps(case: ReturnCase) -> list[Step]:
    """Have the lines of ``case`` that were received be for sale again, in the caller's transaction; return what follows.

    The caller decides that they are for sale again; what came damaged is not. Each line counts once, however often. What the
    store shows changes only where a number of the item was written there before: an item without one is left alone.
    """
    order, agreement = case.order, case.purchase_order.agreement
    sold = {
        line: variant for line, variant in SoldItem.objects.filter(order=order).values_list("line", "variant")
    }
    items = {
        item.variant: item
        for item in StoreItem.objects.filter(store=order.store, variant__in=sold.values(), gone_at=None)
    }
    now = database_now()
    for row in case.lines.select_related("line"):
        item = items.get(sold.get(row.line.store_line, 0))
        units = good_units(row)
        if item is None or units <= 0:
            continue
        _, made = Restock.objects.get_or_create(
            marker=f"return:{row.pk}",
            defaults={"item": item, "agreement": agreement, "quantity": units, "at": now},
        )
        if made:
            sentence = f"{units} came back in good state with {case}: for sale again."
            record_event(item.subject, "restocked", sentence)
            record_event(order.subject, "restocked", f"{item}: {sentence}")
    return level_steps([order.store_id])
