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


class Arrival(Enum):
    """How far a file has come, by its content alone.

    ``WHOLE``: it ends with its own IEA and that segment's terminator. ``UNFINISHED``: it begins as X12, or may still
    come to, and its last interchange has no whole IEA. ``UNTOLD``: its content does not tell: it is not X12, or its
    IEA is wrong or lacks its terminator.
    """

    WHOLE = "whole"
    UNFINISHED = "unfinished"
    UNTOLD = "untold"


_BYTE_ORDER_MARK = b"\xef\xbb\xbf"
_NEXT_ISA = re.compile(rb"ISA[^A-Za-z0-9 ]")


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


def split_interchanges(data: bytes) -> FileReading:
    """Cuts a file into interchanges. Never raises; what is not X12 gives a ``problem``."""
    reading = FileReading()
    at = _skip_lead(data, 0, reading.notes)
    if at == len(data):
        return FileReading(problem="The file is empty." if not data else "The file holds nothing but blanks.")
    while at < len(data):
        if not _NEXT_ISA.match(data, at):
            found = _find_isa(data, at)
            if found is None:
                break
            reading.notes.append(f"{found - at} bytes at {at}, before the next ISA, are not X12; not read.")
            at = found
        if len(reading.pieces) == MAX_INTERCHANGES:
            return FileReading(
                problem=f"The file holds more than {MAX_INTERCHANGES} interchanges; ask for smaller files."
            )
        end = _piece_end(data, at, reading.notes)
        reading.pieces.append(Piece(at, data[at:end]))
        at = _skip(data, end)
    if not reading.pieces:
        return FileReading(notes=reading.notes, problem=_why_not_x12(data))
    if at < len(data):
        reading.notes.append(f"{len(data) - at} bytes at {at}, behind the last IEA, are not X12; not read.")
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
    groups = len(re.findall(_segment_start(isa) + rb"GS" + _element(isa), last.data))
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
    if _BYTE_ORDER_MARK.startswith(data):
        return True
    return b"ISA".startswith(data.removeprefix(_BYTE_ORDER_MARK).lstrip(PADDING))


def same_number(one: str, other: str) -> bool:
    """Whether two control numbers or counts of the envelope are the same; they are numeric, so zeros and
    blanks in front do not count (ST02 and SE02 are text and are compared exactly)."""
    return (one.strip().lstrip("0") or "0") == (other.strip().lstrip("0") or "0")


def _trailer(data: bytes, isa: Isa) -> list[str] | None:
    body = re.compile(_segment_start(isa) + b"(IEA" + _element(isa) + b"[^" + _terminator(isa) + b"]*)")
    found = body.search(data, isa.length - 1)
    return found.group(1).decode("latin-1").split(isa.separators.element) if found else None


def _skip_lead(data: bytes, at: int, notes: list[str]) -> int:
    if data.startswith(_BYTE_ORDER_MARK, at):
        notes.append("A byte-order mark stands before ISA.")
        at += len(_BYTE_ORDER_MARK)
    start = _skip(data, at)
    if start > at:
        notes.append(f"{start - at} blank bytes stand before ISA.")
    return start


def _skip(data: bytes, at: int) -> int:
    while at < len(data) and data[at] in PADDING:
        at += 1
    return at


def _find_isa(data: bytes, at: int) -> int | None:
    """The next ISA that can be read; one in the middle of other text is no interchange unless its widths are
    right."""
    for found in _NEXT_ISA.finditer(data, at):
        if isinstance(parse_isa(data, found.start()), Isa):
            return found.start()
    return None


def _piece_end(data: bytes, start: int, notes: list[str]) -> int:
    isa = parse_isa(data, start)
    if not isinstance(isa, Isa):
        return _end_of_misaligned(data, start)
    pattern = (
        _segment_start(isa)
        + b"(?:(IEA)"
        + _element(isa)
        + b"[^"
        + _terminator(isa)
        + b"]*|(ISA)[^A-Za-z0-9 ])"
    )
    found = re.compile(pattern).search(data, start + isa.length - 1)
    if found is None:
        notes.append(f"The interchange at {start} has no IEA.")
        return len(data)
    if found.group(2):
        notes.append(f"The interchange at {start} has no IEA before the next ISA.")
        return found.start(2)
    terminator = isa.separators.segment.encode("latin-1")
    if data.startswith(terminator, found.end()):
        return found.end() + 1
    notes.append(f"The last segment of the interchange at {start} has no terminator.")
    return found.end()


def _end_of_misaligned(data: bytes, start: int) -> int:
    again = re.compile(b"[^A-Za-z0-9]ISA" + re.escape(data[start + 3 : start + 4]))
    found = again.search(data, start + 3)
    return found.start() + 1 if found else len(data)


def _terminator(isa: Isa) -> bytes:
    return re.escape(isa.separators.segment.encode("latin-1"))


def _element(isa: Isa) -> bytes:
    return re.escape(isa.separators.element.encode("latin-1"))


def _segment_start(isa: Isa) -> bytes:
    return b"[" + _terminator(isa) + b"][ \t\r\n\x00]*"


def _why_not_x12(data: bytes) -> str:
    if data.startswith(b"\xc9\xe2\xc1"):
        return "The file is X12 in EBCDIC; ask the network to convert it to ASCII."
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        return "The file is in UTF-16; ask for it in ASCII or UTF-8."
    if data.lstrip(PADDING).startswith((b"UNA", b"UNB")):
        return "The file is EDIFACT, not X12; ask the partner for X12."
    shown = data[:20].decode("ascii", "backslashreplace")
    return f"The file is not X12: it begins with {shown!r} where ISA is expected."
