"""What the page of a purchase order shows: where its lines stand, and every entry of the ledger behind that."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils.safestring import SafeString
from django.utils.translation import gettext

from integration.models import LineEntry, PurchaseOrder
from portal.admin.change_rows import change_rows
from portal.admin.documents_table import document_rows, document_words, latest_sent, state_of
from portal.admin.order_lines import position_rows
from portal.admin.return_rows import return_rows
from portal.admin.shipment_rows import shipment_rows
from portal.admin.show import QUIET, badge, day, page_url, purchase_order_badge, quantity
from portal.admin.supplier_invoice_page import bills_of

MOST_ENTRIES = 500


@dataclass(frozen=True)
class EntryRow:
    """One entry of the ledger as the page shows it."""

    line: int
    words: str
    quantity: str
    terms: str
    document: str
    url: str
    stated_at: datetime
    standing: SafeString | str


def purchase_order_context(purchase_order: PurchaseOrder) -> dict[str, Any]:
    """Return everything that the template ``portal/purchase_order.html`` shows."""
    links = list(
        purchase_order.documents.select_related(
            "document__interchange", "document__partner", "document__agreement", "document__state"
        ).order_by("document_id")
    )
    document = latest_sent(links)
    cases = list(purchase_order.cases.select_related("partner", "owner").order_by("closed_at", "-opened_at"))
    entries = _entries(purchase_order)
    return {
        "purchase_order": purchase_order,
        "badge": purchase_order_badge(purchase_order, state_of(document)),
        "rows": position_rows([purchase_order], cases, {purchase_order.pk: document}),
        "entries": entries[:MOST_ENTRIES],
        "more": max(0, len(entries) - MOST_ENTRIES),
        "documents": document_rows({link.document_id: link.document for link in links}.values()),
        "open_cases": [case for case in cases if case.closed_at is None],
        "closed_cases": [case for case in cases if case.closed_at is not None],
        "changes": change_rows([purchase_order]),
        "shipments": shipment_rows(purchase_order.shipments.all()),
        "bills": bills_of(purchase_order),
        "returns": return_rows(purchase_order.returns.all()),
        "accepted_by": purchase_order.accepted_by,
        "accepted_words": document_words(purchase_order.accepted_by) if purchase_order.accepted_by else "",
    }


def _entries(purchase_order: PurchaseOrder) -> list[EntryRow]:
    """Return the ledger, newest first: what was reversed is shown, and said to be."""
    rows = (
        LineEntry.objects.filter(line__purchase_order=purchase_order, reverses=None)
        .select_related("line", "document__interchange", "document__state", "take_over", "reversed_by")
        .order_by("-stated_at", "line__line_number", "pk")[: MOST_ENTRIES + 1]
    )
    return [
        EntryRow(
            line=row.line.line_number,
            words=str(row.get_kind_display()),
            quantity=f"{quantity(row.quantity)} {row.line.unit}",
            terms=_terms(row),
            document=document_words(row.document) if row.document else f"{row.take_over}",
            url=page_url(row.document) if row.document else "",
            stated_at=row.stated_at,
            standing=badge(gettext("Reversed"), QUIET) if hasattr(row, "reversed_by") else "",
        )
        for row in rows
    ]


def _terms(row: LineEntry) -> str:
    at = (
        [gettext("at %(quantity)s") % {"quantity": quantity(row.unit_price)}]
        if row.unit_price is not None
        else []
    )
    return ", ".join(
        [*at, gettext("for %(promised_on)s") % {"promised_on": day(row.promised_on)}]
        if row.promised_on
        else at
    )
