"""Asking the simulated store as a client with the right token does."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import requests

TOKEN = "a-token-of-the-tests"


@dataclass
class Asker:
    """Asks the API as a client with the right token does; ``headers`` replace or, with None, remove one."""

    session: requests.Session
    base: str

    def __call__(
        self,
        method: str,
        path: str,
        *,
        query: dict[str, Any] | None = None,
        body: Any = None,
        content: bytes | None = None,
        headers: dict[str, str | None] | None = None,
    ) -> requests.Response:
        told = {"X-Auth-Token": TOKEN, "Accept": "application/json", "Content-Type": "application/json"}
        return self.session.request(
            method,
            self.base + path,
            params=query,
            json=body,
            data=content,
            headers={**told, **(headers or {})},
            timeout=10,
        )
