"""Invoices and credit memos as PDF, read back by a reader that is not ours."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal
from io import BytesIO

import pytest
from pypdf import PdfReader

from integration.documents import Invoice, InvoicedCharge, InvoiceLine, Party, Tax, Terms
from integration.printing.invoices import invoice_pdf, money
from integration.printing.paper import A4, LETTER

INVOICE = Invoice(
    invoice_number="HP-000042",
    invoice_date=date(2026, 11, 28),
    type="debit_invoice",
    currency="USD",
    customer_order_number="1001",
    purchase_order_number="4500-7",
    vendor=Party(
        name="Harbor Pine", address_lines=("2 Quay Road",), city="Portland", state="ME", postal_code="04101"
    ),
    bill_to=Party(name="Бюро «Сосна»", city="Bangor", country="US"),
    ship_to=Party(id="0007", id_kind="92"),
    terms=(Terms(net_days=30),),
    lines=(
        InvoiceLine(
            line_number="1",
            buyer_item="MUG-BLUE",
            description="Blue mug",
            quantity=Decimal("3.0000"),
            unit="each",
            unit_price=Decimal("1.2345"),
            allowances_and_charges=(
                InvoicedCharge(type="allowance", service_code="C310", amount=Decimal("0.50")),
            ),
        ),
        InvoiceLine(vendor_item="L-9", quantity=Decimal(2), unit="half_dozen", unit_price=Decimal(1200)),
    ),
    allowances_and_charges=(
        InvoicedCharge(
            type="charge",
            description="Delivery",
            amount=Decimal("12.90"),
            taxes=(Tax(type="state_sales", rate=Decimal("0.055"), amount=Decimal("0.71")),),
        ),
        InvoicedCharge(type="allowance", amount=Decimal("5")),
    ),
    taxes=(Tax(type="all_taxes", jurisdiction="ME", amount=Decimal("132.06")),),
    total=Decimal("2543.87"),
    remarks=("Дякуємо за замовлення",),
)


def words(invoice: Invoice) -> list[str]:
    reader = PdfReader(BytesIO(invoice_pdf([invoice], A4)))
    return [
        line.strip() for page in reader.pages for line in page.extract_text().splitlines() if line.strip()
    ]


def test_an_invoice_says_what_the_document_says() -> None:
    assert words(INVOICE) == [
        "Invoice HP-000042",
        *("From", "Harbor Pine", "2 Quay Road", "Portland, ME 04101"),
        *("Bill to", "Бюро «Сосна»", "Bangor", "US"),
        *("Ship to", "0007"),
        *("Date", "28 Nov 2026", "Order", "1001", "Purchase order", "4500-7", "Currency", "USD"),
        *("Terms", "net 30 days"),
        *("Item", "Description", "Quantity", "Unit", "Unit price", "Amount"),
        *("MUG-BLUE", "Blue mug", "3", "each", "1.2345", "3.70"),
        *("Discount", "-0.50"),
        *("L-9", "2", "half", "dozen", "1,200.00", "2,400.00"),
        *("Delivery", "12.90 USD"),
        *("Allowance", "-5.00 USD"),
        *("Tax, state sales, 5.5 %", "0.71 USD"),
        *("Tax, ME", "132.06 USD"),
        *("Total", "2,543.87 USD"),
        "Дякуємо за замовлення",
        "Page 1 of 1",
        "Invoice HP-000042, Harbor Pine",
    ]


@pytest.mark.parametrize("kind", ["credit_memo", "credit_invoice"])
def test_a_credit_memo_is_called_one_and_names_what_it_credits(kind: str) -> None:
    memo = replace(INVOICE, type=kind, invoice_number="HP-C00003", original_invoice="HP-000042")
    said = words(memo)
    assert said[:2] == ["Credit memo HP-C00003", "Credits invoice HP-000042"]
    assert said[said.index("Credited in all") + 1] == "2,543.87 USD"
    assert "Total" not in said


def test_lines_share_what_the_total_leaves_in_the_decimals_of_the_currency() -> None:
    third = InvoiceLine(quantity=Decimal(1), unit="each", unit_price=Decimal("33.3333"))
    shared = Invoice(
        lines=(third,) * 3, total=Decimal("108.00"), currency="USD", taxes=(Tax(amount=Decimal("8.00")),)
    )
    said = words(shared)
    assert [said[place + 1] for place, each in enumerate(said) if each == "33.3333"] == [
        "33.34",
        "33.33",
        "33.33",
    ]
    inside = Tax(amount=Decimal(8), relationship="included")
    whole = replace(shared, total=Decimal("100.00"), taxes=(inside,))
    said = words(whole)
    assert [said[place + 1] for place, each in enumerate(said) if each == "33.3333"] == [
        "33.34",
        "33.33",
        "33.33",
    ]
    assert "Tax, in the prices" in said
    line = InvoiceLine(quantity=Decimal(3), unit="each", unit_price=Decimal(4200))
    said = words(Invoice(lines=(line,), total=Decimal(12600), currency="JPY"))
    assert said[said.index("each") :][:5] == ["each", "4,200", "12,600", "Total", "12,600 JPY"]


def test_an_empty_invoice_is_printed_too() -> None:
    assert words(Invoice())[:2] == ["Invoice", "Item"]


def test_several_are_bound_and_the_same_give_the_same_bytes() -> None:
    many = tuple(replace(INVOICE, invoice_number=f"HP-{place:06d}") for place in range(3))
    first = invoice_pdf(many, LETTER)
    assert first == invoice_pdf(many, LETTER)
    assert len(PdfReader(BytesIO(first)).pages) == 3


@pytest.mark.parametrize(
    ("value", "currency", "shown"),
    [
        ("1024.5", "USD", "1,024.50 USD"),
        ("1.2345", "USD", "1.2345 USD"),
        ("0", "EUR", "0.00 EUR"),
        ("-3.70", "USD", "-3.70 USD"),
        ("5.00", "JPY", "5 JPY"),
        ("1E+3", "JPY", "1,000 JPY"),
        ("2.5", "KWD", "2.500 KWD"),
        ("7.10", "", "7.10"),
    ],
)
def test_money_has_the_decimals_of_its_currency(value: str, currency: str, shown: str) -> None:
    assert money(Decimal(value), currency) == shown
