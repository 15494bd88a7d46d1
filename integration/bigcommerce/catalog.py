"""What the catalogue says of products and variants that stock advice concerns, and what is written there.

Facts (published ``products_catalog.v3`` and ``product-variants_catalog.v3`` descriptions): a PUT writes the fields that it
names and leaves the others; 10 products and 50 variants a call; an order's smallest and largest quantity belong to the
product, 0 is no limit; the words of a variant that cannot be bought have 255 characters at most.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from integration.bigcommerce.connection import StoreConnection
from integration.bigcommerce.fields import Fields

PRODUCTS_AT_ONCE = 10
VARIANTS_AT_ONCE = 50
LONGEST_MESSAGE = 255

PRODUCT_LIMITS = (
    "order_quantity_minimum",
    "order_quantity_maximum",
    "availability",
    "availability_description",
    "preorder_release_date",
    "preorder_message",
)
"""Fields of a product that stock advice may change."""

VARIANT_LIMITS = ("purchasing_disabled", "purchasing_disabled_message")
"""Fields of a variant that stock advice may change."""

_PRODUCT_FIELDS = ",".join(("name", "inventory_tracking", *PRODUCT_LIMITS))
_VARIANT_FIELDS = ",".join(("product_id", "sku", "upc", *VARIANT_LIMITS))

Limits = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class CatalogProduct:
    """A product; ``tracking`` is none, product or variant, ``limits`` the fields of ``PRODUCT_LIMITS``, as JSON holds them."""

    id: int
    name: str
    tracking: str
    limits: Limits


@dataclass(frozen=True, slots=True)
class CatalogVariant:
    """A variant; ``limits`` are the fields of ``VARIANT_LIMITS``."""

    id: int
    product_id: int
    sku: str
    upc: str
    limits: Limits


class CatalogCalls:
    """The part of the client that is about the catalogue."""

    _connection: StoreConnection

    def iter_products(self) -> Iterator[CatalogProduct]:
        """Yield all products of the catalogue."""
        asked = {"include_fields": _PRODUCT_FIELDS}
        pages = self._connection.v3_pages("/v3/catalog/products", asked, "read the products")
        return (parse_catalog_product(data) for data in pages)

    def iter_variants(self) -> Iterator[CatalogVariant]:
        """Yield all variants of the catalogue."""
        asked = {"include_fields": _VARIANT_FIELDS}
        pages = self._connection.v3_pages("/v3/catalog/variants", asked, "read the variants")
        return (parse_catalog_variant(data) for data in pages)

    def write_products(self, limits: Mapping[int, Limits]) -> dict[int, CatalogProduct]:
        """Write these fields of products, by id; return the products as they are now, those that were written."""
        path, what = "/v3/catalog/products", "write the limits of products"
        found: dict[int, CatalogProduct] = {}
        for batch in _batches(limits, PRODUCTS_AT_ONCE):
            answered = self._connection.v3_written("PUT", path, what, batch)
            found |= {each.id: each for each in map(parse_catalog_product, answered)}
        return found

    def write_variants(self, limits: Mapping[int, Limits]) -> dict[int, CatalogVariant]:
        """Write these fields of variants, by id; return the variants as they are now, those that were written."""
        path, what = "/v3/catalog/variants", "write the limits of variants"
        found: dict[int, CatalogVariant] = {}
        for batch in _batches(limits, VARIANTS_AT_ONCE):
            answered = self._connection.v3_written("PUT", path, what, batch)
            found |= {each.id: each for each in map(parse_catalog_variant, answered)}
        return found


def parse_catalog_product(data: object) -> CatalogProduct:
    """Read one of ``GET /v3/catalog/products``. Raises ``BrokenAnswer``."""
    product = Fields(data, "a product")
    number = product.whole("id")
    product.where = f"product {number}"
    release = product.moment_or_none("preorder_release_date")
    limits = {
        "order_quantity_minimum": product.whole("order_quantity_minimum", 0),
        "order_quantity_maximum": product.whole("order_quantity_maximum", 0),
        "availability": product.text("availability") or "available",
        "availability_description": product.text("availability_description"),
        "preorder_release_date": release.isoformat() if release else None,
        "preorder_message": product.text("preorder_message"),
    }
    return CatalogProduct(number, product.text("name"), product.text("inventory_tracking") or "none", limits)


def parse_catalog_variant(data: object) -> CatalogVariant:
    """Read one of ``GET /v3/catalog/variants``. Raises ``BrokenAnswer``."""
    variant = Fields(data, "a variant")
    number = variant.whole("id")
    variant.where = f"variant {number}"
    limits = {
        "purchasing_disabled": variant.flag("purchasing_disabled"),
        "purchasing_disabled_message": variant.text("purchasing_disabled_message"),
    }
    return CatalogVariant(
        number, variant.whole("product_id"), variant.text("sku"), variant.text("upc"), limits
    )


def _batches(limits: Mapping[int, Limits], size: int) -> Iterator[Sequence[dict[str, Any]]]:
    rows = [{"id": number, **fields} for number, fields in sorted(limits.items())]
    for first in range(0, len(rows), size):
        yield rows[first : first + size]
