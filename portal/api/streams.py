"""A whole list as CSV or NDJSON, a chunk at a time: memory does not grow with it."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import AsyncIterator, Iterator, Sequence
from dataclasses import replace
from typing import Any

from asgiref.sync import sync_to_async
from django.core.handlers.asgi import ASGIRequest
from django.db import close_old_connections
from django.http import StreamingHttpResponse
from rest_framework.request import Request
from rest_framework.utils.encoders import JSONEncoder

from archive import changes
from archive.changes import Place
from archive.models import AccessRecord
from archive.store import record_access
from integration.flows.spreadsheets import guarded
from portal.api.asking import actor
from portal.api.reading import Asked, page

FORMATS = {"csv": "text/csv", "ndjson": "application/x-ndjson"}
CHUNK = 500
"""Rows of a chunk: a document is read with its references, some twenty rows more."""


def stream(request: Request, wanted: Asked, kind: str) -> StreamingHttpResponse:
    """Answer with all rows of the list up to now, ``limit`` at most, and in ``Next-Cursor`` where to go on another time.

    What is being written while it runs is left for that other time, so the rows are those of one moment.
    """
    horizon = changes.horizon()
    complete = changes.complete_until(wanted.resource.name)
    record_access(
        actor=actor(request),
        kind=AccessRecord.Kind.EXPORT,
        purpose=f"API, {kind} of {wanted.resource.title}"[:100],
    )
    columns = [name for name in wanted.resource.columns if wanted.chosen is None or name in wanted.chosen]
    body = _Csv(columns) if kind == "csv" else _Lines()
    pieces = _pieces(wanted, horizon, body)
    is_asynchronous = isinstance(request._request, ASGIRequest)
    response = StreamingHttpResponse(
        _served(pieces) if is_asynchronous else pieces, content_type=f"{FORMATS[kind]}; charset=utf-8"
    )
    response["Content-Disposition"] = f'attachment; filename="{wanted.resource.path}.{kind}"'
    if wanted.limit is None:
        response["Next-Cursor"] = changes.written(Place(horizon - 1, changes.LAST), wanted.epoch)
        response["Complete-Until"] = complete.isoformat().replace("+00:00", "Z")
    return response


def _pieces(wanted: Asked, horizon: int, body: _Csv | _Lines) -> Iterator[str]:
    yield body.head()
    left = wanted.limit
    goes_on = True
    while goes_on and left != 0:
        found = page(wanted, CHUNK if left is None else min(CHUNK, left), horizon)
        if found.rows:
            records: Any = wanted.resource.record(found.rows, many=True, chosen=wanted.chosen)
            yield body.rows(records.data)
        left = None if left is None else left - len(found.rows)
        wanted, goes_on = replace(wanted, after=found.reached), found.goes_on


async def _served(pieces: Iterator[str]) -> AsyncIterator[str]:
    """Yield the pieces as the server takes them: given an ordinary iterator, it would read all of it first."""

    def following() -> str | None:
        close_old_connections()
        return next(pieces, None)

    while (piece := await sync_to_async(following)()) is not None:
        yield piece


class _Csv:
    """RFC 4180: every cell is text, and none a formula. A list within a record is JSON."""

    def __init__(self, columns: Sequence[str]) -> None:
        self.columns = columns

    def head(self) -> str:
        return self._written([self.columns])

    def rows(self, records: Sequence[dict[str, Any]]) -> str:
        return self._written([[guarded(_cell(record[name])) for name in self.columns] for record in records])

    @staticmethod
    def _written(rows: Sequence[Sequence[str]]) -> str:
        buffer = io.StringIO()
        csv.writer(buffer).writerows(rows)
        return buffer.getvalue()


class _Lines:
    """A JSON object a line."""

    def head(self) -> str:
        return ""

    def rows(self, records: Sequence[dict[str, Any]]) -> str:
        return "".join(json.dumps(record, cls=JSONEncoder, ensure_ascii=False) + "\n" for record in records)


def _cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list | dict):
        return json.dumps(value, cls=JSONEncoder, ensure_ascii=False)
    return str(value)
