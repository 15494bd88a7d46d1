"""What of an order was refunded because it came back, and is no less of what a partner was to deliver."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from integration.flows.positions import positions
from integration.models import Order, PurchaseOrderLine, Refund

REFUNDED = 4
"""The status of an order whose money went back whole."""


def given_back(order: Order) -> dict[int, int]:
    """Return how many pieces of each line of the store are refunded for returns, or about to be."""
    pieces: dict[int, int] = defaultdict(int)
    for refund in Refund.objects.filter(order=order).select_related("effect"):
        if refund.ended_at is None or refund.store_refund is not None:
            for item in refund.effect.intended["items"]:
                pieces[item["line"]] += item["quantity"]
    return dict(pieces)


def still_ordered(order: Order, lines: list[Mapping[str, Any]]) -> dict[int, Decimal]:
    """Return how much of each of ``lines`` is wanted of partners: what was refunded before they shipped it is not.

    What was shipped and refunded since goes back by a return, if at all: no partner is told that he is to deliver less.
    """
    returned, shipped = given_back(order), _shipped(order)
    return {each["id"]: _wanted(order, each, returned, shipped) for each in lines}


def _wanted(
    order: Order, line: Mapping[str, Any], returned: Mapping[int, int], shipped: Mapping[int, Decimal]
) -> Decimal:
    quantity = Decimal(line["quantity"])
    left: Decimal = quantity - max(0, line["quantity_refunded"] - returned.get(line["id"], 0))
    if order.status_id == REFUNDED:  # by its amount, maybe, and then no line says so
        left = Decimal(returned.get(line["id"], 0))
    return max(left, min(quantity, shipped.get(line["id"], Decimal(0))))


def _shipped(order: Order) -> dict[int, Decimal]:
    lines = list(PurchaseOrderLine.objects.filter(purchase_order__order=order))
    found = positions(lines)
    total: dict[int, Decimal] = defaultdict(Decimal)
    for line in lines:
        total[line.store_line] += found[line.pk].shipped
    return dict(total)
