"""A return asked of the partner: the bytes of a 180, its numbers and identity, in one transaction."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from django.db import transaction

from archive.clock import database_now
from archive.models import Document
from archive.record import record_event
from integration.documents import Party, ReturnDocument, ReturnLine
from integration.documents.parts import Reference
from integration.flows.cases import close_cause, open_case
from integration.flows.compose import shortest, time_zone_of, why_watching
from integration.flows.counted import tell_converted, terms_of
from integration.flows.generate_change import as_sent
from integration.flows.outgoing import NotWritable, Outgoing, store_interchange
from integration.flows.persons import person_of, tie
from integration.flows.return_files import file_steps, store_files
from integration.flows.return_settling import links_of, settle_returns
from integration.flows.transmit import transmit_step
from integration.flows.writing import counted_for, written
from integration.matching.returns import USUAL
from integration.models import ExceptionCase, Order, OrderDocument, PurchaseOrder, ReturnCase
from integration.models import ReturnDocument as Link
from integration.models import ReturnLine as Row
from integration.work import Claim, Step
from partners.mapping.conversion import to_partner

SET = "180"
UNIT_COST = "UCP"
OUR_NUMBER = "ZZ"
"""Qualifier (N9) under which our number of the return stands in every request, however often it is asked."""


def write_return(subject: str, claim: Claim) -> list[Step]:
    """Write the request of a return as often as it was asked for, each once, ever; return the steps that send them.

    In watch it waits, and going live asks for it again.
    """
    with claim.transaction():
        purchase_order_pk = ReturnCase.objects.values_list("purchase_order", flat=True).get(pk=subject)
        purchase_order = (
            PurchaseOrder.objects.select_for_update(of=("self",))
            .select_related(
                "order__store", "agreement__partner", "agreement__mailbox", "agreement__identifier"
            )
            .get(pk=purchase_order_pk)
        )
        Order.objects.select_for_update().values_list("pk").get(pk=purchase_order.order_id)
        case = (
            ReturnCase.objects.select_for_update(of=("self",))
            .select_related("order__store", "partner")
            .get(pk=subject)
        )
        case.purchase_order = purchase_order
        links = case.documents.filter(kind=Link.Kind.REQUEST).order_by("document_id")
        written_so_far = links.count()
        waiting: list[Step] = []
        if (
            written_so_far < case.asked
            and case.stage not in ReturnCase.ENDED
            and not why_watching(purchase_order)
        ):
            document = _write(case, written_so_far + 1)
            if document is not None:
                waiting = settle_returns(purchase_order)
        sent = links.select_related("document__interchange")
        return [
            *(file_steps(case) if sent else ()),
            *(transmit_step(link.document.interchange) for link in sent),
            *waiting,
        ]


def return_outgoing(case: ReturnCase, place: int, now: datetime, files: Sequence[Reference] = ()) -> Outgoing:
    """Return the 180 of ``case``, asked for the ``place``-th time, as it would be sent now, naming ``files`` beside it.

    Raises ``NotWritable``.
    """
    purchase_order = case.purchase_order
    agreement = purchase_order.agreement
    counted = counted_for(agreement, canonical_return(case, place, now, files), terms_of(purchase_order))
    return written(agreement, SET, counted, time_zone_of(agreement, purchase_order.order))


def canonical_return(
    case: ReturnCase, place: int, now: datetime, files: Sequence[Reference] = ()
) -> ReturnDocument:
    """Return the canonical request: what goes back, why, and what is wanted; dated in the agreement's time zone.

    Its number is that of the return, and from the second time on which time it is: ``R-1001-2``.
    """
    purchase_order, order = case.purchase_order, case.order
    zone = time_zone_of(purchase_order.agreement, order)
    local = now.astimezone(zone)
    sent = as_sent(purchase_order)
    rows = list(case.lines.select_related("line"))
    reasons, wanted = {row.reason for row in rows}, {row.wanted or USUAL for row in rows}
    return ReturnDocument(
        purpose="request",
        document_number=case.number if place == 1 else f"{case.number}-{place}",
        date=local.date(),
        time=local.time().replace(microsecond=0, tzinfo=None),
        disposition=wanted.pop() if len(wanted) == 1 else None,
        request_reason=reasons.pop() if len(reasons) == 1 else None,
        purchase_order_number=purchase_order.number,
        purchase_order_date=sent.purchase_order_date,
        return_number=case.rma or None,
        customer_order_number=str(order.number),
        other_references=(Reference(OUR_NUMBER, case.number), *files),
        buyer=Party(name=order.store.name),
        lines=tuple(_line(row) for row in rows),
    )


def _line(row: Row) -> ReturnLine:
    line = row.line
    return ReturnLine(
        vendor_item=line.vendor_item or None,
        buyer_item=line.sku,
        upc=line.upc or None,
        quantity=shortest(row.quantity),
        unit=line.unit,
        price_kind=None if row.unit_price is None else UNIT_COST,
        unit_price=None if row.unit_price is None else shortest(row.unit_price),
        line_number=str(line.line_number),
        disposition=row.wanted or USUAL,
        request_reason=row.reason,
        defects=tuple(part for part in [row.comment.strip()] if part),
    )


def write_cause(case: ReturnCase) -> str:
    """Return the cause of the case that a request cannot be written."""
    return f"write:return:{case.pk}"


def _write(case: ReturnCase, place: int) -> Document | None:
    purchase_order = case.purchase_order
    order = purchase_order.order
    now = database_now()
    try:
        with transaction.atomic():  # a refusal gives its control numbers back, and those of the files
            files = store_files(case, purchase_order.agreement)
            outgoing = return_outgoing(case, place, now, files)
            document = store_interchange(outgoing, now, person_of(order))
    except NotWritable as problem:
        open_case(
            ExceptionCase.Kind.NOT_WRITABLE,
            write_cause(case),
            f"Return {case.number} to {case.partner} cannot be written. {problem}",
            **links_of(case),
        )
        return None
    close_cause(write_cause(case), "It can be written now.")
    tell_converted(document, to_partner(canonical_return(case, place, now), terms_of(purchase_order)).notes)
    tie(order, document, OrderDocument.Role.RETURN_REQUEST, purchase_order)
    told = (
        f"Return {case.number} written for {case.partner}, interchange {document.interchange.control_number}."
    )
    Link.objects.create(case=case, document=document, kind=Link.Kind.REQUEST, told=told)
    ReturnCase.objects.filter(pk=case.pk).update(request=document)
    record_event(f"document:{document.pk}", "generated", told, document=document)
    record_event(order.subject, "return_requested", told, document=document)
    return document
