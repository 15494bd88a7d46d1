"""The store's rate limit. The quota is the store's, shared by all its apps and all our workers."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Protocol

from django.db import connection

RESERVE = 3
"""Requests of each window that are left to the store's other apps."""


class RateBudget(Protocol):
    """Asked before each request, told after each answer."""

    def before_request(self) -> timedelta:
        """Return how long to wait before the next request may be made; nothing where it may be made now."""

    def after_response(self, headers: Mapping[str, str], status: int) -> None:
        """Learn from the headers ``X-Rate-Limit-Requests-Left``, ``-Requests-Quota`` and ``-Time-Reset-Ms``."""


def told(headers: Mapping[str, str]) -> tuple[int, int, int] | None:
    """Return (quota, requests left, milliseconds to the next window) where the headers say all three."""
    names = ("X-Rate-Limit-Requests-Quota", "X-Rate-Limit-Requests-Left", "X-Rate-Limit-Time-Reset-Ms")
    try:
        quota, left, reset = (int(headers[name]) for name in names)
    except (KeyError, ValueError):
        return None
    return quota, left, reset


class InMemoryBudget:
    """A budget of one process, for tools and tests."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._left: int | None = None
        self._ends = 0.0

    def before_request(self) -> timedelta:
        """Take one request from the window."""
        with self._lock:
            now = self._clock()
            if self._left is None or now >= self._ends:
                self._left = None
                return timedelta(0)
            if self._left > RESERVE:
                self._left -= 1
                return timedelta(0)
            return timedelta(seconds=self._ends - now)

    def after_response(self, headers: Mapping[str, str], status: int) -> None:
        """Learn how much is left."""
        said = told(headers)
        if said is None:
            return
        _, left, reset = said
        with self._lock:
            self._left = 0 if status == 429 else left
            self._ends = self._clock() + reset / 1000


class SharedBudget:
    """One budget for all workers of a store, in the table of ``StoreBudget``; the database's clock decides."""

    def __init__(self, store_pk: int) -> None:
        self.store_pk = store_pk

    def before_request(self) -> timedelta:
        """Take one request from the window in one statement."""
        with connection.cursor() as cursor:
            cursor.execute(
                """
                UPDATE integration_storebudget
                   SET requests_left = CASE WHEN window_ends_at IS NULL OR window_ends_at <= clock_timestamp()
                                            THEN quota - 1 ELSE requests_left - 1 END,
                       window_ends_at = CASE WHEN window_ends_at <= clock_timestamp() THEN NULL
                                             ELSE window_ends_at END
                 WHERE store_id = %s
                   AND (requests_left > %s OR window_ends_at IS NULL OR window_ends_at <= clock_timestamp())
                """,
                [self.store_pk, RESERVE],
            )
            if cursor.rowcount:
                return timedelta(0)
            cursor.execute(
                "SELECT GREATEST(window_ends_at - clock_timestamp(), interval '0') FROM integration_storebudget"
                " WHERE store_id = %s",
                [self.store_pk],
            )
            row = cursor.fetchone()
        return row[0] if row else timedelta(0)

    def after_response(self, headers: Mapping[str, str], status: int) -> None:
        """Write what the store said; the lower count of two answers of one window holds."""
        said = told(headers)
        if said is None:
            return
        quota, left, reset = said
        left = 0 if status == 429 else left
        with connection.cursor() as cursor:
            cursor.execute(
                """
                INSERT INTO integration_storebudget AS b (store_id, quota, requests_left, window_ends_at)
                VALUES (%(store)s, %(quota)s, %(left)s, clock_timestamp() + make_interval(secs => %(reset)s))
                ON CONFLICT (store_id) DO UPDATE
                   SET quota = EXCLUDED.quota,
                       requests_left = CASE WHEN b.window_ends_at > clock_timestamp()
                                            THEN LEAST(b.requests_left, EXCLUDED.requests_left)
                                            ELSE EXCLUDED.requests_left END,
                       window_ends_at = EXCLUDED.window_ends_at
                """,
                {
                    "store": self.store_pk,
                    "quota": quota,
                    "left": left,
                    "reset": reset / 1000,
                },
            )
