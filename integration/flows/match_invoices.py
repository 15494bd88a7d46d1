"""Received invoices of suppliers (810): matched to their purchase orders, posted, and held against them three ways.

All bills for a purchase order are judged together, and anew whenever what they are held against changes: another bill, a
ship notice, an acknowledgment. What one bill says of several purchase orders is judged for each by whoever holds that
purchase order, and put together with the bill's row held.
"""

from __future__ import annotations

from collections.abc import Sequence

from archive.clock import database_now
from archive.models import Document
from archive.record import record_event
from integration.flows.bill_numbers import settle_number
from integration.flows.cases import close_cause, open_case
from integration.flows.counted import asked_lines
from integration.flows.parents import NOT_SENT, match_step, orphan_cause, wait_for_parent
from integration.flows.persons import tie
from integration.flows.supplier_invoices import (
    as_costly,
    bill_of,
    bills_for,
    costly_rows,
    currency_of,
    evidence_row,
    for_order,
    holds,
    limits_of,
    lock_partner,
    lower_words,
    money,
    order_of_original,
    ordered_lines,
    post,
    record,
    said,
    turned,
)
from integration.matching.invoices import Costly, heading_differences, judge, money_at_stake, orders_named
from integration.models import (
    ExceptionCase,
    Order,
    OrderDocument,
    PurchaseOrder,
    SupplierInvoice,
    SupplierInvoicePart,
)
from integration.work import Step
from partners.models import TradingPartner

BILL_ROLE = OrderDocument.Role.SUPPLIER_INVOICE
State = SupplierInvoice.State
Kind = ExceptionCase.Kind
_UNDECIDED = (State.WAITING, State.MATCHED, State.DISPUTED)


def hold_bills(document: Document) -> None:
    """Hold what is held before any purchase order while a bill is matched."""
    if document.transaction_set == "810" and document.partner is not None:
        lock_partner(document.partner)


def billed_orders(document: Document) -> set[int]:
    """Return the purchase orders that an 810 is or will be matched to."""
    found = set(
        SupplierInvoicePart.objects.filter(invoice__document=document).values_list(
            "purchase_order", flat=True
        )
    )
    if document.transaction_set == "810" and document.translation.content is not None:
        of_partner = PurchaseOrder.objects.filter(agreement__partner=document.partner)
        named = orders_named(said(document))
        found |= set(of_partner.filter(number__in=named).values_list("pk", flat=True))
    return found


def match_invoice(document: Document) -> list[Step]:
    """Match a supplier's invoice in the caller's transaction; return what follows."""
    partner = document.partner
    assert partner is not None
    lock_partner(partner)
    taken_for = order_of_original(partner, said(document))
    invoice = for_order(said(document), taken_for)
    named = orders_named(invoice)
    found = _locked(document, partner, named, (invoice.invoice_number or "")[:80])
    known = [each for each in found if each.number in named and each.state not in NOT_SENT]
    unknown = sorted(set(named) - {each.number for each in known})
    former = SupplierInvoice.objects.filter(document=document).values_list("number", flat=True).first()
    row = record(document, invoice, known, unknown, taken_for)
    for purchase_order in known:
        tie(purchase_order.order, document, BILL_ROLE, purchase_order)
    for number in {row.number, row.number if former is None else former}:
        settle_number(partner, number)
    for purchase_order in found:
        judge_bills(purchase_order)
    conclude(row)
    return [*_wait_for_orders(row), *_credits_that_wait(row)]


def take_back_bill(document: Document) -> None:
    """Let nothing of a bill stand that was read again and is none any more; the next one of its number may hold then."""
    row = SupplierInvoice.objects.filter(document=document).first()
    if row is None or holds(row):
        return
    lock_partner(row.partner)
    found = _locked(document, row.partner, [], row.number)
    settle_number(row.partner, row.number)
    for purchase_order in found:
        judge_bills(purchase_order)


def rejudge(purchase_order: PurchaseOrder) -> None:
    """Judge the bills for ``purchase_order`` again, after what they are held against changed; the caller holds its lock."""
    if purchase_order.billed.exists():
        judge_bills(purchase_order)


def judge_bills(purchase_order: PurchaseOrder) -> None:
    """Bring the ledger to what the bills for ``purchase_order`` say, and the bills to what is to be said of them."""
    asked = asked_lines(purchase_order)
    reads = bills_for(purchase_order, asked)
    post(purchase_order, reads)
    limits, patience = limits_of(purchase_order.agreement)
    since = database_now() - patience
    bills = [bill_of(each, may_wait=each.document.recorded_at > since) for each in reads]
    verdicts = judge(bills, ordered_lines(purchase_order, asked), limits)
    for read, verdict in zip(reads, verdicts, strict=True):
        SupplierInvoicePart.objects.filter(invoice=read.row, purchase_order=purchase_order).update(
            differences=costly_rows(verdict.differences), waits=list(verdict.waits)
        )
    for read in reads:
        conclude(read.row)


def conclude(bill: SupplierInvoice) -> None:
    """Put together what is said of each part of a bill, and ask a person where it differs."""
    row = (
        SupplierInvoice.objects.select_for_update(of=("self",))
        .select_related("document__translation", "document__state", "document__agreement", "partner")
        .get(pk=bill.pk)
    )
    if row.state not in _UNDECIDED or not holds(row):
        return
    assert row.document.agreement is not None
    limits, patience = limits_of(row.document.agreement)
    heading = heading_differences(turned(row), row.is_credit, currency_of(row.document), limits)
    parts = list(row.parts.select_related("purchase_order__order__store", "purchase_order__agreement"))
    found = [*heading, *(as_costly(each) for part in parts for each in part.differences)]
    if row.is_credit and row.document.of_returns.exists():
        found = []  # what it gives is held against the return that it credits
    waits = bool(row.unknown) or any(part.waits for part in parts)
    before, until = row.state, row.document.recorded_at + patience
    row.differences = costly_rows(heading)
    row.money_at_stake = money_at_stake(row.total, found)
    row.approved, row.waits_until = None, None
    if found and parts:
        row.state = State.DISPUTED
    elif waits:
        row.state = State.WAITING
        row.waits_until = until if until > database_now() and not row.unknown else None
    else:
        row.state, row.approved = State.MATCHED, row.total
    row.save(update_fields=["differences", "money_at_stake", "approved", "waits_until", "state"])
    _tell(row, parts, found, before)


def _tell(
    row: SupplierInvoice, parts: Sequence[SupplierInvoicePart], found: Sequence[Costly], before: str
) -> None:
    if row.state == State.DISPUTED:
        _ask(row, parts, found)
        if before != State.DISPUTED:
            more = f" ({len(found) - 1} more)" if len(found) > 1 else ""
            record_event(
                row.subject, "bill_disputed", f"It differs, and a person is asked. {found[0]}{more}."
            )
        return
    close_cause(row.cause, "What is billed agrees with what was promised and shipped now.")
    if row.state == before or not parts:
        return
    order = parts[0].purchase_order.order
    if row.state == State.MATCHED:
        sentence = f"{row} of {row.partner} agrees with what was promised and shipped:"
        told = f"{sentence} {money(row.total, row.currency)} {'come back' if row.is_credit else 'approved'}."
    else:
        waits = ["We did not send every purchase order that it names"] if row.unknown else []
        waits += [wait for part in parts for wait in part.waits]
        told = f"{row} of {row.partner} waits. {waits[0]}."
    record_event(order.subject, f"bill_{row.state}", told, document=row.document)


def _ask(row: SupplierInvoice, parts: Sequence[SupplierInvoicePart], found: Sequence[Costly]) -> None:
    purchase_order = parts[0].purchase_order
    numbers = ", ".join(part.purchase_order.number for part in parts)
    orders = f"purchase order {numbers}" if len(parts) == 1 else f"purchase orders {numbers}"
    more = f" ({len(found) - 1} more)" if len(found) > 1 else ""
    stake = money(row.money_at_stake, row.currency)
    open_case(
        Kind.INVOICE_DIFFERS,
        row.cause,
        f"{row.partner} sent {lower_words(row)}, {money(row.total, row.currency)}, for {orders}, and not as it was promised"
        f" and shipped. {found[0]}{more}. At stake are {stake}; nothing of it is approved.",
        document=row.document,
        order=purchase_order.order,
        store=purchase_order.order.store,
        purchase_order=purchase_order,
        partner=row.partner,
        money=row.money_at_stake,
        currency=row.currency,
        evidence=[evidence_row(each.difference, each.money) for each in found],
    )


def _wait_for_orders(bill: SupplierInvoice) -> list[Step]:
    row = SupplierInvoice.objects.select_related("document", "partner").get(pk=bill.pk)
    if not row.unknown or row.state in SupplierInvoice.NOT_COUNTED:
        close_cause(
            orphan_cause(row.document, Kind.UNKNOWN_PURCHASE_ORDER), "The purchase order is known now."
        )
        return []
    numbers = ", ".join(each for each in row.unknown if each)
    which = f"purchase order {numbers}" if numbers else "a purchase order that it does not name"
    told = f"{row.partner} sends {lower_words(row)}, {money(row.total, row.currency)}, for {which}, which we"
    return wait_for_parent(
        row.document,
        Kind.UNKNOWN_PURCHASE_ORDER,
        f"{told} have not sent to them yet.",
        f"{told} did not send to them. Nothing of it is approved; ask the partner which order is meant.",
    )


def _credits_that_wait(row: SupplierInvoice) -> list[Step]:
    """Return a step for each credit memo that names this invoice alone, and came before it."""
    waiting = SupplierInvoice.objects.filter(
        partner=row.partner, original=row.number, taken_for="", state=State.WAITING, unknown__contains=[""]
    ).exclude(pk=row.pk)
    if not row.number or not row.parts.exists():
        return []
    return [match_step(each.document) for each in waiting.select_related("document").order_by("pk")]


def _locked(
    document: Document, partner: TradingPartner, named: Sequence[str], number: str
) -> list[PurchaseOrder]:
    """Return the purchase orders that the bill names, named before, or that others of its number name, locked in order."""
    numbers = set(SupplierInvoice.objects.filter(document=document).values_list("number", flat=True))
    numbers |= {number} if number else set()
    of_number = SupplierInvoicePart.objects.filter(
        invoice__partner=partner, invoice__number__in=numbers - {""}
    )
    own = SupplierInvoicePart.objects.filter(invoice__document=document)
    pks = {*of_number.values_list("purchase_order", flat=True), *own.values_list("purchase_order", flat=True)}
    pks |= set(
        PurchaseOrder.objects.filter(number__in=named, agreement__partner=partner).values_list(
            "pk", flat=True
        )
    )
    return lock_orders(pks)


def lock_orders(pks: set[int]) -> list[PurchaseOrder]:
    """Return purchase orders, held with their orders, each kind in its order."""
    found = list(
        PurchaseOrder.objects.select_for_update(of=("self",))
        .select_related("order__store", "agreement__partner")
        .filter(pk__in=pks)
        .order_by("pk")
    )
    orders = Order.objects.select_for_update().filter(pk__in=[each.order_id for each in found])
    list(orders.order_by("pk").values_list("pk"))
    return found
