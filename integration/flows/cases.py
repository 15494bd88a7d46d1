"""Open and close exception cases."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db import IntegrityError, transaction

from archive.clock import database_now
from archive.record import record_event
from archive.translation import storable
from integration.flows.nameless import nameless
from integration.models import ExceptionCase, Order

MACHINE = "Gridport"
_WORK, _CHANNEL = "work:", "channel:"


def work_cause(step: str, subject: str) -> str:
    """Return the cause of a case about one step that stopped."""
    return f"{_WORK}{step}:{subject}"


def channel_cause(channel: str) -> str:
    """Return the cause of a case about a store or mailbox (``store:1``) for which work waits."""
    return f"{_CHANNEL}{channel}"


def work_of(case: ExceptionCase) -> tuple[str, str] | None:
    """Return step and subject of the work that ``case`` is about, if it is about work."""
    if not case.cause.startswith(_WORK):
        return None
    step, subject = case.cause.removeprefix(_WORK).split(":", 1)
    return step, subject


def channel_of(case: ExceptionCase) -> str:
    """Return the store or mailbox (``store:1``) whose trouble ``case`` is about, or ``""``."""
    return case.cause.removeprefix(_CHANNEL) if case.cause.startswith(_CHANNEL) else ""


def open_once(kind: str, cause: str, sentence: str, **links: Any) -> ExceptionCase:
    """Open a case unless there ever was one of ``cause``: what a person settled is not asked again."""
    earlier = ExceptionCase.objects.filter(cause=cause[:200]).first()
    return earlier or open_case(kind, cause, sentence, **links)


def reopen(kind: str, cause: str, sentence: str, **links: Any) -> ExceptionCase:
    """Open the case of ``cause``: the same row again where the machine had closed it, a new one where a person had."""
    with transaction.atomic():
        last = ExceptionCase.objects.select_for_update().filter(cause=cause[:200]).order_by("-pk").first()
        if last is None or last.closed_at is None or last.closed_by != MACHINE:
            return open_case(kind, cause, sentence, **links)
        sentence = storable(sentence)
        again: dict[str, Any] = {
            "closed_at": None,
            "closed_by": "",
            "decision": "",
            "decision_reason": "",
            "plan": {},
            "waiting_for": "",
            "snoozed_until": None,
        }
        ExceptionCase.objects.filter(pk=last.pk).update(
            sentence=sentence, opened_at=database_now(), **again, **links
        )
        last.refresh_from_db()
        told = nameless(sentence, _order_of(last))
        record_event(last.subject, "case_reopened", f"Opened again: {told}")
        if last.order is not None:
            record_event(last.order.subject, "case_opened", f"Case opened again: {told}")
        return last


def open_case(kind: str, cause: str, sentence: str, **links: Any) -> ExceptionCase:
    """Open a case, or bring the open case of the same ``cause`` up to date; return it.

    ``links`` are fields of ``ExceptionCase``: order, partner, document, money, due_at, evidence … What the sentence quotes of
    a person stands on the case alone, and in no event.
    """
    sentence = storable(sentence)
    if "evidence" in links:
        links["evidence"] = storable(links["evidence"])
    try:
        with transaction.atomic():
            case = ExceptionCase.objects.create(kind=kind, cause=cause[:200], sentence=sentence, **links)
    except IntegrityError:
        standing = ExceptionCase.objects.get(cause=cause[:200], closed_at=None)
        _answered(standing, links)
        ExceptionCase.objects.filter(pk=standing.pk).update(sentence=sentence, **links)
        standing.refresh_from_db()
        return standing
    told = nameless(sentence, _order_of(case))
    record_event(case.subject, "case_opened", told)
    if case.order is not None:
        record_event(case.order.subject, "case_opened", f"Case opened: {told}")
    return case


def _order_of(case: ExceptionCase) -> Order | None:
    """Return whose order ``case`` speaks of, however it is tied to it."""
    if case.order is not None:
        return case.order
    if case.purchase_order is not None:
        return case.purchase_order.order
    if case.return_case is not None:
        return case.return_case.order
    return Order.objects.filter(documents__document=case.document_id).first() if case.document_id else None


def put_off(case: ExceptionCase, until: datetime, waiting_for: str) -> None:
    """Let nobody need to look at ``case`` before ``until``; where it waits for the partner, before he answers."""
    ExceptionCase.objects.filter(pk=case.pk, closed_at=None).update(
        snoozed_until=until, waiting_for=waiting_for
    )


def wake(case: ExceptionCase, why: str, *, actor: str = "") -> bool:
    """Let ``case`` need somebody again because of ``why``; return False where it was not put off."""
    woken = (
        ExceptionCase.objects.filter(pk=case.pk)
        .exclude(waiting_for="")
        .update(waiting_for="", snoozed_until=None)
    )
    if woken:
        record_event(case.subject, "case_woken", why, actor=actor)
    return bool(woken)


def wake_due(now: datetime) -> int:
    """Let every case need somebody again that was put off until ``now`` or before; return how many that were."""
    over = ExceptionCase.objects.filter(closed_at=None, snoozed_until__lte=now).exclude(waiting_for="")
    return sum(wake(case, "The time it was put off for is over.") for case in over.order_by("pk"))


def _answered(standing: ExceptionCase, links: dict[str, Any]) -> None:
    """Wake a case that waits for its partner where a document of his came that it was not about before."""
    document = links.get("document")
    is_new = document is not None and document.pk != standing.document_id
    if is_new and standing.waiting_for == ExceptionCase.WaitingFor.PARTNER:
        wake(standing, "The partner answered, and not as was asked: the case needs somebody again.")


def close_case(case: ExceptionCase, decision: str, reason: str, *, actor: str = MACHINE) -> bool:
    """Close ``case``; return False where it was closed already."""
    with transaction.atomic():
        closed = ExceptionCase.objects.filter(pk=case.pk, closed_at=None).update(
            decision=decision, decision_reason=reason, closed_at=database_now(), closed_by=actor
        )
        if closed:
            by = "" if actor == MACHINE else actor
            record_event(case.subject, "case_closed", f"Closed: {reason}", actor=by)
            if case.order is not None:
                record_event(case.order.subject, "case_closed", f"Case closed: {reason}", actor=by)
    return bool(closed)


def close_cause(cause: str, reason: str) -> bool:
    """Close the open case of ``cause`` because the cause is gone; return whether there was one."""
    case = ExceptionCase.objects.filter(cause=cause[:200], closed_at=None).first()
    return case is not None and close_case(case, ExceptionCase.Decision.RELEASED, reason)
