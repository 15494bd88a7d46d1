"""The client against the simulated store, which was written without sight of it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from integration.bigcommerce.budget import InMemoryBudget
from integration.bigcommerce.client import NotFound, StoreClient
from integration.errors import ConfigurationError
from integration.simulators.store.sample_orders import generated_orders
from integration.simulators.store.server import StoreSimulator


@pytest.fixture
def simulator() -> Iterator[StoreSimulator]:
    orders = generated_orders()
    with StoreSimulator(orders, placed=list(orders), store_hash="harborpine", token="right") as simulator:
        yield simulator


@pytest.fixture
def client(simulator: StoreSimulator) -> Iterator[StoreClient]:
    with StoreClient(
        simulator.url, "harborpine", "right", InMemoryBudget(), sleep=lambda seconds: None
    ) as client:
        yield client


def test_every_order_is_listed_and_read_with_lines_and_addresses(
    simulator: StoreSimulator, client: StoreClient
) -> None:
    numbers = sorted(generated_orders())
    listed = list(client.iter_orders_modified_since(datetime.now(UTC) - timedelta(hours=1)))
    assert sorted(order.id for order in listed) == numbers
    assert (
        sorted(change.id for change in client.iter_changes_since(datetime(2020, 1, 1, tzinfo=UTC))) == numbers
    )
    counted = 0
    for order in listed:
        assert client.get_order(order.id) == order
        lines = client.get_lines(order.id)
        places = {address.id for address in client.get_shipping_addresses(order.id)}
        assert order.total_inc_tax >= Decimal(0)
        assert all(line.order_address_id in places for line in lines if line.order_address_id)
        counted += len(lines)
    assert counted >= len(numbers)


def test_a_status_is_set_and_nothing_else_sent(client: StoreClient) -> None:
    number = min(generated_orders())
    assert client.update_status(number, 9).status_id == 9
    assert client.get_order(number).status_id == 9


def test_a_metafield_is_written_once_and_then_changed(client: StoreClient) -> None:
    number = min(generated_orders())
    for value in ("PO-1", "PO-1", "PO-2"):
        client.set_order_metafield(number, "gridport", "purchase_orders", value)
    assert [(each.key, each.value) for each in client.list_order_metafields(number)] == [
        ("purchase_orders", "PO-2")
    ]


def test_an_order_that_is_not_there_is_not_found(client: StoreClient) -> None:
    with pytest.raises(NotFound):
        client.get_order(999_999)


def test_the_wrong_token_is_for_staff(simulator: StoreSimulator) -> None:
    with (
        StoreClient(simulator.url, "harborpine", "wrong", InMemoryBudget()) as client,
        pytest.raises(ConfigurationError, match="refused our API token"),
    ):
        client.get_order(min(generated_orders()))


def test_the_store_says_who_and_when_it_is(client: StoreClient) -> None:
    assert client.get_store().time_zone
    assert abs(client.get_time() - datetime.now(UTC)) < timedelta(minutes=1)
    assert {11, 9, 2} <= {status.id for status in client.get_order_statuses()}
