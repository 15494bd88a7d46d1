"""What every way of moving files can do. Names of remote files are labels: never joined into a path unchecked."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from datetime import datetime
from types import TracebackType

from integration.errors import PermanentError

TEMPORARY_PREFIX = ".gridport-"
"""Hidden while it is written: neither a partner nor ``list`` takes it for a document."""


@dataclass(frozen=True, slots=True)
class RemoteFile:
    """A file on a mailbox: its name, its size in bytes, and when it was last written (aware)."""

    name: str
    size: int
    modified_at: datetime


@dataclass(frozen=True, slots=True)
class MailboxSettings:
    """Where and how: ``inbound_path`` is the folder that we fetch from, ``outbound_path`` the one we send to.

    ``host_keys`` are public key lines (``ssh-ed25519 AAAA…``); ``upload_mode`` is ``rename`` or ``direct``.
    """

    inbound_path: str
    outbound_path: str
    host: str = ""
    port: int = 22
    username: str = ""
    password: str = ""
    private_key: str = ""
    host_keys: tuple[str, ...] = ()
    upload_mode: str = "rename"
    timeout: float = 20.0


def is_plain_name(name: str) -> bool:
    """Say whether ``name`` is a file's own name and nothing that leads elsewhere or is hidden."""
    return (
        bool(name) and not name.startswith(".") and "/" not in name and "\\" not in name and "\0" not in name
    )


def require_plain_name(name: str) -> str:
    """Return ``name``, or raise ``PermanentError``."""
    if not is_plain_name(name):
        raise PermanentError(
            f"The file name {name[:60]!r} leads out of its folder or is hidden: it is not used."
        )
    return name


def too_large(name: str, limit: int) -> PermanentError:
    """Return the error for a file of more than ``limit`` bytes."""
    return PermanentError(
        f"{name[:100]} is larger than {limit // 1_000_000} MB and was left on the mailbox. Ask the partner to send it"
        " in parts."
    )


class Transport(ABC):
    """An open mailbox; a context manager that closes it.

    Raises ``RetryableError`` (``ambiguous`` where bytes may have arrived), ``ConfigurationError`` for what staff
    have to mend, and ``PermanentError`` for a file that no retry helps.
    """

    def __enter__(self) -> Transport:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @abstractmethod
    def list(self) -> list[RemoteFile]:
        """Return the plain files that wait for us; folders, links and hidden files are passed over."""

    @abstractmethod
    def fetch(self, name: str, limit: int) -> bytes:
        """Return the bytes of an inbound file of at most ``limit`` bytes."""

    @abstractmethod
    def remove(self, name: str) -> None:
        """Remove an inbound file; one that is gone already is as good."""

    @abstractmethod
    def send(self, name: str, data: bytes) -> None:
        """Put ``data`` on the mailbox as ``name``; what lies there under that name is replaced."""

    @abstractmethod
    def find(self, name: str) -> RemoteFile | None:
        """Return the outbound file ``name`` where it lies on the mailbox still: look before repeating."""

    @abstractmethod
    def close(self) -> None:
        """Let go of the connection."""
