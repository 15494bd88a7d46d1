"""The API's paths and what each does. A number in a path is an id."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from integration.simulators.store import v2, v3
from integration.simulators.store.call import Act


@dataclass(frozen=True)
class Route:
    """A method, a path whose ``{…}`` are ids, and the action."""

    method: str
    path: str
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
    Route("GET", "/v2/orders", v2.list_orders),
    Route("GET", "/v2/orders/count", v2.count_orders),
    Route("GET", "/v2/orders/{order}", v2.read_order),
    Route("PUT", "/v2/orders/{order}", v2.write_order),
    Route("GET", "/v2/orders/{order}/products", v2.list_products),
    Route("GET", "/v2/orders/{order}/shipping_addresses", v2.list_addresses),
    Route("GET", "/v2/orders/{order}/taxes", v2.list_taxes),
    # Not described, but what the links in orders and addresses say. The quotes are documented to be empty there.
    Route("GET", "/v2/orders/{order}/shippingaddresses", v2.list_addresses),
    Route("GET", "/v2/orders/{order}/shippingaddresses/{address}/shippingquotes", v2.list_nothing),
    Route("GET", "/v2/orders/{order}/coupons", v2.list_nothing),
    Route("GET", "/v2/order_statuses", v2.list_statuses),
    Route("GET", "/v2/store", v2.read_store),
    Route("GET", "/v2/time", v2.read_time),
    Route("GET", "/v3/orders/{order}/metafields", v3.list_metafields),
    Route("POST", "/v3/orders/{order}/metafields", v3.add_metafield),
    Route("GET", "/v3/orders/{order}/metafields/{metafield}", v3.read_metafield),
    Route("PUT", "/v3/orders/{order}/metafields/{metafield}", v3.write_metafield),
    Route("DELETE", "/v3/orders/{order}/metafields/{metafield}", v3.remove_metafield),
    Route("GET", "/v3/catalog/variants", v3.list_variants),
)
