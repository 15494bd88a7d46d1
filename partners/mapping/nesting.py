"""From HL loops as they stand in a set to entries that name each other.

The parent is the loop that HL02 names. Where it names none that came before, the loop is nested by its level: beside the
last loop of its own level that is still open, else in the last loop read.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from integration.x12.structure import Loop
from integration.x12.syntax import Segment
from partners.mapping.report import Kind
from partners.mapping.rules import Level, Levels

Record = dict[str, Any]

# The tag and the four elements that the standard has.
_HL_LENGTH = 5


class LevelReader(Protocol):
    """What reading a guide offers for its levels."""

    def read_level(self, level: Level, loop: Loop, record: Record, path: str) -> Mapping[str, Record]:
        """Reads a loop's segments into a record; returns what it lifts of entries of other levels, by level."""

    def unread_level(self, loop: Loop, reason: str) -> None:
        """Reports a loop of which nothing is read."""

    def tell_of(
        self, kind: Kind, address: str, path: str, segment: Segment, problem: str, text: str = ""
    ) -> None:
        """Reports something about a segment."""


@dataclass(slots=True, eq=False)
class _Entity:
    """One entry: what was read of it, and every place where it stood, as the entries around it by level."""

    record: Record
    path: str
    segment: Segment
    around: list[dict[str, int]] = field(default_factory=list)


class Nesting:
    """Reads the HL loops of one set into the lists of a document."""

    def __init__(self, levels: Levels, reader: LevelReader) -> None:
        self.levels = levels
        self.reader = reader
        self.entities: dict[str, list[_Entity]] = {
            code: [] for code, level in levels.levels.items() if level.path
        }
        self.innermost = frozenset(code for code in levels.levels if levels.is_innermost(code))
        # The levels that say of what they hold that it is in a level: an item's package names the pallet.
        self.nearer = {
            target: frozenset(code for code, level in levels.levels.items() if target in level.links)
            for target in levels.levels
        }
        self.known: dict[tuple[str, Any], int] = {}
        # Where disagreeing links were told already, as paths.
        self.told: set[str] = set()

    def read(self, loops: Sequence[Loop], scope: Record) -> None:
        """Fills a document's scope with all that the loops say."""
        around: list[dict[str, int]] = []
        shipped = False
        codes = [_code(loop) for loop in loops]
        parents = self._parents(loops, codes)
        occurrences: dict[int, tuple[int, str, int]] = {}
        holding: set[int] = set()
        for at, (loop, parent) in enumerate(zip(loops, parents, strict=True)):
            here = dict(around[parent]) if parent is not None else {}
            around.append(here)
            level = self.levels.levels.get(codes[at])
            trigger = loop.trigger
            if len(trigger.texts) > _HL_LENGTH:
                self._tell_rest(trigger)
            if level is None:
                self.reader.unread_level(loop, f"the guide has no level {trigger[3]!r}")
            elif level.path is None:
                if shipped:
                    self.reader.unread_level(loop, "a notice has one outermost level; ask for a notice each")
                else:
                    self.reader.read_level(level, loop, scope, "")
                shipped = True
            else:
                index = self._entity(level, loop, here)
                if level.code in here:
                    self._tell_lost(level, index, level.code, here[level.code], trigger)
                here[level.code] = index
                occurrences[at] = len(self.entities[level.code][index].around) - 1, level.code, index
                while parent is not None and parent not in holding:
                    holding.add(parent)
                    parent = parents[parent]
        self._link()
        for at, (time, code, index) in occurrences.items():
            if at not in holding:
                self._tell_unlinked(code, index, self.entities[code][index].around[time], loops[at].trigger)
        for code, entities in self.entities.items():
            path = self.levels.levels[code].path
            if entities and path:
                scope[path[0]] = [each.record for each in entities]

    def _tell_rest(self, trigger: Segment) -> None:
        """What stands behind HL04, where the standard has nothing."""
        for number, text in enumerate(trigger.texts[5:], start=5):
            if text.strip():
                address = f"HL[{trigger[3].strip()}].{number}"
                self.reader.tell_of("unread", address, "", trigger, f"{text!r:.60} was not read", text)

    # Who is in whom

    def _parents(self, loops: Sequence[Loop], codes: Sequence[str]) -> list[int | None]:
        numbered: dict[str, int] = {}
        parents: list[int | None] = []
        chain: list[int] = []
        open_levels: dict[str, list[int]] = defaultdict(list)
        for index, loop in enumerate(loops):
            trigger = loop.trigger
            named = trigger[2].strip()
            parent = numbered.get(named)
            if parent is None and (named or index):
                beside = open_levels[codes[index]]
                parent = parents[beside[-1]] if beside else chain[-1] if chain else None
                why = f"HL02 {named!r} names no level before it" if named else "HL02 is missing"
                self.reader.tell_of(
                    "check",
                    f"HL[{trigger[3].strip()}].2",
                    "",
                    trigger,
                    f"{why}; it was nested by its level",
                    named,
                )
            parents.append(parent)
            self._number(trigger, index, numbered)
            # Each loop leaves the chain once, so that all of this takes as many steps as there are loops.
            while chain and chain[-1] != parent:
                open_levels[codes[chain.pop()]].pop()
            chain.append(index)
            open_levels[codes[index]].append(index)
        return parents

    def _number(self, trigger: Segment, index: int, numbered: dict[str, int]) -> None:
        number = trigger[1].strip()
        if number in numbered:
            problem = f"HL01 {number!r} stands twice; what names it is put into the last one"
            self.reader.tell_of("check", f"HL[{trigger[3].strip()}].1", "", trigger, problem, number)
        if number:
            numbered[number] = index

    # Entries

    def _entity(self, level: Level, loop: Loop, around: dict[str, int]) -> int:
        entities = self.entities[level.code]
        record: Record = {}
        path = f"{level.path[0]}[{len(entities)}]" if level.path else ""
        lifted = self.reader.read_level(level, loop, record, path)
        segment = loop.trigger
        index = self._known(level.code, record, path, segment)
        path = entities[index].path
        places = dict(around)
        for code, inner in lifted.items():
            listed = self.levels.levels[code].path
            place = f"{listed[0]}[{len(self.entities[code])}]" if listed else ""
            found = self._known(code, dict(inner), place, segment)
            self._say_once(level, path, segment, places, code, found)
        for code, holder in around.items():
            # A package below an item (structure 0002) holds that item.
            if code in self.innermost and level.code in self.levels.levels[code].links:
                item = self.entities[code][holder]
                self._say_once(
                    self.levels.levels[code], item.path, segment, item.around[0], level.code, index
                )
        entities[index].around.append(places)
        return index

    def _known(self, code: str, record: Record, path: str, segment: Segment) -> int:
        """The place of an entry, which is a new one unless its key was read before."""
        entities = self.entities[code]
        key = record.get(self.levels.levels[code].key or "")
        if key is None or (code, key) not in self.known:
            entities.append(_Entity(record, path, segment))
            if key is not None:
                self.known[code, key] = len(entities) - 1
            return len(entities) - 1
        index = self.known[code, key]
        self._merge(entities[index], record, segment)
        return index

    def _merge(self, entity: _Entity, record: Record, segment: Segment) -> None:
        for name, value in record.items():
            if entity.record.setdefault(name, value) != value:
                problem = f"what is said here of {name} disagrees with what was said before, which is kept"
                self.reader.tell_of(
                    "conflict", "HL", f"{entity.path}/{name}", segment, problem, str(value)[:200]
                )

    def _say_once(
        self, level: Level, path: str, segment: Segment, places: dict[str, int], code: str, index: int
    ) -> None:
        if places.setdefault(code, index) != index:
            name = level.links.get(code, code)
            problem = "it is said twice, and differently; the first is kept"
            self.told.add(f"{path}/{name}")
            self.reader.tell_of("conflict", f"HL[{level.code}]", f"{path}/{name}", segment, problem)

    # Links, each said once

    def _link(self) -> None:
        holding: set[tuple[str, int]] = set()
        for code in sorted(self.entities, key=lambda each: -len(self.levels.levels[each].links)):
            level = self.levels.levels[code]
            for index, entity in enumerate(self.entities[code]):
                links = self._own_links(level, entity, holds=(code, index) in holding)
                for target, to in links.items():
                    entity.record[level.links[target]] = to
                    holding.add((target, to))

    def _tell_unlinked(self, code: str, index: int, places: Mapping[str, int], segment: Segment) -> None:
        """What an entry that holds nothing here stands in, and no link says: an empty order in a package."""
        here = (code, index)
        own = self._linked(*here)
        if all(outer == code or (outer, holder) in own for outer, holder in places.items()):
            return
        closures = [own, *(self._linked(*each) for each in places.items())]
        for outer, holder in places.items():
            names = {self._link_path(*each, outer) for each in own}
            names.add(self._link_path(outer, holder, code))
            linked = any({here, (outer, holder)} <= each for each in closures)
            if outer != code and not linked and names.isdisjoint(self.told):
                self._tell_lost(self.levels.levels[code], index, outer, holder, segment)

    def _link_path(self, code: str, index: int, target: str) -> str:
        return f"{self.entities[code][index].path}/{self.levels.levels[code].links.get(target, target)}"

    def _linked(self, code: str, index: int) -> set[tuple[str, int]]:
        """An entry, and all that its links lead to."""
        found = {(code, index)}
        for target, name in self.levels.levels[code].links.items():
            if (to := self.entities[code][index].record.get(name)) is not None:
                found |= self._linked(target, to)
        return found

    def _tell_lost(self, level: Level, index: int, outer: str, holder: int, segment: Segment) -> None:
        entity, around = self.entities[level.code][index], self.entities[outer][holder]
        problem = f"that it stands in {around.path} has no place in the document, and was left out"
        self.reader.tell_of("unread", f"HL[{level.code}]", entity.path, segment, problem)

    def _own_links(self, level: Level, entity: _Entity, *, holds: bool) -> dict[str, int]:
        """What an entry says of its own: what it is in, the nearest only, and its order where it holds nothing."""
        present = {target for places in entity.around for target in places if target in level.links}
        found: dict[str, int] = {}
        for target in level.links:
            if self.levels.levels[target].links:
                if not present.isdisjoint(self.nearer[target]):
                    continue
            elif holds:
                continue
            for places in entity.around:
                if target in places:
                    self._say_once(level, entity.path, entity.segment, found, target, places[target])
        return found


def _code(loop: Loop) -> str:
    return loop.trigger[3].strip()
