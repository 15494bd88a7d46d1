"""The credit memo of a refund: the refund's own items, amounts and tax, and its own total.

The store says of each item what was asked to be refunded, or for products only how many. Whether such amounts are with
tax or without it does not say: whichever adds up to the refund's total is used, the order's own prices first. A refund whose
amounts the merchant set himself has what he gave more or less than the items as a row of its own.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from decimal import Decimal

from integration.documents import Invoice, InvoicedCharge, InvoiceLine
from integration.matching.invoicing.amounts import Component, Proof, in_units, prove, rounded
from integration.matching.invoicing.composing import Composed, Header, charge, invoice_line, tax_row
from integration.matching.invoicing.sold import ZERO, Refund, RefundedItem, Sold, SoldLine

TOTAL_FIELD = "total_amount of the refund"
_WORDS = {
    "SHIPPING": ("D240", "Shipping refunded"),
    "HANDLING": ("D500", "Handling refunded"),
    "GIFT_WRAPPING": ("F050", "Gift wrapping refunded"),
    "ORDER": ("F050", "Refunded on the whole order"),
    "FEE": ("F050", "Fee refunded"),
}
_FINEST = 6
"""Decimals of the price of one, where an amount does not divide evenly."""


@dataclass(frozen=True, slots=True)
class _Way:
    """One way to read the amounts of a refund: what ``quantity`` of a line comes to, and whether that is with tax."""

    with_tax: bool
    amount: Callable[[SoldLine, Decimal], Decimal]


_WAYS = {
    False: _Way(False, lambda line, quantity: quantity * line.price.without_tax),
    True: _Way(True, lambda line, quantity: quantity * line.price.with_tax),
}
_DISCOUNTED = _Way(
    True, lambda line, quantity: line.discounted * quantity / line.quantity if line.quantity else ZERO
)


def compose_credit(sold: Sold, refund: Refund, header: Header, original_invoice: str) -> Composed:
    """Return the credit memo of ``refund``, which credits ``original_invoice``."""
    proof = prove_refund(sold, refund)
    if not proof.holds:
        return Composed(None, proof)
    units = in_units(proof, sold.decimals)
    tax = refund.tax if proof.with_tax else next((each.amount for each in units if each.key == "tax"), ZERO)
    document = Invoice(
        invoice_date=header.invoiced_on,
        invoice_number=header.number,
        purchase_order_date=sold.placed_on,
        purchase_order_number=sold.purchase_order,
        type="credit_memo",
        purpose="original",
        currency=sold.currency,
        customer_order_number=sold.order,
        original_invoice=original_invoice,
        bill_to=sold.bill_to,
        buyer=sold.buyer,
        vendor=sold.vendor,
        lines=tuple(_lines(sold, refund, proof)),
        total=refund.total,
        taxes=(tax_row(tax, proof.with_tax),) if tax else (),
        allowances_and_charges=tuple(_charges(refund, units)),
    )
    return Composed(document, proof)


def prove_refund(sold: Sold, refund: Refund) -> Proof:
    """Return the proof of the refund's total, by the first way of reading its amounts that adds up."""
    ways = [_WAYS[sold.prices_with_tax], _WAYS[not sold.prices_with_tax], _DISCOUNTED]
    proofs = [_prove(sold, refund, way) for way in ways]
    found = next((proof for proof in proofs if proof.holds), proofs[0])
    if found.holds or not refund.by_merchant or found.problems:
        return found
    rest = found.total - found.sum
    own = Component("merchant", "Set by the merchant", rest, "uses_merchant_override_values")
    return prove([*found.components, own], refund.total, sold.decimals, TOTAL_FIELD, with_tax=found.with_tax)


def _prove(sold: Sold, refund: Refund, way: _Way) -> Proof:
    lines = {line.id: line for line in sold.lines}
    components: list[Component] = []
    problems = list(_problems(refund, sold.decimals))
    for place, item in enumerate(refund.items):
        amount = _amount(item, _product(lines, item), way)
        if amount is None:
            problems.append(
                f"The store does not say what was refunded for item {place + 1} ({item.kind} {item.id})."
            )
            continue
        line = _product(lines, item)
        label = f"{item.quantity} × {line.name}" if line is not None else _words(item.kind)[1]
        key = f"line:{place}" if line is not None else f"item:{place}"
        components.append(Component(key, label, amount, "requested_amount"))
        if item.adjustment:
            components.append(
                Component(f"adjustment:{place}", f"Kept back of {label}"[:80], item.adjustment, "adjustments")
            )
    if refund.tax and not way.with_tax:
        components.append(Component("tax", "Tax", refund.tax, "total_tax"))
    return prove(
        components, refund.total, sold.decimals, TOTAL_FIELD, problems=problems, with_tax=way.with_tax
    )


def _problems(refund: Refund, decimals: int) -> Iterable[str]:
    if refund.total != rounded(refund.total, decimals):
        yield f"The refund's total {refund.total} is finer than the currency."
    if refund.paid != refund.total:
        declined = f", {refund.declined} was declined" if refund.declined else ""
        yield (
            f"The payments of the refund come to {refund.paid}{declined}, and its total is {refund.total}:"
            f" {refund.total - refund.paid} apart."
        )


def _amount(item: RefundedItem, line: SoldLine | None, way: _Way) -> Decimal | None:
    if item.amount is not None:
        return item.amount
    if line is None or item.quantity is None:
        return None
    return way.amount(line, item.quantity)


def _product(lines: dict[int, SoldLine], item: RefundedItem) -> SoldLine | None:
    """Return the order's line that ``item`` gives back, where it says how many."""
    return lines.get(item.id) if item.kind == "PRODUCT" and item.quantity else None


def _lines(sold: Sold, refund: Refund, proof: Proof) -> Iterable[InvoiceLine]:
    """Yield the products; the price of one is the amount by the quantity."""
    lines = {line.id: line for line in sold.lines}
    amounts = {each.key: each.amount for each in proof.components}
    for place, item in enumerate(refund.items):
        line = _product(lines, item)
        if line is not None and item.quantity:
            price = amounts[f"line:{place}"] / item.quantity
            yield invoice_line(line, item.quantity, rounded(price, _FINEST))


def _charges(refund: Refund, units: Iterable[Component]) -> Iterable[InvoicedCharge]:
    for each in units:
        what, _, place = each.key.partition(":")
        if what in ("line", "tax") or not each.amount:
            continue
        code = _words(refund.items[int(place)].kind)[0] if what == "item" else "F050"
        yield charge(code, each.label, each.amount)


def _words(kind: str) -> tuple[str, str]:
    return _WORDS.get(kind, ("F050", "Refunded"))
