"""One case for each silence, opened once, closed once; and none for who is new, irregular, paused, in watch, or not asked."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from archive.record import record_event
from integration.flows import clock, silence
from integration.flows.cases import close_case
from integration.flows.check_hooks import hook_cause
from integration.flows.hooks import Verdict, take
from integration.flows.silence import MISSED, tell_silence
from integration.models import (
    Channel,
    DailyFigure,
    ExceptionCase,
    HookCall,
    Pause,
    StoreHook,
    mailbox_channel,
)
from integration.work import Unclaimed
from partners.models import Agreement, AgreementDocument, Holiday, Mailbox, Mode, TradingPartner
from tests import calls, factories

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 11, 18, 9, tzinfo=UTC)
LAST = date(2026, 11, 13)  # A Friday: Monday and Tuesday went by.


@pytest.fixture
def at(monkeypatch: pytest.MonkeyPatch) -> list[datetime]:
    """The time that the look for silence sees."""
    times = [NOW]
    monkeypatch.setattr(silence, "database_now", lambda: times[0])
    return times


def supplier(kind: str = "846", **terms: Any) -> Agreement:
    """Return a live agreement, with an office calendar, under which ``kind`` comes."""
    made = factories.agreement(mode=Mode.LIVE, on=factories.mailbox(mode=Mode.LIVE))
    AgreementDocument.objects.get_or_create(agreement=made, transaction_set=kind, direction="in")
    Agreement.objects.filter(pk=made.pk).update(
        **{"calendar": factories.business_calendar(zone="UTC"), **terms}
    )
    return Agreement.objects.get(pk=made.pk)


def counted(
    partner: TradingPartner, day: date, kind: str = "846", direction: str = "in", **moments: datetime
) -> None:
    DailyFigure.objects.create(
        day=day, partner=partner, transaction_set=kind, direction=direction, documents=1, failed=0, answered=[0] * 10,
        counted_at=NOW, **moments,
    )  # fmt: skip


def rhythm(
    partner: TradingPartner, kind: str = "846", *, last: date = LAST, step: int = 1, direction: str = "in"
) -> None:
    """Have ``partner`` have sent one each so many weekdays, for eight weeks."""
    days = [day for day in (last - timedelta(days=back) for back in range(56)) if day.weekday() < 5]
    for day in days[::step]:
        counted(partner, day, kind, direction)


def told() -> list[tuple[str, str, bool]]:
    rows = ExceptionCase.objects.order_by("pk").values_list("kind", "cause", "closed_at")
    return [(kind, cause, closed_at is None) for kind, cause, closed_at in rows]


def test_a_silence_is_told_once_and_closes_once_when_he_speaks_again(at: list[datetime]) -> None:
    under = supplier()
    rhythm(under.partner)
    cause = f"silent:partner:{under.partner_id}:846:2026-11-13"
    at[0] = NOW - timedelta(days=1)
    tell_silence()
    assert told() == []
    for _ in range(3):
        at[0] += timedelta(days=1)
        tell_silence()
        tell_silence()
        assert told() == [("silent", cause, True)]
    case = ExceptionCase.objects.get()
    assert case.partner == under.partner
    assert case.sentence == (
        f"{under.partner} has sent no stock advice (846) since 13 Nov 2026: 4 open days went by, and usually it takes 1 at"
        " most. Ask them whether they still send. The case closes by itself when one comes."
    )
    # So long that no history is left: it stands.
    at[0] = NOW + timedelta(days=200)
    tell_silence()
    assert told() == [("silent", cause, True)]
    at[0] = NOW + timedelta(days=3)
    counted(under.partner, at[0].date())
    for _ in range(2):
        tell_silence()
        assert told() == [("silent", cause, False)]
    case.refresh_from_db()
    assert (case.closed_by, case.decision_reason) == (
        "Gridport",
        "Stock advice (846) came again on 21 Nov 2026.",
    )


@pytest.mark.parametrize(("zone", "hour", "at_hour", "passed", "by_utc"), [
    # He sends at 9 in the morning in Auckland, 20:00 UTC of the day before. At noon UTC his Thursday has begun.
    ("Pacific/Auckland", 20, 12, 3, ["2026-11-12"]),
    # At 8 in the evening in Chicago, 02:00 UTC of the day after: Friday's fall on Saturday, and long gaps seem usual.
    ("America/Chicago", 2, 9, 2, []),
])  # fmt: skip
def test_days_are_the_partners_own_and_days_of_utc_tell_another_silence(
    at: list[datetime], monkeypatch: pytest.MonkeyPatch, zone: str, hour: int, at_hour: int, passed: int, by_utc: list[str]
) -> None:  # fmt: skip
    """The naive variant takes the days of figures for the partner's: another last day, or no silence at all."""
    under = supplier(calendar=factories.business_calendar(zone=zone))
    ahead = timedelta(days=1) if hour < 12 else timedelta(days=-1)
    for day in (LAST - timedelta(days=back) for back in range(56)):
        if day.weekday() < 5:
            moment = datetime(day.year, day.month, day.day, hour, tzinfo=UTC) + ahead
            assert moment.astimezone(ZoneInfo(zone)).date() == day
            counted(under.partner, moment.date(), first_at=moment, last_at=moment)
    at[0] = datetime(2026, 11, 18, at_hour, tzinfo=UTC)
    tell_silence()
    case = ExceptionCase.objects.get()
    assert case.cause == f"silent:partner:{under.partner_id}:846:2026-11-13"
    assert f"since 13 Nov 2026: {passed} open days went by" in case.sentence

    ExceptionCase.objects.all().delete()
    monkeypatch.setattr(silence, "_days_of", lambda day, first, last, zone: {day})
    tell_silence()
    causes = ExceptionCase.objects.values_list("cause", flat=True)
    assert [each.rpartition(":")[2] for each in causes] == by_utc


def test_a_figure_across_the_partners_midnight_is_of_both_days(at: list[datetime]) -> None:
    under = supplier(calendar=factories.business_calendar(zone="America/Chicago"))
    rhythm(under.partner, last=date(2026, 11, 12))
    # Thursday evening, and Friday morning, in Chicago; both are Friday in UTC.
    evening, morning = (datetime(2026, 11, 13, hour, tzinfo=UTC) for hour in (3, 16))
    counted(under.partner, date(2026, 11, 13), first_at=evening, last_at=morning)
    tell_silence()
    assert ExceptionCase.objects.get().cause == f"silent:partner:{under.partner_id}:846:2026-11-13"
    DailyFigure.objects.filter(last_at=morning).update(last_at=evening)
    ExceptionCase.objects.all().delete()
    tell_silence()
    assert ExceptionCase.objects.get().cause == f"silent:partner:{under.partner_id}:846:2026-11-12"


def test_a_case_by_days_of_another_zone_is_told_anew(at: list[datetime]) -> None:
    under = supplier()
    for back in range(56):
        day = LAST - timedelta(days=back)
        if day.weekday() < 5:
            moment = datetime(day.year, day.month, day.day, 3, tzinfo=UTC)
            counted(under.partner, day, first_at=moment, last_at=moment)
    tell_silence()
    assert under.calendar is not None
    type(under.calendar).objects.update(time_zone="America/Chicago")
    for _ in range(2):
        tell_silence()
        assert [(cause.rpartition(":")[2], is_open) for _, cause, is_open in told()] == [
            ("2026-11-13", False),
            ("2026-11-12", True),
        ]


def test_what_a_person_closed_is_not_asked_again(at: list[datetime]) -> None:
    under = supplier()
    rhythm(under.partner)
    tell_silence()
    close_case(ExceptionCase.objects.get(), "settled", "They moved house.", actor="vera")
    tell_silence()
    assert [is_open for _, _, is_open in told()] == [False]


def test_who_is_new_irregular_or_closed_is_not_told_of(at: list[datetime]) -> None:
    new = supplier()
    for back in range(8):
        counted(new.partner, LAST - timedelta(days=back))
    rhythm(supplier().partner, step=4)
    irregular = supplier().partner
    for back in (0, 1, 2, 3, 14, 15, 16, 17, 28, 29, 30, 31, 42, 43, 44, 45):
        counted(irregular, LAST - timedelta(days=back))
    closed = supplier()
    rhythm(closed.partner)
    assert closed.calendar is not None
    Holiday.objects.create(calendar=closed.calendar, date=date(2026, 11, 16), name="Move")
    tell_silence()
    assert told() == []


@pytest.mark.parametrize("how", [
    "partner", "mailbox", "receiving", "everything", "watch", "mailbox in watch", "switched off", "not agreed", "line down",
])  # fmt: skip
def test_who_is_not_listened_for_is_not_told_of_and_what_was_told_is_closed(
    at: list[datetime], how: str
) -> None:
    under = supplier()
    rhythm(under.partner)

    def stop() -> None:
        subjects = {
            "partner": f"partner:{under.partner_id}", "mailbox": f"mailbox:{under.mailbox_id}",
            "receiving": Pause.RECEIVING, "everything": Pause.EVERYTHING,
        }  # fmt: skip
        if how in subjects:
            Pause.objects.create(subject=subjects[how], reason="They move.", paused_by="olaf")
        elif how == "watch":
            Agreement.objects.update(mode=Mode.WATCH)
        elif how == "mailbox in watch":
            Mailbox.objects.update(mode=Mode.WATCH)
        elif how == "switched off":
            TradingPartner.objects.update(is_active=False)
        elif how == "not agreed":
            AgreementDocument.objects.filter(transaction_set="846").update(is_active=False)
        else:
            name = mailbox_channel(under.mailbox_id)
            Channel.objects.create(name=name, opened_at=NOW, probe_at=NOW + timedelta(hours=1))

    tell_silence()
    assert [is_open for _, _, is_open in told()] == [True]
    stop()
    tell_silence()
    # Of a line of ours that is down, and while everything is paused, nothing is known.
    assert [is_open for _, _, is_open in told()] == [how in ("everything", "line down")]
    ExceptionCase.objects.all().delete()
    tell_silence()
    assert told() == []


def test_an_answer_is_missed_only_on_days_on_which_it_was_asked_for(at: list[datetime]) -> None:
    under = supplier("855")
    rhythm(under.partner, "855")
    rhythm(under.partner, "850", direction="out")
    tell_silence()
    assert told() == []
    counted(under.partner, date(2026, 11, 16), "850", "out")
    tell_silence()
    assert told() == []
    counted(under.partner, date(2026, 11, 17), "850", "out")
    tell_silence()
    assert [kind for kind, _, _ in told()] == ["silent"]
    assert "2 days on which purchase orders were sent went by" in ExceptionCase.objects.get().sentence


def test_the_clock_looks_for_silence_as_often_as_it_counts(at: list[datetime]) -> None:
    under = supplier()
    rhythm(under.partner)
    clock.watch_clock("all", Unclaimed())
    assert len(told()) == 1
    ExceptionCase.objects.all().delete()
    DailyFigure.objects.update(counted_at=timezone.now())
    clock.watch_clock("all", Unclaimed())
    assert told() == []


def test_many_partners_cost_no_more_queries_than_one(at: list[datetime]) -> None:
    rhythm(supplier().partner, last=NOW.date())
    with CaptureQueriesContext(
        connection,
    ) as one:
        tell_silence()
    for _ in range(4):
        rhythm(supplier().partner, last=NOW.date())
    with CaptureQueriesContext(connection) as five:
        tell_silence()
    assert len(five) == len(one)


@pytest.fixture
def hook(settings: Any) -> StoreHook:
    """The active hook of a live store, registered five hours ago; facts are dated by the database, so the time is real."""
    settings.PUBLIC_URL = "https://gridport.example"
    made = calls.hooked()
    record_event(f"store:{made.store_id}", "hook_registered", "The store's webhook was registered.")
    return made


def placed(hook: StoreHook, count: int, ahead: timedelta = timedelta(minutes=1)) -> None:
    """Have orders be found that were placed after the last call."""
    for _ in range(count):
        factories.order(of=hook.store, placed_at=timezone.now() + ahead)


def later(monkeypatch: pytest.MonkeyPatch, by: timedelta = timedelta(hours=1)) -> None:
    monkeypatch.setattr(silence, "database_now", lambda: timezone.now() + by)


def test_a_store_that_calls_about_no_order_is_told_of_once_until_it_calls(
    hook: StoreHook, monkeypatch: pytest.MonkeyPatch
) -> None:
    placed(hook, MISSED - 1)
    later(monkeypatch)
    tell_silence()
    assert told() == []
    placed(hook, 1)
    monkeypatch.setattr(silence, "database_now", timezone.now)
    tell_silence()
    assert told() == []  # They may call yet.
    later(monkeypatch)
    tell_silence()
    tell_silence()
    assert [(kind, is_open) for kind, _, is_open in told()] == [("store", True)]
    assert "3 orders or more were placed since" in ExceptionCase.objects.get().sentence
    body = calls.event(1042)
    assert take(hook.key, calls.headers(hook, body), body) is Verdict.TAKEN
    HookCall.objects.update(received_at=timezone.now() + timedelta(minutes=2))  # After what was placed.
    tell_silence()
    tell_silence()
    assert [(kind, is_open) for kind, _, is_open in told()] == [("store", False)]
    assert (
        ExceptionCase.objects.get().decision_reason
        == "The store calls again, or its webhook was registered anew."
    )


@pytest.mark.parametrize(
    "how", ["paused", "watch", "gone", "never registered", "told of already", "line down", "no address"]
)
def test_a_store_that_is_not_to_call_is_not_told_of(
    hook: StoreHook, monkeypatch: pytest.MonkeyPatch, settings: Any, how: str
) -> None:
    placed(hook, MISSED)
    later(monkeypatch)
    store = hook.store
    if how == "paused":
        Pause.objects.create(subject=f"store:{store.pk}", reason="Moves.", paused_by="olaf")
    elif how == "watch":
        type(store).objects.update(mode=Mode.WATCH)
    elif how == "gone":
        StoreHook.objects.update(is_active=False)
    elif how == "never registered":
        monkeypatch.setattr(silence, "_REGISTERED", ())
    elif how == "told of already":
        ExceptionCase.objects.create(
            kind="store", cause=hook_cause(store), sentence="It was not active.", store=store
        )
    elif how == "line down":
        Channel.objects.create(name=f"store:{store.pk}", opened_at=NOW, probe_at=NOW)
    else:
        settings.PUBLIC_URL = ""
    tell_silence()
    assert not ExceptionCase.objects.filter(cause__startswith="silent:").exists()
