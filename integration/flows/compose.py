"""The canonical purchase order: what the guide then writes."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

from archive.clock import database_now
from archive.house import house_language
from archive.record import record_event
from integration.documents import (
    Party,
    Shipping,
    to_json,
)
from integration.documents import (
    PurchaseOrder as CanonicalPurchaseOrder,
)
from integration.documents import (
    PurchaseOrderLine as CanonicalLine,
)
from integration.flows.import_orders import import_step
from integration.flows.stores import client_for
from integration.flows.terms import Told, what_is_told
from integration.models import Order, PurchaseOrder, PurchaseOrderLine, Store
from integration.work import Claim, Step
from partners.models import Agreement, Mode, Partnership


def compose(subject: str, claim: Claim) -> list[Step]:
    """Read the order once more; if it is as it was routed, make the canonical purchase order of it.

    An order that changed meanwhile goes back to being read and routed: what is sent is what the store holds now.
    """
    purchase_order = PurchaseOrder.objects.select_related(
        "order__store", "agreement__partner", "agreement__mailbox"
    ).get(pk=subject)
    order = purchase_order.order
    if purchase_order.state not in (PurchaseOrder.State.ROUTED, PurchaseOrder.State.COMPOSED):
        return _next(purchase_order)
    with client_for(order.store) as client:
        now = client.get_order(order.number)
    if now.date_modified != order.modified_at or now.status_id != order.status_id:
        with claim.transaction():
            record_event(
                order.subject, "read_again", "Changed in the store before it was sent: read and routed anew."
            )
        return [import_step(order.store_id, order.number)]
    document = canonical_purchase_order(purchase_order, database_now())
    waits_for = why_watching(purchase_order)
    with claim.transaction():
        changed = PurchaseOrder.objects.filter(
            pk=purchase_order.pk, state__in=[PurchaseOrder.State.ROUTED, PurchaseOrder.State.COMPOSED]
        ).update(content=to_json(document), digest=order.digest, state=PurchaseOrder.State.COMPOSED)
        if changed and waits_for:
            record_event(order.subject, "watching", f"{purchase_order} is composed and not sent: {waits_for}")
    return [] if waits_for else _next(purchase_order)


def _next(purchase_order: PurchaseOrder) -> list[Step]:
    return [Step("generate", str(purchase_order.pk), purchase_order.order.ordering_key)]


def why_watching(purchase_order: PurchaseOrder) -> str:
    """Return why nothing may be sent for ``purchase_order`` yet, or ``""``."""
    return why_unsent(purchase_order.order.store, purchase_order.agreement)


@house_language()
def why_unsent(store: Store, agreement: Agreement) -> str:
    """Return why nothing about an order of ``store`` may be sent under ``agreement`` yet, or ``""``."""
    for subject in (store, agreement, agreement.mailbox):
        if subject.mode != Mode.LIVE:
            return f"{subject._meta.verbose_name} {subject} is in watch."
    if agreement.usage != "P":
        return f"agreement {agreement} carries test documents, and this is about a real order."
    return partnership_problem(agreement)


@house_language()
def partnership_problem(agreement: Agreement) -> str:
    """Return why the network would not take our documents for this partner yet, or ``""``."""
    partnership = Partnership.objects.filter(
        mailbox=agreement.mailbox, identifier=agreement.identifier
    ).first()
    if partnership is None:
        return f"mailbox {agreement.mailbox} has no partnership with {agreement.identifier}."
    if partnership.state != Partnership.State.ACTIVE:
        state = partnership.get_state_display().lower()
        return f"the partnership with {agreement.identifier} on {agreement.mailbox} is not active: {state}."
    return ""


def time_zone_of(agreement: Agreement, order: Order) -> ZoneInfo:
    """Return the time zone of dates written into X12: the agreement's, else the store's."""
    return ZoneInfo(agreement.time_zone or order.store.time_zone)


def shortest(number: Decimal) -> Decimal:
    """Return the number without the zeros that a column of four decimals puts behind it: what is composed goes out as it
    stands, and X12 wants no idle zeros."""
    return number.normalize() if number % 1 else number.quantize(1)


def canonical_purchase_order(purchase_order: PurchaseOrder, now: datetime) -> CanonicalPurchaseOrder:
    """Return the canonical document of ``purchase_order``; its date is the order's, in the agreement's time zone.

    What the agreement wants said besides is ``terms.what_is_told``.
    """
    order, agreement = purchase_order.order, purchase_order.agreement
    zone = time_zone_of(agreement, order)
    lines = list(purchase_order.lines.all())
    told = what_is_told(purchase_order, lines, now.astimezone(zone).date())
    return CanonicalPurchaseOrder(
        purpose="original",
        order_type="stand_alone" if told.is_for_stock else "dropship",
        purchase_order_number=purchase_order.number,
        purchase_order_date=order.placed_at.astimezone(zone).date(),
        currency=agreement.currency,
        customer_order_number=str(order.number),
        other_references=told.references,
        allowances_and_charges=told.allowances,
        requested_delivery=told.requested_delivery,
        requested_ship=told.requested_ship,
        cancel_after=told.cancel_after,
        shipping=Shipping(routing=told.shipping_method) if told.shipping_method else None,
        taxes=told.taxes,
        notes=told.message or None,
        ship_to=told.ship_to,
        bill_to=None,
        buyer=Party(name=order.store.name),
        lines=tuple(_canonical_line(line, told) for line in lines),
    )


def _canonical_line(line: PurchaseOrderLine, told: Told) -> CanonicalLine:
    return CanonicalLine(
        line_number=str(line.line_number),
        quantity=shortest(line.quantity),
        unit=line.unit,
        unit_price=None if line.unit_price is None else shortest(line.unit_price),
        vendor_item=line.vendor_item or None,
        buyer_item=line.sku,
        upc=line.upc or None,
        description=line.description or None,
        notes=told.notes.get(line.store_line),
    )
