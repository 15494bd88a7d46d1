"""Faults of callbacks that a test arms: what becomes of the next deliveries of an event to a hook.

================ ===============================================================================================
kind             what happens
================ ===============================================================================================
duplicate        it is delivered twice, with the same id and hash
late             it is delivered ``seconds`` later (5 unless said) by the store's clock
reorder          it is delivered behind the hook's next event
drop             it is never delivered
bad_signature    its first attempt carries the signature of another body
old_timestamp    its first attempt is stamped ``seconds`` before its time (a day unless said), and signed as such
================ ===============================================================================================

Where several fit, the one that was armed first strikes.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

from integration.simulators.store.events import Event
from integration.simulators.store.values import is_number, is_whole

KINDS = ("duplicate", "late", "reorder", "drop", "bad_signature", "old_timestamp")
DEFAULT_SECONDS = {"late": 5.0, "old_timestamp": 86_400.0}
LONGEST = 31_536_000.0


@dataclass
class HookFault:
    """A fault for the next ``times`` deliveries of events of ``scope``, which may be a wildcard.

    Raises ``ValueError`` with a sentence where a field's value makes no sense.
    """

    kind: str
    scope: str = "store/*"
    times: int = 1
    seconds: float | None = None

    def __post_init__(self) -> None:
        checks = {
            "kind": self.kind in KINDS,
            "scope": isinstance(self.scope, str) and self.scope.startswith("store/"),
            "times": is_whole(self.times) and self.times >= 1,
            "seconds": self.seconds is None or _is_span(self.seconds),
        }
        for name, fits in checks.items():
            if not fits:
                kinds = f" Kinds are: {', '.join(KINDS)}." if name == "kind" else ""
                raise ValueError(f"A hook fault cannot have {getattr(self, name)!r} as its {name}.{kinds}")

    @property
    def span(self) -> float:
        """Return the seconds that it is about; 0 for a kind that has none."""
        return DEFAULT_SECONDS.get(self.kind, 0.0) if self.seconds is None else self.seconds

    def fits(self, event: Event) -> bool:
        """Say whether it is for the deliveries of this event."""
        return event.is_of(self.scope)


def hook_fault_from(told: Mapping[str, Any]) -> HookFault:
    """Return the fault that the control door was told of. Raises ``ValueError`` with a sentence."""
    known = sorted(field.name for field in fields(HookFault))
    for name in told:
        if name not in known:
            raise ValueError(f"A hook fault has no field {name!r}. Its fields are: {', '.join(known)}.")
    if "kind" not in told:
        raise ValueError(f"A hook fault has a kind. Kinds are: {', '.join(KINDS)}.")
    return HookFault(**told)


def _is_span(value: Any) -> bool:
    return is_number(value) and 0 <= value <= LONGEST
