"""The budget that all workers of a store share, by the database's clock."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.db import connection

from integration.bigcommerce.budget import SharedBudget
from integration.models import Store, StoreBudget

pytestmark = pytest.mark.django_db


def headers(left: int, reset_ms: int = 20_000, quota: int = 150) -> dict[str, str]:
    return {
        "X-Rate-Limit-Time-Reset-Ms": str(reset_ms),
        "X-Rate-Limit-Requests-Quota": str(quota),
        "X-Rate-Limit-Requests-Left": str(left),
    }


@pytest.fixture
def store() -> Store:
    return Store.objects.create(name="Invented Roses", store_hash="roses", token="t")


def left_of(store: Store) -> int:
    return StoreBudget.objects.get(store=store).requests_left


def end_window(store: Store) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE integration_storebudget SET window_ends_at = clock_timestamp() - interval '1 s'"
        )


def until_wait(take: Callable[[], timedelta]) -> int:
    count = 0
    while not take():
        count += 1
        assert count < 1000
    return count


def test_before_the_first_answer_nothing_is_withheld_and_nothing_written(store: Store) -> None:
    assert SharedBudget(store.pk).before_request() == timedelta(0)
    assert not StoreBudget.objects.exists()


def test_two_workers_take_from_one_window_and_leave_three(store: Store) -> None:
    one, other = SharedBudget(store.pk), SharedBudget(store.pk)
    one.after_response(headers(10), 200)
    assert other.before_request() == timedelta(0)
    assert left_of(store) == 9
    assert until_wait(one.before_request) == 6
    wait = other.before_request()
    assert timedelta(seconds=15) < wait <= timedelta(seconds=20)
    assert left_of(store) == 3


def test_a_new_window_has_the_whole_quota_and_an_end(store: Store) -> None:
    budget = SharedBudget(store.pk)
    budget.after_response(headers(0, quota=20), 200)
    assert budget.before_request()
    end_window(store)
    assert until_wait(budget.before_request) == 18
    assert timedelta(seconds=25) < budget.before_request() <= timedelta(seconds=30)


def test_the_lower_count_of_one_window_holds_and_a_later_window_replaces_it(store: Store) -> None:
    budget = SharedBudget(store.pk)
    budget.after_response(headers(20, 10_000), 200)
    budget.after_response(headers(23, 10_500), 200)
    assert left_of(store) == 20
    budget.after_response(headers(149, 29_900), 200)
    assert left_of(store) == 149


def test_after_a_429_nothing_is_left_and_one_that_says_nothing_changes_nothing(store: Store) -> None:
    budget = SharedBudget(store.pk)
    budget.after_response(headers(100), 429)
    assert left_of(store) == 0
    budget.after_response({}, 429)
    assert timedelta(seconds=15) < budget.before_request() <= timedelta(seconds=20)


def test_stores_do_not_share(store: Store) -> None:
    other = Store.objects.create(name="Invented Tulips", store_hash="tulips", token="t")
    SharedBudget(store.pk).after_response(headers(0), 429)
    assert SharedBudget(other.pk).before_request() == timedelta(0)
