"""The lines that write one segment of a record, by a rule of a guide."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from decimal import Decimal
from itertools import groupby
from typing import Literal, NamedTuple

from integration.x12.syntax import Composite, Repeated
from integration.x12.tables import ElementTable
from partners.mapping.prepared import writing_rule
from partners.mapping.rules import (
    Body,
    CompositeElement,
    ConstantElement,
    ElementRule,
    FieldElement,
    GroupElement,
    Pair,
    PairsElement,
    Path,
    QualifierElement,
    RepeatElement,
    SegmentRule,
    Value,
)
from partners.mapping.source_lines import Scope, Source, kind_at
from partners.mapping.transforms import PLAIN_TEXT, Number, SerialCode

_QUALIFIER = Value(("qualifier",), str, (PLAIN_TEXT,))
_VALUE = Value(("value",), str, (PLAIN_TEXT,))
_SERIAL_CODE = SerialCode()


class _Beside(NamedTuple):
    """Elements side by side: their numbers, and the tuple of their texts up to the last that is filled."""

    texts: str
    numbers: range


class RuleLines:
    """Adds the lines of one rule to a source.

    Element 4 becomes the variable ``e4``, "" where it is empty. Pairs from element 6 on become the tuple ``pairs_6``, and
    groups ``group_6``, which hold nothing behind the last one. What the long way would report raises ``Surprise``.
    """

    def __init__(self, rule: SegmentRule, body: Body, scope: Scope, source: Source) -> None:
        self.rule = rule
        self.body = body
        self.scope = scope
        self.source = source
        self.ways = writing_rule(rule)
        # The expression of each element that may be filled; those of ``fixed`` always hold the same text.
        self.elements: dict[int, str] = {}
        self.fixed: dict[int, str] = {}
        self.constants = {each.number for each in rule.elements if isinstance(each, ConstantElement)}
        self.beside: dict[int, _Beside] = {}
        # Elements that are filled where the first pair is there: pairs have no empty texts.
        self.paired: dict[int, str] = {}

    def fill(self) -> str:
        """Adds what fills elements from the record; gives the condition under which that is anything."""
        filled = [self._fill(element) for element, _ in self.ways.steps]
        return " or ".join(filled) or "False"

    def complete(self, put: Callable[[str], str]) -> None:
        """Adds what follows from filled elements or the guide alone, the checks of the whole segment, and its row.

        ``put`` makes the statement that puts a row into its place.
        """
        for element in self.ways.completing:
            if isinstance(element, FieldElement):
                self._default(element)
            elif isinstance(element, QualifierElement):
                self._fix(element.number, element.codes[0])
            elif element.condition is None:
                self._fix(element.number, element.text)
            else:
                text, condition = self.source.constant(element.text), self._element(element.condition)
                self.source.add(f'e{element.number} = {text} if {condition} else ""')
                self.elements[element.number] = f"e{element.number}"
        must = [each.number for each in self.ways.mandatory if not self.fixed.get(each.number)]
        if must:
            self.source.refuse(f"not ({' and '.join(map(self._is_filled, must))})")
        self._ask_reader()
        self._row(put)

    # Elements that hold values

    def _fill(self, element: ElementRule) -> str:
        if isinstance(element, PairsElement):
            return self._pairs(element)
        if isinstance(element, GroupElement):
            return self._group(element)
        assert isinstance(element, FieldElement | CompositeElement | RepeatElement)
        variable = self.elements[element.number] = f"e{element.number}"
        if isinstance(element, FieldElement):
            self._text(variable, self.scope, element.value, element.table)
        elif isinstance(element, CompositeElement):
            self._composite(variable, self.scope, element)
        else:
            self._repeat(variable, element)
        return variable

    def _text(self, variable: str, scope: Scope, value: Value, table: ElementTable) -> None:
        self.source.add(f"{variable} = {scope.load(value.path)}")
        if not value.path:
            self._convert("if", variable, value, table)
            return
        with self.source.block(f"if {variable} is None:"):
            self.source.add(f'{variable} = ""')
        self._convert("elif", variable, value, table)

    def _convert(self, word: Literal["if", "elif"], variable: str, value: Value, table: ElementTable) -> None:
        """Makes a value the text of its element."""
        kind = self.source.constant(value.scalar)
        if value.transforms == (PLAIN_TEXT,) and table.kind[0] not in "RN":
            # Blanks at its end would be cut: then the text is another one.
            size = f"{max(table.min, 1)} <= len({variable}) <= {table.max}"
            wrong = f'not {size} or {variable}[-1] == " " or not {variable}.isprintable()'
            with self.source.block(f"{word} type({variable}) is not {kind} or {wrong}:"):
                self.source.add("raise Surprise")
            return
        if value.transforms == (_SERIAL_CODE,) and table.kind == "AN" and table.min <= 20 <= table.max:
            # Never the same twice, so that none is looked for among known ones.
            plain = f"len({variable}) == 18 and {variable}.isascii() and {variable}.isdecimal()"
            with self.source.block(f"{word} type({variable}) is {kind} and {plain}:"):
                self.source.add(f'{variable} = f"00{{{variable}}}"')
            word = "elif"
        with self.source.block(f"{word} type({variable}) is {kind}:"):
            convert = f"{variable} = {self.source.conversion(value, table)}[{variable}]"
            if value.scalar is not Decimal:
                self.source.add(convert)
            else:
                # Numbers are known by their text: 1 and 1.0 are equal, and written differently.
                self.source.add(f"{variable} = str({variable})")
                with self.source.block(f"if {_is_unplain(variable, value, table)}:"):
                    self.source.add(convert)
        with self.source.block("else:"):
            self.source.add("raise Surprise")

    def _composite(self, variable: str, scope: Scope, element: CompositeElement) -> None:
        texts = ['""'] * len(element.table.components)
        filled = []
        for part in element.parts:
            if isinstance(part, ConstantElement):
                texts[part.number - 1] = self.source.constant(part.text)
            else:
                texts[part.number - 1] = f"c{part.number}"
                filled.append(f"c{part.number}")
                self._text(f"c{part.number}", scope, part.value, part.table)
        self.source.add(f'{variable} = ""')
        with self.source.block(f"if {' or '.join(filled) or False}:"):
            must = [texts[each.number - 1] for each in element.table.components if each.required]
            if must:
                self.source.refuse(f"not ({' and '.join(must)})")
            self.source.add(f"{variable} = {self.source.constant(Composite)}({', '.join(texts)})")

    def _repeat(self, variable: str, element: RepeatElement) -> None:
        self.source.add("parts = []")
        with self._items(element.items) as item:
            if isinstance(element.part, CompositeElement):
                self._composite("part", item, element.part)
            else:
                self._text("part", item, element.part.value, element.part.table)
            self.source.refuse("not part")
            self.source.add("parts.append(part)")
        self.source.refuse(f"len(parts) > {element.table.repeat}")
        self.source.add(f'{variable} = {self.source.constant(Repeated)}(*parts) if parts else ""')

    def _pairs(self, element: PairsElement) -> str:
        first = element.starts[0]
        texts = f"pairs_{first}"
        self.source.add(f"{texts} = ()")
        for path, pairs in groupby(element.pairs, key=lambda pair: pair.value.path[:-1]):
            together = list(pairs)
            must = any(pair.name in self.rule.must_pairs for pair in together)
            with self.scope.unless_missing(() if must else path):
                for pair in together:
                    self._pair(texts, pair, element.tables[first + 1])
        if element.rest is not None:
            known = frozenset(qualifier for pair in element.pairs for qualifier in pair.qualifiers)
            with self.scope.unless_missing(element.rest[:-1]), self._items(element.rest) as item:
                self._text("qualifier", item, _QUALIFIER, element.tables[first])
                self._text("text", item, _VALUE, element.tables[first + 1])
                self.source.refuse(f"not qualifier or not text or qualifier in {self.source.constant(known)}")
                self.source.add(f"{texts} += qualifier, text")
        placed = self._place(texts, [number for start in element.starts for number in (start, start + 1)])
        self.paired |= {first: texts, first + 1: texts}
        return placed

    def _pair(self, texts: str, pair: Pair, table: ElementTable) -> None:
        self.source.add(f"text = {self.scope.load(pair.value.path)}")
        with self.source.block("if text is not None:"):
            self._convert("if", "text", pair.value, table)
            self.source.add(f"{texts} += {self.source.constant(pair.qualifiers[0])}, text")
        if pair.name in self.rule.must_pairs:
            with self.source.block("else:"):
                self.source.add("raise Surprise")

    def _group(self, element: GroupElement) -> str:
        """As many of the list ``items`` as one segment has places for."""
        group = f"group_{element.starts[0]}"
        self.source.add(f"{group} = ()")
        kind = kind_at(self.scope.kind, element.items)
        with self.source.block("for item in items:"):
            self.source.refuse(f"type(item) is not {self.source.constant(kind)}")
            item = Scope("item", kind, self.source)
            texts = [f"g{offset}" for offset in range(element.size)]
            for offset, (text, value) in enumerate(zip(texts, element.values, strict=True)):
                self._text(text, item, value, element.tables[element.starts[0] + offset])
            self.source.refuse(f"not ({' or '.join(texts)})")
            self.source.add(f"{group} += {', '.join(texts)},")
        numbers = [start + offset for start in element.starts for offset in range(element.size)]
        return self._place(group, numbers, is_group=True)

    @contextmanager
    def _items(self, path: Path) -> Iterator[Scope]:
        """A loop over the records, or values, of a list."""
        kind = kind_at(self.scope.kind, path)
        with self.source.unless_empty(self.scope.load(path)), self.source.block("for item in listed:"):
            self.source.refuse(f"type(item) is not {self.source.constant(kind)}")
            yield Scope("item", kind, self.source)

    def _place(self, texts: str, numbers: Sequence[int], *, is_group: bool = False) -> str:
        """Puts a tuple of texts into elements; gives the condition under which there is any."""
        self.source.refuse(f"len({texts}) > {len(numbers)}")
        together = range(numbers[0], numbers[-1] + 1)
        if list(numbers) == list(together):
            if is_group:
                with self.source.block(f"while {texts} and not {texts}[-1]:"):
                    self.source.add(f"{texts} = {texts}[:-1]")
            self.beside[numbers[0]] = _Beside(texts, together)
            for at, number in enumerate(numbers):
                self.elements[number] = f'({texts}[{at}] if len({texts}) > {at} else "")'
            return texts
        variables = [f"e{number}" for number in numbers]
        self.elements |= dict(zip(numbers, variables, strict=True))
        self.source.add(f"{', '.join(variables)} = {_padded(texts, len(numbers))}")
        return texts

    # The segment as a whole

    def _element(self, number: int) -> str:
        return self.fixed.get(number) or self.elements.get(number) or '""'

    def _is_filled(self, number: int) -> str:
        """The condition under which an element is filled."""
        return self.paired.get(number) or self._element(number)

    def _fix(self, number: int, text: str) -> None:
        if text:
            self.fixed[number] = self.source.constant(text)

    def _default(self, element: FieldElement) -> None:
        value, variable = element.value, f"e{element.number}"
        condition = "" if value.condition is None else f" and {self._element(value.condition)}"
        with self.source.block(f"if not {variable}{condition}:"):
            default = self.source.constant(str(value.default) if value.scalar is Decimal else value.default)
            self.source.add(f"{variable} = {self.source.conversion(value, element.table)}[{default}]")

    def _ask_reader(self) -> None:
        """Refuses what another rule would read back: one that is tried before this one, by qualifiers."""
        for other in self.body.by_tag[self.rule.tag]:
            if other is self.rule:
                return
            conditions = [
                f"{self._element(number)}.rstrip(' ') in {self.source.constant(codes)}"
                if number in self.constants
                else f"{self._element(number)} in {self.source.constant(codes)}"
                for number, codes in other.filters.items()
            ]
            self.source.refuse(" and ".join(conditions) or "True")

    def _row(self, put: Callable[[str], str]) -> None:
        """Adds the row, which ends with its last filled element."""
        if self.ways.derived:
            texts = [repr(self.rule.tag), *map(self._element, range(1, self.ways.size + 1))]
            rule = self.source.constant(self.rule)
            self.source.add(f"row = [{', '.join(texts)}]")
            self.source.add(f"run.computed.append((row, {rule}))")
            self.source.add(put("row"))
            return
        word = "if"
        sure = {*self.fixed, *(each.number for each in self.ways.mandatory)}
        for numbers, condition, row in reversed(self._ends()):
            if not sure.isdisjoint(numbers):
                self._otherwise(word, put(row))
                return
            with self.source.block(f"{word} {condition}:"):
                self.source.add(put(row))
            word = "elif"
        self._otherwise(word, put(f"({self.rule.tag!r},)"))

    def _ends(self) -> list[tuple[Sequence[int], str, str]]:
        """The elements that may be the last, with the condition under which they are filled, and the row up to them."""
        texts = [repr(self.rule.tag)]
        found: list[tuple[Sequence[int], str, str]] = []
        together = {number for each in self.beside.values() for number in each.numbers}
        for number in range(1, max([*self.elements, *self.fixed], default=0) + 1):
            if beside := self.beside.get(number):
                found.append((beside.numbers, beside.texts, f"({', '.join(texts)},) + {beside.texts}"))
                texts.append(f"*{_padded(beside.texts, len(beside.numbers))}")
            elif number not in together:
                texts.append(self._element(number))
                if number in self.elements or number in self.fixed:
                    found.append(([number], texts[-1], f"({', '.join(texts)},)"))
        return found

    def _otherwise(self, word: str, row: str) -> None:
        if word == "if":
            self.source.add(row)
            return
        with self.source.block("else:"):
            self.source.add(row)


def _padded(texts: str, count: int) -> str:
    """As many texts as there are places."""
    return f'({texts} + ("",) * {count})[:{count}]'


def _is_unplain(variable: str, value: Value, table: ElementTable) -> str:
    """The condition under which a number's text is not what is written, or has to be looked at."""
    [transform] = value.transforms
    if not isinstance(transform, Number) or transform.shift or table.kind != "R" or table.min > 1:
        return "True"
    # Prices are rarely the same twice, so that looking for each of them among known ones would cost more.
    digits = f'{variable}.isdecimal() or {variable}.replace(".", "", 1).isdecimal()'
    return f"len({variable}) > {table.max} or not ({digits})"
