"""The ledgers of the store and the suppliers against the archive: what was lost, doubled or changed on the way."""

from __future__ import annotations

import hashlib
from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import astuple, dataclass
from typing import Any

from archive import store as archive_store
from archive.models import Acknowledgment, Direction, Document, Event, Interchange, Transmission
from integration.models import ExceptionCase, LineEntry, Work
from tests.chaos.installation import STANDING, Installation

TOLD_ONCE = ("generated", "delivered", "arrived", "translated", "answered", "accepted", "effect_done")


@dataclass(frozen=True)
class Reckoning:
    """Counts. ``orders`` were placed; ``sent_again`` are second arrivals of one name with the same bytes.

    All others are faults.
    """

    orders: int = 0
    sent_again: int = 0

    never_sent: int = 0  # purchase orders that no supplier has
    renumbered: int = 0  # purchase orders that a supplier has under a second name or control number
    altered: int = 0  # arrivals with other bytes than are stored under their name
    unrecorded: int = 0  # arrivals beyond the attempts that the archive knows of
    kept_back: int = 0  # interchanges of ours that never arrived
    gaps: int = 0  # control numbers that were given out to nothing

    unread: int = 0  # suppliers' files that are not stored as they were sent, and read
    read_again: int = 0  # suppliers' files stored or read more than once
    misposted: int = 0  # lines and documents that are not acknowledged exactly once

    told_again: int = 0  # lines of timelines that tell of one thing twice

    not_written: int = 0  # orders without their status or metafield
    wrong: int = 0  # other writes to the store than those meant
    put_again: int = 0  # status updates beyond one
    posted_again: int = 0  # metafields sent as new beyond one

    left: int = 0  # open cases, stopped or waiting work, files on the mailbox

    def __sub__(self, earlier: Reckoning) -> Reckoning:
        """Return what has come since ``earlier``."""
        return Reckoning(*(now - then for now, then in zip(astuple(self), astuple(earlier), strict=True)))


class Books:
    """The reckoning of one test on an installation that other tests used before."""

    def __init__(self, installation: Installation) -> None:
        installation.finish()
        self.installation = installation
        self._before = reckon(installation)

    def balance(self) -> Reckoning:
        """Let healthy workers and suppliers finish; return what the ledgers then say of this test."""
        self.installation.finish()
        return reckon(self.installation) - self._before

    def sent_again(self) -> int:
        """Return how many files the network took again under the same name and with the same bytes."""
        return _second_arrivals(self.installation) - self._before.sent_again


def reckon(installation: Installation) -> Reckoning:
    """Compare the ledgers with the archive."""
    return Reckoning(
        orders=len(installation.placed),
        **_sent(installation),
        **_received(installation),
        **_written(installation),
        left=_left(installation),
    )


def _second_arrivals(installation: Installation) -> int:
    arrivals = installation.network.arrivals()
    return len(arrivals) - len({(each["name"], each["sha256"]) for each in arrivals})


def _beyond_one(counted: Iterable[int]) -> int:
    return sum(number - 1 for number in counted if number > 1)


def _sent(installation: Installation) -> dict[str, int]:
    arrivals = installation.network.arrivals()
    identities = defaultdict(set)
    for each in arrivals:
        if each["purchase_order"] is not None:
            identities[each["purchase_order"]].add((each["name"], each["isa13"], each["gs06"], each["st02"]))
    ours = Interchange.objects.filter(direction=Direction.OUT).select_related("payload")
    stored = {each.name: _sha256(archive_store.open(each.payload, purpose="test")) for each in ours}
    attempts = Counter(Transmission.objects.filter(direction=Direction.OUT).values_list("name", flat=True))
    arrived = Counter(each["name"] for each in arrivals)
    numbers = defaultdict(list)
    for interchange in ours:
        numbers[interchange.receiver_id].append(int(interchange.control_number))
    return {
        "sent_again": _second_arrivals(installation),
        "never_sent": sum(f"{number}-1" not in identities for number in installation.placed),
        "renumbered": _beyond_one(len(each) for each in identities.values()),
        "altered": sum(each["sha256"] != stored.get(each["name"]) for each in arrivals),
        "unrecorded": sum(max(0, arrived[name] - attempts[name]) for name in arrived),
        "kept_back": len(set(stored) - set(arrived)),
        "gaps": sum(max(taken) - len(taken) for taken in numbers.values()),
    }


def _sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def _received(installation: Installation) -> dict[str, int]:
    answers = [each for each in installation.network.ledger if each["event"] == "answer"]
    taken = Transmission.objects.filter(direction=Direction.IN).select_related("payload")
    stored = [(each.name, _sha256(archive_store.open(each.payload, purpose="test"))) for each in taken]
    found_in = Document.objects.filter(direction=Direction.IN)
    read = Counter(found_in.values_list("interchange__name", flat=True))
    answered = Interchange.objects.filter(direction=Direction.OUT, documents__transaction_set="997").count()
    posted = Counter(
        LineEntry.standing()
        .filter(kind=LineEntry.Kind.ACKNOWLEDGED)
        .values_list("line__purchase_order__number", flat=True)
    )
    acknowledged = Counter(
        Acknowledgment.objects.values_list("document__orders__purchase_order__number", flat=True)
    )
    placed = {f"{number}-1" for number in installation.placed}
    # A supplier who got the same file twice acknowledges it twice, and says twice what he does: each is posted as he says it.
    said = Counter(each["purchase_order"] for each in answers if each["code"] == "855")
    told = Counter(each["purchase_order"] for each in answers if each["code"] == "997")
    return {
        "unread": sum(
            (each["name"], each["sha256"]) not in stored or read[each["name"]] == 0 for each in answers
        ),
        "read_again": _beyond_one(Counter(name for name, _ in stored).values())
        + _beyond_one(read.values())
        + max(0, answered - sum(each["code"] == "855" for each in answers)),
        "told_again": _told_again(),
        "misposted": len(posted.items() ^ said.items())
        + len(placed - posted.keys())
        + len(acknowledged.items() ^ told.items()),
    }


def _told_again() -> int:
    """Count what happens once to its subject, and 997s, each of which says something of one document."""
    once = Event.objects.filter(kind__in=TOLD_ONCE).values_list("subject", "kind", "sentence")
    # The same verdict once more is told as such.
    verdicts = Event.objects.filter(kind__in=("acknowledged", "acknowledged_again")).count()
    acknowledged = verdicts - Acknowledgment.objects.count()
    return _beyond_one(Counter(once).values()) + acknowledged


def _written(installation: Installation) -> dict[str, int]:
    puts: Counter[int] = Counter()
    posts: Counter[int] = Counter()
    done: set[tuple[str, int]] = set()
    wrong = 0
    for entry in installation.ledger():
        # Staff notes are written where they are agreed: test_staff_notes reckons with them.
        if entry["method"] == "GET" or "staff_notes" in (entry["body"] or {}):
            continue
        number, kind = _written_to(entry)
        (puts if kind == "status" else posts)[number] += 1
        right = entry["body"] == _meant(kind, number) and entry["method"] == (
            "PUT" if kind == "status" else "POST"
        )
        wrong += not right
        if right and entry["status"] == 200:
            done.add((kind, number))
    moved = [number for number in installation.placed if installation.in_store(number)["status_id"] == 9]
    return {
        "not_written": 2 * len(installation.placed)
        - sum(("status", number) in done for number in moved)
        - sum(("metafield", number) in done for number in installation.placed),
        "wrong": wrong,
        "put_again": _beyond_one(puts.values()),
        "posted_again": _beyond_one(posts.values()),
    }


def _written_to(entry: dict[str, Any]) -> tuple[int, str]:
    parts = entry["path"].split("/")
    return int(parts[3]), "metafield" if "metafields" in parts else "status"


def _meant(kind: str, number: int) -> dict[str, Any]:
    if kind == "status":
        return {"status_id": 9}
    return {
        "namespace": "gridport",
        "key": "purchase_orders",
        "value": f"{number}-1: accepted",
        "permission_set": "app_only",
    }


def _left(installation: Installation) -> int:
    stopped = Work.objects.exclude(step__in=STANDING).count() + Work.objects.exclude(parked_at=None).count()
    files = [*installation.network.inbox.iterdir(), *installation.network.outbox.iterdir()]
    return stopped + ExceptionCase.objects.filter(closed_at=None).count() + len(files)
