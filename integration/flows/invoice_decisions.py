"""What staff can decide about a supplier's invoice that differs from what was promised and shipped, or uses a number twice."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

from django.utils.translation import gettext, gettext_lazy

from archive.record import record_event
from integration.flows.bill_numbers import CANCELLING, settle_number
from integration.flows.contact import contact_plan
from integration.flows.mails import NoAddress, usable_address
from integration.flows.match_invoices import judge_bills, lock_orders
from integration.flows.planned import Choice, Given, Plan, answered
from integration.flows.rights import Refused
from integration.flows.supplier_invoices import lock_partner, lower_words, money, said
from integration.matching.acknowledgment import Difference
from integration.matching.invoices import BILLED, CREDITED
from integration.models import ExceptionCase, SupplierInvoice, SupplierInvoicePart

State = SupplierInvoice.State

APPROVE = Choice(
    "approve", gettext_lazy("Approve as billed"), gettext_lazy("All of it is to be paid, what differs too.")
)
APPROVE_PART = Choice(
    "approve_part",
    gettext_lazy("Approve what was shipped"),
    gettext_lazy(
        "As much as was promised and shipped is to be paid, and no more; the partner is told by mail, if you give an address."
    ),
    asks="told",
)
WRITE = Choice(
    "ask_biller",
    gettext_lazy("Write to the partner"),
    gettext_lazy("A mail with what was billed otherwise; the case waits until a day that you give."),
    asks="to",
)
REJECT = Choice(
    "reject_bill",
    gettext_lazy("Reject the invoice"),
    gettext_lazy("Nothing of it is to be paid, and it counts for nothing."),
)
INVOICE_CHOICES = (APPROVE_PART, APPROVE, WRITE, REJECT)
APART = Choice(
    "approve",
    gettext_lazy("Approve it besides"),
    gettext_lazy("It is another invoice that has the number by mistake: both are to be paid."),
)
REPEAT_CHOICES = (REJECT, APART, WRITE)
"""What can be decided where a number was used before."""


def lock_billed(case: ExceptionCase) -> None:
    """Hold what is held before a case while the bill that it is about is decided: the partner, its purchase orders."""
    bill = _found(case)
    if bill is not None:
        lock_partner(bill.partner)
        lock_orders(_orders_of(bill))


def approve_plan(case: ExceptionCase, given: Given) -> Plan:
    """Return what approving the whole invoice does."""
    bill = _bill(case)
    sentences = [_amount_words(bill, bill.total)]
    if bill.state == State.HELD and said(bill.document).purpose == CANCELLING:
        raise Refused(gettext("It cancels an invoice that was approved: reject it, or settle the case."))
    if bill.state == State.HELD:
        sentences.append(
            "It counts besides the one of the same number: what it bills is posted to the purchase order."
        )
    elif bill.money_at_stake:
        stake = money(bill.money_at_stake, bill.currency)
        sentences.append(f"{stake} of it were not promised and shipped.")
    return _plan("approve", case, bill, bill.total, sentences)


def approve_part_plan(case: ExceptionCase, given: Given) -> Plan:
    """Return what approving as much as was promised and shipped does, with the mail that tells the partner, if wanted."""
    bill = _bill(case)
    amount = bill.total - bill.money_at_stake
    if amount <= 0:
        raise Refused(gettext("Nothing of it was promised and shipped: reject it, or approve it as billed."))
    if not bill.money_at_stake:
        raise Refused(gettext("All of it holds by what was promised and shipped: approve it as billed."))
    stake = money(bill.money_at_stake, bill.currency)
    sentences = [_amount_words(bill, amount), f"{stake} of {money(bill.total, bill.currency)} are not."]
    mail = {}
    if given.to.strip():
        try:
            to = usable_address(given.to)
        except NoAddress as problem:
            raise Refused(f"{problem}") from problem
        sentences.append(f"A mail goes to {to}, with the differences line by line, as it is shown below.")
        mail = {
            "to": to,
            "subject": f"Your {lower_words(bill)}: less is approved",
            "body": _body(case, bill, given),
        }
    return _plan("approve_part", case, bill, amount, sentences, mail)


def reject_plan(case: ExceptionCase, given: Given) -> Plan:
    """Return what rejecting the invoice does."""
    bill = _bill(case)
    sentences = [
        f"Nothing of {lower_words(bill)}, {money(bill.total, bill.currency)}, is approved.",
        "What it posted to the ledger of its purchase orders is taken back.",
        f"Nothing is sent to {bill.partner}: tell {bill.partner} that you do not take it.",
    ]
    return _plan("reject_bill", case, bill, Decimal(0), sentences)


def ask_biller_plan(case: ExceptionCase, given: Given) -> Plan:
    """Return the mail about what was billed otherwise."""
    purchase_order, _ = answered(case)
    return contact_plan(purchase_order, _differences(case), given, "ask_biller", "invoice (810)")


def carry_out_bill(case: ExceptionCase, wanted: Plan, reason: str, actor: str) -> str:
    """Let the bill be what was decided; return the sentence that tells of it. The caller has held what it is about."""
    bill = _bill(case)
    state = State.REJECTED if wanted.decision == "reject_bill" else State.APPROVED
    _set(bill, state, Decimal(wanted.value))
    told = f"{bill} of {bill.partner} is rejected"
    if state == State.APPROVED:
        of = money(bill.total, bill.currency)
        told = f"Of {lower_words(bill)} of {bill.partner} {money(Decimal(wanted.value), bill.currency)} of {of} are approved"
    sentence = f"{told}: {reason}"
    record_event(bill.subject, f"bill_{state}", sentence, actor=actor)
    return sentence


def put_bill_aside(case: ExceptionCase) -> None:
    """Let a bill that is not ours count for nothing; the caller has held what it is about."""
    bill = _found(case)
    if bill is not None:
        _set(bill, State.REJECTED, Decimal(0))


def settle_bill(case: ExceptionCase) -> None:
    """Let a bill count as settled outside, once the case about what differs in it is."""
    bill = _found(case)
    if bill is not None and case.cause == bill.cause:
        SupplierInvoice.objects.filter(pk=bill.pk, state=State.DISPUTED).update(state=State.SETTLED)


def _found(case: ExceptionCase) -> SupplierInvoice | None:
    rows = SupplierInvoice.objects.select_related("partner", "document")
    return rows.filter(document=case.document_id).first() if case.document_id is not None else None


def _bill(case: ExceptionCase) -> SupplierInvoice:
    bill = _found(case)
    if bill is None or bill.state not in (State.DISPUTED, State.HELD):
        raise Refused(gettext("The invoice does not wait for a decision any more: settle the case."))
    return bill


def _set(bill: SupplierInvoice, state: str, approved: Decimal) -> None:
    """Let the bill be ``state``, and judge anew what that changes for the others of its number and purchase orders."""
    SupplierInvoice.objects.filter(pk=bill.pk).update(state=state, approved=approved, waits_until=None)
    settle_number(bill.partner, bill.number)
    for purchase_order in lock_orders(_orders_of(bill)):
        judge_bills(purchase_order)


def _orders_of(bill: SupplierInvoice) -> set[int]:
    """Return the purchase orders of the bill, and of all of its number: another may hold once it does not."""
    of_number = SupplierInvoicePart.objects.filter(invoice__partner=bill.partner, invoice__number=bill.number)
    own = SupplierInvoicePart.objects.filter(invoice=bill)
    found = own if not bill.number else of_number
    return set(found.values_list("purchase_order", flat=True))


def _plan(
    name: str,
    case: ExceptionCase,
    bill: SupplierInvoice,
    amount: Decimal,
    sentences: list[str],
    mail: dict[str, str] | None = None,
) -> Plan:
    after = State.REJECTED if name == "reject_bill" else State.APPROVED
    return Plan(
        name,
        sentences,
        case.purchase_order_id,
        bill.state,
        after,
        value=f"{amount:.2f}",
        mail=mail or {},
    )


def _amount_words(bill: SupplierInvoice, amount: Decimal) -> str:
    what = "are taken as credited" if bill.is_credit else "are approved to be paid"
    return f"{money(amount, bill.currency)} of {lower_words(bill)} {what}."


def _differences(case: ExceptionCase) -> list[Difference]:
    bill = _found(case)
    verb = CREDITED if bill is not None and bill.is_credit else BILLED
    return [
        Difference(row["line"], row["sku"], row["what"], row["asked"], row["answered"], verb)
        for row in case.evidence
    ]


def _body(case: ExceptionCase, bill: SupplierInvoice, given: Given) -> str:
    rows = "\n".join(f"  - {each}" for each in _differences(case))
    own = f"{given.message.strip()}\n\n" if given.message.strip() else ""
    approved = money(bill.total - bill.money_at_stake, bill.currency)
    store = case.store or "Gridport"
    return (
        f"Dear {bill.partner},\n\nof your {lower_words(bill)}, {money(bill.total, bill.currency)}, we approve {approved}. The rest"
        f" differs from what was agreed and shipped:\n\n{rows}\n\n{own}Please credit it, or write to us if you see it"
        f" otherwise.\n\n{store}\n"
    )


INVOICE_PLANS: dict[str, Callable[[ExceptionCase, Given], Plan]] = {
    "approve": approve_plan,
    "approve_part": approve_part_plan,
    "ask_biller": ask_biller_plan,
    "reject_bill": reject_plan,
}
