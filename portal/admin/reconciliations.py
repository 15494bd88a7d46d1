"""The proof that nothing was forgotten: each look with its counts, every gap, and what was done about it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.contrib import admin, messages
from django.contrib.admin import display
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import URLPattern, path, reverse
from django.utils.functional import Promise
from django.utils.safestring import SafeString
from django.utils.translation import gettext, gettext_lazy, ngettext

from archive.models import Document, Transmission
from integration.flows import reconciliation
from integration.flows.decide import DECIDE, Refused
from integration.models import (
    ExceptionCase,
    Gap,
    Invoice,
    Order,
    PurchaseOrder,
    Reconciliation,
    StockFeed,
    StoreItem,
    SupplierInvoice,
)
from portal.admin.base import EmptyState, HistoryAdmin
from portal.admin.show import BAD, GOOD, WAITING, WARNING, badge, link, list_url, moment, page_url
from portal.admin.verbs import ReasonForm, person, require

MOST_SHOWN = 200
WANTED = {
    Gap.Check.ORDER: gettext_lazy("Every order that is worked on has its purchase order, or a reason"),
    Gap.Check.PURCHASE_ORDER: gettext_lazy("Every purchase order is sent, or something has it in hand"),
    Gap.Check.RECEIPT: gettext_lazy("Every document that we send has a receipt of its delivery"),
    Gap.Check.ACKNOWLEDGMENT: gettext_lazy(
        "Every document that was delivered has its 997, or is within its time"
    ),
    Gap.Check.ANSWER: gettext_lazy("Every 855 is matched, and what it differs in is decided or a case"),
    Gap.Check.SHIPMENT: gettext_lazy(
        "Every line of a ship notice is in a shipment, and goes to its store or is a case"
    ),
    Gap.Check.INVOICE: gettext_lazy("Every order that is to be invoiced is, or a case says why not"),
    Gap.Check.BILL: gettext_lazy("Every supplier's invoice is matched, waits for its goods, or is a case"),
    Gap.Check.RETURN: gettext_lazy(
        "Every return has what is due of it, somebody waits for it, or a case asks"
    ),
    Gap.Check.STOCK: gettext_lazy("Every stock advice counts, is held in a case, was older, or was refused"),
    Gap.Check.CUSTOMER: gettext_lazy(
        "Every order of a business customer is acknowledged as it stands, or a case says why not"
    ),
    Gap.Check.FILE: gettext_lazy("Every file on the mailboxes was taken"),
    Gap.Check.RECEIVED: gettext_lazy("Every file that was taken was read, and all of it is on record"),
    Gap.Check.EFFECT: gettext_lazy("Everything that is to be written to a store is written"),
    Gap.Check.SHOWN: gettext_lazy("Every store holds what we left there, less what was sold since"),
}
_LISTS = {
    Gap.Check.ORDER: (Order, ""),
    Gap.Check.PURCHASE_ORDER: (PurchaseOrder, ""),
    Gap.Check.RECEIPT: (Document, "direction__exact=out"),
    Gap.Check.ACKNOWLEDGMENT: (Document, "direction__exact=out"),
    Gap.Check.ANSWER: (Document, "set=855"),
    Gap.Check.SHIPMENT: (Document, "set=856"),
    Gap.Check.INVOICE: (Invoice, ""),
    Gap.Check.BILL: (SupplierInvoice, ""),
    Gap.Check.RETURN: (Document, "set=180"),
    Gap.Check.STOCK: (StockFeed, ""),
    Gap.Check.CUSTOMER: (Order, ""),
    Gap.Check.FILE: (Transmission, ""),
    Gap.Check.RECEIVED: (Transmission, ""),
    Gap.Check.EFFECT: (Order, ""),
    Gap.Check.SHOWN: (StoreItem, ""),
}


@dataclass(frozen=True)
class CheckLine:
    """One check as the page shows it."""

    name: str
    words: str | Promise
    looked_at: int
    good: int
    explained: int
    gaps: int
    url: str
    badge: SafeString


def state_badge(row: Reconciliation) -> SafeString:
    """Return what a look came to."""
    if row.finished_at is None:
        return badge(gettext("Looking"), WAITING)
    count = sum(each["gaps"] for each in row.checks)
    if count:
        return badge(ngettext("%(count)s gap", "%(count)s gaps", count) % {"count": f"{count:,}"}, WARNING)
    return badge(gettext("Not all could be looked at"), WARNING) if row.unread else badge("0 gaps", GOOD)


@admin.register(Reconciliation)
class ReconciliationAdmin(HistoryAdmin):
    """Looks at everything, the last first."""

    list_display = ("shown_name", "shown_state", "shown_started", "shown_by")
    ordering = ("-pk",)
    words = (gettext_lazy("reconciliation"), gettext_lazy("reconciliations"))
    heading = gettext_lazy("Reconciliation")
    empty = EmptyState(
        gettext_lazy("No reconciliation yet"),
        gettext_lazy(
            "Once a day the stores and the mailboxes are read afresh and held against what is on record here: every order has"
            " its purchase order, every document its acknowledgment, every answer its decision."
        ),
    )
    change_list_template = "portal/reconciliations.html"

    def get_urls(self) -> list[URLPattern]:
        """Add the page that asks for a look now."""
        ask = path("ask/", self.admin_site.admin_view(self.ask), name="integration_reconciliation_ask")
        return [ask, *super().get_urls()]

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Show the list with the button for those who may."""
        may = person(request).has_perm(DECIDE)
        extra = {"ask_url": reverse("admin:integration_reconciliation_ask") if may else ""}
        return super().changelist_view(request, {**extra, **(extra_context or {})})

    def ask(self, request: HttpRequest) -> HttpResponse:
        """Ask why, and have everything be looked at."""
        user = require(request, DECIDE)
        if not self.has_view_permission(request):
            raise PermissionDenied
        form = ReasonForm(request.POST or None)
        back = list_url(Reconciliation)
        if request.method == "POST" and form.is_valid():
            try:
                row = reconciliation.ask(user, form.cleaned_data["reason"])
            except Refused as refusal:
                messages.error(request, str(refusal))
                return HttpResponseRedirect(back)
            return HttpResponseRedirect(page_url(row))
        context = {
            "title": gettext("Reconcile now"),
            "heading": gettext("Look at everything now?"),
            "consequence": gettext(
                "The stores and mailboxes are read afresh. What can safely be mended is mended and told; the rest"
                " becomes cases."
            ),
            "button": gettext("Reconcile"),
            "form": form,
            "cancel_url": back,
        }
        return self.page(request, None, "portal/verb.html", context)

    def show(self, request: HttpRequest, row: Any) -> HttpResponse:
        """Show one look."""
        gaps = list(
            row.gaps.select_related(
                "order", "purchase_order", "document__interchange", "mailbox", "store", "transmission"
            )[: MOST_SHOWN + 1]
        )
        context = {
            "row": row,
            "badge": state_badge(row),
            "lines": [_line(each) for each in row.checks],
            "gaps": [_shown(gap) for gap in gaps[:MOST_SHOWN]],
            "more": max(0, len(gaps) - MOST_SHOWN),
            "cases": ExceptionCase.objects.filter(kind=ExceptionCase.Kind.GAP, closed_at=None).count(),
            "cases_url": list_url(ExceptionCase, "kind__exact=gap"),
        }
        return self.page(request, row, "portal/reconciliation.html", context)

    @display(description=gettext_lazy("Reconciliation"))
    def shown_name(self, row: Reconciliation) -> str:
        """Return its name."""
        return str(row)

    @display(description=gettext_lazy("Result"))
    def shown_state(self, row: Reconciliation) -> SafeString:
        """Return what it came to."""
        return state_badge(row)

    @display(description=gettext_lazy("Begun"), ordering="started_at")
    def shown_started(self, row: Reconciliation) -> str:
        """Return when it began."""
        return moment(row.started_at)

    @display(description=gettext_lazy("Asked by"))
    def shown_by(self, row: Reconciliation) -> str:
        """Return who asked for it."""
        return row.asked_by or gettext("Gridport, daily")


def _line(kept: dict[str, Any]) -> CheckLine:
    check = Gap.Check(kept["check"])
    model, query = _LISTS[check]
    gaps = kept["gaps"]
    return CheckLine(
        name=check.value,
        words=WANTED[check],
        looked_at=kept["good"] + kept["explained"] + gaps,
        good=kept["good"],
        explained=kept["explained"],
        gaps=gaps,
        url=list_url(model, query),
        badge=badge(f"{gaps:,}", BAD) if gaps else badge("0", GOOD),
    )


def _shown(gap: Gap) -> dict[str, Any]:
    """Return a gap with links to what it hangs on, the nearest first."""
    rows = [gap.purchase_order, gap.order, gap.document, gap.transmission, gap.mailbox, gap.store]
    return {
        "row": gap,
        "check": gap.get_check_name_display(),
        "links": [link(row) for row in rows if row is not None][:2],
    }
