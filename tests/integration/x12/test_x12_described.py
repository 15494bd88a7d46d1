"""Segments with the names of what stands in them: by the tables, in the envelope, and where no table knows them."""

from __future__ import annotations

from integration.x12.described import DescribedElement, describe
from integration.x12.rewriting import to_write_again
from integration.x12.syntax import Composite, Repeated, Segment, Separators, components_of, segment
from integration.x12.tables import find_table

USUAL = Separators()


def test_a_segment_of_a_set_says_what_each_element_is() -> None:
    told = list(
        describe(
            [segment("ST", "850", "0001"), segment("PO1", "1", "2", "EA"), segment("SE", "3", "0001")],
            "004010",
            USUAL,
        )
    )
    assert [(each.position, each.tag, each.name) for each in told] == [
        (1, "ST", "start of transaction set"),
        (2, "PO1", "item ordered"),
        (3, "SE", "end of transaction set"),
    ]
    assert told[1].elements == (
        DescribedElement(1, "PO101", "line identification", "1", "text, 1 to 20"),
        DescribedElement(2, "PO102", "quantity ordered", "2", "number, 1 to 15"),
        DescribedElement(3, "PO103", "unit of measure", "EA", "code, 2"),
    )


def test_a_missing_mandatory_element_is_named() -> None:
    told = list(describe([segment("ST", "850", "0001"), segment("BEG", "00")], "004010", USUAL))[1]
    assert [(each.place, each.text) for each in told.elements] == [
        ("BEG01", "00"),
        ("BEG02", ""),
        ("BEG03", ""),
        ("BEG05", ""),
    ]


def test_codes_of_acknowledgments_are_said_in_words() -> None:
    told = list(describe([segment("ST", "997", "0001"), segment("AK5", "R", "5")], "004010", USUAL))[1]
    assert [each.meaning for each in told.elements] == ["rejected", "one or more segments in error"]


def test_the_envelope_stands_outside_and_teaches_the_version() -> None:
    told = list(
        describe(
            [
                segment("GS", "PO", "US", "THEM", "20261128", "1200", "1", "X", "004010"),
                segment("ST", "850", "0001"),
                segment("ZZZ", "a", "", "b"),
                segment("GE", "1", "1"),
            ],
            "",
            USUAL,
        )
    )
    assert [(each.position, each.name) for each in told] == [
        (0, "group header"),
        (1, "start of transaction set"),
        (2, "not in this set"),
        (0, "group trailer"),
    ]
    assert [(each.place, each.text) for each in told[2].elements] == [("ZZZ01", "a"), ("ZZZ03", "b")]


def test_no_table_of_a_set_is_said() -> None:
    assert next(describe([segment("ST", "999999", "1")], "004010", USUAL)).name == "no table for this set"


def test_a_composite_is_taken_apart_before_it_is_written_with_other_separators() -> None:
    table = find_table("856", "005010")
    assert table is not None
    composites = [
        (tag, element.number)
        for tag, known in table.segments.items()
        for element in known.elements
        if element.kind == "C"
    ]
    tag, number = composites[0]
    elements = [""] * (number - 1) + ["A:B"]
    read = Segment(tag, elements, 2)
    (made,) = to_write_again([read], table, Separators("*", "~", ":", "^"))
    assert isinstance(made[number], Composite)
    assert components_of(made[number], USUAL) == ("A", "B")
    assert made.position == 2


def test_what_no_table_knows_is_left_as_it_is() -> None:
    read = segment("ZZZ", "A:B")
    assert to_write_again([read], None, USUAL) == [read]
    assert not any(isinstance(each, Repeated | Composite) for each in read)
