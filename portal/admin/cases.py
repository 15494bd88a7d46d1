"""Exception cases: open first, each with its sentence, its evidence and what can be done about it."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.contrib.admin import display
from django.db.models import F, Q, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseBadRequest, HttpResponseRedirect
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.views.decorators.http import require_POST

from integration.flows import decide
from integration.flows.cases import channel_of
from integration.flows.channels import trouble_of
from integration.flows.missing import missing_of, waiting_for
from integration.models import ExceptionCase
from portal.admin import decisions
from portal.admin.base import EmptyState, HistoryAdmin
from portal.admin.decisions import decision_page
from portal.admin.documents_table import document_words
from portal.admin.filters import CaseFilter
from portal.admin.mails import mail_link
from portal.admin.orders import named_by, whole_number
from portal.admin.record_words import label
from portal.admin.show import age, case_badge, link, moment, money, page_url
from portal.admin.subjects import resolve_work, step_words
from portal.admin.supplier_invoice_page import invoice_link
from portal.admin.timeline import timeline
from portal.admin.verbs import person, require, run

MOST_WAITING = 20
# In the order of the columns: the database keeps its own order of a row's names.
_EVIDENCE_LABELS = {
    "line": "Line",
    "sku": "SKU",
    "what": "What",
    "asked": "We asked",
    "answered": "They answered",
    "money": "Money",
    "told": "They were told",
    "in the store": "In the store",
}


@admin.register(ExceptionCase)
class CaseAdmin(HistoryAdmin):
    """Cases; they are changed by verbs alone."""

    words = ("case", "cases")
    list_display = (
        "shown_sentence", "shown_state", "shown_order", "shown_partner", "shown_money", "shown_owner", "shown_age",
    )  # fmt: skip
    list_filter = (CaseFilter, "kind", "partner", "store")
    list_select_related = ("order", "partner", "owner")
    search_fields = ("sentence",)
    search_help_text = "Order, purchase order or words"
    empty = EmptyState(
        "No open cases",
        "Nothing needs a person right now. A case opens by itself when something does not match or cannot go on.",
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[ExceptionCase]:
        """Put open cases first, the ones due soonest at the top; the orders' content stays where it is."""
        rows: QuerySet[ExceptionCase] = super().get_queryset(request)
        return rows.defer("order__content")

    def get_ordering(self, request: HttpRequest) -> list[Any]:
        """Return open before closed, then what is due first, then the oldest."""
        return [F("closed_at").desc(nulls_first=True), F("due_at").asc(nulls_last=True), "opened_at", "pk"]

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
        ]
        return own + list(super().get_urls())

    def show(self, request: HttpRequest, row: Any) -> HttpResponse:
        """Show the case's page."""
        user = person(request)
        case = ExceptionCase.objects.select_related(
            "store",
            "order",
            "purchase_order",
            "partner",
            "mailbox",
            "document__state",
            "transmission",
            "owner",
        ).get(pk=row.pk)
        steps = decide.steps_to_retry(case) if case.closed_at is None else []
        work = decide.work_behind(case)
        context = {
            "case": case,
            "title": f"Case {case.pk}: {case.get_kind_display().lower()}",
            "badge": case_badge(case),
            "age": age(case.opened_at, case.closed_at),
            "money": money(case.money, case.currency),
            "evidence": _evidence(case.evidence),
            "is_open": case.closed_at is None,
            "may_decide": user.has_perm(decide.DECIDE),
            "is_mine": case.owner_id == user.pk,
            "retry_words": [step_words(step.name) for step in steps],
            "document_words": document_words(case.document) if case.document else "",
            "work": work,
            "mail_link": mail_link(case.cause),
            "invoice_link": invoice_link(case),
            "trouble": trouble_of(channel_of(case)) if case.closed_at is None else None,
            "work_words": step_words(work.step) if work is not None else "",
            "work_about": resolve_work([work])[work.pk] if work is not None else None,
            "decisions": decisions.links(case),
            "waiting": _waiting(case),
            "decide_url": reverse("admin:integration_exceptioncase_decide", args=[case.pk]),
            "timeline": timeline(case.subject),
        }
        return self.page(request, case, "portal/case.html", context)

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
        reason = request.POST.get("reason", "")
        verbs = {
            "settle": (lambda: decide.settle_case(user, case, reason), "The case is settled."),
            "retry": (lambda: decide.retry_case(user, case, reason), "It is tried again now."),
            "take": (lambda: decide.own_case(user, case, user), "The case is yours."),
            "give_back": (lambda: decide.own_case(user, case, None), "The case is nobody's again."),
        }
        chosen = verbs.get(request.POST.get("verb", ""))
        if chosen is None:
            return HttpResponseBadRequest("There is no such verb.")
        run(request, *chosen)
        return HttpResponseRedirect(page_url(case))

    @display(description="Case")
    def shown_sentence(self, case: ExceptionCase) -> SafeString:
        """Return the kind, and the sentence beneath."""
        return format_html('<small class="gp-over">{}</small>{}', case.get_kind_display(), case.sentence)

    @display(description="State", ordering="closed_at")
    def shown_state(self, case: ExceptionCase) -> SafeString:
        """Return open, past due or closed, and until when it has to be settled."""
        badge = case_badge(case)
        if case.due_at is None or case.closed_at is not None:
            return badge
        return format_html('{}<small class="gp-under">due {}</small>', badge, moment(case.due_at))

    @display(description="Order", ordering="order__number")
    def shown_order(self, case: ExceptionCase) -> str:
        """Return the order as a link."""
        return link(case.order)

    @display(description="At stake", ordering="money")
    def shown_money(self, case: ExceptionCase) -> str:
        """Return the amount with its currency."""
        return money(case.money, case.currency)

    @display(description="Partner", ordering="partner")
    def shown_partner(self, case: ExceptionCase) -> str:
        """Return whom it is about."""
        return str(case.partner or "")

    @display(description="Owner", ordering="owner")
    def shown_owner(self, case: ExceptionCase) -> str:
        """Return who looks after it."""
        return case.owner.get_username() if case.owner else "Nobody"

    @display(description="Age", ordering="opened_at")
    def shown_age(self, case: ExceptionCase) -> str:
        """Return how long it is open, or was."""
        return age(case.opened_at, case.closed_at or timezone.now())


def _waiting(case: ExceptionCase) -> dict[str, Any] | None:
    """Return how many documents wait for the translation that a case is about, and the first of them as links."""
    missing = missing_of(case)
    if missing is None:
        return None
    rows = waiting_for(missing)
    first = [
        link(row.purchase_order.order, str(row.purchase_order))
        if row.purchase_order is not None
        else link(row.document, document_words(row.document) if row.document else "")
        for row in rows[:MOST_WAITING]
    ]
    orders, count = rows.exclude(purchase_order=None).count(), rows.count()
    return {"orders": orders, "received": count - orders, "first": first, "more": count - len(first)}


def _evidence(rows: list[Any]) -> dict[str, Any] | None:
    """Return the evidence as a table: one column for each name that any row has."""
    dictionaries = [row for row in rows if isinstance(row, dict)]
    names = list(dict.fromkeys(name for row in dictionaries for name in row))
    names = [name for name in names if any(row.get(name) not in (None, "") for row in dictionaries)]
    known = list(_EVIDENCE_LABELS)
    names.sort(key=lambda name: known.index(name) if name in known else len(known))
    if not names:
        return None
    return {
        "title": _evidence_title(names),
        "labels": [_EVIDENCE_LABELS.get(name) or label(name) for name in names],
        "rows": [[_evidence_words(row.get(name)) for name in names] for row in dictionaries],
    }


def _evidence_title(names: list[str]) -> str:
    if "told" in names:
        return "What was told, and what the store holds"
    if "part" in names:
        return "What adds up to what"
    return "What was asked, and what was said" if "asked" in names else "What was said"


def _evidence_words(value: Any) -> str:
    words = "" if value is None else str(value)
    return words if "_" in words else words[:1].upper() + words[1:]  # a field of the store is named as it is
