"""Which promises, purchase orders and cases a partner's scorecard of a period counts: the rows behind each number.

The period is of the partner's own days. A promise belongs to the day on which it was due, counted in the zone of the
agreement that it was made under (its calendar's, else its own, else the store's): two agreements of one partner may have two
calendars. A purchase order belongs to the day on which it was first sent, counted likewise. A case belongs to the day on
which it was opened, in the zone of the partner's first agreement.

On time is what arrived by the moment at which it was due. It arrived when its file was taken from the mailbox: what Gridport
was slow to read, or did not match during a pause, is not the partner's delay. Late came after; overdue is due and has not
come. What is not due yet does not count. Left out are promises that were given up (the order was cancelled, or sent again and
then counts by its last sending), and all that is marked as a test (ISA15).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import reduce
from itertools import islice
from operator import or_
from typing import Any
from zoneinfo import ZoneInfo

from django.db.models import Case, CharField, F, Min, Q, QuerySet, Value, When
from django.db.models.functions import Coalesce, Least

from archive.clock import database_now
from archive.reach import EVERYTHING, Reach
from integration.matching.periods import Period
from integration.matching.scorecard import Outcome
from integration.models import ExceptionCase, Expectation, LineEntry, PurchaseOrder, Store
from integration.reach import within
from partners.business_time import OpenHours, span_of_days
from partners.models import Agreement, TradingPartner

What, State, Kind = Expectation.What, Expectation.State, ExceptionCase.Kind

PROMISED = (
    What.FUNCTIONAL_ACKNOWLEDGMENT,
    What.PURCHASE_ORDER_ACKNOWLEDGMENT,
    What.CHANGE_ACKNOWLEDGMENT,
    What.SHIP_NOTICE,
    What.RETURN_ANSWER,
    What.RETURN_RECEIPT,
    What.RETURN_CREDIT,
)
"""What partners promise. That goods are sent back is ours to do."""

BY_PARTNERS = (
    Kind.ACKNOWLEDGMENT_DIFFERS, Kind.UNKNOWN_PURCHASE_ORDER, Kind.UNMATCHED, Kind.CHANGE_ANSWERED, Kind.CHANGE_ASKED,
    Kind.SHIPMENT_DIFFERS, Kind.INVOICE_DIFFERS, Kind.STOCK_HELD, Kind.STOCK_UNCLEAR, Kind.RETURN_DIFFERS,
    Kind.CREDIT_DIFFERS, Kind.CONTRADICTED, Kind.OVERDUE, Kind.UNREADABLE, Kind.DUPLICATE,
)  # fmt: skip
"""Cases that are because of what a partner did, or did not. Others are about our settings, the store, or the line."""

AT_ONCE = 1000
"""So many purchase orders are read at a time."""

_TEST = "T"
_FAR = timedelta(hours=26)
"""No zone's day begins or ends farther than that from the same day's in UTC."""


@dataclass(frozen=True)
class Terms:
    """One agreement's days: its calendar, and its zone; None where that is the store's."""

    agreement: Agreement
    calendar: OpenHours | None
    zone: ZoneInfo | None

    def zone_at(self, store_zone: str | None) -> ZoneInfo:
        """Return the zone of the days of an order of a store in ``store_zone``."""
        return self.zone or ZoneInfo(store_zone or "UTC")


@dataclass(frozen=True)
class SentWhen:
    """When a purchase order was first sent, under which terms, from whose zone."""

    at: datetime
    terms: Terms
    store_zone: str

    @property
    def zone(self) -> ZoneInfo:
        """Where its days are."""
        return self.terms.zone_at(self.store_zone)

    @property
    def day(self) -> date:
        """The day there."""
        return self.at.astimezone(self.zone).date()


def promises(
    partner: TradingPartner, period: Period, reach: Reach = EVERYTHING
) -> QuerySet[Expectation, Any]:
    """Return what of ``partner``'s was due in ``period``, each with ``came_at`` and ``outcome`` (``Outcome``)."""
    came_at = Least("settled_at", arrival("met_by"))
    unmet = Q(state__in=Expectation.UNMET)
    outcome = Case(
        When(Q(state=State.GIVEN_UP) | Q(document__interchange__usage_indicator=_TEST), then=_of(Outcome.LEFT_OUT)),
        When(unmet & Q(due_at__lt=database_now()), then=_of(Outcome.OVERDUE)),
        When(unmet, then=_of(Outcome.PENDING)),
        When(came_at__lte=F("due_at"), then=_of(Outcome.ON_TIME)),
        default=_of(Outcome.LATE),
        output_field=CharField(),
    )  # fmt: skip
    due = _due_in(period, terms_of(partner).values())
    rows = Expectation.objects.filter(within(Expectation, reach), due, what__in=PROMISED)
    return rows.annotate(came_at=came_at, outcome=outcome)


def sent_orders(partner: TradingPartner, period: Period, reach: Reach = EVERYTHING) -> dict[int, SentWhen]:
    """Return when each purchase order was first sent to ``partner``, of those first sent in ``period``; by primary key.

    Tests are none, nor is what another system had sent before Gridport took it over.
    """
    entries = LineEntry.standing().filter(kind=LineEntry.Kind.ORDERED).exclude(document=None)
    sent = entries.exclude(document__interchange__usage_indicator=_TEST)
    # What is sent besides by a change is ordered too: the first of all counts, wherever it is.
    begins, ends = _midnight(period.first) - _FAR, _midnight(period.last) + 2 * _FAR
    seen = PurchaseOrder.objects.filter(within(PurchaseOrder, reach), agreement__partner=partner)
    near = sent.filter(stated_at__gte=begins, stated_at__lte=ends, line__purchase_order__in=seen.order_by())
    terms = terms_of(partner)
    found = {
        pk: SentWhen(at, terms[agreement], store_zone)
        for pk, agreement, store_zone, at in near.order_by()
        .values_list(
            "line__purchase_order",
            "line__purchase_order__agreement",
            "line__purchase_order__order__store__time_zone",
        )
        .annotate(at=Min("stated_at"))
    }
    inside = {pk: when for pk, when in found.items() if period.first <= when.day <= period.last}
    for pks in chunks(inside):
        before = sent.filter(line__purchase_order__in=pks, stated_at__lt=begins)
        for pk in before.values_list("line__purchase_order", flat=True):
            inside.pop(pk, None)
    return dict(sorted(inside.items()))


def opened_cases(
    partner: TradingPartner, period: Period, reach: Reach = EVERYTHING
) -> QuerySet[ExceptionCase]:
    """Return the cases because of ``partner`` that were opened in ``period``."""
    begins, ends = span_of_days(period.first, period.last, home_zone(partner))
    of_partner = (
        Q(partner=partner) | Q(purchase_order__agreement__partner=partner) | Q(document__partner=partner)
    )
    rows = ExceptionCase.objects.filter(within(ExceptionCase, reach), of_partner, kind__in=BY_PARTNERS)
    return rows.filter(opened_at__gte=begins, opened_at__lt=ends).exclude(
        document__interchange__usage_indicator=_TEST
    )


def home_zone(partner: TradingPartner) -> ZoneInfo:
    """Return where the partner's days are: by his first agreement, else by the first store that it serves."""
    first = partner.agreements.select_related("calendar").order_by("pk").first()
    if first is None:
        return ZoneInfo("UTC")
    if first.calendar is not None:
        return first.calendar.zone
    of_store = first.stores.order_by("pk").values_list("time_zone", flat=True).first()
    return ZoneInfo(first.time_zone or of_store or "UTC")


def terms_of(partner: TradingPartner) -> dict[int, Terms]:
    """Return the days of each agreement of ``partner``, by its primary key."""
    found = {}
    rows = partner.agreements.select_related("calendar").prefetch_related("calendar__holidays")
    for row in rows.order_by("pk"):
        calendar = row.calendar
        own = calendar.zone if calendar is not None else ZoneInfo(row.time_zone) if row.time_zone else None
        found[row.pk] = Terms(row, calendar.open_hours() if calendar is not None else None, own)
    return found


def _due_in(period: Period, terms: Iterable[Terms]) -> Q:
    """Return the condition that a promise is due in ``period`` where its agreement is.

    The end of a day belongs to it, and its beginning to the day before.
    """
    of_store = "purchase_order__order__store__time_zone"
    zones = set(Store.objects.values_list("time_zone", flat=True))
    found = [Q(pk__in=[])]
    for each in terms:
        places: list[tuple[Q, ZoneInfo]] = [(Q(), each.zone)] if each.zone is not None else [
            *((Q(**{of_store: name}), each.zone_at(name)) for name in sorted(zones)),
            (Q(**{f"{of_store}__isnull": True}), each.zone_at(None)),
        ]  # fmt: skip
        for place, zone in places:
            begins, ends = span_of_days(period.first, period.last, zone)
            found.append(Q(agreement=each.agreement, due_at__gt=begins, due_at__lte=ends) & place)
    return reduce(or_, found)


def chunks(values: Iterable[int]) -> Iterator[list[int]]:
    """Yield ``values``, ``AT_ONCE`` at a time."""
    rest = iter(list(values))
    while chunk := list(islice(rest, AT_ONCE)):
        yield chunk


def arrival(document: str) -> Coalesce:
    """Return when the file of ``document`` was taken from its mailbox, as an expression."""
    return Coalesce(f"{document}__interchange__transmission__recorded_at", f"{document}__recorded_at")


def _of(outcome: Outcome) -> Value:
    return Value(outcome.value)


def _midnight(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=UTC)
