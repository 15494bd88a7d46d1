"""The store over HTTP: V2 and V3 of the API below ``/stores/{hash}/``, the control door below ``/_simulator/``."""

from __future__ import annotations

import re
import socket
import sys
import threading
from collections.abc import Collection, Iterable
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any

from integration.simulators.store.api import StoreApi
from integration.simulators.store.clock import StoreClock
from integration.simulators.store.control import PREFIX, control
from integration.simulators.store.exchange import Reply, Request
from integration.simulators.store.payloads import SampleOrder
from integration.simulators.store.scopes import SCOPES
from integration.simulators.store.state import StoreState
from integration.simulators.store.webhooks import HookSettings, Webhooks


class StoreSimulator:
    """The server; a context manager. ``url`` is its address, ``state`` its memory.

    ``orders`` are those that can be placed, by id; ``placed`` says which are there from the start. ``scopes`` are the
    token's, ``client_secret`` signs callbacks, ``time_scale`` divides their times (see ``webhooks``).
    """

    def __init__(
        self,
        orders: dict[int, SampleOrder],
        *,
        placed: Iterable[int],
        store_hash: str,
        token: str,
        port: int = 0,
        scopes: Collection[str] = SCOPES,
        client_secret: str = "simulated-client-secret",  # noqa: S107 - opens nothing
        time_scale: float = 1.0,
    ) -> None:
        self.store_hash = store_hash
        self.token = token
        clock = StoreClock()
        self.webhooks = Webhooks(clock, store_hash, client_secret, HookSettings(time_scale))
        self.state = StoreState(orders, placed, clock, self.webhooks)
        self.stopping = threading.Event()
        self._server = _Server(("127.0.0.1", port), type("Line", (_Line,), {"simulator": self}))
        self.port: int = self._server.server_address[1]
        self.url = f"http://127.0.0.1:{self.port}"
        self.api = StoreApi(self.state, token, scopes, store_hash, self.url)
        self._thread: threading.Thread | None = None
        self._serving = False

    def serve(self) -> None:
        """Serve until ``stop``, in this thread."""
        self._serving = True
        self._server.serve_forever(poll_interval=0.01)

    def stop(self) -> None:
        """Stop serving and delivering, and close the port; faults that delay end at once."""
        self.stopping.set()
        if self._serving:
            self._server.shutdown()
        if self._thread is not None:
            self._thread.join()
        self._server.server_close()
        self.webhooks.stop()

    def __enter__(self) -> StoreSimulator:
        self._serving = True
        self._thread = threading.Thread(target=self.serve, daemon=True)
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    # Many workers may call at once; a call beyond the queue would wait a second for its next try.
    request_queue_size = 128

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Pass over a client that hung up, as one does whose patience a delay outlasts."""
        if not isinstance(sys.exc_info()[1], ConnectionError):
            super().handle_error(request, client_address)


class _Remembered:
    """A file that knows the last line that was read of it."""

    def __init__(self, file: Any) -> None:
        self._file = file
        self.last = b""

    def readline(self, limit: int = -1) -> bytes:
        self.last = self._file.readline(limit)
        return self.last

    def read(self, size: int) -> bytes:
        content: bytes = self._file.read(size)
        return content

    def close(self) -> None:
        self._file.close()


class _Line(BaseHTTPRequestHandler):
    simulator: StoreSimulator
    rfile: Any
    raw_requestline: bytes
    protocol_version = "HTTP/1.1"
    # Else the body waits 40 ms for the client's word that it has the headers.
    disable_nagle_algorithm = True

    def setup(self) -> None:
        """Take the connection."""
        super().setup()
        self.rfile = _Remembered(self.rfile)

    def parse_request(self) -> bool:
        """Read the head of a request; say whether it came whole. One that breaks off is no request."""
        # The library takes the end of the line for the end of the head.
        whole = (
            self.raw_requestline.endswith(b"\n")
            and super().parse_request()
            and self.rfile.last in (b"\r\n", b"\n")
        )
        self.close_connection = self.close_connection or not whole
        return whole

    def do_GET(self) -> None:
        """Answer a request of any method."""
        request = self._request()
        reply = self._reply(request) if request is not None else None
        self.close_connection = self.close_connection or reply is None
        if reply is None:
            # A client that hung up already is left to itself.
            with suppress(OSError):
                self.connection.shutdown(socket.SHUT_RDWR)
        else:
            self._send(reply)

    do_POST = do_PUT = do_DELETE = do_PATCH = do_GET

    def date_time_string(self, timestamp: float | None = None) -> str:
        """Return the Date header by the store's own clock."""
        return super().date_time_string(self.simulator.state.clock.seconds())

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing: the ledger says it."""

    def _request(self) -> Request | None:
        path, _, query = self.path.partition("?")
        headers = {name.lower(): value for name, value in self.headers.items()}
        length = headers.get("content-length", "0")
        if not re.fullmatch("[0-9]{1,9}", length):
            # Where the next request on this line begins cannot be known.
            self.close_connection = True
            return Request(self.command, path, query, headers, broken=True)
        content = self.rfile.read(int(length))
        return Request(self.command, path, query, headers, content) if len(content) == int(length) else None

    def _reply(self, request: Request) -> Reply | None:
        simulator = self.simulator
        if request.path.startswith(PREFIX):
            return control(simulator.state, request)
        return simulator.api.reply(request, simulator.stopping.wait)

    def _send(self, reply: Reply) -> None:
        self.send_response(reply.status)
        for name, value in reply.headers.items():
            self.send_header(name, value)
        if reply.status != 204:
            self.send_header("Content-Length", str(len(reply.content)))
        if self.close_connection:
            self.send_header("Connection", "close")
        self.end_headers()
        self.wfile.write(reply.content)
