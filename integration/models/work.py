"""The queue: rows of work. django-q2 only knocks (``integration.work``, ``integration.tasks``)."""

from __future__ import annotations

from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy


class Work(models.Model):
    """One step to be done for one subject. A row exists until its step is done.

    * ``step`` and ``subject`` are unique: asking twice for the same work gives one row, and ``again`` says
      that it was asked for while it ran.
    * ``ordering_key``: rows of one key run one at a time, oldest first; a parked row holds the later ones.
    * ``attempts`` counts claims, ``deaths`` claims that nobody finished, released or failed.
    * ``talks_to`` names the store or mailbox (``store:1``, a ``Channel``) that the step asks something of, ``""`` where
      it asks nobody: known before it runs, and the same ever after.
    * ``channel`` names what the row waits for: the store or mailbox whose trouble made the last attempt fail, or a
      pause switch; so all that waits for it goes on together.
    """

    lane = models.CharField(max_length=20)
    step = models.CharField(max_length=40)
    subject = models.CharField(max_length=60)
    ordering_key = models.CharField(max_length=60)
    correlation_id = models.CharField(max_length=32)
    attempts = models.PositiveIntegerField(default=0)
    deaths = models.PositiveIntegerField(default=0)
    due_at = models.DateTimeField(db_default=Now())
    created_at = models.DateTimeField(db_default=Now())
    lease_until = models.DateTimeField(null=True)
    lease_token = models.UUIDField(null=True)
    again = models.BooleanField(default=False)
    parked_at = models.DateTimeField(null=True)
    error = models.TextField(blank=True)
    channel = models.CharField(max_length=30, blank=True)
    talks_to = models.CharField(max_length=30, blank=True, default="", db_default="")

    class Meta:
        verbose_name = gettext_lazy("work")
        verbose_name_plural = gettext_lazy("work")
        constraints = [
            models.UniqueConstraint(fields=["step", "subject"], name="work_once"),
            # The database's word that no two workers hold work of one key, whatever the claim saw.
            models.UniqueConstraint(
                fields=["ordering_key"],
                condition=models.Q(lease_token__isnull=False),
                name="work_one_lease_per_key",
            ),
        ]
        indexes = [
            models.Index(
                fields=["lane", "talks_to", "due_at"], condition=models.Q(parked_at=None), name="work_due"
            ),  # claim: what is due, of each other side for itself
            models.Index(
                fields=["talks_to"], condition=models.Q(lease_token__isnull=False), name="work_running"
            ),  # claim: how much is being asked of an other side now
            models.Index(
                fields=["talks_to", "lane", "due_at"],
                condition=models.Q(parked_at=None) & ~models.Q(talks_to=""),
                name="work_of_side",
            ),  # claim: does another lane of the same side wait?
            models.Index(fields=["channel"], condition=~models.Q(channel=""), name="work_waits"),
            models.Index(fields=["ordering_key", "id"], name="work_order"),  # claim: is there earlier work?
        ]

    def __str__(self) -> str:
        return f"{self.step} {self.subject}"


class Lane(models.Model):
    """One row for each lane: when it was last knocked for, so that at most one knock waits."""

    name = models.CharField(max_length=20, primary_key=True)
    knocked_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return self.name
