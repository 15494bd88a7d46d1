"""Persons who are to be forgotten: who asked for it, who agreed, and what went."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy

from archive.facts import Reported
from archive.models import DataSubject
from integration.models.store import Order


class Erasure(Reported):
    """One person to be forgotten, as two people decide it.

    States::

        proposed ──► approved ──► done      (approved is seen by nobody: both steps are one transaction)
            └──────► withdrawn

    ``plan`` is what the first of them was shown and the second one agreed to: which payloads go, which stay and why; it
    names documents and orders, and says nothing of the person. ``gridport_erase`` carries it out, and refuses one
    that two people have not decided.
    """

    class State(models.TextChoices):
        PROPOSED = "proposed", gettext_lazy("Proposed")
        APPROVED = "approved", gettext_lazy("Approved")
        DONE = "done", gettext_lazy("Carried out")
        WITHDRAWN = "withdrawn", gettext_lazy("Withdrawn")

    state = models.CharField(max_length=9, choices=State, default=State.PROPOSED)
    reason = models.TextField()
    plan = models.JSONField(help_text=gettext_lazy("What goes and what stays, as it was shown."))
    proposed_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    proposed_at = models.DateTimeField(db_default=Now(), editable=False)
    decided_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    decided_at = models.DateTimeField(null=True)
    decided_because = models.TextField(blank=True)
    persons = models.ManyToManyField(DataSubject, related_name="+")
    orders = models.ManyToManyField(Order, related_name="erasures")

    class Meta:
        ordering = ["-pk"]
        default_permissions = ("view",)
        permissions = [("erase", "Can have persons forgotten, together with a second person")]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(state="proposed", decided_by=None)
                | models.Q(state="withdrawn", decided_by__isnull=False)
                | models.Q(state__in=["approved", "done"], decided_by__isnull=False)
                & ~models.Q(decided_by=models.F("proposed_by")),
                name="erasure_by_two",
            )
        ]

    def __str__(self) -> str:
        return f"Erasure {self.pk}"

    @property
    def subject(self) -> str:
        """The erasure's name in events and audit entries."""
        return f"erasure:{self.pk}"
