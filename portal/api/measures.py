"""What a scorecard says, as flat rows: each figure with its unit, of how many it is, and how it is counted."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from integration.matching.periods import Period
from integration.matching.scorecard import Kept, Scorecard, Share, Times
from partners.models import TradingPartner

_DUE = "Of the answers that were due in the period"
_SENT = "Of the purchase orders first sent in the period, as they stand now"

MEASURES = {
    "promises_on_time": ("percent", f"{_DUE}: those that arrived by the moment at which they were due."),
    "promises_late": ("count", f"{_DUE}: those that arrived after it."),
    "promises_not_come": ("count", f"{_DUE}: those that are due and have not arrived."),
    "promises_pending": ("count", "Answers due in the period that are not due yet. They count as nothing else."),
    "promises_left_out": ("count", "Answers that were given up, or marked as a test. They count as nothing else."),
    "answer_minutes_half": ("minutes", "In open hours: half of the answers that came took no longer."),
    "answer_minutes_most": ("minutes", "In open hours: 90 of 100 answers that came took no longer."),
    "orders_sent": ("count", "Purchase orders first sent in the period; what is marked as a test is none."),
    "acknowledged_as_ordered": (
        "percent", f"{_SENT}: of those answered, those whose first 855 took every line whole and at its price."),
    "ship_notices_clean": ("percent", f"{_SENT}: ship notices (856) about which nobody had to be asked."),
    "invoices_clean": ("percent", f"{_SENT}: invoices (810) about which nobody had to be asked. Credit memos are none."),
    "units_shipped": (
        "percent", f"{_SENT}: shipped, of ordered. What we cancelled of our own accord is taken off."),
    "lines_shipped_whole": ("percent", f"{_SENT}: lines of which everything ordered was shipped."),
    "lead_days_half": ("days", f"{_SENT}: half left within so many open days after the order."),
    "lead_days_most": ("days", f"{_SENT}: 90 of 100 left within so many open days after the order."),
    "billing_days_half": ("days", f"{_SENT}: half of the invoices came within so many open days after the goods left."),
    "billing_days_most": ("days", f"{_SENT}: 90 of 100 invoices came within so many open days after the goods left."),
    "cases_opened": ("count", "Cases opened in the period because of what the partner did, or did not."),
    "cases_open": ("count", "Of those, the ones that are open still."),
    "at_stake": ("", "What the cases that are open still are about, in the currency that kind names."),
}  # fmt: skip
"""Every measure: its unit, and how it is counted. What a slug means stays; new ones may come."""


@dataclass(frozen=True)
class Figure:
    """One figure of a scorecard: which measure, of which kind, how much, and of how many."""

    measure: str
    kind: str
    value: Decimal | int | None
    numerator: Decimal | int | None = None
    denominator: Decimal | int | None = None


@dataclass(frozen=True)
class Counted:
    """A scorecard, and of whom and when it was counted; ``with_cases``: who asks may see cases."""

    partner: TradingPartner
    period: Period
    zone: str
    card: Scorecard
    at: datetime
    with_cases: bool


def rows_of(counted: Counted) -> list[dict[str, Any]]:
    """Return the figures of a scorecard as ``ScorecardRecord`` shows them."""
    period = counted.period
    return [
        {
            "id": f"{counted.partner.pk}:{period.name}:{each.measure}" + (f":{each.kind}" if each.kind else ""),
            "partner_id": counted.partner.pk,
            "partner": counted.partner.name,
            "period": period.name,
            "first_day": period.first,
            "last_day": period.last,
            "time_zone": counted.zone,
            "measure": each.measure,
            "kind": each.kind,
            "value": each.value,
            "unit": MEASURES[each.measure][0] or each.kind,
            "numerator": each.numerator,
            "denominator": each.denominator,
            "definition": MEASURES[each.measure][1],
            "counted_at": counted.at,
        }
        for each in _figures(counted.card, counted.with_cases)
    ]  # fmt: skip


def _figures(card: Scorecard, with_cases: bool) -> Iterator[Figure]:
    yield _share("promises_on_time", card.on_time)
    for each in card.kept:
        yield from _of_promises(each)
    yield Figure("orders_sent", "", card.orders)
    yield _share("acknowledged_as_ordered", card.acknowledged)
    yield _share("ship_notices_clean", card.noticed)
    yield _share("invoices_clean", card.billed)
    yield _share("units_shipped", card.units)
    yield _share("lines_shipped_whole", card.lines)
    yield from _times("lead_days", "", card.lead)
    yield from _times("billing_days", "", card.billing)
    if with_cases:
        for case in card.cases:
            yield Figure("cases_opened", case.kind, case.opened)
            yield Figure("cases_open", case.kind, case.open, case.open, case.opened)
        for currency, amount in card.at_stake:
            yield Figure("at_stake", currency, amount)


def _of_promises(kept: Kept) -> Iterator[Figure]:
    yield _share("promises_on_time", kept.share, kept.what)
    yield Figure("promises_late", kept.what, kept.late, kept.late, kept.due)
    yield Figure("promises_not_come", kept.what, kept.overdue, kept.overdue, kept.due)
    yield Figure("promises_pending", kept.what, kept.pending)
    yield Figure("promises_left_out", kept.what, kept.left_out)
    took = Times(kept.took.count, _minutes(kept.took.half), _minutes(kept.took.most))
    yield from _times("answer_minutes", kept.what, took)


def _share(measure: str, share: Share, kind: str = "") -> Figure:
    return Figure(measure, kind, share.percent, share.count, share.of)


def _times(measure: str, kind: str, found: Times[Any]) -> Iterator[Figure]:
    yield Figure(f"{measure}_half", kind, found.half, None, found.count)
    yield Figure(f"{measure}_most", kind, found.most, None, found.count)


def _minutes(took: timedelta | None) -> int | None:
    """Return whole minutes, rounded up as on the page."""
    return None if took is None else -(-took // timedelta(minutes=1))
