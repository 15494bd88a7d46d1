"""Segments with the names of what stands in them: what an element is, what may stand there, and what its code means."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from integration.x12.acknowledgment_codes import (
    CODE_MEANINGS,
    GROUP_MEANINGS,
    IMPLEMENTATION_ELEMENT_MEANINGS,
    IMPLEMENTATION_SEGMENT_MEANINGS,
    IMPLEMENTATION_SET_MEANINGS,
    NOTE_MEANINGS,
)
from integration.x12.syntax import Segment, Separators, components_of
from integration.x12.tables import ElementTable, SegmentTable, SetTable, find_table

# Envelope segments are in no table of a set: their names, and those of their elements.
ENVELOPE = {
    "ISA": (
        "interchange header",
        "kind of authorization|authorization|kind of security|security|sender qualifier|sender id|"
        "receiver qualifier|receiver id|date|time|repetition separator or U|version|control number|"
        "acknowledgment requested|usage (P production, T test)|component separator",
    ),
    "TA1": ("interchange acknowledgment", "control number answered|its date|its time|verdict|reason"),
    "GS": (
        "group header",
        "kind of group|sender|receiver|date|time|control number|agency|version",
    ),
    "GE": ("group trailer", "number of sets|control number"),
    "IEA": ("interchange trailer", "number of groups|control number"),
}

# Where codes of acknowledgments stand: tag, first and last element, and what they mean. A 997 with a code of the 999
# says the same.
_CODES = (
    ("AK3", 4, 4, IMPLEMENTATION_SEGMENT_MEANINGS),
    ("IK3", 4, 4, IMPLEMENTATION_SEGMENT_MEANINGS),
    ("AK4", 3, 3, IMPLEMENTATION_ELEMENT_MEANINGS),
    ("IK4", 3, 3, IMPLEMENTATION_ELEMENT_MEANINGS),
    ("AK5", 1, 1, CODE_MEANINGS),
    ("IK5", 1, 1, CODE_MEANINGS),
    ("AK5", 2, 6, IMPLEMENTATION_SET_MEANINGS),
    ("IK5", 2, 6, IMPLEMENTATION_SET_MEANINGS),
    ("AK9", 1, 1, CODE_MEANINGS),
    ("AK9", 5, 9, GROUP_MEANINGS),
    ("TA1", 4, 4, CODE_MEANINGS),
    ("TA1", 5, 5, NOTE_MEANINGS),
)
MEANINGS = {
    (tag, number): meanings for tag, first, last, meanings in _CODES for number in range(first, last + 1)
}

_KINDS = {"AN": "text", "ID": "code", "R": "number", "DT": "date", "TM": "time", "B": "binary"}


@dataclass(frozen=True, slots=True)
class DescribedElement:
    """One filled or missing element, or one component: ``place`` is PO102 or SLN03-1, ``rule`` what may stand there.

    ``number`` counts from 1; ``meaning`` is that of a code of an acknowledgment, "" for others.
    """

    number: int
    place: str
    name: str
    text: str
    rule: str = ""
    meaning: str = ""


@dataclass(frozen=True, slots=True)
class DescribedSegment:
    """One segment: ``position`` counts from 1 at ST, 0 outside a set; ``name`` says where the standard does not know it."""

    position: int
    tag: str
    name: str
    elements: tuple[DescribedElement, ...]


def describe(segments: Iterable[Segment], version: str, separators: Separators) -> Iterator[DescribedSegment]:
    """Yield ``segments`` of a set, or of a whole interchange, described by the tables of GS08, ``version`` until one stands there.

    What no table knows is said to be unknown; nothing raises.
    """
    table: SetTable | None = None
    position = 0
    for each in segments:
        if each.tag == "GS":
            version = each[8] or version
        if each.tag == "ST":
            table, position = find_table(each[1], version), 0
        inside = each.tag not in ENVELOPE
        position = position + 1 if inside else 0
        yield _described(each, position, table, separators) if inside else _envelope(each)


def _described(
    each: Segment, position: int, table: SetTable | None, separators: Separators
) -> DescribedSegment:
    known = table.segments.get(each.tag) if table else None
    if known is None:
        name = "not in this set" if table else "no table for this set"
        elements = tuple(
            DescribedElement(number, f"{each.tag}{number:02d}", "", text)
            for number, text in enumerate(each.elements, start=1)
            if text
        )
        return DescribedSegment(position, each.tag, name, elements)
    return DescribedSegment(position, each.tag, known.name, tuple(_elements(each, known, separators)))


def _elements(each: Segment, known: SegmentTable, separators: Separators) -> Iterator[DescribedElement]:
    tables = {element.number: element for element in known.elements}
    last = max(len(each.elements), 0)
    for number in range(
        1, max([last, *(n for n, element in tables.items() if element.required)], default=0) + 1
    ):
        text, element = each[number], tables.get(number)
        place = f"{each.tag}{number:02d}"
        if not text and (element is None or not element.required):
            continue
        if element is None:
            name = "not in the standard" if known.described else ""
            yield DescribedElement(number, place, name, text)
        elif element.kind == "C" and text:
            yield from _components(number, place, text, element, separators)
        else:
            meaning = MEANINGS.get((each.tag, number), {}).get(text.strip(), "")
            yield DescribedElement(number, place, element.name, text, _rule(element), meaning)


def _components(
    number: int, place: str, text: str, element: ElementTable, separators: Separators
) -> Iterator[DescribedElement]:
    for at, part in enumerate(components_of(text, separators), start=1):
        known = element.components[at - 1] if at <= len(element.components) else None
        if part:
            name = known.name if known else "not in the standard"
            yield DescribedElement(number, f"{place}-{at}", name, part, _rule(known) if known else "")


def _envelope(each: Segment) -> DescribedSegment:
    name, words = ENVELOPE[each.tag]
    names = words.split("|")
    elements = tuple(
        DescribedElement(
            number,
            f"{each.tag}{number:02d}",
            names[number - 1] if number <= len(names) else "not in the standard",
            text,
            meaning=MEANINGS.get((each.tag, number), {}).get(text.strip(), ""),
        )
        for number, text in enumerate(each.elements, start=1)
        if text.strip()
    )
    return DescribedSegment(0, each.tag, name, elements)


def _rule(element: ElementTable) -> str:
    """Return what may stand in the element: ``required, number, 1 to 15``."""
    kind = element.kind
    if kind.startswith("N") and kind[1:].isdigit():
        words = "whole number" if kind == "N0" else f"number, {kind[1:]} decimals implied"
    else:
        words = _KINDS.get(kind, "several components" if kind == "C" else kind)
    length = (
        ""
        if kind == "C"
        else f"{element.min} to {element.max}"
        if element.min != element.max
        else f"{element.max}"
    )
    return ", ".join(part for part in ("required" if element.required else "", words, length) if part)
