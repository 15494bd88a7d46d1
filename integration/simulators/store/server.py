"""The store over HTTP: V2 and V3 below ``/stores/{hash}/``, and a control door below ``/_simulator/``.

Control door (JSON, no token): ``POST orders/{id}/place``, ``POST orders/{id}`` (changes without the API's rules),
``POST faults`` (method, path, times, kind = status | html | empty | close | apply_then_close | delay, status, headers,
delay), ``DELETE faults``, ``GET ledger``, ``GET orders/{id}``.
"""

from __future__ import annotations

import json
import re
import threading
import time
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from integration.simulators.store.sample_orders import SKUS, SampleOrder
from integration.simulators.store.state import STATUSES, Fault, Refusal, StoreState, v2_error

Answer = tuple[int, Any]
MAX_LIMIT = 250


class StoreSimulator:
    """The server; a context manager. ``url`` is its address, ``state`` its memory."""

    def __init__(
        self, orders: dict[int, SampleOrder], *, placed: list[int], store_hash: str, token: str, port: int = 0
    ) -> None:
        self.store_hash = store_hash
        self.token = token
        self.state = StoreState(orders, placed)
        handler = type("BoundRequest", (_Request,), {"simulator": self})
        self._server = ThreadingHTTPServer(("127.0.0.1", port), handler)
        self._server.daemon_threads = True
        self.port: int = self._server.server_address[1]
        self.url = f"http://127.0.0.1:{self.port}"
        self._thread: threading.Thread | None = None

    def serve(self) -> None:
        """Serve until ``stop``, in this thread."""
        self._server.serve_forever(poll_interval=0.05)

    def stop(self) -> None:
        """Stop serving and close the port."""
        self._server.shutdown()
        if self._thread is not None:
            self._thread.join()
        self._server.server_close()

    def __enter__(self) -> StoreSimulator:
        self._thread = threading.Thread(target=self.serve, daemon=True)
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()


class _Request(BaseHTTPRequestHandler):
    simulator: StoreSimulator
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        self._serve()

    do_POST = do_PUT = do_DELETE = do_GET

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing: the ledger says it."""

    def _serve(self) -> None:
        parts = urlsplit(self.path)
        query = dict(parse_qsl(parts.query))
        length = int(self.headers.get("Content-Length") or 0)
        body = json.loads(self.rfile.read(length)) if length else {}
        if parts.path.startswith("/_simulator/"):
            status, answer = self._control(parts.path.removeprefix("/_simulator/"), body)
            self._answer(status, answer)
            return
        base = f"/stores/{self.simulator.store_hash}"
        if not parts.path.startswith(base):
            self._answer(404, {"status": 404, "title": "Not found"})
            return
        self._api(parts.path.removeprefix(base), query, body)

    def _api(self, path: str, query: dict[str, str], body: dict[str, Any]) -> None:
        state = self.simulator.state
        fault = state.take_fault(self.command, path)
        if fault is not None and fault.kind != "apply_then_close" and self._fail(fault, path, query, body):
            return
        try:
            if self.headers.get("X-Auth-Token") != self.simulator.token:
                raise Refusal(401, {"status": 401, "title": "Unauthorized", "type": "about:blank"})
            status, answer = _route(state, self.command, path, query, body)
        except Refusal as refusal:
            status, answer = refusal.status, refusal.body
        self._note(path, query, body, status)
        if fault is not None and fault.kind == "apply_then_close":
            self._break_off()
            return
        self._answer(status, answer, v2=path.startswith("/v2/"))

    def _fail(self, fault: Fault, path: str, query: dict[str, str], body: dict[str, Any]) -> bool:
        """Answer by the fault; return False where the request goes on after a delay."""
        if fault.kind == "delay":
            time.sleep(fault.delay)
            return False
        self._note(path, query, body, 0 if fault.kind == "close" else fault.status)
        if fault.kind == "close":
            self._break_off()
        elif fault.kind == "html":
            self._send(200, b"<html><body>Down for maintenance</body></html>", "text/html", limited=True)
        elif fault.kind == "empty":
            self._send(200, b"", "application/json", limited=True)
        else:
            title = json.dumps({"status": fault.status, "title": "Armed fault"}).encode()
            self._send(fault.status, title, "application/json", limited=fault.headers)
        return True

    def _note(self, path: str, query: dict[str, str], body: dict[str, Any], status: int) -> None:
        state = self.simulator.state
        with state.lock:
            state.ledger.append(
                {
                    "method": self.command,
                    "path": path,
                    "query": query,
                    "body": body,
                    "status": status,
                    "at": time.time(),
                }
            )

    def _control(self, path: str, body: dict[str, Any]) -> Answer:
        state = self.simulator.state
        if path == "ledger":
            return 200, state.ledger
        if path == "faults":
            if self.command == "DELETE":
                state.faults.clear()
            else:
                state.faults.append(Fault(**{"method": "*", "path": "/", "times": 1, **body}))
            return 200, {"armed": len(state.faults)}
        found = re.fullmatch(r"orders/(\d+)(/place)?", path)
        if found is None:
            return 404, {}
        number = int(found[1])
        if found[2]:
            state.place(number)
        elif self.command == "POST":
            state.change(number, body, checked=False)
        sample = state.sample(number)
        return 200, {"order": state.order(number), "products": sample.products, "addresses": sample.addresses}

    def _answer(self, status: int, answer: Any, *, v2: bool = False) -> None:
        if status == 204:
            self._send(204, b"", "", limited=True)
        elif v2 and "json" not in self.headers.get("Accept", ""):
            self._send(status, b'<?xml version="1.0"?><orders/>', "application/xml", limited=True)
        else:
            self._send(status, json.dumps(answer).encode(), "application/json", limited=True)

    def _send(self, status: int, content: bytes, kind: str, *, limited: bool) -> None:
        self.send_response(status)
        if kind:
            self.send_header("Content-Type", kind)
        if limited:
            left, reset = self.simulator.state.limit()
            self.send_header("X-Rate-Limit-Requests-Left", str(max(0, left)))
            self.send_header("X-Rate-Limit-Requests-Quota", str(self.simulator.state.quota))
            self.send_header("X-Rate-Limit-Time-Reset-Ms", str(reset))
            self.send_header("X-Rate-Limit-Time-Window-Ms", "30000")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def _break_off(self) -> None:
        self.close_connection = True
        self.connection.close()


def _route(state: StoreState, method: str, path: str, query: dict[str, str], body: dict[str, Any]) -> Answer:
    for wanted, pattern, act in ROUTES:
        found = re.fullmatch(pattern, path)
        if found is not None and wanted == method:
            return act(state, [int(part) for part in found.groups()], query, body)
    raise Refusal(404, {"status": 404, "title": "Not found", "type": "about:blank"})


def _page(rows: list[Any], query: dict[str, str]) -> Answer:
    """Return one page as V2 gives it: 50 unless asked, 413 above 250, 204 past the end."""
    limit = int(query.get("limit", 50))
    if limit > MAX_LIMIT:
        message = "The specified limit exceeds the maximum allowed."
        raise v2_error(413, message, {"max_limit": MAX_LIMIT})
    first = (int(query.get("page", 1)) - 1) * limit
    found = rows[first : first + limit]
    return (200, found) if found else (204, None)


def _v3_page(rows: list[Any], query: dict[str, str]) -> Answer:
    limit, page = int(query.get("limit", 50)), int(query.get("page", 1))
    found = rows[(page - 1) * limit : page * limit]
    pages = max(1, -(-len(rows) // limit))
    pagination = {
        "total": len(rows),
        "count": len(found),
        "per_page": limit,
        "current_page": page,
        "total_pages": pages,
    }
    return 200, {"data": found, "meta": {"pagination": pagination}}


def _metafields(state: StoreState, ids: list[int], query: dict[str, str]) -> Answer:
    state.order(ids[0])
    wanted = {name: query[name] for name in ("namespace", "key") if name in query}
    held = state.metafields.get(ids[0], [])
    return _v3_page(
        [each for each in held if all(each[name] == value for name, value in wanted.items())], query
    )


def _variants(query: dict[str, str]) -> Answer:
    skus = sorted({sku for listed in SKUS.values() for sku in listed})
    rows = [{"id": place, "product_id": 5000 + place, "sku": sku} for place, sku in enumerate(skus, 1)]
    return _v3_page([row for row in rows if query.get("sku", row["sku"]) == row["sku"]], query)


Act = Callable[[StoreState, list[int], dict[str, str], dict[str, Any]], Answer]
ROUTES: list[tuple[str, str, Act]] = [
    ("GET", r"/v2/orders", lambda s, i, q, b: _page(s.listed(q), q)),
    ("GET", r"/v2/orders/count", lambda s, i, q, b: (200, {"count": len(s.listed(q))})),
    ("GET", r"/v2/orders/(\d+)", lambda s, i, q, b: (200, s.order(i[0]))),
    ("PUT", r"/v2/orders/(\d+)", lambda s, i, q, b: (200, s.change(i[0], b))),
    ("GET", r"/v2/orders/(\d+)/products", lambda s, i, q, b: _page(s.sample(i[0]).products, q)),
    ("GET", r"/v2/orders/(\d+)/shipping_?addresses", lambda s, i, q, b: _page(s.sample(i[0]).addresses, q)),
    ("GET", r"/v2/orders/(\d+)/taxes", lambda s, i, q, b: _page(s.sample(i[0]).taxes, q)),
    ("GET", r"/v2/order_statuses", lambda s, i, q, b: (200, [{"id": n, "name": w} for n, w in enumerate(STATUSES)])),
    ("GET", r"/v2/store", lambda s, i, q, b: (200, {"name": "Harbor & Pine", "timezone": {"name": "America/Chicago"},
                                                    "currency": "USD"})),
    ("GET", r"/v2/time", lambda s, i, q, b: (200, {"time": s.now()})),
    ("GET", r"/v3/orders/(\d+)/metafields", lambda s, i, q, b: _metafields(s, i, q)),
    ("POST", r"/v3/orders/(\d+)/metafields", lambda s, i, q, b: (200, {"data": s.add_metafield(i[0], b), "meta": {}})),
    ("PUT", r"/v3/orders/(\d+)/metafields/(\d+)",
     lambda s, i, q, b: (200, {"data": s.change_metafield(i[0], i[1], b), "meta": {}})),
    ("GET", r"/v3/catalog/variants", lambda s, i, q, b: _variants(q)),
]  # fmt: skip
