"""Records of what was exchanged, with whom, and by which mapping."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from archive.models import Document, Interchange
from integration.models import (
    DailyFigure,
)
from partners.models import AgreementDocument, TradingPartner
from portal.api.records.base import Record, row_id

TOLD_REFERENCES = (
    "order", "purchase_order", "vendor_order", "invoice", "shipment", "rma", "tracking", "sscc", "control_number",
    "group_control_number", "set_control_number", "sku", "vendor_item", "upc", "item",
)  # fmt: skip
"""Kinds of references that are told: numbers. Names and addresses are not, nor what partners write freely."""


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
        tied: list[dict[str, Any]] = row.tied  # type: ignore[attr-defined]
        return tied

    @extend_schema_field(ReferenceRecord(many=True))
    def get_references(self, row: Document) -> list[dict[str, str]]:
        """Return the numbers in it, each as it is written, once."""
        told: list[dict[str, str]] = row.told_references  # type: ignore[attr-defined]
        return told


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
