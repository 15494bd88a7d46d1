"""One document of ours into one interchange: numbers taken, exact bytes and identity stored, in one transaction."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from archive import store
from archive.clock import database_now
from archive.correlation import current_correlation_id, new_correlation_id
from archive.models import DataSubject, Direction, Document, Interchange
from archive.projections import write_content
from integration.errors import PermanentError
from integration.x12.envelope import (
    EnvelopeError,
    GroupToWrite,
    InterchangeHeader,
    SetToWrite,
    read_interchange,
    write_interchange,
)
from integration.x12.separator_names import separator_words
from integration.x12.syntax import (
    REPETITION_SEPARATORS,
    Segment,
    Separators,
    UnsafeData,
    choose_separators,
    segment,
)
from integration.x12.tables import find_table
from integration.x12.validate import check_group
from partners.control_numbers import next_control_number
from partners.models import Agreement, ControlNumber


class NotWritable(PermanentError):
    """The document cannot be written for this partner; ``str()`` says which value stands in the way."""


@dataclass(frozen=True)
class Outgoing:
    """What is to be sent: the body of one transaction set (without ST and SE), for one agreement.

    ``guide`` is the name of the guide that wrote it, "" where none did. ``version`` is GS08 where it is not the
    agreement's: an acknowledgment speaks the version that it answers.
    """

    agreement: Agreement
    transaction_set: str
    segments: Sequence[Segment]
    time_zone: ZoneInfo
    guide: str = ""
    version: str = ""

    @property
    def written_version(self) -> str:
        """Return GS08 as it is written."""
        return self.version or self.agreement.version


def store_interchange(outgoing: Outgoing, now: datetime, person: DataSubject | None = None) -> Document:
    """Store the interchange that carries ``outgoing`` and return its document. The caller holds a transaction.

    What speaks of a ``person`` is put under that person's key.

    Raises ``NotWritable``, with nothing stored, where the data cannot be written or would not be valid.
    """
    agreement = outgoing.agreement
    separators = separators_of(outgoing)
    sender = f"{agreement.own_qualifier}:{agreement.own_id}"
    receiver = str(agreement.identifier)
    epoch, number = next_control_number(sender, receiver, ControlNumber.Kind.INTERCHANGE)
    _, group_number = next_control_number(sender, receiver, ControlNumber.Kind.GROUP)
    data = _bytes(outgoing, separators, number, group_number, now)
    reading = read_interchange(data)
    group = reading.groups[0]
    verdict = check_group(group)[0]
    errors = [finding for finding in verdict.findings if finding.severity == "error"]
    if errors:
        more = f" and {len(errors) - 1} more" if len(errors) > 1 else ""
        raise NotWritable(f"It would not be valid: {errors[0].sentence}{more}")
    interchange = record_interchange(
        agreement, data, epoch, file_name(agreement, number, outgoing.transaction_set), person
    )
    located = group.sets[0]
    document = Document.objects.create(
        interchange=interchange,
        agreement=agreement,
        partner=agreement.partner,
        direction=Direction.OUT,
        transaction_set=outgoing.transaction_set,
        version=group.version,
        group_control_number=group.control_number,
        control_number=located.control_number,
        position=0,
        offset=located.offset,
        length=located.length,
        guide=outgoing.guide,
    )
    write_content(document, located, verdict, hashlib.sha256(data).hexdigest())
    return document


def record_interchange(
    agreement: Agreement, data: bytes, epoch: int, name: str, person: DataSubject | None = None
) -> Interchange:
    """Store the bytes of one interchange of ours with what identifies it."""
    reading = read_interchange(data)
    return Interchange.objects.create(
        direction=Direction.OUT,
        mailbox=agreement.mailbox,
        agreement=agreement,
        payload=store.put(data, subject=person),
        name=name,
        sender_qualifier=reading.sender_qualifier,
        sender_id=reading.sender_id,
        receiver_qualifier=reading.receiver_qualifier,
        receiver_id=reading.receiver_id,
        control_number=reading.control_number,
        epoch=epoch,
        version=reading.version,
        usage_indicator=reading.usage_indicator,
        correlation_id=current_correlation_id() or new_correlation_id(),
    )


def _interchange_version(outgoing: Outgoing) -> str:
    """Return ISA12: what is agreed on for documents of the agreed version, else what goes with the version written."""
    agreement = outgoing.agreement
    agreed = agreement.interchange_version if outgoing.written_version == agreement.version else ""
    return agreed or outgoing.written_version[:5]


def envelope_of(agreement: Agreement) -> dict[str, Any]:
    """Return ISA and GS of a purchase order as they would go out now, numbered 1, as ``lines``; or the ``problem``."""
    body = [segment("BEG", "00", "DS", "1", "", "20261124")]
    outgoing = Outgoing(agreement, "850", body, ZoneInfo(agreement.time_zone or "UTC"))
    try:
        separators = separators_of(outgoing)
        data = _bytes(outgoing, separators, 1, 1, database_now())
    except (NotWritable, ValueError) as error:
        return {"problem": str(error)}
    shown = data.decode(agreement.character_set).split(separators.segment)[:2]
    end = separator_words(separators.segment)
    names = {ord(each): separator_words(each) for each in separators.characters() if not each.isprintable()}
    return {"lines": [f"{line.strip(chr(10)).translate(names)}{end}" for line in shown]}


def separators_of(outgoing: Outgoing) -> Separators:
    """Return the separators that ``outgoing`` is written with: those agreed on, or free ones. Raises ``NotWritable``."""
    agreement = outgoing.agreement
    agreed = (agreement.element_separator, agreement.segment_terminator, agreement.component_separator)
    # ISA11 holds a repetition separator from 005010 on; where none is agreed, any free one will do.
    repetition = None
    if outgoing.written_version >= "005010":
        free = (each for each in REPETITION_SEPARATORS if each not in agreed)
        repetition = agreement.repetition_separator or next(free)
    preferred = Separators(*agreed, repetition)
    problem = preferred.problem()
    if problem:
        raise NotWritable(f"{problem} Mend the separators of agreement {agreement}.")
    chosen = choose_separators(outgoing.segments, preferred)
    return replace(preferred, repetition=chosen.repetition) if agreement.separators_fixed else chosen


def _bytes(
    outgoing: Outgoing, separators: Separators, number: int, group_number: int, now: datetime
) -> bytes:
    agreement = outgoing.agreement
    local = now.astimezone(outgoing.time_zone)
    table = find_table(outgoing.transaction_set, outgoing.written_version)
    if table is None:
        raise NotWritable(
            f"Version {outgoing.written_version} of transaction set {outgoing.transaction_set} is not known; mend the version"
            f" of agreement {agreement}."
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
        version=_interchange_version(outgoing),
    )
    group = GroupToWrite(
        functional_id=table.group,
        sender=agreement.own_group_id or agreement.own_id,
        receiver=agreement.partner_group_id or agreement.identifier.value,
        date=local.date(),
        time=local.time(),
        control_number=group_number,
        sets=[SetToWrite(outgoing.transaction_set, 1, outgoing.segments)],
        version=outgoing.written_version,
    )
    try:
        return write_interchange(
            header,
            [group],
            separators,
            agreement.character_set,  # type: ignore[arg-type]
            line_breaks=agreement.line_breaks,
        )
    except UnsafeData as error:
        raise NotWritable(_why_unsafe(error, agreement)) from error
    except EnvelopeError as error:
        raise NotWritable(f"{error} Mend agreement {agreement}.") from error


def _why_unsafe(error: UnsafeData, agreement: Agreement) -> str:
    place = f"{error.segment.tag}{error.element:02d}"
    if not error.character.isascii():
        return (
            f"“{error.text}” ({place}) holds “{error.character}”, which the character set agreed with"
            f" {agreement.partner} ({agreement.get_character_set_display()}) does not have. Correct the order in the"
            f" store, or agree on Unicode and set it on agreement {agreement}."
        )
    return (
        f"“{error.text}” ({place}) holds “{error.character}”, which {agreement.partner} uses as a separator. Correct"
        f" the order in the store, or let agreement {agreement} choose free separators."
    )


def file_name(agreement: Agreement, number: int, transaction_set: str) -> str:
    """Return the file's name on the mailbox: letters, digits, dot, dash and underscore only."""
    name = agreement.mailbox.outbound_name.format(
        receiver=agreement.identifier.value, number=f"{number:09d}", set=transaction_set
    )
    return re.sub(r"[^A-Za-z0-9._-]", "-", name).lstrip(".")
