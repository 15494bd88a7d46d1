"""The rate limit: what the store says, and what is left for the others."""

from __future__ import annotations

import threading
from datetime import timedelta

import pytest

from integration.bigcommerce.budget import InMemoryBudget, Told, asked_wait, told


def headers(left: object, reset_ms: object = 15_000, quota: object = 150) -> dict[str, str]:
    return {
        "X-Rate-Limit-Time-Window-Ms": "30000",
        "X-Rate-Limit-Time-Reset-Ms": str(reset_ms),
        "X-Rate-Limit-Requests-Quota": str(quota),
        "X-Rate-Limit-Requests-Left": str(left),
    }


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def granted(budget: InMemoryBudget, most: int = 1000) -> int:
    """Take until there is a wait; return how many were granted."""
    for count in range(most):
        if budget.before_request():
            return count
    return most


def test_the_headers_are_read() -> None:
    assert told(headers(35)) == Told(150, 35, timedelta(seconds=15))
    assert told(headers(35), 429) == Told(150, 0, timedelta(seconds=15))


@pytest.mark.parametrize("left", ["", "many", "-1", "1.5", "١", "9" * 25])
def test_headers_that_say_nothing_are_no_news(left: str) -> None:
    assert told(headers(left)) is None
    assert told({}) is None


def test_the_quota_of_an_unlimited_plan_fits_its_column() -> None:
    assert told(headers(10**15, quota=10**15)) == Told(2**31 - 1, 2**31 - 1, timedelta(seconds=15))


@pytest.mark.parametrize(
    ("said", "wait"),
    [
        ({"X-Rate-Limit-Time-Reset-Ms": "1500"}, timedelta(seconds=1.5)),
        ({"X-Retry-After": "7"}, timedelta(seconds=7)),
        ({"Retry-After": "8"}, timedelta(seconds=8)),
        ({"X-Rate-Limit-Time-Reset-Ms": "9" * 18}, timedelta(hours=1)),
        ({"Retry-After": "9" * 18}, timedelta(hours=1)),
        ({"Retry-After": "Wed, 21 Oct 2026 07:28:00 GMT"}, None),
        ({}, None),
    ],
)
def test_a_429_says_how_long_to_wait_or_does_not(said: dict[str, str], wait: timedelta | None) -> None:
    assert asked_wait(said) == wait


def test_before_the_first_answer_nothing_is_withheld() -> None:
    assert granted(InMemoryBudget(Clock()), most=500) == 500


def test_three_requests_of_a_window_are_left_to_others() -> None:
    clock = Clock()
    budget = InMemoryBudget(clock)
    budget.after_response(headers(10), 200)
    assert granted(budget) == 7
    clock.now += 5
    assert budget.before_request() == timedelta(seconds=10)


def test_a_small_quota_is_not_held_back_altogether() -> None:
    budget = InMemoryBudget(Clock())
    budget.after_response(headers(4, quota=5), 200)
    assert granted(budget) == 4


def test_a_new_window_has_the_whole_quota_until_an_answer_says_otherwise() -> None:
    clock = Clock()
    budget = InMemoryBudget(clock)
    budget.after_response(headers(3, quota=20), 200)
    assert granted(budget) == 1
    clock.now += 15
    assert granted(budget) == 18
    assert budget.before_request() == timedelta(seconds=30)


def test_of_two_answers_of_one_window_the_lower_count_holds() -> None:
    budget = InMemoryBudget(Clock())
    budget.after_response(headers(20, 15_000), 200)
    budget.after_response(headers(23, 15_040), 200)
    assert granted(budget) == 17


def test_an_answer_of_the_next_window_is_believed_though_ours_has_not_ended_yet() -> None:
    clock = Clock()
    budget = InMemoryBudget(clock)
    budget.after_response(headers(3, 15_000), 200)
    clock.now += 14.9
    budget.after_response(headers(149, 29_950), 200)
    assert granted(budget) == 146


def test_after_a_429_everybody_waits_for_the_window() -> None:
    clock = Clock()
    budget = InMemoryBudget(clock)
    budget.after_response(headers(100), 200)
    budget.after_response(headers(100, 9_000), 429)
    assert budget.before_request() == timedelta(seconds=9)
    budget.after_response({}, 429)
    assert budget.before_request() == timedelta(seconds=9)


def test_threads_share_a_budget_to_the_request() -> None:
    budget = InMemoryBudget(Clock())
    budget.after_response(headers(103), 200)
    counts: list[int] = []
    threads = [threading.Thread(target=lambda: counts.append(granted(budget))) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(counts) == 100
