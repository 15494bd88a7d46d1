"""Segments that were read, made ready to be written once more, whatever separators they will have."""

from __future__ import annotations

from collections.abc import Iterable

from integration.x12.syntax import Composite, Repeated, Segment, Separators, components_of, parts_of
from integration.x12.tables import ElementTable, SetTable


def to_write_again(
    segments: Iterable[Segment], table: SetTable | None, separators: Separators
) -> list[Segment]:
    """Return ``segments``, read with ``separators``, with their composites and repeats taken apart as ``table`` says.

    A segment that the table does not know stays as it is: whether it can be written is said by the writer.
    """
    return [_again(each, table, separators) for each in segments]


def _again(each: Segment, table: SetTable | None, separators: Separators) -> Segment:
    known = table.segments.get(each.tag) if table else None
    if known is None:
        return each
    elements = list(each.elements)
    for element in known.elements:
        if element.number <= len(elements) and elements[element.number - 1]:
            elements[element.number - 1] = _apart(elements[element.number - 1], element, separators)
    return Segment(each.tag, elements, each.position)


def _apart(text: str, element: ElementTable, separators: Separators) -> str:
    parts = parts_of(text, separators) if element.repeat > 1 else (text,)
    if element.kind == "C":
        parts = tuple(Composite(*components_of(part, separators)) for part in parts)
    return Repeated(*parts) if len(parts) > 1 else parts[0]
