"""Requests run under the id that they bring, if it is one, and answers of every kind carry it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator

import pytest
from django.http import FileResponse, HttpRequest, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.test import RequestFactory

from archive.correlation import current_correlation_id
from portal.logs import CorrelationMiddleware
from tests.conftest import ROOT

TRACE = "0af7651916cd43dd8448eb211c80319c"
UUID = "5F0D9A0C-4F6E-4B6E-9E7B-2F1E1A7C9D10"


def seen(request: HttpRequest) -> HttpResponse:
    return HttpResponse(current_correlation_id())


def asked(**headers: str) -> tuple[str, str, str]:
    """Return what the request ran under, and the two headers of the answer."""
    answer = CorrelationMiddleware(seen)(RequestFactory(headers=headers).get("/"))
    assert isinstance(answer, HttpResponse)
    return answer.content.decode(), answer["X-Correlation-Id"], answer["X-Request-Id"]


@pytest.mark.parametrize(
    ("headers", "kept", "returned"),
    [
        ({"X-Request-Id": "req_7.A-9"}, "req_7.A-9", "req_7.A-9"),
        ({"X-Request-Id": UUID}, UUID.replace("-", "").lower(), UUID),
        ({"traceparent": f"00-{TRACE}-b7ad6b7169203331-01"}, TRACE, TRACE),
        ({"traceparent": f"00-{TRACE}-b7ad6b7169203331-01", "X-Request-Id": "a" * 32}, "a" * 32, "a" * 32),
        ({"traceparent": f"00-{TRACE}-b7ad6b7169203331-01", "X-Request-Id": "a b"}, TRACE, TRACE),
    ],
)
def test_a_well_formed_id_is_taken(headers: dict[str, str], kept: str, returned: str) -> None:
    assert asked(**headers) == (kept, kept, returned)


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"X-Request-Id": "short"},
        {"X-Request-Id": "a" * 33},
        {"X-Request-Id": "line\nbreak-in-it"},
        {"X-Request-Id": "{jndi:ldap://x}"},
        {"X-Request-Id": "números-ñandú"},
        {"traceparent": f"ff-{TRACE}-b7ad6b7169203331-01"},
        {"traceparent": f"00-{'0' * 32}-b7ad6b7169203331-01"},
        {"traceparent": f"00-{TRACE}-{'0' * 16}-01"},
        {"traceparent": f"00-{TRACE.upper()}-b7ad6b7169203331-01"},
        {"traceparent": TRACE},
    ],
)
def test_any_other_is_answered_under_a_fresh_one(headers: dict[str, str]) -> None:
    kept, correlation, returned = asked(**headers)
    assert kept == correlation == returned
    assert len(kept) == 32
    assert int(kept, 16)
    assert kept not in str(headers)
    assert asked(**headers)[0] != kept


def test_what_streams_is_made_under_the_id_and_leaves_none_behind() -> None:
    def pieces() -> Iterator[str]:
        for _ in range(2):
            yield current_correlation_id() + " "

    def streaming(request: HttpRequest) -> HttpResponseBase:
        return StreamingHttpResponse(pieces())

    answer = CorrelationMiddleware(streaming)(RequestFactory(headers={"X-Request-Id": "stream-1"}).get("/"))
    assert isinstance(answer, StreamingHttpResponse)
    first, *rest = answer
    assert current_correlation_id() == ""
    assert (first, *rest) == (b"stream-1 ", b"stream-1 ")
    assert answer["X-Request-Id"] == "stream-1"


def test_an_asynchronous_stream_likewise() -> None:
    async def pieces() -> AsyncIterator[str]:
        for _ in range(2):
            yield current_correlation_id() + " "

    async def streaming(request: HttpRequest) -> HttpResponseBase:
        return StreamingHttpResponse(pieces())

    async def ask() -> tuple[list[bytes], str]:
        served = CorrelationMiddleware(streaming)(
            RequestFactory(headers={"X-Request-Id": "stream-2"}).get("/")
        )
        answer = await served  # type: ignore[misc]
        return [piece async for piece in answer], answer["X-Correlation-Id"]

    assert asyncio.run(ask()) == ([b"stream-2 ", b"stream-2 "], "stream-2")


def test_a_file_is_given_out_whole_and_closed() -> None:
    path = ROOT / "manage.py"
    file = path.open("rb")

    def download(request: HttpRequest) -> HttpResponseBase:
        return FileResponse(file)

    answer = CorrelationMiddleware(download)(RequestFactory().get("/"))
    assert isinstance(answer, FileResponse)
    assert b"".join(answer) == path.read_bytes()  # type: ignore[arg-type]
    answer.close()
    assert file.closed
    assert len(answer["X-Request-Id"]) == 32
