"""What the facts amount to; every row here can be derived again (``archive.projections``)."""

from __future__ import annotations

from django.db import models

from archive.facts import Reported
from archive.models.exchange import Document


class Validation(models.TextChoices):
    """Does the document hold to the standard and its guide?"""

    PENDING = "pending", "Not checked yet"
    VALID = "valid", "Valid"
    VALID_WITH_NOTES = "valid_with_notes", "Valid, with notes"
    INVALID = "invalid", "Invalid"


class Delivery(models.TextChoices):
    """How far did we get with sending it?"""

    NONE = "none", "Received"
    WAITING = "waiting", "Waiting to be sent"
    SENDING = "sending", "Being sent"
    UNKNOWN = "unknown", "Unknown: the answer was lost"
    DELIVERED = "delivered", "Delivered"
    FAILED = "failed", "Failed"


class AcknowledgmentState(models.TextChoices):
    """What did the partner's functional acknowledgment say?"""

    NOT_EXPECTED = "not_expected", "Not expected"
    WAITING = "waiting", "Waiting for acknowledgment"
    OVERDUE = "overdue", "Overdue"
    ACCEPTED = "accepted", "Accepted"
    ACCEPTED_WITH_ERRORS = "accepted_with_errors", "Accepted with errors"
    PARTIALLY_ACCEPTED = "partially_accepted", "Partially accepted"
    REJECTED = "rejected", "Rejected"


class DocumentState(Reported):
    """The three statuses of a document, and what lists show of it."""

    document = models.OneToOneField(Document, models.CASCADE, primary_key=True, related_name="state")
    validation = models.CharField(max_length=16, choices=Validation, default=Validation.PENDING)
    delivery = models.CharField(max_length=9, choices=Delivery, default=Delivery.NONE)
    acknowledgment = models.CharField(
        max_length=20, choices=AcknowledgmentState, default=AcknowledgmentState.NOT_EXPECTED
    )
    sha256 = models.CharField("SHA-256", max_length=64, help_text="Of the interchange as it travelled.")
    number = models.CharField(
        max_length=60, blank=True, db_index=True, help_text="The document's own number."
    )

    class Meta:
        # What needs somebody is few of very many; the dashboard counts it, and lists show the newest of it.
        indexes = [
            models.Index(
                fields=["delivery", "-document"],
                condition=models.Q(delivery__in=["waiting", "sending", "unknown", "failed"]),
                name="documentstate_undelivered",
            ),
            models.Index(
                fields=["acknowledgment", "-document"],
                condition=models.Q(
                    acknowledgment__in=[
                        "waiting",
                        "overdue",
                        "accepted_with_errors",
                        "partially_accepted",
                        "rejected",
                    ]
                ),
                name="documentstate_unaccepted",
            ),
            models.Index(
                fields=["-document"], condition=models.Q(validation="invalid"), name="documentstate_invalid"
            ),
        ]

    def __str__(self) -> str:
        return f"state of {self.document}"

    @property
    def summary(self) -> str:
        """One word for lists, the worst of the three statuses first."""
        if self.validation == Validation.INVALID:
            return "Invalid"
        if self.delivery in (Delivery.FAILED, Delivery.UNKNOWN, Delivery.WAITING, Delivery.SENDING):
            return self.get_delivery_display()
        if self.acknowledgment != AcknowledgmentState.NOT_EXPECTED:
            return self.get_acknowledgment_display()
        return self.get_delivery_display()


class Translation(Reported):
    """What the guide read from an inbound document or was given for an outbound one, and what was found."""

    document = models.OneToOneField(Document, models.CASCADE, primary_key=True, related_name="translation")
    content = models.JSONField(null=True, help_text="The canonical document.")
    findings = models.JSONField(default=list, help_text="Against the standard.")
    report = models.JSONField(
        default=list, help_text="Against the guide: unread, untranslated, not carried …"
    )

    def __str__(self) -> str:
        return f"translation of {self.document}"


class Reference(Reported):
    """One form of a number or name by which something is looked for (``archive.search``).

    Forms sort by code points: a range of them is a prefix, and the index serves it in any language.
    """

    kind = models.CharField(max_length=40)
    value = models.CharField(max_length=100, help_text="As written.")
    normal = models.CharField(max_length=100, db_collation="C", help_text="One of its forms.")
    rank = models.PositiveSmallIntegerField(default=0, help_text="Nearness of the form, then kind.")

    class Meta:
        abstract = True

    def __str__(self) -> str:
        return f"{self.kind} {self.value}"


class DocumentReference(Reference):
    """A reference of a document."""

    # The constraint's index begins with the document.
    document = models.ForeignKey(Document, models.CASCADE, related_name="references", db_index=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["document", "kind", "normal"], name="documentreference_once")
        ]
        indexes = [models.Index(fields=["normal", "-rank", "-document"], name="documentreference_found")]
