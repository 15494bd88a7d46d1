"""Many documents sent again by one decision: the job, and what became of each document."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy

from archive.facts import Reported
from archive.models import Document


class BulkJob(Reported):
    """One decision to send many purchase orders again; each document of it is an item.

    States::

        proposed ──► running ──► stopped
           └──► declined            (a second person said no)

    A running job is finished when none of its items waits.
    """

    class State(models.TextChoices):
        PROPOSED = "proposed", gettext_lazy("Waiting for a second person")
        RUNNING = "running", gettext_lazy("Approved")
        STOPPED = "stopped", gettext_lazy("Stopped")
        DECLINED = "declined", gettext_lazy("Declined")

    key = models.CharField(
        max_length=64, unique=True, help_text=gettext_lazy("The form's: posting it twice starts one job.")
    )
    state = models.CharField(max_length=8, choices=State)
    scope = models.TextField(help_text=gettext_lazy("Which documents were meant, in words."))
    reason = models.TextField()
    warnings = models.JSONField(
        default=list, help_text=gettext_lazy("What partners had answered already, as it was shown.")
    )
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        related_name="+",
        help_text=gettext_lazy("In whose rights it runs."),
    )
    started_by = models.CharField(max_length=150)
    created_at = models.DateTimeField(db_default=Now())
    decided_by = models.CharField(
        max_length=150, blank=True, help_text=gettext_lazy("The second person, who approved or declined.")
    )
    decided_because = models.TextField(blank=True)
    decided_at = models.DateTimeField(null=True)
    stopped_by = models.CharField(max_length=150, blank=True)
    stopped_because = models.TextField(blank=True)
    stopped_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-pk"]
        default_permissions = ("view",)
        permissions = [
            ("resubmit", "Can send a document again"),
            ("resubmit_bulk", "Can send many documents again at once"),
        ]
        verbose_name = gettext_lazy("bulk job")
        constraints = [
            models.CheckConstraint(
                condition=models.Q(state__in=["proposed", "running", "stopped", "declined"]),
                name="bulkjob_state_known",
            )
        ]

    def __str__(self) -> str:
        return f"Bulk job {self.pk}"

    @property
    def subject(self) -> str:
        """The job's name in events and audit entries."""
        return f"bulk_job:{self.pk}"


class BulkItem(Reported):
    """One document of a job. ``warnings`` are those shown for it: with other ones it is not sent."""

    class State(models.TextChoices):
        WAITING = "waiting", gettext_lazy("Waiting")
        DONE = "done", gettext_lazy("Sent again")
        REFUSED = "refused", gettext_lazy("Not sent")
        STOPPED = "stopped", gettext_lazy("Stopped before it was sent")

    job = models.ForeignKey(BulkJob, models.CASCADE, related_name="items")
    document = models.ForeignKey(Document, models.PROTECT, related_name="bulk_items")
    state = models.CharField(max_length=7, choices=State, default=State.WAITING)
    warnings = models.JSONField(default=list)
    sentence = models.TextField(blank=True, help_text=gettext_lazy("Why it was not sent."))
    result = models.ForeignKey(Document, models.PROTECT, null=True, related_name="+")

    class Meta:
        ordering = ["pk"]
        default_permissions = ()
        constraints = [
            models.UniqueConstraint(fields=["job", "document"], name="bulkitem_once"),
            models.CheckConstraint(
                condition=models.Q(state__in=["waiting", "done", "refused", "stopped"]),
                name="bulkitem_state_known",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.document} in {self.job}"
