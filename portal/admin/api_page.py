"""The page that tells staff what programs may read, how they ask, and what to give to a reporting tool."""

from __future__ import annotations

from collections.abc import Sequence

from django.conf import settings
from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils.translation import gettext

from portal.admin.api_recipes import AIRBYTE, POWER_QUERY, curl
from portal.admin.base import Crumb
from portal.admin.verbs import person
from portal.api.resources import BY_NAME, READABLE, RESOURCES
from portal.api.tokens import ISSUE_TOKENS

ROOT = "/api/v1/"
IN_THE_SHELL = "$GRIDPORT_TOKEN"


def base_address(request: HttpRequest) -> str:
    """Return the address below which everything is read, as whoever looks reached the portal."""
    return request.build_absolute_uri(ROOT)


def curl_lines(request: HttpRequest, token: str, names: Sequence[str]) -> list[tuple[str, str]]:
    """Return some requests that ``token`` may ask, with what each is for."""
    known = [READABLE[name] for name in names if name in READABLE] or [RESOURCES[0]]
    first = min(known, key=lambda each: each.name not in BY_NAME)
    return curl(base_address(request), token, first.path, has_cursor=first.name in BY_NAME)


def api_page(request: HttpRequest) -> HttpResponse:
    """Tell how programs ask."""
    request.current_app = admin.site.name
    base = base_address(request)
    user = person(request)
    title = gettext("API")
    context = {
        **admin.site.each_context(request),
        "title": title,
        "crumbs": [Crumb(title)],
        "base": base,
        "lines": curl_lines(request, IN_THE_SHELL, ["orders"]),
        "recipes": [
            ("Power BI", "power-bi", POWER_QUERY.replace("BASE", base)),
            ("Airbyte", "airbyte", AIRBYTE.replace("BASE", base)),
        ],
        "a_minute": settings.API_REQUESTS_A_MINUTE,
        "resources": [(f"{ROOT}{each.path}/", each.title) for each in READABLE.values()],
        "may_issue": user.has_perm(ISSUE_TOKENS),
        "may_see_exports": user.has_perm("portal.view_export"),
        "may_see_tokens": user.has_perm("portal.view_apitoken"),
    }
    return TemplateResponse(request, "portal/api.html", context)
