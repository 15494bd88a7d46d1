"""Rows about notices for tests, and a chat that takes messages."""

from __future__ import annotations

import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import count
from pathlib import Path
from typing import Any

from django.contrib.auth.models import Group

from integration.models import NoticeRule, NoticeWebhook
from portal.groups import OPERATOR, ensure_groups
from tests.mail_server import certificate

_numbers = count(1)


def webhook(name: str = "", url: str = "https://192.0.2.7/hook/3f9a") -> NoticeWebhook:
    """Return a room."""
    return NoticeWebhook.objects.create(name=name or f"#room-{next(_numbers)}", url=url)


def notice_rule(kind: str = NoticeRule.Kind.GAP, role: str = OPERATOR, **fields: Any) -> NoticeRule:
    """Return a rule of a role."""
    ensure_groups()
    return NoticeRule.objects.create(kind=kind, role=Group.objects.get(name=role), **fields)


@dataclass
class Chat:
    """A chat on this machine: answers with ``status`` and keeps what it was sent. ``context`` trusts its certificate."""

    context: ssl.SSLContext
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    port: int = 0
    taken: list[tuple[str, str, bytes]] = field(default_factory=list)

    @property
    def url(self) -> str:
        """The address of a room in it."""
        return f"https://127.0.0.1:{self.port}/rooms/7?key=s3cret"


@contextmanager
def open_chat(folder: Path) -> Iterator[Chat]:
    """Serve a chat with TLS."""
    file, context = certificate(folder)
    chat = Chat(ssl.create_default_context(cafile=str(file)))

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            chat.taken.append((self.path, str(self.headers["Content-Type"]), body))
            self.send_response(chat.status)
            for name, value in chat.headers.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(b"ok")

        def log_message(self, *args: Any) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.socket = context.wrap_socket(server.socket, server_side=True)
        chat.port = server.server_address[1]
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        try:
            yield chat
        finally:
            server.shutdown()
            thread.join()
