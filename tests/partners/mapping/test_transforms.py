"""Each named transform both ways, with what it takes, loses and refuses."""

from __future__ import annotations

import datetime
from decimal import Decimal
from typing import Any

import pytest

from partners.mapping.codes import merged, tables
from partners.mapping.joins import JOINS
from partners.mapping.transforms import Untranslated, WrongValue, find_transform, transform_names

CODES = tables({"units": {"each": "EA", "piece": "EA", "case": "CA"}})


def written(name: str, value: Any) -> str:
    transform = find_transform(name)
    assert transform is not None
    return transform.write(value, CODES)


def read(name: str, text: str) -> tuple[Any, list[str]]:
    transform = find_transform(name)
    assert transform is not None
    dropped: list[str] = []
    return transform.read(text, CODES, dropped.append), dropped


WRITTEN = [
    ("text", " a b  ", " a b"),
    ("strip", "  a b  ", "a b"),
    ("upper", "straße ", "STRASSE"),
    ("decimal", Decimal("4.50"), "4.50"),
    ("decimal", Decimal("1E-7"), "0.0000001"),
    ("decimal", Decimal("1E+3"), "1000"),
    ("decimal", Decimal("-0.00"), "0.00"),
    ("decimal", Decimal("-12.5"), "-12.5"),
    ("percent", Decimal("0.05"), "5"),
    ("percent", Decimal("0.0725"), "7.25"),
    ("integer", 12, "12"),
    ("n2", Decimal("288.00"), "28800"),
    ("n2", Decimal("288"), "28800"),
    ("n2", Decimal("-0.5"), "-50"),
    ("n2", Decimal("1.500"), "150"),
    ("n0", Decimal("7.0"), "7"),
    ("n4", Decimal("0.0001"), "1"),
    ("n2", Decimal("12345678901234567890123456789.01"), "1234567890123456789012345678901"),
    ("date8", datetime.date(2026, 1, 31), "20260131"),
    ("date8", datetime.date(7, 1, 31), "00070131"),
    ("date6", datetime.date(2069, 12, 1), "691201"),
    ("date6", datetime.date(1970, 1, 1), "700101"),
    ("time4", datetime.time(9, 5, 59), "0905"),
    ("time6", datetime.time(9, 5, 7, 11), "090507"),
    ("code:units", "piece", "EA"),
    ("code:units", "?ZZ", "ZZ"),
    ("code:units", "?EA ", "EA"),
]


@pytest.mark.parametrize(("name", "value", "text"), WRITTEN)
def test_a_value_is_written(name: str, value: Any, text: str) -> None:
    assert written(name, value) == text


REFUSED = [
    ("decimal", Decimal("NaN"), "a number expected, got NaN"),
    ("decimal", Decimal("-Infinity"), "a number expected, got -Infinity"),
    ("decimal", Decimal("1E+999999"), "1E+999999 has too many digits"),
    ("n2", Decimal("0.005"), "at most 2 decimals fit, got 0.005"),
    ("n0", Decimal("sNaN"), "a number expected, got sNaN"),
    ("date6", datetime.date(2070, 1, 1), "a date from 1970 to 2069 expected, got 2070-01-01"),
    ("date6", datetime.date(1969, 12, 31), "a date from 1970 to 2069 expected, got 1969-12-31"),
    ("time4", datetime.time(1, 2, tzinfo=datetime.UTC), "a time without a zone expected, got 01:02:00+00:00"),
]


@pytest.mark.parametrize(("name", "value", "problem"), REFUSED)
def test_a_value_that_would_change_is_refused(name: str, value: Any, problem: str) -> None:
    with pytest.raises(WrongValue) as raised:
        written(name, value)
    assert str(raised.value) == problem


READ = [
    ("decimal", ".5", Decimal("0.5"), []),
    ("decimal", "5.", Decimal("5"), []),
    ("decimal", "+5", Decimal("5"), []),
    ("decimal", "-007.10", Decimal("-7.1"), []),
    ("percent", "7.25", Decimal("0.0725"), []),
    ("integer", "012", 12, []),
    ("n2", "5", Decimal("0.05"), []),
    ("n2", "-28800", Decimal("-288"), []),
    ("date8", "20240229", datetime.date(2024, 2, 29), []),
    ("date8", "690101", datetime.date(2069, 1, 1), []),
    ("date6", "700101", datetime.date(1970, 1, 1), []),
    ("date6", "20260131", datetime.date(2026, 1, 31), []),
    ("time4", "0905", datetime.time(9, 5), []),
    ("time4", "090500", datetime.time(9, 5), []),
    ("time4", "090507", datetime.time(9, 5), ["07"]),
    ("time6", "0905", datetime.time(9, 5), []),
    ("time6", "0905071", datetime.time(9, 5, 7), ["1"]),
    ("time6", "09050712", datetime.time(9, 5, 7), ["12"]),
    ("upper", "ab", "AB", []),
    ("strip", "  ab", "ab", []),
    ("code:units", "EA", "each", []),
]


@pytest.mark.parametrize(("name", "text", "value", "dropped"), READ)
def test_a_text_is_read(name: str, text: str, value: Any, dropped: list[str]) -> None:
    assert read(name, text) == (value, dropped)


UNREADABLE = [
    *(("decimal", text) for text in ("", ".", "1,5", "1e3", "1_000", "NaN", " 1", "²", "١٢", "9" * 41)),
    *(("n2", text) for text in ("1.5", "", "²", "9" * 41)),
    *(("integer", text) for text in ("1.5", "x", "9" * 41)),
    *(("date8", text) for text in ("20260230", "2026013", "tomorrow", "00000101", "١٢٣٤٥٦", "2026-1-1")),
    *(("time4", text) for text in ("2460", "9999", "9:05", "090", "09050", "090507123")),
]


@pytest.mark.parametrize(("name", "text"), UNREADABLE)
def test_a_text_that_is_no_number_date_or_time_is_refused(name: str, text: str) -> None:
    with pytest.raises(WrongValue, match="expected, got"):
        read(name, text)


@pytest.mark.parametrize("word", ["dozen", "?", "?  ", "EA"])
def test_a_word_without_an_entry_is_refused_by_name_of_the_list(word: str) -> None:
    with pytest.raises(Untranslated) as raised:
        written("code:units", word)
    assert (raised.value.code_list, raised.value.text) == ("units", word.rstrip())


def test_a_code_without_an_entry_is_told_by_name_of_the_list() -> None:
    with pytest.raises(Untranslated, match="code list units has no entry for 'ZZ'"):
        read("code:units", "ZZ")


def test_the_names_of_transforms_are_the_documented_ones() -> None:
    names = "text upper strip decimal percent integer n0 n1 n2 n3 n4 date8 date6 time4 time6 sscc code:LIST"
    assert transform_names() == tuple(names.split())
    assert find_transform("shout") is None


def test_the_partner_s_entries_lie_over_the_guide_s() -> None:
    own = {"units": {"each": "EA", "case": "CA"}, "types": {"a": "A"}}
    partner = {
        "units": {"case": "CS", "tin": "CN", "": "X", "bad": " ", "?no": "N", "pad ": "P "},
        "strange": {"a": "b"},
    }
    assert merged(own, partner) == {
        "units": {"case": "CS", "tin": "CN", "pad": "P", "each": "EA"},
        "types": {"a": "A"},
    }


def test_two_words_for_one_code_are_read_as_the_partner_s() -> None:
    lists = merged({"units": {"each": "EA", "piece": "PC"}}, {"units": {"item": "EA"}})
    assert tables(lists).words["units"] == {"EA": "item", "PC": "piece"}


@pytest.mark.parametrize(
    ("join", "text", "longest", "pieces"),
    [
        ("lines", "one\n\n two  \r\nthree\r", 5, ["one", " two", "three"]),
        ("lines", " \n ", 5, []),
        ("words", "aa  bb\tcc\ndddddd e", 5, ["aa bb", "cc", "dddddd", "e"]),
        ("words", "  ", 5, []),
        ("exact", "aa bb cc", 4, ["aa b", "b cc"]),
        ("exact", "abcdefghi ", 4, ["abcd", "efgh", "i"]),
        ("exact", "ab    cd", 4, ["a", "b    cd"]),
        ("exact", "", 4, []),
    ],
)
def test_a_text_is_cut_into_pieces(join: str, text: str, longest: int, pieces: list[str]) -> None:
    assert JOINS[join].cut(text, longest) == pieces


def test_pieces_make_the_text_again() -> None:
    assert JOINS["lines"].join(["one", " two"]) == "one\n two"
    assert JOINS["words"].join(["aa  bb", "cc "]) == "aa bb cc"
    assert JOINS["exact"].join(["a", "a b"]) == "aa b"
