"""Two suppliers' invoices (810) of one number held against each other: the same one again, or another one."""

from __future__ import annotations

from decimal import Decimal
from itertools import zip_longest

from integration.documents.invoice import Invoice, InvoiceLine
from integration.matching.acknowledgment import Difference
from integration.matching.bill_totals import amounts_of
from integration.matching.lines import number_of, plain, words

BILLED = "billed again"
ZERO = Decimal(0)


def unlike(first: Invoice, other: Invoice) -> tuple[Difference, ...]:
    """Return what two bills of one number differ in, of all that is about goods and money; nothing where they say the same."""
    found = [
        Difference(None, "", what, before, now, BILLED)
        for what, before, now in zip(_HEADING, _heading(first), _heading(other), strict=True)
        if before != now
    ]
    for place, (one, two) in enumerate(zip_longest(first.lines, other.lines), start=1):
        before, now = _line_words(one), _line_words(two)
        if before != now:
            item = number_of(one or two or InvoiceLine())
            found.append(Difference(place, item, "line", before, now, BILLED))
    return tuple(found)


_HEADING = (
    "total",
    "kind",
    "currency",
    "purchase order",
    "invoice credited",
    "charges",
    "allowances",
    "taxes",
)


def _heading(invoice: Invoice) -> tuple[str, ...]:
    amounts = amounts_of(invoice)
    costs = [
        sum((each.amount for each in amounts.charges), ZERO),
        amounts.allowances,
        sum((each.amount for each in amounts.taxes), ZERO),
    ]
    return (
        "no total" if invoice.total is None else f"{invoice.total:.2f}",
        words(invoice.type),
        invoice.currency or "none told",
        invoice.purchase_order_number or "none told",
        invoice.original_invoice or "none",
        *(plain(each) for each in costs),
    )


def _line_words(line: InvoiceLine | None) -> str:
    if line is None:
        return "nothing"
    parts = [plain(line.quantity), line.unit or "", number_of(line)]
    if line.purchase_order_number:
        parts.append(f"of {line.purchase_order_number}")
    if line.unit_price is not None:
        parts.append(f"at {plain(line.unit_price)}")
    return " ".join(each for each in parts if each)
