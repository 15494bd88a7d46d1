"""Fields of answers, as exact as they are written."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from integration.bigcommerce.fields import BrokenAnswer, Fields

JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.decimals(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=6,
)


def of(value: Any) -> Fields:
    return Fields({"it": value}, "order 7")


@pytest.mark.parametrize(
    ("written", "amount"),
    [
        ("62.6793", "62.6793"),
        ("8", "8"),
        ("-0.5000", "-0.5000"),
        (8, "8"),
        (Decimal("0.1"), "0.1"),
        (Decimal("1E+2"), "100"),
        (Decimal("1E-7"), "0.0000001"),
    ],
)
def test_money_is_exactly_what_is_written(written: Any, amount: str) -> None:
    assert format(of(written).money("it"), "f") == amount


@pytest.mark.parametrize(
    "written",
    [
        "",
        None,
        "1,5",
        "1_000",
        "NaN",
        "Infinity",
        "1e9",
        "twelve",
        " 1",
        "٣",
        True,
        [],
        {},
        Decimal("1e999"),
        1.5,
    ],
)
def test_what_is_no_money_names_field_and_order(written: Any) -> None:
    with pytest.raises(BrokenAnswer, match=r"^The store's answer for order 7 holds .+ where it belongs\."):
        of(written).money("it")


@pytest.mark.parametrize(("written", "number"), [(3, 3), ("3", 3), ("-1", -1), (Decimal("4"), 4)])
def test_whole_numbers_come_as_numbers_or_text(written: Any, number: int) -> None:
    assert of(written).whole("it") == number


@pytest.mark.parametrize("written", ["", None, "1.0", "2.5", Decimal("2.5"), True, "1_0", "٣", [1], "9" * 30])
def test_a_quantity_is_never_cut_to_a_whole_number(written: Any) -> None:
    with pytest.raises(BrokenAnswer, match="where it belongs"):
        of(written).whole("it")


def test_a_default_stands_for_nothing_alone_and_not_for_rubbish() -> None:
    assert [of(None).whole("it", 5), of("").whole("it", 5), Fields({}, "order 7").whole("it", 5)] == [5, 5, 5]
    with pytest.raises(BrokenAnswer, match="'rubbish' where it belongs"):
        of("rubbish").whole("it", 5)


@pytest.mark.parametrize(
    "written",
    [
        "Tue, 05 Mar 2019 21:40:11 +0000",
        "Tue, 05 Mar 2019 21:40:11 -0000",
        "Tue, 05 Mar 2019 21:40:11 GMT",
        "Tue, 05 Mar 2019 15:40:11 -0600",
        "2019-03-05T21:40:11Z",
        "2019-03-05T22:40:11+01:00",
    ],
)
def test_moments_are_aware_and_in_utc(written: str) -> None:
    found = of(written).moment("it")
    assert found == datetime(2019, 3, 5, 21, 40, 11, tzinfo=UTC)
    assert found.tzinfo is UTC


@pytest.mark.parametrize(
    "written", ["yesterday", None, "", 1551822011, "Tue, 45 Mar 2019 21:40:11 +0000", []]
)
def test_what_is_no_moment_is_told(written: Any) -> None:
    with pytest.raises(BrokenAnswer, match="where it belongs"):
        of(written).moment("it")


def test_a_moment_that_has_not_come_is_none() -> None:
    assert [of(written).moment_or_none("it") for written in ("", None)] == [None, None]
    assert of("2019-03-05T21:40:11Z").moment_or_none("it") == datetime(2019, 3, 5, 21, 40, 11, tzinfo=UTC)


def test_texts_hold_nothing_that_the_database_refuses() -> None:
    assert of("a\0b\ud83dc").text("it") == "a\ufffdb\ufffdc"
    assert of("Zoë 🌹").text("it") == "Zoë 🌹"
    assert [of(None).text("it"), of(97477).text("it"), Fields({}, "x").text("it")] == ["", "97477", ""]


@pytest.mark.parametrize(
    ("written", "flag"), [(True, True), ("true", True), (1, True), (False, False), (None, False)]
)
def test_flags_come_in_several_spellings(written: Any, flag: bool) -> None:
    assert of(written).flag("it") is flag


def test_parts_are_named_with_what_they_belong_to() -> None:
    with pytest.raises(BrokenAnswer, match="for it of order 7 holds nothing where inner belongs"):
        of({}).part("it").whole("inner")
    assert of(None).part("it").text("inner") == ""
    assert of(None).parts("it") == []
    with pytest.raises(BrokenAnswer, match="for it of order 7 is not an object"):
        of([1]).parts("it")


@settings(max_examples=300, derandomize=True, deadline=None)
@given(JSON)
def test_whatever_comes_is_read_or_refused_by_name(written: Any) -> None:
    sentences = []
    for read in ("whole", "money", "moment", "moment_or_none", "text", "words", "flag", "part", "parts"):
        try:
            getattr(of(written), read)("it")
        except BrokenAnswer as error:
            sentences.append(str(error))
    # Nothing is a number and a list of objects at once.
    assert sentences
    assert all("order 7" in sentence for sentence in sentences)
