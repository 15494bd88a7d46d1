"""Sessions end: after some time without use, and a working day after the log-in whatever was done."""

from __future__ import annotations

from collections.abc import Callable

from django.conf import settings
from django.contrib import messages
from django.contrib.auth import logout
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.translation import gettext

BEGAN, USED = "began_at", "used_at"
NOTED_EVERY = 60
"""Seconds; a session is not written for each click."""

# Pages ask by themselves whether something has changed: that nobody is there does not become use by it.
BY_ITSELF = "X-By-Itself"


class TimeOutMiddleware:
    """Logs out whom nobody has seen for ``SESSION_IDLE_MINUTES``, and everybody after ``SESSION_HOURS``."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Answer; whoever is logged out is led to the login page, which says why, and back from there."""
        if request.session.session_key and request.user.is_authenticated:
            _look(request)
        return self.get_response(request)


def _look(request: HttpRequest) -> None:
    now = int(timezone.now().timestamp())
    began = request.session.setdefault(BEGAN, now)
    used = request.session.setdefault(USED, now)
    if now - began >= settings.SESSION_HOURS * 3600:
        _end(
            request,
            gettext("You were logged in for %(hours)s hours. Log in again to go on.")
            % {"hours": settings.SESSION_HOURS},
        )
    elif now - used >= settings.SESSION_IDLE_MINUTES * 60:
        _end(
            request,
            gettext("You were logged out after %(minutes)s minutes without use. Log in to go on.")
            % {"minutes": settings.SESSION_IDLE_MINUTES},
        )
    elif now - used >= NOTED_EVERY and BY_ITSELF not in request.headers:
        request.session[USED] = now


def _end(request: HttpRequest, why: str) -> None:
    logout(request)
    messages.info(request, why)
