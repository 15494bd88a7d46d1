"""Lines, addresses and taxes of orders; the store, its clock and its statuses; where links lead."""

from __future__ import annotations

import time
from collections.abc import Iterator
from email.utils import parsedate_to_datetime
from typing import Any

import pytest

from integration.simulators.store.catalog import CATALOG
from integration.simulators.store.server import StoreSimulator
from tests.integration.simulators.store.asking import Asker

TAX = {"id": 1, "order_id": 1001, "order_address_id": 10011, "rate": "8.0000"}


def found(ask: Asker, path: str, **query: Any) -> list[int]:
    """The ids of a list; none for 204."""
    answer = ask("GET", path, query=query)
    return [each["id"] for each in answer.json()] if answer.status_code == 200 else []


def test_an_order_of_250_lines_tells_fifty_unless_more_are_asked_for(ask: Asker) -> None:
    path = "/v2/orders/1006/products"
    assert found(ask, path) == list(range(1006001, 1006051))
    assert found(ask, path, page=5) == list(range(1006201, 1006251))
    assert found(ask, path, page=6) == []
    assert found(ask, path, limit=250) == list(range(1006001, 1006251))


def test_an_order_of_51_lines_has_one_on_its_second_page(ask: Asker) -> None:
    assert found(ask, "/v2/orders/1005/products", page=2) == [1005051]


@pytest.mark.parametrize(
    "path", ["/v2/orders/1003/products", "/v2/orders/1020/shipping_addresses", "/v2/orders/1001/taxes"]
)
def test_an_order_without_such_parts_has_no_content(ask: Asker, path: str) -> None:
    answer = ask("GET", path)
    assert (answer.status_code, answer.content) == (204, b"")


def test_addresses_are_told_under_both_spellings(ask: Asker) -> None:
    described = ask("GET", "/v2/orders/1007/shipping_addresses")
    linked = ask("GET", "/v2/orders/1007/shippingaddresses")
    assert described.json() == linked.json()
    assert [(each["id"], each["order_id"], each["items_total"]) for each in described.json()] == [
        (10071, 1007, 1),
        (10072, 1007, 2),
    ]


def test_taxes_are_told(ask: Asker, store: StoreSimulator) -> None:
    store.state.sample(1001).taxes.append(dict(TAX))
    assert ask("GET", "/v2/orders/1001/taxes").json() == [TAX]


def test_ids_of_lines_addresses_products_and_variants_are_never_the_same(store: StoreSimulator) -> None:
    samples = store.state.orders.values()
    lines = [line["id"] for sample in samples for line in sample.products]
    addresses = [address["id"] for sample in samples for address in sample.addresses]
    products = [item.product_id for item in CATALOG.values()]
    variants = [item.variant_id for item in CATALOG.values()]
    every = [*store.state.orders, *lines, *addresses, *products, *variants]
    assert (len(lines), len(addresses), len(products), len(variants)) == (338, 25, 332, 332)
    assert len(set(every)) == len(every)


def links(told: Any) -> Iterator[dict[str, str]]:
    """Every link in what was told."""
    if isinstance(told, dict):
        if set(told) == {"url", "resource"}:
            yield told
        for value in told.values():
            yield from links(value)
    elif isinstance(told, list):
        for value in told:
            yield from links(value)


def test_every_link_leads_to_this_store(ask: Asker) -> None:
    told = [ask("GET", "/v2/orders/1007").json(), ask("GET", "/v2/orders/1007/shipping_addresses").json()]
    led = {}
    for link in links(told):
        assert link["url"] == f"{ask.base}/v2{link['resource']}"
        led[link["resource"]] = ask("GET", f"/v2{link['resource']}").status_code
    assert led == {
        "/orders/1007/products": 200,
        "/orders/1007/shippingaddresses": 200,
        "/orders/1007/coupons": 204,
        "/orders/1007/shippingaddresses/10071/shippingquotes": 204,
        "/orders/1007/shippingaddresses/10072/shippingquotes": 204,
    }


def test_the_store_says_who_it_is(ask: Asker) -> None:
    told = ask("GET", "/v2/store").json()
    assert (told["id"], told["name"], told["currency"]) == ("harborpine", "Harbor & Pine", "USD")
    assert (told["timezone"]["name"], told["default_channel_id"]) == ("America/Chicago", 1)


def test_the_stores_clock_is_in_whole_seconds_and_jumps_ahead_when_told(
    ask: Asker, store: StoreSimulator
) -> None:
    first = ask("GET", "/v2/time").json()
    assert set(first) == {"time"}
    assert abs(first["time"] - time.time()) < 60
    store.state.clock.advance(3600)
    assert 3600 <= ask("GET", "/v2/time").json()["time"] - first["time"] < 3660


def test_every_answer_is_dated_by_the_stores_clock(ask: Asker, store: StoreSimulator) -> None:
    store.state.clock.advance(7200)
    answer = ask("GET", "/v2/time")
    assert abs(parsedate_to_datetime(answer.headers["Date"]).timestamp() - answer.json()["time"]) <= 1


def test_the_stores_clock_never_goes_back(store: StoreSimulator, monkeypatch: pytest.MonkeyPatch) -> None:
    before = store.state.clock.seconds()
    monkeypatch.setattr(time, "time", lambda: 0.0)
    assert store.state.clock.seconds() == before
    with pytest.raises(ValueError, match="never goes back"):
        store.state.clock.advance(-1)


def test_all_fifteen_statuses_are_told_at_once(ask: Asker) -> None:
    told = ask("GET", "/v2/order_statuses").json()
    assert [(each["id"], each["name"]) for each in told] == [
        (0, "Incomplete"),
        (1, "Pending"),
        (2, "Shipped"),
        (3, "Partially Shipped"),
        (4, "Refunded"),
        (5, "Cancelled"),
        (6, "Declined"),
        (7, "Awaiting Payment"),
        (8, "Awaiting Pickup"),
        (9, "Awaiting Shipment"),
        (10, "Completed"),
        (11, "Awaiting Fulfillment"),
        (12, "Manual Verification Required"),
        (13, "Disputed"),
        (14, "Partially Refunded"),
    ]
    assert all(each["system_label"] == each["name"] for each in told)
    assert sorted(each["order"] for each in told) == list(range(15))
