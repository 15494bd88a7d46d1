from __future__ import annotations

import subprocess
import sys
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from integration.x12.checking import check_file
from integration.x12.findings import Finding
from integration.x12.second_opinion import second_opinion
from integration.x12.syntax import Composite, Segment, Separators, segment
from integration.x12.tables import SetTable, find_table
from tests.integration.x12.test_x12_sets import body
from tests.integration.x12.x12_documents import SMALL, order_850, placed, rows

NEW = Separators(repetition="^")


def table(code: str, version: str = "004010") -> SetTable:
    found = find_table(code, version)
    assert found is not None
    return found


def opinion(segments: Sequence[Segment], code: str = "850") -> list[Finding]:
    return second_opinion(placed(code, segments), table(code), Separators())


def test_a_good_order_leaves_it_without_a_word() -> None:
    assert opinion(order_850()) == []


def test_faults_are_found_with_our_codes_places_and_severities() -> None:
    broken = order_850()
    broken[0] = segment("BEG", "00", "QQ", "4711-2", "", "20260230")
    broken[11] = segment("PO1", "1", "TEN", "EA", "14.25", "PE", "VN")
    broken[12] = segment("CTP", "", "RTL", "19.99", "3", Composite("??"))
    assert rows(opinion(broken)) == [
        ("warning", "element", "BEG", 2, 2, None, "7"),
        ("error", "element", "BEG", 2, 5, None, "8"),
        ("error", "element", "PO1", 13, 2, None, "6"),
        ("error", "element", "PO1", 13, 6, None, "2"),
        ("warning", "element", "CTP", 14, 5, 1, "7"),
    ]


def test_segments_that_are_missing_strange_or_too_many_are_found() -> None:
    assert rows(opinion(order_850()[1:])) == [("error", "segment", "BEG", 2, None, None, "3")]
    strange = [*order_850()[:2], segment("ZZZ", "1"), *order_850()[2:]]
    assert rows(opinion(strange)) == [("error", "segment", "ZZZ", 4, None, None, "1")]
    twice = [*order_850()[:2], *order_850()[1:]]
    assert rows(opinion(twice)) == [("error", "segment", "CUR", 4, None, None, "5")]


def test_a_code_in_the_first_element_is_a_wrong_code_and_no_strange_segment() -> None:
    """pyx12 matches segments by codes that stand in its map: ours are kept out of it."""
    wrong = [segment("BEG", "99", "SA", "1", "", "20260302"), *order_850()[1:]]
    assert rows(opinion(wrong)) == [("warning", "element", "BEG", 2, 1, None, "7")]


def test_a_composite_with_too_many_components_does_not_stop_it() -> None:
    broken = order_850()
    broken[12] = segment("CTP", "", "RTL", "19.99", "3", Composite(*("EA", "1", "1") * 6))
    assert rows(opinion(broken)) == [("error", "element", "CTP", 14, 5, None, "3")]


def test_levels_of_a_ship_notice_are_one_flat_loop() -> None:
    mixed = [each for each in body("856") if each.tag != "HL" or each[1] != "3"]
    assert second_opinion(placed("856", mixed), table("856"), Separators()) == []


def test_repetitions_are_shown_to_it_one_by_one() -> None:
    context = "SITUATIONAL TRIGGER^TOO LONG A CONTEXT, WHICH HAS MORE THAN ITS THIRTY-FIVE^SHORT"
    repeated = [
        segment("CTX", context, *each.elements[1:]) if each.tag == "CTX" else each for each in body("999")
    ]
    found = second_opinion(placed("999", repeated), table("999", "005010"), NEW)
    assert rows(found) == [("warning", "element", "CTX", 5, 1, 1, "5")]
    once = [segment("CTX", "A^B", *each.elements[1:]) if each.tag == "CTX" else each for each in body("999")]
    assert second_opinion(placed("999", once), table("999", "005010"), NEW) == []


@pytest.mark.parametrize(
    "segments",
    [
        [],
        [Segment("", ())],
        [Segment("ST", ())],
        [Segment("\x00\ud800", ("\ud800", "*~>"), 1)],
        [Segment("SE", ("1",) * 500, 1), Segment("ST", ("850", "1"), 2)],
        [Segment("ISA", ("",) * 16, 1)],
        [Segment("PO1", ("/../[X]",) * 30, -1)],
    ],
)
def test_nothing_makes_it_raise(segments: list[Segment]) -> None:
    for code in ("850", "856", "997"):
        second_opinion(segments, table(code), Separators())
        second_opinion(segments, table(code), Separators("\x1d", "\x1c", "\x1f", "\x1e"))


def test_many_threads_get_the_same_answers() -> None:
    broken = [order_850()[1:], order_850()[:-3], [*order_850(), *order_850()], order_850()[::-1]] * 6
    alone = [rows(opinion(each)) for each in broken]
    assert len({repr(each) for each in alone}) == 4
    with ThreadPoolExecutor(8) as pool:
        assert [rows(each) for each in pool.map(opinion, broken)] == alone


def test_where_it_differs_a_warning_says_so_and_the_verdict_stays() -> None:
    data = SMALL.replace("*NE*1*", "*NE*1 *").encode()
    alone, asked = check_file([data]), check_file([data], second_opinion)
    assert alone.interchanges[0].groups[0].sets[0].warnings == ()
    (one,) = asked.interchanges[0].groups[0].sets
    assert (one.ak5, one.errors) == ("A", ())
    (warning,) = one.warnings
    assert warning.code == "second_opinion"
    assert warning.text.startswith("Only the second engine: BEG (segment 2), element 3: ")
    agreed = check_file([SMALL.replace("PO1*1*1", "PO1*1*TEN").encode()], second_opinion)
    assert agreed.interchanges[0].groups[0].sets[0].warnings == ()


def test_only_the_switch_loads_it() -> None:
    script = (
        "import integration.x12.command, sys; assert not [each for each in sys.modules if 'pyx12' in each]"
    )
    root = Path(__file__).resolve().parents[3]
    assert subprocess.run([sys.executable, "-c", script], cwd=root, check=False).returncode == 0
