"""Functional acknowledgments (997): built from our verdicts, and read from a partner.

The body built here stands between ST and SE; the writer makes those. Codes are those of 004010
(X12 elements 715 to 723): AK3 for segments, AK4 for elements, AK5 for the set, AK9 for the group.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from integration.x12.findings import Finding
from integration.x12.reading import GroupReading
from integration.x12.syntax import Composite, Segment, Separators, components_of, segment
from integration.x12.validate import SetVerdict, group_findings

_ACKNOWLEDGMENT_GROUP = "FA"
_ACKNOWLEDGMENT_SETS = frozenset({"997", "999"})

_MAX_COPY = 99  # AK404
_MAX_ELEMENT_NOTES = 99  # AK4 in one AK3
_MAX_CODES = 5  # AK502 to AK506, AK905 to AK909
_PRINTABLE = re.compile(r"[^\x20-\x7e]")
_TAG = re.compile(r"[A-Z0-9]{2,3}")

ACCEPTED_CODES = frozenset({"A", "E"})
SET_CODES = frozenset({"A", "E", "M", "R", "W", "X"})
GROUP_CODES = SET_CODES | {"P"}
REJECTING_CODES = SET_CODES - ACCEPTED_CODES

CODE_MEANINGS = {
    "A": "accepted",
    "E": "accepted, with errors noted",
    "P": "partially accepted",
    "R": "rejected",
    "M": "rejected: message authentication failed",
    "W": "rejected: assurance failed",
    "X": "rejected: could not be decrypted",
}
SEGMENT_MEANINGS = {
    "1": "unknown segment",
    "2": "segment not expected there",
    "3": "mandatory segment missing",
    "4": "loop repeated too often",
    "5": "segment repeated too often",
    "6": "segment not part of this set",
    "7": "segment out of order",
    "8": "segment has element errors",
}
ELEMENT_MEANINGS = {
    "1": "mandatory element missing",
    "2": "conditional element missing",
    "3": "too many elements",
    "4": "too short",
    "5": "too long",
    "6": "invalid character",
    "7": "invalid code",
    "8": "invalid date",
    "9": "invalid time",
    "10": "stands together with an element that excludes it",
}
SET_MEANINGS = {
    "1": "transaction set not supported",
    "2": "transaction set trailer missing",
    "3": "control numbers of ST and SE differ",
    "4": "segment count wrong",
    "5": "one or more segments in error",
    "6": "transaction set code missing or invalid",
    "7": "control number missing or invalid",
    "23": "control number not unique in the group",
}
GROUP_MEANINGS = {
    "1": "functional group not supported",
    "2": "version not supported",
    "3": "group trailer missing",
    "4": "control numbers of GS and GE differ",
    "5": "number of transaction sets wrong",
    "6": "group control number invalid",
    "19": "group control number not unique in the interchange",
}


def expects_acknowledgment(group: GroupReading) -> bool:
    """Whether a 997 may answer this group: never one that acknowledges, never sets without a group."""
    if group.functional_id in ("", _ACKNOWLEDGMENT_GROUP):
        return False
    return all(each.code not in _ACKNOWLEDGMENT_SETS for each in group.sets)


def build_997(
    group: GroupReading, verdicts: Sequence[SetVerdict], separators: Separators | None = None
) -> list[Segment]:
    """The body of the 997 that answers a group: AK1, one AK2 loop for each set, AK9.

    ``verdicts`` are those of ``check_group``, one for each set in order. ``separators`` are those it will be
    written with: the copy of a bad element (AK404) is cleaned of them. AK901 is A or E when every set is
    accepted, P when some are, R when none is; faults of the group alone make it E, an unsupported version or
    group R. Raises ValueError for a group that must not be answered (``expects_acknowledgment``).
    """
    if not expects_acknowledgment(group):
        raise ValueError(
            f"Group {group.functional_id!r} is itself an acknowledgment, or no group; it is not answered."
        )
    clean = _Cleaner(separators or Separators())
    body = [segment("AK1", clean(group.functional_id, 2), clean(group.control_number, 9))]
    for each, verdict in zip(group.sets, verdicts, strict=True):
        body.append(segment("AK2", clean(each.code, 3), clean(each.control_number, 9)))
        body.extend(_segment_notes(verdict.findings, clean))
        body.append(segment("AK5", verdict.code, *_set_codes(verdict)))
    body.append(_ak9(group, verdicts))
    return body


class _Cleaner:
    """Makes text of a partner fit to be quoted: no separator, no control character, ASCII only, cut to
    length."""

    def __init__(self, separators: Separators) -> None:
        self.forbidden = re.compile(f"[{re.escape(''.join(separators.characters()))}]")

    def __call__(self, text: str, longest: int) -> str:
        printable = _PRINTABLE.sub("?", self.forbidden.sub(" ", text[:longest]))
        return printable.strip()


def _segment_notes(findings: Iterable[Finding], clean: _Cleaner) -> list[Segment]:
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
            notes.append(_ak3(finding, finding.code_997))
            continue
        if key != open_segment:
            open_segment, elements = key, 0
            notes.append(_ak3(finding, "8"))
        elements += 1
        if elements <= _MAX_ELEMENT_NOTES:
            notes.append(_ak4(finding, clean))
    return notes


def _ak3(finding: Finding, code: str) -> Segment:
    tag = finding.segment_tag if _TAG.fullmatch(finding.segment_tag) else "???"
    return segment("AK3", tag, str(min(finding.segment_position, 999_999)), "", code)


def _ak4(finding: Finding, clean: _Cleaner) -> Segment:
    position = str(min(finding.element or 1, 99))
    if finding.component is not None:
        position = Composite(position, str(min(finding.component, 99)))
    number = finding.data_element or ""
    return segment(
        "AK4",
        position,
        number if number.isdigit() else "",
        finding.code_997,
        clean(finding.value, _MAX_COPY),
    )


def _set_codes(verdict: SetVerdict) -> list[str]:
    sent = [finding for finding in verdict.findings if finding.severity != "note"]
    codes = ["5"] if any(finding.level in ("segment", "element") for finding in sent) else []
    codes += [finding.code_997 for finding in sent if finding.level == "set"]
    return list(dict.fromkeys(codes))[:_MAX_CODES]


def _ak9(group: GroupReading, verdicts: Sequence[SetVerdict]) -> Segment:
    found = group_findings(group)
    accepted = sum(1 for verdict in verdicts if verdict.code in ACCEPTED_CODES)
    if not accepted or any(finding.severity == "error" for finding in found):
        code = "R"
    elif accepted < len(verdicts):
        code = "P"
    else:
        code = "E" if found or any(verdict.code == "E" for verdict in verdicts) else "A"
    received = len(group.sets)
    declared = received if group.declared_count is None else min(group.declared_count, 999_999)
    accepted = 0 if code == "R" else accepted
    codes = list(dict.fromkeys(finding.code_997 for finding in found))[:_MAX_CODES]
    return segment("AK9", code, str(declared), str(received), str(accepted), *codes)


@dataclass(frozen=True, slots=True)
class SetAcknowledgment:
    """What a partner says of one set. ``code`` is AK501, "" where AK5 is missing; ``findings`` are his AK3
    and AK4, ``reasons`` his AK502 codes."""

    set_code: str
    control_number: str
    code: str
    findings: list[Finding]
    reasons: list[str]

    @property
    def accepted(self) -> bool:
        return self.code in ACCEPTED_CODES


@dataclass(frozen=True, slots=True)
class FunctionalAcknowledgment:
    """A 997 as it was read.

    ``group_id`` is AK101, ``group_control_number`` AK102 (our GS06), ``group_code`` AK901, "" where AK9 is
    missing. Counts are None where they are no numbers. ``reasons`` are AK905 codes. ``problems`` are
    sentences on what could not be understood (unknown codes, segments out of place).
    """

    group_id: str
    group_control_number: str
    group_code: str
    declared: int | None
    received: int | None
    accepted: int | None
    sets: list[SetAcknowledgment]
    reasons: list[str]
    problems: list[str]

    def code_of(self, set_code: str, control_number: str) -> str:
        """The code that holds for one of our sets: A, E, R, M, W, X, or "" where he left it open.

        A group rejected as a whole rejects its sets; else his AK5 holds; a set that he does not list is
        accepted with an accepted or partially accepted group (the AK2 loop is optional). Leading zeros do not
        count.
        """
        if self.group_code in REJECTING_CODES:
            return self.group_code
        wanted = (set_code, control_number.lstrip("0"))
        for each in self.sets:
            if (each.set_code, each.control_number.lstrip("0")) == wanted:
                return each.code
        return "A" if self.group_code in (ACCEPTED_CODES | {"P"}) else ""


@dataclass(slots=True)
class _SetDraft:
    set_code: str
    control_number: str
    code: str = ""
    findings: list[Finding] = field(default_factory=list)
    reasons: list[str] = field(default_factory=list)


def read_997(segments: Sequence[Segment], separators: Separators | None = None) -> FunctionalAcknowledgment:
    """Reads a functional acknowledgment; ``segments`` run from ST to SE. Never raises on content: what is
    strange stands in ``problems``."""
    reader = _Reader(separators or Separators())
    steps = {
        "AK1": reader.ak1,
        "AK2": reader.ak2,
        "AK3": reader.ak3,
        "AK4": reader.ak4,
        "AK5": reader.ak5,
        "AK9": reader.ak9,
    }
    for each in segments:
        if step := steps.get(each.tag):
            step(each)
        elif each.tag not in ("ST", "SE"):
            reader.problem(each, "does not belong in a functional acknowledgment; it was not read")
    return reader.result()


class _Reader:
    """Collects a 997 segment by segment."""

    def __init__(self, separators: Separators) -> None:
        self.separators = separators
        self.problems: list[str] = []
        self.first = segment("AK1")
        self.last = segment("AK9")
        self.drafts: list[_SetDraft] = []
        self.noted: Segment | None = None

    def problem(self, each: Segment, words: str) -> None:
        self.problems.append(f"{each.tag} (segment {each.position}): {words}.")

    def ak1(self, each: Segment) -> None:
        if self.first.elements:
            self.problem(each, "a second AK1; only the first was read")
        else:
            self.first = each

    def ak2(self, each: Segment) -> None:
        self.drafts.append(_SetDraft(each[1].strip(), each[2].strip()))
        self.noted = None

    def ak3(self, each: Segment) -> None:
        self.noted = each
        if (draft := self._draft(each)) is None:
            return
        code = each[4].strip()
        meaning = self._meaning(each, code, SEGMENT_MEANINGS) if code else "in error"
        tag, position = each[1].strip(), _number(each[2]) or 0
        sentence = f"{tag} (segment {position}): {meaning}, the partner says."
        draft.findings.append(
            Finding("error", tag, position, each[3], None, None, None, code, "segment", "", sentence)
        )

    def ak4(self, each: Segment) -> None:
        if (draft := self._draft(each)) is None:
            return
        tag, position = (self.noted[1].strip(), _number(self.noted[2]) or 0) if self.noted else ("", 0)
        if self.noted is None:
            self.problem(each, "stands without AK3")
        place = components_of(each[1], self.separators)
        element = _number(place[0]) if place else None
        component = _number(place[1]) if len(place) > 1 else None
        code = each[3].strip()
        meaning = self._meaning(each, code, ELEMENT_MEANINGS)
        inner = f", component {component}" if component is not None else ""
        seen = f" (he saw {each[4]!r})" if each[4] else ""
        sentence = (
            f"{tag} (segment {position}), element {element or '?'}{inner}: {meaning}{seen}, the partner says."
        )
        draft.findings.append(
            Finding(
                "error",
                tag,
                position,
                "",
                element,
                component,
                each[2] or None,
                code,
                "element",
                each[4],
                sentence,
            )
        )

    def ak5(self, each: Segment) -> None:
        self.noted = None
        if (draft := self._draft(each)) is None:
            return
        if draft.code:
            self.problem(each, "a second AK5 for the same set; only the first counts")
            return
        draft.code = each[1].strip()
        draft.reasons = self._reasons(each, 2, SET_MEANINGS)
        if draft.code not in SET_CODES:
            self.problem(each, f"unknown acknowledgment code {draft.code!r}; ask the partner what it means")

    def ak9(self, each: Segment) -> None:
        self.noted = None
        if self.last.elements:
            self.problem(each, "a second AK9; only the first was read")
            return
        self.last = each
        if each[1].strip() not in GROUP_CODES:
            self.problem(each, f"unknown acknowledgment code {each[1]!r}; ask the partner what it means")

    def result(self) -> FunctionalAcknowledgment:
        if not self.first.elements:
            self.problems.append("AK1 is missing: it is not known which group is acknowledged.")
        if not self.last.elements:
            self.problems.append("AK9 is missing: the verdict on the group is not known.")
        for draft in self.drafts:
            if not draft.code:
                self.problems.append(f"AK5 is missing for set {draft.set_code} {draft.control_number}.")
        return FunctionalAcknowledgment(
            group_id=self.first[1].strip(),
            group_control_number=self.first[2].strip(),
            group_code=self.last[1].strip(),
            declared=_number(self.last[2]),
            received=_number(self.last[3]),
            accepted=_number(self.last[4]),
            sets=[self._finished(draft) for draft in self.drafts],
            reasons=self._reasons(self.last, 5, GROUP_MEANINGS),
            problems=self.problems,
        )

    def _finished(self, draft: _SetDraft) -> SetAcknowledgment:
        return SetAcknowledgment(
            draft.set_code, draft.control_number, draft.code, draft.findings, draft.reasons
        )

    def _draft(self, each: Segment) -> _SetDraft | None:
        if not self.drafts:
            self.problem(each, "stands before any AK2; it was not read")
            return None
        return self.drafts[-1]

    def _meaning(self, each: Segment, code: str, meanings: dict[str, str]) -> str:
        if code not in meanings:
            self.problem(each, f"unknown error code {code!r}; ask the partner what it means")
        return meanings.get(code, f"error code {code!r}")

    def _reasons(self, each: Segment, start: int, meanings: dict[str, str]) -> list[str]:
        codes = [code for code in (text.strip() for text in each.elements[start - 1 :]) if code]
        for code in codes:
            if code not in meanings:
                self.problem(each, f"reason code {code!r} is not one that we know")
        return codes


def _number(text: str) -> int | None:
    stripped = text.strip()
    return int(stripped) if stripped.isascii() and stripped.isdigit() and len(stripped) <= 9 else None
