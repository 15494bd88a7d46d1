"""Reads one interchange: ISA, its groups, and where each transaction set lies.

Only the envelope is parsed here; a set's segments are parsed when they are asked for, so that a mailbag of
many sets takes the memory of one. Nothing raises on content: what is wrong becomes a finding or a
``problem``.

Severity of envelope faults: those of the interchange carry TA1 note codes; a group whose GE is missing or
disagrees is a *warning* (AK9 E with AK905), because its sets are whole and judged one by one, and rejecting
them would make the partner send again what was processed.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from integration.x12.elements import is_date, is_time
from integration.x12.findings import (
    Severity,
    group_finding,
    interchange_finding,
    segment_finding,
    set_finding,
)
from integration.x12.isa import Isa, parse_isa, unusable_header
from integration.x12.received import (
    MAX_SEGMENT_BYTES,
    MAX_SET_BYTES,
    Arrived,
    GroupBegins,
    GroupEnds,
    GroupReading,
    InterchangeReading,
    SetArrives,
    SetReading,
    parse_segments,
)
from integration.x12.splitting import (
    PADDING,
    Ending,
    Stray,
    same_number,
    segment_start,
    split_interchanges,
    trailer_ending,
)
from integration.x12.syntax import Segment, Separators, segment

__all__ = [
    "MAX_SEGMENT_BYTES",
    "MAX_SET_BYTES",
    "EnvelopeScan",
    "GroupReading",
    "InterchangeReading",
    "SetReading",
    "parse_segments",
    "read_header",
    "read_interchange",
    "read_unusable",
]

# Bounds for hostile files, far above any real mailbag: each of these costs some hundred bytes of memory.
MAX_ENVELOPE_SEGMENTS = 200_000
MAX_GROUPS = 10_000
MAX_ENVELOPE_FINDINGS = 1000

# Segments that the standard lets a sender address to his network.
_NETWORK_SERVICE = frozenset({b"ISB", b"ISE", b"TA3"})
_NUMBER = re.compile(r"[0-9]{1,9}")
# ISA12: releases 002 to 008, each with its subreleases. The envelope is the same in all of them.
_VERSION = re.compile(r"[0-9]{5}")
_KNOWN_VERSION = re.compile(r"00[2-8]0[0-9]")


def read_interchange(data: bytes) -> InterchangeReading:
    """Reads the first interchange of ``data`` (``split_interchanges`` cuts a file into them)."""
    pieces = split_interchanges(data)
    if not pieces.pieces:
        return InterchangeReading(problem=pieces.problem, notes=pieces.notes)
    piece = pieces.pieces[0]
    isa = parse_isa(piece.data)
    if not isinstance(isa, Isa):
        reading = read_unusable(piece.data, isa)
        reading.notes.extend(pieces.notes)
        return reading
    reading = read_header(isa)
    reading.notes.extend(pieces.notes)
    if len(pieces.pieces) > 1:
        reading.notes.append(f"{len(pieces.pieces) - 1} further interchanges in these bytes were not read.")
    scan = EnvelopeScan(isa, reading)
    scan.scan(piece.data, isa.length, len(piece.data))
    scan.finish(len(piece.data))
    return reading


def read_unusable(data: bytes, problem: str) -> InterchangeReading:
    """What can be told of an interchange whose ISA cannot be used: who wrote to whom, where only a separator is not
    legal, so that he can be answered; else nothing but the problem."""
    header = unusable_header(data)
    if header is None:
        return InterchangeReading(problem=problem)
    reading = _named(header.elements, Separators())
    reading.problem = problem
    reading.findings.append(interchange_finding("error", "ISA", header.note, "", problem))
    return reading


def read_header(isa: Isa) -> InterchangeReading:
    """What the ISA says, and what is wrong with it; nothing of what follows it."""
    reading = _named(isa.elements, isa.separators)
    version = reading.version
    checks = (
        (bool(isa[5].strip()), "005", 5, "the qualifier of the sender ID is blank"),
        (bool(reading.sender_id), "006", 6, "the sender ID is blank"),
        (bool(isa[7].strip()), "007", 7, "the qualifier of the receiver ID is blank"),
        (bool(reading.receiver_id), "008", 8, "the receiver ID is blank"),
        (len(reading.date) == 6 and is_date(reading.date), "014", 9, "is not a date"),
        (is_time(reading.time) and len(reading.time) == 4, "015", 10, "is not a time"),
        (_VERSION.fullmatch(version) is not None, "017", 12, "is not a version, which is five digits"),
        (
            _KNOWN_VERSION.fullmatch(version) is not None or _VERSION.fullmatch(version) is None,
            "003",
            12,
            "is not a version that we know; it was read as one of 00200 to 00809",
        ),
        (re.fullmatch(r"[0-9]{9}", isa[13]) is not None, "018", 13, "the control number is not nine digits"),
        (isa[14] in ("0", "1"), "019", 14, "is neither 0 nor 1"),
        (isa[15] in ("T", "P", "I"), "020", 15, "is none of P, T and I"),
    )
    for good, code, number, words in checks:
        if not good:
            sentence = f"ISA{number:02d} {isa[number].strip()!r}: {words}; tell the partner."
            reading.findings.append(interchange_finding("warning", "ISA", code, isa[number], sentence))
    return reading


def _named(elements: Sequence[str], separators: Separators) -> InterchangeReading:
    """The header's fields; ``elements`` are ISA01 to ISA16."""
    stripped = [each.strip() for each in elements]
    return InterchangeReading(
        sender_qualifier=stripped[4],
        sender_id=stripped[5],
        receiver_qualifier=stripped[6],
        receiver_id=stripped[7],
        date=stripped[8],
        time=stripped[9],
        version=stripped[11],
        control_number=stripped[12],
        acknowledgment_requested=elements[13] == "1",
        usage_indicator=elements[14],
        separators=separators,
    )


class EnvelopeScan:
    """One pass over the envelope segments of an interchange; the segments in between are jumped over.

    The interchange comes in one or several *windows*: ``base`` is where the window at hand begins in the
    interchange. A window that does not reach to the interchange's end is scanned up to the end of a segment.
    What was looked at may be left out of the next window, but for the set that is open (``set``).

    ``arrived``, where it is given, gets each group as it begins, and each set and group as it ends; the sets
    are then copies of their bytes, and are not gathered in their groups.
    """

    def __init__(
        self, isa: Isa, reading: InterchangeReading, arrived: Callable[[Arrived], None] | None = None
    ) -> None:
        self.isa = isa
        self.reading = reading
        self.arrived = arrived
        self.window = b""
        self.base = 0
        self.element = isa.separators.element
        self.terminator = isa.separators.segment.encode("latin-1")
        self.group: GroupReading | None = None
        self.set: SetReading | None = None
        self.closed = False
        # Where the interchange ends in the window, once that was seen.
        self.ending: Ending | None = None
        # Where the last envelope segment ended, and what lies outside sets behind it.
        self.cursor = isa.length
        self.stray: Stray | None = None
        self.group_numbers: set[tuple[str, str]] = set()
        self.count = 0
        element = re.escape(self.element.encode("latin-1"))
        # The look ahead only saves time: it turns most segments away at their first letter.
        self.pattern = re.compile(
            b"%b(?:(G[SE]|S[TE]|IEA|TA1)(?=[%b%b]|\\Z)|(ISA)[^A-Za-z0-9 ])"
            % (segment_start(isa, b"(?=[GSIT \t\r\n\x00])"), element, re.escape(self.terminator))
        )
        self.steps = {
            b"GS": self._gs,
            b"ST": self._st,
            b"SE": self._se,
            b"GE": self._ge,
            b"IEA": self._iea,
            b"TA1": self._ta1,
        }

    def scan(self, window: bytes, start: int, stop: int) -> None:
        """Looks at the segments from ``start``, behind a terminator, to ``stop``; no further than the first
        IEA, or the next ISA."""
        self.window = window
        iea = b"IEA" + self.element.encode("latin-1")
        for found in self.pattern.finditer(window, start - 1, stop):
            if found.lastindex == 2:
                self.ending = Ending(found.start(2), iea=False, terminated=False, isa=True)
                return
            at = found.start(1)
            if window.startswith(iea, at):
                self.ending = trailer_ending(self.isa, window, at, stop)
                self._step(b"IEA", at, self.ending.end - self.ending.terminated, self.ending.end)
                return
            end = window.find(self.terminator, at, stop)
            self._step(found.group(1), at, stop if end < 0 else end, stop if end < 0 else end + 1)

    def _step(self, tag: bytes, start: int, end: int, following: int) -> None:
        if self.reading.problem is not None:
            return
        self.count += 1
        if self.count > MAX_ENVELOPE_SEGMENTS:
            self._give_up(f"{MAX_ENVELOPE_SEGMENTS} envelope segments")
            return
        if self.set is None:
            if self.base + start > self.cursor:
                self.pass_over(self.window, start)
                self._report_stray()
            self.steps[tag](self._parse(start, end), start, following)
        elif tag == b"SE":
            self._end_set(following)
        elif tag != b"TA1":
            self.steps[tag](self._parse(start, end), start, following)
        self.move_to(following)

    def move_to(self, place: int) -> None:
        """Takes everything before ``place`` in the window as read."""
        self.cursor = self.base + place
        self.stray = None

    def pass_over(self, window: bytes, until: int) -> None:
        """Takes what lies before ``until`` in the window, outside any set, as looked at."""
        if self.stray is None:
            self.stray = Stray(PADDING + self.terminator, self.cursor)
        self.stray.add(window, self.stray.looked_at - self.base, until)

    def finish(self, stop: int) -> None:
        """Ends the interchange at ``stop`` in the window."""
        if self.reading.problem is not None:
            return
        if self.set is None:
            self.pass_over(self.window, stop)
            self._report_stray()
        self._end_set(stop)
        self._end_group()
        if not self.closed:
            sentence = "The interchange has no IEA: it is cut off; ask for it again."
            self._report("error", "IEA", "023", "", sentence)

    def _give_up(self, what: str) -> None:
        self.group = self.set = None
        self.reading.groups.clear()
        self.reading.interchange_acknowledgments.clear()
        self.reading.acknowledgment_places.clear()
        self.reading.problem = f"The interchange has more than {what}; ask for smaller interchanges."

    def _parse(self, start: int, end: int) -> Segment:
        raw = self.window[start : min(end, start + MAX_SEGMENT_BYTES)]
        try:
            text = raw.decode()
        except UnicodeDecodeError:
            text = raw.decode("latin-1")
        tag, *elements = text.rstrip("\r\n").split(self.element)
        return Segment(tag, elements)

    def _report(self, severity: Severity, tag: str, code: str, value: str, sentence: str) -> None:
        if len(self.reading.findings) < MAX_ENVELOPE_FINDINGS:
            self.reading.findings.append(interchange_finding(severity, tag, code, value, sentence))

    def _report_stray(self) -> None:
        stray = self.stray
        if stray is None or not stray.length:
            return
        where = f"{stray.length} bytes at {stray.begin}"
        tags = stray.tags(self.isa)
        if tags and tags <= _NETWORK_SERVICE:
            if len(self.reading.notes) < MAX_ENVELOPE_FINDINGS:
                note = f"{where} are words to the network (ISB, ISE, TA3) and were not read."
                self.reading.notes.append(note)
            return
        shown = stray.shown()
        sentence = f"{where} stand outside any transaction set and were not read."
        self._report("error", shown.split(self.element)[0][:3], "022", shown, sentence)

    def _gs(self, gs: Segment, start: int, end: int) -> None:
        self._end_set(start)
        self._end_group()
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
        if len(self.reading.groups) == MAX_GROUPS:
            self._give_up(f"{MAX_GROUPS} functional groups")
            return
        self._begin_group(group)
        if not all(gs[number].strip() for number in range(1, 9)):
            self._report(
                "error", "GS", "024", group.control_number, "The GS lacks an element; all eight are needed."
            )
        self._check_group_number(group)

    def _begin_group(self, group: GroupReading) -> None:
        self.group = group
        self.reading.groups.append(group)
        if self.arrived is not None:
            self.arrived(GroupBegins(group))

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
            self._begin_group(GroupReading("", "", "", "", "", "", "", ""))
        self.set = SetReading(
            st[1].strip(),
            st[2].strip(),
            self.base + start,
            0,
            self.isa.separators,
            convention=st[3].strip(),
            _data=self.window,
            _start=start,
        )

    def _se(self, se: Segment, start: int, end: int) -> None:
        sentence = f"An SE with number {se[2]!r} closes no transaction set; tell the partner."
        self._report("error", "SE", "022", se[2], sentence)

    def _end_set(self, end: int) -> None:
        ended, self.set = self.set, None
        if ended is None or self.group is None:
            return
        ended.length = self.base + end - ended.offset
        if ended.length > MAX_SET_BYTES:
            ended.problem = (
                f"The transaction set has {ended.length} bytes, at most {MAX_SET_BYTES} are read; "
                "ask the partner to split it."
            )
            ended.findings.append(set_finding("error", "ST", "5", "", ended.problem))
        elif ended.length > MAX_SEGMENT_BYTES:
            self._check_segment_sizes(ended, ended.offset - self.base, end)
        self.group.received += 1
        if self.arrived is None:
            self.group.sets.append(ended)
            return
        start = ended.offset - self.base
        ended._data, ended._start = (b"" if ended.problem else self.window[start:end]), 0
        self.arrived(SetArrives(self.group, ended))

    def _check_segment_sizes(self, ended: SetReading, start: int, end: int) -> None:
        position, at = 1, start
        while end - at > MAX_SEGMENT_BYTES:
            last = self.window.rfind(self.terminator, at, at + MAX_SEGMENT_BYTES + 1)
            if last < 0:
                following = self.window.find(self.terminator, at, end)
                last = end if following < 0 else following
                tag = self.window[at : at + 5].strip(PADDING)[:3].decode("ascii", "replace")
                sentence = (
                    f"{tag} (segment {position}) has {last - at} bytes, at most {MAX_SEGMENT_BYTES} are sane."
                )
                ended.findings.append(segment_finding("error", tag, position, "", "8", sentence))
            position += self.window.count(self.terminator, at, last + 1)
            at = last + 1

    def _ge(self, ge: Segment, start: int, end: int) -> None:
        self._end_set(start)
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
        if group.declared_count != group.received:
            sentence = (
                f"GE01 says {ge[1]!r} sets, {group.received} were received; ask whether one is missing."
            )
            group.findings.append(group_finding("warning", "GE", "5", ge[1], sentence))
        self._leave_group()

    def _end_group(self) -> None:
        group = self.group
        if group is not None and group.functional_id:
            sentence = f"Group {group.control_number!r} has no GE; ask the partner whether sets are missing."
            group.findings.append(group_finding("warning", "GE", "3", group.control_number, sentence))
        self._leave_group()

    def _leave_group(self) -> None:
        ended, self.group = self.group, None
        if ended is not None and self.arrived is not None:
            self.arrived(GroupEnds(ended))

    def _iea(self, iea: Segment, start: int, end: int) -> None:
        self._end_set(start)
        self._end_group()
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
        if len(self.reading.interchange_acknowledgments) == MAX_GROUPS:
            self._give_up(f"{MAX_GROUPS} interchange acknowledgments")
            return
        self.reading.interchange_acknowledgments.append(segment(ta1.tag, *ta1.elements))
        self.reading.acknowledgment_places.append((self.base + start, end - start))
