"""What a check has to say: one finding per fault, with its place, its code for the 997, and a sentence for
people."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Severity = Literal["error", "warning", "note"]
Level = Literal["segment", "element", "set", "group", "interchange"]


@dataclass(frozen=True, slots=True)
class Finding:
    """One fault or remark.

    ``severity``: an error rejects the set (AK501 R), a warning accepts it with errors (E), a note does
    neither and is never sent to the partner. ``code_997`` is AK304 (level segment), AK403 (element), AK502
    (set), AK905 (group) or the TA1 note code (interchange); "" for notes. ``segment_position`` counts from 1
    at ST, 0 outside a set. ``loop`` is the path of loop names ("PO1/N1"), "" at the root. ``value`` is the
    text at fault.
    """

    severity: Severity
    segment_tag: str
    segment_position: int
    loop: str
    element: int | None
    component: int | None
    data_element: str | None
    code_997: str
    level: Level
    value: str
    sentence: str


def segment_finding(
    severity: Severity, tag: str, position: int, loop: str, code_997: str, sentence: str
) -> Finding:
    """A finding about a whole segment."""
    return Finding(severity, tag, position, loop, None, None, None, code_997, "segment", "", sentence)


def set_finding(severity: Severity, tag: str, code_997: str, value: str, sentence: str) -> Finding:
    """A finding about a whole transaction set; ``tag`` is the envelope segment that shows it (ST or SE)."""
    return Finding(severity, tag, 0, "", None, None, None, code_997, "set", value, sentence)


def group_finding(severity: Severity, tag: str, code_997: str, value: str, sentence: str) -> Finding:
    """A finding about a functional group (``code_997`` is AK905)."""
    return Finding(severity, tag, 0, "", None, None, None, code_997, "group", value, sentence)


def interchange_finding(severity: Severity, tag: str, code_ta1: str, value: str, sentence: str) -> Finding:
    """A finding about the interchange (``code_997`` holds the TA1 note code)."""
    return Finding(severity, tag, 0, "", None, None, None, code_ta1, "interchange", value, sentence)
