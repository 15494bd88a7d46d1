"""Folders of this server: for partners that mount them, for tests, and for trying out."""

from __future__ import annotations

import os
import stat
from datetime import UTC, datetime
from pathlib import Path

from integration.errors import ConfigurationError, RetryableError
from integration.transports.base import (
    TEMPORARY_PREFIX,
    MailboxSettings,
    RemoteFile,
    Transport,
    is_plain_name,
    require_plain_name,
    too_large,
)


class DirectoryTransport(Transport):
    """A mailbox of two folders."""

    def __init__(self, settings: MailboxSettings) -> None:
        self._inbound = Path(settings.inbound_path)
        self._outbound = Path(settings.outbound_path)
        self._renames = settings.upload_mode == "rename"
        for folder in (self._inbound, self._outbound):
            if not folder.is_dir():
                raise ConfigurationError(
                    f"The folder {folder} does not exist. Create it, or mend the mailbox's paths."
                )

    def list(self) -> list[RemoteFile]:
        """Return the plain files of the inbound folder."""
        try:
            with os.scandir(self._inbound) as entries:
                return [
                    _described(entry.name, entry.stat(follow_symlinks=False))
                    for entry in entries
                    if is_plain_name(entry.name) and entry.is_file(follow_symlinks=False)
                ]
        except FileNotFoundError:
            return self.list()  # a file went away while the folder was read
        except OSError as error:
            raise _translated(error, self._inbound) from error

    def fetch(self, name: str, limit: int) -> bytes:
        """Return the bytes of an inbound file."""
        path = self._inbound / require_plain_name(name)
        try:
            descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW)
            with os.fdopen(descriptor, "rb") as file:
                data = file.read(limit + 1)
        except OSError as error:
            raise _translated(error, path) from error
        if len(data) > limit:
            raise too_large(name, limit)
        return data

    def remove(self, name: str) -> None:
        """Remove an inbound file."""
        path = self._inbound / require_plain_name(name)
        try:
            path.unlink(missing_ok=True)
        except OSError as error:
            raise _translated(error, path) from error

    def send(self, name: str, data: bytes) -> None:
        """Write the file, flushed to the disk, under a hidden name first where that is agreed."""
        target = self._outbound / require_plain_name(name)
        written = self._outbound / f"{TEMPORARY_PREFIX}{name}" if self._renames else target
        try:
            with written.open("wb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            if self._renames:
                written.replace(target)
        except OSError as error:
            raise _translated(error, target) from error

    def find(self, name: str) -> RemoteFile | None:
        """Return the outbound file, if it lies there."""
        path = self._outbound / require_plain_name(name)
        try:
            return _described(name, path.stat(follow_symlinks=False))
        except FileNotFoundError:
            return None
        except OSError as error:
            raise _translated(error, path) from error

    def close(self) -> None:
        """Nothing is held open."""


def _described(name: str, status: os.stat_result) -> RemoteFile:
    assert stat.S_ISREG(status.st_mode)
    return RemoteFile(name, status.st_size, datetime.fromtimestamp(status.st_mtime, UTC))


def _translated(error: OSError, path: Path) -> Exception:
    if isinstance(error, PermissionError):
        return ConfigurationError(f"{path} may not be read or written by Gridport: mend its permissions.")
    return RetryableError(
        f"{path} could not be read or written ({error.strerror}). It is tried again by itself."
    )
