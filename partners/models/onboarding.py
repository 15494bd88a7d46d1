"""The taking on of a partner: when it began, whose word ended it; and the tests of the connection that it goes through."""

from __future__ import annotations

from django.db import models
from django.db.models.functions import Now

from partners.models.agreement import Agreement
from partners.models.partner import Mailbox


class Onboarding(models.Model):
    """How a partner's agreement comes from its first test to production, by steps of which each needs the one before.

    Until it is signed the agreement carries test documents (ISA15 is T) and cannot go live. What the steps rest on are
    facts of the archive, looked up when they are shown; ``evidence`` is what they rested on when it was signed:
    ``[{"step": "samples", "subject": "document:12", "words": "…"}]``.
    """

    agreement = models.OneToOneField(Agreement, models.CASCADE, related_name="onboarding")
    started_at = models.DateTimeField(db_default=Now())
    started_by = models.CharField(max_length=150)
    signed_at = models.DateTimeField(null=True)
    signed_by = models.CharField(max_length=150, blank=True)
    reason = models.TextField(blank=True)
    evidence = models.JSONField(default=list)

    class Meta:
        default_permissions = ("view",)
        constraints = [
            models.CheckConstraint(
                condition=models.Q(signed_at=None, signed_by="")
                | (models.Q(signed_at__isnull=False) & ~models.Q(signed_by="")),
                name="onboarding_signed_by_somebody",
            )
        ]

    def __str__(self) -> str:
        return f"Onboarding of {self.agreement}"


class ConnectionTest(models.Model):
    """One look at a mailbox that a person asked for. ``problem`` is the sentence that says why it failed, else empty."""

    mailbox = models.ForeignKey(Mailbox, models.CASCADE, related_name="connection_tests")
    tested_at = models.DateTimeField(db_default=Now())
    tested_by = models.CharField(max_length=150)
    problem = models.TextField(blank=True)

    class Meta:
        default_permissions = ("view",)
        indexes = [models.Index(fields=["mailbox", "-tested_at"], name="connectiontest_newest")]

    def __str__(self) -> str:
        return f"Test of {self.mailbox}"
