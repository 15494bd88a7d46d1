"""How long an incremental reader's cursor means anything."""

from __future__ import annotations

from django.contrib.postgres.functions import RandomUUID
from django.db import models
from django.db.models.functions import Now


class CursorEpoch(models.Model):
    """The life of this database to which a reader's cursor belongs; the newest row is the one in force.

    ``changed_xid`` means nothing in another cluster, so a restore begins another epoch and a cursor of an older
    one is refused. The token is random: two databases restored from one backup are in different epochs. Only
    the owner writes here.
    """

    token = models.UUIDField(unique=True, db_default=RandomUUID(), editable=False)
    began_at = models.DateTimeField(db_default=Now(), editable=False)
    origin = models.CharField(max_length=200, help_text="Why it began.")

    def __str__(self) -> str:
        return f"epoch {self.token}"
