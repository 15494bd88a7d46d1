"""The address that a store calls when something changes: checked, stored, and answered at once."""

from __future__ import annotations

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from integration.flows.backpressure import is_full
from integration.flows.hooks import Verdict, take
from portal.hooks.door import LONGEST_BODY

RETRY_AFTER = "300"
"""Seconds that a caller is asked to wait while more work waits than fits; the poll finds what he had to say."""

_STATUS = {Verdict.TAKEN: 200, Verdict.REPEATED: 200, Verdict.STRANGER: 401, Verdict.ELSEWHERE: 403}


@csrf_exempt
@require_POST
def bigcommerce(request: HttpRequest, key: str) -> HttpResponse:
    """Take a call of a BigCommerce store. Answers have no content: a stranger learns nothing from them."""
    if settings.SECURE_SSL_REDIRECT and not request.is_secure():
        return HttpResponse(status=403)
    if _told_length(request) > LONGEST_BODY or len(request.body) > LONGEST_BODY:
        return HttpResponse(status=413)
    if request.content_type != "application/json":
        return HttpResponse(status=415)
    if is_full("orders"):
        return HttpResponse(status=503, headers={"Retry-After": RETRY_AFTER})
    headers = {name.lower(): value for name, value in request.headers.items()}
    return HttpResponse(status=_STATUS[take(key, headers, request.body)])


def _told_length(request: HttpRequest) -> int:
    told = request.META.get("CONTENT_LENGTH") or "0"
    return int(told) if str(told).isdecimal() else 0
