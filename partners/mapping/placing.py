"""From the flat graph of a document to the tree of HL loops that a structure wants.

Each item is placed by its links, and what holds no item by its own; a level that the structure lacks, or that an entry has
no link for, is skipped. An entry that stands in two places is written in both, and known again by its key.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from integration.documents import is_scalar
from partners.mapping.codes import CodeTables
from partners.mapping.rules import Level, Levels, Value
from partners.mapping.transforms import Untranslated, WrongValue

# A level and the place of an entry in that level's list.
Entity = tuple[str, int]


@dataclass(slots=True, eq=False)
class Node:
    """One HL loop to be written; ``record`` is what it is about."""

    level: Level
    record: Any
    children: dict[Entity, Node] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Misplaced:
    """Why the graph cannot be written as a tree: the path, and words for people."""

    path: str
    words: str


@dataclass(frozen=True, slots=True, eq=False)
class _Links:
    """What follows for the entries of a level from the links that levels have.

    ``fields``: level, field. ``repeated``: of the links, those that others of them may say already. ``orders`` are the
    links to what holds nothing itself and is only named; ``lifted`` those to levels that the structure lacks and whose
    entries are told here.
    """

    fields: tuple[tuple[str, str], ...]
    repeated: Mapping[str, tuple[str, ...]]
    orders: frozenset[str]
    lifted: tuple[str, ...]
    innermost: bool
    key: Value | None


@lru_cache(maxsize=256)
def _links_of(levels: Levels) -> Mapping[str, _Links]:
    """What each level's entries name."""
    found = {}
    structure = levels.structure.levels
    for code, level in levels.levels.items():
        orders = frozenset(each for each in level.links if not levels.levels[each].links)
        found[code] = _Links(
            fields=tuple(level.links.items()),
            repeated={
                each: tuple(other for other in level.links if each in levels.levels[other].links)
                for each in level.links
                if each not in orders
            },
            orders=orders,
            lifted=tuple(
                each
                for each in level.links
                if each in level.lifted and each not in structure and code in structure
            ),
            innermost=levels.is_innermost(code),
            key=level.key_value(),
        )
    return found


class Placing:
    """Places the entries of one document; ``problems`` is what forbids it, ``unplaced`` the entries left out. ``lifts``:
    whether some are told inside others."""

    def __init__(self, document: Any, levels: Levels, codes: CodeTables) -> None:
        self.document = document
        self.levels = levels
        self.codes = codes
        self.problems: list[Misplaced] = []
        self.unplaced: list[str] = []
        self._known = _links_of(levels)
        self.lifts = any(each.lifted for each in self._known.values())
        # The loops that the innermost entries with the same links stand in.
        self._around_links: dict[tuple[tuple[str, int], ...], Node] = {}
        self.records: dict[str, tuple[Any, ...]] = {
            code: tuple(getattr(document, level.path[0]) or ())
            for code, level in levels.levels.items()
            if level.path
        }
        self.links: dict[Entity, dict[str, int]] = {}
        for code, records in self.records.items():
            fields = self._known[code].fields
            for index, record in enumerate(records):
                self.links[code, index] = self._links((code, index), fields, record) if fields else {}

    def root(self) -> Node:
        """The outermost loop with all that stands in it."""
        outermost = next(each for each in self.levels.levels.values() if each.path is None)
        root = Node(outermost, self.document)
        self._check_links()
        placed: Counter[Entity] = Counter()
        for entity in self._in_order():
            if entity not in placed or self._known[entity[0]].innermost:
                self._place(root, entity, placed)
        self._check_keys(placed)
        lifted = self._check_lifted()
        self.unplaced = [self.path(each) for each in self.links if each not in placed and each not in lifted]
        return root

    def path(self, entity: Entity) -> str:
        """``packages[0]``; "" for the document itself."""
        level = self.levels.levels.get(entity[0])
        return f"{level.path[0]}[{entity[1]}]" if level and level.path else ""

    def record(self, entity: Entity) -> Any:
        """What an entity is in the document."""
        return self.records[entity[0]][entity[1]]

    def lifted(self, entity: Entity) -> dict[str, tuple[Any, str]]:
        """The linked entries that are told here since the structure lacks their levels, by level, with their paths."""
        codes = self._known[entity[0]].lifted if entity[0] else ()
        links = self.links[entity] if codes else {}
        return {
            code: (self.record((code, links[code])), self.path((code, links[code])))
            for code in codes
            if code in links
        }

    def _check_lifted(self) -> set[Entity]:
        """The entries told inside others, each of which needs its key."""
        found: set[Entity] = set()
        for entity, links in self.links.items():
            for code in self._known[entity[0]].lifted:
                here = (code, links.get(code, -1))
                if code not in links or here in found:
                    continue
                found.add(here)
                level = self.levels.levels[code]
                if not self._key(level, self.record(here)):
                    words = (
                        f"structure {self.levels.structure.name} names it by its {level.key} alone; fill that"
                    )
                    self.problems.append(Misplaced(self.path(here), words))
        return found

    # The links, checked

    def _links(self, entity: Entity, fields: tuple[tuple[str, str], ...], record: Any) -> dict[str, int]:
        found: dict[str, int] = {}
        for target, name in fields:
            value = getattr(record, name, None)
            if value is None:
                continue
            count = len(self.records[target])
            if not (type(value) is int or is_scalar(value, int)) or not 0 <= value < count:
                listed = self.levels.levels[target].path
                words = f"{value!r} names none of the {count} entries of {listed[0] if listed else ''}"
                self.problems.append(Misplaced(f"{self.path(entity)}/{name}", words))
            else:
                found[target] = value
        return found

    def _check_links(self) -> None:
        """What is contained says where it is, and only once."""
        holding = {each for links in self.links.values() for each in links.items()}
        for entity, links in self.links.items():
            known = self._known[entity[0]]
            for code in links:
                if code in known.orders:
                    if entity in holding:
                        self._misplaced(
                            entity, code, "it holds something, whose own order counts; leave this one out"
                        )
                    continue
                inside = [other for other in known.repeated[code] if other in links]
                if inside:
                    name = self.levels.levels[entity[0]].links[inside[0]]
                    self._misplaced(entity, code, f"its {name} says that already; leave this one out")

    def _misplaced(self, entity: Entity, code: str, words: str) -> None:
        """Notes what is wrong with a link."""
        name = self.levels.levels[entity[0]].links.get(code, code)
        self.problems.append(Misplaced(f"{self.path(entity)}/{name}", words))

    # The tree

    def _in_order(self) -> Iterator[Entity]:
        """The innermost entries first, since they place what holds them; then what is left, innermost first."""
        present = [code for code in self.levels.structure.levels if self.levels.levels[code].path]
        ranked = sorted(present, key=lambda code: -len(self.levels.levels[code].links))
        for code in ranked:
            yield from ((code, index) for index in range(len(self.records[code])))

    def _place(self, root: Node, entity: Entity, placed: Counter[Entity]) -> None:
        code, index = entity
        order = self.levels.structure.levels
        if not self._known[code].innermost or code != order[-1]:
            self._walk(root, order, self._around(entity), placed)
            return
        # Most entries are items, many to a package: those with the same links stand in the same loop.
        links = tuple(self.links[entity].items())
        node = self._around_links.get(links)
        if node is None:
            node = self._around_links[links] = self._walk(root, order[:-1], self._around(entity), placed)
        node.children[entity] = Node(self.levels.levels[code], self.records[code][index])
        placed[entity] = 1

    def _walk(
        self, root: Node, order: Sequence[str], around: Mapping[str, int], placed: Counter[Entity]
    ) -> Node:
        """The loop that stands in the loops of all these entries, which are made where they are not there."""
        node = root
        for code in order:
            if code not in around:
                continue
            here = (code, around[code])
            if here not in node.children:
                node.children[here] = Node(self.levels.levels[code], self.record(here))
                placed[here] += 1
            node = node.children[here]
        return node

    def _around(self, entity: Entity) -> dict[str, int]:
        """The entry itself and all that it is in or for, by level."""
        found: dict[str, int] = {entity[0]: entity[1]}
        waiting = [entity]
        while waiting:
            for code, to in self.links.get(waiting.pop(), {}).items():
                if code not in found:
                    found[code] = to
                    waiting.append((code, to))
        order = self.levels.structure.levels
        if not self._known[entity[0]].innermost:
            for code in list(found):
                if code in order and code != entity[0] and order.index(code) > order.index(entity[0]):
                    words = f"structure {self.levels.structure.name} can say it only of what has items; leave it out or choose another structure"
                    self._misplaced(entity, code, words)
                    del found[code]
        return found

    # What stands twice is known by its key

    def _check_keys(self, placed: Counter[Entity]) -> None:
        seen: dict[tuple[str, str], Entity] = {}
        for entity in self.links:
            if self._known[entity[0]].innermost:
                continue
            level, count = self.levels.levels[entity[0]], placed[entity]
            key = self._key(level, self.record(entity))
            if count > 1 and not key:
                words = (
                    f"it stands in {count} places, and only its {level.key} says that it is one; fill that"
                )
                self.problems.append(Misplaced(self.path(entity), words))
            if key and (other := seen.setdefault((level.code, key), entity)) != entity:
                words = f"it has the same {level.key} as {self.path(other)}; make them one, or correct it"
                self.problems.append(Misplaced(f"{self.path(entity)}/{level.key}", words))

    def _key(self, level: Level, record: Any) -> str:
        value, held = self._known[level.code].key, getattr(record, level.key or "", None)
        if value is None or held is None or not is_scalar(held, value.scalar):
            return ""
        text = held
        try:
            for transform in value.transforms:
                text = transform.write(text, self.codes)
        except (WrongValue, Untranslated):
            return ""
        return str(text)
