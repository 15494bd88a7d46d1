"""Files that came and went: each attempt, what became of it, and its bytes, whether they are X12 or not."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.contrib import admin
from django.contrib.admin import display
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, path
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext, gettext_lazy

from archive.models import Direction, Document, Interchange, Transmission
from portal.access import seen
from portal.admin.base import EmptyState, HistoryAdmin
from portal.admin.content import READ_CONTENT, download, open_for, whole_text
from portal.admin.documents_table import WITH_STATE, document_rows
from portal.admin.filters import PeriodFilter
from portal.admin.rereading import file_may_be_read_again, of_file, reading_page
from portal.admin.show import BAD, GOOD, WAITING, WARNING, badge, link, moment, size
from portal.admin.timeline import timeline
from portal.admin.verbs import person

_TONES = {"delivered": GOOD, "removed": GOOD, "kept": GOOD, "failed": BAD, "unknown": WARNING}


def result_badge(transmission: Transmission) -> SafeString:
    """Return the last outcome of a transmission."""
    outcomes = sorted(transmission.outcomes.all(), key=lambda outcome: outcome.pk)
    if not outcomes:
        return badge(gettext("No outcome yet"), WAITING)
    return badge(outcomes[-1].get_result_display(), _TONES.get(outcomes[-1].result, WARNING))


@admin.register(Transmission)
class TransmissionAdmin(HistoryAdmin):
    """Transmissions, read-only."""

    words = (gettext_lazy("file"), gettext_lazy("files"))
    list_display = (
        "shown_name",
        "shown_direction",
        "shown_mailbox",
        "shown_result",
        "shown_content",
        "shown_at",
    )
    list_filter = ("direction", "mailbox", PeriodFilter)
    search_fields = ("name",)
    search_help_text = gettext_lazy("How the file's name begins")
    ordering = ("-pk",)
    empty = EmptyState(
        gettext_lazy("No files yet"),
        gettext_lazy("Files appear here by themselves, once a mailbox is polled or something is sent to it."),
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[Transmission]:
        """Fetch sizes and outcomes along, and no bytes."""
        rows: QuerySet[Transmission] = super().get_queryset(request)
        found = rows.select_related("payload", "mailbox", "interchange").prefetch_related("outcomes")
        return found.defer("payload__ciphertext")

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Transmission], search_term: str
    ) -> tuple[QuerySet[Transmission], bool]:
        """Find by the beginning of the name."""
        term = search_term.strip()
        return (queryset.filter(name__startswith=term) if term else queryset), False

    def attach(self, rows: Sequence[Any]) -> None:
        """Count the documents of each file."""
        pks = [row.pk for row in rows]
        sent = {row.pk: row.interchange_id for row in rows if row.interchange_id}
        inbound = Document.objects.filter(interchange__transmission__in=pks)
        outbound = Document.objects.filter(interchange__in=list(sent.values()))
        counts: dict[int, int] = {}
        for pk in inbound.values_list("interchange__transmission", flat=True):
            counts[pk] = counts.get(pk, 0) + 1
        by_interchange: dict[int, int] = {}
        for pk in outbound.values_list("interchange", flat=True):
            by_interchange[pk] = by_interchange.get(pk, 0) + 1
        for row in rows:
            row.document_count = counts.get(row.pk, 0) or by_interchange.get(sent.get(row.pk, 0), 0)

    def get_urls(self) -> list[URLPattern]:
        """Add the download, and reading again."""
        view = self.admin_site.admin_view(self.download)
        again = self.admin_site.admin_view(self.read_again)
        own = [
            path("<path:object_id>/download/", view, name="archive_transmission_download"),
            path("<int:object_id>/read-again/", again, name="archive_transmission_read_again"),
        ]
        return own + list(super().get_urls())

    def show(self, request: HttpRequest, row: Any) -> HttpResponse:
        """Show the file with its bytes as text; reading them leaves an access row."""
        user = person(request)
        opened = open_for(user, row.payload, f"look at file {row.pk}")
        interchanges = Interchange.objects.filter(transmission=row).order_by("position")
        carried = [*interchanges, *([row.interchange] if row.interchange else [])]
        documents = list(
            seen(Document.objects.filter(interchange__in=carried))
            .select_related(*WITH_STATE)
            .order_by("pk")[:200]
        )
        context = {
            "file": row,
            "badge": result_badge(row),
            "size": size(row.payload.size),
            "interchanges": carried,
            "documents": document_rows(documents),
            "kept_with": list(row.shipment_files.select_related("purchase_order")),
            "cases": list(row.cases.filter(closed_at=None).select_related("owner")),
            "outcomes": [
                {"row": each, "badge": badge(each.get_result_display(), _TONES.get(each.result, WARNING))}
                for each in row.outcomes.order_by("pk")
            ],
            "may_read": user.has_perm(READ_CONTENT),
            "may_be_read_again": file_may_be_read_again(row, request),
            "problem": opened.problem,
            "raw": whole_text(opened.data) if opened.data is not None else None,
            "timeline": timeline(f"transmission:{row.pk}", [f"document:{each.pk}" for each in documents]),
        }
        return self.page(request, row, "portal/file.html", context)

    def read_again(self, request: HttpRequest, object_id: int) -> HttpResponse:
        """Show what reading the file again would do, and do it."""
        row = self.find(request, str(object_id))
        if row is None:
            return self.missing(request, str(object_id))
        return reading_page(self, request, of_file(row, request))

    def download(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Give out the file as it travelled."""
        row = self.find(request, object_id)
        if row is None:
            return self.missing(request, object_id)
        return download(person(request), row.payload, row.name, f"download of file {row.pk}")

    @display(description=gettext_lazy("File"), ordering="name")
    def shown_name(self, row: Transmission) -> SafeString:
        """Return the file's name, and its size beneath."""
        return format_html('{}<small class="gp-under">{}</small>', row.name, size(row.payload.size))

    @display(description=gettext_lazy("Direction"), ordering="direction")
    def shown_direction(self, row: Transmission) -> str:
        """Return Sent or Received."""
        return str(Direction(row.direction).label)

    @display(description=gettext_lazy("Mailbox"), ordering="mailbox")
    def shown_mailbox(self, row: Transmission) -> str:
        """Return the mailbox as a link."""
        return link(row.mailbox)

    @display(description=gettext_lazy("What became of it"))
    def shown_result(self, row: Transmission) -> SafeString:
        """Return the last outcome."""
        return result_badge(row)

    @display(description=gettext_lazy("Documents"))
    def shown_content(self, row: Any) -> str:
        """Return how many documents it holds."""
        return str(row.document_count) if row.document_count else gettext("None")

    @display(description=gettext_lazy("When"), ordering="pk")
    def shown_at(self, row: Transmission) -> str:
        """Return when it was recorded."""
        return moment(row.recorded_at)
