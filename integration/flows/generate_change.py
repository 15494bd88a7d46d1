"""A purchase order change into the bytes of an 860: numbers, identity, movements, in one transaction."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

from django.db import transaction

from archive.clock import database_now
from archive.models import Delivery, Document
from archive.record import record_event
from integration.documents import PurchaseOrder as CanonicalPurchaseOrder
from integration.documents import from_json, to_json
from integration.documents.purchase_order_change import ChangedLine
from integration.documents.purchase_order_change import PurchaseOrderChange as CanonicalChange
from integration.flows.cases import close_cause, open_case
from integration.flows.changes import (
    SET,
    cancel_whole,
    change_step,
    post_movements,
    waiting_steps,
    write_cause,
)
from integration.flows.compose import canonical_purchase_order, time_zone_of, why_watching
from integration.flows.counted import tell_converted, terms_of
from integration.flows.customers import acknowledge_steps
from integration.flows.match_invoices import rejudge
from integration.flows.outgoing import NotWritable, Outgoing, store_interchange
from integration.flows.persons import person_of, tie
from integration.flows.positions import positions_of
from integration.flows.quantities_in_force import STANDING
from integration.flows.transmit import transmit_step
from integration.flows.writing import counted_for, written
from integration.models import ExceptionCase, OrderDocument, PurchaseOrder, PurchaseOrderChange
from integration.work import Claim, Step
from partners.mapping.conversion import to_partner

State = PurchaseOrderChange.State
BEHIND = timedelta(minutes=1)
"""How long a change waits before it looks again whether its purchase order has been delivered."""

# Fields of the purchase order that its change repeats, so that the partner knows which order is meant.
_REPEATED = ("order_type", "purchase_order_number", "purchase_order_date", "currency", "customer_order_number", "ship_to")  # fmt: skip
_ITEM = ("unit", "unit_price", "vendor_item", "buyer_item", "upc", "description")


def generate_change(pk: str, claim: Claim) -> list[Step]:
    """Write the 860 of a change once, ever; return the step that sends it.

    It never overtakes the purchase order: while that is not delivered, the change waits. In watch it waits as well, and
    going live asks for it again.
    """
    with claim.transaction():
        order_pk = PurchaseOrderChange.objects.values_list("purchase_order", flat=True).get(pk=pk)
        purchase_order = (
            PurchaseOrder.objects.select_for_update(of=("self",))
            .select_related(
                "order__store", "agreement__partner", "agreement__mailbox", "agreement__identifier"
            )
            .get(pk=order_pk)
        )
        change = PurchaseOrderChange.objects.select_related("document__interchange").get(pk=pk)
        change.purchase_order = purchase_order
        document = change.document
        if document is None:
            if change.state != State.COMPOSED or why_watching(purchase_order):
                return []
            if purchase_order.state not in STANDING:
                _drop(change)
                return []
            if _earlier_waits(change):
                return []  # asked for again once that one is written
            if not _is_delivered(purchase_order):
                again = change_step(change)
                return [Step(again.name, again.subject, again.ordering_key, BEHIND)]
            document = _write(change)
            if document is None:
                return []
        order = purchase_order.order
        return [transmit_step(document.interchange), *waiting_steps(order.pk), *acknowledge_steps(order)]


def change_outgoing(change: PurchaseOrderChange, content: dict[str, Any]) -> Outgoing:
    """Return the 860 of ``change`` as it would be sent now. Raises ``NotWritable``."""
    purchase_order = change.purchase_order
    agreement = purchase_order.agreement
    canonical = from_json("purchase_order_change", content)
    assert isinstance(canonical, CanonicalChange)
    counted = counted_for(agreement, canonical, terms_of(purchase_order))
    return written(agreement, SET, counted, time_zone_of(agreement, purchase_order.order))


def canonical_change(change: PurchaseOrderChange) -> CanonicalChange:
    """Return the canonical document of ``change``: its lines as they are afterwards, dated today."""
    purchase_order = change.purchase_order
    sent = as_sent(purchase_order)
    zone = time_zone_of(purchase_order.agreement, purchase_order.order)
    shipped = {number: each.shipped for number, each in positions_of(purchase_order).items()}
    sent_lines = {line.line_number: line for line in sent.lines}
    lines = []
    for row in change.lines:
        was, now = Decimal(row["was"]), Decimal(row["now"])
        line = sent_lines[str(row["line_number"])]
        lines.append(
            ChangedLine(
                line_number=line.line_number,
                change=_what(was, now, cancels=change.cancels),
                # A line that goes is named with the quantity that goes; none of it is left to come.
                quantity=now or was,
                left_to_receive=max(now - shipped[row["line_number"]], Decimal(0)),
                **{name: getattr(line, name) for name in _ITEM},
            )
        )
    return CanonicalChange(
        purpose="cancel" if change.cancels else "change",
        change_number=str(change.sequence),
        changed_on=database_now().astimezone(zone).date(),
        lines=tuple(lines),
        **{name: getattr(sent, name) for name in _REPEATED},
    )


def as_sent(purchase_order: PurchaseOrder) -> CanonicalPurchaseOrder:
    """Return the purchase order as it was sent; one that another system sent, as we would have written it."""
    if purchase_order.content is None:
        return canonical_purchase_order(purchase_order, database_now())
    sent = from_json("purchase_order", purchase_order.content)
    assert isinstance(sent, CanonicalPurchaseOrder)
    return sent


def _what(was: Decimal, now: Decimal, *, cancels: bool) -> str:
    if cancels:
        return "order_cancelled"
    if not now:
        return "item_deleted"
    return "quantity_increased" if now > was else "quantity_decreased"


def _earlier_waits(change: PurchaseOrderChange) -> bool:
    """Say whether a change before ``change`` is not written yet: each is made against the one before."""
    before = change.purchase_order.changes.filter(sequence__lt=change.sequence, state=State.COMPOSED)
    return before.exists()


def _drop(change: PurchaseOrderChange) -> None:
    """Give up a change of a purchase order that was cancelled meanwhile, and have a person see to what is wanted."""
    purchase_order = change.purchase_order
    order = purchase_order.order
    PurchaseOrderChange.objects.filter(pk=change.pk).update(state=State.DROPPED)
    wanted = ", ".join(f"line {row['line_number']}: {row['now']}" for row in change.lines)
    state = purchase_order.get_state_display().lower()
    open_case(
        ExceptionCase.Kind.ORDER_CHANGED,
        f"changed:{order.subject}",
        f"Change {change.sequence} of purchase order {purchase_order.number} ({wanted}) was not sent: the purchase order is"
        f" {state}. Order what is wanted from a partner yourself, then settle this case.",
        order=order,
        store=order.store,
        partner=purchase_order.agreement.partner,
        money=order.total,
        currency=order.currency,
    )


def _is_delivered(purchase_order: PurchaseOrder) -> bool:
    """Say whether the partner has got the purchase order: from us, or from the system that it was taken over from."""
    sent = purchase_order.documents.filter(role=OrderDocument.Role.PURCHASE_ORDER)
    return not sent.exists() or sent.filter(document__state__delivery=Delivery.DELIVERED).exists()


def _write(change: PurchaseOrderChange) -> Document | None:
    purchase_order = change.purchase_order
    order, agreement = purchase_order.order, purchase_order.agreement
    cause = write_cause(change)
    content = to_json(canonical_change(change))
    try:
        outgoing = change_outgoing(change, content)
        with transaction.atomic():  # a refusal gives its control numbers back
            document = store_interchange(outgoing, database_now(), person_of(order))
    except NotWritable as problem:
        open_case(
            ExceptionCase.Kind.NOT_WRITABLE,
            cause,
            f"Change {change.sequence} of purchase order {purchase_order.number} to {agreement.partner} cannot be written."
            f" {problem}",
            order=order,
            store=order.store,
            purchase_order=purchase_order,
            partner=agreement.partner,
            money=order.total,
            currency=order.currency,
        )
        return None
    close_cause(cause, "It can be written now.")
    tell_converted(document, to_partner(canonical_change(change), terms_of(purchase_order)).notes)
    tie(order, document, OrderDocument.Role.PURCHASE_ORDER_CHANGE, purchase_order)
    post_movements(change, document)
    rejudge(purchase_order)
    before = PurchaseOrder.objects.values_list("state", flat=True).get(pk=purchase_order.pk)
    PurchaseOrderChange.objects.filter(pk=change.pk, state=State.COMPOSED).update(
        state=State.GENERATED, document=document, content=content, state_before=before
    )
    cancel_whole(change)
    record_event(
        f"document:{document.pk}",
        "generated",
        f"Change {change.sequence} of purchase order {purchase_order.number} written for {agreement.partner}, interchange"
        f" {document.interchange.control_number}.",
        document=document,
    )
    return document
