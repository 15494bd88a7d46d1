"""Writes a canonical document as the segments of a transaction set, without ST and SE, by the rules of a guide.

A segment is made when a field of it, or its body, has a value; constants and defaults never cause one. Values that
cannot be written are reported, all of them; the segments are then what could be written, to be shown, not sent.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from integration.documents import SCALARS, Document, is_scalar
from integration.x12.syntax import Composite, Repeated, Segment, placed_segments
from integration.x12.tables import ElementTable
from partners.mapping.codes import CodeLists, CodeTables
from partners.mapping.derived import derived
from partners.mapping.placing import Entity, Node, Placing
from partners.mapping.prepared import (
    PairWays,
    Way,
    WritingRule,
    code_tables,
    not_carried,
    present,
    writing_body,
    writing_rule,
)
from partners.mapping.quick_writing import quick_rows
from partners.mapping.report import BLOCKING, Entry, Kind, Trace, shortened
from partners.mapping.rules import (
    Body,
    CompositeElement,
    ConstantElement,
    ElementRule,
    FieldElement,
    GroupElement,
    Guide,
    Levels,
    PairsElement,
    Path,
    QualifierElement,
    RepeatElement,
    SegmentRule,
    Value,
    shown,
)
from partners.mapping.transforms import PLAIN_TEXT, Untranslated, WrongValue

# C0, DEL and C1, which no X12 character set holds; separators are the envelope's to refuse.
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")
# ST stands before the first segment written.
_FIRST_POSITION = 2
_QUALIFIER = Value(("qualifier",), str, (PLAIN_TEXT,))
_VALUE = Value(("value",), str, (PLAIN_TEXT,))


@dataclass(frozen=True, slots=True)
class Written:
    """The segments between ST and SE, with positions, the report, and the traces where they were asked for."""

    segments: tuple[Segment, ...]
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
    return Written(tuple(placed_segments(map(tuple, made.rows), _FIRST_POSITION)), report)


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


@dataclass(slots=True)
class _Draft:
    """A segment in the making; ``failed`` are elements whose value was refused, so that they do not count as missing.

    ``origins`` are the address and path of each value put in, by element and component; None where nobody asked.
    """

    rule: SegmentRule
    path: str
    elements: list[str]
    origins: dict[tuple[int, int | None], tuple[str, str]] | None
    failed: frozenset[int] = frozenset()

    def put(self, number: int, text: str | None, address: str = "", base: str = "", field: Path = ()) -> bool:
        """Sets an element; None is a value that was refused. Whether there was a value.

        ``base`` and ``field``: the value's path, of its record and within it."""
        if text is None:
            self.failed |= {number}
            return True
        self.elements[number - 1] = text
        if self.origins is not None and text and address:
            self.origins[number, None] = address, shown(base, field)
        return bool(text)

    def note(self, number: int, component: int, address: str, path: str) -> None:
        """Notes where a component comes from."""
        if self.origins is not None:
            self.origins[number, component] = address, path

    def traces(self, position: int) -> Iterator[Trace]:
        """Which rule made each element of the finished segment at a position."""
        yield Trace(position, 0, None, self.rule.address, self.path)
        for (number, component), (address, path) in sorted((self.origins or {}).items(), key=_by_place):
            yield Trace(position, number, component, address, path)

    def has(self, number: int | None) -> bool:
        return number is None or number in self.failed or bool(self.elements[number - 1])


class _PairText(NamedTuple):
    qualifier: str
    text: str
    address: str
    base: str
    field: Path


def _by_place(origin: tuple[tuple[int, int | None], tuple[str, str]]) -> tuple[int, int]:
    (number, component), _ = origin
    return number, component or 0


# How often each member of a loop was written, by its index there.
_Counts = dict[int, int]


class _Writer:
    def __init__(self, guide: Guide, codes: CodeTables, *, trace: bool) -> None:
        self.guide = guide
        self.codes = codes
        self.trace = trace
        self.report: list[Entry] = []
        self.lifted: dict[str, tuple[Any, str]] = {}
        # Those that hold counts and sums, which only the whole shows.
        self.computed: list[_Draft] = []

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

    def _tell(self, address: str, path: str, problem: str, text: str = "", kind: Kind = "error") -> None:
        place = f"{address} {path}".strip()
        self.report.append(Entry(kind, address, path, f"{place}: {problem}.", text))

    # Loops and segments

    def _body(
        self, body: Body, scope: Any, path: str, filled: set[str] | None
    ) -> tuple[list[_Draft], _Counts]:
        """What the body writes of the record ``scope``, whose fields ``filled`` have values."""
        made: list[_Draft] = []
        counts: _Counts = {}
        for rule, needed in writing_body(body).entries:
            nothing = needed is not None and filled is not None and needed.isdisjoint(filled)
            occurrences = [] if nothing else self._occurrences(rule, body, scope, path, filled)
            count = len(occurrences)
            if rule.required and not count:
                self._tell(rule.address, path, "the guide makes it mandatory and nothing fills it")
            if count:
                if rule.maximum is not None and count > rule.maximum:
                    self._tell(rule.address, path, f"at most {rule.maximum} fit, {count} were made")
                counts[rule.member] = counts.get(rule.member, 0) + count
                for each in occurrences:
                    made += each
        return made, counts

    def _occurrences(
        self, rule: SegmentRule, body: Body, scope: Any, path: str, filled: set[str] | None
    ) -> list[list[_Draft]]:
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
            record, record_path, filled = _get(scope, rule.at), shown(path, rule.at), None
            if record is None:
                return []
        drafts = self._one(rule, body, record, record_path, filled)
        return [drafts] if drafts else []

    def _each(self, rule: SegmentRule, each: Path, body: Body, scope: Any, path: str) -> list[list[_Draft]]:
        made: list[list[_Draft]] = []
        for index, item in enumerate(_get(scope, each) or ()):
            item_path = f"{shown(path, each)}[{index}]"
            drafts = self._one(rule, body, item, item_path)
            if drafts:
                made.append(drafts)
            else:
                self._tell(rule.address, item_path, "nothing of it can be written; fill it or remove it")
        return made

    def _text(self, rule: SegmentRule, text: Path, body: Body, scope: Any, path: str) -> list[list[_Draft]]:
        value, text_path = _get(scope, text), shown(path, text)
        if value is None or rule.join is None:
            return []
        if not isinstance(value, str):
            self._tell(rule.address, text_path, f"a text expected, got {shortened(str(value))}")
            return []
        pieces = rule.join.cut(value, writing_rule(rule).longest)
        made = (self._one(rule, body, piece, text_path) for piece in pieces)
        return [drafts for drafts in made if drafts]

    def _groups(
        self, rule: SegmentRule, group: GroupElement, body: Body, scope: Any, path: str
    ) -> list[list[_Draft]]:
        items = tuple(_get(scope, group.items) or ())
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
    ) -> list[_Draft]:
        if filled is None:
            filled = present(scope)
        ways = writing_rule(rule)
        draft = _Draft(rule, path, [""] * ways.size, {} if self.trace else None)
        has_value = False
        for element, way in ways.steps:
            if not isinstance(way, Way):
                has_value |= self._put(element, way, draft, scope, items, first)
            elif not way.name or filled is None or way.name in filled:
                has_value |= self._put_field(element, way, draft, scope)
        inner, counts = self._body(rule.body, scope, path, filled) if rule.body.rules else ([], {})
        if not (has_value or inner or rule.always):
            return []
        self._complete(draft, ways)
        self._check_members(rule.body, counts, rule.address, path)
        if len(body.by_tag[rule.tag]) > 1:
            self._check_reader(rule, body, draft)
        return [draft, *inner]

    def _check_reader(self, rule: SegmentRule, body: Body, draft: _Draft) -> None:
        if (reader := body.find(rule.tag, draft.elements)) is not rule and reader is not None:
            problem = f"would be read back as {reader.address}; use its field instead"
            self._tell(rule.address, draft.path, problem)

    def _put_field(self, element: ElementRule, way: Way, draft: _Draft, scope: Any) -> bool:
        assert isinstance(element, FieldElement)
        value = element.value
        raw = getattr(scope, way.name) if way.name else _get(scope, value.path)
        if raw is None or raw == "":
            return False
        text = way.text(raw, self.codes)
        if text is None:
            text = self._converted(value, raw, element.table, element.address, draft.path)
        return draft.put(element.number, text, element.address, draft.path, value.path)

    def _put(
        self,
        element: ElementRule,
        ways: PairWays | None,
        draft: _Draft,
        scope: Any,
        items: Sequence[Any],
        first: int,
    ) -> bool:
        if isinstance(element, PairsElement):
            return self._pairs(element, ways or (), draft, scope, draft.path)
        if isinstance(element, CompositeElement):
            return draft.put(element.number, self._composite(element, draft, scope, draft.path))
        if isinstance(element, RepeatElement):
            return self._repeat(element, draft, scope)
        assert isinstance(element, GroupElement)
        return self._group(element, draft, items, first, draft.path)

    def _levels(self, levels: Levels, document: Any) -> list[list[_Draft]]:
        placing = Placing(document, levels, self.codes)
        root = placing.root()
        for each in placing.problems:
            self._tell("HL", each.path, each.words)
        for path in placing.unplaced:
            sentence = f"{path}: structure {levels.structure.name} has no place for it; it is not in what is written."
            self.report.append(Entry("not_carried", "", path, sentence))
        made: list[list[_Draft]] = []
        self._node(root, "", placing, made)
        return made

    def _node(
        self, node: Node, parent: str, placing: Placing, made: list[list[_Draft]], entity: Entity = ("", 0)
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
        made.append([_Draft(rule, path, elements, {} if self.trace else None), *inner])
        for child, below in node.children.items():
            self._node(below, number, placing, made, child)

    # Elements

    def _complete(self, draft: _Draft, ways: WritingRule) -> None:
        if ways.derived:
            self.computed.append(draft)
        for element in ways.completing:
            if isinstance(element, QualifierElement):
                draft.put(element.number, element.codes[0], element.address)
            elif isinstance(element, ConstantElement):
                if draft.has(element.condition):
                    draft.put(element.number, element.text, element.address)
            elif not draft.has(element.number) and draft.has(element.value.condition):
                value = element.value
                text = self._converted(value, value.default, element.table, element.address, draft.path)
                draft.put(element.number, text, element.address, draft.path, value.path)
        for table in ways.mandatory:
            if not draft.elements[table.number - 1] and table.number not in draft.failed:
                address = f"{draft.rule.address}.{table.number}"
                self._tell(address, draft.path, f"{table.name} is mandatory and nothing fills it")

    def _wire(self, value: Value, scope: Any, table: ElementTable, address: str, path: str) -> str | None:
        """The element's text; "" without a value; None where it was refused and reported."""
        raw = _get(scope, value.path)
        return "" if raw is None or raw == "" else self._converted(value, raw, table, address, path)

    def _converted(self, value: Value, raw: Any, table: ElementTable, address: str, base: str) -> str | None:
        if raw is None or raw == "":
            return ""
        if type(raw) is not value.scalar and not is_scalar(raw, value.scalar):
            problem = f"a {SCALARS[value.scalar]} expected, got {shortened(str(raw))}"
            self._tell(address, shown(base, value.path), problem, str(raw))
            return None
        text = raw
        try:
            for transform in value.transforms:
                text = transform.write(text, self.codes)
        except WrongValue as error:
            self._tell(address, shown(base, value.path), str(error), str(raw))
            return None
        except Untranslated as error:
            path = shown(base, value.path)
            sentence = f"{address} {path}: {error}; add the partner's code for it."
            self.report.append(Entry("untranslated", address, path, sentence, error.text, error.code_list))
            return None
        if self._fits_plainly(text, table) or self._fits(text, table, address, shown(base, value.path)):
            return str(text)
        return None

    def _fits_plainly(self, text: str, table: ElementTable) -> bool:
        """A quick yes to what ``_fits`` finds: what is printable holds no control character."""
        fits = table.min <= len(text) <= table.max if table.kind[0] not in "RN" else len(text) <= table.max
        return fits and text.isprintable() and (table.min <= 1 or table.kind[0] not in "RN")

    def _fits(self, text: str, table: ElementTable, address: str, path: str) -> bool:
        if found := _CONTROL.search(text):
            problem = f"{shortened(text)} holds {found.group()!r}, which X12 cannot carry; remove it"
            self._tell(address, path, problem, text)
            return False
        digits = table.kind[0] in "RN"
        length = sum(each.isdigit() for each in text) if digits else len(text)
        unit = "digits" if digits else "characters"
        if text and length > table.max:
            problem = f"{shortened(text)} has {length} {unit}, at most {table.max} fit; shorten it"
            self._tell(address, path, problem, text)
            return False
        if text and length < table.min:
            problem = f"{shortened(text)} has {length} {unit}, at least {table.min} are needed"
            self._tell(address, path, problem, text)
            return False
        return True

    def _composite(self, element: CompositeElement, draft: _Draft, scope: Any, path: str) -> str | None:
        parts = [""] * len(element.table.components)
        filled = failed = False
        for part in element.parts:
            if isinstance(part, FieldElement):
                text = self._wire(part.value, scope, part.table, part.address, path)
                filled, failed = filled or bool(text), failed or text is None
                parts[part.number - 1] = text or ""
                if text:
                    draft.note(element.number, part.number, part.address, shown(path, part.value.path))
        if failed or not filled:
            return None if failed else ""
        for part in element.parts:
            if isinstance(part, ConstantElement):
                parts[part.number - 1] = part.text
                draft.note(element.number, part.number, part.address, "")
        for component in element.table.components:
            if component.required and not parts[component.number - 1]:
                address = f"{element.address}.{component.number}"
                self._tell(address, path, f"{component.name} is mandatory and nothing fills it")
        return Composite(*parts)

    def _pairs(self, element: PairsElement, ways: PairWays, draft: _Draft, scope: Any, path: str) -> bool:
        texts: list[_PairText] = []
        found = False
        must = draft.rule.must_pairs
        for pair, way in ways:
            raw = getattr(scope, way.name) if way.name else _get(scope, pair.value.path)
            if raw is None and not must:
                continue
            text = way.text(raw, self.codes)
            if text is None:
                table, address = (
                    element.tables[element.starts[0] + 1],
                    _pair_address(element, draft, len(texts)),
                )
                text = self._converted(pair.value, raw, table, address, path)
            found = found or text is None
            if text:
                texts.append(_PairText(pair.qualifiers[0], text, pair.address, path, pair.value.path))
            elif text == "" and pair.name in must:
                self._tell(pair.address, path, "the guide makes it mandatory and nothing fills it")
        texts.extend(self._rest(element, draft, len(texts), scope, path))
        if len(texts) > len(element.starts):
            places, left = (
                len(element.starts),
                ", ".join(each.qualifier for each in texts[len(element.starts) :]),
            )
            problem = f"{len(texts)} pairs, only {places} fit; there is no place for {left}"
            self._tell(element.address, path, problem)
        for start, each in zip(element.starts, texts, strict=False):
            draft.put(start, each.qualifier, each.address)
            draft.put(start + 1, each.text, each.address, each.base, each.field)
        return found or bool(texts)

    def _rest(
        self, element: PairsElement, draft: _Draft, used: int, scope: Any, path: str
    ) -> list[_PairText]:
        items = _get(scope, element.rest) if element.rest is not None else None
        if not items or element.rest is None:
            return []
        known = {qualifier: pair for pair in element.pairs for qualifier in pair.qualifiers}
        start = element.starts[0]
        texts: list[_PairText] = []
        for index, item in enumerate(items):
            place = f"{shown(path, element.rest)}[{index}]"
            address = _pair_address(element, draft, used + len(texts))
            tables = element.tables[start], element.tables[start + 1]
            qualifier = self._converted(_QUALIFIER, item.qualifier, tables[0], address, place)
            text = self._converted(_VALUE, item.value, tables[1], address, place)
            if qualifier is not None and qualifier in known:
                name = ".".join(known[qualifier].value.path)
                self._tell(address, place, f"{qualifier} would be read back as {name}; use that field")
            elif qualifier and text:
                texts.append(_PairText(qualifier, text, element.address, place, ()))
            elif qualifier == "" or text == "":
                self._tell(address, place, "a pair needs both a qualifier and a value")
        return texts

    def _group(
        self, element: GroupElement, draft: _Draft, items: Sequence[Any], first: int, path: str
    ) -> bool:
        for index, (start, item) in enumerate(zip(element.starts, items, strict=False)):
            place = f"{shown(path, element.items)}[{first + index}]"
            filled = False
            for offset, value in enumerate(element.values):
                table = element.tables[start + offset]
                text = self._wire(value, item, table, element.address, place)
                filled |= draft.put(start + offset, text, element.address, place, value.path)
            if not filled:
                self._tell(element.address, place, "it is empty; fill it or remove it")
        return bool(items)

    def _repeat(self, element: RepeatElement, draft: _Draft, scope: Any) -> bool:
        items = tuple(_get(scope, element.items) or ())
        part, texts = element.part, []
        for index, item in enumerate(items):
            place = f"{shown(draft.path, element.items)}[{index}]"
            if isinstance(part, CompositeElement):
                text = self._composite(part, draft, item, place)
            else:
                text = self._wire(part.value, item, part.table, part.address, place)
            if text == "":
                self._tell(element.address, place, "it is empty; fill it or remove it")
            texts.append(text or "")
        if len(items) > element.table.repeat:
            most = element.table.repeat
            self._tell(element.address, draft.path, f"at most {most} fit, {len(items)} were made")
        base = draft.path
        return draft.put(element.number, Repeated(*texts), element.address, base, element.items)

    # What only the whole shows

    def _check_members(self, body: Body, counts: _Counts, prefix: str, path: str) -> None:
        if body.loop is None or writing_body(body).holds(counts):
            return
        for member in writing_body(body).members:
            count = counts.get(member.index, 0)
            if member.required and not count:
                address = f"{prefix}/{member.tag}".removeprefix("/")
                self._tell(address, path, f"{member.tag} is mandatory and nothing fills it")
            if member.max_use is not None and count > member.max_use:
                address = f"{prefix}/{member.tag}".removeprefix("/")
                problem = f"{member.tag} may stand {member.max_use} times here, {count} were made"
                self._tell(address, path, problem)

    def _derive(self, drafts: Sequence[_Draft]) -> None:
        for draft in self.computed:
            for element in writing_rule(draft.rule).derived:
                if element.derivation == "structure":
                    text = self.guide.levels.structure.code if self.guide.levels else ""
                else:
                    rows = [(each.rule.tag, each.elements) for each in drafts if each.rule.tag == element.tag]
                    text = derived(element, rows)
                draft.put(element.number, text, element.address)
                self._fits(text, element.table, element.address, draft.path)


def _pair_address(element: PairsElement, draft: _Draft, index: int) -> str:
    if index < len(element.starts):
        return f"{draft.rule.address}.{element.starts[index] + 1}"
    return element.address


def _get(scope: Any, path: Path) -> Any:
    for name in path:
        if scope is None:
            return None
        scope = getattr(scope, name)
    return scope


def _trimmed(elements: list[str]) -> list[str]:
    while elements and not elements[-1]:
        elements.pop()
    return elements
