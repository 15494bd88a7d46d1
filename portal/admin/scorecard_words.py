"""What a scorecard says: its figures in words, beside those of the period before, and how each is counted."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext, gettext_lazy, ngettext

from integration.matching.scorecard import Kept, Outcome, Scorecard, Share
from integration.models import ExceptionCase, Expectation
from partners.models import Agreement
from portal.admin.show import quantity

Address = Callable[..., str]
"""Returns the address of the list behind a number, by what is counted and what became of it."""

NOTHING = gettext_lazy("None yet")

HOW: list[tuple[Any, Any]] = [
    (
        gettext_lazy("Which days"),
        gettext_lazy(
            "Both days of the period belong to it. An answer belongs to the day on which it was due, a purchase order to the"
            " day on which it was first sent: days, open hours and holidays are those of the business calendar of the"
            " agreement that it was made under."
        ),
    ),
    (
        gettext_lazy("On time, late, not come"),
        gettext_lazy(
            "On time is what arrived by the moment at which it was due; it arrived when its file was taken from the mailbox."
            " Late came after it. Not come is due and has not arrived. The percentage is what was on time, of these three."
        ),
    ),
    (
        gettext_lazy("What does not count"),
        gettext_lazy(
            "An answer that is not due yet; one to a purchase order that was cancelled before it was answered; what is marked"
            " as a test. Of a purchase order that was sent again, the last sending counts."
        ),
    ),
    (
        gettext_lazy("Half within, 90 of 100 within"),
        gettext_lazy(
            "How long the answers took that came, in open hours: half of them took no longer than the one, and 90 of 100"
            " no longer than the other."
        ),
    ),
    (
        gettext_lazy("Purchase orders"),
        gettext_lazy(
            "What follows is of the purchase orders that were first sent in the period, as they stand now: of those of the"
            " last days some may still be answered, shipped or billed."
        ),
    ),
    (
        gettext_lazy("Acknowledged as ordered (855)"),
        gettext_lazy(
            "The first answer took every line whole and at its price, and none said otherwise; of the purchase orders that"
            " were answered."
        ),
    ),
    (
        gettext_lazy("Ship notices and invoices without a difference (856, 810)"),
        gettext_lazy(
            "Nobody had to be asked about it, then or since. Credit memos and invoices that wait for their goods are left"
            " out."
        ),
    ),
    (
        gettext_lazy("Units shipped, lines shipped whole"),
        gettext_lazy(
            "Shipped, of ordered. What we cancelled of our own accord is taken off; what was refused or backordered is not."
            " What was shipped beyond a line fills no other."
        ),
    ),
    (
        gettext_lazy("From order to shipment, from shipment to invoice"),
        gettext_lazy(
            "In open days after the first: 0 is the same day. To the day on which the first goods left; from the day on"
            " which the last goods left before the invoice. No time is promised for invoices (810), so none is late."
        ),
    ),
    (
        gettext_lazy("Cases"),
        gettext_lazy(
            "What had to be asked about because of what was answered, shipped or billed, or was not; counted on the day on"
            " which it was opened."
        ),
    ),
    (
        gettext_lazy("Percentages"),
        gettext_lazy("They are rounded down to a tenth: 100.0 % says every single one."),
    ),
]  # fmt: skip


@dataclass(frozen=True)
class Cell:
    """One number, and the list behind it where there is one."""

    told: str
    url: str = ""


@dataclass(frozen=True)
class Row:
    """One row of a table: its name, and its cells."""

    words: str
    cells: Sequence[Cell]

    @property
    def texts(self) -> list[str]:
        """The row as it stands on paper."""
        return [self.words, *(cell.told for cell in self.cells)]


def kept_rows(card: Scorecard, before: Scorecard, address: Address) -> list[Row]:
    """Return how promises were kept: due, on time, late, not come, percent, percent before, half and most within."""
    earlier = {each.what: each for each in before.kept}
    return [
        Row(
            promise_words(each.what),
            [
                Cell(f"{each.due:,}", address(each.what) if each.due else ""),
                *(
                    Cell(f"{count:,}", address(each.what, outcome.value) if count else "")
                    for count, outcome in _outcomes(each)
                ),
                Cell(percent(each.share)),
                Cell(percent(earlier[each.what].share) if each.what in earlier else str(NOTHING)),
                Cell(_hours(each.took.half)),
                Cell(_hours(each.took.most)),
            ],
        )
        for each in card.kept
    ]


def order_rows(card: Scorecard, before: Scorecard, orders_url: str) -> list[Row]:
    """Return the figures of purchase orders: counted, percent, percent before."""
    shares: list[tuple[str, Share, Share]] = [
        (gettext("Acknowledged as ordered (855)"), card.acknowledged, before.acknowledged),
        (gettext("Ship notices without a difference (856)"), card.noticed, before.noticed),
        (gettext("Invoices without a difference (810)"), card.billed, before.billed),
        (gettext("Units shipped"), card.units, before.units),
        (gettext("Lines shipped whole"), card.lines, before.lines),
    ]
    lead, billing = gettext("From order to shipment"), gettext("From shipment to invoice")
    return [
        Row(
            gettext("Purchase orders sent"),
            [
                Cell(f"{card.orders:,}", orders_url if card.orders else ""),
                Cell(""),
                Cell(f"{before.orders:,}"),
            ],
        ),
        *(
            Row(words, [Cell(share_words(now)), Cell(percent(now)), Cell(percent(then))])
            for words, now, then in shares
        ),
        *(
            Row(
                gettext("%(what)s, %(share)s within") % {"what": words, "share": share},
                [Cell(_days(now)), Cell(""), Cell(_days(then))],
            )
            for words, now_times, then_times in (
                (lead, card.lead, before.lead),
                (billing, card.billing, before.billing),
            )
            for share, now, then in (
                (gettext("half"), now_times.half, then_times.half),
                (gettext("90 of 100"), now_times.most, then_times.most),
            )
        ),
    ]


def case_rows(card: Scorecard, address: Address) -> list[Row]:
    """Return the kinds of cases: opened, and open still."""
    return [
        Row(
            str(ExceptionCase.Kind(each.kind).label),
            [Cell(f"{each.opened:,}", address(each.kind)), Cell(f"{each.open:,}")],
        )
        for each in card.cases
    ]


def promised_rows(agreements: Iterable[Agreement]) -> list[Row]:
    """Return what each agreement promises, and in whose hours and days."""
    return [Row(each.name, [Cell(_promised(each)), Cell(_counted_in(each))]) for each in agreements]


def _promised(agreement: Agreement) -> str:
    hours, days = (
        gettext("%(what)s within %(count)s hours"),
        gettext("%(what)s within %(count)s days of its date"),
    )
    told = [
        (hours, "997", agreement.functional_acknowledgment_hours),
        (hours, "855", agreement.purchase_order_acknowledgment_hours),
        (days, "856", agreement.ship_notice_days),
        (gettext("%(what)s within %(count)s hours of the 855"), "856", agreement.ship_notice_hours),
    ]
    return "; ".join(
        words % {"what": what, "count": count} for words, what, count in told if count
    ) or gettext("Nothing")


def _counted_in(agreement: Agreement) -> str:
    if agreement.calendar is None:
        zone = agreement.time_zone or gettext("the store's zone")
        return gettext("Hours and days as they pass, %(zone)s") % {"zone": zone}
    told = {"calendar": agreement.calendar.name, "zone": agreement.calendar.time_zone}
    return gettext("Open hours and days of the calendar %(calendar)s, %(zone)s") % told


def promise_words(what: str) -> str:
    """Return what was promised, as pages call it."""
    return str(Expectation.What(what).label)


def percent(share: Share) -> str:
    """Return a share in percent: ``66.6 %``; of nothing, ``None yet``."""
    return str(NOTHING) if share.percent is None else f"{share.percent} %"


def share_words(share: Share) -> str:
    """Return a share as counts: ``20 of 26``."""
    return gettext("%(count)s of %(of)s") % {"count": _number(share.count), "of": _number(share.of)}


def _number(value: Decimal | int) -> str:
    return f"{value:,}" if isinstance(value, int) else quantity(value)


def _outcomes(kept: Kept) -> list[tuple[int, Outcome]]:
    return [
        (kept.on_time, Outcome.ON_TIME),
        (kept.late, Outcome.LATE),
        (kept.overdue, Outcome.OVERDUE),
    ]


def _hours(took: timedelta | None) -> str:
    """Return open time in hours and minutes, rounded up to a minute: ``8 h 30 min``."""
    if took is None:
        return str(NOTHING)
    hours, minutes = divmod(-(-took // timedelta(minutes=1)), 60)
    told = gettext("%(count)s min") % {"count": minutes}
    return f"{gettext('%(count)s h') % {'count': f'{hours:,}'}} {told}" if hours else told


def _days(count: int | None) -> str:
    if count is None:
        return str(NOTHING)
    return ngettext("%(count)s day", "%(count)s days", count) % {"count": count}
