"""What the list of partners tells of each: when something came and went last, and how soon its 997s come."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from math import ceil

from django.db.models import F, Min, OuterRef, Q, QuerySet, Subquery
from django.utils import timezone

from archive.models import Direction, Document
from integration.models import ANSWERED_WITHIN, DailyFigure
from partners.models import Agreement, TradingPartner
from portal.access import seen

LOOKED_BACK = timedelta(days=30)
NEVER_ANSWERED = ("997", "999")
"""Sets that nobody answers with a functional acknowledgment."""
_HOUR, _DAY = 60, 24 * 60


@dataclass(frozen=True, slots=True)
class InTime:
    """How many of the documents ``sent`` to a partner were answered with 997 within ``hours``."""

    answered: int
    sent: int
    hours: int

    @property
    def percent(self) -> int:
        """The share in percent, rounded down: 100 says that every single one came in time."""
        return 100 * self.answered // self.sent


@dataclass(frozen=True, slots=True)
class PartnerFigures:
    """What is told of one partner; None where there is nothing yet."""

    last_in: datetime | None
    last_out: datetime | None
    in_time: InTime | None


def figures_of(pks: Iterable[int]) -> dict[int, PartnerFigures]:
    """Return the figures of each partner, within the reach of whoever asked for the page."""
    wanted = list(pks)
    moved = TradingPartner.objects.filter(pk__in=wanted).annotate(
        last_in=_last(Direction.IN), last_out=_last(Direction.OUT)
    )
    in_time = _in_time(wanted)
    return {
        pk: PartnerFigures(last_in, last_out, in_time.get(pk))
        for pk, last_in, last_out in moved.values_list("pk", "last_in", "last_out")
    }


def _last(direction: Direction) -> Subquery:
    # By key and not by time: the index of one partner's documents answers it with its first entries.
    rows = seen(Document.objects.filter(partner=OuterRef("pk"), direction=direction)).order_by("-pk")
    return Subquery(rows.values("recorded_at")[:1])


def _in_time(pks: list[int]) -> dict[int, InTime]:
    """Return for each partner that owes 997s how many came within what it promised, of documents whose time is over."""
    today = timezone.now().astimezone(UTC).date()
    rows: dict[int, list[tuple[date, int, list[int]]]] = {}
    for partner, day, sent, answered in _sent(pks, today - LOOKED_BACK):
        rows.setdefault(partner, []).append((day, sent, answered))
    found = {}
    for partner, hours in _promises(pks).items():
        until = counted_within(hours)
        # A day counts once its last document could have been answered.
        over = today - timedelta(days=1 + ceil(ANSWERED_WITHIN[until] / _DAY))
        told = [
            (sent, sum(answered[: until + 1])) for day, sent, answered in rows.get(partner, []) if day <= over
        ]
        sent = sum(each for each, _ in told)
        if sent:
            found[partner] = InTime(sum(each for _, each in told), sent, ANSWERED_WITHIN[until] // _HOUR)
    return found


def counted_within(hours: int) -> int:
    """Return which of ``ANSWERED_WITHIN`` stands for a promise of ``hours``: the longest that is no longer than it."""
    return max(place for place, minutes in enumerate(ANSWERED_WITHIN) if minutes <= hours * _HOUR)


def _promises(pks: list[int]) -> dict[int, int]:
    owed = Agreement.objects.filter(partner__in=pks, functional_acknowledgment_hours__gt=0)
    return dict(
        owed.order_by().values_list("partner").annotate(least=Min(F("functional_acknowledgment_hours")))
    )


def _sent(pks: list[int], since: date) -> QuerySet[DailyFigure, tuple[int, date, int, list[int]]]:
    rows = seen(DailyFigure.objects.filter(partner__in=pks, direction=Direction.OUT, day__gte=since))
    counted = rows.exclude(Q(transaction_set__in=NEVER_ANSWERED))
    return counted.values_list("partner_id", "day", "documents", "answered")
