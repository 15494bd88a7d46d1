"""How a partner kept what he promised, and how well his answers fit: facts counted into a scorecard. Pure.

Every share is an exact pair of counts; a percentage is rounded down to a tenth, so that 100 says every single one. Times
are told as those within which half and 90 of 100 came, by nearest rank: the shortest that so many did not exceed.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import ROUND_DOWN, Decimal
from enum import Enum
from itertools import groupby
from typing import Generic, TypeVar

from integration.matching.ledger import Entry

Time = TypeVar("Time", int, timedelta)

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
    """What a scorecard is counted from; ``kinds`` of promises that the partner has made, in their order."""

    kinds: Sequence[str] = ()
    promises: Sequence[Promise] = ()
    orders: Sequence[SentOrder] = ()
    notices: Sequence[Paper] = ()
    bills: Sequence[Paper] = ()
    cases: Sequence[OpenedCase] = ()


def scorecard(first_day: date, last_day: date, facts: Facts) -> Scorecard:
    """Count ``facts``, all of which belong to the period, which has both days."""
    lines = [line for order in facts.orders for line in order.lines]
    counted = [each for each in map(shipped_of, lines) if each.of]
    answered = [order for order in facts.orders if order.answer is not None]
    return Scorecard(
        first_day=first_day,
        last_day=last_day,
        kept=_kept(facts.kinds, facts.promises),
        course=_course(first_day, last_day, facts.promises),
        orders=len(facts.orders),
        acknowledged=Share(sum(map(is_as_ordered, answered)), len(answered)),
        noticed=_clean(facts.notices),
        billed=_clean(facts.bills),
        units=Share(
            sum((each.count for each in counted), Decimal(0)), sum((each.of for each in counted), Decimal(0))
        ),
        lines=Share(sum(each.count == each.of for each in counted), len(counted)),
        lead=times([each.lead_days for each in facts.orders if each.lead_days is not None]),
        billing=times([each.days for each in facts.bills if each.days is not None]),
        cases=_cases(facts.cases),
        at_stake=_at_stake(facts.cases),
    )


def shipped_of(line: OrderLine) -> Share:
    """Return how much of ``line`` is shipped of what was ordered; what is shipped beyond that fills no other line.

    What we cancelled of our own accord is taken off what was ordered. What he had refused or backordered is not, also
    where we cancelled it for that reason.
    """
    moved: dict[str, Decimal] = defaultdict(Decimal)
    refused: dict[int, Decimal] = defaultdict(Decimal)
    for entry in line.entries:
        moved[entry.kind] += entry.quantity
        if entry.kind in ("backordered", "rejected"):
            refused[entry.document] += entry.quantity
    taken_off = max(moved["cancelled"] - max(refused.values(), default=Decimal(0)), Decimal(0))
    asked = max(moved["ordered"] - taken_off, Decimal(0))
    return Share(min(moved["shipped"], asked), asked)


def is_as_ordered(order: SentOrder) -> bool:
    """Say whether the first answer took every line whole, at its price, and none said otherwise."""
    return not order.is_disputed and all(_is_taken(line, order.answer) for line in order.lines)


def _is_taken(line: OrderLine, answer: int | None) -> bool:
    said = [each for each in line.entries if each.document == answer]
    if not said:
        return _in_force(line.entries) == 0
    taken = sum((each.quantity for each in said if each.kind == "acknowledged"), Decimal(0))
    otherwise = any(each.quantity for each in said if each.kind in ("backordered", "rejected", "held"))
    prices = {each.unit_price for each in said if each.unit_price is not None}
    # What he was to deliver when he answered: a change of ours may have been before.
    then = _in_force(each for each in line.entries if each.stated_at <= said[0].stated_at)
    return taken in {line.quantity, then} and not otherwise and prices <= {line.unit_price}


def _in_force(entries: Iterable[Entry]) -> Decimal:
    signs = {"ordered": 1, "cancelled": -1}
    return sum((each.quantity * signs.get(each.kind, 0) for each in entries), Decimal(0))


def times(values: Iterable[Time]) -> Times[Time]:
    """Return within which of ``values`` half of them lie, and within which 90 of 100, by nearest rank."""
    found = sorted(values)
    if not found:
        return Times(0, None, None)
    # Rounded up without a float: rank n is the first that n of 100 do not exceed.
    half, most = (found[-(-share * len(found) // 100) - 1] for share in (50, 90))
    return Times(len(found), half, most)


def _kept(kinds: Sequence[str], promises: Sequence[Promise]) -> tuple[Kept, ...]:
    of_kind: dict[str, list[Promise]] = {kind: [] for kind in kinds}
    for each in promises:
        of_kind.setdefault(each.what, []).append(each)
    return tuple(_kept_of(what, found) for what, found in of_kind.items())


def _kept_of(what: str, promises: Sequence[Promise]) -> Kept:
    counts = _outcomes(promises)
    came = [each for each in promises if each.outcome in (Outcome.ON_TIME, Outcome.LATE)]
    return Kept(
        what=what,
        on_time=counts[Outcome.ON_TIME],
        late=counts[Outcome.LATE],
        overdue=counts[Outcome.OVERDUE],
        pending=counts[Outcome.PENDING],
        left_out=counts[Outcome.LEFT_OUT],
        took=times(each.took for each in came if each.took is not None),
    )


def _outcomes(promises: Iterable[Promise]) -> Mapping[Outcome, int]:
    counts: dict[Outcome, int] = dict.fromkeys(Outcome, 0)
    for each in promises:
        counts[each.outcome] += 1
    return counts


def _course(first_day: date, last_day: date, promises: Iterable[Promise]) -> tuple[Stretch, ...]:
    """Return the period in its order: day by day, or by weeks cut at its ends."""
    of_day: dict[date, list[Promise]] = defaultdict(list)
    for each in promises:
        of_day[each.day].append(each)
    length = (last_day - first_day).days + 1
    days = [first_day + timedelta(days=place) for place in range(length)]
    weekly = length > _LONGEST_BY_DAY
    found = []
    for _, group in groupby(days, lambda day: day - timedelta(days=day.weekday()) if weekly else day):
        stretch = list(group)
        counts = _outcomes(each for day in stretch for each in of_day.get(day, ()))
        found.append(
            Stretch(
                stretch[0],
                stretch[-1],
                counts[Outcome.ON_TIME],
                counts[Outcome.LATE],
                counts[Outcome.OVERDUE],
            )
        )
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
