"""What partners ship: every ship notice is posted line by line, and stands in the store or in a case."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from decimal import Decimal

from django.db.models import Exists, OuterRef, Q, QuerySet, Sum

from archive.models import Direction, Document, Validation
from integration.flows.gaps.parts import LOOKS_BACK, SETTLED, Checked, Found, Tally, links_of, work_for
from integration.flows.match_ship_notices import NOTICE_ROLE
from integration.flows.parents import match_step
from integration.models import ExceptionCase, Gap, LineEntry, OrderDocument, Shipment, ShipmentLine

Lines = dict[int, dict[int, Decimal]]
"""Quantities by document, and by purchase order line."""


def ship_notices(now: datetime) -> Checked:
    """Every line of an 856 that holds is a line of a shipment, and each shipment goes to the store or is a case."""
    tally = Tally(Gap.Check.SHIPMENT)
    rows = (
        Document.objects.filter(
            direction=Direction.IN,
            transaction_set="856",
            recorded_at__gte=now - LOOKS_BACK,
            agreement__documents__transaction_set="856",
            agreement__documents__direction="in",
            agreement__documents__is_active=True,
        )
        .exclude(state__validation=Validation.INVALID)
        .select_related("partner", "state", "interchange")
        .annotate(
            is_linked=Exists(OrderDocument.objects.filter(document=OuterRef("pk"), role=NOTICE_ROLE)),
            is_asked=Exists(ExceptionCase.objects.filter(document=OuterRef("pk"))),
            in_hand=Exists(work_for("match", "pk")),
        )
        .distinct()
    )
    posted, shipped, idle = _posted(), _shipped(), _idle()
    for row in rows.iterator():
        agrees = posted.get(row.pk) == shipped.get(row.pk)
        if row.is_linked and agrees and row.pk not in idle:
            tally.good += 1
        elif row.in_hand or row.is_asked or row.recorded_at > now - SETTLED:
            tally.explained += 1
        else:
            what = "is matched to no purchase order"
            if row.is_linked:
                what = "is in part in no shipment" if not agrees else "has a shipment that goes to no store"
            tally.gaps.append(
                Found(
                    f"document:{row.pk}:856",
                    f"{row} of {row.partner} {what}.",
                    "It is matched now.",
                    [match_step(row)],
                    links=links_of(row),
                )
            )
    return tally.checked()


def _posted() -> Lines:
    entries = LineEntry.standing().filter(kind=LineEntry.Kind.SHIPPED, document__transaction_set="856")
    found = entries.values("document", "line").annotate(total=Sum("quantity"))
    return _grouped((each["document"], each["line"], each["total"]) for each in found)


def _shipped() -> Lines:
    lines = ShipmentLine.objects.filter(shipment__withdrawn_by=None)
    found = lines.values("shipment__document", "line").annotate(total=Sum("quantity"))
    return _grouped((each["shipment__document"], each["line"], each["total"]) for each in found)


def _grouped(rows: Iterable[tuple[int, int, Decimal]]) -> Lines:
    found: Lines = {}
    for document, line, quantity in rows:
        found.setdefault(document, {})[line] = quantity
    return found


def _idle() -> set[int]:
    """Return the documents with a shipment that is meant for a store, and that nothing brings there."""
    stands: QuerySet[Shipment] = Shipment.objects.filter(withdrawn_by=None, effect=None)
    meant = stands.exclude(
        Q(purchase_order__leaves_store=True) | Q(purchase_order__ship_to__startswith="warehouse")
    )
    return set(meant.values_list("document_id", flat=True))
