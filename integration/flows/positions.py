"""Where each line of a purchase order stands, by the ledger."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

from integration.matching.ledger import Entry, Position, position
from integration.models import LineEntry, PurchaseOrder, PurchaseOrderLine


def positions_of(purchase_order: PurchaseOrder) -> dict[int, Position]:
    """Return where each line of ``purchase_order`` stands, by line number."""
    lines = list(purchase_order.lines.all())
    found = positions(lines)
    return {line.line_number: found[line.pk] for line in lines}


def positions(lines: Iterable[PurchaseOrderLine]) -> dict[int, Position]:
    """Return where each line stands, by its primary key, with one query."""
    pks = [line.pk for line in lines]
    entries: dict[int, list[Entry]] = defaultdict(list)
    for row in LineEntry.standing().filter(line__in=pks):
        entries[row.line_id].append(
            Entry(
                row.kind, row.quantity, row.stated_at, row.document_id or 0, row.unit_price, row.promised_on
            )
        )
    return {pk: position(entries[pk]) for pk in pks}
