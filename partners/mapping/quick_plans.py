"""What writing a segment comes down to, once it is known which values a record has and of which types they are.

Records of one kind come in a few dozen such shapes. For each shape a rule is worked out once: which elements are filled
from where, which hold the same text each time, where pairs come to stand, what is missing. What would have to be
reported, or is rare, is left to the long way (``Surprise``).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from functools import lru_cache
from operator import attrgetter
from types import NoneType
from typing import Any

from integration.documents import shape_of
from integration.x12.tables import ElementTable
from partners.mapping.codes import CodeTables
from partners.mapping.memory import Memo, Surprise
from partners.mapping.prepared import WritingBody, writing_body, writing_rule
from partners.mapping.quick_reading import Choice, quick_reading
from partners.mapping.rules import (
    Body,
    CompositeElement,
    ConstantElement,
    DerivedElement,
    FieldElement,
    GroupElement,
    PairsElement,
    Path,
    QualifierElement,
    RepeatElement,
    SegmentRule,
    Value,
)
from partners.mapping.transforms import PLAIN_TEXT, Transform, Untranslated, WrongValue

Values = tuple[Any, ...]
_Row = Callable[[Any], Values]

# Shapes remembered per kind of record.
_MAX_SHAPES = 1024


@dataclass(slots=True, eq=False)
class Plan:
    """How one rule writes a record of one shape.

    ``template`` is the segment with what is the same each time; ``texts`` (element, place among the values, least and
    most characters), ``coded`` and ``numbers`` (element, place, texts by value) fill it. ``empty`` are the places of
    lists that only the long way writes. ``has_value``: a value of the record makes the segment; else what is inside it
    has to, or ``always`` holds. ``wrong``: if it is made, there is something to report. ``choice`` is asked where another
    rule might read the segment.
    """

    rule: SegmentRule
    template: list[str]
    texts: list[tuple[int, int, int, int]] = field(default_factory=list)
    coded: list[tuple[int, int, Memo]] = field(default_factory=list)
    numbers: list[tuple[int, int, Memo]] = field(default_factory=list)
    empty: list[int] = field(default_factory=list)
    derived: tuple[DerivedElement, ...] = ()
    has_value: bool = False
    wrong: bool = False
    choice: Choice | None = None

    def row(self, values: Values) -> list[str]:
        """The segment of a record's values, tag first. Raises Surprise."""
        row = self.template.copy()
        for element, place, least, most in self.texts:
            text = values[place]
            if not least <= len(text) <= most or not text.isprintable() or text[-1] == " ":
                raise Surprise
            row[element] = text
        for element, place, memo in self.coded:
            row[element] = memo[values[place]]
        for element, place, memo in self.numbers:
            row[element] = memo[str(values[place])]
        return row


@dataclass(slots=True, eq=False)
class Shape:
    """Records with the same types of values: ``places`` of values by path. ``rows`` are the records inside, whose values
    follow those of the record itself; with them the shape is only found in ``inner``."""

    types: tuple[type, ...]
    places: Mapping[Path, int]
    rows: tuple[tuple[int, _Row], ...]
    inner: dict[tuple[type, ...], Shape] = field(default_factory=dict)
    plans: dict[Any, Plan] = field(default_factory=dict)
    bodies: dict[Body, BodyPlan] = field(default_factory=dict)
    refused: set[Any] = field(default_factory=set)
    carrying: dict[str, tuple[tuple[int, bool, str | None], ...] | None] = field(default_factory=dict)

    def place(self, path: Path) -> int | None:
        """Where a value is; None where there is none. Raises Surprise where it lies too deep."""
        place = self.places.get(path)
        if place is not None:
            return None if self.types[place] is NoneType else place
        outer = self.place(path[:-1]) if len(path) > 1 else None
        if outer is not None:
            raise Surprise
        return None


@dataclass(frozen=True, slots=True, eq=False)
class BodyPlan:
    """The rules of a body that may write something of a record of one shape, and what the loop wants."""

    rules: tuple[SegmentRule, ...]
    bound: WritingBody | None


class QuickPlans:
    """The plans made with one use of code lists."""

    def __init__(self, codes: CodeTables) -> None:
        self.codes = codes
        self._kinds: dict[type, tuple[_Row, tuple[str, ...], dict[tuple[type, ...], Shape]]] = {}
        self._texts: dict[Any, Memo] = {}

    def shape(self, record: Any) -> tuple[Shape, Values]:
        """The shape of a record, and its values. Raises Surprise for what is no record."""
        kind: type = type(record)
        if kind not in self._kinds:
            self._kinds[kind] = (*_row(kind), {})
        row, names, shapes = self._kinds[kind]
        values = row(record)
        types = tuple(map(type, values))
        shape = shapes.get(types)
        if shape is None:
            shape = _kept(shapes, types, _outer_shape(kind, names, types))
        if shape.rows:
            for place, inner_row in shape.rows:
                values += inner_row(values[place])
            types = tuple(map(type, values))
            inner = shape.inner.get(types)
            shape = inner or _kept(shape.inner, types, Shape(types, shape.places, ()))
        return shape, values

    def is_carried(self, record: Any, carried: frozenset[str], prefix: str = "") -> bool:
        """Whether each value of a record stands at one of the paths ``carried``; False also where that takes a look.

        All calls are with the paths of one guide: code lists are made anew for each.
        """
        shape, values = self.shape(record)
        if prefix not in shape.carrying:
            shape.carrying[prefix] = _carrying(type(record), shape, carried, prefix)
        steps = shape.carrying[prefix]
        if steps is None:
            return False
        for place, many, inner in steps:
            held = values[place]
            if inner is None:
                if held:
                    return False
            elif not many:
                if not self.is_carried(held, carried, inner):
                    return False
            elif not all([self.is_carried(each, carried, inner) for each in held]):
                return False
        return True

    def body(self, body: Body, shape: Shape) -> BodyPlan:
        """The body made ready for a shape."""
        if body not in shape.bodies:
            prepared = writing_body(body)
            filled = {path[0] for path in shape.places if path and shape.place(path) is not None}
            rules = tuple(
                rule
                for rule, needed in prepared.entries
                if needed is None or rule.required or not needed.isdisjoint(filled)
            )
            bound = prepared if body.loop and (prepared.required or prepared.limits) else None
            shape.bodies[body] = BodyPlan(rules, bound)
        return shape.bodies[body]

    def plan(self, rule: SegmentRule, body: Body, shape: Shape, items: tuple[Shape, ...] = ()) -> Plan:
        """The rule, one of the body's, made ready for a shape. Raises Surprise where only the long way writes it.

        ``items`` are the shapes of a group's items, whose values follow those of the record.
        """
        key: Any = (rule, *items) if items else rule
        if key in shape.refused:
            raise Surprise
        if key not in shape.plans:
            if len(shape.plans) >= _MAX_SHAPES:
                shape.plans.clear()
            try:
                shape.plans[key] = self._plan(rule, body, shape, items)
            except Surprise:
                shape.refused.add(key)
                raise
        return shape.plans[key]

    def _plan(self, rule: SegmentRule, body: Body, shape: Shape, items: tuple[Shape, ...]) -> Plan:
        ways = writing_rule(rule)
        plan = Plan(rule, [rule.tag, *[""] * ways.size], derived=ways.derived)
        filled: set[int] = set()
        for element, _ in ways.steps:
            if isinstance(element, FieldElement):
                self._fill(plan, element.number, element.value, element.table, shape, filled)
            elif isinstance(element, PairsElement):
                self._pairs(plan, element, rule, shape, filled)
            elif isinstance(element, CompositeElement):
                fields = (part.value.path for part in element.parts if isinstance(part, FieldElement))
                if any(shape.place(path) is not None for path in fields):
                    raise Surprise
            elif isinstance(element, GroupElement) and items:
                self._group(plan, element, shape, items, filled)
            elif isinstance(element, GroupElement | RepeatElement):
                self._leave(plan, element.items, shape)
        self._complete(plan, rule, filled)
        if any(each.number not in filled and not plan.template[each.number] for each in ways.mandatory):
            plan.wrong = True
        if len(body.by_tag[rule.tag]) > 1:
            self._ask_reader(plan, rule, body, filled)
        if not ways.derived:
            last = max([*filled, *(number for number, text in enumerate(plan.template) if text)])
            del plan.template[last + 1 :]
        return plan

    def _fill(
        self,
        plan: Plan,
        number: int,
        value: Value,
        table: ElementTable,
        shape: Shape,
        filled: set[int],
        before: int = 0,
    ) -> None:
        place = shape.place(value.path)
        if place is None:
            return
        if shape.types[place] is not value.scalar:
            raise Surprise
        filled.add(number)
        plan.has_value = True
        place += before
        if value.transforms == (PLAIN_TEXT,) and table.kind[0] not in "RN":
            plan.texts.append((number, place, max(table.min, 1), table.max))
            return
        memo = self._memo(value.scalar, value.transforms, table)
        (plan.numbers if value.scalar is Decimal else plan.coded).append((number, place, memo))

    def _pairs(
        self, plan: Plan, element: PairsElement, rule: SegmentRule, shape: Shape, filled: set[int]
    ) -> None:
        if element.rest is not None:
            self._leave(plan, element.rest, shape)
        starts = iter(element.starts)
        table = element.tables[element.starts[0] + 1]
        for pair in element.pairs:
            if shape.place(pair.value.path) is not None:
                start = next(starts, None)
                if start is None:
                    raise Surprise
                plan.template[start] = pair.qualifiers[0]
                self._fill(plan, start + 1, pair.value, table, shape, filled)
            elif pair.name in rule.must_pairs:
                raise Surprise

    def _group(
        self,
        plan: Plan,
        element: GroupElement,
        shape: Shape,
        items: tuple[Shape, ...],
        filled: set[int],
    ) -> None:
        before = len(shape.types)
        for start, item in zip(element.starts, items, strict=False):
            known = len(filled)
            for offset, value in enumerate(element.values):
                table = element.tables[start + offset]
                self._fill(plan, start + offset, value, table, item, filled, before)
            if len(filled) == known:
                raise Surprise
            before += len(item.types)

    def _leave(self, plan: Plan, path: Path, shape: Shape) -> None:
        place = shape.place(path)
        if place is not None:
            plan.empty.append(place)

    def _complete(self, plan: Plan, rule: SegmentRule, filled: set[int]) -> None:
        """Puts in what follows from the guide, or from what is filled, in the guide's order."""

        def has(number: int | None) -> bool:
            return number is None or number in filled or bool(plan.template[number])

        for element in writing_rule(rule).completing:
            if isinstance(element, QualifierElement):
                plan.template[element.number] = element.codes[0]
            elif isinstance(element, ConstantElement):
                if has(element.condition):
                    plan.template[element.number] = element.text
            elif not has(element.number) and has(element.value.condition):
                value = element.value
                try:
                    text = _text(value.transforms, value.default, element.table, self.codes)
                except Surprise:
                    plan.wrong = True
                else:
                    plan.template[element.number] = text

    def _ask_reader(self, plan: Plan, rule: SegmentRule, body: Body, filled: set[int]) -> None:
        """Whether the segment is read back by the rule itself: now if that is plain already, else with each segment."""
        choice = quick_reading(self.codes).body(body)[rule.tag]
        if filled.isdisjoint(choice.numbers):
            reader = body.find(rule.tag, plan.template[1:])
            plan.wrong = plan.wrong or (reader is not None and reader is not rule)
        else:
            plan.choice = choice

    def _memo(self, scalar: type, transforms: tuple[Transform, ...], table: ElementTable) -> Memo:
        key = scalar, transforms, table.kind[0], table.min, table.max
        if key not in self._texts:
            # Numbers are known by their text: 1 and 1.0 are equal, and written differently.
            self._texts[key] = Memo(
                lambda held: _text(
                    transforms, Decimal(held) if scalar is Decimal else held, table, self.codes
                )
            )
        return self._texts[key]


@lru_cache(maxsize=64)
def quick_plans(codes: CodeTables) -> QuickPlans:
    """What is kept for a guide's code lists, with a partner's laid over them."""
    return QuickPlans(codes)


def _text(transforms: tuple[Transform, ...], value: Any, table: ElementTable, codes: CodeTables) -> str:
    """The text of an element. Raises Surprise where it is empty, refused or does not fit."""
    text = value
    try:
        for transform in transforms:
            text = transform.write(text, codes)
    except (WrongValue, Untranslated) as error:
        raise Surprise from error
    if not text or not text.isprintable() or not fits(text, table):
        raise Surprise
    return str(text)


def fits(text: str, table: ElementTable) -> bool:
    """Whether a text is as long as the element wants it; of numbers, the digits count."""
    size = sum(map(str.isdigit, text)) if table.kind[0] in "RN" else len(text)
    return table.min <= size <= table.max


def _row(kind: type) -> tuple[_Row, tuple[str, ...]]:
    if kind is str:
        return _item, ()
    if not hasattr(kind, "__dataclass_fields__"):
        raise Surprise
    names = tuple(shape_of(kind))
    # The first name twice: of a single one, no row would come.
    return attrgetter(*names, names[0]), names


def _item(held: str) -> Values:
    return (held,)


def _outer_shape(kind: type, names: tuple[str, ...], types: tuple[type, ...]) -> Shape:
    if kind is str:
        return Shape(types, {(): 0}, ())
    places: dict[Path, int] = {(name,): place for place, name in enumerate(names)}
    rows: list[tuple[int, _Row]] = []
    size = len(types)
    for place, (name, each) in enumerate(shape_of(kind).items()):
        if each.record is not None and types[place] is each.record:
            inner_row, inner_names = _row(each.record)
            places |= {(name, inner): size + at for at, inner in enumerate(inner_names)}
            rows.append((place, inner_row))
            size += len(inner_names) + 1
    return Shape(types, places, tuple(rows))


def _carrying(
    kind: type, shape: Shape, carried: frozenset[str], prefix: str
) -> tuple[tuple[int, bool, str | None], ...] | None:
    """What of a record has to be looked into: its place, whether it is a list, the path inside (None: it has to be
    empty). None where a value is left out for certain, or is not of its field's type."""
    steps: list[tuple[int, bool, str | None]] = []
    for place, (name, each) in enumerate(shape_of(kind).items()):
        path, found = f"{prefix}{name}", shape.types[place]
        if found is NoneType:
            continue
        if each.many:
            if found is not tuple:
                return None
            if each.record is not None:
                steps.append((place, True, f"{path}[]/"))
            elif f"{path}[]" not in carried:
                steps.append((place, True, None))
        elif each.record is not None:
            if found is not each.record:
                return None
            steps.append((place, False, f"{path}/"))
        elif path not in carried:
            return None
    return tuple(steps)


def _kept(shapes: dict[tuple[type, ...], Shape], types: tuple[type, ...], shape: Shape) -> Shape:
    if len(shapes) >= _MAX_SHAPES:
        shapes.clear()
    shapes[types] = shape
    return shape
