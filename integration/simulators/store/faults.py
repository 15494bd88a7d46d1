"""Faults that a test arms: what the next matching requests get instead of their answer, or after it.

================= ==============================================================================================
kind              what happens
================= ==============================================================================================
status            an error of ``status`` (500 unless said), of 429 with X-Retry-After; nothing is carried out
html              a web page with ``status`` 200 unless said; nothing is carried out
empty             no body, with ``status`` 200 unless said; nothing is carried out
close             the connection ends without an answer; nothing is carried out
apply_then_close  the request is carried out, then the connection ends without an answer
delay             the request is carried out after ``delay`` seconds
================= ==============================================================================================

Without ``headers`` an answer says nothing of the rate limit, as when the platform is under load.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

from integration.simulators.store.exchange import Answer
from integration.simulators.store.refusals import too_many_requests, v2_error, v3_error
from integration.simulators.store.values import is_whole

DEFAULT_STATUS = {"status": 500, "html": 200, "empty": 200}
CARRIED_OUT = frozenset({"apply_then_close", "delay"})
"""Kinds with which the request is carried out all the same."""

SILENT = frozenset({"close", "apply_then_close"})
"""Kinds that end the connection."""

KINDS = ("status", "html", "empty", "close", "apply_then_close", "delay")


@dataclass
class Fault:
    """A fault for the next ``times`` requests whose method fits (``*``: any) and whose path begins with ``path``.

    Raises ``ValueError`` with a sentence where a field's value makes no sense.
    """

    method: str = "*"
    path: str = "/"
    times: int = 1
    kind: str = "status"
    status: int | None = None
    headers: bool = True
    delay: float = 0.0

    def __post_init__(self) -> None:
        checks = {
            "method": isinstance(self.method, str),
            "path": isinstance(self.path, str) and self.path.startswith("/"),
            "times": is_whole(self.times) and self.times >= 1,
            "kind": self.kind in KINDS,
            "status": self.status is None or (is_whole(self.status) and 200 <= self.status <= 599),
            "headers": isinstance(self.headers, bool),
            "delay": isinstance(self.delay, int | float) and 0 <= self.delay <= 600,
        }
        for name, fits in checks.items():
            if not fits:
                kinds = f" Kinds are: {', '.join(KINDS)}." if name == "kind" else ""
                raise ValueError(f"A fault cannot have {getattr(self, name)!r} as its {name}.{kinds}")

    def fits(self, method: str, path: str) -> bool:
        """Say whether it is for this request."""
        return self.method in ("*", method) and path.startswith(self.path)

    def answer(self, path: str) -> Answer:
        """Return what is answered instead; of a silent kind, nothing that is sent."""
        if self.kind in SILENT:
            return Answer(0)
        status = self.status or DEFAULT_STATUS[self.kind]
        if self.kind == "html":
            return Answer(status, b"<html><body>Down for maintenance</body></html>", "text/html")
        if self.kind == "empty":
            return Answer(status)
        if status == 429:
            return too_many_requests(path).answer
        refuse = v2_error if path.startswith("/v2/") else v3_error
        return refuse(status, "A fault that was armed.").answer


def fault_from(told: Mapping[str, Any]) -> Fault:
    """Return the fault that the control door was told of. Raises ``ValueError`` with a sentence."""
    known = sorted(field.name for field in fields(Fault))
    for name in told:
        if name not in known:
            raise ValueError(f"A fault has no field {name!r}. Its fields are: {', '.join(known)}.")
    return Fault(**told)
