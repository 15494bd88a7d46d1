"""Host keys of mailboxes: what a server shows now, for a person to compare; and a word before the last key ends."""

from __future__ import annotations

from datetime import datetime, timedelta

from archive.clock import database_now
from integration.flows.cases import close_case, open_once
from integration.models import ExceptionCase
from integration.transports.hostkeys import read_host_key
from partners.models import HostKey, Mailbox
from partners.models.host_key import first_without_key, in_words

TOLD_BEFORE = timedelta(days=14)
PATIENCE = 10.0
"""Seconds within which a server has to answer: somebody waits for the page."""


def shown_key(mailbox: Mailbox) -> tuple[str, str]:
    """Return (key line, fingerprint) that the mailbox's server shows now; nothing is pinned.

    Raises what ``read_host_key`` raises.
    """
    pinned = list(mailbox.host_keys.values_list("key", flat=True))
    return read_host_key(mailbox.host, mailbox.port, PATIENCE, prefer=pinned)


def tell_ending_keys() -> None:
    """Have one case open for each SFTP mailbox that will soon have no valid key, and none where that was mended."""
    now = database_now()
    dated = HostKey.objects.exclude(valid_until=None).filter(mailbox__transport=Mailbox.Transport.SFTP)
    told = ExceptionCase.objects.filter(closed_at=None, cause__startswith="hostkeys:")
    pks = {*dated.values_list("mailbox", flat=True), *told.values_list("mailbox", flat=True)}
    for mailbox in Mailbox.objects.filter(pk__in=pks).prefetch_related("host_keys").order_by("pk"):
        _tell(mailbox, first_without_key(mailbox.host_keys.all(), now), now)


def _tell(mailbox: Mailbox, ends: datetime | None, now: datetime) -> None:
    cause = f"hostkeys:{mailbox.pk}:{ends:%Y-%m-%dT%H:%M}" if ends else ""
    earlier = ExceptionCase.objects.filter(closed_at=None, cause__startswith=f"hostkeys:{mailbox.pk}:")
    if ends == now:
        # Over already: the refusal is a case of its own, and what was said before stands.
        return
    for case in earlier.exclude(cause=cause):
        close_case(case, ExceptionCase.Decision.RELEASED, "The mailbox's host keys were changed.")
    if ends is not None and ends - now <= TOLD_BEFORE:
        open_once(
            ExceptionCase.Kind.MAILBOX,
            cause,
            f"{mailbox} has no valid host key from {in_words(ends)} on: files are then neither fetched nor sent. Ask"
            " its operator for the next key, and pin it on the mailbox's page before that.",
            mailbox=mailbox,
            due_at=ends,
        )
