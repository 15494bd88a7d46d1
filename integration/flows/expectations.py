"""What partners owe us, and by when: expected when something of ours has arrived, met when the answer is matched.

Each function works in the caller's transaction. ``integration.flows.clock`` looks after the time.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from django.db.models import F, QuerySet

from archive.clock import database_now
from archive.models import ACKNOWLEDGMENTS, Document, DocumentReference
from archive.projections import AWAITED_EVENT, project
from archive.record import record_event
from integration.flows.cases import close_cause
from integration.models import Expectation, OrderDocument, PurchaseOrder, PurchaseOrderChange, ReturnCase
from partners.agreements import receives
from partners.business_time import business_days_due, business_due
from partners.models import Agreement, ReturnTerms

What, State = Expectation.What, Expectation.State
_HAS_COME = {
    What.FUNCTIONAL_ACKNOWLEDGMENT: "The functional acknowledgment has come.",
    What.PURCHASE_ORDER_ACKNOWLEDGMENT: "The purchase order acknowledgment has come.",
    What.SHIP_NOTICE: "The ship notice has come.",
    What.CHANGE_ACKNOWLEDGMENT: "The answer to the change has come.",
    What.RETURN_ANSWER: "The answer to the return has come.",
    What.RETURN_SENT: "The goods are on their way back.",
    What.RETURN_RECEIPT: "The partner has received what came back.",
    What.RETURN_CREDIT: "The credit has come.",
}


@dataclass(frozen=True)
class Due:
    """When something is due, and when to remind of it, if at all."""

    at: datetime
    remind_at: datetime | None


def due_of(
    agreement: Agreement, what: str, counted_from: datetime, by_date: date | None, zone: ZoneInfo
) -> Due | None:
    """Return when ``what`` is due under ``agreement``; None where it is not expected.

    ``zone`` is where days end where the agreement has no calendar. The reminder of what is promised in hours comes so many
    hours of the same kind before; a promise shorter than that has none.
    """
    calendar = agreement.calendar.open_hours() if agreement.calendar is not None else None
    zone = agreement.calendar.zone if agreement.calendar is not None else zone
    before = agreement.reminder_hours
    if what in Expectation.OF_RETURNS:
        return_due = _return_due(agreement, what, counted_from, by_date, zone)
        if return_due is None:
            return None
        reminder = return_due - timedelta(hours=before)
        return Due(return_due, reminder if before and reminder > counted_from else None)
    if what == What.SHIP_NOTICE and agreement.ship_notice_days and by_date is not None:
        due = business_days_due(by_date, agreement.ship_notice_days, calendar, zone)
        reminder = due - timedelta(hours=before)
        return Due(due, reminder if before and reminder > counted_from else None)
    hours = {
        What.FUNCTIONAL_ACKNOWLEDGMENT: agreement.functional_acknowledgment_hours,
        What.PURCHASE_ORDER_ACKNOWLEDGMENT: agreement.purchase_order_acknowledgment_hours,
        What.CHANGE_ACKNOWLEDGMENT: agreement.purchase_order_acknowledgment_hours,
        What.SHIP_NOTICE: agreement.ship_notice_hours,
    }[What(what)]
    if not hours:
        return None
    remind_at = business_due(counted_from, hours - before, calendar, zone) if 0 < before < hours else None
    return Due(business_due(counted_from, hours, calendar, zone), remind_at)


def _return_due(
    agreement: Agreement, what: str, counted_from: datetime, by_date: date | None, zone: ZoneInfo
) -> datetime | None:
    """Return when the next thing of a return is due: so many days after ``by_date``, else after what begun it.

    Goods are to be sent back on the last day that the partner named, ``by_date``, at the latest.
    """
    if what == What.RETURN_SENT and by_date is not None:
        return business_days_due(by_date, 0, None, zone)
    terms = ReturnTerms.objects.filter(agreement=agreement).first() or ReturnTerms()
    days = {
        What.RETURN_ANSWER: terms.answer_days,
        What.RETURN_SENT: terms.ship_days,
        What.RETURN_RECEIPT: terms.receipt_days,
        What.RETURN_CREDIT: terms.credit_days,
    }[What(what)]
    calendar = agreement.calendar.open_hours() if agreement.calendar is not None else None
    day = by_date or counted_from.astimezone(zone).date()
    return business_days_due(day, days, calendar, zone) if days else None


def document_subject(document: Document) -> str:
    """Return the subject of what is expected for one document of ours."""
    return f"document:{document.pk}"


def order_subject(purchase_order: PurchaseOrder) -> str:
    """Return the subject of what is expected for a purchase order, however often it is sent."""
    return f"purchase_order:{purchase_order.pk}"


def change_subject(change: PurchaseOrderChange) -> str:
    """Return the subject of what is expected for a change of ours."""
    return f"change:{change.pk}"


def expect_answers(document: Document, since: datetime | None = None) -> None:
    """Expect the 997 of a document that has arrived ``since`` (now), and the 855 where it is a purchase order, the 865 where it
    is a change of one.

    Once more for the same document changes nothing. What came before it was known to have arrived is taken as come.
    """
    agreement = document.agreement
    if agreement is None or document.transaction_set in ACKNOWLEDGMENTS:
        return
    link = document.orders.filter(role=OrderDocument.Role.PURCHASE_ORDER).first()
    purchase_order = None
    if link is not None and link.purchase_order_id is not None:
        # Held as by who matches an answer: that finds the expectation, or this finds the answer.
        purchase_order = (
            PurchaseOrder.objects.select_for_update(of=("self",))
            .select_related("order__store")
            .get(pk=link.purchase_order_id)
        )
    counted_from = since or database_now()
    acknowledgment = _expect(
        What.FUNCTIONAL_ACKNOWLEDGMENT,
        document_subject(document),
        agreement,
        document,
        purchase_order,
        counted_from,
    )
    source = document.acknowledgments.order_by("pk").first()
    if acknowledgment is not None and source is not None:
        meet(acknowledgment.what, acknowledgment.subject, source.source)
    _expect_change_answer(document, agreement, counted_from)
    if purchase_order is None or not receives(agreement, "855"):
        return
    subject = order_subject(purchase_order)
    _expect(What.PURCHASE_ORDER_ACKNOWLEDGMENT, subject, agreement, document, purchase_order, counted_from)
    answers = purchase_order.documents.filter(role=OrderDocument.Role.PURCHASE_ORDER_ACKNOWLEDGMENT)
    answer = answers.filter(document__pk__gt=document.pk).order_by("pk").first()
    if answer is not None:
        meet(What.PURCHASE_ORDER_ACKNOWLEDGMENT, subject, answer.document)


def _expect_change_answer(document: Document, agreement: Agreement, counted_from: datetime) -> None:
    change = PurchaseOrderChange.objects.filter(document=document).first()
    if change is None or not receives(agreement, What.CHANGE_ACKNOWLEDGMENT):
        return
    purchase_order = (
        PurchaseOrder.objects.select_for_update(of=("self",))
        .select_related("order__store")
        .get(pk=change.purchase_order_id)
    )
    subject = change_subject(change)
    _expect(What.CHANGE_ACKNOWLEDGMENT, subject, agreement, document, purchase_order, counted_from)
    change.refresh_from_db(fields=["state"])
    answers = purchase_order.documents.filter(role=OrderDocument.Role.CHANGE_ACKNOWLEDGMENT)
    answer = answers.filter(document__pk__gt=document.pk).order_by("pk").last()
    if answer is not None and change.state != PurchaseOrderChange.State.GENERATED:
        meet(What.CHANGE_ACKNOWLEDGMENT, subject, answer.document)


def expect_ship_notice(purchase_order: PurchaseOrder, document: Document, promised_on: date | None) -> None:
    """Expect the ship notice of a purchase order that the 855 ``document`` accepts for ``promised_on``, its first date.

    A later 855 may move the time.
    """
    agreement = purchase_order.agreement
    if not receives(agreement, What.SHIP_NOTICE):
        return
    subject = order_subject(purchase_order)
    counted_from = database_now()
    by_date = promised_on or _requested(purchase_order)
    _expect(What.SHIP_NOTICE, subject, agreement, document, purchase_order, counted_from, by_date)
    notices = DocumentReference.objects.filter(
        kind="purchase_order", value=purchase_order.number, document__transaction_set="856",
        document__partner=agreement.partner,
    )  # fmt: skip
    notice = notices.select_related("document").order_by("document").first()
    if notice is not None:
        meet(What.SHIP_NOTICE, subject, notice.document)


def expect_of_return(
    case: ReturnCase, what: str, document: Document, counted_from: datetime, by_date: date | None
) -> None:
    """Expect ``what`` of a return, counted from ``by_date``, else ``counted_from``; what had come or was given up, anew."""
    agreement = case.purchase_order.agreement
    due = due_of(agreement, what, counted_from, by_date, zone_of(agreement, case.purchase_order))
    if due is None:
        return
    row, is_new = Expectation.objects.get_or_create(
        what=what,
        subject=case.subject,
        defaults={
            "agreement": agreement, "document": document, "purchase_order": case.purchase_order, "return_case": case,
            "due_at": due.at, "remind_at": due.remind_at, "counted_from": counted_from, "by_date": by_date,
        },
    )  # fmt: skip
    if is_new:
        return
    is_other = (row.counted_from, row.by_date) != (counted_from, by_date)
    if row.state not in Expectation.UNMET:
        row.by_date = by_date
        Expectation.objects.filter(pk=row.pk).update(by_date=by_date)
        expect_anew(row, document, counted_from, "The return waits for it again.")
    elif is_other:
        row.document, row.counted_from, row.by_date = document, counted_from, by_date
        row.save(update_fields=["document", "counted_from", "by_date"])
        _move(row, due)


def meet(what: str, subject: str, document: Document | None) -> bool:
    """Take what was expected as come, by ``document``, and close the case about it; return whether it was expected.

    None: a person said so.
    """
    met = Expectation.objects.filter(what=what, subject=subject, state__in=Expectation.UNMET).update(
        state=State.MET, met_by=document, settled_at=database_now()
    )
    close_cause(f"overdue:{what}:{subject.partition(':')[2]}", _HAS_COME[What(what)])
    return bool(met)


def give_up(row: Expectation, why: str) -> bool:
    """Expect it no more, and close the case about it because of that; return whether it was expected."""
    given_up = Expectation.objects.filter(pk=row.pk, state__in=Expectation.UNMET).update(
        state=State.GIVEN_UP, settled_at=database_now()
    )
    if given_up:
        close_cause(row.cause, why)
    return bool(given_up)


def expect_anew(row: Expectation, document: Document, counted_from: datetime, why: str) -> None:
    """Begin another round: counted from now on, told and mailed of as if it never had been."""
    due = due_of(
        row.agreement, row.what, counted_from, row.by_date, zone_of(row.agreement, row.purchase_order)
    )
    if due is None:
        return
    close_cause(row.cause, why)
    Expectation.objects.filter(pk=row.pk).update(
        state=State.WAITING, document=document, round=F("round") + 1, counted_from=counted_from,
        due_at=due.at, remind_at=due.remind_at, met_by=None, settled_at=None,
    )  # fmt: skip


def answer_taken_back(purchase_order: PurchaseOrder) -> None:
    """Wait for the 855 again, by the time it was due, where the one that had come is none."""
    came = Expectation.objects.filter(
        what=What.PURCHASE_ORDER_ACKNOWLEDGMENT, subject=order_subject(purchase_order), state=State.MET
    )
    came.update(state=State.WAITING, met_by=None, settled_at=None)


def recount(agreements: QuerySet[Agreement]) -> int:
    """Count anew what is due under agreements whose terms or calendar changed; return how many due times moved."""
    terms = {
        each.pk: each for each in agreements.select_related("calendar").prefetch_related("calendar__holidays")
    }
    rows = (
        Expectation.objects.select_for_update(of=("self",))
        .select_related("purchase_order__order__store", "document")
        .filter(agreement__in=list(terms), state__in=Expectation.UNMET)
        .order_by("pk")
    )
    moved = 0
    for row in rows:
        row.agreement = terms[row.agreement_id]
        moved += _recount(row)
    return moved


def zone_of(agreement: Agreement, purchase_order: PurchaseOrder | None) -> ZoneInfo:
    """Return the zone of an agreement's days: its own, else the store's."""
    if agreement.calendar is not None:
        return agreement.calendar.zone
    of_store = purchase_order.order.store.time_zone if purchase_order is not None else ""
    return ZoneInfo(agreement.time_zone or of_store or "UTC")


def _expect(
    what: str,
    subject: str,
    agreement: Agreement,
    document: Document,
    purchase_order: PurchaseOrder | None,
    counted_from: datetime,
    by_date: date | None = None,
) -> Expectation | None:
    due = due_of(agreement, what, counted_from, by_date, zone_of(agreement, purchase_order))
    if due is None:
        return None
    row, is_new = Expectation.objects.get_or_create(
        what=what,
        subject=subject,
        defaults={
            "agreement": agreement, "document": document, "purchase_order": purchase_order, "due_at": due.at,
            "remind_at": due.remind_at, "counted_from": counted_from, "by_date": by_date,
        },
    )  # fmt: skip
    if is_new or row.document_id == document.pk:
        return row
    if what != What.SHIP_NOTICE:
        expect_anew(
            row, document, counted_from, "The purchase order was sent again: its answer is expected anew."
        )
    elif row.state == State.GIVEN_UP:
        row.by_date = by_date
        row.save(update_fields=["by_date"])
        expect_anew(row, document, counted_from, "The purchase order was accepted again.")
    elif row.state != State.MET:
        row.document, row.counted_from, row.by_date = document, counted_from, by_date
        row.save(update_fields=["document", "counted_from", "by_date"])
        _move(row, due)
    return row


def _recount(row: Expectation) -> bool:
    due = due_of(
        row.agreement, row.what, row.counted_from, row.by_date, zone_of(row.agreement, row.purchase_order)
    )
    if due is None:
        return give_up(row, "The agreement does not expect it any more.")
    return _move(row, due)


def _move(row: Expectation, due: Due) -> bool:
    """Give ``row`` another due time; what is not over by it is waited for again, and its case closes."""
    now = database_now()
    state = row.state
    if due.at > now:
        has_reminded = row.state != State.WAITING and (due.remind_at is None or due.remind_at <= now)
        state = State.REMINDED if has_reminded and due.remind_at is not None else State.WAITING
    if (row.due_at, row.remind_at, row.state) == (due.at, due.remind_at, state):
        return False
    Expectation.objects.filter(pk=row.pk).update(due_at=due.at, remind_at=due.remind_at, state=state)
    if row.state == State.OVERDUE and state != State.OVERDUE:
        close_cause(
            row.cause, "It is due later now: the agreement, its calendar or the promised date changed."
        )
        if row.what == What.FUNCTIONAL_ACKNOWLEDGMENT:
            record_event(
                row.subject, AWAITED_EVENT, "Its acknowledgment is due later now.", document=row.document
            )
            project(row.document)
    return True


def _requested(purchase_order: PurchaseOrder) -> date | None:
    """Return the date on which shipping, else delivery, was asked for."""
    content = purchase_order.content or {}
    asked = content.get("requested_ship") or content.get("requested_delivery")
    return date.fromisoformat(asked) if asked else None
