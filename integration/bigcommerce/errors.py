"""What the store answered, as errors of the integration. Sentences are for staff; bodies and tokens never appear."""

from __future__ import annotations

import json
from datetime import timedelta

import requests

from integration.errors import ConfigurationError, PermanentError, RetryableError


class NotFound(PermanentError):
    """The store has no such thing (404)."""


class Refused(PermanentError):
    """The store understood and refused (400, 409, 413, 422); ``status`` is its HTTP status."""

    def __init__(self, sentence: str, status: int) -> None:
        super().__init__(sentence)
        self.status = status


def connection_lost(what: str, error: requests.RequestException, *, writes: bool) -> RetryableError:
    """The answer never came; a write may have been carried out all the same."""
    slow = isinstance(error, requests.Timeout)
    how = "did not answer in time" if slow else "could not be reached or broke the connection off"
    return RetryableError(f"The store {how} ({what}). It is tried again by itself.", ambiguous=writes)


def no_data(what: str, response: requests.Response, *, writes: bool) -> RetryableError:
    """A 2xx answer without the data that belongs in it."""
    kind = response.headers.get("Content-Type", "").split(";")[0]
    if not response.content:
        found = "nothing"
    elif "html" in kind:
        found = "a web page"
    else:
        found = f"something that is not data ({kind or 'no content type'})"
    return RetryableError(
        f"The store answered with {found} instead of data ({what}). It is tried again by itself; if it goes on, look"
        " whether the store is down for maintenance.",
        ambiguous=writes,
    )


def too_many_requests(what: str, wait: timedelta | None) -> RetryableError:
    """429: the store's quota, which all its apps share, is used up."""
    return RetryableError(
        f"The store's request limit is used up for the moment ({what}). It is tried again by itself.",
        retry_after=wait,
    )


def refusal(what: str, response: requests.Response, *, writes: bool) -> Exception:
    """Return the error for a status of 400 and above other than 429."""
    status = response.status_code
    if status == 401:
        return ConfigurationError(
            f"The store refused our API token ({what}). Make a new token in the store's API accounts and enter it on"
            " the store's page."
        )
    if status == 403:
        return ConfigurationError(
            f"The store's API token may not do this ({what}): a scope is missing. Add the scope to the API account in"
            " the store."
        )
    if status == 404:
        return NotFound(f"The store does not have it ({what}).")
    said = _message(response)
    if status >= 500:
        return RetryableError(
            f"The store had a fault of its own ({what}, HTTP {status}{said}). It is tried again by itself.",
            ambiguous=writes,
        )
    return Refused(f"The store refused ({what}, HTTP {status}{said}).", status)


def _message(response: requests.Response) -> str:
    """Return the store's own words: V2 answers with a list of messages, V3 with a title and errors by field."""
    try:
        body = json.loads(response.content)
    except ValueError:
        return ""
    if isinstance(body, list):
        texts = [str(each.get("message", "")) for each in body if isinstance(each, dict)]
    elif isinstance(body, dict):
        errors = body.get("errors")
        details = [str(text) for text in errors.values()] if isinstance(errors, dict) else []
        texts = [str(body.get("title", "")), *details]
    else:
        texts = []
    said = "; ".join(text for text in texts if text)
    return f": {said[:300]}" if said else ""
