"""The levels of a ship notice: what makes no tree is found, whatever else stands in the set."""

from __future__ import annotations

import random
from time import process_time

import pytest

from integration.x12.hierarchy import hierarchy_findings
from integration.x12.syntax import Segment, segment
from integration.x12.tables import find_table
from integration.x12.validate import check_set
from tests.integration.x12.x12_documents import placed


def levels(*pairs: str) -> list[Segment]:
    """Levels given as ``2<1``: number 2 below number 1."""
    made = [segment("HL", *each.split("<"), "S" if each.endswith("<") else "I") for each in pairs]
    return [Segment(each.tag, each.elements, at) for at, each in enumerate(made, start=3)]


def said(*pairs: str) -> list[tuple[str, int, int | None]]:
    return [
        (each.severity, each.segment_position, each.element) for each in hierarchy_findings(levels(*pairs))
    ]


@pytest.mark.parametrize(
    ("pairs", "expected"),
    [
        (("1<", "2<1", "3<2", "4<1"), []),
        (("1<", "2<", "3<2"), []),
        (("A<", "B<A"), []),
        (("1<", "2<1", "2<1"), [("error", 5, 1)]),
        (("1<", "2<7"), [("error", 4, 2)]),
        (("1<1",), [("error", 3, 2)]),
        (("1<3", "2<1", "3<2"), [("error", 3, 2), ("error", 4, 2), ("error", 5, 2)]),
        (("1<2", "2<1", "3<2"), [("error", 3, 2), ("error", 4, 2)]),
        (("1<", "2<3", "3<1"), [("warning", 4, 2)]),
        (("<", "<"), []),
        (("<9",), [("error", 3, 2)]),
    ],
)
def test_what_makes_no_tree_is_named(
    pairs: tuple[str, ...], expected: list[tuple[str, int, int | None]]
) -> None:
    assert said(*pairs) == expected


def test_the_sentences_say_where_and_what() -> None:
    found = hierarchy_findings(levels("1<", "2<5", "2<1", "4<4", "6<7", "7<1"))
    assert [(each.sentence, each.code_997, each.data_element, each.value) for each in found] == [
        (
            "HL (segment 4), element 2, parent level number: there is no level '5' that it could stand below.",
            "7",
            "734",
            "5",
        ),
        (
            "HL (segment 5), element 1, level number: '2' is the number of a level before it too; number each level"
            " anew.",
            "7",
            "628",
            "2",
        ),
        (
            "HL (segment 6), element 2, parent level number: below '4', which at last stands below this one: the"
            " levels run in a circle.",
            "7",
            "734",
            "4",
        ),
        ("HL (segment 7), element 2, parent level number: level '7' comes only after it.", "7", "734", "7"),
    ]


def test_a_ship_notice_with_an_orphan_is_rejected() -> None:
    body = [
        segment("BSN", "00", "SH-8", "20260304", "0930"),
        segment("HL", "1", "", "S"),
        segment("HL", "2", "9", "I"),
        segment("SN1", "1", "3", "EA"),
    ]
    verdict = check_set(placed("856", body), find_table("856", "004010"))
    assert (verdict.code, [each.segment_position for each in verdict.findings]) == ("R", [4])


def test_many_levels_in_any_shape_are_judged_in_time() -> None:
    rng = random.Random(856)
    count = 60_000
    chain = [f"{at}<{at - 1 or ''}" for at in range(1, count)]
    circle = [f"{at}<{at % count + 1}" for at in range(1, count + 1)]
    wild = [f"{rng.randrange(count)}<{rng.randrange(count)}" for _ in range(count)]
    for shape, most in ((chain, 0), (circle, 1000), (wild, 1000)):
        made = levels(*shape)
        began = process_time()
        assert len(hierarchy_findings(made)) == most
        assert process_time() - began < 2
