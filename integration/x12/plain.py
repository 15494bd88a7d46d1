"""Segments as one text, which is nearly all that there is to write: no composites, nothing that has to be looked at.

A text is one thing in memory where its segments are dozens, and to write it is to put the separators in. What is not plain
goes by ``syntax.serialise``, segment by segment.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from operator import itemgetter
from typing import overload

from integration.x12.syntax import (
    FORBIDDEN_TEXT,
    TAG,
    Encoding,
    Segment,
    Separators,
    ending_of,
    placed_segments,
    rows_of,
)

# Stand between elements and between segments until the separators are known: control characters, which no data holds.
_ELEMENT, _SEGMENT = "\x1d", "\x1c"
# Stand in composites and repeated elements, which are not plain.
_COMPONENT, _REPETITION = "\x1f", "\x1e"

Row = tuple[str, ...]


class PlainSegments(Sequence[Segment]):
    """Segments that each end with a filled element, as one ``text`` with the ``tags`` in it, numbered from ``start``. They
    are made when they are asked for: what is only written needs none."""

    __slots__ = ("size", "start", "tags", "text")

    def __init__(self, text: str, size: int, tags: frozenset[str], start: int = 1) -> None:
        self.text = text
        self.size = size
        self.tags = tags
        self.start = start

    def rows(self) -> list[Row]:
        """The tag and the elements of each."""
        return [tuple(each.split(_ELEMENT)) for each in self.text.split(_SEGMENT)] if self.size else []

    def placed(self) -> list[Segment]:
        """The segments, made anew."""
        return placed_segments(self.rows(), self.start)

    def __iter__(self) -> Iterator[Segment]:
        return iter(self.placed())

    def __len__(self) -> int:
        return self.size

    @overload
    def __getitem__(self, at: int) -> Segment: ...
    @overload
    def __getitem__(self, at: slice) -> list[Segment]: ...
    def __getitem__(self, at: int | slice) -> Segment | list[Segment]:
        return self.placed()[at]

    def __eq__(self, other: object) -> bool:
        return list(self) == list(other) if isinstance(other, Sequence) else NotImplemented

    def __hash__(self) -> int:
        return hash(self.text)

    def __repr__(self) -> str:
        return f"PlainSegments({self.rows()!r}, {self.start})"


def plain_segments(rows: Sequence[Row], start: int = 1) -> PlainSegments | None:
    """Segments of rows of tag and elements, each of which ends with a filled element; None where they are not plain."""
    text = _SEGMENT.join(map(_ELEMENT.join, rows))
    between = sum(map(len, rows)) - len(rows)
    if text.count(_ELEMENT) != between or text.count(_SEGMENT) != max(len(rows) - 1, 0):
        return None
    if _COMPONENT in text or _REPETITION in text:
        return None
    return PlainSegments(text, len(rows), frozenset(map(itemgetter(0), rows)), start)


def as_plain(segments: Sequence[Segment]) -> PlainSegments | None:
    """Any segments as plain ones; None where they are not."""
    return segments if isinstance(segments, PlainSegments) else plain_segments(rows_of(segments))


def as_rows(segments: Sequence[Segment]) -> Sequence[Row]:
    """The tag and the elements of each segment without its trailing empty elements."""
    return segments.rows() if isinstance(segments, PlainSegments) else rows_of(segments)


def enclosed(body: PlainSegments, first: Row, last: Row) -> PlainSegments | None:
    """The body between a first and a last segment; None where these are not plain."""
    outer = plain_segments([first, last])
    if outer is None or not body.size:
        return outer
    before, _, after = outer.text.partition(_SEGMENT)
    text = _SEGMENT.join((before, body.text, after))
    return PlainSegments(text, body.size + 2, body.tags | outer.tags)


def plain_bytes(
    parts: Iterable[PlainSegments | None],
    separators: Separators,
    encoding: Encoding,
    *,
    line_breaks: bool = False,
) -> bytes | None:
    """The bytes of the segments of all parts; None where one is none, or holds what only ``serialise`` can tell. Raises
    ValueError where the separators are not legal."""
    if problem := separators.problem():
        raise ValueError(problem)
    texts: list[str] = []
    tags: set[str] = set()
    for each in parts:
        if each is None:
            return None
        tags |= each.tags
        texts += [each.text] if each.size else []
    if not all(map(TAG.fullmatch, tags)):
        return None
    text = _SEGMENT.join(texts)
    if any(each in text for each in separators.characters()):
        return None
    ending = ending_of(separators, line_breaks)
    made = text.replace(_ELEMENT, separators.element).replace(_SEGMENT, ending)
    if not made.isprintable() and FORBIDDEN_TEXT.search(text.replace(_ELEMENT, "").replace(_SEGMENT, "")):
        return None
    try:
        return (made + ending).encode(encoding) if texts else b""
    except UnicodeEncodeError:
        return None
