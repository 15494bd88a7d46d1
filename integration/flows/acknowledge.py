"""An order acknowledged to the business customer who placed it: the 855 out, again whenever what he will get has changed."""

from __future__ import annotations

from django.db import transaction

from archive.clock import database_now
from archive.models import AcknowledgmentState, Document
from archive.record import record_event
from integration.documents import PurchaseOrderAcknowledgment, to_json
from integration.documents.parts import Item, Party
from integration.documents.purchase_order_acknowledgment import AcknowledgedLine, Acknowledgment
from integration.flows.addresses import party
from integration.flows.cases import close_cause, open_case
from integration.flows.compose import shortest, time_zone_of, why_unsent
from integration.flows.customer_lines import outlook_of
from integration.flows.import_orders import CANCELLED
from integration.flows.outgoing import NotWritable, store_interchange
from integration.flows.persons import person_of, tie
from integration.flows.transmit import transmit_step
from integration.flows.writing import written
from integration.matching.customer_answer import (
    Outlook,
    Part,
    ToldLine,
    answer_type,
    is_news,
    told_from_json,
    told_to_json,
)
from integration.matching.customers import LONGEST_NUMBER
from integration.matching.lines import day_words, plain, words
from integration.models import CustomerLink, ExceptionCase, Order, OrderAcknowledgment, OrderDocument
from integration.work import Claim, Step
from partners.agreements import sends
from partners.mapping.conversion import with_party_ids
from partners.models import Agreement, ItemCrossReference

SET = "855"
Kind = ExceptionCase.Kind
_WITH_SUPPLIERS = (Order.State.ROUTED, Order.State.ACCEPTED)
_UNIT = "each"
_WORDS_TOLD = 5


def acknowledge(subject: str, claim: Claim) -> list[Step]:
    """Tell the customer of an order what holds of it now, unless he was told just that; return the step that sends it.

    It reads the present state: however many answers and decisions asked for it, they are one document.
    """
    with claim.transaction():
        order = Order.objects.select_for_update(of=("self",)).select_related("store").get(pk=subject)
        newest = order.acknowledgments.select_related("document__interchange").last()
        newest = _tell(order, heard_last(order)) or newest
    return [transmit_step(newest.document.interchange)] if newest is not None else []


def customer_cause(order: Order) -> str:
    """Return the cause of the case that the customer of ``order`` cannot be told."""
    return f"customer:{order.subject}"


def heard_last(order: Order) -> OrderAcknowledgment | None:
    """Return the last acknowledgment of ``order`` that counts: what its customer rejected (997) told him nothing."""
    rows = order.acknowledgments.exclude(document__state__acknowledgment=AcknowledgmentState.REJECTED)
    return rows.last()


def is_concerned(order: Order, last: OrderAcknowledgment | None) -> bool:
    """Say whether the customer of ``order`` is to hear of it: it is with the suppliers, or he was told of it before.

    What is held waits for a person; what he then decides is told.
    """
    if order.state in _WITH_SUPPLIERS:
        return True
    if order.state == Order.State.HELD:
        return last is not None or not order.cases.filter(closed_at=None).exists()
    return last is not None and order.status_id in CANCELLED


def untold(order: Order, link: CustomerLink, last: OrderAcknowledgment | None) -> Outlook | None:
    """Return what the customer of ``order`` is to be told and was not; None where there is nothing, or it is not time yet."""
    told = told_lines(last)
    now = outlook_of(order, told)
    waits = link.when == CustomerLink.When.ANSWERED and bool(now.open_lines)
    return now if now.lines and not waits and is_news(told, now.lines) else None


def told_lines(acknowledgment: OrderAcknowledgment | None) -> tuple[ToldLine, ...]:
    """Return what a customer was told by ``acknowledgment``."""
    return tuple(told_from_json(each) for each in acknowledgment.lines) if acknowledgment is not None else ()


def _tell(order: Order, last: OrderAcknowledgment | None) -> OrderAcknowledgment | None:
    link = (
        CustomerLink.objects.select_related(
            "agreement__partner", "agreement__mailbox", "agreement__identifier"
        )
        .filter(orders=order, is_active=True)
        .first()
    )
    if link is None or not is_concerned(order, last):
        close_cause(customer_cause(order), "There is nothing to tell the customer any more.")
        return None
    now = untold(order, link, last)
    number = last.number if last is not None else order.customer_number
    problem = why_not_told(link, number) if now is not None or last is None else ""
    if problem:
        _ask(
            Kind.CUSTOMER, order, link, f"{_whose(order, link)} is not acknowledged to them (855). {problem}"
        )
        return None
    if now is None:
        close_cause(customer_cause(order), "The customer can be told now.")
        return None
    watched = why_unsent(order.store, link.agreement)
    if watched:
        record_event(
            order.subject,
            "customer_untold",
            f"The order acknowledgment (855) for {link.agreement.partner} is not sent: {watched}",
        )
        return None
    return _write(order, link, last, number, now)


def why_not_told(link: CustomerLink, number: str) -> str:
    """Return what stands in the way of any acknowledgment by ``link``, and what to do; ``""`` where nothing does."""
    agreement, partner = link.agreement, link.agreement.partner
    if not partner.is_active:
        return f"Partner {partner} is not active: make it active, or switch off customer link {link}."
    if not sends(agreement, SET):
        return (
            f"Agreement {agreement} sends no purchase order acknowledgments (855): add them to its documents, or switch off"
            f" customer link {link}."
        )
    if not number:
        where = link.get_number_source_display()
        named = f" ({link.number_name})" if link.number_name else ""
        return (
            f"Their number of the order was not found. Customer link {link} looks for it here: {where}{named}. Enter it"
            " there in the store; the order is then looked at again by itself."
        )
    if len(number) > LONGEST_NUMBER:
        return f"Their number of the order, “{number}”, has more than {LONGEST_NUMBER} characters. Correct it in the store."
    return ""


def canonical_acknowledgment(
    order: Order, agreement: Agreement, number: str, lines: tuple[ToldLine, ...], *, amends: bool
) -> PurchaseOrderAcknowledgment:
    """Return the canonical document that tells ``lines``; its dates are in the agreement's time zone.

    An amended one replaces what was said before, whole. Items bear our number, and the customer's where the agreement's
    items have it.
    """
    zone = time_zone_of(agreement, order)
    listed = ItemCrossReference.objects.filter(agreement=agreement, sku__in={each.sku for each in lines})
    theirs = {each.sku: each.vendor_item for each in listed}
    addresses = order.content["addresses"]
    return PurchaseOrderAcknowledgment(
        purpose="replace" if amends else "original",
        acknowledgment_type=answer_type(lines),
        purchase_order_number=number,
        purchase_order_date=order.placed_at.astimezone(zone).date(),
        vendor_order_number=str(order.number),
        acknowledged_on=database_now().astimezone(zone).date(),
        currency=order.currency,
        ship_to=_place(party(addresses[0])) if len(addresses) == 1 else None,
        lines=tuple(_line(each, theirs.get(each.sku, "")) for each in lines),
    )


def _place(where: Party) -> Party | None:
    return where if where.name else None


def _line(told: ToldLine, theirs: str) -> AcknowledgedLine:
    return AcknowledgedLine(
        line_number=str(told.number),
        quantity=shortest(told.ordered),
        unit=_UNIT,
        unit_price=shortest(told.unit_price),
        vendor_item=told.sku or None,
        buyer_item=theirs or None,
        upc=told.upc if len(told.upc) == 12 else None,
        description=told.description or None,
        acknowledgments=tuple(_part(each) for each in told.parts),
    )


def _part(part: Part) -> Acknowledgment:
    return Acknowledgment(
        status=part.status,
        quantity=shortest(part.quantity),
        unit=_UNIT,
        promised_on=part.promised_on,
        substitute=Item(vendor_item=part.substitute) if part.substitute else None,
    )


def _write(
    order: Order, link: CustomerLink, last: OrderAcknowledgment | None, number: str, now: Outlook
) -> OrderAcknowledgment | None:
    agreement = link.agreement
    canonical = canonical_acknowledgment(order, agreement, number, now.lines, amends=last is not None)
    try:
        outgoing = written(
            agreement, SET, with_party_ids(canonical, agreement.party_id_kind), time_zone_of(agreement, order)
        )
        with transaction.atomic():  # a refusal gives its control numbers back
            document = store_interchange(outgoing, database_now(), person_of(order))
    except NotWritable as problem:
        _ask(Kind.NOT_WRITABLE, order, link, f"{_whose(order, link)} cannot be acknowledged (855). {problem}")
        return None
    close_cause(customer_cause(order), "The customer is told now.")
    made = OrderAcknowledgment.objects.create(
        order=order,
        link=link,
        sequence=order.acknowledgments.count() + 1,
        number=number,
        lines=[told_to_json(each) for each in now.lines],
        content=to_json(canonical),
        document=document,
    )
    tie(order, document, OrderDocument.Role.ORDER_ACKNOWLEDGMENT)
    _record(order, made, document, told_lines(last), now)
    return made


def _record(
    order: Order, made: OrderAcknowledgment, document: Document, before: tuple[ToldLine, ...], now: Outlook
) -> None:
    known = {each.key: each for each in before}
    news = [line_words(each) for each in now.lines if known.get(each.key) != each]
    more = f"; {len(news) - _WORDS_TOLD} more lines" if len(news) > _WORDS_TOLD else ""
    sentence = (
        f"Order acknowledgment {made.sequence} (855) of order {order.number}, their {made.number}, written for"
        f" {document.partner}:"
        f" {'; '.join(news[:_WORDS_TOLD])}{more}."
    )
    record_event(order.subject, "customer_told", sentence, document=document)
    record_event(f"document:{document.pk}", "generated", sentence, document=document)


def line_words(line: ToldLine) -> str:
    """Return in words what a customer is told of a line."""
    parts = [
        f"{plain(part.quantity)} {words(part.status)}"
        + (f" for {day_words(part.promised_on)}" if part.promised_on else "")
        for part in line.parts
    ]
    return f"{line.sku or f'line {line.number}'}: {', '.join(parts)}"


def _whose(order: Order, link: CustomerLink) -> str:
    return f"Order {order.number} is {link.agreement.partner}'s and"


def _ask(kind: str, order: Order, link: CustomerLink, sentence: str) -> None:
    """Open the case about it, unless somebody has settled such a one for this order."""
    cause = customer_cause(order)
    last = ExceptionCase.objects.filter(cause=cause).order_by("-pk").first()
    if last is not None and last.decision == ExceptionCase.Decision.SETTLED:
        return
    open_case(
        kind,
        cause,
        sentence,
        order=order,
        store=order.store,
        partner=link.agreement.partner,
        money=order.total,
        currency=order.currency,
    )
