"""Answers that come before what they answer: they wait for it, are tried again when it comes, and end as a case."""

from __future__ import annotations

from datetime import timedelta

from django.db.models import DurationField, ExpressionWrapper, F, Q
from django.db.models.functions import Now

from archive.models import Direction, Document, Event
from archive.record import record_event
from integration.flows.cases import open_case
from integration.models import ExceptionCase, PurchaseOrder, Work
from integration.work import Step

Kind = ExceptionCase.Kind
AWAITED = timedelta(minutes=15)
"""How long an answer waits for what it answers before it becomes a case."""

NOT_SENT = (PurchaseOrder.State.ROUTED, PurchaseOrder.State.COMPOSED, PurchaseOrder.State.DROPPED)
"""States in which there is nothing yet, or nothing any more, that a partner could have answered."""

_CAUSES = {
    Kind.UNKNOWN_PURCHASE_ORDER: "unknown",
    Kind.UNMATCHED: "unmatched",
    Kind.RETURN_DIFFERS: "unasked",
}


def match_step(document: Document) -> Step:
    """Return the step that matches a received document."""
    return Step("match", str(document.pk), f"document:{document.pk}")


def orphan_cause(document: Document, kind: str) -> str:
    """Return the cause of the case about an answer whose parent did not come."""
    return f"document:{document.pk}:{_CAUSES[Kind(kind)]}"


def wait_for_parent(document: Document, kind: str, what: str, sentence: str) -> list[Step]:
    """Have ``document`` be tried again once its time is over; when it is, open a case of ``kind`` with ``sentence``.

    ``what`` is said of it while it waits. Both times are the database's.
    """
    age = ExpressionWrapper(Now() - F("recorded_at"), output_field=DurationField())
    waited: timedelta = Document.objects.annotate(age=age).values_list("age", flat=True).get(pk=document.pk)
    if waited >= AWAITED:
        open_case(kind, orphan_cause(document, kind), sentence, document=document, partner=document.partner)
        return []
    subject = f"document:{document.pk}"
    if not Event.objects.filter(subject=subject, kind="waits").exists():
        minutes = round(AWAITED.total_seconds() / 60)
        told = f"{what} It is matched as soon as we have; if that takes more than {minutes} minutes, a case opens."
        record_event(subject, "waits", told, document=document)
    again = match_step(document)
    return [Step(again.name, again.subject, again.ordering_key, AWAITED - waited)]


def steps_of_waiting(purchase_order: PurchaseOrder, sent: Document) -> list[Step]:
    """Return a step for each answer that came before ``sent``, the document of ``purchase_order``.

    Those that wait or are just being tried, and those that have become a case which nobody has closed.
    """
    partner = purchase_order.agreement.partner
    tried = Work.objects.filter(step="match").filter(Q(due_at__gt=Now()) | Q(lease_token__isnull=False))
    told = ExceptionCase.objects.filter(closed_at=None, kind__in=_CAUSES, partner=partner)
    waiting = [int(subject) for subject in tried.values_list("subject", flat=True)]
    waiting += [pk for pk in told.values_list("document_id", flat=True) if pk is not None]
    found = Document.objects.filter(pk__in=waiting, direction=Direction.IN, partner=partner).filter(
        Q(transaction_set__in=["855", "865"], state__number=purchase_order.number)
        | Q(
            transaction_set__in=["810", "856", "180", "812"],
            references__kind="purchase_order",
            references__value=purchase_order.number,
        )
        | Q(
            transaction_set__in=["997", "999"],
            translation__content__group_control_number=sent.group_control_number,
        )
        | Q(transaction_set="TA1", translation__content__control_number=sent.interchange.control_number)
    )
    return [match_step(document) for document in found.distinct().order_by("pk")]
