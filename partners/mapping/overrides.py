"""A partner's few differences from a base guide: rows that name an address of the base and what to do there.

Rows are applied to the base's tree, which is then compiled like any guide, so that whatever is wrong with a guide is
refused here as well, with the row that made it. Addresses are those of the base (``PO1/ACK.2``, ``N1[ST]/N4.2``,
``REF[2I]``): they carry no ordinals, so that a base may grow under them, and they outlive a changed qualifier. Fragments
are copied to each place that uses them first, so that ``N1[ST]/N4`` and ``N1[SF]/N4`` can differ.

Two addresses name no segment: ``structure``, the HL structure that is written, and ``missing_code``.
"""

from __future__ import annotations

import copy
import difflib
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from types import MappingProxyType
from typing import Any, Final

from partners.mapping.compiler import OPTIONS, compile_tree, own_address
from partners.mapping.rules import CompositeElement, FieldElement, Guide, PairsElement, SegmentRule
from partners.mapping.sources import GuideError, Key, pair_names, parse_guide, parse_key

OPERATIONS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "source": "Take another field, or the same with other transforms",
        "constant": "Always write this text",
        "clear": "Leave this element empty and unread",
        "qualifier": "Use another qualifier or product code",
        "drop": "Leave this segment, with all in it, out",
        "required": "Refuse to write without this",
        "add": "Add a segment below, an element, or a pair",
    }
)
# What YAML takes as text without quotes, in a list or mapping on one line.
_PLAIN: Final = re.compile(r"[^\s,\[\]{}#&*!|>'\"%@`:?-]((?!: | #)[^,\[\]{}])*(?<![\s:])")
# What is not shown of an entry: its body has addresses of its own, and an id is pinned by ourselves.
_UNSAID: Final = ("body", "id")
SETTINGS: Final = ("structure", "missing_code")


@dataclass(frozen=True, slots=True)
class Override:
    """One row. ``address`` is of the base, "" for its outermost level.

    ``value``: a source (``buyer_item | upper``) for source, a text for constant, codes (``TN`` or ``TN,2I``) for
    qualifier, YAML (``{REF: {1: =ZZ, 2: project}}``, ``{7: contract}``, ``{SK: sku}``) for add; else "". ``was`` is what
    the base said there when the row was made (``said``); "" is not compared.
    """

    operation: str
    address: str
    value: str = ""
    was: str = ""


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why the row at ``index`` (from 0) cannot hold."""

    index: int
    sentence: str


class OverrideError(ValueError):
    """Rows that cannot be applied to their base; every one of them is among ``refusals``."""

    def __init__(self, refusals: Sequence[Refusal]) -> None:
        self.refusals = tuple(refusals)
        super().__init__("\n".join(f"Row {each.index + 1}: {each.sentence}" for each in refusals))


@dataclass(frozen=True, slots=True)
class Place:
    """Something that a row can name: what the base says there, the canonical field it fills as the document's
    catalogue names it ("" where none), and the standard's name of the segment or element."""

    address: str
    text: str
    field: str
    name: str


def apply_overrides(base: str, overrides: Sequence[Override]) -> Guide:
    """The guide that a base's YAML text and a partner's rows make, in their order.

    Raises GuideError where the base itself is wrong, OverrideError where rows are.
    """
    pristine = _Tree(base)
    spots = pristine.spots()
    tree = _Tree(base)
    refusals = [
        Refusal(index, sentence)
        for index, row in enumerate(overrides)
        if (sentence := _misfit(row, spots, pristine.bodies) or tree.apply(row))
    ]
    if refusals:
        raise OverrideError(refusals)
    try:
        return compile_tree(tree.parts)
    except GuideError as error:
        raise OverrideError(_blame(base, overrides, error)) from error


def said(base: str, address: str) -> str:
    """What the base's YAML text says at an address; "" where it has none."""
    found = _Tree(base).find(address)
    return "" if found is None else found.text


def places(base: str) -> tuple[Place, ...]:
    """Everything in the base that a row can name, in the base's order, settings first."""
    tree = _Tree(base)
    names = {address: (name, field) for address, name, field in _named(compile_tree(tree.parts))}
    return tuple(
        Place(address, spot.text, names[address][1], names[address][0])
        if address in names
        else Place(address, spot.text, "", address.replace("_", " "))
        for address, spot in tree.spots().items()
    )


# The tree of a base, every fragment copied into its places and every entry's address pinned


@dataclass(frozen=True, slots=True)
class _Spot:
    """One thing in the tree: an entry of ``holder`` (a list), or ``holder[key]`` (a mapping)."""

    kind: str  # setting, entry, element, pairs, pair, part
    holder: Any
    key: Any
    entry: dict[str, Any]

    @property
    def text(self) -> str:
        if self.kind == "entry":
            return _flow({name: value for name, value in self.entry.items() if name not in _UNSAID})
        value = self.holder.get(self.key, "")
        return value if isinstance(value, str) else _flow(value)


@lru_cache(maxsize=64)
def _parsed(base: str) -> dict[str, Any]:
    """The tree of a base's text, to be copied: reading YAML takes most of the time of a row."""
    tree = parse_guide(base)
    compile_tree(tree)
    return tree


class _Tree:
    def __init__(self, base: str) -> None:
        self.parts = copy.deepcopy(_parsed(base))
        # What rows added: nothing in it has an address of the base.
        self.added: list[dict[str, Any]] = []
        # They stay for what a row adds, whose body may be a fragment's name.
        self.fragments: Mapping[str, Any] = self.parts.get("fragments", {})
        self.bodies: dict[str, list[Any]] = {"": self.parts.setdefault("body", [])}
        for name, level in self.parts.get("levels", {}).items():
            self.bodies[f"HL[{name}]"] = level.setdefault("body", [])
        for prefix, body in self.bodies.items():
            self._pin(body, prefix)

    def _pin(self, body: list[Any], prefix: str) -> None:
        for entry in body:
            own = own_address(entry)
            if entry.get("id") is None and own != _tag(entry):
                entry["id"] = own
            inner = entry.get("body")
            if isinstance(inner, str):
                entry["body"] = inner = copy.deepcopy(self.fragments.get(inner, inner))
            if isinstance(inner, list):
                self._pin(inner, _below(prefix, own))

    def spots(self) -> dict[str, _Spot]:
        """Every spot by its address."""
        found: dict[str, _Spot] = {
            name: _Spot("setting", self.parts, name, {}) for name in SETTINGS if name in self.parts
        }
        for prefix, body in self.bodies.items():
            found.update(_spots(body, prefix, self.added))
        return found

    def find(self, address: str) -> _Spot | None:
        return self.spots().get(address)

    def apply(self, row: Override) -> str:
        """Changes the tree; returns why it cannot, else ""."""
        if row.operation == "add":
            return self._add(row)
        spot = self.find(row.address)
        if spot is None:
            return f"An earlier row has removed {row.address}; remove one of the two rows."
        return _CHANGES[row.operation](spot, row.value.strip())

    def _add(self, row: Override) -> str:
        try:
            added = parse_guide(row.value)
        except GuideError as error:
            return (
                f"{' '.join(error.problems)} Write it as {{REF: {{1: =ZZ, 2: project}}}} or {{7: contract}}."
            )
        entry = any(isinstance(value, dict) and _is_tag(name) for name, value in added.items())
        body = self._body_at(row.address) if entry else None
        if body is not None:
            if not isinstance(added.get(_tag(added)), dict):
                return f"{_tag(added)!r} is no option; the options are {', '.join(OPTIONS)}."
            body.append(added)
            self.added.append(added)
            return ""
        spot = self.find(row.address)
        if entry or spot is None or spot.kind not in ("entry", "pairs"):
            return f"Nothing can be added at {row.address or 'the outermost level'}; name a segment, a loop or its pairs."
        elements = spot.entry[_tag(spot.entry)] if spot.kind == "entry" else spot.holder[spot.key]
        if twice := sorted(set(added) & set(elements)):
            return f"{row.address} has {twice[0]} already; change that with a row of its own."
        # What is left over takes everything: it stays the last.
        rest = elements.pop("rest", None)
        elements.update(added)
        if rest is not None:
            elements["rest"] = rest
        return ""

    def _body_at(self, address: str) -> list[Any] | None:
        if (outer := self.bodies.get(address)) is not None:
            return outer
        spot = self.find(address)
        if spot is None or spot.kind != "entry":
            return None
        inner: list[Any] = spot.entry.setdefault("body", [])
        return inner


def _spots(body: list[Any], prefix: str, added: Sequence[dict[str, Any]]) -> Iterator[tuple[str, _Spot]]:
    """The spots in a body; entries that rows added have no address of the base, whatever stands in them."""
    for entry in body:
        if any(entry is each for each in added):
            continue
        address = _below(prefix, own_address(entry))
        yield address, _Spot("entry", body, None, entry)
        elements = entry[_tag(entry)]
        for text, source in elements.items():
            yield from _element_spots(f"{address}.{_shown(text)}", elements, text, source, entry)
        if isinstance(entry.get("body"), list):
            yield from _spots(entry["body"], address, added)


def _element_spots(
    address: str, elements: dict[str, Any], text: str, source: Any, entry: dict[str, Any]
) -> Iterator[tuple[str, _Spot]]:
    key = _key(text)
    several = key is not None and (key.is_range or len(key.numbers) > 1)
    if not isinstance(source, dict):
        yield address, _Spot("element", elements, text, entry)
        return
    yield address, _Spot("pairs" if several else "element", elements, text, entry)
    for name in source:
        if several and name != "rest":
            yield f"{address}[{pair_names(name)[1]}]", _Spot("pair", source, name, entry)
        elif not several:
            yield f"{address}.{name}", _Spot("part", source, name, entry)


# What each operation changes


def _set_source(spot: _Spot, value: str) -> str:
    if not value:
        return "Write the field that shall stand there."
    spot.holder[spot.key] = _value(value)
    return ""


def _set_constant(spot: _Spot, value: str) -> str:
    if not value:
        return "Write the text that shall always stand there; to leave the element empty use clear."
    spot.holder[spot.key] = f"~{value}"
    return ""


def _clear(spot: _Spot, value: str) -> str:
    del spot.holder[spot.key]
    if not spot.entry[_tag(spot.entry)]:
        return "Nothing would be left of the segment; drop it instead."
    return ""


def _set_qualifier(spot: _Spot, value: str) -> str:
    codes = ",".join(each.strip() for each in value.split(",") if each.strip())
    if not codes:
        return "Write the qualifier; several are parted by commas, the first is written and all are read."
    if spot.kind == "pair":
        _rename(spot.holder, spot.key, f"{codes} as {pair_names(spot.key)[1]}")
        return ""
    elements = spot.entry[_tag(spot.entry)]
    qualifying = [
        name for name, source in elements.items() if isinstance(source, str) and source.startswith("=")
    ]
    if spot.kind == "element":
        qualifying = [each for each in qualifying if each == spot.key]
    if len(qualifying) != 1:
        return "This place has no qualifier of its own, or more than one; name the element."
    elements[qualifying[0]] = f"={codes}"
    return ""


def _drop(spot: _Spot, value: str) -> str:
    spot.holder.remove(spot.entry)
    return ""


def _require(spot: _Spot, value: str) -> str:
    if spot.kind == "entry":
        spot.entry["required"] = "true"
        return ""
    wanted = pair_names(spot.key)[1] if spot.kind == "pair" else spot.key
    earlier = spot.entry.get("require")
    spot.entry["require"] = f"{earlier},{wanted}" if earlier else wanted
    return ""


_CHANGES: Final[Mapping[str, Callable[[_Spot, str], str]]] = {
    "source": _set_source,
    "constant": _set_constant,
    "clear": _clear,
    "qualifier": _set_qualifier,
    "drop": _drop,
    "required": _require,
}
_KINDS: Final[Mapping[str, tuple[str, ...]]] = {
    "source": ("element", "pairs", "pair", "part", "setting"),
    "constant": ("element", "part"),
    "clear": ("element", "pairs", "pair", "part"),
    "qualifier": ("entry", "element", "pair"),
    "drop": ("entry",),
    "required": ("entry", "element", "pair"),
    "add": ("entry", "pairs"),
}


def _misfit(row: Override, spots: Mapping[str, _Spot], bodies: Mapping[str, list[Any]]) -> str:
    """Why a row does not fit the base whose spots and outermost bodies these are, else ""."""
    if row.operation not in OPERATIONS:
        return f"There is no operation {row.operation!r}; use one of {', '.join(OPERATIONS)}."
    if row.operation == "add" and row.address in bodies:
        return ""
    spot = spots.get(row.address)
    if spot is None:
        near = difflib.get_close_matches(row.address, spots, n=3, cutoff=0.5)
        hint = f"near it are {', '.join(near)}" if near else "choose one from the list"
        return f"The base guide has no {row.address!r}; {hint}."
    if spot.kind not in _KINDS[row.operation]:
        possible = [name for name, kinds in _KINDS.items() if spot.kind in kinds]
        return f"{row.operation} does not go with {row.address}; use {' or '.join(possible)}."
    if row.was and row.was != spot.text:
        return (
            f"The base guide now says {spot.text!r} at {row.address}, and said {row.was!r} when this row was made;"
            " look again, and make the row anew."
        )
    return ""


def _blame(base: str, overrides: Sequence[Override], error: GuideError) -> list[Refusal]:
    """The rows that make the guide wrong: the first without which it would not be so, and what it says then."""
    tree = _Tree(base)
    before: set[str] = set()
    refusals: list[Refusal] = []
    for index, row in enumerate(overrides):
        tree.apply(row)
        problems = _problems(tree)
        refusals.extend(Refusal(index, each) for each in problems if each not in before)
        before = set(problems)
    last = set(error.problems)
    standing = [each for each in refusals if each.sentence in last]
    return standing or [Refusal(len(overrides) - 1, each) for each in error.problems]


def _problems(tree: _Tree) -> tuple[str, ...]:
    try:
        compile_tree(copy.deepcopy(tree.parts))
    except GuideError as error:
        return error.problems
    return ()


# The names of the places of a compiled guide


def _named(guide: Guide) -> Iterator[tuple[str, str, str]]:
    for rule, scope in guide.scoped_rules():
        yield rule.address, rule.table.name, _joined(scope, rule.each or rule.at or rule.text or ())
        yield from _named_elements(rule, scope)


def _named_elements(rule: SegmentRule, outer: str) -> Iterator[tuple[str, str, str]]:
    scope = _joined(outer, rule.text) if rule.text else rule.inner_scope(outer)
    for element in rule.elements:
        if isinstance(element, PairsElement):
            yield element.address, "qualifiers and values", ""
            for pair in element.pairs:
                name = element.tables[element.starts[0] + 1].name
                yield pair.address, name, _joined(scope, pair.value.path)
            continue
        number = getattr(element, "number", None)
        name = rule.table.elements[number - 1].name if number else "repeated values"
        field = _joined(scope, element.value.path) if isinstance(element, FieldElement) else ""
        yield element.address, name, field
        if isinstance(element, CompositeElement):
            for part in element.parts:
                component = element.table.components[part.number - 1].name
                inner = _joined(scope, part.value.path) if isinstance(part, FieldElement) else ""
                yield part.address, component, inner


def _joined(scope: str, path: Sequence[str]) -> str:
    return "/".join(each for each in (scope, *path) if each)


# Small things about entries


def _tag(entry: Mapping[str, Any]) -> str:
    return next((name for name in entry if name not in OPTIONS), "")


def _is_tag(name: str) -> bool:
    return name[:1].isalpha() and name.isupper() and 2 <= len(name) <= 3 and name not in OPTIONS


def _below(prefix: str, own: str) -> str:
    return f"{prefix}/{own}".removeprefix("/")


def _key(text: str) -> Key | None:
    try:
        return parse_key(text)
    except ValueError:
        return None


def _shown(text: str) -> str:
    return str(_key(text) or text)


def _rename(mapping: dict[str, Any], old: str, new: str) -> None:
    """Rename a key and keep its place: pairs are written in their order."""
    items = [(new if name == old else name, value) for name, value in mapping.items()]
    mapping.clear()
    mapping.update(items)


def _value(text: str) -> Any:
    """A source, or several as YAML where it is written so."""
    if not text.startswith(("{", "[")):
        return text
    try:
        tree = parse_guide(f"{{_: {text}}}")
    except GuideError:
        return text
    # A bracket too many would hide what stands behind it.
    return tree["_"] if len(tree) == 1 else text


def _flow(value: Any) -> str:
    """Part of a tree as YAML on one line, as the shipped guides are written: ``{1: =CO, 2: contract}``."""
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{_flow(name)}: {_flow(each)}" for name, each in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(_flow, value)) + "]"
    text = str(value)
    return text if _PLAIN.fullmatch(text) else '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'
