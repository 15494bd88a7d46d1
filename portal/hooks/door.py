"""The door before Django for what strangers may send: so much, and so many at a time.

Django's ASGI handler writes a body of any length to disk before a view may look at it, and every request of its own
thread opens a connection of its own to the database.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from integration.failpoints import failpoint

LONGEST_BODY = 64 * 1024
"""Bytes; a store's call has some hundreds."""

AT_A_TIME = 8
MOST_WAITING = 512
"""Calls beyond these are sent away with 503: the store calls again."""

PATIENCE = 10.0
"""Seconds within which a body is there."""

PREFIX = "/hooks/"

Scope = dict[str, Any]
Message = Mapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Application = Callable[[Scope, Receive, Send], Awaitable[None]]


class Door:
    """An ASGI application around another; what is not below ``PREFIX`` passes untouched."""

    def __init__(self, inside: Application) -> None:
        self._inside = inside
        self._places = asyncio.Semaphore(AT_A_TIME)
        self._here = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http" or not scope["path"].startswith(PREFIX):
            await self._inside(scope, receive, send)
            return
        try:
            async with asyncio.timeout(PATIENCE):
                body = await _body(receive)
        except TimeoutError:
            await _answer(send, 408)
            return
        if body is not None:
            await self._let_in(scope, body, receive, send)

    async def _let_in(self, scope: Scope, body: bytes, receive: Receive, send: Send) -> None:
        if len(body) > LONGEST_BODY:
            await _answer(send, 413)
            return
        if self._here >= AT_A_TIME + MOST_WAITING:
            await _answer(send, 503)
            return
        self._here += 1
        try:
            async with self._places:
                await self._inside(scope, _told_again(body, receive), send)
            failpoint("hook.answered")
        finally:
            self._here -= 1


async def _body(receive: Receive) -> bytes | None:
    """Return the body, or as much of it as shows that it is too long; None where the caller hung up."""
    body = bytearray()
    while len(body) <= LONGEST_BODY:
        message = await receive()
        if message["type"] == "http.disconnect":
            return None
        body += message.get("body", b"")
        if not message.get("more_body", False):
            break
    return bytes(body)


def _told_again(body: bytes, receive: Receive) -> Receive:
    told = False

    async def again() -> Message:
        nonlocal told
        if told:
            return await receive()
        told = True
        return {"type": "http.request", "body": body, "more_body": False}

    return again


async def _answer(send: Send, status: int) -> None:
    headers = [(b"content-length", b"0"), (b"connection", b"close")]
    if status == 503:
        headers.append((b"retry-after", b"60"))
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": b""})
