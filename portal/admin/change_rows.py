"""Changes of purchase orders as rows of a table, on the pages of orders and purchase orders."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.utils.safestring import SafeString
from django.utils.translation import gettext

from integration.models import PurchaseOrder, PurchaseOrderChange
from portal.admin.documents_table import state_of
from portal.admin.show import change_badge, page_url


@dataclass(frozen=True)
class ChangeRow:
    """One change: what it changes, how it came about, and what became of it. ``url`` is its document's, if any."""

    number: str
    sequence: int
    url: str
    lines: tuple[str, ...]
    reason: str
    actor: str
    badge: SafeString
    created_at: datetime


def change_rows(purchase_orders: Iterable[PurchaseOrder]) -> list[ChangeRow]:
    """Return the changes of ``purchase_orders``, in order, with two queries."""
    changes = (
        PurchaseOrderChange.objects.filter(purchase_order__in=list(purchase_orders))
        .select_related("purchase_order", "document__state", "document__interchange")
        .prefetch_related("purchase_order__lines")
        .order_by("purchase_order", "sequence")
    )
    return [
        ChangeRow(
            number=change.purchase_order.number,
            sequence=change.sequence,
            url=page_url(change.document) if change.document is not None else "",
            lines=tuple(_words(change)),
            reason=change.reason,
            actor=change.actor or "Gridport",
            badge=change_badge(change, state_of(change.document)),
            created_at=change.created_at,
        )
        for change in changes
    ]


def _words(change: PurchaseOrderChange) -> Iterable[str]:
    lines = {line.line_number: line for line in change.purchase_order.lines.all()}
    for row in change.lines:
        line = lines[row["line_number"]]
        now = "cancelled" if row["now"] == "0" else f"{row['now']} {line.unit}"
        yield gettext("Line %(line_number)s (%(sku)s): %(now)s instead of %(row)s %(unit)s") % {
            "line_number": line.line_number,
            "sku": line.sku,
            "now": now,
            "row": row["was"],
            "unit": line.unit,
        }
