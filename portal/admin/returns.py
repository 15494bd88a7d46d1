"""Returns: whose turn it is, what is due and what money is at stake; each on one page, with its verbs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.contrib import admin
from django.contrib.admin import SimpleListFilter, display
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, path
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext, gettext_lazy
from unfold.decorators import action

from archive.models import Document
from integration.models import Expectation, PurchaseOrder, ReturnCase
from integration.search import whole_number
from portal.admin import comments, return_files, return_opening, return_refunds, return_verbs
from portal.admin.base import EmptyState, HistoryAdmin
from portal.admin.evidence import may_make
from portal.admin.filters import PeriodFilter
from portal.admin.return_page import return_context
from portal.admin.return_rows import OURS, THEIRS, TURNS, due_of, return_badge, totals, turn_words, with_money
from portal.admin.show import BAD, badge, link, moment, money
from portal.admin.verbs import person

_UNSEEN = ("order__content", "order__routing", "purchase_order__content")


class OpenedFilter(PeriodFilter):
    """When a return was opened."""

    title = gettext_lazy("Opened")
    field = "opened_at"


class TurnFilter(SimpleListFilter):
    """Whose turn it is."""

    title = gettext_lazy("Turn")
    parameter_name = "turn"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        """Return ours, and the partners'."""
        return [
            (OURS, gettext("Ours")),
            (THEIRS, gettext("The partner's")),
            ("over", gettext("Nobody's: it is over")),
        ]

    def queryset(self, request: HttpRequest, queryset: QuerySet[ReturnCase]) -> QuerySet[ReturnCase]:
        """Keep the returns whose turn it is."""
        if self.value() == "over":
            return queryset.filter(stage__in=ReturnCase.ENDED)
        stages = [stage for stage, (whose, _) in TURNS.items() if whose == self.value()]
        return queryset.filter(stage__in=stages) if self.value() else queryset


class MoneyFilter(SimpleListFilter):
    """Returns by what became of the money."""

    title = gettext_lazy("Money")
    parameter_name = "money"
    _CHOICES = {
        "owed": (gettext_lazy("Owed"), Q(money_owed__gt=0)),
        "overdue": (
            gettext_lazy("Something is overdue"),
            Q(expectations__state=Expectation.State.OVERDUE),
        ),
        "recovered": (gettext_lazy("Recovered"), Q(credited__gt=0)),
        "lost": (gettext_lazy("Lost"), Q(money_lost__gt=0)),
    }

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        """Return what may have become of it."""
        return [(name, str(title)) for name, (title, _) in self._CHOICES.items()]

    def queryset(self, request: HttpRequest, queryset: QuerySet[ReturnCase]) -> QuerySet[ReturnCase]:
        """Keep the returns of which that became."""
        chosen = self._CHOICES.get(str(self.value()))
        return queryset.filter(chosen[1]).distinct() if chosen else queryset


@admin.register(ReturnCase)
class ReturnCaseAdmin(HistoryAdmin):
    """Returns; they are changed by verbs alone."""

    words = (gettext_lazy("return"), gettext_lazy("returns"))
    list_display = (
        "shown_number", "shown_stage", "shown_turn", "shown_due", "shown_order", "shown_partner", "shown_owed",
        "shown_recovered", "shown_lost",
    )  # fmt: skip
    list_filter = ("stage", TurnFilter, MoneyFilter, OpenedFilter, "partner", "source")
    list_select_related = ("order", "purchase_order", "partner")
    search_fields = ("number",)
    search_help_text = gettext_lazy("Return, RMA, tracking or order number")
    ordering = ("-pk",)
    elsewhere = Document
    actions_list = ["import_page"]
    list_before_template = "portal/parts/invoice_totals.html"
    empty = EmptyState(
        gettext_lazy("No returns yet"),
        gettext_lazy(
            "Open one on the page of its order or purchase order, once something of it was shipped, or bring in a file. A refund"
            " in the store proposes one by itself."
        ),
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[ReturnCase]:
        """Add what is owed and lost; leave the orders' content where it is."""
        rows: QuerySet[ReturnCase] = super().get_queryset(request)
        return with_money(rows.select_related("order", "purchase_order", "partner").defer(*_UNSEEN))

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[ReturnCase], search_term: str
    ) -> tuple[QuerySet[ReturnCase], bool]:
        """Find by the order's number, or by how another number begins."""
        term = search_term.strip().removeprefix("#").replace("\x00", "")
        if not term:
            return (queryset.none() if search_term.strip() else queryset), False
        wanted = Q(number__istartswith=term) | Q(rma__istartswith=term) | Q(tracking_number__istartswith=term)
        wanted |= Q(purchase_order__in=PurchaseOrder.objects.filter(number__startswith=term.upper()))
        number = whole_number(term)
        if number is not None:
            wanted |= Q(order__number=number)
        return queryset.filter(wanted), False

    def attach(self, rows: Sequence[Any]) -> None:
        """Attach what is expected next of each."""
        found = due_of(rows)
        for row in rows:
            row.expected = found.get(row.pk)

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Show the list with what it comes to, by currency."""
        response = super().changelist_view(request, extra_context)
        context = getattr(response, "context_data", None)
        if context is not None and "cl" in context:
            context["cl"].totals = totals(context["cl"].queryset)
        return response

    def get_urls(self) -> list[URLPattern]:
        """Add the verbs, files, papers and money of a return, and the page that opens one."""
        pages = {
            "<int:object_id>/verb/<str:name>/": ("verb", return_verbs.verb_page),
            "<int:object_id>/files/add/": ("add_file", return_files.add_page),
            "<int:object_id>/files/<int:file_id>/": ("file", return_files.download_page),
            "<int:object_id>/files/<int:file_id>/small/": ("small_file", return_files.small_page),
            "<int:object_id>/files/<int:file_id>/withdraw/": ("withdraw_file", return_files.withdraw_page),
            "<int:object_id>/claim-form/": ("claim_form", return_files.claim_page),
            "<int:object_id>/claim-form/<str:paper>.pdf": ("claim_form_pdf", return_files.claim_pdf),
            "<int:object_id>/refund/": ("refund", return_refunds.refund_page),
            "<int:object_id>/restock/": ("restock", return_refunds.restock_page),
        }
        own = [
            path(
                route,
                self.admin_site.admin_view(self._found(view)),
                name=f"integration_returncase_{name}",
            )
            for route, (name, view) in pages.items()
        ]
        opening = path(
            "open/<int:purchase_order_id>/",
            self.admin_site.admin_view(self.open_page),
            name="integration_returncase_open",
        )
        return [*own, opening, comments.comment_path(self), *super().get_urls()]

    def _found(self, view: Any) -> Any:
        def page(request: HttpRequest, object_id: int, **more: Any) -> HttpResponse:
            case = self.find(request, str(object_id))
            if case is None:
                return self.missing(request, str(object_id))
            answer: HttpResponse = view(self, request, case, **more)
            return answer

        return page

    def show(self, request: HttpRequest, row: Any) -> HttpResponse:
        """Show the return's page."""
        context = return_context(row, person(request), timezone.now()) | comments.box(request, row)
        context["may_prove"] = may_make(request)
        return self.page(request, row, "portal/return.html", context)

    def open_page(self, request: HttpRequest, purchase_order_id: int) -> HttpResponse:
        """Open a return of a purchase order."""
        return return_opening.open_page(self, request, purchase_order_id)

    def has_decide_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        """Say whether the user may open returns."""
        return return_opening.may_open(person(request))

    @action(
        description=gettext_lazy("Open from a file (CSV)…"),
        url_path="import",
        icon="upload",
        permissions=["decide"],
    )  # type: ignore[untyped-decorator]
    def import_page(self, request: HttpRequest) -> HttpResponse:
        """Show what a file would open; open it once that was seen, with a reason."""
        return return_opening.import_page(self, request)

    @display(description=gettext_lazy("Return"), ordering="pk")
    def shown_number(self, case: ReturnCase) -> SafeString:
        """Return its number, and the RMA beneath."""
        if not case.rma:
            return format_html("{}", case.number)
        return format_html('{}<small class="gp-id">RMA {}</small>', case.number, case.rma)

    @display(description=gettext_lazy("Stage"), ordering="stage")
    def shown_stage(self, case: ReturnCase) -> SafeString:
        """Return how far it is."""
        return return_badge(case)

    @display(description=gettext_lazy("Turn"))
    def shown_turn(self, case: ReturnCase) -> str:
        """Return whose turn it is."""
        return turn_words(case)

    @display(description=gettext_lazy("Due"))
    def shown_due(self, case: Any) -> SafeString | str:
        """Return by when the next thing is due; that it is overdue where it is."""
        expected: Expectation | None = case.expected
        if expected is None:
            return ""
        if expected.due_at <= timezone.now():
            return format_html(
                '{}<small class="gp-under">{}</small>',
                badge(gettext("Overdue"), BAD),
                moment(expected.due_at),
            )
        return moment(expected.due_at)

    @display(description=gettext_lazy("Order"), ordering="order__number")
    def shown_order(self, case: ReturnCase) -> SafeString:
        """Return the order as a link, and the purchase order beneath."""
        return format_html(
            "{}<small>{}</small>",
            link(case.order, case.order.number),
            link(case.purchase_order, case.purchase_order.number),
        )

    @display(description=gettext_lazy("Partner"), ordering="partner")
    def shown_partner(self, case: ReturnCase) -> str:
        """Return who is to take it back."""
        return str(case.partner)

    @display(description=gettext_lazy("Owed"), ordering="money_owed")
    def shown_owed(self, case: Any) -> str:
        """Return what the partner owes yet."""
        return money(case.money_owed, case.currency) if case.money_owed else ""

    @display(description=gettext_lazy("Recovered"), ordering="credited")
    def shown_recovered(self, case: ReturnCase) -> str:
        """Return what he gave back."""
        return money(case.credited, case.currency) if case.credited else ""

    @display(description=gettext_lazy("Lost"), ordering="money_lost")
    def shown_lost(self, case: Any) -> str:
        """Return what never came."""
        return money(case.money_lost, case.currency) if case.money_lost else ""
