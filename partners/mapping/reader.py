"""Reads the loop tree of a transaction set into a canonical document, by the rules of a guide.

Inside a loop, segments may stand in any order. Every element, pair and segment that the guide has no place for is
reported as unread with its text; nothing is dropped in silence.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from integration.documents import Document, build
from integration.x12.structure import Loop, walk
from integration.x12.syntax import Segment, Separators
from integration.x12.tables import LoopTable, SegmentUse
from partners.mapping.codes import CodeLists, CodeTables
from partners.mapping.derived import derived
from partners.mapping.element_reading import ElementReader, Record, find, record_at
from partners.mapping.memory import Surprise
from partners.mapping.nesting import Nesting
from partners.mapping.prepared import code_tables
from partners.mapping.quick_document import QuickDocument
from partners.mapping.quick_reading import Found, QuickReading, Shape, quick_reading
from partners.mapping.report import BLOCKING, Entry, Kind, Trace, shortened, told
from partners.mapping.rules import Body, DerivedElement, Guide, Level, Levels, SegmentRule
from partners.mapping.transforms import read_number

_TWICE = "the guide reads such a segment once; make it a list if more are meant"
_NO_RULE = "the guide has no rule for it; add one if it matters"
_ENVELOPE = ("ST", "SE")
_OUT_OF_ORDER = "7"
_NOTHING: list[Segment | Loop] = []

# Where a record stands in the document: the text of its path, or the place around it, the path from there, and the
# number in a list (None outside lists). A text is made of it only where something is told.
_Place = Any


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
    quick: bool = True,
) -> ReadResult:
    """The document in a loop tree, ``structure.walk(...).root``, and everything that was not read as it stands.

    ``codes`` are the partner's code lists, word to code, laid over the guide's. ``separators`` are those of the
    interchange; only composites need them. ``trace`` tells which rule took each element. Without ``quick`` every segment
    goes the long way, which must not change anything. Never raises on content.
    """
    if loop.table.name != guide.transaction_set:
        sentence = (
            f"The guide reads the {guide.transaction_set}, not the {loop.table.name}; choose its guide."
        )
        return ReadResult(None, (Entry("error", "", "", sentence),))
    codes_in_use = code_tables(guide, codes)
    reader = _Reader(guide, codes_in_use, separators or Separators(), trace=trace)
    reader.quick = quick and not trace
    return reader.result(loop)


def read_set(
    segments: Sequence[Segment],
    guide: Guide,
    codes: CodeLists | None = None,
    separators: Separators | None = None,
    *,
    trace: bool = False,
    quick: bool = True,
) -> ReadResult:
    """Walks the segments of one set and reads them; what the walk found out of order or misplaced is reported too."""
    walked = walk(segments, guide.table)
    result = read(walked.root, guide, codes, separators, trace=trace, quick=quick)
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


class _Reader(ElementReader):
    quick = True

    def __init__(self, guide: Guide, codes: CodeTables, separators: Separators, *, trace: bool) -> None:
        super().__init__(guide, codes, separators, trace=trace)
        self.ready: QuickReading = quick_reading(codes)
        self.lifted: dict[str, Record] = {}

    def result(self, loop: Loop) -> ReadResult:
        inside = [each for each in loop.children if _trigger(each).texts[0] not in _ENVELOPE]
        scope = self._quick_scope(inside) if self.quick else None
        if scope is None:
            scope = {}
            self._body(self.guide.body, inside, scope, "", "")
        self._compare_derived(loop)
        document = build(self.guide.record, scope) if scope else None
        return ReadResult(document, tuple(self.report), tuple(sorted(self.traces or (), key=_by_place)))

    def _quick_scope(self, inside: Sequence[Segment | Loop]) -> Record | None:
        """What the set says; None where only the long way can read it."""
        scope: Record = {}
        try:
            QuickDocument(self.ready, self).body(self.guide.body, inside, scope, "")
        except Surprise:
            self.derived, self.report = [], []
            return None
        return scope

    # Loops and segments

    def _body(
        self, body: Body, children: Sequence[Segment | Loop], scope: Record, address: str, place: _Place
    ) -> None:
        once: set[Found] = set()
        levels: tuple[Levels, list[Loop]] | None = None
        pieces: dict[SegmentRule, tuple[list[str], Segment]] = {}
        choices = self.ready.bodies[body]
        for child in children:
            segment, inside = (
                (child, _NOTHING) if isinstance(child, Segment) else (child.trigger, child.children[1:])
            )
            choice = choices.get(segment.texts[0])
            shape = None if choice is None else choice.shape(segment.texts)
            if shape is None:
                self._unread(child, address, told(place), _NO_RULE)
                continue
            found = shape.found
            rule = found.rule
            if not found.repeats:
                if found in once:
                    self._unread(child, address, told(place), _TWICE)
                    continue
                if rule.levels is not None and isinstance(child, Loop):
                    levels = levels or (rule.levels, [])
                    levels[1].append(child)
                    continue
                once.add(found)
                if found.plain and self.quick and shape.take(segment.texts, scope):
                    if inside:
                        self._body(rule.body, inside, scope, rule.address, place)
                    continue
            if rule.text is None:
                self._occurrence(shape, segment, inside, scope, place)
                continue
            piece: Record = {}
            self._elements(shape, segment, piece, (place, rule.text, None))
            pieces.setdefault(rule, ([], segment))[0].extend(piece.values())
            if inside:
                self._body(rule.body, inside, scope, rule.address, place)
        if levels is not None:
            Nesting(levels[0], self).read(levels[1], scope)
        for rule, (texts, segment) in pieces.items():
            self._join(rule, texts, segment, scope, place)

    def _join(
        self, rule: SegmentRule, pieces: Sequence[str], segment: Segment, scope: Record, place: _Place
    ) -> None:
        if rule.text is None or rule.join is None or not pieces:
            return
        text = rule.join.join(pieces)
        if len(rule.text) > 1 or scope.setdefault(rule.text[0], text) != text:
            self._put(scope, rule.text, text, rule.address, told(place), segment)

    def read_level(self, level: Level, loop: Loop, record: Record, path: str) -> Mapping[str, Record]:
        """Reads an HL loop's segments into a record; returns what it says of entries of other levels."""
        outer, self.lifted = self.lifted, {}
        self._trace(loop.trigger, 0, level.rule.address, path)
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
        self,
        shape: Shape,
        segment: Segment,
        inside: Sequence[Segment | Loop],
        scope: Record,
        place: _Place,
    ) -> None:
        rule = shape.found.rule
        if rule.lift is not None:
            scope = self.lifted.setdefault(rule.lift, {})
        if rule.each is not None:
            items: list[Any] = find(scope, rule.each) or []
            item: Record = {}
            item_place = (place, rule.each, len(items))
            if self.quick and not shape.found.derived and shape.take(segment.texts, item):
                if inside:
                    self._body(rule.body, inside, item, rule.address, item_place)
            else:
                self._segment(shape, segment, inside, item, item_place)
            if not item:
                self._tell("unread", rule.address, told(item_place), segment, "nothing in it has a value")
                return
            items.append(item.get("", item))
            if len(items) == 1:
                record_at(scope, rule.each[:-1])[rule.each[-1]] = items
        elif rule.at is not None:
            record: Record = find(scope, rule.at) or {}
            self._segment(shape, segment, inside, record, (place, rule.at, None))
            if record:
                record_at(scope, rule.at[:-1])[rule.at[-1]] = record
        else:
            self._segment(shape, segment, inside, scope, place)

    def _segment(
        self,
        shape: Shape,
        segment: Segment,
        inside: Sequence[Segment | Loop],
        scope: Record,
        place: _Place,
    ) -> None:
        self._elements(shape, segment, scope, place)
        if inside:
            rule = shape.found.rule
            self._body(rule.body, inside, scope, rule.address, place)

    def _elements(self, shape: Shape, segment: Segment, scope: Record, place: _Place) -> None:
        if not (self.quick and shape.take(segment.texts, scope)):
            self.read_elements(shape.found.rule, segment, scope, told(place))
        elif shape.found.derived:
            self.derived.extend((each, segment) for each in shape.found.derived)

    def _unread(self, child: Segment | Loop, address: str, path: str, reason: str) -> None:
        inner = f"{address}/{_trigger(child).tag}".removeprefix("/")
        for each in child.children if isinstance(child, Loop) else [child]:
            if isinstance(each, Loop):
                self._unread(each, inner, path, reason)
                continue
            place = inner if each is _trigger(child) else f"{inner}/{each.tag}"
            text = "*".join(each.elements)
            self._tell("unread", place, path, each, f"{shortened(text)} was not read, {reason}", text)

    # What only the whole shows

    def _compare_derived(self, loop: Loop) -> None:
        said = [(each, segment, segment[each.number].strip(" ")) for each, segment in self.derived]
        # What is left empty claims nothing.
        tags = {tag for each, _, text in said if text for tag in (each.tag, each.other) if tag}
        rows = [each.texts for each in _segments_of(loop, tags)]
        for element, segment, text in said:
            if not text:
                continue
            if element.derivation == "structure":
                self._compare_structure(element, text, segment)
                continue
            expected = derived(element, rows)
            if text == expected or read_number(text) == read_number(expected):
                continue
            if element.other and read_number(text) == read_number(derived(element, rows, element.other)):
                continue
            what = f"{element.derivation} of {element.tag}" + (
                f".{element.element}" if element.element else ""
            )
            problem = f"{shortened(text)} stands there, the {what} is {expected or 'nothing'}; see whether lines are missing"
            self._tell("check", element.address, "", segment, problem, text)

    def _compare_structure(self, element: DerivedElement, text: str, segment: Segment) -> None:
        levels = self.guide.levels
        known = sorted({each.code for each in levels.structures.values()} if levels else ())
        if text not in known:
            problem = f"{shortened(text)} stands there, the structures known are {', '.join(known)}; it was read by its levels"
            self._tell("check", element.address, "", segment, problem, text)


def _by_place(trace: Trace) -> tuple[int, int, int]:
    return trace.position, trace.element, trace.component or 0


def _trigger(child: Segment | Loop) -> Segment:
    return child if isinstance(child, Segment) else child.trigger


def _segments_of(root: Loop, tags: Set[str]) -> list[Segment]:
    """The segments with these tags in the whole tree, in no order."""
    found: list[Segment] = []
    loops = [root]
    for loop in loops:
        for child in loop.children:
            if not isinstance(child, Loop):
                if child.texts[0] in tags:
                    found.append(child)
            elif tags & _inner_tags(child.table):
                loops.append(child)
            elif child.table.name in tags:
                found.append(child.trigger)
    return found


@lru_cache(maxsize=4096)
def _inner_tags(table: LoopTable) -> frozenset[str]:
    """The tags of what may stand in such a loop behind its trigger."""
    found: set[str] = set()
    for member in table.members[1:]:
        found |= {member.tag} if isinstance(member, SegmentUse) else {member.name, *_inner_tags(member)}
    return frozenset(found)
