"""What an edit means, and what an answer to a change means: pure, line by line."""

from __future__ import annotations

import os
from collections import defaultdict
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from integration.documents.purchase_order_acknowledgment import Acknowledgment
from integration.documents.purchase_order_change import AcknowledgedChange, PurchaseOrderChangeAcknowledgment
from integration.matching.changes import Edit, LineMove, LineVerdict, SentLine, difference, verdicts_on
from integration.matching.lines import AskedLine

MOST = 2000 if os.environ.get("GRIDPORT_CHAOS") == "1" else 150
QUANTITIES = st.integers(0, 30).map(Decimal)


@st.composite
def sent_lines(draw: st.DrawFn) -> list[SentLine]:
    stored = draw(st.lists(st.integers(1, 5), max_size=8))
    return [
        SentLine(place % 3, place, store_line, draw(QUANTITIES)) for place, store_line in enumerate(stored, 1)
    ]


def applied(sent: list[SentLine], edit: Edit) -> dict[int, Decimal]:
    """Return the quantities by store line once ``edit`` is done to ``sent``."""
    now = {(move.purchase_order, move.line_number): move.now for move in edit.moves}
    found: dict[int, Decimal] = defaultdict(Decimal)
    for line in sent:
        found[line.store_line] += now.get((line.purchase_order, line.line_number), line.quantity)
    for store_line, quantity in edit.new:
        found[store_line] += quantity
    return {store_line: quantity for store_line, quantity in found.items() if quantity}


@settings(max_examples=MOST, derandomize=True, deadline=None)
@given(sent_lines(), st.dictionaries(st.integers(1, 7), QUANTITIES))
def test_the_changes_applied_to_what_was_sent_give_what_is_wanted(
    sent: list[SentLine], wanted: dict[int, Decimal]
) -> None:
    edit = difference(sent, wanted)
    assert applied(sent, edit) == {line: quantity for line, quantity in wanted.items() if quantity}
    assert all(move.now >= 0 and move.now != move.was for move in edit.moves)
    unchanged = applied(sent, Edit((), ()))
    assert difference(sent, unchanged) == Edit((), ())


def test_of_a_line_with_two_partners_the_last_gives_up_first() -> None:
    sent = [SentLine(1, 1, 70, Decimal(8)), SentLine(2, 1, 70, Decimal(4))]
    assert difference(sent, {70: Decimal(6)}).moves == (
        LineMove(1, 1, Decimal(8), Decimal(6)),
        LineMove(2, 1, Decimal(4), Decimal(0)),
    )
    assert difference(sent, {70: Decimal(14)}).moves == (LineMove(1, 1, Decimal(8), Decimal(10)),)


def asked(quantity: int) -> AskedLine:
    return AskedLine(1, "AC-1", "A-1", "", Decimal(quantity), "each", Decimal("2.50"))


def said(kind: str, *lines: AcknowledgedChange) -> PurchaseOrderChangeAcknowledgment:
    return PurchaseOrderChangeAcknowledgment(acknowledgment_type=kind, lines=lines)


def line(change: str, quantity: int, *statuses: tuple[str, int], price: str = "2.50") -> AcknowledgedChange:
    return AcknowledgedChange(
        line_number="1",
        change=change,
        quantity=Decimal(quantity),
        unit_price=Decimal(price),
        acknowledgments=tuple(Acknowledgment(status=name, quantity=Decimal(each)) for name, each in statuses),
    )


@pytest.mark.parametrize(
    ("quantity", "answer", "verdict"),
    [
        (9, said("accepted"), LineVerdict(1, True, False, "accepted")),
        (9, said("rejected"), LineVerdict(1, False, True, "rejected")),
        (9, said("detail_with_change"), LineVerdict(1, False, False, "not mentioned")),
        (9, said("exceptions_only"), LineVerdict(1, True, False, "exceptions only")),
        (
            9,
            said("detail_no_change", line("quantity_decreased", 9, ("accepted", 9))),
            LineVerdict(1, True, False, "9 each"),
        ),
        (
            9,
            said("detail_with_change", line("quantity_decreased", 9, ("accepted", 4), ("rescheduled", 5))),
            LineVerdict(1, True, False, "9 each"),
        ),
        (
            9,
            said("detail_with_change", line("quantity_increased", 9, ("accepted", 6), ("backordered", 3))),
            LineVerdict(1, False, False, "6 each, backordered"),
        ),
        (
            9,
            said("detail_with_change", line("quantity_decreased", 9, ("price_changed", 9), price="2.75")),
            LineVerdict(1, False, False, "9 each at 2.75"),
        ),
        (
            9,
            said("detail_with_change", line("change_rejected", 12, ("accepted", 12))),
            LineVerdict(1, False, True, "change rejected"),
        ),
        (
            9,
            said("detail_with_change", line("quantity_decreased", 9, ("rejected", 9))),
            LineVerdict(1, False, True, "rejected"),
        ),
        (
            0,
            said("detail_no_change", line("item_deleted", 12, ("deleted", 12))),
            LineVerdict(1, True, False, "deleted"),
        ),
        (0, said("detail_no_change", line("item_deleted", 0)), LineVerdict(1, True, False, "deleted")),
        (
            0,
            said("detail_with_change", line("item_deleted", 12, ("accepted_and_shipped", 12))),
            LineVerdict(1, False, True, "accepted and shipped"),
        ),
    ],
)
def test_an_answer_to_a_change_is_read_line_by_line(
    quantity: int, answer: PurchaseOrderChangeAcknowledgment, verdict: LineVerdict
) -> None:
    assert verdicts_on([asked(quantity)], answer) == (verdict,)
