"""What partners bill: every supplier's invoice agrees with what it is held against, was decided, or is asked about."""

from __future__ import annotations

from datetime import datetime

from django.db.models import Exists, OuterRef

from archive.models import Direction, Document, Validation
from integration.flows.gaps.parts import LOOKS_BACK, SETTLED, Checked, Found, Tally, links_of, work_for
from integration.flows.parents import match_step
from integration.models import ExceptionCase, Gap, SupplierInvoice

State = SupplierInvoice.State
_BILLS_WITH_THEIR_MATCH = (
    State.MATCHED,
    State.APPROVED,
    State.REJECTED,
    State.SETTLED,
    State.REPEATED,
    State.WITHDRAWN,
)


def bills(now: datetime) -> Checked:
    """Every supplier's invoice that holds has its match: it agrees, was decided, or a case asks."""
    tally = Tally(Gap.Check.BILL)
    rows = (
        Document.objects.filter(
            direction=Direction.IN,
            transaction_set="810",
            recorded_at__gte=now - LOOKS_BACK,
            agreement__documents__transaction_set="810",
            agreement__documents__direction="in",
            agreement__documents__is_active=True,
        )
        .exclude(state__validation=Validation.INVALID)
        .select_related("partner", "state", "interchange", "supplier_invoice")
        .annotate(
            is_asked=Exists(ExceptionCase.objects.filter(document=OuterRef("pk"))),
            in_hand=Exists(work_for("match", "pk")),
        )
        .distinct()
    )
    for row in rows.iterator():
        bill = getattr(row, "supplier_invoice", None)
        if bill is not None and bill.state in _BILLS_WITH_THEIR_MATCH:
            tally.good += 1
        elif row.is_asked or row.in_hand or row.recorded_at > now - SETTLED or _waits(bill, now):
            tally.explained += 1
        else:
            sentence = (
                f"{row} of {row.partner} was held against nothing that was ordered or shipped."
                if bill is None
                else f"{bill} of {row.partner} does not agree with what was promised and shipped, and nobody was asked."
            )
            tally.gaps.append(
                Found(
                    f"document:{row.pk}:810",
                    sentence,
                    "It is matched now.",
                    [match_step(row)],
                    links=links_of(row),
                )
            )
    return tally.checked()


def _waits(bill: SupplierInvoice | None, now: datetime) -> bool:
    return bill is not None and bill.waits_until is not None and bill.waits_until > now - SETTLED
