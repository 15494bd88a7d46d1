"""The portal's own client reads everything that the simulated store says, and is refused where the store refuses."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from integration.bigcommerce.budget import InMemoryBudget
from integration.bigcommerce.client import NotFound, Refused, StoreClient
from integration.bigcommerce.orders import StoreOrder
from integration.errors import ConfigurationError, RetryableError
from integration.simulators.store.examples import FILES, example_orders
from integration.simulators.store.faults import Fault
from integration.simulators.store.payloads import SampleOrder
from integration.simulators.store.sample_orders import generated_orders
from integration.simulators.store.server import StoreSimulator
from tests.integration.simulators.store.asking import TOKEN

PLACE = (
    "first_name", "last_name", "company", "street_1", "street_2", "city", "state", "zip", "country", "country_iso2",
    "phone", "email",
)  # fmt: skip


@contextmanager
def connected(store: StoreSimulator, token: str = TOKEN) -> Iterator[tuple[StoreClient, list[float]]]:
    """A client of the store, and the seconds that it would have slept."""
    slept: list[float] = []
    with StoreClient(store.url, store.store_hash, token, InMemoryBudget(), sleep=slept.append) as client:
        yield client, slept


@pytest.fixture
def client(store: StoreSimulator) -> Iterator[StoreClient]:
    with connected(store) as (client, _):
        yield client


def reads(client: StoreClient, sample: SampleOrder) -> None:
    """Read an order with its parts and hold each field against what the store holds."""
    number = sample.order["id"]
    order = client.get_order(number)
    assert (order.id, order.status_id, order.customer_id) == (
        number,
        sample.order["status_id"],
        sample.order["customer_id"],
    )
    assert order.total_inc_tax == Decimal(sample.order["total_inc_tax"])
    assert order.amounts.subtotal_ex_tax == Decimal(sample.order["subtotal_ex_tax"])
    assert order.amounts.subtotal_inc_tax == Decimal(sample.order["subtotal_inc_tax"])
    assert (order.currency_code, order.is_deleted) == (sample.order["default_currency_code"], False)
    assert (order.is_tax_inclusive_pricing, order.staff_notes) == (
        sample.order["is_tax_inclusive_pricing"],
        sample.order["staff_notes"],
    )
    assert (order.customer_message, order.is_digital) == (
        sample.order["customer_message"],
        sample.order["order_is_digital"],
    )
    assert order.date_created == order.date_modified
    assert order.date_shipped is None
    billing = sample.order["billing_address"]
    assert [getattr(order.billing_address, name) for name in PLACE] == [billing[name] for name in PLACE]
    lines = client.get_lines(number)
    assert [
        (line.id, line.product_id, line.variant_id, line.sku, line.name, line.type, line.quantity) for line in lines
    ] == [
        (
            each["id"], each["product_id"], each.get("variant_id", 0), each["sku"], each["name"], each["type"],
            each["quantity"],
        )
        for each in sample.products
    ]  # fmt: skip
    assert [(line.price_ex_tax, line.discounted_total_inc_tax, line.order_address_id) for line in lines] == [
        (
            Decimal(each["price_ex_tax"]),
            Decimal(each.get("discounted_total_inc_tax", 0)),
            each["order_address_id"],
        )
        for each in sample.products
    ]
    assert [
        (
            line.quantity_refunded,
            line.order_pickup_method_id,
            line.parent_order_product_id,
            line.is_bundled_product,
        )
        for line in lines
    ] == [
        (
            each["quantity_refunded"],
            each.get("order_pickup_method_id", 0),
            each["parent_order_product_id"] or 0,
            each["is_bundled_product"],
        )
        for each in sample.products
    ]
    addresses = client.get_shipping_addresses(number)
    assert [[each.id, *(getattr(each, name) for name in PLACE)] for each in addresses] == [
        [each["id"], *(each[name] for name in PLACE)] for each in sample.addresses
    ]


@pytest.mark.parametrize("number", generated_orders())
def test_the_client_reads_every_generated_order(
    store: StoreSimulator, client: StoreClient, number: int
) -> None:
    reads(client, store.state.sample(number))


@pytest.mark.parametrize("number", FILES)
def test_the_client_reads_every_official_example(shared: Path, number: int) -> None:
    orders = example_orders(shared / "bigcommerce" / "examples", None)
    with (
        StoreSimulator(orders, placed=orders, store_hash="h", token=TOKEN) as store,
        connected(store) as (client, _),
    ):
        reads(client, orders[number])


def test_the_client_lists_all_that_changed_and_nothing_older(
    store: StoreSimulator, client: StoreClient
) -> None:
    since = datetime.now(UTC) + timedelta(minutes=30)
    store.state.clock.advance(3600)
    for number in (1007, 1002):
        store.state.change(number, {"staff_notes": "seen"}, checked=False)
    assert [order.id for order in client.iter_orders_modified_since(since)] == [1002, 1007]
    everything = list(client.iter_changes_since(datetime(2020, 1, 1, tzinfo=UTC)))
    assert sorted(change.id for change in everything) == list(range(1001, 1029))
    assert [change.id for change in everything][-2:] == [1002, 1007]


def test_the_clients_requests_are_as_the_store_wants_them(store: StoreSimulator, client: StoreClient) -> None:
    client.get_lines(1006)
    client.update_status(1001, 9)
    client.set_order_metafield(1001, "gridport", "purchase_orders", "1001-1")
    client.set_order_metafield(1001, "gridport", "purchase_orders", "1001-2")
    client.find_variants_by_sku("ac-012")
    asked = [(each["method"], each["path"], each["body"], each["status"]) for each in store.state.ledger]
    metafields = "/v3/orders/1001/metafields"
    field = {"namespace": "gridport", "key": "purchase_orders", "permission_set": "app_only"}
    nothing: dict[str, Any] = {}
    assert asked == [
        ("GET", "/v2/orders/1006/products", nothing, 200),
        ("GET", "/v2/orders/1006/products", nothing, 204),
        ("PUT", "/v2/orders/1001", {"status_id": 9}, 200),
        ("GET", metafields, nothing, 200),
        ("POST", metafields, {**field, "value": "1001-1"}, 200),
        ("GET", metafields, nothing, 200),
        ("PUT", f"{metafields}/1", {**field, "value": "1001-2"}, 200),
        ("GET", "/v3/catalog/variants", nothing, 200),
    ]
    assert [each["value"] for each in store.state.metafields[1001]] == ["1001-2"]


def test_the_client_finds_a_variant(client: StoreClient) -> None:
    [found] = client.find_variants_by_sku("ac-012")
    assert (found.id, found.product_id, found.sku, found.purchasing_disabled) == (7012, 5012, "AC-012", False)
    assert client.find_variants_by_sku("AC-9") == []


def test_the_client_reads_the_store_its_clock_and_its_statuses(
    store: StoreSimulator, client: StoreClient
) -> None:
    profile = client.get_store()
    assert (profile.name, profile.domain, profile.status) == (
        "Harbor & Pine",
        "harborandpine.example.com",
        "live",
    )
    assert (profile.time_zone, profile.currency, profile.default_channel_id) == ("America/Chicago", "USD", 1)
    assert abs(client.get_time().timestamp() - store.state.clock.seconds()) < 60
    statuses = {status.id: (status.name, status.label) for status in client.get_order_statuses()}
    assert len(statuses) == 15
    assert statuses[9] == ("Awaiting Shipment", "Packed, waiting for the carrier")


def read(client: StoreClient) -> StoreOrder:
    return client.get_order(1001)


@pytest.mark.parametrize(
    ("fault", "sentence"),
    [
        ({"kind": "html"}, "The store answered with a web page instead of data (read order 1001, HTTP 200)."),
        ({"kind": "empty"}, "The store answered with nothing instead of data (read order 1001, HTTP 200)."),
        ({"kind": "close"}, "The store broke the connection off (read order 1001)."),
        (
            {"status": 503},
            "The store had a fault of its own (read order 1001, HTTP 503: A fault that was armed.).",
        ),
        (
            {"status": 429, "headers": False},
            "The store's request limit is used up for the moment (read order 1001).",
        ),
    ],
)
def test_a_fault_that_lasts_is_told_and_one_that_passes_is_not(
    store: StoreSimulator, fault: dict[str, Any], sentence: str
) -> None:
    with connected(store) as (client, slept):
        store.state.faults.append(Fault(times=3, **fault))
        assert read(client).id == 1001
        assert len(slept) == 3
        store.state.faults.append(Fault(times=4, **fault))
        with pytest.raises(RetryableError) as caught:
            read(client)
    assert str(caught.value).startswith(sentence)
    assert store.state.faults == []


def test_a_used_up_quota_puts_the_work_back_until_the_next_window(store: StoreSimulator) -> None:
    store.state.quota = 0
    with connected(store) as (client, slept):
        with pytest.raises(RetryableError) as caught:
            read(client)
        with pytest.raises(RetryableError):
            client.get_time()
    assert caught.value.retry_after is not None
    assert timedelta(seconds=20) < caught.value.retry_after <= timedelta(seconds=30)
    assert slept == []
    assert [(each["path"], each["status"]) for each in store.state.ledger] == [("/v2/orders/1001", 429)]


def test_a_write_that_was_carried_out_unanswered_is_not_repeated_unseen_and_stands(
    store: StoreSimulator,
) -> None:
    store.state.faults.append(Fault(kind="apply_then_close", method="PUT"))
    with connected(store) as (client, _):
        with pytest.raises(RetryableError) as caught:
            client.update_status(1001, 9)
        assert caught.value.ambiguous
        assert client.get_order(1001).status_id == 9
    assert [(each["method"], each["status"], each["fault"]) for each in store.state.ledger] == [
        ("PUT", 200, "apply_then_close"),
        ("GET", 200, ""),
    ]


def test_a_metafield_written_unanswered_is_not_written_twice(store: StoreSimulator) -> None:
    store.state.faults.append(Fault(kind="apply_then_close", method="POST"))
    with connected(store) as (client, _):
        with pytest.raises(RetryableError) as caught:
            client.set_order_metafield(1001, "gridport", "purchase_orders", "1001-1")
        assert caught.value.ambiguous
        client.set_order_metafield(1001, "gridport", "purchase_orders", "1001-1")
    assert [each["method"] for each in store.state.ledger] == ["GET", "POST", "GET"]
    assert len(store.state.metafields[1001]) == 1


def test_refusals_of_the_store_become_the_clients_errors(store: StoreSimulator, client: StoreClient) -> None:
    with pytest.raises(NotFound, match=r"^The store does not have it \(read order 77\)\.$"):
        client.get_order(77)
    with pytest.raises(NotFound):
        client.list_order_metafields(77)
    with pytest.raises(Refused) as caught:
        client.update_status(1001, 99)
    assert caught.value.status == 400
    assert str(caught.value) == (
        "The store refused (set the status of order 1001, HTTP 400: The field 'status_id' is invalid.; One of these is"
        " expected: 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14.)."
    )
    with connected(store, "another") as (stranger, _):
        with pytest.raises(ConfigurationError, match="refused our API token"):
            stranger.get_order(1001)
        with pytest.raises(ConfigurationError, match="refused our API token"):
            stranger.list_order_metafields(1001)
