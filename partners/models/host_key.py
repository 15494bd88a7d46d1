"""The host keys that a mailbox's server may show, and when: two whose times overlap let a server change over."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime

from django.db import models
from django.utils.translation import gettext_lazy

from partners.models.partner import Mailbox


class HostKey(models.Model):
    """One pinned public key. It is accepted from ``valid_from`` on, and no longer at ``valid_until``.

    An empty end is an open one. Only people add keys.
    """

    mailbox = models.ForeignKey(Mailbox, models.CASCADE, related_name="host_keys")
    key = models.TextField(help_text=gettext_lazy("A public key line: its kind and the key."))
    valid_from = models.DateTimeField(null=True, blank=True)
    valid_until = models.DateTimeField(null=True, blank=True)
    note = models.CharField(max_length=200, blank=True)

    class Meta:
        ordering = ["pk"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(valid_from=None)
                | models.Q(valid_until=None)
                | models.Q(valid_from__lt=models.F("valid_until")),
                name="hostkey_ends_after_it_begins",
                violation_error_message="This key would end before it begins: correct one of its two times.",
            )
        ]

    def __str__(self) -> str:
        return f"{self.key.split(' ')[0]} key of {self.mailbox}"

    def is_valid_at(self, moment: datetime) -> bool:
        """Say whether the key is accepted at ``moment``."""
        begun = self.valid_from is None or self.valid_from <= moment
        return begun and (self.valid_until is None or moment < self.valid_until)

    @property
    def window(self) -> str:
        """When the key is valid, in words: "from 5 Dec 2026 06:00 UTC until …", or "always"."""
        begins = f"from {in_words(self.valid_from)}" if self.valid_from else ""
        ends = f"until {in_words(self.valid_until)}" if self.valid_until else ""
        if begins and not ends:
            return f"{begins} on"
        return f"{begins} {ends}".strip() or "always"


def in_words(moment: datetime) -> str:
    """Return a time as sentences give it, in UTC."""
    return f"{moment.astimezone(UTC):%-d %b %Y %H:%M} UTC"


def first_without_key(keys: Iterable[HostKey], now: datetime) -> datetime | None:
    """Return the first moment from ``now`` on at which none of ``keys`` is valid, or None where there is none."""
    moment = now
    windows = list(keys)
    while holding := [key for key in windows if key.is_valid_at(moment)]:
        if any(key.valid_until is None for key in holding):
            return None
        moment = max(key.valid_until for key in holding if key.valid_until)
    return moment
