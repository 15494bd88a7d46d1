"""A whole world in one process: store, network mailbox in folders, our rows; work is done when a test says so."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from unittest.mock import patch

import pytest
from django.db.models import F

from integration import tasks
from integration.flows import parents
from integration.models import Channel, Sighting, Store, Work
from integration.simulators.network.suppliers import Network
from integration.simulators.store.sample_orders import SKUS, SampleOrder, generated_orders
from integration.simulators.store.server import StoreSimulator
from partners.models import Mailbox
from portal.demo import sample


@dataclass
class World:
    """The simulators and the verbs of tests. Suppliers answer when ``run`` or ``deliver`` lets them."""

    store: StoreSimulator
    network: Network
    row: Store
    mailbox: Mailbox

    def place(self, number: int) -> None:
        """Have an order appear in the store."""
        self.store.state.place(number)

    def later(self) -> None:
        """Let every wait for another try be over, and do everything that is due."""
        Work.objects.filter(parked_at=None).update(due_at="2020-01-01T00:00Z")
        Channel.objects.filter(opened_at__isnull=False).update(probe_at="2020-01-01T00:00Z")
        Channel.objects.update(rests_until=None)
        self.poll()

    def wait(self, minutes: float) -> None:
        """Let time pass over what lies on the mailbox."""
        passed = timedelta(minutes=minutes)
        Sighting.objects.update(since=F("since") - passed, read_at=F("read_at") - passed)

    def poll(self) -> bool:
        """Make standing work due, and do everything that is due; say whether that was more than the standing work."""
        tasks.tick()
        standing = Work.objects.filter(step__in=["poll_store", "fetch_mailbox", "reconcile"])
        asked = standing.update(due_at="2020-01-01T00:00Z")
        return tasks.drain_everything() > asked

    def run(self, rounds: int = 4) -> None:
        """Let everybody do what they have to, in turn, until nobody has anything to do."""
        for _ in range(rounds):
            was_busy = self.poll()
            if not self.network.take_all() and not was_busy:
                break


@contextmanager
def open_world(folder: Path, orders: dict[int, SampleOrder]) -> Iterator[World]:
    """A store with ``orders``, none placed; two suppliers; the demo's installation, on folders below ``folder``."""
    with (
        patch.object(tasks, "async_task", lambda *args, **options: None),
        # An answer to nothing is a case at once; test_abuse_29 lets it wait.
        patch.object(parents, "AWAITED", timedelta(0)),
        StoreSimulator(orders, placed=[], store_hash="harborpine", token="token") as simulator,
    ):
        network = Network(folder / "network")
        row = sample.fill(
            sample.Addresses(
                store_url=simulator.url,
                store_hash="harborpine",
                store_token="token",
                sftp_port=1,
                sftp_username="",
                sftp_password="",
                sftp_host_key="",
            ),
            SKUS,
        )
        Mailbox.objects.update(
            transport="directory", inbound_path=str(network.outbox), outbound_path=str(network.inbox)
        )
        yield World(simulator, network, row, Mailbox.objects.get())


@pytest.fixture
def world(committed: str, tmp_path: Path) -> Iterator[World]:
    """A world with the generated orders."""
    with open_world(tmp_path, generated_orders()) as opened:
        yield opened
