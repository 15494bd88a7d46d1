"""Reading a segment where nothing is out of the ordinary, which is nearly always.

What has to be known of a segment to read it is its *shape*: its tag, its length, the texts in its fixed places (qualifiers,
constants, what the guide does not know) and which of the others are filled. Partners use a few dozen shapes. For each is
found once, from the rules, which elements go into which fields, and how; the rest is picking, converting and storing a
row of texts, with next to no Python in between.

What is not as it should be has a shape without places, or raises ``Surprise``; ``element_reading`` then reads the same
segment, and reports. What was taken before that stands there already, so that taking it twice changes nothing; lists are
filled last, when nothing can go wrong any more.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from functools import lru_cache, partial
from itertools import compress
from operator import attrgetter, call
from typing import Any, NamedTuple

from integration.x12.syntax import picking
from partners.mapping.codes import CodeTables
from partners.mapping.memory import Memo, Surprise
from partners.mapping.record_source import record_source
from partners.mapping.rules import (
    Body,
    ConstantElement,
    DerivedElement,
    FieldElement,
    GroupElement,
    PairsElement,
    Path,
    QualifierElement,
    SegmentRule,
    Value,
)
from partners.mapping.transforms import (
    PLAIN_NUMBER,
    PLAIN_TEXT,
    Transform,
    Untranslated,
    WrongValue,
    is_short_number,
)

Texts = tuple[str, ...]
Pick = Callable[[Texts], Texts]
# The value of a filled element's text. Raises Surprise where there is none, or something to be told of it.
Read = Callable[[str], Any]

# Shapes remembered of one tag and length, and how long their fixed texts are together.
_MAX_SHAPES = 256
_LONGEST = 80
# A function is made for a shape that came so often.
_OFTEN = 16


@dataclass(frozen=True, slots=True, eq=False)
class Found:
    """A rule with what reading it needs. ``plain``: its fields are those of the record around it; ``lists``: the list
    that it has an item of, by the path of the record around and by its name."""

    rule: SegmentRule
    repeats: bool
    plain: bool
    derived: tuple[DerivedElement, ...]
    lists: tuple[Path, str] | None


class Place(NamedTuple):
    """Where the text of an element goes: the field ``name`` of the record at ``outer``, to the end of it if ``listed``.

    ``needed``: without it, something has to be told of the segment.
    """

    number: int
    outer: Path
    name: str
    read: Read
    listed: bool = False
    needed: bool = False


@dataclass(slots=True, eq=False)
class Shape:
    """Segments of one rule that differ only in the texts at ``places``, all filled; None if only the long way reads them.

    ``partly`` are the shapes with some of the places filled, by which are.
    """

    found: Found
    places: Sequence[Place] | None
    pick: Pick = field(init=False)
    names: tuple[str, ...] = field(init=False)
    reads: tuple[Read, ...] = field(init=False)
    flat: bool = field(init=False)
    partly: dict[tuple[bool, ...], Shape] = field(init=False, default_factory=dict)
    made: Callable[..., dict[str, Any]] | None = field(init=False, default=None)
    taken: int = field(init=False, default=0)

    def __post_init__(self) -> None:
        places = self.places or ()
        self.pick = picking([each.number for each in places])
        self.names = tuple(each.name for each in places)
        self.reads = tuple(each.read for each in places)
        # Where two places fill one field, they are compared.
        once = len(set(self.names)) == len(self.names)
        self.flat = once and not any(each.outer or each.listed for each in places)

    def take(self, texts: Texts, record: dict[str, Any]) -> bool:
        """Takes a segment of this shape, but for what is filled, into a record; False leaves it to the long way."""
        values = self.pick(texts)
        if "" in values:
            return self._with(values).take(texts, record)
        if self.places is None:
            return False
        try:
            if self.flat and (not record or record.keys().isdisjoint(self.names)):
                record.update(zip(self.names, map(call, self.reads, values), strict=False))
                return True
            return _stored(self.places, [*map(call, self.reads, values)], record)
        except Surprise:
            return False

    def fill(self, texts: Texts, record: dict[str, Any]) -> None:
        """Takes a segment of this shape into a record. Raises Surprise where only the long way can."""
        values = self.pick(texts)
        if "" in values:
            self._with(values).fill(texts, record)
        elif self.made is not None and (not record or record.keys().isdisjoint(self.names)):
            record.update(self.made(*values))
        else:
            self._count()
            if not self.take(texts, record):
                raise Surprise

    def fresh(self, texts: Texts) -> dict[str, Any]:
        """A record of its own from a segment of this shape. Raises Surprise where only the long way can make it."""
        values = self.pick(texts)
        if "" in values:
            return self._with(values).fresh(texts)
        if self.made is not None:
            return self.made(*values)
        record: dict[str, Any] = {}
        self.fill(texts, record)
        return record

    def _count(self) -> None:
        """Has a function made for a shape that came often, so that strange files do not cost a function a segment."""
        self.taken += 1
        if self.taken == _OFTEN and self.flat and self.places:
            self.made = record_function(self.places)

    def _with(self, values: Texts) -> Shape:
        """The shape of segments that have the same places filled as these."""
        filled = tuple(map(bool, values))
        if filled not in self.partly:
            if len(self.partly) >= _MAX_SHAPES:
                self.partly.clear()
            places = self.places or ()
            told = any(place.needed and not here for place, here in zip(places, filled, strict=True))
            self.partly[filled] = Shape(self.found, None if told else list(compress(places, filled)))
        return self.partly[filled]


def record_function(places: Sequence[Place]) -> Callable[..., dict[str, Any]]:
    """What makes a record of the filled texts at the places, one field each. Raises Surprise."""
    ways = tuple((each.name, each.read is _plain) for each in places)
    names: dict[str, Any] = {"Surprise": Surprise}
    exec(record_source(ways), names)  # noqa: S102 - its text is ours, but for names of fields
    made: Callable[..., dict[str, Any]] = names["make"](*[_memo(each.read) for each in places])
    return made


def _memo(read: Read) -> Any:
    """What gives the value of a text when it is asked as a dictionary."""
    known = getattr(read, "__self__", None)
    return known if isinstance(known, Memo) else Memo(read)


def _stored(places: Sequence[Place], values: Sequence[Any], record: dict[str, Any]) -> bool:
    """Whether the values are the only ones found for their fields, which then have them."""
    for place, value in zip(places, values, strict=True):
        target = record
        for each in place.outer:
            target = target.setdefault(each, {})
        if place.listed:
            target[place.name] = [*target.get(place.name, ()), value]
        elif target.setdefault(place.name, value) != value:
            return False
    return True


@dataclass(slots=True, eq=False)
class Choice:
    """The rules for one tag of a body, chosen by the texts at ``numbers``; ``found`` remembers what was chosen.

    ``sizes`` are, by the length of a segment, what picks its fixed texts, and the shapes remembered by them.
    """

    body: Body
    numbers: tuple[int, ...]
    quick: QuickReading
    sizes: Sequence[tuple[Pick, dict[Texts, Shape]]]
    found: dict[Texts, Found | None] = field(default_factory=dict)

    def find(self, texts: Texts) -> Found | None:
        """The rule that reads such a segment."""
        size = len(texts)
        key = tuple([texts[number] if number < size else "" for number in self.numbers])
        if key in self.found:
            return self.found[key]
        rule = self.body.find(texts[0], texts[1:])
        found = None if rule is None else self.quick.rule(rule)
        if sum(map(len, key)) <= _LONGEST:
            if len(self.found) >= _MAX_SHAPES:
                self.found.clear()
            self.found[key] = found
        return found

    def shape(self, texts: Texts) -> Shape | None:
        """How such a segment is read, and by which rule; None where there is no rule for it."""
        size = len(texts)
        if size >= len(self.sizes):
            found = self.find(texts)
            return None if found is None else Shape(found, None)
        pick, shapes = self.sizes[size]
        fixed = pick(texts)
        shape = shapes.get(fixed)
        if shape is None and (found := self.find(texts)) is not None:
            shape = self.quick.shape(found, texts)
            if sum(map(len, fixed)) <= _LONGEST:
                if len(shapes) >= _MAX_SHAPES:
                    shapes.clear()
                shapes[fixed] = shape
        return shape


class QuickReading:
    """What was made of the rules of a guide with one set of code lists."""

    def __init__(self, codes: CodeTables) -> None:
        self._codes = codes
        self._values: dict[tuple[Transform, ...], Memo] = {}
        self._rules: dict[SegmentRule, Found] = {}
        self.bodies = Memo(self._choices)

    def body(self, body: Body) -> Mapping[str, Choice]:
        """The rules of a body by tag."""
        choices: Mapping[str, Choice] = self.bodies[body]
        return choices

    def _choices(self, body: Body) -> Mapping[str, Choice]:
        return {tag: self._choice(body, rules) for tag, rules in body.by_tag.items()}

    def rule(self, rule: SegmentRule) -> Found:
        """The rule made ready."""
        if rule not in self._rules:
            derived = tuple(each for each in rule.elements if isinstance(each, DerivedElement))
            plain = not (rule.repeats or rule.at or rule.lift or rule.levels or derived)
            lists = (rule.each[:-1], rule.each[-1]) if rule.each else None
            self._rules[rule] = Found(rule, rule.repeats, plain, derived, lists)
        return self._rules[rule]

    def shape(self, found: Found, texts: Texts) -> Shape:
        """The shape of a segment that the rule reads."""
        try:
            places = [each for each in self._places(found.rule, texts) if _is_there(each, texts)]
        except Surprise:
            return Shape(found, None)
        return Shape(found, sorted(places, key=attrgetter("listed")))

    def _choice(self, body: Body, rules: Sequence[SegmentRule]) -> Choice:
        size = len(rules[0].table.elements) + 1
        fixed = [number for number in range(1, size) if any(_is_fixed(rule, number) for rule in rules)]
        picks = [picking([number for number in fixed if number < count]) for count in range(size + 1)]
        numbers = tuple(sorted({number for rule in rules for number in rule.filters}))
        return Choice(body, numbers, self, [(pick, {}) for pick in picks])

    def _places(self, rule: SegmentRule, texts: Texts) -> Iterator[Place]:
        """The places of a segment. Raises Surprise where its fixed texts are not as the rule wants them."""
        for number in range(1, len(texts)):
            if texts[number] and number not in rule.numbers:
                raise Surprise
        for element in rule.elements:
            if isinstance(element, FieldElement):
                yield self._place(element.number, element.value)
            elif isinstance(element, PairsElement):
                yield from self._pairs(element, texts)
            elif isinstance(element, GroupElement):
                yield from self._group(element)
            elif isinstance(element, ConstantElement):
                if element.number < len(texts) and texts[element.number] not in ("", element.text):
                    raise Surprise
            elif not isinstance(element, QualifierElement | DerivedElement):
                yield _strange(element.number)

    def _place(self, number: int, value: Value) -> Place:
        # The path () is the item of a list of scalars, which the reader keeps under "".
        path = value.path or ("",)
        read = _plain if value.transforms == (PLAIN_TEXT,) else self._values_of(value.transforms)
        return Place(number, path[:-1], path[-1], read)

    def _pairs(self, element: PairsElement, texts: Texts) -> Iterator[Place]:
        known = {qualifier: pair.value for pair in element.pairs for qualifier in pair.qualifiers}
        for start in element.starts:
            qualifier = texts[start] if start < len(texts) else ""
            if not qualifier:
                yield _strange(start + 1)
            elif qualifier in known:
                yield self._place(start + 1, known[qualifier])._replace(needed=True)
            elif element.rest is not None and qualifier[-1] != " ":
                *outer, name = element.rest
                yield Place(
                    start + 1, tuple(outer), name, partial(_rest, qualifier), listed=True, needed=True
                )
            else:
                raise Surprise

    def _group(self, element: GroupElement) -> Iterator[Place]:
        *outer, name = element.items
        for start in element.starts:
            if element.size == 1 and element.values[0].path == ():
                read = self._place(start, element.values[0]).read
                yield Place(start, tuple(outer), name, read, listed=True)
            else:
                yield from map(_strange, range(start, start + element.size))

    def _values_of(self, transforms: tuple[Transform, ...]) -> Read:
        if transforms not in self._values:
            self._values[transforms] = Memo(self._making(transforms))
        return self._values[transforms].__getitem__

    def _making(self, transforms: tuple[Transform, ...]) -> Read:
        def make(text: str) -> Any:
            if is_number and is_short_number(text):
                return Decimal(text)
            return _value(transforms, text, self._codes)

        is_number = transforms == (PLAIN_NUMBER,)
        return make


@lru_cache(maxsize=64)
def quick_reading(codes: CodeTables) -> QuickReading:
    """What is kept for a guide's code lists, with a partner's laid over them."""
    return QuickReading(codes)


def _is_fixed(rule: SegmentRule, number: int) -> bool:
    """Whether the text of the element belongs to the shape of the rule's segments."""
    if number in rule.filters or number not in rule.numbers:
        return True
    for element in rule.elements:
        if isinstance(element, PairsElement):
            if number in element.starts:
                return True
        elif isinstance(element, ConstantElement) and element.number == number:
            return True
    return False


def _is_there(place: Place, texts: Texts) -> bool:
    if place.needed and place.number >= len(texts):
        raise Surprise
    return place.number < len(texts)


def _strange(number: int) -> Place:
    """A place that only the long way reads, where it is filled."""
    return Place(number, (), "", _surprised)


def _surprised(text: str) -> Any:
    raise Surprise


def _plain(text: str) -> str:
    if text[-1] == " ":
        raise Surprise
    return text


def _rest(qualifier: str, text: str) -> dict[str, str]:
    return {"qualifier": qualifier, "value": _plain(text)}


def _value(transforms: tuple[Transform, ...], text: str, codes: CodeTables) -> Any:
    """The value of an element's text. Raises Surprise where there is none, or something to be told of it."""
    value: Any = text.rstrip(" ")
    if not value:
        raise Surprise
    try:
        for transform in reversed(transforms):
            value = transform.read(value, codes, _surprised)
    except (WrongValue, Untranslated) as error:
        raise Surprise from error
    if value == "":
        raise Surprise
    return value
