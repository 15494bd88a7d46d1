"""Writes a canonical document as the segments of a transaction set, without ST and SE, by the rules of a guide.

A segment is made when a field of it, or its body, has a value; constants and defaults never cause one. Values that
cannot be written are reported, all of them; the segments are then what could be written, to be shown, not sent.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from integration.documents import SCALARS, Document, is_scalar, leaves
from integration.x12.syntax import Composite, Segment
from integration.x12.tables import ElementTable, SegmentUse
from partners.mapping.codes import CodeLists, CodeTables, merged, tables
from partners.mapping.derived import derived
from partners.mapping.placing import Entity, Node, Placing
from partners.mapping.report import BLOCKING, Entry, Kind, Trace, shortened
from partners.mapping.rules import (
    Body,
    CompositeElement,
    ConstantElement,
    DerivedElement,
    FieldElement,
    GroupElement,
    Guide,
    Levels,
    PairsElement,
    Path,
    QualifierElement,
    SegmentRule,
    Value,
    shown,
)
from partners.mapping.transforms import PLAIN_TEXT, Untranslated, WrongValue

# C0, DEL and C1, which no X12 character set holds; separators are the envelope's to refuse.
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")
# ST stands before the first segment written.
_FIRST_POSITION = 2
_PLAIN = Value((), str, (PLAIN_TEXT,))


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
    document: Document, guide: Guide, codes: CodeLists | None = None, *, trace: bool = False
) -> Written:
    """The segments of a document, and everything that could not be written as it is.

    ``codes`` are the partner's code lists, word to code, laid over the guide's. ``trace`` tells which rule made each
    element. Never raises on content.
    """
    if type(document) is not guide.record:
        sentence = (
            f"The guide writes a {guide.record.__name__}, not a {type(document).__name__}; choose its guide."
        )
        return Written((), (Entry("error", "", "", sentence),))
    return _Writer(guide, tables(merged(guide.codes, codes or {}))).written(document, trace=trace)


@dataclass(slots=True)
class _Draft:
    """A segment in the making; ``failed`` are elements whose value was refused, so that they do not count as missing.

    ``origins`` are the address and path of each value put in, by element and component.
    """

    rule: SegmentRule
    path: str
    elements: list[str]
    failed: set[int] = field(default_factory=set)
    origins: dict[tuple[int, int | None], tuple[str, str]] = field(default_factory=dict)

    def put(self, number: int, text: str | None, address: str = "", path: str = "") -> bool:
        """Sets an element; None is a value that was refused. Whether there was a value."""
        if text is None:
            self.failed.add(number)
        else:
            self.elements[number - 1] = text
            if text and address:
                self.origins[number, None] = address, path
        return text is None or bool(text)

    def traces(self, position: int) -> Iterator[Trace]:
        """Which rule made each element of the finished segment at a position."""
        yield Trace(position, 0, None, self.rule.address, self.path)
        for (number, component), (address, path) in sorted(self.origins.items(), key=_by_place):
            yield Trace(position, number, component, address, path)

    def has(self, number: int | None) -> bool:
        return number is None or number in self.failed or bool(self.elements[number - 1])


class _PairText(NamedTuple):
    qualifier: str
    text: str
    address: str
    path: str


def _by_place(origin: tuple[tuple[int, int | None], tuple[str, str]]) -> tuple[int, int]:
    (number, component), _ = origin
    return number, component or 0


class _Writer:
    def __init__(self, guide: Guide, codes: CodeTables) -> None:
        self.guide = guide
        self.codes = codes
        self.report: list[Entry] = []
        self.lifted: dict[str, tuple[Any, str]] = {}

    def written(self, document: Document, *, trace: bool) -> Written:
        drafts = self._body(self.guide.body, document, "")
        self._check_members(self.guide.body, drafts, "", "")
        self._derive(drafts)
        for path, value in leaves(document):
            if re.sub(r"\[[0-9]+\]", "[]", path) not in self.guide.carried:
                sentence = f"{path}: the guide has no place for {shortened(str(value))}; it is not in what is written."
                self.report.append(Entry("not_carried", "", path, sentence, str(value)))
        segments = tuple(
            Segment(each.rule.tag, _trimmed(each.elements), position)
            for position, each in enumerate(drafts, start=_FIRST_POSITION)
        )
        numbered = enumerate(drafts, start=_FIRST_POSITION)
        traces = (each for position, draft in numbered for each in draft.traces(position))
        return Written(segments, tuple(self.report), tuple(traces) if trace else ())

    def _tell(self, address: str, path: str, problem: str, text: str = "", kind: Kind = "error") -> None:
        place = f"{address} {path}".strip()
        self.report.append(Entry(kind, address, path, f"{place}: {problem}.", text))

    # Loops and segments

    def _body(self, body: Body, scope: Any, path: str) -> list[_Draft]:
        made: list[_Draft] = []
        for rule in body.rules:
            drafts = self._occurrences(rule, body, scope, path)
            count = sum(each.rule is rule for each in drafts)
            if rule.required and not count:
                self._tell(rule.address, path, "the guide makes it mandatory and nothing fills it")
            if rule.maximum is not None and count > rule.maximum:
                self._tell(rule.address, path, f"at most {rule.maximum} fit, {count} were made")
            made.extend(drafts)
        return made

    def _occurrences(self, rule: SegmentRule, body: Body, scope: Any, path: str) -> list[_Draft]:
        if rule.levels is not None:
            return self._levels(rule.levels, scope)
        if rule.lift is not None:
            return self._one(rule, body, *self.lifted[rule.lift]) if rule.lift in self.lifted else []
        if rule.each is not None:
            return self._each(rule, rule.each, body, scope, path)
        if rule.at is not None:
            record = _get(scope, rule.at)
            return [] if record is None else self._one(rule, body, record, shown(path, rule.at))
        if rule.text is not None:
            return self._text(rule, rule.text, body, scope, path)
        if rule.group is not None:
            return self._groups(rule, rule.group, body, scope, path)
        return self._one(rule, body, scope, path)

    def _each(self, rule: SegmentRule, each: Path, body: Body, scope: Any, path: str) -> list[_Draft]:
        made: list[_Draft] = []
        for index, item in enumerate(_get(scope, each) or ()):
            item_path = f"{shown(path, each)}[{index}]"
            drafts = self._one(rule, body, item, item_path)
            if not drafts:
                self._tell(rule.address, item_path, "nothing of it can be written; fill it or remove it")
            made.extend(drafts)
        return made

    def _text(self, rule: SegmentRule, text: Path, body: Body, scope: Any, path: str) -> list[_Draft]:
        value, text_path = _get(scope, text), shown(path, text)
        if value is None or rule.join is None:
            return []
        if not isinstance(value, str):
            self._tell(rule.address, text_path, f"a text expected, got {shortened(str(value))}")
            return []
        longest = next(each.table.max for each in rule.elements if isinstance(each, FieldElement))
        pieces = rule.join.cut(value, longest)
        return [draft for piece in pieces for draft in self._one(rule, body, piece, text_path)]

    def _groups(
        self, rule: SegmentRule, group: GroupElement, body: Body, scope: Any, path: str
    ) -> list[_Draft]:
        items = tuple(_get(scope, group.items) or ())
        chunks = range(0, max(len(items), 1), len(group.starts))
        made: list[_Draft] = []
        for first in chunks:
            made.extend(self._one(rule, body, scope, path, items[first : first + len(group.starts)], first))
        return made

    def _one(
        self, rule: SegmentRule, body: Body, scope: Any, path: str, items: Sequence[Any] = (), first: int = 0
    ) -> list[_Draft]:
        draft = _Draft(rule, path, [""] * len(rule.table.elements))
        filled = False
        for element in rule.elements:
            if isinstance(element, FieldElement):
                text = self._wire(element.value, scope, element.table, element.address, path)
                filled |= draft.put(element.number, text, element.address, shown(path, element.value.path))
            elif isinstance(element, CompositeElement):
                filled |= draft.put(element.number, self._composite(element, draft, scope, path))
            elif isinstance(element, PairsElement):
                filled |= self._pairs(element, draft, scope, path)
            elif isinstance(element, GroupElement):
                filled |= self._group(element, draft, items, first, path)
        inner = self._body(rule.body, scope, path)
        if not (filled or inner or rule.always):
            return []
        self._complete(draft)
        self._check_members(rule.body, inner, rule.address, path)
        if (reader := body.find(rule.tag, draft.elements)) is not rule and reader is not None:
            self._tell(rule.address, path, f"would be read back as {reader.address}; use its field instead")
        return [draft, *inner]

    def _levels(self, levels: Levels, document: Any) -> list[_Draft]:
        placing = Placing(document, levels, self.codes)
        root = placing.root()
        for each in placing.problems:
            self._tell("HL", each.path, each.words)
        for path in placing.unplaced:
            sentence = f"{path}: structure {levels.structure.name} has no place for it; it is not in what is written."
            self.report.append(Entry("not_carried", "", path, sentence))
        made: list[_Draft] = []
        self._node(root, "", placing, made)
        return made

    def _node(
        self, node: Node, parent: str, placing: Placing, made: list[_Draft], entity: Entity = ("", 0)
    ) -> None:
        """Writes an HL loop and those in it; their numbers count from 1 through the whole set."""
        rule = node.level.rule
        number = str(sum(each.rule.tag == rule.tag for each in made) + 1)
        children = "1" if node.children else "0"
        draft = _Draft(rule, node.path, [number, parent, node.level.code, children])
        made.append(draft)
        outer, self.lifted = self.lifted, placing.lifted(entity)
        inner = self._body(rule.body, node.record, node.path)
        self.lifted = outer
        self._check_members(rule.body, inner, rule.address, node.path)
        made.extend(inner)
        for child, below in node.children.items():
            self._node(below, number, placing, made, child)

    # Elements

    def _complete(self, draft: _Draft) -> None:
        for element in draft.rule.elements:
            if isinstance(element, QualifierElement):
                draft.put(element.number, element.codes[0], element.address)
            elif isinstance(element, ConstantElement) and draft.has(element.condition):
                draft.put(element.number, element.text, element.address)
            elif isinstance(element, FieldElement) and not draft.has(element.number):
                value = element.value
                if value.default is not None and draft.has(value.condition):
                    text = self._converted(value, value.default, element.table, element.address, draft.path)
                    draft.put(element.number, text, element.address, shown(draft.path, value.path))
        derived = {each.number for each in draft.rule.elements if isinstance(each, DerivedElement)}
        for table in draft.rule.table.elements:
            if (
                (table.required or table.number in draft.rule.must)
                and not draft.has(table.number)
                and table.number not in derived
            ):
                address = f"{draft.rule.address}.{table.number}"
                self._tell(address, draft.path, f"{table.name} is mandatory and nothing fills it")

    def _wire(self, value: Value, scope: Any, table: ElementTable, address: str, path: str) -> str | None:
        """The element's text; "" without a value; None where it was refused and reported."""
        return self._converted(value, _get(scope, value.path), table, address, shown(path, value.path))

    def _converted(self, value: Value, raw: Any, table: ElementTable, address: str, path: str) -> str | None:
        if raw is None or raw == "":
            return ""
        if not is_scalar(raw, value.scalar):
            self._tell(
                address, path, f"a {SCALARS[value.scalar]} expected, got {shortened(str(raw))}", str(raw)
            )
            return None
        text = raw
        try:
            for transform in value.transforms:
                text = transform.write(text, self.codes)
        except WrongValue as error:
            self._tell(address, path, str(error), str(raw))
            return None
        except Untranslated as error:
            sentence = f"{address} {path}: {error}; add the partner's code for it."
            self.report.append(Entry("untranslated", address, path, sentence, error.text, error.code_list))
            return None
        return text if self._fits(text, table, address, path) else None

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
                    origin = part.address, shown(path, part.value.path)
                    draft.origins[element.number, part.number] = origin
        if failed or not filled:
            return None if failed else ""
        for part in element.parts:
            if isinstance(part, ConstantElement):
                parts[part.number - 1] = part.text
                draft.origins[element.number, part.number] = part.address, ""
        for component in element.table.components:
            if component.required and not parts[component.number - 1]:
                address = f"{element.address}.{component.number}"
                self._tell(address, path, f"{component.name} is mandatory and nothing fills it")
        return Composite(*parts)

    def _pairs(self, element: PairsElement, draft: _Draft, scope: Any, path: str) -> bool:
        texts: list[_PairText] = []
        first = element.tables[element.starts[0] + 1]
        found = False
        for pair in element.pairs:
            text = self._wire(pair.value, scope, first, _pair_address(element, draft, len(texts)), path)
            found = found or text is None
            if text:
                place = shown(path, pair.value.path)
                texts.append(_PairText(pair.qualifiers[0], text, pair.address, place))
            elif text == "" and pair.name in draft.rule.must_pairs:
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
            draft.put(start + 1, each.text, each.address, each.path)
        return found or bool(texts)

    def _rest(
        self, element: PairsElement, draft: _Draft, used: int, scope: Any, path: str
    ) -> list[_PairText]:
        if element.rest is None:
            return []
        known = {qualifier: pair for pair in element.pairs for qualifier in pair.qualifiers}
        start = element.starts[0]
        texts: list[_PairText] = []
        for index, item in enumerate(_get(scope, element.rest) or ()):
            place = f"{shown(path, element.rest)}[{index}]"
            address = _pair_address(element, draft, used + len(texts))
            tables = element.tables[start], element.tables[start + 1]
            qualifier = self._converted(_PLAIN, item.qualifier, tables[0], address, f"{place}/qualifier")
            text = self._converted(_PLAIN, item.value, tables[1], address, f"{place}/value")
            if qualifier is not None and qualifier in known:
                name = ".".join(known[qualifier].value.path)
                self._tell(address, place, f"{qualifier} would be read back as {name}; use that field")
            elif qualifier and text:
                texts.append(_PairText(qualifier, text, element.address, place))
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
                filled |= draft.put(start + offset, text, element.address, shown(place, value.path))
            if not filled:
                self._tell(element.address, place, "it is empty; fill it or remove it")
        return bool(items)

    # What only the whole shows

    def _check_members(self, body: Body, made: Sequence[_Draft], prefix: str, path: str) -> None:
        if body.loop is None:
            return
        rules = {id(rule) for rule in body.rules}
        for rule in body.rules:
            rules.update(id(level.rule) for level in rule.levels.levels.values()) if rule.levels else None
        counts = Counter(each.rule.member for each in made if id(each.rule) in rules)
        for index, member in enumerate(body.loop.members):
            tag = member.tag if isinstance(member, SegmentUse) else member.name
            trigger = index == 0 and tag == body.loop.name
            if trigger or tag in ("ST", "SE"):
                continue
            address = f"{prefix}/{tag}".removeprefix("/")
            if member.required and not counts[index]:
                self._tell(address, path, f"{tag} is mandatory and nothing fills it")
            if member.max_use is not None and counts[index] > member.max_use:
                self._tell(
                    address, path, f"{tag} may stand {member.max_use} times here, {counts[index]} were made"
                )

    def _derive(self, drafts: Sequence[_Draft]) -> None:
        for draft in drafts:
            for element in draft.rule.elements:
                if not isinstance(element, DerivedElement):
                    continue
                if element.derivation == "structure":
                    text = self.guide.levels.structure.code if self.guide.levels else ""
                else:
                    rows = [(each.rule.tag, each.elements) for each in drafts]
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


def _trimmed(elements: Sequence[str]) -> tuple[str, ...]:
    end = len(elements)
    while end and not elements[end - 1]:
        end -= 1
    return tuple(elements[:end])
