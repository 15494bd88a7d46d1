"""Folders of this server: for partners that mount them, for tests, and for trying out.

A partner may be able to write into these folders, so no link that lies in them is ever followed.
"""

from __future__ import annotations

import errno
import os
import stat
from datetime import UTC, datetime
from pathlib import Path

from integration.errors import ConfigurationError, IntegrationError, PermanentError, RetryableError
from integration.failpoints import failpoint
from integration.transports.base import (
    LOOKED_FOR_FIRST,
    MailboxSettings,
    RemoteFile,
    Transport,
    not_a_file,
    plain_names,
    require_plain_name,
    too_large,
)


class DirectoryTransport(Transport):
    """A mailbox of two folders."""

    def __init__(self, settings: MailboxSettings) -> None:
        self._settings = settings
        self._inbound = Path(settings.inbound_path)
        self._outbound = Path(settings.outbound_path)
        for folder in (self._inbound, self._outbound):
            if not folder.is_dir():
                raise _no_folder(folder)

    def list(self) -> list[RemoteFile]:
        """Return the plain files of the inbound folder."""
        try:
            names = plain_names(os.listdir(self._inbound), str(self._inbound))  # noqa: PTH208 - names, not paths
        except OSError as error:
            raise _translated(error, self._inbound, self._inbound) from error
        found = [
            _described(self._inbound, name) for name in sorted(names) if not self._settings.is_temporary(name)
        ]
        return [each for each in found if each is not None]

    def fetch(self, name: str, limit: int) -> bytes:
        """Return the bytes of an inbound file."""
        path = self._inbound / require_plain_name(name)
        try:
            # Without O_NONBLOCK a named pipe would hold us until somebody writes.
            descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
            with os.fdopen(descriptor, "rb") as file:
                if not stat.S_ISREG(os.fstat(descriptor).st_mode):
                    raise not_a_file(name)
                data = file.read(limit + 1)
        except FileNotFoundError as error:
            raise RetryableError(
                f"{name} is no longer in {self._inbound}: somebody else took it, or it is being written anew. It is"
                " looked for again by itself."
            ) from error
        except PermissionError as error:
            raise PermanentError(
                f"{path} may not be read by Gridport. Have its permissions mended; it is tried again with each poll."
            ) from error
        except OSError as error:
            raise _translated(error, path) from error
        if len(data) > limit:
            raise too_large(name, limit)
        return data

    def look(self, name: str) -> RemoteFile | None:
        """Return the inbound file as it is now."""
        return _described(self._inbound, require_plain_name(name))

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
        renames = self._settings.upload_mode == "rename"
        written = self._outbound / self._settings.temporary_name(name) if renames else target
        arrives = not renames
        try:
            _write_anew(written, data)
            arrives = True
            if renames:
                failpoint("transport.uploaded")
                written.replace(target)
            _flush_folder(self._outbound)
        except OSError as error:
            raise _translated(error, target, ambiguous=arrives) from error

    def find(self, name: str) -> RemoteFile | None:
        """Return the outbound file, if it lies there."""
        return _described(self._outbound, require_plain_name(name))

    def close(self) -> None:
        """Nothing is held open."""


def _write_anew(path: Path, data: bytes) -> None:
    # A link planted under this name is removed, never written through.
    path.unlink(missing_ok=True)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o666)
    with os.fdopen(descriptor, "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(descriptor)


def _flush_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _described(folder: Path, name: str) -> RemoteFile | None:
    path = folder / name
    try:
        status = path.lstat()
    except FileNotFoundError:
        return None
    except OSError as error:
        raise _translated(error, path) from error
    if not stat.S_ISREG(status.st_mode):
        return None
    return RemoteFile(name, status.st_size, datetime.fromtimestamp(status.st_mtime, UTC))


def _no_folder(folder: Path) -> ConfigurationError:
    return ConfigurationError(f"The folder {folder} does not exist. Create it, or mend the mailbox's paths.")


def _translated(
    error: OSError, path: Path, folder: Path | None = None, *, ambiguous: bool = False
) -> IntegrationError:
    folder = folder or path.parent
    if isinstance(error, PermissionError) or error.errno == errno.EROFS:
        return ConfigurationError(
            f"{path} may not be read or written by Gridport: mend the permissions of its folder."
        )
    if isinstance(error, FileNotFoundError | NotADirectoryError):
        return _no_folder(folder)
    if isinstance(error, IsADirectoryError) or error.errno == errno.ELOOP:
        return not_a_file(path.name)
    if error.errno in (errno.ENAMETOOLONG, errno.EINVAL):
        return PermanentError(f"The name {path.name[:100]} is not possible in {folder}: it is not used.")
    goes_on = LOOKED_FOR_FIRST if ambiguous else "It is tried again by itself."
    return RetryableError(
        f"{path} could not be read or written ({error.strerror}). {goes_on}", ambiguous=ambiguous
    )
