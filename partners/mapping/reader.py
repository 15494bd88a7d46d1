"""Reads the loop tree of a transaction set into a canonical document, by the rules of a guide.

Inside a loop, segments may stand in any order. Every element, pair and segment that the guide has no place for is
reported as unread with its text; nothing is dropped in silence.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from integration.documents import Document, build
from integration.x12.structure import Loop, walk
from integration.x12.syntax import Segment, Separators, components_of, parts_of
from partners.mapping.codes import HELD, CodeLists, CodeTables
from partners.mapping.derived import derived
from partners.mapping.nesting import Nesting
from partners.mapping.prepared import ReadingWay, code_tables, reading_rule
from partners.mapping.report import BLOCKING, Entry, Kind, Trace, shortened
from partners.mapping.rules import (
    Body,
    CompositeElement,
    ConstantElement,
    DerivedElement,
    ElementRule,
    FieldElement,
    GroupElement,
    Guide,
    Level,
    Levels,
    PairsElement,
    Path,
    QualifierElement,
    RepeatElement,
    SegmentRule,
    Value,
    shown,
)
from partners.mapping.transforms import Untranslated, WrongValue, read_number

_TWICE = "the guide reads such a segment once; make it a list if more are meant"
_NO_RULE = "the guide has no rule for it; add one if it matters"
_ENVELOPE = ("ST", "SE")
_OUT_OF_ORDER = "7"

# What has been read of one record; the key "" holds the value of a list's scalar item.
_Scope = dict[str, Any]


@dataclass(frozen=True, slots=True)
class ReadResult:
    """The document, None where nothing of it could be read, the report, and the traces where they were asked for."""

    document: Document | None
    report: tuple[Entry, ...]
    traces: tuple[Trace, ...] = ()

    @property
    def errors(self) -> tuple[Entry, ...]:
        """The entries that somebody must settle: wrong, conflicting and untranslated values."""
        return tuple(each for each in self.report if each.kind in BLOCKING)


def read(
    loop: Loop,
    guide: Guide,
    codes: CodeLists | None = None,
    separators: Separators | None = None,
    *,
    trace: bool = False,
) -> ReadResult:
    """The document in a loop tree, ``structure.walk(...).root``, and everything that was not read as it stands.

    ``codes`` are the partner's code lists, word to code, laid over the guide's. ``separators`` are those of the
    interchange; only composites need them. ``trace`` tells which rule took each element. Never raises on content.
    """
    if loop.table.name != guide.transaction_set:
        sentence = (
            f"The guide reads the {guide.transaction_set}, not the {loop.table.name}; choose its guide."
        )
        return ReadResult(None, (Entry("error", "", "", sentence),))
    codes_in_use = code_tables(guide, codes)
    return _Reader(guide, codes_in_use, separators or Separators(), trace=trace).result(loop)


def read_set(
    segments: Sequence[Segment],
    guide: Guide,
    codes: CodeLists | None = None,
    separators: Separators | None = None,
    *,
    trace: bool = False,
) -> ReadResult:
    """Walks the segments of one set and reads them; what the walk found out of order or misplaced is reported too."""
    walked = walk(segments, guide.table)
    result = read(walked.root, guide, codes, separators, trace=trace)
    texts = {each.position: "*".join(each.elements) for each in walked.unread}
    found = [
        Entry(
            kind="out_of_order" if each.code_997 == _OUT_OF_ORDER else "unread",
            address=f"{each.loop}/{each.segment_tag}".removeprefix("/"),
            path="",
            sentence=each.sentence,
            text=texts.get(each.segment_position, ""),
            position=each.segment_position,
        )
        for each in walked.findings
    ]
    return ReadResult(result.document, (*found, *result.report), result.traces)


class _Reader:
    def __init__(self, guide: Guide, codes: CodeTables, separators: Separators, *, trace: bool) -> None:
        self.traces: list[Trace] | None = [] if trace else None
        self.guide = guide
        self.codes = codes
        self.separators = separators
        self.report: list[Entry] = []
        self.lifted: dict[str, _Scope] = {}
        self.derived: list[tuple[DerivedElement, Segment]] = []

    def result(self, loop: Loop) -> ReadResult:
        scope: _Scope = {}
        inside = [each for each in loop.children if _trigger(each).tag not in _ENVELOPE]
        self._body(self.guide.body, inside, scope, "", "")
        self._compare_derived(loop)
        document = build(self.guide.record, scope) if scope else None
        return ReadResult(document, tuple(self.report), tuple(sorted(self.traces or (), key=_by_place)))

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

    # Loops and segments

    def _body(
        self, body: Body, children: Sequence[Segment | Loop], scope: _Scope, address: str, path: str
    ) -> None:
        once: set[int] = set()
        levels: tuple[Levels, list[Loop]] | None = None
        texts: dict[int, tuple[SegmentRule, list[str], Segment]] = {}
        for child in children:
            segment = _trigger(child)
            rule = body.find(segment.tag, segment.elements)
            if rule is not None and rule.levels is not None and isinstance(child, Loop):
                levels = rule.levels, [*(levels[1] if levels else ()), child]
                continue
            if rule is None or id(rule) in once:
                self._unread(child, address, path, _TWICE if rule else _NO_RULE)
                continue
            if not rule.repeats:
                once.add(id(rule))
            inside = child.children[1:] if isinstance(child, Loop) else []
            if rule.text is not None:
                piece: _Scope = {}
                self._elements(rule, segment, piece, shown(path, rule.text))
                texts.setdefault(id(rule), (rule, [], segment))[1].extend(piece.values())
                self._body(rule.body, inside, scope, rule.address, path)
            else:
                self._occurrence(rule, segment, inside, scope, path)
        if levels is not None:
            Nesting(levels[0], self).read(levels[1], scope)
        for rule, pieces, segment in texts.values():
            if rule.text is not None and rule.join is not None and pieces:
                self._put(scope, rule.text, rule.join.join(pieces), rule.address, path, segment)

    def read_level(self, level: Level, loop: Loop, record: _Scope, path: str) -> Mapping[str, _Scope]:
        """Reads an HL loop's segments into a record; returns what it says of entries of other levels."""
        outer, self.lifted = self.lifted, {}
        self._trace(loop.segments[0], 0, level.rule.address, path)
        self._body(level.rule.body, loop.children[1:], record, level.rule.address, path)
        lifted, self.lifted = self.lifted, outer
        return {code: each for code, each in lifted.items() if each}

    def unread_level(self, loop: Loop, reason: str) -> None:
        """Reports an HL loop of which nothing is read."""
        self._unread(loop, "", "", reason)

    def tell_of(
        self, kind: Kind, address: str, path: str, segment: Segment, problem: str, text: str = ""
    ) -> None:
        """Reports something about a segment."""
        self._tell(kind, address, path, segment, problem, text)

    def _occurrence(
        self, rule: SegmentRule, segment: Segment, inside: Sequence[Segment | Loop], scope: _Scope, path: str
    ) -> None:
        if rule.lift is not None:
            scope = self.lifted.setdefault(rule.lift, {})
        if rule.each is not None:
            items: list[Any] = _find(scope, rule.each) or []
            item_path = f"{shown(path, rule.each)}[{len(items)}]"
            item: _Scope = {}
            self._segment(rule, segment, inside, item, item_path)
            if not item:
                self._tell("unread", rule.address, item_path, segment, "nothing in it has a value")
                return
            items.append(item.get("", item))
            _record(scope, rule.each[:-1])[rule.each[-1]] = items
        elif rule.at is not None:
            record: _Scope = _find(scope, rule.at) or {}
            self._segment(rule, segment, inside, record, shown(path, rule.at))
            if record:
                _record(scope, rule.at[:-1])[rule.at[-1]] = record
        else:
            self._segment(rule, segment, inside, scope, path)

    def _segment(
        self, rule: SegmentRule, segment: Segment, inside: Sequence[Segment | Loop], scope: _Scope, path: str
    ) -> None:
        self._elements(rule, segment, scope, path)
        if inside:
            self._body(rule.body, inside, scope, rule.address, path)

    def _unread(self, child: Segment | Loop, address: str, path: str, reason: str) -> None:
        inner = f"{address}/{_trigger(child).tag}".removeprefix("/")
        for each in child.children if isinstance(child, Loop) else [child]:
            if isinstance(each, Loop):
                self._unread(each, inner, path, reason)
                continue
            place = inner if each is _trigger(child) else f"{inner}/{each.tag}"
            text = "*".join(each.elements)
            self._tell("unread", place, path, each, f"{shortened(text)} was not read, {reason}", text)

    # Elements

    def _elements(self, rule: SegmentRule, segment: Segment, scope: _Scope, path: str) -> None:
        if self.traces is not None:
            self._trace_fixed(rule, segment, path)
        ways = reading_rule(rule)
        texts = segment.texts
        for element, way in ways.steps:
            if (
                way is None
                or self.traces is not None
                or (way.number < len(texts) and not self._take(way, texts[way.number].rstrip(" "), scope))
            ):
                self._element(element, rule, segment, scope, path)
        if len(texts) - 1 > ways.size or ways.unknown:
            for number in (*ways.unknown, *range(ways.size + 1, len(texts))):
                if number < len(texts):
                    self._unread_element(f"{rule.address}.{number}", texts[number], path, segment)

    def _take(self, way: ReadingWay, text: str, scope: _Scope) -> bool:
        """Takes a field whose text is as it should be; whether it could."""
        if not text:
            return True
        try:
            value = text if way.read is None else way.read(text, self.codes, _dropped_nowhere)
        except (WrongValue, Untranslated):
            return False
        return value == "" or scope.setdefault(way.name, value) == value

    def _element(
        self, element: ElementRule, rule: SegmentRule, segment: Segment, scope: _Scope, path: str
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

    def _field(self, element: FieldElement, text: str, scope: _Scope, path: str, segment: Segment) -> None:
        self._value(element.value, text, scope, element.address, path, segment)

    def _value(
        self, value: Value, text: str, scope: _Scope, address: str, path: str, segment: Segment
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

    def _put(self, scope: _Scope, path: Path, value: Any, address: str, base: str, segment: Segment) -> None:
        record = _record(scope, path[:-1])
        name = path[-1] if path else ""
        if record.setdefault(name, value) != value:
            problem = f"{shortened(str(value))} disagrees with {shortened(str(record[name]))}, which is kept"
            self._tell("conflict", address, shown(base, path), segment, problem, str(value))

    def _constant(self, element: ConstantElement, text: str, path: str, segment: Segment) -> None:
        if text.rstrip(" ") != element.text:
            why = f"the guide writes {element.text!r} there"
            self._unread_element(element.address, text, path, segment, why)

    def _repeat(self, element: RepeatElement, segment: Segment, scope: _Scope, path: str) -> None:
        record = _record(scope, element.items[:-1])
        items = list(record.get(element.items[-1], ()))
        self._trace(segment, element.number, element.address, shown(path, element.items))
        for text in parts_of(segment[element.number], self.separators):
            item: _Scope = {}
            place = f"{shown(path, element.items)}[{len(items)}]"
            if isinstance(element.part, CompositeElement):
                self._components(element.part, text, segment, item, place)
            else:
                self._value(element.part.value, text, item, element.address, place, segment)
            if item:
                items.append(item.get("", item))
        if items:
            record[element.items[-1]] = items

    def _composite(self, element: CompositeElement, segment: Segment, scope: _Scope, path: str) -> None:
        self._components(element, segment[element.number], segment, scope, path)

    def _components(
        self, element: CompositeElement, whole: str, segment: Segment, scope: _Scope, path: str
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
        self, element: PairsElement, rule: SegmentRule, segment: Segment, scope: _Scope, path: str
    ) -> None:
        known, texts = reading_rule(rule).known[element.address], segment.texts
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
                pair, way = known[qualifier]
                if self.traces is not None:
                    self._trace(segment, start, pair.address, "")
                    self._trace(segment, start + 1, pair.address, shown(path, pair.value.path))
                if way is None or not self._take(way, text, scope):
                    self._value(pair.value, text, scope, address, path, segment)
            elif element.rest is not None:
                record = _record(scope, element.rest[:-1])
                place = f"{shown(path, element.rest)}[{len(record.get(element.rest[-1], ()))}]"
                self._trace(segment, start, element.address, place)
                self._trace(segment, start + 1, element.address, place)
                rest = {"qualifier": qualifier, "value": text}
                record[element.rest[-1]] = [*record.get(element.rest[-1], ()), rest]
            else:
                why = f"the guide has no field for the qualifier {qualifier}"
                self._unread_element(address, f"{qualifier}*{text}", path, segment, why)

    def _group(
        self, element: GroupElement, segment_address: str, segment: Segment, scope: _Scope, path: str
    ) -> None:
        record = _record(scope, element.items[:-1])
        items = list(record.get(element.items[-1], ()))
        for start in element.starts:
            item: _Scope = {}
            place = f"{shown(path, element.items)}[{len(items)}]"
            for offset, value in enumerate(element.values):
                address = f"{segment_address}.{start + offset}"
                self._trace(segment, start + offset, element.address, shown(place, value.path))
                self._value(value, segment[start + offset], item, address, place, segment)
            if item:
                items.append(item.get("", item))
        if items:
            record[element.items[-1]] = items

    # What only the whole shows

    def _compare_derived(self, loop: Loop) -> None:
        if not self.derived:
            return
        tags = {element.tag for element, _ in self.derived}
        rows = [(each.tag, each.elements) for each in _all_segments(loop) if each.tag in tags]
        for element, segment in self.derived:
            text = segment[element.number].strip(" ")
            if element.derivation == "structure":
                self._compare_structure(element, text, segment)
                continue
            expected = derived(element, rows)
            other = derived(element, rows, element.other) if element.other else expected
            if text and read_number(text) not in (read_number(expected), read_number(other)):
                what = f"{element.derivation} of {element.tag}" + (
                    f".{element.element}" if element.element else ""
                )
                problem = f"{shortened(text)} stands there, the {what} is {expected or 'nothing'}; see whether lines are missing"
                self._tell("check", element.address, "", segment, problem, text)

    def _compare_structure(self, element: DerivedElement, text: str, segment: Segment) -> None:
        levels = self.guide.levels
        known = sorted({each.code for each in levels.structures.values()} if levels else ())
        if text and text not in known:
            problem = f"{shortened(text)} stands there, the structures known are {', '.join(known)}; it was read by its levels"
            self._tell("check", element.address, "", segment, problem, text)


def _dropped_nowhere(rest: str) -> None:
    """For transforms that leave nothing out."""


def _by_place(trace: Trace) -> tuple[int, int, int]:
    return trace.position, trace.element, trace.component or 0


def _trigger(child: Segment | Loop) -> Segment:
    return child if isinstance(child, Segment) else child.segments[0]


def _all_segments(loop: Loop) -> Iterator[Segment]:
    for child in loop.children:
        if isinstance(child, Loop):
            yield from _all_segments(child)
        else:
            yield child


def _find(scope: Mapping[str, Any], path: Path) -> Any:
    found: Any = scope
    for name in path:
        found = found.get(name) if found is not None else None
    return found


def _record(scope: _Scope, path: Path) -> _Scope:
    for name in path:
        scope = scope.setdefault(name, {})
    return scope
