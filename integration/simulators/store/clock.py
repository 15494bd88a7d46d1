"""The store's clock: Unix time that tests may let jump ahead, and that never goes back."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable


class StoreClock:
    """The machine's time plus what it was advanced by; a step back of the machine's clock does not show.

    ``on_jump`` are called after each jump: what waits for a time looks at the clock again.
    """

    def __init__(self) -> None:
        self.on_jump: list[Callable[[], None]] = []
        self._lock = threading.Lock()
        self._ahead = 0.0
        self._latest = 0.0

    def seconds(self) -> float:
        """Return the time in seconds since 1970, UTC."""
        with self._lock:
            self._latest = max(self._latest, time.time() + self._ahead)
            return self._latest

    def advance(self, seconds: float) -> None:
        """Let the time jump ahead. Raises ``ValueError`` for a negative jump."""
        if seconds < 0:
            raise ValueError("The store's clock never goes back: advance it by 0 seconds or more.")
        with self._lock:
            self._ahead += seconds
        for told in self.on_jump:
            told()
