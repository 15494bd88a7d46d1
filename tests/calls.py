"""Calls of a store as it makes them: bodies, and the headers that say who made them."""

from __future__ import annotations

import json
import secrets
import time
from typing import Any

from integration.models import Store, StoreHook
from integration.simulators.store.signature import signed
from partners.models import Mode
from tests import factories

CLIENT_SECRET = "simulated-client-secret"


def hooked(store: Store | None = None) -> StoreHook:
    """Return the hook of a live store that was told to call us."""
    whose = store or factories.store(store_hash="harborpine", mode=Mode.LIVE)
    Store.objects.filter(pk=whose.pk).update(client_secret=CLIENT_SECRET)
    return StoreHook.objects.create(
        store=Store.objects.get(pk=whose.pk),
        key=secrets.token_urlsafe(32),
        secret=secrets.token_urlsafe(32),
        number=1,
        is_active=True,
    )


def event(number: int = 1042, scope: str = "store/order/updated", **changes: Any) -> bytes:
    """Return the body of a call about an order, unlike any other."""
    told = {
        "scope": scope,
        "store_id": "1000001",
        "data": {"type": "order", "id": number},
        "hash": secrets.token_hex(20),
        "created_at": int(time.time()),
        "producer": "stores/harborpine",
        **changes,
    }
    return json.dumps(told).encode()


def headers(
    hook: StoreHook,
    body: bytes,
    *,
    identity: str = "",
    late: int = 0,
    client_secret: str = CLIENT_SECRET,
    **changes: str | None,
) -> dict[str, str]:
    """Return the headers of a call, names in small letters; it was signed ``late`` seconds ago.

    ``changes`` are headers with ``_`` for ``-``; None leaves one out.
    """
    moment = int(time.time()) - late
    made: dict[str, str | None] = {
        "x-gridport-hook": hook.secret,
        **signed(identity or secrets.token_hex(8), moment, body, client_secret),
        **{name.replace("_", "-"): value for name, value in changes.items()},
    }
    return {name: value for name, value in made.items() if value is not None}
