"""What of an order is told to a supplier, and how."""

from __future__ import annotations

import pytest

from integration.flows.compose import LONGEST_NOTE, note_lines


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
