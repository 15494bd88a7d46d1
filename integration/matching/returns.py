"""Returns: what a partner's documents say of what is to go back, and where a return stands by all of them.

An answer (180) is a statement for each line: the latest that decides holds, and one that takes back what an earlier one
gave contradicts it. Receipts and credits are movements: those with different numbers are summed, of one number the latest
holds. So a return comes to the same in whatever order its documents arrive, and however often.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import ROUND_HALF_UP, Decimal

from integration.documents.credit_adjustment import Adjustment, CreditAdjustment
from integration.documents.return_document import ReturnDocument, ReturnLine
from integration.matching.acknowledgment import Difference
from integration.matching.lines import AskedLine, number_of, pair, plain, words

ZERO = Decimal(0)
ANSWERED, RECEIVED, CREDITED = "answered", "received", "credited"
DENIED, PENDING, PARTLY = "denied", "pending", "partially_authorized"
USUAL = "consumer_return"
"""What is to happen with goods where nobody asks for something else."""
STAYS = frozenset({"keep_with_allowance", "keep_and_repair", "dispose", "donate", "third_party_disposal"})
"""Dispositions by which the goods are not sent back to the partner."""
_PLAIN_YES = frozenset({"authorized", "return_without_number", "consumer_return"})
ASKS = {
    "more_information": "more information",
    "picture_requested": "a picture of the goods",
    "sample_requested": "a sample of the goods",
}
"""Responses by which a partner decides nothing and wants something first."""
_CAME, _BROKEN = "received", ("damaged", "unusable")
RECEIVED_ON = "050"
"""DTM01 of the day on which goods were received."""


@dataclass(frozen=True, slots=True)
class AskedBack:
    """One line of a return as we want it: how many go back, what is to happen, what one cost us."""

    line: AskedLine
    quantity: Decimal
    wanted: str = USUAL
    unit_price: Decimal | None = None

    @property
    def number(self) -> int:
        """Return the number of the purchase order's line."""
        return self.line.line_number


@dataclass(frozen=True, slots=True)
class LineAnswer:
    """What an answer says of one line; ``authorized`` None decides nothing yet."""

    authorized: Decimal | None
    disposition: str = ""
    response: str = ""


@dataclass(frozen=True, slots=True)
class Answer:
    """One answer, in our units. ``round`` counts our requests before it: an answer to a later one contradicts nothing."""

    document: int
    round: int
    lines: Mapping[int, LineAnswer]
    rma: str = ""
    until: date | None = None
    asks_for: str = ""
    strangers: tuple[str, ...] = ()
    refusals: tuple[str, ...] = ()

    @property
    def decides(self) -> bool:
        """Say whether it decides anything."""
        return any(each.authorized is not None for each in self.lines.values())


@dataclass(frozen=True, slots=True)
class Receipt:
    """What came back by one notification, by line: in all, and of that damaged. ``number`` is the partner's."""

    document: int
    number: str
    came: Mapping[int, Decimal]
    damaged: Mapping[int, Decimal]
    on: date | None = None
    strangers: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Credit:
    """What one document gives back: below 0 it takes. ``lines`` say for how many; empty: it does not say."""

    document: int
    amount: Decimal
    currency: str
    lines: Mapping[int, Decimal] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a line stands: None of a quantity says that the partner has not spoken of it."""

    authorized: Decimal | None = None
    disposition: str = ""
    response: str = ""
    received: Decimal | None = None
    damaged: Decimal | None = None

    def owed(self, asked: AskedBack) -> Decimal:
        """Return for how many the partner owes money: those that came, else those authorized, else those asked for."""
        if self.received is not None:
            return self.received
        return asked.quantity if self.authorized is None else self.authorized


@dataclass(frozen=True, slots=True)
class Facts:
    """What a return's stage follows from; the first three are people's."""

    proposed: bool = False
    withdrawn: bool = False
    closed: bool = False
    requested: bool = False
    authorized: bool = False
    denied: bool = False
    shipped: bool = False
    received: bool = False
    credited: bool = False


def stage_of(facts: Facts) -> str:
    """Return how far a return came, by the word of its stage."""
    stages = (
        ("withdrawn", facts.withdrawn),
        ("closed", facts.closed),
        ("credited", facts.credited),
        ("received", facts.received),
        ("shipped", facts.shipped),
        ("authorized", facts.authorized),
        ("denied", facts.denied),
        ("requested", facts.requested),
        ("proposed", facts.proposed),
    )
    return next((stage for stage, is_so in stages if is_so), "opened")


def answer_of(
    told: ReturnDocument,
    asked: Sequence[AskedBack],
    *,
    document: int,
    round: int = 1,
    refusals: Sequence[str] = (),
) -> Answer | None:
    """Return what ``told``, in our units, answers; None where it answers nothing."""
    if told.purpose in ("request", "notification") or not _is_answer(told):
        return None
    pairing = pair([each.line for each in asked], told.lines, in_parts=True)
    lines = {each.number: _line_answer(told, each, pairing.lines.get(each.number, ())) for each in asked}
    if told.purpose == "cancel":
        lines = {number: LineAnswer(ZERO, DENIED) for number in lines}
    responses = [told.response_reason, *(line.response_reason for line in told.lines)]
    rma = told.return_number or next((line.return_number for line in told.lines if line.return_number), None)
    return Answer(
        document=document,
        round=round,
        lines=lines,
        rma=rma or "",
        until=told.authorized_until,
        asks_for=next((each for each in responses if each in ASKS), None) or "",
        strangers=tuple(_stranger(line) for line in pairing.strangers),
        refusals=tuple(refusals),
    )


def receipt_of(told: ReturnDocument, asked: Sequence[AskedBack], *, document: int) -> Receipt | None:
    """Return what came back by ``told``, in our units; None where it says nothing of that."""
    counted = [line for line in told.lines if _counts_receipt(line)]
    if not counted and told.purpose != "notification":
        return None
    pairing = pair([each.line for each in asked], counted or told.lines, in_parts=True)
    came: dict[int, Decimal] = {}
    damaged: dict[int, Decimal] = {}
    for number, parts in pairing.lines.items():
        broken = sum((_of_kind(part, *_BROKEN) or ZERO for part in parts), ZERO)
        good = sum((_good(part, told=bool(counted)) for part in parts), ZERO)
        came[number], damaged[number] = good + broken, broken
    days = [each.date for each in told.other_dates if each.qualifier == RECEIVED_ON]
    on = next((each for each in days if each is not None), told.date)
    strangers = tuple(_stranger(line) for line in pairing.strangers)
    return Receipt(document, told.document_number or f"#{document}", came, damaged, on, strangers)


def credit_of(
    told: CreditAdjustment, names: frozenset[str], asked: Sequence[AskedBack], *, document: int, currency: str
) -> Credit | None:
    """Return what an 812 gives back for the return that goes by ``names``; None where it is taken back or says nothing.

    Where its lines name returns, only those of this one count; else all of it does.
    """
    if told.purpose == "cancel":
        return None
    named = [line for line in told.adjustments if line.return_number]
    own = [line for line in named if line.return_number in names] if named else list(told.adjustments)
    if named and not own:
        return None
    if named or told.amount is None:
        amount = sum((_signed(line, told.credit_or_debit) for line in own), ZERO)
    else:
        amount = -told.amount if told.credit_or_debit == "debit" else told.amount
    items = [line for line in own if line.quantity and line.credit_or_debit != "debit"]
    pairing = pair([each.line for each in asked], items, in_parts=True)
    lines = {
        number: sum((part.quantity or ZERO for part in parts), ZERO)
        for number, parts in pairing.lines.items()
    }
    return Credit(document, amount, told.currency or currency, lines)


def with_item_lines(told: CreditAdjustment) -> CreditAdjustment:
    """Return an 812 whose lines carry the number of the order's line where they had that of the adjustment."""
    return replace(
        told, adjustments=tuple(replace(each, line_number=each.item_line_number) for each in told.adjustments)
    )


def latest_of_number(receipts: Sequence[Receipt]) -> list[Receipt]:
    """Return the receipts that count, of those given in the order in which they were made."""
    return list({each.number: each for each in receipts}.values())


def standing_of(
    asked: Sequence[AskedBack],
    answers: Sequence[Answer],
    receipts: Sequence[Receipt],
    told: Mapping[int, Decimal],
) -> dict[int, Standing]:
    """Return where each line stands by ``answers`` and the ``receipts`` that count, as they were made.

    ``told`` is what came back as a person was told it: it counts for a line of which no receipt speaks.
    """
    found = {}
    for each in asked:
        said = [answer.lines[each.number] for answer in answers if each.number in answer.lines]
        decided = [line for line in said if line.authorized is not None]
        last = (decided or said or [LineAnswer(None)])[-1]
        came = [receipt for receipt in receipts if each.number in receipt.came]
        received = told.get(each.number)
        if came:
            received = sum((receipt.came[each.number] for receipt in came), ZERO)
        damaged = sum((receipt.damaged.get(each.number, ZERO) for receipt in came), ZERO) if came else None
        found[each.number] = Standing(last.authorized, last.disposition, last.response, received, damaged)
    return found


def answer_differences(
    asked: Sequence[AskedBack], answers: Sequence[Answer], standing: Mapping[int, Standing]
) -> list[Difference]:
    """Return what the answers say otherwise than was asked, or than they said before."""
    if not answers:
        return []
    last = answers[-1]
    found = [_whole("the units", "what can be counted in ours", each) for each in last.refusals]
    found += [_whole("an item that was not asked for", "nothing", each) for each in last.strangers]
    if last.asks_for and any(each.authorized is None for each in standing.values()):
        found.append(_whole("what is wanted first", "an authorization", ASKS[last.asks_for]))
    undecided = [each.number for each in asked if standing[each.number].authorized is None]
    if last.decides and undecided:
        told = f"nothing of line {', '.join(str(each) for each in undecided)}"
        found.append(_whole("the lines", "all that was asked for", told))
    for each in asked:
        found += _line_differences(each, answers, standing[each.number])
    return found


def receipt_differences(
    asked: Sequence[AskedBack], receipts: Sequence[Receipt], standing: Mapping[int, Standing]
) -> list[Difference]:
    """Return what was received otherwise than it was to go back."""
    if not receipts:
        return []
    found = [
        Difference(None, "", "an item that was not to go back", "nothing", each, RECEIVED)
        for each in receipts[-1].strangers
    ]
    for each in asked:
        now = standing[each.number]
        due = each.quantity if now.authorized is None else now.authorized
        came, broken = now.received or ZERO, now.damaged or ZERO
        if came != due and (due or came):
            found.append(_of(each, "quantity", plain(due), plain(came), RECEIVED))
        if broken:
            found.append(_of(each, "state", "as it was sent", f"{plain(broken)} damaged", RECEIVED))
    return found


def expected_credit(asked: Sequence[AskedBack], standing: Mapping[int, Standing]) -> Decimal:
    """Return what the partner owes for the return, to the cent; a line without a price counts nothing."""
    owed = (standing[each.number].owed(each) * (each.unit_price or ZERO) for each in asked)
    return cents(sum(owed, ZERO))


def credited(credits: Iterable[Credit], currency: str) -> Decimal:
    """Return what was given back in ``currency``, to the cent."""
    return cents(sum((each.amount for each in credits if _same(each.currency, currency)), ZERO))


def credit_differences(credits: Sequence[Credit], currency: str, expected: Decimal) -> list[Difference]:
    """Return what the credits give otherwise than is owed."""
    if not credits:
        return []
    found = [
        Difference(None, "", "currency", currency, each.currency, CREDITED)
        for each in credits
        if not _same(each.currency, currency)
    ]
    given = credited(credits, currency)
    if given != expected:
        found.append(Difference(None, "", "amount", f"{expected:.2f}", f"{given:.2f}", CREDITED))
    return found


def credited_quantities(
    credits: Sequence[Credit], asked: Sequence[AskedBack], standing: Mapping[int, Standing]
) -> dict[int, dict[int, Decimal]]:
    """Return how many of each line each credit is for, by its document: one that does not say is for all that is left."""
    left = {each.number: standing[each.number].owed(each) for each in asked}
    found: dict[int, dict[int, Decimal]] = {}
    for each in credits:
        if each.lines:
            found[each.document] = {line: quantity for line, quantity in each.lines.items() if quantity > 0}
            for line, quantity in each.lines.items():
                left[line] -= quantity
    for each in credits:
        if not each.lines and each.amount > 0:
            found[each.document] = {line: quantity for line, quantity in left.items() if quantity > 0}
            left = dict.fromkeys(left, ZERO)
    return found


def cents(amount: Decimal) -> Decimal:
    """Return an amount to the cent."""
    return amount.quantize(Decimal("0.01"), ROUND_HALF_UP)


def names_in(told: ReturnDocument | CreditAdjustment) -> set[str]:
    """Return every number by which a document may name a return: ours, the partner's, of the whole and of its lines."""
    found = {told.return_number, *(each.value for each in told.other_references)}
    if isinstance(told, ReturnDocument):
        found |= {told.answered_number, *(line.return_number for line in told.lines)}
        found |= {each.value for line in told.lines for each in line.references}
    else:
        found |= {told.reference, *(line.return_number for line in told.adjustments)}
        found |= {each.value for line in told.adjustments for each in line.references}
    return {each for each in found if each}


def orders_in(told: ReturnDocument | CreditAdjustment) -> set[str]:
    """Return the numbers of the purchase orders that a document names."""
    lines = told.lines if isinstance(told, ReturnDocument) else told.adjustments
    found = {told.purchase_order_number, *(line.purchase_order_number for line in lines)}
    return {each for each in found if each}


def _is_answer(told: ReturnDocument) -> bool:
    lines = told.lines
    said = [told.disposition, told.response_reason]
    said += [each for line in lines for each in (line.disposition, line.response_reason)]
    return (
        told.purpose == "cancel" or any(said) or any(_of_kind(each, "approved") is not None for each in lines)
    )


def _line_answer(told: ReturnDocument, asked: AskedBack, parts: Sequence[ReturnLine]) -> LineAnswer:
    whole = told.disposition or ""
    if not parts:
        response = told.response_reason or ""
        if whole == DENIED or (whole == PARTLY and told.lines):
            return LineAnswer(ZERO, DENIED, response)
        if told.lines or whole in ("", PENDING, PARTLY):
            return LineAnswer(None, whole, response)
        return LineAnswer(asked.quantity, whole, response)
    said = [_part_answer(part, whole, asked) for part in parts]
    decided = [each for each in said if each.authorized is not None]
    if not decided:
        return said[0]
    best = next((each for each in decided if each.authorized), decided[0])
    return replace(best, authorized=sum((each.authorized or ZERO for each in decided), ZERO))


def _part_answer(part: ReturnLine, whole: str, asked: AskedBack) -> LineAnswer:
    disposition = part.disposition or whole
    response = part.response_reason or ""
    approved, rejected = _of_kind(part, "approved"), _of_kind(part, "rejected")
    told = asked.quantity if part.quantity is None else part.quantity
    if disposition == DENIED:
        return LineAnswer(ZERO, DENIED, response)
    if disposition == PENDING or (not disposition and approved is None and rejected is None):
        return LineAnswer(None, disposition, response)
    if approved is not None:
        return LineAnswer(approved, disposition or "authorized", response)
    if rejected is not None:
        return LineAnswer(max(told - rejected, ZERO), disposition or PARTLY, response)
    return LineAnswer(told, disposition, response)


def _line_differences(asked: AskedBack, answers: Sequence[Answer], now: Standing) -> list[Difference]:
    if now.authorized is None:
        return []
    found = []
    why = f" ({words(now.response)})" if now.response else ""
    if now.authorized != asked.quantity:
        told = f"{plain(now.authorized)} authorized{why}" if now.authorized else f"denied{why}"
        found.append(_of(asked, "quantity", plain(asked.quantity), told, ANSWERED))
    rounds = max(answer.round for answer in answers)
    before = [
        said.authorized
        for answer in answers
        if answer.round == rounds and (said := answer.lines.get(asked.number)) is not None
    ]
    # More than was asked for was never wanted: taking that back contradicts nothing.
    most = max((min(each, asked.quantity) for each in before if each is not None), default=now.authorized)
    if most > now.authorized:
        told = f"{plain(now.authorized)}{why}"
        found.append(_of(asked, "authorized before", plain(most), told, ANSWERED))
    is_other = now.disposition not in _PLAIN_YES | {asked.wanted, PARTLY, DENIED, ""}
    if now.authorized and is_other:
        found.append(_of(asked, "disposition", words(asked.wanted), words(now.disposition), ANSWERED))
    return found


def _counts_receipt(line: ReturnLine) -> bool:
    return _of_kind(line, _CAME, *_BROKEN) is not None


def _good(part: ReturnLine, *, told: bool) -> Decimal:
    came = _of_kind(part, _CAME)
    return came or ZERO if told else part.quantity or ZERO


def _of_kind(line: ReturnLine, *kinds: str) -> Decimal | None:
    counted = [each.quantity for each in line.quantities if each.kind in kinds and each.quantity is not None]
    return sum(counted, ZERO) if counted else None


def _signed(line: Adjustment, whole: str | None) -> Decimal:
    way = line.credit_or_debit or whole
    return -(line.amount or ZERO) if way == "debit" else line.amount or ZERO


def _same(currency: str, other: str) -> bool:
    return not currency or not other or currency.upper() == other.upper()


def _stranger(line: ReturnLine) -> str:
    return f"{plain(line.quantity)} of {number_of(line)}"


def _whole(what: str, asked: str, answered: str) -> Difference:
    return Difference(None, "", what, asked, answered, ANSWERED)


def _of(asked: AskedBack, what: str, wanted: str, told: str, verb: str) -> Difference:
    return Difference(asked.number, asked.line.sku, what, wanted, told, verb)
