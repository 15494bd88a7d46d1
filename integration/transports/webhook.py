"""One POST to an address that somebody entered, a chat's room or a receiver of events, and nothing it could be abused for.

Whoever may enter an address could have Gridport knock at doors that only it can reach: so private addresses are
refused, as they are when it is saved and again on the line that is open; where names lead may change in between.
Redirects are not followed, proxies not used, and of an answer nothing is shown but its status and, of a refusal by a
receiver of events, the printable beginning.
"""

from __future__ import annotations

import http.client
import json
import socket
import ssl
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address
from urllib.parse import SplitResult, urlsplit

from integration.errors import ConfigurationError, RateLimited, RetryableError
from integration.patience import WEBHOOK, Alarm, cut

IpAddress = IPv4Address | IPv6Address
Json = dict[str, object]

_SCHEMA = "http://adaptivecards.io/schemas/adaptive-card.json"
_STANDS_FOR_IPV4 = tuple(
    IPv6Network(each) for each in ("64:ff9b::/96", "64:ff9b:1::/48", "2002::/16", "2001::/32", "::/96")
)
"""Networks of IPv6 whose addresses stand for one of IPv4: NAT64, 6to4, Teredo, and the oldest notation."""
_LONGEST_ADDRESS = 1000
_FOR_NOW = frozenset({408, 425})
_ASKED_TO_WAIT = timedelta(minutes=1)
_SHOWN = 200
"""Characters of what a refusal says."""

CHAT, RECEIVER = "chat", "receiver"
"""Whom an address is of, as sentences name it."""


@dataclass(frozen=True)
class Answer:
    """What came back: HTTP's status, ``Retry-After`` as it was written or ``""``, and how a refusal begins, printable."""

    status: int
    retry_after: str = ""
    beginning: str = ""


def is_public(address: IpAddress) -> bool:
    """Say whether an address is one of the internet, to anybody: none of our own networks, by whatever notation."""
    if isinstance(address, IPv6Address):
        if address.ipv4_mapped is not None:
            return is_public(address.ipv4_mapped)
        if address.is_site_local or any(address in network for network in _STANDS_FOR_IPV4):
            return False
    return address.is_global and not address.is_multicast


def addresses_of(host: str, port: int) -> list[IpAddress]:
    """Return what a name leads to. Raises ``OSError`` where it leads nowhere now, or is no name."""
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except UnicodeError as error:
        raise OSError("it is no name") from error
    return [ip_address(str(each[4][0]).partition("%")[0]) for each in found]


def address_problem(url: str, whom: str = CHAT) -> str:
    """Return why nothing may be posted to ``url``, as a sentence; empty where it may. Asks the name server."""
    try:
        parts = _parts(url, whom)
        _public_of(parts, whom)
    except ConfigurationError as error:
        return str(error)
    except RetryableError:
        return f"The name in the address leads nowhere now. Copy the address again from the {whom}."
    return ""


def message(shape: str, text: str) -> Json:
    """Return ``text`` as ``slack`` or ``teams`` wants it. Nothing in it can call a room together or be a link's face."""
    if shape == "teams":
        blocks = [
            {"type": "TextBlock", "text": _unmarked(line), "wrap": True} for line in text.splitlines() if line
        ]
        card = {"$schema": _SCHEMA, "type": "AdaptiveCard", "version": "1.4", "body": blocks}
        return {
            "type": "message",
            "attachments": [{"contentType": "application/vnd.microsoft.card.adaptive", "content": card}],
        }
    escaped = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return {"text": escaped}


def post(url: str, body: Json, *, context: ssl.SSLContext | None = None) -> None:
    """Post a chat's message to ``url`` once.

    Raises ``ConfigurationError`` where the address is refused, by us or by whom it leads to, and ``RetryableError``
    where nobody answers in time; who did not answer may have taken the message.
    """
    headers = {"Content-Type": "application/json"}
    _judge(exchange(url, json.dumps(body).encode(), headers, whom=CHAT, context=context).status)


def exchange(
    url: str, data: bytes, headers: Mapping[str, str], *, whom: str, context: ssl.SSLContext | None = None
) -> Answer:
    """Post ``data`` to ``url`` once, and return what came back, whatever it says.

    Raises ``ConfigurationError`` where we refuse the address or its certificate, and ``RetryableError`` where nobody
    answers in time; who did not answer may have taken it.
    """
    parts = _parts(url, whom)
    peers = _public_of(parts, whom)
    line = _Line(parts, peers[0], context or ssl.create_default_context())
    target = f"{parts.path or '/'}{'?' + parts.query if parts.query else ''}"
    try:
        with Alarm(WEBHOOK.visit, line.cut):
            line.request("POST", target, data, dict(headers))
            return _answer(line.getresponse())
    except ssl.SSLCertVerificationError as error:
        raise ConfigurationError(
            f"The {whom}'s certificate is not in order, so nothing was posted. Compare the webhook's address."
        ) from error
    except (OSError, http.client.HTTPException, ValueError) as error:
        raise RetryableError(
            f"The {whom} did not answer in time, or the line broke ({type(error).__name__}). It is tried again by itself."
        ) from error
    finally:
        line.close()


def _answer(response: http.client.HTTPResponse) -> Answer:
    beginning = ""
    if not 200 <= response.status < 300:
        # One read: the status is known by now, whatever becomes of the rest.
        with suppress(OSError, http.client.HTTPException, ValueError):
            said = response.read1(4 * _SHOWN).decode("utf-8", errors="replace")
            beginning = "".join(each if each.isprintable() else " " for each in said)
    return Answer(response.status, response.getheader("Retry-After") or "", beginning.strip()[:_SHOWN])


class _Line(http.client.HTTPSConnection):
    """A line to an address that was looked at, under the name whose certificate is wanted."""

    def __init__(self, parts: SplitResult, peer: IpAddress, context: ssl.SSLContext) -> None:
        super().__init__(parts.hostname or "", parts.port or 443, timeout=WEBHOOK.silence, context=context)
        self._peer = str(peer)
        self._context_of_line = context

    def connect(self) -> None:
        """Open the line; the name is not asked for again."""
        plain = socket.create_connection((self._peer, self.port), timeout=WEBHOOK.connect)
        plain.settimeout(WEBHOOK.silence)
        # Known before hands are shaken, so that who is silent then is cut as well.
        self.sock = self._context_of_line.wrap_socket(
            plain, server_hostname=self.host, do_handshake_on_connect=False
        )
        self.sock.do_handshake()

    def cut(self) -> None:
        """End it, whoever reads from it."""
        if self.sock is not None:
            cut(self.sock)


look_up: Callable[[str, int], list[IpAddress]] = addresses_of
"""Asks where a name leads."""

allowed: Callable[[IpAddress], bool] = is_public
"""Says which addresses may be posted to."""


def _parts(url: str, whom: str) -> SplitResult:
    try:
        parts = urlsplit(url.strip())
        port = parts.port
    except ValueError as error:
        raise ConfigurationError(_UNUSABLE.format(whom=whom)) from error
    printable = (
        url.isascii() and url.isprintable() and " " not in url.strip() and len(url) <= _LONGEST_ADDRESS
    )
    if not printable or not parts.hostname or port == 0:
        raise ConfigurationError(_UNUSABLE.format(whom=whom))
    if parts.scheme != "https":
        raise ConfigurationError("Messages are posted by https alone: the address begins with https://.")
    if parts.username is not None or parts.password is not None:
        raise ConfigurationError("The address may hold no user and no password before its name.")
    return parts


_UNUSABLE = (
    "This is no address of a webhook. Copy it whole from the {whom}: https://, a name, and what follows."
)


def _public_of(parts: SplitResult, whom: str) -> list[IpAddress]:
    """Return where the name leads, all of it public: a name that leads to a private address as well is refused."""
    nowhere = f"The name of the {whom} leads nowhere now. It is tried again by itself."
    try:
        found = look_up(parts.hostname or "", parts.port or 443)
    except OSError as error:
        raise RetryableError(nowhere) from error
    if not found:
        raise RetryableError(nowhere)
    if not all(allowed(each) for each in found):
        raise ConfigurationError(
            "The webhook's address leads into a private network, where nothing is posted. Enter one of the internet."
        )
    return found


def _judge(status: int) -> None:
    if 200 <= status < 300:
        return
    if status == 429:
        raise RateLimited(
            f"The chat asks us to wait ({status}). It is tried again by itself.", retry_after=_ASKED_TO_WAIT
        )
    if status >= 500 or status in _FOR_NOW:
        raise RetryableError(f"The chat does not take messages now ({status}). It is tried again by itself.")
    if 300 <= status < 400:
        raise ConfigurationError(
            f"The webhook's address leads elsewhere ({status}), and nobody is followed there. Enter the address itself."
        )
    raise ConfigurationError(
        f"The chat refused the message ({status}). Make a new webhook there, and enter its address."
    )


def _unmarked(text: str) -> str:
    """Return text in which nothing is Markdown."""
    return "".join(f"\\{each}" if each in "\\*_[]()`#>~|" else each for each in text)
