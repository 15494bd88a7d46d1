"""The first page: what needs a person, what is on its way, and whether anything is set up at all."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC
from typing import Any

from django.contrib.auth.models import User
from django.db.models import Count, F, Q, QuerySet, Sum
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext

from archive.models import Document
from integration.claimable import longest_due
from integration.flows.channels import troubles
from integration.flows.decide import DECIDE, PAUSE
from integration.models import ExceptionCase, Expectation, Order, Store, Work
from partners.models import Agreement, Mailbox, Mode, TradingPartner
from portal.access import reach_of, seen
from portal.admin.charts import ROW, Bar, bars, charts
from portal.admin.documents_table import WITH_STATE, document_rows
from portal.admin.filters import INVALID, NOT_DELIVERED, OVERDUE, REJECTED, WAITING_TO_BE_SENT
from portal.admin.pauses import general_switches, switches_on
from portal.admin.show import BAD, QUIET, WAITING, WARNING, age, list_url, mode_badge, moment, money, page_url
from portal.admin.verbs import person
from portal.health import LONGEST_WAIT

MOST = 1000


@dataclass(frozen=True)
class Tile:
    """One count, its words, and the list that it counts."""

    count: str
    words: str
    url: str
    tone: str


def fill(request: HttpRequest, context: dict[str, Any]) -> dict[str, Any]:
    """Add to the index page's context what the user may see of the state of everything."""
    may = request.user.has_perm
    context["title"] = gettext("Dashboard")
    context["tiles"] = _tiles(may)
    if may("integration.view_exceptioncase"):
        context["case_kinds"] = _case_kinds()
        context["kinds_height"] = len(context["case_kinds"]) * ROW
        context["at_stake"] = _money_at_stake()
        context["cases_url"] = list_url(ExceptionCase)
        context["oldest_cases"] = _oldest_cases()
    if may(DECIDE) and may("integration.view_exceptioncase"):
        context["own_queue"] = _own_queue(person(request))
        context["own_url"] = list_url(ExceptionCase, "cases=mine")
        context["unassigned_url"] = list_url(ExceptionCase, "cases=unassigned")
        # Who answers callers and keeps no machinery begins with the box and with their own cases.
        context["is_desk"] = not may("integration.view_work")
    if may("archive.view_document"):
        context["charts"] = charts(timezone.now().astimezone(UTC).date())
        last = seen(Document.objects.all()).select_related(*WITH_STATE).order_by("-pk")[:10]
        context["last_documents"] = document_rows(last)
    if may("integration.view_pause"):
        context["switches_on"] = switches_on()
        context["general_switches"] = general_switches()
        context["may_pause"] = may(PAUSE)
    if may("integration.view_work") and not reach_of(person(request)).is_limited:
        context["queue"] = _queue()
    if may("integration.view_store") and may("partners.view_mailbox"):
        context["connections"] = _connections()
        context["first_steps"] = _first_steps()
    return context


def _count(rows: QuerySet[Any]) -> int:
    return rows.order_by()[: MOST + 1].count()


def _tile(rows: QuerySet[Any], words: str, url: str, tone: str) -> Tile:
    found = _count(seen(rows))
    shown = f"{MOST:,}+" if found > MOST else (f"{found:,}" if found else gettext("None"))
    return Tile(shown, words, url, tone if found else QUIET)


def _tiles(may: Any) -> list[Tile]:
    tiles = []
    if may("integration.view_exceptioncase"):
        cases = ExceptionCase.objects.filter(closed_at=None)
        tiles.append(_tile(cases, gettext("Open cases"), list_url(ExceptionCase), WARNING))
    if may("integration.view_order"):
        held = Order.objects.filter(state=Order.State.HELD)
        tiles.append(
            _tile(held, gettext("Orders held by a case"), list_url(Order, "state__exact=held"), WARNING)
        )
    if may("integration.view_expectation"):
        overdue = Expectation.objects.filter(state=Expectation.State.OVERDUE)
        tiles.append(_tile(overdue, gettext("Answers overdue"), list_url(Expectation, "due=overdue"), BAD))
    if may("archive.view_document"):
        for condition, words, name, tone in (
            (WAITING_TO_BE_SENT, gettext("Documents waiting to be sent"), "waiting", WAITING),
            (NOT_DELIVERED, gettext("Documents failed or unknown"), "not_delivered", BAD),
            (OVERDUE, gettext("Acknowledgments overdue"), "overdue", BAD),
            (REJECTED, gettext("Documents rejected by partners"), "rejected", BAD),
            (INVALID, gettext("Documents received invalid"), "invalid", BAD),
        ):
            tiles.append(
                _tile(Document.objects.filter(condition), words, list_url(Document, f"status={name}"), tone)
            )
    if may("integration.view_work"):
        stopped = Work.objects.filter(parked_at__isnull=False)
        tiles.append(_tile(stopped, gettext("Work stopped"), list_url(Work, "state=stopped"), BAD))
    return tiles


def _case_kinds() -> list[Bar]:
    found = (
        seen(ExceptionCase.objects.filter(closed_at=None))
        .order_by()
        .values_list("kind")
        .annotate(count=Count("pk"))
        .order_by("-count", "kind")
    )
    words = dict(ExceptionCase.Kind.choices)
    return bars(
        (str(words.get(kind, kind)), count, list_url(ExceptionCase, f"kind__exact={kind}"))
        for kind, count in found
    )


def _money_at_stake() -> list[str]:
    """Return what open cases hold back, in each currency."""
    held = seen(ExceptionCase.objects.filter(closed_at=None, money__gt=0))
    sums = held.order_by().values_list("currency").annotate(sum=Sum("money")).order_by("currency")
    return [money(total, currency) for currency, total in sums]


def _own_queue(user: User) -> list[dict[str, Any]]:
    """Return the first open cases of ``user``, by when they are due."""
    cases = seen(ExceptionCase.objects.filter(closed_at=None, owner=user)).select_related("partner")
    first = cases.order_by(F("due_at").asc(nulls_last=True), "pk")[:5]
    return [{"row": case, "url": page_url(case), "due": moment(case.due_at)} for case in first]


def _oldest_cases() -> list[dict[str, Any]]:
    cases = (
        seen(ExceptionCase.objects.filter(closed_at=None))
        .select_related("partner")
        .order_by("opened_at", "pk")[:5]
    )
    return [{"row": case, "url": page_url(case), "age": age(case.opened_at)} for case in cases]


def _connections() -> list[dict[str, Any]]:
    rows: list[Any] = [*seen(Store.objects.all()), *seen(Mailbox.objects.all())]
    problems = _poll_problems()
    stand_still = troubles()
    return [
        {
            "row": row,
            "url": page_url(row),
            "kind": gettext("Store") if isinstance(row, Store) else gettext("Mailbox"),
            "badge": mode_badge(row.mode),
            "polled": getattr(row, "polled_until", None),
            "trouble": stand_still.get(f"{row._meta.model_name}:{row.pk}"),
            "problem": problems.get((row._meta.model_name, str(row.pk)), ""),
        }
        for row in rows
    ]


def _queue() -> dict[str, Any]:
    """Return for how long what is due waits to be begun, and how much is due, no further than ``MOST``."""
    waited = longest_due()
    if waited is None:
        return {"age": "", "url": list_url(Work)}
    due = _count(Work.objects.filter(parked_at=None, lease_token=None, due_at__lte=timezone.now()))
    return {
        "age": age(timezone.now() - waited),
        "tone": BAD if waited > LONGEST_WAIT else QUIET,
        "depth": f"{MOST:,}+" if due > MOST else f"{due:,}",
        "url": list_url(Work),
    }


def _poll_problems() -> dict[tuple[str | None, str], str]:
    """Return the sentence of the last failure of each poll that fails now."""
    failing = Work.objects.filter(Q(step="poll_store") | Q(step="fetch_mailbox")).exclude(error="")
    kinds = {"poll_store": "store", "fetch_mailbox": "mailbox"}
    return {(kinds[row.step], row.subject): row.error for row in failing}


def _first_steps() -> list[dict[str, Any]]:
    """Return what is still to be set up, in its order; empty once a store, a mailbox and an agreement are live."""
    live = Mode.LIVE
    steps = [
        (gettext("Add a mailbox"), Mailbox.objects.exists(), Mailbox, gettext("where files are fetched and left")),
        (gettext("Add a trading partner"), TradingPartner.objects.exists(), TradingPartner, gettext("with its interchange ID")),
        (gettext("Add an agreement"), Agreement.objects.exists(), Agreement, gettext("who supplies which items, in which documents")),
        (gettext("Add the store"), Store.objects.exists(), Store, gettext("with an API token; it starts in watch")),
        (gettext("Let the mailbox go live"), Mailbox.objects.filter(mode=live).exists(), Mailbox, gettext("files are then taken and sent")),
        (gettext("Let the agreement go live"), Agreement.objects.filter(mode=live).exists(), Agreement, gettext("purchase orders are then sent")),
        (gettext("Let the store go live"), Store.objects.filter(mode=live).exists(), Store, gettext("answers are then written to orders")),
    ]  # fmt: skip
    if all(done for _, done, _, _ in steps):
        return []
    return [
        {"words": words, "done": done, "url": list_url(model), "why": why}
        for words, done, model, why in steps
    ]
