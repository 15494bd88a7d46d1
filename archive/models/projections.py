"""What the facts amount to; every row here can be derived again (``archive.projections``)."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy

from archive.facts import Reported
from archive.models.exchange import Document


class Validation(models.TextChoices):
    """Does the document hold to the standard and its guide?"""

    PENDING = "pending", gettext_lazy("Not checked yet")
    VALID = "valid", gettext_lazy("Valid")
    VALID_WITH_NOTES = "valid_with_notes", gettext_lazy("Valid, with notes")
    INVALID = "invalid", gettext_lazy("Invalid")


class Delivery(models.TextChoices):
    """How far did we get with sending it?"""

    NONE = "none", gettext_lazy("Received")
    WAITING = "waiting", gettext_lazy("Waiting to be sent")
    SENDING = "sending", gettext_lazy("Being sent")
    UNKNOWN = "unknown", gettext_lazy("Unknown: the answer was lost")
    DELIVERED = "delivered", gettext_lazy("Delivered")
    FAILED = "failed", gettext_lazy("Failed")


class AcknowledgmentState(models.TextChoices):
    """What did the partner's functional acknowledgment say?"""

    NOT_EXPECTED = "not_expected", gettext_lazy("Not expected")
    WAITING = "waiting", gettext_lazy("Waiting for acknowledgment")
    OVERDUE = "overdue", gettext_lazy("Overdue")
    ACCEPTED = "accepted", gettext_lazy("Accepted")
    ACCEPTED_WITH_ERRORS = "accepted_with_errors", gettext_lazy("Accepted with errors")
    PARTIALLY_ACCEPTED = "partially_accepted", gettext_lazy("Partially accepted")
    REJECTED = "rejected", gettext_lazy("Rejected")


class DocumentState(Reported):
    """The three statuses of a document, and what lists show of it."""

    document = models.OneToOneField(Document, models.CASCADE, primary_key=True, related_name="state")
    validation = models.CharField(max_length=16, choices=Validation, default=Validation.PENDING)
    delivery = models.CharField(max_length=9, choices=Delivery, default=Delivery.NONE)
    acknowledgment = models.CharField(
        max_length=20, choices=AcknowledgmentState, default=AcknowledgmentState.NOT_EXPECTED
    )
    sha256 = models.CharField(
        gettext_lazy("SHA-256"), max_length=64, help_text=gettext_lazy("Of the interchange as it travelled.")
    )
    number = models.CharField(
        max_length=60, blank=True, db_index=True, help_text=gettext_lazy("The document's own number.")
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
    content = models.JSONField(null=True, help_text=gettext_lazy("The canonical document."))
    findings = models.JSONField(default=list, help_text=gettext_lazy("Against the standard."))
    report = models.JSONField(
        default=list, help_text=gettext_lazy("Against the guide: unread, untranslated, not carried …")
    )

    def __str__(self) -> str:
        return f"translation of {self.document}"


class Reference(Reported):
    """One form of a number or name by which something is looked for (``archive.search``).

    Forms sort by code points: a range of them is a prefix, and the index serves it in any language.
    """

    kind = models.CharField(max_length=40)
    value = models.CharField(max_length=100, help_text=gettext_lazy("As written."))
    normal = models.CharField(max_length=100, db_collation="C", help_text=gettext_lazy("One of its forms."))
    rank = models.PositiveSmallIntegerField(
        default=0, help_text=gettext_lazy("Nearness of the form, then kind.")
    )

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
