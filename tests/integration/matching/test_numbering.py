"""How purchase orders are numbered: what a pattern makes, and which patterns make none."""

from __future__ import annotations

import pytest

from integration.matching.numbering import (
    Parts,
    counts,
    has_place,
    number_by,
    number_problem,
    pattern_problem,
)

PARTS = Parts(prefix="FS", order=1042, place=2, next=57)
CHARACTERS = "Write letters, digits, dashes, dots and slashes, and {prefix}, {order}, {place}, {next} or {next:6} where a number goes."
TWICE = "Put {next} into it, or {order} and {place}: without them two purchase orders would have one number."


@pytest.mark.parametrize(
    ("pattern", "number"),
    [
        ("{prefix}{order}-{place}", "FS1042-2"),
        ("PO{next:6}", "PO000057"),
        ("PO{next}", "PO57"),
        ("{next:1}", "57"),
        ("W/{order}.{place}", "W/1042.2"),
    ],
)
def test_a_pattern_makes_a_number(pattern: str, number: str) -> None:
    assert pattern_problem(pattern) == ""
    assert number_by(pattern, PARTS) == number


@pytest.mark.parametrize(
    ("pattern", "problem"),
    [
        ("", TWICE),
        ("{order}", TWICE),
        ("{prefix}-{place}", TWICE),
        ("PO~{next}", CHARACTERS),
        ("PO {next}", CHARACTERS),
        ("PÖ{next}", CHARACTERS),
        ("{number}{next}", CHARACTERS),
        ("{next", CHARACTERS),
        ("{next:123}", CHARACTERS),
        ("{next:0}", "Only {next} takes a width, from 1 to 9: {next:6} is 000042."),
        ("{next:12}", "Only {next} takes a width, from 1 to 9: {next:6} is 000042."),
        ("{order:6}-{place}", "Only {next} takes a width, from 1 to 9: {next:6} is 000042."),
    ],
)
def test_a_pattern_that_makes_no_number_is_refused(pattern: str, problem: str) -> None:
    assert pattern_problem(pattern) == problem


def test_what_a_pattern_takes() -> None:
    assert (counts("PO{next:6}"), counts("{order}-{place}")) == (True, False)
    assert (has_place("{order}-{place}"), has_place("PO{next}")) == (True, False)


@pytest.mark.parametrize(
    ("number", "problem"),
    [
        ("1" * 22, ""),
        ("1" * 23, f"{'1' * 23} has 23 characters, and a purchase order number has 22 at most"),
        ("", "it would be empty"),
    ],
)
def test_a_number_fits_its_element(number: str, problem: str) -> None:
    assert number_problem(number) == problem
