"""One page for what the archive's rules, holds and disposals are: what it says, lists, the timeline, and what can be decided."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from archive.models import Event
from portal.admin.timeline import timeline


@dataclass(frozen=True)
class Said:
    """One field: its label, its words, and where they lead."""

    label: str
    words: object
    url: str = ""
    is_wide: bool = False


@dataclass(frozen=True)
class Told:
    """One cell of a list: its words, where they lead, and what stands beneath."""

    words: object
    url: str = ""
    under: object = ""


@dataclass(frozen=True)
class Listed:
    """A list of the page, with what stands there when it is empty, or when it was cut."""

    title: str
    heads: Sequence[str]
    rows: Sequence[Sequence[Told]]
    empty: str
    more: str = ""


@dataclass(frozen=True)
class Way:
    """A button that leads to another page."""

    words: str
    url: str
    icon: str


@dataclass(frozen=True)
class Verb:
    """What can be decided here, with a reason: its button, and what follows."""

    name: str
    button: str
    consequence: str
    is_first: bool = False


@dataclass(frozen=True)
class RecordPage:
    """Everything that ``portal/governed.html`` shows."""

    heading: str
    badge: object
    said: Sequence[Said]
    lists: Sequence[Listed] = ()
    ways: Sequence[Way] = ()
    subject: str = ""
    decide_url: str = ""
    verbs: Sequence[Verb] = ()
    warning: str = ""
    hidden: dict[str, str] = field(default_factory=dict)

    def context(self) -> dict[str, Any]:
        """Return it for the template."""
        events: Iterable[Event] | Any = timeline(self.subject) if self.subject else []
        return {"page": self, "title": self.heading, "timeline": events}
