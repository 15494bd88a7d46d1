"""What a browser may do on our pages: nothing that a partner's or customer's text could bring along."""

from __future__ import annotations

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.utils.deprecation import MiddlewareMixin

# The theme's scripts are files of our own, but Alpine, which it is built with, evaluates its attributes; and it sets
# styles on elements. Scripts written into a page, and any from elsewhere, are blocked.
POLICY = "; ".join(
    [
        "default-src 'self'",
        "script-src 'self' 'unsafe-eval'",
        "style-src 'self' 'unsafe-inline'",
        "img-src 'self' data:",
        "object-src 'none'",
        "base-uri 'none'",
        "form-action 'self'",
        "frame-ancestors 'none'",
    ]
)


class ContentSecurityPolicyMiddleware(MiddlewareMixin):
    """Adds the policy to every answer that has none of its own."""

    def process_response(self, request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
        """Return the answer with the policy."""
        response.headers.setdefault("Content-Security-Policy", POLICY)
        return response
