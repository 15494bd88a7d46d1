"""Invoices and credit memos with their proof; the rules and series by which they are made."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.contrib import admin
from django.contrib.admin import SimpleListFilter, display
from django.db.models import QuerySet, Sum
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.safestring import SafeString
from django.utils.translation import gettext, gettext_lazy

from integration.flows import invoice_rules
from integration.flows.translations import Changed
from integration.matching.invoicing.numbers import numbered
from integration.models import Invoice, InvoiceRule, InvoiceSeries
from portal.access import seen
from portal.admin.base import EmptyState
from portal.admin.filters import PeriodFilter
from portal.admin.forms import ReasonedForm
from portal.admin.invoice_page import exact_money, invoice_badge, invoice_context
from portal.admin.invoice_paper import PrintedInvoices, paper_context
from portal.admin.paging import COUNT_LIMIT
from portal.admin.reasoned import ReasonedAdmin
from portal.admin.routing_forms import NumberListField
from portal.admin.show import GOOD, QUIET, badge, link, moment
from portal.admin.verbs import person

MOST_CURRENCIES = 20


class CurrencyFilter(SimpleListFilter):
    """Invoices by currency; no filter where there is one alone."""

    title = gettext_lazy("Currency")
    parameter_name = "currency"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        """Return the currencies that there are, each found behind the one before: to list all would read all invoices."""
        codes: list[str] = []
        while len(codes) < MOST_CURRENCIES:
            behind = seen(Invoice.objects.filter(currency__gt=codes[-1] if codes else ""))
            code = behind.order_by("currency").values_list("currency", flat=True).first()
            if code is None:
                break
            codes.append(code)
        return [(code, code) for code in codes] if len(codes) > 1 else []

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """Keep one currency."""
        return queryset.filter(currency=self.value()) if self.value() else queryset


class MadeFilter(PeriodFilter):
    """When an invoice was composed."""

    title = gettext_lazy("Made")
    field = "created_at"


@admin.register(Invoice)
class InvoiceAdmin(PrintedInvoices):
    """What we invoiced, or mean to."""

    list_display = (
        "shown_number", "kind", "shown_state", "shown_order", "shown_about", "shown_total", "series", "shown_made",
    )  # fmt: skip
    list_filter = ("state", "kind", "series", CurrencyFilter, MadeFilter)
    list_select_related = ("order", "series")
    search_fields = ("number",)
    search_help_text = gettext_lazy("How an invoice's number begins, or the number of an order")
    ordering = ("-pk",)
    list_before_template = "portal/parts/invoice_totals.html"
    empty = EmptyState(
        gettext_lazy("No invoices yet"),
        gettext_lazy(
            "They are made by themselves, by the invoice rules: once an order is shipped or completed, and for each refund."
        ),
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[Invoice]:
        """Leave the documents where they are: the page shows them."""
        rows: QuerySet[Invoice] = super().get_queryset(request)
        return rows.defer("content", "proof", "order__content")

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Invoice], search_term: str
    ) -> tuple[QuerySet[Invoice], bool]:
        """Find by how the number begins, or by the order."""
        term = search_term.strip().removeprefix("#")
        if not term:
            return queryset, False
        found = queryset.filter(number__istartswith=term)
        if term.isascii() and term.isdigit() and len(term) < 19:
            found = found | queryset.filter(order__number=int(term))
        return found, False

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Show the list with what it comes to, by currency."""
        response = super().changelist_view(request, extra_context)
        context = getattr(response, "context_data", None)
        if context is not None and "cl" in context:
            context["cl"].totals = _totals(context["cl"])
        return response

    def show(self, request: HttpRequest, row: Any) -> HttpResponse:
        """Show the invoice's page."""
        return self.page(
            request,
            row,
            "portal/invoice.html",
            {**invoice_context(row), **paper_context(row, person(request))},
        )

    @display(description=gettext_lazy("Number"), ordering="number")
    def shown_number(self, invoice: Invoice) -> str:
        """Return the number, or that it has none."""
        return invoice.number or gettext("none yet")

    @display(description=gettext_lazy("State"), ordering="state")
    def shown_state(self, invoice: Invoice) -> SafeString:
        """Return the state."""
        return invoice_badge(invoice)

    @display(description=gettext_lazy("Order"), ordering="order__number")
    def shown_order(self, invoice: Invoice) -> str:
        """Return the order as a link."""
        return link(invoice.order)

    @display(description=gettext_lazy("For"))
    def shown_about(self, invoice: Invoice) -> str:
        """Return what of the order it is for."""
        return invoice.about_words

    @display(description=gettext_lazy("Total"), ordering="total")
    def shown_total(self, invoice: Invoice) -> str:
        """Return the total."""
        return exact_money(invoice.total, invoice.currency)

    @display(description=gettext_lazy("Made"), ordering="created_at")
    def shown_made(self, invoice: Invoice) -> str:
        """Return when it was composed."""
        return moment(invoice.created_at)


def _totals(shown: Any) -> str:
    """Return what the numbered ones of the list come to, credit memos apart; nothing where it is too long to be counted."""
    if shown.result_count > COUNT_LIMIT:
        return ""
    found = (
        shown.queryset.filter(state=Invoice.State.GENERATED)
        .order_by("-kind", "currency")
        .values_list("kind", "currency")
        .annotate(sum=Sum("total"))
    )
    words = {Invoice.Kind.INVOICE: "invoiced", Invoice.Kind.CREDIT_MEMO: "credited"}
    return ", ".join(
        f"{exact_money(total, currency)} {words[Invoice.Kind(kind)]}" for kind, currency, total in found
    )


class InvoicingAdmin(ReasonedAdmin):
    """The base of rules and series: changed by the verb of invoicing."""

    def carry_out(
        self, request: HttpRequest, reason: str, saved: Iterable[Any], removed: Iterable[Any]
    ) -> Changed:
        """Save and remove by the verb."""
        return invoice_rules.change(person(request), reason, saved, removed)

    def recorded_as(self, row: Any) -> str:
        """Return the subject under which the changes of ``row`` are recorded."""
        return invoice_rules.subject_of(row)


class InvoiceRuleForm(ReasonedForm):
    """An invoice rule."""

    problems = staticmethod(invoice_rules.rule_problems)
    channels = NumberListField(help_text=gettext_lazy("The store's numbers of its channels; empty: all."))
    customers = NumberListField(help_text=gettext_lazy("The store's numbers of customers; empty: all."))

    class Meta:
        model = InvoiceRule
        fields = ()

    def _get_validation_exclusions(self) -> set[str]:
        """Leave the table's own constraint out: ``rule_problems`` says the same by field, in words."""
        return {*super()._get_validation_exclusions(), "file_format"}  # type: ignore[misc]


@admin.register(InvoiceRule)
class InvoiceRuleAdmin(InvoicingAdmin):
    """When which orders are invoiced, and to whom."""

    form = InvoiceRuleForm
    list_display = ("name", "shown_active", "when", "shown_store", "shown_target", "shown_series")
    list_filter = ("is_active", "when", "store", "series")
    list_select_related = ("store", "series", "agreement__partner", "mailbox")
    search_fields = ("name",)
    search_help_text = gettext_lazy("Rule")
    used_by = ("copies",)
    fieldsets = (
        (None, {"fields": (("name", "is_active"), ("when", "series", "credit_series"))}),
        (gettext_lazy("Orders that it is for: all of this holds"), {"fields": (
            ("store", "orders_from"), ("channels", "customers"), "business_only",
        )}),
        (gettext_lazy("Who gets the invoice"), {"fields": ("agreement", ("mailbox", "file_format"))}),
    )  # fmt: skip
    empty = EmptyState(
        gettext_lazy("No invoice rules yet"),
        gettext_lazy(
            "Without a rule, nothing is invoiced. Add a series of numbers first, then a rule that says when, and to whom."
        ),
    )

    @display(description=gettext_lazy("State"), ordering="is_active")
    def shown_active(self, rule: InvoiceRule) -> SafeString:
        """Return whether it is in force."""
        return badge(gettext("Active"), GOOD) if rule.is_active else badge(gettext("Off"), QUIET)

    @display(description=gettext_lazy("Store"), ordering="store")
    def shown_store(self, rule: InvoiceRule) -> str:
        """Return the store as a link."""
        return link(rule.store) if rule.store else gettext("Every store")

    @display(description=gettext_lazy("To"))
    def shown_target(self, rule: InvoiceRule) -> str:
        """Return who gets the invoices."""
        return rule.target

    @display(description=gettext_lazy("Series"), ordering="series")
    def shown_series(self, rule: InvoiceRule) -> str:
        """Return the series as a link."""
        return link(rule.series)


class InvoiceSeriesForm(ReasonedForm):
    """A series."""

    problems = staticmethod(invoice_rules.series_problems)

    class Meta:
        model = InvoiceSeries
        fields = ()


@admin.register(InvoiceSeries)
class InvoiceSeriesAdmin(InvoicingAdmin):
    """Series of invoice numbers."""

    form = InvoiceSeriesForm
    list_display = ("name", "pattern", "shown_next")
    search_fields = ("name",)
    search_help_text = gettext_lazy("Series")
    used_by = ("invoices", "rules", "credit_rules")
    fields = ("name", ("pattern", "next_number"))
    empty = EmptyState(
        gettext_lazy("No invoice series yet"),
        gettext_lazy("Add one: the invoices of a rule are numbered by it, without a gap."),
    )

    @display(description=gettext_lazy("Next number"))
    def shown_next(self, series: InvoiceSeries) -> str:
        """Return the number that the next invoice gets this year."""
        return numbered(series.pattern, timezone.localtime().year, series.next_number)
