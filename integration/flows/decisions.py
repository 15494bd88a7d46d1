"""What staff can decide about a partner's answer: each decision is a plan, shown first and carried out as shown.

``plans.plan`` works out what a decision would do now, and ``carry_out`` does exactly that or refuses: the plan's
digest travels with the form, and a plan that has become another one meanwhile is shown anew instead.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, replace
from datetime import datetime, timedelta

from django.conf import settings
from django.contrib.auth.models import User
from django.db import transaction
from django.utils.translation import gettext

from archive.models import Document
from archive.record import record_audit, record_event
from integration.flows.accept import ANSWER_ROLE, accept, effects_of, post_cancelled, reverse
from integration.flows.cases import close_case, put_off
from integration.flows.change_decisions import carry_out_change
from integration.flows.contact import write_to_partner
from integration.flows.customers import acknowledge_steps
from integration.flows.decide import DECIDE, Refused, require
from integration.flows.expectations import answer_taken_back
from integration.flows.invoice_decisions import carry_out_bill, lock_billed, put_bill_aside
from integration.flows.match_invoices import rejudge
from integration.flows.match_returns import settle_billed
from integration.flows.missing import missing_of
from integration.flows.nameless import nameless
from integration.flows.notes import intend_note, note_steps
from integration.flows.persons import tie_anew
from integration.flows.planned import Given, Plan, answered
from integration.flows.plans import answered_decision, pair, plan
from integration.flows.remainder import order_elsewhere, take_back
from integration.flows.return_decisions import carry_out_return, lock_returned
from integration.flows.shipment_decisions import carry_out_shipment
from integration.flows.steps import STEPS
from integration.flows.stock_decisions import carry_out_feed, lock_held
from integration.flows.translations import change
from integration.models import ExceptionCase, LineEntry, Order, OrderDocument, PurchaseOrder
from integration.work import Step, put
from partners.models import Agreement, CodeList, CodeListEntry

State = PurchaseOrder.State
UNDOABLE = frozenset({"accept", "reject"})
"""Decisions that ``undo`` takes back: what they begin is held for ``UNDO_SECONDS``."""
_CLOSED_AS = {
    "remainder": ExceptionCase.Decision.ORDERED_ELSEWHERE,
    "cancel": ExceptionCase.Decision.REMAINDER_CANCELLED,
    "ship": ExceptionCase.Decision.SHIPPED,
    "put_aside": ExceptionCase.Decision.NOT_OURS,
    "approve": ExceptionCase.Decision.APPROVED,
    "approve_part": ExceptionCase.Decision.APPROVED_PART,
    "reject_bill": ExceptionCase.Decision.REJECTED,
    "apply_feed": ExceptionCase.Decision.FEED_APPLIED,
    "refuse_feed": ExceptionCase.Decision.FEED_REFUSED,
    "open_return": ExceptionCase.Decision.RETURN_OPENED,
    "drop_return": ExceptionCase.Decision.LEFT,
    "take_answer": ExceptionCase.Decision.ACCEPTED,
    "ask_again": ExceptionCase.Decision.ASKED_AGAIN,
    "close_return": ExceptionCase.Decision.RETURN_CLOSED,
    "match_return": ExceptionCase.Decision.MATCHED,
    "put_return_aside": ExceptionCase.Decision.NOT_OURS,
    "take_credit": ExceptionCase.Decision.CREDIT_ACCEPTED,
}


def carry_out(user: User, case: ExceptionCase, name: str, given: Given, reason: str, digest: str) -> Plan:
    """Carry out decision ``name`` as it was shown, and close ``case``; return the plan.

    Raises ``Refused``, with nothing done, where the user may not, gives no reason, somebody else closed the case,
    or the plan is not the one that ``digest`` names any more.
    """
    reason = require(user, DECIDE, reason)
    with transaction.atomic():
        lock_billed(case)
        lock_held(case)
        lock_returned(case)
        # In the order in which answers are matched, or the two wait for each other: the purchase order, then its case.
        if case.purchase_order_id is not None:
            PurchaseOrder.objects.select_for_update().get(pk=case.purchase_order_id)
        missing = missing_of(case)
        if missing is not None:  # as by whoever finds it missing, or enters it elsewhere
            Agreement.objects.select_for_update(no_key=True).get(pk=missing.agreement_id)
        locked = ExceptionCase.objects.select_for_update(of=("self",)).get(pk=case.pk)
        if locked.closed_at is not None:
            raise Refused(
                gettext("%(closed_by)s has closed this case already.") % {"closed_by": locked.closed_by}
            )
        wanted = plan(locked, name, given)
        if wanted.digest != digest:
            raise Refused(gettext("Something has changed since you looked. Here is what it would do now."))
        ExceptionCase.objects.filter(pk=locked.pk).update(plan=asdict(wanted))
        record_audit(user, f"decide: {name}", locked.subject, reason=reason, detail={"plan": wanted.digest})
        steps = _ACTS[name](user, locked, wanted, reason)
        steps += acknowledge_steps(locked.order) if locked.order is not None else []
        for step in steps:
            put(STEPS[step.name].lane, _held(step) if name in UNDOABLE else step)
    return wanted


def _held(step: Step) -> Step:
    """Let a step wait as long as the decision that it follows from may be undone with nothing of it out."""
    return replace(step, delay=max(step.delay, timedelta(seconds=settings.UNDO_SECONDS)))


def _do_accept(user: User, case: ExceptionCase, wanted: Plan, reason: str) -> list[Step]:
    purchase_order, document = answered(case)
    statements = answered_decision(purchase_order, document).statements
    if purchase_order.state == State.CANCELLED:
        take_back_cancellation(purchase_order, document)
    elif purchase_order.state == State.ACCEPTED:
        PurchaseOrder.objects.filter(pk=purchase_order.pk).update(state=State.DISPUTED)
    accept(purchase_order, document, statements, leaves_store=wanted.leaves_store)
    intend_note(purchase_order, document, State.ACCEPTED, wanted.note)
    _tell(
        case,
        user,
        "accepted",
        f"Purchase order {purchase_order.number} is accepted as acknowledged: {reason}",
        document,
    )
    _close(case, user, ExceptionCase.Decision.ACCEPTED, reason)
    rejudge(purchase_order)
    return effects_of(purchase_order)


def _do_remainder(user: User, case: ExceptionCase, wanted: Plan, reason: str) -> list[Step]:
    purchase_order, document = answered(case)
    steps = take_back(purchase_order, document, wanted, reason=reason, actor=user.get_username())
    steps += order_elsewhere(purchase_order, wanted)
    sentence = f"The remainder of purchase order {purchase_order.number} is ordered elsewhere: {reason}"
    return [*steps, *_end_remainder(user, case, wanted, reason, sentence)]


def _do_cancel(user: User, case: ExceptionCase, wanted: Plan, reason: str) -> list[Step]:
    purchase_order, document = answered(case)
    steps = take_back(purchase_order, document, wanted, reason=reason, actor=user.get_username())
    sentence = f"What is left of purchase order {purchase_order.number} is cancelled: {reason}"
    if wanted.after == State.CANCELLED:
        _hold(purchase_order, sentence)
    return [*steps, *_end_remainder(user, case, wanted, reason, sentence)]


def _end_remainder(user: User, case: ExceptionCase, wanted: Plan, reason: str, sentence: str) -> list[Step]:
    purchase_order, document = answered(case)
    intend_note(purchase_order, document, wanted.after, wanted.note)
    _tell(case, user, wanted.decision, sentence, document)
    _close(case, user, _CLOSED_AS[wanted.decision], reason)
    rejudge(purchase_order)
    return effects_of(purchase_order)


def _hold(purchase_order: PurchaseOrder, sentence: str) -> None:
    Order.objects.filter(pk=purchase_order.order_id).update(
        state=Order.State.HELD, state_reason=sentence[:300]
    )


def take_back_cancellation(purchase_order: PurchaseOrder, document: Document) -> None:
    """Reverse what was cancelled when an answer was rejected, and let the purchase order be answered again."""
    cancelled = LineEntry.standing().filter(
        line__purchase_order=purchase_order,
        kind=LineEntry.Kind.CANCELLED,
        document__transaction_set="855",
    )
    reverse(cancelled, document)
    PurchaseOrder.objects.filter(pk=purchase_order.pk).update(state=State.DISPUTED)
    Order.objects.filter(pk=purchase_order.order_id, state=Order.State.HELD).update(
        state=Order.State.ROUTED, state_reason=""
    )


def _do_reject(user: User, case: ExceptionCase, wanted: Plan, reason: str) -> list[Step]:
    purchase_order, document = answered(case)
    post_cancelled(purchase_order, document, wanted.entries)
    PurchaseOrder.objects.filter(pk=purchase_order.pk).update(state=State.CANCELLED)
    intend_note(purchase_order, document, State.CANCELLED, wanted.note)
    sentence = f"Purchase order {purchase_order.number} is cancelled: {reason}"
    _hold(purchase_order, sentence)
    _tell(case, user, "cancelled", sentence, document)
    _close(case, user, ExceptionCase.Decision.REJECTED, reason)
    return note_steps(purchase_order)


def _wait_for_partner(case: ExceptionCase, wanted: Plan) -> None:
    until = datetime.fromisoformat(wanted.due_at)
    ExceptionCase.objects.filter(pk=case.pk).update(due_at=until)
    put_off(case, until, ExceptionCase.WaitingFor.PARTNER)


def _do_wait(user: User, case: ExceptionCase, wanted: Plan, reason: str) -> list[Step]:
    _wait_for_partner(case, wanted)
    _tell(case, user, "waiting", f"{wanted.sentences[0]} {reason}", None)
    return []


def _do_contact(user: User, case: ExceptionCase, wanted: Plan, reason: str) -> list[Step]:
    _wait_for_partner(case, wanted)
    _tell(case, user, "contacted", f"{case.partner} is written to: {reason}", None)
    return write_to_partner(case, wanted)


def _do_match(user: User, case: ExceptionCase, wanted: Plan, reason: str) -> list[Step]:
    document = case.document
    assert document is not None
    assert wanted.target is not None
    target = PurchaseOrder.objects.select_related("order").get(pk=wanted.target)
    _unlink(case, document)
    tie_anew(target.order, document, ANSWER_ROLE, target)
    _tell(
        case, user, "matched", f"The answer is matched to purchase order {target.number}: {reason}", document
    )
    _close(case, user, ExceptionCase.Decision.MATCHED, reason)
    return [Step("match", str(document.pk), f"document:{document.pk}")]


def _do_not_ours(user: User, case: ExceptionCase, wanted: Plan, reason: str) -> list[Step]:
    if case.document is not None:
        _unlink(case, case.document)
    put_bill_aside(case)
    _tell(case, user, "not_ours", f"Not ours: {reason}", case.document)
    _close(case, user, ExceptionCase.Decision.NOT_OURS, reason)
    return []


def _unlink(case: ExceptionCase, document: Document) -> None:
    """Take the answer away from the purchase order that it was matched to; one with no other answer waits again."""
    OrderDocument.objects.filter(document=document, role=ANSWER_ROLE).delete()
    reverse(LineEntry.standing().filter(document=document), document)
    purchase_order = case.purchase_order
    if purchase_order is not None and not purchase_order.documents.filter(role=ANSWER_ROLE).exists():
        PurchaseOrder.objects.filter(pk=purchase_order.pk, state=State.DISPUTED).update(state=State.GENERATED)
        answer_taken_back(purchase_order)


def _tell(case: ExceptionCase, user: User, kind: str, sentence: str, document: Document | None) -> None:
    actor, sentence = user.get_username(), nameless(sentence, case.order)
    record_event(case.subject, kind, sentence, actor=actor)
    if case.order is not None:
        record_event(case.order.subject, kind, sentence, document=document, actor=actor)


def _close(case: ExceptionCase, user: User, decision: str, reason: str) -> None:
    if not close_case(case, decision, reason, actor=user.get_username()):
        raise Refused(gettext("Somebody else has closed this case already."))


def _do_translate(user: User, case: ExceptionCase, wanted: Plan, reason: str) -> list[Step]:
    missing = missing_of(case)
    assert missing is not None
    code_list, _ = CodeList.objects.get_or_create(agreement=missing.agreement, name=missing.code_list)
    ours, theirs = pair(missing, wanted.value)
    entry = CodeListEntry.objects.filter(code_list=code_list, ours=ours).first() or CodeListEntry(
        code_list=code_list, ours=ours
    )
    entry.theirs = theirs
    change(user, reason, [entry])
    return []


def _do_change(user: User, case: ExceptionCase, wanted: Plan, reason: str) -> list[Step]:
    done = carry_out_change(case, wanted, reason, user.get_username())
    _tell(case, user, wanted.decision, done.sentence, None)
    _close(case, user, done.decision, reason)
    return done.steps


def _do_shipment(user: User, case: ExceptionCase, wanted: Plan, reason: str) -> list[Step]:
    what = "is written to the store" if wanted.decision == "ship" else "counts for nothing"
    _tell(case, user, wanted.decision, f"What was shipped {what}: {reason}", case.document)
    _close(case, user, _CLOSED_AS[wanted.decision], reason)
    case.refresh_from_db()
    return carry_out_shipment(case)


def _do_bill(user: User, case: ExceptionCase, wanted: Plan, reason: str) -> list[Step]:
    _close(case, user, _CLOSED_AS[wanted.decision], reason)
    sentence = carry_out_bill(case, wanted, reason, user.get_username())
    _tell(case, user, wanted.decision, sentence, None)
    steps = settle_billed(case.document) if case.document is not None else []
    return [*steps, *(write_to_partner(case, wanted) if wanted.mail else [])]


def _do_return(user: User, case: ExceptionCase, wanted: Plan, reason: str) -> list[Step]:
    _close(case, user, _CLOSED_AS[wanted.decision], reason)
    case.refresh_from_db()
    return carry_out_return(case, wanted, reason, user.get_username())


def _do_feed(user: User, case: ExceptionCase, wanted: Plan, reason: str) -> list[Step]:
    # Closed first: a feed that is applied closes the cases of those that it overtakes.
    _close(case, user, _CLOSED_AS[wanted.decision], reason)
    return carry_out_feed(case, wanted, reason, user.get_username())


_ACTS: dict[str, Callable[[User, ExceptionCase, Plan, str], list[Step]]] = {
    "send_change": _do_change,
    "tell": _do_change,
    "leave": _do_change,
    "send_again": _do_change,
    "translate": _do_translate,
    "accept": _do_accept,
    "remainder": _do_remainder,
    "cancel": _do_cancel,
    "contact": _do_contact,
    "ask_shipper": _do_contact,
    "ask_biller": _do_contact,
    "approve": _do_bill,
    "approve_part": _do_bill,
    "reject_bill": _do_bill,
    "open_return": _do_return,
    "drop_return": _do_return,
    "take_answer": _do_return,
    "ask_again": _do_return,
    "close_return": _do_return,
    "match_return": _do_return,
    "put_return_aside": _do_return,
    "take_credit": _do_return,
    "ask_desk": _do_contact,
    "claim_rest": _do_contact,
    "ship": _do_shipment,
    "apply_feed": _do_feed,
    "refuse_feed": _do_feed,
    "put_aside": _do_shipment,
    "reject": _do_reject,
    "wait": _do_wait,
    "match": _do_match,
    "not_ours": _do_not_ours,
}
