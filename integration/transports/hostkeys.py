"""Host keys of SSH servers: read for people, compared with what is pinned, never added by themselves."""

from __future__ import annotations

import base64
import hashlib
import socket
from collections.abc import Sequence

import paramiko

from integration.errors import ConfigurationError, RetryableError
from integration.transports.base import KeyOutOfTime


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
    """The host keys that a mailbox's server may show: ``lines`` now, ``out_of_time`` before or later."""

    def __init__(self, lines: Sequence[str], out_of_time: Sequence[KeyOutOfTime] = ()) -> None:
        self._accepted = {_kind_and_key(line): _checked_fingerprint(line) for line in lines}
        self._windows = {_kind_and_key(each.line): each.window for each in out_of_time}
        self._others = [f"{_checked_fingerprint(each.line)} ({each.window})" for each in out_of_time]

    def preferred(self, offered: Sequence[str]) -> tuple[str, ...]:
        """Return the kinds of key to ask for: the pinned ones first, as a server with several shows but one.

        The others stay behind them, so that a server which changed its kind of key shows what it has now.
        """
        kinds = {kind for kind, _ in self._accepted}
        # An RSA key signs as rsa-sha2-*, whatever its own name.
        if "ssh-rsa" in kinds:
            kinds |= {"rsa-sha2-512", "rsa-sha2-256"}
        first = [each for each in offered if each in kinds]
        return (*first, *(each for each in offered if each not in kinds))

    def check(self, shown: paramiko.PKey, where: str) -> None:
        """Raise ``ConfigurationError`` with both fingerprints unless ``shown`` is one of those accepted now."""
        key = (shown.get_name(), shown.get_base64())
        if key in self._accepted:
            return
        found = fingerprint(key_line(shown))
        if not self._accepted and not self._windows:
            raise ConfigurationError(
                f"No host key is pinned for {where}, which shows {found}. Nothing was sent or fetched. Compare it with"
                " what the operator of the mailbox tells you, then pin it on the mailbox's page."
            )
        known = ", ".join(self._accepted.values())
        if key in self._windows:
            raise ConfigurationError(
                f"{where} showed the host key {found}, which is pinned as valid {self._windows[key]} and is not accepted"
                f" now; {f'valid now is {known}' if known else 'no other key is valid now'}. Nothing was sent or fetched."
                " Ask the operator of the mailbox which key is in use, and change its times on the mailbox's page only"
                " then."
            )
        pinned = (
            f"pinned is {known}" if known else f"none is valid now of those pinned: {', '.join(self._others)}"
        )
        raise ConfigurationError(
            f"{where} showed the host key {found}; {pinned}. Nothing was sent or fetched. Ask the operator of"
            " the mailbox whether the key was changed, and pin the new one only then."
        )


def _kind_and_key(line: str) -> tuple[str, str]:
    kind, _, rest = line.strip().partition(" ")
    return kind, rest.strip().split(" ")[0]


def _checked_fingerprint(line: str) -> str:
    try:
        return fingerprint(line)
    except ValueError as error:
        raise ConfigurationError(
            f"The pinned host key {line[:40]!r} is not a public key line such as “ssh-ed25519 AAAA…”. Correct"
            " it on the mailbox's page."
        ) from error


def read_host_key(host: str, port: int, timeout: float = 10.0, prefer: Sequence[str] = ()) -> tuple[str, str]:
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
