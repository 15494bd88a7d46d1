"""The portal served by forked children that are killed, and a store that calls it meanwhile and keeps a ledger."""

from __future__ import annotations

import asyncio
import base64
import http.client
import json
import os
import signal
import socket
import threading
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import uvicorn

from integration.bigcommerce.webhooks import hook_path
from integration.models import StoreHook
from tests import calls
from tests.chaos.forking import Forked

CALLERS = 4
PATIENCE = 60.0

Application = Callable[[Any, Any, Any], Awaitable[None]]


@contextmanager
def listening() -> Iterator[socket.socket]:
    """A socket that outlives whoever serves it: calls that come while nobody does wait in its queue."""
    with socket.socket() as line:
        line.bind(("127.0.0.1", 0))
        line.listen(128)
        yield line


def address_of(line: socket.socket) -> str:
    """Return host and port."""
    host, port = line.getsockname()
    return f"{host}:{port}"


class _Telling(uvicorn.Server):
    def __init__(self, config: uvicorn.Config, told: int) -> None:
        super().__init__(config)
        self._told = told

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        os.write(self._told, b".")


def serve(
    forked: Forked,
    line: socket.socket,
    application: Application,
    prepare: Callable[[], object] = lambda: None,
) -> int:
    """Fork a child that serves ``application`` on ``line`` after ``prepare``; return its process id once it does."""
    reading, writing = os.pipe()

    def act() -> None:
        prepare()
        config = uvicorn.Config(application, lifespan="off", log_config=None, proxy_headers=False)
        _Telling(config, writing).run(sockets=[line])

    pid = forked.start(act)
    os.close(writing)
    told = os.read(reading, 1)
    os.close(reading)
    assert told, "the portal did not start"
    return pid


def post(address: str, hook: StoreHook, body: bytes, headers: dict[str, str]) -> int:
    """Make one call on a line of its own; return the answer's status, 0 where none came."""
    line = http.client.HTTPConnection(address, timeout=PATIENCE)
    try:
        line.request("POST", hook_path(hook.key), body, {"Content-Type": "application/json", **headers})
        return line.getresponse().status
    except (ConnectionError, TimeoutError):
        return 0
    finally:
        line.close()


class CallingStore:
    """A store in a process of its own: makes calls from several sides, each until it is answered with 2xx.

    ``taken`` are the bodies of those, ``counted`` how many calls ended how (the status; 0: cut off).
    """

    def __init__(self, forked: Forked, address: str, hook: StoreHook, ledger: Path) -> None:
        self._forked = forked
        self._ledger = ledger
        self._pid = forked.start(lambda: _call(address, hook, ledger))
        self.taken: list[bytes] = []
        self.counted: Counter[int] = Counter()

    def stop(self) -> None:
        """Let every call under way be answered, then read the ledger."""
        os.kill(self._pid, signal.SIGTERM)
        assert self._forked.wait(self._pid) == 0, "the calling store failed"
        for entry in map(json.loads, self._ledger.read_text().splitlines()):
            self.counted[entry["status"]] += 1
            if 200 <= entry["status"] < 300:
                self.taken.append(base64.b64decode(entry["body"]))


def _call(address: str, hook: StoreHook, ledger: Path) -> None:
    stop = threading.Event()
    signal.signal(signal.SIGTERM, lambda number, frame: stop.set())
    lock = threading.Lock()

    def one_side(place: int) -> None:
        number = 1_000_000 * (place + 1)
        while not stop.is_set():
            number += 1
            body = calls.event(number)
            headers = calls.headers(hook, body)
            status = 0
            while not 200 <= status < 300:
                status = post(address, hook, body, headers)
                with lock:
                    kept.write(json.dumps({"status": status, "body": base64.b64encode(body).decode()}) + "\n")

    with ledger.open("w") as kept:
        sides = [threading.Thread(target=one_side, args=[place]) for place in range(CALLERS)]
        for side in sides:
            side.start()
        stop.wait()
        for side in sides:
            side.join()


class AnswersFirst:
    """The portal with one line moved: the call is answered, and only then looked at."""

    def __init__(self, inside: Application) -> None:
        self._inside = inside

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Serve one call, whose body comes in one piece."""
        message = await receive()
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"0")]})
        await send({"type": "http.response.body", "body": b""})
        waiting = [message]

        async def again() -> Any:
            if not waiting:
                await asyncio.Event().wait()
            return waiting.pop()

        async def nobody(message: Any) -> None:
            """Tell nobody: the answer is out."""

        await self._inside(scope, again, nobody)
