"""The official example orders 218, 247 and 100, joined with the example lines, addresses and taxes.

Each example file shows one thing alone, of another order; here the lines, addresses and taxes are copies of the
examples whose ids are moved to the order. Nothing of the examples is kept in this repository.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from integration.simulators.store.payloads import SampleOrder, link

# Order: the file that shows it, and the file of its lines.
FILES = {
    218: ("order.json", "order_product.json"),
    247: ("order__multiple-items.json", "order_products.json"),
    100: ("orders_list.json", "order_product__product-with-variants.json"),
}
# A slip of the pen in the example of order 247.
SLIPS = {'currency_code"': "currency_code"}
# Described, but in none of the examples.
MISSING = {"is_deleted": False}


def example_orders(folder: Path, status: int | None) -> dict[int, SampleOrder]:
    """Return the official orders by id, in ``status`` where one is given."""
    return {number: _example(folder, number, status) for number in FILES}


def _example(folder: Path, number: int, status: int | None) -> SampleOrder:
    order_file, line_file = FILES[number]
    found = next(each for each in _load(folder, order_file) if each["id"] == number)
    order = {**MISSING, **{SLIPS.get(name, name): value for name, value in found.items()}}
    if status is not None:
        order["status_id"] = status
    # The examples' links name other orders or none: each part has the links of its own.
    for name, part in (
        ("products", "products"),
        ("shipping_addresses", "shippingaddresses"),
        ("coupons", "coupons"),
    ):
        order[name] = link(f"/orders/{number}/{part}")
    key = number * 10 + 1
    [address] = _load(folder, "order_shipping_address.json")
    address.update(
        id=key,
        order_id=number,
        shipping_quotes=link(f"/orders/{number}/shippingaddresses/{key}/shippingquotes"),
    )
    products = _load(folder, line_file)
    for place, product in enumerate(products):
        product.update(id=number * 1000 + place + 1, order_id=number, order_address_id=key)
    taxes = _load(folder, "order_taxes.json")
    for place, tax in enumerate(taxes):
        tax.update(id=key * 10 + place, order_id=number, order_address_id=key)
    return SampleOrder(order, products, [address], taxes)


def _load(folder: Path, name: str) -> list[dict[str, Any]]:
    found = json.loads((folder / name).read_text(encoding="utf-8"))
    return found if isinstance(found, list) else [found]
