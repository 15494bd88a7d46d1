"""Reads a file of interchanges from a stream: groups and sets are handed on as they come, then forgotten.

What is held is the set that is coming (up to ``MAX_SET_BYTES``; of a larger one only its size), and the words
about the interchange and its groups. What comes out is the same under any cutting of the stream, and the same
as ``split_interchanges`` and ``read_interchange`` make of the whole file; but for a file of more than
``MAX_INTERCHANGES``, of which the first ones have gone out when that shows.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from typing import BinaryIO, Literal

from integration.x12.isa import ISA_LENGTH, Isa, parse_isa
from integration.x12.reading import EnvelopeScan, read_header, read_unusable
from integration.x12.received import (
    MAX_SEGMENT_BYTES,
    MAX_SET_BYTES,
    Arrived,
    FileEnds,
    InterchangeBegins,
    InterchangeEnds,
    InterchangeReading,
)
from integration.x12.splitting import (
    BEFORE_NEXT_ISA,
    BEHIND_LAST_IEA,
    BYTE_ORDER_MARK,
    MAX_INTERCHANGES,
    NEXT_ISA,
    Ending,
    blanks_note,
    byte_order_mark_note,
    early_ending,
    ending_notes,
    misaligned_end,
    padding_behind,
    skip_padding,
    strange_bytes_note,
    too_many_interchanges,
    why_not_x12,
)

BLOCK = 64 * 1024


def read_file(source: BinaryIO | Iterable[bytes], block: int = BLOCK) -> Iterator[Arrived]:
    """What a file holds, in order, while it comes: a binary file, or chunks of any size.

    Interchanges and groups begin and end, sets arrive whole, ``FileEnds`` is last. Never raises on content.
    ``block`` is how many bytes at least are waited for before they are looked at.
    """
    read = getattr(source, "read", None)
    chunks: Iterable[bytes] = source if read is None else iter(lambda: read(block), b"")
    return _Stream(block).read(chunks)


class _Stream:
    """The buffer and where reading stands in it: ``step`` is what to do with what comes next.

    A step takes what it can from the front of the buffer and says whether the following step can go on at
    once; if not, more bytes are needed.
    """

    def __init__(self, block: int) -> None:
        self.block = block
        self.buffer = b""
        # Where the buffer begins in the file.
        self.base = 0
        self.final = False
        self.step: Callable[[], bool] = self._mark
        self.arrivals: list[Arrived] = []
        self.notes: list[str] = []
        self.problem: str | None = None
        self.interchanges = 0
        # The first bytes of the file, and of what follows its leading blanks: they tell what is no X12.
        self.first = b""
        self.text = b""
        # Where that began which belongs to no interchange.
        self.junk = 0
        self.inside: _Inside | None = None
        self.misaligned = b""
        self.origin = 0

    def read(self, chunks: Iterable[bytes]) -> Iterator[Arrived]:
        waiting: list[bytes] = []
        size, wanted = 0, self.block
        for chunk in chunks:
            waiting.append(chunk)
            size += len(chunk)
            if size >= wanted:
                self._take(b"".join(waiting))
                waiting, size = [], 0
                # A buffer that has to grow doubles: else each block would copy it again.
                wanted = max(self.block, len(self.buffer) if len(self.buffer) > BLOCK else 0)
                yield from self._arrived()
        self.final = True
        self._take(b"".join(waiting))
        yield from self._arrived()
        yield self._end()

    def _arrived(self) -> list[Arrived]:
        arrived, self.arrivals = self.arrivals, []
        return arrived

    def _take(self, more: bytes) -> None:
        self.buffer = self.buffer + more if self.buffer else more
        self.first += more[: 20 - len(self.first)]
        while self.step():
            pass

    def _drop(self, size: int) -> None:
        self.buffer = self.buffer[size:]
        self.base += size

    def _end(self) -> FileEnds:
        if self.problem is not None:
            return FileEnds([], self.problem)
        if not self.text:
            empty = "The file holds nothing but blanks." if self.base else "The file is empty."
            return FileEnds([], empty)
        if not self.interchanges:
            return FileEnds(self.notes, why_not_x12(self.first, self.text))
        rest = self.base + len(self.buffer) - self.junk
        if self.step == self._between_interchanges and rest:
            self.notes.append(strange_bytes_note(self.junk, rest, BEHIND_LAST_IEA))
        return FileEnds(self.notes, None)

    # Before and between interchanges

    def _mark(self) -> bool:
        if not self.final and len(self.buffer) < len(BYTE_ORDER_MARK):
            return False
        if self.buffer.startswith(BYTE_ORDER_MARK):
            self.notes.append(byte_order_mark_note())
            self._drop(len(BYTE_ORDER_MARK))
        self.junk = self.base
        self.step = self._leading_blanks
        return True

    def _leading_blanks(self) -> bool:
        self._drop(skip_padding(self.buffer, 0))
        if not self.buffer or (not self.final and len(self.buffer) < 3):
            return False
        if self.base > self.junk:
            self.notes.append(blanks_note(self.junk, self.base - self.junk))
        self.text = BYTE_ORDER_MARK if self.first.startswith(BYTE_ORDER_MARK) else self.buffer[:3]
        self.step = self._next_interchange
        return True

    def _next_interchange(self) -> bool:
        self._drop(skip_padding(self.buffer, 0))
        self.junk = self.base
        if not self.buffer or (not self.final and len(self.buffer) < 4):
            return False
        self.step = self._header if NEXT_ISA.match(self.buffer) else self._between_interchanges
        return True

    def _between_interchanges(self) -> bool:
        for found in NEXT_ISA.finditer(self.buffer):
            at = found.start()
            if not self.final and len(self.buffer) - at <= ISA_LENGTH:
                self._drop(at)
                return False
            if isinstance(parse_isa(self.buffer, at), Isa):
                self._drop(at)
                self.notes.append(strange_bytes_note(self.junk, self.base - self.junk, BEFORE_NEXT_ISA))
                self.step = self._header
                return True
        if not self.final:
            self._drop(max(0, len(self.buffer) - 3))
        return False

    def _header(self) -> bool:
        if not self.final and len(self.buffer) <= ISA_LENGTH:
            return False
        if self.interchanges == MAX_INTERCHANGES:
            self.problem = too_many_interchanges()
            self.step = self._nothing_more
            return True
        self.interchanges += 1
        self.origin = self.base
        isa = parse_isa(self.buffer)
        if isinstance(isa, Isa):
            self.inside = _Inside(isa, self._tell)
            self.arrivals.append(InterchangeBegins(self.origin, self.inside.reading))
            self.step = self._go_on
        else:
            self.misaligned = self.buffer[: ISA_LENGTH + 1]
            self.step = self._go_on_misaligned
        return True

    def _tell(self, arrived: Arrived) -> None:
        self.arrivals.append(arrived)

    def _nothing_more(self) -> bool:
        self._drop(len(self.buffer))
        return False

    # Inside an interchange

    def _go_on_misaligned(self) -> bool:
        behind_tag = max(0, self.origin + 3 - self.base)
        found = misaligned_end(self.misaligned[3:4]).search(self.buffer, behind_tag)
        if found is None and not self.final:
            self._drop(len(self.buffer) - 4)
            return False
        self._drop(found.start() + 1 if found else len(self.buffer))
        length = self.base - self.origin
        isa = parse_isa(self.misaligned[:length])
        reading = (
            InterchangeReading() if isinstance(isa, Isa) else read_unusable(self.misaligned[:length], isa)
        )
        self.arrivals.append(InterchangeBegins(self.origin, reading))
        self.arrivals.append(InterchangeEnds(reading, length))
        self.step = self._next_interchange
        return True

    def _go_on(self) -> bool:
        inside = self.inside
        assert inside is not None
        ending = inside.look(self.buffer, self.base - self.origin, final=self.final)
        if ending is None:
            self._drop(inside.done)
            if inside.anchor:
                self.buffer = inside.anchor + self.buffer[1:]
            return False
        self._drop(ending.end)
        self.notes.extend(ending_notes(ending, self.origin))
        # The interchange by itself does not know that another one follows.
        inside.reading.notes.extend(ending_notes(replace(ending, isa=False), 0))
        self.arrivals.append(InterchangeEnds(inside.reading, self.base - self.origin))
        self.inside = None
        self.step = self._next_interchange
        return True


class _Inside:
    """The interchange that is coming: what of the buffer was looked at, and how much of it has to stay.

    ``done`` bytes can go; the buffer then begins with a terminator (``anchor`` where it has to be put there),
    with the set that is open, or amid a segment whose beginning is gone.
    """

    def __init__(self, isa: Isa, tell: Callable[[Arrived], None]) -> None:
        self.isa = isa
        self.reading = read_header(isa)
        self.scan = EnvelopeScan(isa, self.reading, tell)
        self.terminator = isa.separators.segment.encode("latin-1")
        self.early = early_ending(isa)
        # A terminator stands right before this place in the buffer.
        self.looked = isa.length
        self.done = 0
        self.anchor = b""
        self.amid: Literal["data", "envelope", "trailer"] | None = None

    def look(self, window: bytes, base: int, *, final: bool) -> Ending | None:
        """Looks at what is new in the window; the ending, once it is there."""
        self.scan.base = base
        self.done, self.anchor = 0, b""
        if self.amid is not None:
            terminated = self._leave_segment(window)
            if self.amid == "trailer" and (terminated or final):
                return Ending(self.looked, iea=True, terminated=terminated, isa=False)
            if not terminated and not final:
                self.done = len(window)
                return None
            self.amid = None
        stop = len(window) if final else max(window.rfind(self.terminator) + 1, self.looked)
        self.scan.scan(window, self.looked, stop)
        if self.scan.ending is None and not final and (found := self.early.match(window, stop - 1)):
            self.scan.scan(window, stop, found.end())
        if self.scan.ending is None and final:
            self.scan.ending = Ending(stop, iea=False, terminated=False, isa=False)
        if self.scan.ending is not None:
            self.scan.finish(self.scan.ending.end)
            return self.scan.ending
        self._keep(window, stop)
        return None

    def _leave_segment(self, window: bytes) -> bool:
        """Passes over the rest of the segment whose beginning is gone; whether its terminator is there."""
        end = window.find(self.terminator)
        self.looked = len(window) if end < 0 else end + 1
        if self.amid == "data" and self.scan.set is None:
            self.scan.pass_over(window, self.looked)
        else:
            self.scan.move_to(self.looked)
        return end >= 0

    def _keep(self, window: bytes, stop: int) -> None:
        """Settles what stays: the open set, if it is not too large, and the segment that has not ended."""
        if self.scan.set is not None:
            start = self.scan.set.offset - self.scan.base
            if stop - start <= MAX_SET_BYTES and len(window) - start <= MAX_SET_BYTES + 2 * MAX_SEGMENT_BYTES:
                self.done, self.looked = start, stop - start
                return
        if len(window) - stop > MAX_SEGMENT_BYTES:
            begin = padding_behind(self.isa, window, stop)
            if len(window) - begin > MAX_SEGMENT_BYTES:
                self._enter_segment(window, stop)
                return
            if begin > stop:
                stop, self.anchor = begin, self.terminator
        if self.scan.set is None:
            self.scan.pass_over(window, stop)
        self.done, self.looked = stop - 1, 1

    def _enter_segment(self, window: bytes, stop: int) -> None:
        """Reads what of an endless segment matters, which is its beginning, and lets it go."""
        self.amid = "envelope" if self.scan.pattern.match(window, stop - 1) else "data"
        self.scan.scan(window, stop, len(window))
        if self.scan.ending is not None:
            self.amid = "trailer"
            self.scan.finish(len(window))
        elif self.amid == "data" and self.scan.set is None:
            self.scan.pass_over(window, len(window))
        self.done = len(window)
