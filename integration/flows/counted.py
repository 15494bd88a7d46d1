"""Purchase orders and answers in the partner's units and in ours, by the terms under which the lines were sent."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from archive.models import Document, Event
from archive.record import record_event
from integration.documents import PurchaseOrderAcknowledgment
from integration.matching.acknowledgment import AskedLine, Decision, Difference, decide
from integration.models import PurchaseOrder
from partners.mapping.conversion import Terms, from_partner

CONVERTED = "converted"


@dataclass(frozen=True)
class Counted:
    """What an answer amounts to, what was converted for it, and what could not be."""

    decision: Decision
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
    """Return the lines of ``purchase_order`` as they were ordered, in our units."""
    return [
        AskedLine(
            line_number=line.line_number,
            sku=line.sku,
            vendor_item=line.vendor_item,
            upc=line.upc,
            quantity=line.quantity,
            unit=line.unit,
            unit_price=line.unit_price,
        )
        for line in purchase_order.lines.all()
    ]


def decision_on(purchase_order: PurchaseOrder, answer: PurchaseOrderAcknowledgment) -> Counted:
    """Hold ``answer`` against what was ordered, both in our units; what could not be converted is a difference."""
    converted = from_partner(answer, terms_of(purchase_order))
    decision = decide(asked_lines(purchase_order), converted.document)
    refused = tuple(
        Difference(None, "", "the units", "what can be counted in ours", sentence)
        for sentence in converted.refusals
    )
    if refused:
        decision = replace(decision, accepted=False, differences=(*refused, *decision.differences))
    return Counted(decision, converted.notes, converted.refusals)


def tell_converted(document: Document, notes: Iterable[str]) -> None:
    """Write what was converted into the timeline of ``document``, each sentence once."""
    subject = f"document:{document.pk}"
    told = set(Event.objects.filter(subject=subject, kind=CONVERTED).values_list("sentence", flat=True))
    for sentence in dict.fromkeys(notes):
        if sentence not in told:
            record_event(subject, CONVERTED, sentence, document=document)
