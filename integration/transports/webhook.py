"""Messages to rooms of a chat: one POST to an address that somebody entered, and nothing that it could be abused for.

Whoever may enter an address could have Gridport knock at doors that only it can reach: so private addresses are
refused, as they are when it is saved and again on the line that is open; where names lead may change in between.
Redirects are not followed, proxies not used, and of the answer nothing is shown but its status.
"""

from __future__ import annotations

import http.client
import json
import socket
import ssl
from collections.abc import Callable
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


def address_problem(url: str) -> str:
    """Return why nothing may be posted to ``url``, as a sentence; empty where it may. Asks the name server."""
    try:
        parts = _parts(url)
        _public_of(parts)
    except ConfigurationError as error:
        return str(error)
    except RetryableError:
        return "The name in the address leads nowhere now. Copy the address again from the chat."
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
    """Post ``body`` to ``url`` once.

    Raises ``ConfigurationError`` where the address is refused, by us or by whom it leads to, and ``RetryableError``
    where nobody answers in time; who did not answer may have taken the message.
    """
    parts = _parts(url)
    peers = _public_of(parts)
    line = _Line(parts, peers[0], context or ssl.create_default_context())
    target = f"{parts.path or '/'}{'?' + parts.query if parts.query else ''}"
    try:
        with Alarm(WEBHOOK.visit, line.cut):
            line.request("POST", target, json.dumps(body).encode(), {"Content-Type": "application/json"})
            status = line.getresponse().status
    except ssl.SSLCertVerificationError as error:
        raise ConfigurationError(
            "The chat's certificate is not in order, so nothing was posted. Compare the webhook's address."
        ) from error
    except (OSError, http.client.HTTPException, ValueError) as error:
        raise RetryableError(
            f"The chat did not answer in time, or the line broke ({type(error).__name__}). It is tried again by itself."
        ) from error
    finally:
        line.close()
    _judge(status)


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
        self.sock = plain
        self.sock = self._context_of_line.wrap_socket(plain, server_hostname=self.host)

    def cut(self) -> None:
        """End it, whoever reads from it."""
        if self.sock is not None:
            cut(self.sock)


look_up: Callable[[str, int], list[IpAddress]] = addresses_of
"""Asks where a name leads."""

allowed: Callable[[IpAddress], bool] = is_public
"""Says which addresses may be posted to."""


def _parts(url: str) -> SplitResult:
    try:
        parts = urlsplit(url.strip())
        port = parts.port
    except ValueError as error:
        raise ConfigurationError(_UNUSABLE) from error
    printable = (
        url.isascii() and url.isprintable() and " " not in url.strip() and len(url) <= _LONGEST_ADDRESS
    )
    if not printable or not parts.hostname or port == 0:
        raise ConfigurationError(_UNUSABLE)
    if parts.scheme != "https":
        raise ConfigurationError("Messages are posted by https alone: the address begins with https://.")
    if parts.username is not None or parts.password is not None:
        raise ConfigurationError("The address may hold no user and no password before its name.")
    return parts


_UNUSABLE = (
    "This is no address of a webhook. Copy it whole from the chat: https://, a name, and what follows."
)


def _public_of(parts: SplitResult) -> list[IpAddress]:
    """Return where the name leads, all of it public: a name that leads to a private address as well is refused."""
    try:
        found = look_up(parts.hostname or "", parts.port or 443)
    except OSError as error:
        raise RetryableError(
            "The name of the chat leads nowhere now. It is tried again by itself."
        ) from error
    if not found:
        raise RetryableError("The name of the chat leads nowhere now. It is tried again by itself.")
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
