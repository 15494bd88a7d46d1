"""A file that was kept and not read, read once more by a person: what it holds then goes the usual way.

A partnership was added, the library was mended, or the partner restarted his numbers. Documents are added to the
interchange that stands, or the interchange is made; matching and our functional acknowledgment follow as for any
file. The plan is rehearsed as in ``reprocess``.
"""

from __future__ import annotations

from uuid import uuid4

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import QuerySet
from django.utils.translation import gettext

from archive import store
from archive.models import (
    Direction,
    Document,
    Interchange,
    Transmission,
    Validation,
    document_name,
)
from archive.record import record_audit, record_event
from integration.flows.cases import close_case
from integration.flows.decide import DECIDE, Refused, require
from integration.flows.destroyed import refuse_destroyed
from integration.flows.reprocess import (
    CHANGED,
    Reader,
    ReadingPlan,
    ReadMeanwhile,
    count_reading,
    rehearsal,
    was_posted,
)
from integration.flows.steps import STEPS
from integration.flows.translate import interchange_answer_steps, record_piece, steps_for
from integration.models import ExceptionCase, Work
from integration.work import Step, put
from integration.x12.envelope import split_interchanges

Kind = ExceptionCase.Kind
KEPT = (Kind.UNREADABLE, Kind.NOT_FOR_US, Kind.DUPLICATE)


def has_unread(transmission: Transmission) -> bool:
    """Say whether anything in a received file was kept and not read."""
    if transmission.direction != Direction.IN or transmission.shipment_files.exists():
        return False
    if transmission.stock_feeds.exists():
        return False
    interchanges = transmission.interchanges.all()
    return not interchanges.exists() or interchanges.filter(documents=None).exists()


def repeats_a_number(transmission: Transmission) -> bool:
    """Say whether the file was kept because its control number had been used before."""
    return transmission.cases.filter(kind=Kind.DUPLICATE).exists()


def plan_reread(user: User, transmission: Transmission, *, restarted: bool = False) -> ReadingPlan:
    """Return what reading the file again would do now. Raises ``Refused`` where it makes no sense.

    ``restarted``: the partner counts his control numbers anew, from this file on.
    """
    refuse_destroyed(transmission.payload_id)
    # The rehearsal's own access row is rolled back with it.
    store.open(
        transmission.payload, actor=user.get_username(), purpose=f"plan to read file {transmission.pk} again"
    )
    with rehearsal():
        plan, _ = _read_again(transmission, Reader(user.get_username(), "rehearsed", uuid4().hex), restarted)
    return plan


def reread(
    user: User, transmission: Transmission, reason: str, digest: str, key: str, *, restarted: bool = False
) -> None:
    """Read the file again as it was shown; posting the same form (``key``) twice reads once.

    Raises ``Refused``, with nothing done, where the user may not, gives no reason, or the plan is not the one that
    ``digest`` names.
    """
    reason = require(user, DECIDE, reason)
    with transaction.atomic():
        if was_posted(key, transmission=transmission):
            return
        try:
            plan, steps = _read_again(transmission, Reader(user.get_username(), reason, key), restarted)
        except ReadMeanwhile:
            if was_posted(key, transmission=transmission):
                return
            raise
        if plan.digest != digest:
            raise Refused(CHANGED)
        detail = {"plan": digest, "restarted": restarted}
        record_audit(user, "read again", f"transmission:{transmission.pk}", reason=reason, detail=detail)
        for step in steps:
            put(STEPS[step.name].lane, step)


def _read_again(
    transmission: Transmission, reader: Reader, restarted: bool
) -> tuple[ReadingPlan, list[Step]]:
    """Read in the caller's transaction; return what that did, and what follows from it."""
    refuse_destroyed(transmission.payload_id)
    _refuse_senseless(transmission)
    unread = transmission.interchanges.filter(documents=None).order_by("position").first()
    if restarted and unread is None:
        raise Refused(gettext("It has no control number that could begin a new count."))
    count_reading(reader, transmission=transmission, restarts_at=unread if restarted else None)
    known = list(transmission.interchanges.values_list("documents", flat=True))
    before = set(ExceptionCase.objects.values_list("pk", flat=True).filter(transmission=transmission))
    subject = f"transmission:{transmission.pk}"
    record_event(subject, "reprocessed", f"Read again: {reader.reason}", actor=reader.actor)
    kept = transmission.cases.filter(kind__in=KEPT, document=None, closed_at=None)
    for case in kept.order_by("pk"):
        close_case(
            case, ExceptionCase.Decision.READ_AGAIN, f"Read again: {reader.reason}", actor=reader.actor
        )
    _read(transmission)
    found = Document.objects.filter(interchange__transmission=transmission).exclude(
        pk__in=[pk for pk in known if pk is not None]
    )
    opened = [case.sentence for case in transmission.cases.order_by("pk") if case.pk not in before]
    if not found.exists():
        raise Refused(
            gettext("It would still not be read. %(opened)s")
            % {"opened": " ".join(opened) or _same(transmission)}
        )
    sentences = [*_document_words(found), *_answer_words(found)]
    sentences += [f"A case opens: {sentence}" for sentence in opened]
    if restarted and unread is not None:
        sentences.append(
            f"From interchange {unread.control_number} on, the sender's control numbers count anew: those used before it"
            " may come again."
        )
    return ReadingPlan(subject, tuple(sentences)), steps_for(found) + interchange_answer_steps(transmission)


def _refuse_senseless(transmission: Transmission) -> None:
    if not has_unread(transmission):
        raise Refused(gettext("Everything in it was read. Read one of its documents again instead."))
    work = Work.objects.filter(step="translate", subject=str(transmission.pk)).first()
    if work is not None and work.parked_at is None:
        raise Refused(gettext("It is about to be read: it goes on by itself."))
    if work is not None:
        raise Refused(
            gettext("Its reading has stopped: let that work go on instead, when its case is looked at.")
        )


def _read(transmission: Transmission) -> None:
    data = store.open(transmission.payload, purpose="translate")
    split = split_interchanges(data)
    if split.problem:
        raise Refused(gettext("It would still not be read. %(problem)s") % {"problem": split.problem})
    standing = {each.position: each for each in transmission.interchanges.all()}
    for position, piece in enumerate(split.pieces):
        interchange = standing.get(position)
        if interchange is None or not interchange.documents.exists():
            record_piece(
                transmission, position, piece, whole=len(piece.data) == len(data), standing=interchange
            )


def _same(transmission: Transmission) -> str:
    numbers = ", ".join(each.control_number for each in transmission.interchanges.order_by("position"))
    return f"Interchange {numbers} came before with the same content: look at that file."


def _document_words(found: QuerySet[Document]) -> list[str]:
    rows = found.select_related("state", "partner").order_by("pk")
    return [
        f"{document_name(each.transaction_set)} {each.state.number or each.control_number} of {each.partner} is read:"
        f" {Validation(each.state.validation).label.lower()}."
        for each in rows
    ]


def _answer_words(found: QuerySet[Document]) -> list[str]:
    answers = Interchange.objects.filter(documents__answers__source__in=found).distinct()
    partners = dict.fromkeys(str(each.agreement.partner) for each in answers if each.agreement is not None)
    matched = "What can be matched is matched then."
    if not partners:
        return [matched, "Nothing is answered to the partner."]
    return [
        matched,
        *(f"A functional acknowledgment (997) goes to {partner}." for partner in partners),
    ]
