"""Writes one interchange: header and trailers, counts, control numbers, and exact bytes.

Control numbers, dates and times are given by the caller, never made here; the same arguments give the same
bytes.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, time
from itertools import chain
from operator import itemgetter
from typing import TypeVar

from integration.x12.isa import ISA_LENGTH
from integration.x12.plain import PlainSegments, as_plain, as_rows, enclosed, plain_bytes, plain_segments
from integration.x12.syntax import (
    Encoding,
    Segment,
    Separators,
    UnsafeData,
    placed_segments,
    rows_of,
    segment,
    serialise,
)

_ENVELOPE_TAGS = frozenset({"ISA", "TA1", "GS", "ST", "SE", "GE", "IEA"})
# The tag and the elements of a segment.
Row = tuple[str, ...]
# What is numbered on its own, a set or what stands around sets: its rows, or as one text.
Part = TypeVar("Part")
_ID = re.compile(r"[\x21-\x7e](?:[\x20-\x7e]*[\x21-\x7e])?")


class EnvelopeError(ValueError):
    """An envelope that cannot be written; ``str()`` names the element and says what fits."""


@dataclass(frozen=True, slots=True)
class InterchangeHeader:
    """What stands in ISA. ``control_number`` is 1 to 999999999; ``usage_indicator`` P, T or I.

    ``version`` is ISA12, "00401" for sets of 004010. ISA11 is the repetition separator if there is one, else
    "U".
    """

    sender_qualifier: str
    sender_id: str
    receiver_qualifier: str
    receiver_id: str
    date: date
    time: time
    control_number: int
    usage_indicator: str
    acknowledgment_requested: bool = False
    version: str = "00401"


@dataclass(frozen=True, slots=True)
class SetToWrite:
    """A set to be written: ``segments`` are its body, without ST and SE, which are made here."""

    code: str
    control_number: int
    segments: Sequence[Segment]


@dataclass(frozen=True, slots=True)
class GroupToWrite:
    """A functional group to be written; ``version`` is GS08 and may have an industry suffix."""

    functional_id: str
    sender: str
    receiver: str
    date: date
    time: time
    control_number: int
    sets: Sequence[SetToWrite]
    version: str = "004010"
    agency: str = "X"


def set_segments(each: SetToWrite) -> list[Segment]:
    """ST, the body, and SE with its count, numbered from 1: what goes on the wire, and what ``check_set``
    judges."""
    return placed_segments(_set_rows(each))


def _set_rows(each: SetToWrite) -> list[Row]:
    rows = as_rows(each.segments)
    if not _ENVELOPE_TAGS.isdisjoint(map(itemgetter(0), rows)):
        inner = next(row[0] for row in rows if row[0] in _ENVELOPE_TAGS)
        raise EnvelopeError(
            f"The body of set {each.code} holds {inner}, which the writer makes; leave it out."
        )
    first, last = _around(each)
    return [first, *rows, last]


def _plain_set(each: SetToWrite) -> PlainSegments | None:
    """``_set_rows`` as one text; None where it is not plain."""
    body = as_plain(each.segments)
    if body is None or not _ENVELOPE_TAGS.isdisjoint(body.tags):
        return plain_segments(_set_rows(each))
    return enclosed(body, *_around(each))


def _around(each: SetToWrite) -> tuple[Row, Row]:
    """ST and SE."""
    number = _control_number(each.control_number, "ST02").zfill(4)
    return ("ST", each.code, number), ("SE", str(len(each.segments) + 2), number)


def write_interchange(
    header: InterchangeHeader,
    groups: Sequence[GroupToWrite],
    separators: Separators,
    encoding: Encoding,
    *,
    line_breaks: bool = False,
    interchange_acknowledgments: Sequence[Segment] = (),
) -> bytes:
    """The bytes of one interchange, ISA to IEA. ``interchange_acknowledgments`` (TA1) stand between ISA and the first
    GS; they may be all that it carries.

    Raises EnvelopeError where a header field does not fit its element, UnsafeData where data holds a
    separator, a control character, or a character that ``encoding`` lacks, ValueError where the separators
    are not legal. ``line_breaks`` puts a newline behind each terminator, for people and for partners who want
    it.
    """
    number = _control_number(header.control_number, "ISA13").zfill(9)
    isa = _isa(header, number, separators, line_breaks)

    def parts(
        of_set: Callable[[SetToWrite], Part], of_rows: Callable[[Sequence[Row]], Part]
    ) -> Iterator[Part]:
        yield of_rows(rows_of(interchange_acknowledgments))
        for group in groups:
            group_number = _control_number(group.control_number, "GS06")
            yield of_rows(rows_of([_gs(group, group_number)]))
            yield from map(of_set, group.sets)
            yield of_rows([("GE", str(len(group.sets)), group_number)])
        yield of_rows([("IEA", str(len(groups)), number)])

    tail = plain_bytes(parts(_plain_set, plain_segments), separators, encoding, line_breaks=line_breaks)
    if tail is None:
        rows: Iterator[Sequence[Row]] = parts(_set_rows, list)
        tail = serialise(chain(*map(_placed, rows)), separators, encoding, line_breaks=line_breaks)
    return isa + tail


def _placed(part: Sequence[Row]) -> list[Segment]:
    """The segments of a set with their positions, others without: what is refused is told by its place."""
    if part and part[0][0] == "ST":
        return placed_segments(part)
    return [Segment(row[0], row[1:]) for row in part]


def _isa(header: InterchangeHeader, number: str, separators: Separators, line_breaks: bool) -> bytes:
    elements = (
        "00",
        " " * 10,
        "00",
        " " * 10,
        _fixed(header.sender_qualifier, 2, "ISA05"),
        _padded(header.sender_id, "ISA06"),
        _fixed(header.receiver_qualifier, 2, "ISA07"),
        _padded(header.receiver_id, "ISA08"),
        header.date.strftime("%y%m%d"),
        header.time.strftime("%H%M"),
        separators.repetition or "U",
        _fixed(header.version, 5, "ISA12"),
        number,
        "1" if header.acknowledgment_requested else "0",
        _usage(header.usage_indicator),
        separators.component,
    )
    # ISA11 and ISA16 hold separators on purpose; everything else must be free of them.
    for at, text in enumerate(elements, start=1):
        held = next((each for each in separators.characters() if each in text), None)
        if held is not None and at not in (11, 16):
            raise UnsafeData(Segment("ISA", elements), at, None, held, text)
    line = separators.element.join(("ISA", *elements))
    if len(line) != ISA_LENGTH:
        raise EnvelopeError(
            f"The ISA came out at {len(line)} characters instead of {ISA_LENGTH}; report this."
        )
    ending = separators.segment + ("\n" if line_breaks and separators.segment != "\n" else "")
    return (line + ending).encode("ascii")


def _gs(group: GroupToWrite, number: str) -> Segment:
    return segment(
        "GS",
        _fixed(group.functional_id, 2, "GS01"),
        _application_id(group.sender, "GS02"),
        _application_id(group.receiver, "GS03"),
        group.date.strftime("%Y%m%d"),
        group.time.strftime("%H%M"),
        number,
        group.agency,
        group.version,
    )


def _control_number(number: int, where: str) -> str:
    if not 1 <= number <= 999_999_999:
        raise EnvelopeError(
            f"{where}: control number {number} is not between 1 and 999999999; check the counter."
        )
    return str(number)


def _fixed(text: str, width: int, where: str) -> str:
    if len(text) != width or not _ID.fullmatch(text):
        raise EnvelopeError(
            f"{where}: {text!r} is not exactly {width} ASCII characters; correct the agreement."
        )
    return text


def _padded(text: str, where: str) -> str:
    if not 1 <= len(text) <= 15 or not _ID.fullmatch(text):
        raise EnvelopeError(f"{where}: ID {text!r} is not 1 to 15 ASCII characters; correct the agreement.")
    return text.ljust(15)


def _application_id(text: str, where: str) -> str:
    if not 2 <= len(text) <= 15 or not _ID.fullmatch(text):
        raise EnvelopeError(f"{where}: ID {text!r} is not 2 to 15 ASCII characters; correct the agreement.")
    return text


def _usage(text: str) -> str:
    if text not in ("P", "T", "I"):
        raise EnvelopeError(f"ISA15: usage indicator {text!r} is none of P, T and I; correct the agreement.")
    return text
