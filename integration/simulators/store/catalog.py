"""What the simulated store sells: invented articles, each SKU telling by its first letters who supplies it.

========== ======================= ==========================================================
first      SKUs                    supplied by
========== ======================= ==========================================================
``AC-``    AC-1001 to AC-1250      Acme Supply
``BO-``    BO-2001 to BO-2060      Borealis Trading
``SH-``    SH-3001 to SH-3003      both
``XX-``    XX-9001 to XX-9003      no one
``DG-``    DG-5001 to DG-5003      no one: digital goods
========== ======================= ==========================================================

Prices follow from the seed. UPCs begin with 2, which GS1 keeps for use inside a company.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

ACME = "Acme Supply"
BOREALIS = "Borealis Trading"

RANGES = {
    "AC": range(1001, 1251),
    "BO": range(2001, 2061),
    "SH": range(3001, 3004),
    "XX": range(9001, 9004),
    "DG": range(5001, 5004),
}
SUPPLIED_BY = {"AC": (ACME,), "BO": (BOREALIS,), "SH": (ACME, BOREALIS), "XX": (), "DG": ()}

FIRST_PRODUCT = 101
FIRST_VARIANT = 2101

_MATERIALS = ("Oak", "Steel", "Cotton", "Glass", "Slate", "Copper", "Linen", "Cork")
_THINGS = ("bracket", "hinge", "tray", "lamp", "hook", "shelf", "basket", "handle", "frame", "clamp")


@dataclass(frozen=True)
class Item:
    """An article: ``price`` and ``cost`` are for one piece, without tax. A custom item has product id 0."""

    sku: str
    name: str
    price: Decimal
    cost: Decimal
    upc: str = ""
    weight: Decimal = Decimal(1)
    product_id: int = 0
    variant_id: int = 0
    type: str = "physical"


def suppliers_of(sku: str) -> tuple[str, ...]:
    """Return the names of those who supply ``sku``, none where no one lists it."""
    return SUPPLIED_BY.get(sku.partition("-")[0], ())


def make_catalog(seed: int) -> dict[str, Item]:
    """Return every article by its SKU; the same for the same seed."""
    rng = random.Random(f"catalog {seed}")
    skus = [f"{letters}-{number}" for letters, numbers in RANGES.items() for number in numbers]
    return {sku: _item(sku, index, rng) for index, sku in enumerate(skus)}


def _item(sku: str, index: int, rng: random.Random) -> Item:
    price = Decimal(rng.randint(250, 24999)) / 100
    digital = sku.startswith("DG-")
    thing = "guide (download)" if digital else rng.choice(_THINGS)
    return Item(
        sku=sku,
        name=f"{rng.choice(_MATERIALS)} {thing} {sku[-4:]}",
        price=price,
        cost=(price * Decimal("0.6")).quantize(Decimal("0.01")),
        upc="" if digital else _upc(index),
        weight=Decimal(0) if digital else Decimal(rng.randint(1, 80)) / 4,
        product_id=FIRST_PRODUCT + index,
        variant_id=FIRST_VARIANT + index,
        type="digital" if digital else "physical",
    )


def _upc(index: int) -> str:
    digits = f"2{index + 1:010d}"
    odd, even = (sum(int(digit) for digit in digits[start::2]) for start in (0, 1))
    return f"{digits}{(10 - (3 * odd + even) % 10) % 10}"


def product_payload(item: Item, when: str) -> dict[str, Any]:
    """Return a product as V3 shows it; ``when`` is an ISO 8601 date."""
    price, cost = float(item.price), float(item.cost)
    return {
        "id": item.product_id,
        "name": item.name,
        "type": item.type,
        "sku": item.sku,
        "description": "",
        "weight": float(item.weight),
        **dict.fromkeys(("width", "depth", "height"), 1),
        "price": price,
        "cost_price": cost,
        **dict.fromkeys(("retail_price", "sale_price", "map_price", "tax_class_id"), 0),
        "product_tax_code": "",
        "calculated_price": price,
        "categories": [23],
        "brand_id": 36,
        "option_set_id": None,
        "option_set_display": "right",
        **dict.fromkeys(("inventory_level", "inventory_warning_level"), 0),
        "inventory_tracking": "none",
        **dict.fromkeys(
            ("reviews_rating_sum", "reviews_count", "total_sold", "fixed_cost_shipping_price"),
            0,
        ),
        "is_free_shipping": False,
        "is_visible": True,
        "is_featured": False,
        "related_products": [-1],
        **dict.fromkeys(("warranty", "bin_picking_number"), ""),
        "layout_file": "product.html",
        "upc": item.upc,
        **dict.fromkeys(("mpn", "gtin", "search_keywords"), ""),
        "availability": "available",
        "availability_description": "",
        "gift_wrapping_options_type": "any",
        "gift_wrapping_options_list": [],
        "sort_order": 0,
        "condition": "New",
        "is_condition_shown": False,
        **dict.fromkeys(("order_quantity_minimum", "order_quantity_maximum"), 0),
        "page_title": "",
        "meta_keywords": [],
        "meta_description": "",
        "date_created": when,
        "date_modified": when,
        "view_count": 0,
        "preorder_release_date": None,
        "preorder_message": "",
        "is_preorder_only": False,
        "is_price_hidden": False,
        "price_hidden_label": "",
        "custom_url": {"url": f"/{item.sku.lower()}/", "is_customized": False},
        "base_variant_id": item.variant_id,
        "open_graph_type": "product",
        **dict.fromkeys(("open_graph_title", "open_graph_description"), ""),
        **dict.fromkeys(
            ("open_graph_use_meta_description", "open_graph_use_product_name", "open_graph_use_image"),
            True,
        ),
    }


def variant_payload(item: Item) -> dict[str, Any]:
    """Return a product's only variant as V3 shows it."""
    price, cost = float(item.price), float(item.cost)
    return {
        "id": item.variant_id,
        "product_id": item.product_id,
        "sku": item.sku,
        "sku_id": item.variant_id + 5000,
        "price": price,
        "calculated_price": price,
        **dict.fromkeys(("sale_price", "retail_price", "map_price"), None),
        "weight": float(item.weight),
        "calculated_weight": float(item.weight),
        **dict.fromkeys(("width", "height", "depth"), 1),
        "is_free_shipping": False,
        "fixed_cost_shipping_price": None,
        "purchasing_disabled": False,
        "purchasing_disabled_message": "",
        "image_url": "",
        "cost_price": cost,
        "upc": item.upc,
        **dict.fromkeys(("mpn", "gtin"), ""),
        **dict.fromkeys(("inventory_level", "inventory_warning_level"), 0),
        "bin_picking_number": "",
        "option_values": [],
    }


def in_order(catalog: dict[str, Item]) -> Iterator[Item]:
    """Yield the articles by product id."""
    yield from sorted(catalog.values(), key=lambda item: item.product_id)
