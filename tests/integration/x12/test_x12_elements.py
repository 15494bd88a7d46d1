from __future__ import annotations

import re
from decimal import Decimal

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from integration.x12.elements import (
    BEHIND,
    broken_notes,
    counted_length,
    fault,
    good_text,
    is_date,
    is_number,
    is_time,
)
from integration.x12.tables import ElementTable, SyntaxNote, find_table


def element(
    kind: str, shortest: int, longest: int, codes: frozenset[str] | None = None, required: bool = False
) -> ElementTable:
    return ElementTable(1, "thing", kind, required, shortest, longest, codes, (), "1")


@pytest.mark.parametrize(
    "text", ["20240229", "20000229", "20261231", "00010101", "240229", "000229", "991231"]
)
def test_days_of_the_calendar_are_dates(text: str) -> None:
    assert is_date(text)


@pytest.mark.parametrize(
    "text",
    [
        "20260229",
        "19000229",
        "20261301",
        "20260010",
        "20260431",
        "00000101",
        "2026010",
        "230229",
        "2026-1-1",
        "",
        "２０２６０１０１",
        "20260101 ",
        "TOMORROW",
    ],
)
def test_other_texts_are_no_dates(text: str) -> None:
    assert not is_date(text)


@pytest.mark.parametrize("text", ["0000", "2359", "235959", "2359591", "23595999"])
def test_times_of_day(text: str) -> None:
    assert is_time(text)


@pytest.mark.parametrize("text", ["2400", "1260", "12345", "123", "235960", "235959999", "12:00", "", "12 0"])
def test_other_texts_are_no_times(text: str) -> None:
    assert not is_time(text)


@pytest.mark.parametrize("text", ["0", "-1", "1.50", ".5", "5.", "-.5", "000123"])
def test_decimal_numbers_may_have_a_point(text: str) -> None:
    assert is_number(text, "R")


@pytest.mark.parametrize(
    "text",
    ["", "-", ".", "+5", "1E3", "1,000", "1.2.3", "--1", "5-", " 5", "²", "٣", "TEN", "NaN", "Infinity"],
)
def test_no_number_has_exponent_plus_sign_or_foreign_digits(text: str) -> None:
    assert not is_number(text, "R")
    assert not is_number(text, "N2")


def test_whole_numbers_have_no_point() -> None:
    assert [is_number(text, "N0") for text in ("12", "-12", "1.0", ".5")] == [True, True, False, False]


def test_lengths_of_numbers_count_digits_only() -> None:
    assert (counted_length("-12.50", "R"), counted_length("-12", "N2"), counted_length("-1.", "AN")) == (
        4,
        2,
        3,
    )
    assert fault("-12345.67", element("R", 1, 7)) is None
    assert fault("-123456.78", element("R", 1, 7)) == ("5", "has 8 characters, at most 7 fit")


@pytest.mark.parametrize(
    ("text", "table", "expected"),
    [
        ("TEN", element("R", 1, 9), ("6", "is not a number")),
        ("1.5", element("N0", 1, 9), ("6", "is not a whole number in digits")),
        ("20260230", element("DT", 8, 8), ("8", "is not a date")),
        ("260228", element("DT", 8, 8), ("8", "is not a date")),
        ("260228", element("DT", 6, 6), None),
        ("2460", element("TM", 4, 8), ("9", "is not a time")),
        ("120000", element("TM", 4, 4), ("9", "is not a time")),
        ("QQ", element("ID", 2, 2, frozenset({"AA"})), ("7", "is not a known code")),
        ("AA", element("ID", 2, 2, frozenset({"AA"})), None),
        ("A", element("ID", 2, 3), ("4", "has 1 characters, at least 2 are needed")),
        ("ABCD", element("AN", 1, 3), ("5", "has 4 characters, at most 3 fit")),
        ("a\tb", element("AN", 1, 9), ("6", "holds a control character")),
        ("Ирина ~*", element("AN", 1, 9), None),
    ],
)
def test_each_fault_has_its_code_and_words(
    text: str, table: ElementTable, expected: tuple[str, str] | None
) -> None:
    assert fault(text, table) == expected
    if table.codes is None:
        assert at_a_look(table, text) is (expected is None and table.max != 6)


def at_a_look(table: ElementTable, text: str, barred: str = "") -> bool:
    """What the pattern says of a text, alone and among others."""
    pattern = good_text(table, barred)
    alone = re.fullmatch(pattern, text) is not None
    among = (
        re.fullmatch(f"1\\.5{BEHIND}(?:{pattern}){BEHIND}2\\.5", f"1.5{BEHIND}{text}{BEHIND}2.5") is not None
    )
    assert alone is among
    return alone


EVERY_ELEMENT = [
    part
    for code in ("850", "855", "997")
    for seg in (find_table(code, "004010") or pytest.fail(code)).segments.values()
    for place in seg.elements
    for part in (place, *place.components)
    if part.kind != "C" and part.codes is None
]

TEXTS = (
    st.text(max_size=12)
    | st.from_regex(re.compile(r"-?[0-9]{0,9}\.?[0-9]{0,9}"), fullmatch=True)
    | st.dates().map(lambda day: f"{day:%Y%m%d}")
    | st.sampled_from(["EA", "00", "VN", " ", "  ", "2359", "20240229", "x" * 81])
)


@settings(max_examples=400, derandomize=True, deadline=None)
@given(st.sampled_from(EVERY_ELEMENT), TEXTS)
def test_the_quick_test_and_the_full_look_agree(table: ElementTable, text: str) -> None:
    assume(text)
    blank = table.required and not text.strip(" ")
    good = not blank and fault(text, table) is None
    assert at_a_look(table, text) is good
    for barred in "^-.":
        assert at_a_look(table, text, barred) <= (good and barred not in text)
    assert at_a_look(table, text, "^") is (good and "^" not in text)


@settings(max_examples=200, derandomize=True, deadline=None)
@given(st.decimals(allow_nan=False, allow_infinity=False, places=4, min_value=-(10**6), max_value=10**6))
def test_every_plain_decimal_is_a_number(number: Decimal) -> None:
    assert is_number(f"{number:f}", "R")


def pattern(*filled: int) -> list[bool]:
    return [place in filled for place in range(1, 7)]


@pytest.mark.parametrize(
    ("note", "filled", "expected"),
    [
        (SyntaxNote("P", (2, 3)), pattern(), []),
        (SyntaxNote("P", (2, 3)), pattern(2, 3), []),
        (SyntaxNote("P", (2, 3)), pattern(3), [(2, "2", "needed because 3 is there")]),
        (SyntaxNote("P", (2, 9)), pattern(2), [(9, "2", "needed because 2 is there")]),
        (SyntaxNote("R", (2, 3)), pattern(1), [(2, "2", "at least one of 2, 3 is needed")]),
        (SyntaxNote("R", (2, 3)), pattern(3), []),
        (SyntaxNote("E", (2, 4)), pattern(2, 4), [(4, "10", "may not stand together with 2")]),
        (SyntaxNote("E", (2, 4)), pattern(4), []),
        (
            SyntaxNote("C", (5, 4, 6)),
            pattern(5),
            [(4, "2", "needed because 5 is there"), (6, "2", "needed because 5 is there")],
        ),
        (SyntaxNote("C", (5, 4)), pattern(4), []),
        (
            SyntaxNote("L", (3, 4, 5)),
            pattern(3),
            [(4, "2", "at least one of 4, 5 is needed because 3 is there")],
        ),
        (SyntaxNote("L", (3, 4, 5)), pattern(3, 5), []),
        (SyntaxNote("L", (3, 4, 5)), pattern(), []),
    ],
)
def test_syntax_notes(note: SyntaxNote, filled: list[bool], expected: list[tuple[int, str, str]]) -> None:
    assert broken_notes((note,), filled) == expected
