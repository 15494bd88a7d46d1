"""Received ship notices (856): matched to their purchase orders, posted, judged, and brought to the store.

All notices for a purchase order are looked at together, in the order in which the partner made them; of those with one
number (BSN02) the last one holds. So the ledger and the store come to the same in whatever order notices arrive.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal

from django.db.models import Q

from archive.models import Document, Validation
from archive.record import record_event
from integration.documents import PurchaseOrder as CanonicalPurchaseOrder
from integration.documents import ShipNotice, from_json
from integration.flows.accept import ANSWER_ROLE, current_reading, reverse, said_in_order
from integration.flows.cases import close_cause, open_case
from integration.flows.counted import asked_lines, tell_converted, terms_of
from integration.flows.expectations import meet, order_subject
from integration.flows.import_orders import CANCELLED
from integration.flows.match_invoices import lock_orders, rejudge
from integration.flows.parents import NOT_SENT, orphan_cause, wait_for_parent
from integration.flows.persons import tie
from integration.flows.shipment_files import steps_of_waiting_files
from integration.flows.shipping import (
    add_shipments,
    intend,
    move_status,
    shipping_steps,
    standing,
    undo,
    withdraw,
)
from integration.matching.acknowledgment import Difference
from integration.matching.lines import AskedLine, plain
from integration.matching.ship_notices import (
    Circumstances,
    Sent,
    ShipmentLimits,
    differences,
    exceeds,
    in_force,
    repeats_unasked,
    sent_for,
)
from integration.matching.tolerances import Limit
from integration.models import ExceptionCase, LineEntry, Order, OrderDocument, PurchaseOrder, Shipment
from integration.work import Step
from partners.agreements import receives
from partners.mapping.conversion import from_partner
from partners.models import Agreement, ShipmentTolerances

NOTICE_ROLE = OrderDocument.Role.SHIP_NOTICE
Kind = ExceptionCase.Kind
Decision = ExceptionCase.Decision


@dataclass(frozen=True)
class Notice:
    """One notice for a purchase order, in our units, and when the partner made it."""

    made: tuple[datetime, int, int]
    document: Document
    said: ShipNotice
    sent: Sent
    notes: tuple[str, ...] = ()
    refusals: tuple[str, ...] = ()
    repeats: bool = False


def match_ship_notice(document: Document) -> list[Step]:
    """Match a ship notice in the caller's transaction; return what follows for the store."""
    said = _said(document)
    number = said.number or ""
    named = {each.purchase_order_number for each in said.orders if each.purchase_order_number}
    found = _locked(document, named, number)
    known = [each for each in found if each.state not in NOT_SENT]
    unknown = sorted(named - {each.number for each in known})
    steps: list[Step] = []
    if unknown or not named:
        which = (
            f"purchase order {', '.join(unknown)}" if unknown else "a purchase order that it does not name"
        )
        told = (
            f"{document.partner} sends goods (shipment {number or 'without a number'}) for {which}, which we"
        )
        steps += wait_for_parent(
            document,
            Kind.UNKNOWN_PURCHASE_ORDER,
            f"{told} have not sent to them yet.",
            f"{told} did not send to them. Nothing of it was written to a store; ask the partner which order is meant.",
        )
    else:
        close_cause(orphan_cause(document, Kind.UNKNOWN_PURCHASE_ORDER), "The purchase order is known now.")
    for purchase_order in known:
        tie(purchase_order.order, document, NOTICE_ROLE, purchase_order)
        if purchase_order.number in named:
            meet("856", order_subject(purchase_order), document)
    for purchase_order in known:
        steps += settle(purchase_order)
        steps += steps_of_waiting_files(purchase_order)
    return steps


def resume(purchase_order: PurchaseOrder) -> list[Step]:
    """Judge the notices and bills for ``purchase_order`` again, after what they are held against changed."""
    if not purchase_order.order.documents.filter(role=NOTICE_ROLE).exists():
        rejudge(purchase_order)
        return []
    return settle(purchase_order)


def settle(purchase_order: PurchaseOrder) -> list[Step]:
    """Bring ledger, shipments and store to what the notices for ``purchase_order`` say; the caller holds its lock."""
    order = Order.objects.select_for_update().select_related("store").get(pk=purchase_order.order_id)
    asked = asked_lines(purchase_order)
    notices = notices_for(purchase_order, asked)
    readings = {each.document.pk: current_reading(each.document) for each in notices}
    _take_back_others(purchase_order, readings)
    before: dict[int, Decimal] = {}
    known = _circumstances(purchase_order, order) if notices else Circumstances()
    for notice in notices:
        _post(purchase_order, notice, readings[notice.document.pk])
        found = _differences(notice, asked, replace(known, shipped_before=dict(before)))
        _judge(purchase_order, notice, found, as_left=exceeds(notice.sent, asked, before))
        for line, quantity in notice.sent.quantities.items():
            before[line] = before.get(line, Decimal(0)) + quantity
    rejudge(purchase_order)
    undo(purchase_order)
    move_status(purchase_order)
    return shipping_steps(order)


def notices_for(purchase_order: PurchaseOrder, asked: Sequence[AskedLine]) -> list[Notice]:
    """Return the notices that hold for ``purchase_order``, in the order in which the partner made them."""
    by_number: dict[str, list[Notice]] = {}
    terms = terms_of(purchase_order)
    for document in _documents(purchase_order):
        converted = from_partner(_said(document), terms)
        sent = sent_for(converted.document, purchase_order.number, asked)
        notice = Notice(
            said_in_order(document),
            document,
            converted.document,
            sent,
            converted.notes,
            converted.refusals,
        )
        number = converted.document.number or f"document {document.pk}"
        by_number.setdefault(number, []).append(notice)
    holding = [_holding(each) for each in by_number.values()]
    found = [each for each in holding if each is not None and (each.sent.sets or each.sent.strangers)]
    return sorted(found, key=lambda each: (each.made, each.document.pk))


def difference_cause(purchase_order: PurchaseOrder, document: Document) -> str:
    """Return the cause of the case about what a notice sends otherwise."""
    return f"ships:{purchase_order.pk}:{document.pk}"


def take_back_notice(document: Document) -> list[Step]:
    """Let no shipment stand that ``document`` told of, where it says nothing that holds any more."""
    told_of = PurchaseOrder.objects.filter(shipments__document=document, shipments__withdrawn_by=None)
    steps: list[Step] = []
    for purchase_order in (
        PurchaseOrder.objects.select_for_update().filter(pk__in=told_of.values("pk")).order_by("pk")
    ):
        steps += settle(purchase_order)
    return steps


def _documents(purchase_order: PurchaseOrder) -> list[Document]:
    """Return the notices that hold by themselves and that nobody put aside for ``purchase_order``."""
    links = purchase_order.order.documents.filter(role=NOTICE_ROLE).select_related(
        "document__interchange__payload", "document__translation", "document__agreement", "document__state"
    )
    partner = purchase_order.agreement.partner
    aside = set(
        ExceptionCase.objects.filter(purchase_order=purchase_order, decision=Decision.NOT_OURS).values_list(
            "document_id", flat=True
        )
    )
    return [
        link.document
        for link in links
        if link.document.partner_id == partner.pk
        and link.document_id not in aside
        and link.document.state.validation != Validation.INVALID
        and link.document.translation.content is not None
    ]


def _holding(notices: Sequence[Notice]) -> Notice | None:
    """Return which of the notices of one number holds; the first of those that say the same, for it was acted on."""
    ordered = sorted(notices, key=lambda each: (each.made, each.document.pk))
    purposes = [each.said.purpose for each in ordered]
    place = in_force(purposes)
    if place is None:
        return None
    while place and in_force(purposes[:place]) is not None and ordered[place - 1].sent == ordered[place].sent:
        place -= 1
    held = ordered[place]
    if not repeats_unasked(purposes[: place + 1]):
        return held
    return replace(held, repeats=True)


def _take_back_others(purchase_order: PurchaseOrder, readings: dict[int, int]) -> None:
    """Reverse and withdraw what other notices than those that hold had said, or former readings of them."""
    links = purchase_order.order.documents.filter(role=NOTICE_ROLE).select_related("document")
    told = [link.document for link in links.order_by("document_id")]
    if not told:
        return
    of_notices = LineEntry.standing().filter(
        line__purchase_order=purchase_order, kind=LineEntry.Kind.SHIPPED, document__transaction_set="856"
    )
    for pk in set(of_notices.values_list("document_id", flat=True)) - readings.keys():
        reverse(of_notices.filter(document_id=pk), told[-1])
    gone = [each for each in standing(purchase_order) if readings.get(each.document_id) != each.reading]
    withdraw(gone, told[-1])
    for document in told:
        if document.pk not in readings:
            close_cause(
                difference_cause(purchase_order, document), "The partner has taken the shipment back."
            )


def _post(purchase_order: PurchaseOrder, notice: Notice, reading: int) -> None:
    document = notice.document
    entries = LineEntry.standing().filter(document=document, line__purchase_order=purchase_order)
    if not entries.exists():
        lines = {line.line_number: line for line in purchase_order.lines.all()}
        times = LineEntry.objects.filter(
            document=document, reading=reading, reverses=None, line__purchase_order=purchase_order
        )
        LineEntry.objects.bulk_create(
            LineEntry(
                line=lines[number],
                kind=LineEntry.Kind.SHIPPED,
                quantity=quantity,
                document=document,
                position=times.values("position").distinct().count(),
                reading=reading,
                stated_at=notice.made[0],
            )
            for number, quantity in sorted(notice.sent.quantities.items())
        )
        tell_converted(document, notice.notes)
        record_event(
            purchase_order.order.subject,
            "shipped",
            _shipped_words(purchase_order, notice),
            document=document,
        )
    add_shipments(purchase_order, document, reading, notice.said.number or "", notice.sent.sets)


def _shipped_words(purchase_order: PurchaseOrder, notice: Notice) -> str:
    quantities = notice.sent.quantities
    parts = [
        f"{plain(quantities[line.line_number])} of {line.sku}"
        for line in purchase_order.lines.all()
        if line.line_number in quantities
    ]
    numbers = [each.tracking_number for each in notice.sent.sets if each.tracking_number]
    tracking = f", tracking number {', '.join(numbers)}" if numbers else ""
    what = ", ".join(parts) or "nothing that was ordered"
    partner = purchase_order.agreement.partner
    return f"{partner} shipped {what} for purchase order {purchase_order.number}{tracking}."


def _circumstances(purchase_order: PurchaseOrder, order: Order) -> Circumstances:
    """Return what every notice for ``purchase_order`` is held against, but for what was shipped before it."""
    content = from_json("purchase_order", purchase_order.content or {})
    assert isinstance(content, CanonicalPurchaseOrder)
    cancelled = ""
    if purchase_order.state == PurchaseOrder.State.CANCELLED:
        cancelled = "us"
    elif order.status_id in CANCELLED:
        cancelled = "the store"
    agreement = purchase_order.agreement
    answered = purchase_order.documents.filter(role=ANSWER_ROLE).exists()
    return Circumstances(
        cancelled=cancelled,
        awaits_answer=receives(agreement, "855") and not answered and not purchase_order.agreed,
        ship_to=content.ship_to,
        last_day=content.cancel_after or content.ship_no_later,
        limits=limits_of(agreement),
    )


def limits_of(agreement: Agreement) -> ShipmentLimits:
    """Return what of ship notices counts by itself under ``agreement``."""
    row = ShipmentTolerances.objects.filter(agreement=agreement).first()
    if row is None:
        return ShipmentLimits()
    return ShipmentLimits(Limit(row.over_percent, row.over_absolute), row.days_late, row.before_answer)


def _differences(notice: Notice, asked: Sequence[AskedLine], known: Circumstances) -> list[Difference]:
    found = [
        Difference(None, "", "the units", "what can be counted in ours", each, "shipped")
        for each in notice.refusals
    ]
    if notice.repeats:
        told = f"shipment {notice.said.number} again, with other goods"
        found.append(Difference(None, "", "the shipment's number", "a new number", told, "shipped"))
    return [*found, *differences(notice.said, notice.sent, asked, known)]


def _judge(
    purchase_order: PurchaseOrder, notice: Notice, found: Sequence[Difference], *, as_left: bool
) -> None:
    """Bring to the store what counts by itself or by decision; ask a person about the rest.

    ``as_left``: more than was ordered is let pass, and the store gets what it has left to ship.
    """
    document, cause = notice.document, difference_cause(purchase_order, notice.document)
    decided = (
        ExceptionCase.objects.filter(cause=cause)
        .exclude(closed_at=None)
        .exclude(decision=Decision.RELEASED)
        .last()
    )
    if found and decided is None:
        _ask(purchase_order, document, cause, found)
        return
    if decided is not None and decided.decision != Decision.SHIPPED:
        return
    close_cause(cause, "What was shipped agrees with the order now.")
    for shipment in _without_effect(purchase_order, document):
        intend(shipment, as_left=as_left or decided is not None)


def _without_effect(purchase_order: PurchaseOrder, document: Document) -> Iterable[Shipment]:
    rows = purchase_order.shipments.filter(document=document, withdrawn_by=None, effect=None)
    return rows.select_related("purchase_order__order", "order").order_by("pk")


def _ask(purchase_order: PurchaseOrder, document: Document, cause: str, found: Sequence[Difference]) -> None:
    order = purchase_order.order
    more = f" ({len(found) - 1} more)" if len(found) > 1 else ""
    open_case(
        Kind.SHIPMENT_DIFFERS,
        cause,
        f"{document.partner} shipped otherwise than purchase order {purchase_order.number} says. {found[0]}{more}."
        " Nothing of this shipment was written to the store.",
        document=document,
        order=order,
        store=order.store,
        purchase_order=purchase_order,
        partner=document.partner,
        money=order.total,
        currency=order.currency,
        evidence=[each.row for each in found],
    )


def _locked(document: Document, named: set[str], number: str) -> list[PurchaseOrder]:
    """Return the purchase orders that the notice names, or that an earlier one of its number did, locked in order."""
    of_number = Q(shipments__number=number[:30]) if number else Q(pk=None)
    wanted = PurchaseOrder.objects.filter(
        Q(number__in=named) | of_number, agreement__partner=document.partner
    )
    return lock_orders(set(wanted.values_list("pk", flat=True)))


def _said(document: Document) -> ShipNotice:
    said = from_json("ship_notice", document.translation.content or {})
    assert isinstance(said, ShipNotice)
    return said
