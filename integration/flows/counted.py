"""Purchase orders and answers in the partner's units and in ours, by the terms under which the lines were sent."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date

from archive.models import Document, Event
from archive.record import record_event
from integration.documents import PurchaseOrderAcknowledgment
from integration.flows.agreed import agreed_with, tolerances_of
from integration.flows.positions import positions
from integration.matching.acknowledgment import Decision, Difference, decide, statements_of
from integration.matching.lines import AskedLine, LineStatement
from integration.matching.tolerances import Tolerances
from integration.models import PurchaseOrder
from partners.mapping.conversion import Terms, from_partner

CONVERTED = "converted"


@dataclass(frozen=True)
class AnswerRead:
    """One answer in our units: what it says of the lines, what was converted for it, and what could not be."""

    said: tuple[LineStatement, ...]
    notes: tuple[str, ...]
    refusals: tuple[str, ...]


def terms_of(purchase_order: PurchaseOrder) -> list[Terms]:
    """Return how the partner counts each line, as it was when the lines were routed."""
    return [
        Terms(
            sku=line.sku,
            vendor_item=line.vendor_item,
            upc=line.upc,
            unit=line.unit,
            partner_unit=line.partner_unit,
            pack_factor=line.pack_factor,
            line_number=str(line.line_number),
        )
        for line in purchase_order.lines.all()
    ]


def asked_lines(purchase_order: PurchaseOrder) -> list[AskedLine]:
    """Return the lines of ``purchase_order`` in our units, with the quantities that are in force by what was sent."""
    lines = list(purchase_order.lines.all())
    found = positions(lines)
    wanted = _wanted_days(purchase_order)
    return [
        AskedLine(
            line_number=line.line_number,
            sku=line.sku,
            vendor_item=line.vendor_item,
            upc=line.upc,
            quantity=found[line.pk].in_force if found[line.pk].ordered else line.quantity,
            unit=line.unit,
            unit_price=line.unit_price,
            wanted_on=wanted.get(str(line.line_number), wanted.get("")),
        )
        for line in lines
    ]


def read_answer(purchase_order: PurchaseOrder, answer: PurchaseOrderAcknowledgment) -> AnswerRead:
    """Return what one answer says of the lines of ``purchase_order``."""
    converted = from_partner(answer, terms_of(purchase_order))
    said = statements_of(asked_lines(purchase_order), converted.document)
    return AnswerRead(said, converted.notes, converted.refusals)


def decision_on(
    purchase_order: PurchaseOrder,
    answers: Sequence[PurchaseOrderAcknowledgment],
    tolerances: Tolerances | None = None,
    *,
    anew: bool = False,
) -> Decision:
    """Hold ``answers``, oldest first, against what was ordered, all in our units; what could not be converted differs.

    ``tolerances`` are the agreement's, unless others are tried out. ``anew``: as if nothing had been accepted before.
    """
    terms = terms_of(purchase_order)
    converted = [from_partner(answer, terms) for answer in answers]
    decision = decide(
        asked_lines(purchase_order),
        [each.document for each in converted],
        tolerances_of(purchase_order.agreement) if tolerances is None else tolerances,
        {} if anew else agreed_with(purchase_order),
    )
    refused = [
        Difference(None, "", "the units", "what can be counted in ours", sentence)
        for each in converted
        for sentence in each.refusals
    ]
    if not refused:
        return decision
    return replace(decision, accepted=False, differences=(*refused, *decision.differences))


def tell_converted(document: Document, notes: Iterable[str]) -> None:
    """Write what was converted into the timeline of ``document``, each sentence once."""
    subject = f"document:{document.pk}"
    told = set(Event.objects.filter(subject=subject, kind=CONVERTED).values_list("sentence", flat=True))
    for sentence in dict.fromkeys(notes):
        if sentence not in told:
            record_event(subject, CONVERTED, sentence, document=document)


def _wanted_days(purchase_order: PurchaseOrder) -> dict[str, date]:
    """Return the day that was asked for, by line number as sent; ``""`` is that of the whole order."""
    content = purchase_order.content or {}
    found = {}
    for number, record in [
        ("", content),
        *((each.get("line_number"), each) for each in content.get("lines", ())),
    ]:
        day = record.get("requested_delivery") or record.get("requested_ship")
        if day:
            found[number or ""] = date.fromisoformat(day)
    return found
