"""What the store answered, as errors of the integration. Sentences are for staff; tokens and bodies never appear.

V2 answers a refusal with ``[{"status", "message", "details"}]``, V3 with ``{"status", "title", "errors": {…}}`` (stock:
``detail``), refunds with these inside ``data``, batches of variants inside ``batch_errors``; proxies before the store answer with web pages.
"""

from __future__ import annotations

import json
from datetime import timedelta
from ssl import SSLCertVerificationError

import requests
from urllib3.exceptions import MaxRetryError, NewConnectionError, SSLError

from integration.bigcommerce.fields import BrokenAnswer
from integration.errors import (
    ConfigurationError,
    IntegrationError,
    PermanentError,
    RateLimited,
    RetryableError,
)

__all__ = [
    "BrokenAnswer",
    "NotFound",
    "Refused",
    "ScopeMissing",
    "TokenRefused",
    "connection_failed",
    "no_data",
    "out_of_time",
    "refusal",
    "too_many_requests",
]


class NotFound(PermanentError):
    """The store has no such thing (404)."""


class TokenRefused(ConfigurationError):
    """The store does not know our token (401)."""


class ScopeMissing(ConfigurationError):
    """The store knows our token, and the token may not do this (403)."""


class Refused(PermanentError):
    """The store understood and refused (400, 409, 413, 422 …); ``status`` is its HTTP status."""

    def __init__(self, sentence: str, status: int) -> None:
        super().__init__(sentence)
        self.status = status


def connection_failed(what: str, error: requests.RequestException, *, writes: bool) -> IntegrationError:
    """The answer never came; a write may have been carried out all the same, unless it was never sent."""
    if isinstance(error, requests.exceptions.InvalidURL | requests.exceptions.InvalidSchema):
        return ConfigurationError(
            f"The store's API address cannot be used ({what}). Correct it on the store's page."
        )
    never_sent = _never_sent(error)
    if isinstance(error, requests.Timeout) and not never_sent:
        how = "did not answer in time"
    elif never_sent:
        how = "could not be reached"
    else:
        how = "broke the connection off"
    return RetryableError(
        f"The store {how} ({what}). It is tried again by itself.", ambiguous=writes and not never_sent
    )


def _never_sent(error: requests.RequestException) -> bool:
    if isinstance(error, requests.ConnectTimeout):
        return True
    cause = error.args[0] if error.args else None
    reason = cause.reason if isinstance(cause, MaxRetryError) else None
    if isinstance(reason, SSLError) and reason.args:
        # Other faults of TLS come as well when the request is out already.
        return isinstance(reason.args[0], SSLCertVerificationError)
    return isinstance(reason, NewConnectionError)


def out_of_time(what: str, *, writes: bool) -> RetryableError:
    """Gridport hung up: the answer went on coming for too long, or no time was left to ask."""
    return RetryableError(
        f"The store took too long, so Gridport hung up ({what}). It is tried again by itself; if it goes on, look"
        " whether the line to the store is slow or something between keeps its answers back.",
        ambiguous=writes,
    )


def no_data(what: str, response: requests.Response, *, writes: bool) -> RetryableError:
    """An answer without the data that belongs in it."""
    kind = response.headers.get("Content-Type", "").split(";")[0].strip()
    if not response.content:
        found = "nothing"
    elif _is_web_page(response):
        found = "a web page"
    else:
        found = f"something that cannot be read ({kind[:60] or 'of no stated type'})"
    return RetryableError(
        f"The store answered with {found} instead of data ({what}, HTTP {response.status_code}). It is tried again by"
        " itself; if it goes on, look whether the store is down for maintenance and its API address is right.",
        ambiguous=writes,
    )


def too_many_requests(what: str, wait: timedelta | None) -> RateLimited:
    """429: the store's quota, which all its apps share, is used up."""
    return RateLimited(
        f"The store's request limit is used up for the moment ({what}). It is tried again by itself.",
        retry_after=wait,
    )


def refusal(what: str, response: requests.Response, *, writes: bool) -> IntegrationError:
    """Return the error for a status of 300 and above other than 429."""
    status = response.status_code
    if status == 401:
        return TokenRefused(
            f"The store refused our API token ({what}). Make a new token in the store's API accounts and enter it on"
            " the store's page."
        )
    if status == 403:
        return ScopeMissing(
            f"The store's API token may not do this ({what}): a scope is missing. Add the scope to the API account in"
            " the store."
        )
    if status in (301, 308):
        return ConfigurationError(
            f"The store's API has another address ({what}, HTTP {status}). Correct it on the store's page."
        )
    if status < 400 or (status == 404 and _is_web_page(response)):
        return no_data(what, response, writes=writes)
    said = _message(response)
    if status == 404:
        return NotFound(f"The store does not have it ({what}).")
    if status == 503 and "suspended" in said.lower():
        return ConfigurationError(
            f"The store is suspended ({what}). Settle with BigCommerce why, then let it be tried again."
        )
    if status >= 500 or status == 408:
        return RetryableError(
            f"The store had a fault of its own ({what}, HTTP {status}{said}). It is tried again by itself.",
            ambiguous=writes,
        )
    return Refused(f"The store refused ({what}, HTTP {status}{said}).", status)


def _is_web_page(response: requests.Response) -> bool:
    return "html" in response.headers.get("Content-Type", "").lower() or response.content.lstrip()[
        :1
    ].startswith(b"<")


def _message(response: requests.Response) -> str:
    """Return the store's own words as ``: …``, or ``""``."""
    try:
        body = json.loads(response.content)
    except (ValueError, RecursionError):
        return ""
    for name in ("data", "batch_errors"):
        if isinstance(body, dict) and isinstance(body.get(name), list) and "title" not in body:
            body = body[name]
    texts = [text for each in (body if isinstance(body, list) else [body]) for text in _words(each)]
    # A cut, so that a store's long answer does not fill a page of ours; no control characters.
    said = " ".join("; ".join(dict.fromkeys(texts)).split())[:300]
    return f": {''.join(letter for letter in said if letter.isprintable())}" if said else ""


def _words(answer: object) -> list[str]:
    if not isinstance(answer, dict):
        return []
    errors = answer.get("errors")
    details = answer.get("details")
    found = [answer.get("message"), answer.get("title"), answer.get("detail")]
    found += list(errors.values()) if isinstance(errors, dict) else []
    found += [details.get("invalid_reason")] if isinstance(details, dict) else []
    return [each for each in found if isinstance(each, str) and each]
