"""Compiles the HL levels of a guide: what each level holds, how its entries name each other, and the structures."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

from integration.documents import shape_of
from integration.x12.tables import LoopTable, SegmentUse, SetTable
from partners.mapping.elements import Problem, Scope
from partners.mapping.rules import Body, Level, Levels, SegmentRule, Structure

TAG = "HL"
_PARTS = frozenset({"list", "key", "links", "body"})

# The body of a level and the paths that it carries.
BodyCompiler = Callable[[Any, LoopTable, Scope, str], tuple[Body, set[str]]]


def level_scopes(tree: Mapping[str, Any], record: type) -> dict[str, Scope]:
    """The record that each level is about: the document itself for the outermost, else the items of its list.

    Raises Problem where a level is not written as one.
    """
    root = Scope(record, "")
    found = {}
    for code, level in _mapping(tree, "levels").items():
        if not isinstance(level, Mapping) or not set(level) <= _PARTS:
            raise Problem(f"levels {code}: write it with {', '.join(sorted(_PARTS))}")
        name = level.get("list")
        found[code] = root.inner((name,), many=True) if name else root
    if sum(scope is root for scope in found.values()) != 1:
        raise Problem("levels: exactly one has no list, the outermost; it is about the document itself")
    return found


class LevelCompiler:
    """Makes the one rule of the HL loop; ``problems`` collects what is wrong."""

    def __init__(
        self, tree: Mapping[str, Any], table: SetTable, scopes: Mapping[str, Scope], problems: list[str]
    ) -> None:
        self.tree = tree
        self.scopes = scopes
        self.problems = problems
        self.index, self.loop = _hierarchy(table)

    def rule(
        self, compile_body: BodyCompiler, lifted: Mapping[str, set[str]]
    ) -> tuple[SegmentRule, set[str]]:
        """The rule of all HL loops, and the paths carried in the structure chosen.

        ``lifted``, filled while bodies are compiled, is what a level's entries carry of another level.
        """
        levels: dict[str, Level] = {}
        carried: dict[str, set[str]] = {}
        for code, scope in self.scopes.items():
            specification = self.tree["levels"][code]
            address = f"{TAG}[{code}]"
            body, carried[code] = compile_body(specification.get("body", []), self.loop, scope, address)
            path = (specification["list"],) if specification.get("list") else None
            levels[code] = Level(
                code,
                path,
                specification.get("key"),
                self._links(code, specification),
                self._loop_rule(address, body),
                body.lifted(),
            )
            self._check_key(levels[code], scope)
        structures = self._structures(levels)
        name = self.tree.get("structure", "")
        chosen = structures.get(name) if isinstance(name, str) else None
        if chosen is None:
            raise Problem(f"structure: write one of {', '.join(structures) or 'the structures'}")
        known = Levels(MappingProxyType(levels), MappingProxyType(structures), chosen)
        empty = Body((), MappingProxyType({}), self.loop)
        whole = dataclasses.replace(self._loop_rule(TAG, empty), levels=known)
        return whole, _carried(known, carried, lifted)

    def _loop_rule(self, address: str, body: Body) -> SegmentRule:
        trigger = self.loop.members[0]
        assert isinstance(trigger, SegmentUse)
        return SegmentRule(
            tag=TAG, address=address, member=self.index, opens_loop=True, table=trigger.table, elements=(),
            numbers=frozenset({1, 2, 3, 4}), filters=MappingProxyType({}), body=body, always=True,
        )  # fmt: skip

    def _links(self, code: str, specification: Mapping[str, Any]) -> Mapping[str, str]:
        links = specification.get("links", {})
        fields = shape_of(self.scopes[code].type)
        for target, name in links.items() if isinstance(links, Mapping) else ():
            wanted = self.tree["levels"].get(target, {}).get("list", "")
            if name not in fields or not wanted or fields[name].link != wanted:
                self.problems.append(f"levels {code}: {name!r} is no link to the entries of level {target}.")
        return MappingProxyType(dict(links) if isinstance(links, Mapping) else {})

    def _check_key(self, level: Level, scope: Scope) -> None:
        if level.key is not None and (level.key not in shape_of(scope.type) or level.key_value() is None):
            self.problems.append(
                f"levels {level.code}: its key {level.key!r} is no field that its body fills."
            )

    def _structures(self, levels: Mapping[str, Level]) -> dict[str, Structure]:
        root = next(each.code for each in levels.values() if each.path is None)
        made = {}
        for name, value in _mapping(self.tree, "structures").items():
            codes = tuple(value.get("levels", ())) if isinstance(value, Mapping) else ()
            if not codes or codes[0] != root or set(codes) - set(levels) or len(set(codes)) < len(codes):
                self.problems.append(
                    f'structures {name}: write {{code: "0001", levels: [{root}, …]}}, each level once and {root} first.'
                )
                continue
            made[name] = Structure(name, str(value.get("code", "")), codes)
        return made


def _mapping(tree: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    value = tree.get(name, {})
    if not isinstance(value, Mapping):
        raise Problem(f"{name}: write it as named entries")
    return value


def _hierarchy(table: SetTable) -> tuple[int, LoopTable]:
    for index, member in enumerate(table.root.members):
        if isinstance(member, LoopTable) and member.name == TAG:
            return index, member
    raise Problem(f"levels: the {table.name} has no {TAG} loop")


def _carried(levels: Levels, carried: Mapping[str, set[str]], lifted: Mapping[str, set[str]]) -> set[str]:
    """What the chosen structure has a place for: its levels, what they lift of others, and the links it can show."""
    codes = levels.structure.levels
    found = set[str]().union(*(carried[code] for code in codes))
    for code in levels.lifted_in_structure():
        found |= lifted[code]
    for code in codes:
        level = levels.levels[code]
        for target, name in level.links.items():
            shown = target in codes and (levels.is_innermost(code) or codes.index(target) < codes.index(code))
            if level.path and (shown or (target in level.lifted and target not in codes)):
                found.add(f"{level.path[0]}[]/{name}")
    return found
