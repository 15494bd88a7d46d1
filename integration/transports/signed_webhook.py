"""Standard Webhooks, the sender's side: secrets, signatures and the headers of one try (standardwebhooks.com).

The bytes that are signed are ``id.timestamp.body``; a receiver compares ``webhook-signature`` in constant time, refuses a
``webhook-timestamp`` further than five minutes from its own clock, and knows by ``webhook-id`` what it has taken before.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
from collections.abc import Sequence
from datetime import datetime

MARK = "whsec_"
CONTENT_TYPE = "application/cloudevents+json"
_BYTES = 32


def new_secret() -> str:
    """Return a secret as receivers enter it: ``whsec_`` and base64 of 32 random bytes."""
    return MARK + base64.b64encode(secrets.token_bytes(_BYTES)).decode()


def signature(secret: str, message_id: str, timestamp: int, body: bytes) -> str:
    """Return ``v1,`` and base64 of the HMAC-SHA-256 of ``id.timestamp.body`` with what ``secret`` stands for."""
    key = base64.b64decode(secret.removeprefix(MARK))
    signed = f"{message_id}.{timestamp}.".encode() + body
    return "v1," + base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()


def headers(keys: Sequence[str], message_id: str, now: datetime, body: bytes) -> dict[str, str]:
    """Return the headers of a try made ``now``, signed with each of ``keys``, the newest first."""
    timestamp = int(now.timestamp())
    signed = [signature(each, message_id, timestamp, body) for each in keys]
    return {
        "Content-Type": CONTENT_TYPE,
        "User-Agent": "Gridport",
        "webhook-id": message_id,
        "webhook-timestamp": str(timestamp),
        "webhook-signature": " ".join(signed),
    }
