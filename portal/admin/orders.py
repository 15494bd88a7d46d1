"""Orders: found by number, and each on one page with everything that came of it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import Any

from django.contrib import admin
from django.contrib.admin import display
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern
from django.utils import timezone
from django.utils.safestring import SafeString
from django.utils.translation import gettext, gettext_lazy

from archive.models import Document
from integration.flows.decide import DECIDE
from integration.flows.rights import ERASE
from integration.models import ExceptionCase, Order, PurchaseOrder
from integration.search import whole_number
from portal.access import seen
from portal.admin import comments, decisions
from portal.admin.base import EmptyState, HistoryAdmin
from portal.admin.erasures import propose_path
from portal.admin.evidence import may_make
from portal.admin.filters import PlacedFilter, StoreStatusFilter
from portal.admin.order_page import order_context
from portal.admin.return_opening import offered_for
from portal.admin.show import link, moment, money, order_badge
from portal.admin.verbs import person

MOST_FOUND = 1000
MOST_DECIDED, LIKELIEST = 2, 3
"""Of so many open cases the order's page offers so many decisions; the others are a click away."""


def named_by(term: str, order: str = "") -> Q:
    """Return the condition that an order is the one that ``term`` names: its number, or that of one of its purchase
    orders with or without their own place (``1042`` names 1042 and 1042-1, and not 10420-1).

    ``order`` is the lookup that leads to the order, ``"order__"`` from a case.
    """
    wanted = _with(_named(term), order)
    number = whole_number(term)
    return wanted if number is None else wanted | Q(**{f"{order}number": number})


def _named(term: str) -> QuerySet[PurchaseOrder]:
    return seen(PurchaseOrder.objects.filter(Q(number=term) | Q(number__startswith=f"{term}-")))


def _with(purchase_orders: QuerySet[PurchaseOrder], order: str = "") -> Q:
    return Q(**{f"{order}pk__in": purchase_orders.values("order")})


@admin.register(Order)
class OrderAdmin(HistoryAdmin):
    """Orders as last read from the stores."""

    list_display = (
        "shown_number", "shown_state", "shown_cases", "shown_customer", "shown_total", "shown_partners",
        "shown_status", "shown_placed",
    )  # fmt: skip
    list_filter = ("state", PlacedFilter, ("status_id", StoreStatusFilter), "store")
    list_select_related = ("store",)
    search_fields = ("number",)
    search_help_text = gettext_lazy("Order or purchase order number")
    ordering = ("-placed_at",)
    elsewhere = Document
    empty = EmptyState(
        gettext_lazy("No orders yet"),
        gettext_lazy(
            "Orders appear here by themselves, read from each store about once a minute. Without a store, add one under"
            " Setup, Stores."
        ),
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[Order]:
        """Leave the content of the orders where it is until one is looked at."""
        rows: QuerySet[Order] = super().get_queryset(request)
        match = getattr(request, "resolver_match", None)
        on_list = match is not None and match.url_name == "integration_order_changelist"
        return rows.defer("content", "routing") if on_list else rows

    def attach(self, rows: Sequence[Any]) -> None:
        """Attach the open cases of each order, and the partners that it went to."""
        cases: dict[int, list[ExceptionCase]] = defaultdict(list)
        for case in seen(ExceptionCase.objects.filter(order__in=rows, closed_at=None)).order_by("opened_at"):
            cases[case.order_id or 0].append(case)
        partners: dict[int, dict[str, None]] = defaultdict(dict)
        routed = seen(PurchaseOrder.objects.filter(order__in=rows)).exclude(state=PurchaseOrder.State.DROPPED)
        for order, name in routed.order_by("pk").values_list("order", "agreement__partner__name"):
            partners[order][name] = None
        for row in rows:
            row.open_cases = cases[row.pk]
            row.partner_names = list(partners[row.pk])

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Order], search_term: str
    ) -> tuple[QuerySet[Order], bool]:
        """Find by the order's or a purchase order's whole number; else by how a purchase order's number begins."""
        term = search_term.strip().removeprefix("#").upper()
        if not term:
            return (queryset.none() if search_term.strip() else queryset), False
        # Looked up first: joined to the list's order the database would read every order until it has met these.
        found = set(_named(term).values_list("order", flat=True)[:MOST_FOUND])
        number = whole_number(term)
        if number is not None:
            found.update(seen(Order.objects.filter(number=number)).values_list("pk", flat=True)[:MOST_FOUND])
        if not found:
            begins = seen(PurchaseOrder.objects.filter(number__startswith=term)).order_by("number")
            found.update(begins.values_list("order", flat=True)[:MOST_FOUND])
        return queryset.filter(pk__in=found), False

    def show(self, request: HttpRequest, row: Any) -> HttpResponse:
        """Show the order's page."""
        context = order_context(row, timezone.now())
        context["badge"] = order_badge(row)
        context["openings"] = offered_for(
            [each["row"] for each in context["purchase_orders"]], person(request)
        )
        context["may_prove"] = may_make(request)
        context["may_try_rules"] = request.user.has_perm("integration.view_routingrule")
        context["readings_of"] = row.subject
        context["may_erase"] = row.erased_at is None and person(request).has_perm(ERASE)
        context["erasures"] = row.erasures.exclude(state="withdrawn").order_by("pk")
        context.update(comments.box(request, row))
        if person(request).has_perm(DECIDE):
            for case in context["open_cases"][:MOST_DECIDED]:
                case.choices = decisions.links(case)[:LIKELIEST]
        return self.page(request, row, "portal/order.html", context)

    def get_urls(self) -> list[URLPattern]:
        """Add the comments, and the page that proposes to forget the customer."""
        return [comments.comment_path(self), propose_path(self), *super().get_urls()]

    @display(description=gettext_lazy("Order"), ordering="number")
    def shown_number(self, order: Order) -> str:
        """Return the order's number."""
        return str(order)

    @display(description=gettext_lazy("State"), ordering="state")
    def shown_state(self, order: Order) -> SafeString:
        """Return the state as a badge."""
        return order_badge(order)

    @display(description=gettext_lazy("Open cases"))
    def shown_cases(self, order: Any) -> str:
        """Return the one open case as a link, or how many there are."""
        if len(order.open_cases) == 1:
            return link(order.open_cases[0], order.open_cases[0].get_kind_display())
        return gettext("%(count)s cases") % {"count": len(order.open_cases)} if order.open_cases else ""

    @display(description=gettext_lazy("Customer"), ordering="customer_name")
    def shown_customer(self, order: Order) -> str:
        """Return who ordered."""
        return order.customer_name

    @display(description=gettext_lazy("Partners"))
    def shown_partners(self, order: Any) -> str:
        """Return whom the order's lines went to."""
        return ", ".join(order.partner_names)

    @display(description=gettext_lazy("In the store"), ordering="status_id")
    def shown_status(self, order: Order) -> str:
        """Return the status that the store had when the order was last read."""
        return str(order.get_status_id_display())

    @display(description=gettext_lazy("Total"), ordering="total")
    def shown_total(self, order: Order) -> str:
        """Return the total with its currency."""
        return money(order.total, order.currency)

    @display(description=gettext_lazy("Placed"), ordering="placed_at")
    def shown_placed(self, order: Order) -> str:
        """Return when it was placed."""
        return moment(order.placed_at)
