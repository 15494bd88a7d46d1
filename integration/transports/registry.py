"""Every kind of transport by its name in ``Mailbox.Transport``."""

from __future__ import annotations

from collections.abc import Callable

from integration.transports.base import MailboxSettings, Transport
from integration.transports.directory import DirectoryTransport
from integration.transports.sftp import SftpTransport

KINDS: dict[str, Callable[[MailboxSettings], Transport]] = {
    "directory": DirectoryTransport,
    "sftp": SftpTransport,
}


def open_transport(kind: str, settings: MailboxSettings) -> Transport:
    """Return the open transport of ``kind``."""
    return KINDS[kind](settings)
