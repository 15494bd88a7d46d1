"""Elements that stand several times in their place, which 005010 allows for two of ours."""

from __future__ import annotations

import pytest

from integration.x12.reading import parse_segments
from integration.x12.syntax import Composite, Separators, segment
from integration.x12.tables import find_table
from integration.x12.validate import check_set
from tests.integration.x12.x12_documents import placed

REPEATING = Separators(component=":", repetition="^")
# Severity, tag, element, component, AK403 code.
Fault = tuple[str, str, int | None, int | None, str]


def judged(code: str, version: str, text: str, separators: Separators = REPEATING) -> tuple[str, list[Fault]]:
    body = "".join(f"{line.strip()}~" for line in text.strip().splitlines())
    whole = f"ST*{code}*0001~{body}SE*{body.count('~') + 2}*0001~"
    verdict = check_set(parse_segments(whole, separators), find_table(code, version), separators)
    return verdict.code, [
        (each.severity, each.segment_tag, each.element, each.component, each.code_997)
        for each in verdict.findings
    ]


def context(ctx: str) -> str:
    return f"""AK1*PO*17
        AK2*850*0017
        IK3*PO1*12**8
        CTX*{ctx}
        IK5*E*5
        AK9*E*1*1*1"""


@pytest.mark.parametrize(
    ("ctx", "code", "faults"),
    [
        ("SITUATIONAL TRIGGER^SITUATIONAL TRIGGER:2^PO1:3", "A", []),
        ("^".join(["X"] * 10), "A", []),
        ("^".join(["X"] * 11), "R", [("error", "CTX", 1, None, "12")]),
        ("PO1^:2", "R", [("error", "CTX", 1, 1, "1")]),
        ("PO1^PO1:2:3", "R", [("error", "CTX", 1, None, "13")]),
        ("PO1*PO1^PO1", "R", [("error", "CTX", 2, None, "12")]),
    ],
)
def test_each_value_of_a_repeated_element_is_judged(ctx: str, code: str, faults: list[Fault]) -> None:
    assert judged("999", "005010", context(ctx)) == (code, faults)


ORDER = """BEG*00*NE*1**20260302
    REF*CO*{}
    PO1*1*1*EA"""


def test_a_text_that_may_not_be_repeated_is_found_behind_good_ones() -> None:
    many = ORDER.format("1\n    REF*CO*2\n    REF*CO*3^4")
    assert judged("850", "005010", many) == ("R", [("error", "REF", 2, None, "12")])


@pytest.mark.parametrize(
    ("version", "separators"), [("004010", REPEATING), ("005010", Separators(component=":"))]
)
def test_where_nothing_repeats_the_character_is_text(version: str, separators: Separators) -> None:
    assert judged("850", version, ORDER.format("3^4"), separators) == ("A", [])


def test_a_composite_that_is_to_be_written_is_judged_as_one() -> None:
    body = [
        segment("AK1", "PO", "17"),
        segment("AK2", "850", "0017"),
        segment("AK3", "PO1", "12", "", "8"),
        segment("AK4", Composite("5", "1"), "355", "7", "XX"),
        segment("AK5", "E", "5"),
        segment("AK9", "E", "1", "1", "1"),
    ]
    assert check_set(placed("997", body), find_table("997", "005010"), REPEATING).findings == []


def test_the_sentence_says_how_many_there_are() -> None:
    text = "ST*850*0001~BEG*00*NE*1**20260302~REF*CO*3^4^5~PO1*1*1*EA~SE*5*0001~"
    verdict = check_set(parse_segments(text, REPEATING), find_table("850", "005010"), REPEATING)
    assert [each.sentence for each in verdict.findings] == [
        "REF (segment 3), element 2, reference: '3^4^5' holds 3 values, at most 1 may stand there."
    ]
