"""Stores and mailboxes as the queue sees them: whether each answers, and when it is asked again."""

from __future__ import annotations

from django.db import models

STANDING_POLL = {"store": "poll_store", "mailbox": "fetch_mailbox"}
"""The step that asks each kind of other side all the time, and so is the first to notice that it is back."""


def store_channel(pk: int | str) -> str:
    """Return the name of the channel to a store."""
    return f"store:{pk}"


def mailbox_channel(pk: int | str) -> str:
    """Return the name of the channel to a mailbox."""
    return f"mailbox:{pk}"


class Channel(models.Model):
    """The way to one store or mailbox (``store:1``); by the database's clock. Changed by ``integration.channels``.

    ::

        closed ──► open     after failures in a row that are the other side's
           ▲         │      (no work for it is begun, but one probe at ``probe_at``, later and later)
           └─────────┘      at the first success

    ``failures`` counts those in a row, ``probes`` the probes begun since it opened. ``rests_until`` is when a limit
    of the other side's is over: it is well, and no work for it is begun before. A row is made with the first work.
    """

    name = models.CharField(max_length=30, primary_key=True)
    failures = models.PositiveIntegerField(default=0, db_default=0)
    opened_at = models.DateTimeField(null=True)
    probe_at = models.DateTimeField(null=True)
    probes = models.PositiveIntegerField(default=0, db_default=0)
    rests_until = models.DateTimeField(null=True)

    class Meta:
        default_permissions = ("view",)
        constraints = [
            models.CheckConstraint(
                condition=models.Q(opened_at=None, probe_at=None, probes=0)
                | models.Q(opened_at__isnull=False, probe_at__isnull=False),
                name="channel_open_has_probe",
            ),
        ]

    def __str__(self) -> str:
        return self.name
