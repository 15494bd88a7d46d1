"""Returns: our own record of each, because the store has none; from the customer's word to the money back."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy

from archive.facts import Reported
from archive.models import Document
from integration.models.purchase import PurchaseOrder, PurchaseOrderLine
from integration.models.store import Order
from partners.models import TradingPartner


class ReturnCase(Reported):
    """Goods of one purchase order that go back to its supplier.

    Stages::

        proposed ──► opened ──► requested ──► authorized ──► shipped ──► received ──► credited ──► closed
            │           │           │  ▲           (in part: what was asked and what is authorized differ by line)
            │           │           ▼  │
            │           │         denied            (a case; a person asks again or closes)
            └───────────┴────────────────────────► withdrawn | closed

    The stage is how far it came; a later document may come before an earlier one (a credit without word of a receipt),
    and then counts. What is expected next, and by when, says its expectation.
    """

    class Stage(models.TextChoices):
        PROPOSED = "proposed", gettext_lazy("Proposed")
        OPENED = "opened", gettext_lazy("Opened")
        REQUESTED = "requested", gettext_lazy("Authorization requested")
        AUTHORIZED = "authorized", gettext_lazy("Authorized")
        DENIED = "denied", gettext_lazy("Denied")
        SHIPPED = "shipped", gettext_lazy("On its way back")
        RECEIVED = "received", gettext_lazy("Received by the partner")
        CREDITED = "credited", gettext_lazy("Credited")
        CLOSED = "closed", gettext_lazy("Closed")
        WITHDRAWN = "withdrawn", gettext_lazy("Withdrawn")

    class Source(models.TextChoices):
        STAFF = "staff", gettext_lazy("Opened by staff")
        FILE = "file", gettext_lazy("From a file")
        REFUND = "refund", gettext_lazy("A refund in the store")
        MESSAGE = "message", gettext_lazy("A message of the customer")

    number = models.CharField(max_length=30, unique=True, help_text=gettext_lazy("Ours, such as R-1001."))
    order = models.ForeignKey(Order, models.PROTECT, related_name="returns")
    purchase_order = models.ForeignKey(PurchaseOrder, models.PROTECT, related_name="returns")
    partner = models.ForeignKey(TradingPartner, models.PROTECT, related_name="returns")
    stage = models.CharField(max_length=10, choices=Stage, default=Stage.OPENED)
    source = models.CharField(max_length=7, choices=Source, default=Source.STAFF)
    source_key = models.CharField(
        max_length=80,
        blank=True,
        help_text=gettext_lazy("What it was proposed from, such as refund:17; proposed once."),
    )
    reason = models.TextField(blank=True, help_text=gettext_lazy("The customer's word."))
    opened_by = models.CharField(max_length=150, blank=True)
    asked = models.PositiveSmallIntegerField(
        default=0,
        db_default=0,
        help_text=gettext_lazy("How often the partner is to be asked; as many requests are written."),
    )
    opened_at = models.DateTimeField(auto_now_add=True)
    request = models.ForeignKey(
        Document,
        models.PROTECT,
        null=True,
        related_name="returns_requested",
        help_text=gettext_lazy("Our latest request (180)."),
    )
    answer = models.ForeignKey(
        Document,
        models.PROTECT,
        null=True,
        related_name="returns_answered",
        help_text=gettext_lazy("The partner's latest answer."),
    )
    rma = models.CharField(gettext_lazy("RMA number"), max_length=80, blank=True, db_index=True)
    authorized_until = models.DateField(null=True)
    scac = models.CharField(gettext_lazy("SCAC"), max_length=4, blank=True)
    tracking_number = models.CharField(max_length=50, blank=True, db_index=True)
    shipped_on = models.DateField(null=True)
    received_on = models.DateField(null=True)
    told_received_on = models.DateField(
        null=True, help_text=gettext_lazy("Received, as a person was told it.")
    )
    credit_accepted = models.DecimalField(
        max_digits=20,
        decimal_places=2,
        null=True,
        help_text=gettext_lazy("The credit that somebody accepted as it came."),
    )
    currency = models.CharField(max_length=3, blank=True)
    expected_credit = models.DecimalField(
        max_digits=20, decimal_places=2, default=0, help_text=gettext_lazy("What the partner owes us for it.")
    )
    credited = models.DecimalField(
        max_digits=20, decimal_places=2, default=0, help_text=gettext_lazy("What he gave back.")
    )
    closed_at = models.DateTimeField(null=True)
    closed_reason = models.TextField(blank=True)
    closed_by = models.CharField(max_length=150, blank=True)

    class Meta:
        ordering = ["-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["purchase_order", "source_key"],
                condition=~models.Q(source_key=""),
                name="returncase_proposed_once",
            )
        ]

    ENDED = (Stage.CLOSED, Stage.WITHDRAWN)
    """Stages in which nothing more is expected."""

    def __str__(self) -> str:
        return f"Return {self.number}"

    @property
    def subject(self) -> str:
        """The return's name in events, audit entries and expectations."""
        return f"return:{self.pk}"


class ReturnLine(models.Model):
    """How much of one line goes back, why, and what became of it; quantities in our unit, words of ``return_document``."""

    case = models.ForeignKey(ReturnCase, models.CASCADE, related_name="lines")
    line = models.ForeignKey(PurchaseOrderLine, models.PROTECT, related_name="returns")
    quantity = models.DecimalField(max_digits=15, decimal_places=4)
    reason = models.CharField(max_length=30, help_text=gettext_lazy("Why it goes back (request reason)."))
    comment = models.TextField(blank=True, help_text=gettext_lazy("What is wrong with it, in words."))
    wanted = models.CharField(
        max_length=30, blank=True, help_text=gettext_lazy("What is to happen with it (disposition).")
    )
    authorized = models.DecimalField(
        max_digits=15, decimal_places=4, null=True, help_text=gettext_lazy("None: not answered.")
    )
    disposition = models.CharField(
        max_length=30, blank=True, help_text=gettext_lazy("What the partner says is to happen.")
    )
    response = models.CharField(
        max_length=30, blank=True, help_text=gettext_lazy("Why he answers so (response reason).")
    )
    received = models.DecimalField(
        max_digits=15, decimal_places=4, null=True, help_text=gettext_lazy("What came back, damaged or not.")
    )
    damaged = models.DecimalField(
        max_digits=15,
        decimal_places=4,
        null=True,
        help_text=gettext_lazy("What of it came damaged or unusable."),
    )
    told_received = models.DecimalField(
        max_digits=15,
        decimal_places=4,
        null=True,
        help_text=gettext_lazy("What came back, as a person was told it."),
    )
    unit_price = models.DecimalField(
        max_digits=14, decimal_places=4, null=True, help_text=gettext_lazy("What we paid for one.")
    )

    class Meta:
        ordering = ["line__line_number"]
        constraints = [models.UniqueConstraint(fields=["case", "line"], name="returnline_once")]

    def __str__(self) -> str:
        return f"{self.quantity} of {self.line}"


class ReturnDocument(models.Model):
    """What one document says of a return, as it was settled last: which of them count, and what money each brings."""

    class Kind(models.TextChoices):
        REQUEST = "request", gettext_lazy("Request")
        ANSWER = "answer", gettext_lazy("Answer")
        RECEIPT = "receipt", gettext_lazy("Notification of receipt")
        CREDIT = "credit", gettext_lazy("Credit")

    case = models.ForeignKey(ReturnCase, models.CASCADE, related_name="documents")
    document = models.ForeignKey(Document, models.PROTECT, related_name="of_returns")
    kind = models.CharField(max_length=7, choices=Kind)
    holds = models.BooleanField(default=True, help_text=gettext_lazy("False: a later one says otherwise."))
    told = models.TextField(blank=True, help_text=gettext_lazy("What it says, in a sentence."))
    amount = models.DecimalField(max_digits=20, decimal_places=2, null=True)

    class Meta:
        ordering = ["document_id", "kind"]
        constraints = [
            models.UniqueConstraint(fields=["case", "document", "kind"], name="returndocument_once")
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} of {self.case}"
