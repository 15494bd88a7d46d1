"""Scorecards of partners: counted as they are asked for, a partner after the other, each reading recorded before it leaves.

They are no list of rows that change: there is no cursor, and pages are of whole partners by their ids.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from django.http import HttpResponseBase, QueryDict
from rest_framework.request import Request
from rest_framework.response import Response

from archive.clock import database_now
from archive.models import AccessRecord
from archive.reach import Reach
from archive.store import record_access
from integration.flows.home_zones import UNKNOWN, home_zones
from integration.flows.scorecards import scorecard
from integration.matching.periods import Period, month_of, period_named
from integration.reach import within
from partners.models import TradingPartner
from portal.api.asking import actor, person, reach
from portal.api.filters import one, whole
from portal.api.measures import Counted, rows_of
from portal.api.problems import bad_parameter, not_found, unknown_parameters
from portal.api.records import ScorecardRecord
from portal.api.resources import SCORECARDS
from portal.api.streams import file_response, written
from portal.api.views import ApiView, format_of

USUAL, MOST = 10, 50
"""Partners of a page: where nothing is said, and at most."""
MOST_DAYS = 366
FIRST_YEAR = 2000
PARAMETERS = ("partner_id", "period", "after", "limit", "format")
SEE_CASES = "integration.view_exceptioncase"


@dataclass(frozen=True)
class Asked:
    """Which scorecards are asked for: of whom, None for all; of which period; behind which partner; of how many."""

    period: Period
    partner: int | None = None
    after: int = 0
    limit: int | None = None


class ScorecardsView(ApiView):
    """The scorecards of partners: a page as JSON, or all of them as CSV or NDJSON."""

    resource = SCORECARDS

    def get(self, request: Request) -> HttpResponseBase:
        """Answer with what is asked for."""
        wanted, kind = _asked(request.query_params), format_of(request)
        partners = _partners(wanted, reach(request))
        if wanted.partner is not None and not partners:
            raise not_found()
        if kind != "json":
            told = partners[: wanted.limit]
            _record(request, AccessRecord.Kind.EXPORT, kind)
            pieces = written(self.resource, kind, _chunks(request, told, wanted.period))
            return file_response(request, self.resource.path, kind, pieces)
        limit = wanted.limit or USUAL
        told, goes_on = partners[:limit], len(partners) > limit
        _record(request, AccessRecord.Kind.LIST, "list")
        data = [row for rows in _chunks(request, told, wanted.period) for row in rows]
        return Response(
            {"data": data, "next_after": told[-1].pk if goes_on else None, "has_more": goes_on}
        )  # fmt: skip


def _asked(query: QueryDict) -> Asked:
    """Return what the parameters ask for. Raises ``Problem`` for one that is unknown, or not understood."""
    given = {name: one(name, values) for name, values in query.lists()}
    if unknown := sorted(set(given) - set(PARAMETERS)):
        raise unknown_parameters(unknown, PARAMETERS)
    return Asked(
        period=_period(given["period"]) if "period" in given else month_of(database_now().date()).before,
        partner=whole("partner_id", given["partner_id"], least=0) if "partner_id" in given else None,
        after=whole("after", given["after"], least=0) if "after" in given else 0,
        limit=whole("limit", given["limit"], least=1, most=MOST) if "limit" in given else None,
    )


def _period(text: str) -> Period:
    try:
        found = period_named(text)
    except ValueError:
        found = None
    if found is None or found.days > MOST_DAYS or found.first.year < FIRST_YEAR:
        raise bad_parameter(
            "period",
            f"give a month such as 2026-10, a quarter such as 2026-Q3, a year such as 2026, or two days such as"
            f" 2026-10-05/2026-10-18; from {FIRST_YEAR} on, and a year at most.",
        )
    return found


def _partners(wanted: Asked, reach: Reach) -> Sequence[TradingPartner]:
    rows = TradingPartner.objects.filter(within(TradingPartner, reach), pk__gt=wanted.after)
    if wanted.partner is not None:
        rows = rows.filter(pk=wanted.partner)
    return list(rows.order_by("pk"))


def _chunks(
    request: Request, partners: Sequence[TradingPartner], period: Period
) -> Iterator[list[dict[str, Any]]]:
    """Yield the rows of each scorecard, counted when they are wanted."""
    within_reach, with_cases = reach(request), person(request).has_perm(SEE_CASES)
    zones = home_zones([partner.pk for partner in partners])
    for partner in partners:
        card = scorecard(partner, period, within_reach)
        zone = str(zones.get(partner.pk, UNKNOWN))
        counted = Counted(partner, period, zone, card, database_now(), with_cases)
        records: Any = ScorecardRecord(rows_of(counted), many=True)
        yield records.data


def _record(request: Request, kind: str, what: str) -> None:
    """Record that scorecards are shown. Raises ``NotRecorded``."""
    record_access(
        actor=actor(request), kind=kind, purpose=f"API, {what} of {SCORECARDS.title}"[:100]
    )  # fmt: skip
