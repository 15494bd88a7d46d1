"""What we invoice: in which series, by which rules, and every invoice and credit memo with its proof."""

from __future__ import annotations

from django.core.exceptions import ValidationError
from django.core.validators import MinValueValidator
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext, gettext_lazy

from archive.facts import Reported
from archive.models import Document
from integration.matching.invoicing.files import JSON, UBL
from integration.matching.invoicing.numbers import series_problem
from integration.models.shipment import Shipment
from integration.models.store import Order, Store
from partners.models import Agreement, AgreementDocument, Mailbox


def check_series(pattern: str) -> None:
    """Refuse a pattern by which no invoice could be numbered."""
    if problem := series_problem(pattern):
        raise ValidationError(problem)


class InvoiceSeries(models.Model):
    """One series of invoice numbers, without a gap: a number is taken in the transaction that stores the invoice."""

    name = models.CharField(max_length=60, unique=True)
    pattern = models.CharField(
        max_length=40,
        default="INV-{year}-{number:06}",
        validators=[check_series],
        help_text=gettext_lazy(
            "{number} counts on, {number:06} with zeros before it; {year} is that of the invoice."
        ),
    )
    next_number = models.PositiveBigIntegerField(
        default=1,
        validators=[MinValueValidator(1)],
        help_text=gettext_lazy(
            "May be raised, where another system gave out numbers before, and is never lowered."
        ),
    )

    class Meta:
        ordering = ["name"]
        verbose_name_plural = gettext_lazy("invoice series")

    def __str__(self) -> str:
        return self.name


class InvoiceRule(models.Model):
    """When which orders are invoiced, and to whom: by an 810 under an agreement, or as a file onto a mailbox.

    Rules of one series tell the same invoice under the same number, one to the customer and another to finance.
    """

    class When(models.TextChoices):
        SHIPPED = "shipped", gettext_lazy("Once everything is shipped")
        COMPLETED = "completed", gettext_lazy("Once the order is Completed in the store")
        SHIPMENT = "shipment", gettext_lazy("For each shipment")

    class FileFormat(models.TextChoices):
        JSON = JSON, gettext_lazy("JSON")
        UBL = UBL, gettext_lazy("UBL 2.1 (XML)")

    name = models.CharField(max_length=80, unique=True)
    is_active = models.BooleanField(gettext_lazy("active"), default=True)
    store = models.ForeignKey(
        Store,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="invoice_rules",
        help_text=gettext_lazy("Empty: every store."),
    )
    when = models.CharField(max_length=9, choices=When, default=When.SHIPPED)
    orders_from = models.DateTimeField(
        gettext_lazy("orders placed from"),
        default=timezone.now,
        help_text=gettext_lazy("Older orders are not invoiced by this rule."),
    )
    channels = models.JSONField(
        default=list, blank=True, help_text=gettext_lazy("Ids of sales channels; empty: all.")
    )
    customers = models.JSONField(
        default=list, blank=True, help_text=gettext_lazy("The store's numbers of customers; empty: all.")
    )
    business_only = models.BooleanField(
        gettext_lazy("business customers only"),
        default=False,
        help_text=gettext_lazy("Only orders whose billing address names a company."),
    )
    series = models.ForeignKey(InvoiceSeries, models.PROTECT, related_name="rules")
    credit_series = models.ForeignKey(
        InvoiceSeries,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="credit_rules",
        help_text=gettext_lazy("Of credit memos; empty: they are numbered with the invoices."),
    )
    agreement = models.ForeignKey(
        Agreement,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="invoice_rules",
        help_text=gettext_lazy(
            "Who gets an 810: a customer, a distributor, or a finance system that speaks X12."
        ),
    )
    mailbox = models.ForeignKey(
        Mailbox,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="invoice_rules",
        help_text=gettext_lazy("Where a finance system takes files."),
    )
    file_format = models.CharField(
        max_length=4, choices=FileFormat, blank=True, help_text=gettext_lazy("Of those files.")
    )

    class Meta:
        ordering = ["name"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(agreement__isnull=False, mailbox=None, file_format="")
                | models.Q(agreement=None, mailbox__isnull=False, file_format__in=[JSON, UBL]),
                name="invoicerule_one_way_out",
                violation_error_message="Name an agreement for an 810, or a mailbox and the format of its files.",
            )
        ]

    def __str__(self) -> str:
        return self.name

    def clean(self) -> None:
        """Refuse an agreement without 810 out, and rules of one series that invoice at different times."""
        if (
            self.agreement_id is not None
            and not AgreementDocument.objects.filter(
                agreement_id=self.agreement_id, transaction_set="810", direction="out", is_active=True
            ).exists()
        ):
            raise ValidationError(
                {
                    "agreement": gettext(
                        "Under this agreement no invoices (810) are sent. Add them to its documents first."
                    )
                }
            )
        others = InvoiceRule.objects.filter(series=self.series_id, is_active=True).exclude(pk=self.pk)
        if self.is_active and self.series_id and (other := others.exclude(when=self.when).first()):
            raise ValidationError(
                {
                    "when": gettext(
                        "Rule %(other)s of the same series invoices at another time (%(when)s): the same sale would be invoiced twice. Take another series."
                    )
                    % {"other": other, "when": other.get_when_display().lower()}
                }
            )

        if self.credit_series_id not in (None, self.series_id):
            shared = InvoiceRule.objects.filter(credit_series=self.credit_series_id).exclude(pk=self.pk)
            if other := shared.exclude(series=self.series_id).first():
                raise ValidationError(
                    {
                        "credit_series": gettext(
                            "Rule %(other)s of another series credits in it: take a series of its own."
                        )
                        % {"other": other}
                    }
                )

    @property
    def target(self) -> str:
        """Who gets it, in words."""
        if self.agreement is not None:
            return f"{self.agreement.partner}, as an 810"
        return f"{self.mailbox}, as {self.get_file_format_display()}"


class Invoice(Reported):
    """One invoice or credit memo: composed, then numbered and written in one transaction, or held by a case.

    ``about`` says what of the order it is for: ``whole``, ``shipment:12``, ``rest`` (what never was shipped) or
    ``refund:7``. In the same series it is invoiced once. States::

        composed ──► generated   (numbered; before, the store or whoever gets it was in watch)
           ▲│
           │▼
          held                   (a case says what does not add up, or cannot be written)
    """

    class Kind(models.TextChoices):
        INVOICE = "invoice", gettext_lazy("Invoice")
        CREDIT_MEMO = "credit_memo", gettext_lazy("Credit memo")

    class State(models.TextChoices):
        COMPOSED = "composed", gettext_lazy("Composed, not sent")
        HELD = "held", gettext_lazy("Held by a case")
        GENERATED = "generated", gettext_lazy("Issued")

    WHOLE, REST = "whole", "rest"

    order = models.ForeignKey(Order, models.PROTECT, related_name="invoices")
    series = models.ForeignKey(InvoiceSeries, models.PROTECT, related_name="invoices")
    kind = models.CharField(max_length=11, choices=Kind, default=Kind.INVOICE)
    about = models.CharField(max_length=30)
    shipment = models.ForeignKey(Shipment, models.PROTECT, null=True, related_name="invoices")
    refund = models.PositiveBigIntegerField(
        null=True, help_text=gettext_lazy("The refund's id in the store.")
    )
    number = models.CharField(
        max_length=22, blank=True, help_text=gettext_lazy("Empty until it is numbered.")
    )
    currency = models.CharField(max_length=3)
    total = models.DecimalField(max_digits=20, decimal_places=4)
    content = models.JSONField(
        null=True, help_text=gettext_lazy("The canonical invoice; none while it does not add up.")
    )
    proof = models.JSONField(
        default=dict, help_text=gettext_lazy("What adds up to what, and what the store says.")
    )
    state = models.CharField(max_length=9, choices=State, default=State.COMPOSED)
    state_reason = models.CharField(max_length=300, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    numbered_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-pk"]
        indexes = [models.Index(fields=["currency"], name="invoice_currency")]
        constraints = [
            models.UniqueConstraint(fields=["series", "order", "about"], name="invoice_once"),
            models.UniqueConstraint(
                fields=["series", "number"], condition=~models.Q(number=""), name="invoice_number_once"
            ),
            models.CheckConstraint(
                condition=models.Q(state="generated", numbered_at__isnull=False, content__isnull=False)
                & ~models.Q(number="")
                | models.Q(state__in=["composed", "held"], number="", numbered_at=None),
                name="invoice_state_known",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.number or 'without a number yet'}"

    @property
    def about_words(self) -> str:
        """What of the order it is for, in words."""
        what, _, number = self.about.partition(":")
        return {
            self.WHOLE: "the whole order",
            self.REST: "what was not shipped",
            "shipment": "one shipment",
            "refund": f"refund {number}",
        }[what]

    @property
    def subject(self) -> str:
        """The invoice's name in events and audit entries."""
        return f"invoice:{self.pk}"


class InvoiceCopy(Reported):
    """Who gets an invoice, by which rule, and the document that carries it there once it is written."""

    invoice = models.ForeignKey(Invoice, models.PROTECT, related_name="copies")
    rule = models.ForeignKey(InvoiceRule, models.PROTECT, related_name="copies")
    document = models.OneToOneField(Document, models.PROTECT, null=True, related_name="invoice_copy")

    class Meta:
        ordering = ["pk"]
        verbose_name_plural = gettext_lazy("invoice copies")
        constraints = [models.UniqueConstraint(fields=["invoice", "rule"], name="invoicecopy_once")]

    def __str__(self) -> str:
        return f"{self.invoice} by {self.rule}"
