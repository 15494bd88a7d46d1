"""Interchange acknowledgments (TA1): built from our judgement on an interchange, and read from a partner.

A TA1 stands between ISA and the first GS. It names the interchange that it answers by ISA13 and its date and time.
"""

from __future__ import annotations

from dataclasses import dataclass

from integration.x12.acknowledgment_codes import CODE_MEANINGS, INTERCHANGE_CODES, NOTE_MEANINGS
from integration.x12.acknowledgment_writing import ACKNOWLEDGMENT_GROUP, Cleaner
from integration.x12.interchange import InterchangeVerdict
from integration.x12.received import InterchangeReading, SetReading
from integration.x12.syntax import Segment, Separators, segment


@dataclass(frozen=True, slots=True)
class InterchangeAcknowledgment:
    """A TA1 as it was read: TA101 (ISA13 of the interchange that it answers) to TA105, blanks stripped.

    ``code`` is A, E or R, ``note`` the TA1 note code. ``problems`` are sentences on what could not be understood.
    """

    control_number: str
    date: str
    time: str
    code: str
    note: str
    problems: list[str]

    @property
    def accepted(self) -> bool:
        return self.code in ("A", "E")

    @property
    def words(self) -> str:
        """What it says, for people: ``rejected: the control number was used before (025)``."""
        said = CODE_MEANINGS.get(self.code, f"code {self.code!r}")
        if self.note == "000":
            return said
        return f"{said}: {NOTE_MEANINGS.get(self.note, 'for a reason that we do not know')} ({self.note})"


def build_ta1(
    reading: InterchangeReading, verdict: InterchangeVerdict, separators: Separators | None = None
) -> Segment:
    """The TA1 that answers an interchange. What it quotes is cleaned of ``separators`` and cut to its width."""
    clean = Cleaner(separators or Separators())
    return segment(
        "TA1",
        clean(reading.control_number, 9).zfill(9),
        clean(reading.date, 6),
        clean(reading.time, 4),
        verdict.code,
        verdict.note,
    )


def read_ta1(ta1: Segment) -> InterchangeAcknowledgment:
    """Reads one TA1. Never raises on content: what is strange stands in ``problems``."""
    control_number, date, time, code, note = (ta1[number].strip() for number in range(1, 6))
    problems = []
    if not (control_number.isascii() and control_number.isdigit()):
        problems.append(
            f"TA101 {control_number!r} is no control number: it is not known what is acknowledged."
        )
    if code not in INTERCHANGE_CODES:
        problems.append(f"TA104 {code!r} is none of A, E and R; ask the partner what it means.")
    if note not in NOTE_MEANINGS:
        problems.append(f"TA105 {note!r} is not a note code that we know.")
    if len(ta1) > 5:
        problems.append(f"The TA1 has {len(ta1)} elements instead of 5; the others were not read.")
    return InterchangeAcknowledgment(control_number, date, time, code, note, problems)


def acknowledgment_sets(reading: InterchangeReading, data: bytes) -> list[SetReading]:
    """Each TA1 of the interchange ``data`` as a set of one segment, by its place: what an archive keeps of it."""
    return [
        SetReading("TA1", ta1[1].strip(), offset, length, reading.separators, _data=data, _start=offset)
        for ta1, (offset, length) in zip(
            reading.interchange_acknowledgments, reading.acknowledgment_places, strict=True
        )
    ]


def only_acknowledges(reading: InterchangeReading) -> bool:
    """Whether an interchange carries acknowledgments and nothing else: such a one is never answered."""
    if not reading.groups:
        return bool(reading.interchange_acknowledgments)
    return all(group.functional_id == ACKNOWLEDGMENT_GROUP for group in reading.groups)
