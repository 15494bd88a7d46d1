"""What a file of X12 is worth, as the acknowledgments that we would send say it: ``check_file``.

Without an agreement: sender and receiver are not judged, test interchanges (usage T) are taken, and the same
interchange twice is noticed within the file only. The file is read as a stream: what is held of a set is its verdict.

Errors and warnings of a set are parted as the functional acknowledgment parts them. Whatever it reports is an
*error*: each AK3 and AK4 (IK3 and IK4), and each AK5 code of the whole set, of which ``ak3`` and ``ak4`` are empty;
some of them leave the set accepted with errors. What is noted and never sent is a *warning*: segments that the
standard allows and we do not describe (``unread``), findings beyond those that are kept (``left_out``), and what the
second engine sees otherwise (``second_opinion``). Problems are those of the file, with the byte where they begin: what
stands around the interchanges, and every fault of an envelope in words (``ta1_021``, ``ak9_5``), since the
acknowledgment itself has room for the code only.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import BinaryIO, Literal

from integration.x12.acknowledgment_writing import judge_group, set_codes
from integration.x12.envelope import (
    FileEnds,
    GroupBegins,
    GroupEnds,
    GroupReading,
    InterchangeBegins,
    InterchangeEnds,
    InterchangeReading,
    SetArrives,
    SetReading,
    read_file,
)
from integration.x12.findings import Finding
from integration.x12.interchange import judge_interchange
from integration.x12.splitting import FileNote
from integration.x12.syntax import Segment, Separators
from integration.x12.tables import SetTable, find_table
from integration.x12.validate import GroupCheck, SetVerdict, group_findings

Verdict = Literal["accepted", "accepted_with_errors", "partially_accepted", "rejected"]
SecondOpinion = Callable[[Sequence[Segment], SetTable, Separators], list[Finding]]

VERDICTS: dict[str, Verdict] = {
    "A": "accepted",
    "E": "accepted_with_errors",
    "P": "partially_accepted",
    "R": "rejected",
}

# Of a whole file: behind these, a person has seen enough, and a hostile file would fill the memory.
MAX_ERRORS = 20_000
_MAX_VALUE = 99  # AK404
_MAX_REMARKS = 100


@dataclass(frozen=True, slots=True)
class Problem:
    """Something about the file; ``offset`` is the byte where it begins."""

    code: str
    text: str
    offset: int


@dataclass(frozen=True, slots=True)
class Fault:
    """One fault as AK3 or AK4 reports it; ``ak4`` is "" for a whole segment, both are "" for a whole set.

    ``position`` counts from 1 at ST, 0 for a whole set; ``element`` is None for whole segments and sets; ``value`` is
    cut.
    """

    segment: str
    position: int
    element: int | None
    ak3: str
    ak4: str
    value: str
    text: str


@dataclass(frozen=True, slots=True)
class Remark:
    """Something about a set that no acknowledgment carries."""

    code: str
    text: str


@dataclass(frozen=True, slots=True)
class CheckedSet:
    """``ak5`` is AK501, ``codes`` are AK502 to AK506; ``name`` is "" where we have no table."""

    code: str
    name: str
    control_number: str
    ak5: str
    codes: tuple[str, ...]
    errors: tuple[Fault, ...]
    warnings: tuple[Remark, ...]

    @property
    def verdict(self) -> Verdict:
        return VERDICTS[self.ak5]


@dataclass(frozen=True, slots=True)
class CheckedGroup:
    """``ak9`` is AK901, ``codes`` are AK905 to AK909, ``texts`` the sentences for them."""

    functional_id: str
    control_number: str
    version: str
    ak9: str
    codes: tuple[str, ...]
    texts: tuple[str, ...]
    sets: tuple[CheckedSet, ...]

    @property
    def verdict(self) -> Verdict:
        return VERDICTS[self.ak9]


@dataclass(frozen=True, slots=True)
class CheckedInterchange:
    """``ta1_code`` and ``ta1_note`` are TA104 and TA105; ``texts`` are the sentences for them."""

    sender: str
    receiver: str
    control_number: str
    usage: str
    ta1_requested: bool
    ta1_code: str
    ta1_note: str
    texts: tuple[str, ...]
    groups: tuple[CheckedGroup, ...]

    @property
    def verdict(self) -> Verdict:
        """Of the interchange and all that is in it: rejected where nothing of it is taken."""
        if self.ta1_code == "R":
            return "rejected"
        found = {group.verdict for group in self.groups}
        if found == {"rejected"}:
            return "rejected"
        if found & {"rejected", "partially_accepted"}:
            return "partially_accepted"
        return "accepted" if found <= {"accepted"} and self.ta1_code == "A" else "accepted_with_errors"


@dataclass(frozen=True, slots=True)
class CheckedFile:
    """Not ``readable``: not one interchange could be read, and ``interchanges`` is empty."""

    readable: bool
    problems: tuple[Problem, ...]
    interchanges: tuple[CheckedInterchange, ...]

    @property
    def rejected(self) -> bool:
        """Whether anything in it is rejected, or one of several interchanges cannot be read."""
        partly = {"partially_accepted", "rejected"}
        return any(each.verdict in partly for each in self.interchanges) or any(
            problem.code == UNREADABLE for problem in self.problems
        )


UNREADABLE = "unreadable_interchange"


def check_file(source: BinaryIO | Iterable[bytes], second: SecondOpinion | None = None) -> CheckedFile:
    """Judges a file, from its bytes in any cutting. Never raises on content.

    ``second`` is asked about each set that we have a table for; where it takes a set that we reject, or the other
    way round, a warning says so. It changes no verdict.
    """
    checker = _Checker(second)
    for arrived in read_file(source):
        match arrived:
            case InterchangeBegins(offset, reading):
                checker.begin(offset, reading)
            case GroupBegins(group):
                checker.begin_group(group)
            case SetArrives(_, each):
                checker.check(each)
            case GroupEnds(group):
                checker.end_group(group)
            case InterchangeEnds(reading, _):
                checker.end(reading)
            case FileEnds(notes, problem):
                return checker.result(notes, problem)
    raise AssertionError("A stream ends with FileEnds.")


@dataclass(slots=True)
class _OpenGroup:
    check: GroupCheck
    verdicts: list[SetVerdict] = field(default_factory=list)
    sets: list[CheckedSet] = field(default_factory=list)


class _Checker:
    """Gathers the verdicts while a file comes."""

    def __init__(self, second: SecondOpinion | None) -> None:
        self.second = second
        self.problems: list[Problem] = []
        self.interchanges: list[CheckedInterchange] = []
        self.groups: list[CheckedGroup] = []
        self.group: _OpenGroup | None = None
        self.offset = 0
        self.room = MAX_ERRORS
        # The control numbers that each sender used in this file.
        self.numbers: dict[tuple[str, ...], set[str]] = {}

    def begin(self, offset: int, reading: InterchangeReading) -> None:
        self.offset = offset
        self.groups, self.group = [], None

    def begin_group(self, group: GroupReading) -> None:
        self.group = _OpenGroup(GroupCheck(group))

    def check(self, each: SetReading) -> None:
        assert self.group is not None
        judged = self.group.check.check(each)
        self.group.verdicts.append(SetVerdict([], None, judged.code))
        self.group.sets.append(self._checked_set(each, self.group.check.group, judged))

    def end_group(self, group: GroupReading) -> None:
        assert self.group is not None
        judged = judge_group(group, self.group.verdicts)
        findings = group_findings(group)
        self._tell("ak9_", findings)
        self.groups.append(
            CheckedGroup(
                group.functional_id,
                group.control_number,
                group.version,
                judged.code,
                judged.codes,
                tuple(each.sentence for each in findings),
                tuple(self.group.sets),
            )
        )
        self.group = None

    def end(self, reading: InterchangeReading) -> None:
        if reading.problem is not None and not reading.usage_indicator:
            self.problems.append(Problem(UNREADABLE, reading.problem, self.offset))
            return
        numbers = self.numbers.setdefault(_parties(reading), set())
        judged = judge_interchange(reading, numbers_seen=numbers)
        numbers.add(reading.control_number)
        self._tell("ta1_", judged.findings)
        self.interchanges.append(
            CheckedInterchange(
                f"{reading.sender_qualifier}:{reading.sender_id}",
                f"{reading.receiver_qualifier}:{reading.receiver_id}",
                reading.control_number,
                reading.usage_indicator,
                judged.requested,
                judged.code,
                judged.note,
                tuple(each.sentence for each in judged.findings),
                tuple(self.groups),
            )
        )

    def result(self, notes: Sequence[str], problem: str | None) -> CheckedFile:
        self.problems.extend(
            Problem(note.code, note, note.offset) for note in notes if isinstance(note, FileNote)
        )
        if problem is not None:
            self.problems.append(Problem("not_readable", problem, 0))
            self.interchanges.clear()
        self.problems.sort(key=lambda each: each.offset)
        return CheckedFile(bool(self.interchanges), tuple(self.problems), tuple(self.interchanges))

    def _tell(self, kind: str, findings: Iterable[Finding]) -> None:
        for each in findings:
            self.problems.append(Problem(kind + each.code_997, each.sentence, self.offset))

    def _checked_set(self, each: SetReading, group: GroupReading, judged: SetVerdict) -> CheckedSet:
        table = find_table(each.code, group.version)
        sent = [finding for finding in judged.findings if finding.severity != "note"]
        warnings = [_remark(finding) for finding in judged.findings if finding.severity == "note"]
        if len(sent) > self.room:
            warnings.append(
                Remark("left_out", f"{len(sent) - self.room} further findings of this file are left out.")
            )
        if self.second is not None and table is not None and each.problem is None:
            warnings.extend(_compared(judged, self.second(each.segments, table, each.separators)))
        errors = tuple(_fault(finding) for finding in sent[: self.room])
        self.room -= len(errors)
        return CheckedSet(
            each.code,
            table.name if table else "",
            each.control_number,
            judged.code,
            tuple(set_codes(judged)),
            errors,
            tuple(warnings),
        )


def _parties(reading: InterchangeReading) -> tuple[str, ...]:
    return (
        reading.sender_qualifier,
        reading.sender_id,
        reading.receiver_qualifier,
        reading.receiver_id,
        reading.usage_indicator,
    )


def _fault(finding: Finding) -> Fault:
    ak3 = ak4 = ""
    if finding.level == "segment":
        ak3 = finding.code_997
    elif finding.level == "element":
        ak3, ak4 = "8", finding.code_997
    return Fault(
        finding.segment_tag[:_MAX_VALUE],
        finding.segment_position,
        finding.element,
        ak3,
        ak4,
        finding.value[:_MAX_VALUE],
        finding.sentence,
    )


def _remark(finding: Finding) -> Remark:
    return Remark("unread" if finding.level == "segment" else "left_out", finding.sentence)


def fault_kind(finding: Finding) -> tuple[object, ...]:
    """What makes two findings of two engines the same fault.

    pyx12 finds a segment missing where the next one comes, tells each one that is too many, knows one code for whatever
    stands in the wrong place, hangs a broken note on its first element, counts elements that are too many once, and has
    the same code (3) for components, where 005010 has 13.
    """
    code = "3" if finding.code_997 == "13" else finding.code_997
    if finding.level == "element":
        place = () if code in ("2", "3", "10") else (finding.element,)
        return (code, finding.segment_position, *place)
    if code in ("1", "2", "6", "7"):
        return "misplaced", finding.segment_position
    return "missing" if code == "3" else "too often", finding.segment_tag


def _compared(judged: SetVerdict, other: Sequence[Finding]) -> list[Remark]:
    """What the second engine sees at places where we see nothing, and the other way round."""
    ours = [
        each for each in judged.findings if each.level in ("segment", "element") and each.severity != "note"
    ]
    known, seen = {fault_kind(each) for each in ours}, {fault_kind(each) for each in other}
    said = [
        *(f"Only the second engine: {each.sentence}" for each in other if fault_kind(each) not in known),
        *(f"Not the second engine: {each.sentence}" for each in ours if fault_kind(each) not in seen),
    ]
    return [Remark("second_opinion", sentence) for sentence in said[:_MAX_REMARKS]]


def as_json(checked: CheckedFile) -> dict[str, object]:
    """The verdict in the form that ``check --json`` prints; all codes are strings."""
    return {
        "readable": checked.readable,
        "problems": [
            {"code": each.code, "text": each.text, "offset": each.offset} for each in checked.problems
        ],
        "interchanges": [_interchange_json(each) for each in checked.interchanges],
    }


def _interchange_json(each: CheckedInterchange) -> dict[str, object]:
    return {
        "sender": each.sender,
        "receiver": each.receiver,
        "control_number": each.control_number,
        "usage": each.usage,
        "ta1": {"requested": each.ta1_requested, "code": each.ta1_code, "note": each.ta1_note},
        "verdict": each.verdict,
        "groups": [_group_json(group) for group in each.groups],
    }


def _group_json(group: CheckedGroup) -> dict[str, object]:
    return {
        "functional_id": group.functional_id,
        "control_number": group.control_number,
        "version": group.version,
        "ak9": group.ak9,
        "codes": list(group.codes),
        "verdict": group.verdict,
        "transaction_sets": [_set_json(each) for each in group.sets],
    }


def _set_json(each: CheckedSet) -> dict[str, object]:
    return {
        "set": each.code,
        "control_number": each.control_number,
        "ak5": each.ak5,
        "codes": list(each.codes),
        "verdict": each.verdict,
        "errors": [
            {
                "segment": fault.segment,
                "position": fault.position,
                "element": fault.element,
                "ak3": fault.ak3,
                "ak4": fault.ak4,
                "value": fault.value,
                "text": fault.text,
            }
            for fault in each.errors
        ],
        "warnings": [{"code": remark.code, "text": remark.text} for remark in each.warnings],
    }
