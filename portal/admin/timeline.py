"""Events of several subjects as one timeline, the newest last."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Q
from django.utils.translation import gettext

from archive.models import Document, Event
from integration.models import Comment
from portal.access import seen
from portal.admin.show import BAD, GOOD, QUIET, WAITING, WARNING
from portal.admin.subjects import Subject, resolve

LONGEST = 300

_TONES = {
    "accepted": GOOD,
    "accepted_again": GOOD,
    "acknowledged": GOOD,
    "acknowledged_again": WARNING,
    "acknowledgment_overdue": BAD,
    "answered": GOOD,
    "arrived_again": WARNING,
    "back_to_watch": WARNING,
    "began_anew": WARNING,
    "bill_approved": GOOD,
    "bill_disputed": WARNING,
    "bill_matched": GOOD,
    "bill_rejected": BAD,
    "bill_waiting": WAITING,
    "bulk_approved": GOOD,
    "bulk_declined": WARNING,
    "bulk_stopped": WARNING,
    "case_closed": GOOD,
    "case_opened": WARNING,
    "approve_disposal": GOOD,
    "decline_disposal": WARNING,
    "decline_release": WARNING,
    "delivered": GOOD,
    "destroyed": WARNING,
    "dropped": WARNING,
    "effect_done": GOOD,
    "effect_failed": BAD,
    "failed": BAD,
    "go_live": GOOD,
    "held": WARNING,
    "interchange_acknowledged": GOOD,
    "case_reopened": WARNING,
    "case_snoozed": WAITING,
    "case_woken": WARNING,
    "due_soon": WARNING,
    "mail_bounced": BAD,
    "mail_failed": BAD,
    "mail_sent": GOOD,
    "mail_unknown": WARNING,
    "no_contact": WARNING,
    "not_destroyed": WARNING,
    "paused": WARNING,
    "refund_declined": BAD,
    "refund_refused": WARNING,
    "refunded": GOOD,
    "rejected": BAD,
    "release_hold": GOOD,
    "release_proposed": WAITING,
    "resumed": GOOD,
    "settling": WAITING,
    "spoken_of": WARNING,
    "switched_off": BAD,
    "watching": WAITING,
}


_OF_CASES = frozenset(
    {"case_opened", "case_closed", "accepted", "cancelled", "waiting", "matched", "not_ours"}
)


@dataclass(frozen=True)
class Moment:
    """One line of a timeline: what happened, or the ``comment`` that somebody wrote.

    ``about`` is given where it is not the page's own subject.
    """

    at: datetime
    tone: str
    sentence: str
    actor: str
    about: Subject | None = None
    comment: str = ""


def timeline(
    own: str, others: Iterable[str] = (), document: Document | None = None, also: Q | None = None
) -> list[Moment]:
    """Return the events of ``own`` and of the subjects in ``others`` with what was written on them; the last ``LONGEST``.

    ``also`` names further events by what they are.

    What happens to a case and what is decided of it is told on the order too, so the case's own telling of it is
    left out of an order's timeline.
    """
    subjects = [own, *others]
    wanted = Q(subject__in=subjects)
    if document is not None:
        wanted |= Q(document=document)
    if also is not None:
        wanted |= also
    events = list(seen(Event.objects.filter(wanted)).order_by("-pk")[:LONGEST])[::-1]
    if own.startswith("order:"):
        events = [event for event in events if not _told_twice(event)]
    comments = list(Comment.objects.filter(subject__in=subjects).order_by("-pk")[:LONGEST])
    named = [*(each.subject for each in events), *(each.subject for each in comments)]
    about = resolve(subject for subject in named if subject != own)
    told = [
        Moment(
            at=event.recorded_at,
            tone=_tone(event),
            sentence=event.sentence,
            actor=event.actor,
            about=about.get(event.subject),
        )
        for event in events
    ]
    if not comments:
        return told
    written = [_written(each, about.get(each.subject)) for each in comments]
    return sorted([*told, *written], key=lambda each: each.at)[-LONGEST:]


def _written(comment: Comment, about: Subject | None) -> Moment:
    words = gettext("%(author)s wrote:") % {"author": comment.author_name}
    return Moment(comment.written_at, QUIET, words, "", about, comment.text)


def _told_twice(event: Event) -> bool:
    return event.subject.startswith("case:") and event.kind in _OF_CASES


def _tone(event: Event) -> str:
    if event.kind == "acknowledged" and "rejected" in event.sentence:
        return BAD
    return _TONES.get(event.kind, QUIET)
