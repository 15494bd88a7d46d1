"""What the page of a supplier's invoice shows: ordered, shipped and invoiced line by line, and the differences beside."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from django.utils.safestring import SafeString
from django.utils.translation import gettext

from archive.models import Document
from integration.flows.counted import asked_lines
from integration.flows.positions import positions_of
from integration.flows.supplier_invoices import as_costly, holds, ordered_lines, read_for
from integration.matching.invoices import BilledPart, OrderedLine
from integration.matching.ledger import Position
from integration.models import ExceptionCase, OrderDocument, PurchaseOrder, SupplierInvoice
from portal.admin.documents_table import WITH_STATE, document_rows
from portal.admin.show import BAD, GOOD, QUIET, WAITING, WARNING, link, money, page_url, quantity, status
from portal.admin.timeline import timeline

State = SupplierInvoice.State
TONES = {
    State.WAITING: WAITING,
    State.MATCHED: GOOD,
    State.DISPUTED: WARNING,
    State.APPROVED: GOOD,
    State.REJECTED: BAD,
    State.SETTLED: QUIET,
    State.HELD: WARNING,
    State.REPEATED: QUIET,
    State.WITHDRAWN: QUIET,
}


@dataclass(frozen=True)
class BilledRow:
    """One line three ways: what was ordered and at which price, what was shipped, what this invoice asks for."""

    number: int
    sku: str
    name: str
    ordered: str
    price: str
    shipped: str
    invoiced: str
    billed: list[str]
    differences: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class BilledOrder:
    """What an invoice bills of one purchase order."""

    purchase_order: PurchaseOrder
    rows: list[BilledRow]
    general: list[str]
    waits: list[str]


@dataclass(frozen=True)
class BillRow:
    """One supplier's invoice as tables show it."""

    words: str
    url: str
    partner: str
    state: SafeString
    total: str
    stake: str
    approved: str


def bill_badge(bill: SupplierInvoice) -> SafeString:
    """Return the invoice's state."""
    return status(bill.state, bill.get_state_display(), TONES)


def bill_rows(bills: Iterable[SupplierInvoice]) -> list[BillRow]:
    """Return the rows of ``bills``, which were selected with their partners."""
    return [
        BillRow(
            words=str(bill),
            url=page_url(bill),
            partner=str(bill.partner),
            state=bill_badge(bill),
            total=signed(bill, bill.total),
            stake=money(bill.money_at_stake, bill.currency) if bill.money_at_stake else "",
            approved="" if bill.approved is None else signed(bill, bill.approved),
        )
        for bill in bills
    ]


def signed(bill: SupplierInvoice, amount: Decimal) -> str:
    """Return an amount of ``bill``; what comes back is below zero."""
    return money(-amount if bill.is_credit and amount else amount, bill.currency)


def bills_of(purchase_order: PurchaseOrder) -> list[BillRow]:
    """Return the suppliers' invoices for ``purchase_order``, the oldest first."""
    rows = SupplierInvoice.objects.filter(parts__purchase_order=purchase_order)
    return bill_rows(rows.select_related("partner").order_by("made_at", "pk"))


def supplier_invoice_context(bill: SupplierInvoice) -> dict[str, Any]:
    """Return everything that the template ``portal/supplier_invoice.html`` shows."""
    cases = list(bill.document.cases.select_related("owner").order_by("closed_at", "-opened_at"))
    parts = list(bill.parts.select_related("purchase_order__order", "purchase_order__agreement__partner"))
    orders = [part.purchase_order for part in parts]
    others = SupplierInvoice.objects.filter(partner=bill.partner, number=bill.number).exclude(pk=bill.pk)
    original = (
        SupplierInvoice.objects.filter(partner=bill.partner, number=bill.original).order_by("made_at").first()
        if bill.original
        else None
    )
    return {
        "title": str(bill),
        "bill": bill,
        "badge": bill_badge(bill),
        "total": signed(bill, bill.total),
        "stake": money(bill.money_at_stake, bill.currency) if bill.money_at_stake else "",
        "approved": "" if bill.approved is None else signed(bill, bill.approved),
        "original": link(original) if original is not None else bill.original,
        "unknown": [each for each in bill.unknown if each],
        "is_readable": holds(bill),
        "orders": [_billed_order(bill, part) for part in parts] if holds(bill) else [],
        "heading": [
            (each.difference.what.capitalize(), each.difference.asked, each.difference.answered, money(each.money, bill.currency))
            for each in map(as_costly, bill.differences)
        ],
        "others": bill_rows(others.select_related("partner").order_by("made_at", "pk")) if bill.number else [],
        "documents": document_rows(_documents(bill, orders)),
        "open_cases": [case for case in cases if case.closed_at is None],
        "closed_cases": [case for case in cases if case.closed_at is not None],
        "timeline": timeline(bill.subject, document=bill.document),
    }  # fmt: skip


def _billed_order(bill: SupplierInvoice, part: Any) -> BilledOrder:
    purchase_order = part.purchase_order
    asked = asked_lines(purchase_order)
    read = read_for(bill, purchase_order, asked)
    ordered = {line.line_number: line for line in ordered_lines(purchase_order, asked)}
    found = positions_of(purchase_order)
    names = {line.line_number: line.description for line in purchase_order.lines.all()}
    told: dict[int | None, list[str]] = {}
    for each in map(as_costly, part.differences):
        words = gettext("%(what)s: agreed %(asked)s, %(verb)s %(answered)s") % {
            "what": each.difference.what,
            "asked": each.difference.asked,
            "verb": each.difference.verb,
            "answered": each.difference.answered,
        }
        amount = f" ({money(each.money, bill.currency)})" if each.money else ""
        told.setdefault(each.difference.line_number, []).append(words[:1].upper() + words[1:] + amount)
    rows = [
        _row(ordered[number], found[number], parts, names[number], told.get(number, []), bill.currency)
        for number, parts in sorted(read.billed.lines.items())
    ]
    return BilledOrder(purchase_order, rows, told.get(None, []), part.waits)


def _row(
    line: OrderedLine,
    stands: Position,
    parts: Iterable[BilledPart],
    name: str,
    differences: list[str],
    currency: str,
) -> BilledRow:
    billed = [
        gettext("%(quantity)s %(unit)s at %(price)s")
        % {
            "quantity": quantity(part.quantity),
            "unit": "" if part.counts else part.unit,
            "price": money(part.unit_price, currency) or gettext("no price"),
        }
        for part in parts
    ]
    net = stands.invoiced - stands.credited
    return BilledRow(
        number=line.line_number,
        sku=line.sku,
        name=name or line.sku,
        ordered=f"{quantity(line.in_force)} {line.unit}",
        price=gettext("at %(price)s") % {"price": money(line.unit_price, currency)}
        if line.unit_price is not None
        else gettext("no price agreed"),
        shipped=quantity(line.shipped),
        invoiced=quantity(net),
        billed=[" ".join(each.split()) for each in billed],
        differences=differences,
    )


def _documents(bill: SupplierInvoice, orders: list[PurchaseOrder]) -> list[Document]:
    """Return the invoice and what it is held against: the purchase orders, their answers and ship notices."""
    Role = OrderDocument.Role
    links = OrderDocument.objects.filter(
        purchase_order__in=orders,
        role__in=[Role.PURCHASE_ORDER, Role.PURCHASE_ORDER_ACKNOWLEDGMENT, Role.SHIP_NOTICE],
    )
    pks = {bill.document_id, *links.values_list("document_id", flat=True)}
    return list(Document.objects.filter(pk__in=pks).select_related(*WITH_STATE).order_by("pk"))


def invoice_link(case: ExceptionCase) -> str:
    """Return the supplier's invoice that a case is about, as a link; empty where it is about none."""
    bill = SupplierInvoice.objects.filter(document=case.document_id).first() if case.document_id else None
    return link(bill)
