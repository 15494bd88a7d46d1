"""SFTP through paramiko: pinned host key, no agent, no known_hosts, no keys looked for."""

from __future__ import annotations

import io
import posixpath
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from typing import Any

import paramiko
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
    load_ssh_private_key,
)

from integration.errors import ConfigurationError, IntegrationError, PermanentError, RetryableError
from integration.failpoints import failpoint
from integration.patience import Alarm, cut
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
from integration.transports.hostkeys import PinnedKeys, connected

_PREFETCHED_FROM = 1_000_000
"""Files of this size are asked for piece upon piece without waiting. Smaller ones are read plainly, since some
servers tell a size that is not what they then send."""


class _Client(paramiko.SFTPClient):
    """Takes names and messages that are not UTF-8; as it comes, one such file name breaks every listing.

    The two methods are the library's own seams for answers (paramiko 5.1); a contract test fails if they move.
    """

    def _request(self, kind: int, *arguments: Any) -> Any:
        answered, message = super()._request(kind, *arguments)  # type: ignore[misc]
        return answered, _lenient(message)

    def _convert_status(self, message: Any) -> None:
        super()._convert_status(_lenient(message))  # type: ignore[misc]


def _lenient(message: Any) -> Any:
    if message is not None:
        message.get_text = lambda: message.get_string().decode(errors="surrogateescape")
    return message


class SftpTransport(Transport):
    """A mailbox behind an SSH server."""

    def __init__(self, settings: MailboxSettings) -> None:
        self._settings = settings
        self._where = f"{settings.host}:{settings.port}"
        if not settings.username:
            raise ConfigurationError(
                f"The mailbox at {self._where} names no user. Enter it on the mailbox's page."
            )
        pinned = PinnedKeys(settings.host_keys, settings.keys_out_of_time)
        key = _private_key(settings.private_key) if settings.private_key else None
        self._alarm = Alarm(settings.visit, self._cut)
        with self._translated("connect"):
            self._transport = connected(settings.host, settings.port, settings.timeout)
        self._alarm.start()
        try:
            self._greet(pinned)
            self._log_in(key)
            self._sftp = self._opened()
        except IntegrationError:
            self._hang_up()
            raise

    def _cut(self) -> None:
        cut(self._transport.sock)

    def _hang_up(self) -> None:
        self._transport.close()
        self._alarm.stop()

    def _greet(self, pinned: PinnedKeys) -> None:
        with self._translated("connect"):
            options = self._transport.get_security_options()
            options.key_types = pinned.preferred(options.key_types)
            self._transport.start_client(timeout=self._settings.timeout)
            shown = self._transport.get_remote_server_key()
        pinned.check(shown, self._where)

    def _log_in(self, key: paramiko.PKey | None) -> None:
        settings, transport = self._settings, self._transport
        with self._translated("log in"):
            try:
                if key is not None:
                    transport.auth_publickey(settings.username, key)
                # Asked for where there is no key, and where the server wants both.
                if not transport.is_authenticated() and settings.password:
                    transport.auth_password(settings.username, settings.password)
            except paramiko.AuthenticationException as error:
                # The library says the same when the line went dead or nobody answered in time.
                if not transport.is_active() or "timeout" in str(error):
                    raise paramiko.SSHException("no answer to the login") from error
                raise self._refused(error) from error
        if not transport.is_authenticated():
            raise self._refused(None)

    def _refused(self, error: paramiko.AuthenticationException | None) -> ConfigurationError:
        allowed = error.allowed_types if isinstance(error, paramiko.BadAuthenticationType) else []
        offers = f" It takes: {', '.join(allowed)}." if allowed else ""
        return ConfigurationError(
            f"{self._where} refused the login of {self._settings.username}.{offers} Enter the right password or key on"
            " the mailbox's page."
        )

    def _opened(self) -> paramiko.SFTPClient:
        # The library waits an hour for the channel, and without end for the server's first words on it.
        with self._translated("open SFTP"), Alarm(self._settings.timeout, self._cut):
            opened = _Client.from_transport(self._transport)
            channel = opened.get_channel() if opened is not None else None
            if opened is None or channel is None:
                raise paramiko.SSHException("no channel")
            channel.settimeout(self._settings.timeout)
            return opened

    def list(self) -> list[RemoteFile]:
        """Return the plain files of the inbound folder."""
        folder = self._settings.inbound_path
        with self._translated(f"list {folder}", folder):
            entries = self._sftp.listdir_attr(folder)
        plain = plain_names((entry.filename for entry in entries), f"{self._where} {folder}")
        return [
            _described(entry.filename, entry)
            for entry in entries
            if entry.filename in plain and not self._settings.is_temporary(entry.filename) and _is_file(entry)
        ]

    def fetch(self, name: str, limit: int) -> bytes:
        """Return the bytes of an inbound file."""
        path = posixpath.join(self._settings.inbound_path, require_plain_name(name))
        with self._translated(f"fetch {name}"):
            try:
                attributes = self._sftp.lstat(path)
                if not _is_file(attributes):
                    raise not_a_file(name)
                size = attributes.st_size or 0
                if size > limit:
                    raise too_large(name, limit)
                with self._sftp.open(path, "rb") as file:
                    if size >= _PREFETCHED_FROM:
                        file.prefetch(size, 64)
                    data: bytes = file.read(limit + 1)
            except FileNotFoundError as error:
                raise RetryableError(
                    f"{name} is no longer on {self._where}: somebody else took it, or it is being written anew. It is"
                    " looked for again by itself."
                ) from error
            except PermissionError as error:
                raise PermanentError(
                    f"{self._where} does not let us read {name}. Ask its operator for the right; it is tried again with"
                    " each poll."
                ) from error
        if len(data) > limit:
            raise too_large(name, limit)
        return data

    def look(self, name: str) -> RemoteFile | None:
        """Return the inbound file as it is now."""
        return self._look(self._settings.inbound_path, name)

    def remove(self, name: str) -> None:
        """Remove an inbound file."""
        path = posixpath.join(self._settings.inbound_path, require_plain_name(name))
        with self._translated(f"remove {name}"), suppress(FileNotFoundError):
            self._sftp.remove(path)

    def send(self, name: str, data: bytes) -> None:
        """Upload the file, under a hidden name first where that is agreed, and check its size on the server."""
        folder = self._settings.outbound_path
        target = posixpath.join(folder, require_plain_name(name))
        if self._settings.upload_mode != "rename":
            # A mailbox that takes files at once has it no longer: that is what this mode is for.
            self._upload(name, target, data, ambiguous=True)
            return
        written = posixpath.join(folder, self._settings.temporary_name(name))
        if not self._upload(name, written, data, ambiguous=False):
            raise ConfigurationError(
                f"{self._where} no longer has {posixpath.basename(written)} right after its upload, so it takes files"
                " under their temporary name. Set the mailbox's upload mode to the final name, and ask the operator"
                f" whether {name} was taken."
            )
        failpoint("transport.uploaded")
        with self._translated(f"rename {name}", folder, ambiguous=True):
            self._rename(written, target)

    def _upload(self, name: str, path: str, data: bytes, *, ambiguous: bool) -> bool:
        """Write ``data`` to ``path``; return whether it lies there still."""
        with self._translated(f"send {name}", self._settings.outbound_path, ambiguous=ambiguous):
            self._sftp.putfo(io.BytesIO(data), path, file_size=len(data), confirm=False)
            # The library keeps quiet about faults while it closes the file, such as a full disk.
            found = self._attributes(path)
        if found is None:
            return False
        if found.st_size is not None and found.st_size != len(data):
            raise RetryableError(
                f"Only {found.st_size} of {len(data)} bytes of {name} arrived on {self._where}. It is sent again by"
                " itself.",
                ambiguous=ambiguous,
            )
        return True

    def _rename(self, written: str, target: str) -> None:
        try:
            self._sftp.posix_rename(written, target)
            return
        except (FileNotFoundError, TimeoutError):
            raise
        except OSError:
            # The server does not know the extension, or does not allow it (OpenSSH's -P), which says nothing of plain
            # renames; a dead line, or a right that is lacking, shows itself in what follows.
            found = self._attributes(target)
        if found is not None:
            if not _is_file(found):
                raise not_a_file(posixpath.basename(target))
            # A plain rename onto an existing file is refused (SFTP version 3).
            with suppress(FileNotFoundError):
                self._sftp.remove(target)
        self._sftp.rename(written, target)

    def _attributes(self, path: str) -> paramiko.SFTPAttributes | None:
        try:
            return self._sftp.lstat(path)
        except FileNotFoundError:
            return None

    def find(self, name: str) -> RemoteFile | None:
        """Return the outbound file, if it lies there."""
        return self._look(self._settings.outbound_path, name)

    def _look(self, folder: str, name: str) -> RemoteFile | None:
        path = posixpath.join(folder, require_plain_name(name))
        with self._translated(f"look for {name}"):
            found = self._attributes(path)
        return _described(name, found) if found is not None and _is_file(found) else None

    def close(self) -> None:
        """Close the connection."""
        with suppress(paramiko.SSHException, OSError, EOFError):
            self._sftp.close()
        self._hang_up()

    @contextmanager
    def _translated(self, what: str, folder: str = "", *, ambiguous: bool = False) -> Iterator[None]:
        """Translate what paramiko and the socket raise, once, here; ``folder`` is what may be missing."""
        try:
            yield
        except FileNotFoundError as error:
            place = f"The folder {folder}" if folder else "The file"
            raise ConfigurationError(
                f"{place} does not exist on {self._where} ({what}). Mend the mailbox's paths."
            ) from error
        except PermissionError as error:
            raise ConfigurationError(
                f"{self._where} does not allow it ({what}): ask its operator for the right."
            ) from error
        except (paramiko.SSHException, OSError, EOFError) as error:
            goes_on = LOOKED_FOR_FIRST if ambiguous else "It is tried again by itself."
            if self._alarm.rang:
                sentence = (
                    f"{self._where} took too long, so Gridport hung up ({what}). {goes_on} If that happens again, ask its"
                    " operator why it is slow."
                )
            else:
                sentence = f"The connection to {self._where} failed ({what}). {goes_on}"
            raise RetryableError(sentence, ambiguous=ambiguous) from error


def _private_key(text: str) -> paramiko.PKey:
    # Not by the library's own reader: it refuses half of all ECDSA keys in OpenSSH's form, and PKCS #8 (paramiko 5.1).
    data = text.strip().encode() + b"\n"
    load = load_ssh_private_key if b"OPENSSH PRIVATE KEY" in data else load_pem_private_key
    try:
        key = load(data, None)
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise _unreadable_key() from error
    if isinstance(key, RSAPrivateKey):
        return paramiko.RSAKey(key=key)
    if isinstance(key, EllipticCurvePrivateKey):
        return paramiko.ECDSAKey(vals=(key, key.public_key()))
    if isinstance(key, Ed25519PrivateKey):
        openssh = key.private_bytes(Encoding.PEM, PrivateFormat.OpenSSH, NoEncryption())
        return paramiko.Ed25519Key.from_private_key(io.StringIO(openssh.decode()))
    raise _unreadable_key()


def _unreadable_key() -> ConfigurationError:
    return ConfigurationError(
        "The mailbox's private key cannot be read. Paste an RSA, ECDSA or Ed25519 key whole, without a passphrase, as"
        " OpenSSH or PEM text."
    )


def _is_file(attributes: paramiko.SFTPAttributes) -> bool:
    kind = stat.S_IFMT(attributes.st_mode or 0)
    if kind:
        return kind == stat.S_IFREG
    # Servers may leave the kind out; the line made for people tells it then, and without that it is a file.
    return getattr(attributes, "longname", "")[:1] not in ("d", "l", "b", "c", "p", "s")


def _described(name: str, attributes: paramiko.SFTPAttributes) -> RemoteFile:
    modified = datetime.fromtimestamp(attributes.st_mtime or 0, UTC)
    return RemoteFile(name, attributes.st_size or 0, modified)
