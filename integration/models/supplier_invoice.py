"""Suppliers' invoices (810): what each asks for, and what came of it."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy

from archive.facts import Reported
from archive.models import Document
from integration.models.purchase import PurchaseOrder
from partners.models import TradingPartner


class SupplierInvoice(Reported):
    """One invoice or credit memo of a supplier, held against what was ordered, promised and shipped.

    States::

        waiting ──► matched | disputed            (its ship notice came, or the time for it is over)
        matched ◄──► disputed                     (judged again: what it is held against changed)
        disputed ──► approved | rejected | settled    (a person decided)
        held ──► approved | rejected | settled        (its number was used before, with other content)
        any ──► repeated | withdrawn              (said before just so; replaced, cancelled, or read as none any more)

    ``approved`` is the amount that is to be paid, or of a credit memo to come back; None where nothing is decided.
    """

    class State(models.TextChoices):
        WAITING = "waiting", gettext_lazy("Waiting")
        MATCHED = "matched", gettext_lazy("Matched")
        DISPUTED = "disputed", gettext_lazy("Differs")
        APPROVED = "approved", gettext_lazy("Approved")
        REJECTED = "rejected", gettext_lazy("Rejected")
        SETTLED = "settled", gettext_lazy("Settled outside")
        HELD = "held", gettext_lazy("Number used twice")
        REPEATED = "repeated", gettext_lazy("Sent again, the same")
        WITHDRAWN = "withdrawn", gettext_lazy("Taken back")

    NOT_COUNTED = (State.REJECTED, State.HELD, State.REPEATED, State.WITHDRAWN)
    """States in which nothing of it stands in the ledger."""

    document = models.OneToOneField(Document, models.PROTECT, related_name="supplier_invoice")
    partner = models.ForeignKey(TradingPartner, models.PROTECT, related_name="supplier_invoices")
    reading = models.PositiveIntegerField(
        default=0, help_text=gettext_lazy("Which reading of the document it comes from.")
    )
    number = models.CharField(
        max_length=80, blank=True, help_text=gettext_lazy("BIG02: the supplier's number.")
    )
    kind = models.CharField(max_length=40, blank=True, help_text=gettext_lazy("BIG07 in our words."))
    is_credit = models.BooleanField(
        gettext_lazy("credit memo"), default=False, help_text=gettext_lazy("It gives money back.")
    )
    original = models.CharField(
        max_length=80, blank=True, help_text=gettext_lazy("The invoice that a credit memo names.")
    )
    taken_for = models.CharField(
        max_length=22,
        blank=True,
        help_text=gettext_lazy(
            "The purchase order of the invoice that it names, where a credit memo names none itself."
        ),
    )
    invoice_date = models.DateField(null=True)
    currency = models.CharField(max_length=3, blank=True)
    total = models.DecimalField(
        max_digits=20,
        decimal_places=2,
        help_text=gettext_lazy("As billed, without a sign; else the sum of its parts."),
    )
    made_at = models.DateTimeField(
        help_text=gettext_lazy("When the partner made it; puts his bills into their order.")
    )
    place = models.JSONField(
        default=list, help_text=gettext_lazy("Control number and place in it: the order within one minute.")
    )
    state = models.CharField(max_length=9, choices=State, default=State.WAITING)
    money_at_stake = models.DecimalField(max_digits=20, decimal_places=2, default=0, db_default=0)
    approved = models.DecimalField(max_digits=20, decimal_places=2, null=True)
    differences = models.JSONField(default=list, help_text=gettext_lazy("Of the invoice as a whole."))
    unknown = models.JSONField(
        default=list, help_text=gettext_lazy("Purchase orders that it names and we did not send.")
    )
    waits_until = models.DateTimeField(
        null=True,
        help_text=gettext_lazy("So long it waits for what is not shipped; then somebody has to look."),
    )
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["-pk"]
        indexes = [models.Index(fields=["partner", "number"], name="supplierinvoice_number")]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(
                    state__in=[
                        "waiting",
                        "matched",
                        "disputed",
                        "approved",
                        "rejected",
                        "settled",
                        "held",
                        "repeated",
                        "withdrawn",
                    ]
                ),
                name="supplierinvoice_state_known",
            ),
            models.CheckConstraint(
                condition=models.Q(money_at_stake__gte=0), name="supplierinvoice_stake_not_negative"
            ),
        ]

    def __str__(self) -> str:
        return f"{'Credit memo' if self.is_credit else 'Invoice'} {self.number or 'without a number'}"

    @property
    def subject(self) -> str:
        """The invoice's name in events: its document's."""
        return f"document:{self.document_id}"

    @property
    def cause(self) -> str:
        """The cause of the case about what differs in it."""
        return f"bills:{self.document_id}"


class SupplierInvoicePart(models.Model):
    """What a supplier's invoice bills of one purchase order: what of it differs, and what it waits for."""

    invoice = models.ForeignKey(SupplierInvoice, models.CASCADE, related_name="parts")
    purchase_order = models.ForeignKey(PurchaseOrder, models.PROTECT, related_name="billed")
    differences = models.JSONField(
        default=list, help_text=gettext_lazy("Rows of line, sku, what, asked, answered, money, verb.")
    )
    waits = models.JSONField(default=list, help_text=gettext_lazy("Sentences on what is not shipped yet."))

    class Meta:
        ordering = ["purchase_order_id"]
        constraints = [
            models.UniqueConstraint(fields=["invoice", "purchase_order"], name="supplierinvoicepart_once")
        ]

    def __str__(self) -> str:
        return f"{self.invoice} for {self.purchase_order}"
