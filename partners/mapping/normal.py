"""The normal form of a document under a guide: what reading gives back of what was written.

It follows what each transform declares to lose, fills defaults, and leaves out what is empty; on everything else it
is the identity. It shares no table and no step with the reader: with a shared one, a broken reader agrees with
itself.
"""

from __future__ import annotations

import dataclasses
import datetime
import re
from collections.abc import Iterator, Mapping
from typing import Any

from integration.documents import Document
from partners.mapping.codes import HELD, CodeLists, merged
from partners.mapping.rules import (
    Body,
    CompositeElement,
    ElementRule,
    FieldElement,
    GroupElement,
    Guide,
    Levels,
    PairsElement,
    Path,
    RepeatElement,
    SegmentRule,
    Value,
)

_Lists = Mapping[str, Mapping[str, str]]


def norm(document: Document, guide: Guide, codes: CodeLists | None = None) -> Document:
    """The normal form; ``codes`` as for writing. Idempotent. Values that cannot be written are left as they are."""
    lists = merged(guide.codes, codes or {})
    draft = _thawed(document)
    _normalise(guide.body, draft, lists)
    made: Document = _frozen(document, draft)
    return made


# Records become mappings for as long as they change, and records again, each of its own type.


def _thawed(value: Any) -> Any:
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        fields = {each.name: _thawed(getattr(value, each.name)) for each in dataclasses.fields(value)}
        return {"": type(value), **fields}
    return [_thawed(each) for each in value] if isinstance(value, tuple | list) else value


def _frozen(original: Any, draft: Any) -> Any:
    fields = {name: _cleaned(value) for name, value in draft.items() if name}
    return type(original)(**fields)


def _cleaned(value: Any) -> Any:
    if isinstance(value, list):
        return tuple(_cleaned_item(each) for each in value)
    if isinstance(value, dict):
        return None if _is_empty(value) else _cleaned_item(value)
    return None if value == "" else value


def _cleaned_item(value: Any) -> Any:
    if isinstance(value, dict):
        return value[""](**{name: _cleaned(each) for name, each in value.items() if name})
    return value


def _is_empty(value: Any) -> bool:
    if isinstance(value, dict):
        return all(_is_empty(each) for name, each in value.items() if name)
    return value is None or value == "" or value == []


# The rules, over the thawed document


def _normalise(body: Body, scope: Any, lists: _Lists) -> None:
    for rule in body.rules:
        if rule.levels is not None:
            _normalise_levels(rule.levels, scope, lists)
        elif rule.lift is not None:
            continue
        elif rule.each is not None:
            _normalise_items(rule, scope, rule.each, lists)
        elif rule.text is not None:
            _change(scope, rule.text, lambda text, rule=rule: _joined(text, rule))
        else:
            target = _at(scope, rule.at or ())
            if target is not None:
                _normalise_elements(rule, target, lists)
                _normalise(rule.body, target, lists)
                _fill_defaults(rule, target, lists)


def _normalise_levels(levels: Levels, document: Any, lists: _Lists) -> None:
    for level in levels.levels.values():
        for record in [document] if level.path is None else _at(document, level.path) or []:
            _normalise(level.rule.body, record, lists)


def _normalise_items(rule: SegmentRule, scope: Any, each: Path, lists: _Lists) -> None:
    items = _at(scope, each)
    if not isinstance(items, list):
        return
    for index, item in enumerate(items):
        if isinstance(item, dict):
            _normalise_elements(rule, item, lists)
            _normalise(rule.body, item, lists)
            _fill_defaults(rule, item, lists)
        else:
            values = [value for element in rule.elements for value in _values(element)]
            items[index] = _normal(item, values[0], lists)


def _normalise_elements(rule: SegmentRule, target: Any, lists: _Lists) -> None:
    for element in rule.elements:
        for value in _values(element):
            _change(target, value.path, lambda held, value=value: _normal(held, value, lists))
        if isinstance(element, PairsElement) and element.rest is not None:
            for item in _at(target, element.rest) or ():
                _change(item, ("qualifier",), _without_trailing_blanks)
                _change(item, ("value",), _without_trailing_blanks)
        if isinstance(element, GroupElement):
            _normalise_list(element.items, element.values, target, lists)
        if isinstance(element, RepeatElement):
            _normalise_list(element.items, tuple(_values(element.part)), target, lists)


def _normalise_list(path: Path, values: tuple[Value, ...], target: Any, lists: _Lists) -> None:
    items = _at(target, path) or []
    for index, item in enumerate(items):
        if isinstance(item, dict):
            for value in values:
                _change(item, value.path, lambda held, value=value: _normal(held, value, lists))
        else:
            items[index] = _normal(item, values[0], lists)


def _fill_defaults(rule: SegmentRule, target: Any, lists: _Lists) -> None:
    emitted = _has_value(rule, target)
    for element in rule.elements:
        if not isinstance(element, FieldElement) or element.value.default is None:
            continue
        value = element.value
        beside = [
            other
            for other in rule.elements
            if isinstance(other, FieldElement) and other.number == value.condition
        ]
        wanted = not any(_is_empty(_at(target, other.value.path)) for other in beside)
        if emitted and wanted and _is_empty(_at(target, value.path)):
            _change(target, value.path, lambda _, value=value: _normal(value.default, value, lists))


def _has_value(rule: SegmentRule, target: Any) -> bool:
    """Whether the rule's segment is written for the target: a field of its own, or its body, has a value."""
    paths = [value.path for element in rule.elements for value in _values(element)]
    for element in rule.elements:
        if isinstance(element, PairsElement) and element.rest is not None:
            paths.append(element.rest)
        if isinstance(element, GroupElement | RepeatElement):
            paths.append(element.items)
    if rule.always or any(not _is_empty(_at(target, path)) for path in paths):
        return True
    return any(_body_has_value(inner, target) for inner in rule.body.rules)


def _body_has_value(rule: SegmentRule, scope: Any) -> bool:
    path = rule.each or rule.text or rule.at
    if path is None:
        return _has_value(rule, scope)
    inner = _at(scope, path)
    return not _is_empty(inner) if rule.at is None else inner is not None and _has_value(rule, inner)


def _values(element: ElementRule) -> Iterator[Value]:
    if isinstance(element, FieldElement):
        yield element.value
    elif isinstance(element, PairsElement):
        yield from (pair.value for pair in element.pairs)
    elif isinstance(element, CompositeElement):
        yield from (part.value for part in element.parts if isinstance(part, FieldElement))


def _at(scope: Any, path: Path) -> Any:
    for name in path:
        scope = scope.get(name) if isinstance(scope, dict) else None
    return scope


def _change(scope: Any, path: Path, change: Any) -> None:
    record = _at(scope, path[:-1])
    if isinstance(record, dict) and path:
        record[path[-1]] = change(record[path[-1]])


# What each transform declares to lose


def _normal(held: Any, value: Value, lists: _Lists) -> Any:
    for transform in value.transforms:
        held = _normal_step(held, transform.name, lists)
    return held


def _normal_step(held: Any, name: str, lists: _Lists) -> Any:
    if isinstance(held, str):
        if name == "upper":
            return held.rstrip(" ").upper()
        if name == "strip":
            return held.strip(" ")
        if name == "sscc":
            text = held.rstrip(" ")
            is_long = len(text) == 20 and text.isascii() and text.isdigit() and text[:2] == "00"
            return text[-18:] if is_long else text
        if name.startswith("code:"):
            return _normal_word(held.rstrip(" "), lists[name.removeprefix("code:")])
        return _without_trailing_blanks(held)
    if isinstance(held, datetime.time) and name == "time4":
        return held.replace(second=0, microsecond=0)
    return held.replace(microsecond=0) if isinstance(held, datetime.time) and name == "time6" else held


def _normal_word(word: str, entries: Mapping[str, str]) -> str:
    code = entries.get(word)
    if code is None and word.startswith(HELD) and word != HELD:
        code = word[len(HELD) :]
    for known, its_code in entries.items():
        if its_code == code:
            return known
    return word


def _without_trailing_blanks(held: Any) -> Any:
    return held.rstrip(" ") if isinstance(held, str) else held


def _joined(held: Any, rule: SegmentRule) -> Any:
    if not isinstance(held, str):
        return held
    join = rule.join.name if rule.join else ""
    if join == "words":
        return re.sub(r"[ \t\r\n]+", " ", held).strip(" ")
    if join == "lines":
        lines = [each.rstrip(" ") for each in held.replace("\r\n", "\n").replace("\r", "\n").split("\n")]
        return "\n".join(each for each in lines if each)
    return held.rstrip(" ")
