"""What writing needs to know of rules and records over and over, found once.

Each is kept for as many rules as are in use at a time; a guide made of overrides brings its own.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache
from operator import attrgetter
from typing import Any

from integration.documents import shape_of
from integration.x12.tables import ElementTable, SegmentUse
from partners.mapping.codes import CodeLists, CodeTables, merged, tables
from partners.mapping.rules import (
    Body,
    CompositeElement,
    ConstantElement,
    DerivedElement,
    FieldElement,
    GroupElement,
    Guide,
    PairsElement,
    QualifierElement,
    SegmentRule,
)

_KEPT = 8192


def code_tables(guide: Guide, partner: CodeLists | None) -> CodeTables:
    """The guide's code lists both ways, with the partner's entries laid over them."""
    return tables(merged(guide.codes, partner)) if partner else _own_tables(guide)


@lru_cache(maxsize=256)
def _own_tables(guide: Guide) -> CodeTables:
    return tables(merged(guide.codes, {}))


@dataclass(frozen=True, slots=True, eq=False)
class WritingRule:
    """The elements of a rule by what is done with them.

    ``completing`` are those that follow from others or from the guide alone. ``mandatory`` are the places that
    must be filled. ``is_empty`` tells of a record that nothing is written of it by this rule; None where that
    takes a full look.
    """

    completing: tuple[QualifierElement | ConstantElement | FieldElement, ...]
    mandatory: tuple[ElementTable, ...]
    derived: tuple[DerivedElement, ...]
    is_empty: Callable[[Any], bool] | None


@lru_cache(maxsize=_KEPT)
def writing_rule(rule: SegmentRule) -> WritingRule:
    """The rule as the writer goes through it."""
    derived = tuple(each for each in rule.elements if isinstance(each, DerivedElement))
    computed = {each.number for each in derived}
    names = _names(rule)
    return WritingRule(
        completing=tuple(
            each
            for each in rule.elements
            if isinstance(each, QualifierElement | ConstantElement)
            or (isinstance(each, FieldElement) and each.value.default is not None)
        ),
        mandatory=tuple(
            each
            for each in rule.table.elements
            if (each.required or each.number in rule.must) and each.number not in computed
        ),
        derived=derived,
        is_empty=None if names is None else _emptiness(names),
    )


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
        scope = inner.each or inner.at or inner.text
        if inner.required or inner.lift or inner.levels:
            return None
        found = {scope[0]} if scope else _names(inner)
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
    elif isinstance(element, GroupElement):
        yield element.items


def _emptiness(names: set[str]) -> Callable[[Any], bool]:
    # Asked for twice where it is one name, so that a row comes back.
    row = attrgetter(*names, next(iter(names))) if names else None

    def is_empty(record: Any) -> bool:
        return row is None or all(value is None or value == "" or value == () for value in row(record))

    return is_empty


@dataclass(frozen=True, slots=True)
class Member:
    """A member of a loop that has to be there, or only so often."""

    index: int
    tag: str
    required: bool
    max_use: int | None


@lru_cache(maxsize=_KEPT)
def bound_members(body: Body) -> tuple[Member, ...]:
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
_SIMPLE = frozenset({str, Decimal, int})


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
    for place in _places(kind, prefix, carried):
        value = getattr(record, place.name)
        if value is None or value == "" or value == ():
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
