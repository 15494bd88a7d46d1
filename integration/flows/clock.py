"""The clock of what partners owe us: reminded of before it is due, and one case once it is over."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.db.models import Exists, OuterRef, Q, QuerySet

from archive import changes
from archive.clock import database_now
from archive.models import ACKNOWLEDGMENTS, AcknowledgmentState, Delivery, Direction, Document, DocumentState
from archive.projections import OVERDUE_EVENT, project
from archive.record import record_event
from integration.flows.cases import reopen, wake_due
from integration.flows.expectations import (
    document_subject,
    expect_answers,
    give_up,
    meet,
    zone_of,
)
from integration.flows.exporting import remove_old_exports
from integration.flows.figures import keep_figures
from integration.flows.host_keys import tell_ending_keys
from integration.flows.late_seals import tell_of_late_seals
from integration.flows.mails import steps_of_forgotten
from integration.flows.parents import match_step
from integration.flows.reminders import OVERDUE, REMINDER, mail_reminder
from integration.flows.silence import tell_silence
from integration.flows.stock_levels import due_steps
from integration.matching.lines import day_words
from integration.models import (
    ExceptionCase,
    Expectation,
    OrderDocument,
    PurchaseOrder,
    ReturnCase,
    SupplierInvoice,
)
from integration.work import Claim, Step

What, State = Expectation.What, Expectation.State
EVERY = timedelta(seconds=60)
MOST = 100
"""So many of each kind are settled in one turn; the others follow at once."""

_OF_RETURNS = {
    What.RETURN_ANSWER: ExceptionCase.Kind.RETURN_DIFFERS,
    What.RETURN_SENT: ExceptionCase.Kind.RETURN_DIFFERS,
    What.RETURN_RECEIPT: ExceptionCase.Kind.RETURN_DIFFERS,
    What.RETURN_CREDIT: ExceptionCase.Kind.CREDIT_DIFFERS,
}
"""As which kind of case one is asked about a return that is overdue: with what can be decided about it."""

_RELATED = (
    "agreement__partner", "agreement__calendar", "purchase_order__order__store", "document__state", "return_case",
)  # fmt: skip


def watch_clock(subject: str, claim: Claim) -> list[Step]:
    """Settle what time has made of each expectation; tell of mailboxes whose last host key ends soon, and of seals that are
    late; count what the dashboard's charts show, and tell by that of who is silent; clear away what readers are told twice,
    and exports that were kept long enough.

    Level-triggered: what arrived and has no expectation yet gets one, what was answered or cancelled is waited for no
    more, whoever did it. Each expectation is settled in a transaction of its own.
    """
    with claim.transaction():
        tell_ending_keys()
        tell_of_late_seals()
    with claim.transaction():
        if keep_figures():
            tell_silence()
    with claim.transaction():
        changes.trim()
    with claim.transaction():
        remove_old_exports(database_now())
    steps: list[Step] = []
    unexpected = list(_without_expectation()[:MOST])
    for document in unexpected:
        with claim.transaction():
            expect_answers(document, document.recorded_at)
    for pk in _concerned(_settled_elsewhere()):
        with claim.transaction():
            _settle(_locked(pk))
    now = database_now()
    with claim.transaction():
        wake_due(now)
    due = _unmet().filter(due_at__lte=now).exclude(state=State.OVERDUE)
    overdue = _concerned(due)
    for pk in overdue:
        with claim.transaction():
            steps += _tell_overdue(pk, now)
    reminded = _concerned(_unmet().filter(state=State.WAITING, remind_at__lte=now, due_at__gt=now))
    for pk in reminded:
        with claim.transaction():
            steps += _remind(pk, now)
    bills = _bills_due(now)
    is_full = MOST in (len(unexpected), len(overdue), len(reminded), len(bills))
    # Besides: mails of a turn that ended before it handed them over.
    return [
        *steps,
        *bills,
        *due_steps(now),
        *steps_of_forgotten(),
        Step("reconcile", subject, "reconcile", timedelta(0) if is_full else EVERY),
    ]


def _bills_due(now: datetime) -> list[Step]:
    """Return a step for each supplier's invoice that waited long enough for what is not shipped."""
    due = SupplierInvoice.objects.filter(state=SupplierInvoice.State.WAITING, waits_until__lte=now)
    rows = due.select_related("document").order_by("waits_until", "pk")[:MOST]
    return [match_step(row.document) for row in rows]


def _unmet() -> QuerySet[Expectation]:
    return Expectation.objects.filter(state__in=Expectation.UNMET)


def _concerned(rows: QuerySet[Expectation]) -> list[int]:
    return list(rows.order_by("due_at", "pk").values_list("pk", flat=True)[:MOST])


def _locked(pk: int) -> Expectation:
    """Return an expectation, held; what it hangs on is held first, as by whoever matches its answer."""
    row = Expectation.objects.only("purchase_order_id").get(pk=pk)
    if row.purchase_order_id is not None:
        PurchaseOrder.objects.select_for_update().get(pk=row.purchase_order_id)
    return Expectation.objects.select_for_update(of=("self",)).select_related(*_RELATED).get(pk=pk)


def _without_expectation() -> QuerySet[Document]:
    """Return what arrived before there were expectations, or while its agreement expected nothing."""
    expected = Expectation.objects.filter(what=What.FUNCTIONAL_ACKNOWLEDGMENT, document=OuterRef("pk"))
    return (
        Document.objects.filter(
            direction=Direction.OUT,
            state__acknowledgment=AcknowledgmentState.WAITING,
            state__delivery=Delivery.DELIVERED,
            sent_again_as=None,
            agreement__functional_acknowledgment_hours__gt=0,
        )
        .exclude(transaction_set__in=ACKNOWLEDGMENTS)
        .filter(~Exists(expected))
        .select_related("agreement__partner", "agreement__calendar")
        .order_by("pk")
    )


def _settled_elsewhere() -> QuerySet[Expectation]:
    """Return what is waited for in vain, or was answered without anybody noticing."""
    # A change that cancels the whole is waited for all the same: the partner may not take it.
    gone = Q(purchase_order__state__in=[PurchaseOrder.State.CANCELLED, PurchaseOrder.State.DROPPED])
    gone &= ~Q(what__in=[What.CHANGE_ACKNOWLEDGMENT, *Expectation.OF_RETURNS])
    again = Q(what=What.FUNCTIONAL_ACKNOWLEDGMENT) & (
        Q(document__sent_again_as__isnull=False) | Q(document__acknowledgments__isnull=False)
    )
    rejected = Q(
        what__in=[What.PURCHASE_ORDER_ACKNOWLEDGMENT, What.CHANGE_ACKNOWLEDGMENT, What.RETURN_ANSWER],
        document__state__acknowledgment=AcknowledgmentState.REJECTED,
    )
    unmet = Q(state__in=Expectation.UNMET) & (gone | again | rejected)
    unaccepted = Q(
        what=What.SHIP_NOTICE,
        state__in=Expectation.UNMET,
        purchase_order__state=PurchaseOrder.State.GENERATED,
    )
    return Expectation.objects.filter(unmet | unaccepted).distinct()


def _settle(row: Expectation) -> None:
    document, purchase_order = row.document, row.purchase_order
    acknowledgment = document.acknowledgments.order_by("pk").first()
    if row.what == What.FUNCTIONAL_ACKNOWLEDGMENT and acknowledgment is not None:
        meet(row.what, row.subject, acknowledgment.source)
    elif row.what == What.CHANGE_ACKNOWLEDGMENT:
        give_up(row, "The partner rejected the change as a document: no answer will come to it.")
    elif row.what == What.RETURN_ANSWER:
        give_up(row, "The partner rejected the request as a document: no answer will come to it.")
    elif purchase_order is not None and purchase_order.state in ("cancelled", "dropped"):
        give_up(row, f"Purchase order {purchase_order.number} was {purchase_order.state}.")
    elif row.what == What.FUNCTIONAL_ACKNOWLEDGMENT:
        give_up(row, "It was sent again: the new one is waited for.")
    elif row.what == What.PURCHASE_ORDER_ACKNOWLEDGMENT:
        give_up(row, "The partner rejected the purchase order as a document: no answer will come to it.")
    else:
        give_up(row, "The partner's acceptance does not stand any more.")


def _remind(pk: int, now: datetime) -> list[Step]:
    row = _locked(pk)
    moved = Expectation.objects.filter(pk=pk, state=State.WAITING, remind_at__lte=now).update(
        state=State.REMINDED
    )
    if moved:
        record_event(_timeline(row), "due_soon", f"{_what(row)} is due {when(row)}.", document=_about(row))
    return mail_reminder(row, REMINDER) if moved else []


def _tell_overdue(pk: int, now: datetime) -> list[Step]:
    row = _locked(pk)
    if row.what == What.FUNCTIONAL_ACKNOWLEDGMENT:
        DocumentState.objects.select_for_update().get(document=row.document_id)
    moved = Expectation.objects.filter(
        pk=pk, state__in=[State.WAITING, State.REMINDED], due_at__lte=now
    ).update(state=State.OVERDUE)
    if not moved:
        return []
    sentence = overdue_sentence(row)
    if row.what == What.FUNCTIONAL_ACKNOWLEDGMENT:
        record_event(row.subject, OVERDUE_EVENT, sentence, document=row.document)
        project(row.document)
    reopen(_OF_RETURNS.get(What(row.what), ExceptionCase.Kind.OVERDUE), row.cause, sentence, **_links(row))
    return mail_reminder(row, OVERDUE)


def overdue_sentence(row: Expectation) -> str:
    """Return what is said of an answer that did not come in time."""
    agreement, partner = row.agreement, row.agreement.partner
    number = row.purchase_order.number if row.purchase_order is not None else ""
    counted = f"business hours (calendar {agreement.calendar})" if agreement.calendar is not None else "hours"
    if row.what == What.FUNCTIONAL_ACKNOWLEDGMENT:
        within = f"within {agreement.functional_acknowledgment_hours} {counted}"
        name = row.document.state.number or str(row.document)
        if _has_answered(row):
            return (
                f"{partner} has not acknowledged {name} {within}, and has answered the purchase order itself (855): they"
                " have received it. Ask them for the missing functional acknowledgment (997), which their system owes."
            )
        return (
            f"{partner} has not acknowledged {name} {within}: they may not have received it. Ask them, or look at the"
            " mailbox."
        )
    if row.what == What.PURCHASE_ORDER_ACKNOWLEDGMENT:
        within = f"within {agreement.purchase_order_acknowledgment_hours} {counted}"
        return f"{partner} has not answered purchase order {number} {within}. Ask them whether they will ship it."
    if row.what == What.CHANGE_ACKNOWLEDGMENT:
        within = f"within {agreement.purchase_order_acknowledgment_hours} {counted}"
        return f"{partner} has not answered the change of purchase order {number} (860) {within}. Ask them whether they take it."
    if row.return_case is not None:
        return _return_sentence(row, row.return_case)
    promised = f", which was to leave on {day_words(row.by_date)}" if row.by_date is not None else ""
    return (
        f"{partner} has sent no ship notice (856) for purchase order {number}{promised}; it was due {when(row)}. Ask them"
        " whether it has left."
    )


def _return_sentence(row: Expectation, case: ReturnCase) -> str:
    partner, due = row.agreement.partner, when(row)
    of = f"return {case.number} of purchase order {case.purchase_order.number}"
    if row.what == What.RETURN_ANSWER:
        return f"{partner} has not answered {of}; it was due {due}. Ask again, or write to them."
    if row.what == What.RETURN_SENT:
        until = f"authorized until {day_words(row.by_date)}, " if row.by_date is not None else "authorized, "
        return f"{of[:1].upper()}{of[1:]} is {until}and nobody has said that the goods were sent back. Send them, or close it."
    if row.what == What.RETURN_RECEIPT:
        return (
            f"{partner} has not said that the goods of {of} have come back; that was due {due}. Ask the carrier and them"
            " where the goods are."
        )
    owed = f"{case.expected_credit} {case.currency}".strip()
    return f"{partner} has given no credit for {of}, {owed}; it was due {due}. Ask them for it."


def when(row: Expectation) -> str:
    """Return the due time on the partner's clock: ``2026-11-24 17:00 CST``."""
    return f"{row.due_at.astimezone(zone_of(row.agreement, row.purchase_order)):%Y-%m-%d %H:%M %Z}"


def _has_answered(row: Expectation) -> bool:
    return Expectation.objects.filter(
        what=What.PURCHASE_ORDER_ACKNOWLEDGMENT, purchase_order=row.purchase_order_id, state=State.MET
    ).exists()


def _what(row: Expectation) -> str:
    about = f" to purchase order {row.purchase_order.number}" if row.purchase_order is not None else ""
    return f"{row.get_what_display()} of {row.agreement.partner}{about}"


def _timeline(row: Expectation) -> str:
    return (
        row.purchase_order.order.subject if row.purchase_order is not None else document_subject(row.document)
    )


def _about(row: Expectation) -> Document | None:
    return row.document if row.purchase_order is None else None


def _links(row: Expectation) -> dict[str, Any]:
    links: dict[str, Any] = {"partner": row.agreement.partner}
    if row.what == What.FUNCTIONAL_ACKNOWLEDGMENT:
        links["document"] = row.document
        link = OrderDocument.objects.filter(document=row.document).select_related("order").first()
        return links | (
            {"order": link.order, "purchase_order": row.purchase_order} if link is not None else {}
        )
    assert row.purchase_order is not None
    order = row.purchase_order.order
    if row.return_case is not None:
        return links | {
            "order": order, "store": order.store, "purchase_order": row.purchase_order, "return_case": row.return_case,
            "money": row.return_case.expected_credit, "currency": row.return_case.currency,
        }  # fmt: skip
    return links | {
        "order": order, "purchase_order": row.purchase_order, "money": order.total, "currency": order.currency
    }  # fmt: skip
