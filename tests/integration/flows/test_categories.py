"""What the store's catalog is asked, how often, and what is kept of it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, cast

import pytest

from integration.bigcommerce.client import StoreClient
from integration.bigcommerce.reference import Category
from integration.flows.categories import FRESH, ask_categories, categories_of, keep_categories
from integration.models import ProductCategories, RoutingRule, Store, StoreCategory
from tests import factories

NOW = datetime(2026, 11, 28, 9, tzinfo=UTC)


class Catalog:
    """A store's catalog that counts what it is asked."""

    def __init__(self) -> None:
        self.products: dict[int, tuple[int, ...]] = {5: (3,), 6: (1,), 7: ()}
        self.tree = [Category(1, 0, "Home"), Category(2, 1, "Lighting"), Category(3, 2, "Lanterns")]
        self.asked: list[Any] = []

    def get_product_categories(self, products: Sequence[int]) -> dict[int, tuple[int, ...]]:
        """Answer with those that there are."""
        self.asked.append(list(products))
        return {each: self.products[each] for each in products if each in self.products}

    def get_categories(self) -> list[Category]:
        """Answer with the tree."""
        self.asked.append("tree")
        return self.tree


@pytest.fixture
def fern(db: None) -> Store:
    return factories.store()


def by_category(**fields: Any) -> RoutingRule:
    return RoutingRule.objects.create(
        name="Lights", agreement=factories.agreement(), categories=["Lighting"], **fields
    )


def read(catalog: Catalog, store: Store, *products: int, at: datetime = NOW) -> list[Any]:
    """Ask for the products of an order and keep what is told; return what was asked."""
    catalog.asked.clear()
    keep_categories(store, ask_categories(cast(StoreClient, catalog), store, products, at), at)
    return catalog.asked


def test_nothing_is_asked_unless_a_rule_of_the_store_names_categories(fern: Store) -> None:
    catalog = Catalog()
    assert read(catalog, fern, 5) == []
    row = by_category(store=factories.store())
    assert read(catalog, fern, 5) == []
    RoutingRule.objects.filter(pk=row.pk).update(store=None, is_active=False)
    assert read(catalog, fern, 5) == []
    RoutingRule.objects.filter(pk=row.pk).update(is_active=True)
    assert read(catalog, fern, 5) == [[5], "tree"]


def test_all_products_of_an_order_are_asked_for_at_once_and_kept_for_a_day(fern: Store) -> None:
    catalog = Catalog()
    by_category()
    assert read(catalog, fern, 7, 5, 0, 99) == [[5, 7, 99], "tree"]
    assert read(catalog, fern, 7, 5, 99) == []
    assert read(catalog, fern, 5, 6) == [[6]]
    assert categories_of(fern, [5, 6, 7, 99, 100]) == {
        5: ("3", "Lanterns", "2", "Lighting", "1", "Home"),
        6: ("1", "Home"),
        7: (),
        99: (),
    }
    later = NOW + FRESH
    catalog.products[5] = (1,)
    assert read(catalog, fern, 5, at=later - timedelta(seconds=1)) == []
    assert read(catalog, fern, 5, at=later) == [[5], "tree"]
    assert categories_of(fern, [5]) == {5: ("1", "Home")}


def test_a_category_that_is_new_has_the_tree_read_again_and_one_that_is_gone_is_forgotten(
    fern: Store,
) -> None:
    catalog = Catalog()
    by_category()
    read(catalog, fern, 5)
    catalog.products[6] = (4,)
    catalog.tree = [Category(1, 0, "House"), Category(3, 1, "Lanterns"), Category(4, 3, "Storm lanterns")]
    assert read(catalog, fern, 6, at=NOW + timedelta(hours=1)) == [[6], "tree"]
    assert set(StoreCategory.objects.values_list("category_id", "name")) == {
        (1, "House"), (3, "Lanterns"), (4, "Storm lanterns"),
    }  # fmt: skip
    assert categories_of(fern, [5, 6])[5] == ("3", "Lanterns", "1", "House")


def test_what_one_store_says_is_nothing_to_another(fern: Store) -> None:
    catalog, other = Catalog(), factories.store()
    by_category()
    read(catalog, fern, 5)
    assert categories_of(other, [5]) == {}
    assert read(catalog, other, 5) == [[5], "tree"]
    assert ProductCategories.objects.count() == 2


def test_a_ring_of_categories_ends(fern: Store) -> None:
    catalog = Catalog()
    catalog.tree = [Category(3, 2, "A"), Category(2, 3, "B")]
    by_category()
    read(catalog, fern, 5)
    assert categories_of(fern, [5]) == {5: ("3", "A", "2", "B")}
