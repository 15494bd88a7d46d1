"""Exception cases: what only a person can settle."""

from __future__ import annotations

import hashlib
import json
from datetime import datetime

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy

from archive.facts import Reported
from archive.models import Document, Transmission
from integration.models.purchase import PurchaseOrder
from integration.models.returns import ReturnCase
from integration.models.store import Order, Store
from partners.models import Mailbox, TradingPartner


class ExceptionCase(Reported):
    """One thing that a person has to look at: one sentence with the numbers in it, and what it hangs on.

    ``cause`` names the one thing that is wrong (``sku:AC-100 order:7``): while a case is open, the same
    cause opens no second one.
    """

    class Kind(models.TextChoices):
        NO_PARTNER = "no_partner", gettext_lazy("No partner for an item")
        SEVERAL_PARTNERS = "several_partners", gettext_lazy("Several partners for an item")
        NO_ADDRESS = "no_address", gettext_lazy("No shipping address")
        MISSING_TRANSLATION = "missing_translation", gettext_lazy("Missing translation")
        CUSTOMER = "customer", gettext_lazy("Customer cannot be told")
        NOT_WRITABLE = "not_writable", gettext_lazy("Document cannot be written")
        ACKNOWLEDGMENT_DIFFERS = "acknowledgment_differs", gettext_lazy("Partner answered differently")
        UNKNOWN_PURCHASE_ORDER = "unknown_purchase_order", gettext_lazy("Unknown purchase order")
        UNMATCHED = "unmatched", gettext_lazy("Answer to nothing we sent")
        ORDER_CHANGED = "order_changed", gettext_lazy("Order changed after it was sent")
        CHANGE_ANSWERED = "change_answered", gettext_lazy("Partner does not take a change")
        CHANGE_ASKED = "change_asked", gettext_lazy("Partner asks for a change")
        SHIPMENT_DIFFERS = "shipment_differs", gettext_lazy("Partner shipped differently")
        INVOICE_DIFFERS = "invoice_differs", gettext_lazy("Supplier's invoice differs")
        INVOICE_UNPROVED = "invoice_unproved", gettext_lazy("Our invoice does not add up")
        STOCK_HELD = "stock_held", gettext_lazy("Stock feed held")
        STOCK_UNCLEAR = "stock_unclear", gettext_lazy("Stock advice not understood")
        RETURN_PROPOSED = "return_proposed", gettext_lazy("Return proposed")
        RETURN_DIFFERS = "return_differs", gettext_lazy("Return answered differently")
        CREDIT_DIFFERS = "credit_differs", gettext_lazy("Credit of a return differs")
        REJECTED = "rejected", gettext_lazy("Partner rejected our document")
        CONTRADICTED = "contradicted", gettext_lazy("Partner acknowledged differently before")
        APPLICATION_ERROR = "application_error", gettext_lazy("Partner reports an application error")
        MESSAGE = "message", gettext_lazy("Text message to read")
        OVERDUE = "overdue", gettext_lazy("Answer overdue")
        SILENT = "silent", gettext_lazy("Silent longer than usual")
        UNREADABLE = "unreadable", gettext_lazy("File or document not readable")
        NOT_FOR_US = "not_for_us", gettext_lazy("Not for us, or not from there")
        DUPLICATE = "duplicate", gettext_lazy("Number used twice")
        STORE = "store", gettext_lazy("Store")
        MAILBOX = "mailbox", gettext_lazy("Mailbox")
        MAIL = "mail", gettext_lazy("Mail")
        GAP = "gap", gettext_lazy("Found missing by reconciliation")
        ARCHIVE = "archive", gettext_lazy("Archive not as it should be")
        PARKED = "parked", gettext_lazy("Work stopped")

    class Decision(models.TextChoices):
        SETTLED = "settled", gettext_lazy("Settled outside; nothing more to do")
        ACCEPTED = "accepted", gettext_lazy("Accepted as acknowledged")
        ORDERED_ELSEWHERE = "ordered_elsewhere", gettext_lazy("Remainder ordered from another supplier")
        REMAINDER_CANCELLED = "remainder_cancelled", gettext_lazy("Remainder cancelled")
        CHANGE_SENT = "change_sent", gettext_lazy("Change sent to the partner")
        CHANGE_TOLD = "change_told", gettext_lazy("Partner told by a person")
        LEFT = "left", gettext_lazy("Left as it was")
        REJECTED = "rejected", gettext_lazy("The partner's answer rejected")
        MATCHED = "matched", gettext_lazy("Matched to another purchase order")
        SHIPPED = "shipped", gettext_lazy("Written to the store as shipped")
        APPROVED = "approved", gettext_lazy("Approved as billed")
        APPROVED_PART = "approved_part", gettext_lazy("Approved as promised and shipped")
        FEED_APPLIED = "feed_applied", gettext_lazy("Feed applied")
        FEED_REFUSED = "feed_refused", gettext_lazy("Feed put aside")
        RETURN_OPENED = "return_opened", gettext_lazy("Return opened")
        ASKED_AGAIN = "asked_again", gettext_lazy("Asked again")
        CREDIT_ACCEPTED = "credit_accepted", gettext_lazy("Credit accepted as it came")
        RETURN_CLOSED = "return_closed", gettext_lazy("Return closed")
        NOT_OURS = "not_ours", gettext_lazy("Not ours")
        TRANSLATED = "translated", gettext_lazy("Translation entered")
        RETRY = "retry", gettext_lazy("Try again")
        READ_AGAIN = "read_again", gettext_lazy("Read again")
        RELEASED = "released", gettext_lazy("The cause is gone")

    class WaitingFor(models.TextChoices):
        DAY = "day", gettext_lazy("A day")
        PARTNER = "partner", gettext_lazy("The partner's answer")

    kind = models.CharField(max_length=24, choices=Kind)
    cause = models.CharField(max_length=200)
    sentence = models.TextField()
    store = models.ForeignKey(Store, models.PROTECT, null=True, blank=True, related_name="cases")
    order = models.ForeignKey(Order, models.PROTECT, null=True, blank=True, related_name="cases")
    purchase_order = models.ForeignKey(
        PurchaseOrder, models.PROTECT, null=True, blank=True, related_name="cases"
    )
    partner = models.ForeignKey(TradingPartner, models.PROTECT, null=True, blank=True, related_name="cases")
    mailbox = models.ForeignKey(Mailbox, models.PROTECT, null=True, blank=True, related_name="cases")
    return_case = models.ForeignKey(ReturnCase, models.PROTECT, null=True, blank=True, related_name="cases")
    document = models.ForeignKey(Document, models.PROTECT, null=True, blank=True, related_name="cases")
    transmission = models.ForeignKey(
        Transmission, models.PROTECT, null=True, blank=True, related_name="cases"
    )
    money = models.DecimalField(max_digits=20, decimal_places=4, null=True, blank=True)
    currency = models.CharField(max_length=3, blank=True)
    evidence = models.JSONField(
        default=list, blank=True, help_text=gettext_lazy("Rows of what was asked and what was said.")
    )
    opened_at = models.DateTimeField(auto_now_add=True)
    due_at = models.DateTimeField(null=True, blank=True)
    waiting_for = models.CharField(
        max_length=7,
        choices=WaitingFor,
        blank=True,
        db_default="",
        help_text=gettext_lazy("What it was put off for; empty: it was not."),
    )
    snoozed_until = models.DateTimeField(
        null=True,
        blank=True,
        help_text=gettext_lazy("When it is to be looked at again, whatever it waits for."),
    )
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="cases"
    )
    decision = models.CharField(max_length=24, choices=Decision, blank=True)
    decision_reason = models.TextField(blank=True)
    plan = models.JSONField(
        default=dict, blank=True, help_text=gettext_lazy("What the decision does, as previewed.")
    )
    closed_at = models.DateTimeField(null=True, blank=True)
    closed_by = models.CharField(max_length=150, blank=True, help_text=gettext_lazy("A user, or Gridport."))

    class Meta:
        ordering = ["-opened_at"]
        permissions = [("decide", "Can decide cases and start work again")]
        constraints = [
            models.UniqueConstraint(
                fields=["cause"], condition=models.Q(closed_at=None), name="case_one_open_per_cause"
            )
        ]

    def __str__(self) -> str:
        return self.sentence

    @property
    def subject(self) -> str:
        """The case's name in events and audit entries."""
        return f"case:{self.pk}"

    def is_put_off(self, now: datetime) -> bool:
        """Say whether the open case waits for something and need not be looked at yet."""
        return self.closed_at is None and self.snoozed_until is not None and self.snoozed_until > now

    @property
    def version(self) -> str:
        """What somebody who looks at the case sees of it, in short: another one means that he has not seen it as it is."""
        seen = [self.sentence, self.evidence, self.owner_id, self.waiting_for, self.decision]
        moments = [
            str(each and each.timestamp()) for each in (self.due_at, self.snoozed_until, self.closed_at)
        ]
        return hashlib.sha256(json.dumps([*seen, *moments], sort_keys=True).encode()).hexdigest()[:16]


class CaseLook(models.Model):
    """Somebody has the page of a case open, so that two people do not decide it at once."""

    case = models.ForeignKey(ExceptionCase, models.CASCADE, related_name="looks")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+")
    since = models.DateTimeField()
    seen_at = models.DateTimeField(help_text=gettext_lazy("When the page was last there."))

    class Meta:
        constraints = [models.UniqueConstraint(fields=["case", "user"], name="caselook_once")]

    def __str__(self) -> str:
        return f"{self.user} looks at case {self.case_id}"
