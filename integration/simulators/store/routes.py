"""The API's paths, what each does, and the scope that it needs. A number in a path is an id."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from integration.simulators.store import (
    catalog_writes,
    inventory,
    messages,
    refunding,
    refunds,
    shipments,
    v2,
    v3,
    v3_hooks,
)
from integration.simulators.store.call import Act
from integration.simulators.store.scopes import (
    CHANNELS,
    CUSTOMERS,
    INFORMATION,
    LOCATIONS,
    NONE,
    ORDERS,
    PRODUCTS,
    STOCK,
)


@dataclass(frozen=True)
class Route:
    """A method, a path whose ``{…}`` are ids, the scope without ``_read_only``, and the action."""

    method: str
    path: str
    needs: str
    act: Act
    pattern: re.Pattern[str] = field(init=False)

    def __post_init__(self) -> None:
        # 18 digits: no id of a store is longer, and any number of them can be compared.
        object.__setattr__(self, "pattern", re.compile(re.sub(r"\{\w+\}", "([0-9]{1,18})", self.path)))

    def ids(self, path: str) -> tuple[int, ...] | None:
        """Return the ids in ``path``, or None where it is another path."""
        found = self.pattern.fullmatch(path)
        return None if found is None else tuple(map(int, found.groups()))


ROUTES = (
    Route("GET", "/v2/orders", ORDERS, v2.list_orders),
    Route("GET", "/v2/orders/count", ORDERS, v2.count_orders),
    Route("GET", "/v2/orders/{order}", ORDERS, v2.read_order),
    Route("PUT", "/v2/orders/{order}", ORDERS, v2.write_order),
    Route("GET", "/v2/orders/{order}/products", ORDERS, v2.list_products),
    Route("GET", "/v2/orders/{order}/shipping_addresses", ORDERS, v2.list_addresses),
    Route("GET", "/v2/orders/{order}/taxes", ORDERS, v2.list_taxes),
    Route("GET", "/v2/orders/{order}/messages", ORDERS, messages.list_messages),
    Route("GET", "/v2/orders/{order}/shipments", ORDERS, shipments.list_shipments),
    Route("POST", "/v2/orders/{order}/shipments", ORDERS, shipments.add_shipment),
    Route("GET", "/v2/orders/{order}/shipments/count", ORDERS, shipments.count_shipments),
    Route("GET", "/v2/orders/{order}/shipments/{shipment}", ORDERS, shipments.read_shipment),
    Route("PUT", "/v2/orders/{order}/shipments/{shipment}", ORDERS, shipments.write_shipment),
    Route("DELETE", "/v2/orders/{order}/shipments/{shipment}", ORDERS, shipments.remove_shipment),
    # Not described, but what the links in orders and addresses say. The quotes are documented to be empty there.
    Route("GET", "/v2/orders/{order}/shippingaddresses", ORDERS, v2.list_addresses),
    Route("GET", "/v2/orders/{order}/shippingaddresses/{address}/shippingquotes", ORDERS, v2.list_nothing),
    Route("GET", "/v2/orders/{order}/coupons", ORDERS, v2.list_nothing),
    Route("GET", "/v2/order_statuses", ORDERS, v2.list_statuses),
    Route("GET", "/v2/currencies", INFORMATION, v2.list_currencies),
    Route("GET", "/v2/store", INFORMATION, v2.read_store),
    Route("GET", "/v2/time", INFORMATION, v2.read_time),
    Route("GET", "/v3/orders/{order}/payment_actions/refunds", ORDERS, refunds.list_refunds),
    Route("POST", "/v3/orders/{order}/payment_actions/refund_quotes", ORDERS, refunding.quote_refund),
    Route("POST", "/v3/orders/{order}/payment_actions/refunds", ORDERS, refunding.add_refund),
    Route("GET", "/v3/orders/{order}/metafields", ORDERS, v3.list_metafields),
    Route("POST", "/v3/orders/{order}/metafields", ORDERS, v3.add_metafield),
    Route("GET", "/v3/orders/{order}/metafields/{metafield}", ORDERS, v3.read_metafield),
    Route("PUT", "/v3/orders/{order}/metafields/{metafield}", ORDERS, v3.write_metafield),
    Route("DELETE", "/v3/orders/{order}/metafields/{metafield}", ORDERS, v3.remove_metafield),
    Route("GET", "/v3/catalog/products", PRODUCTS, v3.list_products),
    Route("PUT", "/v3/catalog/products", PRODUCTS, catalog_writes.write_products),
    # Described beside the shared descriptions, in that of category trees.
    Route("GET", "/v3/catalog/trees/categories", PRODUCTS, v3.list_categories),
    Route("GET", "/v3/catalog/variants", PRODUCTS, v3.list_variants),
    Route("PUT", "/v3/catalog/variants", PRODUCTS, catalog_writes.write_variants),
    Route("GET", "/v3/channels", CHANNELS, v3.list_channels),
    Route("GET", "/v3/customers", CUSTOMERS, v3.list_customers),
    Route("GET", "/v3/inventory/locations", LOCATIONS, v3.list_locations),
    Route("GET", "/v3/inventory/locations/{location}/items", STOCK, inventory.list_location_items),
    Route("PUT", "/v3/inventory/adjustments/absolute", STOCK, inventory.set_stock),
    Route("POST", "/v3/inventory/adjustments/relative", STOCK, inventory.change_stock),
    Route("GET", "/v3/settings/inventory", INFORMATION, v3.read_inventory_settings),
    Route("GET", "/v3/hooks", NONE, v3_hooks.list_hooks),
    Route("POST", "/v3/hooks", NONE, v3_hooks.add_hook),
    Route("GET", "/v3/hooks/{hook}", NONE, v3_hooks.read_hook),
    Route("PUT", "/v3/hooks/{hook}", NONE, v3_hooks.write_hook),
    Route("DELETE", "/v3/hooks/{hook}", NONE, v3_hooks.remove_hook),
)
