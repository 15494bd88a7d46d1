"""Suppliers' invoices: found by number, each on one page with what it is held against."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.contrib.admin import display
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy

from archive.models import Document
from integration.models import SupplierInvoice
from portal.admin.base import EmptyState, HistoryAdmin
from portal.admin.show import day, money
from portal.admin.supplier_invoice_page import bill_badge, signed, supplier_invoice_context


@admin.register(SupplierInvoice)
class SupplierInvoiceAdmin(HistoryAdmin):
    """What suppliers bill and credit; decided about on the cases."""

    words = (gettext_lazy("supplier invoice"), gettext_lazy("supplier invoices"))
    list_display = (
        "shown_number", "shown_state", "shown_partner", "shown_date", "shown_total", "shown_stake", "shown_approved",
    )  # fmt: skip
    list_filter = ("state", "partner", "is_credit")
    list_select_related = ("partner",)
    search_fields = ("number",)
    search_help_text = gettext_lazy("How a supplier's number, or that of a purchase order, begins")
    ordering = ("-pk",)
    elsewhere = Document
    empty = EmptyState(
        gettext_lazy("No supplier invoices yet"),
        gettext_lazy(
            "They appear by themselves when a partner sends one (810), where the agreement lists the 810 as received. Each is"
            " held against what was ordered, promised and shipped."
        ),
    )

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[SupplierInvoice], search_term: str
    ) -> tuple[QuerySet[SupplierInvoice], bool]:
        """Find by how its own number, or the number of a purchase order in it, begins."""
        term = search_term.strip()
        if not term:
            return queryset, False
        of_orders = SupplierInvoice.objects.filter(parts__purchase_order__number__startswith=term.upper())
        own = SupplierInvoice.objects.filter(number__istartswith=term)
        return queryset.filter(pk__in=own.values("pk").union(of_orders.values("pk"))), False

    def show(self, request: HttpRequest, row: Any) -> HttpResponse:
        """Show the invoice's page."""
        bill = SupplierInvoice.objects.select_related(
            "partner", "document__interchange", "document__state", "document__translation", "document__agreement"
        ).get(pk=row.pk)  # fmt: skip
        return self.page(request, bill, "portal/supplier_invoice.html", supplier_invoice_context(bill))

    @display(description=gettext_lazy("Number"), ordering="number")
    def shown_number(self, bill: SupplierInvoice) -> str:
        """Return what it is and its number."""
        return str(bill)

    @display(description=gettext_lazy("State"), ordering="state")
    def shown_state(self, bill: SupplierInvoice) -> SafeString:
        """Return the state."""
        return bill_badge(bill)

    @display(description=gettext_lazy("Partner"), ordering="partner")
    def shown_partner(self, bill: SupplierInvoice) -> str:
        """Return the partner."""
        return str(bill.partner)

    @display(description=gettext_lazy("Date"), ordering="invoice_date")
    def shown_date(self, bill: SupplierInvoice) -> str:
        """Return the date that it bears."""
        return day(bill.invoice_date)

    @display(description=gettext_lazy("Total"), ordering="total")
    def shown_total(self, bill: SupplierInvoice) -> str:
        """Return what it asks for; of a credit memo below zero."""
        return signed(bill, bill.total)

    @display(description=gettext_lazy("Money at stake"), ordering="money_at_stake")
    def shown_stake(self, bill: SupplierInvoice) -> str:
        """Return how much of it was not agreed."""
        return money(bill.money_at_stake, bill.currency) if bill.money_at_stake else ""

    @display(description=gettext_lazy("Approved"), ordering="approved")
    def shown_approved(self, bill: SupplierInvoice) -> str:
        """Return what is to be paid."""
        return "" if bill.approved is None else signed(bill, bill.approved)
