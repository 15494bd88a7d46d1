"""Reads one interchange: ISA, its groups, and where each transaction set lies.

Only the envelope is parsed here; a set's segments are parsed when they are asked for, so that a mailbag of
many sets takes the memory of one. Nothing raises on content: what is wrong becomes a finding or a
``problem``.

Severity of envelope faults: those of the interchange carry TA1 note codes; a group whose GE is missing or
disagrees is a *warning* (AK9 E with AK905), because its sets are whole and judged one by one, and rejecting
them would make the partner send again what was processed.
"""

from __future__ import annotations

import codecs
import re
from dataclasses import dataclass, field

from integration.x12.elements import is_date, is_time
from integration.x12.findings import (
    Finding,
    Severity,
    group_finding,
    interchange_finding,
    segment_finding,
    set_finding,
)
from integration.x12.isa import Isa, parse_isa
from integration.x12.splitting import PADDING, same_number, split_interchanges
from integration.x12.syntax import Segment, Separators, segment

MAX_SET_BYTES = 20 * 1024 * 1024
MAX_SEGMENT_BYTES = 64 * 1024
# Each costs some hundred bytes of memory: a bound for hostile files, far above any real mailbag.
MAX_ENVELOPE_SEGMENTS = 400_000

_NETWORK_SERVICE = frozenset({b"ISB", b"ISE", b"TA3"})
_LEADING = " \t\r\n\x00"
_NUMBER = re.compile(r"[0-9]{1,9}")


@dataclass(slots=True)
class SetReading:
    """Where one transaction set lies: ``length`` bytes at ``offset`` of the interchange, from ST to SE.

    ``code`` is ST01, ``control_number`` ST02. ``problem`` is the sentence why its segments are refused (its
    size). ``findings`` is what the envelope showed: oversized segments, and the reason of ``problem``.
    """

    code: str
    control_number: str
    offset: int
    length: int
    separators: Separators
    findings: list[Finding] = field(default_factory=list)
    problem: str | None = None
    _data: bytes = field(default=b"", repr=False)
    _encoding: str = field(default="latin-1", repr=False)

    @property
    def segments(self) -> list[Segment]:
        """ST to SE (or to where the set breaks off), numbered from 1. Parsed anew at each reading: keep the
        list."""
        if self.problem is not None:
            return []
        raw = self._data[self.offset : self.offset + self.length]
        return parse_segments(raw.decode(self._encoding), self.separators)

    @property
    def raw(self) -> bytes:
        """The exact bytes of the set."""
        return self._data[self.offset : self.offset + self.length]


@dataclass(slots=True)
class GroupReading:
    """A functional group: GS01 to GS08 as they stand there, its sets, and what its trailer said.

    ``declared_count`` is GE01, None where GE is missing or GE01 is no number; ``findings`` carry AK905 codes.
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


@dataclass(slots=True)
class InterchangeReading:
    """One interchange. ``problem`` says why it could not be read (then all fields are empty).

    IDs are stripped of their padding; date (ISA09, YYMMDD) and time (ISA10, HHMM) are as given. ``groups``
    may hold a group with empty fields: sets that stand in no group. ``interchange_acknowledgments`` are its
    TA1 segments. ``findings`` carry TA1 note codes; ``notes`` say what was tolerated.
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
    findings: list[Finding] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    problem: str | None = None


def parse_segments(text: str, separators: Separators) -> list[Segment]:
    """Segments of decoded text, numbered from 1; blanks and newlines before a tag and empty segments belong
    to nobody. An unterminated last segment is a segment."""
    leading = "".join(each for each in _LEADING if each != separators.element)
    found: list[Segment] = []
    for raw in text.split(separators.segment):
        line = raw.lstrip(leading).rstrip("\r\n")
        if line:
            tag, *elements = line.split(separators.element)
            found.append(segment(tag, *elements, position=len(found) + 1))
    return found


def read_interchange(data: bytes) -> InterchangeReading:
    """Reads the first interchange of ``data`` (``split_interchanges`` cuts a file into them)."""
    pieces = split_interchanges(data)
    if not pieces.pieces:
        return InterchangeReading(problem=pieces.problem, notes=pieces.notes)
    piece = pieces.pieces[0]
    isa = parse_isa(piece.data)
    if not isinstance(isa, Isa):
        return InterchangeReading(problem=isa, notes=pieces.notes)
    reading = _header(isa)
    reading.notes.extend(pieces.notes)
    if len(pieces.pieces) > 1:
        reading.notes.append(f"{len(pieces.pieces) - 1} further interchanges in these bytes were not read.")
    _Scan(piece.data, isa, reading).run()
    return reading


def _header(isa: Isa) -> InterchangeReading:
    reading = InterchangeReading(
        sender_qualifier=isa[5].strip(),
        sender_id=isa[6].strip(),
        receiver_qualifier=isa[7].strip(),
        receiver_id=isa[8].strip(),
        date=isa[9].strip(),
        time=isa[10].strip(),
        version=isa[12].strip(),
        control_number=isa[13].strip(),
        acknowledgment_requested=isa[14] == "1",
        usage_indicator=isa[15],
        separators=isa.separators,
    )
    checks = (
        (bool(reading.sender_id), "006", 6, "the sender ID is blank"),
        (bool(reading.receiver_id), "008", 8, "the receiver ID is blank"),
        (len(reading.date) == 6 and is_date(reading.date), "014", 9, "is not a date"),
        (is_time(reading.time) and len(reading.time) == 4, "015", 10, "is not a time"),
        (re.fullmatch(r"[0-9]{9}", isa[13]) is not None, "018", 13, "the control number is not nine digits"),
        (isa[14] in ("0", "1"), "019", 14, "is neither 0 nor 1"),
        (isa[15] in ("T", "P", "I"), "020", 15, "is none of P, T and I"),
    )
    for good, code, number, words in checks:
        if not good:
            sentence = f"ISA{number:02d} {isa[number].strip()!r}: {words}; tell the partner."
            reading.findings.append(interchange_finding("warning", "ISA", code, isa[number], sentence))
    return reading


def _text_encoding(data: bytes) -> str:
    decoder = codecs.getincrementaldecoder("utf-8")()
    try:
        for at in range(0, len(data), 1 << 20):
            decoder.decode(data[at : at + (1 << 20)], final=at + (1 << 20) >= len(data))
    except UnicodeDecodeError:
        return "latin-1"
    return "utf-8"


class _Scan:
    """One pass over the envelope segments of an interchange; the segments in between are jumped over."""

    def __init__(self, data: bytes, isa: Isa, reading: InterchangeReading) -> None:
        self.data = data
        self.isa = isa
        self.reading = reading
        self.encoding = "utf-8" if data.isascii() else _text_encoding(data)
        self.element = isa.separators.element
        self.terminator = isa.separators.segment.encode("latin-1")
        self.group: GroupReading | None = None
        self.set: SetReading | None = None
        self.closed = False
        # Where the last envelope segment ended: what lies from there to the next one, outside sets, is stray.
        self.cursor = isa.length
        self.group_numbers: set[tuple[str, str]] = set()

    def run(self) -> None:
        element, terminator = re.escape(self.element.encode("latin-1")), re.escape(self.terminator)
        pattern = b"[%b][ \t\r\n\x00]*(GS|ST|SE|GE|IEA|TA1)(?=[%b%b]|\\Z)" % (terminator, element, terminator)
        steps = {
            "GS": self._gs,
            "ST": self._st,
            "SE": self._se,
            "GE": self._ge,
            "IEA": self._iea,
            "TA1": self._ta1,
        }
        count = 0
        for found in re.compile(pattern).finditer(self.data, self.isa.length - 1):
            count += 1
            if count > MAX_ENVELOPE_SEGMENTS:
                self._give_up()
                return
            start = found.start(1)
            end = self.data.find(self.terminator, start)
            end = len(self.data) if end < 0 else end
            tag = found.group(1).decode("ascii")
            if self.set is None:
                self._report_stray(start)
            elif tag == "TA1":
                continue
            steps[tag](self._parse(start, end), start, min(end + 1, len(self.data)))
        self._finish()

    def _give_up(self) -> None:
        self.reading.groups.clear()
        self.reading.problem = (
            f"The interchange has more than {MAX_ENVELOPE_SEGMENTS} envelope segments; "
            "ask for smaller interchanges."
        )

    def _parse(self, start: int, end: int) -> Segment:
        text = self.data[start : min(end, start + MAX_SEGMENT_BYTES)].decode(self.encoding, "replace")
        tag, *elements = text.rstrip("\r\n").split(self.element)
        return segment(tag, *elements)

    def _report(self, severity: Severity, tag: str, code: str, value: str, sentence: str) -> None:
        self.reading.findings.append(interchange_finding(severity, tag, code, value, sentence))

    def _report_stray(self, until: int) -> None:
        stray = self.data[self.cursor : until].strip(PADDING + self.terminator)
        if not stray:
            return
        where = f"{len(stray)} bytes at {self.cursor}"
        if self._is_network_service(stray):
            self.reading.notes.append(f"{where} are words to the network (ISB, ISE, TA3) and were not read.")
            return
        shown = stray[:40].decode("ascii", "backslashreplace")
        sentence = f"{where} stand outside any transaction set and were not read."
        self._report("error", shown.split(self.element)[0][:3], "022", shown, sentence)

    def _is_network_service(self, stray: bytes) -> bool:
        """Whether only segments stand there that the standard lets a sender address to his network."""
        element = self.element.encode("latin-1")
        tags = {part.strip(PADDING).split(element)[0] for part in stray.split(self.terminator)}
        return tags <= _NETWORK_SERVICE

    def _gs(self, gs: Segment, start: int, end: int) -> None:
        self._end_set(start)
        self._end_group()
        self.cursor = end
        group = GroupReading(
            functional_id=gs[1].strip(),
            sender=gs[2].strip(),
            receiver=gs[3].strip(),
            date=gs[4].strip(),
            time=gs[5].strip(),
            control_number=gs[6].strip(),
            agency=gs[7].strip(),
            version=gs[8].strip(),
        )
        self.group = group
        self.reading.groups.append(group)
        if not all(gs[number].strip() for number in range(1, 9)):
            self._report(
                "error", "GS", "024", group.control_number, "The GS lacks an element; all eight are needed."
            )
        self._check_group_number(group)

    def _check_group_number(self, group: GroupReading) -> None:
        number = group.control_number
        if not _NUMBER.fullmatch(number):
            sentence = f"GS06 {number!r} is not a number of one to nine digits; tell the partner."
            group.findings.append(group_finding("warning", "GS", "6", number, sentence))
        key = (group.functional_id, number)
        if key in self.group_numbers:
            sentence = f"GS06 {number!r} was already used in this interchange; tell the partner."
            group.findings.append(group_finding("warning", "GS", "19", number, sentence))
        self.group_numbers.add(key)

    def _st(self, st: Segment, start: int, end: int) -> None:
        self._end_set(start)
        if self.group is None:
            sentence = (
                "A transaction set stands outside any functional group (GS is missing); ask for it again."
            )
            self._report("error", "ST", "024", st[2], sentence)
            self.group = GroupReading("", "", "", "", "", "", "", "")
            self.reading.groups.append(self.group)
        self.cursor = end
        self.set = SetReading(
            st[1].strip(),
            st[2].strip(),
            start,
            0,
            self.isa.separators,
            _data=self.data,
            _encoding=self.encoding,
        )
        self.group.sets.append(self.set)

    def _se(self, se: Segment, start: int, end: int) -> None:
        self.cursor = end
        if self.set is None:
            sentence = f"An SE with number {se[2]!r} closes no transaction set; tell the partner."
            self._report("error", "SE", "022", se[2], sentence)
        self._end_set(end)

    def _end_set(self, end: int) -> None:
        ended, self.set = self.set, None
        if ended is None:
            return
        ended.length = end - ended.offset
        if ended.length > MAX_SET_BYTES:
            ended.problem = (
                f"The transaction set has {ended.length} bytes, at most {MAX_SET_BYTES} are read; "
                "ask the partner to split it."
            )
            ended.findings.append(set_finding("error", "ST", "5", "", ended.problem))
        elif ended.length > MAX_SEGMENT_BYTES:
            self._check_segment_sizes(ended)

    def _check_segment_sizes(self, ended: SetReading) -> None:
        at, end = ended.offset, ended.offset + ended.length
        while end - at > MAX_SEGMENT_BYTES:
            last = self.data.rfind(self.terminator, at, at + MAX_SEGMENT_BYTES + 1)
            if last < 0:
                following = self.data.find(self.terminator, at, end)
                last = end if following < 0 else following
                position = self.data.count(self.terminator, ended.offset, at) + 1
                tag = self.data[at : at + 5].strip(PADDING)[:3].decode("ascii", "replace")
                sentence = (
                    f"{tag} (segment {position}) has {last - at} bytes, at most {MAX_SEGMENT_BYTES} are sane."
                )
                ended.findings.append(segment_finding("error", tag, position, "", "8", sentence))
            at = last + 1

    def _ge(self, ge: Segment, start: int, end: int) -> None:
        self._end_set(start)
        self.cursor = end
        group = self.group
        if group is None:
            self._report(
                "error", "GE", "022", ge[2], f"A GE with number {ge[2]!r} closes no group; tell the partner."
            )
            return
        group.trailer_control_number = ge[2].strip()
        if _NUMBER.fullmatch(ge[1].strip()):
            group.declared_count = int(ge[1].strip())
        if not same_number(group.trailer_control_number, group.control_number):
            sentence = f"GE02 {ge[2]!r} differs from GS06 {group.control_number!r}; tell the partner."
            group.findings.append(group_finding("warning", "GE", "4", ge[2], sentence))
        if group.declared_count != len(group.sets):
            sentence = (
                f"GE01 says {ge[1]!r} sets, {len(group.sets)} were received; ask whether one is missing."
            )
            group.findings.append(group_finding("warning", "GE", "5", ge[1], sentence))
        self.group = None

    def _end_group(self) -> None:
        ended, self.group = self.group, None
        if ended is not None and ended.functional_id:
            sentence = f"Group {ended.control_number!r} has no GE; ask the partner whether sets are missing."
            ended.findings.append(group_finding("warning", "GE", "3", ended.control_number, sentence))

    def _iea(self, iea: Segment, start: int, end: int) -> None:
        self._end_set(start)
        self._end_group()
        self.cursor = end
        if self.closed:
            self._report(
                "error", "IEA", "022", iea[2], "A second IEA closes no interchange; tell the partner."
            )
            return
        self.closed = True
        reading = self.reading
        if not same_number(iea[2], reading.control_number):
            sentence = (
                f"IEA02 {iea[2]!r} differs from ISA13 {reading.control_number!r}; ask for the file again."
            )
            self._report("error", "IEA", "001", iea[2], sentence)
        groups = sum(1 for group in reading.groups if group.functional_id or group.control_number)
        if not same_number(iea[1], str(groups)):
            sentence = f"IEA01 says {iea[1]!r} groups, {groups} were received; ask for the file again."
            self._report("error", "IEA", "021", iea[1], sentence)

    def _ta1(self, ta1: Segment, start: int, end: int) -> None:
        self.cursor = end
        self.reading.interchange_acknowledgments.append(ta1)

    def _finish(self) -> None:
        if self.set is None:
            self._report_stray(len(self.data))
        self._end_set(len(self.data))
        self._end_group()
        if not self.closed:
            sentence = "The interchange has no IEA: it is cut off; ask for it again."
            self._report("error", "IEA", "023", "", sentence)
