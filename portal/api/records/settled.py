"""Records of bills, returns, cases and reconciliations."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from integration.models import (
    ExceptionCase,
    Gap,
    Invoice,
    Reconciliation,
    ReturnCase,
    ReturnLine,
    SupplierInvoice,
)
from portal.api.records.base import Record, amount, row_id


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
