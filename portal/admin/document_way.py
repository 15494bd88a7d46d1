"""The way of a document: its attempts, what happens next and by itself, and what it was sent again from and as."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Q
from django.utils.translation import gettext as _

from archive.models import AccessRecord, Delivery, Direction, Document, Resubmission, Transmission
from integration.flows.expectations import document_subject
from integration.models import Expectation, Work
from partners.models import Mode
from portal.admin.documents_table import state_of
from portal.admin.show import BAD, GOOD, QUIET, WAITING, WARNING, badge, page_url

_RESULT_TONES = {"delivered": GOOD, "removed": GOOD, "kept": GOOD, "failed": BAD, "unknown": WARNING}
MOST_READERS = 25


@dataclass(frozen=True)
class Next:
    """What happens next, or who has to do something: a sentence, when, and how it is to be taken."""

    tone: str
    words: str
    at: datetime | None = None
    detail: str = ""


@dataclass(frozen=True)
class Kin:
    """The document that this one was sent again from, or as: the sentence before its number, and the reason."""

    words: str
    number: str
    url: str
    actor: str
    at: datetime
    reason: str


def attempts_of(document: Document) -> list[dict[str, Any]]:
    """Return each attempt to send the interchange, or the file that brought it, with what became of it."""
    interchange = document.interchange
    found: list[Transmission] = list(interchange.attempts.order_by("pk").prefetch_related("outcomes"))
    if interchange.transmission is not None:
        found = [interchange.transmission, *found]
    return [
        {
            "row": attempt,
            "outcomes": [
                {
                    "row": outcome,
                    "badge": badge(outcome.get_result_display(), _RESULT_TONES.get(outcome.result, WARNING)),
                }
                for outcome in attempt.outcomes.order_by("pk")
            ],
        }
        for attempt in found
    ]


def next_of(document: Document) -> Next | None:
    """Return what happens next to a document of ours, None where nothing more is awaited."""
    state = state_of(document)
    if state is None or document.direction != Direction.OUT:
        return None
    if state.delivery == Delivery.DELIVERED:
        return _answer(document)
    work = Work.objects.filter(step="transmit", subject=str(document.interchange_id)).first()
    mailbox = document.interchange.mailbox
    if mailbox.mode != Mode.LIVE:
        return Next(
            WAITING, _("%s is in watch: nothing is sent until it goes live.") % mailbox, detail=_error(work)
        )
    if work is None:
        return None
    if work.parked_at is not None:
        words = _(
            "Sending has stopped. Once the trouble is mended, somebody lets it be tried again in its case."
        )
        return Next(BAD, words, detail=_error(work))
    if work.lease_token is not None:
        return Next(WAITING, _("It is being sent now."), detail=_error(work))
    if work.attempts == 0:
        return Next(WAITING, _("It is sent by itself, at"), work.due_at)
    words = _("Attempt %d failed. The next automatic try is at") % work.attempts
    return Next(WARNING, words, work.due_at, _error(work))


def _error(work: Work | None) -> str:
    return work.error if work is not None else ""


def _answer(document: Document) -> Next | None:
    due = Expectation.objects.filter(
        what=Expectation.What.FUNCTIONAL_ACKNOWLEDGMENT,
        subject=document_subject(document),
        state__in=Expectation.UNMET,
    ).first()
    if due is None:
        return None
    late = due.state == Expectation.State.OVERDUE
    words = (
        _("%s has not acknowledged it: the functional acknowledgment (997) was due")
        if late
        else _("Waiting for %s to acknowledge it: the functional acknowledgment (997) is due")
    )
    return Next(BAD if late else QUIET, words % document.partner, due.due_at)


def kin_of(document: Document) -> list[Kin]:
    """Return what the document was sent again from, and as."""
    links = Resubmission.objects.filter(Q(document=document) | Q(original=document)).select_related(
        "original__interchange", "document__interchange"
    )
    return [
        _kin(_("Sent again from"), link, link.original)
        if link.document_id == document.pk
        else _kin(_("Sent again as"), link, link.document)
        for link in links.order_by("pk")
    ]


def _kin(words: str, link: Resubmission, other: Document) -> Kin:
    return Kin(
        words, other.interchange.control_number, page_url(other), link.actor, link.recorded_at, link.reason
    )


def readers_of(document: Document) -> list[AccessRecord]:
    """Return who read the content last, people and Gridport itself, the newest first."""
    read = AccessRecord.objects.filter(payload=document.interchange.payload_id)
    return list(read.order_by("-pk")[:MOST_READERS])


def answered_line_links(document: Document, content: Any, answered: Document | None) -> list[dict[str, str]]:
    """Return a link for each line that a received acknowledgment (855) answers, to its segment in the purchase order."""
    if answered is None:
        return []
    lines = (content or {}).get("lines") or []
    numbers = dict.fromkeys(str(line.get("line_number") or "") for line in lines)
    return [
        {"words": number, "url": f"{page_url(answered)}?show=raw&line={number}#wanted"}
        for number in numbers
        if number.isalnum()
    ][:50]
