"""Exception cases: open first, each with its sentence, its evidence and what can be done about it."""

from __future__ import annotations

import copy
from datetime import datetime
from typing import Any

from django import forms
from django.contrib import admin
from django.contrib.admin import display
from django.contrib.admin.options import IncorrectLookupParameters
from django.contrib.auth.models import User
from django.db.models import F, Q, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseBadRequest, HttpResponseRedirect, QueryDict
from django.shortcuts import render
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext, gettext_lazy, ngettext
from django.views.decorators.http import require_POST
from unfold.decorators import action

from integration.flows import case_work, decide
from integration.flows.decide import Refused
from integration.flows.undo import undo
from integration.models import ExceptionCase
from integration.search import whole_number
from portal.admin import cases_many, comments, decisions
from portal.admin.base import EmptyState, FilterChoice, HistoryAdmin
from portal.admin.case_page import case_context, desk_context
from portal.admin.decisions import decision_page
from portal.admin.filters import AtStakeFilter, CaseFilter
from portal.admin.orders import named_by
from portal.admin.scorecard_filter import OpenedFilter
from portal.admin.show import age, case_badge, link, moment, money, page_url
from portal.admin.verbs import person, require, run

MOST_COUNTED = 1000


@admin.register(ExceptionCase)
class CaseAdmin(HistoryAdmin):
    """Cases; they are changed by verbs alone."""

    words = (gettext_lazy("case"), gettext_lazy("cases"))
    list_display = (
        "shown_sentence", "shown_state", "shown_order", "shown_partner", "shown_money", "shown_owner", "shown_age",
    )  # fmt: skip
    list_filter = (CaseFilter, "kind", "partner", "store", AtStakeFilter, OpenedFilter)
    list_before_template = "portal/parts/case_tabs.html"
    # No column: ``get_ordering`` has the word, and no single column is what the list is sorted by.
    ordering = ("pk",)
    actions = ("take_chosen", "assign_chosen", "snooze_chosen")
    list_select_related = ("order", "partner", "owner")
    search_fields = ("sentence",)
    search_help_text = gettext_lazy("Order, purchase order or words")
    empty = EmptyState(
        gettext_lazy("No open cases"),
        gettext_lazy(
            "Nothing needs a person right now. A case opens by itself when something does not match or cannot go on."
        ),
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[ExceptionCase]:
        """Put open cases first, the ones due soonest at the top; the orders' content stays where it is."""
        rows: QuerySet[ExceptionCase] = super().get_queryset(request)
        return rows.defer("order__content")

    def get_ordering(self, request: HttpRequest) -> list[Any]:
        """Return open before closed, then what is due first, then the most money at stake, then the oldest."""
        return [
            F("closed_at").desc(nulls_first=True),
            F("due_at").asc(nulls_last=True),
            F("money").desc(nulls_last=True),
            "opened_at",
            "pk",
        ]

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Show the list beneath its tabs."""
        response = super().changelist_view(request, extra_context)
        context = getattr(response, "context_data", None)
        if context is not None and "filter_menus" in context:
            tabs = context["filter_menus"].pop(0)
            context["case_tabs"] = self._tabs(request, tabs.choices)
        return response

    def _tabs(self, request: HttpRequest, choices: list[FilterChoice]) -> list[dict[str, Any]]:
        """Return the tabs with how many cases stand under each that people empty, counted no further than a limit."""
        opened = self.get_queryset(request).filter(closed_at=None)
        put_off = Q(snoozed_until__gt=timezone.now())
        rows = {
            "Mine": opened.exclude(put_off).filter(owner=person(request)),
            "Unassigned": opened.exclude(put_off).filter(owner=None),
            "Waiting": opened.filter(put_off),
            "All open": opened,
        }
        counts = {words: each.order_by()[: MOST_COUNTED + 1].count() for words, each in rows.items()}
        return [
            {
                "words": each.words,
                "query": each.query,
                "chosen": each.chosen,
                "count": _counted(counts.get(each.words, 0)),
            }
            for each in choices
        ]

    @action(description=gettext_lazy("Assign to me"), permissions=["decide"])  # type: ignore[untyped-decorator]
    def take_chosen(self, request: HttpRequest, chosen: QuerySet[ExceptionCase]) -> HttpResponse:
        """Give the chosen cases to whoever asks."""
        user = person(request)
        cases = list(chosen.order_by("pk")[: cases_many.MOST])
        words = ngettext("one case", "%(count)s cases", len(cases)) % {"count": len(cases)}
        run(
            request,
            lambda: case_work.assign(user, cases, user),
            gettext("Yours: %(words)s.") % {"words": words},
        )
        return HttpResponseRedirect(request.get_full_path())

    @action(description=gettext_lazy("Assign…"), permissions=["decide"])  # type: ignore[untyped-decorator]
    def assign_chosen(self, request: HttpRequest, chosen: QuerySet[ExceptionCase]) -> HttpResponse:
        """Go to the page that gives the chosen cases to somebody."""
        return self._to_many(request, "assign", chosen)

    @action(description=gettext_lazy("Put off…"), permissions=["decide"])  # type: ignore[untyped-decorator]
    def snooze_chosen(self, request: HttpRequest, chosen: QuerySet[ExceptionCase]) -> HttpResponse:
        """Go to the page that puts the chosen cases off."""
        return self._to_many(request, "snooze", chosen)

    def _to_many(self, request: HttpRequest, what: str, chosen: QuerySet[ExceptionCase]) -> HttpResponse:
        keep = QueryDict(mutable=True)
        keep["_changelist_filters"] = request.GET.urlencode()
        return HttpResponseRedirect(f"{cases_many.address_for(what, chosen)}&{keep.urlencode()}")

    def has_decide_permission(self, request: HttpRequest) -> bool:
        """Say whether the user may decide cases."""
        return person(request).has_perm(decide.DECIDE)

    def many(self, request: HttpRequest, what: str) -> HttpResponse:
        """Do one thing to many cases."""
        return cases_many.many_page(self, request, what)

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[ExceptionCase], search_term: str
    ) -> tuple[QuerySet[ExceptionCase], bool]:
        """Find by order number, purchase order number or words."""
        term = search_term.strip()
        if not term:
            return queryset, False
        number = whole_number(term)
        # A number is looked for as a whole: 1042 is not in “order 10420”.
        words = Q(sentence__icontains=term) if number is None else Q(sentence__regex=rf"\y{number}\y")
        return queryset.filter(words | named_by(term.removeprefix("#").upper(), "order__")), False

    def get_urls(self) -> list[URLPattern]:
        """Add the verbs."""
        view = self.admin_site.admin_view(require_POST(self.decide))
        page = self.admin_site.admin_view(self.decision)
        own = [
            path("<int:object_id>/decide/", view, name="integration_exceptioncase_decide"),
            path("<int:object_id>/decide/<str:name>/", page, name="integration_exceptioncase_decision"),
            path(
                "<int:object_id>/looking/",
                self.admin_site.admin_view(require_POST(self.looking)),
                name="integration_exceptioncase_looking",
            ),
            path(
                "many/<str:what>/",
                self.admin_site.admin_view(self.many),
                name="integration_exceptioncase_many",
            ),
            comments.comment_path(self),
        ]
        return own + list(super().get_urls())

    def show(self, request: HttpRequest, row: Any) -> HttpResponse:
        """Show the case's page."""
        case = ExceptionCase.objects.select_related(
            "store",
            "order__store",
            "purchase_order__agreement",
            "purchase_order__order",
            "return_case",
            "partner",
            "mailbox",
            "document__state",
            "transmission",
            "owner",
        ).get(pk=row.pk)
        user = person(request)
        context = {
            **case_context(case),
            **desk_context(case, user),
            **comments.box(request, case),
            "next": self._next(request, case),
        }
        return self.page(request, case, "portal/case.html", context)

    def _next(self, request: HttpRequest, case: ExceptionCase) -> dict[str, Any] | None:
        """Return the case that comes after ``case`` in the list as somebody left it, and how many stand there."""
        asked = copy.copy(request)
        asked.GET = QueryDict(request.GET.get("_changelist_filters", ""))
        try:
            listed = self.get_changelist_instance(asked).get_queryset(asked)
        except IncorrectLookupParameters:
            return None
        pks = list(listed.values_list("pk", flat=True)[:MOST_COUNTED])
        place = pks.index(case.pk) if case.pk in pks else -1
        others = [*pks[place + 1 :], *pks[: max(place, 0)]]
        if not others:
            return None
        return {
            "url": reverse("admin:integration_exceptioncase_change", args=[others[0]]),
            "count": len(others),
        }

    def looking(self, request: HttpRequest, object_id: int) -> HttpResponse:
        """Take note that somebody still looks at a case; answer with who else does, and whether it has changed."""
        user = require(request, decide.DECIDE)
        case = self.find(request, str(object_id))
        if case is None:
            return HttpResponse(status=404)
        context = {
            "looking": case_work.look(user, case),
            "version": case.version,
            "shown_version": request.GET.get("version", ""),
        }
        return render(request, "portal/parts/looking.html", context)

    def decision(self, request: HttpRequest, object_id: int, name: str) -> HttpResponse:
        """Show what a decision would do, and do it."""
        case = self.find(request, str(object_id))
        if case is None:
            return self.missing(request, str(object_id))
        return decision_page(self, request, case, name)

    def decide(self, request: HttpRequest, object_id: int) -> HttpResponse:
        """Do one verb to one case and show it again."""
        user = require(request, decide.DECIDE)
        case = self.find(request, str(object_id))
        if case is None:
            return self.missing(request, str(object_id))
        given = request.POST
        reason, seen = given.get("reason", ""), given.get("seen", "")
        verbs = {
            "settle": (lambda: decide.settle_case(user, case, reason, seen), gettext("The case is settled.")),
            "retry": (lambda: decide.retry_case(user, case, reason, seen), gettext("It is tried again now.")),
            "take": (lambda: case_work.assign(user, [case], user, seen), gettext("The case is yours.")),
            "give_back": (
                lambda: case_work.assign(user, [case], None, seen),
                gettext("The case is nobody's again."),
            ),
            "assign": (
                lambda: case_work.assign(user, [case], _owner(given), seen),
                gettext("The case is assigned."),
            ),
            "snooze": (
                lambda: case_work.snooze(user, [case], _until(given), reason, seen),
                gettext("The case is put off."),
            ),
            "wake": (lambda: case_work.stop_waiting(user, case, seen), gettext("The case waits no more.")),
            "undo": (lambda: undo(user, case), gettext("Undone: the case is open again.")),
        }
        chosen = verbs.get(given.get("verb", ""))
        if chosen is None:
            return HttpResponseBadRequest(gettext("There is no such verb."))
        run(request, *chosen)
        return HttpResponseRedirect(page_url(case) + decisions.kept(request))

    @display(description=gettext_lazy("Case"))
    def shown_sentence(self, case: ExceptionCase) -> SafeString:
        """Return the kind, and the sentence beneath."""
        return format_html('<small class="gp-over">{}</small>{}', case.get_kind_display(), case.sentence)

    @display(description=gettext_lazy("State"), ordering="closed_at")
    def shown_state(self, case: ExceptionCase) -> SafeString:
        """Return open, past due or closed, and until when it has to be settled."""
        badge = case_badge(case)
        if case.is_put_off(timezone.now()):
            return format_html(
                '{}<small class="gp-under">{}</small>',
                badge,
                format_html(gettext("until {}"), moment(case.snoozed_until)),
            )
        if case.due_at is None or case.closed_at is not None:
            return badge
        return format_html(
            '{}<small class="gp-under">{}</small>', badge, format_html(gettext("due {}"), moment(case.due_at))
        )

    @display(description=gettext_lazy("Order"), ordering="order__number")
    def shown_order(self, case: ExceptionCase) -> str:
        """Return the order as a link."""
        return link(case.order)

    @display(description=gettext_lazy("At stake"), ordering="money")
    def shown_money(self, case: ExceptionCase) -> str:
        """Return the amount with its currency."""
        return money(case.money, case.currency)

    @display(description=gettext_lazy("Partner"), ordering="partner")
    def shown_partner(self, case: ExceptionCase) -> str:
        """Return whom it is about."""
        return str(case.partner or "")

    @display(description=gettext_lazy("Owner"), ordering="owner")
    def shown_owner(self, case: ExceptionCase) -> str:
        """Return who looks after it."""
        return case.owner.get_username() if case.owner else gettext("Nobody")

    @display(description=gettext_lazy("Age"), ordering="opened_at")
    def shown_age(self, case: ExceptionCase) -> str:
        """Return how long it is open, or was."""
        return age(case.opened_at, case.closed_at or timezone.now())


def _counted(count: int) -> str:
    return f"{MOST_COUNTED:,}+" if count > MOST_COUNTED else str(count or "")


def _owner(given: QueryDict) -> User:
    """Return whom a case is assigned to."""
    pk = given.get("owner", "")
    found = (
        User.objects.filter(pk=int(pk)).first() if pk.isascii() and pk.isdigit() and len(pk) < 19 else None
    )
    if found is None:
        raise Refused(gettext("Choose who is to look after the case."))
    return found


def _until(given: QueryDict) -> datetime:
    """Return until when a case is put off."""
    try:
        until = forms.DateTimeField().clean(given.get("until", ""))
    except forms.ValidationError:
        raise Refused(gettext("Say until when to put it off, as a day and a time.")) from None
    assert isinstance(until, datetime)
    return until
