"""The canonical purchase order into the bytes of an 850: guide, numbers, identity, ledger, in one transaction."""

from __future__ import annotations

from django.db import transaction

from archive.clock import database_now
from archive.models import Direction, Document
from archive.record import record_event
from integration.documents import PurchaseOrder as CanonicalPurchaseOrder
from integration.documents import from_json
from integration.flows.cases import close_cause, open_case
from integration.flows.changes import SUBJECT
from integration.flows.compose import time_zone_of, why_watching
from integration.flows.counted import tell_converted, terms_of
from integration.flows.generate_change import generate_change
from integration.flows.missing import wait, waiting_of, waits_no_more
from integration.flows.outgoing import NotWritable, Outgoing, store_interchange
from integration.flows.parents import steps_of_waiting
from integration.flows.persons import person_of, tie
from integration.flows.transmit import transmit_step
from integration.flows.writing import Untranslated, counted_for, written
from integration.models import (
    ExceptionCase,
    LineEntry,
    Order,
    OrderDocument,
    PurchaseOrder,
    WaitingDocument,
)
from integration.work import Claim, Step
from partners.mapping.conversion import to_partner

SET = "850"


def generate(subject: str, claim: Claim) -> list[Step]:
    """Write the 850 of a composed purchase order once, ever; return the step that sends it.

    With it those of answers that came before, as they may after a restore. A subject ``change:3`` is that of a purchase
    order change (860).
    """
    if subject.startswith(SUBJECT):
        return generate_change(subject.removeprefix(SUBJECT), claim)
    with claim.transaction():
        purchase_order = (
            PurchaseOrder.objects.select_for_update(of=("self",))
            .select_related(
                "order__store", "agreement__partner", "agreement__mailbox", "agreement__identifier"
            )
            .get(pk=subject)
        )
        document = _existing(purchase_order)
        if document is None:
            if purchase_order.state != PurchaseOrder.State.COMPOSED or why_watching(purchase_order):
                return []
            document = _write(purchase_order)
            if document is None:
                return []
        waiting = steps_of_waiting(purchase_order, document)
    return [transmit_step(document.interchange), *waiting]


def _existing(purchase_order: PurchaseOrder) -> Document | None:
    link = (
        purchase_order.documents.filter(role=OrderDocument.Role.PURCHASE_ORDER)
        .select_related("document")
        .first()
    )
    return link.document if link else None


def _write(purchase_order: PurchaseOrder) -> Document | None:
    order, agreement = purchase_order.order, purchase_order.agreement
    cause = f"write:{purchase_order.number}"
    now = database_now()
    try:
        outgoing = purchase_order_outgoing(purchase_order)
        with transaction.atomic():  # a refusal gives its control numbers back
            document = store_interchange(outgoing, now, person_of(order))
    except Untranslated as problem:
        if not wait(agreement, problem.lacking, Direction.OUT, purchase_order):
            return _write(purchase_order)  # the entries came while it was written
        close_cause(cause, "It waits for a translation now.")
        sentence = f"Purchase order {purchase_order.number} to {agreement.partner} waits for a translation. {problem}"
        Order.objects.filter(pk=order.pk).update(state=Order.State.HELD, state_reason=sentence[:300])
        return None
    except NotWritable as problem:
        sentence = (
            f"Purchase order {purchase_order.number} to {agreement.partner} cannot be written. {problem}"
        )
        open_case(
            ExceptionCase.Kind.NOT_WRITABLE,
            cause,
            sentence,
            order=order,
            store=order.store,
            purchase_order=purchase_order,
            partner=agreement.partner,
            money=order.total,
            currency=order.currency,
        )
        Order.objects.filter(pk=order.pk).update(state=Order.State.HELD, state_reason=sentence[:300])
        return None
    close_cause(cause, "It can be written now.")
    _waits_no_more(purchase_order)
    tell_converted(document, to_partner(_canonical(purchase_order), terms_of(purchase_order)).notes)
    tie(order, document, OrderDocument.Role.PURCHASE_ORDER, purchase_order)
    LineEntry.objects.bulk_create(
        LineEntry(
            line=line,
            kind=LineEntry.Kind.ORDERED,
            quantity=line.quantity,
            unit_price=line.unit_price,
            document=document,
            stated_at=now,
        )
        for line in purchase_order.lines.all()
    )
    PurchaseOrder.objects.filter(pk=purchase_order.pk, state=PurchaseOrder.State.COMPOSED).update(
        state=PurchaseOrder.State.GENERATED
    )
    record_event(
        f"document:{document.pk}",
        "generated",
        f"Purchase order {purchase_order.number} written for {agreement.partner}, interchange"
        f" {document.interchange.control_number}.",
        document=document,
    )
    return document


def _waits_no_more(purchase_order: PurchaseOrder) -> None:
    """Let the order go on that was held for a translation, unless something else holds it."""
    if not waiting_of(purchase_order).exists():
        return
    waits_no_more(purchase_order)
    order = purchase_order.order
    others = WaitingDocument.objects.filter(purchase_order__order=order, released_at=None)
    if not others.exists() and not order.cases.filter(closed_at=None).exists():
        held = Order.objects.filter(pk=order.pk, state=Order.State.HELD)
        held.update(state=Order.State.ROUTED, state_reason="")


def _canonical(purchase_order: PurchaseOrder) -> CanonicalPurchaseOrder:
    canonical = from_json("purchase_order", purchase_order.content or {})
    assert isinstance(canonical, CanonicalPurchaseOrder)
    return canonical


def as_the_partner_counts(
    purchase_order: PurchaseOrder, canonical: CanonicalPurchaseOrder
) -> CanonicalPurchaseOrder:
    """Return what the guide is given: ``canonical`` in the partner's units, its parties with the IDs that he asks for.

    Raises ``NotWritable`` where something cannot be converted.
    """
    return counted_for(purchase_order.agreement, canonical, terms_of(purchase_order))


def purchase_order_outgoing(purchase_order: PurchaseOrder) -> Outgoing:
    """Return the 850 as it would be sent now, by the guide that its agreement uses now.

    Raises ``NotWritable`` naming the first value that the guide could not write.
    """
    agreement = purchase_order.agreement
    canonical = as_the_partner_counts(purchase_order, _canonical(purchase_order))
    return written(agreement, SET, canonical, time_zone_of(agreement, purchase_order.order))
