"""Received documents, matched to what they belong to: acknowledgments to our documents, the rest to purchase orders."""

from __future__ import annotations

from collections.abc import Callable

from archive.models import Direction, Document, DocumentState, Event, Validation
from archive.record import record_event
from integration.documents import PurchaseOrderAcknowledgment, from_json
from integration.flows.accept import ANSWER_ROLE, ANSWERABLE, accept, answers_to, effects_of, post_statements
from integration.flows.cases import close_cause, open_case
from integration.flows.counted import asked_lines, decision_on, read_answer, tell_converted
from integration.flows.customers import acknowledge_answered
from integration.flows.expectations import meet, order_subject
from integration.flows.match_acknowledgments import (
    match_functional_acknowledgment,
    match_interchange_acknowledgment,
)
from integration.flows.match_advice import match_application_advice, match_text_message
from integration.flows.match_changes import match_change_acknowledgment
from integration.flows.match_invoices import match_invoice
from integration.flows.match_returns import match_credit, match_return, settle_billed
from integration.flows.match_ship_notices import match_ship_notice, resume
from integration.flows.match_stock import match_stock
from integration.flows.missing import lacking_in, read_step, wait, waits_no_more
from integration.flows.notes import acceptance_words, decision_words, intend_note
from integration.flows.parents import NOT_SENT, orphan_cause, wait_for_parent
from integration.flows.persons import tie
from integration.matching.acknowledgment import Decision
from integration.models import ExceptionCase, PurchaseOrder
from integration.work import Claim, Step
from partners.agreements import receives
from partners.models import Agreement

Kind = ExceptionCase.Kind
State = PurchaseOrder.State


def match(subject: str, claim: Claim) -> list[Step]:
    """Match one received document; return the effects on the store that follow."""
    with claim.transaction():
        return match_document(int(subject))


def match_document(pk: int) -> list[Step]:
    """Match a received document in the caller's transaction; what is not agreed, or does not hold, matches nothing.

    Its state is locked first: while it is read again it is matched by nobody, and while it is matched nobody reads it.
    """
    DocumentState.objects.select_for_update().get(document=pk)
    document = Document.objects.select_related(
        "interchange__payload", "agreement__partner", "state", "translation"
    ).get(pk=pk)
    if document.transaction_set in ("997", "999"):
        return match_functional_acknowledgment(document)
    if document.transaction_set == "TA1":
        return match_interchange_acknowledgment(document)
    if document.transaction_set == "864":
        return match_text_message(document)
    if document.interchange.usage_indicator != "P":
        _tell_test(document)
        return []
    if document.state.validation == Validation.INVALID or document.translation.content is None:
        return []
    if document.transaction_set == "824":
        return match_application_advice(document)
    if document.transaction_set not in (*_MATCHED, "855", "865"):
        return []
    if document.agreement is None or not receives(document.agreement, document.transaction_set):
        return []
    lacking = lacking_in(document.translation.report)
    if lacking and document.agreement.unknown_codes == Agreement.UnknownCode.CASE:
        # Where the entry came after it was read, it is read with it.
        return [] if wait(document.agreement, lacking, Direction.IN, document) else [read_step(document.pk)]
    waits_no_more(document)
    if document.transaction_set in _MATCHED:
        return _MATCHED[document.transaction_set](document)
    is_change = document.transaction_set == "865"
    follow = match_change_acknowledgment if is_change else _match_purchase_order_acknowledgment
    return [*follow(document), *acknowledge_answered(document)]


def _tell_test(document: Document) -> None:
    """Say once why nothing follows: a test document reaches no order, no ledger and no store."""
    subject = f"document:{document.pk}"
    if not Event.objects.filter(subject=subject, kind="test_document").exists():
        record_event(
            subject,
            "test_document",
            "It is marked as a test (ISA15): it was read and acknowledged, and nothing real was changed by it.",
            document=document,
        )


def _match_purchase_order_acknowledgment(document: Document) -> list[Step]:
    answer = from_json("purchase_order_acknowledgment", document.translation.content or {})
    assert isinstance(answer, PurchaseOrderAcknowledgment)
    number = answer.purchase_order_number or ""
    purchase_order = answered_purchase_order(document, number)
    if purchase_order is None or purchase_order.state in NOT_SENT:
        answered = f"{document.partner} answered purchase order {number or 'without a number'}, which we"
        return wait_for_parent(
            document,
            Kind.UNKNOWN_PURCHASE_ORDER,
            f"{answered} have not sent to them yet.",
            f"{answered} did not send to them. Nothing was changed; ask the partner which order is meant.",
        )
    close_cause(orphan_cause(document, Kind.UNKNOWN_PURCHASE_ORDER), "The purchase order is known now.")
    tie(purchase_order.order, document, ANSWER_ROLE, purchase_order)
    meet("855", order_subject(purchase_order), document)
    read = read_answer(purchase_order, answer)
    tell_converted(document, read.notes)
    answers = answers_to(purchase_order)
    made_at = next(each.made[0] for each in answers if each.document == document)
    post_statements(document, purchase_order, read.said, made_at)
    decision = decision_on(purchase_order, [each.said for each in answers])
    newest = answers[-1].document
    if newest != document:
        _tell_overtaken(document, purchase_order)
    steps = _follow(document, newest, purchase_order, decision)
    # Goods that came before it waited for an answer.
    return [*steps, *resume(purchase_order)]


def _follow(
    document: Document, newest: Document, purchase_order: PurchaseOrder, decision: Decision
) -> list[Step]:
    """Accept or dispute the purchase order by all its answers, of which ``newest`` was made last."""
    if purchase_order.state in ANSWERABLE:
        if decision.accepted:
            return _accept(newest, purchase_order, decision)
        _dispute(newest, purchase_order, decision)
        return []
    if newest != document or document.pk == purchase_order.accepted_by_id:
        return effects_of(purchase_order)
    return _answered_again(document, purchase_order, decision)


def _tell_overtaken(document: Document, purchase_order: PurchaseOrder) -> None:
    record_event(
        purchase_order.order.subject,
        "overtaken",
        f"{document.partner} had answered purchase order {purchase_order.number} anew before this answer came: what"
        " was said later holds.",
        document=document,
    )


def answered_purchase_order(document: Document, number: str) -> PurchaseOrder | None:
    """Return the purchase order that ``document`` answers, locked: the one staff named, else the one of its number."""
    of_partner = (
        PurchaseOrder.objects.select_for_update(of=("self",))
        .select_related("order__store", "agreement__partner")
        .filter(agreement__partner=document.partner)
    )
    named = document.orders.filter(role=ANSWER_ROLE, purchase_order__isnull=False).first()
    if named is not None and named.purchase_order_id is not None:
        return of_partner.filter(pk=named.purchase_order_id).first()
    return of_partner.filter(number=number).first()


def _accept(document: Document, purchase_order: PurchaseOrder, decision: Decision) -> list[Step]:
    was_disputed = purchase_order.state == State.DISPUTED
    if accept(purchase_order, document, decision.statements):
        intend_note(purchase_order, document, State.ACCEPTED, _note_words(purchase_order, decision))
        said = "now accepted" if was_disputed else "accepted"
        sentence = (
            f"{document.partner} {said} purchase order {purchase_order.number}: {len(decision.statements)} of"
            f" {purchase_order.lines.count()} lines {'within the tolerances' if decision.passed else 'as ordered'}."
        )
        record_event(
            purchase_order.order.subject,
            "accepted",
            " ".join([sentence, *(f"{each}." for each in decision.passed)]),
            document=document,
        )
    close_cause(f"differs:{purchase_order.pk}", "The partner now accepts everything.")
    return effects_of(purchase_order)


def _note_words(purchase_order: PurchaseOrder, decision: Decision) -> str:
    if decision.passed:
        return decision_words(purchase_order, asked_lines(purchase_order), decision.statements)
    return acceptance_words(purchase_order, decision.statements)


def _dispute(document: Document, purchase_order: PurchaseOrder, decision: Decision) -> None:
    order = purchase_order.order
    PurchaseOrder.objects.filter(pk=purchase_order.pk, state=State.GENERATED).update(state=State.DISPUTED)
    first = str(decision.differences[0])
    more = f" ({len(decision.differences) - 1} more)" if len(decision.differences) > 1 else ""
    open_case(
        Kind.ACKNOWLEDGMENT_DIFFERS,
        f"differs:{purchase_order.pk}",
        f"{document.partner} answered purchase order {purchase_order.number} differently. {first}{more}. The order in"
        " the store was left as it is.",
        document=document,
        order=order,
        store=order.store,
        purchase_order=purchase_order,
        partner=document.partner,
        money=order.total,
        currency=order.currency,
        evidence=[each.row for each in decision.differences],
    )


def _answered_again(document: Document, purchase_order: PurchaseOrder, decision: Decision) -> list[Step]:
    accepted_before = purchase_order.state == State.ACCEPTED
    if decision.accepted and accepted_before:
        close_cause(f"differs:{purchase_order.pk}:{document.pk}", "The answer accepts everything.")
        record_event(
            purchase_order.order.subject,
            "accepted_again",
            f"{document.partner} accepted purchase order {purchase_order.number} once more: recorded, nothing done twice.",
            document=document,
        )
        return effects_of(purchase_order)
    before = "had accepted" if accepted_before else "answers"
    cancelled = "" if accepted_before else ", which you had cancelled"
    now = "accepts it whole" if decision.accepted else f"says: {decision.differences[0]}"
    open_case(
        Kind.ACKNOWLEDGMENT_DIFFERS,
        f"differs:{purchase_order.pk}:{document.pk}",
        f"{document.partner} {before} purchase order {purchase_order.number}{cancelled} and now {now}. Nothing was"
        " changed; decide which answer holds.",
        document=document,
        order=purchase_order.order,
        store=purchase_order.order.store,
        purchase_order=purchase_order,
        partner=document.partner,
        evidence=[each.row for each in decision.differences],
    )
    return []


def _match_bill(document: Document) -> list[Step]:
    """Match a supplier's invoice, and what its credit means for returns."""
    return [*match_invoice(document), *settle_billed(document)]


_MATCHED: dict[str, Callable[[Document], list[Step]]] = {
    "180": match_return,
    "810": _match_bill,
    "812": match_credit,
    "846": match_stock,
    "856": match_ship_notice,
}
"""What follows from a set that says nothing of what a customer was told."""
