"""What we ask of partners for an order, and the ledger of what came of it."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy

from archive.facts import Fact, Reported
from archive.models import Document
from integration.models.store import Order
from integration.models.take_over import TakeOver
from partners.models import Agreement


class PurchaseOrder(Reported):
    """One purchase order: one order, one agreement, one ship-to; ever, unless a person orders besides or resubmits.

    States::

        routed ──► composed ──► generated ──► accepted
           │           │            │
           │           │            └──► disputed   (the partner answered otherwise: a case)
           └───────────┴──► dropped                 (the order changed or is no longer eligible)
        disputed ──► accepted | cancelled             (the partner answered anew, or somebody decided)
        accepted | disputed ──► generated             (the answer was read again, and is none any more)
    """

    class State(models.TextChoices):
        ROUTED = "routed", gettext_lazy("Routed")
        COMPOSED = "composed", gettext_lazy("Composed, watching")
        GENERATED = "generated", gettext_lazy("Sent, or about to be")
        ACCEPTED = "accepted", gettext_lazy("Accepted")
        DISPUTED = "disputed", gettext_lazy("Answered differently")
        DROPPED = "dropped", gettext_lazy("Dropped")
        CANCELLED = "cancelled", gettext_lazy("Cancelled by us")

    order = models.ForeignKey(Order, models.PROTECT, related_name="purchase_orders")
    agreement = models.ForeignKey(Agreement, models.PROTECT, related_name="purchase_orders")
    ship_to = models.CharField(
        max_length=20, help_text=gettext_lazy("Id of the order's shipping address, or warehouse:1.")
    )
    number = models.CharField(
        max_length=22, unique=True, help_text=gettext_lazy("BEG03: 22 characters at most.")
    )
    state = models.CharField(max_length=9, choices=State, default=State.ROUTED)
    sequence = models.PositiveSmallIntegerField(
        default=0,
        db_default=0,
        help_text=gettext_lazy("0: as the order was routed. From 1: what a person ordered besides."),
    )
    content = models.JSONField(null=True, help_text=gettext_lazy("The canonical purchase order."))
    digest = models.CharField(
        max_length=64, blank=True, help_text=gettext_lazy("Of the order that it was composed from.")
    )
    accepted_by = models.ForeignKey(
        Document,
        models.PROTECT,
        null=True,
        related_name="accepts",
        help_text=gettext_lazy("The answer by which it counts as accepted."),
    )
    agreed = models.JSONField(null=True, help_text=gettext_lazy("What was accepted, line by line."))
    leaves_store = models.BooleanField(
        default=False,
        db_default=False,
        help_text=gettext_lazy("Somebody accepted it so that nothing is written to the order in the store."),
    )
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["number"]
        indexes = [models.Index(fields=["-created_at", "-id"], name="purchaseorder_created")]  # the list
        constraints = [
            models.UniqueConstraint(
                fields=["order", "agreement", "ship_to", "sequence"],
                condition=~models.Q(state="dropped"),
                name="purchaseorder_once",
            ),
            models.CheckConstraint(
                condition=models.Q(
                    state__in=[
                        "routed",
                        "composed",
                        "generated",
                        "accepted",
                        "disputed",
                        "dropped",
                        "cancelled",
                    ]
                ),
                name="purchaseorder_state_known",
            ),
        ]

    def __str__(self) -> str:
        return f"Purchase order {self.number}"


class PurchaseOrderLine(models.Model):
    """One line as it was asked for. Quantities that came of it are in ``LineEntry`` alone."""

    purchase_order = models.ForeignKey(PurchaseOrder, models.CASCADE, related_name="lines")
    line_number = models.PositiveIntegerField(help_text=gettext_lazy("PO101, from 1."))
    store_line = models.PositiveBigIntegerField(
        help_text=gettext_lazy("The line's id in the store (order_product_id).")
    )
    sku = models.CharField(max_length=250)
    vendor_item = models.CharField(max_length=48, blank=True)
    upc = models.CharField(max_length=14, blank=True)
    description = models.CharField(max_length=300, blank=True)
    quantity = models.DecimalField(max_digits=15, decimal_places=4)
    unit = models.CharField(max_length=20)
    partner_unit = models.CharField(
        max_length=20, blank=True, help_text=gettext_lazy("In which the partner counts; empty: ours.")
    )
    pack_factor = models.DecimalField(max_digits=12, decimal_places=4, default=1)
    unit_price = models.DecimalField(max_digits=14, decimal_places=4, null=True)

    class Meta:
        ordering = ["line_number"]
        constraints = [
            models.UniqueConstraint(
                fields=["purchase_order", "line_number"], name="purchaseorderline_number"
            ),
            models.UniqueConstraint(
                fields=["purchase_order", "store_line"], name="purchaseorderline_store_line"
            ),
        ]

    def __str__(self) -> str:
        return f"line {self.line_number} of {self.purchase_order}"


class LineEntry(Fact):
    """One entry of the ledger of a purchase order line, written once.

    *Movements* (ordered, cancelled, shipped, invoiced, returned, credited) are summed and corrected only by
    an entry that reverses. *Statements* (acknowledged, backordered, refused, held, each with price and promised day)
    are never summed: what the latest document says of a line holds, whatever order they came in (``stated_at``).
    ``integration.matching.ledger`` says where a line stands by them.
    """

    class Kind(models.TextChoices):
        ORDERED = "ordered", gettext_lazy("Ordered")
        CANCELLED = "cancelled", gettext_lazy("Cancelled")
        SHIPPED = "shipped", gettext_lazy("Shipped")
        INVOICED = "invoiced", gettext_lazy("Invoiced")
        RETURNED = "returned", gettext_lazy("Returned")
        CREDITED = "credited", gettext_lazy("Credited")
        ACKNOWLEDGED = "acknowledged", gettext_lazy("Acknowledged")
        BACKORDERED = "backordered", gettext_lazy("Backordered")
        REJECTED = "rejected", gettext_lazy("Refused")
        HELD = "held", gettext_lazy("On hold")

    line = models.ForeignKey(PurchaseOrderLine, models.PROTECT, related_name="entries")
    kind = models.CharField(max_length=12, choices=Kind)
    quantity = models.DecimalField(max_digits=15, decimal_places=4)
    unit_price = models.DecimalField(max_digits=14, decimal_places=4, null=True)
    promised_on = models.DateField(null=True)
    document = models.ForeignKey(Document, models.PROTECT, null=True, related_name="line_entries")
    take_over = models.ForeignKey(
        TakeOver,
        models.PROTECT,
        null=True,
        related_name="line_entries",
        help_text=gettext_lazy("Where it comes from another system, which had the document."),
    )
    return_case = models.ForeignKey(
        "integration.ReturnCase",
        models.PROTECT,
        null=True,
        related_name="line_entries",
        help_text=gettext_lazy("The return that it belongs to."),
    )
    position = models.PositiveIntegerField(default=0, help_text=gettext_lazy("In its document."))
    reading = models.PositiveIntegerField(
        default=0,
        help_text=gettext_lazy("Which reading of the document it comes from: 0, or that of a reprocessing."),
    )
    stated_at = models.DateTimeField(help_text=gettext_lazy("When the document says so; orders statements."))
    reverses = models.OneToOneField("self", models.PROTECT, null=True, related_name="reversed_by")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["line", "kind", "document", "position", "reading"],
                condition=models.Q(reverses=None),
                name="lineentry_once_per_document",
            ),
            models.CheckConstraint(
                condition=models.Q(document=None) ^ models.Q(take_over=None), name="lineentry_one_source"
            ),
        ]
        indexes = [
            models.Index(
                fields=["stated_at"],
                condition=models.Q(kind="ordered", reverses=None),
                name="lineentry_ordered",
            )
        ]  # a scorecard's purchase orders: when each was sent

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.quantity}"

    @classmethod
    def standing(cls) -> models.QuerySet[LineEntry]:
        """Return the entries that count: neither reversed nor reversing. Nobody reads the ledger otherwise.

        Asked by what does not exist, and not by a join to nothing, the database can tell beforehand how many there are.
        """
        reversing = cls.objects.filter(reverses=models.OuterRef("pk"))
        return cls.objects.filter(~models.Exists(reversing), reverses=None)
