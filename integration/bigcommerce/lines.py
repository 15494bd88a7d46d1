"""The connections of a session to a store, so that another thread can cut them.

``requests`` gives no hold on the socket it waits at, and TLS takes the socket over before the first byte; a second
handle on it, made when the connection stands, reaches it at every stage.
"""

from __future__ import annotations

import socket
import threading
from typing import Any

import requests
from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool

from integration.patience import cut


class Lines(HTTPAdapter):
    """The adapter of a session whose connections can be cut."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._handles: set[socket.socket] = set()
        self._left: list[socket.socket] = []
        self._pools = {
            "http": _pool(HTTPConnectionPool, HTTPConnection, self),
            "https": _pool(HTTPSConnectionPool, HTTPSConnection, self),
        }
        super().__init__()

    def cut(self) -> None:
        """End every connection, whoever waits for it."""
        with self._lock:
            for handle in self._handles:
                cut(handle)

    def hold(self, line: socket.socket) -> socket.socket:
        """Return a second handle on ``line``, to be given to ``leave``."""
        handle = line.dup()
        with self._lock:
            self._handles.add(handle)
        return handle

    def leave(self, handle: socket.socket) -> None:
        """Say that a connection is closed. An answer that ends with its connection may be read from it still."""
        with self._lock:
            self._left.append(handle)

    def tidy(self) -> None:
        """Let go of what is closed and read: before that the store does not learn that we hung up."""
        with self._lock:
            for handle in self._left:
                self._handles.discard(handle)
                handle.close()
            self._left.clear()

    def close(self) -> None:
        """Close the connections."""
        super().close()
        self.tidy()

    def init_poolmanager(self, *arguments: Any, **options: Any) -> None:
        """Make the pools of connections, as the library asks."""
        super().init_poolmanager(*arguments, **options)
        self.poolmanager.pool_classes_by_scheme = self._pools

    def proxy_manager_for(self, proxy: str, **options: Any) -> Any:
        """Make the pools of connections through a web proxy, as the library asks."""
        manager = super().proxy_manager_for(proxy, **options)
        manager.pool_classes_by_scheme = self._pools
        return manager


def mount(session: requests.Session) -> Lines:
    """Have all connections of ``session`` be such that can be cut."""
    lines = Lines()
    for scheme in ("https://", "http://"):
        session.mount(scheme, lines)
    return lines


class _Held:
    """The two seams of the library's connections (urllib3 2.8); a test of slow answers fails if they move."""

    lines: Lines
    _handle: socket.socket | None = None

    def _new_conn(self) -> socket.socket:
        line: socket.socket = super()._new_conn()  # type: ignore[misc]
        self._leave()
        self._handle = self.lines.hold(line)
        return line

    def close(self) -> None:
        super().close()  # type: ignore[misc]
        self._leave()

    def _leave(self) -> None:
        if self._handle is not None:
            self.lines.leave(self._handle)
            self._handle = None


def _pool(pool: type[Any], connection: type[Any], lines: Lines) -> Any:
    held = type("HeldConnection", (_Held, connection), {"lines": lines})
    return type("HeldPool", (pool,), {"ConnectionCls": held})
