"""Many documents of ours sent again by one decision: planned over all, carried out one by one in the background.

Each document is a step of work under a key made of the job's and the document's, so a closed window or a killed worker
loses nothing and doubles nothing. Above ``BULK_ALONE`` documents a second person has to approve.
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from django.conf import settings
from django.contrib.auth.models import User
from django.db import IntegrityError, transaction
from django.db.models import CharField, Count, Exists, OuterRef, QuerySet
from django.db.models.functions import Cast
from django.utils.translation import gettext, gettext_lazy

from archive.clock import database_now
from archive.governance import destroyed_among
from archive.models import AcknowledgmentState, Delivery, Document, DocumentState, Resubmission, document_name
from archive.record import record_audit, record_event
from integration.flows.cases import close_case, work_cause
from integration.flows.generate import SET
from integration.flows.resending import NotAgain, answered, require_ours, require_sendable
from integration.flows.rights import RESUBMIT_BULK, Refused, require
from integration.flows.steps import STEPS
from integration.models import BulkItem, BulkJob, ExceptionCase, OrderDocument, PurchaseOrder, Work
from integration.work import Step, put, unpark

STEP = "send_again"
State = BulkJob.State
LEFT_OUT = "The partner has answered it already: left out."
DELIVERED = "It was delivered: left out."
_REJECTED = frozenset({AcknowledgmentState.REJECTED, AcknowledgmentState.PARTIALLY_ACCEPTED})


class Which(StrEnum):
    """Which of the chosen documents are meant: three scopes, each wider than the one before."""

    UNDELIVERED = "undelivered"
    FAILED = "failed"
    ALL = "all"


WHICH_WORDS = {
    Which.UNDELIVERED: gettext_lazy("Only what was never delivered"),
    Which.FAILED: gettext_lazy("Only what failed: not delivered, rejected, or not answered"),
    Which.ALL: gettext_lazy("All, even what the partner has accepted"),
}


@dataclass(frozen=True)
class Sending:
    """One document that is sent again, to whom, and what the partner had answered."""

    document: int
    partner: str
    words: str
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True)
class Refusal:
    """One document that is not sent again: why, and in words that fit all of its kind."""

    document: int
    words: str
    sentence: str
    group: str


@dataclass(frozen=True)
class BulkPlan:
    """What sending many again would do. ``digest`` names exactly this plan."""

    sendings: tuple[Sending, ...]
    refusals: tuple[Refusal, ...]

    @property
    def digest(self) -> str:
        """Return the SHA-256 of the plan."""
        parts = [
            [[each.document, each.warnings] for each in self.sendings],
            [[each.document, each.sentence] for each in self.refusals],
        ]
        return hashlib.sha256(json.dumps(parts).encode()).hexdigest()

    @property
    def needs_second(self) -> bool:
        """Whether a second person has to approve."""
        return len(self.sendings) > int(settings.BULK_ALONE)

    @property
    def partners(self) -> list[tuple[str, int]]:
        """To whom how many go, by name."""
        return sorted(Counter(each.partner for each in self.sendings).items())

    @property
    def by_partner(self) -> list[tuple[str, list[Sending]]]:
        """What goes to whom, by name."""
        return [
            (partner, [each for each in self.sendings if each.partner == partner])
            for partner, _ in self.partners
        ]

    @property
    def by_reason(self) -> list[tuple[str, list[Refusal]]]:
        """What is not sent, by why, the most first."""
        return [(words, [each for each in self.refusals if each.group == words]) for words, _ in self.refused]

    @property
    def warnings(self) -> list[tuple[str, int]]:
        """What partners have answered already, and for how many documents."""
        return sorted(Counter(words for each in self.sendings for words in each.warnings).items())

    @property
    def refused(self) -> list[tuple[str, int]]:
        """Why how many are not sent, the most first."""
        return Counter(each.group for each in self.refusals).most_common()

    @property
    def counted(self) -> str:
        """How many are sent, and what they are: ``3 purchase orders``, ``1 document``."""
        count = len(self.sendings)
        noun = "purchase order" if all(f"({SET})" in each.words for each in self.sendings) else "document"
        return f"{count} {noun}" if count == 1 else f"{count} {noun}s"

    @property
    def left_out(self) -> int:
        """How many are left out because the partner has answered them."""
        return sum(each.group == LEFT_OUT for each in self.refusals)


@dataclass(frozen=True)
class Progress:
    """How far a job is. ``failed`` are those whose work has stopped; they do not count as ``waiting``."""

    done: int
    refused: int
    stopped: int
    failed: int
    waiting: int

    @property
    def total(self) -> int:
        """All documents of the job."""
        return self.done + self.refused + self.stopped + self.failed + self.waiting

    @property
    def settled(self) -> int:
        """Documents of which it is known what became of them."""
        return self.total - self.waiting


def plan_bulk(documents: QuerySet[Document], *, which: Which = Which.FAILED) -> BulkPlan:
    """Return what sending ``documents`` again would do now, of them those that ``which`` means.

    Raises ``Refused`` where there are none, or more than ``BULK_LIMIT``.
    """
    most = settings.BULK_LIMIT
    chosen = list(documents.select_related("state", "partner", "interchange").order_by("pk")[: most + 1])
    if not chosen:
        raise Refused(gettext("No document is chosen."))
    if len(chosen) > most:
        raise Refused(
            gettext(
                "More than %(most)s documents are chosen, and %(most)s at most are sent again at once. Choose fewer."
            )
            % {"most": f"{most:,}"}
        )
    links = OrderDocument.objects.filter(document__in=chosen, purchase_order__isnull=False)
    asked = {link.document_id: link.purchase_order for link in links.select_related("purchase_order")}
    sent = Resubmission.objects.filter(original__in=chosen).select_related("document__interchange")
    later = {each.original_id: each for each in sent}
    gone = destroyed_among(each.interchange.payload_id for each in chosen)
    sendings, refusals = [], []
    for document in chosen:
        try:
            if document.interchange.payload_id in gone:
                raise NotAgain(gettext("Its content was destroyed once its retention was over."))
            sendings.append(_sending(document, asked.get(document.pk), later.get(document.pk), which))
        except NotAgain as refusal:
            refusals.append(Refusal(document.pk, _words(document), str(refusal), refusal.group))
    return BulkPlan(tuple(sendings), tuple(refusals))


def _sending(
    document: Document, purchase_order: PurchaseOrder | None, later: Resubmission | None, which: Which
) -> Sending:
    require_ours(document)
    state = document.state
    require_sendable(document, state, purchase_order, later)
    warnings = answered(document, state, purchase_order)
    if which == Which.UNDELIVERED and state.delivery == Delivery.DELIVERED:
        raise NotAgain(DELIVERED)
    if which != Which.ALL and warnings and state.acknowledgment not in _REJECTED:
        raise NotAgain(warnings[-1], LEFT_OUT)
    return Sending(document.pk, str(document.partner), _words(document), tuple(warnings))


def _words(document: Document) -> str:
    try:
        number = document.state.number
    except DocumentState.DoesNotExist:
        number = ""
    return f"{document_name(document.transaction_set)} {number or document.interchange.control_number}"


def start_bulk(
    user: User,
    documents: QuerySet[Document],
    reason: str,
    digest: str,
    key: str,
    *,
    scope: str,
    which: Which = Which.FAILED,
) -> BulkJob:
    """Begin to send ``documents`` again as it was shown, or propose it to a second person; return the job.

    ``key`` is the form's: posting the same form twice gives the same job. Raises ``Refused``, with nothing done,
    where the user may not, gives no reason, or the plan is not the one that ``digest`` names.
    """
    reason = require(user, RESUBMIT_BULK, reason)
    plan = plan_bulk(documents, which=which)
    done = BulkJob.objects.filter(key=key).first()
    if done is not None:
        return done
    if plan.digest != digest:
        raise Refused(gettext("Something has changed since you looked. Here is what it would do now."))
    if not plan.sendings:
        raise Refused(gettext("None of them can be sent again."))
    try:
        with transaction.atomic():
            return _started(user, plan, reason, key, scope)
    except IntegrityError:
        return BulkJob.objects.get(key=key)


def _started(user: User, plan: BulkPlan, reason: str, key: str, scope: str) -> BulkJob:
    job = BulkJob.objects.create(
        key=key,
        state=State.PROPOSED if plan.needs_second else State.RUNNING,
        scope=scope,
        reason=reason,
        warnings=[f"{words} ({count} of them)" if count > 1 else words for words, count in plan.warnings],
        user=user,
        started_by=user.get_username(),
    )
    sent = [
        BulkItem(job=job, document_id=each.document, warnings=list(each.warnings)) for each in plan.sendings
    ]
    refused = [
        BulkItem(job=job, document_id=each.document, state=BulkItem.State.REFUSED, sentence=each.sentence)
        for each in plan.refusals
    ]
    BulkItem.objects.bulk_create(sorted([*sent, *refused], key=lambda item: item.document_id))
    record_audit(user, "send many again", job.subject, reason=reason, detail={"plan": plan.digest})
    words = f"{plan.counted} {'are' if len(plan.sendings) > 1 else 'is'}"
    what = "proposed to be sent again" if plan.needs_second else "sent again"
    record_event(job.subject, "bulk_started", f"{words} {what}: {reason}", actor=user.get_username())
    if not plan.needs_second:
        _let_go(job)
    return job


def _let_go(job: BulkJob) -> None:
    waiting = job.items.filter(state=BulkItem.State.WAITING).values_list("pk", "document")
    for pk, document in waiting:
        put(STEPS[STEP].lane, Step(STEP, str(pk), f"document:{document}"))


def approve(user: User, job: BulkJob, reason: str) -> None:
    """Let a proposed job begin, as a second person."""
    reason = require(user, RESUBMIT_BULK, reason)
    with transaction.atomic():
        locked = _locked(job, State.PROPOSED, gettext("Somebody has decided about this job already."))
        if locked.user_id == user.pk:
            raise Refused(gettext("You have proposed this job: a second person has to approve it."))
        _decided(user, locked, State.RUNNING, reason)
        record_audit(user, "approve sending many", locked.subject, reason=reason)
        record_event(locked.subject, "bulk_approved", f"Approved: {reason}", actor=user.get_username())
        _let_go(locked)


def decline(user: User, job: BulkJob, reason: str) -> None:
    """Keep a proposed job from beginning; who proposed it may withdraw it so."""
    reason = require(user, RESUBMIT_BULK, reason)
    with transaction.atomic():
        locked = _locked(job, State.PROPOSED, gettext("Somebody has decided about this job already."))
        _decided(user, locked, State.DECLINED, reason)
        _stop_items(locked)
        record_audit(user, "decline sending many", locked.subject, reason=reason)
        record_event(locked.subject, "bulk_declined", f"Declined: {reason}", actor=user.get_username())


def stop(user: User, job: BulkJob, reason: str) -> None:
    """Send no further document of a running job; what was sent stays sent."""
    reason = require(user, RESUBMIT_BULK, reason)
    with transaction.atomic():
        locked = _locked(job, State.RUNNING, gettext("This job does not run."))
        if not locked.items.filter(state=BulkItem.State.WAITING).exists():
            raise Refused(gettext("This job is finished already."))
        BulkJob.objects.filter(pk=job.pk).update(
            state=State.STOPPED,
            stopped_by=user.get_username(),
            stopped_because=reason,
            stopped_at=database_now(),
        )
        count = _stop_items(locked)
        for row in _stopped_work(locked):
            unpark(row.pk)  # it finds that nothing is to be done, and its case closes
        record_audit(user, "stop sending many", locked.subject, reason=reason, detail={"left": count})
        record_event(locked.subject, "bulk_stopped", f"Stopped: {reason}", actor=user.get_username())


def retry_failed(user: User, job: BulkJob, reason: str) -> int:
    """Let the documents whose work has stopped be tried again; return how many they are."""
    reason = require(user, RESUBMIT_BULK, reason)
    with transaction.atomic():
        locked = _locked(job, State.RUNNING, gettext("This job does not run."))
        rows = list(_stopped_work(locked))
        if not rows:
            raise Refused(gettext("None of its documents has failed."))
        causes = [work_cause(STEP, row.subject) for row in rows]
        for case in ExceptionCase.objects.filter(cause__in=causes, closed_at=None):
            close_case(case, ExceptionCase.Decision.RETRY, reason, actor=user.get_username())
        for row in rows:
            unpark(row.pk)
        record_audit(user, "retry failed", locked.subject, reason=reason, detail={"count": len(rows)})
        record_event(locked.subject, "bulk_retried", f"Tried again: {reason}", actor=user.get_username())
    return len(rows)


def progress(job: BulkJob) -> Progress:
    """Return how far ``job`` is."""
    return progress_of([job])[job.pk]


def progress_of(jobs: Iterable[BulkJob]) -> dict[int, Progress]:
    """Return how far each of ``jobs`` is, by primary key, with two queries."""
    pks = [job.pk for job in jobs]
    items = BulkItem.objects.filter(job__in=pks).order_by()
    stopped = Work.objects.filter(
        step=STEP, subject=Cast(OuterRef("pk"), CharField()), parked_at__isnull=False
    )
    failed = Counter(
        items.filter(Exists(stopped), state=BulkItem.State.WAITING).values_list("job", flat=True)
    )
    counted = items.values_list("job", "state").annotate(count=Count("pk"))
    counts = {(job, state): count for job, state, count in counted}
    return {
        pk: Progress(
            done=counts.get((pk, BulkItem.State.DONE), 0),
            refused=counts.get((pk, BulkItem.State.REFUSED), 0),
            stopped=counts.get((pk, BulkItem.State.STOPPED), 0),
            failed=failed[pk],
            waiting=counts.get((pk, BulkItem.State.WAITING), 0) - failed[pk],
        )
        for pk in pks
    }


def failures(items: Iterable[BulkItem]) -> dict[int, str]:
    """Return why the work of those among ``items`` has stopped for which it has, by primary key."""
    rows = Work.objects.filter(
        step=STEP, subject__in=[str(item.pk) for item in items], parked_at__isnull=False
    )
    return {int(row.subject): row.error for row in rows}


def _stopped_work(job: BulkJob) -> QuerySet[Work]:
    subjects = [str(pk) for pk in job.items.values_list("pk", flat=True)]
    return Work.objects.filter(step=STEP, subject__in=subjects, parked_at__isnull=False)


def _locked(job: BulkJob, state: str, otherwise: str) -> BulkJob:
    locked = BulkJob.objects.select_for_update().get(pk=job.pk)
    if locked.state != state:
        raise Refused(otherwise)
    return locked


def _decided(user: User, job: BulkJob, state: str, reason: str) -> None:
    BulkJob.objects.filter(pk=job.pk).update(
        state=state, decided_by=user.get_username(), decided_because=reason, decided_at=database_now()
    )


def _stop_items(job: BulkJob) -> int:
    return job.items.filter(state=BulkItem.State.WAITING).update(state=BulkItem.State.STOPPED)
