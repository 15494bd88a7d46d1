"""How invoices are numbered."""

from __future__ import annotations

import pytest

from integration.matching.invoicing.numbers import numbered, series_problem


@pytest.mark.parametrize(
    ("pattern", "number"),
    [
        ("INV-{year}-{number:06}", "INV-2026-000042"),
        ("{number}", "42"),
        ("{year}/{number:4}", "2026/0042"),
    ],
)
def test_a_pattern_has_its_places_filled_in(pattern: str, number: str) -> None:
    assert series_problem(pattern) == ""
    assert numbered(pattern, 2026, 42) == number


@pytest.mark.parametrize(
    ("pattern", "said"),
    [
        ("INV-{year}", "Put {number} into it once"),
        ("{number}{number}", "Put {number} into it once"),
        ("INV {number}", "Write letters"),
        ("INV-{month}-{number}", "Write letters"),
        ("A-LONG-PREFIX-{year}-{number}", "longer than 22 characters"),
    ],
)
def test_a_pattern_that_would_not_do_is_refused(pattern: str, said: str) -> None:
    assert said in series_problem(pattern)
