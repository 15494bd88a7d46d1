"""The rows behind a number of a scorecard, as a filter of their list: what the number counts, and nothing else."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any
from urllib.parse import urlencode

from django.contrib.admin import SimpleListFilter
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext, gettext_lazy

from archive.reach import Reach
from integration.flows.scorecard_rows import opened_cases, promises, sent_orders
from integration.matching.periods import Period
from integration.matching.scorecard import Outcome
from integration.models import ExceptionCase, Expectation, PurchaseOrder
from integration.printing.scorecards import period_words
from partners.models import TradingPartner
from portal.access import reach_of, seen
from portal.admin.show import list_url
from portal.admin.verbs import person

PARAMETER = "scorecard"
_DUE = (Outcome.ON_TIME, Outcome.LATE, Outcome.OVERDUE)
_OUTCOMES = {
    "on_time": gettext_lazy("on time"),
    "late": gettext_lazy("late"),
    "overdue": gettext_lazy("not come"),
}


@dataclass(frozen=True)
class Counted:
    """Which number it is: of a partner and a period; ``what`` is a kind of promise or case, ``outcome`` of a promise."""

    partner: int
    period: Period
    what: str = ""
    outcome: str = ""

    def __str__(self) -> str:
        parts = [
            str(self.partner),
            self.period.first.isoformat(),
            self.period.last.isoformat(),
            self.what,
            self.outcome,
        ]
        return ".".join(parts).rstrip(".")

    @classmethod
    def read(cls, text: str) -> Counted | None:
        """Return what ``str`` of it said; None where it is none."""
        parts = [*text.split("."), "", ""][:5]
        try:
            period = Period(date.fromisoformat(parts[1]), date.fromisoformat(parts[2]))
            return cls(int(parts[0]), period, parts[3], parts[4])
        except (IndexError, ValueError):
            return None


def promises_url(counted: Counted) -> str:
    """Return the address of the list of the promises that are counted."""
    return list_url(Expectation, urlencode({"due": "all", PARAMETER: counted}))


def orders_url(counted: Counted) -> str:
    """Return the address of the list of the purchase orders that are counted."""
    return list_url(PurchaseOrder, urlencode({PARAMETER: counted}))


def cases_url(counted: Counted) -> str:
    """Return the address of the list of the cases that are counted."""
    return list_url(ExceptionCase, urlencode({"cases": "all", PARAMETER: counted}))


class _ScorecardFilter(SimpleListFilter):
    """What one number of a scorecard counts; offered where it was come by."""

    title = gettext_lazy("Scorecard")
    parameter_name = PARAMETER

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        """Return what is shown, where anything is."""
        counted, partner = self._counted(), self._partner(request)
        if counted is None or partner is None:
            return [(self._text(), gettext("Unknown"))] if self._text() else []
        told = " ".join(
            each for each in (counted.what.replace("_", " "), str(_OUTCOMES.get(counted.outcome, ""))) if each
        )
        return [(self._text(), ", ".join(each for each in (told, period_words(counted.period)) if each))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """Keep what the number counts."""
        counted, partner = self._counted(), self._partner(request)
        if not self._text():
            return queryset
        if counted is None or partner is None:
            return queryset.none()
        return queryset.filter(pk__in=self.rows(partner, counted, reach_of(person(request))))

    def rows(self, partner: TradingPartner, counted: Counted, reach: Reach) -> Any:
        """Return the primary keys of the rows that are counted, or a query of them."""
        raise NotImplementedError

    def _text(self) -> str:
        return str(self.used_parameters.get(PARAMETER) or "")

    def _counted(self) -> Counted | None:
        return Counted.read(self._text())

    def _partner(self, request: HttpRequest) -> TradingPartner | None:
        counted = self._counted()
        if counted is None:
            return None
        return seen(TradingPartner.objects.filter(pk=counted.partner), person(request)).first()


class PromisesFilter(_ScorecardFilter):
    """Promises that were due in the period."""

    def rows(self, partner: TradingPartner, counted: Counted, reach: Reach) -> Any:
        """Return those of the kind and outcome; without one, all that had to be kept."""
        outcomes = [counted.outcome] if counted.outcome else [each.value for each in _DUE]
        rows: Any = promises(partner, counted.period, reach)
        return rows.filter(what=counted.what, outcome__in=outcomes).values("pk")


class SentFilter(_ScorecardFilter):
    """Purchase orders that were sent in the period."""

    def rows(self, partner: TradingPartner, counted: Counted, reach: Reach) -> Any:
        """Return them."""
        return list(sent_orders(partner, counted.period, reach))


class OpenedFilter(_ScorecardFilter):
    """Cases that were opened in the period."""

    def rows(self, partner: TradingPartner, counted: Counted, reach: Reach) -> Any:
        """Return those of the kind; without one, all."""
        rows = opened_cases(partner, counted.period, reach)
        return (rows.filter(kind=counted.what) if counted.what else rows).values("pk")
