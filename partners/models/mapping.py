"""Mapping profiles: a partner's few differences from a shipped guide, the samples that prove them, and what was released.

A *profile* is a shipped guide with an ordered table of overrides. Rows and samples are the draft; documents are
written and read by a *revision*, which is released from it, is never changed, and holds everything that its guide is
made of: the base as it was shipped then, and the rows.
"""

from __future__ import annotations

from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy

from partners.secrets import EncryptedTextField

SETS = [
    ("850", "Purchase order (850)"),
    ("855", "Purchase order acknowledgment (855)"),
    ("860", "Purchase order change (860)"),
    ("865", "Purchase order change acknowledgment (865)"),
    ("856", "Ship notice (856)"),
    ("810", "Invoice (810)"),
    ("812", "Credit or debit adjustment (812)"),
    ("846", "Stock advice (846)"),
    ("180", "Return document (180)"),
    ("824", "Application advice (824)"),
]
VERSIONS = [("004010", "004010"), ("005010", "005010")]


class MappingProfile(models.Model):
    """One variant of one document: a shipped guide with its overrides. Several agreements may use it."""

    name = models.CharField(max_length=80, unique=True)
    transaction_set = models.CharField(gettext_lazy("document"), max_length=3, choices=SETS)
    version = models.CharField(
        max_length=6, choices=VERSIONS, default="004010", help_text=gettext_lazy("Of X12.")
    )
    note = models.TextField(
        blank=True, help_text=gettext_lazy("Where its rules stand: the partner's guide, its date.")
    )
    retired_at = models.DateTimeField(null=True, blank=True, editable=False)

    class Meta:
        ordering = ["name"]
        permissions = [("release_mapping", "Can release mapping profiles and give them to agreements")]

    def __str__(self) -> str:
        return self.name

    @property
    def current(self) -> MappingRevision | None:
        """The revision that is in use: the last one that was released."""
        return self.revisions.order_by("-number").first()


class MappingOverride(models.Model):
    """One row of a profile's draft: what it does at one address, and what the base said there when it was made."""

    profile = models.ForeignKey(MappingProfile, models.CASCADE, related_name="overrides")
    position = models.PositiveIntegerField()
    operation = models.CharField(max_length=20)
    address = models.CharField(max_length=200)
    value = models.TextField(blank=True)
    was = models.TextField(blank=True)
    note = models.TextField(help_text=gettext_lazy("Why: the last reason that was given for the row."))
    author = models.CharField(max_length=150)
    changed_at = models.DateTimeField(auto_now=True)

    class Meta:
        ordering = ["position", "pk"]
        constraints = [
            models.UniqueConstraint(fields=["profile", "position"], name="mappingoverride_position_once")
        ]

    def __str__(self) -> str:
        return f"{self.operation} {self.address} {self.value}".strip()


class MappingSample(models.Model):
    """One document that the profile has to carry, with the other side as somebody accepted it.

    Sent: ``given`` is the canonical document as JSON, ``expected`` the X12 from ST to SE. Received: the other way
    about; both are encrypted, since samples are made of real documents. ``codes`` are the partner's code lists at that
    time, so that only the mapping decides whether it passes.
    """

    class Direction(models.TextChoices):
        IN = "in", gettext_lazy("Received")
        OUT = "out", gettext_lazy("Sent")

    profile = models.ForeignKey(MappingProfile, models.CASCADE, related_name="samples")
    name = models.CharField(max_length=80)
    direction = models.CharField(max_length=3, choices=Direction)
    given = EncryptedTextField()
    expected = EncryptedTextField()
    separators = models.CharField(
        max_length=4,
        default="*~>",
        help_text=gettext_lazy("Of elements, segments, components and repetitions."),
    )
    codes = models.JSONField(default=dict)
    author = models.CharField(max_length=150)
    accepted_at = models.DateTimeField(auto_now=True)

    class Meta:
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["profile", "name"],
                name="mappingsample_unique",
                violation_error_message="The profile has a sample of that name already.",
            )
        ]

    def __str__(self) -> str:
        return self.name


class MappingRevision(models.Model):
    """What was released of a profile: written once, like a fact, and the same guide for ever.

    ``base`` is the text of the shipped guide at that time, its code lists with it; ``overrides`` are the rows as
    ``operation``, ``address``, ``value`` and ``was``; ``samples`` says by name, direction and fingerprint what proved it.
    """

    profile = models.ForeignKey(MappingProfile, models.PROTECT, related_name="revisions")
    number = models.PositiveIntegerField()
    base = models.TextField()
    overrides = models.JSONField(default=list)
    samples = models.JSONField(default=list)
    author = models.CharField(max_length=150)
    reason = models.TextField()
    released_at = models.DateTimeField(db_default=Now(), editable=False)

    class Meta:
        ordering = ["-number"]
        constraints = [models.UniqueConstraint(fields=["profile", "number"], name="mappingrevision_once")]

    def __str__(self) -> str:
        return f"{self.profile}, revision {self.number}"

    @property
    def guide_name(self) -> str:
        """The name under which documents keep the revision."""
        return f"revision/{self.pk}"
