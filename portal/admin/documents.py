"""Documents: what each says, its bytes, its way, and what was answered."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.contrib.admin import action, display
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import URLPattern, path
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy

from archive.models import Document, DocumentReference, document_name
from archive.search import Source, Term
from integration.flows import decide
from integration.models import Order, OrderDocument
from integration.search import whole_number
from portal.admin import comments
from portal.admin.base import EmptyState, HistoryAdmin
from portal.admin.content import download, own_slice
from portal.admin.document_page import Asked, document_context
from portal.admin.documents_table import state_of
from portal.admin.filters import KindFilter, PeriodFilter, ProgressFilter
from portal.admin.rereading import document_may_be_read_again, of_document, reading_page
from portal.admin.resubmission import may_be_sent_again, resubmission_page
from portal.admin.sending_many import address_for, bulk_page
from portal.admin.show import link, moment, summary_badge
from portal.admin.verbs import person

MOST_FOUND = 1000
_REFERENCES = Source(DocumentReference, "document_id", 0)


@admin.register(Document)
class DocumentAdmin(HistoryAdmin):
    """Documents of the archive, both directions."""

    list_display = (
        "shown_name", "shown_direction", "shown_partner", "shown_status", "shown_order", "shown_control", "shown_recorded",
    )  # fmt: skip
    list_filter = (ProgressFilter, KindFilter, "direction", PeriodFilter, "partner")
    list_select_related = ("partner", "state", "interchange")
    search_fields = ("control_number",)
    search_help_text = gettext_lazy("Purchase order, order or control number")
    ordering = ("-pk",)
    elsewhere = Order
    actions = ("send_chosen_again",)
    empty = EmptyState(
        gettext_lazy("No documents yet"),
        gettext_lazy(
            "Documents appear here by themselves: those that we send once an order is routed to a partner, those that we"
            " receive once a mailbox is polled."
        ),
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[Document]:
        """Fetch the orders along."""
        rows: QuerySet[Document] = super().get_queryset(request)
        return rows.prefetch_related("orders__order")

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Document], search_term: str
    ) -> tuple[QuerySet[Document], bool]:
        """Find by a whole reference or order number, the nearest alone; else by how a reference begins."""
        if not search_term.strip():
            return queryset, False
        term = Term.of(search_term)
        exact = term.exact([_REFERENCES], MOST_FOUND)
        found = {hit.target for hit in exact if hit.distance == exact[0].distance}
        number = whole_number(search_term)
        if number is not None:
            linked = OrderDocument.objects.filter(order__number=number).order_by("-document_id")
            found.update(linked.values_list("document_id", flat=True)[:MOST_FOUND])
        if not found:
            found = {hit.target for hit in term.longer([_REFERENCES], MOST_FOUND)}
        return queryset.filter(pk__in=found), False

    def get_urls(self) -> list[URLPattern]:
        """Add the downloads, sending again, one or many, and reading again."""
        own = [
            path(
                "<path:object_id>/download/",
                self.admin_site.admin_view(self.download),
                name="archive_document_download",
            ),
            path(
                "<int:object_id>/send-again/",
                self.admin_site.admin_view(self.send_again),
                name="archive_document_send_again",
            ),
            path(
                "<int:object_id>/read-again/",
                self.admin_site.admin_view(self.read_again),
                name="archive_document_read_again",
            ),
            path("send-many/", self.admin_site.admin_view(self.send_many), name="archive_document_send_many"),
            comments.comment_path(self),
        ]
        return own + list(super().get_urls())

    def show(self, request: HttpRequest, row: Any) -> HttpResponse:
        """Show the document's page; its content is opened in the reader's name."""
        document = Document.objects.select_related(
            "interchange__payload", "interchange__mailbox", "interchange__transmission", "agreement", "partner",
            "state", "translation",
        ).get(pk=row.pk)  # fmt: skip
        context = document_context(document, person(request), Asked.of(request.GET))
        is_gone = context["kept"] is not None and context["kept"].is_destroyed
        context["may_be_sent_again"] = not is_gone and may_be_sent_again(document, request)
        context["may_be_read_again"] = not is_gone and document_may_be_read_again(document, request)
        context["may_read"] = not is_gone and context["may_read"]
        context |= comments.box(request, document)
        return self.page(request, document, "portal/document.html", context)

    def send_again(self, request: HttpRequest, object_id: int) -> HttpResponse:
        """Show what sending the document again would do, and do it."""
        document = self.find(request, str(object_id))
        if document is None:
            return self.missing(request, str(object_id))
        return resubmission_page(self, request, document)

    def read_again(self, request: HttpRequest, object_id: int) -> HttpResponse:
        """Show what reading the document again would do, and do it."""
        document = self.find(request, str(object_id))
        if document is None:
            return self.missing(request, str(object_id))
        return reading_page(self, request, of_document(document))

    @action(description=gettext_lazy("Send again…"), permissions=["resubmit_bulk"])
    def send_chosen_again(self, request: HttpRequest, chosen: QuerySet[Document]) -> HttpResponse:
        """Go to the page that says what sending the chosen documents again would do."""
        return HttpResponseRedirect(address_for(request, chosen))

    def has_resubmit_bulk_permission(self, request: HttpRequest) -> bool:
        """Say whether the user may send many documents again."""
        return person(request).has_perm(decide.RESUBMIT_BULK)

    def send_many(self, request: HttpRequest) -> HttpResponse:
        """Show what sending many documents again would do, and begin it."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        return bulk_page(self, request)

    def download(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Give out the document's interchange as it travelled, or its own segments (``part=document``)."""
        document = self.find(request, object_id)
        if document is None:
            return self.missing(request, object_id)
        interchange = document.interchange
        alone = request.GET.get("part") == "document"
        name = interchange.name or f"{interchange.control_number}.edi"
        return download(
            person(request),
            interchange.payload,
            f"document-{document.pk}-{name}" if alone else name,
            f"download of document {document.pk}",
            own_slice(document) if alone else None,
        )

    @display(description=gettext_lazy("Document"), ordering="transaction_set")
    def shown_name(self, document: Document) -> SafeString:
        """Return the business name, and the document's own number beneath."""
        state = state_of(document)
        name = format_html("{}", document_name(document.transaction_set))
        if state is None or not state.number:
            return name
        return format_html('{}<small class="gp-under gp-id">{}</small>', name, state.number)

    @display(description=gettext_lazy("Partner"), ordering="partner")
    def shown_partner(self, document: Document) -> str:
        """Return who sent it, or whom it was sent to."""
        return str(document.partner or "")

    @display(description=gettext_lazy("Direction"), ordering="direction")
    def shown_direction(self, document: Document) -> str:
        """Return Sent or Received."""
        return str(document.get_direction_display())

    @display(description=gettext_lazy("Status"))
    def shown_status(self, document: Document) -> SafeString:
        """Return the worst of the three statuses."""
        return summary_badge(state_of(document))

    @display(description=gettext_lazy("Order"))
    def shown_order(self, document: Document) -> str:
        """Return the order as a link."""
        first = next(iter(document.orders.all()), None)
        return link(first.order) if first else ""

    @display(description=gettext_lazy("Interchange"))
    def shown_control(self, document: Document) -> str:
        """Return ISA13."""
        return document.interchange.control_number

    @display(description=gettext_lazy("Recorded"), ordering="pk")
    def shown_recorded(self, document: Document) -> str:
        """Return when it was recorded."""
        return moment(document.recorded_at)
