"""Pause switches: what is not to go on until somebody says so."""

from __future__ import annotations

from django.db import models


class Pause(models.Model):
    """One switch that is on; resuming deletes the row, and the audit entries keep what was.

    ``subject`` says what is paused: ``everything``, ``direction:in``, ``direction:out``, ``store:1``, ``mailbox:1``
    or ``partner:1``.
    """

    EVERYTHING = "everything"
    RECEIVING = "direction:in"
    SENDING = "direction:out"

    subject = models.CharField(max_length=40, unique=True)
    reason = models.TextField()
    paused_by = models.CharField(max_length=150)
    paused_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["paused_at"]
        default_permissions = ("view",)
        permissions = [("pause", "Can pause and resume")]

    def __str__(self) -> str:
        return self.subject

    @property
    def channel(self) -> str:
        """The name under which work waits for this switch (``Work.channel``)."""
        return f"pause:{self.subject}"
