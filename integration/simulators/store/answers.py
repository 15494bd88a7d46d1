"""What the store says: JSON, or XML where V2 is asked without ``Accept: application/json``."""

from __future__ import annotations

import json
import xml.etree.ElementTree as ElementTree
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from integration.simulators.store.facts import PROBLEM_TYPE


@dataclass(frozen=True)
class Request:
    """A request, without the store's part of the path: ``path`` is ``/v2/orders/1001`` and the like."""

    method: str
    path: str
    query: Mapping[str, str]
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)

    def header(self, name: str) -> str:
        """Return a header's value, or an empty text."""
        return self.headers.get(name.lower(), "")


@dataclass(frozen=True)
class Answer:
    """A status and what is told: ``data`` is JSON data, text as it stands, or None for an empty body."""

    status: int
    data: Any = None
    content_type: str = "application/json"

    def body(self, *, xml_root: str = "") -> tuple[str, bytes]:
        """Return content type and bytes; as XML below an element ``xml_root`` where that is given."""
        if self.data is None:
            return self.content_type, b""
        if isinstance(self.data, str):
            return self.content_type, self.data.encode()
        if xml_root:
            return "application/xml", _xml(xml_root, self.data)
        return self.content_type, json.dumps(self.data, ensure_ascii=False).encode()


class Refusal(Exception):
    """A request that is refused with ``answer``."""

    def __init__(self, answer: Answer) -> None:
        super().__init__(f"{answer.status} {answer.data}")
        self.answer = answer


def v2_error(status: int, message: str, details: Mapping[str, Any] | None = None) -> Refusal:
    """Return a refusal in V2's shape: an array of objects of status, message and, at times, details."""
    told: dict[str, Any] = {"status": status, "message": message}
    if details is not None:
        told["details"] = dict(details)
    return Refusal(Answer(status, [told]))


def v3_error(status: int, title: str, errors: Mapping[str, str] | None = None) -> Refusal:
    """Return a refusal in V3's shape: an object of status, title, type and errors by field."""
    told = {"status": status, "title": title, "type": PROBLEM_TYPE, "errors": dict(errors or {})}
    return Refusal(Answer(status, told))


def error_for(path: str, status: int, message: str) -> Refusal:
    """Return a refusal in the shape of the API version that ``path`` belongs to."""
    return v3_error(status, message) if path.startswith("/v3") else v2_error(status, message)


def json_object(request: Request) -> dict[str, Any]:
    """Return the request's body, a JSON object. Raises ``Refusal`` with 415 or 400."""
    if "json" not in request.header("content-type"):
        raise error_for(request.path, 415, "The content type of the request is not supported.")
    try:
        data = json.loads(request.body)
    except ValueError as error:
        raise error_for(request.path, 400, "Input is invalid: the body is not JSON.") from error
    if not isinstance(data, dict):
        raise error_for(request.path, 400, "Input is invalid: the body is not an object.")
    return data


def _xml(root: str, data: Any) -> bytes:
    element = ElementTree.Element(root)
    _fill(element, data)
    text: bytes = ElementTree.tostring(element, encoding="utf-8", xml_declaration=True)
    return text


def _fill(element: ElementTree.Element, data: Any) -> None:
    if isinstance(data, dict):
        for name, value in data.items():
            _fill(ElementTree.SubElement(element, name), value)
    elif isinstance(data, list):
        singular = element.tag.removesuffix("s") if element.tag.endswith("s") else "value"
        for value in data:
            _fill(ElementTree.SubElement(element, singular), value)
    elif isinstance(data, bool):
        element.text = "true" if data else "false"
    elif data is not None:
        element.text = str(data)
