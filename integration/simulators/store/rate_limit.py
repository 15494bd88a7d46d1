"""The store's rate limit: a quota of requests for a window, shared by all who ask."""

from __future__ import annotations

import math
import threading
from dataclasses import dataclass

from integration.simulators.store.clock import StoreClock

WINDOW_SECONDS = 30.0
LARGE_QUOTA = 100_000
"""Requests of a window of a store on a large plan: never reached unless a test sets another."""


@dataclass(frozen=True)
class Share:
    """What one request got of the window: ``granted`` or not, how many are left, milliseconds to the next window."""

    granted: bool
    quota: int
    left: int
    resets_in: int

    def headers(self) -> dict[str, str]:
        """Return what an answer says of the limit; ``X-Retry-After`` (seconds) only where it was reached."""
        told = {
            "X-Rate-Limit-Time-Window-Ms": f"{WINDOW_SECONDS * 1000:.0f}",
            "X-Rate-Limit-Time-Reset-Ms": str(self.resets_in),
            "X-Rate-Limit-Requests-Quota": str(self.quota),
            "X-Rate-Limit-Requests-Left": str(self.left),
        }
        return told if self.granted else {**told, "X-Retry-After": str(math.ceil(self.resets_in / 1000))}

    def refused(self) -> Share:
        """Return the share of a request that is refused although the quota is not used up."""
        return Share(False, self.quota, 0, self.resets_in)


class RateLimit:
    """The quota of the present window. Setting another one begins a new window."""

    def __init__(self, clock: StoreClock) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._quota = LARGE_QUOTA
        self._used = 0
        self._ends = 0.0

    @property
    def quota(self) -> int:
        """Requests of a window."""
        return self._quota

    @quota.setter
    def quota(self, requests: int) -> None:
        with self._lock:
            self._quota, self._ends = requests, 0.0

    def take(self) -> Share:
        """Count one request."""
        with self._lock:
            now = self._clock.seconds()
            if now >= self._ends:
                self._used, self._ends = 0, now + WINDOW_SECONDS
            self._used += 1
            left = max(0, self._quota - self._used)
            return Share(self._used <= self._quota, self._quota, left, math.ceil((self._ends - now) * 1000))
