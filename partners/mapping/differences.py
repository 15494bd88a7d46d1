"""In what two sets, or two documents, differ: element by element, field by field, for people."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher

from integration.documents import Document, leaves
from integration.x12.syntax import Composite, Repeated, Segment, Separators


@dataclass(frozen=True, slots=True)
class Difference:
    """One element or field that differs: where it stands, what was there, what is there now; "" for nothing.

    ``position`` is the segment's in the later set, or in the earlier one where the segment is gone; 0 in documents.
    """

    place: str
    was: str
    now: str
    position: int = 0

    @property
    def sentence(self) -> str:
        """The difference in words."""
        if not self.was:
            return f"{self.place}: {self.now} is new"
        if not self.now:
            return f"{self.place}: {self.was} is gone"
        return f"{self.place}: {self.now}, was {self.was}"


def text_of(element: str, separators: Separators) -> str:
    """An element as it travels, with its components and repetitions; data that holds a separator is left as it is."""
    if isinstance(element, Composite):
        return separators.component.join(element.components)
    if isinstance(element, Repeated):
        return (separators.repetition or "").join(text_of(part, separators) for part in element.parts)
    return str(element)


def line_of(each: Segment, separators: Separators) -> str:
    """A segment as it travels, without its terminator."""
    return separators.element.join((each.tag, *(text_of(element, separators) for element in each.elements)))


def lines_of(segments: Sequence[Segment], separators: Separators) -> list[str]:
    """Segments as they travel, one a line."""
    return [line_of(each, separators) for each in segments]


def segment_differences(
    before: Sequence[str], after: Sequence[str], separators: Separators
) -> tuple[Difference, ...]:
    """In what two sets differ; both are lines of ``lines_of``, ST first."""
    found: list[Difference] = []
    for kind, start, end, new_start, new_end in _changes(before, after):
        old, new = before[start:end], after[new_start:new_end]
        if kind == "replace" and [_tag(line, separators) for line in old] == [
            _tag(line, separators) for line in new
        ]:
            for at, (was, now) in enumerate(zip(old, new, strict=True), start=new_start + 1):
                found.extend(_elements(was, now, at, separators))
            continue
        found += [
            Difference(_tag(line, separators), line, "", at) for at, line in enumerate(old, start=start + 1)
        ]
        found += [
            Difference(_tag(line, separators), "", line, at)
            for at, line in enumerate(new, start=new_start + 1)
        ]
    return tuple(found)


def changed_positions(before: Sequence[str], after: Sequence[str]) -> frozenset[int]:
    """The positions, from 1, of the lines of ``after`` that ``before`` has not."""
    return frozenset(
        at
        for _, _, _, start, end in _changes(before, after)
        for at in range(start + 1, end + 1)
    )  # fmt: skip


def document_differences(before: Document | None, after: Document | None) -> tuple[Difference, ...]:
    """In what two documents differ; 4.5 and 4.50 are the same number."""
    was = dict(leaves(before)) if before is not None else {}
    now = dict(leaves(after)) if after is not None else {}
    return tuple(
        Difference(path, str(was.get(path, "")), str(now.get(path, "")))
        for path in dict.fromkeys([*was, *now])
        if was.get(path) != now.get(path)
    )


def _changes(before: Sequence[str], after: Sequence[str]) -> Iterator[tuple[str, int, int, int, int]]:
    matcher = SequenceMatcher(None, before, after, autojunk=False)
    return (each for each in matcher.get_opcodes() if each[0] != "equal")


def _elements(was: str, now: str, position: int, separators: Separators) -> Iterator[Difference]:
    old, new = was.split(separators.element), now.split(separators.element)
    for number in range(1, max(len(old), len(new))):
        one = old[number] if number < len(old) else ""
        other = new[number] if number < len(new) else ""
        if one != other:
            yield Difference(f"{new[0]}{number:02d}", one, other, position)


def _tag(line: str, separators: Separators) -> str:
    return line.split(separators.element, 1)[0]
