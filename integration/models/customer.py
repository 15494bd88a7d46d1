"""Business customers who are trading partners: which orders are theirs, and what they were told of each."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy

from archive.facts import Reported
from archive.models import Document
from integration.models.store import Order, Store
from partners.models import Agreement


class CustomerLink(models.Model):
    """Orders of certain customers of the store are a trading partner's, who is sent order acknowledgments (855).

    Lists hold what people write; any one of the conditions is enough. Which of several links holds is said in
    ``integration.matching.customers``.
    """

    class NumberSource(models.TextChoices):
        ORDER = "order", gettext_lazy("The store's own order number")
        FORM_FIELD = "form_field", gettext_lazy("A form field of the billing or shipping address")
        MESSAGE = "message", gettext_lazy("The customer's message, behind certain words")
        STAFF_NOTES = "staff_notes", gettext_lazy("The staff notes, behind certain words")
        EXTERNAL_ORDER_ID = "external_order_id", gettext_lazy("The order's external order ID")
        EXTERNAL_ID = "external_id", gettext_lazy("The order's external ID")

    class When(models.TextChoices):
        AT_ONCE = "at_once", gettext_lazy("As soon as the order is with the suppliers")
        ANSWERED = "answered", gettext_lazy("Once every supplier has answered")

    name = models.CharField(max_length=80, unique=True)
    is_active = models.BooleanField(gettext_lazy("active"), default=True)
    store = models.ForeignKey(
        Store,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="customer_links",
        help_text=gettext_lazy("Empty: every store."),
    )
    customer_ids = models.JSONField(gettext_lazy("customer IDs"), default=list, blank=True)
    companies = models.JSONField(default=list, blank=True)
    email_domains = models.JSONField(gettext_lazy("e-mail domains"), default=list, blank=True)
    group_ids = models.JSONField(gettext_lazy("customer groups"), default=list, blank=True)
    agreement = models.ForeignKey(Agreement, models.PROTECT, related_name="customer_links")
    number_source = models.CharField(
        gettext_lazy("their order number is"),
        max_length=17,
        choices=NumberSource,
        default=NumberSource.EXTERNAL_ORDER_ID,
    )
    number_name = models.CharField(
        gettext_lazy("name of the field, or words before the number"),
        max_length=80,
        blank=True,
        help_text=gettext_lazy(
            "Of a form field its name; of a text the words before the number, such as PO number."
        ),
    )
    when = models.CharField(gettext_lazy("the 855 is sent"), max_length=8, choices=When, default=When.AT_ONCE)
    note = models.CharField(
        max_length=300, blank=True, help_text=gettext_lazy("What the link is for, for those who come later.")
    )

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name


class OrderAcknowledgment(Reported):
    """One order acknowledgment (855) to a business customer; each states the whole order, the newest holds.

    ``lines`` are what he was told (``integration.matching.customer_answer.told_to_json``). A row is there once its document
    is: both are written in one transaction.
    """

    order = models.ForeignKey(Order, models.PROTECT, related_name="acknowledgments")
    link = models.ForeignKey(CustomerLink, models.PROTECT, related_name="acknowledgments")
    sequence = models.PositiveSmallIntegerField(
        help_text=gettext_lazy("From 1, the original; later ones replace it.")
    )
    number = models.CharField(
        gettext_lazy("the customer's order number"),
        max_length=22,
        help_text=gettext_lazy("BAK03, as the original had it."),
    )
    lines = models.JSONField(help_text=gettext_lazy("What the customer was told, line by line."))
    content = models.JSONField(help_text=gettext_lazy("The canonical acknowledgment, as it was written."))
    document = models.OneToOneField(
        Document,
        models.PROTECT,
        related_name="order_acknowledgment",
        help_text=gettext_lazy("The 855 that carries it."),
    )
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["order", "sequence"]
        constraints = [models.UniqueConstraint(fields=["order", "sequence"], name="orderacknowledgment_once")]

    def __str__(self) -> str:
        return f"Order acknowledgment {self.sequence} of {self.order}"
