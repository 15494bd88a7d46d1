"""What a return moves in the ledger of its purchase order: what came back, and what was credited by an 812.

A credit memo (810) is posted by whoever matches suppliers' invoices. What a person was told, and no document says, names
our own document: the purchase order, else the request, else the take-over that it came with.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from archive.models import Document
from integration.flows.accept import current_reading
from integration.models import LineEntry, OrderDocument, ReturnCase

Kind = LineEntry.Kind


@dataclass(frozen=True)
class Moved:
    """What one document moves: ``returned`` or ``credited``, by line number. ``document`` None: our own."""

    kind: str
    quantities: Mapping[int, Decimal]
    document: Document | None
    stated_at: datetime


def post_return(case: ReturnCase, moved: Iterable[Moved]) -> None:
    """Let the ledger hold just what ``moved`` says of ``case``: what stands otherwise is reversed, what lacks is written."""
    purchase_order = case.purchase_order
    lines = {line.line_number: line for line in purchase_order.lines.all()}
    wanted: dict[tuple[int, str, Decimal, int | None, int], Moved] = {}
    for each in moved:
        document = each.document or own_document(case)
        for number, quantity in each.quantities.items():
            if quantity > 0 and number in lines:
                reading = 0 if document is None else current_reading(document)
                key = (lines[number].pk, each.kind, quantity, document.pk if document else None, reading)
                wanted[key] = Moved(each.kind, each.quantities, document, each.stated_at)
    standing = LineEntry.standing().filter(return_case=case)
    for entry in standing.order_by("pk"):
        key = (entry.line_id, entry.kind, entry.quantity, entry.document_id, entry.reading)
        if key in wanted:
            del wanted[key]
        else:
            _reverse(entry)
    _write(case, wanted)


def own_document(case: ReturnCase) -> Document | None:
    """Return our own document that a return goes back to: the purchase order, else the request; None where there is none."""
    sent = case.purchase_order.documents.filter(role=OrderDocument.Role.PURCHASE_ORDER)
    link = sent.select_related("document").order_by("document_id").last()
    return link.document if link is not None else case.request


def _reverse(entry: LineEntry) -> None:
    LineEntry.objects.create(
        line_id=entry.line_id,
        kind=entry.kind,
        quantity=entry.quantity,
        unit_price=entry.unit_price,
        document_id=entry.document_id,
        take_over_id=entry.take_over_id,
        return_case_id=entry.return_case_id,
        position=entry.position,
        reading=entry.reading,
        stated_at=entry.stated_at,
        reverses=entry,
    )


def _write(case: ReturnCase, wanted: Mapping[tuple[int, str, Decimal, int | None, int], Moved]) -> None:
    before = LineEntry.objects.filter(reverses=None, line__purchase_order=case.purchase_order)
    taken = before.exclude(take_over=None).first()
    for (line, kind, quantity, document, reading), moved in sorted(
        wanted.items(), key=lambda each: each[0][:2]
    ):
        same = before.filter(line_id=line, kind=kind, document=moved.document, reading=reading)
        LineEntry.objects.create(
            line_id=line,
            kind=kind,
            quantity=quantity,
            document=moved.document,
            take_over=taken.take_over if document is None and taken is not None else None,
            return_case=case,
            position=same.count(),
            reading=reading,
            stated_at=moved.stated_at,
        )
