"""Writing a document of which nothing has to be reported, which is nearly every one.

A pass goes through the guide as the long way does, by plans made once for each shape of record. At the first thing that
is out of the ordinary it gives up, and the long way writes the whole document again, with its report.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from integration.documents import Document
from partners.mapping.codes import CodeTables
from partners.mapping.derived import derived
from partners.mapping.memory import Surprise
from partners.mapping.placing import Entity, Node, Placing
from partners.mapping.prepared import writing_rule
from partners.mapping.quick_plans import BodyPlan, Plan, Shape, Values, fits, quick_plans
from partners.mapping.rules import Body, Guide, Levels, SegmentRule

Row = list[str]


class Rows(NamedTuple):
    """Segments as rows of tag and elements. ``whole``: the guide has a place for every value, as far as was looked."""

    rows: list[Row]
    whole: bool


def quick_rows(document: Document, guide: Guide, codes: CodeTables) -> Rows | None:
    """The segments of a document; None where the long way has to write them."""
    try:
        rows = _Pass(guide, codes).rows(document)
        return Rows(rows, quick_plans(codes).is_carried(document, guide.carried))
    except Surprise:
        return None


class _Pass:
    def __init__(self, guide: Guide, codes: CodeTables) -> None:
        self.guide = guide
        self.codes = codes
        self.plans = quick_plans(codes)
        self.made: list[Row] = []
        self.computed: list[tuple[Row, Plan]] = []
        self.lifted: dict[str, tuple[Any, str]] = {}

    def rows(self, document: Document) -> list[Row]:
        """The rows of the whole document. Raises Surprise."""
        shape, values = self.plans.shape(document)
        self._whole(self.guide.body, shape, values, document)
        for row, plan in self.computed:
            self._derive(row, plan)
        return self.made

    def _whole(self, body: Body, shape: Shape, values: Values, record: Any) -> None:
        """Writes a body in which nothing may be missing."""
        plan, counts = self._body(body, shape, values, record)
        if plan.bound is not None and not plan.bound.holds(counts):
            raise Surprise

    def _body(self, body: Body, shape: Shape, values: Values, record: Any) -> tuple[BodyPlan, dict[int, int]]:
        plan = shape.bodies.get(body) or self.plans.body(body, shape)
        counts: dict[int, int] = {}
        for rule in plan.rules:
            count = self._occurrences(rule, body, shape, values, record)
            if count:
                if rule.maximum is not None and count > rule.maximum:
                    raise Surprise
                counts[rule.member] = counts.get(rule.member, 0) + count
            elif rule.required:
                raise Surprise
        return plan, counts

    def _occurrences(self, rule: SegmentRule, body: Body, shape: Shape, values: Values, record: Any) -> int:
        """Writes each segment of the rule with what stands inside its loop; returns how many."""
        if rule.each is not None:
            place = shape.place(rule.each)
            return 0 if place is None else self._each(rule, body, values[place])
        if rule.text is not None:
            place = shape.place(rule.text)
            return 0 if place is None else self._text(rule, body, values[place])
        if rule.group is not None:
            place = shape.place(rule.group.items)
            if place is not None and values[place]:
                return self._groups(rule, body, shape, values, values[place])
        if rule.levels is not None:
            return self._levels(rule.levels, record)
        if rule.lift is not None:
            if rule.lift not in self.lifted:
                return 0
            record = self.lifted[rule.lift][0]
            shape, values = self.plans.shape(record)
        elif rule.at is not None:
            place = shape.place(rule.at)
            if place is None:
                return 0
            record = values[place]
            shape, values = self.plans.shape(record)
        return self._one(rule, body, shape, values, record)

    def _each(self, rule: SegmentRule, body: Body, items: Sequence[Any]) -> int:
        if type(items) is not tuple:
            raise Surprise
        for item in items:
            shape, values = self.plans.shape(item)
            if not self._one(rule, body, shape, values, item):
                raise Surprise
        return len(items)

    def _text(self, rule: SegmentRule, body: Body, held: Any) -> int:
        if type(held) is not str or rule.join is None:
            raise Surprise
        count = 0
        for piece in rule.join.cut(held, writing_rule(rule).longest):
            shape, values = self.plans.shape(piece)
            count += self._one(rule, body, shape, values, piece)
        return count

    def _groups(
        self, rule: SegmentRule, body: Body, shape: Shape, values: Values, items: Sequence[Any]
    ) -> int:
        """Writes the items of a list, as many to a segment as it has places."""
        if rule.group is None or rule.body.rules or type(items) is not tuple:
            raise Surprise
        width = len(rule.group.starts)
        for first in range(0, len(items), width):
            shapes, row = [], values
            for item in items[first : first + width]:
                item_shape, item_values = self.plans.shape(item)
                shapes.append(item_shape)
                row += item_values
            plan = self.plans.plan(rule, body, shape, tuple(shapes))
            if any(values[place] for place in plan.empty):
                raise Surprise
            self._add(plan, row)
        return -(-len(items) // width)

    def _one(self, rule: SegmentRule, body: Body, shape: Shape, values: Values, record: Any) -> int:
        plan = shape.plans.get(rule) or self.plans.plan(rule, body, shape)
        for place in plan.empty:
            if values[place]:
                raise Surprise
        if not rule.body.rules:
            if not (plan.has_value or rule.always):
                return 0
            self._add(plan, values)
            return 1
        return self._loop(rule, plan, shape, values, record)

    def _loop(self, rule: SegmentRule, plan: Plan, shape: Shape, values: Values, record: Any) -> int:
        made = self.made
        before = len(made)
        if plan.has_value or rule.always:
            self._add(plan, values)
            self._whole(rule.body, shape, values, record)
            return 1
        # Written only if there is something inside: that is made first, and put behind it.
        ready, counts = self._body(rule.body, shape, values, record)
        if len(made) == before:
            return 0
        if ready.bound is not None and not ready.bound.holds(counts):
            raise Surprise
        inner = made[before:]
        del made[before:]
        self._add(plan, values)
        made += inner
        return 1

    def _add(self, plan: Plan, values: Values) -> None:
        if plan.wrong:
            raise Surprise
        row = plan.row(values)
        if plan.choice is not None:
            found = plan.choice.find(tuple(row))
            if found is not None and found.rule is not plan.rule:
                raise Surprise
        if plan.derived:
            self.computed.append((row, plan))
        self.made.append(row)

    def _levels(self, levels: Levels, document: Any) -> int:
        placing = Placing(document, levels, self.codes)
        root = placing.root()
        if placing.problems or placing.unplaced:
            raise Surprise
        return self._node(root, "", 0, placing, ("", 0))

    def _node(self, node: Node, parent: str, count: int, placing: Placing, entity: Entity) -> int:
        """Writes an HL loop and those in it; returns how many there are then in the set."""
        count += 1
        number = str(count)
        self.made.append(["HL", number, parent, node.level.code, "1" if node.children else "0"])
        outer, self.lifted = self.lifted, placing.lifted(entity)
        shape, values = self.plans.shape(node.record)
        self._whole(node.level.rule.body, shape, values, node.record)
        self.lifted = outer
        for child, below in node.children.items():
            count = self._node(below, number, count, placing, child)
        return count

    def _derive(self, row: Row, plan: Plan) -> None:
        for element in plan.derived:
            if element.derivation == "structure":
                text = self.guide.levels.structure.code if self.guide.levels else ""
            elif element.derivation == "count":
                text = str([each[0] for each in self.made].count(element.tag))
            else:
                text = derived(element, ((each[0], each[1:]) for each in self.made))
            if text and not (text.isprintable() and fits(text, element.table)):
                raise Surprise
            row[element.number] = text
        while not row[-1]:
            row.pop()
