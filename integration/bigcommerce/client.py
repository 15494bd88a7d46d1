"""A thin typed client of one BigCommerce store over ``requests``.

GET and PUT are repeated after faults that may pass, with full jitter; POST never blindly. ``Accept:
application/json`` is always sent, since V2 answers XML without it. V2 lists are bare arrays that end with 204 or a
short page and hold 50 where no limit is asked for; V3 lists carry ``meta.pagination``. Redirects are not followed.
"""

from __future__ import annotations

import json
import random
import time
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from types import TracebackType
from typing import Any

import requests

from integration.bigcommerce.budget import RateBudget, told
from integration.bigcommerce.errors import (
    NotFound,
    Refused,
    connection_lost,
    no_data,
    refusal,
    too_many_requests,
)
from integration.bigcommerce.orders import (
    BrokenAnswer,
    StoreAddress,
    StoreOrder,
    StoreOrderLine,
    parse_address,
    parse_line,
    parse_order,
)
from integration.errors import RetryableError

TIMEOUT = (5.0, 30.0)
PAGE = 250
TRIES = 4
LONGEST_WAIT = timedelta(seconds=5)
"""A longer wait is not slept away in a worker: the work is put back instead."""


class StoreClient:
    """The client; a context manager that closes its connections.

    Raises ``RetryableError``, ``PermanentError`` (``NotFound``, ``Refused``, ``BrokenAnswer``) and
    ``ConfigurationError``, each with a sentence for staff.
    """

    def __init__(
        self,
        base_url: str,
        store_hash: str,
        token: str,
        budget: RateBudget,
        *,
        session: requests.Session | None = None,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._base = f"{base_url.rstrip('/')}/stores/{store_hash}"
        self._budget = budget
        self._session = session or requests.Session()
        self._session.headers.update(
            {"X-Auth-Token": token, "Accept": "application/json", "User-Agent": "Gridport"}
        )
        self._sleep = sleep
        self._rng = random.SystemRandom()

    def __enter__(self) -> StoreClient:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._session.close()

    def iter_orders_modified_since(self, since: datetime) -> Iterator[StoreOrder]:
        """Yield every order changed at or after ``since`` (aware), the longest unchanged first.

        Raises ``BrokenAnswer`` where the store gives an older one: it did not understand the date, and its list
        says nothing.
        """
        floor = since.astimezone(UTC).replace(microsecond=0)
        parameters = {"min_date_modified": floor.isoformat(), "sort": "date_modified:asc"}
        for data in self._v2_pages("orders", parameters, "list changed orders"):
            order = parse_order(data)
            if order.date_modified < floor:
                raise BrokenAnswer(
                    f"The store lists order {order.id}, changed {order.date_modified:%Y-%m-%d %H:%M}, when asked for"
                    f" changes since {floor:%Y-%m-%d %H:%M}: it ignored the date. Nothing of that list was used."
                )
            yield order

    def get_order(self, number: int) -> StoreOrder:
        """Return one order."""
        return parse_order(self._object("GET", f"/v2/orders/{number}", f"read order {number}"))

    def get_lines(self, number: int) -> list[StoreOrderLine]:
        """Return all lines of an order, however many."""
        pages = self._v2_pages(f"orders/{number}/products", {}, f"read the lines of order {number}")
        return [parse_line(data, number) for data in pages]

    def get_shipping_addresses(self, number: int) -> list[StoreAddress]:
        """Return all shipping addresses of an order."""
        pages = self._v2_pages(
            f"orders/{number}/shipping_addresses", {}, f"read the addresses of order {number}"
        )
        return [parse_address(data, number) for data in pages]

    def update_status(self, number: int, status_id: int) -> StoreOrder:
        """Set the order's status; repeating it changes nothing more. Moves no money."""
        what = f"set the status of order {number}"
        return parse_order(self._object("PUT", f"/v2/orders/{number}", what, {"status_id": status_id}))

    def set_order_metafield(self, number: int, namespace: str, key: str, value: str) -> None:
        """Have the order carry ``value`` under ``namespace`` and ``key``: looked for, then written where it differs."""
        path = f"/v3/orders/{number}/metafields"
        what = f"write a metafield of order {number}"
        found = self._find_metafield(path, namespace, key, what)
        if found is None:
            body = {"namespace": namespace, "key": key, "value": value, "permission_set": "app_only"}
            try:
                self._object("POST", path, what, body)
            except Refused as error:
                if error.status != 409:
                    raise
                # Somebody wrote it between our look and our write, or an earlier write of ours had arrived.
                found = self._find_metafield(path, namespace, key, what)
                if found is None:
                    raise
        if found is not None and found.get("value") != value:
            self._object("PUT", f"{path}/{found['id']}", what, {"value": value})

    def find_variants(self, sku: str) -> list[dict[str, Any]]:
        """Return the catalog's variants with ``sku``: ``id``, ``product_id``, ``sku`` …"""
        return list(self._v3_pages("catalog/variants", {"sku": sku}, f"look up SKU {sku}"))

    def get_store(self) -> dict[str, Any]:
        """Return the store's profile: name, time zone, currency …"""
        return self._object("GET", "/v2/store", "read the store's profile")

    def _find_metafield(self, path: str, namespace: str, key: str, what: str) -> dict[str, Any] | None:
        found = self._v3_pages(path.removeprefix("/v3/"), {"namespace": namespace, "key": key}, what)
        return next(
            (each for each in found if each.get("namespace") == namespace and each.get("key") == key), None
        )

    def _v2_pages(self, path: str, parameters: Mapping[str, str], what: str) -> Iterator[dict[str, Any]]:
        page = 1
        while True:
            numbered = {**parameters, "page": str(page), "limit": str(PAGE)}
            found = self._request("GET", f"/v2/{path}", what, parameters=numbered)
            if found is None:
                return
            if not isinstance(found, list):
                raise BrokenAnswer(f"The store answered without a list ({what}). It was not used.")
            yield from found
            if len(found) < PAGE:
                return
            page += 1

    def _v3_pages(self, path: str, parameters: Mapping[str, str], what: str) -> Iterator[dict[str, Any]]:
        page = 1
        while True:
            found = self._request(
                "GET", f"/v3/{path}", what, parameters={**parameters, "page": str(page), "limit": "250"}
            )
            data = found.get("data") if isinstance(found, dict) else None
            if not isinstance(data, list):
                raise BrokenAnswer(f"The store answered without a list ({what}). It was not used.")
            yield from data
            pagination = (found.get("meta") or {}).get("pagination") or {}
            if page >= int(pagination.get("total_pages") or 1):
                return
            page += 1

    def _object(
        self, method: str, path: str, what: str, body: Mapping[str, Any] | None = None
    ) -> dict[str, Any]:
        found = self._request(method, path, what, body=body)
        if not isinstance(found, dict):
            raise BrokenAnswer(f"The store answered without an object ({what}). It was not used.")
        data = found.get("data", found) if path.startswith("/v3/") else found
        return data if isinstance(data, dict) else found

    def _request(
        self,
        method: str,
        path: str,
        what: str,
        *,
        parameters: Mapping[str, str] | None = None,
        body: Mapping[str, Any] | None = None,
    ) -> Any:
        tries = TRIES if method in ("GET", "PUT") else 1
        for attempt in range(1, tries + 1):
            try:
                return self._once(method, path, what, parameters, body)
            except RetryableError as error:
                wait = error.retry_after or timedelta(seconds=self._rng.uniform(0, 0.25 * 2**attempt))
                if attempt == tries or wait > LONGEST_WAIT:
                    raise
                self._sleep(wait.total_seconds())
        raise AssertionError("the last try returns or raises")

    def _once(
        self,
        method: str,
        path: str,
        what: str,
        parameters: Mapping[str, str] | None,
        body: Mapping[str, Any] | None,
    ) -> Any:
        self._wait_for_budget(what)
        writes = method != "GET"
        try:
            response = self._session.request(
                method,
                self._base + path,
                params=parameters,
                json=body,
                timeout=TIMEOUT,
                allow_redirects=False,
            )
        except requests.RequestException as error:
            raise connection_lost(what, error, writes=writes) from error
        self._budget.after_response(response.headers, response.status_code)
        return _content(response, what, writes=writes)

    def _wait_for_budget(self, what: str) -> None:
        wait = self._budget.before_request()
        if not wait:
            return
        if wait > LONGEST_WAIT:
            raise too_many_requests(what, wait)
        self._sleep(wait.total_seconds())


def _content(response: requests.Response, what: str, *, writes: bool) -> Any:
    status = response.status_code
    if status == 204:
        return None
    if status == 429:
        said = told(response.headers)
        raise too_many_requests(what, timedelta(milliseconds=said[2]) if said else None)
    if status >= 300:
        raise refusal(what, response, writes=writes)
    try:
        return json.loads(response.content, parse_float=Decimal)
    except ValueError as error:
        raise no_data(what, response, writes=writes) from error


__all__ = ["NotFound", "Refused", "StoreClient"]
