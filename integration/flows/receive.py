"""From a mailbox into the archive: the bytes first, committed; only then is the remote file touched."""

from __future__ import annotations

from datetime import timedelta
from fnmatch import fnmatchcase

from django.db.models import CharField, Exists, OuterRef
from django.db.models.functions import Cast
from django.utils import timezone

from archive.exchange import known_files, record_arrival, record_outcome, same_content
from archive.models import Direction, Transmission, TransmissionOutcome
from archive.record import record_event
from integration.errors import PermanentError
from integration.failpoints import failpoint
from integration.flows.backpressure import LONGER, room_behind
from integration.flows.cases import open_case
from integration.flows.mailboxes import transport_for
from integration.models import ExceptionCase, Work, mailbox_channel
from integration.transports.base import RemoteFile, Transport
from integration.work import Claim, Step
from integration.x12.envelope import is_whole
from partners.models import Mailbox, Mode

LARGEST_FILE = 50_000_000
Result = TransmissionOutcome.Result


def fetch_step(mailbox_pk: int, delay: timedelta = timedelta(0)) -> Step:
    """Return the step that fetches a mailbox's files."""
    return Step("fetch_mailbox", str(mailbox_pk), f"fetch:{mailbox_pk}", delay, mailbox_channel(mailbox_pk))


def fetch_mailbox(subject: str, claim: Claim) -> list[Step]:
    """Take every whole file that ``mailbox`` holds; return a translate step for each that nobody has in hand.

    While many files wait to be read, it takes no more than fit, and leaves the rest on the mailbox.
    """
    mailbox = Mailbox.objects.get(pk=subject)
    with transport_for(mailbox) as transport:
        listed = [each for each in transport.list() if fnmatchcase(each.name, mailbox.file_pattern)]
        if mailbox.fetch_order == Mailbox.FetchOrder.OLDEST:
            listed.sort(key=lambda each: (each.modified_at, each.name))
        else:
            listed.sort(key=lambda each: each.name)
        room = room_behind("documents", "")
        for remote in listed:
            if room <= 0:
                break
            try:
                room -= _take(mailbox, transport, remote, claim)
            except PermanentError as problem:
                # One bad file delays no other.
                open_case(
                    ExceptionCase.Kind.MAILBOX,
                    f"file:{mailbox.pk}:{remote.name}",
                    str(problem),
                    mailbox=mailbox,
                )
    pause = timedelta(seconds=mailbox.poll_seconds) * (LONGER if room <= 0 else 1)
    return [*_translate_steps(mailbox), fetch_step(mailbox.pk, pause)]


def _translate_steps(mailbox: Mailbox) -> list[Step]:
    """Return a step for each file of ``mailbox`` that is stored, not read, and in nobody's hands.

    Asked of what is stored, not of what this run took: after a death, or a fault at a later file, a file that was
    removed from the mailbox already is never listed again.
    """
    in_hand = Work.objects.filter(step="translate", subject=Cast(OuterRef("pk"), CharField()))
    unread = Transmission.objects.filter(
        ~Exists(in_hand), mailbox=mailbox, direction=Direction.IN, interchanges=None, cases=None
    )
    # The row of the work that runs now was written when the last run handed its files over.
    handed_over = Work.objects.filter(step="fetch_mailbox", subject=str(mailbox.pk)).first()
    if handed_over is not None:
        unread = unread.filter(recorded_at__gte=handed_over.created_at)
    pks = unread.order_by("pk").values_list("pk", flat=True)
    return [Step("translate", str(pk), f"transmission:{pk}") for pk in pks]


def _take(mailbox: Mailbox, transport: Transport, remote: RemoteFile, claim: Claim) -> bool:
    """Take one file, where it is to be taken; return whether it is a new one."""
    if _left_there_on_purpose(mailbox, remote):
        return False
    data = transport.fetch(remote.name, LARGEST_FILE)
    if not _is_complete(mailbox, remote, data):
        return False
    earlier = next(
        (known for known in known_files(mailbox, remote.name) if same_content(known.payload, data)), None
    )
    if earlier is None:
        with claim.transaction():
            arrived = record_arrival(mailbox, remote.name, data)
            subject = f"transmission:{arrived.pk}"
            record_event(subject, "arrived", f"Arrived on {mailbox} as {remote.name}, {len(data)} bytes.")
        failpoint("receive.stored")
    else:
        arrived = earlier
        if (
            _finished(earlier)
            and mailbox.after_fetch == Mailbox.AfterFetch.REMOVE
            and mailbox.mode == Mode.LIVE
        ):
            with claim.transaction():
                sentence = f"The same file arrived again on {mailbox}: recorded, nothing done twice."
                record_event(f"transmission:{earlier.pk}", "arrived_again", sentence)
    _leave_behind(mailbox, transport, remote, arrived, claim)
    return earlier is None


def _left_there_on_purpose(mailbox: Mailbox, remote: RemoteFile) -> bool:
    """Say whether this is a file that we took before, left where it is, and that nobody touched since."""
    return any(
        known.payload.size == remote.size and remote.modified_at <= known.recorded_at and _translated(known)
        for known in known_files(mailbox, remote.name)
        if known.outcomes.filter(result=Result.KEPT).exists()
        and (mailbox.mode == Mode.WATCH or mailbox.after_fetch == Mailbox.AfterFetch.KEEP)
    )


def _leave_behind(
    mailbox: Mailbox, transport: Transport, remote: RemoteFile, arrived: Transmission, claim: Claim
) -> None:
    """Remove the remote file where that is agreed; in watch nothing on the mailbox is touched."""
    if mailbox.mode == Mode.WATCH or mailbox.after_fetch == Mailbox.AfterFetch.KEEP:
        if not _finished(arrived):
            with claim.transaction():
                record_outcome(arrived, Result.KEPT)
        return
    transport.remove(remote.name)
    failpoint("receive.removed")
    if not arrived.outcomes.filter(result=Result.REMOVED).exists():
        with claim.transaction():
            record_outcome(arrived, Result.REMOVED)


def _is_complete(mailbox: Mailbox, remote: RemoteFile, data: bytes) -> bool:
    """X12 is whole when its IEA matches, however new it is; anything else when it lay unchanged long enough."""
    if is_whole(data):
        return True
    return timezone.now() - remote.modified_at >= timedelta(seconds=mailbox.settle_seconds)


def _finished(transmission: Transmission) -> bool:
    return transmission.outcomes.exists()


def _translated(transmission: Transmission) -> bool:
    return transmission.interchanges.exists() or transmission.cases.exists()
