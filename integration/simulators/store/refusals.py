"""Refusals in the API's own words: V2 a list of one message, V3 an object.

Sources: the published ``orders.v2``, ``orders.v3``, ``customers.v3`` and ``webhooks.v3`` descriptions; answers that
integrators pasted into public issues: bigcommerce-api-php 160 (401 of V2), bigcommerce-api-python 59 (413), 82 (400)
and 116 (429 of V2 has no body), api-specs 229 (400), bigcommerce-api-client 13 (405 of V3), nango 7026 (403, the same on
every path). Nowhere published are the V2 bodies of 405 and 415; they follow the V3 ones.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from integration.simulators.store.exchange import Answer

SHORT_TYPE = "/api-docs/getting-started/api-status-codes"
PROBLEM_TYPE = f"https://developer.bigcommerce.com{SHORT_TYPE}"


class Refusal(Exception):
    """A request that is answered with ``answer`` instead of what it asked for."""

    def __init__(self, answer: Answer) -> None:
        super().__init__(f"{answer.status} {answer.data}")
        self.answer = answer


def v2_error(status: int, message: str, details: Mapping[str, Any] | None = None) -> Refusal:
    """Return a refusal of V2."""
    told: dict[str, Any] = {"status": status, "message": message}
    if details is not None:
        told["details"] = dict(details)
    return Refusal(Answer(status, [told]))


def v3_error(status: int, title: str, errors: Mapping[str, str] | None = None) -> Refusal:
    """Return a refusal of V3, with ``errors`` by field."""
    told = {"status": status, "title": title, "type": PROBLEM_TYPE, "errors": dict(errors or {})}
    return Refusal(Answer(status, told))


def read_only(name: str) -> Refusal:
    """Refuse a V2 field that may only be read."""
    return v2_error(
        400,
        f"The field '{name}' cannot be written to. Please remove it from your request before trying again.",
    )


def unknown(name: str) -> Refusal:
    """Refuse a V2 field or parameter that does not exist."""
    return v2_error(400, f"The field '{name}' is not supported by this resource.")


def invalid(name: str, reason: str) -> Refusal:
    """Refuse the value of a V2 field or parameter."""
    return v2_error(400, f"The field '{name}' is invalid.", {"invalid_reason": reason})


def unauthorized(path: str) -> Refusal:
    """Refuse a request without the store's token."""
    if path.startswith("/v2/"):
        return v2_error(401, "No credentials were supplied in the request.")
    title = (
        "Unauthorized - the v3 Auth client ID or token in the request are not a valid combination for this"
        " store."
    )
    return hook_error(401, title)


def forbidden() -> Refusal:
    """Refuse a request that the token's scopes do not cover; V2 and V3 say so alike."""
    return v3_error(403, "You don't have a required scope to access the endpoint")


def hook_error(status: int, title: str, errors: Mapping[str, str] | None = None) -> Refusal:
    """Return a refusal as those of hooks are: without ``errors`` where there are none."""
    told: dict[str, Any] = {"status": status, "title": title, "type": SHORT_TYPE}
    if errors is not None:
        told["errors"] = dict(errors)
    return Refusal(Answer(status, told))


def hook_not_found(number: int) -> Refusal:
    """Refuse a request for a hook that is not there."""
    return hook_error(404, f"Webhook with id [{number}] not found")


def strange_filters(names: Sequence[str]) -> Refusal:
    """Refuse parameters that a V3 list does not have."""
    return v3_error(422, f"The filter(s): {', '.join(names)} are not valid filter parameter(s).")


def not_found(path: str) -> Refusal:
    """Refuse a request for something that is not there."""
    if path.startswith("/v2/"):
        return v2_error(404, "The requested resource was not found.")
    return v3_error(404, "The resource was not found.")


def wrong_method(path: str) -> Refusal:
    """Refuse a method that the path does not take."""
    detail = "The requested HTTP method is invalid for this endpoint."
    if path.startswith("/v2/"):
        return v2_error(405, detail)
    return _with_detail(405, "Method Not Allowed", detail)


def wrong_content_type(path: str) -> Refusal:
    """Refuse a body that does not say that it is JSON."""
    message = "The content type of the request is not supported."
    return v2_error(415, message) if path.startswith("/v2/") else v3_error(415, message)


def no_json(path: str) -> Refusal:
    """Refuse a body that is not a JSON object."""
    if path.startswith("/v2/"):
        return v2_error(400, "Input is invalid: the body is not a JSON object.")
    if path.startswith("/v3/hooks"):
        return hook_error(400, "Input is invalid.")
    return _with_detail(400, "Input is invalid", "Syntax error")


def too_many_requests(path: str) -> Refusal:
    """Refuse a request beyond the quota."""
    if path.startswith("/v2/"):
        return Refusal(Answer(429))
    return v3_error(429, "Too many requests")


def not_simulated(path: str, name: str) -> Refusal:
    """Refuse what the real store does and this one does not: said openly rather than reckoned wrongly."""
    message = f"The simulated store does not do '{name}'; the real one does."
    return v2_error(501, message) if path.startswith("/v2/") else v3_error(501, message)


def _with_detail(status: int, title: str, detail: str) -> Refusal:
    return Refusal(Answer(status, {"status": status, "title": title, "type": PROBLEM_TYPE, "detail": detail}))
