"""Suppliers' invoices as rows and in the ledger: what each bills of a purchase order, in our units."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

from archive.models import Document, Validation
from archive.record import record_event
from integration.documents import Invoice, from_json
from integration.flows.accept import current_reading, reverse, stated_at
from integration.flows.agreed import agreed_with
from integration.flows.counted import tell_converted, terms_of
from integration.flows.positions import place_of, positions_of
from integration.matching.acknowledgment import Difference
from integration.matching.bill_totals import amounts_of, unsigned
from integration.matching.invoices import (
    Bill,
    Billed,
    BillLimits,
    Costly,
    OrderedLine,
    billed_for,
    lines_for,
    orders_named,
)
from integration.matching.lines import AskedLine, plain
from integration.matching.tolerances import Limit
from integration.models import (
    LineEntry,
    PurchaseOrder,
    SupplierInvoice,
    SupplierInvoicePart,
)
from partners.mapping.conversion import from_partner
from partners.models import Agreement, BillTolerances, TradingPartner

_LARGEST = Decimal(10) ** 18 - 1
_LARGEST_PRICE = Decimal(10) ** 10
_LARGEST_QUANTITY = Decimal(10) ** 11
"""What the ledger can keep; whatever is more than that differs from what was ordered, and is a case."""


@dataclass(frozen=True)
class Read:
    """One bill that stands, as it reads for one purchase order, in our units."""

    row: SupplierInvoice
    invoice: Invoice
    billed: Billed
    notes: tuple[str, ...]

    @property
    def document(self) -> Document:
        """The bill's document."""
        return self.row.document


def lock_partner(partner: TradingPartner) -> None:
    """Let nobody else match a bill of ``partner`` meanwhile: two of one number need not name one purchase order.

    It is held first, before any purchase order.
    """
    TradingPartner.objects.select_for_update(no_key=True).get(pk=partner.pk)


def said(document: Document) -> Invoice:
    """Return the canonical invoice that ``document`` was read as."""
    invoice = from_json("invoice", document.translation.content or {})
    assert isinstance(invoice, Invoice)
    return invoice


def record(
    document: Document,
    invoice: Invoice,
    known: Iterable[PurchaseOrder],
    unknown: Sequence[str],
    taken_for: str = "",
) -> SupplierInvoice:
    """Write the row of ``document``, or what it says as it is read now; return it."""
    assert document.partner is not None
    turned, is_credit = unsigned(invoice)
    total = amounts_of(turned).total if turned.total is None else turned.total
    told = {
        "partner": document.partner,
        "reading": current_reading(document),
        "number": (invoice.invoice_number or "")[:80],
        "kind": (invoice.type or "")[:40],
        "is_credit": is_credit,
        "original": (invoice.original_invoice or "")[:80],
        "invoice_date": invoice.invoice_date,
        "currency": (invoice.currency or currency_of(document))[:3],
        "total": max(min(total, _LARGEST), -_LARGEST),
        "unknown": list(unknown),
        "taken_for": taken_for,
    }
    made = {"made_at": stated_at(document), "place": list(place_of(document))}
    row, _ = SupplierInvoice.objects.update_or_create(
        document=document, defaults=told, create_defaults={**told, **made}
    )
    wanted = {each.pk for each in known}
    row.parts.exclude(purchase_order__in=wanted).delete()
    for pk in wanted - set(row.parts.values_list("purchase_order", flat=True)):
        SupplierInvoicePart.objects.create(invoice=row, purchase_order_id=pk)
    return row


def in_order(row: SupplierInvoice) -> tuple[Any, ...]:
    """Return what puts bills of a partner into the order in which he made them."""
    return (row.made_at, *row.place, row.document_id)


def holds(row: SupplierInvoice) -> bool:
    """Say whether the document still reads as an invoice, and was matched as it reads now."""
    document = row.document
    is_readable = document.state.validation != Validation.INVALID and document.translation.content is not None
    return is_readable and row.reading == current_reading(document)


def turned(row: SupplierInvoice) -> Invoice:
    """Return what a bill says, its amounts without a sign, and the purchase order that it is taken for."""
    return for_order(unsigned(said(row.document))[0], row.taken_for)


def for_order(invoice: Invoice, number: str) -> Invoice:
    """Return ``invoice`` as for the purchase order of that number, where it names none itself."""
    if not number or invoice.purchase_order_number:
        return invoice
    return replace(invoice, purchase_order_number=number)


def order_of_original(partner: TradingPartner, invoice: Invoice) -> str:
    """Return the number of the purchase order that the invoice which a credit memo names is for; "" unless it is one."""
    if "" not in orders_named(invoice) or not invoice.original_invoice:
        return ""
    parts = SupplierInvoicePart.objects.filter(
        invoice__partner=partner, invoice__number=invoice.original_invoice[:80]
    ).exclude(invoice__state__in=SupplierInvoice.NOT_COUNTED)
    numbers = set(parts.values_list("purchase_order__number", flat=True))
    return numbers.pop() if len(numbers) == 1 else ""


def bills_for(purchase_order: PurchaseOrder, asked: Sequence[AskedLine]) -> list[Read]:
    """Return the bills for ``purchase_order`` that stand, in the order in which the partner made them."""
    parts = purchase_order.billed.exclude(invoice__state__in=SupplierInvoice.NOT_COUNTED).select_related(
        "invoice__document__translation", "invoice__document__state", "invoice__document__agreement", "invoice__partner"
    )  # fmt: skip
    rows = sorted((part.invoice for part in parts if holds(part.invoice)), key=in_order)
    return [read_for(row, purchase_order, asked) for row in rows]


def read_for(row: SupplierInvoice, purchase_order: PurchaseOrder, asked: Sequence[AskedLine]) -> Read:
    """Return what one bill says of ``purchase_order``, whether it stands or not."""
    invoice = turned(row)
    told = lines_for(invoice, purchase_order.number)
    converted = from_partner(Invoice(lines=told), terms_of(purchase_order))
    billed = billed_for(told, converted.document.lines, asked, converted.refusals)
    return Read(row, invoice, billed, converted.notes)


def bill_of(read: Read, *, may_wait: bool) -> Bill:
    """Return ``read`` as the pure decision takes it."""
    row = read.row
    return Bill(row.number, read.billed, row.is_credit, row.original, may_wait)


def ordered_lines(purchase_order: PurchaseOrder, asked: Sequence[AskedLine]) -> list[OrderedLine]:
    """Return the lines as bills are held against them; the price is the acknowledged one where that was accepted."""
    found, agreed = positions_of(purchase_order), agreed_with(purchase_order)
    return [
        OrderedLine(
            line_number=line.line_number,
            sku=line.sku,
            unit=line.unit,
            in_force=line.quantity,
            shipped=found[line.line_number].shipped,
            unit_price=_agreed_price(line, agreed.get(line.line_number)),
        )
        for line in asked
    ]


def _agreed_price(line: AskedLine, said_of: Any) -> Decimal | None:
    promised = said_of.unit_price if said_of is not None else None
    return line.unit_price if promised is None else promised


def post(purchase_order: PurchaseOrder, reads: Sequence[Read]) -> None:
    """Let the ledger hold what the bills that stand say of ``purchase_order``, and nothing else of its bills."""
    readings = {each.document.pk: current_reading(each.document) for each in reads}
    of_bills = LineEntry.standing().filter(
        line__purchase_order=purchase_order, document__transaction_set="810"
    )
    for entry in set(of_bills.values_list("document_id", "reading")):
        if readings.get(entry[0]) != entry[1]:
            gone = of_bills.filter(document_id=entry[0], reading=entry[1])
            reverse(gone, Document.objects.get(pk=entry[0]))
    for each in reads:
        if not of_bills.filter(document=each.document).exists():
            _post(purchase_order, each, readings[each.document.pk])


def _post(purchase_order: PurchaseOrder, read: Read, reading: int) -> None:
    document, row = read.document, read.row
    lines = {line.line_number: line for line in purchase_order.lines.all()}
    before = LineEntry.objects.filter(
        document=document, reading=reading, reverses=None, line__purchase_order=purchase_order
    )
    position = before.values("position").distinct().count()
    quantities = read.billed.quantities
    LineEntry.objects.bulk_create(
        LineEntry(
            line=lines[number],
            kind=LineEntry.Kind.CREDITED if row.is_credit is (quantity > 0) else LineEntry.Kind.INVOICED,
            quantity=abs(quantity),
            unit_price=_kept_price(read.billed.price_of(number)),
            document=document,
            position=position,
            reading=reading,
            stated_at=row.made_at,
        )
        for number, quantity in sorted(quantities.items())
        if abs(quantity) < _LARGEST_QUANTITY
    )
    if position:
        return
    tell_converted(document, read.notes)
    items = ", ".join(f"{plain(quantities[each])} of {lines[each].sku}" for each in sorted(quantities))
    verb = "credits" if row.is_credit else "bills"
    what = items or "nothing that was ordered"
    record_event(
        purchase_order.order.subject,
        "billed",
        f"{row.partner} {verb} {what} for purchase order {purchase_order.number}: {lower_words(row)},"
        f" {money(row.total, row.currency)}.",
        document=document,
    )


def _kept_price(price: Decimal | None) -> Decimal | None:
    """Return a price as the ledger keeps it: one that it cannot keep is in the document."""
    if price is None or abs(price) >= _LARGEST_PRICE:
        return None
    return price.quantize(Decimal("0.0001"))


def limits_of(agreement: Agreement) -> tuple[BillLimits, timedelta]:
    """Return what of bills is approved by itself under ``agreement``, and how long one waits for its ship notice."""
    row = BillTolerances.objects.filter(agreement=agreement).first()
    if row is None:
        return BillLimits(), timedelta(days=BillTolerances.DAYS)
    limits = BillLimits(
        price=Limit(row.price_percent, row.price_absolute),
        over=Limit(row.over_percent, row.over_absolute),
        charges=row.charges,
        taxes=row.taxes_percent,
        rounding=Decimal(row.rounding_cents) / 100,
    )
    return limits, timedelta(days=row.days_waiting)


def evidence_row(difference: Difference, amount: Decimal | None = None) -> dict[str, Any]:
    """Return a difference as cases keep it."""
    return difference.row if amount is None else {**difference.row, "money": f"{amount:.2f}"}


def costly_rows(found: Iterable[Costly]) -> list[dict[str, Any]]:
    """Return differences with their money as rows keep them."""
    return [{**evidence_row(each.difference, each.money), "verb": each.difference.verb} for each in found]


def as_costly(row: dict[str, Any]) -> Costly:
    """Return the difference that ``costly_rows`` wrote."""
    told = Difference(row["line"], row["sku"], row["what"], row["asked"], row["answered"], row["verb"])
    return Costly(told, Decimal(row["money"]))


def money(amount: Decimal, currency: str) -> str:
    """Return an amount as people say it."""
    return f"{amount:,.2f} {currency}".rstrip()


def lower_words(row: SupplierInvoice) -> str:
    """Return what a bill is called in the middle of a sentence."""
    words = str(row)
    return words[:1].lower() + words[1:]


def currency_of(document: Document) -> str:
    """Return the currency that was agreed for a bill."""
    return document.agreement.currency if document.agreement else ""
