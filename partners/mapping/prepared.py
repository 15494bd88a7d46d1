"""What writing and reading need to know of rules and records over and over, found once.

Each is kept for as many rules as are in use at a time; a guide made of overrides brings its own.
"""

from __future__ import annotations

import dataclasses
import datetime
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache
from operator import attrgetter
from typing import Any, NamedTuple

from integration.documents import shape_of
from integration.x12.tables import ElementTable, SegmentUse
from partners.mapping.codes import CodeLists, CodeTables, merged, tables
from partners.mapping.rules import (
    Body,
    CompositeElement,
    ConstantElement,
    DerivedElement,
    ElementRule,
    FieldElement,
    GroupElement,
    Guide,
    Pair,
    PairsElement,
    QualifierElement,
    RepeatElement,
    SegmentRule,
    Value,
)
from partners.mapping.transforms import PLAIN_TEXT, Untranslated, WrongValue

_KEPT = 8192


def code_tables(guide: Guide, partner: CodeLists | None) -> CodeTables:
    """The guide's code lists both ways, with the partner's entries laid over them; the same tables for the same lists."""
    return _tables(guide, tuple((name, tuple(entries.items())) for name, entries in (partner or {}).items()))


@lru_cache(maxsize=256)
def _tables(guide: Guide, partner: tuple[tuple[str, tuple[tuple[str, str], ...]], ...]) -> CodeTables:
    return tables(merged(guide.codes, {name: dict(entries) for name, entries in partner}))


@dataclass(frozen=True, slots=True)
class Member:
    """A member of a loop that has to be there, or only so often."""

    index: int
    tag: str
    required: bool
    max_use: int | None


class Way(NamedTuple):
    """How a value becomes the text of an element where nothing is out of the ordinary.

    ``name`` is the field where it is a field of the record itself, "" where it is the list's item, None where it
    stands deeper. ``write`` makes the text of a value of type ``scalar`` (None: it is the text already); it is good
    where it has ``least`` to ``most`` printable characters. What is not, takes the long way.
    """

    name: str | None
    scalar: type
    write: Callable[[Any, CodeTables], str] | None
    least: int
    most: int

    def text(self, raw: Any, codes: CodeTables) -> str | None:
        """The text of a value; None where the long way has to tell."""
        if type(raw) is not self.scalar:
            return None
        if self.write is None:
            text = str(raw).rstrip(" ")
        else:
            try:
                text = self.write(raw, codes)
            except (WrongValue, Untranslated):
                return None
        return text if text and self.least <= len(text) <= self.most and text.isprintable() else None


def _way(value: Value, table: ElementTable) -> Way:
    name = None if len(value.path) > 1 else value.path[0] if value.path else ""
    # Minima and maxima of numbers count digits alone; text is never shorter than its digits.
    if len(value.transforms) > 1 or (table.kind[0] in "RN" and table.min > 1):
        return Way(name, type(None), None, 0, 0)
    transform = value.transforms[0]
    write = None if transform is PLAIN_TEXT else transform.write
    return Way(name, value.scalar, write, table.min, table.max)


PairWays = tuple[tuple[Pair, Way], ...]


def _ways(element: ElementRule) -> Way | PairWays | None:
    if isinstance(element, FieldElement):
        return _way(element.value, element.table)
    if isinstance(element, PairsElement):
        table = element.tables[element.starts[0] + 1]
        return tuple((pair, _way(pair.value, table)) for pair in element.pairs)
    return None


@dataclass(frozen=True, slots=True, eq=False)
class WritingRule:
    """The elements of a rule by what is done with them.

    ``steps`` are those that carry values, fields and pairs with their ways. ``completing`` are those that follow from others or from the guide alone. ``mandatory`` are the places that
    must be filled.
    """

    steps: tuple[tuple[ElementRule, Way | PairWays | None], ...]
    completing: tuple[QualifierElement | ConstantElement | FieldElement, ...]
    mandatory: tuple[ElementTable, ...]
    derived: tuple[DerivedElement, ...]
    size: int
    longest: int


@lru_cache(maxsize=_KEPT)
def writing_rule(rule: SegmentRule) -> WritingRule:
    """The rule as the writer goes through it."""
    derived = tuple(each for each in rule.elements if isinstance(each, DerivedElement))
    computed = {each.number for each in derived}
    fixed = QualifierElement | ConstantElement
    return WritingRule(
        steps=tuple(
            (each, _ways(each)) for each in rule.elements if not isinstance(each, fixed | DerivedElement)
        ),
        completing=tuple(
            each
            for each in rule.elements
            if isinstance(each, fixed) or (isinstance(each, FieldElement) and each.value.default is not None)
        ),
        mandatory=tuple(
            each
            for each in rule.table.elements
            if (each.required or each.number in rule.must) and each.number not in computed
        ),
        derived=derived,
        size=len(rule.table.elements),
        longest=next((each.table.max for each in rule.elements if isinstance(each, FieldElement)), 0),
    )


@dataclass(frozen=True, slots=True, eq=False)
class WritingBody:
    """The rules of a body, each with the fields of the record that all it writes comes from (None: from elsewhere
    too), and how often the members of the loop have to and may stand."""

    entries: tuple[tuple[SegmentRule, frozenset[str] | None], ...]
    required: tuple[int, ...]
    limits: Mapping[int, int]
    members: tuple[Member, ...]

    def holds(self, counts: Mapping[int, int]) -> bool:
        """Whether these counts of members are as the loop wants them."""
        for index in self.required:
            if index not in counts:
                return False
        limits = self.limits
        return all(count <= limits[index] for index, count in counts.items() if index in limits)


@lru_cache(maxsize=_KEPT)
def writing_body(body: Body) -> WritingBody:
    """The body as the writer goes through it."""
    entries = []
    for rule in body.rules:
        names = _names_around(rule)
        entries.append((rule, None if names is None else frozenset(names)))
    members = _bound_members(body)
    return WritingBody(
        tuple(entries),
        tuple(each.index for each in members if each.required),
        {each.index: each.max_use for each in members if each.max_use is not None},
        members,
    )


def _names_around(rule: SegmentRule) -> set[str] | None:
    """The fields, of the record that the rule's place is about, from which all comes that the rule writes."""
    if rule.lift or rule.levels:
        return None
    scope = rule.each or rule.at or rule.text
    return {scope[0]} if scope else _names(rule)


def _names(rule: SegmentRule) -> set[str] | None:
    """The fields of the record from which all that the rule and its body write comes; None where something is
    written or reported without any."""
    if rule.always or rule.must_pairs:
        return None
    names: set[str] = set()
    for element in rule.elements:
        paths = list(_paths(element))
        if not all(paths):
            return None
        names.update(path[0] for path in paths)
    for inner in rule.body.rules:
        found = None if inner.required else _names_around(inner)
        if found is None:
            return None
        names |= found
    return names


def _paths(element: Any) -> Iterator[tuple[str, ...]]:
    if isinstance(element, FieldElement):
        yield element.value.path
    elif isinstance(element, CompositeElement):
        yield from (part.value.path for part in element.parts if isinstance(part, FieldElement))
    elif isinstance(element, PairsElement):
        yield from (pair.value.path for pair in element.pairs)
        if element.rest is not None:
            yield element.rest
    elif isinstance(element, GroupElement | RepeatElement):
        yield element.items


@lru_cache(maxsize=256)
def _row(record: type) -> tuple[tuple[str, ...], Callable[[Any], tuple[Any, ...]]]:
    names = tuple(shape_of(record))
    # The first name twice: of a single one, no row would come.
    return names, attrgetter(*names, names[0])


def present(record: Any) -> set[str] | None:
    """The fields of a record that have a value; None where it is no record."""
    kind: type = type(record)
    if not dataclasses.is_dataclass(kind):
        return None
    names, row = _row(kind)
    return {
        name
        for name, value in zip(names, row(record), strict=False)
        if value or (value is not None and value != "" and value != ())
    }


def _bound_members(body: Body) -> tuple[Member, ...]:
    """The members of the body's loop that have to be counted; its trigger, ST and SE are not among them."""
    if body.loop is None:
        return ()
    found = []
    for index, member in enumerate(body.loop.members):
        tag = member.tag if isinstance(member, SegmentUse) else member.name
        trigger = index == 0 and tag == body.loop.name
        if not trigger and tag not in ("ST", "SE") and (member.required or member.max_use is not None):
            found.append(Member(index, tag, member.required, member.max_use))
    return tuple(found)


# Values that hold no others; what else stands in a field is looked into.
_SIMPLE = frozenset({str, Decimal, int, datetime.date, datetime.time})


@dataclass(frozen=True, slots=True)
class _FieldPlace:
    name: str
    path: str
    carried: bool
    carried_items: bool


@lru_cache(maxsize=_KEPT)
def _places(record: type, prefix: str, carried: frozenset[str]) -> tuple[_FieldPlace, ...]:
    paths = ((name, f"{prefix}{name}") for name in shape_of(record))
    return tuple(_FieldPlace(name, path, path in carried, f"{path}[]" in carried) for name, path in paths)


def not_carried(
    record: Any, carried: frozenset[str], prefix: str = "", shown: str = ""
) -> Iterator[tuple[str, Any]]:
    """The values of a document that stand at none of the paths ``carried``, each with its path: ``leaves``
    without those that a guide has a place for."""
    kind: type = type(record)
    _, row = _row(kind)
    for place, value in zip(_places(kind, prefix, carried), row(record), strict=False):
        if not value and (value is None or value == "" or value == ()):
            continue
        if type(value) in _SIMPLE:
            if not place.carried:
                yield f"{shown}{place.name}", value
        elif isinstance(value, tuple | list):
            for index, item in enumerate(value):
                path = f"{shown}{place.name}[{index}]"
                yield from _item(item, place.carried_items, carried, f"{place.path}[]", path)
        else:
            yield from _item(value, place.carried, carried, place.path, f"{shown}{place.name}")


def _item(
    item: Any, is_carried: bool, carried: frozenset[str], path: str, shown: str
) -> Iterator[tuple[str, Any]]:
    if dataclasses.is_dataclass(item):
        yield from not_carried(item, carried, f"{path}/", f"{shown}/")
    elif item is not None and item != "" and not is_carried:
        yield shown, item
