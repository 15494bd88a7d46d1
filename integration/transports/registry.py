"""Every kind of transport by its name in ``Mailbox.Transport``."""

from __future__ import annotations

from collections.abc import Callable

from integration.errors import ConfigurationError
from integration.transports.base import MailboxSettings, Transport
from integration.transports.directory import DirectoryTransport
from integration.transports.sftp import SftpTransport

KINDS: dict[str, Callable[[MailboxSettings], Transport]] = {
    "directory": DirectoryTransport,
    "sftp": SftpTransport,
}


def open_transport(kind: str, settings: MailboxSettings) -> Transport:
    """Return the open transport of ``kind``. Raises what the transport raises when it connects."""
    if kind not in KINDS:
        raise ConfigurationError(
            f"There is no transport {kind!r}; there are: {', '.join(KINDS)}. Choose one on the mailbox's page."
        )
    return KINDS[kind](settings)
