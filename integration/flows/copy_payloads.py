"""Copies of payloads: brought to the storage, compared, looked at again, removed; bytes moved out where that is wished.

One step, so that of copying and removing the same thing one is over before the other begins. A storage that is away
delays it and nothing else: the database holds the bytes.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from functools import partial

from django.conf import settings
from django.db import connection
from django.db.models import QuerySet

from archive import copies, storages
from archive.clock import database_now
from archive.copies import Outcome
from archive.models import MoveOut, PayloadCopy
from integration.failpoints import failpoint
from integration.flows.cases import close_cause, open_case
from integration.models import ExceptionCase
from integration.work import Claim, Step

EVERY = timedelta(seconds=10)
ALL_LOOKED_AT_EVERY = timedelta(hours=24)
TAKES_FOR = timedelta(seconds=60)
MOVED_AT_ONCE = 500
MANY_WAIT = "copies:many"
_STEP, _ALL = "copy_payloads", "all"


def copy_step(delay: timedelta = timedelta(0)) -> Step:
    """Return the step that copies what waits."""
    return Step(_STEP, _ALL, _STEP, delay)


def enrol_step(storage: str, delay: timedelta = timedelta(0)) -> Step:
    """Return the step that looks once a day whether everything is known to ``storage``: at once to a new one."""
    return Step(_STEP, f"to:{hashlib.sha256(storage.encode()).hexdigest()[:16]}", f"{_STEP}:enrol", delay)


def damage_cause(pk: int) -> str:
    """Return the cause of the case about a damaged copy."""
    return f"copy:{pk}"


def copy_payloads(subject: str, claim: Claim) -> list[Step]:
    """Copy what waits, and then remove what is to go and look again at what was copied long ago.

    Raises what the storage says, once what came of the others is written. The daily look moves bytes out as well.
    """
    storage = storages.place_name()
    if subject != _ALL:
        return _look_at_all(subject, storage, claim)
    _tell_how_many_wait(storage, claim)
    place = storages.place()
    ends = time.monotonic() + TAKES_FOR.total_seconds()
    has_more = True
    while has_more and time.monotonic() < ends:
        copy = partial(copies.try_to_copy, place, now=database_now())
        has_more = _do_batch(claim, copies.waiting(storage), copy)
    now = database_now()
    _do_batch(claim, copies.to_remove(storage, now), partial(copies.try_to_remove, place))
    _do_batch(claim, copies.to_check(storage, now), partial(copies.try_to_check, place))
    return [copy_step(timedelta(0) if has_more else EVERY)]


def _do_batch(
    claim: Claim, wanted: QuerySet[PayloadCopy], act: Callable[[Sequence[PayloadCopy]], list[Outcome]]
) -> bool:
    """Have ``act`` go to the storage for some rows, and write what came of it; say whether there are more of them."""
    rows, has_more = copies.batch(wanted)
    if not rows:
        return False
    outcomes = act(rows)
    failpoint("copies.made")
    with claim.transaction():
        troubled = copies.settle(outcomes, database_now())
        for each in troubled:
            if each.state == PayloadCopy.State.DAMAGED:
                _tell_damage(each)
        for row in rows:
            if row.state == PayloadCopy.State.AGAIN and row.pk not in {each.copy.pk for each in troubled}:
                close_cause(damage_cause(row.pk), "It was copied again, and compared.")
    problems = [each.problem for each in troubled if each.problem is not None]
    if problems:
        raise problems[0]
    return has_more


def _tell_how_many_wait(storage: str, claim: Claim) -> None:
    """Have a case be open while more copies wait than should; nothing else depends on it."""
    limit = settings.ARCHIVE_WAITING_LIMIT
    count = copies.standing(storage, limit).waiting
    with claim.transaction():
        if count >= limit:
            open_case(
                ExceptionCase.Kind.PARKED,
                MANY_WAIT,
                f"{limit:,} payloads or more wait to be copied to {storage}. Nothing is lost, the database holds them all:"
                " see on the page “Archive copies” whether the storage answers, and whether the database has room.",
            )
        elif count < limit // 2:
            close_cause(MANY_WAIT, "Fewer copies wait again.")


def _tell_damage(outcome: Outcome) -> None:
    copy = outcome.copy
    has_bytes = bool(copy.payload.ciphertext)
    next_words = (
        "The database still holds the bytes: copy it again on the page “Archive copies”, and find out who wrote there."
        if has_bytes
        else "Its bytes were moved out, so this was the only copy in reach: bring it back from a backup of the storage, or"
        " from an earlier version there, and copy it again on the page “Archive copies”."
    )
    open_case(
        ExceptionCase.Kind.PARKED,
        damage_cause(copy.pk),
        f"The copy {copy.key} in {copy.storage} is not as it should be. {outcome.note} {next_words}",
    )


def _look_at_all(subject: str, storage: str, claim: Claim) -> list[Step]:
    """Have everything be copied that the storage is not known to have; then move out what may be."""
    again = enrol_step(storage, ALL_LOOKED_AT_EVERY)
    if subject != again.subject:
        return []  # of a storage that the settings no longer name
    with claim.transaction():
        copies.enrol(storage)
    has_more = True
    ends = time.monotonic() + TAKES_FOR.total_seconds()
    while has_more and time.monotonic() < ends:
        with claim.transaction():
            has_more = move_out(storage, database_now()) == MOVED_AT_ONCE
    return [enrol_step(storage) if has_more else again]


def move_out(storage: str, now: datetime) -> int:
    """Empty payloads that ``storage`` holds and that are old enough, where the owner asked for it; return how many."""
    rule = MoveOut.objects.first()
    if rule is None:
        return 0
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT count(*) FILTER (WHERE gridport_move_out(id)) FROM (
                SELECT p.id FROM archive_payload p
                 WHERE octet_length(p.ciphertext) > 0 AND p.recorded_at < %s
                   AND EXISTS (SELECT FROM archive_payloadcopy c
                                WHERE c.payload_id = p.id AND c.storage = %s AND c.state = 'copied')
                 ORDER BY p.id LIMIT %s) old
            """,
            [now - timedelta(days=rule.after_days), storage, MOVED_AT_ONCE],
        )
        (moved,) = cursor.fetchone()
    return int(moved)
