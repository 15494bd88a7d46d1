"""Purchase order acknowledgments (855) held against what was ordered: the decision, as data.

All answers to one purchase order are looked at together, in the order in which the partner made them: of each line the
latest word holds, and a later answer that speaks of some lines leaves the others as they were. So the decision does not
depend on the order in which the answers came.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

from integration.documents import PurchaseOrderAcknowledgment
from integration.matching.line_answers import (
    ABOUT,
    ACCEPTING,
    LineAnswer,
    agrees,
    read_line,
    whole_statement,
)
from integration.matching.lines import AskedLine, LineStatement, number_of, pair, plain, words
from integration.matching.tolerances import DATE, EXACT, PRICE, QUANTITY, Tolerances, differing

# BAK02 (element 587) whose meaning is "yes, all of it", with or without repeating the lines.
WHOLE_ACCEPTANCES = frozenset({"detail_no_change", "accepted", "no_detail"})
# BAK02 that leaves the answer to the lines.
LINE_BY_LINE = frozenset({"detail_with_change", "replenishment", "exceptions_only"})
# BAK02 under which a line that is not repeated is accepted as it was asked.
_EXCEPTIONS = "exceptions_only"
# BAK01 (element 353) of an answer; what it changes or replaces is an earlier answer.
_PURPOSES = frozenset({None, "original", "confirmation", "change", "replace"})
# The difference that says nothing but what the partner does with a line.
ANSWER = "answer"


@dataclass(frozen=True, slots=True)
class Difference:
    """One thing that the partner answered otherwise; ``line_number`` is None for the whole order.

    ``verb`` says how he said it: answered, shipped, billed.
    """

    line_number: int | None
    sku: str
    what: str
    asked: str
    answered: str
    verb: str = "answered"

    @property
    def row(self) -> dict[str, Any]:
        """The difference as the evidence of a case keeps it."""
        return {
            "line": self.line_number,
            "sku": self.sku,
            "what": self.what,
            "asked": self.asked,
            "answered": self.answered,
        }

    def __str__(self) -> str:
        place = f"Line {self.line_number} ({self.sku}): " if self.line_number is not None else ""
        what = "" if self.what == ANSWER else f"{self.what}: "
        sentence = f"{place}{what}asked {self.asked}, {self.verb} {self.answered}"
        return sentence[:1].upper() + sentence[1:]


@dataclass(frozen=True, slots=True)
class LetPass:
    """A difference that the agreement's tolerances let pass, and why."""

    difference: Difference
    why: str

    def __str__(self) -> str:
        return f"{self.difference} ({self.why})"


@dataclass(frozen=True, slots=True)
class Decision:
    """``accepted`` only without any difference that is not let pass. ``statements`` holds, once each, the lines that he
    spoke of, as he spoke of them last."""

    accepted: bool
    differences: tuple[Difference, ...]
    statements: tuple[LineStatement, ...]
    passed: tuple[LetPass, ...] = ()


@dataclass(frozen=True, slots=True)
class _Line:
    """What holds of one line: the latest statement, and the differences in it; ``counts``: it says so much in our unit."""

    statement: LineStatement
    differences: tuple[Difference, ...] = ()
    passed: tuple[LetPass, ...] = ()
    counts: bool = True


def decide(
    asked: Sequence[AskedLine],
    answers: PurchaseOrderAcknowledgment | Sequence[PurchaseOrderAcknowledgment],
    tolerances: Tolerances = EXACT,
    agreed: Mapping[int, LineStatement] | None = None,
) -> Decision:
    """Compare one answer or several, the oldest first, with the order's lines; no line stops at its first difference.

    ``agreed`` is what was accepted before, by line number: a partner who says it again says nothing new.
    """
    made = [answers] if isinstance(answers, PurchaseOrderAcknowledgment) else list(answers)
    held: dict[int, _Line] = {}
    differences: list[Difference] = []
    for answer in made:
        if answer.purpose == "replace":
            held = {}
        told, differences = _read(asked, answer, tolerances, agreed or {})
        held |= told
    passed: list[LetPass] = []
    for line in asked:
        holds = held.get(line.line_number)
        if holds is None:
            differences.append(_difference(line, "the line", _amount(line), "not mentioned"))
        else:
            differences.extend(holds.differences)
            passed.extend(holds.passed)
    statements = tuple(held[line.line_number].statement for line in asked if line.line_number in held)
    return Decision(not differences, tuple(differences), statements, tuple(passed))


def statements_of(
    asked: Sequence[AskedLine], answer: PurchaseOrderAcknowledgment
) -> tuple[LineStatement, ...]:
    """Return what one answer says of the lines that it speaks of, in our units.

    A line repeated without a word says nothing, nor does one that is counted in another unit.
    """
    told, _ = _read(asked, answer, EXACT, {})
    found = (told[line.line_number] for line in asked if line.line_number in told)
    return tuple(each.statement for each in found if each.counts)


def _read(
    asked: Sequence[AskedLine],
    answer: PurchaseOrderAcknowledgment,
    tolerances: Tolerances,
    agreed: Mapping[int, LineStatement],
) -> tuple[dict[int, _Line], list[Difference]]:
    """Return what an answer says by line number, and what it says of the whole order that was not asked."""
    kind = answer.acknowledgment_type
    general: list[Difference] = []
    if answer.purpose not in _PURPOSES:
        general.append(Difference(None, "", "purpose of the answer", "an answer", words(answer.purpose)))
    is_whole = kind in WHOLE_ACCEPTANCES
    if not is_whole and kind not in LINE_BY_LINE:
        general.append(Difference(None, "", "the order", "to be accepted", words(kind)))
    paired = pair(asked, answer.lines)
    for stranger in paired.strangers:
        called = f"line {stranger.line_number or '?'}, {number_of(stranger)}"
        general.append(Difference(None, "", "an item that was not ordered", "nothing", called))
    told = {}
    for line in asked:
        answered = paired.lines.get(line.line_number)
        if answered:
            read = read_line(line, answered, answer, is_whole=is_whole)
            told[line.line_number] = _judge(line, read, tolerances, agreed, is_whole=is_whole)
        elif kind == _EXCEPTIONS or not answer.lines:
            whole = _whole(line, answer)
            if whole is not None:
                told[line.line_number] = _Line(whole)
    return told, general


def _whole(line: AskedLine, answer: PurchaseOrderAcknowledgment) -> LineStatement | None:
    """Return what the heading alone says of a line; None where it says nothing of what becomes of it."""
    kind = answer.acknowledgment_type or ""
    if kind in WHOLE_ACCEPTANCES or kind == _EXCEPTIONS:
        return whole_statement(line, answer)
    nothing = LineStatement(line.line_number, Decimal(0), None, None)
    if kind.startswith("rejected"):
        return replace(nothing, rejected=line.quantity)
    return replace(nothing, held=line.quantity) if kind == "on_hold" else None


def _judge(
    line: AskedLine,
    read: LineAnswer,
    tolerances: Tolerances,
    agreed: Mapping[int, LineStatement],
    *,
    is_whole: bool,
) -> _Line:
    """Return a line's differences: those of the partner's words, then those of units, quantity, price, date and item."""
    said = read.statement
    before = agreed.get(line.line_number)
    if before is not None and agrees(said, before):
        return _Line(said)
    strange_units = sorted(read.units - {line.unit})
    found = differing(line, said, tolerances)
    differences: list[Difference] = []
    passed: list[LetPass] = []

    def tell(difference: Difference, passes: str) -> None:
        if passes:
            passed.append(LetPass(difference, passes))
        else:
            differences.append(difference)

    for part in read.parts:
        if part.status not in ACCEPTING:
            meant = f"{plain(part.quantity)} {words(part.status)}" if part.quantity else words(part.status)
            tell(_difference(line, ANSWER, _amount(line), meant), _why(part.status, found))
    if not read.parts and not is_whole:
        differences.append(_difference(line, ANSWER, _amount(line), "without a status"))
    worded = bool(differences or passed)
    if not worded and read.stated is not None and read.stated != line.quantity:
        tell(_difference(line, "quantity", plain(line.quantity), plain(read.stated)), found.get(QUANTITY, ""))
    for unit in strange_units:
        differences.append(_difference(line, "unit", line.unit, words(unit)))
    if PRICE in found:
        tell(_difference(line, "price", plain(line.unit_price), plain(said.unit_price)), found[PRICE])
    if DATE in found and line.wanted_on and said.promised_on:
        wanted, promised = line.wanted_on.isoformat(), said.promised_on.isoformat()
        tell(_difference(line, "date", wanted, promised), found[DATE])
    counts = not strange_units and any((said.quantity, said.backordered, said.rejected, said.held))
    return _Line(said, tuple(differences), tuple(passed), counts)


def _why(status: str | None, found: Mapping[str, str]) -> str:
    """Return why a word is let pass: what it is about differs, and all of that is let pass. ``""``: it is not."""
    about = [found[what] for what in sorted(ABOUT.get(status or "", ())) if what in found]
    return "; ".join(about) if about and all(about) else ""


def _difference(line: AskedLine, what: str, asked: str, answered: str) -> Difference:
    return Difference(line.line_number, line.sku, what, asked, answered)


def _amount(line: AskedLine) -> str:
    return f"{plain(line.quantity)} {line.unit}"
