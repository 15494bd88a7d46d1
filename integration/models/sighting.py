"""What lies on a mailbox and stays there: how it looked, and since when it looks so."""

from __future__ import annotations

from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy

from partners.models import Mailbox


class Sighting(models.Model):
    """A file that was read and lies on its mailbox still, because it is not finished or is left there.

    ``since`` and ``read_at`` are ours, by the database's clock: when it was first read as it is, and when last.
    ``modified_at`` is the server's, whose clock may be wrong by hours: it is compared with itself alone. Losing these
    rows costs a wait, never a file.
    """

    mailbox = models.ForeignKey(Mailbox, models.CASCADE, related_name="sightings")
    name = models.CharField(max_length=255)
    size = models.PositiveBigIntegerField()
    modified_at = models.DateTimeField(help_text=gettext_lazy("As the server says."))
    fingerprint = models.CharField(max_length=64, help_text=gettext_lazy("Keyed hash of what was read."))
    since = models.DateTimeField(db_default=Now())
    read_at = models.DateTimeField(db_default=Now())

    class Meta:
        default_permissions = ("view",)
        constraints = [models.UniqueConstraint(fields=["mailbox", "name"], name="sighting_once")]

    def __str__(self) -> str:
        return self.name
