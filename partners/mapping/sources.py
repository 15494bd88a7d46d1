"""The guide's text: YAML whose every scalar is text, and the small grammar of keys and sources."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Literal

import yaml


class GuideError(ValueError):
    """A guide that cannot be used; ``problems`` are sentences, each naming its address."""

    def __init__(self, problems: Iterable[str]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(self.problems))


# Far deeper than any guide; composing YAML is recursive.
_DEEPEST = 40


class _TextLoader(yaml.BaseLoader):
    """YAML without types: 010, ON and 2026-01-31 stay what they are. A repeated key is an error, and so is an alias,
    which can make a short text endless."""

    depth = 0

    def compose_node(self, parent: yaml.Node | None, index: Any) -> yaml.Node | None:
        line = self.peek_event().start_mark.line + 1  # type: ignore[no-untyped-call]
        if self.check_event(yaml.AliasEvent):
            raise GuideError([f"Line {line}: an alias is not read; write it out, or use a fragment."])
        if self.depth == _DEEPEST:
            raise GuideError([f"Line {line}: more than {_DEEPEST} levels inside each other; write fewer."])
        self.depth += 1
        try:
            return super().compose_node(parent, index)
        finally:
            self.depth -= 1

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        made: dict[Any, Any] = {}
        for key_node, value_node in node.value:
            key = self.construct_object(key_node, deep=True)
            line = key_node.start_mark.line + 1
            if not isinstance(key, str):
                raise GuideError([f"Line {line}: a key must be text."])
            if key in made:
                raise GuideError([f"Line {line}: the key {key!r} stands twice; remove or rename one."])
            made[key] = self.construct_object(value_node, deep=True)
        return made


def parse_guide(text: str) -> dict[str, Any]:
    """The guide's tree of mappings, lists and texts. Raises GuideError."""
    try:
        # Made inside: a character that YAML forbids is refused already here.
        loader = _TextLoader(text)
        tree = loader.get_single_data()
    except yaml.YAMLError as error:
        raise GuideError([f"The guide is not readable YAML: {' '.join(str(error).split())}."]) from error
    if not isinstance(tree, dict):
        raise GuideError(["The guide is empty: it starts with transaction_set, version, group and document."])
    return tree


@dataclass(frozen=True, slots=True)
class FieldSource:
    """``contact.name | upper default X if 4``; the path ``()`` is ``.``, the list item itself."""

    path: tuple[str, ...]
    transforms: tuple[str, ...]
    default: str | None
    condition: int | None


@dataclass(frozen=True, slots=True)
class QualifierSource:
    """``=Q,Q2``"""

    codes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ConstantSource:
    """``~C if 3``"""

    text: str
    condition: int | None


@dataclass(frozen=True, slots=True)
class DerivedSource:
    """``#count PO1``, ``#count HL or LIN``, ``#sum PO1.2``, ``#structure``"""

    derivation: Literal["count", "sum", "structure"]
    tag: str
    element: int
    other: str = ""


Source = FieldSource | QualifierSource | ConstantSource | DerivedSource

_FIELD = re.compile(
    r"(?P<path>\.|[a-z]\w*(?:\.[a-z]\w*)*)"
    r"(?P<transforms>(?: *\| *[a-z]\w*(?::\w+)?)*)"
    r"(?: +default +(?P<default>\S+))?"
    r"(?: +if +(?P<condition>[0-9]+))?",
    re.ASCII,
)
_CONSTANT = re.compile(r"~(?P<text>\S.*?)(?: +if +(?P<condition>[0-9]+))?")
_QUALIFIER = re.compile(r"=(?P<codes>[^\s,]+(?: *, *[^\s,]+)*)")
_COUNT = re.compile(r"#count +(?P<tag>[A-Z][A-Z0-9]{1,2})(?: +or +(?P<other>[A-Z][A-Z0-9]{1,2}))?")
_SUM = re.compile(r"#sum +(?P<tag>[A-Z][A-Z0-9]{1,2})\.(?P<element>[0-9]+)")


def parse_source(text: str) -> Source:
    """What fills one element. Raises ValueError with what is wrong."""
    if match := _QUALIFIER.fullmatch(text):
        return QualifierSource(tuple(each.strip() for each in match["codes"].split(",")))
    if match := _CONSTANT.fullmatch(text):
        return ConstantSource(match["text"], _number(match["condition"]))
    if match := _COUNT.fullmatch(text):
        return DerivedSource("count", match["tag"], 0, match["other"] or "")
    if match := _SUM.fullmatch(text):
        return DerivedSource("sum", match["tag"], int(match["element"]))
    if text == "#structure":
        return DerivedSource("structure", "", 0)
    if match := _FIELD.fullmatch(text):
        if match["condition"] and match["default"] is None:
            raise ValueError(f"`if` needs a default before it in {text!r}")
        transforms = tuple(each.strip() for each in match["transforms"].split("|") if each.strip())
        return FieldSource(
            parse_path(match["path"]), transforms, match["default"], _number(match["condition"])
        )
    raise ValueError(
        f"{text!r} is no source; write `field | transform`, `=QUALIFIER`, `~CONSTANT`, `#count TAG`, `#sum TAG.n` or `#structure`"
    )


def pair_names(text: str) -> tuple[tuple[str, ...], str]:
    """The qualifiers of one pair, the first of which is written, and the name that its address has.

    ``VN,VP`` is named VN; ``PI as VN`` keeps the name that a base guide gave it.
    """
    codes, _, name = text.partition(" as ")
    qualifiers = tuple(each.strip() for each in codes.split(","))
    return qualifiers, name.strip() or qualifiers[0]


def parse_path(text: str) -> tuple[str, ...]:
    """``contact.name`` in parts; ``.`` is the list item itself, ``()``."""
    return () if text == "." else tuple(text.split("."))


def _number(text: str | None) -> int | None:
    return None if text is None else int(text)


@dataclass(frozen=True, slots=True)
class Key:
    """The places that one key of a segment names: element numbers, and the list that ``each`` or ``repeat`` goes over."""

    numbers: tuple[int, ...]
    is_range: bool
    each: tuple[str, ...] | None
    repeat: tuple[str, ...] | None = None

    def __str__(self) -> str:
        first, last = self.numbers[0], self.numbers[-1]
        return str(first) if len(self.numbers) == 1 and not self.is_range else f"{first}..{last}"


_ONE = re.compile(r"[1-9][0-9]*")
_RANGE = re.compile(r"([1-9][0-9]*)\.\.([1-9][0-9]*)(?: +each +(\S+))?")
_REPEAT = re.compile(r"([1-9][0-9]*) +repeat +(\S+)")
_LIST = re.compile(r"[1-9][0-9]*(?: *, *[1-9][0-9]*)+")


def parse_key(text: str) -> Key:
    """``4``, ``6..25``, ``1,8,10``, ``3..22 each stores`` or ``1 repeat contexts``. Raises ValueError with what is
    wrong."""
    if _ONE.fullmatch(text):
        return Key((int(text),), False, None)
    if match := _REPEAT.fullmatch(text):
        return Key((int(match[1]),), False, None, parse_path(match[2]))
    if match := _RANGE.fullmatch(text):
        first, last = int(match[1]), int(match[2])
        if first <= last <= 99:
            return Key(tuple(range(first, last + 1)), True, parse_path(match[3]) if match[3] else None)
    if _LIST.fullmatch(text):
        return Key(tuple(int(each) for each in text.split(",")), False, None)
    raise ValueError(f"{text!r} names no element; write 4, 6..25, 1,8,10, 1..2 each FIELD or 1 repeat FIELD")
