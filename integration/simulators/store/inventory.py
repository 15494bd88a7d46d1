"""V3 of the API about stock: the items of a location, and absolute and relative adjustments.

From the published ``inventory.v3`` description; the refusals are in its words, and in those that integrators pasted into
public issues (dev-docs 2126). Nowhere published are the words for an item without tracking, for one that is not there
and for a stock that would fall below the safety stock.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from integration.simulators.store.call import Call
from integration.simulators.store.catalog import CATALOG, Item
from integration.simulators.store.exchange import Answer
from integration.simulators.store.paging import PAGING, v3_page
from integration.simulators.store.refusals import (
    PROBLEM_TYPE,
    Refusal,
    not_simulated,
    strange_filters,
)
from integration.simulators.store.settings import LOCATIONS
from integration.simulators.store.stock import ITEMS, Held, Place, Stock
from integration.simulators.store.values import is_whole

MOST_ITEMS = 2000
LARGEST_PAGE = 1000
PROBLEM = "application/problem+json"
PRODUCTS = {item.product_id: item for item in CATALOG.values()}
LOCATION_IDS = frozenset(each["id"] for each in LOCATIONS)
FILTERS = frozenset({"variant_id:in", "product_id:in", "sku:in"})


def list_location_items(call: Call) -> Answer:
    """Answer with a page of what a location holds."""
    (location,) = call.ids
    if location not in LOCATION_IDS:
        told = {"status": 404, "title": "The resource was not found.", "type": PROBLEM_TYPE, "errors": {}}
        raise Refusal(Answer(404, told, PROBLEM))
    strange = [name for name in call.query if name not in FILTERS | PAGING]
    if strange:
        raise strange_filters(strange)
    if "sku:in" in call.query:
        raise not_simulated(call.path, "sku:in")
    wanted = {
        name.partition(":")[0]: frozenset(value.split(","))
        for name, value in call.query.items()
        if name in FILTERS
    }
    with call.state.lock:
        held = call.state.stock.read()
    rows = [_item(place, each) for place, each in sorted(held.items()) if place[1] == location]
    found = [
        row for row in rows if all(str(row["identity"][name]) in chosen for name, chosen in wanted.items())
    ]
    return v3_page(found, call.query, LARGEST_PAGE)


def set_stock(call: Call) -> Answer:
    """Have items hold the numbers told."""
    with call.state.lock:
        numbers = _numbers(call)
        return Answer(200, {"transaction_id": call.state.stock.write("absolute", numbers)})


def change_stock(call: Call) -> Answer:
    """Have items hold so much more or less; all of them, or none."""
    with call.state.lock:
        stock = call.state.stock
        numbers = _numbers(call)
        unset = [place for place in numbers if stock.at(*place).on_hand is None]
        if unset:
            names = ", ".join(_name(stock, place) for place in unset)
            raise _refused(f"Items with identity: [{names}] requires absolute adjustment before relative")
        for place, quantity in numbers.items():
            if stock.at(*place).shown + quantity < 0:
                raise _refused(
                    f"Items with identity: [{_name(stock, place)}] cannot fall below the safety stock"
                )
        return Answer(200, {"transaction_id": stock.write("relative", numbers)})


def _item(place: Place, held: Held) -> dict[str, Any]:
    item = ITEMS[place[0]]
    return {
        "identity": {"sku": item.sku, "variant_id": item.variant_id, "product_id": item.product_id},
        "available_to_sell": held.shown,
        "total_inventory_onhand": held.on_hand,
        "settings": {
            "safety_stock": held.safety_stock,
            "is_in_stock": held.shown > 0,
            "warning_level": 0,
            "bin_picking_number": "",
        },
    }


def _numbers(call: Call) -> dict[Place, int]:
    told = call.body().get("items")
    if not isinstance(told, list) or not told:
        raise _refused("Payload contains invalid fields", items="At least one item is needed.")
    if len(told) > MOST_ITEMS:
        raise _refused("Payload contains invalid fields", items=f"At most {MOST_ITEMS} items are taken.")
    numbers: dict[Place, int] = {}
    for place, each in enumerate(told):
        found = _place(call.state.stock, each, f"items.{place}")
        numbers[found] = each["quantity"]
    return numbers


def _place(stock: Stock, told: Any, where: str) -> Place:
    names = {"product_id", "variant_id", "sku"} & set(told) if isinstance(told, dict) else set()
    if len(names) != 1 or not is_whole(told.get("quantity")) or told.get("location_id") not in LOCATION_IDS:
        words = "location_id, quantity and one of sku, variant_id and product_id are needed."
        raise _refused("Payload contains invalid fields", **{where: words})
    (name,) = names
    key = told[name]
    known: dict[str, Mapping[Any, Item]] = {"product_id": PRODUCTS, "variant_id": ITEMS, "sku": CATALOG}
    item = known[name].get(key)
    if item is None:
        raise _refused(f"Items with identity: [{name} {key}] not found")
    tracking = stock.tracking[item.product_id]
    if tracking == "none":
        raise _refused(f"[Item with {name} {key} has no inventory tracking]")
    named = "product" if name == "product_id" else "variant"
    if named != tracking:
        raise _refused(
            f"[Item with {name} {key} is tracked by {tracking}, please update stock by {tracking} id]"
        )
    return item.variant_id, told["location_id"]


def _name(stock: Stock, place: Place) -> str:
    item = ITEMS[place[0]]
    by_product = stock.tracking[item.product_id] == "product"
    return f"product_id {item.product_id}" if by_product else f"variant_id {item.variant_id}"


def _refused(title: str, **errors: str) -> Refusal:
    told = {"status": 422, "title": title, "type": PROBLEM_TYPE, "errors": errors}
    return Refusal(Answer(422, told, PROBLEM))
