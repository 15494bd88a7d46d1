"""The official descriptions with our overlay: what of a request or an answer is not as they say."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import requests
import yaml
from jsonschema_path import SchemaPath
from openapi_core.contrib.requests import RequestsOpenAPIRequest, RequestsOpenAPIResponse
from openapi_core.validation.request.validators import V30RequestValidator
from openapi_core.validation.response.validators import V30ResponseValidator

from tests.contract.overlay import MEDIA_TYPES, METHODS, laid_over

FILES = {
    "orders.v2.oas2.yml": "v2",
    "store_information.v2.yml": "v2",
    "currencies.v2.yml": "v2",
    "orders.v3.yml": "v3",
    "catalog/product-variants_catalog.v3.yml": "v3",
    "catalog/products_catalog.v3.yml": "v3",
    "channels.v3.yml": "v3",
    "customers.v3.yml": "v3",
    "locations.v3.yml": "v3",
    "inventory.v3.yml": "v3",
    "settings.v3.yml": "v3",
    "webhooks.v3.yml": "v3",
}
SERVER = "https://api.bigcommerce.com"
TYPES = {
    dict: "object",
    list: "array",
    str: "string",
    bool: "boolean",
    int: "integer",
    float: "number",
    type(None): "null",
}


class Description:
    """One description. Loaded when it is needed first."""

    def __init__(self, file: Path, version: str) -> None:
        self._file = file
        self.version = version

    @cached_property
    def content(self) -> dict[str, Any]:
        """Return the description with the overlay."""
        loaded: dict[str, Any] = yaml.load(self._file.read_text(encoding="utf-8"), Loader=yaml.CSafeLoader)
        return laid_over(loaded, self.version)

    @cached_property
    def requests(self) -> V30RequestValidator:
        """Return what checks requests."""
        return V30RequestValidator(self._spec, extra_media_type_deserializers=MEDIA_TYPES)

    @cached_property
    def answers(self) -> V30ResponseValidator:
        """Return what checks answers."""
        return V30ResponseValidator(self._spec, extra_media_type_deserializers=MEDIA_TYPES)

    @cached_property
    def _spec(self) -> SchemaPath:
        return SchemaPath.from_dict(self.content)

    @cached_property
    def paths(self) -> list[tuple[re.Pattern[str], str]]:
        """Return the paths as patterns, those without parameters first."""
        return [
            (re.compile(re.sub(r"\\\{\w+\\\}", "[^/]+", re.escape(path))), path)
            for path in sorted(self.content["paths"], key=lambda path: path.count("{"))
        ]


@dataclass(frozen=True)
class Operation:
    """What a description says of a method of a path; ``name`` is its operationId."""

    description: Description
    path: str
    method: str
    name: str

    def parameters(self) -> set[str]:
        """Return the names of the query's parameters."""
        methods = self.description.content["paths"][self.path]
        listed = [*methods.get("parameters", []), *methods[self.method].get("parameters", [])]
        found = [_named(self.description.content, each) for each in listed]
        return {each["name"] for each in found if each["in"] == "query"}


class Descriptions:
    """All descriptions below a folder. Differences are texts, ``place: what``; a list's entries are ``[]``."""

    def __init__(self, folder: Path) -> None:
        self._all = [Description(folder / name, version) for name, version in FILES.items()]

    def operation(self, request: requests.PreparedRequest) -> Operation | None:
        """Return what a request asks for, or None where no description has it."""
        _, _, _, version, path = urlsplit(str(request.url)).path.split("/", 4)
        method = str(request.method).lower()
        for description in self._all:
            if description.version != version:
                continue
            for pattern, template in description.paths:
                if pattern.fullmatch(f"/{path}") and method in description.content["paths"][template]:
                    found = description.content["paths"][template][method]
                    return Operation(description, template, method, found["operationId"])
        return None

    def operations(self) -> Iterator[tuple[str, str]]:
        """Yield method and path of all that is described: ``("GET", "/v2/orders/{}")``."""
        for description in self._all:
            for path, methods in description.content["paths"].items():
                for method in METHODS:
                    if method in methods:
                        yield method.upper(), f"/{description.version}" + re.sub(r"\{\w+\}", "{}", path)

    def of_request(self, request: requests.PreparedRequest) -> set[str]:
        """Return what of a request is not described."""
        operation = self.operation(request)
        if operation is None:
            return {"path: not described"}
        told = {name for name, _ in parse_qsl(urlsplit(str(request.url)).query, keep_blank_values=True)}
        found = {f"?{name}: not described" for name in told - operation.parameters()}
        for error in operation.description.requests.iter_errors(RequestsOpenAPIRequest(_official(request))):
            found |= _differences(error)
        return found

    def of_answer(self, answer: requests.Response) -> set[str]:
        """Return what of an answer is not described."""
        operation = self.operation(answer.request)
        if operation is None:
            return {"path: not described"}
        ours = RequestsOpenAPIRequest(_official(answer.request))
        found: set[str] = set()
        for error in operation.description.answers.iter_errors(ours, RequestsOpenAPIResponse(answer)):
            found |= _differences(error)
        return found


def _named(spec: dict[str, Any], node: dict[str, Any]) -> dict[str, Any]:
    return spec["components"]["parameters"][node["$ref"].rpartition("/")[2]] if "$ref" in node else node


def _official(request: requests.PreparedRequest) -> requests.PreparedRequest:
    """Return the request as it would go to the real store."""
    parts = urlsplit(str(request.url))
    moved = request.copy()
    moved.url = f"{SERVER}{parts.path}" + (f"?{parts.query}" if parts.query else "")
    return moved


def _differences(error: Exception) -> set[str]:
    found = getattr(error.__cause__, "schema_errors", None) or getattr(error, "schema_errors", None)
    prefix = f"{name}: " if (name := _parameter(error)) else ""
    if found is None:
        return {f"{prefix}{_sentence(error)}"}
    return {f"{prefix}{each}" for each in _told(found)}


def _parameter(error: Exception) -> str:
    name = getattr(error, "name", "")
    return f"?{name}" if name else ""


def _sentence(error: Exception) -> str:
    return str(error.__cause__ or error)


def _told(errors: Iterable[Any]) -> set[str]:
    return {each for error in errors for each in _tell(error)}


def _tell(error: Any) -> set[str]:
    """Return what a schema finds wrong, by place."""
    place = _place(error.absolute_path)
    if error.validator in ("oneOf", "anyOf") and error.context:
        branches: dict[Any, list[Any]] = {}
        for each in error.context:
            branches.setdefault(each.schema_path[0], []).append(each)
        return min((_told(branch) for branch in branches.values()), key=len)
    if error.validator == "additionalProperties":
        strange = error.instance.keys() - error.schema.get("properties", {}).keys()
        return {f"{_below(place, name)}: not described" for name in strange}
    if error.validator == "required":
        missing = [name for name in error.validator_value if name not in error.instance]
        return {f"{_below(place, name)}: missing" for name in missing}
    if error.validator == "type":
        return {f"{place}: {TYPES[type(error.instance)]}, not {error.validator_value}"}
    if error.validator in ("enum", "format", "pattern"):
        return {f"{place}: {error.instance!r} is none of the {error.validator}"}
    return {f"{place}: {error.message}"}


def _place(path: Iterable[Any]) -> str:
    place = ""
    for each in path:
        place = f"{place}[]" if isinstance(each, int) else _below(place, each)
    return place


def _below(place: str, name: str) -> str:
    return f"{place}.{name}" if place else name
