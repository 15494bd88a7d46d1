"""What we add to the official descriptions in memory, so that they catch what they were meant to.

As published they close no schema, mark null in the way of Swagger 2, leave out nearly every refusal, and are wrong in a
few places. Nothing is taken from them here but names of what is changed.
"""

from __future__ import annotations

import copy
import json
from collections.abc import Callable, Iterator
from typing import Any

Spec = dict[str, Any]
Schema = dict[str, Any]

REQUIRED = {
    ("createOrderShipments", "post"): ["order_address_id", "items"],
}
"""Fields without which the real store takes no such request, by operation and method."""

DIRECTIONS = (":asc", ":desc")
"""What the parameter ``sort`` may carry behind a name, by its own description."""

WRITABLE = {
    ("updateProducts", "put"): ["id"],
}
"""Fields that are marked as only read and are needed in the request all the same."""

NO_DATES = frozenset({"event_date"})
"""Fields called dates that are empty texts in answers of real stores."""

METHODS = ("get", "put", "post", "delete", "patch")

V2_REFUSAL: Schema = {
    "type": "array",
    "minItems": 1,
    "maxItems": 1,
    "items": {
        "type": "object",
        "required": ["status", "message"],
        "properties": {
            "status": {"type": "integer"},
            "message": {"type": "string"},
            "details": {"type": "object", "additionalProperties": True},
        },
        "additionalProperties": False,
    },
}
V3_REFUSAL: Schema = {
    "type": "object",
    "required": ["status", "title", "type"],
    "properties": {
        "status": {"type": "integer"},
        "title": {"type": "string"},
        "type": {"type": "string"},
        "detail": {"type": "string"},
        "errors": {"type": "object", "additionalProperties": {"type": "string"}},
    },
    "additionalProperties": False,
}

MEDIA_TYPES: dict[str, Callable[[bytes], Any]] = {"application/problem+json": json.loads}
"""How bodies are read whose type the library does not know."""


def laid_over(spec: Spec, version: str) -> Spec:
    """Return a copy of a description of ``v2`` or ``v3`` with all changes."""
    changed = copy.deepcopy(spec)
    for method, operation in _operations(changed):
        _require(changed, operation, method)
        _make_writable(changed, operation, method)
        _describe_refusals(operation, version, method)
        for parameter in operation.get("parameters", []):
            _correct_parameter(_resolved(changed, parameter))
    for schema in _schemas(changed):
        _allow_null(schema)
    return _closed(changed)


def _operations(spec: Spec) -> Iterator[tuple[str, Schema]]:
    for methods in spec["paths"].values():
        for method in METHODS:
            if method in methods:
                yield method, methods[method]


def _resolved(spec: Spec, node: Any) -> Any:
    while "$ref" in node:
        found: Any = spec
        for name in node["$ref"].removeprefix("#/").split("/"):
            found = found[name.replace("~1", "/").replace("%7B", "{").replace("%7D", "}")]
        node = found
    return node


def _body(spec: Spec, operation: Schema) -> Schema:
    """Return the media type of an operation's body, with a schema of its own."""
    media: Schema = _resolved(spec, operation["requestBody"])["content"]["application/json"]
    media["schema"] = copy.deepcopy(_resolved(spec, media["schema"]))
    return media


def _require(spec: Spec, operation: Schema, method: str) -> None:
    needed = REQUIRED.get((operation.get("operationId", ""), method))
    if needed:
        media = _body(spec, operation)
        media["schema"] = {"allOf": [media["schema"], {"type": "object", "required": needed}]}


def _make_writable(spec: Spec, operation: Schema, method: str) -> None:
    names = WRITABLE.get((operation.get("operationId", ""), method), [])
    if names:
        schema = _body(spec, operation)["schema"]
        schema["items"] = copy.deepcopy(_flat(spec, schema["items"]))
        for name in names:
            schema["items"]["properties"][name].pop("readOnly", None)


def _describe_refusals(operation: Schema, version: str, method: str) -> None:
    """Describe refusals that are not described or may be anything, empty lists (204), and V2's 429 without a body."""
    refusal = V2_REFUSAL if version == "v2" else V3_REFUSAL
    answers = operation["responses"]
    described = {"description": "", "content": {"application/json": {"schema": refusal}}}
    answers.setdefault("default", described)
    for status, answer in answers.items():
        media = answer.get("content", {}).get("application/json", {})
        if status >= "400" and media.get("schema") == {}:
            media["schema"] = refusal
    if method == "get":
        answers.setdefault("204", {"description": ""})
        if answers["204"].get("content") == {}:
            del answers["204"]["content"]  # nothing, not something of no type
    if version == "v2":
        answers.setdefault("429", {"description": ""})
    # V2 and V3 refuse a missing scope alike.
    answers["403"] = {"description": "", "content": {"application/json": {"schema": V3_REFUSAL}}}


def _correct_parameter(parameter: Schema) -> None:
    if parameter.get("in") != "query":
        return
    schema = parameter.get("schema", {})
    if parameter["name"] == "sort" and "enum" in schema:
        names = [name for name in schema["enum"] if ":" not in name]
        schema["enum"] = [*names, *(f"{name}{way}" for name in names for way in DIRECTIONS)]
    elif parameter["name"].endswith(":in") and schema.get("type") == "integer":
        schema.clear()
        schema.update(type="string", pattern=r"^\d+(,\d+)*$")


def _schemas(node: Any) -> Iterator[Schema]:
    """Yield everything that may be a schema, and is an object at any rate."""
    if isinstance(node, dict):
        yield node
        for name, value in node.items():
            if name not in ("example", "examples", "x-examples"):
                yield from _schemas(value)
    elif isinstance(node, list):
        for value in node:
            yield from _schemas(value)


def _allow_null(schema: Schema) -> None:
    if schema.get("x-nullable") is True:
        schema["nullable"] = True
    for name in NO_DATES & schema.get("properties", {}).keys():
        schema["properties"][name].pop("format", None)


def _closed(spec: Spec) -> Spec:
    """Return the description with every object closed that names its fields; ``allOf`` is put together first."""
    components = spec.get("components", {}).get("schemas", {})
    flat = {name: _close(spec, schema) for name, schema in components.items()}
    closed: Spec = {name: _close_below(spec, node) for name, node in spec.items() if name != "components"}
    closed["components"] = {
        name: flat if name == "schemas" else _close_below(spec, node)
        for name, node in spec.get("components", {}).items()
    }
    return closed


def _close_below(spec: Spec, node: Any) -> Any:
    if isinstance(node, list):
        return [_close_below(spec, value) for value in node]
    if not isinstance(node, dict):
        return node
    return {
        name: _close(spec, value) if name == "schema" else _close_below(spec, value)
        for name, value in node.items()
        if name not in ("example", "examples", "x-examples")
    }


def _close(spec: Spec, schema: Any) -> Any:
    """Close a schema and all within it. References stay: what they name is closed by itself."""
    if not isinstance(schema, dict) or "$ref" in schema:
        return schema
    schema = _flat(spec, schema)
    closed = dict(schema)
    if schema.get("properties"):
        closed["properties"] = {name: _close(spec, each) for name, each in schema["properties"].items()}
        closed.setdefault("additionalProperties", False)
    if isinstance(schema.get("additionalProperties"), dict):
        closed["additionalProperties"] = _close(spec, schema["additionalProperties"])
    if "items" in schema:
        closed["items"] = _close(spec, schema["items"])
    for name in ("oneOf", "anyOf"):
        if name in schema:
            closed[name] = [_close(spec, each) for each in schema[name]]
    return closed


def _flat(spec: Spec, schema: Schema) -> Schema:
    """Return an object's schema with the parts of its ``allOf`` put together."""
    schema = _resolved(spec, schema)
    if "allOf" not in schema:
        return schema
    whole: Schema = {name: value for name, value in schema.items() if name != "allOf"}
    properties: Schema = {}
    required: list[str] = list(schema.get("required", []))
    for part in schema["allOf"]:
        inner = _flat(spec, part)
        properties |= inner.get("properties", {})
        required += inner.get("required", [])
        for name, value in inner.items():
            if name not in ("properties", "required", "example"):
                whole.setdefault(name, value)
    properties |= schema.get("properties", {})
    if properties:
        whole["properties"] = properties
    if required:
        whole["required"] = list(dict.fromkeys(required))
    return whole
