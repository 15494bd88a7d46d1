"""What writing or reading has to say: one entry per value that did not pass as it is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final, Literal, Protocol

from partners.mapping.rules import shown

Kind = Literal["error", "not_carried", "unread", "conflict", "untranslated", "check", "out_of_order"]

# The kinds after which a written set must not be sent, and a read one needs somebody. What is not carried or unread
# is an error by agreement only.
BLOCKING: Final[frozenset[Kind]] = frozenset({"error", "untranslated", "conflict"})


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry of a report.

    ``kind``:
        error: a value, segment or record that is wrong or missing; not_carried: a canonical value that the guide
        has no place for; unread: an element or segment that the guide does not read; conflict: two places of one
        field disagree; untranslated: a code list has no entry; check: a computed value differs; out_of_order: a
        segment stands where the standard does not put it.
    ``address``: the place in the set (``PO1/ACK.2``); "" for not_carried.
    ``path``: the place in the document (``lines[0]/vendor_item``), "" where there is none.
    ``sentence``: what, where and what to do, for people.
    ``text``: the raw text or value at fault. ``code_list``: the list without an entry, for untranslated.
    ``position``: the segment's position in the set, ST is 1; 0 where it is not known.
    """

    kind: Kind
    address: str
    path: str
    sentence: str
    text: str = ""
    code_list: str = ""
    position: int = 0


@dataclass(frozen=True, slots=True)
class Trace:
    """Which rule made or took one element, and for which value of the document.

    ``position``: the segment's, ST is 1. ``element`` counts from 1; 0 is the segment itself. ``component`` is None
    outside composites. ``address``: the rule's. ``path``: the value's (``lines[0]/vendor_item``), "" for qualifiers,
    constants and counts.
    """

    position: int
    element: int
    component: int | None
    address: str
    path: str


class Traced(Protocol):
    """A written or read set that was traced."""

    @property
    def traces(self) -> tuple[Trace, ...]: ...


def used_addresses(result: Traced) -> frozenset[str]:
    """The addresses of all rules that made or took something: segments, elements, components and pairs."""
    return frozenset(each.address for each in result.traces)


def shortened(text: str) -> str:
    """Text as it is shown in a sentence: quoted, and cut where it is long."""
    return repr(text if len(text) <= 40 else f"{text[:39]}…")


def told(place: Any) -> str:
    """The path of a record as reports show it: of its text, or of the place around it, the path from there, and the number
    in a list (None outside lists)."""
    if isinstance(place, str):
        return place
    outer, path, index = place
    base = shown(told(outer), path)
    return base if index is None else f"{base}[{index}]"
