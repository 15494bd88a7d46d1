"""The description of the API, served: as an OpenAPI file, and as a page to look through and try."""

from __future__ import annotations

from functools import cache
from typing import Any

from django.contrib.admin.views.decorators import staff_member_required
from django.contrib.auth.models import User
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_GET
from drf_spectacular.generators import SchemaGenerator
from rest_framework.request import Request
from rest_framework.response import Response

from portal.api.asking import TokenAuthentication
from portal.api.views import ApiView

OPENAPI = "application/vnd.oai.openapi+json"


class TokenOrSession(TokenAuthentication):
    """A token, or staff who are logged in: what is described is no secret, and nothing is done by it."""

    def authenticate(self, request: Request) -> Any:
        """Return who asks. Raises ``Problem`` as for a token where nobody is logged in."""
        user = request._request.user
        if isinstance(user, User) and user.is_active and user.is_staff and not _gives_token(request):
            return user, None
        return super().authenticate(request)


def _gives_token(request: Request) -> bool:
    return any(name in request.headers for name in ("Authorization", "X-API-Key"))


class SchemaView(ApiView):
    """OpenAPI 3.1 of every address."""

    authentication_classes = (TokenOrSession,)
    permission_classes = ()
    schema = None

    def get(self, request: Request) -> Response:
        """Answer with the description."""
        return Response(described(), content_type=OPENAPI)


@cache
def described() -> Any:
    """Return the description; it changes with the program alone."""
    return SchemaGenerator().get_schema(request=None, public=True)  # type: ignore[no-untyped-call]


@require_GET
@staff_member_required
def docs_page(request: HttpRequest) -> HttpResponse:
    """Show the description, with a form for each address; a token that is entered there stays in the page."""
    return render(request, "portal/api_docs.html", {"schema_url": reverse("api:schema")})
