"""A received document read once more by a person, after a code list, guide, agreement or library was mended.

``plan_reprocess`` rehearses it: the very transaction that ``reprocess`` commits is run and rolled back, and what it
did is told. So the plan cannot say anything else than what is carried out. In one transaction the projections are
written anew, the document's entries are reversed, and what it says is matched like any answer.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from uuid import uuid4

from django.contrib.auth.models import User
from django.db import IntegrityError, transaction
from django.db.models import Q
from django.utils.translation import gettext, gettext_lazy

from archive import store
from archive.models import (
    Direction,
    Document,
    DocumentState,
    FunctionalAnswer,
    Interchange,
    Reprocessing,
    Validation,
)
from archive.projections import guide_of, rewrite
from archive.record import record_audit, record_event
from integration.flows.accept import ANSWER_ROLE, ANSWERABLE, reverse, said_in_order
from integration.flows.cases import close_cause
from integration.flows.customers import acknowledge_steps
from integration.flows.decide import DECIDE, Refused, require
from integration.flows.destroyed import refuse_destroyed
from integration.flows.expectations import answer_taken_back
from integration.flows.match import match_document
from integration.flows.match_invoices import billed_orders, hold_bills, lock_orders, take_back_bill
from integration.flows.match_returns import returns_concerned, settle_concerned, take_back_return
from integration.flows.match_ship_notices import NOTICE_ROLE, take_back_notice
from integration.flows.match_stock import take_back_advice
from integration.flows.readings import (
    Said,
    reading_words,
    said_by,
    standing_on,
    standing_words,
    store_warnings,
)
from integration.flows.steps import STEPS
from integration.flows.translate import open_reading_case, reading_cause, reading_problem
from integration.models import ExceptionCase, LineEntry, Order, PurchaseOrder, Work
from integration.work import Step, put
from integration.x12.validate import SetVerdict
from partners.guides_in_use import guide_for, guide_words

State = PurchaseOrder.State
Decision = ExceptionCase.Decision
CHANGED = gettext_lazy("Something has changed since you looked. Here is what it would do now.")


@dataclass(frozen=True)
class ReadingPlan:
    """What reading again does: sentences, and what to know before. ``digest`` names exactly this plan."""

    subject: str
    sentences: tuple[str, ...]
    warnings: tuple[str, ...] = ()

    @property
    def digest(self) -> str:
        """Return the SHA-256 of the plan."""
        return hashlib.sha256(json.dumps([self.subject, self.sentences, self.warnings]).encode()).hexdigest()


@dataclass(frozen=True)
class Reader:
    """Who reads again, and why; ``key`` is the form's."""

    actor: str
    reason: str = ""
    key: str = ""


class ReadMeanwhile(Refused):
    """Somebody else, or another posting of the same form, has just read the same thing again."""


@contextmanager
def rehearsal() -> Iterator[None]:
    """Run the block in a transaction that is rolled back."""
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


def plan_reprocess(user: User, document: Document) -> ReadingPlan:
    """Return what reading ``document`` again would do now. Raises ``Refused`` where it makes no sense."""
    refuse_destroyed(document.interchange.payload_id)
    # The rehearsal's own access row is rolled back with it.
    store.open(
        document.interchange.payload,
        actor=user.get_username(),
        purpose=f"plan to read document {document.pk} again",
    )
    with rehearsal():
        plan, _ = _read_again(document, Reader(user.get_username(), "rehearsed", uuid4().hex))
    return plan


def reprocess(user: User, document: Document, reason: str, digest: str, key: str) -> None:
    """Read ``document`` again as it was shown.

    ``key`` is the form's: posting the same form twice reads once. Raises ``Refused``, with nothing done, where the
    user may not, gives no reason, or the plan is not the one that ``digest`` names.
    """
    reason = require(user, DECIDE, reason)
    subject = f"document:{document.pk}"
    with transaction.atomic():
        if was_posted(key, document=document):
            return
        try:
            plan, steps = _read_again(document, Reader(user.get_username(), reason, key))
        except ReadMeanwhile:
            if was_posted(key, document=document):
                return
            raise
        if plan.digest != digest:
            raise Refused(CHANGED)
        record_audit(user, "read again", subject, reason=reason, detail={"plan": digest})
        for step in steps:
            put(STEPS[step.name].lane, step)


def was_posted(key: str, **of: object) -> bool:
    """Say whether the form ``key`` was posted before; refuse where that was for something else than ``of``."""
    done = Reprocessing.objects.filter(key=key).first()
    if done is not None and any(getattr(done, name) != row for name, row in of.items()):
        raise Refused(gettext("This form was used for something else. Open the page of this one again."))
    return done is not None


def count_reading(
    reader: Reader, *, restarts_at: Interchange | None = None, guide: str = "", **of: object
) -> None:
    """Write that ``of`` (a document or a file) is read again; a document by the guide of the name ``guide``.

    Of two at once the second waits here until the first is over. Raises ``ReadMeanwhile`` where that has committed.
    """
    number = Reprocessing.objects.filter(**of).count() + 1
    try:
        with transaction.atomic():
            Reprocessing.objects.create(
                reading=number,
                key=reader.key,
                actor=reader.actor,
                reason=reader.reason,
                restarts_at=restarts_at,
                guide=guide,
                **of,
            )
    except IntegrityError as error:
        raise ReadMeanwhile(CHANGED) from error


def _read_again(document: Document, reader: Reader) -> tuple[ReadingPlan, list[Step]]:
    """Read and match anew in the caller's transaction; return what that did, and what follows from it."""
    refuse_destroyed(document.interchange.payload_id)
    _refuse_senseless(document)
    was_read_by = guide_of(document)
    used = guide_for(document.agreement, document.transaction_set, Direction.IN, document.version)
    count_reading(reader, document=document, guide=used.name if used else "")
    DocumentState.objects.select_for_update().get(document=document)
    said_before = said_by(_fresh(document))
    verdict, translated = rewrite(document)
    document = _fresh(document)
    hold_bills(document)
    concerned = _concerned(document, translated.number)
    _refuse_decided(document)
    before = standing_on(document, concerned)
    record_event(
        f"document:{document.pk}",
        "reprocessed",
        f"Read again: {reader.reason}",
        document=document,
        actor=reader.actor,
    )
    _take_back(document)
    _judge(document, verdict, translated.number)
    steps = match_document(document.pk)
    if document.transaction_set == "856":
        steps += take_back_notice(document)
    elif document.transaction_set == "810":
        take_back_bill(document)
        steps += settle_concerned({each.pk for each in concerned})
    elif document.transaction_set == "846":
        take_back_advice(document)
    elif document.transaction_set in ("180", "812"):
        steps += take_back_return(document)
    for purchase_order in concerned:
        steps += _other_answers(document, purchase_order)
        steps += acknowledge_steps(purchase_order.order)
    _close_what_is_gone(document, concerned)
    said, after = said_by(document), standing_on(document, concerned)
    if (said, after) == (said_before, before):
        raise Refused(gettext("Nothing would change: it reads as it did, and comes to the same."))
    sentences = [
        *_mapping_words(was_read_by, guide_of(document)),
        *reading_words(said_before, said),
        *standing_words(before, after),
    ]
    warnings = [
        *_told_partner(document, said_before, said),
        *store_warnings(before, after),
        *_settled(document),
    ]
    return ReadingPlan(f"document:{document.pk}", tuple(sentences), tuple(warnings)), steps


def _mapping_words(before: str, now: str) -> Iterator[str]:
    if before != now:
        yield f"It is read by {guide_words(now)} then, and was read by {guide_words(before)}."


def _judge(document: Document, verdict: SetVerdict, number: str) -> None:
    """Open the case that nothing comes of the document, or close it."""
    problem = reading_problem(document, verdict, number)
    if problem:
        open_reading_case(document, problem)
    else:
        close_cause(reading_cause(document), "It was read again, and holds now.")


def _told_partner(document: Document, before: Said, after: Said) -> Iterator[str]:
    """Yield what the partner was told of the document and does not hit any more; he is told nothing again."""
    if before.holds == after.holds or not FunctionalAnswer.objects.filter(source=document).exists():
        return
    told = "accepted" if before.holds else "rejected"
    yield (
        f"We have told {document.partner} that it is {told} (997). That stays and nothing is answered again: tell them"
        " yourself how you take it now."
    )


def _settled(document: Document) -> Iterator[str]:
    for case in document.cases.filter(decision=Decision.SETTLED).order_by("pk"):
        yield f"{case.closed_by} has settled a case about it outside Gridport: {case.decision_reason}"


def _refuse_senseless(document: Document) -> None:
    if document.direction != Direction.IN:
        raise Refused(gettext("Only what partners sent is read again; what we sent can be sent again."))
    waiting = Work.objects.filter(step="match", subject=str(document.pk), parked_at=None)
    if waiting.exists():
        raise Refused(gettext("It is about to be matched: it goes on by itself."))
    if document.acknowledges.exists():
        raise Refused(
            gettext(
                "It has acknowledged documents of ours already, and what it said of them is recorded for good. Nothing is left to be read in it."
            )
        )


def _refuse_decided(document: Document) -> None:
    """Refuse to overrule a person; asked with the purchase order locked, as whoever decides locks it."""
    held = document.cases.filter(
        decision__in=[
            Decision.ACCEPTED,
            Decision.ORDERED_ELSEWHERE,
            Decision.REMAINDER_CANCELLED,
            Decision.REJECTED,
            Decision.NOT_OURS,
            Decision.SHIPPED,
            Decision.APPROVED,
            Decision.APPROVED_PART,
            Decision.FEED_APPLIED,
            Decision.FEED_REFUSED,
            Decision.CREDIT_ACCEPTED,
            Decision.RETURN_CLOSED,
        ]
    ).first()
    if held is not None:
        raise Refused(
            gettext(
                "%(closed_by)s has decided about it (%(decision)s): %(decision_reason)s A person's decision holds; if it has to be another one, have the partner answer anew."
            )
            % {
                "closed_by": held.closed_by,
                "decision": held.get_decision_display().lower(),
                "decision_reason": held.decision_reason,
            }
        )


def _fresh(document: Document) -> Document:
    return Document.objects.select_related(
        "interchange__payload", "interchange__transmission", "agreement__partner", "partner", "state", "translation"
    ).get(pk=document.pk)  # fmt: skip


def _concerned(document: Document, number: str) -> list[PurchaseOrder]:
    """Return the purchase orders that the document is or will be matched to, locked with their orders."""
    linked = document.orders.filter(role__in=[ANSWER_ROLE, NOTICE_ROLE]).values_list(
        "purchase_order", flat=True
    )
    numbered = PurchaseOrder.objects.filter(
        Q(number=number) | Q(shipments__document=document), agreement__partner=document.partner
    )
    pks = {pk for pk in linked if pk is not None} | set(numbered.values_list("pk", flat=True))
    return lock_orders(pks | billed_orders(document) | returns_concerned(document))


def _take_back(document: Document) -> None:
    """Reverse the document's entries, and let its purchase order wait for an answer where this was the one it had."""
    reverse(LineEntry.standing().filter(document=document), document)
    link = document.orders.filter(role=ANSWER_ROLE).select_related("purchase_order").first()
    if link is None or link.purchase_order is None:
        return
    purchase_order = link.purchase_order
    others = ExceptionCase.objects.filter(cause=_differs(purchase_order), closed_at=None)
    its_own = not others.exclude(document=document).exists()
    accepted_by_it = purchase_order.accepted_by_id == document.pk
    answered_by_it = [State.ACCEPTED] * accepted_by_it + [State.DISPUTED] * its_own
    waits = PurchaseOrder.objects.filter(pk=purchase_order.pk, state__in=answered_by_it)
    if waits.update(state=State.GENERATED):
        answer_taken_back(purchase_order)
        Order.objects.filter(pk=purchase_order.order_id, state=Order.State.ACCEPTED).update(
            state=Order.State.ROUTED
        )
    if not document.cases.filter(decision=Decision.MATCHED).exists():
        link.delete()


def _other_answers(document: Document, purchase_order: PurchaseOrder) -> list[Step]:
    """Match the other answers to ``purchase_order`` again, oldest first, where it is not accepted any more.

    Where ``document`` still answers it, only those that were made after it say anything anew.
    """
    links = purchase_order.documents.filter(role=ANSWER_ROLE).select_related("document__interchange__payload")
    made = {link.document: (said_in_order(link.document), link.document_id) for link in links}
    own = made.pop(document, None)
    steps: list[Step] = []
    for other in sorted(made, key=lambda each: made[each]):
        waits = PurchaseOrder.objects.filter(pk=purchase_order.pk, state__in=ANSWERABLE)
        if (own is None or made[other] > own) and waits.exists():
            steps += match_document(other.pk)
    return steps


def _close_what_is_gone(document: Document, concerned: list[PurchaseOrder]) -> None:
    """Close the cases about what the document said before and does not say any more."""
    linked = set(document.orders.filter(role=ANSWER_ROLE).values_list("purchase_order", flat=True))
    now = {each.pk: each for each in PurchaseOrder.objects.filter(pk__in=[each.pk for each in concerned])}
    words = "The answer was read again and says something else."
    gone = [_differs(each) for each in now.values() if each.state != State.DISPUTED]
    gone += [
        f"{_differs(each)}:{document.pk}"
        for each in now.values()
        if each.accepted_by_id == document.pk or each.pk not in linked
    ]
    state = DocumentState.objects.get(document=document)
    if linked or state.validation == Validation.INVALID:
        gone.append(f"document:{document.pk}:unknown")
    if document.acknowledges.exists():
        gone.append(f"document:{document.pk}:unmatched")
    for cause in gone:
        close_cause(cause, words)


def _differs(purchase_order: PurchaseOrder) -> str:
    return f"differs:{purchase_order.pk}"
