from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from integration.x12.syntax import (
    COMPONENT_SEPARATORS,
    ELEMENT_SEPARATORS,
    REPETITION_SEPARATORS,
    SEGMENT_TERMINATORS,
    Composite,
    Encoding,
    Segment,
    Separators,
    UnsafeData,
    choose_separators,
    components_of,
    segment,
    serialise,
)
from tests.integration.x12.x12_documents import order_850


def test_elements_count_from_one_and_absent_ones_are_empty() -> None:
    seg = segment("PO1", "1", "", "EA")
    assert (seg[1], seg[2], seg[3], seg[4], seg[99]) == ("1", "", "EA", "", "")
    with pytest.raises(IndexError):
        seg[0]


def test_trailing_empty_elements_and_components_are_cut() -> None:
    assert segment("REF", "CO", "", "").elements == ("CO",)
    assert segment("LE").elements == ()
    assert Composite("EA", "", "").components == ("EA",)
    assert segment("CTP", "", Composite("", "")).elements == ()


def test_position_takes_no_part_in_equality() -> None:
    assert segment("CTT", "1", position=4) == segment("CTT", "1")


@pytest.mark.parametrize(
    ("separators", "words"),
    [
        (Separators(element="A"), "The element separator 'A' is a letter, digit or blank"),
        (Separators(segment=" "), "The segment terminator ' ' is a letter, digit or blank"),
        (Separators(component="*"), "The separators '*' '~' '*' are not all different"),
        (Separators(repetition="7"), "The repetition separator '7' is a letter, digit or blank"),
        (Separators(element="**"), "The element separator '**' is not one ASCII character"),
        (Separators(segment="§"), "The segment terminator '§' is not one ASCII character"),
    ],
)
def test_illegal_separators_are_named(separators: Separators, words: str) -> None:
    assert words in (separators.problem() or "")
    with pytest.raises(ValueError, match=r"choose one|give each"):
        serialise([segment("CTT", "1")], separators, "ascii")


def test_control_characters_are_legal_separators() -> None:
    separators = Separators("\x1d", "\x1c", "\x1f", "\x1e")
    assert separators.problem() is None
    assert serialise([segment("N1", "ST", "a*b~c>d^e")], separators, "ascii") == b"N1\x1dST\x1da*b~c>d^e\x1c"


def test_segments_become_bytes_and_composites_are_joined() -> None:
    segments = [segment("CTP", "", "RTL", "1", "2", Composite("EA", "", "3")), segment("LE", "X")]
    assert serialise(segments, Separators(), "ascii") == b"CTP**RTL*1*2*EA>>3~LE*X~"
    assert serialise(segments, Separators("|", "\n", ":"), "ascii") == b"CTP||RTL|1|2|EA::3\nLE|X\n"
    assert serialise(segments, Separators(), "ascii", line_breaks=True) == b"CTP**RTL*1*2*EA>>3~\nLE*X~\n"


@pytest.mark.parametrize("character", ["*", "~", ">", "^", "\n", "\r", "\x00", "\x1f", "\x7f", "\x85"])
def test_data_never_breaks_out(character: str) -> None:
    separators = Separators(repetition="^")
    seg = segment("N1", "ST", f"a{character}b", position=7)
    with pytest.raises(UnsafeData) as caught:
        serialise([seg], separators, "utf-8")
    assert (caught.value.segment, caught.value.element, caught.value.component) == (seg, 2, None)
    assert caught.value.character == character
    assert "'N1' (segment 7), element 2" in str(caught.value)


def test_a_component_cannot_make_another_component() -> None:
    with pytest.raises(UnsafeData) as caught:
        serialise([segment("CTP", Composite("EA", "1>2"))], Separators(), "ascii")
    assert (caught.value.element, caught.value.component, caught.value.character) == (1, 2, ">")
    with pytest.raises(UnsafeData):
        serialise([segment("CTP", "EA\x1f1")], Separators(), "ascii")


@pytest.mark.parametrize("tag", ["", "N", "n1", "N1*", "ABCD", "N1\n", "Ж1"])
def test_a_tag_that_is_none_is_refused(tag: str) -> None:
    with pytest.raises(UnsafeData) as caught:
        serialise([segment(tag, "x")], Separators(), "utf-8")
    assert caught.value.element == 0


@pytest.mark.parametrize(
    ("encoding", "text", "bad"),
    [("ascii", "Zoë", "ë"), ("latin-1", "Ирина", "И"), ("utf-8", "a\ud800", "\ud800")],
)
def test_text_that_the_encoding_lacks_is_named(encoding: Encoding, text: str, bad: str) -> None:
    with pytest.raises(UnsafeData) as caught:
        serialise([segment("N1", "ST", text)], Separators(), encoding)
    assert (caught.value.element, caught.value.character, caught.value.text) == (2, bad, text)


def test_cyrillic_goes_out_in_utf_8() -> None:
    assert serialise([segment("N1", "ST", "Ирина")], Separators(), "utf-8") == "N1*ST*Ирина~".encode()


def test_preferred_separators_stay_where_the_data_leaves_them_free() -> None:
    preferred = Separators("|", "'", ":", "^")
    assert choose_separators(order_850(), preferred) == preferred


def test_a_separator_in_the_data_gives_way_to_the_next_free_one() -> None:
    held = [segment("N1", "ST", "a*b|c"), segment("CTP", Composite("EA", "x~y"), "z>")]
    chosen = choose_separators(held, Separators())
    assert chosen == Separators("^", "'", ":", None)
    assert serialise(held, chosen, "ascii") == b"N1^ST^a*b|c'CTP^EA:x~y^z>'"


def test_a_clash_does_not_take_the_preferred_separator_of_another_role() -> None:
    chosen = choose_separators([segment("N1", "a*b")], Separators("*", "|", ">", "^"))
    assert chosen == Separators("+", "|", ">", "^")


def test_data_with_all_printable_candidates_gets_control_characters() -> None:
    every = "".join(
        (*ELEMENT_SEPARATORS, *SEGMENT_TERMINATORS, *COMPONENT_SEPARATORS, *REPETITION_SEPARATORS)
    )
    printable = "".join(each for each in every if each.isprintable())
    chosen = choose_separators([segment("N1", printable)], Separators(repetition="^"))
    assert chosen == Separators("\x1d", "\x1c", "\x1f", "\x1e")


def test_components_are_read_with_their_separator_and_empty_has_none() -> None:
    assert components_of("EA>>2", Separators()) == ("EA", "", "2")
    assert components_of("EA:2", Separators(component=":")) == ("EA", "2")
    assert components_of("", Separators()) == ()
    assert components_of(Composite("EA", "2"), Separators(component=":")) == ("EA", "2")


@settings(max_examples=150, derandomize=True, deadline=None)
@given(st.lists(st.lists(st.text(max_size=8), max_size=5), max_size=4))
def test_what_can_be_written_splits_back_into_the_same_elements(texts: list[list[str]]) -> None:
    segments = [segment("ZZ1", *each) for each in texts]
    separators = choose_separators(segments, Separators())
    assert separators.problem() is None
    text = "".join("".join(each) for each in texts)
    if re.search(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff]", text):
        with pytest.raises(UnsafeData):
            serialise(segments, separators, "utf-8")
        return
    data = serialise(segments, separators, "utf-8")
    raw = data.decode().split(separators.segment)
    assert raw.pop() == ""
    assert [segment(*each.split(separators.element)) for each in raw] == segments


def test_a_segment_is_true_even_without_elements() -> None:
    assert Segment("LE", ())
