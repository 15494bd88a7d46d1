"""What ``POST`` and ``PUT /v3/hooks`` take: the fields of a hook, and which values they may have."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from integration.simulators.store.destination import is_here
from integration.simulators.store.events import SCOPES
from integration.simulators.store.values import Reader, flag, nothing_or, text

_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]{1,255}")
_VALUE = re.compile(r"[ -~]{0,8192}")


def scope(value: Any) -> str:
    """Read the scope of a hook."""
    if not isinstance(value, str) or value not in SCOPES:
        raise ValueError("A scope of the documentation is expected; of others nothing happens here.")
    return value


def destination(value: Any) -> str:
    """Read where events are told: HTTPS on port 443, or, other than in the real store, any port of this machine."""
    address: str = text(2048, shortest=1)(value)
    parts = urlsplit(address)
    if not parts.hostname or not re.fullmatch("[!-~]+", address):
        raise ValueError("A web address is expected.")
    here = is_here(parts.hostname)
    if parts.scheme != "https" and not (here and parts.scheme == "http"):
        raise ValueError("The destination must be served over HTTPS.")
    if parts.port not in (None, 443) and not here:
        raise ValueError("The destination must be served on port 443.")
    return address


def headers(value: Any) -> dict[str, str]:
    """Read the headers that are sent along."""
    if not isinstance(value, dict):
        raise ValueError("An object of texts is expected.")
    for name, each in value.items():
        if not isinstance(each, str) or not _NAME.fullmatch(name) or not _VALUE.fullmatch(each):
            raise ValueError("Names and values of headers are expected.")
    return value


FIELDS: dict[str, Reader] = {
    "scope": scope,
    "destination": destination,
    "is_active": flag,
    "headers": nothing_or(headers),
}
REQUIRED = ("scope", "destination")


def misread(fields: Mapping[str, Any]) -> dict[str, str]:
    """Return what is wrong with the values, by field."""
    errors = {}
    for name, value in fields.items():
        try:
            FIELDS[name](value)
        except ValueError as error:
            errors[name] = str(error)
    return errors
