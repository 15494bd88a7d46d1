"""Who has fallen silent: partners by their own history, and stores whose calls do not come while orders do.

Level-triggered, from what is counted already (``integration.flows.figures``) and by indexes, so that no archive is scanned.
Figures are of days in UTC, a partner's days are where he is (``integration.flows.home_zones``): by the first and the last
document of a figure it is known on which of his days he spoke. One case for each silence, closed by itself when they speak again. What a person closed of a silence is
not asked again.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db.models import Q

from archive.clock import database_now
from archive.models import Direction, Event
from archive.models.exchange import document_name
from integration.flows.cases import MACHINE, close_case, reopen
from integration.flows.check_hooks import hook_cause
from integration.flows.home_zones import UNKNOWN, home_zones
from integration.matching.lines import day_words
from integration.matching.silence import HISTORY_DAYS, Silence, silence_of
from integration.models import (
    Channel,
    DailyFigure,
    ExceptionCase,
    HookCall,
    Order,
    Pause,
    Store,
    StoreHook,
    mailbox_channel,
    store_channel,
)
from partners.business_time import OpenHours
from partners.models import AgreementDocument, Mode, TradingPartner

OF_HIMSELF = ("846", "850", "860")
"""What a partner sends without being asked."""
ASKED_BY = "850"
ANSWERS = ("855", "856", "810")
"""What follows from purchase orders of ours: only days on which some were sent count. Acknowledgments (997) and answers about
single things have a due time each (``integration.flows.clock``)."""

GRACE = timedelta(minutes=30)
"""So long a store may take to call about an order."""
MISSED = 3
"""So many new orders without any call are no accident."""

_PARTNER, _HOOK = "silent:partner:", "silent:hook:"
_REGISTERED = ("hook_registered", "hook_mended")

Days = Mapping[tuple[int, str], frozenset[date]]
"""On which days of a partner something was exchanged, by partner and transaction set."""


@dataclass
class _Listened:
    """One kind of document that a partner is to send: where his days are, through which mailboxes, in whose
    calendars."""

    partner: TradingPartner
    zone: ZoneInfo = UNKNOWN
    mailboxes: set[str] = field(default_factory=set)
    calendars: list[OpenHours] = field(default_factory=list)

    def is_open(self, day: date) -> bool:
        return all(each.hours_of(day) is not None for each in self.calendars)


def tell_silence() -> None:
    """Have one case open for each partner's kind of document, and for each store's hook, that is silent too long.

    In the caller's transaction. Nobody is listened for who is paused, in watch or switched off; and where our own line to
    a mailbox or store is down, nothing is said of who speaks through it.
    """
    now = database_now()
    paused = set(Pause.objects.values_list("subject", flat=True))
    if Pause.EVERYTHING in paused:
        return
    down = _down(now)
    _tell_partners(now, paused, down)
    _tell_hooks(now, paused, down)


def _down(now: datetime) -> set[str]:
    """Return the lines of ours, to stores and mailboxes, that are down or rest."""
    rows = Channel.objects.filter(Q(opened_at__isnull=False) | Q(rests_until__gt=now))
    return set(rows.values_list("name", flat=True))


def _tell_partners(now: datetime, paused: set[str], down: set[str]) -> None:
    listened = _listened(paused)
    zones = {pk: its.zone for (pk, _), its in listened.items()}
    spoke = _days(Direction.IN, (*OF_HIMSELF, *ANSWERS), now, zones)
    asked = _days(Direction.OUT, (ASKED_BY,), now, zones)
    silences = {}
    for key, its in listened.items():
        today = now.astimezone(its.zone).date()
        silence = silence_of(spoke.get(key, frozenset()), today, _counting(key, its, asked))
        if silence is not None:
            silences[key] = silence
    _close_partners(listened, spoke, silences)
    for (pk, transaction_set), silence in silences.items():
        its = listened[pk, transaction_set]
        if silence.is_too_long and not its.mailboxes & down:
            cause = f"{_PARTNER}{pk}:{transaction_set}:{silence.last}"
            sentence = _sentence(its.partner, transaction_set, silence)
            _open(ExceptionCase.Kind.SILENT, cause, sentence, partner=its.partner)


def _listened(paused: set[str]) -> dict[tuple[int, str], _Listened]:
    """Return what partners are to send under what is live, by partner and transaction set."""
    if Pause.RECEIVING in paused:
        return {}
    rows = AgreementDocument.objects.filter(
        direction=AgreementDocument.Direction.IN,
        is_active=True,
        transaction_set__in=(*OF_HIMSELF, *ANSWERS),
        agreement__mode=Mode.LIVE,
        agreement__mailbox__mode=Mode.LIVE,
        agreement__partner__is_active=True,
    ).select_related("agreement__partner", "agreement__calendar")
    zones = home_zones(set(rows.values_list("agreement__partner_id", flat=True)))
    found: dict[tuple[int, str], _Listened] = {}
    for row in rows.prefetch_related("agreement__calendar__holidays").order_by("pk"):
        agreement = row.agreement
        if {f"partner:{agreement.partner_id}", f"mailbox:{agreement.mailbox_id}"} & paused:
            continue
        new = _Listened(agreement.partner, zones.get(agreement.partner_id, UNKNOWN))
        its = found.setdefault((agreement.partner_id, row.transaction_set), new)
        its.mailboxes.add(mailbox_channel(agreement.mailbox_id))
        if agreement.calendar is not None:
            its.calendars.append(agreement.calendar.open_hours())
    return found


def _days(direction: Direction, sets: tuple[str, ...], now: datetime, zones: Mapping[int, ZoneInfo]) -> Days:
    """Return on which days of ``zones`` something was exchanged, within ``HISTORY_DAYS``."""
    rows = DailyFigure.objects.filter(
        direction=direction,
        transaction_set__in=sets,
        partner__in=list(zones),
        documents__gt=0,
        day__gte=now.astimezone(UTC).date() - timedelta(days=HISTORY_DAYS + 1),
    ).order_by()
    found: dict[tuple[int, str], set[date]] = {}
    for pk, kind, day, first, last in rows.values_list(
        "partner_id", "transaction_set", "day", "first_at", "last_at"
    ):
        zone = zones[pk or 0]
        since = now.astimezone(zone).date() - timedelta(days=HISTORY_DAYS)
        days = {each for each in _days_of(day, first, last, zone) if each >= since}
        found.setdefault((pk or 0, kind), set()).update(days)
    return {key: frozenset(days) for key, days in found.items()}


def _days_of(day: date, first: datetime | None, last: datetime | None, zone: ZoneInfo) -> set[date]:
    """Return on which days of ``zone`` the documents of a day of UTC were; of whose moments nothing is kept, on that day."""
    told = {moment.astimezone(zone).date() for moment in (first, last) if moment is not None}
    return told or {day}


def _counting(key: tuple[int, str], its: _Listened, asked: Days) -> Callable[[date], bool]:
    """Return which days count: on which he is open, and, of answers, purchase orders were sent to him."""
    if key[1] not in ANSWERS:
        return its.is_open
    ours = asked.get((key[0], ASKED_BY), frozenset())
    return lambda day: day in ours and its.is_open(day)


def _close_partners(
    listened: Mapping[tuple[int, str], _Listened], spoke: Days, silences: Mapping[tuple[int, str], Silence]
) -> None:
    """Close what is over. A silence so long that its history is gone stands until he speaks."""
    for case in ExceptionCase.objects.filter(closed_at=None, cause__startswith=_PARTNER):
        pk, transaction_set, last = case.cause.removeprefix(_PARTNER).split(":")
        key = (int(pk), transaction_set)
        latest = max(spoke.get(key, ()), default=None)
        if key not in listened:
            _close(case, "Nobody listens for it now: it is paused, in watch, switched off or not agreed on.")
        elif latest is not None and latest > date.fromisoformat(last):
            _close(case, f"{document_name(transaction_set)} came again on {day_words(latest)}.")
        elif latest is not None and latest < date.fromisoformat(last):
            _close(case, "It is told anew: the partner's days are counted in another zone since.")
        elif key in silences and not silences[key].is_too_long:
            _close(
                case,
                "It is no longer than usual, as the calendar and the days on which we ask are counted now.",
            )


def _sentence(partner: TradingPartner, transaction_set: str, silence: Silence) -> str:
    days = "days on which purchase orders were sent" if transaction_set in ANSWERS else "open days"
    name = document_name(transaction_set)
    return (
        f"{partner} has sent no {name[:1].lower()}{name[1:]} since {day_words(silence.last)}: {silence.passed} {days} went by,"
        f" and usually it takes {silence.usual} at most. Ask them whether they still send. The case closes by itself when one"
        " comes."
    )


def _tell_hooks(now: datetime, paused: set[str], down: set[str]) -> None:
    hooks = {each.store_id: each for each in _hooks() if f"store:{each.store_id}" not in paused}
    heard = {pk: _heard(pk) for pk in hooks}
    for case in ExceptionCase.objects.filter(closed_at=None, cause__startswith=_HOOK):
        since = heard.get(case.store_id or 0)
        if case.store_id not in hooks:
            _close(
                case, "Nobody listens for it now: the store is paused, in watch, or has no active webhook."
            )
        elif since is not None and case.cause != _hook_cause(case.store_id, since):
            _close(case, "The store calls again, or its webhook was registered anew.")
    of_hooks = {hook_cause(hook.store) for hook in hooks.values()}
    told = set(
        ExceptionCase.objects.filter(closed_at=None, cause__in=of_hooks).values_list("cause", flat=True)
    )
    for pk, hook in hooks.items():
        since = heard[pk]
        if since is None or store_channel(pk) in down or hook_cause(hook.store) in told:
            continue
        missed = _missed(hook.store, since, now)
        if missed >= MISSED:
            sentence = _hook_sentence(hook.store, since, missed)
            _open(ExceptionCase.Kind.STORE, _hook_cause(pk, since), sentence, store=hook.store)


def _hook_cause(store: int, since: datetime) -> str:
    return f"{_HOOK}{store}:{since.astimezone(UTC):%Y-%m-%dT%H:%M:%S.%f}"


def _hooks() -> list[StoreHook]:
    """Return the hooks that live stores are known to have and to use."""
    if not settings.PUBLIC_URL:
        return []
    rows = StoreHook.objects.filter(is_active=True, store__mode=Mode.LIVE).exclude(number=None)
    return list(rows.select_related("store").order_by("pk"))


def _heard(store: int) -> datetime | None:
    """Return when a store was heard last, or its hook registered or put in order since; None: never was."""
    calls = HookCall.objects.filter(store=store, is_stale=False).order_by("-received_at")
    events = Event.objects.filter(subject=f"store:{store}", kind__in=_REGISTERED).order_by("-pk")
    moments = (
        calls.values_list("received_at", flat=True).first(),
        events.values_list("recorded_at", flat=True).first(),
    )
    return max((each for each in moments if each is not None), default=None)


def _missed(store: Store, since: datetime, now: datetime) -> int:
    """Return how many orders were found by asking that the store should have called about: ``MISSED`` stands for more."""
    placed = Order.objects.filter(store=store, placed_at__gt=since, placed_at__lte=now - GRACE)
    return len(placed.order_by("placed_at").values_list("pk")[:MISSED])


def _hook_sentence(store: Store, since: datetime, missed: int) -> str:
    return (
        f"{store} has not called Gridport since {since.astimezone(UTC):%Y-%m-%d %H:%M} UTC, though its webhook is active and"
        f" {missed} orders or more were placed since. They were found by asking, a little later, so none is lost. See whether"
        f" the internet reaches {settings.PUBLIC_URL}. The case closes by itself once a call arrives."
    )


def _open(kind: str, cause: str, sentence: str, **links: Any) -> None:
    """Open the case of one silence, unless a person closed it; an open one says how long it is now."""
    last = ExceptionCase.objects.filter(cause=cause).order_by("-pk").first()
    if last is not None and last.closed_at is not None and last.closed_by != MACHINE:
        return
    if last is None or last.closed_at is not None or last.sentence != sentence:
        reopen(kind, cause, sentence, **links)


def _close(case: ExceptionCase, why: str) -> None:
    close_case(case, ExceptionCase.Decision.RELEASED, why)
