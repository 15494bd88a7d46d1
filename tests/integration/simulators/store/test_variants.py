"""The catalog's variants."""

from __future__ import annotations

from typing import Any

import pytest

from integration.simulators.store.catalog import CATALOG
from integration.simulators.store.sample_orders import generated_orders
from tests.integration.simulators.store.asking import Asker

PATH = "/v3/catalog/variants"


def skus(ask: Asker, **query: Any) -> list[str]:
    """The SKUs of the variants that are listed."""
    return [each["sku"] for each in ask("GET", PATH, query=query).json()["data"]]


def test_every_article_is_one_variant(ask: Asker) -> None:
    first = ask("GET", PATH, query={"limit": 250}).json()
    assert first["meta"]["pagination"]["total"] == 332
    assert first["meta"]["pagination"]["total_pages"] == 2
    told = [*first["data"], *ask("GET", PATH, query={"limit": 250, "page": 2}).json()["data"]]
    assert [each["id"] for each in told] == list(range(7001, 7333))
    assert [each["product_id"] for each in told] == list(range(5001, 5333))
    assert len({each["sku"] for each in told}) == 332


def test_variants_are_found_by_sku_letters_large_or_small(ask: Asker) -> None:
    assert skus(ask, sku="AC-012") == ["AC-012"]
    assert skus(ask, sku="ac-012") == ["AC-012"]
    assert skus(ask, sku="AC-01") == []
    assert skus(ask, sku="XX-001") == ["XX-001"]


def test_variants_are_found_by_id_and_product(ask: Asker) -> None:
    assert skus(ask, id=7002) == ["AC-002"]
    assert skus(ask, **{"product_id:in": "5001,5003,9999"}) == ["AC-001", "AC-003"]
    assert skus(ask, upc="012345678905") == []


@pytest.mark.parametrize(("name", "value"), [("id", "first"), ("product_id:in", "5001,"), ("id", "")])
def test_an_id_that_is_none_is_refused(ask: Asker, name: str, value: str) -> None:
    answer = ask("GET", PATH, query={name: value})
    assert (answer.status_code, answer.json()["errors"]) == (400, {name: "A whole number is expected."})


def test_order_lines_are_of_articles_in_the_catalog_or_custom() -> None:
    lines = [line for sample in generated_orders().values() for line in sample.products]
    custom = [line["name"] for line in lines if line["product_id"] == 0]
    assert custom == ["Engraved name plate", "Gift certificate"]
    other_names, other_prices = {}, {}
    for line in lines:
        if line["product_id"]:
            item = CATALOG[line["sku"]]
            assert (line["product_id"], line["variant_id"], line["type"]) == (
                item.product_id,
                item.variant_id,
                item.type,
            )
            if line["name"] != item.name:
                other_names[line["id"]] = line["name"]
            if line["price_ex_tax"] != f"{item.price:.4f}":
                other_prices[line["id"]] = line["price_ex_tax"]
    assert other_names == {1023001: "Desk set"}
    assert other_prices == {1023002: "0.0000", 1023003: "0.0000", 1025001: "25.0000", 1026001: "4200.0000"}
