"""The invoice of an order, whole or for one shipment of it, with the proof that it comes to the store's total.

Where the store's prices are without tax, lines, charges and reductions are, and the tax is added; where they are with tax,
the tax is in them and is told as included. The other way round is tried where the first does not add up: some stores
keep reductions with tax although their prices are without. Whichever is used adds up to the cent, or there is no invoice.

**Shipments.** Each invoice of a shipment has the shipped quantity of its lines, and of everything on the whole order
(shipping, handling, wrapping, fees, reductions, tax) the share that the goods invoiced so far have of all goods by value,
less what earlier invoices had of it. So the invoices of all shipments come to the store's total exactly, however many
there are. Goods without a value count by number.
"""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal

from integration.documents import Invoice, InvoicedCharge, InvoiceLine, Tax
from integration.matching.invoicing.amounts import (
    Component,
    Proof,
    apportioned,
    in_units,
    prove,
    rounded,
)
from integration.matching.invoicing.sold import ZERO, Sold, SoldCharge, SoldLine, SoldReduction

TAX = "tax"
WHOLE = Decimal(1)


@dataclass(frozen=True, slots=True)
class Header:
    """What an invoice is called, and when it is from; for a shipment how it went."""

    number: str
    invoiced_on: datetime.date
    shipped_on: datetime.date | None = None
    carrier_scac: str = ""
    carrier_name: str = ""
    tracking_number: str = ""


@dataclass(frozen=True, slots=True)
class Part:
    """Which part of an order is invoiced: by line id how many now and how many before; by key what was invoiced before."""

    now: Mapping[int, Decimal]
    before: Mapping[int, Decimal] = field(default_factory=dict)
    amounts_before: Mapping[str, Decimal] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Composed:
    """An invoice and its proof; no invoice where the proof does not hold."""

    document: Invoice | None
    proof: Proof


def compose_invoice(sold: Sold, header: Header, part: Part | None = None) -> Composed:
    """Return the invoice of an order, or of ``part`` of it."""
    proof = prove_order(sold)
    if not proof.holds:
        return Composed(None, proof)
    units = in_units(proof, sold.decimals)
    quantities = {line.id: line.quantity for line in sold.lines}
    contained = sold.tax if proof.with_tax else ZERO
    if part is not None:
        quantities = dict(part.now)
        before, now = _share(sold, part.before, proof), _share(sold, _sum(part), proof)
        contained = rounded(contained * now, sold.decimals) - rounded(contained * before, sold.decimals)
        proof = _proof_of_part(sold, proof, _portions(sold, units, part, now))
        if not proof.holds:
            return Composed(None, proof)
        units = proof.components
    return Composed(_document(sold, header, proof, units, quantities, contained), proof)


def prove_order(sold: Sold) -> Proof:
    """Return the proof of the store's total: by prices as the store has them, else by the others if those add up."""
    usual = _prove(sold, sold.prices_with_tax)
    if usual.holds:
        return usual
    other = _prove(sold, not sold.prices_with_tax)
    return other if other.holds else usual


def _prove(sold: Sold, with_tax: bool) -> Proof:
    components = [
        Component(
            f"line:{line.id}",
            f"{line.quantity} × {line.name}",
            line.total.by(with_tax),
            _field("total", with_tax),
        )
        for line in sold.lines
    ]
    components += [
        Component(each.key, each.label, each.amount.by(with_tax), _field(each.field, with_tax))
        for each in sold.charges
        if each.amount.by(with_tax)
    ]
    components += [
        Component(each.key, each.label, -each.amount, each.field) for each in sold.reductions if each.amount
    ]
    if not with_tax and sold.tax:
        components.append(Component(TAX, "Tax", sold.tax, "total_tax"))
    return prove(
        components,
        sold.total.with_tax,
        sold.decimals,
        "total_inc_tax",
        problems=[*_problems(sold), *_line_problems(sold, with_tax)],
        with_tax=with_tax,
    )


def _problems(sold: Sold) -> Iterable[str]:
    total = sold.total
    if total.without_tax + sold.tax != total.with_tax:
        difference = total.with_tax - total.without_tax - sold.tax
        yield (
            f"The store's total without tax {total.without_tax} and its tax {sold.tax} come to"
            f" {total.without_tax + sold.tax}, and its total with tax is {total.with_tax}: {difference} apart."
        )
    if total.with_tax != rounded(total.with_tax, sold.decimals):
        yield f"The total {total.with_tax} {sold.currency} is finer than the currency, which has {sold.decimals} decimals."
    if total.with_tax < 0:
        yield f"The total {total.with_tax} is below 0."


def _line_problems(sold: Sold, with_tax: bool) -> Iterable[str]:
    for line in sold.lines:
        price, total = line.price.by(with_tax), line.total.by(with_tax)
        if rounded(line.quantity * price, sold.decimals) != rounded(total, sold.decimals):
            yield (
                f"Line {line.number}: {line.quantity} × {price} is {line.quantity * price}, and the store says {total}."
            )


def _sum(part: Part) -> dict[int, Decimal]:
    return {
        line: part.before.get(line, ZERO) + part.now.get(line, ZERO) for line in {**part.before, **part.now}
    }


def _share(sold: Sold, quantities: Mapping[int, Decimal], proof: Proof) -> Decimal:
    """Return which share of all goods ``quantities`` are, by value; by number where nothing has a value."""
    values = {line.id: line.total.by(proof.with_tax) for line in sold.lines}
    if not sum(values.values(), ZERO):
        values = {line.id: line.quantity for line in sold.lines}
    whole = sum(values.values(), ZERO)
    if not whole:
        return WHOLE
    if all(quantities.get(line.id, ZERO) == line.quantity for line in sold.lines):
        return WHOLE
    reached = sum((values[line.id] * _line_share(line, quantities) for line in sold.lines), ZERO)
    return reached / whole


def _line_share(line: SoldLine, quantities: Mapping[int, Decimal]) -> Decimal:
    reached = quantities.get(line.id, ZERO)
    return WHOLE if reached == line.quantity else reached / line.quantity


def _portions(sold: Sold, units: Iterable[Component], part: Part, share: Decimal) -> list[Component]:
    reached = _sum(part)
    shares = {f"line:{line.id}": _line_share(line, reached) for line in sold.lines}
    touched = {f"line:{number}" for number, quantity in part.now.items() if quantity}
    found = []
    for each in units:
        is_line = each.key in shares
        due = rounded(each.amount * shares.get(each.key, share), sold.decimals)
        amount = due - part.amounts_before.get(each.key, ZERO)
        if amount or (is_line and each.key in touched):
            label = each.label if not is_line else _label(sold, each, part)
            found.append(replace(each, amount=amount, label=label))
    return found


def _label(sold: Sold, component: Component, part: Part) -> str:
    line = next(line for line in sold.lines if f"line:{line.id}" == component.key)
    return f"{part.now.get(line.id, ZERO)} of {line.quantity} × {line.name}"


def _proof_of_part(sold: Sold, whole: Proof, portions: list[Component]) -> Proof:
    total = sum((each.amount for each in portions), ZERO)
    problems = []
    if total < 0:
        problems.append(
            f"The order was changed after parts of it were invoiced: this part would come to {total}, below 0."
        )
    strange = [
        each
        for each in portions
        if each.key.startswith("line:") and each.label.startswith("0 of") and each.amount
    ]
    problems += [
        f"{each.label}: the store's amount was changed after it was invoiced; {each.amount} apart."
        for each in strange
    ]
    share = f"the share of this shipment in total_inc_tax {whole.total}"
    return Proof(tuple(portions), total, total, ZERO, share, tuple(problems), whole.with_tax)


def _document(
    sold: Sold,
    header: Header,
    proof: Proof,
    units: Iterable[Component],
    quantities: Mapping[int, Decimal],
    contained: Decimal,
) -> Invoice:
    amounts = {each.key: each.amount for each in units}
    tax = contained if proof.with_tax else amounts.get(TAX, ZERO)
    lines = [line for line in sold.lines if quantities.get(line.id)]
    return Invoice(
        invoice_date=header.invoiced_on,
        invoice_number=header.number,
        purchase_order_date=sold.placed_on,
        purchase_order_number=sold.purchase_order,
        type="debit_invoice",
        purpose="original",
        remarks=tuple(f"Paid by {each.label}: {each.amount} {sold.currency}" for each in sold.payments),
        currency=sold.currency,
        customer_order_number=sold.order,
        ship_to=sold.ship_to,
        bill_to=sold.bill_to,
        buyer=sold.buyer,
        vendor=sold.vendor,
        shipped_on=header.shipped_on,
        lines=tuple(invoice_line(line, quantities[line.id], line.price.by(proof.with_tax)) for line in lines),
        total=proof.total,
        taxes=tuple(_taxes(sold, tax, proof.with_tax)),
        carrier_scac=header.carrier_scac or None,
        routing=header.carrier_name or None,
        tracking_number=header.tracking_number or None,
        allowances_and_charges=tuple(_charges(sold, amounts)),
    )


def invoice_line(line: SoldLine, quantity: Decimal, price: Decimal) -> InvoiceLine:
    """Return ``line`` as it is invoiced or credited."""
    return InvoiceLine(
        line_number=str(line.number),
        quantity=shortest(quantity),
        unit="each",
        unit_price=shortest(price),
        sku=line.sku or None,
        upc=line.upc if len(line.upc) == 12 else None,
        description=line.name or None,
    )


def _charges(sold: Sold, amounts: Mapping[str, Decimal]) -> Iterable[InvoicedCharge]:
    named: list[SoldCharge | SoldReduction] = [*sold.charges, *sold.reductions]
    for each in named:
        if amount := amounts.get(each.key):
            yield charge(each.service_code, each.label, amount)


def charge(service_code: str, label: str, amount: Decimal) -> InvoicedCharge:
    """Return an amount on the whole: a charge, or below 0 an allowance."""
    kind, handling = ("allowance", "off_invoice") if amount < 0 else ("charge", "paid_by_customer")
    return InvoicedCharge(
        type=kind, service_code=service_code, amount=abs(amount), handling=handling, description=label[:80]
    )


def _taxes(sold: Sold, tax: Decimal, included: bool) -> Iterable[Tax]:
    """Return the rows of the store's taxes where they come to its tax, else the tax as one."""
    if not tax:
        return []
    by_name: dict[tuple[str, Decimal], Decimal] = {}
    for row in sold.taxes:
        by_name[row.name, row.rate] = by_name.get((row.name, row.rate), ZERO) + row.amount
    if sum(by_name.values(), ZERO) != sold.tax or not sold.tax:
        return [tax_row(tax, included)]
    shares = [amount * tax / sold.tax for amount in by_name.values()]
    parts = apportioned(shares, tax, sold.decimals)
    rates = [rate for _, rate in by_name]
    return [tax_row(amount, included, rate) for amount, rate in zip(parts, rates, strict=True) if amount]


def tax_row(amount: Decimal, included: bool, rate: Decimal = ZERO) -> Tax:
    """Return one tax on the whole."""
    return Tax(
        type="all_taxes",
        amount=amount,
        rate=shortest(rate) if rate else None,
        relationship="included" if included else None,
    )


def shortest(number: Decimal) -> Decimal:
    """Return the number without idle zeros."""
    return number.normalize() if number % 1 else number.quantize(Decimal(1))


def _field(name: str, with_tax: bool) -> str:
    return f"{name}_inc_tax" if with_tax else f"{name}_ex_tax"
