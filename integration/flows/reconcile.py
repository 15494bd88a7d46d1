"""What should have come by now and has not: each wait has an end, and each end a case."""

from __future__ import annotations

from datetime import timedelta

from archive.clock import database_now
from archive.models import AcknowledgmentState, Delivery, Document
from archive.projections import OVERDUE_EVENT, project
from archive.record import record_event
from integration.flows.cases import open_once
from integration.flows.host_keys import tell_ending_keys
from integration.models import ExceptionCase, OrderDocument, PurchaseOrder
from integration.work import Claim, Step

EVERY = timedelta(seconds=60)


def reconcile(subject: str, claim: Claim) -> list[Step]:
    """Open a case for each acknowledgment that is overdue, and for mailboxes whose last host key ends soon."""
    with claim.transaction():
        tell_ending_keys()
        for document in _waiting_for_997():
            _tell_997_overdue(document)
        for purchase_order in _waiting_for_855():
            _tell_855_overdue(purchase_order)
    return [Step("reconcile", subject, "reconcile", EVERY)]


def _waiting_for_997() -> list[Document]:
    waiting = Document.objects.filter(
        state__acknowledgment=AcknowledgmentState.WAITING,
        state__delivery=Delivery.DELIVERED,
        sent_again_as=None,
    ).select_related("agreement__partner", "state")
    now = database_now()
    return [
        document
        for document in waiting
        if document.agreement is not None
        and document.recorded_at + timedelta(hours=document.agreement.functional_acknowledgment_hours) <= now
    ]


def _tell_997_overdue(document: Document) -> None:
    agreement = document.agreement
    assert agreement is not None
    hours = agreement.functional_acknowledgment_hours
    sentence = (
        f"{agreement.partner} has not acknowledged {document.state.number or document} within {hours} hours: they may"
        " not have received it. Ask them, or look at the mailbox."
    )
    record_event(f"document:{document.pk}", OVERDUE_EVENT, sentence, document=document)
    project(document)
    link = document.orders.select_related("order", "purchase_order").first()
    open_once(
        ExceptionCase.Kind.OVERDUE,
        f"overdue:997:{document.pk}",
        sentence,
        document=document,
        partner=agreement.partner,
        order=link.order if link else None,
        purchase_order=link.purchase_order if link else None,
    )


def _waiting_for_855() -> list[PurchaseOrder]:
    waiting = PurchaseOrder.objects.filter(
        state=PurchaseOrder.State.GENERATED,
        documents__role=OrderDocument.Role.PURCHASE_ORDER,
        documents__document__state__delivery=Delivery.DELIVERED,
        agreement__purchase_order_acknowledgment_hours__gt=0,
    ).select_related("agreement__partner", "order")
    now = database_now()
    overdue = []
    for purchase_order in waiting.distinct():
        sent = purchase_order.documents.filter(role=OrderDocument.Role.PURCHASE_ORDER).latest("document_id")
        if (
            sent.document.recorded_at
            + timedelta(hours=purchase_order.agreement.purchase_order_acknowledgment_hours)
            <= now
        ):
            overdue.append(purchase_order)
    return overdue


def _tell_855_overdue(purchase_order: PurchaseOrder) -> None:
    agreement, order = purchase_order.agreement, purchase_order.order
    open_once(
        ExceptionCase.Kind.OVERDUE,
        f"overdue:855:{purchase_order.pk}",
        f"{agreement.partner} has not answered purchase order {purchase_order.number} within"
        f" {agreement.purchase_order_acknowledgment_hours} hours. Ask them whether they will ship it.",
        order=order,
        purchase_order=purchase_order,
        partner=agreement.partner,
        money=order.total,
        currency=order.currency,
    )
