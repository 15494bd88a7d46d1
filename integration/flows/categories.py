"""What the store's catalog says of products, as far as routing rules ask: in which categories they are.

It is asked only where a rule of the store names categories, of all products of an order at once, and kept for a day.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from django.db.models import Q

from integration.bigcommerce.client import StoreClient
from integration.bigcommerce.reference import Category
from integration.models import ProductCategories, RoutingRule, Store, StoreCategory

FRESH = timedelta(days=1)
"""How long what the catalog said is taken for true."""


@dataclass(frozen=True)
class Told:
    """What the catalog said: categories by product, and the whole tree where it was asked for."""

    products: Mapping[int, Collection[int]] = field(default_factory=dict)
    tree: Collection[Category] | None = None


def ask_categories(client: StoreClient, store: Store, products: Iterable[int], now: datetime) -> Told:
    """Ask for what routing needs to know of ``products`` and is not fresh; nothing is written."""
    wanted = set(products) - {0}
    if not wanted or not _rules_name_categories(store):
        return Told()
    since = now - FRESH
    known = ProductCategories.objects.filter(store=store, product_id__in=wanted, read_at__gt=since)
    lacking = wanted - set(known.values_list("product_id", flat=True))
    found = client.get_product_categories(sorted(lacking)) if lacking else {}
    told = {product: found.get(product, ()) for product in lacking}
    named = {each for categories in told.values() for each in categories}
    tree = StoreCategory.objects.filter(store=store, read_at__gt=since)
    in_tree = set(tree.values_list("category_id", flat=True))
    return Told(told, client.get_categories() if not in_tree or named - in_tree else None)


def keep_categories(store: Store, told: Told, now: datetime) -> None:
    """Keep what the catalog said, in the caller's transaction."""
    ProductCategories.objects.bulk_create(
        (
            ProductCategories(store=store, product_id=product, categories=sorted(categories), read_at=now)
            for product, categories in sorted(told.products.items())
        ),
        update_conflicts=True,
        unique_fields=["store", "product_id"],
        update_fields=["categories", "read_at"],
    )
    if told.tree is None:
        return
    StoreCategory.objects.bulk_create(
        (
            StoreCategory(
                store=store, category_id=each.id, parent_id=each.parent_id, name=each.name[:255], read_at=now
            )
            for each in sorted(told.tree, key=lambda each: each.id)
        ),
        update_conflicts=True,
        unique_fields=["store", "category_id"],
        update_fields=["parent_id", "name", "read_at"],
    )
    StoreCategory.objects.filter(store=store, read_at__lt=now).delete()


def categories_of(store: Store, products: Iterable[int]) -> dict[int, tuple[str, ...]]:
    """Return numbers and names of the categories of each product that is known, with all above them."""
    rows = list(ProductCategories.objects.filter(store=store, product_id__in=set(products) - {0}))
    if not rows:
        return {}
    tree = {each.category_id: each for each in StoreCategory.objects.filter(store=store)}
    found: dict[int, dict[str, None]] = defaultdict(dict)
    for row in rows:
        words = found[row.product_id]
        for category in row.categories:
            for each in _up(category, tree):
                words[str(each)] = None
                if each in tree:
                    words[tree[each].name] = None
    return {product: tuple(words) for product, words in found.items()}


def _up(category: int, tree: Mapping[int, StoreCategory]) -> list[int]:
    """Return a category and all above it, the nearest first; a ring in what the store says ends."""
    way: list[int] = []
    while category and category not in way:
        way.append(category)
        category = tree[category].parent_id if category in tree else 0
    return way


def _rules_name_categories(store: Store) -> bool:
    rules = RoutingRule.objects.filter(Q(store=None) | Q(store=store), is_active=True)
    return rules.exclude(categories=[]).exists()
