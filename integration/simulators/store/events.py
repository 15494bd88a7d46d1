"""What happens to orders, as callbacks tell it: little more than the scope and the order's id.

Sources: BigCommerce's webhook pages at bigcommerce/docs 24f580c. That an order's metafields are among the events of
``store/order/*`` is how their table reads; they carry no ``data.id``.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

ORDER_CREATED = "store/order/created"
ORDER_UPDATED = "store/order/updated"
ORDER_ARCHIVED = "store/order/archived"
ORDER_STATUS_UPDATED = "store/order/statusUpdated"
METAFIELD_CREATED = "store/order/metafield/created"
METAFIELD_UPDATED = "store/order/metafield/updated"
METAFIELD_DELETED = "store/order/metafield/deleted"
REFUND_CREATED = "store/order/refund/created"
MESSAGE_CREATED = "store/order/message/created"
SHIPMENT_CREATED = "store/shipment/created"
SHIPMENT_UPDATED = "store/shipment/updated"
SHIPMENT_DELETED = "store/shipment/deleted"

HAPPENING = (
    ORDER_CREATED,
    ORDER_UPDATED,
    ORDER_ARCHIVED,
    ORDER_STATUS_UPDATED,
    METAFIELD_CREATED,
    METAFIELD_UPDATED,
    METAFIELD_DELETED,
    REFUND_CREATED,
    MESSAGE_CREATED,
    SHIPMENT_CREATED,
    SHIPMENT_UPDATED,
    SHIPMENT_DELETED,
)
"""Scopes of what happens in this store."""

QUIET = (
    "store/app/uninstalled",
    "store/hook/deliveryException",
    "store/information/updated",
    "store/order/transaction/created",
    "store/order/transaction/updated",
    "store/product/inventory/order/updated",
    "store/product/inventory/updated",
    "store/sku/inventory/order/updated",
    "store/sku/inventory/updated",
)
"""Scopes that a hook may have and whose events do not happen here."""

WILDCARDS = ("store/order/*", "store/product/*", "store/shipment/*", "store/sku/*")
SCOPES = frozenset({*HAPPENING, *QUIET, *WILDCARDS})
"""Scopes that a hook may have."""


def order_data(number: int, **more: Any) -> dict[str, Any]:
    """Return what the event of an order tells."""
    return {"type": "order", "id": number, **more}


def metafield_data(number: int, key: int) -> dict[str, Any]:
    """Return what the event of a metafield tells: its order by a text, unlike every other."""
    return {"metafield_id": key, "resource_id": str(number)}


def shipment_data(key: int, order: int) -> dict[str, Any]:
    """Return what the event of a shipment tells."""
    return {"type": "shipment", "id": key, "orderId": order}


@dataclass(frozen=True)
class Event:
    """What happened; ``content`` is the body that every hook gets, byte for byte."""

    scope: str
    data: Mapping[str, Any]
    hash: str
    content: bytes

    def is_of(self, scope: str) -> bool:
        """Say whether a hook of ``scope`` is told of it."""
        return self.scope == scope or (scope.endswith("/*") and self.scope.startswith(scope[:-1]))


def event(scope: str, data: Mapping[str, Any], now: float, store_id: int, store_hash: str) -> Event:
    """Return the event of ``now``, seconds since 1970.

    How the real hash is made is not known. Here it is made of all that is told, so that what happens twice in one
    second is told twice in the same words, which the published description of it does not rule out.
    """
    told = {
        "scope": scope,
        "store_id": str(store_id),
        "data": dict(data),
        "hash": "",
        "created_at": int(now),
        "producer": f"stores/{store_hash}",
    }
    told["hash"] = hashlib.sha1(json.dumps(told).encode(), usedforsecurity=False).hexdigest()
    return Event(scope, data, str(told["hash"]), json.dumps(told).encode())
