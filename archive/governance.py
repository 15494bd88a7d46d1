"""Why something is kept, and what was destroyed: read from the facts, decided by the database."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from django.db import connection
from django.db.models import Exists, OuterRef, QuerySet

from archive.models import (
    DisposalCertificate,
    Document,
    Hold,
    HoldRelease,
    HoldReleaseDecision,
    LostCertificate,
    RetentionRevision,
)


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
