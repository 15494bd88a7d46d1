"""Returns for tests, as rows: of a purchase order that was sent, at whatever stage a test wants."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from integration.models import PurchaseOrder, ReturnCase, ReturnLine


def return_of(purchase_order: PurchaseOrder, quantity: int = 1, **fields: Any) -> ReturnCase:
    """Return a case of which so many of each line of ``purchase_order`` go back, authorized by the partner as asked."""
    count = ReturnCase.objects.count() + 1001
    made = {
        "stage": ReturnCase.Stage.AUTHORIZED,
        "rma": f"RMA-{count}",
        "currency": "USD",
        "number": f"R-{count}",
    }
    case = ReturnCase.objects.create(
        order=purchase_order.order,
        purchase_order=purchase_order,
        partner=purchase_order.agreement.partner,
        reason="The shade is broken.",
        opened_by="decide",
        **{**made, **fields},
    )
    for line in purchase_order.lines.order_by("line_number"):
        ReturnLine.objects.create(
            case=case,
            line=line,
            quantity=Decimal(quantity),
            reason="damaged_in_transit",
            comment="Shade is broken",
            authorized=Decimal(quantity),
            unit_price=line.unit_price,
        )
    return case
