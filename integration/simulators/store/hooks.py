"""The hooks of the store's one API account: where events are told, and which of them."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

MOST_OF_A_SCOPE = 10
"""Hooks of one scope that an account may have."""


class NoSuchHook(LookupError):
    """The account has no such hook; ``number`` is its id."""

    def __init__(self, number: int) -> None:
        super().__init__(f"There is no hook {number}.")
        self.number = number


class HookRefused(ValueError):
    """The account may not have this hook beside those that it has; ``field`` is in the way."""

    def __init__(self, field: str, sentence: str) -> None:
        super().__init__(sentence)
        self.field = field


@dataclass
class Hook:
    """One hook; times are seconds since 1970. ``quiet_since``: its last event, or since when it waits for one."""

    id: int
    scope: str
    destination: str
    headers: dict[str, str] | None
    is_active: bool
    created_at: float
    updated_at: float
    quiet_since: float


class HookBook:
    """All hooks; methods hold ``lock``. Given out are the hooks themselves: to look at, not to write to."""

    def __init__(self) -> None:
        self.lock = threading.RLock()
        self._hooks: dict[int, Hook] = {}
        self._last = 0

    def all(self) -> list[Hook]:
        """Return the hooks by id."""
        with self.lock:
            return list(self._hooks.values())

    def get(self, number: int) -> Hook:
        """Return one hook. Raises ``NoSuchHook``."""
        with self.lock:
            try:
                return self._hooks[number]
            except KeyError:
                raise NoSuchHook(number) from None

    def add(self, fields: Mapping[str, Any], now: float) -> Hook:
        """Add a hook with these fields; it is active unless they say otherwise. Raises ``HookRefused``."""
        with self.lock:
            _keep_apart(fields["scope"], fields["destination"], self._hooks.values())
            self._last += 1
            made = Hook(
                self._last,
                fields["scope"],
                fields["destination"],
                fields.get("headers"),
                fields.get("is_active", True),
                created_at=now,
                updated_at=now,
                quiet_since=now,
            )
            self._hooks[made.id] = made
            return made

    def change(self, number: int, fields: Mapping[str, Any], now: float) -> Hook:
        """Write these fields of a hook and return it. Raises ``NoSuchHook`` and ``HookRefused``."""
        with self.lock:
            hook = self.get(number)
            others = [each for each in self._hooks.values() if each is not hook]
            _keep_apart(fields.get("scope", hook.scope), fields.get("destination", hook.destination), others)
            for name, value in fields.items():
                setattr(hook, name, value)
            hook.updated_at = hook.quiet_since = now
            return hook

    def remove(self, number: int) -> Hook:
        """Remove a hook and return it. Raises ``NoSuchHook``."""
        with self.lock:
            hook = self.get(number)
            del self._hooks[number]
            return hook

    def note_event(self, number: int, now: float) -> None:
        """Note that a hook had an event now."""
        with self.lock:
            if number in self._hooks:
                self._hooks[number].quiet_since = now

    def deactivate(self, number: int, now: float) -> None:
        """Have a hook be told nothing more until somebody sets it active again; one that is gone stays gone."""
        with self.lock:
            hook = self._hooks.get(number)
            if hook is not None:
                hook.is_active, hook.updated_at = False, now


def _keep_apart(scope: str, destination: str, others: Iterable[Hook]) -> None:
    destinations = [each.destination for each in others if each.scope == scope]
    if destination in destinations:
        raise HookRefused(
            "destination", f"There is a hook of {scope} to this destination: one of each is allowed."
        )
    if len(destinations) >= MOST_OF_A_SCOPE:
        raise HookRefused("scope", f"There are {MOST_OF_A_SCOPE} hooks of {scope}: more are not allowed.")
