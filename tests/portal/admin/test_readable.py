"""Every kind of document is readable: nothing of it is left out, and it is said in words of business."""

from __future__ import annotations

import json
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings

from integration.documents import KINDS, SETS, FieldShape, shape_of, to_json
from portal.admin.blocks import Pair, Readable
from portal.admin.readable import readable
from portal.admin.record_words import value_words
from tests.partners.mapping.generated_documents import documents
from tests.partners.mapping.mapped_documents import GOLDEN, PAIRS


def content(name: str) -> dict[str, Any]:
    data: dict[str, Any] = json.loads((PAIRS / f"{name}.json").read_text(encoding="utf-8"))
    return data


def page(name: str) -> Readable:
    shown = readable(name[:3], content(name))
    assert shown is not None
    return shown


def texts(shown: Readable) -> Iterator[str]:
    yield from (f"{pair.label}: {pair.words}" for pair in shown.pairs)
    for block in shown.blocks:
        yield block.title
        yield from block.lines
        yield from (f"{pair.label}: {pair.words}" for pair in block.pairs)
    for table in shown.tables:
        yield table.title
        for row in table.rows:
            yield from (cell.words for cell in row.cells)
            yield from row.notes
    yield from shown.notes


def scalars(record: type, data: dict[str, Any]) -> Iterator[tuple[FieldShape, Any]]:
    for name, value in data.items():
        shape = shape_of(record)[name]
        for each in value if shape.many else [value]:
            if shape.record is None:
                yield shape, each
            else:
                yield from scalars(shape.record, each)


def left_out(kind: str, data: dict[str, Any]) -> list[str]:
    """The values of a document that its page does not say; a link says what stands at its place."""
    shown = readable(next(code for code in SETS if SETS[code] == kind), data)
    assert shown is not None
    said = "\n".join(texts(shown)).lower()
    return [
        f"{shape.name} {value}"
        for shape, value in scalars(KINDS[kind], data)
        if not shape.link and value_words(shape, value).lower() not in said
    ]


@pytest.mark.parametrize("name", GOLDEN)
def test_nothing_of_a_hand_made_document_is_left_out_of_its_page(name: str) -> None:
    assert left_out(SETS[name[:3]], content(name)) == []


@pytest.mark.parametrize("kind", KINDS)
def test_nothing_of_a_generated_document_is_left_out_of_its_page(kind: str) -> None:
    seen = 0

    @settings(
        max_examples=5,
        derandomize=True,
        deadline=None,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(documents(kind))
    def law(document: Any) -> None:
        nonlocal seen
        assert left_out(kind, json.loads(json.dumps(to_json(document)))) == []
        seen += 1

    law()
    assert seen == 5


def test_an_invoice_says_its_money_with_the_currency_and_its_parties_as_addresses() -> None:
    shown = page("810/dropship_invoice")
    pairs = {pair.label: pair.words for pair in shown.pairs}
    assert list(pairs)[:4] == ["Invoice date", "Invoice number", "Order date", "Purchase order"]
    assert pairs["Type"] == "Dropship invoice"
    assert pairs["Total"] == "138.85 USD"
    assert pairs["Weight"] == "11.4 pound"
    assert "Weight unit" not in pairs
    [remit_to] = [block for block in shown.blocks if block.title == "Remit to"]
    assert remit_to.lines == [
        "Brightwork Supply", "PO Box 771", "Dayton, OH 45401", "US", "ID BW-REMIT (kind 91)",
    ]  # fmt: skip
    terms, lines, charges = shown.tables
    assert [cell.words for cell in terms.rows[0].cells] == ["Basic", "Invoice", "2 %", "10", "30"]
    assert [column.label for column in lines.columns] == [
        "Line", "Vendor's item", "SKU", "UPC", "Description", "Quantity", "Unit", "Unit price",
    ]  # fmt: skip
    assert [column.label for column in lines.columns if column.numeric] == ["Quantity", "Unit price"]
    assert [cell.words for cell in lines.rows[1].cells] == [
        "2",
        "BW-TABLE-2",
        "",
        "",
        "",
        "1",
        "Each",
        "79.00",
    ]
    assert [cell.words for cell in charges.rows[0].cells] == [
        "Freight", "9.95", "Charge", "Freight (D240)", "Paid by customer",
    ]  # fmt: skip


def test_a_field_tells_what_it_means() -> None:
    shown = page("810/dropship_invoice")
    assert Pair("Invoice date", "10 Mar 2026", "Date of the invoice") in shown.pairs
    assert shown.tables[1].columns[0].meaning == "Number of the line, in most invoices that of the order"


def test_what_stands_beneath_a_line_is_said_in_sentences() -> None:
    [row, other] = page("810/line_charges").tables[0].rows
    assert row.notes == [
        "Reference: Lot (LT) L-77",
        "Allowance or charge: Allowance, off invoice, service Promotional allowance (F800), amount 6.00, 12 each,"
        " number PROMO-6, Hook promotion",
        "Allowance or charge: Charge, paid by customer, service Handling (D500), agency (code) VI, agency's code HDL,"
        " amount 2.50, Handling, tax: State sales, amount 0.20, rate 8 %, kind of jurisdiction (code) SP, jurisdiction ME",
        "Party: Ship from (SF): Brightwork depot 4, ID D4 (kind 91)",
    ]
    assert len(other.notes) == 1


def test_a_stock_advice_says_stores_in_one_sentence_and_receipts_with_their_date() -> None:
    first, _ = page("846/stores").tables[0].rows
    assert first.notes == [
        "Store unit: Each; Stores numbered by (code): 92",
        "Stores: 0100: 24; 0101: 0; 0117: 36; 0118: 12; 0120: 7; 0121: 3; 0122: 0; 0130: 15; 0131: 9; 0140: 60; 0141: 2",
        "Quantity: Available, 168 each",
    ]
    _, second = page("846/next_receipt").tables[0].rows
    assert second.notes[1] == (
        "Quantity: On order, 60 each, available on 1 Apr 2026, expected: 40 each, available (018) 1 Apr 2026;"
        " expected: 20 each, available (018) 15 Apr 2026"
    )


def test_an_application_advice_says_each_error_with_its_place() -> None:
    shown = page("824/group_on_hold_5010")
    assert [block.title for block in shown.blocks] == ["Sender", "Receiver"]
    [table] = shown.tables
    assert table.title == "Documents spoken of"
    assert [row.cells[0].words for row in table.rows] == [
        "Functional group on hold",
        "Transaction set rejected",
    ]
    assert table.rows[1].notes[-1] == (
        "Error: Invalid unit, Unit is not known, segment PO1, segment position 8, element 3, element's number in the"
        " dictionary 355, bad value QQ, remark: Use EA, DZ or CT."
    )


def test_a_ship_notice_says_where_an_item_lies() -> None:
    shown = readable(
        "856",
        {
            "orders": [{"purchase_order_number": "GP-1"}],
            "packages": [{"weight": "2"}, {"sscc": "100123456789012349"}],
            "items": [{"order": 0, "package": 1}, {"package": 0}, {"package": 7}],
        },
    )
    assert shown is not None
    items = shown.tables[-1]
    assert [column.label for column in items.columns] == ["Package", "Order"]
    assert [[cell.words for cell in row.cells] for row in items.rows] == [
        ["100123456789012349", "GP-1"],
        ["Package 1", ""],
        ["Package 8", ""],
    ]


def test_a_long_list_is_cut_and_says_so() -> None:
    lines = [{"line_number": str(number)} for number in range(1, 1201)]
    stores = [{"location": f"{number:04}", "quantity": "1"} for number in range(70)]
    shown = readable("846", {"lines": [{"vendor_item": "V", "stores": stores}, *lines]})
    assert shown is not None
    [table] = shown.tables
    assert len(table.rows) == 500
    assert table.title == "Lines: the first 500 of 1,201; the raw X12 has them all"
    assert table.rows[0].notes[0].endswith("; 0059: 1; and 10 more")


@pytest.mark.parametrize(
    ("value", "words"),
    [("0.025", "2.5 %"), ("1", "100 %"), ("0.09975", "9.975 %"), ("NaN", "NaN"), ("soon", "soon")],
)
def test_a_share_is_said_in_percent(value: str, words: str) -> None:
    assert value_words(_rate(), value) == words


def _rate() -> FieldShape:
    record = shape_of(KINDS["invoice"])["taxes"].record
    assert record is not None
    return shape_of(record)["rate"]


def test_a_number_that_is_text_keeps_its_zeros() -> None:
    shown = readable("856", {"number": "000012", "carton_count": 3, "weight": str(Decimal("4.50"))})
    assert shown is not None
    assert [(pair.label, pair.words) for pair in shown.pairs] == [
        ("Number", "000012"),
        ("Carton count", "3"),
        ("Weight", "4.5"),
    ]


def test_what_was_not_translated_is_not_shown() -> None:
    assert readable("810", None) is None
    assert readable("832", {"number": "1"}) is None
