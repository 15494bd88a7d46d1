"""Loads a guide: its text is parsed, then compiled against the set's table and the canonical document's fields.

What the table or the document does not know is refused here, naming the address, so that writing and reading never
meet it. All problems are collected before GuideError is raised.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from importlib import resources
from types import MappingProxyType
from typing import Any, Literal, cast

from integration.documents import KINDS
from integration.x12.tables import LoopTable, SegmentTable, SegmentUse, SetTable, find_table
from partners.mapping.codes import HELD, CodeLists
from partners.mapping.elements import ElementCompiler, Problem, Scope, has_fields, numbers_of
from partners.mapping.joins import JOINS
from partners.mapping.level_compiler import LevelCompiler, level_scopes
from partners.mapping.rules import (
    Body,
    ConstantElement,
    DerivedElement,
    ElementRule,
    FieldElement,
    GroupElement,
    Guide,
    PairsElement,
    Path,
    QualifierElement,
    SegmentRule,
)
from partners.mapping.sources import GuideError, parse_guide, parse_path

_NAMES = ("transaction_set", "version", "group", "document")
_PARTS = (*_NAMES, "missing_code", "codes", "fragments", "structure", "structures", "body", "levels")
OPTIONS = ("each", "at", "body", "text", "join", "lift", "required", "require", "max", "id")


def load_guide(text: str) -> Guide:
    """The guide in a YAML text. Raises GuideError with everything that is wrong, each with its address."""
    return compile_tree(parse_guide(text))


def compile_tree(tree: Mapping[str, Any]) -> Guide:
    """The guide in a tree as ``parse_guide`` gives it. Raises GuideError as ``load_guide`` does."""
    problems = _header_problems(tree)
    if problems:
        raise GuideError(problems)
    table = find_table(tree["transaction_set"], tree["version"])
    if table is None:
        name = f"{tree['transaction_set']} of version {tree['version']}"
        raise GuideError([f"There is no table of the transaction set {name}; add one or correct the names."])
    if tree["group"] != table.group:
        raise GuideError([f"group: the {table.name.lower()} travels in {table.group}, not {tree['group']}."])
    return _Compiler(tree, table).guide()


@lru_cache(maxsize=32)
def load_shipped_guide(set_code: str, version: str) -> Guide:
    """The base guide shipped for a set, cached; ``version`` is matched on its first six characters (004010VICS).

    Raises GuideError where none is shipped.
    """
    return load_guide(shipped_text(set_code, version))


def shipped_text(set_code: str, version: str) -> str:
    """The YAML text of a shipped base guide, found as by ``load_shipped_guide``. Raises GuideError."""
    release = version[:6]
    guides = resources.files("partners") / "guides"
    # Version and set come from partners: only names that are there may reach a path.
    if any(each.name == release for each in guides.iterdir()):
        for each in (guides / release).iterdir():
            if each.name == f"{set_code}.yaml":
                return each.read_text(encoding="utf-8")
    raise GuideError([f"No guide is shipped for the {set_code} of version {version}; write one and load it."])


@lru_cache(maxsize=1)
def shipped_guides() -> tuple[tuple[str, str], ...]:
    """The transaction set and version of each shipped guide."""
    guides = resources.files("partners") / "guides"
    return tuple(
        sorted(
            (each.name.removesuffix(".yaml"), release.name)
            for release in guides.iterdir()
            if release.is_dir()
            for each in release.iterdir()
            if each.name.endswith(".yaml")
        )
    )


@lru_cache(maxsize=1)
def shipped_code_lists() -> frozenset[str]:
    """The names of all code lists that any shipped guide looks into."""
    trees = (parse_guide(shipped_text(*each)) for each in shipped_guides())
    return frozenset(name for tree in trees for name in tree.get("codes", {}))


def _header_problems(tree: Mapping[str, Any]) -> list[str]:
    problems = [
        f"{name}: missing; a guide starts with {', '.join(_NAMES)}."
        for name in _NAMES
        if not isinstance(tree.get(name), str)
    ]
    for name in tree:
        if name not in _PARTS:
            problems.append(f"{name}: there is no such part; the parts are {', '.join(_PARTS)}.")
    if not problems and tree["document"] not in KINDS:
        problems.append(f"document: there is no {tree['document']!r}; use one of {', '.join(KINDS)}.")
    problems.extend(
        f"{name}: write it as named entries."
        for name in ("codes", "fragments")
        if not isinstance(tree.get(name, {}), Mapping)
    )
    if tree.get("missing_code", "hold") not in ("hold", "error"):
        problems.append("missing_code: write hold or error.")
    return problems


class _Compiler:
    def __init__(self, tree: Mapping[str, Any], table: SetTable) -> None:
        self.tree = tree
        self.table = table
        self.problems: list[str] = []
        self.carried: set[str] = set()
        self.level_scopes: dict[str, Scope] = {}
        self.lifted: dict[str, set[str]] = {}
        self.addresses: set[str] = set()
        self.codes = self._code_lists(tree.get("codes", {}))
        self.fragments: Mapping[str, Any] = tree.get("fragments", {})

    def guide(self) -> Guide:
        record = KINDS[self.tree["document"]]
        body = self._body(self.tree.get("body", []), self.table.root, Scope(record, ""), "", ())
        if "levels" in self.tree:
            body = self._with_levels(body, record)
        if not body.rules and not self.problems:
            self.problems.append("body: there are no entries.")
        if self.problems:
            raise GuideError(self.problems)
        return Guide(
            transaction_set=self.table.code,
            version=self.table.version,
            group=self.table.group,
            document=self.tree["document"],
            record=record,
            missing_code=cast(Literal["hold", "error"], self.tree.get("missing_code", "hold")),
            codes=self.codes,
            table=self.table,
            body=body,
            carried=frozenset(self.carried),
        )

    def _with_levels(self, body: Body, record: type) -> Body:
        try:
            self.level_scopes = level_scopes(self.tree, record)
            levels = LevelCompiler(self.tree, self.table, self.level_scopes, self.problems)
            rule, carried = levels.rule(self._level_body, self.lifted)
        except Problem as problem:
            self.problems.append(f"{problem}.")
            return body
        self.carried |= carried
        return self._tried(sorted([*body.rules, rule], key=lambda each: each.member), self.table.root)

    def _level_body(self, entries: Any, loop: LoopTable, scope: Scope, prefix: str) -> tuple[Body, set[str]]:
        outer, self.carried = self.carried, set()
        try:
            return self._body(entries, loop, scope, prefix, ()), self.carried
        finally:
            self.carried = outer

    def _code_lists(self, lists: Mapping[str, Any]) -> CodeLists:
        made: dict[str, Mapping[str, str]] = {}
        for name, entries in lists.items():
            if not isinstance(entries, Mapping) or not all(
                isinstance(each, str) for each in entries.values()
            ):
                self.problems.append(f"codes {name}: write one code per word.")
                continue
            for word, code in entries.items():
                if word.startswith(HELD) or word != word.strip() or not word or not code.strip():
                    self.problems.append(f"codes {name}: {word!r} for {code!r} is no word for a code.")
            made[name] = MappingProxyType(dict(entries))
        return MappingProxyType(made)

    def _body(self, entries: Any, loop: LoopTable, scope: Scope, prefix: str, used: tuple[str, ...]) -> Body:
        if isinstance(entries, str):
            if entries not in self.fragments or entries in used:
                self.problems.append(
                    f"{prefix}: there is no fragment {entries!r} to use here; the fragments are "
                    f"{', '.join(self.fragments) or 'none'}."
                )
                return _empty(loop)
            return self._body(self.fragments[entries], loop, scope, prefix, (*used, entries))
        rules = []
        for entry in entries if isinstance(entries, list) else [entries]:
            try:
                rules.append(self._entry(entry, loop, scope, prefix, used))
            except Problem as problem:
                self.problems.append(f"{problem}.")
        rules.sort(key=lambda rule: rule.member)
        return self._tried(rules, loop)

    def _tried(self, rules: list[SegmentRule], loop: LoopTable) -> Body:
        by_tag: dict[str, list[SegmentRule]] = {}
        for rule in sorted(rules, key=lambda rule: -len(rule.filters)):
            earlier = by_tag.setdefault(rule.tag, [])
            for other in earlier:
                if _covers(other, rule):
                    self.problems.append(
                        f"{rule.address}: is never read, {other.address} takes every such segment."
                    )
            earlier.append(rule)
        tried = {tag: tuple(tagged) for tag, tagged in by_tag.items()}
        return Body(tuple(rules), MappingProxyType(tried), loop)

    def _entry(
        self, entry: Any, loop: LoopTable, scope: Scope, prefix: str, used: tuple[str, ...]
    ) -> SegmentRule:
        tag, specification, options = _split(entry, prefix)
        index, member = _find_member(tag, loop, f"{prefix}/{tag}".removeprefix("/"))
        segment = _segment_table(member)
        address = self._address(tag, specification, options, prefix)
        scope, carried = self._lift(options, scope, address)
        paths, inner = self._repetition(options, scope, address)
        compiler = ElementCompiler(address, segment, inner, self.codes, self.table)
        elements = compiler.compile(specification)
        self.problems.extend(compiler.problems)
        groups = [each for each in elements if isinstance(each, GroupElement)]
        body = self._inner_body(options, member, inner, address, used)
        must, must_pairs = _must(options.get("require", ""), elements, address)
        rule = SegmentRule(
            tag=tag,
            address=address,
            member=index,
            opens_loop=isinstance(member, LoopTable),
            table=segment,
            elements=elements,
            filters=_filters(elements),
            numbers=frozenset().union(*(numbers_of(each) for each in elements)),
            body=body,
            always=_is_always_written(elements, body),
            join=JOINS[options.get("join", "lines")] if paths["text"] is not None else None,
            group=groups[0] if groups else None,
            lift=options.get("lift"),
            required=options.get("required") == "true",
            must=must,
            must_pairs=must_pairs,
            maximum=int(options["max"]) if "max" in options else None,
            each=paths["each"],
            at=paths["at"],
            text=paths["text"],
        )
        if not compiler.problems:
            self._check_repetition(rule, len(groups))
        carried |= compiler.carried if rule.text is None else {scope.below(rule.text)}
        return rule

    def _lift(self, options: Mapping[str, Any], scope: Scope, address: str) -> tuple[Scope, set[str]]:
        """What an entry is about, and where the paths that it carries are collected."""
        level = options.get("lift")
        if level is None:
            return scope, self.carried
        if level not in self.level_scopes or any(name in options for name in ("each", "at", "text", "body")):
            raise Problem(f"{address}: lift takes a level that has a list, and no each, at, text or body")
        return self.level_scopes[level], self.lifted.setdefault(level, set())

    def _address(
        self, tag: str, specification: Mapping[str, Any], options: Mapping[str, Any], prefix: str
    ) -> str:
        own = own_address({tag: specification, **options})
        address = f"{prefix}/{own}".removeprefix("/")
        if address in self.addresses:
            raise Problem(f"{address}: two entries have this address; give one of them an id")
        self.addresses.add(address)
        return address

    def _repetition(
        self, options: Mapping[str, Any], scope: Scope, address: str
    ) -> tuple[dict[str, Path | None], Scope]:
        paths: dict[str, Path | None] = {
            name: parse_path(options[name]) if name in options else None for name in ("each", "at", "text")
        }
        given = [name for name, path in paths.items() if path is not None]
        if len(given) > 1:
            raise Problem(f"{address}: {' and '.join(given)} cannot stand together")
        if "join" in options and paths["text"] is None:
            raise Problem(f"{address}: join needs text")
        try:
            if paths["each"] is not None:
                return paths, scope.inner(paths["each"], many=True)
            if paths["at"] is not None:
                return paths, scope.inner(paths["at"], many=False)
            if paths["text"] is not None:
                shape = scope.find(paths["text"])
                if shape.many or shape.scalar is not str:
                    raise Problem(f"{shape.name!r} is no text")
                return paths, Scope(str, scope.below(paths["text"]))
        except Problem as problem:
            raise Problem(f"{address}: {problem}") from problem
        return paths, scope

    def _inner_body(
        self,
        options: Mapping[str, Any],
        member: SegmentUse | LoopTable,
        scope: Scope,
        address: str,
        used: tuple[str, ...],
    ) -> Body:
        if "body" not in options:
            return _empty(member if isinstance(member, LoopTable) else None)
        if isinstance(member, SegmentUse):
            raise Problem(f"{address}: {member.tag} opens no loop here and cannot have a body")
        return self._body(options["body"], member, scope, address, used)

    def _check_repetition(self, rule: SegmentRule, groups: int) -> None:
        if rule.text is not None:
            fields = [each for each in rule.elements if isinstance(each, FieldElement)]
            others = [
                each
                for each in rule.elements
                if not isinstance(each, FieldElement | QualifierElement | ConstantElement)
            ]
            if len(fields) != 1 or others or rule.body.rules or fields[0].value.default is not None:
                self.problems.append(
                    f"{rule.address}: text takes one element `.` and no other field or body."
                )
        if groups > 1 or (groups and (rule.each or rule.text or rule.body.rules)):
            self.problems.append(
                f"{rule.address}: a list over elements stands alone, without each, text or body."
            )


def own_address(entry: Mapping[str, Any]) -> str:
    """The last part of an entry's address: its id, else its tag with the qualifiers that choose it (REF[CO])."""
    tag = next((name for name in entry if name not in OPTIONS), "")
    if entry.get("id"):
        return str(entry["id"])
    qualifiers = [
        source.removeprefix("=").split(",")[0].strip()
        for source in entry[tag].values()
        if isinstance(source, str) and source.startswith("=")
    ]
    return f"{tag}[{','.join(qualifiers)}]" if qualifiers else tag


def _split(entry: Any, prefix: str) -> tuple[str, Mapping[str, Any], Mapping[str, Any]]:
    where = prefix or "body"
    if not isinstance(entry, Mapping):
        raise Problem(f"{where}: an entry is {{TAG: {{element: source}}}}, not {entry!r:.60}")
    options = {name: value for name, value in entry.items() if name in OPTIONS}
    tags = [name for name in entry if name not in OPTIONS]
    if len(tags) != 1 or not isinstance(entry[tags[0]], Mapping):
        raise Problem(f"{where}: an entry has one segment and the options {', '.join(OPTIONS)}, not {tags}")
    wrong = [name for name, value in options.items() if name != "body" and not isinstance(value, str)]
    if wrong or options.get("join", "lines") not in JOINS or options.get("required", "true") != "true":
        raise Problem(f"{where}/{tags[0]}: {', '.join(wrong) or 'join or required'} has no such value")
    if not re.fullmatch("[1-9][0-9]{0,8}", options.get("max", "1")):
        raise Problem(f"{where}/{tags[0]}: max is a number from 1")
    return tags[0], entry[tags[0]], options


def _find_member(tag: str, loop: LoopTable, address: str) -> tuple[int, SegmentUse | LoopTable]:
    for index, member in enumerate(loop.members):
        trigger = index == 0 and isinstance(member, SegmentUse) and member.tag == loop.name
        name = member.tag if isinstance(member, SegmentUse) else member.name
        if name == tag and not trigger and tag not in ("ST", "SE"):
            if not _segment_table(member).described:
                raise Problem(
                    f"{address}: the table of {tag} has no elements yet; add them to the standard first"
                )
            return index, member
    place = "this set" if loop.name.isdigit() else f"loop {loop.name}"
    raise Problem(f"{address}: {tag} has no place in {place}")


def _empty(loop: LoopTable | None) -> Body:
    return Body((), MappingProxyType({}), loop)


def _segment_table(member: SegmentUse | LoopTable) -> SegmentTable:
    if isinstance(member, SegmentUse):
        return member.table
    return cast(SegmentUse, member.members[0]).table


def _must(
    text: str, elements: tuple[ElementRule, ...], address: str
) -> tuple[frozenset[int], frozenset[str]]:
    """The elements and pairs that ``require`` names, which must be filled wherever the segment is written."""
    wanted = {each.strip() for each in text.split(",") if each.strip()}
    pairs = {pair.name for rule in elements if isinstance(rule, PairsElement) for pair in rule.pairs}
    numbers = {str(each): each for rule in elements for each in numbers_of(rule)}
    if strange := sorted(wanted - pairs - set(numbers)):
        raise Problem(f"{address}: require names {strange[0]}, which the entry does not fill")
    return frozenset(numbers[each] for each in wanted - pairs), frozenset(wanted & pairs)


def _filters(elements: tuple[ElementRule, ...]) -> Mapping[int, frozenset[str]]:
    qualifiers = (each for each in elements if isinstance(each, QualifierElement))
    return MappingProxyType({each.number: frozenset(each.codes) for each in qualifiers})


def _is_always_written(elements: tuple[ElementRule, ...], body: Body) -> bool:
    derived = any(isinstance(each, DerivedElement) for each in elements)
    return not any(has_fields(each) for each in elements) and (derived or not body.rules)


def _covers(other: SegmentRule, rule: SegmentRule) -> bool:
    """Whether every segment that the rule takes is taken by the other, which is tried before it."""
    return all(
        number in rule.filters and rule.filters[number] <= codes for number, codes in other.filters.items()
    )
