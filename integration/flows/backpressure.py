"""How deep the queue may be before polls take less, and callers are asked to come back later. Nothing is dropped."""

from __future__ import annotations

from integration.claimable import depth

MOST_BEHIND = 2_000
"""Pieces of work that may wait behind a poll; beyond them it takes up nothing new, and what is new stays where it is."""

MOST_CALLED_FOR = 20_000
"""Pieces of work that may wait in a lane before calls that ask for more are sent away."""

LONGER = 4
"""So many times its usual pause a poll that was held back waits."""


def room_behind(lane: str, *sides: str) -> int:
    """Return how much a poll may add to ``lane``, where it adds work of these sides (``""``: that asks nobody)."""
    return MOST_BEHIND - depth(lane, sides, up_to=MOST_BEHIND)


def is_full(lane: str) -> bool:
    """Say whether calls that ask for work of ``lane`` are to be sent away for now."""
    return depth(lane, up_to=MOST_CALLED_FOR) >= MOST_CALLED_FOR
