"""JSON Schema (draft 2020-12) of what ``to_json`` writes and ``from_json`` reads, from the records themselves.

Numbers are text, as in the JSON of documents: 4.50 keeps its zero, and no reader rounds it. A field with a closed
vocabulary takes its words, or ``?`` and a code that has no word yet.
"""

from __future__ import annotations

import datetime
from decimal import Decimal
from typing import Any, Final

from integration.documents.shapes import FieldShape, record_of, shape_of

DIALECT: Final = "https://json-schema.org/draft/2020-12/schema"
HELD_CODE: Final = r"^\?.+"
NUMBER: Final = r"^-?[0-9]+(\.[0-9]+)?(E[+-][0-9]+)?$"
# No "format": that of a time asks for a zone, and a document says the time where its sender is.
TIME: Final = r"^[0-9]{2}:[0-9]{2}(:[0-9]{2}(\.[0-9]{6})?)?$"
_SCALARS: Final[dict[type, dict[str, Any]]] = {
    str: {"type": "string"},
    int: {"type": "integer"},
    Decimal: {"type": "string", "pattern": NUMBER},
    datetime.date: {"type": "string", "format": "date"},
    datetime.time: {"type": "string", "pattern": TIME},
}


def json_schema(kind: str) -> dict[str, Any]:
    """The schema of documents of that kind. Raises DocumentError where there is no such kind.

    Each record is one of ``$defs``, under its name; ``description`` says the meaning of a field and the unit of its
    number.
    """
    root = record_of(kind)
    records: dict[str, dict[str, Any]] = {}
    _add_record(root, records)
    main = records.pop(root.__name__)
    return {"$schema": DIALECT, "title": kind.replace("_", " ").capitalize(), **main, "$defs": records}


def _add_record(record: type, records: dict[str, dict[str, Any]]) -> None:
    """Add the schema of a record, and of the records in it, under their names."""
    if record.__name__ in records:
        return
    records[record.__name__] = {}
    shapes = shape_of(record).values()
    records[record.__name__] = {
        "description": " ".join((record.__doc__ or "").replace("``", "").split()),
        "type": "object",
        "properties": {shape.name: _field(shape) for shape in shapes},
        "additionalProperties": False,
    }
    for shape in shapes:
        if shape.record is not None:
            _add_record(shape.record, records)


def _field(shape: FieldShape) -> dict[str, Any]:
    described = {
        "description": f"{shape.meaning}. Unit: {shape.unit}." if shape.unit else f"{shape.meaning}."
    }
    one = _one(shape)
    return {**described, "type": "array", "items": one} if shape.many else {**described, **one}


def _one(shape: FieldShape) -> dict[str, Any]:
    if shape.record is not None:
        return {"$ref": f"#/$defs/{shape.record.__name__}"}
    scalar = _SCALARS[shape.scalar or str]
    if shape.words:
        return {**scalar, "anyOf": [{"enum": list(shape.words)}, {"pattern": HELD_CODE}]}
    return dict(scalar)
