"""What staff are told of a store or mailbox that does not answer, or asks us to wait."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.db.models import Q

from archive.clock import database_now
from integration.claimable import depth
from integration.flows.steps import STEPS
from integration.models import Channel, Work

MOST = 1000
"""Waiting work is counted no further."""


@dataclass(frozen=True)
class Trouble:
    """An other side that nothing is asked of now: since when, until when, and how much waits (``MOST`` at most).

    Without ``since`` it is well, and its limit of requests is used up until ``next_at``.
    """

    channel: str
    since: datetime | None
    next_at: datetime
    waiting: int

    @property
    def is_due(self) -> bool:
        """Say whether the time of the next try has come."""
        return self.next_at <= database_now()

    @property
    def waiting_words(self) -> str:
        """Return how much waits, in words."""
        if self.waiting == 1:
            return "one piece of work waits"
        return f"{self.waiting:,}{'+' if self.waiting == MOST else ''} pieces of work wait"


def trouble_of(name: str) -> Trouble | None:
    """Return the trouble of a channel (``store:1``); None where work for it goes on."""
    found = troubles([name])
    return found.get(name)


def troubles(names: list[str] | None = None) -> dict[str, Trouble]:
    """Return the channels in trouble, of ``names`` or of all, by name."""
    now = database_now()
    rows = Channel.objects.filter(Q(opened_at__isnull=False) | Q(rests_until__gt=now)).order_by("name")
    if names is not None:
        rows = rows.filter(name__in=names)
    found = {}
    for row in rows:
        times = [each for each in (row.probe_at, row.rests_until) if each is not None]
        found[row.name] = Trouble(row.name, row.opened_at, max(times), waiting_for(row.name))
    return found


def waiting_for(name: str) -> int:
    """Count the work that waits for a channel: what failed for its sake, and what is due and was not begun."""
    side = name.split(":")[0]
    lanes = sorted({kind.lane for kind in STEPS.values() if kind.other_side == side})
    untried = sum(depth(lane, [name], up_to=MOST) for lane in lanes)
    # What failed and is due is among these already.
    failed = Work.objects.filter(channel=name, lease_token=None).exclude(
        parked_at=None, due_at__lte=database_now()
    )
    return min(MOST, untried + failed[:MOST].count())
