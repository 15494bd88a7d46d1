"""From facts to projections. ``project`` writes one document's; ``rebuild`` writes all anew."""

from __future__ import annotations

import hashlib
from itertools import islice
from typing import Any

from django.db.models import Q

from archive import store
from archive.governance import left_of
from archive.models import (
    ACKNOWLEDGMENTS,
    AcknowledgmentState,
    Delivery,
    Direction,
    Document,
    DocumentReference,
    DocumentState,
    Translation,
    TransmissionOutcome,
    Validation,
)
from archive.search import reference_rows
from archive.translation import Translated, storable, translate_file, translate_segments
from integration.matching.invoicing.files import ENDINGS
from integration.x12.envelope import SetReading, read_interchange
from integration.x12.interchange_acknowledgment import acknowledgment_sets
from integration.x12.validate import SetVerdict, check_group
from partners.agreements import code_lists
from partners.guides_in_use import find_guide

OVERDUE_EVENT = "acknowledgment_overdue"
AWAITED_EVENT = "acknowledgment_awaited"
"""It was overdue, and has more time now: of the two the later one holds."""

_PIECE = 1000
_ACKNOWLEDGED = {
    "A": AcknowledgmentState.ACCEPTED,
    "E": AcknowledgmentState.ACCEPTED_WITH_ERRORS,
    "P": AcknowledgmentState.PARTIALLY_ACCEPTED,
    "R": AcknowledgmentState.REJECTED,
    "M": AcknowledgmentState.REJECTED,
    "W": AcknowledgmentState.REJECTED,
    "X": AcknowledgmentState.REJECTED,
}  # AK501, AK901 (elements 717, 715)
_DELIVERED = {
    TransmissionOutcome.Result.DELIVERED: Delivery.DELIVERED,
    TransmissionOutcome.Result.FAILED: Delivery.FAILED,
    TransmissionOutcome.Result.UNKNOWN: Delivery.UNKNOWN,
}


def project(document: Document) -> DocumentState:
    """Bring the status of ``document`` up to date from the facts; its content too, where it is not there yet."""
    state = DocumentState.objects.filter(document=document).first()
    if state is None:
        rewrite(document)
    DocumentState.objects.filter(document=document).update(
        delivery=_delivery(document), acknowledgment=_acknowledgment(document)
    )
    return DocumentState.objects.get(document=document)


def rewrite(document: Document) -> tuple[SetVerdict, Translated]:
    """Write what the bytes of ``document`` say anew, by today's tables and code lists; return the findings too.

    Of what was destroyed that is what its disposal left: how it was judged, its number, and what names no person.
    The guide is the one that read it last: its own, or that of its last reprocessing.
    """
    left = left_of(document)
    if left is not None:
        return SetVerdict([], None, "A"), _write_what_is_left(document, left)
    data = store.open(document.interchange.payload, purpose="read for the archive")
    if document.transaction_set in ENDINGS:
        return SetVerdict([], None, "A"), write_file_content(document, data)
    each, verdict = _locate(document, data)
    return verdict, write_content(document, each, verdict, hashlib.sha256(data).hexdigest())


def write_content(document: Document, each: SetReading, verdict: SetVerdict, sha256: str) -> Translated:
    """Write what the bytes of ``document`` say, as ``verdict`` judged them, in the caller's transaction, with its
    statuses."""
    translated = translate_segments(
        each.segments,
        document.transaction_set,
        document.version,
        each.separators,
        code_lists(document.agreement),
        verdict,
        find_guide(guide_of(document)),
    )
    _write(document, translated, sha256)
    return translated


def write_file_content(document: Document, data: bytes) -> Translated:
    """Write what the bytes of a file say that is no X12, likewise."""
    translated = translate_file(data, document.transaction_set)
    _write(document, translated, hashlib.sha256(data).hexdigest())
    return translated


def _write_what_is_left(document: Document, left: dict[str, Any]) -> Translated:
    translated = Translated(
        validation=left["validation"] or Validation.PENDING,
        findings=[],
        number=left["number"],
        references=[(kind, value) for kind, value in left["references"]],
    )
    # The plain hash too: who guesses the content could try it there.
    _write(document, translated, "")
    return translated


def _write(document: Document, translated: Translated, sha256: str) -> None:
    DocumentState.objects.update_or_create(
        document=document,
        defaults={
            "validation": translated.validation,
            "sha256": sha256,
            "number": storable(translated.number),
            "delivery": _delivery(document),
            "acknowledgment": _acknowledgment(document),
        },
    )
    # By its number: a row that is made of the document would be held by it, with all that a large one says.
    Translation.objects.update_or_create(
        document_id=document.pk,
        defaults={
            "content": storable(translated.content),
            "findings": storable(translated.findings),
            "report": storable(translated.report),
        },
    )
    _write_references(document, translated)


def guide_of(document: Document) -> str:
    """Return the name of the guide that holds for ``document``, ``""`` where none reads it."""
    read_again = document.reprocessings.exclude(guide="").order_by("-reading").values_list("guide", flat=True)
    return read_again.first() or document.guide


def _write_references(document: Document, translated: Translated) -> None:
    """Write what ``document`` is found by: what it says, the numbers of its envelope, and whose it is."""
    named = [(kind, storable(value)) for kind, value in translated.references]
    named += [
        ("control_number", storable(document.interchange.control_number)),
        ("group_control_number", storable(document.group_control_number)),
        ("set_control_number", storable(document.control_number)),
    ]
    if document.partner is not None:
        named.append(("partner", document.partner.name))
    DocumentReference.objects.filter(document=document).delete()
    rows = iter(reference_rows(named))
    while piece := list(islice(rows, _PIECE)):
        DocumentReference.objects.bulk_create(
            DocumentReference(document=document, **row._asdict()) for row in piece
        )


def _locate(document: Document, data: bytes) -> tuple[SetReading, SetVerdict]:
    reading = read_interchange(data)
    for group in reading.groups:
        for each, verdict in zip(group.sets, check_group(group), strict=True):
            if each.offset == document.offset:
                return each, verdict
    for each in acknowledgment_sets(reading, data):
        if each.offset == document.offset:
            return each, SetVerdict([], None, "A")
    raise LookupError(f"{document} is not where its interchange says: offset {document.offset}.")


def _delivery(document: Document) -> str:
    if document.direction == Direction.IN:
        return Delivery.NONE
    attempts = list(document.interchange.attempts.order_by("pk").prefetch_related("outcomes"))
    if not attempts:
        return Delivery.WAITING
    results = [outcome.result for attempt in attempts for outcome in attempt.outcomes.all()]
    if TransmissionOutcome.Result.DELIVERED in results:
        return Delivery.DELIVERED
    last = [outcome.result for outcome in attempts[-1].outcomes.all()]
    return _DELIVERED[TransmissionOutcome.Result(last[-1])] if last else Delivery.SENDING


def _acknowledgment(document: Document) -> str:
    if document.direction == Direction.IN:
        return AcknowledgmentState.NOT_EXPECTED
    said = document.acknowledgments.order_by("-pk").first()
    if said is not None:
        return _ACKNOWLEDGED.get(said.code, AcknowledgmentState.REJECTED)
    if document.transaction_set in ACKNOWLEDGMENTS:
        return AcknowledgmentState.NOT_EXPECTED
    if document.agreement is None or not document.agreement.functional_acknowledgment_hours:
        return AcknowledgmentState.NOT_EXPECTED
    told = document.events.filter(kind__in=[OVERDUE_EVENT, AWAITED_EVENT]).order_by("-pk").first()
    if told is not None and told.kind == OVERDUE_EVENT:
        return AcknowledgmentState.OVERDUE
    return AcknowledgmentState.WAITING


def rebuild() -> int:
    """Write every projection anew from the facts; return how many documents were projected.

    Of a document whose bytes nobody can read any more, because its key was destroyed, what is left stays as it is.
    """
    readable = Document.objects.filter(
        Q(interchange__payload__key__isnull=False) | ~Q(interchange__payload__key_id=""),
        interchange__payload__lost_certificate=None,
    )
    DocumentReference.objects.filter(document__in=readable).delete()
    Translation.objects.filter(document__in=readable).delete()
    DocumentState.objects.filter(document__in=readable).delete()
    count = 0
    for document in (
        readable.select_related("interchange__payload", "agreement", "partner").order_by("pk").iterator()
    ):
        project(document)
        count += 1
    return count
