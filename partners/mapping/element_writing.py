"""Writes the elements of one segment by its rule, whatever the values are, with a report and the origin of each value.

This is the long way, which everything can go: ``rule_source`` makes the lines of what is as it should be.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from integration.documents import SCALARS, is_scalar
from integration.x12.syntax import Composite, Repeated
from integration.x12.tables import ElementTable
from partners.mapping.codes import CodeTables
from partners.mapping.prepared import PairWays, Way, WritingRule
from partners.mapping.report import Entry, Kind, Trace, shortened
from partners.mapping.rules import (
    CompositeElement,
    ConstantElement,
    ElementRule,
    FieldElement,
    GroupElement,
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
_QUALIFIER = Value(("qualifier",), str, (PLAIN_TEXT,))
_VALUE = Value(("value",), str, (PLAIN_TEXT,))


@dataclass(slots=True)
class Draft:
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


class ElementWriter:
    """Writes values into the drafts of segments; collects the ``report``."""

    def __init__(self, codes: CodeTables) -> None:
        self.codes = codes
        self.report: list[Entry] = []

    def _put_field(self, element: ElementRule, way: Way, draft: Draft, scope: Any) -> bool:
        assert isinstance(element, FieldElement)
        value = element.value
        raw = getattr(scope, way.name) if way.name else value_at(scope, value.path)
        if raw is None or raw == "":
            return False
        text = way.text(raw, self.codes)
        if text is None:
            text = self.converted(value, raw, element.table, element.address, draft.path)
        return draft.put(element.number, text, element.address, draft.path, value.path)

    def put(
        self,
        element: ElementRule,
        ways: Way | PairWays | None,
        draft: Draft,
        scope: Any,
        items: Sequence[Any] = (),
        first: int = 0,
    ) -> bool:
        """Writes what the element takes of a record; whether there was anything. ``items``: of a group, from ``first``."""
        if isinstance(ways, Way):
            return self._put_field(element, ways, draft, scope)
        return self._put_other(element, ways, draft, scope, items, first)

    def _put_other(
        self,
        element: ElementRule,
        ways: PairWays | None,
        draft: Draft,
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

    def complete(self, draft: Draft, ways: WritingRule) -> None:
        """Fills what follows from other elements or the guide alone, and tells of mandatory elements without a value."""
        for element in ways.completing:
            if isinstance(element, QualifierElement):
                draft.put(element.number, element.codes[0], element.address)
            elif isinstance(element, ConstantElement):
                if draft.has(element.condition):
                    draft.put(element.number, element.text, element.address)
            elif not draft.has(element.number) and draft.has(element.value.condition):
                value = element.value
                text = self.converted(value, value.default, element.table, element.address, draft.path)
                draft.put(element.number, text, element.address, draft.path, value.path)
        for table in ways.mandatory:
            if not draft.elements[table.number - 1] and table.number not in draft.failed:
                address = f"{draft.rule.address}.{table.number}"
                self.tell(address, draft.path, f"{table.name} is mandatory and nothing fills it")

    def _wire(self, value: Value, scope: Any, table: ElementTable, address: str, path: str) -> str | None:
        """The element's text; "" without a value; None where it was refused and reported."""
        raw = value_at(scope, value.path)
        return "" if raw is None or raw == "" else self.converted(value, raw, table, address, path)

    def converted(self, value: Value, raw: Any, table: ElementTable, address: str, base: str) -> str | None:
        """The element's text of a value; "" without one; None where it was refused and reported."""
        if raw is None or raw == "":
            return ""
        if type(raw) is not value.scalar and not is_scalar(raw, value.scalar):
            problem = f"a {SCALARS[value.scalar]} expected, got {shortened(str(raw))}"
            self.tell(address, shown(base, value.path), problem, str(raw))
            return None
        text = raw
        try:
            for transform in value.transforms:
                text = transform.write(text, self.codes)
        except WrongValue as error:
            self.tell(address, shown(base, value.path), str(error), str(raw))
            return None
        except Untranslated as error:
            path = shown(base, value.path)
            sentence = f"{address} {path}: {error}; add the partner's code for it."
            self.report.append(Entry("untranslated", address, path, sentence, error.text, error.code_list))
            return None
        if self._fits_plainly(text, table) or self.fits(text, table, address, shown(base, value.path)):
            return str(text)
        return None

    def _fits_plainly(self, text: str, table: ElementTable) -> bool:
        """A quick yes to what ``_fits`` finds: what is printable holds no control character."""
        fits = table.min <= len(text) <= table.max if table.kind[0] not in "RN" else len(text) <= table.max
        return fits and text.isprintable() and (table.min <= 1 or table.kind[0] not in "RN")

    def fits(self, text: str, table: ElementTable, address: str, path: str) -> bool:
        """Whether a text fits its element; what does not is told."""
        if found := _CONTROL.search(text):
            problem = f"{shortened(text)} holds {found.group()!r}, which X12 cannot carry; remove it"
            self.tell(address, path, problem, text)
            return False
        digits = table.kind[0] in "RN"
        length = sum(each.isdigit() for each in text) if digits else len(text)
        unit = "digits" if digits else "characters"
        if text and length > table.max:
            problem = f"{shortened(text)} has {length} {unit}, at most {table.max} fit; shorten it"
            self.tell(address, path, problem, text)
            return False
        if text and length < table.min:
            problem = f"{shortened(text)} has {length} {unit}, at least {table.min} are needed"
            self.tell(address, path, problem, text)
            return False
        return True

    def _composite(self, element: CompositeElement, draft: Draft, scope: Any, path: str) -> str | None:
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
                self.tell(address, path, f"{component.name} is mandatory and nothing fills it")
        return Composite(*parts)

    def _pairs(self, element: PairsElement, ways: PairWays, draft: Draft, scope: Any, path: str) -> bool:
        texts: list[_PairText] = []
        found = False
        must = draft.rule.must_pairs
        for pair, way in ways:
            raw = getattr(scope, way.name) if way.name else value_at(scope, pair.value.path)
            if raw is None and not must:
                continue
            text = way.text(raw, self.codes)
            if text is None:
                table, address = (
                    element.tables[element.starts[0] + 1],
                    _pair_address(element, draft, len(texts)),
                )
                text = self.converted(pair.value, raw, table, address, path)
            found = found or text is None
            if text:
                texts.append(_PairText(pair.qualifiers[0], text, pair.address, path, pair.value.path))
            elif text == "" and pair.name in must:
                self.tell(pair.address, path, "the guide makes it mandatory and nothing fills it")
        texts.extend(self._rest(element, draft, len(texts), scope, path))
        if len(texts) > len(element.starts):
            places, left = (
                len(element.starts),
                ", ".join(each.qualifier for each in texts[len(element.starts) :]),
            )
            problem = f"{len(texts)} pairs, only {places} fit; there is no place for {left}"
            self.tell(element.address, path, problem)
        for start, each in zip(element.starts, texts, strict=False):
            draft.put(start, each.qualifier, each.address)
            draft.put(start + 1, each.text, each.address, each.base, each.field)
        return found or bool(texts)

    def _rest(self, element: PairsElement, draft: Draft, used: int, scope: Any, path: str) -> list[_PairText]:
        items = value_at(scope, element.rest) if element.rest is not None else None
        if not items or element.rest is None:
            return []
        known = {qualifier: pair for pair in element.pairs for qualifier in pair.qualifiers}
        start = element.starts[0]
        texts: list[_PairText] = []
        for index, item in enumerate(items):
            place = f"{shown(path, element.rest)}[{index}]"
            address = _pair_address(element, draft, used + len(texts))
            tables = element.tables[start], element.tables[start + 1]
            qualifier = self.converted(_QUALIFIER, item.qualifier, tables[0], address, place)
            text = self.converted(_VALUE, item.value, tables[1], address, place)
            if qualifier is not None and qualifier in known:
                name = ".".join(known[qualifier].value.path)
                self.tell(address, place, f"{qualifier} would be read back as {name}; use that field")
            elif qualifier and text:
                texts.append(_PairText(qualifier, text, element.address, place, ()))
            elif qualifier == "" or text == "":
                self.tell(address, place, "a pair needs both a qualifier and a value")
        return texts

    def _group(
        self, element: GroupElement, draft: Draft, items: Sequence[Any], first: int, path: str
    ) -> bool:
        for index, (start, item) in enumerate(zip(element.starts, items, strict=False)):
            place = f"{shown(path, element.items)}[{first + index}]"
            filled = False
            for offset, value in enumerate(element.values):
                table = element.tables[start + offset]
                text = self._wire(value, item, table, element.address, place)
                filled |= draft.put(start + offset, text, element.address, place, value.path)
            if not filled:
                self.tell(element.address, place, "it is empty; fill it or remove it")
        return bool(items)

    def _repeat(self, element: RepeatElement, draft: Draft, scope: Any) -> bool:
        items = tuple(value_at(scope, element.items) or ())
        part, texts = element.part, []
        for index, item in enumerate(items):
            place = f"{shown(draft.path, element.items)}[{index}]"
            if isinstance(part, CompositeElement):
                text = self._composite(part, draft, item, place)
            else:
                text = self._wire(part.value, item, part.table, part.address, place)
            if text == "":
                self.tell(element.address, place, "it is empty; fill it or remove it")
            texts.append(text or "")
        if len(items) > element.table.repeat:
            most = element.table.repeat
            self.tell(element.address, draft.path, f"at most {most} fit, {len(items)} were made")
        base = draft.path
        return draft.put(element.number, Repeated(*texts), element.address, base, element.items)

    def tell(self, address: str, path: str, problem: str, text: str = "", kind: Kind = "error") -> None:
        """Notes that a value, segment or record is wrong or missing."""
        place = f"{address} {path}".strip()
        self.report.append(Entry(kind, address, path, f"{place}: {problem}.", text))


def _pair_address(element: PairsElement, draft: Draft, index: int) -> str:
    if index < len(element.starts):
        return f"{draft.rule.address}.{element.starts[index] + 1}"
    return element.address


def value_at(scope: Any, path: Path) -> Any:
    """The value at a path below a record; None where a record on the way is missing."""
    for name in path:
        if scope is None:
            return None
        scope = getattr(scope, name)
    return scope
