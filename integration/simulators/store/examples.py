"""The official example orders 218, 247 and 100, read from a folder of published example payloads.

The files are other people's data and never part of the repository. The published examples do not hold whole orders,
so they are joined:

===== ==================================== ========================================== ==============================
order the order itself                     its lines                                  address and tax
===== ==================================== ========================================== ==============================
218   order.json                           order_products.json (a bundle, two lines)  the first of
                                                                                      order_shipping_addresses.json
247   order__multiple-items.json           order_product__product-with-variants.json  order_shipping_address.json
                                           and order_product__custom-product.json,
                                           both really of order 247
100   orders_list.json                     order_product.json and                     the second of
                                           order_product__product-with-file-upload    order_shipping_addresses.json
===== ==================================== ========================================== ==============================

Changed in them: ``order_id`` of lines, addresses and taxes; ids of the addresses (they take that which the lines name);
``items_total`` (the sum of the joined lines); the store's hash in links; and the key ``currency_code"`` of order 247,
a slip of the published file. All other fields, the sums too, are as published. Taxes are those of order_taxes.json.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any

from integration.simulators.store.payloads import StoredOrder

TAXES = "order_taxes.json"


@dataclass(frozen=True)
class _Join:
    order: str
    lines: tuple[str, ...]
    address: str
    place: int = 0


_JOINS = {
    218: _Join("order.json", ("order_products.json",), "order_shipping_addresses.json"),
    247: _Join(
        "order__multiple-items.json",
        ("order_product__product-with-variants.json", "order_product__custom-product.json"),
        "order_shipping_address.json",
    ),
    100: _Join(
        "orders_list.json",
        ("order_product.json", "order_product__product-with-file-upload.json"),
        "order_shipping_addresses.json",
        1,
    ),
}


def load_examples(folder: Path, store_url: str) -> list[StoredOrder]:
    """Return the three orders. Raises ``FileNotFoundError`` where ``folder`` is not one of example payloads."""
    missing = sorted(
        name
        for join in _JOINS.values()
        for name in (join.order, *join.lines, join.address, TAXES)
        if not (folder / name).is_file()
    )
    if missing:
        raise FileNotFoundError(
            f"The folder of official examples {folder} lacks {missing[0]}. Give the folder that holds order.json."
        )
    return [_join(folder, number, join, store_url) for number, join in sorted(_JOINS.items())]


def _join(folder: Path, number: int, join: _Join, store_url: str) -> StoredOrder:
    order = _read(folder, join.order, store_url)[0]
    if 'currency_code"' in order:
        order["currency_code"] = order.pop('currency_code"')
    lines = [line for name in join.lines for line in _read(folder, name, store_url)]
    address = _read(folder, join.address, store_url)[join.place]
    address_id = lines[0]["order_address_id"]
    for line in lines:
        line.update(order_id=number, order_address_id=address_id)
    total = sum(line["quantity"] for line in lines)
    resource = f"/orders/{number}/shippingaddresses/{address_id}/shippingquotes"
    address.update(id=address_id, order_id=number, items_total=total, items_shipped=0)
    address["shipping_quotes"] = {"url": f"{store_url}/v2{resource}", "resource": resource}
    order["items_total"] = total
    tax = _read(folder, TAXES, store_url)[0] | {"order_id": number, "order_address_id": address_id}
    tax["id"] = 1000 + number
    return StoredOrder(
        order=order,
        lines=lines,
        addresses=[address],
        taxes=[tax],
        created=parsedate_to_datetime(order["date_created"]),
        modified=parsedate_to_datetime(order["date_modified"]),
        kind="official example",
    )


def _read(folder: Path, name: str, store_url: str) -> list[dict[str, Any]]:
    text = (folder / name).read_text("utf-8")
    data = json.loads(text.replace("https://api.bigcommerce.com/stores/{store_hash}", store_url))
    return data if isinstance(data, list) else [data]
