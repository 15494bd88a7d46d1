"""Units, prices and item numbers converted exactly, out and back, or refused with a sentence."""

from __future__ import annotations

from decimal import Decimal

import pytest

from integration.documents import (
    AcknowledgedLine,
    Acknowledgment,
    PurchaseOrder,
    PurchaseOrderAcknowledgment,
    PurchaseOrderLine,
)
from partners.mapping.conversion import Terms, from_partner, to_partner

CASE = Terms(
    "AG-1", vendor_item="V-1", unit="each", partner_unit="case", pack_factor=Decimal(12), line_number="1"
)


def order(quantity: str, price: str | None = "4.50", **fields: str) -> PurchaseOrder:
    line = PurchaseOrderLine(
        buyer_item="AG-1", line_number="1", quantity=Decimal(quantity), unit="each",
        unit_price=Decimal(price) if price else None, **fields,
    )  # fmt: skip
    return PurchaseOrder(lines=(line,))


def test_an_order_goes_out_in_cases_at_the_price_of_a_case_and_comes_back_the_same() -> None:
    asked = order("24")
    out = to_partner(asked, [CASE])
    line = out.document.lines[0]
    assert (line.quantity, line.unit, line.unit_price, line.vendor_item) == (2, "case", Decimal(54), "V-1")
    assert out.notes == ("Line 1 (AG-1): 24 each are 2 case, 12 each in a case.",)
    assert out.refusals == ()
    back = from_partner(out.document, [CASE]).document.lines[0]
    assert (back.quantity, back.unit, back.unit_price) == (24, "each", Decimal("4.5"))


@pytest.mark.parametrize("quantity", ["10", "1", "30", "25"])
def test_what_does_not_fill_whole_cases_is_refused_and_left_as_it_is(quantity: str) -> None:
    asked = order(quantity, vendor_item="V-1")
    out = to_partner(asked, [CASE])
    assert out.document == asked
    assert out.refusals == (
        f"{quantity} each of AG-1 of line 1 are no whole case: one case holds 12 each. Correct the quantity, or the pack"
        " factor of the item.",
    )


def test_a_price_that_needs_more_decimals_is_refused_and_never_rounded() -> None:
    answer = PurchaseOrderAcknowledgment(
        lines=(AcknowledgedLine(buyer_item="AG-1", quantity=Decimal(2), unit="case", unit_price=Decimal(10)),)
    )
    back = from_partner(answer, [CASE])
    assert back.document == answer
    assert len(back.refusals) == 1
    assert back.refusals[0].startswith(
        "The price of 10 for one case of AG-1 of line 1 is no price for one each in 4 decimals"
    )


def test_the_parts_of_an_answer_come_back_in_our_unit_and_those_in_it_already_stay() -> None:
    parts = (
        Acknowledgment(status="accepted", quantity=Decimal(1), unit="case"),
        Acknowledgment(status="backordered", quantity=Decimal(1)),
        Acknowledgment(status="backordered", quantity=Decimal(12), unit="each"),
    )
    answer = PurchaseOrderAcknowledgment(
        lines=(AcknowledgedLine(vendor_item="V-1", quantity=Decimal(2), unit="case", acknowledgments=parts),)
    )
    line = from_partner(answer, [CASE]).document.lines[0]
    assert (line.quantity, line.unit, line.buyer_item) == (24, "each", "AG-1")
    assert [(each.quantity, each.unit) for each in line.acknowledgments] == [
        (12, "each"),
        (12, None),
        (12, "each"),
    ]


def test_an_item_that_nobody_knows_and_one_that_two_lines_count_otherwise_stay_as_they_are() -> None:
    other = Terms("AG-1", unit="each", partner_unit="box", pack_factor=Decimal(6), line_number="2")
    answer = PurchaseOrderAcknowledgment(
        lines=(
            AcknowledgedLine(buyer_item="ZZ-9", line_number="1", quantity=Decimal(2), unit="case"),
            AcknowledgedLine(buyer_item="AG-1", quantity=Decimal(2), unit="case"),
            AcknowledgedLine(buyer_item="AG-1", line_number="2", quantity=Decimal(2), unit="box"),
        )
    )
    lines = from_partner(answer, [CASE, other]).document.lines
    assert [(line.quantity, line.unit) for line in lines] == [(2, "case"), (2, "case"), (12, "each")]


def test_every_multiple_of_every_pack_factor_goes_out_and_comes_back() -> None:
    for factor in (Decimal(1), Decimal("0.5"), Decimal(7), Decimal(144)):
        terms = Terms("AG-1", unit="each", partner_unit="case", pack_factor=factor)
        for cases in range(1, 20):
            asked = order(str(cases * factor), "1.23") if cases * factor % 1 == 0 else None
            if asked is None:
                continue
            out = to_partner(asked, [terms])
            assert (out.document.lines[0].quantity, out.refusals) == (cases, ())
            back = from_partner(out.document, [terms]).document.lines[0]
            assert (back.quantity, back.unit_price) == (asked.lines[0].quantity, Decimal("1.23"))
