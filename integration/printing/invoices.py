"""Invoices and credit memos on paper, from the canonical document; every sum is the one that the document says."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Final

from integration.documents import Invoice, InvoiceLine, Tax
from integration.documents.parts import AllowanceOrCharge, Item, Terms
from integration.matching.invoicing.amounts import decimals_of, line_amounts, rounded
from integration.matching.lines import plain, words
from integration.printing.paper import Column, Paper, Sheet, bind, day
from integration.printing.parties import party_lines

_COLUMNS: Final = (
    Column("Item", 20),
    Column("Description", 38),
    Column("Quantity", 13, is_number=True),
    Column("Unit", 11),
    Column("Unit price", 15, is_number=True),
    Column("Amount", 17, is_number=True),
)
ZERO: Final = Decimal(0)
_CREDITS: Final = frozenset({"credit_memo", "credit_invoice"})
_SERVICES: Final = {"C310": "Discount", "D240": "Freight", "D500": "Handling"}


def invoice_pdf(invoices: Sequence[Invoice], paper: Paper) -> bytes:
    """Return ``invoices`` as one PDF, each on pages of its own. Raises ``ValueError`` where there are none."""
    return bind([_sheet(each, paper) for each in invoices], paper, "Invoices")


def title_of(invoice: Invoice) -> str:
    """Return what the document is called: an invoice, or a credit memo."""
    return "Credit memo" if invoice.type in _CREDITS else "Invoice"


def money(value: Decimal | None, currency: str) -> str:
    """Return an amount with its currency: ``1,024.50 USD``."""
    return f"{_figure(value, currency)} {currency}".strip() if value is not None else ""


def _sheet(invoice: Invoice, paper: Paper) -> Sheet:
    title, number = title_of(invoice), invoice.invoice_number or ""
    seller = party_lines(invoice.vendor or invoice.remit_to)
    sheet = Sheet(paper, f"{title} {number}{f', {seller[0]}' if seller else ''}")
    sheet.heading(
        f"{title} {number}", f"Credits invoice {invoice.original_invoice}" if invoice.original_invoice else ""
    )
    sheet.blocks(
        [
            ("From", seller),
            ("Bill to", party_lines(invoice.bill_to or invoice.buyer)),
            ("Ship to", party_lines(invoice.ship_to)),
        ]
    )
    sheet.facts(
        [
            ("Date", day(invoice.invoice_date)),
            ("Order", invoice.customer_order_number or ""),
            ("Purchase order", invoice.purchase_order_number or ""),
            ("Currency", invoice.currency or ""),
            ("Shipped on", day(invoice.shipped_on)),
            ("Tracking number", invoice.tracking_number or ""),
            ("Terms", "; ".join(each for each in map(_terms, invoice.terms) if each)),
        ]
    )
    currency = invoice.currency or ""
    lines = zip(invoice.lines, _amounts(invoice), strict=True)
    sheet.table(_COLUMNS, [row for line, amount in lines for row in _line_rows(line, amount, currency)])
    on_charges = (tax for charge in invoice.allowances_and_charges for tax in charge.taxes)
    sums = [
        *map(_charge, invoice.allowances_and_charges),
        *map(_tax, (*on_charges, *invoice.taxes)),
    ]
    sheet.totals(
        [
            *((name, money(amount, currency)) for name, amount in sums),
            ("Credited in all" if invoice.type in _CREDITS else "Total", money(invoice.total, currency)),
        ]
    )
    for remark in invoice.remarks:
        sheet.note(remark)
    return sheet


def _line_rows(line: InvoiceLine, amount: Decimal, currency: str) -> list[tuple[str, ...]]:
    """Return the row of a line, and one for each charge and tax on it alone."""
    quantity = plain(line.quantity) if line.quantity is not None else ""
    row = (
        _number(line), line.description or "", quantity, words(line.unit) if line.unit else "",
        _figure(line.unit_price, currency),
        _figure(amount, currency) if line.unit_price is not None else "",
    )  # fmt: skip
    more = [
        *(_charge(each) for each in line.allowances_and_charges),
        *(_tax(tax) for each in line.allowances_and_charges for tax in each.taxes),
        *(_tax(each) for each in line.taxes),
    ]
    return [row, *(("", name, "", "", "", _figure(value, currency)) for name, value in more)]


def _figure(value: Decimal | None, currency: str) -> str:
    """Return an amount with the decimals of its currency, and further ones that it has."""
    if value is None:
        return ""
    exponent = value.normalize().as_tuple().exponent
    decimals = max(decimals_of(currency), -exponent if isinstance(exponent, int) else 0)
    return f"{value:,.{decimals}f}"


def _number(item: Item) -> str:
    known = (
        item.buyer_item,
        item.sku,
        item.vendor_item,
        item.upc,
        item.ean,
        item.gtin14,
        item.manufacturer_item,
    )
    return next((each for each in known if each), "")


def _amounts(invoice: Invoice) -> list[Decimal]:
    """Return what each line comes to, so that all that is printed comes to the total.

    Where lines have charges or taxes of their own, which the total is not shared out by, each is rounded for itself.
    """
    if invoice.total is not None and not any(
        each.allowances_and_charges or each.taxes for each in invoice.lines
    ):
        return line_amounts(invoice)
    decimals = decimals_of(invoice.currency or "")
    return [rounded((each.quantity or ZERO) * (each.unit_price or ZERO), decimals) for each in invoice.lines]


def _charge(charge: AllowanceOrCharge) -> tuple[str, Decimal | None]:
    fallback = "Allowance" if charge.type == "allowance" else "Charge"
    name = charge.description or _SERVICES.get(charge.service_code or "") or fallback
    amount = charge.amount
    return name, -amount if amount is not None and charge.type == "allowance" else amount


def _tax(tax: Tax) -> tuple[str, Decimal | None]:
    kind = "Tax" if tax.type in (None, "all_taxes", "other") else f"Tax, {words(tax.type)}"
    rate = f"{plain((tax.rate * 100).normalize())} %" if tax.rate is not None else ""
    inside = "in the prices" if tax.relationship == "included" else ""
    return ", ".join(each for each in (kind, tax.jurisdiction or "", rate, inside) if each), tax.amount


def _terms(terms: Terms) -> str:
    if terms.description:
        return terms.description
    if terms.net_due is not None:
        return f"due {day(terms.net_due)}"
    return f"net {terms.net_days} days" if terms.net_days is not None else ""
