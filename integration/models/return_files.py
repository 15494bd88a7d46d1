"""What proves a return, and the money that the customer gets back for it."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy

from archive.facts import Reported
from archive.models import Document, Payload
from integration.matching.evidence import KINDS
from integration.models.effect import StoreEffect
from integration.models.returns import ReturnCase
from integration.models.store import Order


class ReturnFile(models.Model):
    """A photo or form of a return: its bytes are a payload, its name is ours, what it was called is a label alone."""

    class Kind(models.TextChoices):
        JPEG = "JPEG", gettext_lazy("Photo (JPEG)")
        PNG = "PNG", gettext_lazy("Picture (PNG)")
        WEBP = "WEBP", gettext_lazy("Picture (WebP)")
        PDF = "PDF", gettext_lazy("Form (PDF)")

    case = models.ForeignKey(ReturnCase, models.PROTECT, related_name="files")
    number = models.PositiveSmallIntegerField(
        help_text=gettext_lazy("Counts the files of its return, from 1.")
    )
    payload = models.ForeignKey(Payload, models.PROTECT, related_name="return_files")
    kind = models.CharField(max_length=4, choices=Kind, help_text=gettext_lazy("By what it holds."))
    width = models.PositiveIntegerField(default=0, help_text=gettext_lazy("Of a picture, in pixels."))
    height = models.PositiveIntegerField(default=0)
    shows = models.CharField(max_length=200, help_text=gettext_lazy("What it shows, in words."))
    called = models.CharField(
        max_length=200, blank=True, help_text=gettext_lazy("Its name where it came from: a label.")
    )
    added_by = models.CharField(max_length=150)
    added_at = models.DateTimeField(auto_now_add=True)
    withdrawn_at = models.DateTimeField(null=True, help_text=gettext_lazy("Since when it counts no more."))
    document = models.ForeignKey(
        Document,
        models.PROTECT,
        null=True,
        related_name="return_files",
        help_text=gettext_lazy("As it went to the partner."),
    )

    class Meta:
        ordering = ["case", "number"]
        constraints = [models.UniqueConstraint(fields=["case", "number"], name="returnfile_number_once")]

    def __str__(self) -> str:
        return self.name

    @property
    def name(self) -> str:
        """Our name of the file, such as ``R-1001-2.jpg``."""
        return f"{self.case.number}-{self.number}.{KINDS[self.kind].ending}"


class Refund(Reported):
    """Money that goes back to the customer for a return, as the store quoted it and a person decided it.

    There is one that is not ended for each order at most: the store takes refunds of an order one after another.
    """

    order = models.ForeignKey(Order, models.PROTECT, related_name="refunds")
    case = models.ForeignKey(ReturnCase, models.PROTECT, related_name="refunds")
    effect = models.OneToOneField(StoreEffect, models.PROTECT, related_name="refund")
    amount = models.DecimalField(
        max_digits=20, decimal_places=4, help_text=gettext_lazy("With tax, as it was quoted.")
    )
    tax = models.DecimalField(max_digits=20, decimal_places=4)
    currency = models.CharField(max_length=3)
    method = models.CharField(max_length=200, help_text=gettext_lazy("How it goes back, in words."))
    decided_by = models.CharField(max_length=150)
    decided_at = models.DateTimeField(auto_now_add=True)
    store_refund = models.PositiveBigIntegerField(
        null=True, help_text=gettext_lazy("The store's number of it.")
    )
    declined = models.DecimalField(
        max_digits=20,
        decimal_places=4,
        default=0,
        help_text=gettext_lazy("What the payment provider did not give back."),
    )
    ended_at = models.DateTimeField(
        null=True, help_text=gettext_lazy("Since when it is made, or certain not to be.")
    )

    class Meta:
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["order"], condition=Q(ended_at=None), name="refund_one_at_a_time"
            ),
            models.UniqueConstraint(
                fields=["order", "store_refund"], condition=~Q(store_refund=None), name="refund_of_store_once"
            ),
        ]

    def __str__(self) -> str:
        return f"Refund for {self.case}"
