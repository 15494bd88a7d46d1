"""The keys under which payloads are encrypted: one for each payload, and one for each person whom it speaks of.

To destroy a key is to destroy what it opens, in every backup too, as long as keys are backed up apart. So ``gridport_app``
may add keys and never change or remove one; ``gridport_disposer``, as which nobody logs in, may remove them.
"""

from __future__ import annotations

from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy

from archive.facts import Fact
from archive.models.exchange import Payload


class DataSubject(Fact):
    """A person of whom documents speak, as a keyed hash: who it is cannot be read here."""

    lookup = models.CharField(
        max_length=64, unique=True, help_text=gettext_lazy("Keyed hash of what names the person.")
    )

    def __str__(self) -> str:
        return f"person {self.lookup[:12]}"


class SubjectKey(models.Model):
    """The key of one person, under the store key ``store_key``; no row: it was destroyed."""

    subject = models.OneToOneField(DataSubject, models.PROTECT, related_name="key")
    wrapped = models.BinaryField(help_text=gettext_lazy("Nonce and AES-256-GCM of the 32 bytes."))
    store_key = models.CharField(max_length=16)
    made_at = models.DateTimeField(db_default=Now(), editable=False)

    def __str__(self) -> str:
        return f"key of {self.subject}"


class PayloadKey(models.Model):
    """The key of one payload, under the person's where one was named when it was stored, else under a store key."""

    payload = models.OneToOneField(Payload, models.PROTECT, related_name="key")
    wrapped = models.BinaryField(help_text=gettext_lazy("Nonce and AES-256-GCM of the 32 bytes."))
    store_key = models.CharField(
        max_length=16, blank=True, help_text=gettext_lazy("Empty: it lies under a person's key.")
    )
    under = models.ForeignKey(DataSubject, models.PROTECT, null=True, related_name="payload_keys")
    made_at = models.DateTimeField(db_default=Now(), editable=False)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.Q(store_key="") ^ models.Q(under=None), name="payload_key_under_one_key"
            )
        ]

    def __str__(self) -> str:
        return f"key of {self.payload}"


class PayloadSubject(Fact):
    """``payload`` speaks of ``subject``: known when it was stored, or found when its documents were read."""

    payload = models.ForeignKey(Payload, models.PROTECT, related_name="subjects")
    subject = models.ForeignKey(DataSubject, models.PROTECT, related_name="payloads")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["payload", "subject"], name="payload_subject_once")]

    def __str__(self) -> str:
        return f"{self.payload} speaks of {self.subject}"
