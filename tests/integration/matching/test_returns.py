"""What a partner's documents say of a return, purely: each shape of answer, receipt and credit."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from itertools import product
from typing import Any

import pytest

from integration.documents import CreditAdjustment, ReturnDocument, ReturnLine, ReturnQuantity
from integration.documents.credit_adjustment import Adjustment
from integration.matching.lines import AskedLine
from integration.matching.returns import (
    Answer,
    AskedBack,
    Credit,
    Facts,
    LineAnswer,
    Standing,
    answer_differences,
    answer_of,
    credit_of,
    credited_quantities,
    expected_credit,
    receipt_of,
    stage_of,
    standing_of,
)

D = Decimal
ASKED = [
    AskedBack(AskedLine(1, "AC-1", "V-1", "", D(5), "each", D("4.50")), D(3), unit_price=D("4.50")),
    AskedBack(AskedLine(2, "AC-2", "V-2", "", D(5), "each", D("0.333")), D(2), unit_price=D("0.333")),
]


def line(item: str, quantity: str | None = None, **fields: Any) -> ReturnLine:
    counted = [
        ReturnQuantity(kind, D(fields.pop(kind)))
        for kind in ("approved", "received", "damaged", "rejected")
        if kind in fields
    ]
    told = None if quantity is None else D(quantity)
    return ReturnLine(vendor_item=item, quantity=told, quantities=tuple(counted), **fields)


@pytest.mark.parametrize(
    ("whole", "lines", "expected"),
    [
        ("authorized", (), (3, 2)),
        ("denied", (), (0, 0)),
        ("pending", (), (None, None)),
        ("partially_authorized", (), (None, None)),
        ("partially_authorized", (line("V-1", "2"),), (2, 0)),
        ("partially_authorized", (line("V-1", "3", approved="1"),), (1, 0)),
        ("partially_authorized", (line("V-1", "3", rejected="1"), line("V-2", "2", disposition="denied")), (2, 0)),
        ("authorized", (line("V-1", "3"),), (3, None)),
        ("denied", (line("V-2", "2", disposition="authorized"),), (0, 2)),
        (None, (line("V-1", "1", disposition="authorized"), line("V-1", "2", disposition="denied")), (1, None)),
        (None, (line("V-1", "3", disposition="pending"),), (None, None)),
        (None, (line("V-1", None, disposition="dispose"),), (3, None)),
    ],
)  # fmt: skip
def test_every_shape_of_an_answer(
    whole: str | None, lines: tuple[ReturnLine, ...], expected: tuple[int | None, int | None]
) -> None:
    answer = answer_of(ReturnDocument(purpose="response", disposition=whole, lines=lines), ASKED, document=7)
    assert answer is not None
    assert tuple(answer.lines[number].authorized for number in (1, 2)) == expected


def test_what_answers_nothing() -> None:
    for purpose in ("request", "notification"):
        assert answer_of(ReturnDocument(purpose=purpose, disposition="authorized"), ASKED, document=7) is None
    assert answer_of(ReturnDocument(purpose="response"), ASKED, document=7) is None
    cancelled = answer_of(ReturnDocument(purpose="cancel"), ASKED, document=7)
    assert cancelled is not None
    assert cancelled.lines == {1: LineAnswer(D(0), "denied"), 2: LineAnswer(D(0), "denied")}


def test_a_receipt_counts_what_came_and_what_of_it_is_damaged() -> None:
    told = ReturnDocument(
        purpose="notification",
        document_number="N1",
        date=date(2026, 11, 27),
        lines=(line("V-1", "3", received="2", damaged="1"), line("V-9", "1", received="1")),
    )
    receipt = receipt_of(told, ASKED, document=7)
    assert receipt is not None
    assert (receipt.number, receipt.came, receipt.damaged) == ("N1", {1: 3}, {1: 1})
    assert (receipt.on, receipt.strangers) == (date(2026, 11, 27), ("1 of V-9",))
    plain = receipt_of(ReturnDocument(purpose="notification", lines=(line("V-2", "2"),)), ASKED, document=8)
    assert plain is not None
    assert (plain.number, plain.came, plain.damaged) == ("#8", {2: 2}, {2: 0})
    assert (
        receipt_of(ReturnDocument(purpose="response", lines=(line("V-2", "2"),)), ASKED, document=9) is None
    )


def test_an_812_gives_what_its_lines_for_the_return_say() -> None:
    mine = Adjustment(vendor_item="V-1", amount=D("9.00"), quantity=D(2), return_number="RMA1")
    other = Adjustment(vendor_item="V-2", amount=D("7.00"), quantity=D(1), return_number="RMA2")
    fee = Adjustment(amount=D("1.50"), credit_or_debit="debit", return_number="RMA1")
    told = CreditAdjustment(amount=D("14.50"), credit_or_debit="credit", adjustments=(mine, other, fee))
    names = frozenset({"RMA1"})
    assert credit_of(told, names, ASKED, document=7, currency="USD") == Credit(7, D("7.50"), "USD", {1: D(2)})
    assert credit_of(told, frozenset({"RMA3"}), ASKED, document=7, currency="USD") is None
    whole = CreditAdjustment(amount=D("5.00"), credit_or_debit="debit", currency="EUR")
    assert credit_of(whole, names, ASKED, document=8, currency="USD") == Credit(8, D("-5.00"), "EUR", {})
    cancelled = CreditAdjustment(amount=D("5.00"), purpose="cancel")
    assert credit_of(cancelled, names, ASKED, document=9, currency="USD") is None


def test_a_credit_without_lines_is_for_what_others_leave() -> None:
    standing = {1: Standing(D(3), received=D(3)), 2: Standing(D(2))}
    credits = [Credit(1, D(1), "USD"), Credit(2, D(1), "USD", {1: D(1)}), Credit(3, D(1), "USD")]
    assert credited_quantities(credits, ASKED, standing) == {2: {1: D(1)}, 1: {1: D(2), 2: D(2)}, 3: {}}


def test_what_is_owed_follows_what_came_then_what_is_authorized() -> None:
    standing = {1: Standing(), 2: Standing()}
    assert expected_credit(ASKED, standing) == D("14.17")  # 3 x 4.50 and 2 x 0.333, to the cent
    assert expected_credit(ASKED, {**standing, 1: Standing(D(1))}) == D("5.17")
    assert expected_credit(ASKED, {**standing, 1: Standing(D(3), received=D(2))}) == D("9.67")
    assert expected_credit(ASKED, {1: Standing(D(0)), 2: Standing(D(0))}) == 0


def answer(authorized: int | None, round: int = 1) -> Answer:
    return Answer(
        7, round, {1: LineAnswer(None if authorized is None else D(authorized)), 2: LineAnswer(D(2))}
    )


@pytest.mark.parametrize(
    ("said", "found"),
    [
        ([answer(3)], []),
        ([answer(3), answer(1)], ["quantity", "authorized before"]),
        ([answer(1), answer(3)], []),
        ([answer(3), answer(1, round=2)], ["quantity"]),
        ([answer(5), answer(3)], []),
        ([answer(3), answer(None)], []),
        ([answer(None)], ["the lines"]),
    ],
)
def test_only_what_takes_back_something_wanted_contradicts(said: list[Answer], found: list[str]) -> None:
    standing = standing_of(ASKED, said, [], {})
    assert [each.what for each in answer_differences(ASKED, said, standing)] == found


def test_a_stage_is_how_far_it_came() -> None:
    order = [
        "withdrawn",
        "closed",
        "credited",
        "received",
        "shipped",
        "authorized",
        "denied",
        "requested",
        "proposed",
    ]
    for flags in product([False, True], repeat=len(order)):
        facts = dict(zip(order, flags, strict=True))
        first = next((name for name in order if facts[name]), "opened")
        assert stage_of(Facts(**facts)) == first
