"""The official descriptions, and a simulated store with all generated orders."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from integration.simulators.store.sample_orders import generated_orders
from integration.simulators.store.server import StoreSimulator
from tests.contract.descriptions import Descriptions
from tests.contract.exchanges import HASH, TOKEN


@pytest.fixture(scope="session")
def descriptions(shared: Path) -> Descriptions:
    """The official descriptions with the overlay."""
    return Descriptions(shared / "bigcommerce" / "specs")


@pytest.fixture
def store() -> Iterator[StoreSimulator]:
    """A store with all generated orders placed."""
    orders = generated_orders()
    with StoreSimulator(orders, placed=orders, store_hash=HASH, token=TOKEN) as simulator:
        yield simulator
