"""Logs as JSON lines, each with the correlation id of the chain that wrote it."""

from __future__ import annotations

import logging
import re
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Iterator

from asgiref.sync import iscoroutinefunction, markcoroutinefunction
from django.http import HttpRequest, StreamingHttpResponse
from django.http.response import HttpResponseBase
from pythonjsonlogger.json import JsonFormatter

from archive.correlation import correlated, current_correlation_id

_SECRETS = re.compile(r"(/hooks/[a-z]+/|/account/password/)[A-Za-z0-9_-]+(?:/[A-Za-z0-9_-]+)?")

# Bounded by what records have room for.
_REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{8,32}")
_UUID = re.compile(r"[0-9A-Fa-f]{8}(?:-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}")
_TRACEPARENT = re.compile(
    r"(?P<version>[0-9a-f]{2})-(?P<id>[0-9a-f]{32})-(?P<parent>[0-9a-f]{16})-[0-9a-f]{2}"
)


class CorrelationFilter(logging.Filter):
    """Add ``correlation_id`` to each record."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Never drop a record."""
        record.correlation_id = current_correlation_id()
        return True


class JsonLines(JsonFormatter):
    """Fields ``time, level, logger, message, correlation_id`` and whatever ``extra`` brings.

    The key in a hook's address is a secret, so is the link that sets a password, and Django tells the address of each
    request that was refused.
    """

    def __init__(self) -> None:
        super().__init__(
            "%(asctime)s %(levelname)s %(name)s %(message)s %(correlation_id)s",
            rename_fields={"asctime": "time", "levelname": "level", "name": "logger"},
        )

    def format(self, record: logging.LogRecord) -> str:
        """Return the line, without the secrets in addresses."""
        return _SECRETS.sub(r"\1***", super().format(record))


def asked_under(request: HttpRequest) -> tuple[str, str]:
    """Return the request's id as whoever asks gives it, and as it is kept here; two empty texts where none is well-formed.

    ``X-Request-Id`` is taken before the trace of ``traceparent`` (W3C). It goes into logs, records and answers, so only
    letters, digits and ``._-`` of a bounded length are: a line break would forge a line of the log.
    """
    given = request.headers.get("X-Request-Id", "")
    if _UUID.fullmatch(given):
        return given, given.replace("-", "").lower()
    if _REQUEST_ID.fullmatch(given):
        return given, given
    trace = _TRACEPARENT.fullmatch(request.headers.get("traceparent", ""))
    if trace is None or trace["version"] == "ff" or not int(trace["id"], 16) or not int(trace["parent"], 16):
        return "", ""
    return trace["id"], trace["id"]


class CorrelationMiddleware:
    """Run each request under a correlation id: the one that it brings, else a fresh one.

    It is returned as ``X-Request-Id``, as it was given, and as ``X-Correlation-Id``, as log lines and records carry it. What
    streams is made under it too.
    """

    async_capable = True
    sync_capable = True

    def __init__(
        self, get_response: Callable[[HttpRequest], HttpResponseBase | Awaitable[HttpResponseBase]]
    ) -> None:
        self.get_response = get_response
        if iscoroutinefunction(get_response):
            markcoroutinefunction(self)

    def __call__(self, request: HttpRequest) -> HttpResponseBase | Awaitable[HttpResponseBase]:
        """Serve one request."""
        if iscoroutinefunction(self.get_response):
            return self._serve_async(request)
        given, kept = asked_under(request)
        with correlated(kept) as correlation_id:
            response = self.get_response(request)
        assert isinstance(response, HttpResponseBase)
        return _marked(response, given, correlation_id)

    async def _serve_async(self, request: HttpRequest) -> HttpResponseBase:
        given, kept = asked_under(request)
        with correlated(kept) as correlation_id:
            response: HttpResponseBase = await self.get_response(request)  # type: ignore[misc]
        return _marked(response, given, correlation_id)


def _marked(response: HttpResponseBase, given: str, correlation_id: str) -> HttpResponseBase:
    response.headers["X-Request-Id"] = given or correlation_id
    response.headers["X-Correlation-Id"] = correlation_id
    if isinstance(response, StreamingHttpResponse):
        pieces = response.streaming_content
        response.streaming_content = (
            _made_async(pieces, correlation_id)
            if isinstance(pieces, AsyncIterator)
            else _made(pieces, correlation_id)
        )
    return response


def _made(pieces: Iterable[bytes], correlation_id: str) -> Iterator[bytes]:
    """Yield ``pieces``, each made under the id: between them, other requests may have the thread."""
    waiting = iter(pieces)
    while True:
        with correlated(correlation_id):
            piece = next(waiting, None)
        if piece is None:
            return
        yield piece


async def _made_async(pieces: AsyncIterator[bytes], correlation_id: str) -> AsyncIterator[bytes]:
    while True:
        with correlated(correlation_id):
            piece = await anext(pieces, None)
        if piece is None:
            return
        yield piece
