"""Reads what a partner says of our group: the segments that 997 and 999 share, in the tags of either."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from integration.x12.acknowledgment_codes import (
    ACCEPTED_CODES,
    ELEMENT_MEANINGS,
    GROUP_CODES,
    GROUP_MEANINGS,
    IMPLEMENTATION_ELEMENT_MEANINGS,
    IMPLEMENTATION_SEGMENT_MEANINGS,
    IMPLEMENTATION_SET_MEANINGS,
    OF_PEOPLE,
    REJECTING_CODES,
    SEGMENT_MEANINGS,
    SET_CODES,
    SET_MEANINGS,
)
from integration.x12.findings import Finding
from integration.x12.syntax import Segment, Separators, components_of, segment


@dataclass(frozen=True, slots=True)
class SetAcknowledgment:
    """What a partner says of one set. ``code`` is AK501, "" where AK5 is missing; ``findings`` are his AK3
    and AK4, without what he quotes of segments ``OF_PEOPLE``, ``reasons`` his AK502 codes, ``convention`` his AK203. In a 999 they
    are IK3 to IK5."""

    set_code: str
    control_number: str
    code: str
    findings: list[Finding]
    reasons: list[str]
    convention: str = ""

    @property
    def accepted(self) -> bool:
        return self.code in ACCEPTED_CODES


@dataclass(frozen=True, slots=True)
class FunctionalAcknowledgment:
    """A 997 or 999 as it was read.

    ``version`` is AK103. ``group_id`` is AK101, ``group_control_number`` AK102 (our GS06), ``group_code`` AK901, "" where AK9 is
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
    version: str = ""

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
    convention: str
    code: str = ""
    findings: list[Finding] = field(default_factory=list)
    reasons: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Tags:
    """The tags of an acknowledgment, and what its codes mean."""

    segment_note: str
    element_note: str
    set_verdict: str
    segments: Mapping[str, str]
    elements: Mapping[str, str]
    sets: Mapping[str, str]
    passed_over: frozenset[str] = frozenset({"ST", "SE"})


FUNCTIONAL_TAGS = Tags("AK3", "AK4", "AK5", SEGMENT_MEANINGS, ELEMENT_MEANINGS, SET_MEANINGS)
# CTX says where the reason of an error stands; the error itself is told by IK3 and IK4.
IMPLEMENTATION_TAGS = Tags(
    "IK3",
    "IK4",
    "IK5",
    IMPLEMENTATION_SEGMENT_MEANINGS,
    IMPLEMENTATION_ELEMENT_MEANINGS,
    IMPLEMENTATION_SET_MEANINGS,
    frozenset({"ST", "SE", "CTX"}),
)


def read_acknowledgment(
    tags: Tags, segments: Sequence[Segment], separators: Separators | None = None
) -> FunctionalAcknowledgment:
    """Reads a 997 or 999 by its tags; ``segments`` run from ST to SE. Never raises on content."""
    reader = _Reader(tags, separators or Separators())
    steps = {
        "AK1": reader.group,
        "AK2": reader.set,
        tags.segment_note: reader.segment_note,
        tags.element_note: reader.element_note,
        tags.set_verdict: reader.set_verdict,
        "AK9": reader.group_verdict,
    }
    for each in segments:
        if step := steps.get(each.tag):
            step(each)
        elif each.tag not in tags.passed_over:
            reader.problem(each, "does not belong in a functional acknowledgment; it was not read")
    return reader.result()


class _Reader:
    """Collects an acknowledgment segment by segment."""

    def __init__(self, tags: Tags, separators: Separators) -> None:
        self.tags = tags
        self.separators = separators
        self.problems: list[str] = []
        self.first = segment("AK1")
        self.last = segment("AK9")
        self.drafts: list[_SetDraft] = []
        self.noted: Segment | None = None

    def problem(self, each: Segment, words: str) -> None:
        self.problems.append(f"{each.tag} (segment {each.position}): {words}.")

    def group(self, each: Segment) -> None:
        if self.first.elements:
            self.problem(each, "a second AK1; only the first was read")
        else:
            self.first = each

    def set(self, each: Segment) -> None:
        self.drafts.append(_SetDraft(each[1].strip(), each[2].strip(), each[3].strip()))
        self.noted = None

    def segment_note(self, each: Segment) -> None:
        self.noted = each
        if (draft := self._draft(each)) is None:
            return
        code = each[4].strip()
        meaning = self._meaning(each, code, self.tags.segments) if code else "in error"
        tag, position = each[1].strip(), _number(each[2]) or 0
        sentence = f"{tag} (segment {position}): {meaning}, the partner says."
        draft.findings.append(
            Finding("error", tag, position, each[3], None, None, None, code, "segment", "", sentence)
        )

    def element_note(self, each: Segment) -> None:
        if (draft := self._draft(each)) is None:
            return
        tag, position = (self.noted[1].strip(), _number(self.noted[2]) or 0) if self.noted else ("", 0)
        if self.noted is None:
            self.problem(each, f"stands without {self.tags.segment_note}")
        place = components_of(each[1], self.separators)
        element = _number(place[0]) if place else None
        component = _number(place[1]) if len(place) > 1 else None
        code = each[3].strip()
        meaning = self._meaning(each, code, self.tags.elements)
        inner = f", component {component}" if component is not None else ""
        quoted = "" if tag in OF_PEOPLE else each[4]
        seen = f" (he saw {quoted!r})" if quoted else ""
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
                quoted,
                sentence,
            )
        )

    def set_verdict(self, each: Segment) -> None:
        self.noted = None
        if (draft := self._draft(each)) is None:
            return
        if draft.code:
            self.problem(each, f"a second {each.tag} for the same set; only the first counts")
            return
        draft.code = each[1].strip()
        draft.reasons = self._reasons(each, 2, self.tags.sets)
        if draft.code not in SET_CODES:
            self.problem(each, f"unknown acknowledgment code {draft.code!r}; ask the partner what it means")

    def group_verdict(self, each: Segment) -> None:
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
                self.problems.append(
                    f"{self.tags.set_verdict} is missing for set {draft.set_code} {draft.control_number}."
                )
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
            version=self.first[3].strip(),
        )

    def _finished(self, draft: _SetDraft) -> SetAcknowledgment:
        return SetAcknowledgment(
            draft.set_code, draft.control_number, draft.code, draft.findings, draft.reasons, draft.convention
        )

    def _draft(self, each: Segment) -> _SetDraft | None:
        if not self.drafts:
            self.problem(each, "stands before any AK2; it was not read")
            return None
        return self.drafts[-1]

    def _meaning(self, each: Segment, code: str, meanings: Mapping[str, str]) -> str:
        if code not in meanings:
            self.problem(each, f"unknown error code {code!r}; ask the partner what it means")
        return meanings.get(code, f"error code {code!r}")

    def _reasons(self, each: Segment, start: int, meanings: Mapping[str, str]) -> list[str]:
        codes = [code for code in (text.strip() for text in each.elements[start - 1 :]) if code]
        for code in codes:
            if code not in meanings:
                self.problem(each, f"reason code {code!r} is not one that we know")
        return codes


def _number(text: str) -> int | None:
    stripped = text.strip()
    return int(stripped) if stripped.isascii() and stripped.isdigit() and len(stripped) <= 9 else None
