"""A document and its X12 beside each other, as data: which rule made or took each element, and what was left over."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from integration.documents import Document, leaves
from integration.x12.findings import Finding
from integration.x12.syntax import Repeated, Segment, Separators, choose_separators, components_of
from integration.x12.validate import check_set
from integration.x12.writing import SetToWrite, set_segments
from partners.mapping.codes import CodeLists
from partners.mapping.differences import changed_positions, document_differences, lines_of, text_of
from partners.mapping.reader import read_set
from partners.mapping.report import BLOCKING, Entry, Trace
from partners.mapping.rules import Guide
from partners.mapping.writer import write

_ENVELOPE = frozenset({"ST", "SE"})


@dataclass(frozen=True, slots=True)
class Part:
    """One element, or one component of it: its text, the rule that it is of, and the field; "" where there is none."""

    element: int
    component: int | None
    text: str
    address: str
    path: str


@dataclass(frozen=True, slots=True)
class Row:
    """One segment. ``is_new``: the released revision makes it otherwise, or not at all."""

    position: int
    tag: str
    parts: tuple[Part, ...]
    is_new: bool

    @property
    def is_envelope(self) -> bool:
        """Whether it is ST or SE, which no rule makes."""
        return self.tag in _ENVELOPE


@dataclass(frozen=True, slots=True)
class Field:
    """One value of the document and the elements that carry it, as (segment's position, element)."""

    path: str
    text: str
    places: tuple[tuple[int, int], ...]
    is_new: bool = False


@dataclass(frozen=True, slots=True)
class Rehearsal:
    """Both sides of one document under one guide, with everything that guide and standard say of it.

    ``lines`` is the X12, ST to SE, with ``separators``. ``gone`` are the lines, and fields with their values, that the
    released revision has and this one has not.
    """

    document: Document | None
    segments: tuple[Segment, ...]
    separators: Separators
    rows: tuple[Row, ...]
    fields: tuple[Field, ...]
    report: tuple[Entry, ...]
    findings: tuple[Finding, ...]
    traces: tuple[Trace, ...]
    gone: tuple[str, ...] = ()

    @property
    def lines(self) -> list[str]:
        """The X12 as it travels, a segment a line."""
        return lines_of(self.segments, self.separators)

    @property
    def unread(self) -> tuple[Entry, ...]:
        """What stands in the X12 and is read into no field."""
        return tuple(each for each in self.report if each.kind == "unread")

    @property
    def not_carried(self) -> tuple[Entry, ...]:
        """What stands in the document and has no place in the X12."""
        return tuple(each for each in self.report if each.kind == "not_carried")

    @property
    def faults(self) -> tuple[str, ...]:
        """Sentences on what keeps this document from being sent, or from being used."""
        blocking = [each.sentence for each in self.report if each.kind in BLOCKING]
        return (*blocking, *(each.sentence for each in self.findings if each.severity == "error"))


def rehearse_writing(
    document: Document, guide: Guide, codes: CodeLists | None = None, separators: Separators | None = None
) -> Rehearsal:
    """What the guide writes of ``document``; its positions count from ST, which is 1."""
    written = write(document, guide, codes, trace=True)
    whole = set_segments(SetToWrite(guide.transaction_set, 1, written.segments))
    used = choose_separators(whole, separators or usual_separators(guide.version))
    findings = check_set(whole, guide.table, used).findings if written.segments else []
    return _rehearsal(document, whole, used, written.report, findings, written.traces)


def rehearse_reading(
    segments: Sequence[Segment], guide: Guide, separators: Separators, codes: CodeLists | None = None
) -> Rehearsal:
    """What the guide reads of one set; ``segments`` run from ST to SE, with their positions."""
    result = read_set(segments, guide, codes, separators, trace=True)
    findings = check_set(segments, guide.table, separators).findings
    return _rehearsal(result.document, segments, separators, result.report, findings, result.traces)


def compared(now: Rehearsal, released: Rehearsal | None) -> Rehearsal:
    """``now`` with its differences to what the released revision makes of the same marked; None: nothing is released."""
    if released is None:
        return now
    new = changed_positions(released.lines, now.lines)
    kept = set(now.lines)
    fields = {each.place: each for each in document_differences(released.document, now.document)}
    return Rehearsal(
        now.document,
        now.segments,
        now.separators,
        tuple(Row(row.position, row.tag, row.parts, row.position in new) for row in now.rows),
        tuple(Field(each.path, each.text, each.places, each.path in fields) for each in now.fields),
        now.report,
        now.findings,
        now.traces,
        (
            *(line for line in released.lines if line not in kept),
            *(f"{each.place}: {each.was}" for each in fields.values() if not each.now),
        ),
    )


def usual_separators(version: str) -> Separators:
    """The separators of what is rehearsed; those of agreements come with the envelope."""
    return Separators(repetition="^") if version >= "00402" else Separators()


def _rehearsal(
    document: Document | None,
    segments: Sequence[Segment],
    separators: Separators,
    report: Sequence[Entry],
    findings: Sequence[Finding],
    traces: Sequence[Trace],
) -> Rehearsal:
    made = defaultdict(list)
    places: dict[str, list[tuple[int, int]]] = defaultdict(list)
    # Element 0 is the segment itself.
    for trace in (each for each in traces if each.element):
        made[trace.position].append(trace)
        if trace.path and (trace.position, trace.element) not in places[trace.path]:
            places[trace.path].append((trace.position, trace.element))
    rows = tuple(
        Row(each.position, each.tag, _parts(each, made[each.position], separators), False)
        for each in segments
    )
    values = leaves(document) if document is not None else ()
    fields = tuple(Field(path, str(value), _places(places, path)) for path, value in values)
    return Rehearsal(
        document, tuple(segments), separators, rows, fields, tuple(report), tuple(findings), tuple(traces)
    )


def _places(places: Mapping[str, list[tuple[int, int]]], path: str) -> tuple[tuple[int, int], ...]:
    # A list that one element repeats has one trace.
    return tuple(places.get(path) or places.get(path.rpartition("[")[0]) or [])


def _parts(each: Segment, traces: Sequence[Trace], separators: Separators) -> tuple[Part, ...]:
    by_place: Mapping[tuple[int, int | None], Trace] = {
        (trace.element, trace.component): trace for trace in reversed(traces)
    }
    by_element: Mapping[int, Trace] = {trace.element: trace for trace in reversed(traces)}
    parts: list[Part] = []
    for number, element in enumerate(each.elements, start=1):
        text = text_of(element, separators)
        composed = any(place[0] == number and place[1] is not None for place in by_place)
        if not composed or _is_repeated(element, separators):
            parts.append(_part(number, None, text, by_element.get(number)))
            continue
        for at, component in enumerate(components_of(element, separators), start=1):
            parts.append(_part(number, at, component, by_place.get((number, at))))
    return tuple(parts)


def _is_repeated(element: str, separators: Separators) -> bool:
    # One that was read is still in one piece.
    return isinstance(element, Repeated) or bool(separators.repetition and separators.repetition in element)


def _part(number: int, component: int | None, text: str, trace: Trace | None) -> Part:
    return Part(number, component, text, trace.address if trace else "", trace.path if trace else "")
