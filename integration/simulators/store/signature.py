"""How callbacks are signed: the headers of Standard Webhooks, keyed with the client secret of the API account."""

from __future__ import annotations

import base64
import hmac


def signed(identity: str, moment: int, content: bytes, secret: str) -> dict[str, str]:
    """Return the three headers for ``content``, sent at ``moment`` (seconds since 1970).

    The key is the secret as it stands: BigCommerce's samples encode it with base64 only because the library of
    Standard Webhooks decodes what it is given.
    """
    told = f"{identity}.{moment}.".encode() + content
    digest = hmac.digest(secret.encode(), told, "sha256")
    return {
        "webhook-id": identity,
        "webhook-timestamp": str(moment),
        "webhook-signature": f"v1,{base64.b64encode(digest).decode()}",
    }
