"""The breaker of a store or mailbox: each transition, and what of the queue may be begun in each state."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import connection

from integration import channels, claimable, work
from integration.channels import FIRST_PAUSE, LONGEST_PAUSE, OPENS_AFTER, Verdict
from integration.models import Channel, Work
from integration.work import Step
from tests import factories

pytestmark = pytest.mark.django_db

ACME = "mailbox:77"  # nobody's: one session
ZERO = timedelta(0)


class Fixed:
    """Chance that always says the same."""

    def __init__(self, said: float) -> None:
        self.said = said

    def random(self) -> float:
        return self.said


def put(name: str, subject: str, talks_to: str = ACME, delay: timedelta = ZERO, lane: str = "lane") -> None:
    work.put(lane, Step(name, subject, f"{name}:{subject}", delay, talks_to))


def claimed(lane: str = "lane") -> list[str]:
    return [f"{each.step} {each.subject}" for each in work.claim(lane)]


def pause() -> timedelta:
    """How long from now the next probe is."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT probe_at - clock_timestamp() FROM integration_channel")
        (found,) = cursor.fetchone()
    assert isinstance(found, timedelta)
    return found


def let_time_pass() -> None:
    Channel.objects.filter(opened_at__isnull=False).update(probe_at="2020-01-01T00:00Z")
    Channel.objects.exclude(rests_until=None).update(rests_until="2020-01-01T00:00Z")


def opened() -> None:
    for _ in range(OPENS_AFTER):
        channels.failed(ACME)


def test_it_opens_at_the_third_failure_in_a_row() -> None:
    assert [channels.failed(ACME) for _ in range(4)] == [
        Verdict(1, False),
        Verdict(2, False),
        Verdict(3, True),
        Verdict(4, True),
    ]


def test_a_success_between_failures_keeps_it_closed() -> None:
    for _ in range(5):
        channels.failed(ACME)
        assert channels.failed(ACME) == Verdict(2, False)
        assert channels.succeeded(ACME) is False
    assert Channel.objects.get().failures == 0


def test_what_is_refused_opens_it_at_once_and_is_looked_into_without_a_pause() -> None:
    assert channels.failed(ACME, at_once=True, probe_now=True) == Verdict(1, True)
    assert -timedelta(seconds=5) < pause() <= ZERO


def test_it_stays_open_since_when_it_opened() -> None:
    opened()
    since = Channel.objects.get().opened_at
    channels.failed(ACME)
    channels.failed(ACME, at_once=True, probe_now=True)
    assert Channel.objects.get().opened_at == since
    assert pause() > ZERO


def test_the_first_success_closes_it_and_only_the_first_says_so() -> None:
    opened()
    assert [channels.succeeded(ACME), channels.succeeded(ACME)] == [True, False]
    row = Channel.objects.get()
    assert (row.failures, row.opened_at, row.probe_at, row.probes) == (0, None, None, 0)


def test_a_success_of_one_that_never_failed_writes_nothing() -> None:
    assert channels.succeeded(ACME) is False
    assert Channel.objects.count() == 0


@pytest.mark.parametrize(
    ("chance", "seconds"), [(0.0, [1] * 9), (1.0, [5, 10, 20, 40, 80, 160, 300, 300, 300])]
)
def test_probes_are_further_apart_each_time_up_to_a_limit(
    monkeypatch: pytest.MonkeyPatch, chance: float, seconds: list[int]
) -> None:
    monkeypatch.setattr(channels, "_rng", Fixed(chance))
    opened()
    pauses = [round(pause().total_seconds())]
    for _ in seconds[1:]:
        let_time_pass()
        assert channels.begin_probe(ACME)
        channels.failed(ACME)
        pauses.append(round(pause().total_seconds()))
    assert pauses == seconds
    assert (FIRST_PAUSE.total_seconds(), LONGEST_PAUSE.total_seconds()) == (5, 300)


def test_a_probe_is_begun_once_and_the_next_has_its_time_before_it_ends() -> None:
    opened()
    assert channels.begin_probe(ACME) is False
    let_time_pass()
    assert [channels.begin_probe(ACME), channels.begin_probe(ACME)] == [True, False]
    assert Channel.objects.get().probes == 1
    assert pause() > ZERO


def test_probing_now_is_for_one_that_is_open_or_rests() -> None:
    assert channels.probe_now(ACME) is False
    channels.rest(ACME, timedelta(seconds=30))
    assert [channels.probe_now(ACME), channels.probe_now(ACME)] == [True, False]
    opened()
    assert channels.probe_now(ACME) is True
    assert pause() <= ZERO


def test_of_two_rests_the_longer_holds() -> None:
    channels.rest(ACME, timedelta(seconds=30))
    channels.rest(ACME, timedelta(seconds=3))
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT round(extract(epoch FROM rests_until - clock_timestamp())) FROM integration_channel"
        )
        assert cursor.fetchone() == (30,)


def test_while_it_is_open_nothing_of_it_is_claimed_and_all_else_is() -> None:
    opened()
    put("send", "1")
    put("send", "2", "mailbox:78")
    put("read", "3", "")
    assert claimed() == ["send 2"]
    assert claimed() == ["read 3"]
    assert claimed() == []
    assert work.due_lanes() == []
    assert Work.objects.get(subject="1").attempts == 0


def test_the_probe_is_the_standing_poll_however_early_and_no_other_work() -> None:
    opened()
    put("transmit", "1", lane="other")
    put("fetch_mailbox", "77", delay=timedelta(hours=1))
    let_time_pass()
    assert work.due_lanes() == ["lane"]
    assert claimed("other") == []
    assert claimed() == ["fetch_mailbox 77"]
    let_time_pass()
    assert (claimed(), claimed("other"), work.due_lanes()) == ([], [], [])


@pytest.mark.parametrize("kept", [{"parked_at": "2026-01-01T00:00Z"}, {"channel": "pause:direction:in"}])
def test_where_the_poll_is_stopped_or_paused_one_other_piece_probes(kept: dict[str, str]) -> None:
    opened()
    put("transmit", "1")
    put("transmit", "2")
    put("fetch_mailbox", "77", delay=timedelta(hours=1))
    Work.objects.filter(step="fetch_mailbox").update(**kept)
    let_time_pass()
    assert claimed() == ["transmit 1"]
    let_time_pass()
    assert claimed() == []


def test_a_probe_that_dies_is_followed_by_another_when_its_lease_is_over() -> None:
    opened()
    put("fetch_mailbox", "77")
    let_time_pass()
    [dying] = work.claim("lane")
    let_time_pass()
    assert claimed() == []
    Work.objects.filter(pk=dying.pk).update(lease_until="2020-01-01T00:00Z")
    [again] = work.claim("lane")
    assert (again.attempts, again.deaths) == (2, 1)
    assert Channel.objects.get().probes == 2


def test_a_rest_holds_work_until_it_is_over_and_is_no_failure() -> None:
    put("send", "1")
    [asked] = work.claim("lane")
    work.hold(asked, "The limit is used up.", ACME, timedelta(seconds=30))
    channels.rest(ACME, timedelta(seconds=30))
    put("send", "2")
    assert (claimed(), work.due_lanes()) == ([], [])
    let_time_pass()
    assert claimed() == ["send 2"]
    assert Work.objects.get(subject="1").attempts == 0
    assert (Channel.objects.get().failures, Channel.objects.get().opened_at) == (0, None)


def test_no_more_of_a_side_is_begun_than_its_sessions(settings: object) -> None:
    settings.WORKERS = 9  # type: ignore[attr-defined]
    store, box = factories.store(sessions=3), factories.mailbox(sessions=2)
    for number in range(6):
        put("read", str(number), f"store:{store.pk}")
        put("send", str(number), f"mailbox:{box.pk}")
    put("match", "9", "")
    assert [claimed() for _ in range(7)] == [
        ["read 0"], ["send 0"], ["read 1"], ["send 1"], ["read 2"], ["match 9"], [],
    ]  # fmt: skip


def test_a_session_is_free_again_when_its_work_is_done_put_back_or_dead(settings: object) -> None:
    settings.WORKERS = 9  # type: ignore[attr-defined]
    for number in range(5):
        put("send", str(number))
    [done] = work.claim("lane")
    assert claimed() == []
    work.finish(done)
    [failed] = work.claim("lane")
    assert claimed() == []
    work.retry(failed, "It failed.", timedelta(hours=1), ACME)
    [dead] = work.claim("lane")
    assert (dead.subject, claimed()) == ("2", [])
    Work.objects.filter(pk=dead.pk).update(lease_until="2020-01-01T00:00Z")
    assert claimed() == ["send 2"]


def test_the_last_session_is_left_to_the_other_lanes_while_they_wait(settings: object) -> None:
    settings.WORKERS = 9  # type: ignore[attr-defined]
    side = f"store:{factories.store(sessions=3).pk}"
    for number in range(6):
        put("read", str(number), side, lane="orders")
    put("write", "7", side, lane="effects")
    assert [claimed("orders") for _ in range(3)] == [["read 0"], ["read 1"], []]
    assert work.due_lanes() == ["effects"]
    assert claimed("effects") == ["write 7"]
    Work.objects.filter(step="write").delete()
    assert claimed("orders") == ["read 2"]


def test_one_side_never_has_all_workers(settings: object) -> None:
    settings.WORKERS = 3  # type: ignore[attr-defined]
    store = factories.store(sessions=50)
    for number in range(5):
        put("read", str(number), f"store:{store.pk}")
    put("match", "9", "")
    assert [claimed() for _ in range(4)] == [["read 0"], ["read 1"], ["match 9"], []]
    settings.WORKERS = 1  # type: ignore[attr-defined]
    assert claimable.most_of_one_side() == 1


def test_what_is_due_the_longest_is_of_what_may_be_begun() -> None:
    assert claimable.longest_due() is None
    put("send", "1")
    put("match", "2", "")
    Work.objects.filter(step="send").update(due_at="2020-01-01T00:00Z")
    longest = claimable.longest_due()
    assert longest is not None
    assert longest > timedelta(days=365)
    opened()
    longest = claimable.longest_due()
    assert longest is not None
    assert longest < timedelta(minutes=5)


def test_the_depth_of_a_lane_counts_what_is_due_and_not_begun() -> None:
    for number in range(4):
        put("send", str(number))
    put("match", "1", "")
    put("match", "2", "", timedelta(hours=1))
    put("match", "3", "", lane="other")
    assert claimable.depth("lane", up_to=100) == 5
    assert claimable.depth("lane", [ACME], up_to=100) == 4
    assert claimable.depth("lane", [ACME, ""], up_to=3) == 3
    claimed()
    assert claimable.depth("lane", [ACME], up_to=100) == 3
