"""A request to one route, with what its action needs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from integration.simulators.store.exchange import Answer, Request
from integration.simulators.store.refusals import hook_error, no_json, wrong_content_type
from integration.simulators.store.state import StoreState


@dataclass(frozen=True)
class Call:
    """``ids`` are the numbers in the path; ``address`` is the store's, before ``/v2``."""

    request: Request
    ids: tuple[int, ...]
    state: StoreState
    store_hash: str
    address: str

    @property
    def path(self) -> str:
        """Return the path without the store's part."""
        return self.request.path

    @property
    def query(self) -> dict[str, str]:
        """Return the parameters."""
        return self.request.query

    def rows(self, most: int) -> list[dict[str, Any]]:
        """Return the body, a JSON list of objects, ``most`` at most. Raises ``Refusal``."""
        if "json" not in self.request.headers.get("content-type", ""):
            raise wrong_content_type(self.path)
        try:
            data = self.request.json()
        except ValueError as error:
            raise no_json(self.path) from error
        if not isinstance(data, list) or not all(isinstance(each, dict) for each in data):
            raise no_json(self.path)
        if not 0 < len(data) <= most:
            title = f"The request payload is too large. The maximum items allowed in the array is {most}"
            raise hook_error(413, title)
        return data

    def body(self) -> dict[str, Any]:
        """Return the body, a JSON object. Raises ``Refusal``."""
        if "json" not in self.request.headers.get("content-type", ""):
            raise wrong_content_type(self.path)
        try:
            data = self.request.json()
        except ValueError as error:
            raise no_json(self.path) from error
        if not isinstance(data, dict):
            raise no_json(self.path)
        return data


Act = Callable[[Call], Answer]
