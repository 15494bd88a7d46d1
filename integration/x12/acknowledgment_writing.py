"""Writes what we say of a group: the segments that 997 and 999 share, in the tags of either.

The body built here stands between ST and SE; the writer makes those.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from integration.x12.acknowledgment_codes import ACCEPTED_CODES, OF_PEOPLE
from integration.x12.findings import Finding
from integration.x12.received import GroupReading
from integration.x12.syntax import Composite, Segment, Separators, segment
from integration.x12.validate import SetVerdict, group_findings

ACKNOWLEDGMENT_GROUP = "FA"
ACKNOWLEDGMENT_SETS = frozenset({"997", "999"})

_MAX_COPY = 99  # AK404
_MAX_ELEMENT_NOTES = 99  # AK4 in one AK3
_MAX_CODES = 5  # AK502 to AK506, AK905 to AK909
# What stands for a number or code of the partner's that is none: AK102, AK201 and AK202 are mandatory.
_NO_NUMBER = "0"
_NO_CODE = "000"
_PRINTABLE = re.compile(r"[^\x20-\x7e]")
_TAG = re.compile(r"[A-Z0-9]{2,3}")


@dataclass(frozen=True, slots=True)
class Dialect:
    """How an acknowledgment names its segments; ``says_version``: AK1 and AK2 name the version they answer."""

    transaction_set: str
    segment_note: str
    element_note: str
    set_verdict: str
    says_version: bool
    says_context: bool


FUNCTIONAL = Dialect("997", "AK3", "AK4", "AK5", says_version=False, says_context=False)
IMPLEMENTATION = Dialect("999", "IK3", "IK4", "IK5", says_version=True, says_context=True)


@dataclass(frozen=True, slots=True)
class GroupVerdict:
    """The judgement on a group: AK901 (A, E, P or R), the counts of AK902 to AK904, and its AK905 codes.

    ``declared`` is GE01, or what was received where GE01 says nothing; ``accepted`` is 0 for a rejected group.
    """

    code: str
    declared: int
    received: int
    accepted: int
    codes: tuple[str, ...]


def expects_acknowledgment(group: GroupReading) -> bool:
    """Whether a 997 or 999 may answer this group: never one that acknowledges, never sets without a group."""
    if group.functional_id in ("", ACKNOWLEDGMENT_GROUP):
        return False
    return all(each.code not in ACKNOWLEDGMENT_SETS for each in group.sets)


def judge_group(group: GroupReading, verdicts: Sequence[SetVerdict]) -> GroupVerdict:
    """The verdict on a group whose sets have ``verdicts`` (``check_group``).

    A or E when every set is accepted, P when some are, R when none is; faults of the group alone make it E, an
    unsupported version or kind of group R.
    """
    found = group_findings(group)
    accepted = sum(1 for verdict in verdicts if verdict.code in ACCEPTED_CODES)
    if not accepted or any(finding.severity == "error" for finding in found):
        code = "R"
    elif accepted < len(verdicts):
        code = "P"
    else:
        code = "E" if found or any(verdict.code == "E" for verdict in verdicts) else "A"
    received = group.received or len(group.sets)
    declared = received if group.declared_count is None else min(group.declared_count, 999_999)
    codes = tuple(dict.fromkeys(finding.code_997 for finding in found))[:_MAX_CODES]
    return GroupVerdict(code, declared, received, 0 if code == "R" else accepted, codes)


def acknowledgment_body(
    dialect: Dialect, group: GroupReading, verdicts: Sequence[SetVerdict], separators: Separators | None
) -> list[Segment]:
    """AK1, one AK2 loop for each set, AK9. Raises ValueError for a group that must not be answered."""
    if not expects_acknowledgment(group):
        raise ValueError(
            f"Group {group.functional_id!r} is itself an acknowledgment, or no group; it is not answered."
        )
    clean = Cleaner(separators or Separators())
    version = clean(group.version, 12) if dialect.says_version else ""
    number = group.control_number
    number = number if number.isascii() and number.isdigit() else _NO_NUMBER
    body = [segment("AK1", clean(group.functional_id, 2), number[:9], version)]
    for each, verdict in zip(group.sets, verdicts, strict=True):
        convention = clean(each.convention, 35) if dialect.says_version else ""
        code, number = clean(each.code, 3) or _NO_CODE, clean(each.control_number, 9) or _NO_NUMBER * 4
        body.append(segment("AK2", code, number, convention))
        body.extend(_segment_notes(dialect, verdict.findings, clean))
        body.append(segment(dialect.set_verdict, verdict.code, *set_codes(verdict)))
    judged = judge_group(group, verdicts)
    counts = (str(judged.declared), str(judged.received), str(judged.accepted))
    body.append(segment("AK9", judged.code, *counts, *judged.codes))
    return body


class Cleaner:
    """Makes text of a partner fit to be quoted: no separator, no control character, ASCII only, cut to
    length."""

    def __init__(self, separators: Separators) -> None:
        self.forbidden = re.compile(f"[{re.escape(''.join(separators.characters()))}]")

    def __call__(self, text: str, longest: int) -> str:
        printable = _PRINTABLE.sub("?", self.forbidden.sub(" ", text[:longest]))
        return printable.strip()


def _segment_notes(dialect: Dialect, findings: Iterable[Finding], clean: Cleaner) -> list[Segment]:
    """AK3 and AK4. A finding on the segment and those on its elements are an AK3 each: AK304 holds one
    code."""
    notes: list[Segment] = []
    open_segment: tuple[int, str] | None = None
    elements = 0
    for finding in findings:
        if finding.severity == "note" or finding.level not in ("segment", "element"):
            continue
        key = (finding.segment_position, finding.segment_tag)
        if finding.level == "segment":
            open_segment = None
            notes.append(_segment_note(dialect, finding, finding.code_997))
            continue
        if key != open_segment:
            open_segment, elements = key, 0
            notes.append(_segment_note(dialect, finding, "8"))
        elements += 1
        if elements <= _MAX_ELEMENT_NOTES:
            notes.append(_element_note(dialect, finding, clean))
            if dialect.says_context and finding.code_997 == "2":
                notes.append(_context(finding))
    return notes


def _tag(finding: Finding) -> str:
    return finding.segment_tag if _TAG.fullmatch(finding.segment_tag) else "???"


def _position(finding: Finding) -> str:
    return str(min(finding.segment_position, 999_999))


def _segment_note(dialect: Dialect, finding: Finding, code: str) -> Segment:
    return segment(dialect.segment_note, _tag(finding), _position(finding), "", code)


def _element_note(dialect: Dialect, finding: Finding, clean: Cleaner) -> Segment:
    position = str(min(finding.element or 1, 99))
    if finding.component is not None:
        position = Composite(position, str(min(finding.component, 99)))
    number = finding.data_element or ""
    return segment(
        dialect.element_note,
        position,
        number if number.isdigit() else "",
        finding.code_997,
        "" if finding.segment_tag in OF_PEOPLE else clean(finding.value, _MAX_COPY),
    )


def _context(finding: Finding) -> Segment:
    """CTX: what made a conditional element needed stands in the same segment."""
    return segment("CTX", "SITUATIONAL TRIGGER", _tag(finding), _position(finding))


def set_codes(verdict: SetVerdict) -> list[str]:
    """AK502 to AK506 of a set."""
    sent = [finding for finding in verdict.findings if finding.severity != "note"]
    codes = ["5"] if any(finding.level in ("segment", "element") for finding in sent) else []
    codes += [finding.code_997 for finding in sent if finding.level == "set"]
    return list(dict.fromkeys(codes))[:_MAX_CODES]
