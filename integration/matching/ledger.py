"""Where a purchase order line stands, by its ledger: movements summed, of the statements the latest.

Ordered, cancelled, shipped, invoiced, returned and credited are movements. What a partner answers is a statement: one
document says it whole for a line (so much promised, backordered, refused, held), the latest one holds, and older ones
are history. So the position is the same in whatever order the entries come, and however often a document is repeated.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal

MOVEMENTS = ("ordered", "cancelled", "shipped", "invoiced", "returned", "credited")
STATEMENTS = ("acknowledged", "backordered", "rejected", "held")


@dataclass(frozen=True, slots=True)
class Entry:
    """One standing entry: neither reversed nor reversing. ``stated_at`` is when its document says so, and ``place`` the
    document's among those of the same minute (control number, place in the interchange)."""

    kind: str
    quantity: Decimal
    stated_at: datetime
    document: int
    unit_price: Decimal | None = None
    promised_on: date | None = None
    place: tuple[int, int] = (0, 0)


@dataclass(frozen=True, slots=True)
class Position:
    """What stands of a line, in its unit. Statements are None where the partner has not spoken of it."""

    ordered: Decimal = Decimal(0)
    cancelled: Decimal = Decimal(0)
    shipped: Decimal = Decimal(0)
    invoiced: Decimal = Decimal(0)
    returned: Decimal = Decimal(0)
    credited: Decimal = Decimal(0)
    acknowledged: Decimal | None = None
    backordered: Decimal | None = None
    rejected: Decimal | None = None
    held: Decimal | None = None
    unit_price: Decimal | None = None
    promised_on: date | None = None

    @property
    def in_force(self) -> Decimal:
        """What the partner is to deliver in all, as far as we have told him."""
        return self.ordered - self.cancelled

    @property
    def open(self) -> Decimal:
        """What is still to come; below 0 where more came than is in force."""
        return self.in_force - self.shipped

    @property
    def unanswered(self) -> Decimal:
        """What of that in force the partner has said nothing about; below 0 where he says more than was asked."""
        said = (self.acknowledged, self.backordered, self.rejected, self.held)
        return self.in_force - sum((each for each in said if each is not None), Decimal(0))


def position(entries: Iterable[Entry]) -> Position:
    """Return where a line stands by its standing ``entries``, given in any order."""
    sums = dict.fromkeys(MOVEMENTS, Decimal(0))
    answers: dict[tuple[datetime, tuple[int, int], int], list[Entry]] = {}
    for entry in entries:
        if entry.kind in sums:
            sums[entry.kind] += entry.quantity
        else:
            answers.setdefault((entry.stated_at, entry.place, entry.document), []).append(entry)
    moved = Position(
        ordered=sums["ordered"],
        cancelled=sums["cancelled"],
        shipped=sums["shipped"],
        invoiced=sums["invoiced"],
        returned=sums["returned"],
        credited=sums["credited"],
    )
    if not answers:
        return moved
    # Minute and place of two documents are the same only where the partner numbers wrongly: then what they say decides
    # which is taken, and not which came first.
    latest = max(answers.items(), key=lambda each: (*each[0][:2], _content(each[1])))[1]
    said = dict.fromkeys(STATEMENTS, Decimal(0))
    for entry in latest:
        said[entry.kind] += entry.quantity
    dates = [entry.promised_on for entry in latest if entry.promised_on is not None]
    prices = [entry.unit_price for entry in latest if entry.unit_price is not None]
    return replace(
        moved,
        acknowledged=said["acknowledged"],
        backordered=said["backordered"],
        rejected=said["rejected"],
        held=said["held"],
        promised_on=max(dates, default=None),
        unit_price=max(prices, default=None),
    )


def _content(entries: Iterable[Entry]) -> list[tuple[str, Decimal, str, str]]:
    return sorted(
        (entry.kind, entry.quantity, str(entry.unit_price), str(entry.promised_on)) for entry in entries
    )
