"""Domains that answer badly are not called for a while; all hooks to one domain share its fate.

Below nine answers of ten within two minutes, reckoned from the hundredth call on, a domain is blocked for three minutes.
"""

from __future__ import annotations

import threading
from collections import defaultdict, deque

WINDOW = 120.0
BLOCKED_FOR = 180.0
FEWEST_CALLS = 100
SMALLEST_SHARE = 0.9


class Blocklist:
    """Times are seconds since 1970; ``scale`` of each call shortens the window and the block."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._calls: dict[str, deque[tuple[float, bool]]] = defaultdict(deque)
        self._until: dict[str, float] = {}

    def note(self, domain: str, taken: bool, now: float, scale: float) -> None:
        """Count one call; the one that brings the domain below the share has it blocked."""
        with self._lock:
            calls = self._calls[domain]
            calls.append((now, taken))
            while calls[0][0] <= now - WINDOW / scale:
                calls.popleft()
            if len(calls) >= FEWEST_CALLS and sum(each for _, each in calls) < SMALLEST_SHARE * len(calls):
                self._until[domain] = now + BLOCKED_FOR / scale
                calls.clear()

    def blocked(self, now: float) -> list[str]:
        """Return the domains that are not called at present."""
        with self._lock:
            return sorted(domain for domain, until in self._until.items() if now < until)
