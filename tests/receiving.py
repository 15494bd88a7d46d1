"""A system that takes events: a real HTTPS server on this machine, which checks signatures as the standard words it."""

from __future__ import annotations

import base64
import hmac
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import count
from pathlib import Path
from typing import Any
from uuid import uuid4

from django.db import connection

from archive.changes import horizon
from archive.clock import database_now
from integration.models import EventDelivery, EventDestination, EventType
from integration.transports.signed_webhook import new_secret
from tests.mail_server import certificate

_numbers = count(1)
TOLERANCE = 300


def destination(name: str = "", url: str = "https://192.0.2.7/events", **fields: Any) -> EventDestination:
    """Return a destination, which begins now."""
    given = {"secret": new_secret(), **fields}
    return EventDestination.objects.create(name=name or f"Warehouse {next(_numbers)}", url=url, **given)


def delivery(of: EventDestination, body: bytes = b'{"specversion":"1.0"}', **fields: Any) -> EventDelivery:
    """Return an event that waits for its first try."""
    given = {
        "source": f"test:{next(_numbers)}",
        "message_id": uuid4(),
        "type": EventType.ORDER_CHANGED,
        "subject": "order:7",
        "next_at": database_now(),
        **fields,
    }
    return EventDelivery.objects.create(destination=of, body=body, **given)


Answer = tuple[int, dict[str, str], bytes]


@dataclass(frozen=True)
class Post:
    """What one request brought, its headers by names in small letters."""

    headers: dict[str, str]
    body: bytes

    @property
    def id(self) -> str:
        """The message's id."""
        return self.headers["webhook-id"]


@dataclass
class Receiver:
    """Answers with what ``answer`` gives for each post (status, headers, text), or hangs up for None; keeps what came."""

    context: ssl.SSLContext
    answer: Callable[[Post], Answer | None] = lambda post: (204, {}, b"")
    port: int = 0
    taken: list[Post] = field(default_factory=list)

    @property
    def url(self) -> str:
        """Its address."""
        return f"https://127.0.0.1:{self.port}/events?key=s3cret"

    @property
    def ids(self) -> list[str]:
        """The ids of what came, in order."""
        return [post.id for post in self.taken]


def settle(within: float = 60.0) -> None:
    """Wait until all transactions that run now are over, those of other databases too: what was written is read then."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_current_xact_id()::text")
        until, ends = int(cursor.fetchone()[0]), time.monotonic() + within
    while horizon() <= until:
        assert time.monotonic() < ends, "a transaction in this cluster does not end"
        time.sleep(0.02)


def always(status: int, text: bytes = b"", **headers: str) -> Callable[[Post], Answer]:
    """Return an answer that is always the same."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return lambda post: (status, named, text)


@contextmanager
def open_receiver(folder: Path) -> Iterator[Receiver]:
    """Serve with TLS."""
    file, context = certificate(folder)
    receiver = Receiver(ssl.create_default_context(cafile=str(file)))

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            post = Post({name.lower(): value for name, value in self.headers.items()}, body)
            receiver.taken.append(post)
            answer = receiver.answer(post)
            if answer is None:
                return
            status, headers, text = answer
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(text)

        def log_message(self, *args: Any) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.socket = context.wrap_socket(server.socket, server_side=True)
        receiver.port = server.server_address[1]
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        try:
            yield receiver
        finally:
            server.shutdown()
            thread.join()


def is_signed(post: Post, secret: str, now: float) -> bool:
    """Say whether ``post`` is signed with ``secret`` and fresh, typed from the text of Standard Webhooks 1.0.0.

    "The content to sign is made of the msg_id, the timestamp and the body, joined by a full stop"; the key is the base64
    behind ``whsec_``; the header is a list of signatures with a version, divided by spaces, of which one has to match.
    """
    identity, timestamp = post.headers["webhook-id"], post.headers["webhook-timestamp"]
    if abs(now - int(timestamp)) > TOLERANCE:
        return False
    assert secret.startswith("whsec_")
    key = base64.b64decode(secret[len("whsec_") :], validate=True)
    mac = hmac.new(key, b".".join([identity.encode(), timestamp.encode(), post.body]), "sha256")
    expected = base64.b64encode(mac.digest()).decode()
    given = [each.split(",", 1) for each in post.headers["webhook-signature"].split(" ")]
    return any(version == "v1" and hmac.compare_digest(told, expected) for version, told in given)
