"""The clock of the simulated store: whole seconds, in UTC, and never back."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta


class StoreClock:
    """Real time plus what it was advanced by. A step back of the machine's clock does not show."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._ahead = timedelta(0)
        self._latest = datetime.min.replace(tzinfo=UTC)

    def now(self) -> datetime:
        """Return the time, aware, in whole seconds: the store's dates have no finer resolution."""
        with self._lock:
            seen = (datetime.now(UTC) + self._ahead).replace(microsecond=0)
            self._latest = max(self._latest, seen)
            return self._latest

    def advance(self, seconds: float) -> datetime:
        """Let the store's time jump ahead by ``seconds``. Raises ``ValueError`` where they are negative."""
        if seconds < 0:
            raise ValueError("The store's clock never goes back: advance it by 0 seconds or more.")
        with self._lock:
            self._ahead += timedelta(seconds=seconds)
        return self.now()
