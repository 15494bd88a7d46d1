"""Where copies of payloads stand outside the database: a projection, since a place can be asked for all of it again."""

from __future__ import annotations

from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy

from archive.models.exchange import Payload


class PayloadCopy(models.Model):
    """The copy of ``payload`` in one storage (``archive.storages``); the row is made with the payload, and waits.

    ::

        waiting ──► copied ──► to_remove ──► removed     (what was disposed of is to go, copied or not)
           ▲          │ ▲
           └──────────┤ │     missing at a check, and the database still holds the bytes: copied once more
                      ▼ │
                 damaged ──► again                       what stands there is something else: a person decides

    ``storage`` is the place's own name, so that where the settings name another place, nothing counts as copied to it.
    ``copied`` means that what was written was read back and has the payload's address as its hash; ``checked_at`` is
    when it was read the last time.
    """

    class State(models.TextChoices):
        WAITING = "waiting", gettext_lazy("Waiting to be copied")
        COPIED = "copied", gettext_lazy("Copied and compared")
        DAMAGED = "damaged", gettext_lazy("Not what was copied")
        AGAIN = "again", gettext_lazy("To be copied again")
        TO_REMOVE = "to_remove", gettext_lazy("To be removed")
        REMOVED = "removed", gettext_lazy("Removed")

    payload = models.ForeignKey(Payload, models.PROTECT, related_name="copies")
    storage = models.CharField(max_length=300)
    key = models.CharField(
        max_length=100, help_text=gettext_lazy("What it stands under there: sha256/ab/cd/abcd….")
    )
    version = models.CharField(
        max_length=1024, blank=True, help_text=gettext_lazy("Of a bucket that keeps versions.")
    )
    etag = models.CharField(max_length=200, blank=True)
    state = models.CharField(max_length=9, choices=State, default=State.WAITING, db_default="waiting")
    note = models.TextField(
        blank=True, db_default="", help_text=gettext_lazy("Why it is not as it should be.")
    )
    made_at = models.DateTimeField(db_default=Now(), editable=False)
    copied_at = models.DateTimeField(null=True)
    checked_at = models.DateTimeField(null=True)

    class Meta:
        default_permissions = ("view",)
        permissions = [("copy_again", "Can have payloads copied again")]
        verbose_name_plural = gettext_lazy("payload copies")
        constraints = [
            models.UniqueConstraint(fields=["payload", "storage"], name="payload_copy_once"),
            models.CheckConstraint(
                condition=~models.Q(state="copied")
                | models.Q(copied_at__isnull=False, checked_at__isnull=False),
                name="payload_copy_copied_is_checked",
            ),
        ]
        indexes = [
            # What is to be done to copies is few of very many.
            models.Index(
                fields=["storage", "id"],
                condition=models.Q(state__in=["waiting", "again"]),
                name="payload_copy_waiting",
            ),
            models.Index(
                fields=["state", "id"],
                condition=models.Q(state__in=["damaged", "to_remove"]),
                name="payload_copy_trouble",
            ),
            models.Index(
                fields=["storage", "checked_at"],
                condition=models.Q(state="copied"),
                name="payload_copy_checked",
            ),
        ]

    def __str__(self) -> str:
        return f"copy of {self.payload}"


class MoveOut(models.Model):
    """Whether, and after how many days, bytes leave the database once they are copied; no row: never.

    Only the owner writes here (``manage.py move_out``): whoever takes over the application must not be able to empty
    payloads by telling of copies that do not exist.
    """

    ONLY = 1

    after_days = models.PositiveIntegerField()
    since = models.DateTimeField(db_default=Now(), editable=False)

    class Meta:
        default_permissions = ()
        constraints = [models.CheckConstraint(condition=models.Q(pk=1), name="move_out_one_rule")]

    def __str__(self) -> str:
        return f"moved out after {self.after_days} days"
