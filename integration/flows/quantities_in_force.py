"""What partners were told of quantities last: the ledger, and the changes that are about to be written."""

from __future__ import annotations

from decimal import Decimal

from integration.flows.positions import positions_of
from integration.models import PurchaseOrder, PurchaseOrderChange

State = PurchaseOrder.State
STANDING = (State.GENERATED, State.ACCEPTED, State.DISPUTED)
"""States of a purchase order whose partner can be told a change."""


def told_quantities(purchase_order: PurchaseOrder) -> dict[int, Decimal]:
    """Return the quantity of each line as it was told last, by line number, in our units.

    A change that waits to be written counts: the next one is made against it.
    """
    told = {number: found.in_force for number, found in positions_of(purchase_order).items()}
    waiting = purchase_order.changes.filter(state=PurchaseOrderChange.State.COMPOSED).order_by("sequence")
    for change in waiting:
        told |= {row["line_number"]: Decimal(row["now"]) for row in change.lines}
    return told
