"""What of an order is told to a supplier, and how."""

from __future__ import annotations

from decimal import Decimal

import pytest
from django.utils import timezone

from integration.flows.compose import LONGEST_NOTE, canonical_purchase_order, note_lines, shortest
from tests import factories


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("", ""),
        (" \n\t\n", ""),
        ("Ring twice.", "Ring twice."),
        ("Ring\ttwice,\r\nthen   wait.", "Ring twice,\nthen wait."),
        ("bell\x07 and\x00 nothing", "bell and nothing"),
        ("word " * 60, f"{' '.join(['word'] * 53)}\n{' '.join(['word'] * 7)}"),
        ("x" * 300, f"{'x' * 264}\n{'x' * 36}"),
    ],
)
def test_a_shoppers_message_fits_the_lines_of_a_document(text: str, lines: str) -> None:
    assert note_lines(text) == lines
    assert all(len(line) <= LONGEST_NOTE for line in lines.splitlines())


@pytest.mark.parametrize(
    ("held", "told"),
    [("27.2500", "27.25"), ("27.0000", "27"), ("0.0000", "0"), ("100.0000", "100"), ("0.0500", "0.05")],
)
def test_a_number_goes_out_without_the_zeros_of_its_column(held: str, told: str) -> None:
    assert str(shortest(Decimal(held))) == told


@pytest.mark.django_db
def test_a_price_and_a_quantity_are_composed_without_idle_zeros() -> None:
    made = factories.purchase_order()
    made.lines.update(unit_price=Decimal("27.2500"), quantity=Decimal("3.0000"))
    line, *_ = canonical_purchase_order(made, timezone.now()).lines
    assert (str(line.unit_price), str(line.quantity)) == ("27.25", "3")
    made.lines.update(unit_price=None)
    assert canonical_purchase_order(made, timezone.now()).lines[0].unit_price is None
