"""What partners shipped, as it goes to the store: one row for each shipment there, and the carriers by their codes."""

from __future__ import annotations

from django.core.validators import RegexValidator
from django.db import models
from django.utils.translation import gettext_lazy

from archive.facts import Reported
from archive.models import Document, Transmission
from integration.models.effect import StoreEffect
from integration.models.purchase import PurchaseOrder, PurchaseOrderLine
from integration.models.store import Order


class Carrier(models.Model):
    """A carrier as ship notices name it (TD503, a SCAC), and as the store calls it."""

    scac = models.CharField(
        gettext_lazy("SCAC"),
        max_length=4,
        unique=True,
        validators=[RegexValidator(r"^[A-Z0-9]{2,4}\Z", "Two to four capital letters or digits.")],
        help_text=gettext_lazy("Standard carrier alpha code, as ship notices give it."),
    )
    name = models.CharField(max_length=60, help_text=gettext_lazy("As customers know it."))
    store_slug = models.CharField(
        max_length=60,
        blank=True,
        help_text=gettext_lazy(
            "The store's word for it (tracking_carrier), such as ups or fedex-freight. Empty: the store has none."
        ),
    )
    tracking_link = models.CharField(
        max_length=300,
        blank=True,
        validators=[
            RegexValidator(
                r"^https://[^{}\s]+\{number\}[^{}\s]*\Z", "Begin with https:// and hold {number} once."
            )
        ],
        help_text=gettext_lazy(
            "Where a customer follows the parcel, with {number} for the tracking number. Used where the store has no word for the carrier."
        ),
    )

    class Meta:
        ordering = ["scac"]

    def __str__(self) -> str:
        return f"{self.name} ({self.scac})"


class Shipment(Reported):
    """What one ship notice (856) sends of one purchase order under one tracking number: one shipment in the store.

    It stands until a later notice of the same number replaces or cancels it. What became of it in the store says its
    ``effect``; without one nothing is written there, because the store is left out or a person has still to decide.
    """

    order = models.ForeignKey(Order, models.PROTECT, related_name="shipments")
    purchase_order = models.ForeignKey(PurchaseOrder, models.PROTECT, related_name="shipments")
    document = models.ForeignKey(
        Document,
        models.PROTECT,
        related_name="shipments",
        help_text=gettext_lazy("The ship notice that says so."),
    )
    reading = models.PositiveIntegerField(
        default=0, help_text=gettext_lazy("Which reading of the ship notice.")
    )
    number = models.CharField(
        max_length=30, db_index=True, help_text=gettext_lazy("BSN02: the partner's number of the shipment.")
    )
    package_set = models.CharField(
        max_length=80,
        help_text=gettext_lazy("What tells it from others of the notice: its tracking number, else main."),
    )
    tracking_number = models.CharField(max_length=50, blank=True, db_index=True)
    scac = models.CharField(gettext_lazy("SCAC"), max_length=4, blank=True)
    carrier_name = models.CharField(max_length=60, blank=True)
    carrier_slug = models.CharField(
        max_length=60, blank=True, help_text=gettext_lazy("The store's word for the carrier.")
    )
    tracking_link = models.CharField(max_length=500, blank=True)
    shipped_on = models.DateField(null=True)
    withdrawn_by = models.ForeignKey(
        Document,
        models.PROTECT,
        null=True,
        related_name="withdrawn_shipments",
        help_text=gettext_lazy("What the partner said later, or the reading that took it back."),
    )
    effect = models.OneToOneField(StoreEffect, models.PROTECT, null=True, related_name="shipment")
    store_shipment = models.PositiveBigIntegerField(null=True, help_text=gettext_lazy("Its id in the store."))
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["purchase_order", "document", "reading", "package_set"], name="shipment_once"
            ),
            models.UniqueConstraint(fields=["order", "store_shipment"], name="shipment_once_in_store"),
        ]

    def __str__(self) -> str:
        return f"Shipment {self.number}"


class ShipmentLine(models.Model):
    """How much of one line a shipment holds, in our unit."""

    shipment = models.ForeignKey(Shipment, models.CASCADE, related_name="lines")
    line = models.ForeignKey(PurchaseOrderLine, models.PROTECT, related_name="shipment_lines")
    quantity = models.DecimalField(max_digits=15, decimal_places=4)

    class Meta:
        ordering = ["line__line_number"]
        constraints = [models.UniqueConstraint(fields=["shipment", "line"], name="shipmentline_once")]

    def __str__(self) -> str:
        return f"{self.quantity} of {self.line}"


class ShipmentFile(models.Model):
    """A file of a partner's own, such as his packing list, that came beside ship notices and names what it belongs to.

    It hangs on the number that its name holds, not on a row: a shipment that is told anew has it again.
    """

    class Named(models.TextChoices):
        PURCHASE_ORDER = "purchase_order", gettext_lazy("purchase order")
        SHIPMENT = "shipment", gettext_lazy("shipment")
        TRACKING = "tracking", gettext_lazy("tracking number")

    transmission = models.ForeignKey(Transmission, models.PROTECT, related_name="shipment_files")
    purchase_order = models.ForeignKey(PurchaseOrder, models.PROTECT, related_name="shipment_files")
    named = models.CharField(
        max_length=14, choices=Named, help_text=gettext_lazy("What the file's name holds the number of.")
    )
    number = models.CharField(max_length=50)
    content_type = models.CharField(
        max_length=40, help_text=gettext_lazy("By what it holds, not by its name.")
    )
    recorded_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(fields=["transmission", "purchase_order"], name="shipmentfile_once")
        ]

    def __str__(self) -> str:
        return f"{self.transmission} of {self.purchase_order}"
