"""P1 of the mailbox, over SFTP: what is gone from the mailbox is in the archive, byte for byte, whenever workers die.

The partner's side is a process of its own that outlives the workers; after each death the folder is compared with the
archive, so that a file that was lost for a moment counts, whatever a later worker did.
"""

from __future__ import annotations

import hashlib
import os
import random
import signal
import time
from collections.abc import Iterator
from dataclasses import replace
from itertools import count
from typing import Any

import pytest
from django.db import transaction

from archive import store
from archive.models import Direction, Transmission
from integration import tasks
from integration.flows.steps import STEPS
from integration.models import Work
from tests import factories
from tests.chaos.forking import is_whole, scaled
from tests.chaos.installation import Installation

pytestmark = pytest.mark.chaos

KILLS = 600 if is_whole() else 30
AT_PLACES = scaled(50)
FILES = 6
SEED = int(os.environ.get("GRIDPORT_SEED", "1"))
_numbers = count(1)
PLACES = ("receive.stored", "receive.removed", "fetch_mailbox.done")


class Drops:
    """What a partner dropped; ``lost`` are files that were gone from the mailbox without being stored as they were."""

    def __init__(self, installation: Installation) -> None:
        self._outbox = installation.network.outbox
        self._lying: dict[str, str] = {}
        self.gone = 0
        self.lost: list[str] = []

    def fill(self) -> None:
        """Have ``FILES`` files lie there."""
        for _ in range(FILES - len(self._lying)):
            number = next(_numbers)
            data = factories.interchange_bytes("997", [], number=number)
            name = f"drop-{number:06}.edi"
            (self._outbox / name).write_bytes(data)
            self._lying[name] = hashlib.sha256(data).hexdigest()

    def look(self) -> None:
        """Compare what is gone since the last look with the archive."""
        still = {path.name for path in self._outbox.iterdir()}
        gone = {name: self._lying.pop(name) for name in set(self._lying) - still}
        taken = Transmission.objects.filter(direction=Direction.IN, name__in=gone).select_related("payload")
        stored = {
            (each.name, hashlib.sha256(store.open(each.payload, purpose="test")).hexdigest())
            for each in taken
        }
        self.gone += len(gone)
        self.lost += sorted(name for name, digest in gone.items() if (name, digest) not in stored)

    def forget(self) -> None:
        """Take away what lies there still."""
        for path in self._outbox.iterdir():
            path.unlink()


def make_due() -> None:
    """Let the fetch be taken up at once by the next worker, as when the dead one's lease has run out."""
    Work.objects.filter(step="fetch_mailbox").update(
        due_at="2019-01-01T00:00Z", lease_until=None, lease_token=None, deaths=0, parked_at=None
    )


@pytest.fixture
def drops(installation: Installation, monkeypatch: pytest.MonkeyPatch) -> Iterator[Drops]:
    installation.use("sftp")
    # Nothing is read: this is about taking. What was taken waits, and is taken away with the installation.
    kind = STEPS["translate"]
    monkeypatch.setitem(STEPS, "translate", replace(kind, lane="unread"))
    drops = Drops(installation)
    yield drops
    drops.forget()
    Work.objects.filter(step="translate").delete()


def kill_while_fetching(installation: Installation, seconds: float) -> bool:
    """Let a worker fetch, and kill it after ``seconds`` unless it ended before; say whether it was killed."""
    worker = installation.forked.start(lambda: tasks.drain("mailboxes") and None)
    time.sleep(seconds)
    installation.forked.kill(worker)
    return installation.forked.wait(worker) == -signal.SIGKILL


def time_of_one_fetch(installation: Installation) -> float:
    installation.ask("fetch_mailbox")
    began = time.monotonic()
    installation.healthy(lambda: tasks.drain("mailboxes"))
    return time.monotonic() - began


def ask_again(installation: Installation, drops: Drops) -> None:
    drops.fill()
    installation.ask("fetch_mailbox")
    make_due()


def kill_at_places(installation: Installation, drops: Drops, *places: str) -> None:
    """Die at the first of the files and at the second, in turn."""
    for place in places:
        for number in range(AT_PLACES):
            ask_again(installation, drops)
            installation.kill_at(place, "mailboxes", passing=1 if place.endswith(".done") else 1 + number % 2)
            drops.look()


def test_p1_over_sftp_what_is_gone_is_stored_at_whatever_instant_a_worker_dies(
    installation: Installation, drops: Drops, record_property: Any
) -> None:
    record_property("seed", SEED)
    chance = random.Random(SEED)
    drops.fill()
    longest = time_of_one_fetch(installation)
    killed = 0
    while killed < KILLS:
        ask_again(installation, drops)
        dead = kill_while_fetching(installation, chance.uniform(0, longest))
        killed += dead
        # Machines get quicker and slower: kills are to fall into the whole of a fetch, and not behind it.
        longest *= 1.05 if dead else 0.8
        drops.look()
        assert drops.lost == [], f"seed {SEED}, after {killed} kills"
    installation.kills["a random instant of a fetch over SFTP"] += killed
    assert drops.gone >= KILLS


def test_p1_over_sftp_what_is_gone_is_stored_at_every_place(installation: Installation, drops: Drops) -> None:
    kill_at_places(installation, drops, *PLACES)
    assert drops.lost == []
    assert installation.kills == dict.fromkeys(PLACES, AT_PLACES)
    assert drops.gone > 2 * AT_PLACES


def test_p1_over_sftp_files_that_are_not_committed_before_they_are_removed_are_lost(
    installation: Installation, drops: Drops, monkeypatch: pytest.MonkeyPatch
) -> None:
    kind = STEPS["fetch_mailbox"]
    monkeypatch.setitem(STEPS, "fetch_mailbox", replace(kind, run=transaction.atomic(kind.run)))
    kill_at_places(installation, drops, "receive.removed")
    assert len(drops.lost) == sum(1 + number % 2 for number in range(AT_PLACES))
