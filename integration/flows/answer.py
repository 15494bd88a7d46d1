"""Our acknowledgments of what a partner sent: of a group (997 or 999), and of an interchange (TA1)."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

from django.db.models import QuerySet

from archive.models import Direction, Document, FunctionalAnswer, Interchange, InterchangeAnswer
from archive.projections import write_content
from archive.record import record_event
from integration.flows.outgoing import (
    Outgoing,
    file_name,
    record_interchange,
    separators_of,
    store_interchange,
)
from integration.models import mailbox_channel
from integration.work import Step
from integration.x12.acknowledgment import CODE_MEANINGS, build_997, expects_acknowledgment
from integration.x12.acknowledgment_codes import NOTE_MEANINGS
from integration.x12.envelope import (
    GroupReading,
    InterchangeHeader,
    InterchangeReading,
    read_interchange,
    write_interchange,
)
from integration.x12.implementation_acknowledgment import build_999, has_999
from integration.x12.interchange import InterchangeVerdict
from integration.x12.interchange_acknowledgment import acknowledgment_sets, build_ta1, only_acknowledges
from integration.x12.tables import knows_version
from integration.x12.validate import SetVerdict
from partners.agreements import is_being_onboarded
from partners.control_numbers import next_control_number
from partners.models import Agreement, ControlNumber, Mode

_NO_ERROR = "000"


def acknowledge_group(
    agreement: Agreement,
    group: GroupReading,
    verdicts: Sequence[SetVerdict],
    documents: Sequence[Document],
    now: datetime,
) -> Document | None:
    """Store the 997 or 999 that answers ``group``, in the caller's transaction; None where none is to be sent.

    It speaks the version of the group. What acknowledges is never acknowledged; in watch nothing is answered.
    """
    policy = agreement.functional_acknowledgment
    if policy == Agreement.FunctionalAnswer.NONE or not expects_acknowledgment(group) or not documents:
        return None
    if _watches(agreement):
        return None
    is_999 = policy == Agreement.FunctionalAnswer.IMPLEMENTATION and has_999(group.version)
    name = "999" if is_999 else "997"
    segments = (build_999 if is_999 else build_997)(group, verdicts)
    zone = ZoneInfo(agreement.time_zone or "UTC")
    outgoing = Outgoing(agreement, name, segments, zone, version=_version_of_answer(agreement, group))
    answer = store_interchange(outgoing, now)
    FunctionalAnswer.objects.bulk_create(
        FunctionalAnswer(source=document, answer=answer) for document in documents
    )
    kind = "Implementation" if is_999 else "Functional"
    for document, verdict in zip(documents, verdicts, strict=True):
        words = {"A": "accepted", "E": "accepted with errors", "R": "rejected"}[verdict.code]
        record_event(
            f"document:{document.pk}",
            "answered",
            f"Answered with {kind.lower()} acknowledgment ({name}) {answer.interchange.control_number}: {words}.",
            document=document,
        )
    return answer


def _version_of_answer(agreement: Agreement, group: GroupReading) -> str:
    """Return GS08 of the answer: the agreement's, with its suffix, where the group is of that version."""
    if not knows_version(group.version) or agreement.version[:6] == group.version[:6]:
        return agreement.version
    return group.version[:6]


def acknowledge_interchange(
    agreement: Agreement,
    interchange: Interchange,
    reading: InterchangeReading,
    verdict: InterchangeVerdict,
    now: datetime,
) -> Document | None:
    """Store the TA1 that answers a received interchange, in the caller's transaction; None where none is to be sent.

    An interchange is answered once, however often it is read. One that only acknowledges is never answered.
    """
    policy = agreement.interchange_acknowledgment
    asked = policy == Agreement.InterchangeAnswer.ASKED and verdict.requested
    if not (asked or policy == Agreement.InterchangeAnswer.ALWAYS) or _watches(agreement):
        return None
    if only_acknowledges(reading) or InterchangeAnswer.objects.filter(source=interchange).exists():
        return None
    answer = _store_ta1(agreement, reading, verdict, now)
    InterchangeAnswer.objects.create(source=interchange, answer=answer, code=verdict.code, note=verdict.note)
    words = CODE_MEANINGS[verdict.code]
    if verdict.note != _NO_ERROR:
        words += f", {NOTE_MEANINGS[verdict.note]} ({verdict.note})"
    record_event(
        f"transmission:{interchange.transmission_id}",
        "answered",
        f"Interchange {interchange.control_number} was answered with interchange acknowledgment (TA1)"
        f" {answer.interchange.control_number}: {words}.",
    )
    return answer


def _watches(agreement: Agreement) -> bool:
    if agreement.mailbox.mode == Mode.WATCH:
        return True
    # While a partner is taken on his tests are answered; nothing real goes under the agreement before it is signed.
    return agreement.mode == Mode.WATCH and not is_being_onboarded(agreement)


def _store_ta1(
    agreement: Agreement, received: InterchangeReading, verdict: InterchangeVerdict, now: datetime
) -> Document:
    zone = ZoneInfo(agreement.time_zone or "UTC")
    separators = separators_of(Outgoing(agreement, "TA1", [build_ta1(received, verdict)], zone))
    local = now.astimezone(zone)
    epoch, number = next_control_number(
        f"{agreement.own_qualifier}:{agreement.own_id}",
        str(agreement.identifier),
        ControlNumber.Kind.INTERCHANGE,
    )
    header = InterchangeHeader(
        sender_qualifier=agreement.own_qualifier,
        sender_id=agreement.own_id,
        receiver_qualifier=agreement.identifier.qualifier,
        receiver_id=agreement.identifier.value,
        date=local.date(),
        time=local.time(),
        control_number=number,
        usage_indicator=agreement.usage,
        version=agreement.version[:5],
    )
    ta1 = build_ta1(received, verdict, separators)
    data = write_interchange(header, [], separators, "ascii", interchange_acknowledgments=[ta1])
    interchange = record_interchange(agreement, data, epoch, file_name(agreement, number, "TA1"))
    [each] = acknowledgment_sets(read_interchange(data), data)
    document = Document.objects.create(
        interchange=interchange,
        agreement=agreement,
        partner=agreement.partner,
        direction=Direction.OUT,
        transaction_set="TA1",
        version=interchange.version,
        group_control_number="",
        control_number=each.control_number,
        position=0,
        offset=each.offset,
        length=each.length,
    )
    write_content(document, each, SetVerdict([], None, "A"), hashlib.sha256(data).hexdigest())
    return document


def answer_steps(answers: QuerySet[Interchange]) -> list[Step]:
    """Return the steps that send our acknowledgments: the same ones each time."""
    return [
        Step(
            "transmit",
            str(answer.pk),
            f"interchange:{answer.pk}",
            talks_to=mailbox_channel(answer.mailbox_id),
        )
        for answer in answers.distinct().order_by("pk")
    ]
