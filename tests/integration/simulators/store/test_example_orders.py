"""The official example orders, put together from the example files and served as they are."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from integration.simulators.store.examples import FILES, example_orders
from integration.simulators.store.server import StoreSimulator
from tests.integration.simulators.store.asking import Asker


@pytest.fixture
def folder(shared: Path) -> Path:
    return shared / "bigcommerce" / "examples"


def test_each_order_has_the_lines_addresses_and_taxes_of_its_own(folder: Path) -> None:
    found = example_orders(folder, None)
    assert {
        number: (
            sample.order["status_id"],
            [
                (line["id"], line["order_id"], line["order_address_id"], line["sku"])
                for line in sample.products
            ],
            [(address["id"], address["order_id"]) for address in sample.addresses],
            [(tax["id"], tax["order_id"], tax["order_address_id"]) for tax in sample.taxes],
        )
        for number, sample in found.items()
    } == {
        218: (7, [(218001, 218, 2181, "DUST1")], [(2181, 218)], [(21810, 218, 2181), (21811, 218, 2181)]),
        247: (
            11,
            [(247001, 247, 2471, "S-ORAN"), (247002, 247, 2471, "ABS")],
            [(2471, 247)],
            [(24710, 247, 2471), (24711, 247, 2471)],
        ),
        100: (
            11,
            [(100001, 100, 1001, "SKU-201-Red-Small T-Shirt-Able Brewing System")],
            [(1001, 100)],
            [(10010, 100, 1001), (10011, 100, 1001)],
        ),
    }


def test_all_but_ids_links_and_dates_is_as_published(folder: Path, ask: Asker, store: StoreSimulator) -> None:
    store.state.orders.update(example_orders(folder, None))
    published = json.loads((folder / FILES[218][0]).read_text())
    store.state.place(218)
    told = ask("GET", "/v2/orders/218").json()
    differing = {name for name in told.keys() | published.keys() if told.get(name) != published.get(name)}
    assert differing == {
        "is_deleted",  # described, not in the example
        "date_created",  # placed now
        "date_modified",
        "products",  # the example's links have no store
        "shipping_addresses",
        "coupons",
    }
    [line] = ask("GET", "/v2/orders/218/products").json()
    published = json.loads((folder / FILES[218][1]).read_text())
    assert {name for name in published if line[name] != published[name]} == {
        "id",
        "order_id",
        "order_address_id",
    }


def test_the_status_may_be_set_for_all(folder: Path) -> None:
    assert [each.order["status_id"] for each in example_orders(folder, 12).values()] == [12, 12, 12]


def test_the_slip_in_an_example_is_put_right(folder: Path, store: StoreSimulator, ask: Asker) -> None:
    store.state.orders.update(example_orders(folder, None))
    store.state.place(247)
    assert ask("GET", "/v2/orders/247").json()["currency_code"] == "USD"
    answer = ask("GET", "/v2/orders/247", headers={"Accept": "*/*"})
    assert b"<currency_code>USD</currency_code>" in answer.content


def test_taxes_are_served(folder: Path, store: StoreSimulator, ask: Asker) -> None:
    store.state.orders.update(example_orders(folder, None))
    store.state.place(100)
    told = ask("GET", "/v2/orders/100/taxes").json()
    assert [(tax["order_id"], tax["rate"], tax["line_amount"]) for tax in told] == [
        (100, "8.0000", "17.6400"),
        (100, "8.0000", "4.4000"),
    ]


def test_a_folder_without_the_examples_is_said(folder: Path, tmp_path: Path) -> None:
    shutil.copy(folder / "order.json", tmp_path)
    with pytest.raises(FileNotFoundError):
        example_orders(tmp_path, None)
