"""Purchase orders: found by number or partner, each on one page with its lines' positions and its ledger."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.contrib import admin
from django.contrib.admin import display
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy

from archive.models import Document
from integration.models import OrderDocument, PurchaseOrder
from portal.admin.base import EmptyState, HistoryAdmin
from portal.admin.documents_table import state_of
from portal.admin.purchase_order_page import purchase_order_context
from portal.admin.return_opening import offered_for
from portal.admin.scorecard_filter import SentFilter
from portal.admin.show import link, moment, purchase_order_badge
from portal.admin.verbs import person


@admin.register(PurchaseOrder)
class PurchaseOrderAdmin(HistoryAdmin):
    """What partners were asked for."""

    list_display = ("number", "shown_state", "shown_order", "shown_partner", "ship_to", "shown_created")
    list_filter = ("state", "agreement__partner", SentFilter)
    list_select_related = ("order", "agreement__partner")
    search_fields = ("number",)
    search_help_text = gettext_lazy("How a purchase order's number begins")
    ordering = ("-created_at",)
    elsewhere = Document
    empty = EmptyState(
        gettext_lazy("No purchase orders yet"),
        gettext_lazy(
            "They are made by themselves, once an order of a store has settled and its lines have their partners."
        ),
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[PurchaseOrder]:
        """Leave the canonical document where it is: the page shows the one that was sent."""
        rows: QuerySet[PurchaseOrder] = super().get_queryset(request)
        return rows.defer("content")

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[PurchaseOrder], search_term: str
    ) -> tuple[QuerySet[PurchaseOrder], bool]:
        """Find by how the number begins, which the index of numbers serves."""
        term = search_term.strip().upper()
        return (queryset.filter(number__startswith=term) if term else queryset), False

    def attach(self, rows: Sequence[Any]) -> None:
        """Attach the document sent last of each, for how far it got."""
        sent: dict[int, Document] = {}
        links = OrderDocument.objects.filter(
            purchase_order__in=rows, role=OrderDocument.Role.PURCHASE_ORDER
        ).select_related("document__state")
        for each in links.order_by("document_id"):
            sent[each.purchase_order_id or 0] = each.document
        for row in rows:
            row.sent = sent.get(row.pk)

    def show(self, request: HttpRequest, row: Any) -> HttpResponse:
        """Show the purchase order's page."""
        openings = offered_for([row], person(request))
        context = {**purchase_order_context(row), "openings": openings}
        return self.page(request, row, "portal/purchase_order.html", context)

    @display(description=gettext_lazy("State"), ordering="state")
    def shown_state(self, purchase_order: Any) -> SafeString:
        """Return the state, and how far the sending got."""
        return purchase_order_badge(purchase_order, state_of(purchase_order.sent))

    @display(description=gettext_lazy("Order"), ordering="order__number")
    def shown_order(self, purchase_order: PurchaseOrder) -> str:
        """Return the order as a link."""
        return link(purchase_order.order)

    @display(description=gettext_lazy("Partner"), ordering="agreement__partner")
    def shown_partner(self, purchase_order: PurchaseOrder) -> str:
        """Return the partner."""
        return str(purchase_order.agreement.partner)

    @display(description=gettext_lazy("Made"), ordering="created_at")
    def shown_created(self, purchase_order: PurchaseOrder) -> str:
        """Return when it was made."""
        return moment(purchase_order.created_at)
