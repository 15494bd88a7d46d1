"""Where each line of a purchase order stands, by the ledger."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

from archive.models import Document
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
    for row in LineEntry.standing().filter(line__in=pks).select_related("document__interchange"):
        entries[row.line_id].append(
            Entry(
                kind=row.kind,
                quantity=row.quantity,
                stated_at=row.stated_at,
                document=row.document_id or 0,
                unit_price=row.unit_price,
                promised_on=row.promised_on,
                place=place_of(row.document) if row.document else (0, 0),
            )
        )
    return {pk: position(entries[pk]) for pk in pks}


def place_of(document: Document) -> tuple[int, int]:
    """Return the control number of the interchange (ISA13) and the place in it, as numbers."""
    number = document.interchange.control_number
    return int(number) if number.isdecimal() else 0, document.position
