"""What was asked of the store and how it ended. Headers are not kept, so the token is in none of it."""

from __future__ import annotations

import time
from typing import Any, TypedDict

from integration.simulators.store.exchange import Request


class Entry(TypedDict):
    """One request: ``query`` decoded once, ``body`` as JSON data, as text where it is none, ``{}`` without one.

    ``status`` is what the store came to, 0 where the request was not carried out and the connection just ended;
    ``fault`` is the kind of the fault that struck, ``""`` without one; ``at`` is when it ended, seconds since 1970.
    """

    method: str
    path: str
    query: dict[str, str]
    body: Any
    status: int
    fault: str
    at: float


def entry(request: Request, status: int, fault: str = "") -> Entry:
    """Return the entry of a request that ended now."""
    return {
        "method": request.method,
        "path": request.path,
        "query": request.query,
        "body": _body(request),
        "status": status,
        "fault": fault,
        "at": time.time(),
    }


def _body(request: Request) -> Any:
    if not request.content:
        return {}
    try:
        return request.json()
    except ValueError:
        return request.content.decode(errors="replace")
