"""Writes a canonical document as the segments of a transaction set, without ST and SE, by the rules of a guide.

A segment is made when a field of it, or its body, has a value; constants and defaults never cause one. Values that
cannot be written are reported, all of them; the segments are then what could be written, to be shown, not sent.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from integration.documents import Document
from integration.x12.plain import plain_segments
from integration.x12.syntax import Segment, placed_segments
from partners.mapping.codes import CodeLists, CodeTables
from partners.mapping.derived import derived
from partners.mapping.element_writing import Draft, ElementWriter, value_at
from partners.mapping.placing import Entity, Node, Placing
from partners.mapping.prepared import (
    Way,
    code_tables,
    not_carried,
    present,
    writing_body,
    writing_rule,
)
from partners.mapping.quick_writing import quick_rows
from partners.mapping.report import BLOCKING, Entry, Trace, shortened
from partners.mapping.rules import (
    Body,
    GroupElement,
    Guide,
    Levels,
    Path,
    SegmentRule,
    shown,
)

# ST stands before the first segment written.
_FIRST_POSITION = 2


@dataclass(frozen=True, slots=True)
class Written:
    """The segments between ST and SE, with positions, the report, and the traces where they were asked for."""

    segments: Sequence[Segment]
    report: tuple[Entry, ...]
    traces: tuple[Trace, ...] = ()

    @property
    def errors(self) -> tuple[Entry, ...]:
        """The entries that forbid sending; not carried values are not among them."""
        return tuple(each for each in self.report if each.kind in BLOCKING)


def write(
    document: Document,
    guide: Guide,
    codes: CodeLists | None = None,
    *,
    trace: bool = False,
    quick: bool = True,
) -> Written:
    """The segments of a document, and everything that could not be written as it is.

    ``codes`` are the partner's code lists, word to code, laid over the guide's. ``trace`` tells which rule made each
    element. Without ``quick`` the document goes the long way, which must not change anything. Never raises on content.
    """
    if type(document) is not guide.record:
        sentence = (
            f"The guide writes a {guide.record.__name__}, not a {type(document).__name__}; choose its guide."
        )
        return Written((), (Entry("error", "", "", sentence),))
    tables = code_tables(guide, codes)
    made = quick_rows(document, guide, tables) if quick and not trace else None
    if made is None:
        return _Writer(guide, tables, trace=trace).written(document)
    report = () if made.whole else _left_out(document, guide)
    plain = plain_segments(made.rows, _FIRST_POSITION)
    return Written(tuple(placed_segments(made.rows, _FIRST_POSITION)) if plain is None else plain, report)


def _left_out(document: Document, guide: Guide) -> tuple[Entry, ...]:
    """An entry for each value of a document that the guide has no place for."""
    return tuple(
        Entry(
            "not_carried",
            "",
            path,
            f"{path}: the guide has no place for {shortened(str(value))}; it is not in what is written.",
            str(value),
        )
        for path, value in not_carried(document, guide.carried)
    )


# How often each member of a loop was written, by its index there.
_Counts = dict[int, int]


class _Writer:
    def __init__(self, guide: Guide, codes: CodeTables, *, trace: bool) -> None:
        self.guide = guide
        self.codes = codes
        self.trace = trace
        self.elements = ElementWriter(codes)
        self.report = self.elements.report
        self.lifted: dict[str, tuple[Any, str]] = {}
        # Those that hold counts and sums, which only the whole shows.
        self.computed: list[Draft] = []

    def written(self, document: Document) -> Written:
        drafts, counts = self._body(self.guide.body, document, "", present(document))
        self._check_members(self.guide.body, counts, "", "")
        self._derive(drafts)
        self.report.extend(_left_out(document, self.guide))
        rows = ((each.rule.tag, *_trimmed(each.elements)) for each in drafts)
        segments = tuple(placed_segments(rows, _FIRST_POSITION))
        numbered = enumerate(drafts, start=_FIRST_POSITION)
        traces = (each for position, draft in numbered for each in draft.traces(position))
        return Written(segments, tuple(self.report), tuple(traces) if self.trace else ())

    # Loops and segments

    def _body(
        self, body: Body, scope: Any, path: str, filled: set[str] | None
    ) -> tuple[list[Draft], _Counts]:
        """What the body writes of the record ``scope``, whose fields ``filled`` have values."""
        made: list[Draft] = []
        counts: _Counts = {}
        for rule, needed in writing_body(body).entries:
            nothing = needed is not None and filled is not None and needed.isdisjoint(filled)
            occurrences = [] if nothing else self._occurrences(rule, body, scope, path, filled)
            count = len(occurrences)
            if rule.required and not count:
                self.elements.tell(rule.address, path, "the guide makes it mandatory and nothing fills it")
            if count:
                if rule.maximum is not None and count > rule.maximum:
                    self.elements.tell(rule.address, path, f"at most {rule.maximum} fit, {count} were made")
                counts[rule.member] = counts.get(rule.member, 0) + count
                for each in occurrences:
                    made += each
        return made, counts

    def _occurrences(
        self, rule: SegmentRule, body: Body, scope: Any, path: str, filled: set[str] | None
    ) -> list[list[Draft]]:
        """Each segment of the rule, with what stands inside its loop behind it."""
        if rule.levels is not None:
            return self._levels(rule.levels, scope)
        if rule.each is not None:
            return self._each(rule, rule.each, body, scope, path)
        if rule.text is not None:
            return self._text(rule, rule.text, body, scope, path)
        if rule.group is not None:
            return self._groups(rule, rule.group, body, scope, path)
        record, record_path = scope, path
        if rule.lift is not None:
            if rule.lift not in self.lifted:
                return []
            (record, record_path), filled = self.lifted[rule.lift], None
        elif rule.at is not None:
            record, record_path, filled = value_at(scope, rule.at), shown(path, rule.at), None
            if record is None:
                return []
        drafts = self._one(rule, body, record, record_path, filled)
        return [drafts] if drafts else []

    def _each(self, rule: SegmentRule, each: Path, body: Body, scope: Any, path: str) -> list[list[Draft]]:
        made: list[list[Draft]] = []
        for index, item in enumerate(value_at(scope, each) or ()):
            item_path = f"{shown(path, each)}[{index}]"
            drafts = self._one(rule, body, item, item_path)
            if drafts:
                made.append(drafts)
            else:
                self.elements.tell(
                    rule.address, item_path, "nothing of it can be written; fill it or remove it"
                )
        return made

    def _text(self, rule: SegmentRule, text: Path, body: Body, scope: Any, path: str) -> list[list[Draft]]:
        value, text_path = value_at(scope, text), shown(path, text)
        if value is None or rule.join is None:
            return []
        if not isinstance(value, str):
            self.elements.tell(rule.address, text_path, f"a text expected, got {shortened(str(value))}")
            return []
        pieces = rule.join.cut(value, writing_rule(rule).longest)
        made = (self._one(rule, body, piece, text_path) for piece in pieces)
        return [drafts for drafts in made if drafts]

    def _groups(
        self, rule: SegmentRule, group: GroupElement, body: Body, scope: Any, path: str
    ) -> list[list[Draft]]:
        items = tuple(value_at(scope, group.items) or ())
        chunks = range(0, max(len(items), 1), len(group.starts))
        made = (
            self._one(rule, body, scope, path, None, items[first : first + len(group.starts)], first)
            for first in chunks
        )
        return [drafts for drafts in made if drafts]

    def _one(
        self,
        rule: SegmentRule,
        body: Body,
        scope: Any,
        path: str,
        filled: set[str] | None = None,
        items: Sequence[Any] = (),
        first: int = 0,
    ) -> list[Draft]:
        if filled is None:
            filled = present(scope)
        ways = writing_rule(rule)
        draft = Draft(rule, path, [""] * ways.size, {} if self.trace else None)
        has_value = False
        for element, way in ways.steps:
            if not isinstance(way, Way) or not way.name or filled is None or way.name in filled:
                has_value |= self.elements.put(element, way, draft, scope, items, first)
        inner, counts = self._body(rule.body, scope, path, filled) if rule.body.rules else ([], {})
        if not (has_value or inner or rule.always):
            return []
        if ways.derived:
            self.computed.append(draft)
        self.elements.complete(draft, ways)
        self._check_members(rule.body, counts, rule.address, path)
        if len(body.by_tag[rule.tag]) > 1:
            self._check_reader(rule, body, draft)
        return [draft, *inner]

    def _check_reader(self, rule: SegmentRule, body: Body, draft: Draft) -> None:
        if (reader := body.find(rule.tag, draft.elements)) is not rule and reader is not None:
            problem = f"would be read back as {reader.address}; use its field instead"
            self.elements.tell(rule.address, draft.path, problem)

    def _levels(self, levels: Levels, document: Any) -> list[list[Draft]]:
        placing = Placing(document, levels, self.codes)
        root = placing.root()
        for each in placing.problems:
            self.elements.tell("HL", each.path, each.words)
        for path in placing.unplaced:
            sentence = f"{path}: structure {levels.structure.name} has no place for it; it is not in what is written."
            self.report.append(Entry("not_carried", "", path, sentence))
        made: list[list[Draft]] = []
        self._node(root, "", placing, made)
        return made

    def _node(
        self, node: Node, parent: str, placing: Placing, made: list[list[Draft]], entity: Entity = ("", 0)
    ) -> None:
        """Writes an HL loop and those in it; their numbers count from 1 through the whole set."""
        rule, path = node.level.rule, placing.path(entity)
        number = str(len(made) + 1)
        children = "1" if node.children else "0"
        elements = [number, parent, node.level.code, children]
        outer, self.lifted = self.lifted, placing.lifted(entity)
        inner, counts = self._body(rule.body, node.record, path, present(node.record))
        self.lifted = outer
        self._check_members(rule.body, counts, rule.address, path)
        made.append([Draft(rule, path, elements, {} if self.trace else None), *inner])
        for child, below in node.children.items():
            self._node(below, number, placing, made, child)

    # What only the whole shows

    def _check_members(self, body: Body, counts: _Counts, prefix: str, path: str) -> None:
        if body.loop is None or writing_body(body).holds(counts):
            return
        for member in writing_body(body).members:
            count = counts.get(member.index, 0)
            if member.required and not count:
                address = f"{prefix}/{member.tag}".removeprefix("/")
                self.elements.tell(address, path, f"{member.tag} is mandatory and nothing fills it")
            if member.max_use is not None and count > member.max_use:
                address = f"{prefix}/{member.tag}".removeprefix("/")
                problem = f"{member.tag} may stand {member.max_use} times here, {count} were made"
                self.elements.tell(address, path, problem)

    def _derive(self, drafts: Sequence[Draft]) -> None:
        for draft in self.computed:
            for element in writing_rule(draft.rule).derived:
                if element.derivation == "structure":
                    text = self.guide.levels.structure.code if self.guide.levels else ""
                else:
                    rows = [(element.tag, *each.elements) for each in drafts if each.rule.tag == element.tag]
                    text = derived(element, rows)
                draft.put(element.number, text, element.address)
                self.elements.fits(text, element.table, element.address, draft.path)


def _trimmed(elements: list[str]) -> list[str]:
    while elements and not elements[-1]:
        elements.pop()
    return elements
