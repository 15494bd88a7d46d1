"""Logs as JSON lines, each with the correlation id of the chain that wrote it."""

from __future__ import annotations

import logging
import re
from collections.abc import Awaitable, Callable

from asgiref.sync import iscoroutinefunction, markcoroutinefunction
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from pythonjsonlogger.json import JsonFormatter

from archive.correlation import correlated, current_correlation_id

_SECRETS = re.compile(r"(/hooks/[a-z]+/|/account/password/)[A-Za-z0-9_-]+(?:/[A-Za-z0-9_-]+)?")


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


class CorrelationMiddleware:
    """Run each request under a correlation id of its own and return it as ``X-Correlation-Id``."""

    async_capable = True
    sync_capable = True

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse | Awaitable[HttpResponse]]) -> None:
        self.get_response = get_response
        if iscoroutinefunction(get_response):
            markcoroutinefunction(self)

    def __call__(self, request: HttpRequest) -> HttpResponseBase | Awaitable[HttpResponse]:
        """Serve one request."""
        if iscoroutinefunction(self.get_response):
            return self._serve_async(request)
        with correlated("") as correlation_id:
            response = self.get_response(request)
        assert isinstance(response, HttpResponseBase)
        response["X-Correlation-Id"] = correlation_id
        return response

    async def _serve_async(self, request: HttpRequest) -> HttpResponse:
        with correlated("") as correlation_id:
            response: HttpResponse = await self.get_response(request)  # type: ignore[misc]
        response["X-Correlation-Id"] = correlation_id
        return response
