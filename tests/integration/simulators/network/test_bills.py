"""What a simulated supplier bills: the body of each way, and his books, which tell the truth whatever he sends."""

from __future__ import annotations

from decimal import Decimal

import pytest

from integration.simulators.network.bills import BILL_WAYS, Books, SuppliersBill
from integration.simulators.network.purchase_orders import PurchaseOrder

D = Decimal
HELD = {"7-1": {"1": D(2), "2": D(5)}, "8-1": {"1": D(1)}}
SHIPPED = {"7-1": {"1": D(2)}}


def order(number: str, *lines: list[str]) -> PurchaseOrder:
    return PurchaseOrder(
        sender=("ZZ", "GRIDPORT"), receiver=("ZZ", "ACMESUPPLY"), isa13="1", gs_sender="GRIDPORT", gs_receiver="ACMESUPPLY",
        gs06="1", st02="0001", number=number, date="20261124", lines=list(lines),
    )  # fmt: skip


FIRST = order(
    "7-1",
    ["PO1", "1", "2", "EA", "4.50", "PE", "VN", "AC-1"],
    ["PO1", "2", "5", "EA", "1.25", "", "VN", "AC-2"],
)
SECOND = order("8-1", ["PO1", "1", "1", "CA", "30", "", "VN", "AC-3"])


def made(books: Books, way: str, number: str = "", purpose: str = "original") -> SuppliersBill:
    bill = books.make([FIRST], HELD, SHIPPED, way, number, purpose)
    books.enter(bill)
    return bill


def test_the_body_says_what_the_books_say() -> None:
    bill = Books().make([FIRST, SECOND], HELD, SHIPPED, "freight", "", "original")
    assert bill.body("20261125") == [
        ["BIG", "20261125", "INV00001", "", "", "", "", "DI"],
        ["CUR", "SE", "USD"],
        ["IT1", "1", "2", "EA", "4.5", "PE", "VN", "AC-1"],
        ["REF", "PO", "7-1"],
        ["IT1", "2", "5", "EA", "1.25", "PE", "VN", "AC-2"],
        ["REF", "PO", "7-1"],
        ["IT1", "1", "1", "CA", "30", "PE", "VN", "AC-3"],
        ["REF", "PO", "8-1"],
        ["TDS", "5725"],
        ["SAC", "C", "D240", "", "", "1200"],
        ["CTT", "3"],
    ]


@pytest.mark.parametrize(
    ("way", "total"),
    [
        ("whole", "15.25"),
        ("shipped", "9.00"),
        ("dearer", "16.25"),
        ("over", "19.75"),
        ("freight", "27.25"),
        ("tax", "16.47"),
        ("wrong_total", "16.25"),
        ("euros", "15.25"),
        ("stranger", "18.25"),
        ("credit", "4.50"),
    ],
)
def test_each_way_has_its_total(way: str, total: str) -> None:
    assert f"{made(Books(), way).total:.2f}" == total
    assert way in BILL_WAYS


def test_the_books_count_what_stands_and_no_bill_twice() -> None:
    books = Books()
    number = made(books, "shipped").number
    assert books.net() == {"7-1": {"1": D(2)}}
    assert [(each.line, each.quantity) for each in made(books, "whole").lines] == [("2", D(5))]
    made(books, "again", number)
    assert made(books, "altered", number).lines[0].quantity == 3
    assert books.net() == {"7-1": {"1": D(2), "2": D(5)}}
    credit = made(books, "credit", number)
    assert (credit.number, credit.original, credit.body("20261125")[2]) == (
        "CM00003",
        number,
        ["REF", "OI", number],
    )
    assert books.net() == {"7-1": {"1": D(1), "2": D(5)}}
    made(books, "whole", number, "cancel")
    assert books.net() == {"7-1": {"1": D(-1), "2": D(5)}}
    with pytest.raises(ValueError, match="an invoice of before"):
        made(books, "again", "INV-9")
