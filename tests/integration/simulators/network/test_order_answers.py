"""Each way to answer an 850 gives exactly these segments."""

from __future__ import annotations

import pytest

from integration.simulators.network.order_answers import ORDER_ANSWERS, purchase_order_acknowledgment
from tests.integration.simulators.network.orders_850 import (
    OTHER_SEPARATORS,
    TODAY,
    TWO_LINES,
    asking,
    order_in,
    wire,
)

# Typed by hand, for TWO_LINES answered on TODAY.
GOLDEN = {
    "accept": """\
BAK*00*AD*1001-1*20260228****SO-1001-1*20260301~
PO1*1*12*EA*6.25*PE*VN*AC00004*UP*012345678905~
ACK*IA*12*EA*068*20260305~
PO1*2*3*CA*80*PE*BP*TEA-24*VP*AC00009~
ACK*IA*3*CA*067*20260310~
CTT*2~
""",
    "short": """\
BAK*00*AC*1001-1*20260228****SO-1001-1*20260301~
PO1*1*12*EA*6.25*PE*VN*AC00004*UP*012345678905~
ACK*IA*11*EA*068*20260305~
ACK*IB*1*EA~
PO1*2*3*CA*80*PE*BP*TEA-24*VP*AC00009~
ACK*IA*3*CA*067*20260310~
CTT*2~
""",
    "over": """\
BAK*00*AC*1001-1*20260228****SO-1001-1*20260301~
PO1*1*12*EA*6.25*PE*VN*AC00004*UP*012345678905~
ACK*IQ*13*EA*068*20260305~
PO1*2*3*CA*80*PE*BP*TEA-24*VP*AC00009~
ACK*IA*3*CA*067*20260310~
CTT*2~
""",
    "price_up": """\
BAK*00*AC*1001-1*20260228****SO-1001-1*20260301~
PO1*1*12*EA*6.88*PE*VN*AC00004*UP*012345678905~
ACK*IP*12*EA*068*20260305~
PO1*2*3*CA*80*PE*BP*TEA-24*VP*AC00009~
ACK*IA*3*CA*067*20260310~
CTT*2~
""",
    "price_down": """\
BAK*00*AC*1001-1*20260228****SO-1001-1*20260301~
PO1*1*12*EA*5.62*PE*VN*AC00004*UP*012345678905~
ACK*IP*12*EA*068*20260305~
PO1*2*3*CA*80*PE*BP*TEA-24*VP*AC00009~
ACK*IA*3*CA*067*20260310~
CTT*2~
""",
    "late_date": """\
BAK*00*AC*1001-1*20260228****SO-1001-1*20260301~
PO1*1*12*EA*6.25*PE*VN*AC00004*UP*012345678905~
ACK*DR*12*EA*068*20260319~
PO1*2*3*CA*80*PE*BP*TEA-24*VP*AC00009~
ACK*IA*3*CA*067*20260310~
CTT*2~
""",
    "substitute": """\
BAK*00*AC*1001-1*20260228****SO-1001-1*20260301~
PO1*1*12*EA*6.25*PE*VN*AC00004*UP*012345678905~
ACK*IS*12*EA*068*20260305**VN*AC00004-B~
PO1*2*3*CA*80*PE*BP*TEA-24*VP*AC00009~
ACK*IA*3*CA*067*20260310~
CTT*2~
""",
    "reject_line": """\
BAK*00*AC*1001-1*20260228****SO-1001-1*20260301~
PO1*1*12*EA*6.25*PE*VN*AC00004*UP*012345678905~
ACK*IR*12*EA~
PO1*2*3*CA*80*PE*BP*TEA-24*VP*AC00009~
ACK*IA*3*CA*067*20260310~
CTT*2~
""",
    "reject_all": """\
BAK*00*RD*1001-1*20260228****SO-1001-1*20260301~
PO1*1*12*EA*6.25*PE*VN*AC00004*UP*012345678905~
ACK*IR*12*EA~
PO1*2*3*CA*80*PE*BP*TEA-24*VP*AC00009~
ACK*IR*3*CA~
CTT*2~
""",
    "hold": """\
BAK*00*AH*1001-1*20260228****SO-1001-1*20260301~
PO1*1*12*EA*6.25*PE*VN*AC00004*UP*012345678905~
ACK*IH*12*EA~
PO1*2*3*CA*80*PE*BP*TEA-24*VP*AC00009~
ACK*IH*3*CA~
CTT*2~
""",
}


def test_every_way_to_answer_is_tested() -> None:
    assert sorted(GOLDEN) == sorted(ORDER_ANSWERS)


@pytest.mark.parametrize("answer", ORDER_ANSWERS)
def test_an_order_is_answered_to_the_last_character(answer: str) -> None:
    order = order_in(TWO_LINES)
    assert wire(purchase_order_acknowledgment(order, answer, today=TODAY)) == GOLDEN[answer]
    assert order == order_in(TWO_LINES)


def test_an_order_of_another_translator_is_answered_from_what_it_says() -> None:
    body = purchase_order_acknowledgment(order_in(OTHER_SEPARATORS), "short", today=TODAY)
    assert body == [
        ["BAK", "00", "AC", "1002-1", "20260228", "", "", "", "SO-1002-1", "20260301"],
        ["PO1", "1", "2.50", "KG", "0.05", "PE", "VN", "BO*77~A"],
        ["ACK", "IA", "1.5", "KG", "068", "20260301"],
        ["ACK", "IB", "1", "KG", "", ""],
        ["PO1", "2", "1", "EA"],
        ["ACK", "IA", "1", "EA", "068", "20260301"],
        ["PO1", "", "4", "DZ", "9.9", "", "SK", "EGG-12"],
        ["ACK", "IA", "4", "DZ", "068", "20260301"],
        ["CTT", "3"],
    ]


def lines_of(answer: str, po1: str, dates: dict[int, dict[str, str]] | None = None) -> tuple[str, list[str]]:
    """BAK02, and the segments that answer a purchase order of this one line."""
    bak, *lines, _ = purchase_order_acknowledgment(asking(po1, dates=dates), answer, today=TODAY)
    return bak[2], wire(lines).split()


@pytest.mark.parametrize(
    ("quantity", "short", "over"),
    [
        ("2", ["ACK*IA*1*EA*068*20260301~", "ACK*IB*1*EA~"], "ACK*IQ*3*EA*068*20260301~"),
        ("1", ["ACK*IB*1*EA~"], "ACK*IQ*2*EA*068*20260301~"),
        ("0.5", ["ACK*IB*0.5*EA~"], "ACK*IQ*1.5*EA*068*20260301~"),
        ("100.0", ["ACK*IA*99*EA*068*20260301~", "ACK*IB*1*EA~"], "ACK*IQ*101*EA*068*20260301~"),
        (".5", ["ACK*IB*0.5*EA~"], "ACK*IQ*1.5*EA*068*20260301~"),
        ("2.", ["ACK*IA*1*EA*068*20260301~", "ACK*IB*1*EA~"], "ACK*IQ*3*EA*068*20260301~"),
    ],
)
def test_quantities_are_those_that_were_asked(quantity: str, short: list[str], over: str) -> None:
    po1 = f"PO1*1*{quantity}*EA"
    assert lines_of("short", po1) == ("AC", [f"{po1}~", *short])
    assert lines_of("over", po1) == ("AC", [f"{po1}~", over])


@pytest.mark.parametrize("quantity", ["", "TEN", "-3", "1E5", "NaN", "9" * 18])
def test_a_quantity_that_is_none_is_not_counted_with(quantity: str) -> None:
    po1 = f"PO1*1*{quantity}*EA*1"
    assert lines_of("short", po1) == ("AC", [f"{po1}~", "ACK*IB~"])
    assert lines_of("over", po1) == ("AD", [f"{po1}~", "ACK*IA***068*20260301~"])


def test_a_quantity_without_a_unit_is_not_repeated() -> None:
    assert lines_of("hold", "PO1*1*3") == ("AH", ["PO1*1*3~", "ACK*IH~"])


@pytest.mark.parametrize(
    ("asked", "dearer", "cheaper"),
    [
        ("6.25", "6.88", "5.62"),
        ("80", "88", "72"),
        ("0.0825", "0.0908", "0.0742"),
        ("0.01", "0.02", "0.00"),
        ("3", "4", "2"),
        (".5", "0.6", "0.4"),
    ],
)
def test_a_price_changes_by_a_tenth_and_at_least_in_its_last_place(
    asked: str, dearer: str, cheaper: str
) -> None:
    for answer, price in (("price_up", dearer), ("price_down", cheaper)):
        assert lines_of(answer, f"PO1*1*2*EA*{asked}*PE*VN*A") == (
            "AC",
            [f"PO1*1*2*EA*{price}*PE*VN*A~", "ACK*IP*2*EA*068*20260301~"],
        )


@pytest.mark.parametrize("answer", ["price_up", "price_down"])
@pytest.mark.parametrize("price", ["", "0", "0.00", "FREE"])
def test_a_line_without_a_price_is_accepted_whatever_becomes_of_prices(answer: str, price: str) -> None:
    po1 = f"PO1*1*2*EA*{price}**VN*A"
    assert lines_of(answer, po1) == ("AD", [f"{po1}~", "ACK*IA*2*EA*068*20260301~"])


@pytest.mark.parametrize(
    ("dates", "promised", "late"),
    [
        ({}, "068*20260301", "068*20260315"),
        ({0: {"010": "20260320"}}, "068*20260320", "068*20260403"),
        ({0: {"002": "20261231"}}, "067*20261231", "067*20270114"),
        ({0: {"010": "20260320"}, 1: {"106": "20260401"}}, "067*20260401", "067*20260415"),
        ({1: {"002": "20260401", "010": "20260320"}}, "068*20260320", "068*20260403"),
        ({0: {"038": "20260320", "001": "20260330"}}, "068*20260320", "068*20260403"),
        ({0: {"010": "20260231"}, 1: {"010": "2026032", "002": "260320"}}, "068*20260301", "068*20260315"),
        ({2: {"010": "20260320"}}, "068*20260301", "068*20260315"),
    ],
    ids=[
        "none is asked", "ship", "deliver", "the line's before the heading's", "ship before deliver",
        "of no use: cancel after", "none of them is a date", "another line's",
    ],
)  # fmt: skip
def test_a_line_is_promised_for_the_date_that_was_asked(
    dates: dict[int, dict[str, str]], promised: str, late: str
) -> None:
    assert lines_of("accept", "PO1*1*2*EA", dates) == ("AD", ["PO1*1*2*EA~", f"ACK*IA*2*EA*{promised}~"])
    assert lines_of("late_date", "PO1*1*2*EA", dates) == ("AC", ["PO1*1*2*EA~", f"ACK*DR*2*EA*{late}~"])


@pytest.mark.parametrize(
    ("items", "successor"),
    [
        ("*VN*A1*UP*012345678905", "VN*A1-B"),
        ("*UP*012345678905*VP*A1", "VP*A1-B"),
        ("*SK*S1*UP*012345678905", "SK*S1-B"),
        ("*VN**UP*012345678905", "UP*012345678905-B"),
        ("", "VN*LINE-1-B"),
    ],
)
def test_the_substitute_is_named_as_the_item_was(items: str, successor: str) -> None:
    po1 = f"PO1*1*2*EA*1.00*PE{items}"
    assert lines_of("substitute", po1) == (
        "AC",
        [f"{po1}~", f"ACK*IS*2*EA*068*20260301**{successor}~"],
    )


@pytest.mark.parametrize(("answer", "heading"), [("short", "AD"), ("reject_all", "RD"), ("hold", "AH")])
def test_an_order_without_lines_is_answered_without_lines(answer: str, heading: str) -> None:
    assert wire(purchase_order_acknowledgment(asking(), answer, today=TODAY)).split() == [
        f"BAK*00*{heading}*1001-1*20260228****SO-1001-1*20260301~",
        "CTT*0~",
    ]
