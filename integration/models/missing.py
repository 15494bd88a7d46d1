"""Translations that a partner's code lists lack, and the documents that wait for them."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from archive.models import Direction, Document
from integration.models.purchase import PurchaseOrder
from partners.models import Agreement


class MissingTranslation(models.Model):
    """One value that one code list of one agreement does not hold: a word of ours on the way out, else a code."""

    agreement = models.ForeignKey(Agreement, models.CASCADE, related_name="missing_translations")
    code_list = models.CharField(max_length=40)
    value = models.CharField(max_length=80)
    direction = models.CharField(max_length=3, choices=Direction)
    opened_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["agreement", "code_list", "value", "direction"], name="missingtranslation_once"
            )
        ]

    def __str__(self) -> str:
        return f"“{self.value}” in {self.code_list}"

    @property
    def cause(self) -> str:
        """The cause of its case."""
        return f"translation:{self.pk}"


class WaitingDocument(models.Model):
    """A purchase order that cannot be written, or a received document that is not matched, for lack of a translation."""

    missing = models.ForeignKey(MissingTranslation, models.CASCADE, related_name="waiting")
    purchase_order = models.ForeignKey(
        PurchaseOrder, models.CASCADE, null=True, related_name="waits_for_translations"
    )
    document = models.ForeignKey(Document, models.PROTECT, null=True, related_name="waits_for_translations")
    since = models.DateTimeField(auto_now_add=True)
    released_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["missing", "purchase_order"], name="waiting_once_purchase_order"),
            models.UniqueConstraint(fields=["missing", "document"], name="waiting_once_document"),
            models.CheckConstraint(
                condition=Q(purchase_order=None, document__isnull=False)
                | Q(purchase_order__isnull=False, document=None),
                name="waiting_is_one_of_the_two",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.purchase_order or self.document} waits for {self.missing}"
