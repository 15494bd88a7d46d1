"""Restores that were tried out: that a backup can be read again is known only by reading it."""

from __future__ import annotations

from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy

from archive.facts import Reported


class RestoreDrill(Reported):
    """One backup restored into a scratch database, looked through and dropped again."""

    file = models.CharField(max_length=300, help_text=gettext_lazy("The backup's name, without its folder."))
    backup_made_at = models.DateTimeField(null=True, help_text=gettext_lazy("None: it could not be read."))
    began_at = models.DateTimeField(db_default=Now(), editable=False)
    seconds = models.DecimalField(
        max_digits=9, decimal_places=1, help_text=gettext_lazy("How long it took until it was verified.")
    )
    rows = models.PositiveBigIntegerField(default=0)
    passed = models.BooleanField()
    detail = models.TextField(help_text=gettext_lazy("What was found, in sentences."))

    class Meta:
        ordering = ["-pk"]
        default_permissions = ("view",)

    def __str__(self) -> str:
        return f"Drill of {self.file}"
