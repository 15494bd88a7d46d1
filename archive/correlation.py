"""One correlation id from receipt to effect: every log line, work row and event of one chain carries it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from uuid import uuid4

_current: ContextVar[str] = ContextVar("correlation_id", default="")


def current_correlation_id() -> str:
    """Return the id of the chain that runs now, or ``""`` outside any."""
    return _current.get()


def new_correlation_id() -> str:
    """Return a fresh id: 32 hexadecimal digits."""
    return uuid4().hex


@contextmanager
def correlated(correlation_id: str) -> Iterator[str]:
    """Run the block under ``correlation_id``, or under a fresh one where it is empty."""
    used = correlation_id or new_correlation_id()
    token = _current.set(used)
    try:
        yield used
    finally:
        _current.reset(token)
