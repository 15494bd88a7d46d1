"""Networks between an installation, its store and its mailbox that are broken on purpose, by a seed."""

from __future__ import annotations

import random
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from itertools import product
from multiprocessing.connection import Client, Connection, Listener
from pathlib import Path
from typing import Any
from unittest.mock import patch
from urllib.parse import urlsplit

import asyncssh

from integration import patience, tasks
from integration.bigcommerce import connection
from integration.models import Channel, Store, Work
from integration.patience import Patience
from integration.simulators.network.sftp_server import SftpDoor
from tests.chaos.installation import DUE, MOVING, STANDING, Installation
from tests.chaos.places import http, sftp
from tests.chaos.proxy import DOWN, KINDS, UP, Proxy, Toxic

STORE, MAILBOX = "store", "mailbox"
Combination = tuple[str, str, str]
COMBINATIONS: Sequence[Combination] = tuple(product(KINDS, (STORE, MAILBOX), (UP, DOWN)))
REFUSED = ("down", UP)
"""Kind and direction of what no connection shows: there is none."""

IN_A_HURRY = Patience(connect=2.0, silence=0.4, answer=2.0, visit=10.0)
SOON = 120.0
STEPS = ("key exchange", "greeting", "login", "open", "write", "close", "find", "rename", "read", "remove")
"""Where a conversation with the mailbox may be broken. Upstream that is before what follows the step, so that a rename
never asked for is one behind ``find``; downstream it is the step's own answer."""


@contextmanager
def open_networks(store_port: int, root: Path) -> Iterator[dict[str, Any]]:
    """Serve proxies before the store and before an SFTP door of the mailbox, and a line to tell them what to do."""
    with ExitStack() as opened:
        place: list[Callable[[str], None]] = []
        door = opened.enter_context(
            SftpDoor(
                root,
                host_key=asyncssh.generate_private_key("ssh-ed25519"),
                on_step=lambda step: place[0](step),
            )
        )
        proxies = {
            STORE: opened.enter_context(Proxy(store_port, http)),
            MAILBOX: opened.enter_context(Proxy(door.port, sftp)),
        }
        place.append(proxies[MAILBOX].at)
        listener = opened.enter_context(Listener(("127.0.0.1", 0)))
        threading.Thread(target=_obey, args=[listener, proxies], daemon=True).start()
        yield {
            "told_at": listener.address,
            STORE: proxies[STORE].port,
            MAILBOX: {
                "port": proxies[MAILBOX].port,
                "host_key": door.host_key,
                "username": door.username,
                "password": door.password,
            },
        }


def _obey(listener: Listener, proxies: dict[str, Proxy]) -> None:
    with suppress(EOFError), listener.accept() as line:
        while True:
            side, verb, arguments = line.recv()
            line.send(getattr(proxies[side], verb)(*arguments))


class Networks:
    """The two networks, as the test's own process sees them. ``refused`` counts rounds before closed doors."""

    def __init__(self, installation: Installation) -> None:
        self._installation = installation
        port = urlsplit(installation.store_url).port
        told = installation.forked.serve(lambda: open_networks(int(port or 0), installation.network.root))
        self._line: Connection = Client(tuple(told["told_at"]))
        self._store, self._mailbox = told[STORE], told[MAILBOX]
        self.refused: Counter[str] = Counter()

    def close(self) -> None:
        """Let go of them."""
        self._line.close()

    def lead_through(self) -> None:
        """Have the installation reach store and mailbox through the networks."""
        Store.objects.update(base_url=f"http://127.0.0.1:{self._store}")
        self._installation.go_through(self._mailbox)

    def tell(self, side: str, verb: str, *arguments: Any) -> Any:
        """Have the proxy of one side do something."""
        self._line.send((side, verb, arguments))
        return self._line.recv()

    def wait_until_quiet(self) -> None:
        """Wait until nothing is on its way any more, as ``patience.SETTLES`` lets it."""
        deadline = time.monotonic() + SOON
        while not all(self.tell(side, "is_quiet") for side in (STORE, MAILBOX)):
            assert time.monotonic() < deadline, "connections that never end"
            time.sleep(0.005)

    def heal(self) -> list[Combination]:
        """Let everything through from now on; return what was armed and never came to happen."""
        return [
            (toxic.kind, side, toxic.direction)
            for side in (STORE, MAILBOX)
            for toxic in self.tell(side, "disarm")
        ]

    def anything_armed(self) -> bool:
        """Say whether some of what was armed has not come to happen."""
        return any(self.tell(side, "is_armed") for side in (STORE, MAILBOX))

    def made(self) -> Counter[tuple[Combination, str]]:
        """Return how often each fault was made, and at which place."""
        counted = Counter(
            ((told["toxic"]["kind"], side, told["toxic"]["direction"]), told["at"])
            for side in (STORE, MAILBOX)
            for told in self.tell(side, "ledger")
            if told["toxic"]
        )
        counted.update({(("down", side, UP), "refused"): rounds for side, rounds in self.refused.items()})
        return counted

    def round(self, shut: str = "") -> None:
        """Let a worker do once what is due, everything else waiting for nothing; ``shut`` refuses meanwhile."""
        installation = self._installation
        installation.ask(*MOVING)
        _hurry()
        if shut:
            self.tell(shut, "shut")
        with in_a_hurry():
            installation.healthy(tasks.drain_everything)
        if shut:
            self.tell(shut, "open")
            words = {STORE: "could not be reached", MAILBOX: "(connect)"}[shut]
            assert Work.objects.filter(error__contains=words).exists(), f"the {shut} was never called"
            self.refused[shut] += 1
        self.wait_until_quiet()
        installation.network.take_all()

    def settle(self) -> None:
        """Let everybody finish on healthy networks."""
        self.heal()
        for _ in range(10):
            _hurry()
            self._installation.finish()
            if not Work.objects.exclude(step__in=STANDING).filter(parked_at=None).exists():
                return
        raise AssertionError(f"still at work: {list(Work.objects.values())}")


@contextmanager
def in_a_hurry() -> Iterator[None]:
    """Have everybody wait less long, and for nothing between tries."""
    with (
        patch.object(patience, "STORE", IN_A_HURRY),
        patch.object(patience, "MAILBOX", IN_A_HURRY),
        patch.object(connection, "BACKOFF", 0.001),
    ):
        yield


def toxic_of(combination: Combination, rng: random.Random) -> Toxic:
    """Return a toxic of its kind for its direction, all else by chance."""
    kind, side, direction = combination
    if side == MAILBOX:
        place, into = rng.choice(STEPS), rng.choice([0.0, 0.5])
    else:
        method = rng.choice(["GET", "PUT", "POST"])
        parts = (
            ["line", "headers", *([] if method == "GET" else ["body"])]
            if direction == UP
            else ["answer", "data"]
        )
        place, into = f"{method} {rng.choice(parts)}", rng.choice([0.0, 0.5])
    return Toxic(
        kind,
        direction,
        place=place,
        into=into,
        # What is written is written once: there is no second chance to wait for.
        skip=0 if place.startswith(("PUT", "POST")) else rng.randrange(3),
        size={"slicer": rng.randint(1, 60), "bandwidth": rng.randint(4_000, 20_000)}.get(
            kind, rng.randint(0, 40)
        ),
        # Of latency some, and some more than anybody waits.
        seconds={"slicer": 0.002, "latency": rng.choice([0.02, 0.8])}.get(kind, 0.2),
    )


def _hurry() -> None:
    """Let nothing wait for its time, nor for the next probe of a side that is left alone."""
    Work.objects.filter(parked_at=None).update(due_at=DUE)
    Channel.objects.filter(opened_at__isnull=False).update(probe_at=DUE)
    Channel.objects.update(rests_until=None)
