"""A callback over the wire: one POST, and whether the destination took it.

Only this machine is called: whatever else a hook names cannot be reached from here.
"""

from __future__ import annotations

import http.client
import ipaddress
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

MOST_HEADERS = 64
LONGEST_NAME = 64
LONGEST_VALUE = 8 * 1024
"""Bytes. An answer with more or longer headers does not count as taken."""


@dataclass(frozen=True)
class Outcome:
    """``status`` is the answer's, 0 where none came; ``error`` says why it does not count, ``""`` where it does."""

    status: int
    error: str = ""


def is_here(host: str) -> bool:
    """Say whether ``host`` is this machine itself."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def post(destination: str, headers: Mapping[str, str], content: bytes, patience: float) -> Outcome:
    """Send ``content`` and return how that ended; ``patience`` is in seconds of silence. Follows no redirect."""
    parts = urlsplit(destination)
    host = parts.hostname or ""
    if not is_here(host):
        return Outcome(0, f"{host} is not on this machine: the simulated store calls nobody else")
    kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
    line = kind(host, parts.port, timeout=patience)
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    try:
        line.request("POST", target, body=content, headers=dict(headers))
        answer = line.getresponse()
        return Outcome(answer.status, _objection(answer))
    except (OSError, http.client.HTTPException) as error:
        return Outcome(0, f"{type(error).__name__}: {error}")
    finally:
        line.close()


def _objection(answer: http.client.HTTPResponse) -> str:
    if not 200 <= answer.status < 300:
        return f"the answer was {answer.status}, not 2xx"
    headers = answer.getheaders()
    if len(headers) > MOST_HEADERS:
        return f"the answer had {len(headers)} headers, more than {MOST_HEADERS}"
    for name, value in headers:
        if len(name) > LONGEST_NAME or len(value) > LONGEST_VALUE:
            return f"the answer's header {name[:LONGEST_NAME]} is too long"
    return ""
