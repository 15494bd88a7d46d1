"""Records of orders, of what was asked of partners, promised and shipped."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from integration.models import (
    LineEntry,
    Order,
    PurchaseOrder,
    PurchaseOrderLine,
    Shipment,
    Store,
    StoreEffect,
)
from portal.api.records.base import Record, amount, row_id


class StoreRecord(Record):
    """A store."""

    class Meta:
        model = Store
        fields = ("id", "updated_at", "name", "store_hash", "time_zone", "currency", "mode", "live_from")
        read_only_fields = fields


class OrderRecord(Record):
    """An order of the store, as it was last read."""

    store_id = row_id("Of which store.")
    total = amount("As the store has it.")
    purchase_orders = serializers.SerializerMethodField(
        help_text="The ids of what was asked of partners for it."
    )
    status = serializers.CharField(
        source="get_status_id_display", read_only=True, help_text="Its status in words."
    )

    class Meta:
        model = Order
        fields = (
            "id", "updated_at", "store_id", "number", "state", "status_id", "status", "placed_at", "modified_at",
            "read_at", "total", "currency", "purchase_orders", "erased_at",
        )  # fmt: skip
        read_only_fields = fields

    @extend_schema_field(serializers.ListField(child=serializers.IntegerField()))
    def get_purchase_orders(self, row: Order) -> list[int]:
        """Return the ids of its purchase orders."""
        return sorted(each.pk for each in row.purchase_orders.all())


class PurchaseOrderRecord(Record):
    """What one partner was asked for, for one order and one place."""

    order_id = row_id("For which order.")
    store_id = row_id("Of which store.", source="order.store_id")
    partner_id = row_id("Of whom.", source="agreement.partner_id")
    agreement_id = row_id("Under which agreement.")
    accepted_by_id = row_id("The document by which it counts as accepted.", allow_null=True)

    class Meta:
        model = PurchaseOrder
        fields = (
            "id", "updated_at", "order_id", "store_id", "partner_id", "agreement_id", "number", "ship_to", "state",
            "sequence", "accepted_by_id", "created_at",
        )  # fmt: skip
        read_only_fields = fields


class PurchaseOrderLineRecord(Record):
    """One line as it was asked for, and where it stands by the ledger: movements summed, of statements the latest."""

    purchase_order_id = row_id("Of which purchase order.")
    order_id = row_id("For which order.", source="purchase_order.order_id")
    partner_id = row_id("Of whom.", source="purchase_order.agreement.partner_id")
    quantity = amount("As it was asked for first, in the unit.")
    unit_price = amount("What we said that one costs.", allow_null=True)
    currency = serializers.SerializerMethodField(help_text="Of the price.")
    ordered = amount("Told to the partner.", source="position.ordered")
    cancelled = amount("Taken back.", source="position.cancelled")
    shipped = amount("Shipped, by his notices.", source="position.shipped")
    invoiced = amount("Billed by him.", source="position.invoiced")
    returned = amount("Sent back.", source="position.returned")
    credited = amount("Credited by him.", source="position.credited")
    open = amount("Still to come; below 0: more came.", source="position.open")
    acknowledged = amount(
        "What he promises; null: not answered.", source="position.acknowledged", allow_null=True
    )
    backordered = amount("What he will deliver later.", source="position.backordered", allow_null=True)
    rejected = amount("What he refuses.", source="position.rejected", allow_null=True)
    held = amount("What he holds.", source="position.held", allow_null=True)
    acknowledged_price = amount("His price.", source="position.unit_price", allow_null=True)
    promised_on = serializers.DateField(source="position.promised_on", read_only=True, allow_null=True)

    class Meta:
        model = PurchaseOrderLine
        fields = (
            "id", "updated_at", "purchase_order_id", "order_id", "partner_id", "line_number", "store_line", "sku",
            "vendor_item", "upc", "description", "quantity", "unit", "unit_price", "currency", "ordered", "cancelled",
            "shipped", "invoiced", "returned", "credited", "open", "acknowledged", "backordered", "rejected", "held",
            "acknowledged_price", "promised_on",
        )  # fmt: skip
        read_only_fields = fields

    def get_currency(self, row: PurchaseOrderLine) -> str:
        """Return the agreement's currency, in which purchase orders are written."""
        return row.purchase_order.agreement.currency


class AcknowledgmentLineRecord(Record):
    """What one purchase order acknowledgment (855) or change acknowledgment (865) said of one line: one row a statement."""

    line_id = row_id("Of which purchase order line.")
    purchase_order_id = row_id("Of which purchase order.", source="line.purchase_order_id")
    partner_id = row_id("Who said it.", source="line.purchase_order.agreement.partner_id")
    document_id = row_id("In which document.", allow_null=True)
    status = serializers.CharField(
        source="kind", read_only=True, help_text="acknowledged, backordered, rejected or held"
    )
    quantity = amount("So much, in the unit.")
    unit = serializers.CharField(source="line.unit", read_only=True)
    unit_price = amount("His price.", allow_null=True)
    currency = serializers.SerializerMethodField(help_text="Of the price.")
    is_reversed = serializers.SerializerMethodField(help_text="It was read wrongly, and counts no more.")

    class Meta:
        model = LineEntry
        fields = (
            "id", "updated_at", "recorded_at", "line_id", "purchase_order_id", "partner_id", "document_id", "status",
            "quantity", "unit", "unit_price", "currency", "promised_on", "stated_at", "is_reversed",
        )  # fmt: skip
        read_only_fields = fields

    def get_currency(self, row: LineEntry) -> str:
        """Return the agreement's currency."""
        return row.line.purchase_order.agreement.currency

    def get_is_reversed(self, row: LineEntry) -> bool:
        """Say whether another entry took it back."""
        return hasattr(row, "reversed_by")


class ShippedLineRecord(serializers.Serializer):  # type: ignore[type-arg]
    """How much of one line a shipment holds."""

    line_id = serializers.IntegerField(help_text="The purchase order line.")
    quantity = serializers.DecimalField(20, 4)
    unit = serializers.CharField()


class ShipmentRecord(Record):
    """What one ship notice sends of one purchase order under one tracking number."""

    order_id = row_id("Of which order.")
    store_id = row_id("Of which store.", source="order.store_id")
    purchase_order_id = row_id("Of which purchase order.")
    partner_id = row_id("Who shipped.", source="purchase_order.agreement.partner_id")
    document_id = row_id("The ship notice.")
    withdrawn_by_id = row_id("What took it back.", allow_null=True)
    store_effect = serializers.ChoiceField(
        StoreEffect.State.choices, source="effect.state", read_only=True, default=None, allow_null=True,
        help_text="How far it came in the store; null: nothing is written there.",
    )  # fmt: skip
    lines = serializers.SerializerMethodField(help_text="How much of which line.")

    class Meta:
        model = Shipment
        fields = (
            "id", "updated_at", "order_id", "store_id", "purchase_order_id", "partner_id", "document_id", "number",
            "tracking_number", "scac", "carrier_name", "shipped_on", "store_shipment", "store_effect",
            "withdrawn_by_id", "created_at", "lines",
        )  # fmt: skip
        read_only_fields = fields

    @extend_schema_field(ShippedLineRecord(many=True))
    def get_lines(self, row: Shipment) -> list[dict[str, Any]]:
        """Return how much of which line."""
        return [
            {"line_id": each.line_id, "quantity": f"{each.quantity:.4f}", "unit": each.line.unit}
            for each in sorted(row.lines.all(), key=lambda line: line.line_id)
        ]
