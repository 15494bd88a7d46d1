"""Units, prices and item numbers converted exactly, out and back, or refused with a sentence."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from integration.documents import (
    AcknowledgedLine,
    Acknowledgment,
    PurchaseOrder,
    PurchaseOrderAcknowledgment,
    PurchaseOrderLine,
)
from integration.documents.invoice import Invoice, InvoicedCharge, InvoiceLine, Tax
from integration.documents.ship_notice import Package, ShipNotice, ShippedItem, ShippedOrder
from integration.documents.stock_advice import (
    ExpectedReceipt,
    StockAdvice,
    StockLine,
    StockQuantity,
    StoreQuantity,
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


def test_a_ship_notice_of_cases_comes_back_in_our_unit_with_what_was_ordered() -> None:
    counted = ShippedItem(
        vendor_item="V-1",
        line_number="1",
        quantity=Decimal(2),
        unit="case",
        shipped_to_date=Decimal(3),
        ordered=Decimal(5),
        package=0,
    )
    notice = ShipNotice(
        carton_count=2,
        weight=Decimal(40),
        orders=(ShippedOrder(purchase_order_number="PO-1"),),
        packages=(Package(sscc="000000000000000018", carton_count=2),),
        items=(
            counted,
            replace(counted, ordered_unit="case"),
            replace(counted, ordered=Decimal(60), ordered_unit="each"),
            ShippedItem(vendor_item="V-2", quantity=Decimal(2), unit="case"),
        ),
    )
    back = from_partner(notice, [CASE])
    assert back.document == replace(
        notice,
        items=(
            replace(
                counted,
                buyer_item="AG-1",
                quantity=Decimal(24),
                unit="each",
                shipped_to_date=Decimal(36),
                ordered=Decimal(60),
            ),
            replace(
                counted,
                buyer_item="AG-1",
                quantity=Decimal(24),
                unit="each",
                shipped_to_date=Decimal(36),
                ordered=Decimal(60),
                ordered_unit="each",
            ),
            replace(
                counted,
                buyer_item="AG-1",
                quantity=Decimal(24),
                unit="each",
                shipped_to_date=Decimal(36),
                ordered=Decimal(60),
                ordered_unit="each",
            ),
            notice.items[3],
        ),
    )
    assert back.notes == ("Line 1 (AG-1): 2 case read as 24 each, 12 each in a case.",) * 3
    assert back.refusals == ()


def test_an_invoice_in_cases_comes_back_at_the_price_of_each_and_its_money_stays() -> None:
    charge = InvoicedCharge(
        amount=Decimal("1.20"), amount_per_unit=Decimal("0.60"), quantity=Decimal(2), unit="case"
    )
    line = InvoiceLine(
        upc="012345678905",
        line_number="7",
        quantity=Decimal(2),
        unit="case",
        unit_price=Decimal("54.00"),
        taxes=(Tax(amount=Decimal("7.56"), rate=Decimal("0.07")),),
        allowances_and_charges=(charge,),
    )
    invoice = Invoice(
        lines=(line,), total=Decimal("108.00"), shipped_quantity=Decimal(2), shipped_unit="case"
    )
    back = from_partner(invoice, [replace(CASE, upc="012345678905")])
    assert back.document == replace(
        invoice,
        lines=(
            replace(
                line,
                buyer_item="AG-1",
                quantity=Decimal(24),
                unit="each",
                unit_price=Decimal("4.5"),
                allowances_and_charges=(
                    replace(charge, amount_per_unit=Decimal("0.05"), quantity=Decimal(24), unit="each"),
                ),
            ),
        ),
    )
    assert back.refusals == ()


def test_an_invoice_whose_price_has_no_exact_price_of_each_stays_whole() -> None:
    line = InvoiceLine(vendor_item="V-1", quantity=Decimal(2), unit="case", unit_price=Decimal(50))
    back = from_partner(Invoice(lines=(line,)), [CASE])
    assert back.document.lines == (replace(line, buyer_item="AG-1"),)
    assert back.refusals == (
        "The price of 50 for one case of AG-1 of line 1 is no price for one each in 4 decimals: one case holds 12 each."
        " Agree on another price, or correct the pack factor of the item.",
    )


def stock(**fields: Any) -> StockAdvice:
    return StockAdvice(lines=(StockLine(vendor_item="V-1", **fields),))


def test_a_stock_advice_of_cases_comes_back_in_our_unit_in_each_of_its_quantities() -> None:
    expected = ExpectedReceipt(quantity=Decimal(4), unit="case", date_kind="018")
    advice = stock(
        unit_price=Decimal(54),
        price_quantity=Decimal(1),
        price_unit="case",
        store_unit="case",
        stores=(StoreQuantity("100", Decimal(3)), StoreQuantity("200", Decimal(0))),
        quantities=(
            StockQuantity(kind="available", quantity=Decimal(0), unit="case"),
            StockQuantity(kind="on_order", quantity=Decimal(5), unit="case", receipts=(expected,)),
            StockQuantity(kind="on_hand", quantity=Decimal(9), unit="each"),
        ),
    )
    back = from_partner(advice, [CASE])
    assert back.document == stock(
        buyer_item="AG-1",
        unit_price=Decimal("4.5"),
        price_quantity=Decimal(12),
        price_unit="each",
        store_unit="each",
        stores=(StoreQuantity("100", Decimal(36)), StoreQuantity("200", Decimal(0))),
        quantities=(
            StockQuantity(kind="available", quantity=Decimal(0), unit="each"),
            StockQuantity(
                kind="on_order",
                quantity=Decimal(60),
                unit="each",
                receipts=(replace(expected, quantity=Decimal(48), unit="each"),),
            ),
            StockQuantity(kind="on_hand", quantity=Decimal(9), unit="each"),
        ),
    )
    assert back.refusals == ()


def test_the_quantities_of_stores_go_out_whole_or_stay_all_in_our_unit() -> None:
    whole = stock(store_unit="each", stores=(StoreQuantity("100", Decimal(36)),))
    out = to_partner(whole, [CASE])
    assert out.document == stock(store_unit="case", stores=(StoreQuantity("100", Decimal(3)),))
    broken = stock(
        store_unit="each", stores=(StoreQuantity("100", Decimal(36)), StoreQuantity("200", Decimal(7)))
    )
    refused = to_partner(broken, [CASE])
    assert refused.document == broken
    assert [each.partition(":")[0] for each in refused.refusals] == [
        "7 each of AG-1 of line 1 are no whole case"
    ]


def test_stores_counted_in_another_unit_and_in_none_that_is_said() -> None:
    pallets = stock(store_unit="pallet", stores=(StoreQuantity("100", Decimal(3)),))
    assert from_partner(pallets, [CASE]).document == stock(
        buyer_item="AG-1", store_unit="pallet", stores=(StoreQuantity("100", Decimal(3)),)
    )
    unsaid = stock(stores=(StoreQuantity("100", Decimal(3)),))
    assert from_partner(unsaid, [CASE]).document == stock(
        buyer_item="AG-1", stores=(StoreQuantity("100", Decimal(36)),)
    )
