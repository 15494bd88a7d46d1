"""What the simulated store sells: invented articles, each SKU telling by its first letters who lists it.

========== ================ =================================
first      SKUs             listed by
========== ================ =================================
``AC-``    AC-001 to AC-300 Acme Supply
``BO-``    BO-001 to BO-030 Borealis Trading
``SH-``    SH-001           both
``XX-``    XX-001           no supplier
========== ================ =================================

Every article is one product with one variant, of the brand of who makes it, in one category by what it is. Ids of
products, variants, categories, order lines and addresses lie far apart, so that one taken for another is found out.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

SKUS = {
    "AC": [*(f"AC-{number:03d}" for number in range(1, 301)), "SH-001"],
    "BO": [*(f"BO-{number:03d}" for number in range(1, 31)), "SH-001"],
}
"""SKUs by the first letters of the supplier who lists them."""

FIRST_PRODUCT = 5001
FIRST_VARIANT = 7001

_DIGITAL = frozenset({"AC-010"})
_BRANDS = {"AC": "Acme Home", "BO": "Borealis"}
CATEGORIES = {
    9001: (0, "Home"),
    9002: (9001, "Lighting"),
    9003: (9002, "Lanterns"),
    9004: (9001, "Furniture"),
}
"""Categories by id: parent, 0 for none, and name."""
_CATEGORY_OF = {"Lantern": 9003, "Desk": 9002}

PRODUCT_LIMITS: dict[str, Any] = {
    "order_quantity_minimum": 0,
    "order_quantity_maximum": 0,
    "availability": "available",
    "availability_description": "",
    "preorder_release_date": None,
    "preorder_message": "",
}
"""Fields of a product that can be written here, as they are at the start."""
VARIANT_LIMITS: dict[str, Any] = {"purchasing_disabled": False, "purchasing_disabled_message": ""}
"""Likewise of a variant."""

_WORDS = ("Lantern", "Bookend", "Planter", "Coat rack", "Desk lamp", "Door mat", "Wall clock", "Serving tray")


@dataclass(frozen=True)
class Item:
    """An article; ``price`` is for one piece, without tax. What is made to order has the ids 0."""

    sku: str
    name: str
    price: Decimal
    type: str = "physical"
    product_id: int = 0
    variant_id: int = 0
    brand: str = ""

    @property
    def category(self) -> int:
        """The one category that it is in."""
        return _CATEGORY_OF.get(self.name.split()[0], 9004)


def custom_item(sku: str) -> Item:
    """Return an article that is not in the catalog."""
    return Item(sku, _name(sku), _price(sku))


def _name(sku: str) -> str:
    return f"{_WORDS[_seed(sku) % len(_WORDS)]} {sku[3:] or 'made to measure'}"


def _price(sku: str) -> Decimal:
    return Decimal(_seed(sku) % 60 + 9) + Decimal("0.95")


def _seed(sku: str) -> int:
    return sum(ord(letter) for letter in sku)


def _catalog() -> dict[str, Item]:
    skus = dict.fromkeys([*SKUS["AC"], *SKUS["BO"], "XX-001"])
    return {
        sku: Item(
            sku,
            _name(sku),
            _price(sku),
            "digital" if sku in _DIGITAL else "physical",
            FIRST_PRODUCT + place,
            FIRST_VARIANT + place,
            _BRANDS.get(sku[:2], ""),
        )
        for place, sku in enumerate(skus)
    }


CATALOG = _catalog()
"""The articles by SKU."""


def product_payload(item: Item, wanted: frozenset[str], told: Mapping[str, Any]) -> dict[str, Any]:
    """Return a product as ``GET /v3/catalog/products`` shows it where only the fields ``wanted`` are asked for.

    ``told`` are those that are not as at the start. Those of gift wrapping always come along.
    """
    shown = {
        "name": item.name,
        "sku": item.sku,
        "type": item.type,
        "categories": [item.category],
        **PRODUCT_LIMITS,
        **told,
    }
    return {
        "id": item.product_id,
        **{name: value for name, value in shown.items() if name in wanted},
        "gift_wrapping_options_type": "any",
        "gift_wrapping_options_list": [],
    }


def category_payload(number: int) -> dict[str, Any]:
    """Return a category as ``GET /v3/catalog/trees/categories`` shows it."""
    parent, name = CATEGORIES[number]
    return {
        "category_id": number,
        "category_uuid": f"00000000-0000-4000-9000-{number:012d}",
        "parent_id": parent,
        "tree_id": 1,
        "name": name,
        "description": "",
        "views": 0,
        "sort_order": 0,
        "page_title": "",
        "meta_keywords": [],
        "meta_description": "",
        "layout_file": "category.html",
        "image_url": "",
        "is_visible": True,
        "search_keywords": "",
        "default_product_sort": "use_store_settings",
        "url": {"path": f"/{name.lower()}/", "is_customized": False},
    }


def variant_payload(item: Item, told: Mapping[str, Any]) -> dict[str, Any]:
    """Return a product's only variant as ``GET /v3/catalog/variants`` shows it: V3 amounts are numbers."""
    price, weight = float(item.price), 0 if item.type == "digital" else 1
    return {
        "id": item.variant_id,
        "product_id": item.product_id,
        "sku": item.sku,
        "sku_id": item.variant_id + 2000,
        "price": price,
        "calculated_price": price,
        "sale_price": None,
        "retail_price": None,
        "map_price": 0,
        "weight": weight,
        "calculated_weight": weight,
        "width": 0,
        "height": 0,
        "depth": 0,
        "is_free_shipping": False,
        "fixed_cost_shipping_price": None,
        **VARIANT_LIMITS,
        **told,
        "image_url": "",
        "cost_price": 0,
        "upc": "",
        "mpn": "",
        "gtin": "",
        "inventory_level": 0,
        "inventory_warning_level": 0,
        "bin_picking_number": "",
        "option_values": [],
    }
