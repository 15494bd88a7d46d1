"""What a supplier's invoice (810) adds up to: goods, charges, taxes, and whether its total is the sum of them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from decimal import ROUND_HALF_UP, Context, Decimal

from integration.documents.invoice import Invoice, InvoicedCharge, InvoiceLine, Tax
from integration.matching.lines import words

CENT = Decimal("0.01")
_WIDE = Context(prec=60)
"""Room for the largest quantity times the largest price that X12 can tell."""
CREDITS = frozenset({"credit_memo", "credit_invoice"})
"""Kinds of 810 (element 640) that give money back."""
TAX_SERVICE = "H850"
"""SAC02 (element 1300) of a tax told as a charge."""
NOT_IN_TOTAL = frozenset(
    {"bill_back", "vendor_check", "credit_account", "paid_by_vendor", "optional", "information_only"}
)
"""SAC12 (element 331) of what is settled elsewhere: it is not in the invoice's total."""
_SERVICES = {
    "D240": "freight",
    "D500": "handling",
    "G821": "shipping",
    "C310": "discount",
    TAX_SERVICE: "tax",
}
ALL_TAXES = "all_taxes"
NOT_BESIDES = frozenset({"included", "information_only"})
"""TXI07 (element 662) of a tax that the prices hold already, or that is told only: it is not in the total once more."""


@dataclass(frozen=True, slots=True)
class Cost:
    """One charge or tax: what it is called, and how much; ``line`` is the partner's line, "" for the whole."""

    called: str
    amount: Decimal
    line: str = ""


@dataclass(frozen=True, slots=True)
class Amounts:
    """What an invoice asks for by its parts. ``sums`` are the totals that it may have: lines rounded each, or at the end."""

    goods: Decimal
    charges: tuple[Cost, ...]
    taxes: tuple[Cost, ...]
    allowances: Decimal
    sums: tuple[Decimal, ...]

    @property
    def total(self) -> Decimal:
        """The sum of the parts, with each line rounded to the cent."""
        return self.sums[0]


def cents(amount: Decimal) -> Decimal:
    """Return ``amount`` to the cent, halves away from zero."""
    return amount.quantize(CENT, ROUND_HALF_UP, _WIDE)


def unsigned(invoice: Invoice) -> tuple[Invoice, bool]:
    """Return the invoice with its amounts as they are billed or credited, and whether it gives money back.

    Some partners write a credit memo's amounts below zero, and some an ordinary invoice below zero as a credit.
    """
    below = invoice.total is not None and invoice.total < 0
    is_credit = invoice.type in CREDITS or below
    if not below:
        return invoice, is_credit
    turned = replace(
        invoice,
        total=_negated(invoice.total),
        lines=tuple(
            replace(
                line,
                quantity=_negated(line.quantity),
                taxes=_turned_taxes(line.taxes),
                allowances_and_charges=_turned(line.allowances_and_charges),
            )
            for line in invoice.lines
        ),
        taxes=_turned_taxes(invoice.taxes),
        allowances_and_charges=_turned(invoice.allowances_and_charges),
    )
    return turned, is_credit


def line_amount(line: InvoiceLine) -> Decimal:
    """Return quantity times price as the partner tells both, exactly; 0 where one is missing."""
    return (line.quantity or Decimal(0)) * (line.unit_price or Decimal(0))


def amounts_of(invoice: Invoice) -> Amounts:
    """Return what ``invoice`` (see ``unsigned``) asks for."""
    exact = sum((line_amount(line) for line in invoice.lines), Decimal(0))
    goods = sum((cents(line_amount(line)) for line in invoice.lines), Decimal(0))
    charges: list[Cost] = []
    of_lines: list[Cost] = []
    allowances = Decimal(0)
    for where, rows in _all_charges(invoice):
        for row in rows:
            amount = _charged(row)
            if row.type == "allowance":
                allowances += amount
            elif row.type == "charge" and row.service_code == TAX_SERVICE:
                of_lines.append(Cost(_charge_words(row), amount, where))
            elif row.type == "charge" and amount:
                charges.append(Cost(_charge_words(row), amount, where))
            of_lines += _taxes(row.taxes, where)
    for line in invoice.lines:
        of_lines += _taxes(line.taxes, line.line_number or "?")
    taxes = _once(of_lines, _taxes(invoice.taxes, ""))
    rest = sum((each.amount for each in (*charges, *taxes)), Decimal(0)) - allowances
    sums = dict.fromkeys([cents(goods + rest), cents(exact + rest)])
    return Amounts(goods, tuple(charges), tuple(taxes), allowances, tuple(sums))


def _once(of_lines: list[Cost], of_whole: list[Cost]) -> list[Cost]:
    """Return the taxes, each once: many invoices tell those of the lines again as one sum."""
    if of_lines and sum(each.amount for each in of_lines) == sum(each.amount for each in of_whole):
        return of_whole
    return [*of_lines, *of_whole]


def _taxes(rows: Sequence[Tax], where: str) -> list[Cost]:
    """Return the taxes that come on top of the prices of one place; one that sums up the others is none besides."""
    told = [each for each in rows if each.amount and each.relationship not in NOT_BESIDES]
    others = sum((each.amount or Decimal(0) for each in told if each.type != ALL_TAXES), Decimal(0))
    if others:
        told = [each for each in told if each.type != ALL_TAXES or each.amount != others]
    return [Cost(_tax_words(each), each.amount or Decimal(0), where) for each in told]


def _all_charges(invoice: Invoice) -> Iterator[tuple[str, Iterable[InvoicedCharge]]]:
    yield "", invoice.allowances_and_charges
    for line in invoice.lines:
        yield line.line_number or "?", line.allowances_and_charges


def _charged(row: InvoicedCharge) -> Decimal:
    if row.handling in NOT_IN_TOTAL:
        return Decimal(0)
    if row.amount is not None:
        return row.amount
    return (row.amount_per_unit or Decimal(0)) * (row.quantity or Decimal(0))


def _charge_words(row: InvoicedCharge) -> str:
    code = row.service_code or row.agency_code or ""
    return row.description or _SERVICES.get(code) or (f"charge {code}" if code else "charge")


def _tax_words(tax: Tax) -> str:
    return "tax" if tax.type in (None, ALL_TAXES) else f"{words(tax.type)} tax"


def _negated(amount: Decimal | None) -> Decimal | None:
    return None if amount is None else -amount


def _turned_taxes(taxes: Iterable[Tax]) -> tuple[Tax, ...]:
    return tuple(replace(each, amount=_negated(each.amount)) for each in taxes)


def _turned(charges: Iterable[InvoicedCharge]) -> tuple[InvoicedCharge, ...]:
    return tuple(
        replace(each, amount=_negated(each.amount), taxes=_turned_taxes(each.taxes)) for each in charges
    )
