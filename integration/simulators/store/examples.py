"""The official example orders 218, 247 and 100, joined with the example lines, addresses and taxes.

Each example file shows one thing alone, of another order; here the lines, addresses and taxes are copies of the
examples whose ids are moved to the order. Without the folder there are none.
"""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

from integration.simulators.store.sample_orders import SampleOrder

ORDERS = {"order.json": 218, "order__multiple-items.json": 247, "orders_list.json": 100}


def _load(folder: Path, name: str) -> list[dict[str, Any]]:
    found = json.loads((folder / name).read_text())
    return found if isinstance(found, list) else [found]


def example_orders(folder: Path, status: int | None) -> dict[int, SampleOrder]:
    """Return the official orders by id, in ``status`` where one is given."""
    lines = {
        218: ["order_product.json"],
        247: ["order_products.json"],
        100: ["order_product__product-with-variants.json"],
    }
    made = {}
    for name, number in ORDERS.items():
        order = next(each for each in _load(folder, name) if each["id"] == number)
        if status is not None:
            order["status_id"] = status
        address = copy.deepcopy(_load(folder, "order_shipping_address.json")[0])
        address.update(id=number * 10 + 1, order_id=number)
        products = [copy.deepcopy(each) for file in lines[number] for each in _load(folder, file)]
        for place, product in enumerate(products):
            product.update(id=number * 1000 + place + 1, order_id=number, order_address_id=address["id"])
        taxes = [copy.deepcopy(each) for each in _load(folder, "order_taxes.json")]
        made[number] = SampleOrder(order, products, [address], taxes)
    return made
