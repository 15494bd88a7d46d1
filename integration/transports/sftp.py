"""SFTP through paramiko, with the server's key pinned: no key is ever added by itself."""

from __future__ import annotations

import base64
import hashlib
import io
import posixpath
import socket
import stat
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import UTC, datetime

import paramiko

from integration.errors import ConfigurationError, IntegrationError, RetryableError
from integration.transports.base import (
    TEMPORARY_PREFIX,
    MailboxSettings,
    RemoteFile,
    Transport,
    is_plain_name,
    require_plain_name,
    too_large,
)


def fingerprint(key_line: str) -> str:
    """Return ``SHA256:…`` of a public key line, as ``ssh-keygen -l`` shows it. Raises ``ValueError``."""
    parts = key_line.split()
    if len(parts) < 2:
        raise ValueError("A public key line is a type and the key: ssh-ed25519 AAAA…")
    digest = hashlib.sha256(base64.b64decode(parts[1], validate=True)).digest()
    return "SHA256:" + base64.b64encode(digest).decode().rstrip("=")


def key_line(key: paramiko.PKey) -> str:
    """Return ``key`` as a line for ``MailboxSettings.host_keys``."""
    return f"{key.get_name()} {key.get_base64()}"


class SftpTransport(Transport):
    """A mailbox behind an SSH server."""

    def __init__(self, settings: MailboxSettings) -> None:
        self._settings = settings
        self._where = f"{settings.host}:{settings.port}"
        self._transport = self._connected()
        try:
            with self._translated("log in"):
                self._log_in()
                opened = paramiko.SFTPClient.from_transport(self._transport)
            assert opened is not None
            self._sftp = opened
            channel = opened.get_channel()
            assert channel is not None
            channel.settimeout(settings.timeout)
        except IntegrationError:
            self._transport.close()
            raise

    def _connected(self) -> paramiko.Transport:
        settings = self._settings
        pinned = _pinned(settings)
        with self._translated("connect"):
            plain = socket.create_connection((settings.host, settings.port), settings.timeout)
            try:
                transport = paramiko.Transport(plain)
            except paramiko.SSHException:
                plain.close()
                raise
        try:
            transport.banner_timeout = transport.auth_timeout = settings.timeout
            # Ask for the kinds of key that are pinned: a server with several would else show another.
            options = transport.get_security_options()
            options.key_types = _preferred(options.key_types, set(pinned))
            with self._translated("connect"):
                transport.start_client(timeout=settings.timeout)
            self._check_host_key(transport.get_remote_server_key(), pinned)
        except IntegrationError:
            transport.close()
            raise
        return transport

    def _check_host_key(self, shown: paramiko.PKey, pinned: dict[str, set[str]]) -> None:
        if shown.get_base64() in pinned.get(shown.get_name(), set()):
            return
        known = ", ".join(fingerprint(line) for line in self._settings.host_keys) or "none"
        raise ConfigurationError(
            f"{self._where} showed the host key {fingerprint(key_line(shown))}; pinned is {known}. Nothing was sent or"
            " fetched. Ask the operator of the mailbox whether the key was changed, and pin the new one only then."
        )

    def _log_in(self) -> None:
        settings = self._settings
        if settings.private_key:
            self._transport.auth_publickey(settings.username, _private_key(settings.private_key))
        else:
            self._transport.auth_password(settings.username, settings.password)

    def list(self) -> list[RemoteFile]:
        """Return the plain files of the inbound folder."""
        folder = self._settings.inbound_path
        with self._translated(f"list {folder}", folder):
            entries = self._sftp.listdir_attr(folder)
        return [
            _described(entry.filename, entry)
            for entry in entries
            if is_plain_name(entry.filename) and stat.S_ISREG(entry.st_mode or 0)
        ]

    def fetch(self, name: str, limit: int) -> bytes:
        """Return the bytes of an inbound file."""
        path = self._inbound(name)
        with self._translated(f"fetch {name}"), self._sftp.open(path, "rb") as file:
            file.prefetch()
            data: bytes = file.read(limit + 1)
        if len(data) > limit:
            raise too_large(name, limit)
        return data

    def remove(self, name: str) -> None:
        """Remove an inbound file."""
        with self._translated(f"remove {name}"):
            try:
                self._sftp.remove(self._inbound(name))
            except FileNotFoundError:
                return

    def send(self, name: str, data: bytes) -> None:
        """Upload the file, under a hidden name first where that is agreed, and check its size on the server."""
        target = self._outbound(name)
        renames = self._settings.upload_mode == "rename"
        written = self._outbound(name, TEMPORARY_PREFIX) if renames else target
        with self._translated(f"send {name}", self._settings.outbound_path, ambiguous=True):
            self._sftp.putfo(io.BytesIO(data), written, file_size=len(data), confirm=True)
            if renames:
                self._rename(written, target)

    def _rename(self, written: str, target: str) -> None:
        try:
            self._sftp.posix_rename(written, target)
        except OSError as error:
            if isinstance(error, FileNotFoundError | PermissionError | EOFError):
                raise
            # Servers without the extension refuse a plain rename onto an existing file.
            with suppress(FileNotFoundError):
                self._sftp.remove(target)
            self._sftp.rename(written, target)

    def find(self, name: str) -> RemoteFile | None:
        """Return the outbound file, if it lies there."""
        with self._translated(f"look for {name}"):
            try:
                return _described(name, self._sftp.stat(self._outbound(name)))
            except FileNotFoundError:
                return None

    def close(self) -> None:
        """Close the connection."""
        self._sftp.close()
        self._transport.close()

    def _inbound(self, name: str) -> str:
        return posixpath.join(self._settings.inbound_path, require_plain_name(name))

    def _outbound(self, name: str, prefix: str = "") -> str:
        return posixpath.join(self._settings.outbound_path, prefix + require_plain_name(name))

    @contextmanager
    def _translated(self, what: str, folder: str = "", *, ambiguous: bool = False) -> Iterator[None]:
        """Translate what paramiko and the socket raise, once, here."""
        try:
            yield
        except paramiko.AuthenticationException as error:
            raise ConfigurationError(
                f"{self._where} refused the login of {self._settings.username}. Enter the right password or key on the"
                " mailbox's page."
            ) from error
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
            raise RetryableError(
                f"The connection to {self._where} failed ({what}). It is tried again by itself.",
                ambiguous=ambiguous,
            ) from error


def _pinned(settings: MailboxSettings) -> dict[str, set[str]]:
    pinned: dict[str, set[str]] = {}
    for line in settings.host_keys:
        try:
            fingerprint(line)
        except ValueError as error:
            raise ConfigurationError(
                f"The pinned host key {line[:40]!r} is not a public key line. Correct it on the mailbox's page."
            ) from error
        kind, key = line.split()[:2]
        pinned.setdefault(kind, set()).add(key)
    return pinned


def _preferred(offered: Sequence[str], kinds: set[str]) -> tuple[str, ...]:
    # An RSA key signs as rsa-sha2-*, whatever its own name.
    wanted = kinds | ({"rsa-sha2-512", "rsa-sha2-256"} if "ssh-rsa" in kinds else set())
    return tuple(each for each in offered if each in wanted) or tuple(offered)


def _private_key(text: str) -> paramiko.PKey:
    for kind in (paramiko.Ed25519Key, paramiko.ECDSAKey, paramiko.RSAKey):
        try:
            return kind.from_private_key(io.StringIO(text))
        except (paramiko.SSHException, ValueError):
            continue
    raise ConfigurationError(
        "The mailbox's private key cannot be read: paste it whole, unencrypted, as OpenSSH or PEM text."
    )


def _described(name: str, attributes: paramiko.SFTPAttributes) -> RemoteFile:
    modified = datetime.fromtimestamp(attributes.st_mtime or 0, UTC)
    return RemoteFile(name, attributes.st_size or 0, modified)


def read_host_key(host: str, port: int, timeout: float = 10.0) -> tuple[str, str]:
    """Return (key line, fingerprint) that a server shows now, for a person to compare and pin."""
    try:
        with socket.create_connection((host, port), timeout) as plain, paramiko.Transport(plain) as transport:
            transport.start_client(timeout=timeout)
            line = key_line(transport.get_remote_server_key())
    except (paramiko.SSHException, OSError, EOFError) as error:
        raise RetryableError(f"{host}:{port} did not answer as an SSH server. Check the address.") from error
    return line, fingerprint(line)
