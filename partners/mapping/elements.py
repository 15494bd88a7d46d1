"""Compiles what stands in the elements of one segment against the segment's table and the record's fields."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from types import MappingProxyType
from typing import Any

from integration.documents import SCALARS, FieldShape, shape_of
from integration.x12.tables import ElementTable, SegmentTable, SetTable
from partners.mapping.codes import HELD, CodeLists
from partners.mapping.rules import (
    CompositeElement,
    ConstantElement,
    DerivedElement,
    ElementRule,
    FieldElement,
    GroupElement,
    Pair,
    PairsElement,
    Path,
    QualifierElement,
    RepeatElement,
    Value,
)
from partners.mapping.sources import (
    ConstantSource,
    DerivedSource,
    FieldSource,
    Key,
    QualifierSource,
    pair_names,
    parse_key,
    parse_path,
    parse_source,
)
from partners.mapping.transforms import PLAIN_TEXT, Code, Text, Transform, find_transform, transform_names


class Problem(ValueError):
    """One thing that is wrong with a guide, without its address."""


@dataclass(frozen=True, slots=True)
class Scope:
    """What sources are about: a record type, or the type of a list's scalar items; ``path`` as ``lines[]``."""

    type: type
    path: str

    def find(self, path: Path) -> FieldShape:
        """The field at a path. Raises Problem where there is none."""
        if not path:
            if self.type not in SCALARS:
                raise Problem("`.` stands for the items of a list of values; name a field")
            return FieldShape(".", self.type, None, False)
        record: type | None = None if self.type in SCALARS else self.type
        for index, name in enumerate(path):
            shape = shape_of(record).get(name) if record else None
            if shape is None:
                known = ", ".join(shape_of(record)) if record else "none"
                raise Problem(f"there is no field {'.'.join(path)!r}; the fields here are {known}")
            if index == len(path) - 1:
                return shape
            record = None if shape.many else shape.record
        raise Problem("a field is named by at least one word")

    def inner(self, path: Path, *, many: bool) -> Scope:
        """The scope of a list's items, or of a record. Raises Problem where the field is not one."""
        shape = self.find(path)
        inside = shape.record or (shape.scalar if many else None)
        if shape.many is not many or inside is None:
            raise Problem(f"{'.'.join(path)!r} is not a {'list' if many else 'record'}")
        return Scope(inside, self.below(path) + ("[]" if many else ""))

    def below(self, path: Path) -> str:
        """The path of a field as the catalogue names it."""
        return "/".join((self.path, *path) if self.path else path)


class ElementCompiler:
    """Compiles the elements of one segment; problems and carried paths go to the lists given."""

    def __init__(
        self, address: str, segment: SegmentTable, scope: Scope, codes: CodeLists, table: SetTable
    ) -> None:
        self.address = address
        self.segment = segment
        self.scope = scope
        self.codes = codes
        self.set_table = table
        self.problems: list[str] = []
        self.carried: set[str] = set()

    def compile(self, specification: Mapping[str, Any]) -> tuple[ElementRule, ...]:
        """The element rules in the order of the guide."""
        rules: list[ElementRule] = []
        taken: set[int] = set()
        for text, source in specification.items():
            try:
                key = parse_key(text)
                self._take(key, source, taken)
                rules.append(self._element(key, source))
            except ValueError as error:
                self.problems.append(f"{self.address}.{text}: {error}.")
        if not self.problems:
            self._check_conditions(rules)
            self._check_mandatory(taken)
        return tuple(rules)

    def _take(self, key: Key, source: Any, taken: set[int]) -> None:
        paired = isinstance(source, Mapping) and (key.is_range or len(key.numbers) > 1)
        numbers = set(key.numbers)
        if paired and not key.is_range:
            numbers |= {number + 1 for number in key.numbers}
        if missing := sorted(each for each in numbers if each > len(self.segment.elements)):
            raise Problem(
                f"{self.segment.tag} has only {len(self.segment.elements)} elements, not {missing[-1]}"
            )
        if twice := sorted(numbers & taken):
            raise Problem(f"element {twice[0]} stands twice")
        taken |= numbers

    def _element(self, key: Key, source: Any) -> ElementRule:
        if key.each is not None:
            return self._group(key, source)
        if key.repeat is not None:
            return self._repeat(key.numbers[0], key.repeat, source)
        if isinstance(source, Mapping):
            if len(key.numbers) > 1 or key.is_range:
                return self._pairs(key, source)
            return self._composite(key.numbers[0], source)
        if not isinstance(source, str) or len(key.numbers) > 1 or key.is_range:
            raise Problem("one element takes one source; several take qualifier and value pairs")
        return self._single(key.numbers[0], source)

    def _single(self, number: int, text: str) -> ElementRule:
        address = f"{self.address}.{number}"
        source = parse_source(text)
        table = self.segment.elements[number - 1]
        if table.components:
            raise Problem("this element is a composite; write {1: source, 2: source}")
        match source:
            case QualifierSource(codes):
                return QualifierElement(number, address, codes)
            case ConstantSource(constant, condition):
                return ConstantElement(number, address, constant, condition)
            case DerivedSource():
                return self._derived(number, source, table)
            case FieldSource():
                return FieldElement(number, address, table, self._value(source, table))

    def _derived(self, number: int, source: DerivedSource, table: ElementTable) -> DerivedElement:
        tags = [each for each in (source.tag, source.other) if each]
        for tag in tags:
            segment = self.set_table.segments.get(tag)
            if segment is None or source.element > len(segment.elements):
                raise Problem(
                    f"the {self.set_table.name.lower()} has no {tag} with an element {source.element}"
                )
        return DerivedElement(
            number,
            f"{self.address}.{number}",
            table,
            source.derivation,
            source.tag,
            source.element,
            source.other,
        )

    def _value(self, source: FieldSource, table: ElementTable) -> Value:
        shape = self.scope.find(source.path)
        if shape.many or shape.scalar is None:
            raise Problem(f"{shape.name!r} is a {'list' if shape.many else 'record'}; use each or at")
        transforms = self._transforms(source, shape)
        last = transforms[-1]
        if table.kind not in last.elements:
            raise Problem(f"{last.name} does not fit {table.name}, an element of kind {table.kind}")
        self.carried.add(self.scope.below(source.path))
        default = None if source.default is None else _default(source.default, shape, transforms, self.codes)
        return Value(source.path, shape.scalar, transforms, default, source.condition)

    def _transforms(self, source: FieldSource, shape: FieldShape) -> tuple[Transform, ...]:
        found = []
        for name in source.transforms:
            transform = find_transform(name)
            if transform is None:
                raise Problem(f"there is no transform {name!r}; use one of {', '.join(transform_names())}")
            found.append(transform)
        transforms = tuple(found) or (PLAIN_TEXT,)
        if len(transforms) > 1 and not all(isinstance(each, Text) for each in transforms):
            raise Problem("only text, strip and upper can stand together")
        if shape.scalar is not transforms[0].scalar:
            name = SCALARS[shape.scalar or str]
            raise Problem(
                f"{shape.name!r} is a {name}; {transforms[0].name} is for a {SCALARS[transforms[0].scalar]}"
            )
        if isinstance(transforms[0], Code):
            self._check_words(transforms[0], shape)
        return transforms

    def _check_words(self, code: Code, shape: FieldShape) -> None:
        if code.code_list not in self.codes:
            raise Problem(f"there is no code list {code.code_list!r}; the lists are {', '.join(self.codes)}")
        strange = [word for word in self.codes[code.code_list] if shape.words and word not in shape.words]
        if strange:
            raise Problem(
                f"{shape.name!r} has no word {strange[0]!r}; its words are {', '.join(shape.words)}"
            )

    def _pair_value(self, text: Any, table: ElementTable) -> Value:
        source = parse_source(text) if isinstance(text, str) else None
        if not isinstance(source, FieldSource) or source.default is not None:
            raise Problem("a pair, a component or an item of a group takes a field without default")
        return self._value(source, table)

    def _pairs(self, key: Key, source: Mapping[str, Any]) -> PairsElement:
        starts = key.numbers[::2] if key.is_range else key.numbers
        if key.is_range and len(key.numbers) % 2:
            raise Problem("pairs take an even number of elements")
        address = f"{self.address}.{key}"
        pairs: list[Pair] = []
        rest: Path | None = None
        for names, text in source.items():
            if names == "rest":
                rest = self._rest(text)
                continue
            qualifiers, name = pair_names(names)
            if twice := {each for pair in pairs for each in pair.qualifiers} & set(qualifiers):
                raise Problem(f"the qualifier {min(twice)} stands twice")
            value = self._pair_value(text, self.segment.elements[starts[0]])
            pairs.append(Pair(qualifiers, name, f"{address}[{name}]", value))
        return PairsElement(address, starts, self._tables(starts, 2), tuple(pairs), rest)

    def _rest(self, text: Any) -> Path:
        path = parse_path(text) if isinstance(text, str) else ()
        items = self.scope.inner(path, many=True)
        if items.type in SCALARS or tuple(shape_of(items.type)) != ("qualifier", "value"):
            raise Problem(f"rest takes a list of records with qualifier and value, not {text!r}")
        self.carried |= {f"{items.path}/qualifier", f"{items.path}/value"}
        return path

    def _tables(self, starts: Iterable[int], size: int) -> Mapping[int, ElementTable]:
        numbers = (start + offset for start in starts for offset in range(size))
        return MappingProxyType({number: self.segment.elements[number - 1] for number in numbers})

    def _composite(self, number: int, source: Mapping[str, Any]) -> CompositeElement:
        table = self.segment.elements[number - 1]
        address = f"{self.address}.{number}"
        parts: list[FieldElement | ConstantElement] = []
        for text, part in source.items():
            key = parse_key(text)
            if len(key.numbers) > 1 or key.numbers[0] > len(table.components) or not isinstance(part, str):
                raise Problem(f"{table.name} has {len(table.components)} components, not {text}")
            component = table.components[key.numbers[0] - 1]
            constant = parse_source(part)
            if isinstance(constant, ConstantSource) and constant.condition is None:
                parts.append(ConstantElement(key.numbers[0], f"{address}.{text}", constant.text, None))
            else:
                value = self._pair_value(part, component)
                parts.append(FieldElement(key.numbers[0], f"{address}.{text}", component, value))
        return CompositeElement(number, address, table, tuple(parts))

    def _group(self, key: Key, source: Any) -> GroupElement:
        if not isinstance(source, list) or not source or len(key.numbers) % len(source):
            raise Problem("a group takes a list of sources, as many as divide the elements named")
        outer, self.scope = self.scope, self.scope.inner(key.each or (), many=True)
        try:
            starts = key.numbers[:: len(source)]
            tables = self._tables(starts, len(source))
            values = [
                self._pair_value(each, tables[starts[0] + offset]) for offset, each in enumerate(source)
            ]
        finally:
            self.scope = outer
        return GroupElement(
            f"{self.address}.{key}", starts, len(source), tables, key.each or (), tuple(values)
        )

    def _repeat(self, number: int, items: Path, source: Any) -> RepeatElement:
        table = self.segment.elements[number - 1]
        address = f"{self.address}.{number}"
        if table.repeat < 2:
            raise Problem(f"{table.name} may not be repeated in this version of the standard")
        outer, self.scope = self.scope, self.scope.inner(items, many=True)
        try:
            part: FieldElement | CompositeElement
            if isinstance(source, Mapping):
                part = self._composite(number, source)
            else:
                part = FieldElement(number, address, table, self._pair_value(source, table))
        finally:
            self.scope = outer
        return RepeatElement(number, address, table, items, part)

    def _check_conditions(self, rules: list[ElementRule]) -> None:
        fields = {each.number for each in rules if isinstance(each, FieldElement)}
        for each in rules:
            condition = each.condition if isinstance(each, ConstantElement) else None
            if isinstance(each, FieldElement):
                condition = each.value.condition
            if condition is not None and condition not in fields:
                self.problems.append(
                    f"{each.address}: `if {condition}` needs a field in element {condition}."
                )

    def _check_mandatory(self, taken: set[int]) -> None:
        for element in self.segment.elements:
            if element.required and element.number not in taken:
                self.problems.append(
                    f"{self.address}.{element.number}: {element.name} is mandatory and has no source."
                )


def _default(text: str, shape: FieldShape, transforms: tuple[Transform, ...], codes: CodeLists) -> Any:
    first = transforms[0]
    if isinstance(first, Code):
        if text not in codes[first.code_list] and not text.startswith(HELD):
            raise Problem(f"code list {first.code_list} has no entry for the default {text!r}")
        return text
    if shape.scalar is Decimal:
        try:
            return Decimal(text)
        except InvalidOperation as error:
            raise Problem(f"the default {text!r} is no number") from error
    if shape.scalar is not str:
        raise Problem("only texts, codes and numbers can have a default")
    return text


def numbers_of(rule: ElementRule) -> frozenset[int]:
    """The element numbers that a rule knows."""
    if isinstance(rule, PairsElement | GroupElement):
        return frozenset(rule.tables)
    return frozenset({rule.number})


def has_fields(rule: ElementRule) -> bool:
    """Whether the element carries any canonical value."""
    if isinstance(rule, CompositeElement):
        return any(isinstance(part, FieldElement) for part in rule.parts)
    return isinstance(rule, FieldElement | PairsElement | GroupElement | RepeatElement)
