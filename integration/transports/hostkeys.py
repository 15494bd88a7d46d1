"""Host keys of SSH servers: read for people, compared with what is pinned, never added by themselves."""

from __future__ import annotations

import base64
import hashlib
import socket
from collections.abc import Sequence

import paramiko

from integration.errors import ConfigurationError, RetryableError


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


class PinnedKeys:
    """The host keys that a mailbox's server may show."""

    def __init__(self, lines: Sequence[str]) -> None:
        self._keys: set[tuple[str, str]] = set()
        self._fingerprints: list[str] = []
        for line in lines:
            try:
                self._fingerprints.append(fingerprint(line))
            except ValueError as error:
                raise ConfigurationError(
                    f"The pinned host key {line[:40]!r} is not a public key line such as “ssh-ed25519 AAAA…”. Correct"
                    " it on the mailbox's page."
                ) from error
            kind, key = line.split()[:2]
            self._keys.add((kind, key))

    def preferred(self, offered: Sequence[str]) -> tuple[str, ...]:
        """Return the kinds of key to ask for: the pinned ones first, as a server with several shows but one.

        The others stay behind them, so that a server which changed its kind of key shows what it has now.
        """
        kinds = {kind for kind, _ in self._keys}
        # An RSA key signs as rsa-sha2-*, whatever its own name.
        if "ssh-rsa" in kinds:
            kinds |= {"rsa-sha2-512", "rsa-sha2-256"}
        first = [each for each in offered if each in kinds]
        return (*first, *(each for each in offered if each not in kinds))

    def check(self, shown: paramiko.PKey, where: str) -> None:
        """Raise ``ConfigurationError`` with both fingerprints unless ``shown`` is one of the pinned."""
        if (shown.get_name(), shown.get_base64()) in self._keys:
            return
        found = fingerprint(key_line(shown))
        if not self._keys:
            raise ConfigurationError(
                f"No host key is pinned for {where}, which shows {found}. Nothing was sent or fetched. Compare it with"
                " what the operator of the mailbox tells you, then pin it on the mailbox's page."
            )
        known = ", ".join(self._fingerprints)
        raise ConfigurationError(
            f"{where} showed the host key {found}; pinned is {known}. Nothing was sent or fetched. Ask the operator of"
            " the mailbox whether the key was changed, and pin the new one only then."
        )


def read_host_key(
    host: str, port: int, timeout: float = 10.0, prefer: Sequence[str] = ()
) -> tuple[str, str]:
    """Return (key line, fingerprint) that a server shows now, for a person to compare and pin.

    A server with keys of several kinds shows one of a kind in ``prefer`` (key lines), as it does where they are pinned.

    Raises ``RetryableError`` where nobody answers, ``ConfigurationError`` where ``host`` cannot be a name.
    """
    try:
        with connected(host, port, timeout) as transport:
            options = transport.get_security_options()
            options.key_types = PinnedKeys(prefer).preferred(options.key_types)
            transport.start_client(timeout=timeout)
            line = key_line(transport.get_remote_server_key())
    except (paramiko.SSHException, OSError, EOFError) as error:
        raise RetryableError(
            f"{host}:{port} did not answer as an SSH server. Check the address, then try again."
        ) from error
    return line, fingerprint(line)


def connected(host: str, port: int, timeout: float) -> paramiko.Transport:
    """Return an SSH transport before its first word; raises what paramiko and sockets raise.

    Raises ``ConfigurationError`` where ``host`` cannot be a name.
    """
    if not host:
        raise ConfigurationError("The mailbox names no host. Enter it on the mailbox's page.")
    try:
        plain = socket.create_connection((host, port), timeout)
    except (UnicodeError, OverflowError) as error:
        raise ConfigurationError(
            f"{host[:80]!r}, port {port}, is no address of a server. Correct it on the mailbox's page."
        ) from error
    try:
        transport = paramiko.Transport(plain)
    except paramiko.SSHException:
        plain.close()
        raise
    transport.banner_timeout = transport.auth_timeout = timeout
    return transport
