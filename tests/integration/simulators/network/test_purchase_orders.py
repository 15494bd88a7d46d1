"""What a supplier reads in an 850, whatever its separators; what is no 850 is no order."""

from __future__ import annotations

import pytest

from integration.simulators.network.customers import told_by
from integration.simulators.network.purchase_orders import (
    PurchaseOrder,
    read_purchase_orders,
    receiver_of,
    segments_of,
)
from tests.integration.simulators.network.orders_850 import OTHER_SEPARATORS, TWO_LINES, order_in


def test_all_that_an_answer_needs_is_read() -> None:
    assert order_in(TWO_LINES) == PurchaseOrder(
        sender=("ZZ", "GRIDPORT"),
        receiver=("ZZ", "ACMESUPPLY"),
        isa13="000000042",
        gs_sender="SHOPGS",
        gs_receiver="ACMEGS",
        gs06="17",
        st02="0001",
        number="1001-1",
        date="20260228",
        order_type="DS",
        usage="P",
        lines=[
            ["PO1", "1", "12", "EA", "6.25", "PE", "VN", "AC00004", "UP", "012345678905"],
            ["PO1", "2", "3", "CA", "80", "PE", "BP", "TEA-24", "VP", "AC00009"],
        ],
        dates={0: {"010": "20260305"}, 2: {"002": "20260310"}},
        place=[["N1", "ST", "Mara Quill", "92", "778"]],
    )


def test_the_separators_are_those_of_the_isa() -> None:
    order = order_in(OTHER_SEPARATORS)
    assert (order.receiver, order.number, order.st02, order.usage) == (
        ("01", "123456789"),
        "1002-1",
        "0007",
        "T",
    )
    assert order.lines == [
        ["PO1", "1", "2.50", "KG", "0.05", "PE", "VN", "BO*77~A"],
        ["PO1", "2", "1", "EA"],
        ["PO1", "", "4", "DZ", "9.9", "", "SK", "EGG-12"],
    ]
    assert receiver_of(OTHER_SEPARATORS.encode()) == ("01", "123456789")


def test_a_line_end_may_end_the_segments() -> None:
    assert order_in(TWO_LINES.replace("~", "")) == order_in(TWO_LINES)


def test_what_stands_before_the_isa_belongs_to_nobody() -> None:
    assert order_in("\ufeff\r\n " + TWO_LINES) == order_in(TWO_LINES)


def test_letters_of_an_older_alphabet_are_read() -> None:
    text = TWO_LINES.replace("AC00004", "CAFÉ-4")
    for encoding in ("utf-8", "latin-1"):
        [order] = read_purchase_orders(text.encode(encoding))
        assert order.lines[0][7] == "CAFÉ-4"


def test_orders_of_several_sets_and_groups_are_kept_apart() -> None:
    header, body, trailer = (
        TWO_LINES[: TWO_LINES.index("ST*")],
        TWO_LINES[TWO_LINES.index("ST*") : TWO_LINES.index("GE*")],
        TWO_LINES[TWO_LINES.index("GE*") : TWO_LINES.index("IEA*")],
    )
    second = "ST*850*0002~BEG*00*SA*1003-1**20260228~PO1*7*1*EA~SE*4*0002~"
    change = "ST*860*0003~BCH*04*SA*1003-1***20260228~DTM*010*20260401~SE*4*0003~"
    other_group = f"GS*PO*SHOPGS*ACMEGS*20260301*0941*18*X*004010~{body}GE*1*18~"
    orders = read_purchase_orders(f"{header}{body}{second}{change}{trailer}{other_group}".encode())
    found = [(each.code, each.number, each.gs06, each.st02, len(each.lines), each.dates) for each in orders]
    assert found == [
        ("850", "1001-1", "17", "0001", 2, {0: {"010": "20260305"}, 2: {"002": "20260310"}}),
        ("850", "1003-1", "17", "0002", 1, {}),
        ("860", "1003-1", "17", "0003", 0, {0: {"010": "20260401"}}),
        ("850", "1001-1", "18", "0001", 2, {0: {"010": "20260305"}, 2: {"002": "20260310"}}),
    ]
    assert [(each.purpose, each.change, each.group) for each in orders[2:]] == [
        ("04", "", "PC"),
        ("", "", "PO"),
    ]


@pytest.mark.parametrize(
    "data",
    [b"", b"ISA", b"Dear customer", TWO_LINES.encode()[:105], TWO_LINES.replace("*850*", "*810*").encode()],
    ids=["empty", "a tag", "a letter", "half an ISA", "another set"],
)
def test_what_is_no_850_holds_no_order(data: bytes) -> None:
    assert read_purchase_orders(data) == []


def test_what_is_not_x12_is_for_nobody() -> None:
    assert segments_of(b"Dear customer") == []
    assert receiver_of(b"Dear customer") == ("", "")


def test_an_850_that_lacks_what_it_should_have_is_read_as_far_as_it_goes() -> None:
    isa = TWO_LINES[: TWO_LINES.index("GS*")]
    order = order_in(f"{isa}ST*850~BEG*00~PO1~")
    assert (order.st02, order.gs06, order.number, order.date, order.lines) == ("", "", "", "", [["PO1"]])


def test_of_an_acknowledgment_each_line_is_read_with_what_becomes_of_it() -> None:
    text = (
        TWO_LINES[: TWO_LINES.index("ST*850")].replace("*PO*", "*PR*")
        + "ST*855*0001~BAK*05*AC*GRV-1*20260228~PO1*1*12*EA*6.25*PE*VN*MUG-1~ACK*IA*8*EA*069*20260310~ACK*IB*4*EA~"
        "PO1*2*3*EA*1*PE*VN*TEA-2~ACK*IR*3*EA~SE*8*0001~GE*1*17~IEA*1*000000042~"
    )
    [told] = read_purchase_orders(text.encode())
    assert (told.code, told.group, told.number) == ("855", "PR", "GRV-1")
    assert told_by(told) == {
        "purpose": "05",
        "answer": "AC",
        "lines": {
            "1": {
                "quantity": "12",
                "price": "6.25",
                "answers": [
                    {"status": "IA", "quantity": "8", "date": "20260310"},
                    {"status": "IB", "quantity": "4", "date": ""},
                ],
            },
            "2": {
                "quantity": "3",
                "price": "1",
                "answers": [{"status": "IR", "quantity": "3", "date": ""}],
            },
        },
    }
