"""The order statuses of a store. Ids and names are fixed; the label is the merchant's own word for one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Status:
    """One status; ``place`` is where the control panel lists it."""

    id: int
    name: str
    label: str
    description: str
    place: int


STATUSES = {
    status.id: status
    for status in (
        Status(0, "Incomplete", "Incomplete", "The payment page was reached, nothing was paid.", 0),
        Status(1, "Pending", "Pending", "The checkout was started and not finished.", 1),
        Status(2, "Shipped", "Shipped", "Sent; receipt is not confirmed.", 8),
        Status(3, "Partially Shipped", "Partially Shipped", "Some of the items were sent.", 6),
        Status(4, "Refunded", "Refunded", "The seller refunded the order.", 11),
        Status(5, "Cancelled", "Cancelled", "The seller cancelled the order.", 9),
        Status(6, "Declined", "Declined", "The seller declined the order.", 10),
        Status(7, "Awaiting Payment", "Awaiting Payment", "Checked out; payment is not confirmed.", 2),
        Status(8, "Awaiting Pickup", "Awaiting Pickup", "Ready for the customer to collect.", 5),
        # The merchant renamed this one: whoever keys on the text instead of the id goes wrong here.
        Status(9, "Awaiting Shipment", "Packed, waiting for the carrier", "Packed; the carrier is due.", 4),
        Status(10, "Completed", "Completed", "Paid and delivered.", 7),
        Status(11, "Awaiting Fulfillment", "Awaiting Fulfillment", "Checked out and paid.", 3),
        Status(12, "Manual Verification Required", "Manual Verification Required", "Held for a person.", 13),
        Status(13, "Disputed", "Disputed", "The payment is disputed.", 14),
        Status(14, "Partially Refunded", "Partially Refunded", "Part of the order was refunded.", 12),
    )
}


def status_payload(status: Status) -> dict[str, Any]:
    """Return a status as ``GET /v2/order_statuses`` shows it."""
    return {**_described(status), "order": status.place}


def counted_status_payload(status: Status, count: int) -> dict[str, Any]:
    """Return a status as ``GET /v2/orders/count`` shows it."""
    return {**_described(status), "count": count, "sort_order": status.place}


def _described(status: Status) -> dict[str, Any]:
    return {
        "id": status.id,
        "name": status.name,
        "system_label": status.name,
        "custom_label": status.label,
        "system_description": status.description,
    }
