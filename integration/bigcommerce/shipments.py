"""Shipments of an order, as the V2 API tells and takes them.

Shapes follow the published ``orders.v2`` description. An item names the order's line (``order_product_id``), never the
product. The store knows no key by which a repeated POST would be one: whoever repeats has to look first.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from integration.bigcommerce.fields import Fields

LONGEST_TRACKING = 50
LONGEST_LINK = 500


@dataclass(frozen=True, slots=True)
class NewShipment:
    """A shipment to be made. ``items`` are quantities by line id. ``carrier`` is the store's word (tracking_carrier).

    ``link`` is a tracking link of our own, for where there is no such word; both empty show the number alone.
    """

    order_address_id: int
    items: Mapping[int, int]
    tracking_number: str = ""
    carrier: str = ""
    link: str = ""
    method: str = ""

    def body(self) -> dict[str, Any]:
        """Return the body of the POST."""
        told: dict[str, Any] = {
            "order_address_id": self.order_address_id,
            "items": [
                {"order_product_id": line, "quantity": quantity}
                for line, quantity in sorted(self.items.items())
            ],
            "tracking_number": self.tracking_number,
            "tracking_carrier": self.carrier,
            # Without it the store writes "custom", and the customer's mail has no link.
            "shipping_provider": "",
        }
        if self.link:
            told["tracking_link"] = self.link
        if self.method:
            told["shipping_method"] = self.method
        return told


@dataclass(frozen=True, slots=True)
class StoreShipment:
    """A shipment as the store holds it; ``items`` are quantities by line id."""

    id: int
    order_address_id: int
    items: Mapping[int, int]
    tracking_number: str
    carrier: str

    def is_like(self, other: NewShipment) -> bool:
        """Say whether it holds just what ``other`` would: address, lines, quantities and tracking number."""
        mine = (self.order_address_id, dict(self.items), self.tracking_number.strip().upper())
        return mine == (other.order_address_id, dict(other.items), other.tracking_number.strip().upper())


def parse_shipment(data: object, order: int) -> StoreShipment:
    """Return the shipment in ``data``. Raises ``BrokenAnswer`` naming the field that is broken."""
    shipment = Fields(data, f"a shipment of order {order}")
    items: dict[int, int] = {}
    for each in shipment.parts("items"):
        line = each.whole("order_product_id")
        items[line] = items.get(line, 0) + each.whole("quantity")
    return StoreShipment(
        id=shipment.whole("id"),
        order_address_id=shipment.whole("order_address_id", 0),
        items=items,
        tracking_number=shipment.text("tracking_number"),
        carrier=shipment.text("tracking_carrier") or shipment.text("shipping_provider"),
    )
