"""Orders with their invoices and credit memos, each worked out by hand in a table that people from operations read.

``tests/samples/invoices_by_hand.tsv``: what was sold (quantity, item, price without tax or without/with, in brackets the
line's total after all discounts), what was added and taken off, the store's tax and total, what is shipped or refunded
then, and the invoice that has to come of it, line by line.
"""

from __future__ import annotations

import csv
import datetime
import re
from collections import defaultdict
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

import pytest

from integration.documents import Invoice
from integration.matching.invoicing.amounts import decimals_of, line_amounts, rounded
from integration.matching.invoicing.composing import Composed, Header, Part, compose_invoice
from integration.matching.invoicing.credits import compose_credit
from integration.matching.invoicing.sold import (
    Amount,
    Payment,
    Refund,
    RefundedItem,
    Sold,
    SoldCharge,
    SoldLine,
    SoldReduction,
)

TABLE = Path(__file__).parents[2] / "samples" / "invoices_by_hand.tsv"
LINE = re.compile(
    r"(?P<quantity>\d+) (?P<name>\w+) @ (?P<ex>[\d.]+)(?:/(?P<inc>[\d.]+))?(?: \((?P<after>[\d.]+)\))?"
)
CHARGES = {
    "shipping": ("Shipping", "D240"),
    "handling": ("Handling", "D500"),
    "wrapping": ("Gift wrapping", "F050"),
    "fee": ("Fee", "F050"),
}
REDUCTIONS = {"discount": ("Discount", "C310"), "coupon": ("Coupons", "F800")}
DAY = datetime.date(2026, 11, 28)
ZERO = Decimal(0)


@dataclass(frozen=True)
class Row:
    """One row of the table."""

    number: str
    what: str
    currency: str
    prices: str
    lines: str
    others: str
    tax: str
    total: str
    then: str
    invoice: str


def rows() -> list[Row]:
    with TABLE.open(newline="") as opened:
        _, *found = csv.reader(opened, delimiter="\t")
    return [Row(*each) for each in found]


def amount(text: str) -> Amount:
    without, _, with_tax = text.partition("/")
    return Amount(Decimal(without), Decimal(with_tax or without))


def sold(row: Row) -> Sold:
    lines = []
    for place, each in enumerate(row.lines.split("; "), start=1):
        found = LINE.fullmatch(each)
        assert found, each
        quantity, price = Decimal(found["quantity"]), amount(f"{found['ex']}/{found['inc'] or found['ex']}")
        total = Amount(quantity * price.without_tax, quantity * price.with_tax)
        after = Decimal(found["after"]) if found["after"] else total.with_tax
        lines.append(SoldLine(place, place, found["name"], "", found["name"], quantity, price, total, after))
    others = [each.rpartition(" ") for each in row.others.split("; ") if each]
    tax, total_with = Decimal(row.tax or "0"), Decimal(row.total)
    return Sold(
        order="1001",
        purchase_order="1001",
        placed_on=DAY,
        currency=row.currency,
        decimals=decimals_of(row.currency),
        prices_with_tax=row.prices == "with tax",
        lines=tuple(lines),
        charges=tuple(
            SoldCharge(name, *CHARGES[name], amount(value), name)
            for name, _, value in others
            if name in CHARGES
        ),
        reductions=tuple(
            SoldReduction(name, *REDUCTIONS[name], Decimal(value), name)
            for name, _, value in others
            if name in REDUCTIONS
        ),
        taxes=(),
        total=Amount(total_with - tax, total_with),
        tax=tax,
        payments=tuple(
            Payment(name, Decimal(value))
            for name, _, value in others
            if name not in {**CHARGES, **REDUCTIONS}
        ),
    )


def invoices(row: Row) -> list[Composed]:
    order, what = sold(row), row.then.partition(" ")[0].rstrip(";")
    if what == "refunds":
        return [compose_credit(order, refund(order, row.then), Header("C-1", DAY), "INV-1")]
    if what != "ships":
        return [compose_invoice(order, Header("INV-1", DAY))]
    before: dict[int, Decimal] = defaultdict(Decimal)
    amounts: dict[str, Decimal] = defaultdict(Decimal)
    made = []
    ids = {line.name: line.id for line in order.lines}
    for shipment in row.then.removeprefix("ships ").split(" // "):
        now = {ids[name]: Decimal(count) for count, name in (each.split() for each in shipment.split(", "))}
        composed = compose_invoice(order, Header("INV-1", DAY), Part(now, dict(before), dict(amounts)))
        made.append(composed)
        for line, count in now.items():
            before[line] += count
        for each in composed.proof.components:
            amounts[each.key] += each.amount
    return made


def refund(order: Sold, text: str) -> Refund:
    items_part, *others = text.removeprefix("refunds").strip(" ").split("; ")
    told = dict(each.rsplit(" ", 1) if " " in each else (each, "") for each in others)
    ids = {line.name: line.id for line in order.lines}
    items = []
    for each in items_part.strip("; ").split(", ") if items_part.strip("; ") else []:
        thing, _, value = each.partition(" = ")
        count, _, name = thing.rpartition(" ")
        kind = "PRODUCT" if name in ids else name
        items.append(
            RefundedItem(
                kind, ids.get(name, 1), Decimal(count) if count else None, Decimal(value) if value else None
            )
        )
    total = Decimal(told["total"])
    declined = total if "declined" in told else ZERO
    return Refund(
        7, total, Decimal(told.get("tax", "0")), "merchant" in told, tuple(items), total - declined, declined
    )


def words(composed: Composed, currency: str) -> str:
    """Return an invoice as the table writes it."""
    document, decimals = composed.document, decimals_of(currency)
    if document is None:
        return f"case: {rounded(composed.proof.difference, max(decimals, 2))} apart"
    said = [
        f"{line.description} {each}"
        for line, each in zip(document.lines, line_amounts(document), strict=True)
    ]
    for each in document.allowances_and_charges:
        sign = "-" if each.type == "allowance" else ""
        said.append(f"{each.description} {sign}{rounded(each.amount or ZERO, decimals)}")
    for tax in document.taxes:
        inside = "in it " if tax.relationship == "included" else ""
        said.append(f"tax {inside}{rounded(tax.amount or ZERO, decimals)}")
    said += [f"total {rounded(document.total or ZERO, decimals)}", *document.remarks]
    return ("credit: " if document.type == "credit_memo" else "") + "; ".join(said)


@pytest.mark.parametrize("row", rows(), ids=lambda row: f"{row.number} {row.what}")
def test_an_invoice_is_what_was_worked_out_by_hand(row: Row) -> None:
    made = invoices(row)
    assert " // ".join(words(each, row.currency) for each in made) == row.invoice
    totals = [each.document.total for each in made if each.document is not None]
    if made[0].document is not None and made[0].document.type != "credit_memo":
        assert sum(totals) == Decimal(row.total)


def test_the_table_has_twenty_orders_that_are_invoiced_and_some_that_are_not() -> None:
    outcomes = [row.invoice.partition(":")[0] for row in rows()]
    assert outcomes.count("case") == 4
    assert outcomes.count("credit") == 5
    assert len(outcomes) == 27


def test_a_proof_names_the_store_s_fields() -> None:
    row = next(each for each in rows() if each.number == "15")
    [composed] = invoices(row)
    assert isinstance(composed.document, Invoice | None)
    told = composed.proof.to_json()
    assert [(each["amount"], each["field"]) for each in told["components"]] == [
        ("20.00", "total_ex_tax"),
        ("1.60", "total_tax"),
    ]
    assert (told["sum"], told["total"], told["difference"]) == ("21.60", "21.61", "0.01")
