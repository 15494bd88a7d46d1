"""Abuse case 25: no cell of any file is a formula, numbers stay numbers, and what is read again is what was written."""

from __future__ import annotations

import csv
import io
import random
from pathlib import Path

import pytest

from integration.flows.spreadsheets import csv_pieces, guarded, unguarded

ROOT = Path(__file__).resolve().parents[3]
HOSTILE = [
    "=1+1", '=HYPERLINK("http://example.com")', "+1", "-2+3", "-SUM(A1)", "@SUM(A1)", "\t=1", "\r=1", "\n+1", "\0=1", " =1",
    "  -1+1", "＝1+1", "-", "- 5", "-1,000", "-1e5",
]  # fmt: skip
HARMLESS = ["", "1001-1", "a=b", "Hoop & Sons", "5", "0.25", "-5", "-0.25", "-1000000000000"]


@pytest.mark.parametrize("text", HOSTILE)
def test_abuse_25_what_begins_like_a_formula_is_text(text: str) -> None:
    assert guarded(text) == f"'{text}"


@pytest.mark.parametrize("text", HARMLESS)
def test_abuse_25_other_text_and_negative_numbers_stay_as_they_are(text: str) -> None:
    assert guarded(text) == text


def test_what_is_read_again_is_what_was_written() -> None:
    chance = random.Random(25)
    alphabet = "'=+-@ \t09.aé＝"
    texts = ["".join(chance.choices(alphabet, k=chance.randint(0, 6))) for _ in range(5000)]
    for text in [*HOSTILE, *HARMLESS, "'", "''", "'=1", "'a", *texts]:
        assert unguarded(guarded(text)) == text
    written = list(csv_pieces(["name"], [[text] for text in texts]))
    rows = list(csv.reader(io.StringIO("".join(written), newline="")))
    assert [unguarded(row[0]) if row else "" for row in rows[1:]] == texts


def test_every_csv_file_is_written_in_this_one_place() -> None:
    writers = [
        str(path.relative_to(ROOT))
        for layer in ("archive", "integration", "partners", "portal")
        for path in (ROOT / layer).rglob("*.py")
        if "simulators" not in path.parts
        and ("csv.writer(" in path.read_text() or "csv.DictWriter(" in path.read_text())
    ]
    assert writers == ["integration/flows/spreadsheets.py"]
