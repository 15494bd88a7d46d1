"""A received document that waited for a translation, read again with it and matched."""

from __future__ import annotations

from archive.models import Direction, Document, DocumentState, Reprocessing
from archive.projections import rewrite
from archive.record import record_event
from integration.flows.cases import MACHINE
from integration.flows.match import match_document
from integration.flows.missing import waiting_of
from integration.work import Claim, Step
from partners.guides_in_use import guide_for

REASON = "A translation that it waited for was entered."


def read_translated(subject: str, claim: Claim) -> list[Step]:
    """Read the document again, once for each time that it waited; return what follows from it.

    One that waits for another translation still goes on waiting for that one.
    """
    with claim.transaction():
        DocumentState.objects.select_for_update().get(document=int(subject))
        document = Document.objects.select_related(
            "interchange__payload", "agreement__partner", "partner"
        ).get(pk=subject)
        if not waiting_of(document).exists():
            # Read already, and perhaps not handed over: what follows is the same each time.
            return match_document(document.pk)
        used = guide_for(document.agreement, document.transaction_set, Direction.IN, document.version)
        number = document.reprocessings.count() + 1
        Reprocessing.objects.create(
            document=document,
            reading=number,
            key=f"translated:{document.pk}:{number}",
            actor=MACHINE,
            reason=REASON,
            guide=used.name if used else "",
        )
        rewrite(document)
        record_event(f"document:{document.pk}", "reprocessed", f"Read again: {REASON}", document=document)
        return match_document(document.pk)
