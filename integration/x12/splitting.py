"""Cuts a file into its interchanges, whatever a partner or a network put around and between them.

Tolerated, each with a note: a byte-order mark, blanks and newlines before ISA, several interchanges (each
with its own separators), a missing last terminator, bytes behind the last IEA. Only bytes and offsets:
nothing is decoded.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from enum import Enum

from integration.x12.isa import ISA_LENGTH, Isa, parse_isa

# Blanks, newlines, and what old transports fill up with: NUL and Ctrl-Z.
PADDING = b" \t\r\n\x00\x1a"

# A mailbag of a day holds hundreds; more than this is no mailbag, and each costs memory.
MAX_INTERCHANGES = 10_000


class FileNote(str):
    """A sentence on what was passed over or missed in a file; ``code`` names it for machines, ``offset`` is the byte
    where it begins."""

    __slots__ = ("code", "offset")

    code: str
    offset: int

    def __new__(cls, code: str, offset: int, sentence: str) -> FileNote:
        made = super().__new__(cls, sentence)
        made.code, made.offset = code, offset
        return made


def byte_order_mark_note() -> FileNote:
    return FileNote("byte_order_mark", 0, "A byte-order mark stands before ISA.")


def blanks_note(offset: int, length: int) -> FileNote:
    return FileNote("blanks_before_isa", offset, f"{length} blank bytes stand before ISA.")


def strange_bytes_note(offset: int, length: int, where: str) -> FileNote:
    """``where`` says between what they stand, such as "behind the last IEA"."""
    sentence = f"{length} bytes at {offset}, {where}, are not X12; not read."
    return FileNote("bytes_outside", offset, sentence)


BEFORE_NEXT_ISA = "before the next ISA"
BEHIND_LAST_IEA = "behind the last IEA"


class Arrival(Enum):
    """How far a file has come, by its content alone.

    ``WHOLE``: it ends with its own IEA and that segment's terminator. ``UNFINISHED``: it begins as X12, or may still
    come to, and its last interchange has no whole IEA. ``UNTOLD``: its content does not tell: it is not X12, or its
    IEA is wrong or lacks its terminator.
    """

    WHOLE = "whole"
    UNFINISHED = "unfinished"
    UNTOLD = "untold"


BYTE_ORDER_MARK = b"\xef\xbb\xbf"
_ISA_BEHIND_IEA = re.compile(rb"(IEA.{0,64}?)[ \t\r\n\x00\x1a]+ISA[^A-Za-z0-9 ]", re.DOTALL)
_PADDING_RUN = re.compile(b"[%b]*" % PADDING)
_SHOWN = 40
_HELD = 4096
# How far to look back at a time.
_STEP = 64
NEXT_ISA = re.compile(rb"ISA[^A-Za-z0-9 ]")


@dataclass(frozen=True, slots=True)
class Piece:
    """The bytes of one interchange, from ISA to the terminator of its IEA; ``offset`` is its place in the
    file."""

    offset: int
    data: bytes


@dataclass(frozen=True, slots=True)
class FileReading:
    """The interchanges of a file in order. ``problem`` says why there is none; ``notes`` what was passed
    over."""

    pieces: list[Piece] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    problem: str | None = None


class Stray:
    """What lies between the envelope segments, fed in pieces that follow one another from ``begin``.

    ``length`` counts from its first byte that is no padding to its last.
    """

    def __init__(self, padding: bytes, begin: int) -> None:
        self.padding = padding
        self.begin = self.looked_at = begin
        self._first: int | None = None
        self._last = begin
        self._head = b""

    def add(self, window: bytes, start: int, stop: int) -> None:
        """Takes the bytes of the window from ``start`` to ``stop``."""
        if start >= stop:
            return
        at, piece = self.looked_at, window[start:stop]
        self.looked_at += len(piece)
        stripped = piece.lstrip(self.padding)
        if self._first is None and stripped:
            self._first = at + len(piece) - len(stripped)
            self._head = stripped[:_HELD]
        elif len(self._head) < _HELD and self._first is not None:
            self._head += piece[: _HELD - len(self._head)]
        if stripped:
            self._last = at + len(piece.rstrip(self.padding))

    @property
    def length(self) -> int:
        return 0 if self._first is None else self._last - self._first

    def shown(self) -> str:
        """Its first bytes, for people."""
        return self._head[: min(self.length, _SHOWN)].decode("ascii", "backslashreplace")

    def tags(self, isa: Isa) -> set[bytes]:
        """The tags of its segments; none of them where it is too long to be held."""
        if self.length > _HELD:
            return set()
        element, terminator = (each.encode("latin-1") for each in isa.separators.characters()[:2])
        return {part.strip(PADDING).split(element)[0] for part in self._head[: self.length].split(terminator)}


def split_interchanges(data: bytes) -> FileReading:
    """Cuts a file into interchanges. Never raises; what is not X12 gives a ``problem``."""
    reading = FileReading()
    at = _skip_lead(data, 0, reading.notes)
    if at == len(data):
        return FileReading(problem="The file is empty." if not data else "The file holds nothing but blanks.")
    while at < len(data):
        if not NEXT_ISA.match(data, at):
            found = _find_isa(data, at)
            if found is None:
                break
            reading.notes.append(strange_bytes_note(at, found - at, BEFORE_NEXT_ISA))
            at = found
        if len(reading.pieces) == MAX_INTERCHANGES:
            return FileReading(problem=too_many_interchanges())
        end = _piece_end(data, at, reading.notes)
        reading.pieces.append(Piece(at, data[at:end]))
        at = skip_padding(data, end)
    if not reading.pieces:
        return FileReading(notes=reading.notes, problem=why_not_x12(data, data.lstrip(PADDING)))
    if at < len(data):
        reading.notes.append(strange_bytes_note(at, len(data) - at, BEHIND_LAST_IEA))
    return reading


def is_whole(data: bytes) -> bool:
    """Whether the file has arrived completely: X12 whose last interchange ends with its own IEA (the control
    number of its ISA, and the right number of groups). False also for what is not X12."""
    reading = split_interchanges(data)
    if not reading.pieces:
        return False
    last = reading.pieces[-1]
    rest = data[last.offset + len(last.data) :].strip(PADDING)
    if rest and (rest.startswith(b"ISA") or b"ISA".startswith(rest)):
        return False
    isa = parse_isa(last.data)
    if not isinstance(isa, Isa):
        return False
    trailer = _trailer(last.data, isa)
    if trailer is None or len(trailer) < 3:
        return False
    groups = len(re.findall(segment_start(isa) + rb"GS" + _element(isa), last.data))
    return same_number(trailer[2], isa[13]) and same_number(trailer[1], str(groups))


def how_far(data: bytes) -> Arrival:
    """Tell from the content how far a file has come. Bytes that follow a whole one are another interchange."""
    pieces = split_interchanges(data).pieces
    if not pieces:
        return Arrival.UNFINISHED if _may_become_x12(data) else Arrival.UNTOLD
    last = pieces[-1]
    rest = data[last.offset + len(last.data) :].strip(PADDING)
    if rest.startswith(b"ISA") or (rest and b"ISA".startswith(rest)):
        return Arrival.UNFINISHED
    isa = parse_isa(last.data)
    if not isinstance(isa, Isa):
        return Arrival.UNFINISHED if len(last.data) <= ISA_LENGTH else Arrival.UNTOLD
    if _trailer(last.data, isa) is None:
        return Arrival.UNFINISHED
    ended = last.data.endswith(isa.separators.segment.encode("latin-1"))
    if is_whole(data):
        return Arrival.WHOLE if ended else Arrival.UNTOLD
    return Arrival.UNTOLD if ended else Arrival.UNFINISHED


def _may_become_x12(data: bytes) -> bool:
    if BYTE_ORDER_MARK.startswith(data):
        return True
    return b"ISA".startswith(data.removeprefix(BYTE_ORDER_MARK).lstrip(PADDING))


def same_number(one: str, other: str) -> bool:
    """Whether two control numbers or counts of the envelope are the same; they are numeric, so zeros and
    blanks in front do not count (ST02 and SE02 are text and are compared exactly)."""
    return (one.strip().lstrip("0") or "0") == (other.strip().lstrip("0") or "0")


def _trailer(data: bytes, isa: Isa) -> list[str] | None:
    body = re.compile(segment_start(isa) + b"(IEA" + _element(isa) + b"[^" + _terminator(isa) + b"]*)")
    found = body.search(data, isa.length - 1)
    return found.group(1).decode("latin-1").split(isa.separators.element) if found else None


def _skip_lead(data: bytes, at: int, notes: list[str]) -> int:
    if data.startswith(BYTE_ORDER_MARK, at):
        notes.append(byte_order_mark_note())
        at += len(BYTE_ORDER_MARK)
    start = skip_padding(data, at)
    if start > at:
        notes.append(blanks_note(at, start - at))
    return start


def skip_padding(data: bytes, at: int) -> int:
    """Where what is neither blank nor filling begins, from ``at`` on."""
    found = _PADDING_RUN.match(data, at)
    return found.end() if found else at


def _find_isa(data: bytes, at: int) -> int | None:
    """The next ISA that can be read; one in the middle of other text is no interchange unless its widths are
    right."""
    for found in NEXT_ISA.finditer(data, at):
        if isinstance(parse_isa(data, found.start()), Isa):
            return found.start()
    return None


def _piece_end(data: bytes, start: int, notes: list[str]) -> int:
    isa = parse_isa(data, start)
    if not isinstance(isa, Isa):
        found = misaligned_end(data[start + 3 : start + 4]).search(data, start + 3)
        return found.start() + 1 if found else len(data)
    ending = find_ending(isa, data, start + isa.length - 1, len(data))
    notes.extend(ending_notes(ending, start))
    return ending.end


@dataclass(frozen=True, slots=True)
class Ending:
    """Where an interchange ends; ``iea``: with its IEA, ``terminated``: and that one's terminator; ``isa``: because
    the next ISA stands there."""

    end: int
    iea: bool
    terminated: bool
    isa: bool


def find_ending(isa: Isa, data: bytes, start: int, stop: int) -> Ending:
    """The end of the interchange among the segments behind the terminator at ``start``: its first IEA, or the
    next ISA, or ``stop``."""
    mark = re.compile(b"I(?:EA%b|SA[^A-Za-z0-9 ])" % _element(isa))
    for found in mark.finditer(data, start, stop):
        at = found.start()
        if _begins_segment(isa, data, start, at):
            if data.startswith(b"ISA", at):
                return Ending(at, iea=False, terminated=False, isa=True)
            return trailer_ending(isa, data, at, stop)
    return Ending(stop, iea=False, terminated=False, isa=False)


def _begins_segment(isa: Isa, data: bytes, start: int, at: int) -> bool:
    """Whether a terminator, and nothing but blanks behind it, stands before ``at``."""
    blanks = _blanks(isa)
    while at > start:
        before = data[max(start, at - _STEP) : at].rstrip(blanks)
        if before:
            return before.endswith(isa.separators.segment.encode("latin-1"))
        at -= _STEP
    return False


def trailer_ending(isa: Isa, data: bytes, start: int, stop: int) -> Ending:
    """The end of the IEA that begins at ``start``: its terminator, or where newlines and the next ISA follow
    it, or ``stop``."""
    end = data.find(isa.separators.segment.encode("latin-1"), start, stop)
    followed = _ISA_BEHIND_IEA.match(data, start, stop if end < 0 else end)
    if followed:
        return Ending(followed.end(1), iea=True, terminated=False, isa=False)
    if end < 0:
        return Ending(stop, iea=True, terminated=False, isa=False)
    return Ending(end + 1, iea=True, terminated=True, isa=False)


def early_ending(isa: Isa) -> re.Pattern[bytes]:
    """What shows, behind the last terminator of bytes that go on, that the interchange is over: an ISA there,
    or one behind an IEA without terminator."""
    return re.compile(
        b"%b(?:ISA|IEA%b.{0,64}?[ \\t\\r\\n\\x00\\x1a]+ISA)[^A-Za-z0-9 ]"
        % (segment_start(isa), _element(isa)),
        re.DOTALL,
    )


def padding_behind(isa: Isa, data: bytes, at: int) -> int:
    """Where what is no blank begins, from ``at`` on."""
    found = re.compile(b"[%b]*" % _blanks(isa)).match(data, at)
    return found.end() if found else at


def ending_notes(ending: Ending, start: int) -> list[str]:
    """What is to be said of the end of the interchange at ``start`` of its file."""
    if ending.isa:
        return [FileNote("no_iea", start, f"The interchange at {start} has no IEA before the next ISA.")]
    if not ending.iea:
        return [FileNote("no_iea", start, f"The interchange at {start} has no IEA.")]
    if not ending.terminated:
        sentence = f"The last segment of the interchange at {start} has no terminator."
        return [FileNote("no_last_terminator", start, sentence)]
    return []


def misaligned_end(separator: bytes) -> re.Pattern[bytes]:
    """What ends an interchange whose ISA cannot be read: the byte before the next ISA with its separator."""
    return re.compile(b"[^A-Za-z0-9]ISA" + re.escape(separator))


def _terminator(isa: Isa) -> bytes:
    return re.escape(isa.separators.segment.encode("latin-1"))


def _element(isa: Isa) -> bytes:
    return re.escape(isa.separators.element.encode("latin-1"))


def segment_start(isa: Isa, ahead: bytes = b"") -> bytes:
    """The pattern of a terminator, and of what may stand between it and the next tag; ``ahead`` follows the
    terminator.

    The terminator is not among what may follow: a run of newlines that are terminators would be looked at
    again from each of them.
    """
    return b"%b%b[%b]*" % (_terminator(isa), ahead, _blanks(isa))


def _blanks(isa: Isa) -> bytes:
    return bytes(each for each in b" \t\r\n\x00" if each != ord(isa.separators.segment))


def too_many_interchanges() -> str:
    """Why a file of more than MAX_INTERCHANGES is not read."""
    return f"The file holds more than {MAX_INTERCHANGES} interchanges; ask for smaller files."


def why_not_x12(data: bytes, text: bytes) -> str:
    """What a file without any ISA is instead, by its first bytes and those behind its leading blanks."""
    if data.startswith(b"\xc9\xe2\xc1"):
        return "The file is X12 in EBCDIC; ask the network to convert it to ASCII."
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        return "The file is in UTF-16; ask for it in ASCII or UTF-8."
    if text.startswith((b"UNA", b"UNB")):
        return "The file is EDIFACT, not X12; ask the partner for X12."
    shown = data[:20].decode("ascii", "backslashreplace")
    return f"The file is not X12: it begins with {shown!r} where ISA is expected."
