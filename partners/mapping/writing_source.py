"""The source of the functions that write the documents of a guide: one for each rule, called by that around it.

As ``dataclasses`` does it: what a guide says is known before the first document comes, so that no rule has to be looked
into while documents are written. A function looks like this, with names for the texts of the guide::

    def write_PO1_12(record, made, run):
        if type(record) is not constant_9:
            raise Surprise
        e1 = record.line_number
        ...
        if e4:
            made.append(("PO1", e1, e2, e3, e4))
        ...
        return 1
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from types import CodeType
from typing import Any

from integration.documents import shape_of
from partners.mapping.prepared import writing_body, writing_rule
from partners.mapping.rule_source import RuleLines
from partners.mapping.rules import Body, Guide, Level, SegmentRule
from partners.mapping.source_lines import Conversion, Scope, Source, kind_at

# The functions that a guide's source defines, beside those of its rules.
WRITE_DOCUMENT = "write_document"
IS_CARRIED = "is_carried"


@dataclass(frozen=True, slots=True, eq=False)
class GuideSource:
    """The source of a guide, compiled, and what its names stand for. ``levels`` are the functions that write the body of
    each level's loop, by level."""

    text: str
    code: CodeType
    constants: Mapping[str, Any]
    conversions: Mapping[str, Conversion]
    levels: Mapping[str, str]


@lru_cache(maxsize=64)
def guide_source(guide: Guide) -> GuideSource:
    """The source of the guide."""
    made = _GuideLines(guide)
    made.function(WRITE_DOCUMENT, guide.body, guide.record)
    levels = {}
    for index, level in enumerate(guide.levels.levels.values() if guide.levels else ()):
        levels[level.code] = f"write_level_{index}"
        made.function(levels[level.code], level.rule.body, made.level_kind(level))
    made.carried(IS_CARRIED, guide.record, "")
    source = made.source
    text = "\n".join(source.lines) + "\n"
    file = f"<writing {guide.transaction_set} {guide.version}>"
    return GuideSource(text, compile(text, file, "exec"), source.constants, source.conversions, levels)


class _GuideLines:
    """Adds the functions of a guide to a source, each after those that it calls."""

    def __init__(self, guide: Guide) -> None:
        self.guide = guide
        self.source = Source()
        self.functions = 0

    def level_kind(self, level: Level) -> type:
        """What the level's entries are."""
        return kind_at(self.guide.record, level.path or ())

    # Whether the guide has a place for all that a document holds

    def carried(self, name: str, kind: type, prefix: str) -> None:
        """Adds the function that says whether each value of records has a place; False also where that takes a look."""
        conditions = [f"type(record) is {self.source.constant(kind)}"]
        for field, shape in shape_of(kind).items():
            path = f"{prefix}{field}[]" if shape.many else f"{prefix}{field}"
            inside = set(self._catalogue(shape.record, f"{path}/")) if shape.record else {path}
            if inside <= self.guide.carried:
                continue
            if inside.isdisjoint(self.guide.carried):
                conditions.append(f"record.{field} {'== ()' if shape.many else 'is None'}")
                continue
            assert shape.record is not None
            inner = self._name("is_carried", field)
            self.carried(inner, shape.record, f"{path}/")
            if shape.many:
                conditions.append(f"type(record.{field}) is tuple and {inner}(record.{field})")
            else:
                conditions.append(f"(record.{field} is None or {inner}((record.{field},)))")
        with self.source.block(f"def {name}(records):"):
            self.source.add(f"return all([{' and '.join(conditions)} for record in records])")

    def _catalogue(self, kind: type, prefix: str) -> Iterator[str]:
        for field, shape in shape_of(kind).items():
            path = f"{prefix}{field}[]" if shape.many else f"{prefix}{field}"
            if shape.record is None:
                yield path
            else:
                yield from self._catalogue(shape.record, f"{path}/")

    # Loops and segments

    def function(self, name: str, body: Body, kind: type) -> None:
        """Adds the function that writes a body."""
        inner = self._inner(body, kind, [rule for rule in body.rules if not _is_plain(rule)])
        with self.source.block(f"def {name}(record, made, run):"):
            self.source.refuse(f"type(record) is not {self.source.constant(kind)}")
            self._rules(body, Scope("record", kind, self.source), inner)

    def _inner(self, body: Body, kind: type, rules: Iterable[SegmentRule]) -> dict[SegmentRule, str]:
        """Adds the functions of rules of a body; gives their names."""
        return {rule: self._rule(rule, body, kind) for rule in rules if rule.levels is None}

    def _name(self, start: str, what: str) -> str:
        self.functions += 1
        return f"{start}_{what}_{self.functions}"

    def _rule(self, rule: SegmentRule, body: Body, kind: type) -> str:
        kind = self._kind(rule, kind)
        inner = self._inner(rule.body, kind, rule.body.rules)
        name = self._name("write", rule.tag)
        with self.source.block(f"def {name}(record, made, run{', items' if rule.group else ''}):"):
            if (rule.each or rule.at or rule.lift) and dataclasses.is_dataclass(kind):
                self.source.refuse(f"type(record) is not {self.source.constant(kind)}")
            scope = Scope("record", kind, self.source)
            lines = RuleLines(rule, body, scope, self.source)
            filled = lines.fill()
            if rule.body.rules:
                self._loop(rule, lines, scope, filled, inner)
            else:
                if not rule.always:
                    with self.source.block(f"if not ({filled}):"):
                        self.source.add("raise Surprise" if rule.each else "return 0")
                lines.complete(lambda row: f"made.append({row})")
            self.source.add("return 1")
        return name

    def _loop(
        self, rule: SegmentRule, lines: RuleLines, scope: Scope, filled: str, inner: Mapping[SegmentRule, str]
    ) -> None:
        """A segment with what stands in its loop: that alone may be why the segment is written."""
        self.source.add("here = len(made)")
        self.source.add("made.append(None)")
        self._rules(rule.body, scope, inner)
        if not rule.always:
            with self.source.block(f"if not ({filled}) and len(made) == here + 1:"):
                if not rule.each:
                    self.source.add("made.pop()")
                self.source.add("raise Surprise" if rule.each else "return 0")
        lines.complete(lambda row: f"made[here] = {row}")

    def _kind(self, rule: SegmentRule, kind: type) -> type:
        """What the fields of a rule belong to."""
        if rule.lift is not None:
            assert self.guide.levels is not None
            return self.level_kind(self.guide.levels.levels[rule.lift])
        return kind_at(kind, rule.each or rule.at or rule.text or ())

    def _rules(self, body: Body, scope: Scope, inner: Mapping[SegmentRule, str]) -> None:
        """Writes what a body holds, and sees that the members of its loop stand as often as they have to and may."""
        counted = _counted(body)
        shared = {member for member in counted if sum(rule.member == member for rule in body.rules) > 1}
        for member in sorted(shared):
            self.source.add(f"count_{member} = 0")
        for rule, needed in writing_body(body).entries:
            is_asked = rule.required or rule.maximum is not None or rule.member in counted
            if rule.levels is None and rule not in inner:
                self._plain(rule, body, needed, scope, is_asked=is_asked)
            else:
                self._occurrences(rule, needed, scope, inner.get(rule, ""), is_asked=is_asked)
            self._bounds("count", int(rule.required), rule.maximum)
            if rule.member in shared:
                self.source.add(f"count_{rule.member} += count")
            elif rule.member in counted:
                self._bounds("count", *counted[rule.member])
        for member in sorted(shared):
            self._bounds(f"count_{member}", *counted[member])

    def _bounds(self, count: str, least: int, most: int | None) -> None:
        """How often something has to and may stand."""
        if least:
            self.source.refuse(f"{count} < {least}")
        if most is not None:
            self.source.refuse(f"{count} > {most}")

    def _plain(
        self, rule: SegmentRule, body: Body, needed: frozenset[str] | None, scope: Scope, *, is_asked: bool
    ) -> None:
        """Writes a segment about the record itself, in its place: that is quicker than to call a function. Not inside a
        loop, whose first segment has its elements in variables of the same names."""
        if is_asked:
            self.source.add("count = 0")
        condition = "" if rule.always else self._condition(rule, needed, scope)[1]
        with self.source.block(f"if {condition or True}:"):
            lines = RuleLines(rule, body, Scope(scope.variable, scope.kind, self.source), self.source)
            filled = lines.fill()
            with self.source.block(f"if {rule.always or filled}:"):
                lines.complete(lambda row: f"made.append({row})")
                if is_asked:
                    self.source.add("count = 1")

    def _occurrences(
        self,
        rule: SegmentRule,
        needed: frozenset[str] | None,
        scope: Scope,
        function: str,
        *,
        is_asked: bool,
    ) -> None:
        """Writes each segment of a rule, with what is inside; ``count`` is then how many they are, if that is asked."""
        if rule.each is not None:
            if is_asked:
                self.source.add("count = 0")
            with self.source.unless_empty(scope.load(rule.each)):
                if is_asked:
                    self.source.add("count = len(listed)")
                with self.source.block("for item in listed:"):
                    self.source.add(f"{function}(item, made, run)")
        elif rule.text is not None and rule.join is not None:
            self.source.add(f"text = {scope.load(rule.text)}")
            self.source.add("count = 0")
            with self.source.block("if text is not None:"):
                self.source.refuse("type(text) is not str")
                cut = self.source.constant(rule.join.cut)
                with self.source.block(f"for piece in {cut}(text, {writing_rule(rule).longest}):"):
                    self.source.add(f"count += {function}(piece, made, run)")
        elif rule.group is not None:
            width = len(rule.group.starts)
            self.source.add(f"listed = {scope.load(rule.group.items)}")
            self.source.refuse("type(listed) is not tuple")
            self.source.add("count = 0")
            with self.source.block(f"for first in range(0, max(len(listed), 1), {width}):"):
                items = f"listed[first : first + {width}]"
                self.source.add(f"count += {function}({scope.variable}, made, run, {items})")
        elif rule.levels is not None:
            self.source.add(f"count = run.levels({scope.variable})")
        else:
            held, condition = self._condition(rule, needed, scope)
            if is_asked:
                self.source.add("count = 0")
            with self.source.block(f"if {condition or True}:"):
                self.source.add(f"{'count = ' if is_asked else ''}{function}({held}, made, run)")

    def _condition(self, rule: SegmentRule, needed: frozenset[str] | None, scope: Scope) -> tuple[str, str]:
        """What a rule that stands once is about, and the condition without which it need not be asked."""
        if rule.lift is not None:
            assert self.guide.levels is not None
            if rule.lift not in self.guide.levels.lifted_in_structure():
                return "None", "False"
            lifted = f"run.lifted[{self.source.constant(rule.lift)}][0]"
            self.source.add(f"inner = {lifted} if {self.source.constant(rule.lift)} in run.lifted else None")
            return "inner", "inner is not None"
        if rule.at is not None:
            self.source.add(f"inner = {scope.load(rule.at)}")
            return "inner", "inner is not None"
        conditions = [
            f"{scope.variable}.{name} {'!= ()' if shape.many else 'is not None'}"
            for name, shape in (shape_of(scope.kind) if needed else {}).items()
            if needed and name in needed
        ]
        return scope.variable, "" if rule.required else " or ".join(conditions)


def _is_plain(rule: SegmentRule) -> bool:
    """Whether a rule writes one segment at most, of the record that the rules around it are about."""
    other = rule.each or rule.at or rule.text or rule.group or rule.lift or rule.levels
    return not other and not rule.body.rules


def _counted(body: Body) -> dict[int, tuple[int, int | None]]:
    """The members of a loop whose count can be wrong, with the least and most that it may be."""
    prepared = writing_body(body)
    found: dict[int, tuple[int, int | None]] = {}
    for member in prepared.members:
        rules = [rule for rule in body.rules if rule.member == member.index]
        many = any(rule.repeats or rule.levels for rule in rules)
        most = (
            member.max_use if member.max_use is not None and (many or len(rules) > member.max_use) else None
        )
        if member.required or most is not None:
            found[member.index] = int(member.required), most
    return found
