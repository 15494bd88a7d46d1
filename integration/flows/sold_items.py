"""What was sold of each variant, and what of it suppliers knew when they counted."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db import connection

from integration.models import LineEntry, Order, PurchaseOrder, SoldItem, StockRule, Store

NOT_SOLD = (0, 4, 5, 6)
"""Incomplete, Refunded, Cancelled, Declined: what such an order holds counts as given back by the store."""
DONE = (2, 10)
"""Shipped and Completed: nothing of it is to be ordered any more, and who shipped it knows."""
_KNOWS = [
    LineEntry.Kind.ACKNOWLEDGED,
    LineEntry.Kind.BACKORDERED,
    LineEntry.Kind.REJECTED,
    LineEntry.Kind.HELD,
    LineEntry.Kind.SHIPPED,
]
_NOT_ASKED = [PurchaseOrder.State.DROPPED, PurchaseOrder.State.CANCELLED]

# One statement, and so one instant: an order that is read meanwhile is in all of the sums, or in none.
_SUMS = """
    WITH sold AS (
        SELECT s.id, s.order_id, s.line, s.variant, s.quantity, o.status_id,
               CASE WHEN o.status_id = ANY(%(done)s) THEN o.modified_at END AS done_at
          FROM integration_solditem s
          JOIN integration_order o ON o.id = s.order_id
         WHERE o.store_id = %(store)s AND o.placed_at >= %(since)s AND o.status_id <> ALL(%(not_sold)s)
           AND s.variant = ANY(%(variants)s)
    ), asked AS (
        SELECT sold.id, sold.variant, p.agreement_id, l.quantity, LEAST(sold.done_at, (
                   SELECT min(e.stated_at) FROM integration_lineentry e
                    WHERE e.line_id = l.id AND e.kind = ANY(%(knows)s) AND e.reverses_id IS NULL
                      AND NOT EXISTS (SELECT 1 FROM integration_lineentry r WHERE r.reverses_id = e.id)
               )) AS known_at
          FROM sold
          JOIN integration_purchaseorder p ON p.order_id = sold.order_id AND p.state <> ALL(%(not_asked)s)
          JOIN integration_purchaseorderline l ON l.purchase_order_id = p.id AND l.store_line = sold.line
    )
    SELECT 'taken', variant, NULL::bigint, NULL::timestamptz, sum(quantity)::numeric FROM sold
     WHERE %(placed)s OR status_id = ANY(%(done)s)
     GROUP BY variant
    UNION ALL
    SELECT 'unordered', sold.variant, NULL, NULL, sold.quantity - COALESCE(sum(asked.quantity), 0)
      FROM sold LEFT JOIN asked ON asked.id = sold.id
     WHERE sold.done_at IS NULL
     GROUP BY sold.id, sold.variant, sold.quantity
    HAVING sold.quantity > COALESCE(sum(asked.quantity), 0)
    UNION ALL
    SELECT 'asked', variant, agreement_id, known_at, quantity FROM asked
     WHERE known_at IS NULL OR known_at > %(oldest)s
"""


@dataclass
class Sales:
    """What was sold since the store went live. ``taken`` of each variant lowered the store's stock; ``unordered`` is ordered
    from nobody yet; ``asked`` by variant are agreement, since when its partner knows (None: not yet), and how much."""

    taken: dict[int, int] = field(default_factory=dict)
    unordered: dict[int, Decimal] = field(default_factory=lambda: defaultdict(Decimal))
    asked: dict[int, list[tuple[int, datetime | None, Decimal]]] = field(
        default_factory=lambda: defaultdict(list)
    )

    def unknown_to(self, variant: int, counted: Mapping[int, datetime]) -> dict[int, Decimal]:
        """Return what each supplier did not know of when he ``counted``, by agreement."""
        found: dict[int, Decimal] = defaultdict(Decimal)
        for agreement, known_at, quantity in self.asked.get(variant, ()):
            as_of = counted.get(agreement)
            if as_of is not None and (known_at is None or known_at > as_of):
                found[agreement] += quantity
        return dict(found)


def read_sales(store: Store, rule: StockRule, variants: Sequence[int], oldest: datetime) -> Sales:
    """Return what was sold of ``variants``; what was known before ``oldest`` is left out of ``asked``."""
    sales = Sales()
    with connection.cursor() as cursor:
        cursor.execute(
            _SUMS,
            {
                "store": store.pk,
                "since": store.live_from,
                "variants": list(variants),
                "not_sold": list(NOT_SOLD),
                "done": list(DONE),
                "knows": list(_KNOWS),
                "not_asked": list(_NOT_ASKED),
                "placed": rule.moves_at == StockRule.MovesAt.PLACED,
                "oldest": oldest,
            },
        )
        for what, variant, agreement, known_at, quantity in cursor.fetchall():
            if what == "taken":
                sales.taken[variant] = int(quantity)
            elif what == "unordered":
                sales.unordered[variant] += quantity
            else:
                sales.asked[variant].append((agreement, known_at, quantity))
    return sales


def write_sold_items(order: Order) -> None:
    """Bring the sold items of ``order`` up to what its row says, in the caller's transaction."""
    wanted = {line: (variant, quantity) for line, variant, quantity in sold_of(order.content["lines"])}
    known = {each.line: each for each in SoldItem.objects.filter(order=order)}
    SoldItem.objects.filter(pk__in=[each.pk for line, each in known.items() if line not in wanted]).delete()
    rows = [
        SoldItem(order=order, line=line, variant=variant, quantity=quantity)
        for line, (variant, quantity) in wanted.items()
        if line not in known or (known[line].variant, known[line].quantity) != (variant, quantity)
    ]
    SoldItem.objects.bulk_create(
        rows,
        update_conflicts=True,
        unique_fields=["order", "line"],
        update_fields=["variant", "quantity"],
        batch_size=1000,
    )


def sold_of(lines: Iterable[Mapping[str, Any]]) -> list[tuple[int, int, int]]:
    """Return line, variant and quantity of all lines that the store takes from stock."""
    return [
        (line["id"], line["variant_id"], line["quantity"])
        for line in lines
        if line.get("variant_id") and line["quantity"] > 0
    ]


def rule_of(store: Store) -> StockRule:
    """Return the store's stock rule, or the default one, which is not saved."""
    return StockRule.objects.filter(store=store).first() or StockRule(store=store)
