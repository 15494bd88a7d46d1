"""The answer to a file: what we would send back for each of its interchanges, as X12.

One interchange answers one interchange, with the parties changed over and the separators of the one answered: its TA1,
where ISA14 asks for one, between ISA and the first group, and a functional acknowledgment for each group that may be
answered. Numbers start at 1; date and time are those of the interchange answered, so that the same file always has the
same answer. An interchange that is rejected as a whole gets its TA1 and no functional acknowledgment.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime, time

from integration.x12.acknowledgment import build_997, expects_acknowledgment
from integration.x12.envelope import (
    EnvelopeError,
    GroupReading,
    GroupToWrite,
    InterchangeHeader,
    InterchangeReading,
    SetToWrite,
    read_interchange,
    split_interchanges,
    write_interchange,
)
from integration.x12.implementation_acknowledgment import build_999, has_999
from integration.x12.interchange import judge_interchange
from integration.x12.interchange_acknowledgment import build_ta1
from integration.x12.syntax import Separators, UnsafeData
from integration.x12.validate import check_group

_USAGES = ("P", "T", "I")
# Where the interchange answered has a date that is none.
_NO_DAY = datetime(2000, 1, 1)  # noqa: DTZ001 - X12 dates have no time zone


@dataclass(frozen=True, slots=True)
class Answer:
    """The bytes to send, "" where nothing is; ``notes`` say in words what is not answered, and why."""

    readable: bool
    data: bytes
    notes: tuple[str, ...]


def answer_file(data: bytes, *, as_999: bool = False) -> Answer:
    """Answers every interchange of a file. Never raises on content."""
    split = split_interchanges(data)
    if split.problem:
        return Answer(False, b"", (split.problem,))
    answers: list[bytes] = []
    notes: list[str] = []
    readable = False
    for piece in split.pieces:
        reading = read_interchange(piece.data)
        if not reading.usage_indicator:
            notes.append(f"The interchange at byte {piece.offset} gets no answer: {reading.problem}")
            continue
        readable = True
        try:
            answers.append(_answer(reading, len(answers) + 1, notes, as_999=as_999))
        except (EnvelopeError, UnsafeData) as error:
            notes.append(f"Interchange {reading.control_number} gets no answer: {error}")
    return Answer(readable, b"".join(answers), tuple(notes))


def _answer(reading: InterchangeReading, number: int, notes: list[str], *, as_999: bool) -> bytes:
    judged = judge_interchange(reading)
    groups: list[GroupToWrite] = []
    moment = _moment(reading)
    for group in reading.groups if judged.code != "R" else ():
        if expects_acknowledgment(group):
            groups.append(_answered(group, len(groups) + 1, moment, reading.separators, as_999=as_999))
        else:
            notes.append(
                f"Group {group.control_number} ({group.functional_id}) is itself an acknowledgment, or no group; "
                "it is not answered."
            )
    ta1 = [build_ta1(reading, judged, reading.separators)] if judged.requested else []
    if not groups and not ta1:
        why = "is rejected, and asks for no TA1" if judged.code == "R" else "holds nothing to be answered"
        notes.append(f"Interchange {reading.control_number} {why}.")
        return b""
    header = InterchangeHeader(
        reading.receiver_qualifier,
        reading.receiver_id,
        reading.sender_qualifier,
        reading.sender_id,
        moment.date(),
        moment.time(),
        number,
        reading.usage_indicator if reading.usage_indicator in _USAGES else "P",
        version=reading.version,
    )
    return write_interchange(
        header, groups, reading.separators, "ascii", line_breaks=True, interchange_acknowledgments=ta1
    )


def _answered(
    group: GroupReading, number: int, moment: datetime, separators: Separators, *, as_999: bool
) -> GroupToWrite:
    code = "999" if as_999 and has_999(group.version) else "997"
    build = build_999 if code == "999" else build_997
    body = build(group, check_group(group), separators)
    return GroupToWrite(
        "FA",
        group.receiver,
        group.sender,
        moment.date(),
        moment.time(),
        number,
        [SetToWrite(code, number, body)],
        version=group.version,
    )


def _moment(reading: InterchangeReading) -> datetime:
    if not re.fullmatch("[0-9]{6}", reading.date) or not re.fullmatch("[0-9]{4}", reading.time):
        return _NO_DAY
    try:
        day = date(2000 + int(reading.date[:2]), int(reading.date[2:4]), int(reading.date[4:]))
        return datetime.combine(day, time(int(reading.time[:2]), int(reading.time[2:])))
    except ValueError:
        return _NO_DAY
