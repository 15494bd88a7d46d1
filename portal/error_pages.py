"""What a browser is shown where there is no page: what happened, and what to do next.

Machines ask hooks and health; a browser asks the rest, and says so in ``Accept``. Whoever does not is told in a line.
"""

from __future__ import annotations

from dataclasses import dataclass

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy

from archive.correlation import current_correlation_id


@dataclass(frozen=True)
class Trouble:
    """One kind of answer that is no page."""

    status: int
    title: str | Promise
    text: str | Promise


NOT_FOUND = Trouble(
    404,
    gettext_lazy("This page is not here"),
    gettext_lazy(
        "The address may be mistyped, or what it showed is not yours to look at. Search for the number that you have."
    ),
)
FORBIDDEN = Trouble(
    403,
    gettext_lazy("This is not yours to do"),
    gettext_lazy("Your role does not include it. An administrator can change that under Users."),
)
STALE_FORM = Trouble(
    403,
    gettext_lazy("This form is too old"),
    gettext_lazy(
        "It was opened before you last logged in, or cookies are switched off. Go back, reload the page and send it again."
    ),
)
BAD_REQUEST = Trouble(
    400,
    gettext_lazy("This request cannot be read"),
    gettext_lazy("Nothing was done. Go back, reload the page and try again."),
)
BROKEN = Trouble(
    500,
    gettext_lazy("Something went wrong here"),
    gettext_lazy(
        "Nothing was half done. Try again; if it stays so, give this number to whoever looks after Gridport."
    ),
)

UNRECORDED = Trouble(
    503,
    gettext_lazy("Nothing is shown"),
    gettext_lazy(
        "Who reads what is recorded before anything is shown, and just now it cannot be recorded. Nothing was changed. Try again in a"
        " minute; if it stays so, tell whoever looks after Gridport that the database takes no rows."
    ),
)


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Answer 404."""
    return _answer(request, NOT_FOUND)


def forbidden(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Answer 403."""
    return _answer(request, FORBIDDEN)


def stale_form(request: HttpRequest, reason: str = "") -> HttpResponse:
    """Answer 403 to a form without its token."""
    return _answer(request, STALE_FORM)


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Answer 400."""
    return _answer(request, BAD_REQUEST)


def broken(request: HttpRequest) -> HttpResponse:
    """Answer 500 without the database, which may be what is broken."""
    return _answer(request, BROKEN)


def unrecorded(request: HttpRequest) -> HttpResponse:
    """Answer 503 without the database, which takes no rows."""
    answer = _answer(request, UNRECORDED)
    answer["Retry-After"] = "30"
    answer["Cache-Control"] = "no-store"
    return answer


def _answer(request: HttpRequest, trouble: Trouble) -> HttpResponse:
    number = current_correlation_id() if trouble is BROKEN else ""
    title, text = str(trouble.title), str(trouble.text)
    if "text/html" not in request.headers.get("Accept", ""):
        line = f"{title}. {text} {number}".rstrip()
        return HttpResponse(f"{line}\n", status=trouble.status, content_type="text/plain; charset=utf-8")
    shown = {"title": title, "text": text, "number": number}
    user = getattr(request, "user", None)
    if trouble not in (BROKEN, UNRECORDED) and user is not None and user.is_active and user.is_staff:
        context = admin.site.each_context(request) | shown
        return HttpResponse(render_to_string("portal/error.html", context, request), status=trouble.status)
    return HttpResponse(render_to_string("portal/error_bare.html", shown), status=trouble.status)
