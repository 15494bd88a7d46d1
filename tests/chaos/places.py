"""Where in a conversation a byte stands: the parts of HTTP/1.1 and of SFTP, for toxics to begin at."""

from __future__ import annotations

import re
from collections.abc import Iterator

from tests.chaos.proxy import Parts, Proxy

KEY_EXCHANGE = 900
"""Bytes at the start of an SSH connection, either way, that are of its greeting and key exchange for certain."""


def http(proxy: Proxy) -> tuple[Parts, Parts]:
    """Name the parts of requests ``PUT line``, ``PUT headers``, ``PUT body``, of answers ``PUT answer``, ``PUT data``."""
    talk = _Talk()
    return _Stream(talk, ("line", "headers", "body")).split, _Stream(talk, ("", "answer", "data")).split


def sftp(proxy: Proxy) -> tuple[Parts, Parts]:
    """Name the parts ``key exchange``, ``greeting``, and then what the server was asked last, as it tells the proxy."""
    proxy.at("greeting")
    return _Counted(proxy).split, _Counted(proxy).split


class _Talk:
    """What both directions of one connection know."""

    method = ""


class _Stream:
    """One direction of a connection; ``names`` are those of a first line, where it counts, of headers and of bodies."""

    def __init__(self, talk: _Talk, names: tuple[str, str, str]) -> None:
        self._talk = talk
        self._line, self._headers, self._body = names
        self._head = b""
        self._stage = self._line or self._headers
        self._left = 0

    def split(self, data: bytes) -> Iterator[tuple[str, bytes]]:
        while data:
            if self._stage == self._body:
                piece = data[: self._left]
                self._left -= len(piece)
            else:
                piece = data[: self._rest_of_head(data)]
                self._head += piece
                if self._stage == self._line:
                    self._talk.method = self._head.split(b" ")[0].decode()
            place = f"{self._talk.method} {self._stage}"
            data = data[len(piece) :]
            self._step_on()
            yield place, piece

    def _rest_of_head(self, data: bytes) -> int:
        """Return how many bytes of ``data`` belong to the stage still."""
        mark = b"\r\n" if self._stage == self._line else b"\r\n\r\n"
        found = (self._head + data).find(mark)
        return len(data) if found < 0 else found + len(mark) - len(self._head)

    def _step_on(self) -> None:
        if self._stage == self._line and self._head.endswith(b"\r\n"):
            self._stage = self._headers
        elif self._stage == self._headers and self._head.endswith(b"\r\n\r\n"):
            length = re.search(rb"(?i)content-length: *([0-9]+)", self._head)
            self._left = int(length.group(1)) if length else 0
            self._stage = self._body
        if self._stage == self._body and not self._left:
            self._stage, self._head = self._line or self._headers, b""


class _Counted:
    def __init__(self, proxy: Proxy) -> None:
        self._proxy = proxy
        self._passed = 0

    def split(self, data: bytes) -> Iterator[tuple[str, bytes]]:
        while data:
            in_exchange = self._passed < KEY_EXCHANGE
            piece = data[: KEY_EXCHANGE - self._passed] if in_exchange else data
            self._passed += len(piece)
            data = data[len(piece) :]
            yield "key exchange" if in_exchange else self._proxy.place, piece
