"""How a partner kept what he promised, and how well his answers fit: facts counted into a scorecard. Pure.

Every share is an exact pair of counts; a percentage is rounded down to a tenth, so that 100 says every single one. Times
are told as those within which half and 90 of 100 came, by nearest rank: the shortest that so many did not exceed.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import ROUND_DOWN, Decimal
from enum import Enum
from itertools import groupby
from typing import Generic, TypeVar

from integration.matching.ledger import STATEMENTS, Entry

Time = TypeVar("Time", int, timedelta)

COUNTED = ("ordered", "cancelled", "shipped", *STATEMENTS)
"""Entries of the ledger that a scorecard looks at: the others say nothing of what was promised or shipped."""

_NONE = Decimal(0)
_TENTH = Decimal("0.1")
_LONGEST_BY_DAY = 31
"""Days that are told one by one; longer periods by weeks, from Monday on."""


class Outcome(Enum):
    """What became of a promise. What is given up is left out, and so is what was only a test."""

    ON_TIME = "on_time"
    LATE = "late"
    OVERDUE = "overdue"
    PENDING = "pending"
    LEFT_OUT = "left_out"


@dataclass(frozen=True, slots=True)
class Promise:
    """One answer that was promised: ``day`` is when it was due, where the partner is; ``took`` in his open hours."""

    what: str
    day: date
    outcome: Outcome
    took: timedelta | None = None


@dataclass(frozen=True, slots=True)
class OrderLine:
    """One line of a purchase order as it was sent, and its standing entries of the ledger."""

    quantity: Decimal
    unit_price: Decimal | None
    entries: Sequence[Entry]


@dataclass(frozen=True, slots=True)
class SentOrder:
    """One purchase order that was sent in the period.

    ``answer`` is the first 855 (as entries name it), None where none came; ``is_disputed``: an answer to it differed, or
    offered another item. ``lead_days`` are the open days until its first goods left, None where none did.
    """

    lines: Sequence[OrderLine]
    answer: int | None = None
    is_disputed: bool = False
    lead_days: int | None = None


@dataclass(frozen=True, slots=True)
class Paper:
    """One ship notice or invoice; ``days``: of an invoice, the open days since the goods that it bills left."""

    is_clean: bool
    days: int | None = None


@dataclass(frozen=True, slots=True)
class OpenedCase:
    """One case that was opened in the period because of what the partner did, or did not."""

    kind: str
    is_open: bool
    money: Decimal | None = None
    currency: str = ""


@dataclass(frozen=True, slots=True)
class Share:
    """``count`` of ``of``; both exact."""

    count: Decimal | int
    of: Decimal | int

    @property
    def percent(self) -> Decimal | None:
        """The share in percent, rounded down to a tenth; None where there is nothing to share."""
        if not self.of:
            return None
        return (Decimal(100) * self.count / self.of).quantize(_TENTH, ROUND_DOWN)


@dataclass(frozen=True, slots=True)
class Times(Generic[Time]):
    """Within which time half of ``count`` came, and within which 90 of 100; None where none came."""

    count: int
    half: Time | None
    most: Time | None


@dataclass(frozen=True, slots=True)
class Kept:
    """How promises of one kind were kept. ``pending`` are not due yet; neither they nor what is left out count."""

    what: str
    on_time: int
    late: int
    overdue: int
    pending: int
    left_out: int
    took: Times[timedelta]

    @property
    def due(self) -> int:
        """How many had to be kept by now, or were before."""
        return self.on_time + self.late + self.overdue

    @property
    def share(self) -> Share:
        """Those on time, of those that had to be kept by now."""
        return Share(self.on_time, self.due)


@dataclass(frozen=True, slots=True)
class Stretch:
    """Some days of the period, and how the promises due on them were kept."""

    first: date
    last: date
    on_time: int
    late: int
    overdue: int


@dataclass(frozen=True, slots=True)
class CaseCount:
    """Cases of one kind: how many were opened in the period, and how many of those are open still."""

    kind: str
    opened: int
    open: int


@dataclass(frozen=True, slots=True)
class Scorecard:
    """A partner's period, both days with it.

    ``kept`` are the promises due in it, by kind. What follows is of the ``orders`` sent to him in it, as they stand now:
    ``acknowledged`` as ordered by the first answer, of those answered; ``noticed`` and ``billed`` without a difference, of
    the ship notices and invoices for them; ``units`` and ``lines`` shipped whole, of those ordered; ``lead`` and
    ``billing`` in open days. ``cases`` were opened in it; ``at_stake`` is what those that are open hold, by currency.
    """

    first_day: date
    last_day: date
    kept: tuple[Kept, ...]
    course: tuple[Stretch, ...]
    orders: int
    acknowledged: Share
    noticed: Share
    billed: Share
    units: Share
    lines: Share
    lead: Times[int]
    billing: Times[int]
    cases: tuple[CaseCount, ...]
    at_stake: tuple[tuple[str, Decimal], ...]

    @property
    def on_time(self) -> Share:
        """All promises that had to be kept by now, of whatever kind."""
        return Share(sum(each.on_time for each in self.kept), sum(each.due for each in self.kept))

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to tell."""
        return not (self.orders or self.cases or any(each.due + each.pending for each in self.kept))


@dataclass(frozen=True, slots=True)
class Facts:
    """What a scorecard is counted from; ``kinds`` of promises that the partner has made, in their order.

    ``promises`` and ``orders`` are looked at once, one after the other, so that not all of them have to be held at a time.
    """

    kinds: Sequence[str] = ()
    promises: Iterable[Promise] = ()
    orders: Iterable[SentOrder] = ()
    notices: Sequence[Paper] = ()
    bills: Sequence[Paper] = ()
    cases: Sequence[OpenedCase] = ()


@dataclass(slots=True)
class _Tally:
    """Promises of one kind, or of one day, as they are counted."""

    counts: dict[Outcome, int] = field(default_factory=lambda: dict.fromkeys(Outcome, 0))
    took: list[timedelta] = field(default_factory=list)


@dataclass(slots=True)
class _Promises:
    """Promises as they are counted, one after the other: by kind, and by the day on which they were due."""

    kinds: dict[str, _Tally]
    days: dict[date, _Tally] = field(default_factory=dict)

    def add(self, promise: Promise) -> None:
        kind = self.kinds.get(promise.what) or self.kinds.setdefault(promise.what, _Tally())
        day = self.days.get(promise.day) or self.days.setdefault(promise.day, _Tally())
        kind.counts[promise.outcome] += 1
        day.counts[promise.outcome] += 1
        if promise.took is not None:
            kind.took.append(promise.took)


@dataclass(slots=True)
class _Orders:
    """Purchase orders as they are counted, one after the other."""

    count: int = 0
    answered: int = 0
    as_ordered: int = 0
    shipped: Decimal = _NONE
    asked: Decimal = _NONE
    lines: int = 0
    whole: int = 0
    lead: list[int] = field(default_factory=list)

    def add(self, order: SentOrder) -> None:
        self.count += 1
        if order.answer is not None:
            self.answered += 1
            self.as_ordered += is_as_ordered(order)
        if order.lead_days is not None:
            self.lead.append(order.lead_days)
        for line in order.lines:
            share = shipped_of(line)
            if share.of:
                self.shipped += share.count
                self.asked += share.of
                self.lines += 1
                self.whole += share.count == share.of


def scorecard(first_day: date, last_day: date, facts: Facts) -> Scorecard:
    """Count ``facts``, all of which belong to the period, which has both days."""
    promises = _Promises({kind: _Tally() for kind in facts.kinds})
    for promise in facts.promises:
        promises.add(promise)
    orders = _Orders()
    for order in facts.orders:
        orders.add(order)
    return Scorecard(
        first_day=first_day,
        last_day=last_day,
        kept=tuple(_kept(what, tally) for what, tally in promises.kinds.items()),
        course=_course(first_day, last_day, promises.days),
        orders=orders.count,
        acknowledged=Share(orders.as_ordered, orders.answered),
        noticed=_clean(facts.notices),
        billed=_clean(facts.bills),
        units=Share(orders.shipped, orders.asked),
        lines=Share(orders.whole, orders.lines),
        lead=times(orders.lead),
        billing=times([each.days for each in facts.bills if each.days is not None]),
        cases=_cases(facts.cases),
        at_stake=_at_stake(facts.cases),
    )


def shipped_of(line: OrderLine) -> Share:
    """Return how much of ``line`` is shipped of what was ordered; what is shipped beyond that fills no other line.

    What we cancelled of our own accord is taken off what was ordered. What he had refused or backordered is not, also
    where we cancelled it for that reason.
    """
    ordered = cancelled = shipped = _NONE
    refused: dict[int, Decimal] = {}
    for entry in line.entries:
        if entry.kind == "ordered":
            ordered += entry.quantity
        elif entry.kind == "shipped":
            shipped += entry.quantity
        elif entry.kind == "cancelled":
            cancelled += entry.quantity
        elif entry.kind in ("backordered", "rejected"):
            refused[entry.document] = refused.get(entry.document, _NONE) + entry.quantity
    taken_off = max(cancelled - max(refused.values(), default=_NONE), _NONE)
    asked = max(ordered - taken_off, _NONE)
    return Share(min(shipped, asked), asked)


def is_as_ordered(order: SentOrder) -> bool:
    """Say whether the first answer took every line whole, at its price, and none said otherwise."""
    return not order.is_disputed and all(_is_taken(line, order.answer) for line in order.lines)


def _is_taken(line: OrderLine, answer: int | None) -> bool:
    said = [each for each in line.entries if each.document == answer]
    if not said:
        return _in_force(line.entries) == 0
    taken = _NONE
    for each in said:
        if each.kind == "acknowledged":
            taken += each.quantity
        elif each.quantity and each.kind in ("backordered", "rejected", "held"):
            return False
        if each.unit_price is not None and each.unit_price != line.unit_price:
            return False
    # What he was to deliver when he answered: a change of ours may have been before.
    return taken == line.quantity or taken == _in_force(
        each for each in line.entries if each.stated_at <= said[0].stated_at
    )


def _in_force(entries: Iterable[Entry]) -> Decimal:
    found = _NONE
    for each in entries:
        if each.kind == "ordered":
            found += each.quantity
        elif each.kind == "cancelled":
            found -= each.quantity
    return found


def times(values: Iterable[Time]) -> Times[Time]:
    """Return within which of ``values`` half of them lie, and within which 90 of 100, by nearest rank."""
    found = sorted(values)
    if not found:
        return Times(0, None, None)
    # Rounded up without a float: rank n is the first that n of 100 do not exceed.
    half, most = (found[-(-share * len(found) // 100) - 1] for share in (50, 90))
    return Times(len(found), half, most)


def _kept(what: str, tally: _Tally) -> Kept:
    return Kept(
        what=what,
        on_time=tally.counts[Outcome.ON_TIME],
        late=tally.counts[Outcome.LATE],
        overdue=tally.counts[Outcome.OVERDUE],
        pending=tally.counts[Outcome.PENDING],
        left_out=tally.counts[Outcome.LEFT_OUT],
        took=times(tally.took),
    )


def _course(first_day: date, last_day: date, of_day: Mapping[date, _Tally]) -> tuple[Stretch, ...]:
    """Return the period in its order: day by day, or by weeks cut at its ends."""
    length = (last_day - first_day).days + 1
    days = [first_day + timedelta(days=place) for place in range(length)]
    weekly = length > _LONGEST_BY_DAY
    found = []
    for _, group in groupby(days, lambda day: day - timedelta(days=day.weekday()) if weekly else day):
        stretch = list(group)
        tallies = [of_day[day].counts for day in stretch if day in of_day]
        on_time, late, overdue = (
            sum(each[outcome] for each in tallies)
            for outcome in (Outcome.ON_TIME, Outcome.LATE, Outcome.OVERDUE)
        )
        found.append(Stretch(stretch[0], stretch[-1], on_time, late, overdue))
    return tuple(found)


def _clean(papers: Sequence[Paper]) -> Share:
    return Share(sum(each.is_clean for each in papers), len(papers))


def _cases(cases: Sequence[OpenedCase]) -> tuple[CaseCount, ...]:
    """Return the kinds of cases, the most frequent first."""
    kinds: dict[str, list[bool]] = defaultdict(list)
    for each in cases:
        kinds[each.kind].append(each.is_open)
    found = [CaseCount(kind, len(opened), sum(opened)) for kind, opened in kinds.items()]
    return tuple(sorted(found, key=lambda each: (-each.opened, each.kind)))


def _at_stake(cases: Iterable[OpenedCase]) -> tuple[tuple[str, Decimal], ...]:
    sums: dict[str, Decimal] = defaultdict(Decimal)
    for each in cases:
        if each.is_open and each.money:
            sums[each.currency] += each.money
    return tuple(sorted(sums.items()))
