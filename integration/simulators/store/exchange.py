"""A request as it came and an answer before it is sent; neither knows of sockets."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl


@dataclass(frozen=True)
class Request:
    """A request; ``headers`` have small letters. ``broken``: how long its body is was not said, or not to be read."""

    method: str
    path: str
    query_text: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    content: bytes = b""
    broken: bool = False

    @property
    def query(self) -> dict[str, str]:
        """Return the parameters, decoded once; of a repeated one the last."""
        return dict(parse_qsl(self.query_text, keep_blank_values=True))

    @property
    def wants_xml(self) -> bool:
        """Say whether V2 answers XML: it does so unless JSON is asked for by name."""
        return self.path.startswith("/v2/") and "json" not in self.headers.get("accept", "")

    def json(self) -> Any:
        """Return the body's data. Raises ``ValueError`` where it is not JSON."""
        try:
            return json.loads(self.content, parse_constant=_no_number)
        except RecursionError as error:
            raise ValueError("nested too deep") from error


@dataclass(frozen=True)
class Answer:
    """A status and its data (JSON data, bytes as they stand, or None for an empty body)."""

    status: int
    data: Any = None
    content_type: str = "application/json"


@dataclass(frozen=True)
class Reply:
    """What goes over the line."""

    status: int
    headers: Mapping[str, str]
    content: bytes


def _no_number(name: str) -> None:
    raise ValueError(f"{name} is not JSON")
