"""Changes of an order after it was sent: what an edit means (860), and what a partner's answer to it means (865)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from integration.documents.purchase_order_change import AcknowledgedChange, PurchaseOrderChangeAcknowledgment
from integration.matching.acknowledgment import WHOLE_ACCEPTANCES
from integration.matching.line_answers import COMMITTING
from integration.matching.lines import AskedLine, pair, plain, words

# BCA02 (element 587) that says no to the whole change.
REJECTIONS = frozenset(
    {
        "rejected",
        "rejected_with_detail",
        "rejected_with_exceptions",
        "rejected_not_as_agreed",
        "rejected_industry_practice",
    }
)
# BCA02 under which a line that is not repeated is taken as it was asked.
_EXCEPTIONS = frozenset({"exceptions_only"}) | WHOLE_ACCEPTANCES
_REFUSED_LINE = "change_rejected"
_GONE = "deleted"


@dataclass(frozen=True, slots=True)
class SentLine:
    """One line as the partner of a purchase order was told last; several may be parts of one line of the store."""

    purchase_order: int
    line_number: int
    store_line: int
    quantity: Decimal


@dataclass(frozen=True, slots=True)
class LineMove:
    """A sent line whose quantity is to be ``now`` from now on; 0 cancels it."""

    purchase_order: int
    line_number: int
    was: Decimal
    now: Decimal


@dataclass(frozen=True, slots=True)
class Edit:
    """What an edit of the order means: sent lines that change, and quantities of store lines that nobody was told of."""

    moves: tuple[LineMove, ...]
    new: tuple[tuple[int, Decimal], ...]


def difference(sent: Sequence[SentLine], wanted: Mapping[int, Decimal]) -> Edit:
    """Return what makes ``sent`` into ``wanted``, quantities by store line; a line that is gone is wanted 0 times.

    Of a line with several partners, less is taken from the last one first, and more is asked of the first.
    """
    parts: dict[int, list[SentLine]] = defaultdict(list)
    for line in sent:
        parts[line.store_line].append(line)
    moves = []
    for store_line, lines in parts.items():
        over = sum((line.quantity for line in lines), Decimal(0)) - wanted.get(store_line, Decimal(0))
        if over < 0:
            first = lines[0]
            moves.append(_move(first, first.quantity - over))
        for line in reversed(lines):
            taken = min(line.quantity, over)
            if taken > 0:
                moves.append(_move(line, line.quantity - taken))
                over -= taken
    new = tuple(
        (store_line, quantity)
        for store_line, quantity in wanted.items()
        if store_line not in parts and quantity > 0
    )
    return Edit(tuple(sorted(moves, key=lambda each: (each.purchase_order, each.line_number))), new)


def _move(line: SentLine, now: Decimal) -> LineMove:
    return LineMove(line.purchase_order, line.line_number, line.quantity, now)


@dataclass(frozen=True, slots=True)
class LineVerdict:
    """What the partner says of one line of a change: ``taken``, or ``refused``, or neither: he does something else."""

    line_number: int
    taken: bool
    refused: bool
    answered: str


def verdicts_on(
    asked: Sequence[AskedLine], answer: PurchaseOrderChangeAcknowledgment
) -> tuple[LineVerdict, ...]:
    """Return what ``answer`` says of each line of a change; ``asked`` has the quantities after it, in our units."""
    kind = answer.acknowledgment_type
    if kind in REJECTIONS:
        return tuple(LineVerdict(line.line_number, False, True, words(kind)) for line in asked)
    found = pair(asked, answer.lines).lines
    return tuple(_verdict(line, found.get(line.line_number, ()), kind) for line in asked)


def _verdict(line: AskedLine, said: Sequence[object], kind: str | None) -> LineVerdict:
    answered = [each for each in said if isinstance(each, AcknowledgedChange)]
    if not answered:
        silent_yes = kind in _EXCEPTIONS
        return LineVerdict(
            line.line_number, silent_yes, False, words(kind) if silent_yes else "not mentioned"
        )
    statuses = [each.status for part in answered for each in part.acknowledgments]
    if any(part.change == _REFUSED_LINE for part in answered):
        return LineVerdict(line.line_number, False, True, words(_REFUSED_LINE))
    if not line.quantity:
        return _verdict_on_deletion(line, answered, statuses)
    refused = bool(statuses) and all((status or "").startswith("rejected") for status in statuses)
    if refused:
        return LineVerdict(line.line_number, False, True, words(statuses[0]))
    promised = _promised(answered)
    other_price = any(
        part.unit_price is not None and line.unit_price is not None and part.unit_price != line.unit_price
        for part in answered
    )
    taken = promised == line.quantity and not other_price and all(each in COMMITTING for each in statuses)
    price = f" at {plain(answered[0].unit_price)}" if other_price else ""
    unusual = [words(each) for each in dict.fromkeys(statuses) if each not in COMMITTING]
    told = ", ".join([f"{plain(promised)} {line.unit}{price}", *unusual])
    return LineVerdict(line.line_number, taken, False, told)


def _verdict_on_deletion(
    line: AskedLine, answered: Sequence[AcknowledgedChange], statuses: Sequence[str | None]
) -> LineVerdict:
    """Judge a line that was to be cancelled: to ship it all the same, or to reject that, is to refuse."""
    shipped = any(status == "accepted_and_shipped" for status in statuses)
    no = any((status or "").startswith("rejected") for status in statuses)
    if shipped or no:
        return LineVerdict(line.line_number, False, True, words(next(each for each in statuses if each)))
    return LineVerdict(line.line_number, True, False, words(_GONE))


def _promised(answered: Sequence[AcknowledgedChange]) -> Decimal:
    total = Decimal(0)
    for part in answered:
        if not part.acknowledgments:
            total += part.quantity or Decimal(0)
        for each in part.acknowledgments:
            if each.status in COMMITTING:
                alone = part.quantity if len(part.acknowledgments) == 1 else None
                total += (each.quantity if each.quantity is not None else alone) or Decimal(0)
    return total
