"""From the flat graph of a document to a tree of HL loops, where each entry stands in one place: ``Placing``'s, for less.

Plain is: the structure has every level of which there are entries, and ends with the items, which no entry is in; items say
where they stand, and so place all others; no other entry stands twice, holds nothing or has another's key. Items with the
same links stand in the same loop, which is found once for all of them. Anything else is a Surprise.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import chain
from operator import attrgetter
from typing import Any, NamedTuple

from partners.mapping.codes import CodeTables
from partners.mapping.memory import Surprise
from partners.mapping.placing import Entity
from partners.mapping.rules import Level, Levels
from partners.mapping.transforms import SerialCode, Transform, Untranslated, WrongValue

_SERIAL_CODE = SerialCode()
_INDEX_TYPES = frozenset({int, type(None)})
_NONE: Mapping[str, int] = {}


@dataclass(slots=True, eq=False)
class Branch:
    """An HL loop to be written, what it is about, the entry in whose loop it stands, and what stands in it: branches, and
    the records of items. It does not hold the loop around it: both would be garbage that nobody but the collector finds."""

    code: str
    record: Any
    around: Entity | None
    children: list[Any]


class _Holder(NamedTuple):
    """A level in whose entries others stand: its list, and how it is known again, by a key that is written by
    ``write_key`` or is a serial code; ``named`` gives an entry's links in the order of ``targets``. ``orders`` are those to what has no links itself, which whoever holds something leaves to what it
    holds."""

    code: str
    listed: str
    key: str | None
    key_types: frozenset[type]
    write_key: Callable[[Any, CodeTables], str] | None
    is_serial: bool
    named: Callable[[Any], tuple[Any, ...]]
    targets: tuple[str, ...]
    orders: frozenset[str]


class Plan(NamedTuple):
    """What follows from the levels of a guide: ``named`` gives the links of an item in the order of ``targets``; ``order``
    are the levels around items, outermost first, each with its place there, ``unplaced`` the places of levels that the
    structure lacks, ``outside`` the lists of those. ``repeated`` are the links that others of a level's may say already.
    """

    outermost: str
    order: tuple[tuple[int, str], ...]
    unplaced: tuple[int, ...]
    items: str
    listed: str
    named: Callable[[Any], tuple[Any, ...]]
    targets: tuple[str, ...]
    repeated: Mapping[str, Mapping[str, frozenset[str]]]
    holders: tuple[_Holder, ...]
    outside: tuple[str, ...]


@lru_cache(maxsize=256)
def plan_of(levels: Levels) -> Plan | None:
    """The plan for the structure that a guide writes; None where no tree in it is plain."""
    *_, last = levels.structure.levels
    named, items = levels.levels, levels.levels[last]
    if items.path is None or not levels.is_innermost(last) or levels.lifted_in_structure():
        return None
    structure, targets = levels.structure.levels, tuple(items.links)
    holders = [_holder(named[code], levels) for code in structure[:-1] if named[code].path]
    if not all(each.code in targets for each in holders):
        return None
    lists = {level.path[0] for code, level in named.items() if level.path and code not in structure}
    return Plan(
        next(code for code, level in named.items() if level.path is None),
        tuple((targets.index(each.code), each.code) for each in holders),
        tuple(at for at, code in enumerate(targets) if code not in structure),
        last,
        items.path[0],
        _picking(tuple(items.links.values())),
        targets,
        {code: _repeated(level, levels) for code, level in named.items()},
        tuple(holders),
        tuple(lists),
    )


def _picking(fields: Sequence[str]) -> Callable[[Any], tuple[Any, ...]]:
    """What picks fields of a record, always as a tuple."""
    if len(fields) > 1:
        return attrgetter(*fields)
    return lambda record: tuple(getattr(record, each) for each in fields)


def _holder(level: Level, levels: Levels) -> _Holder:
    assert level.path is not None
    orders = frozenset(each for each in level.links if not levels.levels[each].links)
    value = level.key_value()
    return _Holder(
        level.code,
        level.path[0],
        level.key,
        frozenset({value.scalar if value else str, type(None)}),
        _writing(value.transforms) if value else None,
        value is not None and value.transforms == (_SERIAL_CODE,),
        _picking(tuple(level.links.values())),
        tuple(level.links),
        orders,
    )


def _writing(transforms: Sequence[Transform]) -> Callable[[Any, CodeTables], str]:
    """How a value is written."""
    if len(transforms) == 1:
        return transforms[0].write

    def write(value: Any, codes: CodeTables) -> str:
        for transform in transforms:
            value = transform.write(value, codes)
        return str(value)

    return write


def _repeated(level: Level, levels: Levels) -> Mapping[str, frozenset[str]]:
    """For links of a level, those beside it that lead on to the same, in the structure."""
    inside = [each for each in level.links if each in levels.structure.levels]
    found = {
        each: frozenset(other for other in inside if each in levels.levels[other].links) for each in inside
    }
    return {each: others for each, others in found.items() if others and levels.levels[each].links}


def plain_tree(document: Any, levels: Levels, codes: CodeTables) -> Branch:
    """The outermost loop with all that stands in it. The lists of the document are tuples. Raises Surprise."""
    plan = plan_of(levels)
    if plan is None or any(getattr(document, each) for each in plan.outside):
        raise Surprise
    return _Tree(document, plan, codes).root()


class _Tree:
    """The branches of one document, each with the one around it."""

    __slots__ = ("branches", "codes", "counts", "document", "links", "plan", "records")

    def __init__(self, document: Any, plan: Plan, codes: CodeTables) -> None:
        self.document = document
        self.plan = plan
        self.codes = codes
        self.records = {each.code: getattr(document, each.listed) for each in plan.holders}
        self.counts = {code: len(records) for code, records in self.records.items()}
        self.links = self._holder_links()
        self.branches: dict[Entity, Branch] = {}

    def root(self) -> Branch:
        plan = self.plan
        root = Branch(plan.outermost, self.document, None, [])
        items = getattr(self.document, plan.listed)
        named = list(map(plan.named, items))
        # What is equal to a number, such as True, names nothing.
        if not _INDEX_TYPES.issuperset(map(type, chain.from_iterable(named))):
            raise Surprise
        loops: dict[tuple[Any, ...], list[Any]] = {}
        for item, links in zip(items, named, strict=True):
            children = loops.get(links)
            if children is None:
                children = loops[links] = self._around(root, links)
            children.append(item)
        if len(self.branches) != sum(self.counts.values()):
            raise Surprise
        self._check_keys()
        return root

    def _around(self, root: Branch, links: tuple[Any, ...]) -> list[Any]:
        """What stands in the loop in which items with these links stand."""
        plan = self.plan
        if self.links or plan.repeated[plan.items]:
            links = self._with_outer(links)
        else:
            for at in plan.unplaced:
                if links[at] is not None:
                    links = self._with_outer(links)
                    break
        branch, around = root, None
        for at, code in plan.order:
            index = links[at]
            if index is None:
                continue
            records = self.records[code]
            if not 0 <= index < len(records):
                raise Surprise
            entity = code, index
            known = self.branches.get(entity)
            if known is None:
                known = self.branches[entity] = Branch(code, records[index], around, [])
                branch.children.append(known)
            elif known.around != around:
                raise Surprise
            branch, around = known, entity
        return branch.children

    def _with_outer(self, links: tuple[Any, ...]) -> tuple[Any, ...]:
        """The links of items with what the entries are in that they name; the nearest that tells decides."""
        found = self._checked(self.plan.items, zip(self.plan.targets, links, strict=True))
        waiting = list(found.items())
        while waiting:
            for code, to in self.links.get(waiting.pop(), _NONE).items():
                if code not in found:
                    found[code] = to
                    waiting.append((code, to))
        return tuple(map(found.get, self.plan.targets))

    def _holder_links(self) -> dict[Entity, dict[str, int]]:
        """The links of the entries that hold others, of those that have any."""
        found: dict[Entity, dict[str, int]] = {}
        for holder in self.plan.holders:
            if not holder.targets:
                continue
            named = list(map(holder.named, self.records[holder.code]))
            types = set(map(type, chain.from_iterable(named)))
            if not _INDEX_TYPES.issuperset(types):
                raise Surprise
            if int not in types:
                continue
            for index, values in enumerate(named):
                links = self._checked(holder.code, zip(holder.targets, values, strict=True))
                if not holder.orders.isdisjoint(links):
                    raise Surprise
                found[holder.code, index] = links
        return found

    def _checked(self, code: str, named: Iterable[tuple[str, int | None]]) -> dict[str, int]:
        """Links that name entries, each of which no other says already."""
        links: dict[str, int] = {}
        for target, value in named:
            if value is not None:
                if not 0 <= value < self.counts.get(target, 0):
                    raise Surprise
                links[target] = value
        repeated = self.plan.repeated[code]
        if repeated and any(not repeated[each].isdisjoint(links) for each in links if each in repeated):
            raise Surprise
        return links

    def _check_keys(self) -> None:
        """Entries with the same key are one entry."""
        for holder in self.plan.holders:
            records = self.records[holder.code]
            # The key of a single entry is no other's; whether it can be written shows when it is.
            if holder.key is None or holder.write_key is None or len(records) < 2:
                continue
            held = list(map(attrgetter(holder.key), records))
            if not holder.key_types.issuperset(map(type, held)):
                raise Surprise
            keys = [each for each in held if each is not None]
            if not (holder.is_serial and SerialCode.are_plain(keys)):
                keys = self._written(keys, holder.write_key)
            if len(set(keys)) != len(keys):
                raise Surprise

    def _written(self, keys: Iterable[Any], write: Callable[[Any, CodeTables], str]) -> list[str]:
        try:
            return [write(each, self.codes) for each in keys]
        except (WrongValue, Untranslated) as error:
            raise Surprise from error
