"""How the API refuses: ``application/problem+json`` (RFC 9457) with a code that stays as it is."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from http import HTTPStatus
from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import Http404
from rest_framework import exceptions, status
from rest_framework.response import Response
from rest_framework.views import set_rollback

from archive.store import NotRecorded

CONTENT_TYPE = "application/problem+json"

TITLES = {
    "token_missing": "No token",
    "token_invalid": "The token is not known",
    "token_expired": "The token is over",
    "token_revoked": "The token was revoked",
    "token_in_address": "A token in the address",
    "address_refused": "Not from this address",
    "https_required": "Not without encryption",
    "scope_missing": "The token is not for this",
    "right_missing": "The token's user may not",
    "not_found": "Not there",
    "method_not_allowed": "Not with this method",
    "not_acceptable": "Not in this format",
    "media_type_unsupported": "Not understood in this format",
    "parameter_unknown": "Unknown parameter",
    "parameter_invalid": "Parameter not understood",
    "cursor_invalid": "Not a cursor of ours",
    "cursor_over": "The cursor is over",
    "too_many_rows": "Too many rows",
    "too_many_requests": "Too many requests",
    "body_invalid": "Body not understood",
    "key_missing": "No idempotency key",
    "key_reused": "Idempotency key used for something else",
    "changed_meanwhile": "Changed meanwhile",
    "refused": "Refused",
    "not_recorded": "The reading could not be recorded",
    "content_destroyed": "The content was destroyed",
    "content_damaged": "The content cannot be opened",
    "content_missing": "There is no content",
    "too_many_exports": "Too many exports",
    "export_not_ready": "The export is not ready",
    "export_ended": "The export ended without a file",
    "export_removed": "The file was removed",
}
"""Every code, and its title. What a code says is never changed; new ones may come."""

_OF_FRAMEWORK: Mapping[type[exceptions.APIException], str] = {
    exceptions.NotFound: "not_found",
    exceptions.MethodNotAllowed: "method_not_allowed",
    exceptions.NotAcceptable: "not_acceptable",
    exceptions.UnsupportedMediaType: "media_type_unsupported",
    exceptions.ParseError: "body_invalid",
    exceptions.ValidationError: "body_invalid",
    exceptions.NotAuthenticated: "token_missing",
    exceptions.PermissionDenied: "right_missing",
    exceptions.Throttled: "too_many_requests",
}


class Problem(exceptions.APIException):
    """One refusal: its status, its code, a sentence that says what to do, and what it is about by name."""

    def __init__(self, status_code: int, code: str, detail: str, **errors: str) -> None:
        super().__init__(detail, code)
        self.status_code = status_code
        self.code = code
        self.errors = errors


class Unauthenticated(Problem, exceptions.AuthenticationFailed):
    """Who asks is not known; the answer says how to ask (``WWW-Authenticate``)."""

    def __init__(self, code: str, detail: str) -> None:
        Problem.__init__(self, status.HTTP_401_UNAUTHORIZED, code, detail)


def unknown_parameters(unknown: Sequence[str], known: Iterable[str]) -> Problem:
    """Return the refusal of parameters that an address does not have."""
    return Problem(
        status.HTTP_400_BAD_REQUEST,
        "parameter_unknown",
        f"There is no parameter {', '.join(unknown)} here. There are {', '.join(sorted(known))}.",
        **dict.fromkeys(unknown, "unknown"),
    )


def bad_parameter(name: str, detail: str) -> Problem:
    """Return the refusal of a parameter's value."""
    return Problem(status.HTTP_400_BAD_REQUEST, "parameter_invalid", f"{name}: {detail}", **{name: detail})


def not_found() -> Problem:
    """Return what is said of a row that is not there, or not for who asks."""
    return Problem(
        status.HTTP_404_NOT_FOUND, "not_found", "There is nothing under this address, or not for this token."
    )


def answer(error: Exception, context: Mapping[str, Any]) -> Response | None:
    """Return the answer to ``error``; None leaves it to Django, which records it and answers 500."""
    if isinstance(error, Http404):
        error = exceptions.NotFound()
    elif isinstance(error, PermissionDenied):
        error = exceptions.PermissionDenied()
    elif isinstance(error, NotRecorded):
        error = Problem(
            status.HTTP_503_SERVICE_UNAVAILABLE,
            "not_recorded",
            "Who reads could not be recorded, so nothing is shown. Try again in a minute.",
        )
    if not isinstance(error, exceptions.APIException):
        return None
    set_rollback()
    response = Response(_body(error), error.status_code, headers=_headers(error), content_type=CONTENT_TYPE)
    response.exception = True
    return response


def problem_body(status_code: int, code: str, detail: str, **errors: Any) -> dict[str, Any]:
    """Return the body of a refusal, as JSON holds it."""
    body: dict[str, Any] = {
        "type": "about:blank",
        "title": TITLES.get(code, HTTPStatus(status_code).phrase),
        "status": status_code,
        "code": code,
        "detail": detail,
    }
    if errors:
        body["errors"] = [{"name": name, "detail": said} for name, said in errors.items()]
    return body


def _body(error: exceptions.APIException) -> dict[str, Any]:
    if isinstance(error, Problem):
        return problem_body(error.status_code, error.code, str(error.detail), **error.errors)
    code = next((code for kind, code in _OF_FRAMEWORK.items() if isinstance(error, kind)), "refused")
    if isinstance(error, exceptions.ValidationError):
        errors = _flat(error.detail)
        return problem_body(
            error.status_code, code, " ".join(f"{k}: {v}" for k, v in errors.items()), **errors
        )
    return problem_body(error.status_code, code, str(error.detail))


def _flat(detail: Any, path: str = "") -> dict[str, str]:
    """Return what is wrong with a body, by where it stands: ``lines.0.quantity``."""
    if isinstance(detail, Mapping):
        found: dict[str, str] = {}
        for name, below in detail.items():
            found |= _flat(below, f"{path}.{name}" if path else str(name))
        return found
    if isinstance(detail, list) and any(isinstance(each, Mapping | list) for each in detail):
        found = {}
        for place, below in enumerate(detail):
            if below:
                found |= _flat(below, f"{path}.{place}" if path else str(place))
        return found
    said = " ".join(map(str, detail)) if isinstance(detail, list) else str(detail)
    return {path or "body": said}


def _headers(error: exceptions.APIException) -> dict[str, str]:
    headers = {}
    if header := getattr(error, "auth_header", None):
        headers["WWW-Authenticate"] = header
    if (wait := getattr(error, "wait", None)) is not None:
        headers["Retry-After"] = str(int(wait))
    return headers
