"""Judges a transaction set against its table: structure, elements, counts and control numbers.

Default policy (design.md, section 5):

* **error**, the set is rejected (AK501 R): a segment that is unknown, misplaced, out of order, missing or too
often;
  an element that is missing, conditional and missing, excluded, one too many, or
  repeated too often; a number, date or time that
  is none; a wrong segment count or control number; a set that we have no table for.
* **warning**, accepted with errors (E): an unknown code, a text too short or too long, a control character in
text.
* **note**, never sent to the partner: a segment that the standard allows and our tables do not describe.

An agreement's strictness is the caller's: findings are data, and ``acknowledgment_code`` judges any list of
them.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from integration.x12.element_findings import ElementPlace, is_warning, shown
from integration.x12.elements import broken_notes, fault
from integration.x12.findings import Finding, Severity, group_finding, segment_finding, set_finding
from integration.x12.hierarchy import hierarchy_findings
from integration.x12.quantities import quantity_findings
from integration.x12.quick_checks import LoopCheck, are_known, loop_check, quick_checks
from integration.x12.reading import GroupReading, SetReading
from integration.x12.structure import Loop, Walk, walk
from integration.x12.syntax import Segment, Separators, components_of
from integration.x12.tables import (
    ElementTable,
    LoopTable,
    SegmentTable,
    SegmentUse,
    SetTable,
    find_group_tables,
    find_table,
    knows_version,
)

# What a person, or a 997, can use. The verdict is taken before the cut.
MAX_FINDINGS = 1000

AcknowledgmentCode = Literal["A", "E", "R"]


@dataclass(frozen=True, slots=True)
class SetVerdict:
    """The judgement on one set: ``code`` is its AK501 (A accepted, E accepted with errors, R rejected).

    ``findings`` stand in the order of the segments, those on the whole set last, at most MAX_FINDINGS.
    ``walk`` is None where there is no table or no set to walk.
    """

    findings: list[Finding]
    walk: Walk | None
    code: AcknowledgmentCode


def acknowledgment_code(findings: Iterable[Finding]) -> AcknowledgmentCode:
    """R if any finding is an error, E if any is a warning, else A."""
    severities = {finding.severity for finding in findings}
    if "error" in severities:
        return "R"
    return "E" if "warning" in severities else "A"


def check_set(
    segments: Sequence[Segment],
    table: SetTable | None,
    separators: Separators | None = None,
    *,
    quick: bool = True,
) -> SetVerdict:
    """Judges one transaction set; ``segments`` run from ST to SE with their positions.

    ``separators`` are those it was read with (default: the usual ones); composites are split by them. Never
    raises on content. Without a table the set is rejected as not supported (AK502 1). Without ``quick`` every segment
    and loop is looked at fully, which must not change anything.
    """
    return _check_set(segments, table, separators or Separators(), quick=quick)[0]


def _check_set(
    segments: Sequence[Segment], table: SetTable | None, separators: Separators, *, quick: bool = True
) -> tuple[SetVerdict, Sequence[Segment]]:
    """The verdict, and the segments that were looked at fully: in the others all is plain."""
    if table is None:
        shown = segments[0][1] if segments else ""
        sentence = f"Transaction set {shown!r} is not supported; agree with the partner on what he sends."
        return _verdict([set_finding("error", "ST", "1", shown, sentence)], None), segments
    walked = walk(segments, table)
    findings = list(walked.findings)
    inspection = _Inspection(table, separators, findings)
    suspects = inspection.inspect(segments, walked, quick=quick)
    if "HL" in table.segments:
        findings.extend(hierarchy_findings(segments))
    findings.sort(key=lambda finding: finding.segment_position)
    findings.extend(_check_ends(segments, table))
    return _verdict(findings, walked), [
        each for each in segments if each.position in suspects
    ] if suspects else ()


class GroupCheck:
    """Judges the sets of a group one after the other, as they come: by its table, by GS01 (a set must be of its
    group's kind) and by ST02, which must be unique within the group."""

    def __init__(self, group: GroupReading) -> None:
        self.group = group
        self.seen: set[str] = set()

    def check(self, each: SetReading) -> SetVerdict:
        """The verdict on the next set of the group."""
        findings = _check_membership(each, self.group) + _check_convention(each, self.group)
        if each.control_number in self.seen:
            sentence = f"ST02 {each.control_number!r} was already used in this group; number each set anew."
            findings.append(set_finding("error", "ST", "23", each.control_number, sentence))
        self.seen.add(each.control_number)
        return _check_read_set(each, self.group, findings)


def check_group(group: GroupReading) -> list[SetVerdict]:
    """Judges every set of a group that is held whole, in order."""
    check = GroupCheck(group)
    return [check.check(each) for each in group.sets]


def group_findings(group: GroupReading) -> list[Finding]:
    """Everything that is wrong with a group apart from its sets: what the envelope showed, and whether we
    support its version (AK905 2) and its kind (AK905 1)."""
    findings = list(group.findings)
    if not knows_version(group.version):
        sentence = (
            f"Version {group.version!r} (GS08) is not supported; agree with the partner on 004010 or 005010."
        )
        findings.append(group_finding("error", "GS", "2", group.version, sentence))
    elif not find_group_tables(group.functional_id, group.version):
        sentence = (
            f"Functional group {group.functional_id!r} (GS01) is not supported; agree on what he sends."
        )
        findings.append(group_finding("error", "GS", "1", group.functional_id, sentence))
    return findings


def _check_membership(each: SetReading, group: GroupReading) -> list[Finding]:
    table = find_table(each.code, group.version)
    if table is None or table.group == group.functional_id:
        return []
    sentence = (
        f"{table.name} ({each.code}) stands in functional group {group.functional_id!r}; it belongs in "
        f"{table.group!r}, ask the partner to correct GS01."
    )
    return [set_finding("error", "ST", _code(group.version, "18", before="6"), each.code, sentence)]


def _check_convention(each: SetReading, group: GroupReading) -> list[Finding]:
    """ST03 names the implementation convention of a set; it cannot be one of another version than the group's."""
    if not each.convention or not repeats(group.version) or each.convention[:6] == group.version[:6]:
        return []
    sentence = (
        f"ST03 names the convention {each.convention!r}, and the group is of version {group.version!r} (GS08); tell"
        " the partner."
    )
    return [set_finding("warning", "ST", "19", each.convention, sentence)]


def repeats(version: str) -> bool:
    """Whether the version knows repeated elements, and the codes that came with them: 12, 13, 18."""
    return version[:6] >= "005010"


def _code(version: str, code: str, *, before: str) -> str:
    """A code that came with 005010, or what was said in its place before."""
    return code if repeats(version) else before


def _check_read_set(each: SetReading, group: GroupReading, findings: list[Finding]) -> SetVerdict:
    if each.problem is not None:
        return _verdict([*each.findings, *findings], None)
    judged, suspects = _check_set(each.segments, find_table(each.code, group.version), each.separators)
    impossible = list(quantity_findings(suspects))
    if not (impossible or judged.findings or each.findings or findings):
        return judged
    said = {(finding.segment_position, finding.element) for finding in impossible}
    others = [
        finding for finding in judged.findings if (finding.segment_position, finding.element) not in said
    ]
    placed = sorted([*others, *impossible], key=_place)
    return _verdict([*placed, *each.findings, *findings], judged.walk)


def _place(finding: Finding) -> tuple[bool, int]:
    """Return where a finding stands among others: those on the whole set come last."""
    return finding.level == "set", finding.segment_position


def _verdict(findings: list[Finding], walked: Walk | None) -> SetVerdict:
    code = acknowledgment_code(findings)
    if len(findings) > MAX_FINDINGS:
        more = f"{len(findings) - MAX_FINDINGS} further findings are left out; settle these first."
        findings = [*findings[:MAX_FINDINGS], set_finding("note", "ST", "", "", more)]
    return SetVerdict(findings, walked, code)


def _check_ends(segments: Sequence[Segment], table: SetTable) -> list[Finding]:
    if not segments or segments[0].tag != "ST" or segments[0][1] != table.code:
        shown = segments[0][1] if segments else ""
        sentence = f"ST01 is {shown!r} where {table.code!r} is expected ({table.name.lower()})."
        return [set_finding("error", "ST", "6", shown, sentence)]
    start, end = segments[0], segments[-1]
    findings = []
    if not start[2].strip():
        findings.append(set_finding("error", "ST", "7", "", "ST02, the set's control number, is missing."))
    if end.tag != "SE":
        sentence = "The set has no SE: it is cut off, or the next set begins inside it; ask for it again."
        return [*findings, set_finding("error", "SE", "2", end.tag, sentence)]
    if start[2].strip() != end[2].strip():
        sentence = f"SE02 {end[2]!r} differs from ST02 {start[2]!r}: two sets may be mixed; ask for it again."
        findings.append(set_finding("error", "SE", "3", end[2], sentence))
    if end[1].strip().lstrip("0") != str(len(segments)):
        sentence = f"SE01 says {end[1]!r} segments, {len(segments)} were received; ask for the set again."
        findings.append(set_finding("error", "SE", "4", end[1], sentence))
    return findings


def _name(member: SegmentUse | LoopTable) -> str:
    return member.tag if isinstance(member, SegmentUse) else member.name


class _Inspection:
    """One pass over the tree of one set, loop by loop, that collects findings."""

    def __init__(self, table: SetTable, separators: Separators, findings: list[Finding]) -> None:
        self.separators = separators
        self.findings = findings
        self.table = table
        # Before 005010 the character is text like any other, whatever ISA11 says.
        self.repeats = (repeats(table.version) and separators.repetition) or ""
        self.checks = quick_checks(table, self.repeats)
        self.undescribed: Counter[str] = Counter()
        self.first_undescribed: dict[str, int] = {}

    def inspect(self, segments: Sequence[Segment], walked: Walk, *, quick: bool) -> set[int]:
        """Looks at all that is not plainly good; returns the positions of the segments that are not."""
        suspects = self.checks.suspects(segments) if quick else {each.position for each in segments}
        if not suspects and are_known(walked.loops):
            return suspects
        waiting: list[Loop] = [walked.root]
        while waiting:
            loop = waiting.pop()
            check, order = loop_check(loop.table), bytes(loop.places)
            if not quick or order not in check.good:
                self._check_members(loop, check, order)
            for each in loop.segments:
                if each.position in suspects:
                    self._check_segment(each, loop.path)
            waiting.extend(loop.loops)
        self._note_undescribed()
        return suspects

    def _check_members(self, loop: Loop, check: LoopCheck, order: bytes) -> None:
        before = len(self.findings)
        found = set(order)
        for index in sorted(check.required - found) if not check.required <= found else ():
            self._report_missing(loop, index)
        if len(found) < len(order):
            for index, count in sorted(Counter(order).items()):
                limit = check.limits[index]
                if limit is not None and count > limit:
                    self._report_too_many(loop, index, limit)
        if len(self.findings) == before:
            check.learn(order)

    def _report_missing(self, loop: Loop, index: int) -> None:
        member = loop.table.members[index]
        name = _name(member)
        position = _gap(loop, index)
        inside = f"loop {loop.path}" if loop.path else "the set"
        what = self.table.segments[name].name
        sentence = f"{name}, {what}: missing in {inside}; it belongs at segment {position}."
        self.findings.append(segment_finding("error", name, position, loop.path, "3", sentence))

    def _report_too_many(self, loop: Loop, index: int, limit: int) -> None:
        member = loop.table.members[index]
        name = _name(member)
        at = [child for child, place in zip(loop.children, loop.places, strict=True) if place == index]
        position = _position(at[limit])
        inside = f"in loop {loop.path}" if loop.path else "in the set"
        what = self.table.segments[name].name
        code, thing = ("5", "") if isinstance(member, SegmentUse) else ("4", "the loop ")
        often = f"{thing}stands {len(at)} times {inside}, at most {limit} allowed"
        sentence = f"{name} (segment {position}), {what}: {often}."
        self.findings.append(segment_finding("error", name, position, loop.path, code, sentence))

    def _check_segment(self, each: Segment, path: str) -> None:
        table = self.table.segments[each.tag]
        if not table.described:
            self.undescribed[each.tag] += 1
            first = self.first_undescribed.get(each.tag, each.position)
            self.first_undescribed[each.tag] = min(first, each.position)
            return
        before = len(self.findings)
        self._report_elements(each, path, table)
        if len(self.findings) == before:
            self.checks.learn(each.texts)

    def _report_elements(self, each: Segment, path: str, table: SegmentTable) -> None:
        place = ElementPlace(each, path, None)
        elements = each.elements
        for element in table.elements:
            text = elements[element.number - 1] if element.number <= len(elements) else ""
            self._report_repeats(place, element, text)
        for number, extra in enumerate(elements[len(table.elements) :], start=len(table.elements) + 1):
            if extra:
                words = f"element {number}: one element too many, the segment has {len(table.elements)}"
                self.findings.append(place.finding("error", number, None, None, "3", extra, words))
        for number, code, words in broken_notes(table.notes, [bool(text) for text in elements]):
            element = table.elements[number - 1]
            self.findings.append(place.on(element, "error", code, each[number], words))

    def _report_repeats(self, place: ElementPlace, element: ElementTable, text: str) -> None:
        values = text.split(self.repeats) if self.repeats and self.repeats in text else [text]
        if len(values) > element.repeat:
            words = f"{shown(text)} holds {len(values)} values, at most {element.repeat} may stand there"
            self.findings.append(place.on(element, "error", "12", text, words))
        for value in values[: element.repeat]:
            self._report_value(place, element, value)

    def _report_value(self, place: ElementPlace, element: ElementTable, text: str) -> None:
        if element.required and not text.strip(" "):
            self.findings.append(place.on(element, "error", "1", text, "missing, but mandatory"))
        elif text and element.kind == "C":
            self._report_composite(place, element, text)
        elif text and (wrong := fault(text, element)):
            code, words = wrong
            severity: Severity = "warning" if is_warning(code, element) else "error"
            self.findings.append(place.on(element, severity, code, text, f"{shown(text)} {words}"))

    def _report_composite(self, outer: ElementPlace, composite: ElementTable, text: str) -> None:
        texts = components_of(text, self.separators)
        place = ElementPlace(outer.segment, outer.loop, composite)
        for component in composite.components:
            value = texts[component.number - 1] if component.number <= len(texts) else ""
            self._report_value(place, component, value)
        if any(texts[len(composite.components) :]):
            words = (
                f"{shown(text)} has {len(texts)} components, the composite has {len(composite.components)}"
            )
            code = _code(self.table.version, "13", before="3")
            self.findings.append(outer.on(composite, "error", code, text, words))
        for number, code, words in broken_notes(composite.notes, [bool(each) for each in texts]):
            component = composite.components[number - 1]
            value = texts[number - 1] if number <= len(texts) else ""
            self.findings.append(place.on(component, "error", code, value, words))

    def _note_undescribed(self) -> None:
        for tag, count in self.undescribed.items():
            position = self.first_undescribed[tag]
            name = self.table.segments[tag].name
            often = f", the first of {count}" if count > 1 else ""
            sentence = (
                f"{tag} (segment {position}{often}), {name}: allowed, but not described here; left unread."
            )
            self.findings.append(segment_finding("note", tag, position, "", "", sentence))


def _position(child: Segment | Loop) -> int:
    while isinstance(child, Loop):
        child = child.children[0]
    return child.position


def _gap(loop: Loop, index: int) -> int:
    """The position at which a missing member should stand: right behind the last child before its place."""
    before = [child for child, place in zip(loop.children, loop.places, strict=True) if place < index]
    if not before:
        return 1
    last: Segment | Loop = before[-1]
    while isinstance(last, Loop):
        last = last.children[-1]
    return last.position + 1
