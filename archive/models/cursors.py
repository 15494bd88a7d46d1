"""What incremental readers follow: which rows changed in which transaction, and how long a cursor means anything."""

from __future__ import annotations

from django.contrib.postgres.functions import RandomUUID
from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy

from archive.facts import Reported


class CursorEpoch(models.Model):
    """The life of this database to which a reader's cursor belongs; the newest row is the one in force.

    ``changed_xid`` means nothing in another cluster, so a restore begins another epoch and a cursor of an older
    one is refused. The token is random: two databases restored from one backup are in different epochs. Only
    the owner writes here.
    """

    token = models.UUIDField(unique=True, db_default=RandomUUID(), editable=False)
    began_at = models.DateTimeField(db_default=Now(), editable=False)
    origin = models.CharField(max_length=200, help_text=gettext_lazy("Why it began."))

    def __str__(self) -> str:
        return f"epoch {self.token}"


class Change(Reported):
    """One transaction wrote something of one row that is reported; the newest entry of a row says how it is now.

    What is reported as one record stands in several tables (a document, its statuses, its references), each with a
    transaction of its own, so no column of theirs orders the records. Triggers write the entries
    (``archive.telling``), and they only ever add: an entry that was changed in place would have transactions wait for
    each other, in whatever order they touch documents. ``archive.changes`` reads them, and clears away what later
    ones say again.
    """

    resource = models.CharField(max_length=24)
    row_id = models.BigIntegerField()
    changed_at = models.DateTimeField(
        db_default=Now(), editable=False, help_text=gettext_lazy("When its transaction began.")
    )

    class Meta:
        default_permissions = ()
        indexes = [
            models.Index(fields=["resource", "changed_xid", "row_id"], name="change_order"),
            models.Index(fields=["resource", "row_id", "changed_xid"], name="change_newest"),
            models.Index(fields=["resource", "changed_at"], name="change_time"),
        ]

    def __str__(self) -> str:
        return f"{self.resource} {self.row_id}"


class TrimmedChanges(models.Model):
    """Up to which transaction the changes of one resource were cleared of what later ones say again; for speed alone."""

    resource = models.CharField(max_length=24, unique=True)
    epoch = models.UUIDField()
    transaction = models.BigIntegerField(
        help_text=gettext_lazy("Every entry up to this transaction was looked at …")
    )
    row = models.BigIntegerField(help_text=gettext_lazy("… and of it those up to this row."))

    class Meta:
        default_permissions = ()

    def __str__(self) -> str:
        return f"{self.resource} up to transaction {self.transaction}"
