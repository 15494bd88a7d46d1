"""An HTTP server in a thread that answers as a script says, one answer a request, and keeps what it was asked."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlsplit


@dataclass(frozen=True)
class Say:
    """An answer. ``promised`` is a Content-Length beyond what comes; without ``status`` the line just ends."""

    status: int = 200
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)
    kind: str = "application/json"
    promised: int = 0


def data(value: Any, status: int = 200, **headers: str) -> Say:
    """An answer of JSON; ``X_Retry_After="3"`` becomes a header."""
    named = {name.replace("_", "-"): text for name, text in headers.items()}
    return Say(status, json.dumps(value).encode(), named)


HANG_UP = Say(0)
PAGE = Say(
    body=b"<!DOCTYPE html><html><body>Down for maintenance</body></html>", kind="text/html; charset=utf-8"
)


@dataclass(frozen=True)
class Asked:
    """A request as it came; ``query`` is decoded once, ``target`` as it stood on the line."""

    method: str
    path: str
    target: str
    query: dict[str, str]
    headers: dict[str, str]
    body: bytes


class ScriptedStore:
    """A context manager. Each request takes the next of ``script``; one too many is answered with 500."""

    def __init__(self, *script: Say) -> None:
        self.script = list(script)
        self.asked: list[Asked] = []
        store = self

        class Line(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def answer(self) -> None:
                parts = urlsplit(self.path)
                headers = {name.lower(): value for name, value in self.headers.items()}
                body = self.rfile.read(int(headers.get("content-length", 0)))
                query = dict(parse_qsl(parts.query))
                store.asked.append(Asked(self.command, parts.path, self.path, query, headers, body))
                self.say(store.script.pop(0) if store.script else Say(500, b"[]"))

            do_GET = do_PUT = do_POST = answer

            def say(self, answer: Say) -> None:
                self.close_connection = True
                if not answer.status:
                    self.connection.shutdown(socket.SHUT_RDWR)
                    return
                self.send_response(answer.status)
                for name, value in answer.headers.items():
                    self.send_header(name, value)
                self.send_header("Connection", "close")
                if answer.status != 204:
                    self.send_header("Content-Type", answer.kind)
                    self.send_header("Content-Length", str(answer.promised or len(answer.body)))
                self.end_headers()
                self.wfile.write(answer.body)

            def log_message(self, *words: object) -> None:
                """Keep quiet."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Line)
        self._server.daemon_threads = False
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01})
        self.url = f"http://127.0.0.1:{self._server.server_port}"

    def __enter__(self) -> ScriptedStore:
        self._thread.start()
        return self

    def __exit__(self, *problem: object) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    @property
    def lines(self) -> list[str]:
        """What was asked, in short: ``GET /stores/s/v2/orders/1``."""
        return [f"{each.method} {each.path}" for each in self.asked]
