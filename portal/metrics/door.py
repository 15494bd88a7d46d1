"""Who may read figures: whoever brings the token of the settings."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseNotFound
from django.utils.crypto import constant_time_compare

View = Callable[[HttpRequest], HttpResponse]


def behind_token(view: View) -> View:
    """Answer 404 where METRICS_TOKEN is not set, and 401 without it as ``Authorization: Bearer …``."""

    @wraps(view)
    def guarded(request: HttpRequest) -> HttpResponse:
        wanted = settings.METRICS_TOKEN
        if not wanted:
            return HttpResponseNotFound(
                "METRICS_TOKEN is not set.\n", content_type="text/plain; charset=utf-8"
            )
        scheme, _, given = request.headers.get("Authorization", "").partition(" ")
        if scheme.lower() == "bearer" and constant_time_compare(given.strip(), wanted):
            return view(request)
        return HttpResponse(
            "Send the token of METRICS_TOKEN as “Authorization: Bearer …”.\n",
            status=401,
            content_type="text/plain; charset=utf-8",
            headers={"WWW-Authenticate": 'Bearer realm="gridport"'},
        )

    return guarded
