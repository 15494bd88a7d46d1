"""Mail to a server, with one promise more than ``smtplib`` makes: whether the server can have taken it.

Nothing is taken before the server has agreed to each recipient and to the text (``agree``). From the first byte of the text
on (``give``) a broken line is ambiguous: the error says so, and nobody repeats it unseen.
"""

from __future__ import annotations

import re
import smtplib
import ssl
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass

from integration.errors import ConfigurationError, PermanentError, RetryableError
from integration.patience import MAIL, Alarm, cut

_CLOSING = 421


class MailRefused(PermanentError):
    """The server refused this mail for good (5xx); ``str()`` holds its words."""


class MailDeferred(RetryableError):
    """The server refused this mail for now (4xx), and is well."""


@dataclass(frozen=True)
class Address:
    """Where the server is and how it is spoken to: ``security`` is ``none``, ``starttls`` or ``tls``."""

    host: str
    port: int
    security: str
    username: str
    password: str
    sender: str

    def __str__(self) -> str:
        return f"{self.host}:{self.port}"


class Session:
    """An open line to the server, logged in."""

    def __init__(self, line: smtplib.SMTP, address: Address) -> None:
        self._line = line
        self._address = address

    def agree(self, recipients: Sequence[str]) -> None:
        """Have the server agree to sender, recipients and text; nothing is taken yet.

        Raises ``MailRefused`` or ``MailDeferred`` where it refuses one of the recipients or the text, and the other
        errors where it is the server that has trouble. A mail goes to all of its recipients or to none.
        """
        with _translated(self._address):
            code, words = self._line.mail(self._address.sender)
            if code != 250:
                raise self._sender_refused(code, words)
            for recipient in recipients:
                code, words = self._line.rcpt(recipient)
                if code not in (250, 251):
                    raise self._refused(code, words, recipient)
            code, words = self._line.docmd("DATA")
            if code != 354:
                raise self._refused(code, words, "the mail")

    def give(self, data: bytes) -> str:
        """Hand over the text of a mail that the server agreed to; return the server's answer.

        Raises ``MailRefused`` or ``MailDeferred`` where the server says that it did not take it, and a
        ``RetryableError`` that is ambiguous where it says nothing.
        """
        try:
            self._line.send(framed(data))
            code, words = self._line.getreply()
        except (OSError, smtplib.SMTPException) as error:
            raise RetryableError(
                f"The line to the mail server {self._address} broke while it took the mail ({_short(error)}): it may have"
                " taken it.",
                ambiguous=True,
            ) from error
        if code != 250:
            raise self._refused(code, words, "the mail")
        return _decoded(words)

    def _sender_refused(self, code: int, words: bytes) -> Exception:
        if 400 <= code < 500:
            return self._refused(code, words, "the sender")
        return ConfigurationError(
            f"The mail server {self._address} refuses mail from {self._address.sender} ({code} {_decoded(words)}). Correct"
            " the sender's address or the login on the page of the mail server."
        )

    def _refused(self, code: int, words: bytes, what: str) -> Exception:
        said = f"{code} {_decoded(words)}".strip()
        if code == _CLOSING or code <= 0:
            return RetryableError(f"The mail server {self._address} closes the line ({said}).")
        if 500 <= code < 600:
            return MailRefused(f"The mail server {self._address} refused {what}: {said}")
        return MailDeferred(f"The mail server {self._address} does not take {what} now: {said}")


@contextmanager
def connected(address: Address) -> Iterator[smtplib.SMTP]:
    """Open a line to the server, encrypted as set; not logged in. Raises our errors alone."""
    with _translated(address):
        line = _open(address)
    with Alarm(MAIL.visit, lambda: cut(line.sock) if line.sock is not None else None):
        try:
            yield line
        finally:
            with suppress(OSError, smtplib.SMTPException):
                line.close()


def log_in(line: smtplib.SMTP, address: Address) -> Session:
    """Say who we are, where a name is set. Raises ``ConfigurationError`` where the server refuses it."""
    with _translated(address):
        if address.username:
            line.login(address.username, address.password)
        return Session(line, address)


@contextmanager
def session(address: Address) -> Iterator[Session]:
    """Open a line and log in."""
    with connected(address) as line:
        yield log_in(line, address)


def framed(data: bytes) -> bytes:
    """Return a text as it goes over the line: lines end as they must, a leading dot is doubled, a dot ends it."""
    lines = re.sub(rb"\r\n|\r|\n", b"\r\n", data)
    lines = re.sub(rb"(?m)^\.", b"..", lines)
    return lines + (b"" if lines.endswith(b"\r\n") else b"\r\n") + b".\r\n"


def _open(address: Address) -> smtplib.SMTP:
    own = address.sender.rpartition("@")[2] or "localhost"
    line: smtplib.SMTP
    if address.security == "tls":
        line = smtplib.SMTP_SSL(
            address.host, address.port, own, timeout=MAIL.connect, context=ssl.create_default_context()
        )
    else:
        line = smtplib.SMTP(address.host, address.port, own, timeout=MAIL.connect)
    try:
        if line.sock is not None:
            line.sock.settimeout(MAIL.silence)
        line.ehlo_or_helo_if_needed()
        if address.security == "starttls":
            if not line.has_extn("starttls"):
                raise ConfigurationError(
                    f"The mail server {address} offers no STARTTLS. Choose how it is encrypted on the page of the mail"
                    " server."
                )
            line.starttls(context=ssl.create_default_context())
            line.ehlo()
    except BaseException:
        line.close()
        raise
    return line


@contextmanager
def _translated(address: Address) -> Iterator[None]:
    """Raise errors of the library as ours. Nothing was handed over yet: none of them is ambiguous."""
    try:
        yield
    except ssl.SSLCertVerificationError as error:
        raise ConfigurationError(
            f"The certificate of the mail server {address} is not trusted ({error.verify_message}). Correct the host's"
            " name, or have its operator renew the certificate."
        ) from error
    except ssl.SSLError as error:
        raise ConfigurationError(
            f"The mail server {address} does not speak TLS as set ({error.reason or 'no answer in TLS'}). Choose another"
            " port or encryption."
        ) from error
    except smtplib.SMTPNotSupportedError as error:
        raise ConfigurationError(
            f"The mail server {address} offers no login. Leave the user empty, or choose STARTTLS: many offer it only then."
        ) from error
    except smtplib.SMTPAuthenticationError as error:
        if 400 <= error.smtp_code < 500:
            raise RetryableError(
                f"The mail server {address} cannot check the login now ({error.smtp_code})."
            ) from error
        raise ConfigurationError(
            f"The mail server {address} refuses the login of {address.username} ({error.smtp_code}"
            f" {_decoded(error.smtp_error)}). Enter user and password anew."
        ) from error
    except (OSError, smtplib.SMTPException) as error:
        raise RetryableError(f"The mail server {address} cannot be reached ({_short(error)}).") from error


def _short(error: Exception) -> str:
    return f"{type(error).__name__}: {error}"[:200] if str(error) else type(error).__name__


def _decoded(words: bytes | str) -> str:
    text = words.decode("utf-8", "replace") if isinstance(words, bytes) else words
    return " ".join("".join(each if each.isprintable() else " " for each in text).split())[:300]
