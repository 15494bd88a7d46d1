"""Requests to one store: sent within its budget, repeated where that is safe, answered with parsed JSON or one error.

GET is repeated after faults that may pass, with full jitter; what writes only where the store cannot have read it:
else somebody has to look first, since the write may be done, and staff may have changed it since.
``Accept: application/json`` is always sent, since V2 answers XML without it. V2 lists are bare arrays that end with
204 or a short page and hold 50 where no limit is asked for, 250 at most; V3 lists carry ``meta.pagination``. Redirects
are not followed.
"""

from __future__ import annotations

import json
import random
import re
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import urlsplit

import requests

from integration import patience
from integration.bigcommerce.budget import RateBudget, asked_wait
from integration.bigcommerce.errors import (
    BrokenAnswer,
    connection_failed,
    no_data,
    out_of_time,
    refusal,
    too_many_requests,
)
from integration.bigcommerce.lines import mount
from integration.errors import ConfigurationError, RetryableError

REPEATED = ("GET",)
"""What is asked again although the store may have done it already."""

PAGE = 250
TRIES = 4
LONGEST_WAIT = timedelta(seconds=5)
"""A longer wait is not slept away in a worker: the work is put back instead."""

PATIENCE = 20.0
"""Seconds after which no further try of one request begins."""

BACKOFF = 0.25
"""Seconds: the second try comes after up to twice this, each later one after up to twice as long again."""

_MOST_PAGES = 4000

Json = dict[str, Any]
Body = Mapping[str, Any] | Sequence[Mapping[str, Any]]


class StoreConnection:
    """The connection. ``what`` says in errors what was being done: ``read order 1042``.

    Raises ``RetryableError`` (``ambiguous`` where a write may have been carried out), ``PermanentError``
    (``NotFound``, ``Refused``, ``BrokenAnswer``) and ``ConfigurationError``.
    """

    def __init__(
        self,
        base_url: str,
        store_hash: str,
        token: str,
        budget: RateBudget,
        *,
        session: requests.Session | None = None,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._base = f"{_checked_address(base_url)}/stores/{_checked_hash(store_hash)}"
        self._budget = budget
        self._session = session or requests.Session()
        self._lines = mount(self._session)
        self._session.headers.update(
            {
                "X-Auth-Token": _checked_token(token),
                "Accept": "application/json",
                "User-Agent": "Gridport",
            }
        )
        self._clock = clock
        self._sleep = sleep
        self._rng = random.SystemRandom()
        self._ends = clock() + patience.STORE.visit
        self.server_time: datetime | None = None
        """The store's clock at its last answer, in whole seconds (UTC); None before, or where it does not tell."""

    def close(self) -> None:
        """Close the connections."""
        self._session.close()

    def one(
        self,
        method: str,
        path: str,
        what: str,
        body: Body | None = None,
        *,
        at_once: bool = False,
    ) -> Json:
        """Return the object that ``path`` (``/v2/orders/1``) answers with; of V3 answers what stands in ``data``.

        ``at_once``: now or not at all. It waits for no budget and is not repeated.
        """
        found = self._request(method, path, what, body=body, at_once=at_once)
        if found is None:
            raise RetryableError(
                f"The store answered with nothing instead of data ({what}). It is tried again by itself.",
                ambiguous=method != "GET",
            )
        if path.startswith("/v3/") and isinstance(found, dict):
            found = found.get("data", found)
        if not isinstance(found, dict):
            raise BrokenAnswer(f"The store answered without an object ({what}). It was not used.")
        return found

    def remove(self, path: str, what: str) -> None:
        """Remove what ``path`` names. Raises ``NotFound``."""
        self._request("DELETE", path, what)

    def v2_page(self, path: str, parameters: Mapping[str, str], number: int, what: str) -> list[Any]:
        """Return one page (1, 2 …) of a V2 list; an empty one behind the end."""
        numbered = {**parameters, "page": str(number), "limit": str(PAGE)}
        return self.v2_array(path, what, numbered)

    def v2_array(self, path: str, what: str, parameters: Mapping[str, str] | None = None) -> list[Any]:
        """Return the array that one request answers with."""
        found = self._request("GET", path, what, parameters=parameters)
        if found is None:
            return []
        if not isinstance(found, list):
            raise BrokenAnswer(f"The store answered without a list ({what}). It was not used.")
        return found

    def v2_list(self, path: str, what: str) -> list[Any]:
        """Return a whole V2 list, however many pages it has."""
        found: list[Any] = []
        last: list[Any] = []
        for number in range(1, _MOST_PAGES):
            page = self.v2_page(path, {}, number, what)
            if page and page == last:
                break
            found += page
            if len(page) < PAGE:
                return found
            last = page
        raise BrokenAnswer(f"The store gives the same page again ({what}). It was not used.")

    def v3_array(self, path: str, what: str) -> list[Any]:
        """Return the entries of a V3 list that knows no pages."""
        found = self._request("GET", path, what)
        data = found.get("data") if isinstance(found, dict) else found or []
        if not isinstance(data, list):
            raise BrokenAnswer(f"The store answered without a list ({what}). It was not used.")
        return data

    def v3_written(self, method: str, path: str, what: str, body: Body) -> list[Any]:
        """Return the entries that a V3 write of several things answers with; a part may have been refused (207)."""
        found = self._request(method, path, what, body=body)
        data = found.get("data") if isinstance(found, dict) else None
        if not isinstance(data, list):
            raise BrokenAnswer(f"The store answered without a list ({what}). What was written is unknown.")
        return data

    def v3_pages(
        self, path: str, parameters: Mapping[str, str], what: str, size: int = PAGE
    ) -> Iterator[Any]:
        """Yield the entries of a V3 list, asked for in pages of ``size``."""
        for number in range(1, _MOST_PAGES):
            numbered = {**parameters, "page": str(number), "limit": str(size)}
            found = self._request("GET", path, what, parameters=numbered)
            if found is None:
                return
            data = found.get("data") if isinstance(found, dict) else None
            if not isinstance(data, list):
                raise BrokenAnswer(f"The store answered without a list ({what}). It was not used.")
            yield from data
            if not data or number >= _total_pages(found):
                return
        raise BrokenAnswer(f"The store's list has no end ({what}). It was not used.")

    def _request(
        self,
        method: str,
        path: str,
        what: str,
        *,
        parameters: Mapping[str, str] | None = None,
        body: Body | None = None,
        at_once: bool = False,
    ) -> Any:
        started = self._clock()
        may_have_arrived = False
        for attempt in range(1, TRIES + 1):
            try:
                self._wait_for_budget(what, timedelta(0) if at_once else LONGEST_WAIT)
                return self._once(method, path, what, parameters, body)
            except RetryableError as error:
                may_have_arrived = may_have_arrived or error.ambiguous
                wait = error.retry_after or timedelta(0)
                last = attempt == TRIES or self._clock() - started > PATIENCE or wait > LONGEST_WAIT
                if at_once or last or (may_have_arrived and method not in REPEATED):
                    # A later try that certainly failed does not undo an earlier one that may have worked.
                    error.ambiguous = may_have_arrived
                    raise
                self._sleep(wait.total_seconds() + self._rng.uniform(0, BACKOFF * 2**attempt))
        raise AssertionError("the last try returns or raises")

    def _once(
        self,
        method: str,
        path: str,
        what: str,
        parameters: Mapping[str, str] | None,
        body: Body | None,
    ) -> Any:
        writes = method != "GET"
        left = min(patience.STORE.answer, self._ends - self._clock())
        if left <= 0:
            raise out_of_time(what, writes=False)
        with patience.Alarm(left, self._lines.cut) as alarm:
            try:
                response = self._session.request(
                    method,
                    self._base + path,
                    params=parameters,
                    json=body,
                    timeout=(patience.STORE.connect, patience.STORE.silence),
                    allow_redirects=False,
                )
            except requests.RequestException as error:
                if alarm.rang:
                    raise out_of_time(what, writes=writes) from error
                raise connection_failed(what, error, writes=writes) from error
            finally:
                self._lines.tidy()
        if alarm.rang:
            # An answer that ends where the line ends is cut short and does not know.
            raise out_of_time(what, writes=writes)
        self._budget.after_response(response.headers, response.status_code)
        self.server_time = _server_time(response.headers.get("Date"))
        return _content(response, what, writes=writes)

    def _wait_for_budget(self, what: str, longest: timedelta) -> None:
        waited = timedelta(0)
        while wait := self._budget.before_request():
            waited += max(wait, timedelta(milliseconds=10))
            if waited > longest:
                raise too_many_requests(what, wait)
            self._sleep(wait.total_seconds() + self._rng.uniform(0, 0.1))


def _server_time(header: str | None) -> datetime | None:
    try:
        return parsedate_to_datetime(header or "").astimezone(UTC)
    except ValueError:
        return None


def _content(response: requests.Response, what: str, *, writes: bool) -> Any:
    status = response.status_code
    if status == 204:
        return None
    if status == 429:
        raise too_many_requests(what, asked_wait(response.headers))
    if status >= 300:
        raise refusal(what, response, writes=writes)
    try:
        return json.loads(response.content, parse_float=Decimal, parse_constant=_no_number)
    except (ValueError, RecursionError):
        # Not chained: the error of json carries the whole body.
        raise no_data(what, response, writes=writes) from None


def _no_number(name: str) -> None:
    raise ValueError(f"{name} is no JSON")


def _total_pages(answer: Json) -> int:
    meta = answer.get("meta")
    pagination = meta.get("pagination") if isinstance(meta, dict) else None
    total = pagination.get("total_pages") if isinstance(pagination, dict) else None
    return total if isinstance(total, int) else 1


def _checked_address(base_url: str) -> str:
    parts = urlsplit(base_url.strip())
    if parts.scheme not in ("https", "http") or not parts.hostname or parts.query or parts.fragment:
        raise ConfigurationError(
            f"The store's API address {base_url[:80]!r} is not a web address. Correct it on the store's page; as a rule"
            " it is https://api.bigcommerce.com."
        )
    return base_url.strip().rstrip("/")


def _checked_hash(store_hash: str) -> str:
    if not re.fullmatch(r"[A-Za-z0-9_-]{1,40}", store_hash):
        raise ConfigurationError(
            f"The store hash {store_hash[:40]!r} is not one: letters and digits, as in the API path that the store's"
            " API account shows. Correct it on the store's page."
        )
    return store_hash


def _checked_token(token: str) -> str:
    # The library's own complaint about a header would show the token.
    token = token.strip()
    if not re.fullmatch(r"[!-~]{1,200}", token):
        raise ConfigurationError(
            "The store's API token is empty or holds blanks or foreign letters. Enter it anew on the store's page."
        )
    return token
