"""Portals served one after another by children of one process that has everything loaded: ``python -m tests.browser.serving``.

A line of JSON on standard input asks for a portal: the address of its ``database`` and a file for its ``log``; the
answer has its ``port`` and its ``pid``. Calls that come before it serves wait in its queue. ``{"end": pid}`` ends one, and is
answered once it is gone. Whoever asks first sets the variables of the environment, as for ``manage.py serve``.
"""

from __future__ import annotations

import json
import os
import signal
import socket
import sys
import traceback
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import uvicorn
from django.urls import get_resolver

from portal.asgi import application
from portal.copies import point_at


def main() -> None:
    """Answer until nobody asks any more."""
    _ = get_resolver().url_patterns  # so that every child has the pages loaded
    for line in sys.stdin:
        asked = json.loads(line)
        if "end" in asked:
            _end(asked["end"])
            _answer(ended=asked["end"])
        else:
            _serve(asked["database"], Path(asked["log"]))


def _answer(**words: Any) -> None:
    sys.stdout.write(json.dumps(words) + "\n")
    sys.stdout.flush()


def _end(pid: int) -> None:
    os.kill(pid, signal.SIGTERM)
    os.waitpid(pid, 0)


def _serve(database: str, log: Path) -> None:
    with socket.create_server(("127.0.0.1", 0), backlog=128) as listening:
        pid = os.fork()
        if not pid:
            _be_a_portal(database, log, listening)
        _answer(port=listening.getsockname()[1], pid=pid)


def _be_a_portal(database: str, log: Path, listening: socket.socket) -> None:
    """Serve until SIGTERM; never return."""
    try:
        with log.open("w") as output:
            os.dup2(output.fileno(), sys.stdout.fileno())
            os.dup2(output.fileno(), sys.stderr.fileno())
        point_at(urlsplit(database).path.removeprefix("/"))
        config = uvicorn.Config(
            application, log_config=None, lifespan="off", server_header=False, proxy_headers=False
        )
        uvicorn.Server(config).run(sockets=[listening])
    except BaseException:  # noqa: BLE001 - a child tells, and ends by _exit whatever happened
        traceback.print_exc()
    finally:
        os._exit(0)


if __name__ == "__main__":
    main()
