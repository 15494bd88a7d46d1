"""The shape of documents as data: their fields, every path, the values that stand in one; to JSON and back."""

from __future__ import annotations

import dataclasses
import datetime
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from types import MappingProxyType, NoneType, UnionType
from typing import Any, Final, get_args, get_origin, get_type_hints

from integration.documents.kinds import KINDS, Document

SCALARS: Final[Mapping[type, str]] = MappingProxyType(
    {str: "text", Decimal: "number", int: "whole number", datetime.date: "date", datetime.time: "time"}
)


class DocumentError(ValueError):
    """A value that is no document of the kind asked for; ``str()`` says where and what to do."""


@dataclass(frozen=True, slots=True)
class FieldShape:
    """One field of a record: a scalar or a record, once or ``many`` times.

    ``words`` is the closed vocabulary of the field, () where it is open; ``meaning`` says it to people, ``unit`` what
    its number counts, ``reference`` as what kind of number it is looked for; ``own_number``: the document goes by it;
    ``link``: the list of the document in which the number names a place, counted from 0.
    """

    name: str
    scalar: type | None
    record: type | None
    many: bool
    words: tuple[str, ...] = ()
    meaning: str = ""
    unit: str = ""
    reference: str = ""
    own_number: bool = False
    link: str = ""


@dataclass(frozen=True, slots=True)
class CatalogueEntry:
    """One value that a document may hold, such as ``lines[]/quantity``, a ``number``."""

    path: str
    type_name: str
    words: tuple[str, ...] = ()
    meaning: str = ""
    unit: str = ""


def kind_of(document: Document) -> str:
    """The kind of a document: ``purchase_order`` for a PurchaseOrder. Raises DocumentError for anything else."""
    for kind, record in KINDS.items():
        if type(document) is record:
            return kind
    raise DocumentError(f"{type(document).__name__} is not a business document; use one of {_listed(KINDS)}.")


_SHAPES: dict[type, Mapping[str, FieldShape]] = {}


def shape_of(record: type) -> Mapping[str, FieldShape]:
    """The fields of a record in their order."""
    if record not in _SHAPES:
        _SHAPES[record] = MappingProxyType(_shapes(record))
    return _SHAPES[record]


def _shapes(record: type) -> dict[str, FieldShape]:
    hints = get_type_hints(record)
    shapes = {}
    for each in dataclasses.fields(record):
        many, inner = _unwrapped(hints[each.name])
        scalar, nested = (inner, None) if inner in SCALARS else (None, inner)
        shapes[each.name] = FieldShape(each.name, scalar, nested, many, **each.metadata)
    return shapes


def _unwrapped(hint: Any) -> tuple[bool, type]:
    if get_origin(hint) is tuple:
        return True, get_args(hint)[0]
    if get_origin(hint) is UnionType:
        return False, next(each for each in get_args(hint) if each is not NoneType)
    return False, hint


def catalogue(kind: str) -> tuple[CatalogueEntry, ...]:
    """Every value that a document of the kind may hold. Raises DocumentError for an unknown kind."""
    return tuple(_catalogue(record_of(kind), ""))


def _catalogue(record: type, prefix: str) -> Iterator[CatalogueEntry]:
    for shape in shape_of(record).values():
        path = f"{prefix}{shape.name}{'[]' if shape.many else ''}"
        if shape.record is not None:
            yield from _catalogue(shape.record, f"{path}/")
        elif shape.scalar is not None:
            yield CatalogueEntry(path, SCALARS[shape.scalar], shape.words, shape.meaning, shape.unit)


def leaves(record: Any, prefix: str = "") -> Iterator[tuple[str, Any]]:
    """Every value that stands in a document, with its path: ``("lines[0]/quantity", Decimal("2"))``.

    None, empty text and empty lists are not values. What is not of its field's type is given as it is.
    """
    for name in shape_of(type(record)):
        value = getattr(record, name)
        items = value if isinstance(value, tuple | list) else (value,)
        for index, item in enumerate(items):
            path = f"{prefix}{name}[{index}]" if isinstance(value, tuple | list) else f"{prefix}{name}"
            if dataclasses.is_dataclass(item):
                yield from leaves(item, f"{path}/")
            elif item is not None and item != "":
                yield path, item


def build(record: type, draft: Mapping[str, Any]) -> Any:
    """A record from nested mappings and sequences whose values already have their types; empty parts are left out.

    The names are those of fields. Records have no slots, so that the class holds the defaults and a record only what is
    said: the constructor of a frozen dataclass sets all of twenty fields one by one, which takes ten times as long.
    """
    made: Any = object.__new__(record)
    held = made.__dict__
    held.update(draft)
    for name, inner, many in _HOLDING.get(record) or _holding(record):
        if name in held:
            value = held[name]
            if not many:
                held[name] = None if value is None or inner is None else build(inner, value)
            else:
                held[name] = tuple(value) if inner is None else tuple([build(inner, each) for each in value])
    return made


_HOLDING: dict[type, tuple[tuple[str, type | None, bool], ...]] = {}


def _holding(record: type) -> tuple[tuple[str, type | None, bool], ...]:
    """The fields of a record that hold records or lists: the name, which record, and whether it is a list."""
    shapes = shape_of(record).items()
    _HOLDING[record] = tuple(
        (name, each.record, each.many) for name, each in shapes if each.many or each.record
    )
    return _HOLDING[record]


def to_json(document: Document) -> dict[str, Any]:
    """The document as JSON types: numbers as text, dates and times in ISO 8601; None and empty lists left out."""
    kind_of(document)
    return _record_to_json(document)


def _record_to_json(record: Any) -> dict[str, Any]:
    made: dict[str, Any] = {}
    for name in shape_of(type(record)):
        value = getattr(record, name)
        if isinstance(value, tuple):
            if value:
                made[name] = [_to_json(each) for each in value]
        elif value is not None:
            made[name] = _to_json(value)
    return made


def _to_json(value: Any) -> Any:
    if dataclasses.is_dataclass(value):
        return _record_to_json(value)
    if isinstance(value, datetime.date | datetime.time):
        return value.isoformat()
    return str(value) if isinstance(value, Decimal) else value


def from_json(kind: str, data: Mapping[str, Any]) -> Document:
    """The document that ``to_json`` made ``data`` of.

    Raises DocumentError for an unknown kind, an unknown field or a value that is not of the field's type.
    """
    document: Document = _record_from_json(record_of(kind), data, "")
    return document


def record_of(kind: str) -> type[Document]:
    """The record of a kind of document. Raises DocumentError for an unknown kind."""
    if kind not in KINDS:
        raise DocumentError(f"There is no document of the kind {kind!r}; use one of {_listed(KINDS)}.")
    return KINDS[kind]


def _record_from_json(record: type, data: object, path: str) -> Any:
    if not isinstance(data, Mapping):
        raise DocumentError(f"{path or 'The document'}: fields expected, got {data!r:.60}.")
    shapes = shape_of(record)
    made: dict[str, Any] = {}
    for name, value in data.items():
        place = f"{path}/{name}".removeprefix("/")
        if name not in shapes:
            raise DocumentError(f"{place}: there is no such field; the fields are {_listed(shapes)}.")
        made[name] = _field_from_json(shapes[name], value, place)
    return record(**made)


def _field_from_json(shape: FieldShape, value: object, place: str) -> Any:
    if not shape.many:
        return None if value is None else _one_from_json(shape, value, place)
    if not isinstance(value, list):
        raise DocumentError(f"{place}: a list expected, got {value!r:.60}.")
    return tuple(_one_from_json(shape, each, f"{place}[{index}]") for index, each in enumerate(value))


def _one_from_json(shape: FieldShape, value: object, place: str) -> Any:
    if shape.record is not None:
        return _record_from_json(shape.record, value, place)
    try:
        return _scalar_from_json(shape.scalar, value)
    except ValueError as error:
        name = SCALARS[shape.scalar or str]
        raise DocumentError(f"{place}: a {name} expected, got {value!r:.60}.") from error


# As str(Decimal) writes finite numbers; Decimal() itself takes blanks, underscores and any script's digits.
_NUMBER = re.compile(r"-?[0-9]+(\.[0-9]+)?(E[+-][0-9]+)?")


def _scalar_from_json(scalar: type | None, value: object) -> Any:
    if scalar is int:
        if isinstance(value, int) and not isinstance(value, bool):
            return value
    elif isinstance(value, str):
        if scalar is str:
            return value
        if scalar is Decimal and _NUMBER.fullmatch(value):
            return Decimal(value)
        if scalar is datetime.date and len(value) == 10:
            return datetime.date.fromisoformat(value)
        if scalar is datetime.time:
            return datetime.time.fromisoformat(value)
    raise ValueError("not of the field's type")


def is_scalar(value: object, scalar: type) -> bool:
    """Whether a value may stand in a field of that type: a datetime is no date, a bool no number."""
    if scalar is datetime.date:
        return isinstance(value, datetime.date) and not isinstance(value, datetime.datetime)
    return isinstance(value, scalar) and not isinstance(value, bool)


def _listed(names: Mapping[str, object]) -> str:
    return ", ".join(names)
