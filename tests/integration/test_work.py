"""The queue: what claiming, finishing, retrying and parking promise."""

from __future__ import annotations

from datetime import timedelta
from uuid import uuid4

import pytest
from django.db import connection, transaction

from integration import work
from integration.models import Work
from integration.work import LeaseLost, Step

pytestmark = pytest.mark.django_db


def put(name: str, subject: str, key: str, delay: timedelta = timedelta(0)) -> None:
    work.put("lane", Step(name, subject, key, delay))


def claimed_names() -> list[str]:
    return [f"{each.step} {each.subject}" for each in work.claim("lane")]


def test_work_is_claimed_in_the_order_it_became_due() -> None:
    put("a", "1", "one")
    put("b", "2", "two")
    assert claimed_names() == ["a 1", "b 2"]
    assert claimed_names() == []


def test_asking_twice_for_waiting_work_gives_one_row() -> None:
    put("a", "1", "one", timedelta(hours=1))
    put("a", "1", "one")
    assert claimed_names() == ["a 1"]
    assert Work.objects.count() == 1


def test_work_asked_for_while_it_runs_runs_again() -> None:
    put("a", "1", "one")
    [claimed] = work.claim("lane")
    put("a", "1", "one")
    with transaction.atomic():
        work.finish(claimed)
    [again] = work.claim("lane")
    assert (again.step, again.attempts, again.deaths) == ("a", 1, 0)
    with transaction.atomic():
        work.finish(again)
    assert Work.objects.count() == 0


def test_later_work_of_a_key_waits_for_the_earlier() -> None:
    put("first", "1", "order")
    put("second", "1", "order")
    put("other", "1", "another order")
    claimed = work.claim("lane")
    assert [each.step for each in claimed] == ["first", "other"]
    with transaction.atomic():
        work.finish(claimed[0])
    assert claimed_names() == ["second 1"]


def test_parked_work_holds_its_own_key_and_nothing_else() -> None:
    put("first", "1", "order")
    put("second", "1", "order")
    [first] = work.claim("lane", limit=1)
    work.park(first, "A sentence.")
    put("third", "1", "another order")
    assert claimed_names() == ["third 1"]
    assert work.unpark(first.pk)
    assert claimed_names() == ["first 1"]


def test_work_tried_before_is_claimed_alone() -> None:
    put("poison", "1", "a")
    [poison] = work.claim("lane")
    work.retry(poison, "It failed.", timedelta(0))
    put("good", "1", "b")
    put("good", "2", "c")
    assert claimed_names() == ["poison 1"]
    assert claimed_names() == ["good 1", "good 2"]


def expire(lease_of: work.ClaimedWork) -> None:
    Work.objects.filter(pk=lease_of.pk).update(lease_until="2020-01-01T00:00Z")


def test_a_claim_that_nobody_finished_counts_as_a_death() -> None:
    put("a", "1", "one")
    seen = []
    for _ in range(3):
        [claimed] = work.claim("lane")
        seen.append((claimed.attempts, claimed.deaths))
        expire(claimed)
    assert seen == [(1, 0), (2, 1), (3, 2)]


def test_given_back_work_was_never_tried() -> None:
    put("a", "1", "one")
    [claimed] = work.claim("lane")
    work.release([claimed])
    row = Work.objects.get()
    assert (row.attempts, row.deaths, row.lease_token) == (0, 0, None)


def test_what_a_token_claimed_and_nobody_ended_is_given_back() -> None:
    for subject in ("1", "2", "3"):
        put("a", subject, f"key {subject}")
    token = uuid4()
    first, second, third = work.claim("lane", token=token)
    with transaction.atomic():
        work.finish(first)
    work.renew(second, lease=timedelta(hours=1))
    work.park(third, "A sentence.")
    assert work.give_back(token) == 1
    [again] = work.claim("lane")
    assert (again.pk, again.attempts, again.deaths) == (second.pk, 1, 0)


def test_what_ran_out_of_time_comes_after_what_was_due_before() -> None:
    put("hangs", "1", "a")
    [hangs] = work.claim("lane")
    put("good", "1", "b")
    assert work.renew(hangs, lease=timedelta(0))
    assert claimed_names() == ["good 1"]
    [again] = work.claim("lane")
    assert (again.step, again.attempts, again.deaths) == ("hangs", 2, 1)


def test_who_lost_the_lease_writes_nothing() -> None:
    put("a", "1", "one")
    [late] = work.claim("lane")
    expire(late)
    [new] = work.claim("lane")
    with pytest.raises(LeaseLost), late.transaction():
        Work.objects.filter(pk=late.pk).update(error="a late write")
    with pytest.raises(LeaseLost), transaction.atomic():
        work.finish(late)
    assert not work.renew(late)
    assert work.renew(new)
    assert Work.objects.get().error == ""


def test_the_lease_runs_on_the_databases_clock() -> None:
    put("a", "1", "one")
    [claimed] = work.claim("lane", lease=timedelta(seconds=60))
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT lease_until - clock_timestamp() BETWEEN interval '55 s' AND interval '60 s' FROM integration_work"
        )
        assert cursor.fetchone() == (True,)
    assert claimed.token == Work.objects.get().lease_token


def test_the_database_refuses_two_leases_of_one_key() -> None:
    put("a", "1", "order")
    put("b", "1", "order")
    work.claim("lane", limit=1)
    second = Work.objects.get(step="b")
    with pytest.raises(Exception, match="work_one_lease_per_key"), transaction.atomic():
        Work.objects.filter(pk=second.pk).update(lease_token="00000000-0000-0000-0000-000000000001")


def test_ensuring_leaves_what_is_there_alone() -> None:
    put("poll", "1", "poll", timedelta(hours=1))
    work.ensure("lane", Step("poll", "1", "poll"))
    assert claimed_names() == []
    assert Work.objects.count() == 1


def test_a_poll_that_still_runs_is_not_begun_a_second_time() -> None:
    poll = Step("poll", "1", "poll")
    work.ensure("lane", poll)
    [running] = work.claim("lane")
    for _ in range(3):
        work.ensure("lane", poll)
        assert claimed_names() == []
    assert Work.objects.count() == 1
    with transaction.atomic():
        work.finish(running)
    # Nothing has piled up behind it: the next comes when it is asked for again.
    assert claimed_names() == []
    work.ensure("lane", poll)
    assert claimed_names() == ["poll 1"]


def test_work_asked_for_with_a_delay_while_it_runs_runs_again_no_sooner() -> None:
    put("a", "1", "one")
    [claimed] = work.claim("lane")
    put("a", "1", "one", timedelta(hours=2))
    put("a", "1", "one", timedelta(hours=1))
    put("a", "1", "one", timedelta(hours=3))
    with transaction.atomic():
        work.finish(claimed)
    assert claimed_names() == []
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT round(extract(epoch FROM due_at - clock_timestamp()) / 60) FROM integration_work"
        )
        assert cursor.fetchone() == (60,)
    put("a", "1", "one")
    assert claimed_names() == ["a 1"]
