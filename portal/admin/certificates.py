"""Certificates of disposal: listed, shown, and on paper."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.contrib.admin import display
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext, gettext_lazy

from archive.models import DisposalCertificate
from archive.search import CONTROL_NUMBERS
from integration.printing.certificates import certificate_pdf
from integration.printing.paper import PAPERS
from portal.admin.base import EmptyState, HistoryAdmin
from portal.admin.certificate_words import certificate_of, certificate_said
from portal.admin.content import as_attachment
from portal.admin.filters import PeriodFilter
from portal.admin.governed_page import Listed, RecordPage, Told, Way
from portal.admin.show import QUIET, badge, day, moment


@admin.register(DisposalCertificate)
class CertificateAdmin(HistoryAdmin):
    """Certificates: what was destroyed, by which rule, and whose decision."""

    words = (gettext_lazy("certificate"), gettext_lazy("certificates"))
    heading = gettext_lazy("Certificates of disposal")
    list_display = ("shown_number", "shown_what", "shown_rule", "shown_people", "shown_when")
    list_filter = (PeriodFilter,)
    list_select_related = ("item__run", "item__revision__rule", "decision")
    search_fields = ("item__words",)
    search_help_text = gettext_lazy("Words of what was destroyed, such as a number")
    ordering = ("-pk",)
    empty = EmptyState(
        gettext_lazy("Nothing has been destroyed yet"),
        gettext_lazy("Each file that is destroyed leaves a certificate here, for good."),
    )

    def get_urls(self) -> list[URLPattern]:
        """Add the certificate on paper."""
        view = self.admin_site.admin_view(self.on_paper)
        own = path(
            "<int:object_id>/certificate/<str:paper>.pdf", view, name="archive_disposalcertificate_pdf"
        )
        return [own, *super().get_urls()]

    def show(self, request: HttpRequest, row: Any) -> HttpResponse:
        """Show the certificate."""
        page = RecordPage(
            heading=gettext("Certificate of disposal %(pk)s") % {"pk": row.pk},
            badge=badge(gettext("Destroyed"), QUIET),
            said=certificate_said(row),
            lists=[_left(row)],
            ways=[
                Way(
                    f"PDF, {each.words}",
                    reverse("admin:archive_disposalcertificate_pdf", args=[row.pk, each.name]),
                    "print",
                )
                for each in PAPERS.values()
            ],
        )
        return self.page(request, row, "portal/governed.html", page.context())

    def on_paper(self, request: HttpRequest, object_id: int, paper: str) -> HttpResponse:
        """Give out the certificate on Letter or A4."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        row = self.find(request, str(object_id))
        if row is None:
            return self.missing(request, str(object_id))
        if paper not in PAPERS:
            raise Http404
        data = certificate_pdf([certificate_of(row)], PAPERS[paper])
        return as_attachment(data, f"certificate-of-disposal-{row.pk}.pdf", "application/pdf")

    @display(description=gettext_lazy("Certificate"), ordering="pk")
    def shown_number(self, row: DisposalCertificate) -> str:
        """Return its number."""
        return str(row)

    @display(description=gettext_lazy("What was destroyed"))
    def shown_what(self, row: DisposalCertificate) -> str:
        """Return what it was."""
        return row.item.words

    @display(description=gettext_lazy("Kept by the rule"))
    def shown_rule(self, row: DisposalCertificate) -> str:
        """Return the rule, and when its time was over."""
        return gettext("%(rule)s, until %(date)s") % {
            "rule": row.item.revision.rule,
            "date": day(row.item.kept_until.date()),
        }

    @display(description=gettext_lazy("Proposed and approved by"))
    def shown_people(self, row: DisposalCertificate) -> str:
        """Return the two people."""
        return f"{row.item.run.actor}, {row.decision.actor}"

    @display(description=gettext_lazy("Destroyed"), ordering="pk")
    def shown_when(self, row: DisposalCertificate) -> str:
        """Return when."""
        return moment(row.recorded_at)


def _found_by(references: list[list[str]]) -> str:
    return ", ".join(sorted({value for kind, value in references if kind not in CONTROL_NUMBERS})) or gettext(
        "Its control numbers"
    )


def _left(row: DisposalCertificate) -> Listed:
    return Listed(
        gettext("What is left of its documents"),
        (gettext("Document"), gettext("Number"), gettext("Still found by")),
        [
            [
                Told(each["name"], reverse("admin:archive_document_change", args=[each["document"]])),
                Told(each["number"] or gettext("None")),
                Told(_found_by(each["references"])),
            ]
            for each in row.item.left
        ],
        gettext("It was a file without a document: its name and when it came are left."),
    )
