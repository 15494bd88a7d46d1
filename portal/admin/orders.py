"""Orders: found by number, and each on one page with everything that came of it."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.contrib.admin import display
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.safestring import SafeString

from integration.models import Order
from portal.admin.base import EmptyState, HistoryAdmin
from portal.admin.filters import PlacedFilter
from portal.admin.order_page import order_context
from portal.admin.show import list_url, moment, money, order_badge


def whole_number(term: str) -> int | None:
    """Return ``term`` as a number that a column can hold (``#1042`` too), else None."""
    digits = term.strip().removeprefix("#")
    return int(digits) if digits.isascii() and digits.isdigit() and len(digits) < 19 else None


@admin.register(Order)
class OrderAdmin(HistoryAdmin):
    """Orders as last read from the stores."""

    list_display = (
        "shown_number",
        "shown_state",
        "customer_name",
        "shown_total",
        "store",
        "status_id",
        "shown_placed",
    )
    list_filter = ("state", PlacedFilter, "status_id", "store")
    list_select_related = ("store",)
    search_fields = ("number",)
    search_help_text = "Order or purchase order number"
    ordering = ("-placed_at",)
    empty = EmptyState(
        "No orders yet",
        "Orders appear here by themselves, read from each store about once a minute. Without a store, add one under"
        " Setup, Stores.",
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[Order]:
        """Leave the content of the orders where it is until one is looked at."""
        rows: QuerySet[Order] = super().get_queryset(request)
        match = getattr(request, "resolver_match", None)
        on_list = match is not None and match.url_name == "integration_order_changelist"
        return rows.defer("content") if on_list else rows

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Order], search_term: str
    ) -> tuple[QuerySet[Order], bool]:
        """Find by the order's number, or by how a purchase order's number begins."""
        term = search_term.strip()
        if not term:
            return queryset, False
        wanted = Q(pk__in=Order.objects.filter(purchase_orders__number__startswith=term.upper()).values("pk"))
        number = whole_number(term)
        if number is not None:
            wanted |= Q(number=number)
        return queryset.filter(wanted), False

    def show(self, request: HttpRequest, row: Any) -> HttpResponse:
        """Show the order's page."""
        context = order_context(row, timezone.now())
        context["badge"] = order_badge(row)
        context["search_url"] = list_url(Order)
        return self.page(request, row, "portal/order.html", context)

    @display(description="Order", ordering="number")
    def shown_number(self, order: Order) -> str:
        """Return the order's number."""
        return str(order)

    @display(description="State", ordering="state")
    def shown_state(self, order: Order) -> SafeString:
        """Return the state as a badge."""
        return order_badge(order)

    @display(description="Total", ordering="total")
    def shown_total(self, order: Order) -> str:
        """Return the total with its currency."""
        return money(order.total, order.currency)

    @display(description="Placed", ordering="placed_at")
    def shown_placed(self, order: Order) -> str:
        """Return when it was placed."""
        return moment(order.placed_at)
