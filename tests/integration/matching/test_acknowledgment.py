"""An 855 held against what was ordered: each decision, exactly."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from integration.documents import AcknowledgedLine, Acknowledgment, Item, ItemId, PurchaseOrderAcknowledgment
from integration.matching.acknowledgment import Decision, decide
from integration.matching.lines import AskedLine, LineStatement

ASKED = [
    AskedLine(1, "LAMP-1", "AC00001", "012345678905", Decimal("2.0000"), "each", Decimal("10.2500")),
    AskedLine(2, "SHADE-2", "AC00002", "", Decimal(5), "each", None),
]


def line(number: int, quantity: int, *said: tuple[str, int | None], **changes: object) -> AcknowledgedLine:
    made = AcknowledgedLine(
        line_number=str(number),
        vendor_item=f"AC0000{number}",
        quantity=Decimal(quantity),
        unit="each",
        acknowledgments=tuple(
            Acknowledgment(status=status, quantity=None if part is None else Decimal(part), unit="each")
            for status, part in said
        ),
    )
    return replace(made, **changes)


def answer(kind: str, *lines: AcknowledgedLine, **changes: object) -> PurchaseOrderAcknowledgment:
    made = PurchaseOrderAcknowledgment(
        purpose="original", acknowledgment_type=kind, purchase_order_number="7-1", lines=lines
    )
    return replace(made, **changes)


GOOD = (line(1, 2, ("accepted", 2)), line(2, 5, ("accepted", 5)))


def differences(decision: Decision) -> list[str]:
    assert not decision.accepted
    return [str(each) for each in decision.differences]


@pytest.mark.parametrize("kind", ["detail_no_change", "accepted", "detail_with_change", "replenishment"])
def test_every_line_accepted_is_an_acceptance(kind: str) -> None:
    decision = decide(ASKED, answer(kind, *GOOD))
    assert decision == Decision(
        True,
        (),
        (LineStatement(1, Decimal(2), Decimal("10.2500"), None), LineStatement(2, Decimal(5), None, None)),
    )


@pytest.mark.parametrize(
    "named",
    [
        {"vendor_item": "AC00001"},
        {"buyer_item": "LAMP-1"},
        {"buyer_catalogue": "LAMP-1", "manufacturer_item": "M-7"},
        {"upc": "012345678905"},
        {"ean": "0012345678905"},
        {"other_ids": (ItemId("VC", "AC00001"),)},
        {"other_ids": (ItemId("PI", "LAMP-1"), ItemId("BO", "red"))},
        {"vendor_item": "AC00001", "buyer_item": "ours is another"},
    ],
    ids=str,
)
def test_a_line_is_known_by_any_number_that_we_gave_it_whatever_its_own(named: dict[str, Any]) -> None:
    only = AcknowledgedLine(
        line_number="000010",
        quantity=Decimal(2),
        acknowledgments=(Acknowledgment(status="accepted"),),
        **named,
    )
    decision = decide(ASKED[:1], answer("detail_no_change", only))
    assert decision.accepted, decision.differences


def test_the_buyers_number_of_another_item_is_not_the_line_of_that_number() -> None:
    odd = AcknowledgedLine(
        line_number="1",
        buyer_item="SHADE-9",
        quantity=Decimal(2),
        acknowledgments=(Acknowledgment("accepted"),),
    )
    assert differences(decide(ASKED[:1], answer("detail_no_change", odd))) == [
        "An item that was not ordered: asked nothing, answered line 1, SHADE-9",
        "Line 1 (LAMP-1): the line: asked 2 each, answered not mentioned",
    ]


@pytest.mark.parametrize("kind", ["detail_no_change", "accepted", "no_detail"])
def test_an_acceptance_of_the_whole_needs_no_lines(kind: str) -> None:
    decision = decide(ASKED, answer(kind, delivers_on=date(2026, 12, 1)))
    assert decision.accepted
    assert [(each.quantity, each.promised_on) for each in decision.statements] == [
        (Decimal("2.0000"), date(2026, 12, 1)),
        (Decimal(5), date(2026, 12, 1)),
    ]


@pytest.mark.parametrize(
    "kind", ["rejected", "rejected_with_detail", "on_hold", "counter_offer", "?ZZ", None]
)
def test_any_other_answer_is_no_acceptance_even_with_good_lines(kind: str | None) -> None:
    said = {None: "nothing said", "?ZZ": "code ZZ"}.get(kind, str(kind).replace("_", " "))
    assert differences(decide(ASKED, answer(kind, *GOOD))) == [  # type: ignore[arg-type]
        f"The order: asked to be accepted, answered {said}"
    ]


def test_a_split_line_is_summed() -> None:
    split = line(2, 5, ("accepted", 3), ("accepted_and_shipped", 2))
    assert decide(ASKED, answer("detail_with_change", GOOD[0], split)).accepted


def test_part_of_a_line_backordered_is_told_by_line() -> None:
    short = line(2, 5, ("accepted", 3), ("backordered", 2))
    assert differences(decide(ASKED, answer("detail_with_change", GOOD[0], short))) == [
        "Line 2 (SHADE-2): asked 5 each, answered 2 backordered"
    ]


def test_less_accepted_than_asked_is_told() -> None:
    short = line(2, 3, ("accepted", 3))
    assert differences(decide(ASKED, answer("detail_no_change", GOOD[0], short))) == [
        "Line 2 (SHADE-2): quantity: asked 5, answered 3"
    ]


def test_another_price_and_another_unit_are_told() -> None:
    dear = line(1, 2, ("accepted", 2), unit_price=Decimal("10.50"), unit="case")
    assert differences(decide(ASKED, answer("detail_with_change", dear, GOOD[1]))) == [
        "Line 1 (LAMP-1): unit: asked each, answered case",
        "Line 1 (LAMP-1): price: asked 10.25, answered 10.5",
    ]


def test_a_price_is_not_compared_where_none_was_asked() -> None:
    priced = line(2, 5, ("accepted", 5), unit_price=Decimal("3.00"))
    decision = decide(ASKED, answer("detail_no_change", GOOD[0], priced))
    assert decision.statements[1].unit_price == Decimal("3.00")


def test_a_line_that_is_not_mentioned_is_told() -> None:
    assert differences(decide(ASKED, answer("detail_with_change", GOOD[0]))) == [
        "Line 2 (SHADE-2): the line: asked 5 each, answered not mentioned"
    ]


def test_a_line_without_a_status_is_told_where_the_heading_leaves_it_open() -> None:
    silent = line(2, 5)
    assert differences(decide(ASKED, answer("detail_with_change", GOOD[0], silent))) == [
        "Line 2 (SHADE-2): asked 5 each, answered without a status"
    ]
    assert decide(ASKED, answer("detail_no_change", GOOD[0], silent)).accepted


def test_an_item_that_was_not_ordered_is_told() -> None:
    stranger = line(9, 1, ("accepted", 1))
    assert differences(decide(ASKED, answer("detail_no_change", *GOOD, stranger))) == [
        "An item that was not ordered: asked nothing, answered line 9, AC00009"
    ]


def test_lines_are_paired_by_item_where_the_partner_numbers_anew() -> None:
    renumbered = (replace(GOOD[1], line_number="001"), replace(GOOD[0], line_number="002"))
    assert decide(ASKED, answer("detail_no_change", *renumbered)).accepted


def test_a_substitute_is_never_an_acceptance() -> None:
    instead = replace(
        line(2, 5, ("substituted", 5)),
        acknowledgments=(
            Acknowledgment(status="substituted", quantity=Decimal(5), substitute=Item(vendor_item="AC00077")),
        ),
    )
    assert differences(decide(ASKED, answer("detail_with_change", GOOD[0], instead))) == [
        "Line 2 (SHADE-2): asked 5 each, answered 5 substituted"
    ]


def test_the_latest_promise_of_a_line_counts_before_the_headings() -> None:
    promised = replace(
        GOOD[0],
        acknowledgments=(
            Acknowledgment(status="accepted", quantity=Decimal(1), ships_on=date(2026, 12, 3)),
            Acknowledgment(status="accepted", quantity=Decimal(1), delivers_on=date(2026, 12, 9)),
        ),
    )
    decision = decide(ASKED, answer("detail_no_change", promised, GOOD[1], delivers_on=date(2026, 11, 30)))
    assert [each.promised_on for each in decision.statements] == [date(2026, 12, 9), date(2026, 11, 30)]


def test_an_answer_that_cancels_is_no_acceptance() -> None:
    assert differences(decide(ASKED, answer("accepted", *GOOD, purpose="cancel"))) == [
        "Purpose of the answer: asked an answer, answered cancel"
    ]


def promised(kind: str, *said: tuple[str, int | None]) -> tuple[Decimal, Decimal]:
    """Return what an answer about the line of five promises and backorders."""
    decision = decide(ASKED, answer(kind, GOOD[0], line(2, 5, *said)))
    [statement] = [each for each in decision.statements if each.line_number == 2]
    return statement.quantity, statement.backordered


@pytest.mark.parametrize(
    ("said", "quantities"),
    [
        ([("accepted", 5)], (5, 0)),
        ([("accepted", 3), ("backordered", 2)], (3, 2)),
        ([("partial_backordered", 3)], (3, 2)),
        ([("partial_backordered", 3), ("backordered", 2)], (3, 2)),
        ([("backordered", None)], (0, 5)),
        ([("rejected", 5)], (0, 0)),
        ([("deleted", 5)], (0, 0)),
        ([("on_hold", 5)], (0, 0)),
        ([("price_changed", 5)], (5, 0)),
        ([("rescheduled", None)], (5, 0)),
        ([("substituted", 4), ("rejected", 1)], (4, 0)),
        ([("?ZZ", 5)], (0, 0)),
        ([], (0, 0)),
    ],
)
def test_what_is_promised_is_told_whether_it_was_asked_for_or_not(
    said: list[tuple[str, int | None]], quantities: tuple[int, int]
) -> None:
    assert promised("detail_with_change", *said) == quantities


def test_a_line_that_he_did_not_speak_of_has_no_statement() -> None:
    decision = decide(ASKED, answer("detail_with_change", GOOD[0]))
    assert [each.line_number for each in decision.statements] == [1]
