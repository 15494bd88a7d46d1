"""What the page of an invoice shows, and its row on the page of its order."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import Any

from django.utils.safestring import SafeString
from django.utils.translation import gettext

from archive.models import Document
from integration.documents import Invoice as CanonicalInvoice
from integration.flows.invoicing import canonical_invoice, invoice_cause
from integration.matching.invoicing.amounts import decimals_of, line_amounts, rounded
from integration.models import ExceptionCase, Invoice, InvoiceCopy, Order
from portal.access import seen
from portal.admin.documents_table import WITH_STATE, document_rows
from portal.admin.show import BAD, GOOD, WAITING, page_url, quantity, status
from portal.admin.timeline import timeline

INVOICE_TONES = {
    Invoice.State.COMPOSED: WAITING,
    Invoice.State.HELD: BAD,
    Invoice.State.GENERATED: GOOD,
}


def invoice_badge(invoice: Invoice) -> SafeString:
    """Return the invoice's state."""
    return status(invoice.state, invoice.get_state_display(), INVOICE_TONES)


def exact_money(amount: Decimal, currency: str) -> str:
    """Return an amount with the decimals of its currency, and finer ones where it has them: ``12,600 JPY``."""
    whole = rounded(amount, decimals_of(currency))
    return f"{whole if whole == amount else amount.normalize():,f} {currency}".strip()


def invoice_context(invoice: Invoice) -> dict[str, Any]:
    """Return everything that the template ``portal/invoice.html`` shows of ``invoice``."""
    document = canonical_invoice(invoice)
    cases = list(
        seen(ExceptionCase.objects.filter(cause=invoice_cause(invoice)[:200])).select_related(
            "partner", "owner"
        )
    )
    copies = list(invoice.copies.select_related("rule__agreement__partner", "rule__mailbox"))
    documents = list(_documents(copies))
    return {
        "invoice": invoice,
        "badge": invoice_badge(invoice),
        "total": exact_money(invoice.total, invoice.currency),
        "reason": "" if any(case.closed_at is None for case in cases) else invoice.state_reason,
        "targets": [each.rule.target for each in copies],
        "canonical": document,
        "lines": _lines(document) if document is not None else [],
        "others": _others(document) if document is not None else [],
        "proof": _proof(invoice),
        "documents": document_rows(documents),
        "open_cases": [each for each in cases if each.closed_at is None],
        "closed_cases": [each for each in cases if each.closed_at is not None],
        "timeline": timeline(
            invoice.subject,
            [*(f"document:{each.pk}" for each in documents), *(each.subject for each in cases)],
        ),
    }


def _documents(copies: Sequence[InvoiceCopy]) -> Iterable[Document]:
    return (
        Document.objects.filter(pk__in=[each.document_id for each in copies if each.document_id])
        .select_related(*WITH_STATE)
        .order_by("pk")
    )


def _lines(document: CanonicalInvoice) -> list[dict[str, str]]:
    return [
        {
            "number": line.line_number or "",
            "name": line.description or line.sku or "",
            "sku": line.sku or "",
            "quantity": quantity(line.quantity),
            "price": exact_money(line.unit_price or Decimal(0), document.currency or "").partition(" ")[0],
            "amount": exact_money(amount, document.currency or ""),
        }
        for line, amount in zip(document.lines, line_amounts(document), strict=True)
    ]


def _others(document: CanonicalInvoice) -> list[tuple[str, str]]:
    """Return what stands below the lines: charges and allowances, taxes, payments."""
    currency = document.currency or ""
    rows = [
        (
            each.description or "",
            exact_money((each.amount or Decimal(0)) * (-1 if each.type == "allowance" else 1), currency),
        )
        for each in document.allowances_and_charges
    ]
    for tax in document.taxes:
        named = (
            gettext("Tax %(rate)s %%") % {"rate": quantity(tax.rate * 100)} if tax.rate else gettext("Tax")
        )
        if tax.relationship == "included":
            named = gettext("%(tax)s, in the prices") % {"tax": named}
        rows.append(
            (
                named,
                exact_money(tax.amount or Decimal(0), currency),
            )
        )
    return rows


def _proof(invoice: Invoice) -> dict[str, Any]:
    """Return what adds up to what; amounts finer than the currency as the store keeps them."""
    proof, currency = invoice.proof, invoice.currency
    if not proof:
        return {}

    def shown(name: str) -> str:
        return exact_money(Decimal(proof[name]), currency)

    return {
        "rows": [
            (each["label"], each["field"], exact_money(Decimal(each["amount"]), currency))
            for each in proof["components"]
        ],
        "sum": shown("sum"),
        "rounding": shown("rounding") if Decimal(proof["rounding"]) else "",
        "total": shown("total"),
        "total_field": proof["total_field"],
        "difference": shown("difference") if Decimal(proof["difference"]) else "",
        "problems": proof["problems"],
        "prices": gettext("with tax") if proof["with_tax"] else gettext("without tax"),
    }


def order_invoices(order: Order) -> list[dict[str, Any]]:
    """Return the invoices of ``order`` as rows of its page."""
    rows = order.invoices.defer("content", "proof").select_related("series").order_by("pk")
    return [
        {
            "row": each,
            "url": page_url(each),
            "badge": invoice_badge(each),
            "total": exact_money(each.total, each.currency),
        }
        for each in rows
    ]
