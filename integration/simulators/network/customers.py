"""Business customers who placed orders in the store: what an order acknowledgment (855) tells them, line by line.

A customer keeps the latest word alone: an 855 that replaces (BAK01 05) states the whole order again. Typed from public
guides: BAK03 is his own number, PO101 to PO104 line, quantity, unit and price; each ACK that follows says of so many what
becomes of them (ACK01, ACK02), and when (ACK04 what the date means, ACK05 the date).
"""

from __future__ import annotations

from typing import Any

from integration.simulators.network.purchase_orders import PurchaseOrder, element

CUSTOMERS = {("ZZ", "GROVERETAIL"): "Grove Retail"}


def is_for_customer(document: PurchaseOrder) -> bool:
    """Say whether an arrived document is an acknowledgment for one of the customers."""
    return document.code == "855" and document.receiver in CUSTOMERS


def told_by(document: PurchaseOrder) -> dict[str, Any]:
    """Return what an 855 tells its customer: ``purpose`` (BAK01), ``answer`` (BAK02), and his lines by number."""
    return {
        "purpose": document.purpose,
        "answer": document.order_type,
        "lines": {
            element(line, 1): {
                "quantity": element(line, 2),
                "price": element(line, 4),
                "answers": [
                    {"status": element(ack, 1), "quantity": element(ack, 2), "date": element(ack, 5)}
                    for ack in document.answers.get(place, [])
                ],
            }
            for place, line in enumerate(document.lines, start=1)
        },
    }
