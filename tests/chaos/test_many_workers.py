"""P8: many workers, one owner. P6: control numbers without gap or repeat."""

from __future__ import annotations

import os
import random
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import psycopg
import pytest
from django.db import connection, connections, transaction

from integration import work
from integration.work import Step
from partners.control_numbers import LARGEST, next_control_number
from partners.models import ControlNumber
from portal.copies import DatabaseCopies
from tests.chaos.forking import Forked, die, scaled
from tests.conftest import own_database

pytestmark = pytest.mark.chaos

WORKERS = 16
JOBS = scaled(5000)
NUMBERS = scaled(500)
KILLS = scaled(200)


@pytest.fixture(scope="module")
def database(copies: DatabaseCopies, django_db_setup: None, django_db_blocker: Any) -> Iterator[str]:
    """The database of this module's tests."""
    with own_database(copies, django_db_blocker) as name:
        yield name


@pytest.fixture
def ledger(database: str) -> Iterator[None]:
    """An empty table of effects, and a sequence."""
    with connections["owner"].cursor() as owner:
        owner.execute("CREATE TABLE ledger (subject text, pid int)")
        owner.execute("CREATE SEQUENCE naive_numbers")
    yield
    with connections["owner"].cursor() as owner:
        owner.execute("DROP TABLE ledger")
        owner.execute("DROP SEQUENCE naive_numbers")


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
    for number in range(count):
        work.put("lane", Step("job", str(number), f"key:{number}"))
    forked.run([act] * WORKERS)
    with connection.cursor() as cursor:
        cursor.execute("SELECT subject, count(*) FROM ledger GROUP BY 1")
        return Counter(runs for _, runs in cursor.fetchall())


def test_every_job_has_exactly_one_effective_run(ledger: None, forked: Forked) -> None:
    assert runs_of(forked, JOBS, lambda: drain_into_ledger(fenced=True)) == {1: JOBS}


def test_without_the_fence_jobs_take_effect_twice(ledger: None, forked: Forked) -> None:
    runs = runs_of(forked, JOBS, lambda: drain_into_ledger(fenced=False))
    assert sum(runs[times] for times in runs if times > 1) > 0


def take_number(take: Callable[[], int], before_the_end: Callable[[], None]) -> None:
    """Take one number and store it with its bytes."""
    with transaction.atomic(), connection.cursor() as cursor:
        number = take()
        cursor.execute("INSERT INTO ledger VALUES (%s, %s)", [str(number), os.getpid()])
        before_the_end()


def take_numbers(take: Callable[[], int], seed: int) -> None:
    """Take numbers; roll back three of ten."""
    rng = random.Random(seed)
    for _ in range(NUMBERS):
        take_number(take, lambda: transaction.set_rollback(rng.random() < 0.3))


def take_a_few_and_die(take: Callable[[], int], seed: int) -> None:
    """Take up to five numbers and die while the last is held, or when it is committed."""
    rng = random.Random(seed)
    for _ in range(rng.randrange(5)):
        take_number(take, lambda: None)
    take_number(take, die if seed % 2 else lambda: None)
    die()


def numbers_of(forked: Forked, take: Callable[[], int]) -> list[int]:
    writers = [forked.start(lambda seed=seed: take_numbers(take, seed)) for seed in range(WORKERS)]  # type: ignore[misc]
    for seed in range(KILLS):
        forked.dies(lambda seed=seed: take_a_few_and_die(take, seed))  # type: ignore[misc]
    assert [forked.wait(pid) for pid in writers] == [0] * WORKERS
    with connection.cursor() as cursor:
        cursor.execute("SELECT subject::int FROM ledger ORDER BY 1")
        return [number for (number,) in cursor.fetchall()]


def from_counter() -> int:
    return next_control_number("ZZ:US", "ZZ:THEM", ControlNumber.Kind.INTERCHANGE)[1]


def from_sequence() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT nextval('naive_numbers')")
        return int(cursor.fetchone()[0])


def test_control_numbers_have_no_gap_and_no_repeat(ledger: None, forked: Forked) -> None:
    numbers = numbers_of(forked, from_counter)
    assert numbers == list(range(1, len(numbers) + 1))
    assert len(numbers) > WORKERS * NUMBERS // 2


def test_a_sequence_leaves_gaps(ledger: None, forked: Forked) -> None:
    numbers = numbers_of(forked, from_sequence)
    assert numbers != list(range(1, len(numbers) + 1))


def test_after_the_largest_number_comes_one_of_the_next_epoch(database: str) -> None:
    ControlNumber.objects.create(sender="ZZ:US", receiver="ZZ:OTHERS", kind="interchange", value=LARGEST - 1)
    taken = []
    for _ in range(3):
        with transaction.atomic():
            taken.append(next_control_number("ZZ:US", "ZZ:OTHERS", ControlNumber.Kind.INTERCHANGE))
    assert taken == [(0, 999_999_999), (1, 1), (1, 2)]


def test_a_number_is_given_out_inside_a_transaction_only(database: str) -> None:
    with pytest.raises(RuntimeError, match="inside the transaction"):
        next_control_number("ZZ:US", "ZZ:NOBODY", ControlNumber.Kind.INTERCHANGE)
    with psycopg.connect(**connection.get_connection_params()) as plain:
        assert plain.execute(
            "SELECT count(*) FROM partners_controlnumber WHERE receiver = 'ZZ:NOBODY'"
        ).fetchone() == (0,)
