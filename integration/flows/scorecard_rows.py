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

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import reduce
from operator import or_
from typing import Any
from zoneinfo import ZoneInfo

from django.db.models import (
    BooleanField,
    Case,
    CharField,
    F,
    Field,
    Func,
    Min,
    Q,
    QuerySet,
    Value,
    When,
)
from django.db.models.expressions import Combinable
from django.db.models.functions import Coalesce, Least

from archive.clock import database_now
from archive.reach import EVERYTHING, Reach
from integration.flows.home_zones import home_zone
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

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

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


@dataclass(frozen=True, slots=True)
class SentWhen:
    """When a purchase order was first sent, under which terms; ``day`` is the day in ``zone``, where its days are."""

    at: datetime
    terms: Terms
    zone: ZoneInfo
    day: date


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
    terms = terms_of(partner)
    entries = LineEntry.standing().filter(kind=LineEntry.Kind.ORDERED).exclude(document=None)
    sent = entries.exclude(document__interchange__usage_indicator=_TEST).order_by()
    # What is sent besides by a change is ordered too: the first of all counts, wherever it is.
    begins, ends = _midnight(period.first) - _FAR, _midnight(period.last) + 2 * _FAR
    near = sent.filter(
        stated_at__gte=begins, stated_at__lte=ends, line__purchase_order__agreement__in=list(terms)
    )
    if reach.is_limited:
        seen = PurchaseOrder.objects.filter(within(PurchaseOrder, reach), agreement__in=list(terms))
        near = near.filter(line__purchase_order__in=seen.order_by())
    rows = list(
        near.values_list("line__purchase_order", "line__purchase_order__agreement").annotate(
            sent_at=ticks(Min("stated_at"))
        )
    )
    zones = _store_zones(pk for pk, agreement, _ in rows if terms[agreement].zone is None)
    inside = {}
    for pk, agreement, sent_at in rows:
        zone = terms[agreement].zone or ZoneInfo(zones[pk])
        day = at(sent_at).astimezone(zone).date()
        if period.first <= day <= period.last:
            inside[pk] = SentWhen(at(sent_at), terms[agreement], zone, day)
    before = sent.filter(among("line__purchase_order", inside), stated_at__lt=begins)
    for pk in before.values_list("line__purchase_order", flat=True):
        inside.pop(pk, None)
    return dict(sorted(inside.items()))


def _store_zones(pks: Iterable[int]) -> dict[int, str]:
    """Return the zone of the store of each purchase order."""
    rows = PurchaseOrder.objects.filter(among("pk", pks)).order_by()
    return dict(rows.values_list("pk", "order__store__time_zone"))


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


def terms_of(partner: TradingPartner) -> dict[int, Terms]:
    """Return the days of each agreement of ``partner``, by its primary key."""
    found = {}
    hours: dict[int, OpenHours] = {}
    rows = partner.agreements.select_related("calendar").prefetch_related("calendar__holidays")
    for row in rows.order_by("pk"):
        calendar = row.calendar
        if calendar is None:
            found[row.pk] = Terms(row, None, ZoneInfo(row.time_zone) if row.time_zone else None)
            continue
        if calendar.pk not in hours:
            hours[calendar.pk] = calendar.open_hours()  # what it works out of a day serves all its agreements
        found[row.pk] = Terms(row, hours[calendar.pk], calendar.zone)
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


def among(column: str, keys: Iterable[int]) -> Func:
    """Return the condition that ``column`` is one of ``keys``, which go to the database as one value, however many."""
    told = Value("{" + ",".join(map(str, keys)) + "}")
    return Func(
        F(column), told, template="(%(expressions)s::bigint[]))", arg_joiner=" = ANY (", output_field=BooleanField()
    )  # fmt: skip


def ticks(moment: str | Combinable) -> Func:
    """Return the microseconds from ``EPOCH`` to a moment, as an expression: many moments are read ten times as fast by it.

    It is of no field, so that no field looks at each of them.
    """
    told = F(moment) if isinstance(moment, str) else moment
    return Func(
        told,
        template="(extract(epoch FROM %(expressions)s) * 1000000)::bigint",
        output_field=Field(),
    )


def at(told: int) -> datetime:
    """Return the moment that ``ticks`` told of."""
    return EPOCH + timedelta(0, 0, told)


def arrival(document: str) -> Coalesce:
    """Return when the file of ``document`` was taken from its mailbox, as an expression."""
    return Coalesce(f"{document}__interchange__transmission__recorded_at", f"{document}__recorded_at")


def _of(outcome: Outcome) -> Value:
    return Value(outcome.value)


def _midnight(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=UTC)
