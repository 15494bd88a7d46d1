"""Writers of the facts of exchange: one function for each thing that happens to a file."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from archive import store
from archive.clock import database_now
from archive.correlation import current_correlation_id, new_correlation_id
from archive.models import (
    Direction,
    Interchange,
    Payload,
    Transmission,
    TransmissionOutcome,
)
from partners.models import Agreement, Mailbox


@dataclass(frozen=True)
class Envelope:
    """What identifies an interchange: ISA05 to ISA08, ISA12, ISA13, ISA15."""

    sender_qualifier: str
    sender_id: str
    receiver_qualifier: str
    receiver_id: str
    control_number: str
    version: str
    usage_indicator: str


def known_files(mailbox: Mailbox, name: str) -> list[Transmission]:
    """Return the files of that name taken from ``mailbox`` before, the newest first."""
    taken = Transmission.objects.filter(mailbox=mailbox, name=name, direction=Direction.IN)
    return list(taken.select_related("payload").order_by("-pk"))


def same_content(payload: Payload, data: bytes) -> bool:
    """Say whether ``payload`` holds ``data``, by fingerprint."""
    return payload.size == len(data) and payload.fingerprint in store.fingerprints(data)


def record_arrival(mailbox: Mailbox, name: str, data: bytes) -> Transmission:
    """Store the bytes of a fetched file, before anything is read in them; commit is the caller's."""
    return Transmission.objects.create(
        direction=Direction.IN,
        mailbox=mailbox,
        name=name[:300],
        payload=store.put(data),
        correlation_id=current_correlation_id() or new_correlation_id(),
    )


def record_attempt(interchange: Interchange) -> Transmission:
    """Write that we are about to send ``interchange``; committed before the first byte leaves."""
    return Transmission.objects.create(
        direction=Direction.OUT,
        mailbox=interchange.mailbox,
        name=interchange.name,
        payload=interchange.payload,
        interchange=interchange,
        correlation_id=interchange.correlation_id,
    )


def record_outcome(transmission: Transmission, result: str, detail: str = "") -> TransmissionOutcome:
    """Write what became of ``transmission``."""
    return TransmissionOutcome.objects.create(transmission=transmission, result=result, detail=detail)


def earlier_interchanges(
    envelope: Envelope, agreement: Agreement | None, before: Interchange | None
) -> list[Interchange]:
    """Return received interchanges of the same identity within the agreement's window, oldest first.

    Where somebody decided that the partner restarted his numbers, those from before the restart do not count.
    """
    window = timedelta(days=agreement.duplicate_window_days if agreement else 90)
    series = Interchange.objects.filter(
        direction=Direction.IN,
        sender_qualifier=envelope.sender_qualifier,
        sender_id=envelope.sender_id,
        receiver_qualifier=envelope.receiver_qualifier,
        receiver_id=envelope.receiver_id,
        usage_indicator=envelope.usage_indicator,
    )
    if before is not None:
        series = series.filter(pk__lte=before.pk)
    found = series.filter(control_number=envelope.control_number, recorded_at__gte=database_now() - window)
    if before is not None:
        found = found.filter(pk__lt=before.pk)
    restart = series.filter(restarts__isnull=False).order_by("-pk").first()
    if restart is not None:
        found = found.filter(pk__gte=restart.pk)
    return list(found.select_related("payload").order_by("pk"))
