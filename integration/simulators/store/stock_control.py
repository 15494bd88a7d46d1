"""The control door's part about stock.

======================== =====================================================================================
GET stock                tells the numbers by SKU and location, and every movement, oldest first
POST stock               ``{"sku": "AC-001", "on_hand": 5}``: a person sets a number; ``location``, ``safety_stock`` too
POST stock/tracking      ``{"sku": "AC-001", "tracking": "none"}``: none, product or variant
POST stock/stale         ``{"reads": 2}``: so many reads show what stood before the last write
POST sales               ``{"sku": "AC-001", "quantity": 2}``: a shopper buys, unless the store shows less
GET products             tells the fields of products and variants that are not as they were at the start
POST products            ``{"sku": "AC-001", "order_quantity_minimum": 2}``: a person writes fields of a product
======================== =====================================================================================
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from integration.simulators.store.catalog import CATALOG, PRODUCT_LIMITS, VARIANT_LIMITS, Item
from integration.simulators.store.payloads import build, line
from integration.simulators.store.state import NotThere, StoreState
from integration.simulators.store.stock import DEFAULT_LOCATION, TRACKING
from integration.simulators.store.values import is_whole

Fields = Mapping[str, Any]
FIRST_SALE = 50_001


def tell_stock(state: StoreState, fields: Fields) -> Any:
    """Tell the numbers and movements."""
    with state.lock:
        return state.stock.told()


def set_stock(state: StoreState, fields: Fields) -> Any:
    """Have a person set a number."""
    item = _item(fields, {"sku", "on_hand", "location", "safety_stock"})
    with state.lock:
        location = fields.get("location", DEFAULT_LOCATION)
        if "safety_stock" in fields:
            state.stock.at(item.variant_id, location).safety_stock = _whole(fields, "safety_stock")
        if "on_hand" in fields:
            state.stock.write("staff", {(item.variant_id, location): _whole(fields, "on_hand")})
        return state.stock.told()["levels"]


def set_tracking(state: StoreState, fields: Fields) -> Any:
    """Have a product be tracked otherwise."""
    item = _item(fields, {"sku", "tracking"})
    if fields.get("tracking") not in TRACKING:
        raise ValueError(f"Tracking is one of {', '.join(TRACKING)}.")
    with state.lock:
        state.stock.tracking[item.product_id] = fields["tracking"]
    return {"tracking": fields["tracking"]}


def set_stale(state: StoreState, fields: Fields) -> Any:
    """Have the next reads show what stood before the last write."""
    with state.lock:
        state.stock.stale = _whole(fields, "reads")
    return {"reads": state.stock.stale}


def sell(state: StoreState, fields: Fields) -> Any:
    """Have a shopper buy; the order appears, or is refused where the store shows less."""
    item = _item(fields, {"sku", "quantity"})
    quantity = _whole(fields, "quantity")
    with state.lock:
        held = state.stock.at(item.variant_id)
        if state.stock.tracking[item.product_id] != "none" and held.shown < quantity:
            raise ValueError(f"{item.sku} is sold out: {held.shown} left, {quantity} asked for.")
        number = max([FIRST_SALE - 1, *state.orders]) + 1
        state.orders[number] = build(number, [line(item.sku, quantity)])
        state.place(number)
    return {"order": number}


def tell_products(state: StoreState, fields: Fields) -> Any:
    """Tell what of products and variants was written."""
    with state.lock:
        return {
            item.sku: {**state.product_changes.get(item.product_id, {}), **state.variant_changes.get(item.variant_id, {})}
            for item in CATALOG.values()
            if item.product_id in state.product_changes or item.variant_id in state.variant_changes
        }  # fmt: skip


def write_product(state: StoreState, fields: Fields) -> Any:
    """Have a person write fields of a product or its variant."""
    item = _item(fields, {"sku", *PRODUCT_LIMITS, *VARIANT_LIMITS})
    with state.lock:
        for name, value in fields.items():
            if name in PRODUCT_LIMITS:
                state.product_changes.setdefault(item.product_id, {})[name] = value
            elif name in VARIANT_LIMITS:
                state.variant_changes.setdefault(item.variant_id, {})[name] = value
    return tell_products(state, {})


def _item(fields: Fields, known: set[str]) -> Item:
    if set(fields) - known:
        raise ValueError(f"Fields are {', '.join(sorted(known))}; told were {sorted(fields)}.")
    item = CATALOG.get(str(fields.get("sku")))
    if item is None:
        raise NotThere(f"The store has no SKU {fields.get('sku')!r}.")
    return item


def _whole(fields: Fields, name: str) -> int:
    value = fields.get(name)
    if not is_whole(value):
        raise ValueError(f"{name!r} is a whole number.")
    return int(str(value))


STOCK_CONTROLS: tuple[tuple[str, str, Callable[..., Any]], ...] = (
    ("GET", "stock", tell_stock),
    ("POST", "stock", set_stock),
    ("POST", "stock/tracking", set_tracking),
    ("POST", "stock/stale", set_stale),
    ("POST", "sales", sell),
    ("GET", "products", tell_products),
    ("POST", "products", write_product),
)
"""What the control door does about stock, as ``control.CONTROLS``."""
