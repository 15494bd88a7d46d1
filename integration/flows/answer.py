"""Our functional acknowledgment (997) of a group that a partner sent."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

from archive.models import Document, FunctionalAnswer
from archive.record import record_event
from integration.flows.outgoing import Outgoing, store_interchange
from integration.x12.acknowledgment import build_997, expects_acknowledgment
from integration.x12.envelope import GroupReading
from integration.x12.validate import SetVerdict
from partners.models import Agreement, Mode


def acknowledge_group(
    agreement: Agreement,
    group: GroupReading,
    verdicts: Sequence[SetVerdict],
    documents: Sequence[Document],
    now: datetime,
) -> Document | None:
    """Store the 997 that answers ``group``, in the caller's transaction; None where none is to be sent.

    A functional acknowledgment is never acknowledged; in watch nothing is answered.
    """
    if not expects_acknowledgment(group) or not agreement.sends_functional_acknowledgments or not documents:
        return None
    if Mode.WATCH in (agreement.mode, agreement.mailbox.mode):
        return None
    segments = build_997(group, verdicts)
    answer = store_interchange(
        Outgoing(agreement, "997", segments, ZoneInfo(agreement.time_zone or "UTC")), now
    )
    FunctionalAnswer.objects.bulk_create(
        FunctionalAnswer(source=document, answer=answer) for document in documents
    )
    for document, verdict in zip(documents, verdicts, strict=True):
        words = {"A": "accepted", "E": "accepted with errors", "R": "rejected"}[verdict.code]
        record_event(
            f"document:{document.pk}",
            "answered",
            f"Answered with functional acknowledgment (997) {answer.interchange.control_number}: {words}.",
            document=document,
        )
    return answer
