"""A received file into interchanges and documents, each judged; our functional acknowledgments prepared."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace

from django.db.models import QuerySet

from archive import store
from archive.clock import database_now
from archive.exchange import Envelope, earlier_interchanges, same_content
from archive.models import (
    ACKNOWLEDGMENTS,
    Direction,
    Document,
    Interchange,
    Transmission,
    document_name,
)
from archive.projections import write_content
from archive.record import record_event
from archive.translation import storable
from integration.flows.answer import acknowledge_group, acknowledge_interchange, answer_steps
from integration.flows.cases import open_case
from integration.flows.shipment_files import put_with_shipment, why_not
from integration.flows.stock_files import take_stock_file
from integration.models import ExceptionCase
from integration.work import Claim, Step
from integration.x12.envelope import (
    Arrival,
    GroupReading,
    InterchangeReading,
    Piece,
    SetReading,
    how_far,
    read_interchange,
    split_interchanges,
)
from integration.x12.interchange import judge_interchange
from integration.x12.interchange_acknowledgment import acknowledgment_sets
from integration.x12.validate import GroupCheck, SetVerdict, group_findings
from partners.agreements import (
    ALWAYS_RECEIVED,
    Belonging,
    agreement_of_sender,
    find_agreement,
    identities,
    receives,
)
from partners.guides_in_use import guide_for
from partners.models import Agreement

Kind = ExceptionCase.Kind
MATCHED_SETS = frozenset({"180", "810", "812", "846", "855", "856", "865"}) | ALWAYS_RECEIVED
_ACCEPTED = SetVerdict([], None, "A")


@dataclass(frozen=True)
class Received:
    """One interchange as it was stored, with what its reading said."""

    interchange: Interchange
    reading: InterchangeReading
    agreement: Agreement
    sha256: str


def translate(subject: str, claim: Claim) -> list[Step]:
    """Record every interchange of the file once; return a step for each document that has to be matched or sent."""
    transmission = Transmission.objects.select_related("mailbox", "payload").get(pk=subject)
    data = store.open(transmission.payload, purpose="translate")
    split = split_interchanges(data)
    with claim.transaction():
        if transmission.interchanges.exists():
            return _steps_of(transmission)
        if split.problem:
            steps = take_stock_file(transmission, data)
            if steps is not None:
                return steps
            if not put_with_shipment(transmission, data):
                why = why_not(transmission, data) or split.problem
                _case(transmission, Kind.UNREADABLE, f"{transmission.name} on {transmission.mailbox}: {why}")
            return []
        if how_far(data) == Arrival.UNFINISHED:
            _tell_unfinished(transmission, split.pieces[-1])
            return []
        for note in split.notes:
            record_event(f"transmission:{transmission.pk}", "note", note)
        for position, piece in enumerate(split.pieces):
            record_piece(transmission, position, piece, whole=len(piece.data) == len(data))
        return _steps_of(transmission)


def _tell_unfinished(transmission: Transmission, last: Piece) -> None:
    """Open the case of a file whose end never came. Its whole interchanges are not read either: it comes again."""
    reading = read_interchange(last.data)
    identities = [
        (storable(reading.sender_qualifier), storable(reading.sender_id)),
        (storable(reading.receiver_qualifier), storable(reading.receiver_id)),
    ]
    belonging = find_agreement(transmission.mailbox, sender=identities[0], receiver=identities[1])
    partner = belonging.agreement.partner if belonging.agreement else None
    _case(
        transmission,
        Kind.UNREADABLE,
        f"{transmission.name} on {transmission.mailbox} ends before its IEA: the rest did not come. It was kept and not"
        f" read. Ask {partner or 'its sender'} to send the whole file again.",
        partner=partner,
    )


def _steps_of(transmission: Transmission) -> list[Step]:
    """Return the steps that follow from what is recorded of the file: the same ones each time."""
    steps = steps_for(Document.objects.filter(interchange__transmission=transmission))
    return steps + interchange_answer_steps(transmission)


def interchange_answer_steps(transmission: Transmission) -> list[Step]:
    """Return the steps that send our answers (TA1) to the interchanges of a file."""
    return answer_steps(
        Interchange.objects.filter(
            direction=Direction.OUT, documents__answers_interchanges__source__transmission=transmission
        )
    )


def steps_for(documents: QuerySet[Document]) -> list[Step]:
    """Return what follows from received documents: each that can be is matched, and each of our answers sent."""
    received = documents.filter(transaction_set__in=MATCHED_SETS).order_by("pk")
    steps = [Step("match", str(document.pk), f"document:{document.pk}") for document in received]
    return steps + answer_steps(
        Interchange.objects.filter(direction=Direction.OUT, documents__answers__source__in=documents)
    )


def record_piece(
    transmission: Transmission,
    position: int,
    piece: Piece,
    *,
    whole: bool,
    standing: Interchange | None = None,
) -> None:
    """Record one interchange of a file and its documents, or open the case that says why it is kept and not read.

    ``whole``: the file holds nothing else. ``standing`` is the interchange where it was kept and is now read again: its
    documents are added to it, and somebody has decided that its number holds though it was used before.
    """
    reading = read_interchange(piece.data)
    if reading.problem and not reading.sender_id:
        _case(
            transmission, Kind.UNREADABLE, f"{transmission.name} on {transmission.mailbox}: {reading.problem}"
        )
        return
    envelope = Envelope(
        sender_qualifier=storable(reading.sender_qualifier),
        sender_id=storable(reading.sender_id),
        receiver_qualifier=storable(reading.receiver_qualifier),
        receiver_id=storable(reading.receiver_id),
        control_number=storable(reading.control_number),
        version=storable(reading.version),
        usage_indicator=storable(reading.usage_indicator),
    )
    belonging = find_agreement(
        transmission.mailbox,
        sender=(envelope.sender_qualifier, envelope.sender_id),
        receiver=(envelope.receiver_qualifier, envelope.receiver_id),
    )
    interchange = standing or Interchange.objects.create(
        direction=Direction.IN,
        mailbox=transmission.mailbox,
        agreement=belonging.agreement,
        payload=transmission.payload if whole else store.put(piece.data),
        transmission=transmission,
        position=position,
        name=transmission.name,
        correlation_id=transmission.correlation_id,
        **vars(envelope),
    )
    not_ours = belonging.problem or _usage_problem(interchange)
    refused = not_ours or _broken_envelope(reading)
    if refused:
        _answer(interchange, reading, belonging)
        kind = Kind.NOT_FOR_US if not_ours else Kind.UNREADABLE
        _case(
            transmission, kind, f"{transmission.name} on {transmission.mailbox} was kept and not read. {refused}",
            partner=belonging.agreement.partner if belonging.agreement else None,
        )  # fmt: skip
        return
    assert belonging.agreement is not None
    if not _is_new(interchange, envelope, belonging.agreement, piece.data, decided=standing is not None):
        _answer(interchange, reading, belonging, was_used=True)
        return
    _answer(interchange, reading, belonging)
    received = Received(interchange, reading, belonging.agreement, hashlib.sha256(piece.data).hexdigest())
    place = 0
    for each in acknowledgment_sets(reading, piece.data):
        _record_set(received, reading.version, "", each, _ACCEPTED, place)
        place += 1
    for group in reading.groups:
        place = _record_group(received, group, place)


def _answer(
    interchange: Interchange, reading: InterchangeReading, belonging: Belonging, *, was_used: bool = False
) -> None:
    """Prepare the interchange acknowledgment (TA1), also of an interchange that is refused."""
    mailbox = interchange.mailbox
    sender = (interchange.sender_qualifier, interchange.sender_id)
    agreement = belonging.agreement or agreement_of_sender(mailbox, sender)
    if agreement is None:
        return
    receivers, senders = identities(mailbox)
    verdict = judge_interchange(
        reading,
        receivers=receivers,
        senders=senders,
        numbers_seen={reading.control_number} if was_used else (),
        usage=agreement.usage,
    )
    acknowledge_interchange(agreement, interchange, reading, verdict, database_now())


def _broken_envelope(reading: InterchangeReading) -> str:
    """Return why nothing of the interchange is used: what its envelope says of itself does not hold."""
    errors = (finding.sentence for finding in reading.findings if finding.severity == "error")
    return reading.problem or next(errors, "")


def _usage_problem(interchange: Interchange) -> str:
    wanted = interchange.agreement.usage if interchange.agreement else interchange.mailbox.usage_indicator
    if interchange.usage_indicator == wanted:
        return ""
    words = {"P": "production", "T": "test", "I": "information"}
    return (
        f"It is marked as {words.get(interchange.usage_indicator, interchange.usage_indicator)} data (ISA15"
        f" {interchange.usage_indicator}), and {interchange.mailbox} carries {words[wanted]} data. Ask the sender to"
        " send it through the right mailbox."
    )


def _is_new(
    interchange: Interchange, envelope: Envelope, agreement: Agreement, data: bytes, *, decided: bool
) -> bool:
    """Say whether the interchange's number was not used before; a number used twice is recorded or a case.

    ``decided``: with other content it holds all the same.
    """
    earlier = earlier_interchanges(envelope, agreement, interchange)
    if not earlier:
        return True
    transmission = interchange.transmission
    assert transmission is not None
    # The last terminator may come late: with it and without it is the same interchange.
    terminator = read_interchange(data).separators.segment.encode("latin-1")
    forms = (data, data + terminator, data.removesuffix(terminator))
    if any(same_content(each.payload, form) for each in earlier for form in forms):
        sentence = (
            f"Interchange {envelope.control_number} of {agreement.partner} arrived again with the same content:"
            " recorded, nothing done twice."
        )
        record_event(f"transmission:{transmission.pk}", "arrived_again", sentence)
        return False
    if decided:
        return True
    _case(
        transmission,
        Kind.DUPLICATE,
        f"{agreement.partner} used interchange control number {envelope.control_number} again, with other content, in"
        f" {transmission.name}. It was kept and not read: ask the partner which of the two holds, or whether he"
        " restarted his numbers.",
        partner=agreement.partner,
    )
    return False


def _record_group(received: Received, group: GroupReading, place: int) -> int:
    check = GroupCheck(group)
    verdicts, documents = [], []
    for each in group.sets:
        verdict = check.check(each)
        documents.append(_record_set(received, group.version, group.control_number, each, verdict, place))
        # What was walked through of a set is needed no more: a group may hold ten sets of 10,000 lines.
        verdicts.append(replace(verdict, walk=None))
        place += 1
    for finding in group_findings(group):
        if finding.severity == "error":
            transmission = received.interchange.transmission
            assert transmission is not None
            _case(
                transmission, Kind.UNREADABLE,
                f"Group {group.control_number} of {received.agreement.partner} in {transmission.name}:"
                f" {finding.sentence}",
                partner=received.agreement.partner,
            )  # fmt: skip
            break
    acknowledge_group(received.agreement, group, verdicts, documents, database_now())
    return place


def _record_set(
    received: Received, version: str, group_number: str, each: SetReading, verdict: SetVerdict, place: int
) -> Document:
    agreement = received.agreement
    set_code, release = storable(each.code)[:6], storable(version)[:12]
    used = guide_for(agreement, set_code, Direction.IN, release)
    document = Document.objects.create(
        interchange=received.interchange,
        agreement=agreement,
        partner=agreement.partner,
        direction=Direction.IN,
        transaction_set=set_code,
        version=release,
        group_control_number=storable(group_number)[:9],
        control_number=storable(each.control_number)[:9],
        position=place,
        offset=each.offset,
        length=each.length,
        guide=used.name if used else "",
    )
    translated = write_content(document, each, verdict, received.sha256)
    name = document_name(set_code)
    record_event(
        f"document:{document.pk}", "translated", f"{name} of {agreement.partner} read.", document=document
    )
    problem = reading_problem(document, verdict, translated.number)
    if problem:
        open_reading_case(document, problem)
    return document


def reading_problem(document: Document, verdict: SetVerdict, number: str) -> str:
    """Return why nothing comes of a document that was read: it does not hold, or is not agreed; else ``""``."""
    name, agreement = document_name(document.transaction_set), document.agreement
    assert agreement is not None
    if verdict.code == "R" and document.transaction_set not in ACKNOWLEDGMENTS:
        return (
            f"{name} {number} of {agreement.partner} does not hold to the standard and was rejected:"
            f" {_first_error(verdict)}"
        )
    if document.transaction_set not in MATCHED_SETS or not receives(agreement, document.transaction_set):
        return (
            f"{agreement.partner} sent {name}, which is not among the documents received under {agreement}. It was"
            " kept; add it to the agreement or tell the partner."
        )
    return ""


def reading_cause(document: Document) -> str:
    """Return the cause of the case that nothing comes of ``document`` as it was read."""
    return f"document:{document.pk}:{Kind.UNREADABLE}"


def open_reading_case(document: Document, sentence: str) -> None:
    """Open the case that nothing comes of ``document`` as it was read."""
    open_case(
        Kind.UNREADABLE,
        reading_cause(document),
        sentence,
        document=document,
        transmission=document.interchange.transmission,
        partner=document.partner,
    )


def _first_error(verdict: SetVerdict) -> str:
    return next(finding.sentence for finding in verdict.findings if finding.severity == "error")


def _case(transmission: Transmission, kind: str, sentence: str, **links: object) -> None:
    cause = f"transmission:{transmission.pk}:{kind}:{hashlib.sha256(sentence.encode()).hexdigest()[:8]}"
    open_case(kind, cause, sentence, transmission=transmission, mailbox=transmission.mailbox, **links)
