"""Why something is kept, what is due to be destroyed, and what was: read from the facts, decided by the database."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from itertools import islice
from typing import Any

from django.db import connection
from django.db.models import Exists, OuterRef, Q, QuerySet

from archive.clock import database_now
from archive.models import (
    FILE,
    Direction,
    DisposalCertificate,
    Document,
    Hold,
    HoldRelease,
    HoldReleaseDecision,
    LostCertificate,
    Payload,
    RetentionRevision,
    Transmission,
)

_PIECE = 1000
LOOKED_AT = 50_000
"""Payloads of one rule; they take some seconds."""


class Because(StrEnum):
    """Why a payload is kept; ``DUE``: it is not."""

    HOLD = "hold"
    RULE = "rule"
    NO_RULE = "no_rule"
    DUE = "due"


@dataclass(frozen=True)
class Governed:
    """What holds for one payload now: the first hold on it, the rule that keeps it the longest, and until when."""

    payload: int
    because: Because
    hold: Hold | None
    revision: RetentionRevision | None
    until: datetime | None

    @property
    def sentence(self) -> str:
        """Why it is kept; of what is due, that its retention is over."""
        if self.hold is not None:
            return f"It is on hold since {_day(self.hold.recorded_at)}: {self.hold.matter}."
        if self.because == Because.NO_RULE or self.revision is None or self.until is None:
            return "No retention rule covers it, so it is kept."
        if self.because == Because.RULE:
            return f"The retention rule “{self.revision.rule}” keeps it until {_day(self.until)}."
        return f"Its retention was over on {_day(self.until)}, by the rule “{self.revision.rule}”."


def governed(payloads: Iterable[int]) -> dict[int, Governed]:
    """Return what holds for each of the payloads with those primary keys now."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT payload_id, because, hold_id, revision_id, until FROM gridport_governed(%s)",
            [list(payloads)],
        )
        rows = cursor.fetchall()
    holds = Hold.objects.in_bulk({hold for _, _, hold, _, _ in rows if hold is not None})
    revisions = RetentionRevision.objects.select_related("rule", "partner").in_bulk(
        {revision for _, _, _, revision, _ in rows if revision is not None}
    )
    return {
        pk: Governed(pk, Because(because), holds.get(hold), revisions.get(revision), until)
        for pk, because, hold, revision, until in rows
    }


def why_kept(document: Document) -> str | None:
    """Return the sentence that says why ``document`` may not be destroyed now; None where it may."""
    found = governed([document.interchange.payload_id])[document.interchange.payload_id]
    return None if found.because == Because.DUE else found.sentence


def why_not_erased(payloads: Iterable[int]) -> dict[int, str]:
    """Return why those of ``payloads`` that hold or unfinished retention keep may not be erased for a person's sake.

    What no rule covers is kept from disposal, and not from this.
    """
    return {
        pk: each.sentence
        for pk, each in governed(payloads).items()
        if each.because in (Because.HOLD, Because.RULE)
    }


def current_revisions() -> QuerySet[RetentionRevision]:
    """Return what the rules say now, retired ones left out."""
    later = RetentionRevision.objects.filter(rule=OuterRef("rule"), number__gt=OuterRef("number"))
    return RetentionRevision.objects.filter(~Exists(later), is_retired=False).select_related(
        "rule", "partner"
    )


def active_holds() -> QuerySet[Hold]:
    """Return the holds that two people have not released."""
    released = HoldReleaseDecision.objects.filter(proposal__hold=OuterRef("pk"), approved=True)
    return Hold.objects.filter(~Exists(released)).select_related("partner")


def open_release(hold: Hold) -> HoldRelease | None:
    """Return the proposal to release ``hold`` that waits for a second person."""
    return hold.releases.filter(decision=None).order_by("-pk").first()


def documents_of(payloads: Iterable[int]) -> dict[int, list[int]]:
    """Return the primary keys of the documents that each payload speaks of, as ``archive_payloaddocument`` has them."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT payload_id, document_id FROM archive_payloaddocument WHERE payload_id = ANY(%s) ORDER BY 1, 2",
            [list(payloads)],
        )
        found: dict[int, list[int]] = {}
        for payload, document in cursor.fetchall():
            found.setdefault(payload, []).append(document)
    return found


def due(limit: int, *, among: Q | None = None) -> list[Governed]:
    """Return up to ``limit`` payloads that may be destroyed now, the oldest of what was found first.

    ``among`` narrows the payloads. Of what is old enough for a rule the first ``LOOKED_AT`` are looked at, so that an archive
    of many years answers: what other rules and holds keep may stand before the rest for a while.
    """
    found: dict[int, Governed] = {}
    looked: set[int] = set()
    for revision in current_revisions().order_by("years", "pk"):
        for piece in _pieces(islice(_old_enough(revision), LOOKED_AT)):
            further = set(piece) - looked
            looked |= further
            asked = Payload.objects.filter(
                among or Q(), pk__in=further, certificate=None, lost_certificate=None
            )
            told = governed(asked.values_list("pk", flat=True))
            found |= {pk: each for pk, each in told.items() if each.because == Because.DUE}
            if len(found) >= limit:
                return [found[pk] for pk in sorted(found)][:limit]
    return [found[pk] for pk in sorted(found)]


def _old_enough(revision: RetentionRevision) -> Iterator[int]:
    """Yield payloads that ``revision`` may keep no more, by its years, kinds and partner alone."""
    # Days of the shortest years there are: what is left out by it is kept.
    before = database_now() - timedelta(days=365 * revision.years)
    documents = Document.objects.filter(
        Q(interchange__payload__certificate=None, interchange__payload__lost_certificate=None)
        | Q(
            interchange__transmission__isnull=False,
            interchange__transmission__payload__certificate=None,
            interchange__transmission__payload__lost_certificate=None,
        ),
        recorded_at__lt=before,
    )
    if revision.kinds:
        documents = documents.filter(transaction_set__in=revision.kinds)
    if revision.partner_id is not None:
        documents = documents.filter(partner=revision.partner_id)
    rows = documents.order_by("pk").values_list("interchange__payload", "interchange__transmission__payload")
    for own, file in rows.iterator(chunk_size=_PIECE):
        yield own
        if file is not None and file != own:
            yield file
    if not revision.kinds or FILE in revision.kinds:
        files = Transmission.objects.filter(
            direction=Direction.IN,
            interchanges=None,
            payload__certificate=None,
            payload__lost_certificate=None,
            recorded_at__lt=before,
        )
        if revision.partner_id is not None:
            files = files.filter(mailbox__partner=revision.partner_id)
        yield from files.order_by("pk").values_list("payload", flat=True).iterator(chunk_size=_PIECE)


def _pieces(keys: Iterator[int]) -> Iterator[Sequence[int]]:
    while piece := list(islice(keys, _PIECE)):
        yield piece


def left_of(document: Document) -> dict[str, Any] | None:
    """Return what the disposal of ``document`` left of it, None where it was not destroyed."""
    rows = DisposalCertificate.objects.filter(payload=document.interchange.payload_id)
    for left in rows.values_list("item__left", flat=True).first() or []:
        if left["document"] == document.pk:
            found: dict[str, Any] = left
            return found
    return None


def end_of(payload: int) -> DisposalCertificate | LostCertificate | None:
    """Return what says that the payload of that primary key was destroyed; None where it was not."""
    return (
        DisposalCertificate.objects.filter(payload=payload).first()
        or LostCertificate.objects.filter(payload=payload).first()
    )


def destroyed_among(payloads: Iterable[int]) -> set[int]:
    """Return those of the payloads that were destroyed."""
    asked = list(payloads)
    return {
        pk
        for model in (DisposalCertificate, LostCertificate)
        for pk in model._default_manager.filter(payload__in=asked).values_list("payload", flat=True)
    }


def _day(at: datetime) -> str:
    return f"{at.day} {at:%B %Y}"
