"""Reads the elements of one segment by its rule, whatever stands there, with a report and traces.

This is the long way, which everything can go: ``quick_reading`` takes what is as it should be and leaves the rest to it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from integration.x12.syntax import Segment, Separators, components_of, parts_of
from partners.mapping.codes import HELD, CodeTables
from partners.mapping.report import Entry, Kind, Trace, shortened
from partners.mapping.rules import (
    CompositeElement,
    ConstantElement,
    DerivedElement,
    ElementRule,
    FieldElement,
    GroupElement,
    Guide,
    PairsElement,
    Path,
    QualifierElement,
    RepeatElement,
    SegmentRule,
    Value,
    shown,
)
from partners.mapping.transforms import Untranslated, WrongValue

# What has been read of one record; the key "" holds the value of a list's scalar item.
Record = dict[str, Any]


class ElementReader:
    """Reads elements into records; collects ``report``, ``traces`` and the computed elements met, ``derived``."""

    def __init__(self, guide: Guide, codes: CodeTables, separators: Separators, *, trace: bool) -> None:
        self.traces: list[Trace] | None = [] if trace else None
        self.guide = guide
        self.codes = codes
        self.separators = separators
        self.report: list[Entry] = []
        self.derived: list[tuple[DerivedElement, Segment]] = []

    def _trace(
        self, segment: Segment, element: int, address: str, path: str, component: int | None = None
    ) -> None:
        if self.traces is not None and (element == 0 or segment[element]):
            self.traces.append(Trace(segment.position, element, component, address, path))

    def _tell(
        self,
        kind: Kind,
        address: str,
        path: str,
        segment: Segment,
        problem: str,
        text: str = "",
        code_list: str = "",
    ) -> None:
        sentence = f"{f'{address} {path}'.strip()}: {problem}."
        self.report.append(Entry(kind, address, path, sentence, text, code_list, segment.position))

    def read_elements(self, rule: SegmentRule, segment: Segment, scope: Record, path: str) -> None:
        """Takes all elements of a segment into a record, and reports those that nothing takes."""
        if self.traces is not None:
            self._trace_fixed(rule, segment, path)
        for element in rule.elements:
            self._element(element, rule, segment, scope, path)
        texts = segment.texts
        for number in range(1, len(texts)):
            if number not in rule.numbers:
                self._unread_element(f"{rule.address}.{number}", texts[number], path, segment)

    def _element(
        self, element: ElementRule, rule: SegmentRule, segment: Segment, scope: Record, path: str
    ) -> None:
        if isinstance(element, FieldElement):
            self._trace(segment, element.number, element.address, shown(path, element.value.path))
            self._field(element, segment[element.number], scope, path, segment)
        elif isinstance(element, ConstantElement):
            self._constant(element, segment[element.number], path, segment)
        elif isinstance(element, DerivedElement):
            self.derived.append((element, segment))
        elif isinstance(element, CompositeElement):
            self._composite(element, segment, scope, path)
        elif isinstance(element, RepeatElement):
            self._repeat(element, segment, scope, path)
        elif isinstance(element, PairsElement):
            self._pairs(element, rule, segment, scope, path)
        elif isinstance(element, GroupElement):
            self._group(element, rule.address, segment, scope, path)

    def _trace_fixed(self, rule: SegmentRule, segment: Segment, path: str) -> None:
        """Traces the segment itself, and what the guide puts there."""
        self._trace(segment, 0, rule.address, path)
        for element in rule.elements:
            if isinstance(element, QualifierElement | ConstantElement | DerivedElement):
                self._trace(segment, element.number, element.address, "")

    def _unread_element(self, address: str, text: str, path: str, segment: Segment, why: str = "") -> None:
        if text.strip(" "):
            problem = f"{shortened(text)} was not read, {why or 'the guide has no field for it; add a rule if it matters'}"
            self._tell("unread", address, path, segment, problem, text)

    def _field(self, element: FieldElement, text: str, scope: Record, path: str, segment: Segment) -> None:
        self._value(element.value, text, scope, element.address, path, segment)

    def _value(
        self, value: Value, text: str, scope: Record, address: str, path: str, segment: Segment
    ) -> None:
        read = self._converted(value, text.rstrip(" "), address, shown(path, value.path), segment)
        if read is not None and read != "":
            self._put(scope, value.path, read, address, path, segment)

    def _converted(self, value: Value, text: str, address: str, path: str, segment: Segment) -> Any:
        if not text:
            return None

        def dropped(rest: str) -> None:
            problem = f"{shortened(rest)} at the end of {shortened(text)} is not kept"
            self._tell("unread", address, path, segment, problem, rest)

        read: Any = text
        try:
            for transform in reversed(value.transforms):
                read = transform.read(read, self.codes, dropped)
        except WrongValue as error:
            self._tell("error", address, path, segment, str(error), text)
            return None
        except Untranslated as error:
            held = self.guide.missing_code == "hold"
            problem = (
                f"{error}; add one, until then it is {HELD + text!r}"
                if held
                else f"{error}; add one, until then the field is left out"
            )
            self._tell("untranslated", address, path, segment, problem, text, error.code_list)
            return HELD + text if held else None
        return read

    def _put(self, scope: Record, path: Path, value: Any, address: str, base: str, segment: Segment) -> None:
        record = record_at(scope, path[:-1])
        name = path[-1] if path else ""
        if record.setdefault(name, value) != value:
            problem = f"{shortened(str(value))} disagrees with {shortened(str(record[name]))}, which is kept"
            self._tell("conflict", address, shown(base, path), segment, problem, str(value))

    def _constant(self, element: ConstantElement, text: str, path: str, segment: Segment) -> None:
        if text.rstrip(" ") != element.text:
            why = f"the guide writes {element.text!r} there"
            self._unread_element(element.address, text, path, segment, why)

    def _repeat(self, element: RepeatElement, segment: Segment, scope: Record, path: str) -> None:
        record = record_at(scope, element.items[:-1])
        items = list(record.get(element.items[-1], ()))
        self._trace(segment, element.number, element.address, shown(path, element.items))
        for text in parts_of(segment[element.number], self.separators):
            item: Record = {}
            place = f"{shown(path, element.items)}[{len(items)}]"
            if isinstance(element.part, CompositeElement):
                self._components(element.part, text, segment, item, place)
            else:
                self._value(element.part.value, text, item, element.address, place, segment)
            if item:
                items.append(item.get("", item))
        if items:
            record[element.items[-1]] = items

    def _composite(self, element: CompositeElement, segment: Segment, scope: Record, path: str) -> None:
        self._components(element, segment[element.number], segment, scope, path)

    def _components(
        self, element: CompositeElement, whole: str, segment: Segment, scope: Record, path: str
    ) -> None:
        texts = components_of(whole, self.separators)
        parts = {part.number: part for part in element.parts}
        for number, text in enumerate(texts, start=1):
            part = parts.get(number)
            if part is not None and text:
                fields = part.value.path if isinstance(part, FieldElement) else ()
                self._trace(
                    segment, element.number, part.address, shown(path, fields) if fields else "", number
                )
            if isinstance(part, FieldElement):
                self._field(part, text, scope, path, segment)
            elif isinstance(part, ConstantElement):
                self._constant(part, text, path, segment)
            else:
                self._unread_element(f"{element.address}.{number}", text, path, segment)

    def _pairs(
        self, element: PairsElement, rule: SegmentRule, segment: Segment, scope: Record, path: str
    ) -> None:
        known = {qualifier: pair for pair in element.pairs for qualifier in pair.qualifiers}
        texts = segment.texts
        segment_address = rule.address
        for start in element.starts:
            if start >= len(texts):
                return
            qualifier, text = segment[start].rstrip(" "), segment[start + 1].rstrip(" ")
            if not qualifier and not text:
                continue
            address = f"{segment_address}.{start + 1}"
            if not qualifier or not text:
                number = start if qualifier else start + 1
                why = "a pair needs both a qualifier and a value"
                self._unread_element(f"{segment_address}.{number}", qualifier or text, path, segment, why)
            elif qualifier in known:
                pair = known[qualifier]
                if self.traces is not None:
                    self._trace(segment, start, pair.address, "")
                    self._trace(segment, start + 1, pair.address, shown(path, pair.value.path))
                self._value(pair.value, text, scope, address, path, segment)
            elif element.rest is not None:
                record = record_at(scope, element.rest[:-1])
                place = f"{shown(path, element.rest)}[{len(record.get(element.rest[-1], ()))}]"
                self._trace(segment, start, element.address, place)
                self._trace(segment, start + 1, element.address, place)
                rest = {"qualifier": qualifier, "value": text}
                record[element.rest[-1]] = [*record.get(element.rest[-1], ()), rest]
            else:
                why = f"the guide has no field for the qualifier {qualifier}"
                self._unread_element(address, f"{qualifier}*{text}", path, segment, why)

    def _group(
        self, element: GroupElement, segment_address: str, segment: Segment, scope: Record, path: str
    ) -> None:
        record = record_at(scope, element.items[:-1])
        items = list(record.get(element.items[-1], ()))
        for start in element.starts:
            item: Record = {}
            place = f"{shown(path, element.items)}[{len(items)}]"
            for offset, value in enumerate(element.values):
                address = f"{segment_address}.{start + offset}"
                self._trace(segment, start + offset, element.address, shown(place, value.path))
                self._value(value, segment[start + offset], item, address, place, segment)
            if item:
                items.append(item.get("", item))
        if items:
            record[element.items[-1]] = items


def find(scope: Mapping[str, Any], path: Path) -> Any:
    """What stands at a path of a record; None where there is nothing yet."""
    found: Any = scope
    for name in path:
        found = found.get(name) if found is not None else None
    return found


def record_at(scope: Record, path: Path) -> Record:
    """The record at a path, made where it is not there yet."""
    for name in path:
        scope = scope.setdefault(name, {})
    return scope
