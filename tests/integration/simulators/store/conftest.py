"""The simulated store with its generated orders, and ways to ask it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
import requests

from integration.simulators.store.sample_orders import generated_orders
from integration.simulators.store.server import StoreSimulator
from tests.integration.simulators.store.asking import TOKEN, Asker
from tests.integration.simulators.store.receiver import SECRET, Receiver, receiving


@pytest.fixture
def store() -> Iterator[StoreSimulator]:
    """A store with all generated orders placed."""
    orders = generated_orders()
    with StoreSimulator(
        orders, placed=orders, store_hash="harborpine", token=TOKEN, client_secret=SECRET
    ) as simulator:
        yield simulator


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    """A destination of callbacks."""
    with receiving() as found:
        yield found


@pytest.fixture
def ask(store: StoreSimulator) -> Iterator[Asker]:
    """The API of the store."""
    with requests.Session() as session:
        yield Asker(session, f"{store.url}/stores/harborpine")


@pytest.fixture
def control(store: StoreSimulator) -> Iterator[Callable[..., requests.Response]]:
    """The control door of the store: ``control("POST", "faults", {"kind": "close"})``."""
    with requests.Session() as session:

        def door(method: str, path: str, fields: dict[str, Any] | None = None) -> requests.Response:
            return session.request(method, f"{store.url}/_simulator/{path}", json=fields, timeout=10)

        yield door
