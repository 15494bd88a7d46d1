"""What every way of moving files can do. Names of remote files are labels: never joined into a path unchecked."""

from __future__ import annotations

import logging
from abc import ABC, abstractmethod
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from types import TracebackType

from integration.errors import PermanentError

logger = logging.getLogger(__name__)

TEMPORARY_PREFIX = ".gridport-"
"""Hidden while it is written: neither a partner nor ``list`` takes it for a document."""

LONGEST_NAME = 255

LOOKED_FOR_FIRST = (
    "Nobody knows whether the file arrived: it is looked for on the mailbox, and sent again by itself under the same name"
    " and number if it is not there."
)
"""What follows from an attempt whose end is not known."""


@dataclass(frozen=True, slots=True)
class RemoteFile:
    """A file on a mailbox: its name, its size in bytes, and when it was last written (aware)."""

    name: str
    size: int
    modified_at: datetime


@dataclass(frozen=True, slots=True)
class KeyOutOfTime:
    """A pinned host key that is not accepted now; ``window`` says when it is: "until 5 Dec 2026 06:00 UTC"."""

    line: str
    window: str


@dataclass(frozen=True, slots=True)
class MailboxSettings:
    """Where and how: ``inbound_path`` is the folder that we fetch from, ``outbound_path`` the one we send to.

    ``host_keys`` are public key lines (``ssh-ed25519 AAAA…``), all accepted now; ``keys_out_of_time`` are pinned for
    another time. With a ``private_key`` (OpenSSH or PEM text, without a passphrase) the password is used only where
    the server asks for both. ``upload_mode`` is ``rename`` (under ``temporary_prefix`` + name + ``temporary_suffix``
    first) or ``direct``. ``timeout`` is in seconds of silence; after ``visit`` seconds in all the connection is cut.
    """

    inbound_path: str
    outbound_path: str
    host: str = ""
    port: int = 22
    username: str = ""
    password: str = ""
    private_key: str = ""
    host_keys: tuple[str, ...] = ()
    keys_out_of_time: tuple[KeyOutOfTime, ...] = ()
    upload_mode: str = "rename"
    temporary_prefix: str = TEMPORARY_PREFIX
    temporary_suffix: str = ""
    timeout: float = 20.0
    visit: float = 240.0

    def __repr__(self) -> str:
        """Leave out everything secret."""
        return f"MailboxSettings({self.username}@{self.host}:{self.port}, {self.inbound_path}, {self.outbound_path})"

    def temporary_name(self, name: str) -> str:
        """Return the name under which ``name`` is written until it is whole."""
        return f"{self.temporary_prefix}{name}{self.temporary_suffix}"

    def is_temporary(self, name: str) -> bool:
        """Say whether ``name`` is one of a file that we are still writing."""
        return name.startswith(self.temporary_prefix) and name.endswith(self.temporary_suffix)


def is_plain_name(name: str) -> bool:
    """Say whether ``name`` is a file's own name and nothing that leads elsewhere, is hidden, or cannot be kept."""
    return (
        0 < len(name) <= LONGEST_NAME
        and not name.startswith(".")
        and not any(letter in "/\\\x7f" or letter < " " or "\ud800" <= letter <= "\udfff" for letter in name)
    )


def require_plain_name(name: str) -> str:
    """Return ``name``, or raise ``PermanentError``."""
    if not is_plain_name(name):
        raise PermanentError(
            f"The file name {name[:60]!r} leads out of its folder, is hidden, or cannot be kept: it is not used."
        )
    return name


def plain_names(names: Iterable[str], where: str) -> set[str]:
    """Return the names that may be used; what is odd, and not merely hidden, is told in the log."""
    plain = set()
    for name in names:
        if is_plain_name(name):
            plain.add(name)
        elif "/" in name or not name.startswith("."):
            logger.warning("Passed over a file of %s whose name cannot be used: %.100a", where, name)
    return plain


def too_large(name: str, limit: int) -> PermanentError:
    """Return the error for a file of more than ``limit`` bytes."""
    return PermanentError(
        f"{name[:100]} is larger than {_in_words(limit)} and was left on the mailbox. Ask the partner to send it in"
        " parts."
    )


def _in_words(size: int) -> str:
    return f"{size // 1_000_000} MB" if size >= 1_000_000 else f"{size} bytes"


def not_a_file(name: str) -> PermanentError:
    """Return the error for a name that a folder, a link or a device bears."""
    return PermanentError(
        f"{name[:100]} is not a plain file: it is not used. Have it removed from the mailbox."
    )


class Transport(ABC):
    """An open mailbox; a context manager that closes it.

    Raises ``RetryableError`` (``ambiguous`` where bytes may have arrived: ``find`` before repeating),
    ``ConfigurationError`` for what staff have to mend, and ``PermanentError`` for a file that no retry helps.
    """

    def __enter__(self) -> Transport:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @abstractmethod
    def list(self) -> list[RemoteFile]:
        """Return the plain files that wait for us; folders, links, devices and hidden files are passed over."""

    @abstractmethod
    def fetch(self, name: str, limit: int) -> bytes:
        """Return the bytes of an inbound file. Raises ``PermanentError`` where there are more than ``limit``.

        A file that is gone meanwhile is a ``RetryableError``: the next listing no longer has it.
        """

    @abstractmethod
    def look(self, name: str) -> RemoteFile | None:
        """Return the inbound file ``name`` as it is now, or None where no plain file bears the name.

        Two equal answers say that nobody wrote it between them, as far as the server's times are fine enough.
        """

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
        """Let go of the connection; never raises."""
