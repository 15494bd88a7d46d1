"""A whole list as CSV or NDJSON, a chunk at a time: memory does not grow with it, and each chunk is recorded before it leaves."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Collection, Iterator, Sequence
from dataclasses import replace
from itertools import chain, islice
from typing import Any

from asgiref.sync import sync_to_async
from django.core.handlers.asgi import ASGIRequest
from django.db import close_old_connections
from django.http import StreamingHttpResponse
from rest_framework.request import Request
from rest_framework.utils.encoders import JSONEncoder

from archive import changes
from archive.changes import Place
from integration.flows.spreadsheets import csv_pieces
from portal.api.asking import actor
from portal.api.reading import Asked, page
from portal.api.recording import record_chunk, told_of
from portal.api.resources import Readable

FORMATS = {"csv": "text/csv", "ndjson": "application/x-ndjson"}
CHUNK = 500
"""Rows of a chunk, and of what is recorded at once: a document is read with its references, some twenty rows more."""


def stream(request: Request, wanted: Asked, kind: str) -> StreamingHttpResponse:
    """Answer with all rows of the list up to now, ``limit`` at most, and in ``Next-Cursor`` where to go on another time.

    What is being written while it runs is left for that other time, so the rows are those of one moment. Raises ``NotRecorded``
    where the first chunk cannot be recorded; a later one breaks the answer off, so that nobody takes it for whole.
    """
    complete = changes.complete_until(wanted.resource.name)  # first: what is over now is below the horizon
    horizon = changes.horizon()
    chunks = _records(wanted, horizon, actor(request), f"API, {kind} of {wanted.resource.title}")
    first = next(chunks)  # before the answer begins, which could not be refused any more
    pieces = written(wanted.resource, kind, chain([first], chunks), wanted.chosen)
    response = file_response(request, wanted.resource.path, kind, pieces)
    if wanted.limit is None:
        response["Next-Cursor"] = changes.written(Place(horizon - 1, changes.LAST), wanted.epoch)
        response["Complete-Until"] = complete.isoformat().replace("+00:00", "Z")
    return response


def file_response(
    request: Request, name: str, kind: str, pieces: Iterator[str] | Iterator[bytes]
) -> StreamingHttpResponse:
    """Return the answer that gives out a file of that name piece by piece."""
    is_asynchronous = isinstance(request._request, ASGIRequest)
    response = StreamingHttpResponse(
        _served(pieces) if is_asynchronous else pieces, content_type=f"{FORMATS[kind]}; charset=utf-8"
    )
    response["Content-Disposition"] = f'attachment; filename="{name}.{kind}"'
    return response


def written(
    resource: Readable,
    kind: str,
    chunks: Iterator[list[dict[str, Any]]],
    chosen: Collection[str] | None = None,
    *,
    goes_on: bool = False,
) -> Iterator[str]:
    """Yield records as a file of that kind, of the ``chosen`` columns, None: all; one that ``goes_on`` where another ended has
    no heads."""
    if kind != "csv":
        return _lines(chunks)
    columns = [name for name in resource.columns if chosen is None or name in chosen]
    return _csv(columns, chunks, goes_on)


def _records(wanted: Asked, horizon: int, who: str, words: str) -> Iterator[list[dict[str, Any]]]:
    """Yield the records of the list, some at a time, as it was when transactions before ``horizon`` were over.

    Each lot is recorded first, in a row of its own with all that it tells of: one row for a million rows could not name them, and
    would stand there for rows that nobody took. The first one may be empty; that the list was asked for is recorded all the same.
    """
    left, before = wanted.limit, 0
    is_first = goes_on = True
    while goes_on and left != 0:
        found = page(wanted, CHUNK if left is None else min(CHUNK, left), horizon)
        if found.rows or is_first:
            record_chunk(who, words, told_of(wanted.resource, found.rows), before=before)
            yield records_of(wanted, found.rows)
        is_first, before = False, before + len(found.rows)
        left = None if left is None else left - len(found.rows)
        wanted, goes_on = replace(wanted, after=found.reached), found.goes_on


def records_of(wanted: Asked, rows: Sequence[Any]) -> list[dict[str, Any]]:
    """Return what is told of each row."""
    records: Any = wanted.resource.record(rows, many=True, chosen=wanted.chosen)
    told: list[dict[str, Any]] = records.data
    return told


def _csv(columns: Sequence[str], chunks: Iterator[list[dict[str, Any]]], goes_on: bool) -> Iterator[str]:
    """Yield the file: every cell is text, and none a formula; a list within a record is JSON."""
    cells = ([_cell(record[name]) for name in columns] for records in chunks for record in records)
    lines = csv_pieces(None if goes_on else columns, cells)
    while piece := "".join(islice(lines, CHUNK)):
        yield piece


def _lines(chunks: Iterator[list[dict[str, Any]]]) -> Iterator[str]:
    """Yield the file: a JSON object a line."""
    for records in filter(None, chunks):
        yield "".join(json.dumps(each, cls=JSONEncoder, ensure_ascii=False) + "\n" for each in records)


async def _served(pieces: Iterator[str] | Iterator[bytes]) -> AsyncIterator[str | bytes]:
    """Yield the pieces as the server takes them: given an ordinary iterator, it would read all of it first."""

    def following() -> str | bytes | None:
        close_old_connections()
        return next(pieces, None)

    while (piece := await sync_to_async(following)()) is not None:
        yield piece


def _cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list | dict):
        return json.dumps(value, cls=JSONEncoder, ensure_ascii=False)
    return str(value)
