"""What an interchange that was read looks like: its header, its groups, and where each set lies.

A set's segments are parsed when they are asked for, so that a mailbag of many sets takes the memory of one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from integration.x12.findings import Finding
from integration.x12.syntax import Segment, Separators, placed_segments

MAX_SET_BYTES = 20 * 1024 * 1024
MAX_SEGMENT_BYTES = 64 * 1024

_LEADING = " \t\r\n\x00"

Row = tuple[str, ...]


@dataclass(slots=True)
class SetReading:
    """Where one transaction set lies: ``length`` bytes at ``offset`` of the interchange, from ST to SE.

    ``code`` is ST01, ``control_number`` ST02, ``convention`` ST03 (from 005010 on). ``problem`` is the sentence why its segments are refused (its
    size). ``findings`` is what the envelope showed: oversized segments, and the reason of ``problem``.
    """

    code: str
    control_number: str
    offset: int
    length: int
    separators: Separators
    findings: list[Finding] = field(default_factory=list)
    problem: str | None = None
    convention: str = ""
    # The bytes around the set, and where it begins in them: the whole interchange, or the set alone where the
    # interchange was read from a stream.
    _data: bytes = field(default=b"", repr=False)
    _start: int = field(default=0, repr=False)

    @property
    def segments(self) -> list[Segment]:
        """ST to SE (or to where the set breaks off), numbered from 1. Parsed anew at each reading: keep the
        list.

        Each set is UTF-8, or Latin-1 where it is not."""
        if self.problem is not None:
            return []
        raw = self.raw
        try:
            text = raw.decode()
        except UnicodeDecodeError:
            text = raw.decode("latin-1")
        return parse_segments(text, self.separators)

    @property
    def raw(self) -> bytes:
        """The exact bytes of the set; empty where a stream brought one that is refused for its size."""
        return self._data[self._start : self._start + self.length]


@dataclass(slots=True)
class GroupReading:
    """A functional group: GS01 to GS08 as they stand there, its sets, and what its trailer said.

    ``declared_count`` is GE01, None where GE is missing or GE01 is no number; ``findings`` carry AK905 codes.
    ``received`` counts the sets that came, also where a stream hands them on and ``sets`` stays empty.
    """

    functional_id: str
    sender: str
    receiver: str
    date: str
    time: str
    control_number: str
    agency: str
    version: str
    sets: list[SetReading] = field(default_factory=list)
    declared_count: int | None = None
    trailer_control_number: str | None = None
    findings: list[Finding] = field(default_factory=list)
    received: int = 0


@dataclass(slots=True)
class InterchangeReading:
    """One interchange. ``problem`` says why it could not be read; then there are no groups, and the header's
    fields are empty too unless it is the separators that cannot be used.

    IDs are stripped of their padding; date (ISA09, YYMMDD) and time (ISA10, HHMM) are as given. ``groups``
    may hold a group with empty fields: sets that stand in no group. ``interchange_acknowledgments`` are its
    TA1 segments, ``acknowledgment_places`` where each lies (offset and length in the interchange). ``findings`` carry TA1 note codes; ``notes`` say what was tolerated.
    """

    sender_qualifier: str = ""
    sender_id: str = ""
    receiver_qualifier: str = ""
    receiver_id: str = ""
    date: str = ""
    time: str = ""
    version: str = ""
    control_number: str = ""
    acknowledgment_requested: bool = False
    usage_indicator: str = ""
    separators: Separators = field(default_factory=Separators)
    groups: list[GroupReading] = field(default_factory=list)
    interchange_acknowledgments: list[Segment] = field(default_factory=list)
    acknowledgment_places: list[tuple[int, int]] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    problem: str | None = None


@dataclass(frozen=True, slots=True)
class InterchangeBegins:
    """An ISA was read from a stream; ``offset`` is its place in the file. The reading is filled as it goes on."""

    offset: int
    reading: InterchangeReading


@dataclass(frozen=True, slots=True)
class GroupBegins:
    """A GS was read; or, with empty fields, sets begin that stand in no group."""

    group: GroupReading


@dataclass(frozen=True, slots=True)
class SetArrives:
    """A whole transaction set; it is the receiver's alone, the stream forgets it."""

    group: GroupReading
    reading: SetReading


@dataclass(frozen=True, slots=True)
class GroupEnds:
    """Everything that the envelope says about the group is known now."""

    group: GroupReading


@dataclass(frozen=True, slots=True)
class InterchangeEnds:
    """Everything that the envelope says about the interchange is known now; ``length`` is in bytes."""

    reading: InterchangeReading
    length: int


@dataclass(frozen=True, slots=True)
class FileEnds:
    """The end of the file: ``notes`` and ``problem`` as ``FileReading`` has them."""

    notes: list[str]
    problem: str | None


Arrived = InterchangeBegins | GroupBegins | SetArrives | GroupEnds | InterchangeEnds | FileEnds


def parse_segments(text: str, separators: Separators) -> list[Segment]:
    """Segments of decoded text, numbered from 1; blanks and newlines before a tag and empty segments belong
    to nobody. An unterminated last segment is a segment."""
    rows = _plain_rows(text, separators)
    return placed_segments(_careful_rows(text, separators) if rows is None else rows)


def _plain_rows(text: str, separators: Separators) -> list[Row] | None:
    """Tag and elements of each segment of a text of nothing but segments, each perhaps on its own line; None
    where there is more."""
    element, terminator = separators.element, separators.segment
    if "\n" in text or "\r" in text:
        text = _without_line_breaks(text, element, terminator)
        if any(each in text for each in "\r\n" if each != terminator):
            return None
    lines = text.split(terminator)
    if not lines[-1]:
        lines.pop()
    # Blanks, newlines and empty segments come before every tag in the order of characters.
    if lines and min(lines) < "!":
        return None
    rows = [tuple(line.split(element)) for line in lines]
    if element + terminator in text or text.endswith(element):
        return [row if row[-1] else _without_trailing_empties(row) for row in rows]
    return rows


def _without_line_breaks(text: str, element: str, terminator: str) -> str:
    """The text without the one newline that many put behind each terminator."""
    if element in "\r\n":
        return text
    if terminator in "\r\n":
        return text.replace("\r\n", terminator)
    return text.replace(f"{terminator}\r\n", terminator).replace(f"{terminator}\n", terminator)


def _careful_rows(text: str, separators: Separators) -> list[Row]:
    leading = "".join(each for each in _LEADING if each != separators.element)
    lines = (raw.lstrip(leading).rstrip("\r\n") for raw in text.split(separators.segment))
    return [_without_trailing_empties(line.split(separators.element)) for line in lines if line]


def _without_trailing_empties(row: Sequence[str]) -> Row:
    end = len(row)
    while end > 1 and not row[end - 1]:
        end -= 1
    return tuple(row[:end])
