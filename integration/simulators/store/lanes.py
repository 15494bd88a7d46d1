"""When callbacks are tried: each hook has a lane, whose own thread tries them one after another as they fall due.

So an API answer waits for no destination, one hook waits for no other, and what is not armed to be reordered keeps its
order, although the real store promises none.
"""

from __future__ import annotations

import heapq
import itertools
import threading
from collections.abc import Callable
from dataclasses import dataclass, replace

from integration.simulators.store.clock import StoreClock
from integration.simulators.store.events import Event

RETRIES = (
    60.0, 180.0, 300.0, 600.0, 900.0, 1_800.0, 3_600.0, 7_200.0, 21_600.0, 50_400.0, 86_400.0,
)  # fmt: skip
"""Seconds from each try that failed to the next: a little over 48 hours in all."""

PATIENCE_AT_THE_END = 2.0
"""Seconds for which a lane that ends is waited for; a destination that keeps silent is left to its thread."""


@dataclass(frozen=True)
class Delivery:
    """An event on its way to a hook. ``identity`` stays the same for all tries; ``attempt`` counts them from 1.

    ``queued_at`` is in whole seconds since 1970; ``backdated`` seconds are taken off the first try's time.
    """

    hook: int
    event: Event
    identity: str
    queued_at: int
    fault: str = ""
    backdated: float = 0.0
    attempt: int = 1


class Lane:
    """The deliveries of one hook. ``attempt`` tries one and returns when it is to be tried again, or None.

    Times are seconds since 1970 by the store's clock.
    """

    def __init__(self, clock: StoreClock, attempt: Callable[[Delivery], float | None]) -> None:
        self._clock = clock
        self._attempt = attempt
        self._changed = threading.Condition()
        self._due: list[tuple[float, int, Delivery]] = []
        self._place = itertools.count()
        self._trying = False
        self._ended = False
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def put(self, delivery: Delivery, due: float) -> None:
        """Have a delivery tried at a time."""
        with self._changed:
            heapq.heappush(self._due, (due, next(self._place), delivery))
            self._changed.notify_all()

    def waiting(self) -> int:
        """Return how many deliveries are to be tried, or are being tried now."""
        with self._changed:
            return len(self._due) + self._trying

    def due(self) -> int:
        """Return how many deliveries ought to have been tried by now, or are being tried."""
        with self._changed:
            now = self._clock.seconds()
            return sum(when <= now for when, _, _ in self._due) + self._trying

    def wake(self) -> None:
        """Look at the clock again."""
        with self._changed:
            self._changed.notify_all()

    def clear(self) -> None:
        """Give up what waits; what is being tried now is not called back."""
        with self._changed:
            self._due.clear()

    def end(self) -> None:
        """Try nothing more."""
        with self._changed:
            self._ended = True
            self._due.clear()
            self._changed.notify_all()
        if self._thread is not threading.current_thread():
            self._thread.join(PATIENCE_AT_THE_END)

    def _run(self) -> None:
        while (delivery := self._next()) is not None:
            due = self._attempt(delivery)
            with self._changed:
                if due is not None and not self._ended:
                    self.put(replace(delivery, attempt=delivery.attempt + 1), due)
                self._trying = False

    def _next(self) -> Delivery | None:
        with self._changed:
            while not self._ended:
                wait = self._due[0][0] - self._clock.seconds() if self._due else None
                if wait is not None and wait <= 0:
                    self._trying = True
                    return heapq.heappop(self._due)[2]
                self._changed.wait(wait)
        return None
