"""The transport of a mailbox, from its settings."""

from __future__ import annotations

from integration import patience
from integration.transports.base import MailboxSettings, Transport
from integration.transports.registry import open_transport
from partners.models import Mailbox


def transport_for(mailbox: Mailbox) -> Transport:
    """Return the open transport of ``mailbox``; a context manager that closes it."""
    return open_transport(
        mailbox.transport,
        MailboxSettings(
            host=mailbox.host,
            port=mailbox.port,
            username=mailbox.username,
            password=mailbox.password,
            private_key=mailbox.private_key,
            host_keys=tuple(line.strip() for line in mailbox.host_keys.splitlines() if line.strip()),
            inbound_path=mailbox.inbound_path,
            outbound_path=mailbox.outbound_path,
            upload_mode=mailbox.upload_mode,
            timeout=patience.MAILBOX.silence,
            visit=patience.MAILBOX.visit,
        ),
    )
