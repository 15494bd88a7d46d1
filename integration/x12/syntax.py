"""Segments, separators, and the bytes that they make: the lowest layer of X12, without any table.

An element of a segment that was **read** is raw text: a composite is not split, because only the table (or
the guide) knows which elements are composites, and text may hold the component separator. An element that is
to be **written** as a composite is a ``Composite``. ``components_of`` takes both.

Writing never lets data break out: an element that holds a separator or a control character is refused by
``serialise`` with ``UnsafeData``; ``choose_separators`` finds separators that the data leaves free.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import count, repeat
from operator import itemgetter
from typing import Any, Literal, NamedTuple

Encoding = Literal["ascii", "latin-1", "utf-8"]

# Candidates in order of preference, the common ones first. The last of each row is an information separator
# of ASCII: a control character, which data never holds (serialise refuses it there), so one is always free.
ELEMENT_SEPARATORS = ("*", "|", "^", "+", "\x1d")
SEGMENT_TERMINATORS = ("~", "'", "!", "\x1c")
COMPONENT_SEPARATORS = (">", ":", "<", "\\", "\x1f")
REPETITION_SEPARATORS = ("^", "`", "}", "\x1e")

# C0, DEL and C1: none of them is in the X12 basic or extended character set.
_CONTROL = "\x00-\x1f\x7f-\x9f"
FORBIDDEN_TEXT = re.compile(f"[{_CONTROL}]")
TAG = re.compile(r"[A-Z][A-Z0-9]{1,2}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Separators:
    """The characters that stand between elements, segments and components; each interchange has its own.

    ``repetition`` is None where the version has none (up to 00401) or ISA11 is alphanumeric.
    """

    element: str = "*"
    segment: str = "~"
    component: str = ">"
    repetition: str | None = None

    def characters(self) -> tuple[str, ...]:
        """All separators in use, the element separator first."""
        standard = (self.element, self.segment, self.component)
        return standard if self.repetition is None else (*standard, self.repetition)

    def problem(self) -> str | None:
        """Why these cannot separate anything, as a sentence, or None: one ASCII character each, all distinct,
        neither letter, digit nor blank."""
        names = ("element separator", "segment terminator", "component separator", "repetition separator")
        for name, character in zip(names, self.characters(), strict=False):
            if len(character) != 1 or not character.isascii():
                return f"The {name} {character!r} is not one ASCII character; choose one such as * ~ > ^."
            if character.isalnum() or character == " ":
                return f"The {name} {character!r} is a letter, digit or blank; choose one such as * ~ > ^."
        if len(set(self.characters())) < len(self.characters()):
            shown = " ".join(repr(character) for character in self.characters())
            return f"The separators {shown} are not all different; give each its own character."
        return None


class Composite(str):
    """A composite element to be written: ``Composite("EA", "", "2")``; trailing empty components are cut.

    As a string it is its components joined by U+001F, so that it compares and is empty like any element.
    """

    __slots__ = ("components",)

    components: tuple[str, ...]

    def __new__(cls, *components: str) -> Composite:
        kept = _without_trailing_empties(components)
        made = super().__new__(cls, "\x1f".join(kept))
        made.components = kept
        return made


class Repeated(str):
    """A repeated element to be written: ``Repeated("A", Composite("B", "2"))``, one part behind the other.

    As a string it is its parts joined by U+001E, so that it compares and is empty like any element.
    """

    __slots__ = ("parts",)

    parts: tuple[str, ...]

    def __new__(cls, *parts: str) -> Repeated:
        kept = _without_trailing_empties(parts)
        made = super().__new__(cls, "\x1e".join(kept))
        made.parts = kept
        return made


def parts_of(element: str, separators: Separators) -> tuple[str, ...]:
    """The repeats of an element, read or about to be written; ``()`` where it is empty."""
    if isinstance(element, Repeated):
        return element.parts
    if not element or separators.repetition is None:
        return (element,) if element else ()
    return tuple(element.split(separators.repetition))


def components_of(element: str, separators: Separators) -> tuple[str, ...]:
    """The components of a composite element, read or about to be written; ``()`` where it is empty."""
    if isinstance(element, Composite):
        return element.components
    return tuple(element.split(separators.component)) if element else ()


class _Row(NamedTuple):
    texts: tuple[str, ...]
    position: int


class Segment(tuple[Any, ...]):
    """One segment. ``segment[2]`` is its second element, "" where absent; element 1 is ``elements[0]``.

    ``texts`` is the tag and the elements in one row. ``position`` counts from 1 at ST within the transaction
    set (0: not placed); it takes no part in equality.

    A tuple below, because tuples are made without running any Python: a file holds millions of segments
    (``placed_segments``). It does not behave like one: it counts, compares and hashes as described here.
    """

    __slots__ = ()

    # A named tuple's own accessors, which are as quick as attributes; the rest of a named tuple is not wanted.
    texts = _Row.texts
    position = _Row.position

    def __new__(cls, tag: str, elements: Sequence[str] = (), position: int = 0) -> Segment:
        return tuple.__new__(cls, ((tag, *elements), position))

    @property
    def tag(self) -> str:
        """The segment's name: "PO1"."""
        return self.texts[0]

    @property
    def elements(self) -> tuple[str, ...]:
        """The elements, the first one at index 0; made anew at each reading."""
        return self.texts[1:]

    def __getitem__(self, number: int) -> str:  # type: ignore[override]
        if number < 1:
            raise IndexError("Elements count from 1.")
        texts = self.texts
        return texts[number] if number < len(texts) else ""

    def __len__(self) -> int:
        """How many elements stand in the segment, trailing empties not counted where ``segment()`` made
        it."""
        return len(self.texts) - 1

    def __bool__(self) -> bool:
        return True

    def __iter__(self) -> Iterator[str]:
        return iter(self.texts[1:])

    def __contains__(self, text: object) -> bool:
        return text in self.texts[1:]

    def __eq__(self, other: object) -> bool:
        return self.texts == other.texts if isinstance(other, Segment) else NotImplemented

    def __ne__(self, other: object) -> bool:
        return self.texts != other.texts if isinstance(other, Segment) else NotImplemented

    def __hash__(self) -> int:
        return hash(self.texts)

    def __repr__(self) -> str:
        return f"Segment(tag={self.tag!r}, elements={self.elements!r}, position={self.position})"

    def __getnewargs__(self) -> tuple[str, tuple[str, ...], int]:
        return self.tag, self.elements, self.position


def rows_of(segments: Iterable[Segment]) -> Sequence[tuple[str, ...]]:
    """The tag and the elements of each segment without its trailing empty elements."""
    rows = [each.texts for each in segments]
    if all(map(itemgetter(-1), rows)):
        return rows
    return [(row[0], *_without_trailing_empties(row[1:])) for row in rows]


def picking(numbers: Sequence[int]) -> Callable[[tuple[str, ...]], tuple[str, ...]]:
    """What picks the elements with these numbers out of a segment's ``texts``, always as a tuple."""
    if len(numbers) > 1:
        return itemgetter(*numbers)
    return itemgetter(slice(numbers[0], numbers[0] + 1) if numbers else slice(0))


def placed_segments(rows: Iterable[tuple[str, ...]], start: int = 1) -> list[Segment]:
    """Segments of rows of tag and elements, numbered from ``start``: all of them at once, so quickly."""
    return list(map(tuple.__new__, repeat(Segment), zip(rows, count(start))))


def segment(tag: str, *elements: str, position: int = 0) -> Segment:
    """A segment without its trailing empty elements."""
    return Segment(tag, _without_trailing_empties(elements), position)


def _without_trailing_empties(texts: Sequence[str]) -> tuple[str, ...]:
    end = len(texts)
    while end and not texts[end - 1]:
        end -= 1
    return tuple(texts[:end])


class UnsafeData(ValueError):
    """Data that cannot be written as it is; ``str()`` says where, which character, and what to do.

    ``element`` is 0 where the tag itself is at fault; ``component`` is None outside composites; ``text`` is
    the whole element or component.
    """

    def __init__(
        self, where: Segment, element: int, component: int | None, character: str, text: str
    ) -> None:
        self.segment = where
        self.element = element
        self.component = component
        self.character = character
        self.text = text
        part = "the tag" if element == 0 else f"element {element}"
        if component is not None:
            part += f", component {component}"
        place = f" (segment {where.position})" if where.position else ""
        super().__init__(
            f"{where.tag!r}{place}, {part}: {text[:60]!r} holds {character!r}, which cannot be written "
            "there; remove the character, or agree on other separators or another text encoding."
        )


def serialise(
    segments: Iterable[Segment], separators: Separators, encoding: Encoding, *, line_breaks: bool = False
) -> bytes:
    """The bytes of the segments, each ended by the terminator (and a newline, with ``line_breaks``).

    Raises UnsafeData where an element holds a separator or a control character or cannot be encoded, and
    ValueError where the separators are not legal. ISA is no exception: its padded elements go in as they are,
    but ISA11 and ISA16 hold separators and are written by ``envelope.write_interchange``.
    """
    if problem := separators.problem():
        raise ValueError(problem)
    return _careful_bytes(segments, separators, encoding, ending_of(separators, line_breaks))


def ending_of(separators: Separators, line_breaks: bool) -> str:
    """What ends a segment."""
    return separators.segment + ("\n" if line_breaks and separators.segment != "\n" else "")


def _careful_bytes(
    segments: Iterable[Segment], separators: Separators, encoding: Encoding, ending: str
) -> bytes:
    forbidden = _forbidden(separators)
    parts: list[bytes] = []
    for each in segments:
        _refuse_unsafe(each, forbidden)
        texts = (_joined(element, separators) for element in each.elements)
        line = separators.element.join((each.tag, *texts)) + ending
        try:
            parts.append(line.encode(encoding))
        except UnicodeEncodeError as error:
            raise _unencodable(each, encoding) or error from error
    return b"".join(parts)


def _forbidden(separators: Separators) -> re.Pattern[str]:
    return re.compile(f"[{_CONTROL}{re.escape(''.join(separators.characters()))}]")


def _joined(element: str, separators: Separators) -> str:
    if isinstance(element, Repeated):
        if separators.repetition is None and len(element.parts) > 1:
            raise ValueError(
                f"{element.parts[1]!r} is a repeat, and there is no repetition separator; set one."
            )
        return (separators.repetition or "").join(_joined(each, separators) for each in element.parts)
    if isinstance(element, Composite):
        return separators.component.join(element.components)
    return element


def _refuse_unsafe(each: Segment, forbidden: re.Pattern[str]) -> None:
    if not TAG.fullmatch(each.tag):
        raise UnsafeData(each, 0, None, each.tag[:1], each.tag)
    for number, element in enumerate(each.elements, start=1):
        for component, text in _texts(element):
            if found := forbidden.search(text):
                raise UnsafeData(each, number, component, found.group(), text)


def _texts(element: str) -> list[tuple[int | None, str]]:
    if isinstance(element, Repeated):
        return [text for part in element.parts for text in _texts(part)]
    if isinstance(element, Composite):
        return list(enumerate(element.components, start=1))
    return [(None, element)]


def _unencodable(each: Segment, encoding: Encoding) -> UnsafeData | None:
    for number, element in enumerate(each.elements, start=1):
        for component, text in _texts(element):
            for character in text:
                if character != character.encode(encoding, "ignore").decode(encoding):
                    return UnsafeData(each, number, component, character, text)
    return None


def choose_separators(segments: Iterable[Segment], preferred: Separators) -> Separators:
    """The preferred separators, each replaced by the next free candidate where the data holds it.

    Candidates are ELEMENT_SEPARATORS, SEGMENT_TERMINATORS, COMPONENT_SEPARATORS, REPETITION_SEPARATORS, in
    that order. The last of each is a control character: data that holds even that is refused by
    ``serialise``.
    """
    held: set[str] = set()
    for each in segments:
        for element in each.texts[1:]:
            if isinstance(element, Composite | Repeated):
                held.update(*(text for _, text in _texts(element)))
            else:
                held.update(element)
    taken: list[str] = []
    repetition = None
    element = _next_free(preferred.element, ELEMENT_SEPARATORS, held, preferred, taken)
    terminator = _next_free(preferred.segment, SEGMENT_TERMINATORS, held, preferred, taken)
    component = _next_free(preferred.component, COMPONENT_SEPARATORS, held, preferred, taken)
    if preferred.repetition is not None:
        repetition = _next_free(preferred.repetition, REPETITION_SEPARATORS, held, preferred, taken)
    return Separators(element, terminator, component, repetition)


def _next_free(
    wanted: str, candidates: tuple[str, ...], held: set[str], preferred: Separators, taken: list[str]
) -> str:
    # Another role's preferred character is left alone, so that one clash does not move two separators.
    free = [each for each in candidates if each not in held and each not in preferred.characters()]
    choice = wanted if wanted not in held else next((each for each in free if each not in taken), wanted)
    taken.append(choice)
    return choice
