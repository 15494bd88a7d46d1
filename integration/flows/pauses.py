"""Pause switches: which of them holds a step, and how that is said."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from integration.flows.steps import StepKind
from integration.models import Pause

_NAMED = ("store", "mailbox", "partner")
_WORDS = {
    Pause.EVERYTHING: "Everything",
    Pause.RECEIVING: "Receiving from partners",
    Pause.SENDING: "Sending to partners",
}


def pause_of(kind: StepKind, subject: str) -> Pause | None:
    """Return the switch that keeps a step of ``kind`` for ``subject`` from being done now, or None."""
    switches = {switch.subject: switch for switch in Pause.objects.all()}
    if not switches:
        return None
    return next((switches[name] for name in _scopes(kind, subject) if name in switches), None)


def _scopes(kind: StepKind, subject: str) -> Iterator[str]:
    """Yield the names of the switches that hold the step.

    A paused mailbox is neither fetched from nor sent to; what was fetched before is read and matched.
    """
    if kind.never_held:
        return
    yield Pause.EVERYTHING
    if kind.direction:
        yield f"direction:{kind.direction}"
    links: dict[str, Any] = kind.links(subject)
    for name in _NAMED:
        row = links.get(name)
        if row is not None and (name != "mailbox" or kind.other_side == "mailbox"):
            yield f"{name}:{row.pk}"


def pause_words(switch: Pause, row: object = None) -> str:
    """Return what is paused: ``Sending to partners``, ``Store Harbor & Pine``; ``row`` is what the switch names."""
    if switch.subject in _WORDS:
        return _WORDS[switch.subject]
    return f"{switch.subject.split(':')[0].capitalize()} {row or ''}".strip()


def pause_sentence(switch: Pause) -> str:
    """Return why a step waits."""
    what = _WORDS.get(switch.subject) or f"The {switch.subject.split(':')[0]}"
    return f"{what} was paused by {switch.paused_by}: {switch.reason}"
