"""Messages of an order, between the shopper and the merchant, as the V2 API tells them.

Shapes follow the published ``orders.v2`` description. ``type`` says who wrote: ``customer``, or the merchant.
"""

from __future__ import annotations

from dataclasses import dataclass

from integration.bigcommerce.fields import Fields

OF_CUSTOMER = "customer"


@dataclass(frozen=True, slots=True)
class StoreMessage:
    """One message; ``by_customer``: the shopper wrote it."""

    id: int
    subject: str
    text: str
    by_customer: bool


def parse_message(data: object, order: int) -> StoreMessage:
    """Return the message in ``data``. Raises ``BrokenAnswer`` naming the field that is broken."""
    message = Fields(data, f"a message of order {order}")
    return StoreMessage(
        id=message.whole("id"),
        subject=message.text("subject"),
        text=message.text("message"),
        by_customer=message.text("type") == OF_CUSTOMER,
    )
