"""What we mean to do to the store, written before it is done."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy

from archive.facts import Reported
from integration.models.store import Order


class StoreEffect(Reported):
    """One intended change of an order in the store, applied at most once.

    States::

        waiting ──► sending ──► done
           ▲           │  └───► unknown ──► done | skipped | sending   (the store is looked at first)
           └───────────┘
        waiting ──► skipped   (the order is not where the change may begin: said on the order)
        sending ──► failed    (the store refused; a case)
        failed  ──► sending   (somebody lets it be tried again)

    ``unknown``: the write left us and its answer was lost. It is looked for once what was on its way has settled
    (``integration.patience.SETTLES``); nothing is written again unseen.
    """

    class Kind(models.TextChoices):
        STATUS = "status", gettext_lazy("Set the order's status")
        METAFIELD = "metafield", gettext_lazy("Write the acknowledgment metafield")
        NOTE = "note", gettext_lazy("Add a line to the staff notes")
        SHIPMENT = "shipment", gettext_lazy("Create a shipment")
        REMOVAL = "removal", gettext_lazy("Remove a shipment")
        SHIPPED = "shipped", gettext_lazy("Set the status by what is shipped")
        REFUND = "refund", gettext_lazy("Refund the customer")

    class State(models.TextChoices):
        WAITING = "waiting", gettext_lazy("Waiting")
        SENDING = "sending", gettext_lazy("Being written")
        UNKNOWN = "unknown", gettext_lazy("Unknown: the answer was lost")
        DONE = "done", gettext_lazy("Done")
        SKIPPED = "skipped", gettext_lazy("Not needed")
        FAILED = "failed", gettext_lazy("Failed")

    order = models.ForeignKey(Order, models.PROTECT, related_name="effects")
    kind = models.CharField(max_length=9, choices=Kind)
    marker = models.CharField(
        max_length=60, unique=True, help_text=gettext_lazy("What this effect is known by, ever.")
    )
    intended = models.JSONField()
    state = models.CharField(max_length=7, choices=State, default=State.WAITING)
    answer = models.JSONField(
        default=dict, help_text=gettext_lazy("What the store said or was found to hold.")
    )
    created_at = models.DateTimeField(auto_now_add=True)
    finished_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["pk"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(state__in=["waiting", "sending", "unknown", "done", "skipped", "failed"]),
                name="storeeffect_state_known",
            )
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} of {self.order}"
