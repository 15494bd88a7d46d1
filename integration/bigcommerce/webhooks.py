"""Calls of the store: the hook that has them made, how they are signed, and what they say.

Facts (BigCommerce's webhook pages, 2025-01-30): the headers of Standard Webhooks, ``webhook-id``, ``webhook-timestamp``
(seconds since 1970) and ``webhook-signature`` (``v1,`` and base64 of the HMAC-SHA-256 of ``id.timestamp.body``; several
with blanks between), keyed with the API account's client secret as it stands. Whether a call that is made again is
stamped anew is not published: so an old stamp under a right signature is taken, and marked.
"""

from __future__ import annotations

import base64
import hmac
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from integration.bigcommerce.fields import Fields

SCOPE = "store/order/*"
"""What our hook is told of."""

SECRET_HEADER = "X-Gridport-Hook"  # noqa: S105 - the name of the header, not what stands in it
TOLERANCE = timedelta(minutes=5)

_ORDERS = "store/order/"
_IDENTITY = re.compile(r"[!-~]{1,255}")
_STAMP = re.compile(r"[0-9]{1,11}")
_SCOPE = re.compile(r"[A-Za-z0-9/_*.-]{1,100}")
_NUMBER = re.compile(r"[0-9]{1,18}")


def hook_path(key: str) -> str:
    """Return the path under which a store calls us."""
    return f"/hooks/bigcommerce/{key}/"


@dataclass(frozen=True, slots=True)
class Hook:
    """A hook as the store has it."""

    id: int
    scope: str
    destination: str
    headers: Mapping[str, str]
    is_active: bool


def parse_hook(data: object) -> Hook:
    """Read one of ``GET /v3/hooks``."""
    hook = Fields(data, "a hook")
    headers = data.get("headers") if isinstance(data, Mapping) else None
    return Hook(
        hook.whole("id"),
        hook.text("scope"),
        hook.text("destination"),
        {str(name): str(value) for name, value in headers.items()} if isinstance(headers, Mapping) else {},
        hook.flag("is_active"),
    )


class NotSigned(Exception):
    """The call is not signed, or not with our secret; ``str()`` says which, for the log."""


@dataclass(frozen=True, slots=True)
class Stamp:
    """What the signature covers beside the body: the call's identity, and when it was signed (aware, UTC)."""

    identity: str
    at: datetime

    def is_stale(self, now: datetime) -> bool:
        """Say whether the call was signed further from ``now`` than clocks and the way here explain."""
        return abs(now - self.at) > TOLERANCE


def verified(headers: Mapping[str, str], body: bytes, client_secrets: Sequence[str]) -> Stamp:
    """Return the stamp of a call that the holder of one of ``client_secrets`` signed. Raises ``NotSigned``.

    ``headers`` have their names in small letters.
    """
    identity, stamp = headers.get("webhook-id", ""), headers.get("webhook-timestamp", "")
    given = headers.get("webhook-signature", "")
    if not client_secrets:
        raise NotSigned("no client secret is stored to check the signature with")
    if not (_IDENTITY.fullmatch(identity) and _STAMP.fullmatch(stamp) and given):
        raise NotSigned("it was not signed")
    expected = [f"v1,{signature(identity, stamp, body, each)}".encode() for each in client_secrets]
    # Each is compared in the same time, right or wrong.
    matches = [hmac.compare_digest(one.encode(), other) for one in given.split(" ") for other in expected]
    if not any(matches):
        raise NotSigned("its signature is not of our client secret")
    return Stamp(identity, datetime.fromtimestamp(int(stamp), UTC))


def signature(identity: str, stamp: str, body: bytes, client_secret: str) -> str:
    """Return the signature of a call, in base64."""
    told = f"{identity}.{stamp}.".encode() + body
    return base64.b64encode(hmac.digest(client_secret.encode(), told, "sha256")).decode()


@dataclass(frozen=True, slots=True)
class Told:
    """What a call says, as far as we use it: a hint that ``order`` is worth a look, where it is of one."""

    store_hash: str
    scope: str
    order: int | None


def read_call(body: bytes) -> Told:
    """Read the body of a call. What cannot be read is empty; nothing is raised, whatever was sent."""
    try:
        data = json.loads(body)
    except (ValueError, RecursionError):
        data = None
    if not isinstance(data, dict):
        return Told("", "", None)
    producer, scope = data.get("producer"), data.get("scope")
    known = scope if isinstance(scope, str) and _SCOPE.fullmatch(scope) else ""
    return Told(
        producer.removeprefix("stores/")
        if isinstance(producer, str) and producer.startswith("stores/")
        else "",
        known,
        _order(data.get("data")) if known.startswith(_ORDERS) else None,
    )


def _order(data: Any) -> int | None:
    """Return the order's number: in ``id`` where the event is of an order, in ``order_id`` of its parts.

    Of an order's metafield it is in neither, and a metafield changes nothing for us.
    """
    if not isinstance(data, dict):
        return None
    number = data.get("id") if data.get("type") == "order" else data.get("order_id")
    if isinstance(number, bool) or not isinstance(number, int | str) or not _NUMBER.fullmatch(str(number)):
        return None
    return int(number) or None
