"""The transport of a mailbox, from its settings."""

from __future__ import annotations

from archive.clock import database_now
from integration import patience
from integration.patience import Patience
from integration.transports.base import KeyOutOfTime, MailboxSettings, Transport
from integration.transports.registry import open_transport
from partners.models import Mailbox


def transport_for(mailbox: Mailbox, within: Patience | None = None) -> Transport:
    """Return the open transport of ``mailbox``; a context manager that closes it, and ends a visit by ``within``."""
    within = within or patience.MAILBOX
    now = database_now()
    keys = list(mailbox.host_keys.all())
    return open_transport(
        mailbox.transport,
        MailboxSettings(
            host=mailbox.host,
            port=mailbox.port,
            username=mailbox.username,
            password=mailbox.password,
            private_key=mailbox.private_key,
            host_keys=tuple(each.key for each in keys if each.is_valid_at(now)),
            keys_out_of_time=tuple(
                KeyOutOfTime(each.key, each.window) for each in keys if not each.is_valid_at(now)
            ),
            inbound_path=mailbox.inbound_path,
            outbound_path=mailbox.outbound_path,
            upload_mode=mailbox.upload_mode,
            timeout=within.silence,
            visit=within.visit,
        ),
    )
