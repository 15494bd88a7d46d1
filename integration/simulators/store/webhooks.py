"""Callbacks: each event is signed and told to every hook that listens, tried again where it is not taken.

What is not published, and guessed: the time-out of 10 seconds; that each try is stamped anew, as Standard Webhooks has it
(``restamped`` says otherwise); that a hook which is no longer active gives up what still waits; that the hundred calls
before a block are counted anew behind it; and that the event of a hook younger than ``warm_up`` is lost.
"""

from __future__ import annotations

import threading
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypedDict
from urllib.parse import urlsplit

from integration.simulators.store.blocklist import Blocklist
from integration.simulators.store.clock import StoreClock
from integration.simulators.store.destination import Outcome, post
from integration.simulators.store.events import Event, event
from integration.simulators.store.hook_faults import HookFault
from integration.simulators.store.hooks import Hook, HookBook
from integration.simulators.store.lanes import RETRIES, Delivery, Lane
from integration.simulators.store.profile import STORE_ID
from integration.simulators.store.signature import signed
from integration.simulators.store.values import is_number

QUIET_DAYS = 90
"""A hook that had no event for so long is deactivated."""

FASTEST = 1_000_000.0
"""The largest time scale: 48 hours in a sixth of a second."""


@dataclass(frozen=True)
class HookSettings:
    """How callbacks are made; seconds of the documentation (retries, blocks, quiet days) are divided by ``time_scale``.

    ``timeout`` is in seconds of silence, ``warm_up`` in seconds for which a new hook is told nothing. Raises
    ``ValueError`` with a sentence where a value makes no sense.
    """

    time_scale: float = 1.0
    timeout: float = 10.0
    warm_up: float = 0.0
    restamped: bool = True

    def __post_init__(self) -> None:
        checks = {
            "time_scale": is_number(self.time_scale) and 0 < self.time_scale <= FASTEST,
            "timeout": is_number(self.timeout) and 0 < self.timeout <= 600,
            "warm_up": is_number(self.warm_up) and 0 <= self.warm_up <= 3600,
            "restamped": isinstance(self.restamped, bool),
        }
        for name, fits in checks.items():
            if not fits:
                raise ValueError(f"The setting {name} of hooks cannot be {getattr(self, name)!r}.")


class Attempt(TypedDict):
    """One try: ``id`` is that of the delivery, ``attempt`` counts from 1, and is 0 for what was never to be tried.

    ``status`` is the answer's, 0 where none came; ``error`` says why it was not taken, ``""`` where it was. ``at`` is
    when it ended by the store's clock, seconds since 1970.
    """

    hook: int
    id: str
    scope: str
    data: Mapping[str, Any]
    hash: str
    attempt: int
    status: int
    error: str
    fault: str
    at: float


class Webhooks:
    """The hooks, what is armed for them, and the ledger of every try, oldest first."""

    def __init__(self, clock: StoreClock, store_hash: str, secret: str, settings: HookSettings) -> None:
        self.settings = settings
        self.faults: list[HookFault] = []
        self.ledger: list[Attempt] = []
        self._clock = clock
        self._store_hash = store_hash
        self._secret = secret
        self._book = HookBook()
        self._blocklist = Blocklist()
        self._lock = threading.RLock()
        self._lanes: dict[int, Lane] = {}
        self._held: dict[int, list[Delivery]] = {}
        clock.on_jump.append(self._wake)

    def hooks(self) -> list[Hook]:
        """Return the hooks by id, those that were quiet for too long deactivated."""
        now = self._clock.seconds()
        for hook in self._book.all():
            if hook.is_active and now - hook.quiet_since > self._scaled(QUIET_DAYS * 86_400.0):
                self._book.deactivate(hook.id, now)
        return self._book.all()

    def hook(self, number: int) -> Hook:
        """Return one hook. Raises ``NoSuchHook``."""
        self.hooks()
        return self._book.get(number)

    def add(self, fields: Mapping[str, Any]) -> Hook:
        """Add a hook. Raises ``HookRefused``."""
        return self._book.add(fields, self._clock.seconds())

    def change(self, number: int, fields: Mapping[str, Any]) -> Hook:
        """Write these fields of a hook. Raises ``NoSuchHook`` and ``HookRefused``."""
        hook = self._book.change(number, fields, self._clock.seconds())
        if not hook.is_active:
            self._give_up(number)
        return hook

    def remove(self, number: int) -> Hook:
        """Remove a hook and return it. Raises ``NoSuchHook``."""
        hook = self._book.remove(number)
        with self._lock:
            lane = self._lanes.pop(number, None)
            self._held.pop(number, None)
        if lane is not None:
            lane.end()
        return hook

    def announce(self, scope: str, data: Mapping[str, Any]) -> None:
        """Have an event of now told to all active hooks that listen; returns at once."""
        now = self._clock.seconds()
        told = event(scope, data, now, STORE_ID, self._store_hash)
        for hook in self.hooks():
            warm = now - hook.created_at >= self._scaled(self.settings.warm_up)
            if hook.is_active and warm and told.is_of(hook.scope):
                self._book.note_event(hook.id, now)
                self._hand_over(hook, told, now)

    def waiting(self) -> int:
        """Return how many deliveries are still to be tried; those held back for the next event are not counted."""
        with self._lock:
            lanes = list(self._lanes.values())
        return sum(lane.waiting() for lane in lanes)

    def due(self) -> int:
        """Return how many deliveries ought to have been tried by now, or are being tried."""
        with self._lock:
            lanes = list(self._lanes.values())
        return sum(lane.due() for lane in lanes)

    def blocked(self) -> list[str]:
        """Return the domains that are not called at present."""
        return self._blocklist.blocked(self._clock.seconds())

    def arm(self, fault: HookFault) -> None:
        """Arm a fault."""
        with self._lock:
            self.faults.append(fault)

    def stop(self) -> None:
        """Deliver nothing more."""
        with self._lock:
            lanes = list(self._lanes.values())
        for lane in lanes:
            lane.end()

    def _scaled(self, seconds: float) -> float:
        return seconds / self.settings.time_scale

    def _wake(self) -> None:
        with self._lock:
            lanes = list(self._lanes.values())
        for lane in lanes:
            lane.wake()

    def _give_up(self, number: int) -> None:
        with self._lock:
            lane = self._lanes.get(number)
            self._held.pop(number, None)
        if lane is not None:
            lane.clear()

    def _hand_over(self, hook: Hook, told: Event, now: float) -> None:
        with self._lock:
            fault = self._take_fault(told)
            kind = fault.kind if fault else ""
            backdated = fault.span if fault and kind == "old_timestamp" else 0.0
            delivery = Delivery(hook.id, told, str(uuid.uuid4()), int(now), kind, backdated)
            if kind == "drop":
                self._note(delivery, 0, Outcome(0, "dropped"))
                return
            if kind == "reorder":
                self._held.setdefault(hook.id, []).append(delivery)
                return
            lane = self._lanes.get(hook.id)
            if lane is None:
                lane = self._lanes[hook.id] = Lane(self._clock, self._attempt)
            lane.put(delivery, now + (fault.span if fault and kind == "late" else 0.0))
            again = [delivery] if kind == "duplicate" else []
            for behind in again + self._held.pop(hook.id, []):
                lane.put(behind, now)

    def _take_fault(self, told: Event) -> HookFault | None:
        fault = next((each for each in self.faults if each.fits(told)), None)
        if fault is not None:
            fault.times -= 1
            if not fault.times:
                self.faults.remove(fault)
        return fault

    def _attempt(self, delivery: Delivery) -> float | None:
        """Try a delivery; return when it is tried again, or None where it is over."""
        hook = next((each for each in self.hooks() if each.id == delivery.hook and each.is_active), None)
        if hook is None:
            return None
        domain = urlsplit(hook.destination).hostname or ""
        if domain in self.blocked():
            outcome = Outcome(0, f"{domain} is blocked")
        else:
            headers = {**(hook.headers or {}), "Content-Type": "application/json", **self._signed(delivery)}
            outcome = post(hook.destination, headers, delivery.event.content, self.settings.timeout)
            self._blocklist.note(domain, not outcome.error, self._clock.seconds(), self.settings.time_scale)
        # What comes next is reckoned from the time in the ledger, whatever the clock does after that.
        now = self._note(delivery, delivery.attempt, outcome)
        if not outcome.error:
            return None
        if delivery.attempt > len(RETRIES):
            self._book.deactivate(hook.id, now)
            self._give_up(hook.id)
            return None
        return now + self._scaled(RETRIES[delivery.attempt - 1])

    def _signed(self, delivery: Delivery) -> dict[str, str]:
        first = delivery.attempt == 1
        moment = int(self._clock.seconds()) if self.settings.restamped else delivery.queued_at
        content = delivery.event.content
        if first:
            moment -= int(delivery.backdated)
            content = content[::-1] if delivery.fault == "bad_signature" else content
        return signed(delivery.identity, moment, content, self._secret)

    def _note(self, delivery: Delivery, attempt: int, outcome: Outcome) -> float:
        """Add to the ledger; return the time that it says."""
        now = self._clock.seconds()
        with self._lock:
            self.ledger.append(
                {
                    "hook": delivery.hook,
                    "id": delivery.identity,
                    "scope": delivery.event.scope,
                    "data": delivery.event.data,
                    "hash": delivery.event.hash,
                    "attempt": attempt,
                    "status": outcome.status,
                    "error": outcome.error,
                    "fault": delivery.fault if attempt <= 1 else "",
                    "at": now,
                }
            )
        return now
