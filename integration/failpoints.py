"""Named places between two durable steps, where a chaos test may end the process.

A place does nothing unless armed. ``arm`` is called by tests alone; the names are constants of the flows.
"""

from __future__ import annotations

from collections.abc import Callable

_armed: dict[str, Callable[[], None]] = {}

PLACES = (
    "generate.committed",
    "transmit.attempt_committed",
    "transmit.sent",
    "transmit.outcome_committed",
    "effect.sending",
    "effect.written",
)


def failpoint(name: str) -> None:
    """Do what was armed for ``name``; as a rule nothing."""
    act = _armed.get(name)
    if act is not None:
        act()


def arm(name: str, act: Callable[[], None]) -> None:
    """Have ``act`` called whenever the place ``name`` is passed, in this process."""
    if name not in PLACES:
        raise ValueError(f"{name} is no failpoint; there are: {', '.join(PLACES)}")
    _armed[name] = act


def disarm() -> None:
    """Forget everything that was armed."""
    _armed.clear()
