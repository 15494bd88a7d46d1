"""Large exports: what a program asked for as a file, how far it is written, and the file itself in parts."""

from __future__ import annotations

from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from portal.models.api import ApiToken

LARGEST_PART = 10 << 20
"""Bytes of a part at most, packed and encrypted."""


class Export(models.Model):
    """One list as a file, written by the worker part by part.

    ``transaction`` and ``row`` are the place that the reader has reached (``archive.changes.Place``), kept in one transaction
    with the part that leads there: whoever goes on after a death goes on behind the last whole part. It reads what
    transactions before ``horizon`` wrote; ``epoch`` is the database's when it was asked for, ``sight`` the digest of how far its
    token saw then. Another epoch, or another sight, ends it.

    The parts are encrypted under a key of the export's own, ``wrapped`` by the store key ``store_key``: once it is emptied nobody
    can read them. ``digest``, ``checksum`` and ``size`` are of the file's plain bytes so far: a chain of SHA-256 over the parts,
    the CRC-32, and how many there are. ``packed`` counts the bytes of the parts.
    """

    class State(models.TextChoices):
        WAITING = "waiting", _("Waiting")
        RUNNING = "running", _("Being written")
        DONE = "done", _("Ready")
        STOPPED = "stopped", _("Stopped")
        FAILED = "failed", _("Failed")
        REMOVED = "removed", _("Removed")

    AT_WORK = (State.WAITING, State.RUNNING)
    HELD = (*AT_WORK, State.DONE)

    token = models.ForeignKey(ApiToken, models.CASCADE, related_name="exports")
    resource = models.CharField(max_length=40)
    filters = models.JSONField(default=dict)
    fields = models.JSONField(default=list, help_text=_("The columns that are wanted; none named: all."))
    format = models.CharField(max_length=10)
    state = models.CharField(max_length=10, choices=State, default=State.WAITING)
    sentence = models.TextField(blank=True, help_text=_("Why it ended without a file."))
    rows_done = models.PositiveBigIntegerField(default=0)
    rows_expected = models.PositiveBigIntegerField(null=True, help_text=_("About; null: nobody can say."))
    parts_done = models.PositiveIntegerField(default=0)
    transaction = models.BigIntegerField(default=0)
    row = models.BigIntegerField(default=0)
    horizon = models.BigIntegerField()
    epoch = models.UUIDField()
    sight = models.CharField(max_length=64)
    complete_until = models.DateTimeField()
    size = models.PositiveBigIntegerField(default=0)
    packed = models.PositiveBigIntegerField(default=0)
    checksum = models.PositiveBigIntegerField(default=0)
    digest = models.CharField(max_length=64, blank=True)
    wrapped = models.BinaryField()
    store_key = models.CharField(max_length=16)
    made_at = models.DateTimeField(db_default=Now())
    ended_at = models.DateTimeField(null=True)
    expires_at = models.DateTimeField(null=True, help_text=_("From then on the file is removed."))

    class Meta:
        ordering = ["-pk"]
        verbose_name = _("API export")
        default_permissions = ("view",)
        constraints = [
            models.CheckConstraint(
                condition=models.Q(
                    state__in=["waiting", "running", "done", "stopped", "failed", "removed"],
                ),
                name="export_state_known",
            ),
        ]
        indexes = [
            models.Index(
                fields=["token"],
                condition=models.Q(state__in=["waiting", "running", "done"]),
                name="export_held",
            ),
            models.Index(fields=["made_at"], name="export_age"),
        ]

    def __str__(self) -> str:
        return f"export {self.pk}"

    @property
    def subject(self) -> str:
        """The export's name in audit and access entries."""
        return f"api_export:{self.pk}"


class ExportPart(models.Model):
    """The next ``rows`` rows of an export's file: its bytes packed (raw deflate, ended by a full flush) and encrypted.

    Backups leave the parts out: what they hold may be about people, and is gone after a day.
    """

    export = models.ForeignKey(Export, models.CASCADE, related_name="parts")
    number = models.PositiveIntegerField(help_text=_("From 1."))
    rows = models.PositiveIntegerField()
    nonce = models.BinaryField()
    content = models.BinaryField()

    class Meta:
        default_permissions = ()
        constraints = [models.UniqueConstraint(fields=["export", "number"], name="exportpart_once")]

    def __str__(self) -> str:
        return f"part {self.number} of export {self.export_id}"
