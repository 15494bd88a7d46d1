"""An installation whose workers are killed, beside a store and a network mailbox that outlive them.

The store, and the mailbox's SFTP door where there is one, are processes of their own; every piece of work is done
by a child of this process, which itself has no thread and only reads ledgers, takes files as the network would, and
expires the leases of the dead.
"""

from __future__ import annotations

import http.client
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import asyncssh
import requests
from django.db import connection

from integration import tasks, work
from integration.flows.steps import STEPS, standing_steps
from integration.models import Store, Work
from integration.simulators.network.sftp_server import SftpDoor
from integration.simulators.network.suppliers import Network
from integration.simulators.store.catalog import SKUS
from integration.simulators.store.payloads import SampleOrder, build, line
from integration.simulators.store.server import StoreSimulator
from partners.mapping.compiler import load_shipped_guide
from partners.models import Mailbox
from portal.demo import sample
from tests.chaos.forking import Forked, die, die_at

STORE_HASH, TOKEN = "harborpine", "token"
FIRST_ORDER, ORDERS = 2001, 1600
ROUNDS = 10
MOVING = ("poll_store", "fetch_mailbox", "reconcile")
"""Standing steps by which orders go on; the others look after something once in a while."""
STANDING = tuple(name for name, kind in STEPS.items() if kind.standing)
FIRST, DUE, HELD = "2019-01-01T00:00Z", "2020-01-01T00:00Z", "2120-01-01T00:00Z"


def orders(count: int = ORDERS) -> dict[int, SampleOrder]:
    """Return orders of one line, which has to be shipped by one of the two suppliers in turn."""
    made = {}
    for place in range(count):
        sku = SKUS["BO"][place % 30] if place % 2 else SKUS["AC"][100 + place % 200]
        made[FIRST_ORDER + place] = build(FIRST_ORDER + place, [line(sku, 2)])
    return made


@contextmanager
def open_store(sold: dict[int, SampleOrder]) -> Iterator[dict[str, Any]]:
    """Serve the store with the orders ``sold``, none of them placed yet."""
    with StoreSimulator(sold, placed=[], store_hash=STORE_HASH, token=TOKEN) as simulator:
        yield {"url": simulator.url}


@contextmanager
def open_sftp(root: Path) -> Iterator[dict[str, Any]]:
    """Serve the folders of the network mailbox."""
    with SftpDoor(root, host_key=asyncssh.generate_private_key("ssh-ed25519")) as door:
        yield {
            "port": door.port,
            "host_key": door.host_key,
            "username": door.username,
            "password": door.password,
        }


def _network_mailbox() -> Mailbox:
    """Return the mailbox of the network; a test may have others beside it."""
    return Mailbox.objects.get(name="Trading Grid mailbox")


def do_one(lane: str) -> None:
    """Do the one piece of work of ``lane`` that has been due the longest."""
    for claimed in work.claim(lane, limit=1):
        tasks.do(claimed)


def do_up_to(step: str) -> None:
    """Do everything that is due but ``step``, and what follows from it."""
    waiting = Work.objects.filter(step=step)
    done = True
    while done:
        done = False
        for lane in work.due_lanes():
            waiting.update(due_at=HELD)
            for claimed in work.claim(lane):
                tasks.do(claimed)
                done = True
    waiting.update(due_at=DUE)


class Installation:
    """The installation and the verbs of chaos tests. ``kills`` counts by place where workers were killed.

    ``sold`` are the orders that can be placed, else ``orders()``.
    """

    def __init__(self, forked: Forked, folder: Path, sold: dict[int, SampleOrder] | None = None) -> None:
        self.forked = forked
        self.network = Network(folder / "network")
        self.store_url = forked.serve(lambda: open_store(sold or orders()))["url"]
        self.placed: list[int] = []
        self.kills: Counter[str] = Counter()
        self._died_in = ""
        # Compiled here, they are in the memory of every child.
        for transaction_set in ("850", "855"):
            load_shipped_guide(transaction_set, "004010")
        sample.fill(
            sample.Addresses(
                store_url=self.store_url,
                store_hash=STORE_HASH,
                store_token=TOKEN,
                sftp_port=1,
                sftp_username="",
                sftp_password="",
                sftp_host_key="",
            ),
            SKUS,
        )
        Mailbox.objects.update(poll_seconds=3600)
        Store.objects.update(poll_seconds=3600)
        self.use("directory")

    def use(self, transport: str) -> None:
        """Have the mailbox be reached by ``transport``."""
        if transport == "sftp":
            self.go_through(self.forked.serve(lambda: open_sftp(self.network.root)))
            return
        settings = {"inbound_path": str(self.network.outbox), "outbound_path": str(self.network.inbox)}
        self._set(_network_mailbox(), transport=transport, **settings)

    def go_through(self, door: dict[str, Any]) -> None:
        """Have the mailbox be reached by an SFTP door: port, host_key, username and password."""
        mailbox = _network_mailbox()
        mailbox.host_keys.all().delete()
        mailbox.host_keys.create(key=door["host_key"])
        settings = {name: door[name] for name in ("port", "username", "password")}
        paths = {"inbound_path": "outbox", "outbound_path": "inbox"}
        self._set(mailbox, transport="sftp", host="127.0.0.1", **paths, **settings)

    @staticmethod
    def _set(mailbox: Mailbox, **settings: Any) -> None:
        for name, value in settings.items():
            setattr(mailbox, name, value)
        mailbox.save()

    def ledger(self) -> list[dict[str, Any]]:
        """Return what the store was asked."""
        return list(requests.get(f"{self.store_url}/_simulator/ledger", timeout=60).json())

    def in_store(self, number: int) -> dict[str, Any]:
        """Return an order as the store holds it now."""
        found = requests.get(f"{self.store_url}/_simulator/orders/{number}", timeout=60)
        return dict(found.json()["order"])

    def tell_store(self, path: str, body: dict[str, Any] | None = None) -> None:
        """Use the store's control door."""
        requests.post(f"{self.store_url}/_simulator/{path}", json=body or {}, timeout=60).raise_for_status()

    def place(self, orders: int = 1) -> list[int]:
        """Have further orders appear in the store; return their numbers."""
        numbers = [FIRST_ORDER + len(self.placed) + place for place in range(orders)]
        for number in numbers:
            # No two at one second: a poll that passed over one of them must not find it by its neighbour.
            self.tell_store("clock", {"advance": 1})
            self.tell_store(f"orders/{number}/place")
        self.placed.extend(numbers)
        return numbers

    def ask(self, *names: str) -> None:
        """Make standing steps due."""
        for step in standing_steps():
            if step.name in names:
                work.put(STEPS[step.name].lane, step)

    def healthy(self, act: Callable[[], object]) -> None:
        """Have a worker do ``act`` that nobody kills."""
        self.forked.run([lambda: act() and None])

    def bring_to(self, step: str) -> None:
        """Let healthy workers do everything that is due, and leave ``step`` waiting."""
        self.healthy(lambda: do_up_to(step))

    def place_and_bring_to(self, step: str, orders: int) -> None:
        """Place orders and let everybody, suppliers too, do what comes before ``step``."""
        self.place(orders)
        self.ask("poll_store")
        self.bring_to(step)
        while self.network.take_all():
            self.ask("fetch_mailbox")
            self.bring_to(step)

    def kill_at(self, place: str, lane: str = "", passing: int = 1) -> None:
        """Let a worker drain ``lane``, or all, until it dies on passing the failpoint ``place``; expire its leases."""
        self._kill(place, lane, lambda: die_at(place, passing))

    def kill_unanswered(self, method: str, lane: str) -> None:
        """Let a worker die once a request of ``method`` has left for the store; wait until the store has read it."""

        def dies_at_the_answer() -> None:
            answer = http.client.HTTPConnection.getresponse

            def getresponse(self: Any) -> Any:
                if self._method == method:
                    die()
                return answer(self)

            http.client.HTTPConnection.getresponse = getresponse  # type: ignore[method-assign]

        asked = self._asked(method)
        self._kill(f"{method} not answered", lane, dies_at_the_answer)
        deadline = time.monotonic() + 60
        while self._asked(method) == asked:
            assert time.monotonic() < deadline, f"the store never read the {method}"

    def _asked(self, method: str) -> int:
        return sum(entry["method"] == method for entry in self.ledger())

    def _kill(self, place: str, lane: str, prepare: Callable[[], None]) -> None:
        def act() -> None:
            prepare()
            if lane:
                tasks.drain(lane)
            else:
                tasks.drain_everything()

        self.forked.dies(act)
        self.kills[place] += 1
        with connection.cursor() as cursor:
            # The work begun last has the latest lease; it comes first again, before its neighbours in the batch.
            cursor.execute(
                "UPDATE integration_work SET due_at = %s WHERE id = (SELECT id FROM integration_work"
                " WHERE lease_token IS NOT NULL ORDER BY lease_until DESC LIMIT 1) RETURNING lane",
                [FIRST],
            )
            (self._died_in,) = cursor.fetchone()
            cursor.execute(
                "UPDATE integration_work SET lease_until = clock_timestamp() - interval '1 s'"
                " WHERE lease_token IS NOT NULL"
            )

    def go_on(self) -> None:
        """Have a healthy worker do the piece of work that the last one died of."""
        self.healthy(lambda: do_one(self._died_in))

    def finish(self) -> None:
        """Let healthy workers and the suppliers do what they have to, until nobody has anything to do."""
        for _ in range(ROUNDS):
            self.ask(*MOVING)
            self.healthy(tasks.drain_everything)
            self.network.take_all()
            if not any(self.network.outbox.iterdir()):
                return
        raise AssertionError(f"still at work after {ROUNDS} rounds: {list(Work.objects.values())}")
