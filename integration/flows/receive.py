"""From a mailbox into the archive: the bytes first, committed; only then is the remote file touched."""

from __future__ import annotations

import time
from datetime import timedelta
from fnmatch import fnmatchcase

from django.db.models import CharField, Exists, OuterRef
from django.db.models.functions import Cast

from archive.exchange import known_files, record_arrival, record_outcome, same_content
from archive.models import Direction, Transmission, TransmissionOutcome
from archive.record import record_event
from integration.errors import PermanentError
from integration.failpoints import failpoint
from integration.flows.backpressure import LONGER, room_behind
from integration.flows.cases import open_case
from integration.flows.mailboxes import transport_for
from integration.flows.sightings import forget_others, is_as_read, sighted, sightings_of
from integration.models import ExceptionCase, Sighting, Work, mailbox_channel
from integration.transports.base import RemoteFile, Transport
from integration.work import Claim, Step
from integration.x12.envelope import Arrival, how_far
from partners.models import Mailbox, Mode

LARGEST_FILE = 50_000_000
TAKES_FOR = timedelta(seconds=120)
"""A run that took something begins no further file after this: the next one goes on, under a lease of its own."""

Result = TransmissionOutcome.Result


def fetch_step(mailbox_pk: int, delay: timedelta = timedelta(0)) -> Step:
    """Return the step that fetches a mailbox's files."""
    return Step("fetch_mailbox", str(mailbox_pk), f"fetch:{mailbox_pk}", delay, mailbox_channel(mailbox_pk))


def fetch_mailbox(subject: str, claim: Claim) -> list[Step]:
    """Take the whole files that ``mailbox`` holds; return a translate step for each that nobody has in hand.

    While many files wait to be read, it takes no more than fit, and leaves the rest on the mailbox.
    """
    mailbox = Mailbox.objects.get(pk=subject)
    ends = time.monotonic() + TAKES_FOR.total_seconds()
    pause = timedelta(seconds=mailbox.poll_seconds)
    sightings = sightings_of(mailbox)
    with transport_for(mailbox) as transport:
        listed = [each for each in transport.list() if fnmatchcase(each.name, mailbox.file_pattern)]
        if mailbox.fetch_order == Mailbox.FetchOrder.OLDEST:
            listed.sort(key=lambda each: (each.modified_at, each.name))
        else:
            listed.sort(key=lambda each: each.name)
        room, took = room_behind("documents", ""), False
        for remote in listed:
            if room <= 0:
                break
            try:
                if not _left_there_on_purpose(mailbox, remote, sightings.get(remote.name)):
                    took_it = _take(mailbox, transport, remote, claim)
                    room, took = room - took_it, took or took_it
            except PermanentError as problem:
                # One bad file delays no other.
                open_case(
                    ExceptionCase.Kind.MAILBOX,
                    f"file:{mailbox.pk}:{remote.name}",
                    str(problem),
                    mailbox=mailbox,
                )
            if took and time.monotonic() >= ends:
                pause = timedelta(0)
                break
    forget_others(mailbox, listed)
    if room <= 0:
        pause = timedelta(seconds=mailbox.poll_seconds) * LONGER
    return [*_translate_steps(mailbox), fetch_step(mailbox.pk, pause)]


def _translate_steps(mailbox: Mailbox) -> list[Step]:
    """Return a step for each file of ``mailbox`` that is stored, not read, and in nobody's hands.

    Asked of what is stored, not of what this run took: after a death, or a fault at a later file, a file that was
    removed from the mailbox already is never listed again.
    """
    in_hand = Work.objects.filter(step="translate", subject=Cast(OuterRef("pk"), CharField()))
    unread = Transmission.objects.filter(
        ~Exists(in_hand),
        mailbox=mailbox,
        direction=Direction.IN,
        interchanges=None,
        cases=None,
        shipment_files=None,
        stock_feeds=None,
    )
    # The row of the work that runs now was written when the last run handed its files over.
    handed_over = Work.objects.filter(step="fetch_mailbox", subject=str(mailbox.pk)).first()
    if handed_over is not None:
        unread = unread.filter(recorded_at__gte=handed_over.created_at)
    pks = unread.order_by("pk").values_list("pk", flat=True)
    return [Step("translate", str(pk), f"transmission:{pk}") for pk in pks]


def _take(mailbox: Mailbox, transport: Transport, remote: RemoteFile, claim: Claim) -> bool:
    """Take one file if it is whole; say whether that leaves less to take."""
    before = transport.look(remote.name)
    if before is None:
        return False
    data = transport.fetch(remote.name, LARGEST_FILE)
    after = transport.look(remote.name)
    if after is not None:
        if after != before:
            return False  # written while it was read, so these bytes may be of two files; the next poll looks again
        if not _has_arrived(mailbox, remote, data, claim):
            return False
    # Gone by itself, as from some mailboxes on reading: what we hold may be the only copy, whatever it is.
    arrived, is_new = _stored(mailbox, remote, data, claim)
    _leave_behind(mailbox, transport, before, arrived, claim)
    return is_new or not _leaves_files(mailbox)


def _stored(mailbox: Mailbox, remote: RemoteFile, data: bytes, claim: Claim) -> tuple[Transmission, bool]:
    """Return the arrival of these bytes under this name, recorded now unless it was before; and whether it was now."""
    earlier = next(
        (known for known in known_files(mailbox, remote.name) if same_content(known.payload, data)), None
    )
    if earlier is None:
        with claim.transaction():
            arrived = record_arrival(mailbox, remote.name, data)
            subject = f"transmission:{arrived.pk}"
            record_event(subject, "arrived", f"Arrived on {mailbox} as {remote.name}, {len(data)} bytes.")
        failpoint("receive.stored")
        return arrived, True
    if _finished(earlier) and not _leaves_files(mailbox):
        with claim.transaction():
            sentence = f"The same file arrived again on {mailbox}: recorded, nothing done twice."
            record_event(f"transmission:{earlier.pk}", "arrived_again", sentence)
    return earlier, False


def _leaves_files(mailbox: Mailbox) -> bool:
    return mailbox.mode == Mode.WATCH or mailbox.after_fetch == Mailbox.AfterFetch.KEEP


def _left_there_on_purpose(mailbox: Mailbox, remote: RemoteFile, sighting: Sighting | None) -> bool:
    """Say whether this is a file that we took before, left where it is, and that nobody touched since."""
    if sighting is None or not _leaves_files(mailbox) or not is_as_read(sighting, remote):
        return False
    return any(
        known.payload.fingerprint == sighting.fingerprint and _translated(known)
        for known in known_files(mailbox, remote.name)
        if known.outcomes.filter(result=Result.KEPT).exists()
    )


def _leave_behind(
    mailbox: Mailbox, transport: Transport, read: RemoteFile, arrived: Transmission, claim: Claim
) -> None:
    """Remove the remote file where that is agreed; in watch nothing on the mailbox is touched.

    One that is not as it was ``read`` stays for the next poll. Between that look and the removal a partner may still
    write: servers know no removal on a condition.
    """
    if _leaves_files(mailbox):
        if not _finished(arrived):
            with claim.transaction():
                record_outcome(arrived, Result.KEPT)
        return
    if transport.look(read.name) not in (None, read):
        return
    transport.remove(read.name)
    failpoint("receive.removed")
    if not arrived.outcomes.filter(result=Result.REMOVED).exists():
        with claim.transaction():
            record_outcome(arrived, Result.REMOVED)


def _has_arrived(mailbox: Mailbox, remote: RemoteFile, data: bytes, claim: Claim) -> bool:
    """Say whether the file is to be taken: X12 at once when its IEA has come, anything else once it lay unchanged.

    What stays on the mailbox is sighted, so that the next poll knows it again.
    """
    come = how_far(data)
    if come == Arrival.WHOLE and not _leaves_files(mailbox):
        return True
    unchanged = sighted(mailbox, remote, data, claim)
    if come == Arrival.UNFINISHED:
        return unchanged >= timedelta(minutes=mailbox.unfinished_minutes)
    return come == Arrival.WHOLE or unchanged >= timedelta(seconds=mailbox.settle_seconds)


def _finished(transmission: Transmission) -> bool:
    return transmission.outcomes.exists()


def _translated(transmission: Transmission) -> bool:
    known = (
        transmission.interchanges,
        transmission.cases,
        transmission.shipment_files,
        transmission.stock_feeds,
    )
    return any(each.exists() for each in known)
