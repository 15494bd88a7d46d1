"""Lists, rows, and what documents say: all by GET, each reading recorded before it leaves."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Sequence
from typing import Any

from django.http import HttpResponse, HttpResponseBase
from rest_framework import status
from rest_framework.negotiation import BaseContentNegotiation
from rest_framework.parsers import BaseParser
from rest_framework.renderers import BaseRenderer, JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from archive import changes, store
from archive.changes import Changed
from archive.models import Document
from archive.store import PayloadDamaged, PayloadDestroyed, record_access
from portal.api import problems
from portal.api.asking import (
    MayRead,
    TokenAuthentication,
    TokenThrottle,
    actor,
    lacking_right,
    lacking_scope,
    reach,
    token_of,
)
from portal.api.filters import LARGEST
from portal.api.problems import CONTENT_TYPE, Problem
from portal.api.reading import USUAL, Asked, Page, asked, one_row, page
from portal.api.recording import record_list, record_row
from portal.api.resources import BY_NAME, Readable, Resource
from portal.api.streams import FORMATS, stream

READ_CONTENT = "archive.view_payload"


class ProblemRenderer(JSONRenderer):
    """JSON, and a refusal as what it is."""

    media_type = "application/json"
    charset = None

    def render(
        self, data: Any, accepted_media_type: str | None = None, renderer_context: Any = None
    ) -> bytes:
        """Return the bytes of the answer."""
        response = (renderer_context or {}).get("response")
        if response is not None and response.exception:
            response.content_type = CONTENT_TYPE
        return bytes(super().render(data, accepted_media_type, renderer_context))


class ByParameter(BaseContentNegotiation):
    """Lists are answered as ``format`` says, else as ``Accept`` does; everything else, refusals too, in its one format."""

    def select_parser(self, request: Request, parsers: Iterable[BaseParser]) -> BaseParser | None:
        """Return the parser of the body's type, None where none is."""
        return next(
            (each for each in parsers if each.media_type == (request.content_type or "").partition(";")[0]),
            None,
        )

    def select_renderer(
        self, request: Request, renderers: Iterable[BaseRenderer], format_suffix: str | None = None
    ) -> tuple[BaseRenderer, str]:
        """Return the one renderer that there is."""
        (renderer,) = renderers
        return renderer, renderer.media_type or ""


class ApiView(APIView):
    """What all addresses share: who asks, how often, and how it is refused."""

    authentication_classes = (TokenAuthentication,)
    permission_classes: Sequence[Any] = (MayRead,)
    throttle_classes = (TokenThrottle,)
    renderer_classes: Sequence[Any] = (ProblemRenderer,)
    content_negotiation_class = ByParameter
    resource: Readable = BY_NAME["documents"]  # as_view names another

    def finalize_response(self, request: Any, response: Any, *args: Any, **kwargs: Any) -> Any:
        """Say what is left of the limit, and that nobody keeps the answer for others."""
        response = super().finalize_response(request, response, *args, **kwargs)
        for name, value in getattr(request._request, "api_limits", {}).items():
            response[name] = value
        response["Cache-Control"] = "private, no-cache"
        return response

    def get_exception_handler(self) -> Any:
        """Return what words refusals."""
        return problems.answer


class ListView(ApiView):
    """A list, by what changed: a page as JSON, or all of it as CSV or NDJSON."""

    resource: Resource

    def get(self, request: Request) -> HttpResponseBase:
        """Answer with what is asked for."""
        wanted = asked(self.resource, request.query_params, reach(request))
        kind = format_of(request)
        if kind != "json":
            return stream(request, wanted, kind)
        # First: what is over now is over for the page that is read after it.
        complete = changes.complete_until(self.resource.name)
        found = page(wanted, wanted.limit or USUAL)
        tag = _list_tag(wanted, found)
        if matches(request, tag):
            return Response(status=status.HTTP_304_NOT_MODIFIED, headers={"ETag": tag})
        record_list(request, self.resource, found.rows)
        records = self.resource.record(found.rows, many=True, chosen=wanted.chosen)
        body = {
            "data": records.data,
            "next_cursor": changes.written(found.reached, wanted.epoch),
            "has_more": found.goes_on,
            "complete_until": None if found.goes_on else complete.isoformat().replace("+00:00", "Z"),
        }
        return Response(body, headers={"ETag": tag})


class FoundView(ApiView):
    """What is about one row."""

    resource: Resource = BY_NAME["documents"]

    def find(self, request: Request, pk: int) -> Any:
        """Return the row. Raises ``Problem`` where it is not there for who asks."""
        row = one_row(self.resource, pk, reach(request)) if pk <= LARGEST else None
        if row is None:
            raise problems.not_found()
        return row


class RowView(FoundView):
    """One row."""

    def get(self, request: Request, pk: int) -> HttpResponseBase:
        """Answer with the row."""
        wanted = asked(self.resource, request.query_params, reach(request))
        row = self.find(request, pk)
        tag = row_tag(row.told, wanted)
        if matches(request, tag):
            return Response(status=status.HTTP_304_NOT_MODIFIED, headers={"ETag": tag})
        record_row(request, self.resource, row)
        return Response(self.resource.record(row, chosen=wanted.chosen).data, headers={"ETag": tag})


class ContentView(FoundView):
    """What a document says: as JSON, or the bytes as they travelled."""

    raw = False

    def get(self, request: Request, pk: int) -> HttpResponseBase:
        """Answer with the content, once it is on record that it was read."""
        asked(self.resource, request.query_params, reach(request))
        self.require_content(request)
        document = self.find(request, pk)
        return self.bytes_of(request, document) if self.raw else self.content_of(request, document)

    def require_content(self, request: Request) -> None:
        """Refuse who may know that a document exists, and not what it says."""
        token = token_of(request)
        if not token.reads_content:
            raise lacking_scope(token, "what documents say")
        if not request.user.has_perm(READ_CONTENT):
            raise lacking_right(token, "read what documents say")

    def content_of(self, request: Request, document: Document) -> HttpResponseBase:
        """Answer with the canonical document."""
        translation = getattr(document, "translation", None)
        if translation is None or translation.content is None:
            raise Problem(
                status.HTTP_404_NOT_FOUND,
                "content_missing",
                "This document was not translated: ask for its bytes (raw).",
            )
        payload = document.interchange.payload
        record_access(
            actor=actor(request), purpose="content by API", payload=payload, subject=document.subject
        )
        return Response(
            {"id": document.pk, "transaction_set": document.transaction_set, "content": translation.content}
        )

    def bytes_of(self, request: Request, document: Document) -> HttpResponseBase:
        """Answer with the document's own bytes."""
        try:
            data = store.open(document.interchange.payload, actor=actor(request), purpose="bytes by API")
        except PayloadDestroyed as error:
            raise Problem(status.HTTP_410_GONE, "content_destroyed", str(error)) from error
        except PayloadDamaged as error:
            raise Problem(
                status.HTTP_503_SERVICE_UNAVAILABLE,
                "content_damaged",
                f"{error} An administrator has to look at it.",
            ) from error
        own = data[document.offset : document.offset + document.length]
        return HttpResponse(own, content_type="application/octet-stream")


def row_tag(told: Changed, wanted: Asked) -> str:
    """Return the entity tag of one row as it is now."""
    return f'"{_digest([str(wanted.epoch), wanted.resource.name, told.row, told.place.changed_xid, _names(wanted)])}"'


def _list_tag(wanted: Asked, found: Page) -> str:
    """Return the tag of a page: a weak one, ``complete_until`` goes on while nothing changes."""
    rows = [[row.pk, row.told.place.changed_xid] for row in found.rows]
    place = [found.reached.changed_xid, found.reached.row, found.goes_on]
    return f'W/"{_digest([str(wanted.epoch), wanted.resource.name, rows, place, _names(wanted)])}"'


def _names(wanted: Asked) -> list[str]:
    return sorted(wanted.chosen or ())


def _digest(told: Any) -> str:
    return hashlib.sha256(json.dumps(told).encode()).hexdigest()[:32]


def matches(request: Request, tag: str) -> bool:
    """Say whether whoever asks has what ``tag`` names (``If-None-Match``)."""
    told = [each.strip().removeprefix("W/") for each in request.headers.get("If-None-Match", "").split(",")]
    return tag.removeprefix("W/") in told or "*" in told


def format_of(request: Request) -> str:
    """Return how a list is answered: ``json``, or one of ``FORMATS``. Raises ``Problem`` where there is no such format."""
    named = request.query_params.get("format")
    if named is not None:
        if named not in ("json", *FORMATS):
            raise problems.bad_parameter("format", f"give one of json, {', '.join(FORMATS)}.")
        return named
    accepted = [each.partition(";")[0].strip() for each in request.headers.get("Accept", "*/*").split(",")]
    for each in accepted:
        if each in ("application/json", "application/*", "*/*"):
            return "json"
        for name, media_type in FORMATS.items():
            if each == media_type:
                return name
    raise Problem(
        status.HTTP_406_NOT_ACCEPTABLE,
        "not_acceptable",
        f"There is application/json, {', '.join(FORMATS.values())}.",
    )
