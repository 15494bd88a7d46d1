"""Files too large for memory as answers: piece by piece, under ASGI too."""

from __future__ import annotations

from collections.abc import AsyncIterator

from asgiref.sync import sync_to_async
from django.core.handlers.asgi import ASGIRequest
from django.http import HttpRequest, StreamingHttpResponse

from portal.admin.content import safe_name
from portal.evidence.making import Made


def as_streamed_attachment(request: HttpRequest, made: Made, content_type: str) -> StreamingHttpResponse:
    """Answer with a pack to be kept and not shown; it is closed with the answer, however much of it was taken."""
    pieces = _Served(made) if isinstance(request, ASGIRequest) else made
    response = StreamingHttpResponse(pieces, content_type=content_type)
    response["Content-Length"] = str(made.size)
    response["Content-Disposition"] = f'attachment; filename="{safe_name(made.name)}"'
    response["Content-Security-Policy"] = "sandbox"
    response["Cache-Control"] = "no-store"
    return response


class _Served:
    """The pieces as the server takes them: given an ordinary iterator, it would read all of it first."""

    def __init__(self, made: Made) -> None:
        self.close = made.close
        self._pieces = iter(made)

    async def __aiter__(self) -> AsyncIterator[bytes]:
        while (piece := await sync_to_async(self._next)()) is not None:
            yield piece

    def _next(self) -> bytes | None:
        return next(self._pieces, None)
