"""A guide as compiled: rules that writer, reader and normal form interpret.

Every rule has an address without ordinals (``PO1/ACK.2``, ``N1[ST]/N4.2``, ``REF[*].2``), unique within the guide;
override rows will name rules by it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from integration.x12.tables import ElementTable, LoopTable, SegmentTable, SetTable
from partners.mapping.codes import CodeLists
from partners.mapping.joins import Join
from partners.mapping.transforms import Transform

Path = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Value:
    """A canonical field and how it is written; the path ``()`` is the list item itself.

    ``default`` is canonical, and fills the element of an emitted segment, only beside a filled element
    ``condition`` where that is given.
    """

    path: Path
    scalar: type
    transforms: tuple[Transform, ...]
    default: Any = None
    condition: int | None = None


@dataclass(frozen=True, slots=True)
class FieldElement:
    """One field in one element (or component)."""

    number: int
    address: str
    table: ElementTable
    value: Value


@dataclass(frozen=True, slots=True)
class QualifierElement:
    """``=Q,Q2``: the first is written; all are read, and a segment with another one is not the rule's."""

    number: int
    address: str
    codes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ConstantElement:
    """``~C if n``: written, reported where it differs, never a filter."""

    number: int
    address: str
    text: str
    condition: int | None


@dataclass(frozen=True, slots=True)
class DerivedElement:
    """``#count TAG`` or ``#sum TAG.n`` over the whole set: written last, compared when read. ``#structure`` is the code
    of the structure that is written; ``tag`` is then empty. ``#count HL or LIN`` writes the first and takes either when
    read, since partners differ in what they count."""

    number: int
    address: str
    table: ElementTable
    derivation: Literal["count", "sum", "structure"]
    tag: str
    element: int
    other: str = ""


@dataclass(frozen=True, slots=True)
class CompositeElement:
    """An element of components; the numbers of its parts are component numbers."""

    number: int
    address: str
    table: ElementTable
    parts: tuple[FieldElement | ConstantElement, ...]


@dataclass(frozen=True, slots=True)
class Pair:
    """A field that stands as qualifier and value; the first qualifier is written, all are read. ``name`` is the base's
    qualifier, which a partner's own does not change."""

    qualifiers: tuple[str, ...]
    name: str
    address: str
    value: Value


@dataclass(frozen=True, slots=True)
class PairsElement:
    """Qualifier and value in any of several places; ``starts`` are the qualifiers' element numbers.

    ``rest`` is a list of records with ``qualifier`` and ``value`` for pairs without a field.
    """

    address: str
    starts: tuple[int, ...]
    tables: Mapping[int, ElementTable]
    pairs: tuple[Pair, ...]
    rest: Path | None


@dataclass(frozen=True, slots=True)
class GroupElement:
    """``"3..22 each stores"``: a list over groups of elements, then over further segments of the same tag."""

    address: str
    starts: tuple[int, ...]
    size: int
    tables: Mapping[int, ElementTable]
    items: Path
    values: tuple[Value, ...]


@dataclass(frozen=True, slots=True)
class RepeatElement:
    """``1 repeat contexts``: a list in one element, one item behind the other with the repetition separator between
    them (from 005010 on). ``part`` is how an item is written."""

    number: int
    address: str
    table: ElementTable
    items: Path
    part: FieldElement | CompositeElement


ElementRule = (
    FieldElement
    | QualifierElement
    | ConstantElement
    | DerivedElement
    | CompositeElement
    | PairsElement
    | GroupElement
    | RepeatElement
)


@dataclass(frozen=True, slots=True, eq=False)
class SegmentRule:
    """One entry of a guide: a segment, or a loop with its trigger.

    At most one of ``each`` (a list, an occurrence per item), ``at`` (a record), ``text`` (one text over several
    segments, cut and joined by ``join``) and ``group`` (an element rule that may go on in further segments).
    ``always``: written without any value, which is what is computed (CTT), and what holds constants alone.
    ``numbers`` are the elements that the rule knows; ``must`` (elements) and ``must_pairs`` (names) those without
    which the segment is not written.
    ``lift``: the rule's fields are of the entry of another level that the record is linked to, written here where the
    structure has no such level. ``levels``: the rule stands for all HL loops.
    ``member`` is the segment's or loop's index in the table of the loop around; ``filters`` are the element numbers
    that choose the rule, with the codes that they take.
    """

    tag: str
    address: str
    member: int
    opens_loop: bool
    table: SegmentTable
    elements: tuple[ElementRule, ...]
    numbers: frozenset[int]
    filters: Mapping[int, frozenset[str]]
    body: Body
    always: bool
    each: Path | None = None
    at: Path | None = None
    text: Path | None = None
    join: Join | None = None
    group: GroupElement | None = None
    required: bool = False
    maximum: int | None = None
    must: frozenset[int] = frozenset()
    must_pairs: frozenset[str] = frozenset()
    lift: str | None = None
    levels: Levels | None = None

    def inner_scope(self, scope: str) -> str:
        """Where the rule's fields are, given where the rule is: ``lines[]`` for a rule with ``each: lines``."""
        return shown(scope, self.each) + "[]" if self.each else shown(scope, self.at or ())

    @property
    def repeats(self) -> bool:
        """Whether one loop may hold the rule's segment more than once."""
        return self.each is not None or self.text is not None or self.group is not None

    def takes(self, elements: Sequence[str]) -> bool:
        """Whether a segment with these elements is the rule's own, by its qualifiers."""
        for number, codes in self.filters.items():
            if (elements[number - 1].rstrip(" ") if number <= len(elements) else "") not in codes:
                return False
        return True


@dataclass(frozen=True, slots=True, eq=False)
class Body:
    """The rules of one loop: ``rules`` in the order of the wire, ``by_tag`` in the order in which they are tried.

    ``loop`` is the loop's table; None where the segment opens none.
    """

    rules: tuple[SegmentRule, ...]
    by_tag: Mapping[str, tuple[SegmentRule, ...]]
    loop: LoopTable | None

    def find(self, tag: str, elements: Sequence[str]) -> SegmentRule | None:
        """The rule that reads such a segment: most qualifiers first, then as the guide lists them."""
        for rule in self.by_tag.get(tag, ()):
            if rule.takes(elements):
                return rule
        return None

    def lifted(self) -> frozenset[str]:
        """The levels whose entries are told in the loop."""
        return frozenset(rule.lift for rule in _all_rules(self) if rule.lift is not None)


@dataclass(frozen=True, slots=True, eq=False)
class Level:
    """One level of HL loops, such as the items.

    ``path`` is the list whose entries stand there, None for the outermost, which is about the document itself. ``key`` is
    the field by which an entry told twice is known again; ``links`` the fields that name entries of other levels, by
    level. ``rule`` is the HL loop with the level's body; ``lifted`` are the levels whose entries it can tell.
    """

    code: str
    path: Path | None
    key: str | None
    links: Mapping[str, str]
    rule: SegmentRule
    lifted: frozenset[str]

    def key_value(self) -> Value | None:
        """How the key is written."""
        wanted = (self.key,)
        found = (
            each.value
            for rule in self.rule.body.rules
            if not (rule.each or rule.at or rule.lift)
            for each in rule.elements
            if isinstance(each, FieldElement) and each.value.path == wanted
        )
        return next(found, None)


@dataclass(frozen=True, slots=True)
class Structure:
    """An order in which levels are nested, outermost first; ``code`` is what the standard calls it (element 1005)."""

    name: str
    code: str
    levels: tuple[str, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Levels:
    """All levels and structures that the guide reads; ``structure`` is the one that it writes."""

    levels: Mapping[str, Level]
    structures: Mapping[str, Structure]
    structure: Structure

    def lifted_in_structure(self) -> frozenset[str]:
        """The levels that the structure lacks and whose entries are told inside others."""
        codes = self.structure.levels
        return frozenset[str]().union(*(self.levels[each].lifted for each in codes)) - set(codes)

    def is_innermost(self, code: str) -> bool:
        """Whether a level names others and is named by none: the items, which all links start from."""
        return not any(code in each.links for each in self.levels.values())


@dataclass(frozen=True, slots=True, eq=False)
class Guide:
    """One transaction set of one version, both ways.

    ``document`` is the kind of canonical document, ``record`` its type; ``carried`` the paths that the guide has a
    place for, as ``lines[]/quantity``. ``missing_code``: ``hold`` reads a code without entry as ``?ZZ``, ``error``
    leaves the field out.
    """

    transaction_set: str
    version: str
    group: str
    document: str
    record: type
    missing_code: Literal["hold", "error"]
    codes: CodeLists
    table: SetTable
    body: Body
    carried: frozenset[str]

    def rules(self) -> Iterator[SegmentRule]:
        """All rules, a loop's own before those in it, in the order of the wire."""
        yield from _all_rules(self.body)

    def scoped_rules(self) -> Iterator[tuple[SegmentRule, str]]:
        """All rules, each with the path, as the catalogue writes it, of the record that it is about."""
        yield from _scoped_rules(self.body, "")

    @property
    def levels(self) -> Levels | None:
        """The HL levels, where the guide has them."""
        return next((rule.levels for rule in self.body.rules if rule.levels), None)

    def addresses(self) -> tuple[str, ...]:
        """The addresses of all segments, elements, components and pairs, each once."""
        found: list[str] = []
        for rule in self.rules():
            found.append(rule.address)
            for element in rule.elements:
                found.append(element.address)
                if isinstance(element, CompositeElement):
                    found.extend(part.address for part in element.parts)
                if isinstance(element, PairsElement):
                    found.extend(pair.address for pair in element.pairs)
        return tuple(found)


def _all_rules(body: Body) -> Iterator[SegmentRule]:
    for rule in body.rules:
        if rule.levels is None:
            yield rule
            yield from _all_rules(rule.body)
        else:
            for level in rule.levels.levels.values():
                yield level.rule
                yield from _all_rules(level.rule.body)


def _scoped_rules(body: Body, scope: str, levels: Levels | None = None) -> Iterator[tuple[SegmentRule, str]]:
    for rule in body.rules:
        if rule.levels is not None:
            for level in rule.levels.levels.values():
                yield level.rule, ""
                yield from _scoped_rules(level.rule.body, _records(level), rule.levels)
            continue
        own = _records(levels.levels[rule.lift]) if rule.lift and levels else scope
        yield rule, own
        yield from _scoped_rules(rule.body, rule.inner_scope(own), levels)


def _records(level: Level) -> str:
    return f"{level.path[0]}[]" if level.path else ""


def shown(base: str, path: Path) -> str:
    """A path below a base as reports show it: ``lines[0]`` and ``("substitute", "upc")``."""
    return "/".join((base, *path) if base else path)
