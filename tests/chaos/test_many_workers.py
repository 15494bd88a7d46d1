"""P8: many workers, one owner. P6: control numbers without gap or repeat."""

from __future__ import annotations

import os
import random
from collections import Counter
from collections.abc import Callable
from datetime import timedelta

import psycopg
import pytest
from django.db import connection, connections, transaction

from integration import work
from integration.work import Step
from partners.control_numbers import LARGEST, next_control_number
from partners.models import ControlNumber
from tests.chaos.forking import Forked, scaled

pytestmark = pytest.mark.chaos

WORKERS = 4


# So short that leases run out under work that goes on, as under a paused or starved worker.
SHORT = timedelta(milliseconds=4)


def drain_into_ledger(*, fenced: bool) -> None:
    """Claim until there is nothing, writing one ledger row for each run in one transaction with closing it."""
    while claimed := work.claim("lane", lease=SHORT):
        for each in claimed:
            with transaction.atomic(), connection.cursor() as cursor:
                cursor.execute("INSERT INTO ledger VALUES (%s, %s)", [each.subject, os.getpid()])
                try:
                    work.finish(each)
                except work.LeaseLost:
                    transaction.set_rollback(fenced)


def runs_of(forked: Forked, count: int, act: Callable[[], None]) -> Counter[int]:
    with connections["owner"].cursor() as owner:
        owner.execute("CREATE TABLE ledger (subject text, pid int)")
    for number in range(count):
        work.put("lane", Step("job", str(number), f"key:{number}"))
    forked.run([act] * WORKERS)
    with connection.cursor() as cursor:
        cursor.execute("SELECT subject, count(*) FROM ledger GROUP BY 1")
        return Counter(runs for _, runs in cursor.fetchall())


def test_every_job_has_exactly_one_effective_run(committed: str, forked: Forked) -> None:
    count = scaled(2000)
    assert runs_of(forked, count, lambda: drain_into_ledger(fenced=True)) == {1: count}


def test_without_the_fence_jobs_take_effect_twice(committed: str, forked: Forked) -> None:
    runs = runs_of(forked, scaled(2000), lambda: drain_into_ledger(fenced=False))
    assert sum(runs[times] for times in runs if times > 1) > 0


def take_numbers(take: Callable[[], int], seed: int) -> None:
    """Take numbers, storing each with its bytes; roll back three of ten."""
    rng = random.Random(seed)
    for _ in range(scaled(500)):
        with transaction.atomic(), connection.cursor() as cursor:
            number = take()
            cursor.execute("INSERT INTO ledger VALUES (%s, %s)", [str(number), os.getpid()])
            if rng.random() < 0.3:
                transaction.set_rollback(True)


def numbers_of(forked: Forked, take: Callable[[], int]) -> list[int]:
    with connections["owner"].cursor() as owner:
        owner.execute("CREATE TABLE ledger (subject text, pid int)")
        owner.execute("CREATE SEQUENCE naive_numbers")
    forked.run([lambda seed=seed: take_numbers(take, seed) for seed in range(WORKERS)])  # type: ignore[misc]
    with connection.cursor() as cursor:
        cursor.execute("SELECT subject::int FROM ledger ORDER BY 1")
        return [number for (number,) in cursor.fetchall()]


def from_counter() -> int:
    return next_control_number("ZZ:US", "ZZ:THEM", ControlNumber.Kind.INTERCHANGE)[1]


def from_sequence() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT nextval('naive_numbers')")
        return int(cursor.fetchone()[0])


def test_control_numbers_have_no_gap_and_no_repeat(committed: str, forked: Forked) -> None:
    numbers = numbers_of(forked, from_counter)
    assert numbers == list(range(1, len(numbers) + 1))
    assert len(numbers) > WORKERS * scaled(500) // 2


def test_a_sequence_leaves_gaps(committed: str, forked: Forked) -> None:
    numbers = numbers_of(forked, from_sequence)
    assert numbers != list(range(1, len(numbers) + 1))


def test_after_the_largest_number_comes_one_of_the_next_epoch(committed: str) -> None:
    ControlNumber.objects.create(sender="ZZ:US", receiver="ZZ:THEM", kind="interchange", value=LARGEST - 1)
    taken = []
    for _ in range(3):
        with transaction.atomic():
            taken.append(next_control_number("ZZ:US", "ZZ:THEM", ControlNumber.Kind.INTERCHANGE))
    assert taken == [(0, 999_999_999), (1, 1), (1, 2)]


def test_a_number_is_given_out_inside_a_transaction_only(committed: str) -> None:
    with pytest.raises(RuntimeError, match="inside the transaction"):
        next_control_number("ZZ:US", "ZZ:THEM", ControlNumber.Kind.INTERCHANGE)
    with psycopg.connect(**connection.get_connection_params()) as plain:
        assert plain.execute("SELECT count(*) FROM partners_controlnumber").fetchone() == (0,)
