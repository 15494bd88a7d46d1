"""Functional acknowledgments (997): built from our verdicts, and read from a partner.

The body built here stands between ST and SE; the writer makes those. Codes are those of the version that is
answered (X12 elements 715 to 723): AK3 for segments, AK4 for elements, AK5 for the set, AK9 for the group.
"""

from __future__ import annotations

from collections.abc import Sequence

from integration.x12.acknowledgment_codes import (
    ACCEPTED_CODES,
    CODE_MEANINGS,
    ELEMENT_MEANINGS,
    GROUP_CODES,
    GROUP_MEANINGS,
    REJECTING_CODES,
    SEGMENT_MEANINGS,
    SET_CODES,
    SET_MEANINGS,
)
from integration.x12.acknowledgment_reading import (
    FUNCTIONAL_TAGS,
    FunctionalAcknowledgment,
    SetAcknowledgment,
    read_acknowledgment,
)
from integration.x12.acknowledgment_writing import (
    ACKNOWLEDGMENT_SETS,
    FUNCTIONAL,
    GroupVerdict,
    acknowledgment_body,
    expects_acknowledgment,
    judge_group,
)
from integration.x12.received import GroupReading
from integration.x12.syntax import Segment, Separators
from integration.x12.validate import SetVerdict

__all__ = [
    "ACCEPTED_CODES",
    "ACKNOWLEDGMENT_SETS",
    "CODE_MEANINGS",
    "ELEMENT_MEANINGS",
    "GROUP_CODES",
    "GROUP_MEANINGS",
    "REJECTING_CODES",
    "SEGMENT_MEANINGS",
    "SET_CODES",
    "SET_MEANINGS",
    "FunctionalAcknowledgment",
    "GroupVerdict",
    "SetAcknowledgment",
    "build_997",
    "expects_acknowledgment",
    "judge_group",
    "read_997",
]


def build_997(
    group: GroupReading, verdicts: Sequence[SetVerdict], separators: Separators | None = None
) -> list[Segment]:
    """The body of the 997 that answers a group: AK1, one AK2 loop for each set, AK9.

    ``verdicts`` are those of ``check_group``, one for each set in order. ``separators`` are those it will be
    written with: the copy of a bad element (AK404) is cleaned of them. ``judge_group`` says what AK9 will be. Raises
    ValueError for a group that must not be answered (``expects_acknowledgment``).
    """
    return acknowledgment_body(FUNCTIONAL, group, verdicts, separators)


def read_997(segments: Sequence[Segment], separators: Separators | None = None) -> FunctionalAcknowledgment:
    """Reads a functional acknowledgment; ``segments`` run from ST to SE. Never raises on content: what is
    strange stands in ``problems``."""
    return read_acknowledgment(FUNCTIONAL_TAGS, segments, separators)
