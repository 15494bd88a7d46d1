"""Times in the zone of whoever looks; each is shown with its zone's name."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from zoneinfo import ZoneInfo, available_timezones

from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from portal.access import access_of


class TimeZoneMiddleware:
    """Makes each page in the time zone that its reader chose, or the portal's."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Answer in the reader's zone."""
        with timezone.override(zone_of(request)):
            return self.get_response(request)


def zone_of(request: HttpRequest) -> ZoneInfo | None:
    """Return the zone that the user chose; None where they chose none, or none that there is any more."""
    # Who has no session asks for nothing that has times in it.
    access = access_of(request.user) if request.session.session_key else None
    name = access.time_zone if access is not None else ""
    return ZoneInfo(name) if name in zone_names() else None


@cache
def zone_names() -> tuple[str, ...]:
    """Return every zone that may be chosen, by continent and place."""
    return tuple(sorted(name for name in available_timezones() if "/" in name or name == "UTC"))
