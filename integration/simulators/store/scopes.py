"""OAuth scopes: what the store's token may do. A scope ``…_read_only`` allows GET alone; hooks need none."""

from __future__ import annotations

from collections.abc import Collection

ORDERS = "store_v2_orders"
PRODUCTS = "store_v2_products"
INFORMATION = "store_v2_information"
CHANNELS = "store_channel_settings"
LOCATIONS = "store_locations"
STOCK = "store_inventory"
CUSTOMERS = "store_v2_customers"
NONE = ""
"""What is open to every token of the store."""

READ_ONLY = "_read_only"
MODIFYING = (ORDERS, PRODUCTS, INFORMATION, CHANNELS, LOCATIONS, STOCK, CUSTOMERS)
SCOPES = frozenset({*MODIFYING, *(f"{scope}{READ_ONLY}" for scope in MODIFYING)})
"""Scopes that matter to this store."""


def allowed(scopes: Collection[str], needed: str, method: str) -> bool:
    """Say whether a token of ``scopes`` may send ``method`` to what needs ``needed``."""
    if needed == NONE or needed in scopes:
        return True
    return method == "GET" and f"{needed}{READ_ONLY}" in scopes


def strange(scopes: Collection[str]) -> list[str]:
    """Return those of ``scopes`` that this store does not know."""
    return [scope for scope in scopes if scope not in SCOPES]
