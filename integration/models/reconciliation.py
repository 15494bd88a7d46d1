"""Looks at everything afresh: what the store and the mailboxes hold, against what we hold, and what was missing."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy

from archive.models import Document, Transmission
from integration.models.purchase import PurchaseOrder
from integration.models.store import Order, Store
from partners.models import Mailbox


class Reconciliation(models.Model):
    """One look. ``checks`` are rows of what was looked at: name, how many, how many explained, how many gaps.

    ``unread`` says which stores and mailboxes could not be looked at, and why: of those nothing is proved.
    """

    started_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True)
    asked_by = models.CharField(
        max_length=150, blank=True, help_text=gettext_lazy("Empty: it was time for it.")
    )
    checks = models.JSONField(default=list)
    unread = models.JSONField(default=list)

    class Meta:
        ordering = ["-pk"]
        verbose_name = gettext_lazy("reconciliation")

    def __str__(self) -> str:
        return f"Reconciliation {self.pk}"


class Gap(models.Model):
    """One thing that was missing, and what was done about it: ``repair`` is empty where a case asks a person."""

    class Check(models.TextChoices):
        ORDER = "order", gettext_lazy("Orders of the stores")
        PURCHASE_ORDER = "purchase_order", gettext_lazy("Purchase orders")
        RECEIPT = "receipt", gettext_lazy("Documents that we send")
        ACKNOWLEDGMENT = "acknowledgment", gettext_lazy("Functional acknowledgments (997)")
        ANSWER = "answer", gettext_lazy("Purchase order acknowledgments (855)")
        SHIPMENT = "shipment", gettext_lazy("Ship notices (856)")
        INVOICE = "invoice", gettext_lazy("Invoices that we write")
        BILL = "bill", gettext_lazy("Suppliers' invoices (810)")
        STOCK = "stock", gettext_lazy("Stock advices (846)")
        RETURN = "return", gettext_lazy("Returns (180) and their credits")
        FILE = "file", gettext_lazy("Files on the mailboxes")
        RECEIVED = "received", gettext_lazy("Files that we took")
        CUSTOMER = "customer", gettext_lazy("Order acknowledgments to customers (855)")
        EFFECT = "effect", gettext_lazy("What is written to the stores")
        SHOWN = "shown", gettext_lazy("Stock of the stores")

    reconciliation = models.ForeignKey(Reconciliation, models.CASCADE, related_name="gaps")
    check_name = models.CharField(max_length=14, choices=Check)
    sentence = models.TextField()
    repair = models.TextField(blank=True)
    store = models.ForeignKey(Store, models.PROTECT, null=True, related_name="gaps")
    order = models.ForeignKey(Order, models.SET_NULL, null=True, related_name="gaps")
    purchase_order = models.ForeignKey(PurchaseOrder, models.SET_NULL, null=True, related_name="gaps")
    document = models.ForeignKey(Document, models.PROTECT, null=True, related_name="gaps")
    transmission = models.ForeignKey(Transmission, models.PROTECT, null=True, related_name="gaps")
    mailbox = models.ForeignKey(Mailbox, models.PROTECT, null=True, related_name="gaps")

    class Meta:
        ordering = ["pk"]

    def __str__(self) -> str:
        return self.sentence
