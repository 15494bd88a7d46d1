"""From the flat graph of a document to the tree of HL loops that a structure wants.

Each item is placed by its links, and what holds no item by its own; a level that the structure lacks, or that an entry has
no link for, is skipped. An entry that stands in two places is written in both, and known again by its key.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from integration.documents import is_scalar
from partners.mapping.codes import CodeTables
from partners.mapping.rules import Level, Levels
from partners.mapping.transforms import Untranslated, WrongValue

# A level and the place of an entry in that level's list.
Entity = tuple[str, int]


@dataclass(slots=True, eq=False)
class Node:
    """One HL loop to be written: ``record`` is what it is about, ``path`` where that stands in the document."""

    level: Level
    record: Any
    path: str
    children: dict[Entity, Node] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Misplaced:
    """Why the graph cannot be written as a tree: the path, and words for people."""

    path: str
    words: str


class Placing:
    """Places the entries of one document; ``problems`` is what forbids it, ``unplaced`` the entries left out."""

    def __init__(self, document: Any, levels: Levels, codes: CodeTables) -> None:
        self.document = document
        self.levels = levels
        self.codes = codes
        self.problems: list[Misplaced] = []
        self.unplaced: list[str] = []
        self.records: dict[str, tuple[Any, ...]] = {
            code: tuple(getattr(document, level.path[0]) or ())
            for code, level in levels.levels.items()
            if level.path
        }
        self.links = {
            (code, index): self._links(levels.levels[code], record, f"{levels.levels[code].path[0]}[{index}]")  # type: ignore[index]
            for code, records in self.records.items()
            for index, record in enumerate(records)
        }

    def root(self) -> Node:
        """The outermost loop with all that stands in it."""
        outermost = next(each for each in self.levels.levels.values() if each.path is None)
        root = Node(outermost, self.document, "")
        self._check_links()
        placed: Counter[Entity] = Counter()
        for entity in self._in_order():
            if entity not in placed or self.levels.is_innermost(entity[0]):
                self._place(root, entity, placed)
        self._check_keys(placed)
        lifted = self._check_lifted()
        self.unplaced = [self.path(each) for each in self.links if each not in placed and each not in lifted]
        return root

    def path(self, entity: Entity) -> str:
        """``packages[0]``."""
        level = self.levels.levels[entity[0]]
        return f"{level.path[0]}[{entity[1]}]" if level.path else ""

    def record(self, entity: Entity) -> Any:
        """What an entity is in the document."""
        return self.records[entity[0]][entity[1]]

    def lifted(self, entity: Entity) -> dict[str, tuple[Any, str]]:
        """The linked entries whose levels the structure lacks, by level, with their paths."""
        links = self.links.get(entity, {})
        return {
            code: (self.record((code, to)), self.path((code, to)))
            for code, to in links.items()
            if code not in self.levels.structure.levels
        }

    def _check_lifted(self) -> set[Entity]:
        """The entries told inside others, each of which needs its key."""
        found: set[Entity] = set()
        for entity in self.links:
            if entity[0] not in self.levels.structure.levels:
                continue
            for code, to in self.links[entity].items():
                here = (code, to)
                told = code in self.levels.levels[entity[0]].lifted
                if not told or code in self.levels.structure.levels or here in found:
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

    def _links(self, level: Level, record: Any, path: str) -> dict[str, int]:
        found: dict[str, int] = {}
        for target, name in level.links.items():
            value = getattr(record, name, None)
            if value is None:
                continue
            count = len(self.records[target])
            if not is_scalar(value, int) or not 0 <= value < count:
                listed = self.levels.levels[target].path
                words = f"{value!r} names none of the {count} entries of {listed[0] if listed else ''}"
                self.problems.append(Misplaced(f"{path}/{name}", words))
            else:
                found[target] = value
        return found

    def _check_links(self) -> None:
        """What is contained says where it is, and only once."""
        holding = {(code, to) for links in self.links.values() for code, to in links.items()}
        for entity, links in self.links.items():
            level = self.levels.levels[entity[0]]
            for code in links:
                path = f"{self.path(entity)}/{level.links[code]}"
                inside = [other for other in links if code in self.levels.levels[other].links]
                if self._is_order(code):
                    if entity in holding:
                        words = "it holds something, whose own order counts; leave this one out"
                        self.problems.append(Misplaced(path, words))
                elif inside:
                    words = f"its {level.links[inside[0]]} says that already; leave this one out"
                    self.problems.append(Misplaced(path, words))

    def _is_order(self, code: str) -> bool:
        """Whether a level holds nothing itself and is only named: the orders."""
        return not self.levels.levels[code].links

    # The tree

    def _in_order(self) -> Iterator[Entity]:
        """The innermost entries first, since they place what holds them; then what is left, innermost first."""
        present = [code for code in self.levels.structure.levels if self.levels.levels[code].path]
        ranked = sorted(present, key=lambda code: -len(self.levels.levels[code].links))
        for code in ranked:
            yield from ((code, index) for index in range(len(self.records[code])))

    def _place(self, root: Node, entity: Entity, placed: Counter[Entity]) -> None:
        around = self._around(entity)
        node = root
        for code in self.levels.structure.levels:
            if code not in around:
                continue
            here = (code, around[code])
            if here not in node.children:
                level = self.levels.levels[code]
                node.children[here] = Node(level, self.record(here), self.path(here))
                placed[here] += 1
            node = node.children[here]

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
        if not self.levels.is_innermost(entity[0]):
            for code in list(found):
                if code in order and code != entity[0] and order.index(code) > order.index(entity[0]):
                    name = self.levels.levels[entity[0]].links.get(code, code)
                    words = f"structure {self.levels.structure.name} can say it only of what has items; leave it out or choose another structure"
                    self.problems.append(Misplaced(f"{self.path(entity)}/{name}", words))
                    del found[code]
        return found

    # What stands twice is known by its key

    def _check_keys(self, placed: Counter[Entity]) -> None:
        seen: dict[tuple[str, str], Entity] = {}
        for entity in self.links:
            level, count = self.levels.levels[entity[0]], placed[entity]
            if self.levels.is_innermost(entity[0]):
                continue
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
        value, held = level.key_value(), getattr(record, level.key or "", None)
        if value is None or held is None or not is_scalar(held, value.scalar):
            return ""
        text = held
        try:
            for transform in value.transforms:
                text = transform.write(text, self.codes)
        except (WrongValue, Untranslated):
            return ""
        return str(text)
