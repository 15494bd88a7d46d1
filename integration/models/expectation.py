"""What has to come from partners, by when, and what became of it."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy

from archive.facts import Reported
from archive.models import Document
from integration.models.purchase import PurchaseOrder
from integration.models.returns import ReturnCase
from partners.models import Agreement


class Expectation(Reported):
    """One answer that a partner owes us: *what* it is, of which *subject*, due when.

    ``subject`` is ``document:12`` for a functional acknowledgment, ``change:3`` for the answer to a change of ours (865, due
    within the hours of an 855), ``return:5`` for what a return waits for, and ``purchase_order:7`` for the other two. That
    goods are sent back is what we owe the partner: it is looked after all the same. States::

        waiting ──► reminded ──► overdue
           │           │            │
           └───────────┴────────────┴──► met | given_up
        overdue | reminded ──► waiting   (calendar or agreement changed: due later)
        any ──► waiting                  (the order was sent again, or its answer does not stand: expected anew, ``round`` grows)

    ``due_at`` follows from ``counted_from`` or ``by_date`` and the agreement, so it can be counted anew.
    """

    class What(models.TextChoices):
        FUNCTIONAL_ACKNOWLEDGMENT = "997", gettext_lazy("Functional acknowledgment (997)")
        PURCHASE_ORDER_ACKNOWLEDGMENT = "855", gettext_lazy("Purchase order acknowledgment (855)")
        CHANGE_ACKNOWLEDGMENT = "865", gettext_lazy("Purchase order change acknowledgment (865)")
        SHIP_NOTICE = "856", gettext_lazy("Ship notice (856)")
        RETURN_ANSWER = "180", gettext_lazy("Answer to a return (180)")
        RETURN_SENT = "sent", gettext_lazy("Goods sent back")
        RETURN_RECEIPT = "received", gettext_lazy("Receipt of a return")
        RETURN_CREDIT = "credit", gettext_lazy("Credit of a return")

    class State(models.TextChoices):
        WAITING = "waiting", gettext_lazy("Waiting")
        REMINDED = "reminded", gettext_lazy("Due soon")
        OVERDUE = "overdue", gettext_lazy("Overdue")
        MET = "met", gettext_lazy("Has come")
        GIVEN_UP = "given_up", gettext_lazy("Not expected any more")

    OF_RETURNS = (What.RETURN_ANSWER, What.RETURN_SENT, What.RETURN_RECEIPT, What.RETURN_CREDIT)

    UNMET = (State.WAITING, State.REMINDED, State.OVERDUE)

    what = models.CharField(max_length=8, choices=What)
    subject = models.CharField(max_length=60)
    agreement = models.ForeignKey(Agreement, models.PROTECT, related_name="expectations")
    document = models.ForeignKey(
        Document,
        models.PROTECT,
        related_name="expectations",
        help_text=gettext_lazy("What has to be answered; of a ship notice, the 855 that let us expect it."),
    )
    purchase_order = models.ForeignKey(
        PurchaseOrder, models.PROTECT, null=True, blank=True, related_name="expectations"
    )
    return_case = models.ForeignKey(
        ReturnCase, models.PROTECT, null=True, blank=True, related_name="expectations"
    )
    round = models.PositiveIntegerField(
        default=1, help_text=gettext_lazy("How often it is expected anew, from 1.")
    )
    counted_from = models.DateTimeField()
    by_date = models.DateField(null=True, help_text=gettext_lazy("Promised, else requested."))
    due_at = models.DateTimeField()
    remind_at = models.DateTimeField(null=True)
    state = models.CharField(max_length=8, choices=State, default=State.WAITING)
    met_by = models.ForeignKey(Document, models.PROTECT, null=True, related_name="met_expectations")
    settled_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["due_at", "pk"]
        default_permissions = ("view",)
        constraints = [
            models.UniqueConstraint(fields=["what", "subject"], name="expectation_one_per_subject"),
            models.CheckConstraint(
                condition=models.Q(state__in=["waiting", "reminded", "overdue", "met", "given_up"]),
                name="expectation_state_known",
            ),
            models.CheckConstraint(
                condition=models.Q(state="met") | models.Q(met_by=None), name="expectation_met_by_when_met"
            ),
        ]
        indexes = [
            models.Index(
                fields=["due_at"],
                condition=models.Q(state__in=["waiting", "reminded", "overdue"]),
                name="expectation_unmet",
            ),
            models.Index(fields=["agreement", "due_at"], name="expectation_due"),  # a scorecard's promises
        ]

    def __str__(self) -> str:
        if self.return_case is not None:
            return f"{self.get_what_display()} {self.return_case.number}"
        about = f" of {self.purchase_order.number}" if self.purchase_order is not None else ""
        return f"{self.get_what_display()}{about}"

    @property
    def cause(self) -> str:
        """The cause of the case that tells of it."""
        return f"overdue:{self.what}:{self.subject.partition(':')[2]}"
