"""The store's rate limit. The quota is the store's, shared by all its apps and all our workers.

Facts (BigCommerce, "API rate limits"): a window of 30 s; each answer says ``X-Rate-Limit-Requests-Quota``,
``-Requests-Left`` and ``-Time-Reset-Ms``, the milliseconds left of the window; a 429 may come with none of these.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Protocol

from django.db import connection

RESERVE = 3
"""Requests of each window that are left to the store's other apps; of a small quota, a tenth at most."""

WINDOW = timedelta(seconds=30)
"""How long a window is taken to last that no answer has told of yet."""

SAME_WINDOW = timedelta(seconds=5)
"""Two answers whose windows end within this are of one window: the time of reset is told, then travels."""

_LARGEST = 2_147_483_647
_LONGEST = timedelta(hours=1)


class RateBudget(Protocol):
    """Asked before each request, told after each answer."""

    def before_request(self) -> timedelta:
        """Take one request and return nothing, or return how long to wait before asking again."""

    def after_response(self, headers: Mapping[str, str], status: int) -> None:
        """Learn from what an answer says; one that says nothing changes nothing."""


@dataclass(frozen=True, slots=True)
class Told:
    """What an answer says of its window."""

    quota: int
    left: int
    resets_in: timedelta


def told(headers: Mapping[str, str], status: int = 200) -> Told | None:
    """Return what ``headers`` say where they say all of it; after a 429 nothing is left, whatever they say."""
    quota = _number(headers, "X-Rate-Limit-Requests-Quota")
    left = _number(headers, "X-Rate-Limit-Requests-Left")
    resets_in = _milliseconds(headers)
    if quota is None or left is None or resets_in is None:
        return None
    return Told(min(quota, _LARGEST), 0 if status == 429 else min(left, _LARGEST), resets_in)


def asked_wait(headers: Mapping[str, str]) -> timedelta | None:
    """Return how long a 429 asks us to wait, an hour at most; nothing where it does not say."""
    wait = _milliseconds(headers)
    if wait is not None:
        return wait
    for name in ("X-Retry-After", "Retry-After"):
        seconds = _number(headers, name)
        if seconds is not None:
            return min(timedelta(seconds=min(seconds, 3600)), _LONGEST)
    return None


def _milliseconds(headers: Mapping[str, str]) -> timedelta | None:
    found = _number(headers, "X-Rate-Limit-Time-Reset-Ms")
    return None if found is None else timedelta(milliseconds=min(found, 3_600_000))


def _number(headers: Mapping[str, str], name: str) -> int | None:
    said = headers.get(name, "").strip()
    return int(said) if said.isascii() and said.isdigit() and len(said) < 20 else None


class InMemoryBudget:
    """A budget of one process, for tools and tests; threads may share it."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._quota = 0
        self._left = 0
        self._ends: float | None = None

    def before_request(self) -> timedelta:
        """Take one request, or return how long to wait. Before the first answer nothing is withheld."""
        with self._lock:
            if self._ends is None:
                return timedelta(0)
            now = self._clock()
            if now >= self._ends:
                self._left, self._ends = self._quota, now + WINDOW.total_seconds()
            elif self._left <= min(RESERVE, self._quota // 10):
                return timedelta(seconds=self._ends - now)
            self._left -= 1
            return timedelta(0)

    def after_response(self, headers: Mapping[str, str], status: int) -> None:
        """Learn how much is left; of two answers of one window the lower count holds."""
        said = told(headers, status)
        if said is None:
            return
        with self._lock:
            now = self._clock()
            ends = now + said.resets_in.total_seconds()
            self._quota = said.quota
            if self._ends is None or now >= self._ends or ends > self._ends + SAME_WINDOW.total_seconds():
                self._left, self._ends = said.left, ends
            else:
                self._left, self._ends = min(self._left, said.left), min(self._ends, ends)


class SharedBudget:
    """One budget for all workers of a store, in the table of ``StoreBudget``; the database's clock decides.

    To be used outside a transaction: within one, every other worker would wait for its end.
    """

    def __init__(self, store_pk: int) -> None:
        self.store_pk = store_pk

    def before_request(self) -> timedelta:
        """Take one request in one statement, or return how long to wait."""
        with connection.cursor() as cursor:
            cursor.execute(
                """
                UPDATE integration_storebudget
                   SET requests_left = CASE WHEN window_ends_at > clock_timestamp()
                                            THEN requests_left ELSE quota END - 1,
                       window_ends_at = CASE WHEN window_ends_at > clock_timestamp()
                                             THEN window_ends_at ELSE clock_timestamp() + make_interval(secs => %(window)s) END
                 WHERE store_id = %(store)s
                   AND (requests_left > LEAST(%(reserve)s, quota / 10)
                        OR window_ends_at IS NULL OR window_ends_at <= clock_timestamp())
                """,
                {"store": self.store_pk, "reserve": RESERVE, "window": WINDOW.total_seconds()},
            )
            if cursor.rowcount:
                return timedelta(0)
            cursor.execute(
                "SELECT GREATEST(window_ends_at - clock_timestamp(), interval '0') FROM integration_storebudget"
                " WHERE store_id = %s",
                [self.store_pk],
            )
            row = cursor.fetchone()
        # No row: nothing was told of this store yet, and nothing is withheld.
        return row[0] if row else timedelta(0)

    def after_response(self, headers: Mapping[str, str], status: int) -> None:
        """Write what the store said; of two answers of one window the lower count holds."""
        said = told(headers, status)
        if said is None:
            return
        with connection.cursor() as cursor:
            cursor.execute(
                """
                INSERT INTO integration_storebudget AS b (store_id, quota, requests_left, window_ends_at)
                VALUES (%(store)s, %(quota)s, %(left)s, clock_timestamp() + make_interval(secs => %(resets_in)s))
                ON CONFLICT (store_id) DO UPDATE
                   SET quota = EXCLUDED.quota,
                       requests_left = CASE WHEN b.window_ends_at > clock_timestamp()
                                             AND EXCLUDED.window_ends_at <= b.window_ends_at + make_interval(secs => %(same)s)
                                            THEN LEAST(b.requests_left, EXCLUDED.requests_left)
                                            ELSE EXCLUDED.requests_left END,
                       window_ends_at = CASE WHEN b.window_ends_at > clock_timestamp()
                                              AND EXCLUDED.window_ends_at <= b.window_ends_at + make_interval(secs => %(same)s)
                                             THEN LEAST(b.window_ends_at, EXCLUDED.window_ends_at)
                                             ELSE EXCLUDED.window_ends_at END
                """,
                {
                    "store": self.store_pk,
                    "quota": said.quota,
                    "left": said.left,
                    "resets_in": said.resets_in.total_seconds(),
                    "same": SAME_WINDOW.total_seconds(),
                },
            )
