"""What we tell a partner of a purchase order after it was sent: one row a change, in order."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy

from archive.facts import Reported
from archive.models import Document
from integration.models.purchase import PurchaseOrder


class PurchaseOrderChange(Reported):
    """One change of a purchase order (860), each against what was last told.

    ``lines`` are rows of ``line_number``, ``was`` and ``now``: the quantities in force before and from now on, in our
    units, as text. States::

        composed ──► generated ──► accepted | rejected | disputed   (by the partner's 865; a later one may say otherwise)
            └──────► dropped
        told   (a person told the partner; nothing was sent)
    """

    class State(models.TextChoices):
        COMPOSED = "composed", gettext_lazy("Waits to be sent")
        GENERATED = "generated", gettext_lazy("Sent, or about to be")
        ACCEPTED = "accepted", gettext_lazy("Accepted")
        REJECTED = "rejected", gettext_lazy("Rejected")
        DISPUTED = "disputed", gettext_lazy("Answered differently")
        DROPPED = "dropped", gettext_lazy("Dropped")
        TOLD = "told", gettext_lazy("Told by a person")

    purchase_order = models.ForeignKey(PurchaseOrder, models.PROTECT, related_name="changes")
    sequence = models.PositiveSmallIntegerField(help_text=gettext_lazy("BCH05: from 1, in order."))
    state = models.CharField(max_length=9, choices=State, default=State.COMPOSED)
    lines = models.JSONField(help_text=gettext_lazy("Rows of line_number, was and now."))
    content = models.JSONField(null=True, help_text=gettext_lazy("The canonical change, as it was written."))
    document = models.OneToOneField(
        Document,
        models.PROTECT,
        null=True,
        related_name="change",
        help_text=gettext_lazy("The 860 that carries it."),
    )
    cancels = models.BooleanField(
        default=False, help_text=gettext_lazy("Nothing of the purchase order is left.")
    )
    state_before = models.CharField(
        max_length=9, blank=True, help_text=gettext_lazy("Of the purchase order, where this one cancels it.")
    )
    reason = models.TextField()
    actor = models.CharField(max_length=150, blank=True, help_text=gettext_lazy("Empty: Gridport."))
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["purchase_order", "sequence"]
        constraints = [
            models.UniqueConstraint(fields=["purchase_order", "sequence"], name="purchaseorderchange_once"),
            models.CheckConstraint(
                condition=models.Q(
                    state__in=["composed", "generated", "accepted", "rejected", "disputed", "dropped", "told"]
                ),
                name="purchaseorderchange_state_known",
            ),
        ]

    def __str__(self) -> str:
        return f"Change {self.sequence} of {self.purchase_order}"
