"""What each decision of staff would do: worked out for people to read, and as data to be carried out."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from django.utils import timezone
from django.utils.translation import gettext, gettext_lazy

from archive.clock import database_now
from archive.models import Direction, Document
from integration.flows import counted
from integration.flows.accept import answers_to
from integration.flows.agreed import statement_to_json
from integration.flows.change_decisions import (
    CHANGE_KINDS,
    CHANGE_PLANS,
    LEAVE,
    SEND_AGAIN,
    SEND_CHANGE,
    TELL,
    change_choices,
)
from integration.flows.contact import contact_plan
from integration.flows.counted import asked_lines
from integration.flows.decide import Refused
from integration.flows.invoice_decisions import INVOICE_CHOICES, INVOICE_PLANS, REPEAT_CHOICES
from integration.flows.missing import missing_of, waiting_for
from integration.flows.notes import cancellation_words, decision_words, line_words
from integration.flows.parents import NOT_SENT
from integration.flows.planned import Choice, Given, Plan, answered, noted
from integration.flows.remainder import cancel_plan, remainder_plan
from integration.flows.return_decisions import (
    ANSWER_CHOICES,
    CREDIT_CHOICES,
    PROPOSED_CHOICES,
    RETURN_KINDS,
    RETURN_PLANS,
    return_choices,
)
from integration.flows.shipment_decisions import SHIPMENT_CHOICES, SHIPMENT_PLANS
from integration.flows.stock_decisions import STOCK_CHOICES, STOCK_PLANS
from integration.matching.acknowledgment import Decision
from integration.models import ORDER_STATUSES, ExceptionCase, MissingTranslation, PurchaseOrder
from partners.mapping.codes import HELD
from partners.models import CodeListEntry

LONGEST_ENTRY = 40
Kind = ExceptionCase.Kind
State = PurchaseOrder.State


ACCEPT = Choice(
    "accept",
    gettext_lazy("Accept as acknowledged"),
    gettext_lazy("What the partner promises holds; the purchase order is accepted."),
    asks="leaves_store",
    usual=gettext_lazy("What the partner promises will do."),
)
REMAINDER = Choice(
    "remainder",
    gettext_lazy("Order the remainder elsewhere"),
    gettext_lazy("What the partner promises holds; the rest is ordered from another supplier."),
    asks="agreement",
)
CANCEL = Choice(
    "cancel",
    gettext_lazy("Cancel the remainder"),
    gettext_lazy("What the partner promises holds; the rest is not wanted any more."),
)
CONTACT = Choice(
    "contact",
    gettext_lazy("Write to the partner"),
    gettext_lazy("A mail with the differences; the case waits until a day that you give."),
    asks="to",
)
REJECT = Choice(
    "reject",
    gettext_lazy("Reject the answer"),
    gettext_lazy("The purchase order counts as cancelled; tell the partner."),
)
WAIT = Choice(
    "wait",
    gettext_lazy("Wait for the partner"),
    gettext_lazy("The case is put off until he answers, or a day that you give."),
    asks="due_at",
)
MATCH = Choice(
    "match",
    gettext_lazy("Match to another purchase order"),
    gettext_lazy("The answer is held against another one."),
    asks="number",
)
NOT_OURS = Choice(
    "not_ours", gettext_lazy("Not ours"), gettext_lazy("The document is kept and counts for nothing.")
)

TRANSLATE = Choice(
    "translate",
    gettext_lazy("Enter the translation"),
    gettext_lazy("It is kept in the code list, and every document that waits for it goes on."),
    asks="value",
)

_CHOICES: dict[str, tuple[Choice, ...]] = {
    Kind.ACKNOWLEDGMENT_DIFFERS: (ACCEPT, REMAINDER, CANCEL, CONTACT, WAIT, REJECT, MATCH, NOT_OURS),
    Kind.ORDER_CHANGED: (SEND_CHANGE, TELL),
    Kind.CHANGE_ANSWERED: (LEAVE, SEND_AGAIN),
    Kind.MISSING_TRANSLATION: (TRANSLATE,),
    Kind.SHIPMENT_DIFFERS: (*SHIPMENT_CHOICES, WAIT),
    Kind.INVOICE_DIFFERS: (*INVOICE_CHOICES, WAIT),
    Kind.STOCK_HELD: STOCK_CHOICES,
    Kind.DUPLICATE: (*REPEAT_CHOICES, WAIT),
    Kind.UNKNOWN_PURCHASE_ORDER: (MATCH, NOT_OURS, WAIT),
    Kind.RETURN_PROPOSED: (*PROPOSED_CHOICES, WAIT),
    Kind.RETURN_DIFFERS: (*ANSWER_CHOICES, WAIT),
    Kind.CREDIT_DIFFERS: (*CREDIT_CHOICES, WAIT),
}
DECISIONS = {each.name: each.words for offered in _CHOICES.values() for each in offered}
"""Every decision by its name, as its button says it."""


def choices(case: ExceptionCase) -> tuple[Choice, ...]:
    """Return what can be decided about an open ``case``, the likeliest first; any case may be settled besides."""
    offered = () if case.closed_at is not None else _CHOICES.get(case.kind, ())
    if case.document is not None and case.document.transaction_set != "855":
        offered = tuple(each for each in offered if each is not MATCH)
    if case.kind == Kind.DUPLICATE and (case.document is None or case.document.transaction_set != "810"):
        return ()
    if case.kind in RETURN_KINDS:
        return return_choices(case, offered)
    return change_choices(case, offered) if case.kind in CHANGE_KINDS else offered


def plan(case: ExceptionCase, name: str, given: Given) -> Plan:
    """Return what decision ``name`` would do to ``case`` now. Raises ``Refused`` where it makes no sense."""
    if name not in {choice.name for choice in choices(case)}:
        raise Refused(gettext("This cannot be decided about this case any more. Look at it again."))
    return _PLANS[name](case, given)


def _accept(case: ExceptionCase, given: Given) -> Plan:
    purchase_order, document = answered(case)
    asked = asked_lines(purchase_order)
    decision = answered_decision(purchase_order, document)
    said = {each.line_number: each for each in decision.statements}
    sentences = [line_words(line, said.get(line.line_number)) for line in asked]
    if purchase_order.state == State.CANCELLED:
        sentences.append("Its cancellation is taken back.")
    sentences.append(f"Purchase order {purchase_order.number} counts as accepted.")
    sentences.append(
        f"The order in {purchase_order.order.store} is left as it is: nothing is written there."
        if given.leaves_store
        else store_words(purchase_order)
    )
    note = decision_words(purchase_order, asked, decision.statements)
    return noted(
        purchase_order,
        note,
        Plan(
            "accept",
            sentences,
            purchase_order.pk,
            purchase_order.state,
            State.ACCEPTED,
            [statement_to_json(each) for each in decision.statements],
            leaves_store=given.leaves_store,
        ),
    )


def _reject(case: ExceptionCase, given: Given) -> Plan:
    purchase_order, _ = answered(case)
    if purchase_order.state == State.CANCELLED:
        raise Refused(
            gettext("Purchase order %(number)s is cancelled already: settle the case.")
            % {"number": purchase_order.number}
        )
    partner = purchase_order.agreement.partner
    entries = [
        {"line_number": line.line_number, "quantity": str(line.quantity)}
        for line in asked_lines(purchase_order)
    ]
    lines = "its one line" if len(entries) == 1 else f"all of its {len(entries)} lines"
    sentences = [
        f"Purchase order {purchase_order.number} counts as cancelled: {lines}.",
        f"Nothing is sent to {partner} and the order in the store stays where it is: tell {partner} that you do not take"
        " the answer, and settle with the customer what becomes of the order.",
    ]
    return noted(
        purchase_order,
        cancellation_words(purchase_order),
        Plan("reject", sentences, purchase_order.pk, purchase_order.state, State.CANCELLED, entries),
    )


def _wait(case: ExceptionCase, given: Given) -> Plan:
    if given.due_at is None:
        raise Refused(gettext("Say until when to wait."))
    if given.due_at <= database_now():
        raise Refused(gettext("The time to wait until is past. Give a later one."))
    sentences = [
        f"The case stays open and is due on {_moment_words(given.due_at)}.",
        *([f"Until now it is due on {_moment_words(case.due_at)}."] if case.due_at else []),
        "If the partner answers anew before, the answer is compared; one that accepts everything closes the case.",
    ]
    return Plan("wait", sentences, case.purchase_order_id, due_at=given.due_at.isoformat())


def _moment_words(moment: datetime) -> str:
    local = timezone.localtime(moment)
    return f"{local.day} {local:%b %Y %H:%M} {local.tzname()}"


def _match(case: ExceptionCase, given: Given) -> Plan:
    if case.document is None:
        raise Refused(gettext("There is no document to match."))
    number = given.number.strip().upper()
    target = (
        PurchaseOrder.objects.select_related("order", "agreement__partner")
        .filter(number=number, agreement__partner=case.partner)
        .exclude(state__in=NOT_SENT)
        .first()
    )
    if target is None:
        raise Refused(
            gettext("We did not send a purchase order %(number)s to %(partner)s.")
            % {"number": number or gettext("without a number"), "partner": case.partner}
        )
    if target.pk == case.purchase_order_id:
        raise Refused(
            gettext("The answer is matched to purchase order %(number)s already.") % {"number": number}
        )
    decision = answered_decision(target, case.document)
    verdict = (
        f"It accepts all lines of purchase order {number}, which then counts as accepted."
        if decision.accepted and target.state in (State.GENERATED, State.DISPUTED)
        else f"It differs ({decision.differences[0]}), so a case opens there."
        if not decision.accepted
        else f"Purchase order {number} is {target.get_state_display().lower()} already."
    )
    sentences = [
        f"The answer is held against purchase order {number} of order {target.order.number}.",
        verdict,
    ]
    if case.purchase_order is not None:
        sentences.append(f"Purchase order {case.purchase_order.number} waits for its own answer again.")
    return Plan("match", sentences, case.purchase_order_id, target=target.pk)


def _not_ours(case: ExceptionCase, given: Given) -> Plan:
    sentences = ["The document is kept and counts for nothing."]
    if case.purchase_order is not None:
        sentences.append(f"Purchase order {case.purchase_order.number} waits for its own answer again.")
    return Plan("not_ours", sentences, case.purchase_order_id)


def _translate(case: ExceptionCase, given: Given) -> Plan:
    missing = missing_of(case)
    value = given.value.strip()
    if missing is None:
        raise Refused(gettext("The translation is not looked for any more: settle the case."))
    if not value or len(value) > LONGEST_ENTRY or value.startswith(HELD):
        raise Refused(
            gettext("Enter 1 to %(most)s characters that do not begin with a %(mark)s.")
            % {"most": LONGEST_ENTRY, "mark": HELD}
        )
    ours, theirs = pair(missing, value)
    agreement, name = missing.agreement, missing.code_list
    sentences = [f"“{ours}” is written and read as “{theirs}” under {agreement} (code list “{name}”)."]
    stands = CodeListEntry.objects.filter(code_list__agreement=agreement, code_list__name=name, ours=ours)
    entry = stands.first()
    if entry is not None and entry.theirs != theirs:
        sentences.append(f"It is “{entry.theirs}” now: that code would not be read as “{ours}” any more.")
    waiting = list(waiting_for(missing))
    orders = sum(each.purchase_order is not None for each in waiting)
    if orders:
        sentences.append(f"Purchase orders that are written with it: {orders}.")
    if len(waiting) > orders:
        sentences.append(f"Received documents that are read again with it: {len(waiting) - orders}.")
    return Plan("translate", sentences, value=value)


def pair(missing: MissingTranslation, value: str) -> tuple[str, str]:
    """Return our word and their code, of which ``value`` is the one that was missing."""
    return (missing.value, value) if missing.direction == Direction.OUT else (value, missing.value)


def answered_decision(purchase_order: PurchaseOrder, document: Document) -> Decision:
    """Hold the answers to ``purchase_order`` against what was ordered, ``document`` among them.

    Raises ``Refused`` where its units are not ours.
    """
    answers = answers_to(purchase_order, also=document)
    own = next(each for each in answers if each.document == document)
    refusals = counted.read_answer(purchase_order, own.said).refusals
    if refusals:
        raise Refused(refusals[0])
    return counted.decision_on(purchase_order, [each.said for each in answers])


def store_words(purchase_order: PurchaseOrder) -> str:
    """Return what becomes of the order in the store once ``purchase_order`` is accepted."""
    order = purchase_order.order
    others = order.purchase_orders.exclude(pk=purchase_order.pk).exclude(
        state__in=[State.ACCEPTED, State.DROPPED]
    )
    numbers = ", ".join(others.order_by("number").values_list("number", flat=True))
    moved = ORDER_STATUSES[order.store.accepted_status]
    if numbers:
        return f"The order in the store moves to {moved} once purchase order {numbers} is accepted too."
    return f"The order in the store moves to {moved}, unless somebody moved it elsewhere."


def _remainder(case: ExceptionCase, given: Given) -> Plan:
    purchase_order, document = answered(case)
    decision = answered_decision(purchase_order, document)
    return remainder_plan(purchase_order, decision, given, store_words(purchase_order))


def _cancel(case: ExceptionCase, given: Given) -> Plan:
    purchase_order, document = answered(case)
    decision = answered_decision(purchase_order, document)
    return cancel_plan(purchase_order, decision, store_words(purchase_order))


def _contact(case: ExceptionCase, given: Given) -> Plan:
    purchase_order, document = answered(case)
    return contact_plan(purchase_order, answered_decision(purchase_order, document).differences, given)


_PLANS: dict[str, Callable[[ExceptionCase, Given], Plan]] = {
    **CHANGE_PLANS,
    **SHIPMENT_PLANS,
    **INVOICE_PLANS,
    **STOCK_PLANS,
    **RETURN_PLANS,
    "translate": _translate,
    "accept": _accept,
    "remainder": _remainder,
    "cancel": _cancel,
    "contact": _contact,
    "reject": _reject,
    "wait": _wait,
    "match": _match,
    "not_ours": _not_ours,
}
