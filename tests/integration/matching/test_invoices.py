"""Suppliers' invoices held against what was ordered, promised and shipped: exact differences and exact money."""

from __future__ import annotations

import os
from dataclasses import replace
from datetime import date
from decimal import Decimal
from itertools import permutations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from integration.documents import Invoice, InvoicedCharge, InvoiceLine, Tax
from integration.matching.bill_repeats import unlike
from integration.matching.bill_totals import amounts_of, unsigned
from integration.matching.invoices import (
    Bill,
    Billed,
    BilledPart,
    BillLimits,
    OrderedLine,
    billed_for,
    heading_differences,
    judge,
    lines_for,
    money_at_stake,
    orders_named,
)
from integration.matching.lines import AskedLine
from integration.matching.tolerances import Limit

D = Decimal
MOST = 2000 if os.environ.get("GRIDPORT_CHAOS") == "1" else 150
ASKED = [
    AskedLine(1, "AC-001", "AC00001", "", D(10), "each", D("5.25")),
    AskedLine(2, "AC-002", "AC00002", "", D(4), "each", D("6.25")),
]


def lines(shipped: str = "10", price: str | None = "5.25") -> list[OrderedLine]:
    return [
        OrderedLine(1, "AC-001", "each", D(10), D(shipped), None if price is None else D(price)),
        OrderedLine(2, "AC-002", "each", D(4), D(4), D("6.25")),
    ]


def part(quantity: str, price: str | None = "5.25") -> BilledPart:
    cost = D(quantity) * D(price or 0)
    return BilledPart(D(quantity), None if price is None else D(price), cost, "each")


def bill(number: str, *parts: BilledPart, line: int = 1, **fields: object) -> Bill:
    return Bill(number, Billed({line: parts} if parts else {}), **fields)  # type: ignore[arg-type]


def told(found: object) -> list[tuple[str, str]]:
    return [(str(each), str(each.money)) for each in found.differences]  # type: ignore[attr-defined]


CASES = {
    "as it was shipped": (bill("I1", part("10")), {}, [], []),
    "in two lines": (bill("I1", part("4"), part("6")), {}, [], []),
    "more than was ordered": (
        bill("I1", part("11")),
        {},
        [("Line 1 (AC-001): quantity: asked 10 ordered, 10 shipped, billed 11", "5.25")],
        [],
    ),
    "before it is shipped": (
        bill("I1", part("10")),
        {"shipped": "4"},
        [],
        ["Line 1 (AC-001): 10 billed, 4 of 10 shipped"],
    ),
    "never shipped": (
        bill("I1", part("10"), may_wait=False),
        {"shipped": "4"},
        [("Line 1 (AC-001): quantity: asked 10 ordered, 4 shipped, billed 10", "31.50")],
        [],
    ),
    "more than was ordered, and not shipped": (
        bill("I1", part("11")),
        {"shipped": "0"},
        [("Line 1 (AC-001): quantity: asked 10 ordered, 0 shipped, billed 11", "57.75")],
        [],
    ),
    "dearer": (
        bill("I1", part("10", "5.75")),
        {},
        [("Line 1 (AC-001): price: asked 5.25, billed 5.75", "5.00")],
        [],
    ),
    "cheaper": (
        bill("I1", part("10", "5.00")),
        {},
        [("Line 1 (AC-001): price: asked 5.25, billed 5.00", "-2.50")],
        [],
    ),
    "dearer and too many: each costs once": (
        bill("I1", part("12", "5.75")),
        {},
        [
            ("Line 1 (AC-001): quantity: asked 10 ordered, 10 shipped, billed 12", "10.50"),
            ("Line 1 (AC-001): price: asked 5.25, billed 5.75", "6.00"),
        ],
        [],
    ),
    "no price was agreed": (
        bill("I1", part("10", "5.00")),
        {"price": None},
        [("Line 1 (AC-001): price: asked no price agreed, billed 5.00", "50.00")],
        [],
    ),
    "without a price": (
        bill("I1", part("10", None)),
        {},
        [("Line 1 (AC-001): price: asked 5.25, billed no price", "-52.50")],
        [],
    ),
    "in another unit": (
        bill("I1", BilledPart(D(1), D(63), D(63), "case", counts=False)),
        {},
        [("Line 1 (AC-001): unit: asked each, billed case", "63.00")],
        [],
    ),
    "more credited than billed": (
        bill("C1", part("1"), is_credit=True),
        {},
        [("Line 1 (AC-001): quantity: asked 0 billed and not credited yet, credited 1", "5.25")],
        [],
    ),
    "a credit for an invoice that has not come": (
        bill("C1", is_credit=True, original="I9"),
        {},
        [],
        ["It credits invoice I9, which has not come"],
    ),
    "a credit for an invoice that never came": (
        bill("C1", is_credit=True, original="I9", may_wait=False),
        {},
        [("The invoice: asked one that we have, credited I9", "0")],
        [],
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_one_bill(name: str) -> None:
    one, ordered, differences, waits = CASES[name]
    [verdict] = judge([one], lines(**ordered))
    assert told(verdict) == differences
    assert list(verdict.waits) == waits


def test_an_item_that_was_not_ordered_costs_all_of_it() -> None:
    pen = InvoiceLine(vendor_item="GIFT-PEN", quantity=D(2), unit="each", unit_price=D("1.335"))
    billed = billed_for([pen], [pen], ASKED, ["2 case of X are no whole each."])
    [verdict] = judge([Bill("I1", billed)], lines())
    assert told(verdict) == [
        ("The units: asked what can be counted in ours, billed 2 case of X are no whole each.", "0"),
        ("An item that was not ordered: asked nothing, billed 2 of GIFT-PEN", "2.67"),
    ]


def test_bills_are_held_against_each_other() -> None:
    first, second, third = judge(
        [bill("I1", part("6")), bill("I2", part("3")), bill("I3", part("2"))], lines()
    )
    assert (told(first), told(second)) == ([], [])
    assert told(third) == [
        ("Line 1 (AC-001): quantity: asked 10 ordered, 10 shipped, billed 11 in all", "5.25")
    ]


def test_a_credit_memo_makes_up_for_what_it_names_whenever_it_comes() -> None:
    invoice = bill("I1", part("11"))
    credit = bill("C1", part("1"), is_credit=True, original="I1")
    for order in permutations([invoice, credit]):
        assert [told(each) for each in judge(order, lines())] == [[], []]
    again = bill("C2", part("11"), is_credit=True, original="I1")
    assert told(judge([invoice, credit, again], lines())[2]) == [
        ("Line 1 (AC-001): quantity: asked 10 billed and not credited yet, credited 11", "5.25")
    ]


def test_a_credit_memo_makes_up_once_for_two_invoices_of_its_number() -> None:
    credit = bill("C1", part("5"), is_credit=True, original="I1")
    both = [bill("I1", part("10")), bill("I1", part("8")), credit]
    assert [told(each) for each in judge(both, lines())[:2]] == [
        [],
        [("Line 1 (AC-001): quantity: asked 10 ordered, 10 shipped, billed 13 in all", "15.75")],
    ]


def test_a_credit_memo_without_a_number_makes_room_for_later_bills() -> None:
    bills = [bill("I1", part("10")), bill("C1", part("2"), is_credit=True), bill("I2", part("2"))]
    assert [told(each) for each in judge(bills, lines())] == [[], [], []]
    dear = bill("C2", part("2", "4.00"), is_credit=True)
    assert told(judge([bills[0], dear], lines())[1]) == [
        ("Line 1 (AC-001): price: asked 5.25, credited 4.00", "2.50")
    ]


@pytest.mark.parametrize(
    ("limits", "one", "differs"),
    [
        (BillLimits(price=Limit(percent=D(10))), bill("I1", part("10", "5.75")), False),
        (BillLimits(price=Limit(percent=D(9))), bill("I1", part("10", "5.75")), True),
        (BillLimits(price=Limit(absolute=D("0.50"))), bill("I1", part("10", "4.75")), False),
        (BillLimits(over=Limit(absolute=D(1))), bill("I1", part("11")), False),
        (BillLimits(over=Limit(absolute=D(1))), bill("I1", part("12")), True),
        (BillLimits(over=Limit(percent=D(10))), bill("I1", part("11")), False),
    ],
)
def test_what_is_agreed_passes(limits: BillLimits, one: Bill, differs: bool) -> None:
    assert bool(judge([one], lines(), limits)[0].differences) is differs


def invoice(**fields: object) -> Invoice:
    told_lines = (
        InvoiceLine(
            line_number="1", vendor_item="AC00001", quantity=D(3), unit="each", unit_price=D("5.255")
        ),
        InvoiceLine(
            line_number="2", vendor_item="AC00002", quantity=D(1), unit="each", unit_price=D("6.255")
        ),
    )
    made = Invoice(invoice_number="I1", purchase_order_number="1001-1", lines=told_lines, total=D("22.03"))
    return replace(made, **fields)  # type: ignore[arg-type]


FREIGHT = InvoicedCharge(type="charge", service_code="D240", amount=D("12.00"))
ALLOWANCE = InvoicedCharge(type="allowance", service_code="C310", amount=D("2.00"))
BILL_BACK = InvoicedCharge(type="allowance", amount=D("5.00"), handling="bill_back")
TAX = Tax(type="all_taxes", amount=D("1.80"))
HEADINGS = {
    "lines rounded each": (invoice(), []),
    "rounded at the end": (invoice(total=D("22.02")), []),
    "a cent too many": (
        invoice(total=D("22.04")),
        [("Total: asked 22.03, the sum of its lines, charges and taxes, billed 22.04", "0.01")],
    ),
    "too low": (
        invoice(total=D("21.00")),
        [("Total: asked 22.03, the sum of its lines, charges and taxes, billed 21.00", "-1.02")],
    ),
    "no total": (
        invoice(total=None),
        [("Total: asked 22.03, the sum of its lines, charges and taxes, billed no total", "0.00")],
    ),
    "freight": (
        invoice(total=D("34.03"), allowances_and_charges=(FREIGHT,)),
        [("Charge: asked no charge, billed freight 12.00", "12.00")],
    ),
    "less is no difference, and what is settled elsewhere is not in the total": (
        invoice(total=D("20.03"), allowances_and_charges=(ALLOWANCE, BILL_BACK)),
        [],
    ),
    "tax": (
        invoice(total=D("23.83"), taxes=(TAX,)),
        [("Tax: asked no tax, billed tax 1.80", "1.80")],
    ),
    "a tax that the prices hold already": (
        invoice(taxes=(replace(TAX, relationship="included"),)),
        [],
    ),
    "a tax told as a charge": (
        invoice(
            total=D("23.83"),
            allowances_and_charges=(InvoicedCharge(type="charge", service_code="H850", amount=D("1.80")),),
        ),
        [("Tax: asked no tax, billed tax 1.80", "1.80")],
    ),
    "another currency": (
        invoice(currency="EUR"),
        [("Currency: asked USD, billed EUR", "22.03")],
    ),
}


@pytest.mark.parametrize("name", HEADINGS)
def test_the_invoice_as_a_whole(name: str) -> None:
    one, expected = HEADINGS[name]
    found = heading_differences(one, False, "USD")
    assert [(str(each), str(each.money)) for each in found] == expected


def test_charges_taxes_and_cents_that_are_agreed_pass() -> None:
    one = invoice(total=D("35.88"), allowances_and_charges=(FREIGHT,), taxes=(TAX,))
    agreed = BillLimits(charges=D(12), taxes=D("8.2"), rounding=D("0.05"))
    assert heading_differences(one, False, "USD", agreed) == ()
    for short in (
        replace(agreed, charges=D("11.99")),
        replace(agreed, taxes=D(8)),
        replace(agreed, rounding=D("0.04")),
    ):
        assert len(heading_differences(one, False, "USD", short)) == 1


def test_taxes_told_twice_are_paid_once() -> None:
    of_line = Tax(type="state_sales", amount=D("1.50")), Tax(type="city_sales", amount=D("0.30"))
    lines_ = invoice().lines
    taxed = (replace(lines_[0], taxes=of_line), lines_[1])
    whole = invoice(lines=taxed, taxes=(TAX,), total=D("23.83"))
    assert [(each.called, each.amount) for each in amounts_of(whole).taxes] == [("tax", D("1.80"))]
    assert amounts_of(invoice(taxes=(*of_line, TAX))).total == D("23.83")
    assert amounts_of(invoice(taxes=of_line)).total == D("23.83")


def test_a_credit_memo_reads_the_same_with_and_without_signs() -> None:
    plainly = invoice(type="credit_memo", allowances_and_charges=(FREIGHT,), taxes=(TAX,), total=D("35.83"))
    signed = replace(
        plainly,
        type=None,
        total=-plainly.total,  # type: ignore[operator]
        lines=tuple(replace(each, quantity=-each.quantity) for each in plainly.lines),  # type: ignore[operator]
        allowances_and_charges=(replace(FREIGHT, amount=D("-12.00")),),
        taxes=(replace(TAX, amount=D("-1.80")),),
    )
    assert unsigned(plainly) == (plainly, True)
    assert unsigned(signed) == (replace(plainly, type=None), True)
    # Freight and tax that come back are no charges of ours.
    assert heading_differences(plainly, True, "USD") == ()


def test_money_at_stake_is_never_more_than_what_is_asked() -> None:
    [dear] = judge([bill("I1", part("10", "5.75"))], lines())
    short = heading_differences(invoice(total=D("20.00")), False, "USD")
    assert money_at_stake(D("57.50"), dear.differences) == D("5.00")
    # 2.03 less than its parts: that much of the 5.00 is not asked for.
    assert money_at_stake(D("57.50"), (*dear.differences, *short)) == D("2.98")
    assert money_at_stake(D("3.00"), dear.differences) == D("3.00")
    assert money_at_stake(D("57.50"), heading_differences(invoice(currency="EUR"), False, "USD")) == D(
        "57.50"
    )


def test_the_largest_numbers_that_x12_can_tell_are_a_difference_like_any() -> None:
    most, price = "9" * 15, "9" * 17
    [verdict] = judge([bill("I1", part(most, price))], lines())
    assert [each.difference.what for each in verdict.differences] == ["quantity", "price"]
    whole = invoice(lines=(InvoiceLine(quantity=D(most), unit_price=D(price)),))
    assert [each.difference.what for each in heading_differences(whole, False, "USD")] == ["total"]


def test_each_line_says_its_order_or_the_heading_does() -> None:
    both = invoice(
        lines=(
            InvoiceLine(line_number="1", purchase_order_number="1002-1"),
            InvoiceLine(line_number="2"),
        )
    )
    assert orders_named(both) == ["1002-1", "1001-1"]
    assert [each.line_number for each in lines_for(both, "1001-1")] == ["2"]
    assert orders_named(Invoice()) == [""]


def test_what_two_invoices_of_one_number_differ_in() -> None:
    first = invoice()
    later = replace(first, invoice_date=date(2026, 5, 1), purpose="duplicate", remarks=("Again",))
    assert unlike(first, later) == ()
    other = replace(first, total=D("27.29"), lines=(replace(first.lines[0], quantity=D(4)), first.lines[1]))
    assert [str(each) for each in unlike(first, other)] == [
        "Total: asked 22.03, billed again 27.29",
        "Line 1 (AC00001): line: asked 3 each AC00001 at 5.255, billed again 4 each AC00001 at 5.255",
    ]


PARTS = st.builds(
    lambda quantity, price: part(str(quantity), str(price)),
    st.integers(0, 12),
    st.decimals("4.50", "6.00", places=2),
)


@settings(max_examples=MOST, derandomize=True, deadline=None)
@given(st.lists(PARTS, min_size=1, max_size=3), st.integers(0, 10), st.booleans())
def test_stake_and_what_holds_make_up_the_total(
    parts: list[BilledPart], shipped: int, may_wait: bool
) -> None:
    one = bill("I1", *parts, may_wait=may_wait)
    total = sum((each.amount for each in parts), D(0)).quantize(D("0.01"))
    [verdict] = judge([one], lines(str(shipped)))
    stake = money_at_stake(total, verdict.differences)
    assert 0 <= stake <= total
    if verdict.waits:
        return
    # Never approved: more than was shipped, at no more than the agreed price (a cent a line for rounding).
    most = min(sum((each.quantity for each in parts), D(0)), D(shipped)) * D("5.25")
    assert total - stake <= most + D("0.02") * len(parts)


BILLS = st.lists(
    st.tuples(st.integers(1, 8), st.booleans(), st.sampled_from(["", "I0", "I1", "I2"])),
    min_size=1,
    max_size=4,
)


@settings(max_examples=MOST, derandomize=True, deadline=None)
@given(BILLS, st.integers(0, 10))
def test_credits_never_open_a_difference_of_a_bill(rows: list[tuple[int, bool, str]], shipped: int) -> None:
    """Whatever is credited, no bill has more at stake than it has without."""
    bills = [
        bill(f"I{place}", part(str(quantity)), is_credit=credit, original=original if credit else "", may_wait=False)
        for place, (quantity, credit, original) in enumerate(rows)
    ]  # fmt: skip
    debits = [each for each in bills if not each.is_credit]
    alone = dict(zip([each.number for each in debits], judge(debits, lines(str(shipped))), strict=True))
    together = dict(zip([each.number for each in bills], judge(bills, lines(str(shipped))), strict=True))
    for number, verdict in alone.items():
        before = sum((each.money for each in verdict.differences), D(0))
        after = sum((each.money for each in together[number].differences), D(0))
        assert after <= before
