"""Implementation acknowledgments (999, from 005010 on): built from our verdicts, and read from a partner.

A 999 says what a 997 says, in other tags (IK3 to IK5), with the version that it answers (AK103, AK203) and, in CTX,
where the reason of an error stands.
"""

from __future__ import annotations

from collections.abc import Sequence

from integration.x12.acknowledgment_reading import (
    IMPLEMENTATION_TAGS,
    FunctionalAcknowledgment,
    read_acknowledgment,
)
from integration.x12.acknowledgment_writing import IMPLEMENTATION, acknowledgment_body
from integration.x12.received import GroupReading
from integration.x12.syntax import Segment, Separators
from integration.x12.tables import find_table
from integration.x12.validate import SetVerdict


def build_999(
    group: GroupReading, verdicts: Sequence[SetVerdict], separators: Separators | None = None
) -> list[Segment]:
    """The body of the 999 that answers a group: AK1, one AK2 loop for each set, AK9; as ``build_997``.

    Raises ValueError for a group that must not be answered, or whose version has no 999 (``has_999``).
    """
    if not has_999(group.version):
        raise ValueError(f"Version {group.version!r} has no 999; answer its groups with 997.")
    return acknowledgment_body(IMPLEMENTATION, group, verdicts, separators)


def has_999(version: str) -> bool:
    """Whether groups of that version (GS08) may be answered with a 999."""
    return find_table("999", version) is not None


def read_999(segments: Sequence[Segment], separators: Separators | None = None) -> FunctionalAcknowledgment:
    """Reads an implementation acknowledgment; ``segments`` run from ST to SE. Never raises on content: what is
    strange stands in ``problems``."""
    return read_acknowledgment(IMPLEMENTATION_TAGS, segments, separators)
