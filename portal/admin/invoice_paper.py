"""Invoices and credit memos as PDF, one or many; giving one out is a reading of the document that carries it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.contrib import messages
from django.contrib.admin import action
from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import URLPattern, path
from django.utils.translation import gettext, gettext_lazy

from archive.models import Payload
from integration.flows.invoicing import canonical_invoice
from integration.models import Invoice
from integration.printing.invoices import invoice_pdf
from integration.printing.paper import A4, LETTER, PAPERS, Paper
from portal.admin.base import HistoryAdmin
from portal.admin.content import READ_CONTENT, as_attachment, open_for
from portal.admin.verbs import person
from portal.readings import telling

MOST_PRINTED = 100


def paper_context(invoice: Invoice, user: User) -> dict[str, Any]:
    """Return the papers that ``invoice`` may be printed on: none before it is issued, or for who may not read it."""
    may = invoice.state == Invoice.State.GENERATED and user.has_perm(READ_CONTENT)
    return {"papers": list(PAPERS.values()) if may else []}


class PrintedInvoices(HistoryAdmin):
    """A list of invoices that gives them out on paper."""

    actions = ("invoices_on_letter", "invoices_on_a4")

    def get_urls(self) -> list[URLPattern]:
        """Add the invoice on paper."""
        view = self.admin_site.admin_view(self.on_paper)
        own = path("<int:object_id>/invoice/<str:paper>.pdf", view, name="integration_invoice_pdf")
        return [own, *super().get_urls()]

    def on_paper(self, request: HttpRequest, object_id: int, paper: str) -> HttpResponse:
        """Give out one issued invoice on Letter or A4."""
        row = self.find(request, str(object_id))
        if row is None:
            return self.missing(request, str(object_id))
        if paper not in PAPERS or row.state != Invoice.State.GENERATED:
            raise Http404
        return self._printed(request, [row], PAPERS[paper], f"{row.get_kind_display()}-{row.number}.pdf")

    @action(description=gettext_lazy("PDF, Letter"), permissions=["print"])
    def invoices_on_letter(self, request: HttpRequest, chosen: QuerySet[Invoice]) -> HttpResponse | None:
        """Give out the chosen invoices on Letter."""
        return self._print_chosen(request, chosen, LETTER)

    @action(description=gettext_lazy("PDF, A4"), permissions=["print"])
    def invoices_on_a4(self, request: HttpRequest, chosen: QuerySet[Invoice]) -> HttpResponse | None:
        """Give out the chosen invoices on A4."""
        return self._print_chosen(request, chosen, A4)

    def has_print_permission(self, request: HttpRequest) -> bool:
        """Say whether the user may read what documents say."""
        return person(request).has_perm(READ_CONTENT)

    def _print_chosen(
        self, request: HttpRequest, chosen: QuerySet[Invoice], paper: Paper
    ) -> HttpResponse | None:
        issued = chosen.filter(state=Invoice.State.GENERATED)
        rows = list(issued.order_by("pk")[: MOST_PRINTED + 1])
        if len(rows) > MOST_PRINTED:
            messages.error(
                request,
                gettext("More than %(most)s are chosen: print them in smaller parts.")
                % {"most": MOST_PRINTED},
            )
            return None
        if not rows:
            messages.error(
                request, gettext("None of the chosen is issued yet: only what has its number is printed.")
            )
            return None
        printed = self._printed(request, rows, paper, f"invoices-{paper.name}.pdf")
        return telling(printed, (f"invoice:{row.pk}" for row in rows))

    def _printed(
        self, request: HttpRequest, rows: Sequence[Invoice], paper: Paper, name: str
    ) -> HttpResponse:
        user = person(request)
        if not user.has_perm(READ_CONTENT):
            raise PermissionDenied
        documents = []
        for row in rows:
            for payload in _payloads(row)[:1]:
                opened = open_for(user, payload, f"invoice {row.pk} on paper")
                if opened.data is None:
                    return HttpResponse(opened.problem, content_type="text/plain; charset=utf-8", status=410)
            document = canonical_invoice(row)
            assert document is not None
            documents.append(document)
        return as_attachment(invoice_pdf(documents, paper), name, "application/pdf")


def _payloads(invoice: Invoice) -> list[Payload]:
    """Return what carries ``invoice``, the first copy first."""
    copies = invoice.copies.exclude(document=None).select_related("document__interchange__payload")
    return [each.document.interchange.payload for each in copies if each.document is not None]
