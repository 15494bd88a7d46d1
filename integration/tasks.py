"""Where work is taken from the queue and handed to flows; the only door to django-q2.

A django-q task is a knock: "this lane has work". Losing, doubling or truncating knocks costs seconds, since
the ticker knocks again for whatever is due.
"""

from __future__ import annotations

import logging
import random
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Protocol
from uuid import UUID, uuid4

from django.db import Error, connection, transaction
from django.db.models.functions import Now
from django_q.tasks import async_task
from psycopg import errors

from archive.correlation import correlated
from integration import channels, work
from integration.errors import (
    ConfigurationError,
    IntegrationError,
    PermanentError,
    RateLimited,
    RetryableError,
)
from integration.failpoints import failpoint
from integration.flows.cases import channel_cause, close_cause, open_case, work_cause
from integration.flows.nameless import unquoted
from integration.flows.pauses import pause_of, pause_sentence
from integration.flows.steps import STEPS, StepKind, standing_steps
from integration.models import STANDING_POLL, Lane, Pause
from integration.work import ClaimedWork, LeaseLost, Step

logger = logging.getLogger(__name__)

DRAIN_FOR = timedelta(seconds=20)
KNOCK_LASTS = timedelta(seconds=10)
PAUSE_LOOKED_AT = timedelta(hours=1)
TRIES_UNTIL_CASE = 5
UNEXPECTED_UNTIL_PARKED = 3
COLLISIONS = (errors.DeadlockDetected, errors.SerializationFailure)
WAIT_FOR_DATABASE = timedelta(minutes=5)
WAIT_WHEN_STOPPING = timedelta(seconds=10)
LOOK_FOR_DATABASE = timedelta(seconds=0.2)


class Flag(Protocol):
    """What says that no more work is to be begun."""

    def is_set(self) -> bool:
        """Say whether it was raised."""


stopping: Flag = threading.Event()
"""Raised when the worker is told to stop: nothing more is begun, what was claimed is given back."""


def _never(left: timedelta) -> None:
    """Leave the process alone."""


end_after: Callable[[timedelta], None] = _never
"""Ends this process, whatever it does, once that time is over; zero calls it off. Workers have one (``portal.cluster``).

Nothing else stops a step that never ends: its lease runs out, but the process would stay at it for ever.
"""


@dataclass(frozen=True)
class Failure:
    """What to do with a step that failed.

    ``elsewhere``: the trouble is the other side's, not the subject's; ``refused``: it will be the same with all else
    that is asked of it. ``asked_to_wait``: the other side is well, and the try does not count.
    """

    sentence: str
    park: bool
    wait: timedelta
    tell: bool
    elsewhere: bool = False
    refused: bool = False
    asked_to_wait: bool = False


def knock(lane: str) -> bool:
    """Have a worker drain ``lane`` unless a knock already waits; return whether one was sent."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            INSERT INTO integration_lane AS l (name, knocked_at) VALUES (%s, clock_timestamp())
            ON CONFLICT (name) DO UPDATE SET knocked_at = clock_timestamp()
             WHERE l.knocked_at IS NULL OR l.knocked_at < clock_timestamp() - make_interval(secs => %s)
            RETURNING 1
            """,
            [lane, KNOCK_LASTS.total_seconds()],
        )
        if cursor.fetchone() is None:
            return False
    async_task("integration.tasks.drain", lane, task_name=f"knock {lane}")
    return True


def tick() -> bool:
    """Make sure that standing work exists, and knock for every lane with something due.

    Returns whether an earlier knock for one of them has been answered by nobody, busy or not.
    """
    for step in standing_steps():
        work.ensure(STEPS[step.name].lane, step)
    due = work.due_lanes()
    unanswered = Lane.objects.filter(name__in=due, knocked_at__lt=Now() - KNOCK_LASTS).exists()
    for lane in due:
        knock(lane)
    return unanswered


def drain(lane: str, drain_for: timedelta = DRAIN_FOR) -> int:
    """Do the due work of ``lane`` until it is empty or ``drain_for`` is over; return how many steps were done.

    A database that goes away, or is full, ends it: what was begun then is given back once that can be written.
    """
    token = uuid4()
    done = 0
    try:
        with connection.cursor() as cursor:
            cursor.execute("UPDATE integration_lane SET knocked_at = NULL WHERE name = %s", [lane])
        ends = time.monotonic() + drain_for.total_seconds()
        while time.monotonic() < ends and not stopping.is_set():
            claimed = work.claim(lane, token=token)
            if not claimed:
                break
            done += _do_batch(claimed)
    except Error as error:
        if not _is_over_for_now(error):
            raise
        logger.warning(
            "the database went away, or is full: %s", str(error).splitlines()[0], extra={"lane": lane}
        )
        _give_back_when_it_returns(token)
    return done


def _is_over_for_now(error: Error) -> bool:
    """Say whether the database is away, or has no room: nothing that was begun is at fault."""
    return work.database_went_away() or isinstance(error.__cause__, errors.DiskFull)


def _do_batch(claimed: list[ClaimedWork]) -> int:
    done = 0
    waiting = list(claimed)
    try:
        while waiting and not stopping.is_set():
            lease = STEPS[waiting[0].step].lease
            current = waiting.pop(0)
            end_after(lease)
            if work.renew(current, lease=lease):
                do(current)
                done += 1
    except Error:
        if work.database_went_away():
            waiting.clear()  # another connection would hide that this one broke
        raise
    finally:
        end_after(timedelta(0))
        work.release(waiting)
    return done


def _give_back_when_it_returns(token: UUID) -> None:
    """Wait for the database and give back what was claimed: its restart is no document's fault, and no attempt."""
    left = WAIT_FOR_DATABASE
    while left > timedelta(0):
        connection.close()
        try:
            work.give_back(token)
            return
        except Error:
            time.sleep(LOOK_FOR_DATABASE.total_seconds())
        left -= LOOK_FOR_DATABASE
        if stopping.is_set():
            left = min(left, WAIT_WHEN_STOPPING)


def do(claimed: ClaimedWork) -> None:
    """Run one claimed step and hand over what comes next, in one transaction with closing it."""
    kind = STEPS[claimed.step]
    with correlated(claimed.correlation_id):
        if claimed.deaths >= work.DEATHS_UNTIL_PARKED:
            _fail(claimed, kind, _died(claimed, kind))
            return
        if _held(claimed, kind):
            return
        failpoint("work.claimed")
        try:
            steps = kind.run(claimed.subject, claimed)
            failpoint(f"{claimed.step}.done")
            _hand_over(claimed, kind, steps)
        except LeaseLost:
            logger.warning("lease lost", extra={"step": claimed.step, "subject": claimed.subject})
        except IntegrationError as error:
            _fail(claimed, kind, _judge(claimed, kind, error))
        except Exception as error:
            if isinstance(error, Error) and _is_over_for_now(error):
                raise
            if isinstance(error.__cause__, COLLISIONS):
                _fail(claimed, kind, _collided(claimed))
                return
            _fail(claimed, kind, _unexpected(claimed, kind, error))
            raise


def _held(claimed: ClaimedWork, kind: StepKind) -> bool:
    """Put the step back where a pause switch is on for it; say whether one is."""
    switch = pause_of(kind, claimed.subject)
    if switch is None:
        return False
    with transaction.atomic():
        # Locked, so that resuming finds either the waiting row or no switch.
        if not Pause.objects.select_for_update().filter(pk=switch.pk).exists():
            return False
        work.hold(claimed, pause_sentence(switch), switch.channel, PAUSE_LOOKED_AT)
    return True


def _hand_over(claimed: ClaimedWork, kind: StepKind, steps: list[Step]) -> None:
    with transaction.atomic():
        work.finish(claimed)
        for step in steps:
            work.put(STEPS[step.name].lane, step)
        if claimed.troubled:
            _works_again(claimed, kind)
        elif claimed.talks_to:
            channels.succeeded(claimed.talks_to)
    for lane in sorted({STEPS[step.name].lane for step in steps if not step.delay}):
        knock(lane)


def _works_again(claimed: ClaimedWork, kind: StepKind) -> None:
    """Close the case of what failed before; where a store or mailbox answers again, let all that waits go on."""
    words = f"It works again: {kind.words}."
    channel = _other_side(claimed, kind)
    if channel and kind.standing:
        work.release_channel(channel)
    if channel:
        # Held, so that of the last two that waited for it one sees that nothing is left.
        channels.hold(channel)
        channels.succeeded(channel)
    close_cause(work_cause(claimed.step, claimed.subject), words)
    if channel and not work.waits_for(channel):
        close_cause(channel_cause(channel), words)


def _other_side(claimed: ClaimedWork, kind: StepKind) -> str:
    return claimed.talks_to or kind.channel(kind.links(claimed.subject))


def _judge(claimed: ClaimedWork, kind: StepKind, error: IntegrationError) -> Failure:
    """Say what a failure that was foreseen leads to."""
    sentence = str(error)
    if isinstance(error, RateLimited) and error.retry_after:
        return Failure(
            sentence, park=False, wait=error.retry_after, tell=False, elsewhere=True, asked_to_wait=True
        )
    if isinstance(error, RetryableError):
        wait = work.wait_before_retry(claimed.attempts, error.retry_after, random.SystemRandom())
        if kind.standing:
            wait = min(wait, max(kind.longest_wait, error.retry_after or kind.longest_wait))
        tell = claimed.attempts >= TRIES_UNTIL_CASE
        return Failure(sentence, park=False, wait=wait, tell=tell, elsewhere=True)
    assert isinstance(error, PermanentError | ConfigurationError)
    elsewhere = isinstance(error, ConfigurationError)
    # A poll that stopped for good would hide what comes after the setting is mended.
    park = not kind.standing
    return Failure(
        sentence, park=park, wait=kind.longest_wait, tell=True, elsewhere=elsewhere, refused=elsewhere
    )


def _collided(claimed: ClaimedWork) -> Failure:
    """Say that the database let other work go first: nothing was written, and nobody has to know."""
    sentence = "Other work was at the same records. It is tried again by itself."
    wait = work.wait_before_retry(claimed.attempts, None, random.SystemRandom())
    return Failure(sentence, park=False, wait=wait, tell=claimed.attempts >= TRIES_UNTIL_CASE)


def _unexpected(claimed: ClaimedWork, kind: StepKind, error: Exception) -> Failure:
    logger.exception("step failed", extra={"step": claimed.step, "subject": claimed.subject})
    sentence = (
        f"A fault in Gridport stopped “{kind.words}” ({type(error).__name__}). Nothing is lost; the log has the"
        f" details under correlation id {claimed.correlation_id}."
    )
    park = claimed.attempts >= UNEXPECTED_UNTIL_PARKED and not kind.standing
    wait = work.wait_before_retry(claimed.attempts, None, random.SystemRandom())
    return Failure(sentence, park=park, wait=wait, tell=True)


def _died(claimed: ClaimedWork, kind: StepKind) -> Failure:
    sentence = (
        f"The worker died, or was ended for taking longer than {kind.lease.total_seconds():.0f} s, {claimed.deaths} times"
        f" at “{kind.words}” ({claimed.subject}). It was put aside, so that everything else goes on; look at the"
        " document before letting it try again."
    )
    return Failure(sentence, park=True, wait=timedelta(0), tell=True)


def _fail(claimed: ClaimedWork, kind: StepKind, failure: Failure) -> None:
    failpoint("work.failed")
    links = kind.links(claimed.subject)
    channel = _other_side(claimed, kind) if failure.elsewhere else ""
    with transaction.atomic():
        if failure.asked_to_wait and channel:
            work.hold(claimed, failure.sentence, channel, failure.wait)
            channels.rest(channel, failure.wait)
            return
        if failure.park:
            work.park(claimed, failure.sentence, channel)
        else:
            work.retry(claimed, failure.sentence, failure.wait, channel)
        tell = failure.tell
        if channel:
            tell = _trouble(channel, claimed.step, failure) >= TRIES_UNTIL_CASE or tell
        if tell and channel:
            # It is about everybody's work there, and no erasure of one person reaches it.
            told = unquoted(failure.sentence)
            open_case(kind.case_kind, channel_cause(channel), told, **kind.side_of(links))
        elif tell:
            cause = work_cause(claimed.step, claimed.subject)
            open_case(kind.case_kind, cause, failure.sentence, **kind.told(links))
    logger.info(
        "step put back" if not failure.park else "step parked",
        extra={"step": claimed.step, "subject": claimed.subject, "sentence": unquoted(failure.sentence)},
    )


def _trouble(channel: str, step: str, failure: Failure) -> int:
    """Tell the channel of a failure of the other side's; return how many there were in a row.

    What was refused may be refused to this kind of step alone (a right that the token lacks): the standing poll is asked
    at once whether all is lost.
    """
    verdict = channels.failed(channel, at_once=failure.refused, probe_now=step not in STANDING_POLL.values())
    return verdict.failures


def drain_everything(rounds: int = 100) -> int:
    """Do all due work of all lanes in this process, as tests and one-off commands want; return the count."""
    done = 0
    for _ in range(rounds):
        lanes = work.due_lanes()
        now = sum(drain(lane) for lane in lanes)
        done += now
        if not now:
            break
    return done
