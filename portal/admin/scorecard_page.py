"""The scorecard of a partner: a page with its charts, the lists behind its numbers, and a PDF for the partner."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any
from urllib.parse import urlencode

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseNotAllowed, HttpResponseRedirect
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.translation import gettext, gettext_lazy
from unfold.decorators import action

from integration.flows.home_zones import home_zone
from integration.flows.scorecards import scorecard
from integration.matching.periods import Period, days_until, month_of, quarter_of
from integration.matching.scorecard import Scorecard
from integration.models import ExceptionCase
from integration.printing.paper import PAPERS
from integration.printing.scorecards import PrintedScorecard, period_words, scorecard_pdf
from partners.models import TradingPartner
from portal.access import reach_of, seen
from portal.admin.base import GridAdmin
from portal.admin.charts import ROW, bars
from portal.admin.content import as_attachment
from portal.admin.scorecard_charts import scorecard_charts
from portal.admin.scorecard_filter import Counted, cases_url, orders_url, promises_url
from portal.admin.scorecard_words import (
    HOW,
    case_rows,
    kept_rows,
    order_rows,
    percent,
    promised_rows,
    share_words,
)
from portal.admin.show import day, money
from portal.admin.verbs import person

MOST_DAYS = 366
"""A longer period is asked for by nobody, and would be read for long."""
USUAL_DAYS = 30


@dataclass(frozen=True)
class _Asked:
    """The period that is asked for, today where the partner is, and what is wrong with what was asked."""

    period: Period
    today: date
    problem: str = ""


@dataclass(frozen=True)
class _Choice:
    """One period that is offered."""

    words: str
    url: str
    chosen: bool


class ScorecardPage(GridAdmin):
    """The part of the partners' admin that measures them."""

    def get_urls(self) -> list[URLPattern]:
        """Add the page, and the scorecard on paper."""
        wrap = self.admin_site.admin_view
        return [
            path(
                "<int:object_id>/scorecard/", wrap(self.scorecard), name="partners_tradingpartner_scorecard"
            ),
            path(
                "<int:object_id>/scorecard/<str:paper>.pdf",
                wrap(self.scorecard_on_paper),
                name="partners_tradingpartner_scorecard_pdf",
            ),
            *super().get_urls(),
        ]

    @action(description=gettext_lazy("Scorecard"), url_path="to-scorecard", icon="monitoring")  # type: ignore[untyped-decorator]
    def to_scorecard(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Lead to the scorecard."""
        partner = self.find(request, object_id)
        return (
            self.missing(request, object_id)
            if partner is None
            else HttpResponseRedirect(scorecard_url(partner))
        )

    def scorecard(self, request: HttpRequest, object_id: int) -> HttpResponse:
        """Show the scorecard of a period, beside the period before."""
        partner = self._measured(request, object_id)
        if isinstance(partner, HttpResponse):
            return partner
        asked = _asked(request, partner)
        card, before = _cards(request, partner, asked.period)
        context = {
            "title": gettext("Scorecard of %s") % partner,
            "partner": partner,
            "asked": asked,
            "choices": _choices(asked.today, asked.period),
            "period": period_words(asked.period),
            "before": period_words(asked.period.before),
            "zone": str(home_zone(partner)),
            "card": card,
            "papers": [
                (each.words, f"{_paper_url(partner, each.name)}?{_query(asked.period)}")
                for each in PAPERS.values()
            ],
            "how": HOW,
            **_figures(partner, asked.period, card, before, _may_see_cases(request)),
        }
        return self.page(request, partner, "portal/scorecard.html", context)

    def scorecard_on_paper(self, request: HttpRequest, object_id: int, paper: str) -> HttpResponse:
        """Give out the scorecard on Letter or A4; what is at stake in our cases stays here."""
        partner = self._measured(request, object_id)
        if isinstance(partner, HttpResponse):
            return partner
        asked = _asked(request, partner)
        if paper not in PAPERS or asked.problem:
            raise Http404
        card, before = _cards(request, partner, asked.period)
        figures = _figures(partner, asked.period, card, before, _may_see_cases(request))
        printed = PrintedScorecard(
            partner=str(partner),
            period=asked.period,
            before=asked.period.before,
            zone=str(home_zone(partner)),
            made_on=day(asked.today),
            kept=[row.texts for row in figures["kept"]],
            orders=[row.texts for row in figures["orders"]],
            cases=[row.texts for row in figures["cases"]] if figures["with_cases"] else None,
            promised=[row.texts for row in figures["promised"]],
            counted=[(str(title), str(words)) for title, words in HOW],
        )
        name = f"scorecard-{partner}-{asked.period.first}-{asked.period.last}.pdf"
        return as_attachment(scorecard_pdf(printed, PAPERS[paper]), name, "application/pdf")

    def _measured(self, request: HttpRequest, object_id: int) -> TradingPartner | HttpResponse:
        """Return the partner, or the answer where there is none to be measured."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        found: TradingPartner | None = self.find(request, str(object_id))
        if found is None:
            return self.missing(request, str(object_id))
        return found if request.method in ("GET", "HEAD") else HttpResponseNotAllowed(["GET"])


def scorecard_url(partner: TradingPartner) -> str:
    """Return the address of the scorecard of ``partner``."""
    return reverse("admin:partners_tradingpartner_scorecard", args=[partner.pk])


def _paper_url(partner: TradingPartner, paper: str) -> str:
    return reverse("admin:partners_tradingpartner_scorecard_pdf", args=[partner.pk, paper])


def _may_see_cases(request: HttpRequest) -> bool:
    return person(request).has_perm("integration.view_exceptioncase")


def _asked(request: HttpRequest, partner: TradingPartner) -> _Asked:
    """Return the period that is asked for, the last 30 days without one; with a sentence where it is none."""
    today = timezone.now().astimezone(home_zone(partner)).date()
    usual = days_until(today, USUAL_DAYS)
    given = [request.GET.get(name, "") for name in ("first", "last")]
    if not any(given):
        return _Asked(usual, today)
    try:
        period = Period(*map(date.fromisoformat, given))
    except ValueError:
        return _Asked(
            usual, today, gettext("Enter two days, the first before the last, such as 2026-03-01. Shown are the last 30.")
        )  # fmt: skip
    if period.days > MOST_DAYS or period.first.year < 2000:
        return _Asked(
            usual, today, gettext("A scorecard tells of a year at most. Shown are the last 30 days.")
        )
    return _Asked(period, today)


def _choices(today: date, chosen: Period) -> list[_Choice]:
    month, quarter = month_of(today), quarter_of(today)
    offered = [
        (gettext("Last 30 days"), days_until(today, USUAL_DAYS)),
        (gettext("This month"), month),
        (gettext("Last month"), month.before),
        (gettext("This quarter"), quarter),
        (gettext("Last quarter"), quarter.before),
    ]
    return [_Choice(words, f"?{_query(each)}", each == chosen) for words, each in offered]


def _query(period: Period) -> str:
    return urlencode({"first": period.first, "last": period.last})


def _cards(request: HttpRequest, partner: TradingPartner, period: Period) -> tuple[Scorecard, Scorecard]:
    """Return the scorecards of the period and of the one before, of what lies within the user's reach."""
    reach = reach_of(person(request))
    return scorecard(partner, period, reach), scorecard(partner, period.before, reach)


def _figures(
    partner: TradingPartner, period: Period, card: Scorecard, before: Scorecard, with_cases: bool
) -> dict[str, Any]:
    """Return the rows of each table, and the charts; cases are told to whom may see some."""

    def promised(what: str, outcome: str = "") -> str:
        return promises_url(Counted(partner.pk, period, what, outcome))

    def opened(kind: str = "") -> str:
        return cases_url(Counted(partner.pk, period, kind))

    kinds = [
        (str(ExceptionCase.Kind(each.kind).label), each.opened, opened(each.kind)) for each in card.cases
    ]
    return {
        "kept": kept_rows(card, before, promised),
        "orders": order_rows(card, before, orders_url(Counted(partner.pk, period))),
        "cases": case_rows(card, opened) if with_cases else [],
        "with_cases": with_cases,
        "cases_before": sum(each.opened for each in before.cases),
        "case_bars": bars(kinds) if with_cases else [],
        "cases_height": len(kinds) * ROW,
        "at_stake": [money(amount, currency) for currency, amount in card.at_stake] if with_cases else [],
        "charts": scorecard_charts(card),
        "promised": promised_rows(seen(partner.agreements.select_related("calendar").order_by("pk"))),
        "on_time": percent(card.on_time),
        "on_time_of": share_words(card.on_time),
        "on_time_before": percent(before.on_time),
    }
