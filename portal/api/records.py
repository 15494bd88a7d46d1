"""What programs are told of a row: flat records, the same columns whatever is empty.

``id`` and ``updated_at`` come first. Money and quantities are text, exact, with currency or unit beside them; words of a
vocabulary are the slugs that are stored, which stay; other rows are named by their id. Nothing tells who a customer is:
what a document says is asked for by its own address, and recorded as read.
"""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from archive.models import Document, Interchange
from integration.models import (
    DailyFigure,
    ExceptionCase,
    Gap,
    Invoice,
    LineEntry,
    Order,
    PurchaseOrder,
    PurchaseOrderLine,
    Reconciliation,
    ReturnCase,
    ReturnLine,
    Shipment,
    Store,
    StoreEffect,
    SupplierInvoice,
)
from partners.models import AgreementDocument, TradingPartner

TOLD_REFERENCES = (
    "order", "purchase_order", "vendor_order", "invoice", "shipment", "rma", "tracking", "sscc", "control_number",
    "group_control_number", "set_control_number", "sku", "vendor_item", "upc", "item",
)  # fmt: skip
"""Kinds of references that are told: numbers. Names and addresses are not, nor what partners write freely."""

ALWAYS = ("id", "updated_at")


def row_id(help_text: str, source: str | None = None, **options: Any) -> serializers.IntegerField:
    """Return a column that names another row."""
    return serializers.IntegerField(help_text=help_text, read_only=True, source=source, **options)


def amount(help_text: str, source: str | None = None, **options: Any) -> serializers.DecimalField:
    """Return a column of money, or of a quantity: text with four places."""
    return serializers.DecimalField(20, 4, help_text=help_text, read_only=True, source=source, **options)


class Record(serializers.ModelSerializer):  # type: ignore[type-arg]
    """The columns that every record has. ``fields`` chooses among the others."""

    updated_at = serializers.DateTimeField(
        source="changed_at", read_only=True, help_text="When the transaction began that changed it last."
    )

    def __init__(self, *args: Any, chosen: frozenset[str] | None = None, **options: Any) -> None:
        super().__init__(*args, **options)
        if chosen is not None:
            for name in set(self.fields) - chosen - set(ALWAYS):
                self.fields.pop(name)


class ReferenceRecord(serializers.Serializer):  # type: ignore[type-arg]
    """A number that stands in a document."""

    kind = serializers.ChoiceField(TOLD_REFERENCES)
    value = serializers.CharField()


class TiedOrderRecord(serializers.Serializer):  # type: ignore[type-arg]
    """An order that a document belongs to, and as what."""

    order_id = serializers.IntegerField()
    purchase_order_id = serializers.IntegerField(allow_null=True)
    role = serializers.CharField()


class DocumentRecord(Record):
    """One transaction set, or one other document of ours."""

    partner_id = row_id("With whom.", allow_null=True)
    agreement_id = row_id("Under which agreement.", allow_null=True)
    interchange_id = row_id("In which interchange it travelled.")
    interchange_control_number = serializers.CharField(
        source="interchange.control_number", read_only=True, help_text="ISA13"
    )
    usage_indicator = serializers.CharField(
        source="interchange.usage_indicator", read_only=True, help_text="ISA15: P production, T test"
    )
    number = serializers.CharField(
        source="state.number", read_only=True, help_text="The document's own number."
    )
    validation = serializers.CharField(source="state.validation", read_only=True)
    delivery = serializers.CharField(source="state.delivery", read_only=True)
    acknowledgment = serializers.CharField(source="state.acknowledgment", read_only=True)
    sha256 = serializers.CharField(
        source="state.sha256", read_only=True, help_text="Of the interchange as it travelled."
    )
    orders = serializers.SerializerMethodField(help_text="What orders it belongs to.")
    references = serializers.SerializerMethodField(help_text="The numbers in it.")

    class Meta:
        model = Document
        fields = (
            "id", "updated_at", "recorded_at", "direction", "transaction_set", "version", "number", "partner_id",
            "agreement_id", "interchange_id", "interchange_control_number", "group_control_number", "control_number",
            "usage_indicator", "validation", "delivery", "acknowledgment", "guide", "length", "sha256", "orders",
            "references",
        )  # fmt: skip
        read_only_fields = fields

    @extend_schema_field(TiedOrderRecord(many=True))
    def get_orders(self, row: Document) -> list[dict[str, Any]]:
        """Return what orders it belongs to."""
        return [
            {"order_id": each.order_id, "purchase_order_id": each.purchase_order_id, "role": each.role}
            for each in sorted(row.orders.all(), key=lambda tie: tie.pk)
        ]

    @extend_schema_field(ReferenceRecord(many=True))
    def get_references(self, row: Document) -> list[dict[str, str]]:
        """Return the numbers in it, each as it is written, once."""
        told = {(each.kind, each.value) for each in row.references.all() if each.kind in TOLD_REFERENCES}
        return [{"kind": kind, "value": value} for kind, value in sorted(told)]


class InterchangeRecord(Record):
    """One ISA to IEA, or a file of ours in its place."""

    mailbox_id = row_id("Over which mailbox.")
    agreement_id = row_id("Under which agreement.", allow_null=True)
    partner_id = row_id(
        "Of which partner, where the agreement is known.",
        source="agreement.partner_id",
        default=None,
        allow_null=True,
    )
    size = serializers.IntegerField(source="payload.size", read_only=True, help_text="Bytes.")
    attempts = serializers.SerializerMethodField(help_text="How often it was tried to send it.")
    last_result = serializers.SerializerMethodField(
        help_text="What became of the last attempt; empty: none, or not known yet."
    )

    class Meta:
        model = Interchange
        fields = (
            "id", "updated_at", "recorded_at", "direction", "partner_id", "agreement_id", "mailbox_id", "name",
            "sender_qualifier", "sender_id", "receiver_qualifier", "receiver_id", "control_number", "version",
            "usage_indicator", "size", "attempts", "last_result",
        )  # fmt: skip
        read_only_fields = fields

    def get_attempts(self, row: Interchange) -> int:
        """Return how many attempts there were."""
        return len(row.attempts.all())

    def get_last_result(self, row: Interchange) -> str:
        """Return the slug of what became of the last attempt."""
        outcomes = [each for attempt in row.attempts.all() for each in attempt.outcomes.all()]
        return max(outcomes, key=lambda each: each.pk).result if outcomes else ""


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


class InvoiceRecord(Record):
    """One invoice or credit memo of ours."""

    order_id = row_id("Of which order.")
    store_id = row_id("Of which store.", source="order.store_id")
    shipment_id = row_id("Of which shipment, where it is for one.", allow_null=True)
    total = amount("With tax.")
    documents = serializers.SerializerMethodField(help_text="The ids of the documents that carry it.")

    class Meta:
        model = Invoice
        fields = (
            "id", "updated_at", "order_id", "store_id", "kind", "number", "state", "about", "shipment_id", "refund",
            "total", "currency", "created_at", "numbered_at", "documents",
        )  # fmt: skip
        read_only_fields = fields

    @extend_schema_field(serializers.ListField(child=serializers.IntegerField()))
    def get_documents(self, row: Invoice) -> list[int]:
        """Return the ids of the documents that carry it."""
        return sorted(each.document_id for each in row.copies.all() if each.document_id is not None)


class SupplierInvoiceRecord(Record):
    """One invoice or credit memo of a supplier, and what came of it."""

    document_id = row_id("The document.")
    partner_id = row_id("Who bills.")
    total = amount("As billed, without a sign.")
    money_at_stake = amount("By how much it differs.")
    approved = amount("What is to be paid; null: not decided.", allow_null=True)
    purchase_orders = serializers.SerializerMethodField(
        help_text="The ids of the purchase orders that it bills."
    )

    class Meta:
        model = SupplierInvoice
        fields = (
            "id", "updated_at", "document_id", "partner_id", "number", "is_credit", "original", "invoice_date",
            "total", "currency", "state", "money_at_stake", "approved", "waits_until", "created_at",
            "purchase_orders",
        )  # fmt: skip
        read_only_fields = fields

    @extend_schema_field(serializers.ListField(child=serializers.IntegerField()))
    def get_purchase_orders(self, row: SupplierInvoice) -> list[int]:
        """Return the ids of the purchase orders that it bills."""
        return sorted(each.purchase_order_id for each in row.parts.all())


class ReturnRecord(Record):
    """A return, and how far it came."""

    order_id = row_id("Of which order.")
    store_id = row_id("Of which store.", source="order.store_id")
    purchase_order_id = row_id("Of which purchase order.")
    partner_id = row_id("To whom it goes.")
    request_id = row_id("Our latest request (180).", allow_null=True)
    answer_id = row_id("The partner's latest answer.", allow_null=True)
    expected_credit = amount("What the partner owes us for it.")
    credited = amount("What he gave back.")

    class Meta:
        model = ReturnCase
        fields = (
            "id", "updated_at", "number", "order_id", "store_id", "purchase_order_id", "partner_id", "stage",
            "source", "opened_at", "request_id", "answer_id", "rma", "authorized_until", "scac", "tracking_number",
            "shipped_on", "received_on", "expected_credit", "credited", "currency", "closed_at",
        )  # fmt: skip
        read_only_fields = fields


class ReturnLineRecord(Record):
    """How much of one line goes back, why, and what became of it."""

    return_id = row_id("Of which return.", source="case_id")
    line_id = row_id("Of which purchase order line.")
    partner_id = row_id("To whom it goes.", source="case.partner_id")
    quantity = amount("So much, in the unit.")
    unit = serializers.CharField(source="line.unit", read_only=True)
    authorized = amount("What he takes; null: not answered.", allow_null=True)
    received = amount("What came back.", allow_null=True)
    damaged = amount("What of it came damaged.", allow_null=True)
    unit_price = amount("What we paid for one.", allow_null=True)
    currency = serializers.CharField(source="case.currency", read_only=True)

    class Meta:
        model = ReturnLine
        fields = (
            "id", "updated_at", "return_id", "line_id", "partner_id", "quantity", "unit", "reason", "wanted",
            "authorized", "disposition", "response", "received", "damaged", "unit_price", "currency",
        )  # fmt: skip
        read_only_fields = fields


class CaseRecord(Record):
    """One thing that a person has to look at, or had to."""

    store_id = row_id("Of which store.", allow_null=True)
    order_id = row_id("Of which order.", allow_null=True)
    purchase_order_id = row_id("Of which purchase order.", allow_null=True)
    partner_id = row_id("Of which partner.", allow_null=True)
    document_id = row_id("Of which document.", allow_null=True)
    return_id = row_id("Of which return.", source="return_case_id", allow_null=True)
    money = amount("What is at stake.", allow_null=True)
    owner = serializers.CharField(
        source="owner.username",
        read_only=True,
        default=None,
        allow_null=True,
        help_text="Who looks after it.",
    )
    is_open = serializers.SerializerMethodField(help_text="Nobody and nothing has closed it.")
    waiting_for = serializers.ChoiceField(
        [("", "Nothing"), *ExceptionCase.WaitingFor.choices],
        read_only=True,
        help_text="What it was put off for.",
    )
    decision = serializers.ChoiceField(
        [("", "None yet"), *ExceptionCase.Decision.choices], read_only=True, help_text="How it was decided."
    )

    class Meta:
        model = ExceptionCase
        fields = (
            "id", "updated_at", "kind", "is_open", "store_id", "order_id", "purchase_order_id", "partner_id",
            "document_id", "return_id", "money", "currency", "opened_at", "due_at", "waiting_for", "snoozed_until",
            "owner", "decision", "closed_at", "closed_by",
        )  # fmt: skip
        read_only_fields = fields

    def get_is_open(self, row: ExceptionCase) -> bool:
        """Say whether it is open."""
        return row.closed_at is None


class IdentifierRecord(serializers.Serializer):  # type: ignore[type-arg]
    """An interchange ID of a partner."""

    qualifier = serializers.CharField()
    value = serializers.CharField()


class PartnerRecord(Record):
    """A business that documents are exchanged with."""

    identifiers = serializers.SerializerMethodField(help_text="Its interchange IDs.")
    live_agreements = serializers.SerializerMethodField(help_text="How many agreements with it are live.")

    class Meta:
        model = TradingPartner
        fields = ("id", "updated_at", "name", "is_active", "live_agreements", "identifiers")
        read_only_fields = fields

    @extend_schema_field(IdentifierRecord(many=True))
    def get_identifiers(self, row: TradingPartner) -> list[dict[str, str]]:
        """Return its interchange IDs."""
        return [
            {"qualifier": each.qualifier, "value": each.value}
            for each in sorted(row.identifiers.all(), key=lambda identifier: identifier.pk)
        ]

    def get_live_agreements(self, row: TradingPartner) -> int:
        """Return how many of its agreements are live."""
        return sum(each.mode == "live" for each in row.agreements.all())


class StoreRecord(Record):
    """A store."""

    class Meta:
        model = Store
        fields = ("id", "updated_at", "name", "store_hash", "time_zone", "currency", "mode", "live_from")
        read_only_fields = fields


class MappingRecord(Record):
    """By which mapping one kind of document is written or read under one agreement now."""

    agreement_id = row_id("Under which agreement.")
    partner_id = row_id("With whom.", source="agreement.partner_id")
    version = serializers.CharField(source="agreement.version", read_only=True, help_text="Of X12.")
    profile_id = row_id("The mapping profile; null: the shipped guide as it is.", allow_null=True)
    profile = serializers.CharField(source="profile.name", read_only=True, default=None, allow_null=True)
    revision_id = row_id(
        "The revision that was released last.", source="revision.pk", default=None, allow_null=True
    )
    revision_number = serializers.IntegerField(
        source="revision.number", read_only=True, default=None, allow_null=True
    )
    released_at = serializers.DateTimeField(
        source="revision.released_at", read_only=True, default=None, allow_null=True
    )

    class Meta:
        model = AgreementDocument
        fields = (
            "id", "updated_at", "agreement_id", "partner_id", "transaction_set", "direction", "is_active", "version",
            "profile_id", "profile", "revision_id", "revision_number", "released_at",
        )  # fmt: skip
        read_only_fields = fields


class CheckRecord(serializers.Serializer):  # type: ignore[type-arg]
    """What one check of a reconciliation looked at, and how many were missing."""

    check_name = serializers.ChoiceField(Gap.Check.values)
    good = serializers.IntegerField()
    explained = serializers.IntegerField()
    gaps = serializers.IntegerField()


class ReconciliationRecord(Record):
    """One look at stores and mailboxes afresh."""

    checks = serializers.SerializerMethodField(help_text="What was looked at.")
    gaps = serializers.SerializerMethodField(help_text="How many things were missing.")
    repaired = serializers.SerializerMethodField(help_text="How many of them were mended at once.")
    is_whole = serializers.SerializerMethodField(help_text="Every store and mailbox could be looked at.")

    class Meta:
        model = Reconciliation
        fields = (
            "id", "updated_at", "started_at", "finished_at", "asked_by", "is_whole", "gaps", "repaired", "checks",
        )  # fmt: skip
        read_only_fields = fields

    @extend_schema_field(CheckRecord(many=True))
    def get_checks(self, row: Reconciliation) -> list[dict[str, Any]]:
        """Return what was looked at."""
        return [
            {
                "check_name": each["check"],
                "good": each["good"],
                "explained": each["explained"],
                "gaps": each["gaps"],
            }
            for each in row.checks
        ]

    def get_gaps(self, row: Reconciliation) -> int:
        """Return how many things were missing."""
        return len(row.gaps.all())

    def get_repaired(self, row: Reconciliation) -> int:
        """Return how many of them were mended at once."""
        return sum(bool(each.repair) for each in row.gaps.all())

    def get_is_whole(self, row: Reconciliation) -> bool:
        """Say whether every store and mailbox could be looked at."""
        return not row.unread


class DailyFigureRecord(Record):
    """How many documents of one kind went to or came from one partner on one day (UTC)."""

    partner_id = row_id("With whom.", allow_null=True)
    acknowledged = serializers.SerializerMethodField(help_text="How many of ours were answered with a 997.")
    acknowledged_within = serializers.ListField(
        source="answered",
        child=serializers.IntegerField(),
        read_only=True,
        help_text="How many within 15, 30, 60, 120, 240, 480, 720, 1440, 2880 minutes, and how many later.",
    )

    class Meta:
        model = DailyFigure
        fields = (
            "id", "updated_at", "day", "partner_id", "transaction_set", "direction", "documents", "failed",
            "acknowledged", "acknowledged_within", "counted_at",
        )  # fmt: skip
        read_only_fields = fields

    def get_acknowledged(self, row: DailyFigure) -> int:
        """Return how many were answered."""
        return sum(row.answered)
