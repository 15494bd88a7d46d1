"""A destination of callbacks on this machine, which keeps what it gets and answers as it is told."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

SECRET = "a-client-secret-of-the-tests"


def until(condition: Callable[[], Any], what: str) -> None:
    """Wait until a condition holds; fail after a minute, saying what did not come."""
    deadline = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < deadline, f"{what} did not come."
        time.sleep(0.002)


@dataclass(frozen=True)
class Callback:
    """One callback as it came; ``headers`` have small letters."""

    path: str
    headers: dict[str, str]
    content: bytes

    @property
    def told(self) -> Any:
        """The body's data."""
        return json.loads(self.content)

    def is_signed(self, secret: str = SECRET) -> bool:
        """Say whether its signature is right, reckoned here anew."""
        said = b".".join(
            [self.headers["webhook-id"].encode(), self.headers["webhook-timestamp"].encode(), self.content]
        )
        digest = hmac.new(secret.encode(), said, hashlib.sha256).digest()
        return self.headers["webhook-signature"] == f"v1,{base64.b64encode(digest).decode()}"


@dataclass
class Receiver:
    """``answers`` are the next statuses, then ``usual`` ones; ``more`` headers go with each. While ``hold`` is not set
    none is answered."""

    url: str = ""
    received: list[Callback] = field(default_factory=list)
    answers: list[int] = field(default_factory=list)
    usual: int = 200
    more: dict[str, str] = field(default_factory=dict)
    hold: threading.Event = field(default_factory=threading.Event)

    def wait(self, number: int) -> list[Callback]:
        """Wait for so many callbacks and return all that came."""
        until(lambda: len(self.received) >= number, f"Callback {number}")
        return list(self.received)

    def scopes(self) -> list[str]:
        """The scopes of what came, in its order."""
        return [callback.told["scope"] for callback in self.received]


@contextmanager
def receiving() -> Iterator[Receiver]:
    """A receiver that listens."""
    receiver = Receiver()
    receiver.hold.set()

    class Line(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            content = self.rfile.read(int(self.headers["Content-Length"]))
            headers = {name.lower(): value for name, value in self.headers.items()}
            receiver.received.append(Callback(self.path, headers, content))
            status = receiver.answers.pop(0) if receiver.answers else receiver.usual
            receiver.hold.wait(120)
            self.send_response(status)
            for name, value in receiver.more.items():
                self.send_header(name, value)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, format: str, *args: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Line)
    server.daemon_threads = True
    server.handle_error = lambda request, address: None  # type: ignore[method-assign]
    receiver.url = f"http://127.0.0.1:{server.server_address[1]}/callbacks"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield receiver
    finally:
        receiver.hold.set()
        server.shutdown()
        thread.join()
        server.server_close()
