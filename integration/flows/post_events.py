"""Events posted to a destination: one after the other, the same bytes under the same id at every try.

What is refused for itself waits for its next try and holds up nothing; a destination that takes nothing, or does not
answer, ends the turn: its channel counts that, and no other destination's. Each event has its own schedule.
"""

from __future__ import annotations

import math
import random
import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from enum import Enum

from django.utils.translation import gettext as _

from archive.clock import database_now
from archive.record import record_event
from integration.errors import IntegrationError, RateLimited, RetryableError
from integration.failpoints import failpoint
from integration.flows.cases import channel_cause, open_case
from integration.flows.event_cases import stands_still_no_more, tell_given_up, tell_gone
from integration.flows.events_out import post_step
from integration.models import (
    EventAttempt,
    EventDelivery,
    EventDestination,
    ExceptionCase,
    destination_channel,
)
from integration.transports.signed_webhook import headers
from integration.transports.webhook import RECEIVER, Answer, exchange
from integration.work import Claim, Step

State = EventDelivery.State
TURN = timedelta(seconds=40)
"""No try is begun later than that in one turn: with one more it stays below the lease."""

SCHEDULE = (
    timedelta(seconds=5),
    timedelta(minutes=5),
    timedelta(minutes=30),
    timedelta(hours=2),
    timedelta(hours=5),
    timedelta(hours=10),
    timedelta(hours=14),
    timedelta(hours=20),
    timedelta(hours=24),
)
"""Waits between tries, each longer by up to a tenth; after the last try an event is given up, some three days later."""

LONGEST_BUSY = timedelta(days=4)
"""So old an event has to be for a try that the receiver asked to be put off to count as one."""

BUSY_TOLD_AFTER = timedelta(hours=6)
_JITTER = 0.1
_LONGEST_ASKED = timedelta(hours=24)
_GONE = 410
_BUSY = frozenset({429, 503})
_REFUSES_ALL = frozenset({401, 403, 404, 405, 407, 408, 425, 429})
_rng = random.SystemRandom()


class Verdict(Enum):
    """What an answer means: for the event, and for the destination."""

    TAKEN = "taken"
    REFUSED = "refused"
    AWAY = "away"
    BUSY = "busy"
    GONE = "gone"


@dataclass(frozen=True)
class Tried:
    """How one try went; ``asked`` is how long the receiver asked us to wait."""

    verdict: Verdict
    words: str
    status: int | None = None
    answer: str = ""
    asked: timedelta = timedelta(0)


@dataclass
class Turn:
    """What one turn came to: ``last`` is the try that ended it, or the last one."""

    taken: int = 0
    last: Tried | None = None


def post_events(subject: str, claim: Claim) -> list[Step]:
    """Post what is due to a destination. Raises ``RetryableError`` where it took nothing."""
    destination = EventDestination.objects.filter(pk=subject, is_active=True).first()
    if destination is None:
        return []
    turn = _take_turn(destination, claim)
    if turn.last is None or (turn.taken and turn.last.verdict in (Verdict.TAKEN, Verdict.REFUSED)):
        return _next(destination)
    if turn.last.verdict is Verdict.GONE:
        return []
    if not _waits(destination):
        with claim.transaction():
            stands_still_no_more(
                destination, _("Nothing waits for it any more: what it did not take was given up.")
            )
            tell_given_up(destination)
        return []
    if turn.last.verdict is Verdict.BUSY:
        _tell_long_busy(destination, turn.last, claim)
        raise RateLimited(turn.last.words, retry_after=turn.last.asked)
    raise RetryableError(_told(destination, turn.last.words), retry_after=_left(destination))


def _tell_long_busy(destination: EventDestination, tried: Tried, claim: Claim) -> None:
    """Tell a person of a receiver that has us wait again and again, which is no failure to the queue."""
    since = destination.failing_since
    if since is None or database_now() - since < BUSY_TOLD_AFTER:
        return
    with claim.transaction():
        cause = channel_cause(destination_channel(destination.pk))
        open_case(ExceptionCase.Kind.PARKED, cause, _told(destination, tried.words))


def _take_turn(destination: EventDestination, claim: Claim) -> Turn:
    turn, ends = Turn(), time.monotonic() + TURN.total_seconds()
    seen: set[int] = set()
    delivery = _due(destination, seen) or _probe(destination)
    while delivery is not None:
        seen.add(delivery.pk)
        turn.last = _try(destination, delivery, claim)
        turn.taken += turn.last.verdict is Verdict.TAKEN
        if turn.last.verdict not in (Verdict.TAKEN, Verdict.REFUSED) or time.monotonic() >= ends:
            break
        delivery = _due(destination, seen)
    return turn


def _due(destination: EventDestination, seen: set[int]) -> EventDelivery | None:
    waiting = destination.deliveries.filter(state=State.WAITING, next_at__lte=database_now())
    return waiting.exclude(pk__in=seen).order_by("next_at", "pk").first()


def _probe(destination: EventDestination) -> EventDelivery | None:
    """Return what waits for its next try longest, where a person had a destination that fails be asked before that."""
    if destination.failing_since is None:
        return None
    return destination.deliveries.filter(state=State.WAITING).order_by("next_at", "pk").first()


def _waits(destination: EventDestination) -> bool:
    return destination.deliveries.filter(state=State.WAITING).exists()


def _left(destination: EventDestination) -> timedelta:
    """Return how long until the next try is due."""
    due = (
        destination.deliveries.filter(state=State.WAITING)
        .order_by("next_at")
        .values_list("next_at", flat=True)
    )
    first = due.first()
    return max(first - database_now(), timedelta(0)) if first is not None else timedelta(0)


def _next(destination: EventDestination) -> list[Step]:
    return [post_step(destination.pk, _left(destination))] if _waits(destination) else []


def _told(destination: EventDestination, words: str) -> str:
    return _("Events to “%(destination)s” are not taken. %(words)s") % {
        "destination": destination,
        "words": words,
    }


def _try(destination: EventDestination, delivery: EventDelivery, claim: Claim) -> Tried:
    began = database_now()
    since = time.monotonic()
    tried = post_once(destination, str(delivery.message_id), bytes(delivery.body), began)
    failpoint("event.posted")
    milliseconds = math.ceil((time.monotonic() - since) * 1000)
    with claim.transaction():
        EventAttempt.objects.create(
            delivery=delivery,
            began_at=began,
            status=tried.status,
            words=tried.words[:300],
            answer=tried.answer,
            milliseconds=milliseconds,
        )
        _settle(destination, delivery, tried)
    return tried


def post_once(destination: EventDestination, message_id: str, body: bytes, now: datetime) -> Tried:
    """Post ``body`` once, signed with each secret that is valid ``now``, and say how that went."""
    try:
        answer = exchange(
            destination.url, body, headers(keys_of(destination, now), message_id, now, body), whom=RECEIVER
        )
    except IntegrationError as error:
        return Tried(Verdict.AWAY, str(error))
    return _judge(answer, now)


def keys_of(destination: EventDestination, now: datetime) -> list[str]:
    """Return the secrets to sign with, the newest first."""
    is_rotating = destination.former_until is not None and destination.former_until > now
    return [destination.secret, *([destination.former_secret] if is_rotating else [])]


def _judge(answer: Answer, now: datetime) -> Tried:
    status, asked = answer.status, _asked(answer.retry_after, now)
    if 200 <= status < 300:
        return Tried(Verdict.TAKEN, _("The receiver took it (%(status)s).") % {"status": status}, status)
    if status == _GONE:
        words = _("The receiver says that it is gone for good (%(status)s).")
        return Tried(Verdict.GONE, words % {"status": status}, status, answer.beginning)
    if status in _BUSY and asked:
        words = _("The receiver asks us to wait (%(status)s). It is tried again by itself.")
        return Tried(Verdict.BUSY, words % {"status": status}, status, answer.beginning, asked)
    if 300 <= status < 400:
        words = _(
            "The address leads elsewhere (%(status)s), and nobody is followed there. Enter the address itself."
        )
        return Tried(Verdict.AWAY, words % {"status": status}, status, answer.beginning, asked)
    if status >= 500 or status in _REFUSES_ALL:
        words = _("The receiver takes nothing now (%(status)s). It is tried again by itself.")
        return Tried(Verdict.AWAY, words % {"status": status}, status, answer.beginning, asked)
    words = _("The receiver refused this event (%(status)s). It is tried again by itself.")
    return Tried(Verdict.REFUSED, words % {"status": status}, status, answer.beginning, asked)


def _asked(retry_after: str, now: datetime) -> timedelta:
    """Return how long ``Retry-After`` (seconds, or a date) has us wait: a day at most; nothing where it cannot be read."""
    text = retry_after.strip()
    if text.isascii() and text.isdigit():
        wait = timedelta(seconds=min(int(text[:9]), int(_LONGEST_ASKED.total_seconds())))
    else:
        try:
            at = parsedate_to_datetime(text)
        except ValueError:
            return timedelta(0)
        wait = (at if at.tzinfo else at.replace(tzinfo=UTC)) - now
    return min(max(wait, timedelta(0)), _LONGEST_ASKED)


def _settle(destination: EventDestination, delivery: EventDelivery, tried: Tried) -> None:
    """Write what became of ``delivery``, and of its destination, in the caller's transaction."""
    now = database_now()
    waiting = EventDelivery.objects.filter(pk=delivery.pk, state=State.WAITING)
    if tried.verdict is Verdict.TAKEN:
        waiting.update(state=State.DELIVERED, tries=delivery.tries + 1, next_at=None, settled_at=now)
        _takes_again(destination, now)
        return
    if tried.verdict is Verdict.GONE:
        waiting.update(tries=delivery.tries + 1)
        _switch_off(destination, tried.words)
        return
    if tried.verdict is not Verdict.REFUSED and destination.failing_since is None:
        EventDestination.objects.filter(pk=destination.pk).update(failing_since=now)
        destination.failing_since = now
    if tried.verdict is Verdict.BUSY and now - delivery.created_at < LONGEST_BUSY:
        waiting.update(next_at=now + tried.asked)
        return
    wait = wait_after(delivery.tries + 1)
    if wait is not None:
        waiting.update(tries=delivery.tries + 1, next_at=now + max(wait, tried.asked))
    else:
        waiting.update(state=State.GIVEN_UP, tries=delivery.tries + 1, next_at=None, settled_at=now)
        if destination.failing_since is None:
            tell_given_up(destination)


def wait_after(tries: int) -> timedelta | None:
    """Return how long to wait after so many tries, None where it was the last."""
    if tries > len(SCHEDULE):
        return None
    return SCHEDULE[tries - 1] * (1 + _rng.uniform(0, _JITTER))


def _takes_again(destination: EventDestination, now: datetime) -> None:
    """Where it had failed: have all that waits follow at once, and a person decide on what was given up meanwhile."""
    if destination.failing_since is None:
        return
    EventDestination.objects.filter(pk=destination.pk).update(failing_since=None)
    destination.failing_since = None
    destination.deliveries.filter(state=State.WAITING).update(next_at=now)
    tell_given_up(destination)


def _switch_off(destination: EventDestination, words: str) -> None:
    sentence = _(
        "“%(destination)s” was switched off. %(words)s Its events wait: enter its new address and switch it on, or leave it."
    ) % {"destination": destination, "words": words}
    EventDestination.objects.filter(pk=destination.pk).update(
        is_active=False, stopped_because=sentence[:300], failing_since=None
    )
    record_event(destination.subject, "switched_off", sentence)
    tell_gone(destination, sentence)
