"""Reading a segment where nothing is out of the ordinary, which is nearly always.

Each rule is made a function once per use of a guide; it takes the texts of a segment into a record and says whether it
could. What is not as it should be it leaves to ``element_reading``, which reads the same segment again and reports: what
was taken before that stands there already, so that taking it twice changes nothing. Lists are never filled here.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from partners.mapping.codes import CodeTables
from partners.mapping.memory import Memo, Surprise
from partners.mapping.rules import (
    Body,
    ConstantElement,
    DerivedElement,
    FieldElement,
    PairsElement,
    Path,
    QualifierElement,
    SegmentRule,
    Value,
)
from partners.mapping.transforms import PLAIN_TEXT, Transform, Untranslated, WrongValue

Texts = tuple[str, ...]
Take = Callable[[Texts, dict[str, Any]], bool]

# A value that ends with it may be blank alone, which is told.
_BLANK = ("", " ")
# Qualifiers remembered per tag with the rule that they choose.
_MAX_CHOICES = 256


# How a filled element is taken: the field's name, its values by text (None: the text itself), and the records around it.
# For a constant the name is None, and the text that has to stand there comes second; "" where none may.
_Step = tuple[str | None, Any, Path]
_NOT_HERE: _Step = (None, "", ())
# The number of a qualifier's element, and how the value behind it is taken, by qualifier.
_Pairs = tuple[int, Mapping[str, _Step]]


@dataclass(frozen=True, slots=True, eq=False)
class Found:
    """A rule with what reading it needs: ``take`` None where it always goes the long way."""

    rule: SegmentRule
    repeats: bool
    take: Take
    derived: tuple[DerivedElement, ...]


@dataclass(slots=True, eq=False)
class Choice:
    """The rules for one tag, chosen by the texts at ``numbers``; ``found`` remembers what was chosen."""

    body: Body
    numbers: tuple[int, ...]
    quick: QuickReading
    only: Found | None
    found: dict[Any, Found | None] = field(default_factory=dict)

    def find(self, texts: Texts) -> Found | None:
        """The rule that reads such a segment."""
        if self.only is not None:
            return self.only
        size = len(texts)
        key = tuple([texts[number] if number < size else "" for number in self.numbers])
        if key not in self.found:
            if len(self.found) >= _MAX_CHOICES:
                self.found.clear()
            rule = self.body.find(texts[0], texts[1:])
            self.found[key] = None if rule is None else self.quick.rule(rule)
        return self.found[key]


class QuickReading:
    """What was made of the rules of a guide with one set of code lists."""

    def __init__(self, codes: CodeTables) -> None:
        self._codes = codes
        self._values: dict[tuple[Transform, ...], Memo] = {}
        self._rules: dict[SegmentRule, Found] = {}
        self._bodies: dict[Body, Mapping[str, Choice]] = {}

    def body(self, body: Body) -> Mapping[str, Choice]:
        """The rules of a body by tag."""
        if body not in self._bodies:
            self._bodies[body] = {tag: self._choice(body, rules) for tag, rules in body.by_tag.items()}
        return self._bodies[body]

    def rule(self, rule: SegmentRule) -> Found:
        """The rule made ready."""
        if rule not in self._rules:
            derived = tuple(each for each in rule.elements if isinstance(each, DerivedElement))
            self._rules[rule] = Found(rule, rule.repeats, self._take(rule), derived)
        return self._rules[rule]

    def _choice(self, body: Body, rules: Sequence[SegmentRule]) -> Choice:
        numbers = tuple(sorted({number for rule in rules for number in rule.filters}))
        return Choice(body, numbers, self, None if numbers else self.rule(rules[0]))

    def _take(self, rule: SegmentRule) -> Take:
        steps: list[_Step | None] = [None, *(_NOT_HERE for _ in rule.table.elements)]
        pairs: list[_Pairs] = []
        for element in rule.elements:
            if isinstance(element, FieldElement):
                steps[element.number] = self._field(element.value)
            elif isinstance(element, ConstantElement):
                steps[element.number] = (None, element.text, ())
            elif isinstance(element, QualifierElement | DerivedElement):
                steps[element.number] = None
            elif isinstance(element, PairsElement):
                known = {
                    qualifier: self._field(pair.value)
                    for pair in element.pairs
                    for qualifier in pair.qualifiers
                }
                for start in element.starts:
                    steps[start] = steps[start + 1] = None
                    pairs.append((start, known))
        return _taking(steps, pairs)

    def _field(self, value: Value) -> _Step:
        # The path () is the item of a list of scalars, which the reader keeps under "".
        path = value.path or ("",)
        plain = value.transforms == (PLAIN_TEXT,)
        return path[-1], None if plain else self._values_of(value.transforms), path[:-1]

    def _values_of(self, transforms: tuple[Transform, ...]) -> Memo:
        if transforms not in self._values:
            self._values[transforms] = Memo(lambda text: _value(transforms, text, self._codes))
        return self._values[transforms]


@lru_cache(maxsize=64)
def quick_reading(codes: CodeTables) -> QuickReading:
    """What is kept for a guide's code lists, with a partner's laid over them."""
    return QuickReading(codes)


def _taking(steps: Sequence[_Step | None], pairs: Sequence[_Pairs]) -> Take:
    most = len(steps)

    def take(texts: Texts, record: dict[str, Any]) -> bool:
        if len(texts) > most:
            return False
        try:
            for text, step in zip(texts, steps, strict=False):
                if text and step is not None and not _took(text, step, record):
                    return False
            return not pairs or _take_pairs(texts, record, pairs)
        except Surprise:
            return False

    return take


def _took(text: str, step: _Step, record: dict[str, Any]) -> bool:
    """Whether a filled text is the constant, or the only value found for the field, which then has it."""
    name, values, outer = step
    if name is None:
        return bool(text == values)
    if values is not None:
        value = values[text]
    elif text[-1] != " ":
        value = text
    elif not (value := text.rstrip(" ")):
        return True
    for each in outer:
        record = record.setdefault(each, {})
    return bool(record.setdefault(name, value) == value)


def _take_pairs(texts: Texts, record: dict[str, Any], pairs: Sequence[_Pairs]) -> bool:
    size = len(texts)
    for start, known in pairs:
        if start >= size:
            return True
        text = texts[start + 1] if start + 1 < size else ""
        if qualifier := texts[start]:
            step = known.get(qualifier)
            if step is None or text[-1:] in _BLANK or not _took(text, step, record):
                return False
        elif text:
            return False
    return True


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


def _surprised(rest: str) -> None:
    raise Surprise
