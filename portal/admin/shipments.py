"""Shipments: found by tracking number, order or number, each on one page, and their packing slips on paper."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.contrib import admin, messages
from django.contrib.admin import action, display
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import URLPattern, path
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext, gettext_lazy

from archive.models import Document
from integration.flows.shipment_files import files_of
from integration.matching.file_names import PDF
from integration.models import PurchaseOrder, Shipment
from integration.printing.packing_slips import packing_slips
from integration.printing.paper import A4, LETTER, PAPERS, Paper
from integration.search import whole_number
from portal.admin.base import EmptyState, HistoryAdmin
from portal.admin.content import READ_CONTENT, as_attachment, download
from portal.admin.filters import PeriodFilter, StandingFilter
from portal.admin.shipment_page import read_slip, shipment_context, slip_context
from portal.admin.shipment_rows import UNSEEN, WITH_ORDER, shown_tracking, standing_of, tracking_links
from portal.admin.show import day, link
from portal.admin.verbs import person
from portal.readings import telling

MOST_FOUND = 1000
MOST_PRINTED = 100


class ShippedFilter(PeriodFilter):
    """When it was told to us."""

    field = "created_at"


@admin.register(Shipment)
class ShipmentAdmin(HistoryAdmin):
    """What partners shipped, as it goes to the store."""

    list_display = (
        "number", "shown_store", "shown_order", "shown_purchase_order", "shown_partner",
        "shown_tracking", "shown_shipped",
    )  # fmt: skip
    list_filter = (StandingFilter, ShippedFilter, "purchase_order__agreement__partner")
    list_select_related = WITH_ORDER
    search_fields = ("number",)
    search_help_text = gettext_lazy("Tracking, order or shipment number")
    ordering = ("-pk",)
    elsewhere = Document
    actions = ("slips_on_letter", "slips_on_a4")
    empty = EmptyState(
        gettext_lazy("No shipments yet"),
        gettext_lazy(
            "They appear here by themselves, once a partner's ship notice (856) for one of our purchase orders has come."
        ),
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[Shipment]:
        """Leave the content of orders where it is."""
        rows: QuerySet[Shipment] = super().get_queryset(request)
        return rows.select_related(*WITH_ORDER).defer(*UNSEEN)

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Shipment], search_term: str
    ) -> tuple[QuerySet[Shipment], bool]:
        """Find by the order's number, or by how another number begins."""
        term = search_term.strip().removeprefix("#").replace("\x00", "")
        if not term:
            return (queryset.none() if search_term.strip() else queryset), False
        purchase_orders = PurchaseOrder.objects.filter(number__startswith=term.upper()).values("pk")[
            :MOST_FOUND
        ]
        asked = [
            Shipment.objects.filter(number__startswith=term),
            Shipment.objects.filter(tracking_number__startswith=term),
            Shipment.objects.filter(tracking_number__startswith=term.upper()),
            Shipment.objects.filter(purchase_order__in=list(purchase_orders.values_list("pk", flat=True))),
        ]
        number = whole_number(term)
        if number is not None:
            asked.append(Shipment.objects.filter(order__number=number))
        found = {
            pk for each in asked for pk in each.order_by("-pk").values_list("pk", flat=True)[:MOST_FOUND]
        }
        return queryset.filter(pk__in=found), False

    def attach(self, rows: Sequence[Any]) -> None:
        """Attach where each parcel can be followed."""
        links = tracking_links(rows)
        for row in rows:
            row.followed_at = links.get(row.pk, "")

    def get_urls(self) -> list[URLPattern]:
        """Add the packing slip, as a page and on paper."""
        own = [
            path(
                "<int:object_id>/packing-slip/",
                self.admin_site.admin_view(self.packing_slip),
                name="integration_shipment_packing_slip",
            ),
            path(
                "<int:object_id>/packing-slip/<str:paper>.pdf",
                self.admin_site.admin_view(self.packing_slip_pdf),
                name="integration_shipment_packing_slip_pdf",
            ),
            path(
                "<int:object_id>/files/<int:file_id>/",
                self.admin_site.admin_view(self.download_file),
                name="integration_shipment_file",
            ),
        ]
        return own + list(super().get_urls())

    def show(self, request: HttpRequest, row: Any) -> HttpResponse:
        """Show the shipment's page; its ship notice is opened in the reader's name."""
        return self.page(request, row, "portal/shipment.html", shipment_context(row, person(request)))

    def packing_slip(self, request: HttpRequest, object_id: int) -> HttpResponse:
        """Show the packing slip as a page."""
        row = self.find(request, str(object_id))
        if row is None:
            return self.missing(request, str(object_id))
        slip, problem = read_slip(row, person(request), f"packing slip of shipment {row.pk}")
        context = {
            "title": gettext("Packing slip %(number)s") % {"number": row.number},
            "shipment": row,
            "problem": problem,
            "papers": list(PAPERS.values()),
            **slip_context(slip),
        }
        return self.page(request, row, "portal/packing_slip.html", context)

    def packing_slip_pdf(self, request: HttpRequest, object_id: int, paper: str) -> HttpResponse:
        """Give out the packing slip on Letter or A4."""
        if paper not in PAPERS:
            raise Http404
        row = self.find(request, str(object_id))
        if row is None:
            return self.missing(request, str(object_id))
        return self._printed(request, [row], PAPERS[paper], f"packing-slip-{row.number}.pdf")

    def download_file(self, request: HttpRequest, object_id: int, file_id: int) -> HttpResponse:
        """Give out a file of the partner's own, under a name of ours and as what it holds."""
        row = self.find(request, str(object_id))
        if row is None:
            return self.missing(request, str(object_id))
        found = next((each for each in files_of(row) if each.pk == file_id), None)
        if found is None:
            raise Http404
        return download(
            person(request),
            found.transmission.payload,
            f"shipment-{row.number}-{found.pk}.{'pdf' if found.content_type == PDF else 'txt'}",
            f"file {found.pk} of shipment {row.pk}",
            content_type=found.content_type,
        )

    @action(description=gettext_lazy("Packing slips as PDF, Letter"), permissions=["print"])
    def slips_on_letter(self, request: HttpRequest, chosen: QuerySet[Shipment]) -> HttpResponse | None:
        """Give out the packing slips of the chosen shipments on Letter."""
        return self._print_chosen(request, chosen, LETTER)

    @action(description=gettext_lazy("Packing slips as PDF, A4"), permissions=["print"])
    def slips_on_a4(self, request: HttpRequest, chosen: QuerySet[Shipment]) -> HttpResponse | None:
        """Give out the packing slips of the chosen shipments on A4."""
        return self._print_chosen(request, chosen, A4)

    def has_print_permission(self, request: HttpRequest) -> bool:
        """Say whether the user may read what ship notices say."""
        return person(request).has_perm(READ_CONTENT)

    def _print_chosen(
        self, request: HttpRequest, chosen: QuerySet[Shipment], paper: Paper
    ) -> HttpResponse | None:
        rows = list(chosen.order_by("pk")[: MOST_PRINTED + 1])
        if len(rows) > MOST_PRINTED:
            messages.error(
                request,
                gettext("More than %(most)s are chosen: print them in smaller parts.")
                % {"most": MOST_PRINTED},
            )
            return None
        printed = self._printed(request, rows, paper, f"packing-slips-{paper.name}.pdf")
        return telling(printed, (f"shipment:{row.pk}" for row in rows))

    def _printed(
        self, request: HttpRequest, rows: Sequence[Shipment], paper: Paper, name: str
    ) -> HttpResponse:
        user = person(request)
        if not user.has_perm(READ_CONTENT):
            raise PermissionDenied
        slips = []
        for row in rows:
            slip, problem = read_slip(row, user, f"packing slip of shipment {row.pk}")
            if slip is None:
                return HttpResponse(problem, content_type="text/plain; charset=utf-8", status=410)
            slips.append(slip)
        return as_attachment(packing_slips(slips, paper), name, "application/pdf")

    @display(description=gettext_lazy("In the store"))
    def shown_store(self, shipment: Shipment) -> SafeString:
        """Return what the store knows of it."""
        return standing_of(shipment).badge

    @display(description=gettext_lazy("Order"), ordering="order__number")
    def shown_order(self, shipment: Shipment) -> str:
        """Return the order as a link."""
        return link(shipment.order, shipment.order.number)

    @display(description=gettext_lazy("Purchase order"), ordering="purchase_order__number")
    def shown_purchase_order(self, shipment: Shipment) -> str:
        """Return the purchase order as a link."""
        return link(shipment.purchase_order, shipment.purchase_order.number)

    @display(description=gettext_lazy("Partner"), ordering="purchase_order__agreement__partner")
    def shown_partner(self, shipment: Shipment) -> str:
        """Return who shipped it."""
        return str(shipment.purchase_order.agreement.partner)

    @display(description=gettext_lazy("Tracking number"), ordering="tracking_number")
    def shown_tracking(self, shipment: Any) -> str:
        """Return the tracking number, as a link where we know where it leads, and the carrier beneath."""
        number = shown_tracking(shipment, shipment.followed_at)
        return format_html('<span class="gp-id">{}</span><small>{}</small>', number, shipment.carrier_name)

    @display(description=gettext_lazy("Shipped"), ordering="shipped_on")
    def shown_shipped(self, shipment: Shipment) -> str:
        """Return the day that the notice gives."""
        return day(shipment.shipped_on)
