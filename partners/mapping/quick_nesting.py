"""From HL loops to entries that name each other, where the loops are a plain tree: what ``Nesting`` says of one, for less.

Plain is: one outermost loop, which comes first; each other loop names one that came before; no entry is told twice or
inside another's loop; nothing stands in an item. Then entries with the same parent and level have the same links, which
are found once for all of them. Anything else is a Surprise.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from typing import Any, NamedTuple

from integration.x12.structure import Loop
from partners.mapping.memory import Surprise
from partners.mapping.rules import Level, Levels

Record = dict[str, Any]
Links = dict[str, int]
ReadLevel = Callable[[Level, Loop, Record, Any], None]

# The tag with HL01 to HL03, or to HL04.
_HL_LENGTHS = (4, 5)


class _Entry(NamedTuple):
    """An entry that others may stand in: its record, and what it is in, by level."""

    record: Record
    outside: Links


class _Plan(NamedTuple):
    """What follows from a guide's levels: the codes whose entries nothing may stand in, the codes by how many links
    they have, most first, and of each level's links the level, whether that has links itself, and the links that lead on
    to it."""

    innermost: frozenset[str]
    order: tuple[str, ...]
    targets: Mapping[str, tuple[tuple[str, bool, frozenset[str]], ...]]


@lru_cache(maxsize=256)
def _plan(levels: Levels) -> _Plan:
    named = levels.levels
    listed = [code for code, level in named.items() if level.path]
    return _Plan(
        frozenset(code for code in named if levels.is_innermost(code)),
        tuple(sorted(listed, key=lambda code: -len(named[code].links))),
        {
            code: tuple(
                (target, bool(named[target].links), _nearer(level, target, levels)) for target in level.links
            )
            for code, level in named.items()
        },
    )


def _nearer(level: Level, target: str, levels: Levels) -> frozenset[str]:
    """The links of a level that lead on to the target."""
    return frozenset(each for each in level.links if target in levels.levels[each].links)


class QuickNesting:
    """Reads the HL loops of one set; ``read_level`` reads what stands in one into a record."""

    def __init__(self, levels: Levels, read_level: ReadLevel) -> None:
        self.levels = levels
        self.read_level = read_level
        self.plan = _plan(levels)
        self.records: dict[str, list[Record]] = defaultdict(list)
        # Entries that others may stand in, by level in their order; and items, by level and by what they all are in.
        self.holders: dict[str, list[_Entry]] = defaultdict(list)
        self.items: dict[str, dict[str, tuple[Links, list[Record]]]] = defaultdict(dict)
        self.keys: set[tuple[str, Any]] = set()
        self.linked: dict[tuple[str, int], Links] = {}

    def read(self, loops: Sequence[Loop], scope: Record) -> None:
        """Fills a document's scope with all that the loops say. Raises Surprise."""
        number, named, level = self._level(loops[0])
        if named or level.path is not None:
            raise Surprise
        self.read_level(level, loops[0], scope, "")
        # By the number of a loop, what stands in it is in; None where nothing can.
        inside: dict[str, Links | None] = {number: {}}
        for loop in loops[1:]:
            number, named, level = self._level(loop)
            outside = inside.get(named)
            if outside is None or level.path is None or number in inside or level.code in outside:
                raise Surprise
            record: Record = {}
            self.read_level(level, loop, record, ("", level.path, len(self.records[level.code])))
            self._check_key(level, record)
            inside[number] = self._keep(level.code, record, named, outside)
        self._link()
        for code, records in self.records.items():
            path = self.levels.levels[code].path
            if path:
                scope[path[0]] = records

    def _level(self, loop: Loop) -> tuple[str, str, Level]:
        """HL01, HL02 and the level that HL03 names."""
        texts = loop.trigger.texts
        if len(texts) not in _HL_LENGTHS:
            raise Surprise
        number = texts[1]
        level = self.levels.levels.get(texts[3])
        if level is None or not number or number.strip() != number:
            raise Surprise
        return number, texts[2], level

    def _check_key(self, level: Level, record: Record) -> None:
        """An entry that has the key of one before it is that one, told again."""
        key = record.get(level.key or "")
        if key is not None:
            if (level.code, key) in self.keys:
                raise Surprise
            self.keys.add((level.code, key))

    def _keep(self, code: str, record: Record, around: str, outside: Links) -> Links | None:
        """Lists an entry of the loop numbered ``around``; returns what all that stands in it is in."""
        records = self.records[code]
        records.append(record)
        if code not in self.plan.innermost:
            inside = {**outside, code: len(records) - 1}
            self.holders[code].append(_Entry(record, outside))
            return inside
        self.items[code].setdefault(around, (outside, []))[1].append(record)
        return None

    # Links, each said once

    def _link(self) -> None:
        """Gives each entry its links, and sees that they say all that the loops do."""
        named: set[tuple[str, int]] = set()
        for code in self.plan.order:
            names = self.levels.levels[code].links
            for outside, records in self.items[code].values():
                links = self._links(code, outside, holds=False)
                named.update(links.items())
                said = {names[target]: to for target, to in links.items()}
                for record in records:
                    record.update(said)
            for index, entry in enumerate(self.holders[code]):
                links = self._links(code, entry.outside, holds=(code, index) in named)
                named.update(links.items())
                self.linked[code, index] = links
                for target, to in links.items():
                    entry.record[names[target]] = to
        self._check_said()

    def _links(self, code: str, outside: Links, *, holds: bool) -> Links:
        """What an entry says of its own: what it is in, the nearest only, and its order where it holds nothing."""
        return {
            target: outside[target]
            for target, is_linked, nearer in self.plan.targets[code]
            if target in outside and (nearer.isdisjoint(outside) if is_linked else not holds)
        }

    def _check_said(self) -> None:
        """Where nothing stands in an entry, its links and theirs have to lead to all that it is in."""
        for code, groups in self.items.items():
            for outside, _ in groups.values():
                self._check_leads(self._links(code, outside, holds=False), outside)
        holding = {
            each
            for groups in self.items.values()
            for outside, _ in groups.values()
            for each in outside.items()
        }
        holding.update(
            each for entries in self.holders.values() for entry in entries for each in entry.outside.items()
        )
        for code, entries in self.holders.items():
            for index, entry in enumerate(entries):
                if (code, index) not in holding:
                    self._check_leads(self.linked[code, index], entry.outside)

    def _check_leads(self, links: Links, outside: Links) -> None:
        found = set(links.items())
        waiting = list(found)
        while waiting:
            more = self.linked[waiting.pop()].items() - found
            found |= more
            waiting += more
        if not outside.items() <= found:
            raise Surprise
