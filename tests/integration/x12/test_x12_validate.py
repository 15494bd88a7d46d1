from __future__ import annotations

from collections.abc import Callable

import pytest

from integration.x12.syntax import Composite, Segment, Separators, segment
from integration.x12.tables import find_table
from integration.x12.validate import MAX_FINDINGS, SetVerdict, acknowledgment_code, check_group, check_set
from tests.integration.x12.x12_documents import GOLDEN, Row, placed, read_group, rows, written

Change = Callable[[list[Segment]], list[Segment]]


def judged(code: str, body: list[Segment]) -> SetVerdict:
    return check_set(placed(code, body), find_table(code, "004010"))


def element(tag: str, number: int, text: str, nth: int = 1) -> Change:
    """Element ``number`` of the ``nth`` segment of that tag becomes ``text``."""

    def change(body: list[Segment]) -> list[Segment]:
        at = [index for index, each in enumerate(body) if each.tag == tag][nth - 1]
        texts = [*body[at].elements, *[""] * number]
        texts[number - 1] = text
        return [*body[:at], segment(tag, *texts), *body[at + 1 :]]

    return change


def without(tag: str) -> Change:
    return lambda body: [each for each in body if each.tag != tag]


def inserted(at: int, *segments: Segment) -> Change:
    return lambda body: [*body[:at], *segments, *body[at:]]


@pytest.mark.parametrize("code", sorted(GOLDEN))
def test_golden_sets_are_accepted_without_a_word(code: str) -> None:
    verdict = judged(code, GOLDEN[code]())
    assert (verdict.code, verdict.findings) == ("A", [])
    assert verdict.walk is not None
    assert verdict.walk.unread == []


# Positions count from ST, so the nth segment of the body stands at n + 1.
@pytest.mark.parametrize(
    ("change", "verdict", "expected"),
    [
        (element("ACK", 2, "TEN"), "R", [("error", "element", "ACK", 7, 2, None, "6")]),
        (element("ACK", 1, "QQ"), "E", [("warning", "element", "ACK", 7, 1, None, "7")]),
        (element("ACK", 1, ""), "R", [("error", "element", "ACK", 7, 1, None, "1")]),
        (element("ACK", 1, "  "), "R", [("error", "element", "ACK", 7, 1, None, "1")]),
        (element("ACK", 3, ""), "R", [("error", "element", "ACK", 7, 3, None, "2")]),
        (element("ACK", 5, "", 2), "R", [("error", "element", "ACK", 8, 5, None, "2")]),
        (element("ACK", 30, "x"), "R", [("error", "element", "ACK", 7, 30, None, "3")]),
        (element("BAK", 4, "20260231"), "R", [("error", "element", "BAK", 2, 4, None, "8")]),
        (element("BAK", 3, "P" * 23), "E", [("warning", "element", "BAK", 2, 3, None, "5")]),
        (element("BAK", 3, "4711\x07"), "E", [("warning", "element", "BAK", 2, 3, None, "6")]),
        (element("N1", 4, "T"), "E", [("warning", "element", "N1", 4, 4, None, "4")]),
        (element("CTT", 1, "2.0"), "R", [("error", "element", "CTT", 11, 1, None, "6")]),
        (element("PO1", 4, "1E2"), "R", [("error", "element", "PO1", 5, 4, None, "6")]),
        (without("BAK"), "R", [("error", "segment", "BAK", 2, None, None, "3")]),
        (inserted(2, segment("CUR", "BY", "USD")), "R", [("error", "segment", "CUR", 4, None, None, "7")]),
        (
            inserted(1, segment("CUR", "BY", "USD"), segment("CUR", "SE", "USD")),
            "R",
            [("error", "segment", "CUR", 4, None, None, "5")],
        ),
        (inserted(4, segment("SI", "TI", "1", "A")), "A", [("note", "segment", "SI", 6, None, None, "")]),
        (inserted(9, segment("ZZZ", "1")), "R", [("error", "segment", "ZZZ", 11, None, None, "1")]),
        (
            inserted(4, segment("CTP", "", "RTL", "5", "1", "EA>2>X")),
            "R",
            [("error", "element", "CTP", 6, 5, 3, "6")],
        ),
        (
            inserted(4, segment("CTP", "", "RTL", "5", "1", Composite("", "2"))),
            "R",
            [("error", "element", "CTP", 6, 5, 1, "1")],
        ),
        (
            inserted(4, segment("CTP", "", "RTL", "5", "1", ">".join(["EA", *["1"] * 15]))),
            "R",
            [
                *[("warning", "element", "CTP", 6, 5, at, "7") for at in (4, 7, 10, 13)],
                ("error", "element", "CTP", 6, 5, None, "3"),
            ],
        ),
        (
            inserted(2, segment("REF", "CO", "", "", "CO>1>CR")),
            "R",
            [("error", "element", "REF", 4, 4, 4, "2"), ("error", "element", "REF", 4, 2, None, "2")],
        ),
    ],
)
def test_each_fault_of_an_acknowledgment_is_found_where_it_is(
    change: Change, verdict: str, expected: list[Row]
) -> None:
    found = judged("855", change(GOLDEN["855"]()))
    assert (found.code, rows(found.findings)) == (verdict, expected)


def test_codes_of_lists_are_not_also_judged_by_length() -> None:
    found = judged("855", element("CTT", 4, "1")(element("CTT", 3, "5")(GOLDEN["855"]())))
    assert rows(found.findings) == [("warning", "element", "CTT", 11, 4, None, "7")]


def test_a_mandatory_loop_that_is_missing_is_named_with_its_place() -> None:
    found = judged(
        "850", [each for each in GOLDEN["850"]() if each.tag not in ("PO1", "CTP", "PID", "PO4", "SAC")]
    )
    assert rows(found.findings) == [("error", "segment", "PO1", 13, None, None, "3")]
    assert found.findings[0].sentence == "PO1, item ordered: missing in the set; it belongs at segment 13."


def test_a_mandatory_segment_inside_a_loop_is_missed_only_where_the_loop_is() -> None:
    found = judged(
        "997", [segment("AK1", "PO", "1"), segment("AK2", "850", "0001"), segment("AK9", "A", "1", "1", "1")]
    )
    assert rows(found.findings) == [("error", "segment", "AK5", 4, None, None, "3")]
    assert found.findings[0].loop == "AK2"


def test_a_loop_too_often_is_reported_at_the_first_too_many() -> None:
    body = GOLDEN["855"]()
    acks = [segment("ACK", "IA", "1", "EA")] * 104
    found = judged("855", [*body[:7], *acks, *body[7:]])
    assert rows(found.findings) == [("error", "segment", "ACK", 111, None, None, "4")]
    assert found.findings[0].sentence == (
        "ACK (segment 111), line item acknowledgment: the loop stands 106 times in loop PO1, at most 104 allowed."
    )


def test_sentences_say_what_where_and_which_value() -> None:
    found = judged("850", element("PO1", 2, "TEN")(GOLDEN["850"]()))
    (finding,) = found.findings
    assert finding.sentence == "PO1 (segment 13), element 2, quantity ordered: 'TEN' is not a number."
    assert (finding.loop, finding.data_element, finding.value) == ("PO1", "330", "TEN")
    found = judged("850", element("CTP", 5, "EA>1>M")(GOLDEN["850"]()))
    assert found.findings[0].sentence == (
        "CTP (segment 14), element 5, component 3, multiplier: 'M' is not a number."
    )


def test_a_long_value_is_cut_in_the_sentence_and_whole_in_the_finding() -> None:
    (finding,) = judged("850", element("PO1", 2, "9" * 5000)(GOLDEN["850"]())).findings
    assert (len(finding.value), len(finding.sentence)) == (5000, 146)


def test_composites_are_split_by_the_separator_that_the_set_was_read_with() -> None:
    body = element("CTP", 5, "EA:1:2")(GOLDEN["850"]())
    table = find_table("850", "004010")
    assert check_set(placed("850", body), table, Separators(component=":")).findings == []
    assert rows(check_set(placed("850", body), table).findings) == [
        ("warning", "element", "CTP", 14, 5, 1, "7")
    ]


@pytest.mark.parametrize(
    ("st", "se", "expected"),
    [
        (segment("ST", "850", "0001"), segment("SE", "99", "0001"), ["4"]),
        (segment("ST", "850", "0001"), segment("SE", "4", "0002"), ["3"]),
        (segment("ST", "850", "0001"), segment("SE", "4", "1"), ["3"]),
        (segment("ST", "850", "0001"), segment("SE", "04", "0001"), []),
        (segment("ST", "850"), segment("SE", "4"), ["7"]),
        (segment("ST", "850", "0001"), segment("CTT", "1"), ["2"]),
        (segment("ST", "855", "0001"), segment("SE", "4", "0001"), ["6"]),
        (segment("BEG", "850", "0001"), segment("SE", "4", "0001"), ["6"]),
    ],
)
def test_ends_of_the_set_are_compared(st: Segment, se: Segment, expected: list[str]) -> None:
    inner = (segment("BEG", "00", "NE", "1", "", "20260101"), segment("PO1", "1", "1", "EA"))
    segments = [segment(each.tag, *each.elements, position=at) for at, each in enumerate((st, *inner, se), 1)]
    found = check_set(segments, find_table("850", "004010"))
    assert [each.code_997 for each in found.findings if each.level == "set"] == expected
    assert found.code == ("R" if expected else "A")


def test_a_set_without_a_table_is_not_supported() -> None:
    found = check_set([segment("ST", "999", "0001")], None)
    assert (found.code, found.walk, rows(found.findings)) == (
        "R",
        None,
        [("error", "set", "ST", 0, None, None, "1")],
    )


def test_nothing_to_check_is_rejected_without_an_exception() -> None:
    assert check_set([], find_table("850", "004010")).code == "R"
    assert check_set([], None).code == "R"


def test_findings_are_capped_after_the_verdict() -> None:
    body = GOLDEN["855"]()
    spoiled = [segment("ACK", "QQ", "1", "EA")] * 60
    lines = [each for _ in range(20) for each in (segment("PO1", "1", "1", "EA"), *spoiled)]
    found = judged("855", [*body[:1], *lines, segment("PO1", "1", "TEN", "EA")])
    assert (found.code, len(found.findings)) == ("R", MAX_FINDINGS + 1)
    assert found.findings[-1].sentence == "201 further findings are left out; settle these first."


def test_undescribed_segments_make_one_note_each_tag() -> None:
    body = [*GOLDEN["855"]()]
    body[4:4] = [segment("SI", "TI", "1", "2"), segment("SI", "TI", "2", "3")]
    found = judged("855", body)
    assert (found.code, rows(found.findings)) == ("A", [("note", "segment", "SI", 6, None, None, "")])
    assert "segment 6, the first of 2" in found.findings[0].sentence


def test_a_group_judges_each_set_alone() -> None:
    bad = element("PO1", 2, "TEN")(GOLDEN["850"]())
    verdicts = check_group(read_group(written("850", GOLDEN["850"](), bad, GOLDEN["850"]())))
    assert [verdict.code for verdict in verdicts] == ["A", "R", "A"]


def test_a_set_number_used_twice_in_a_group_is_rejected() -> None:
    data = written("850", GOLDEN["850"](), GOLDEN["850"]()).replace(b"0018~", b"0017~")
    first, second = check_group(read_group(data))
    assert (first.code, second.code) == ("A", "R")
    assert rows(second.findings) == [("error", "set", "ST", 0, None, None, "23")]


def test_a_set_in_the_wrong_group_is_rejected() -> None:
    group = read_group(written("850", GOLDEN["850"]()).replace(b"GS*PO*", b"GS*PR*"))
    (verdict,) = check_group(group)
    assert rows(verdict.findings) == [("error", "set", "ST", 0, None, None, "6")]
    assert "belongs in 'PO'" in verdict.findings[0].sentence


def test_the_worst_finding_decides() -> None:
    assert acknowledgment_code([]) == "A"
    findings = judged("855", inserted(4, segment("SI", "TI", "1", "A"))(GOLDEN["855"]())).findings
    assert [each.severity for each in findings] == ["note"]
    assert acknowledgment_code(findings) == "A"
    warned = [*findings, *judged("855", element("ACK", 1, "QQ")(GOLDEN["855"]())).findings]
    assert acknowledgment_code(warned) == "E"
    assert acknowledgment_code([*warned, *judged("855", without("BAK")(GOLDEN["855"]())).findings]) == "R"


def test_the_quick_way_remembers_only_what_was_good() -> None:
    table = find_table("855", "004010")
    good = placed("855", GOLDEN["855"]())
    bad = placed("855", element("ACK", 3, "")(GOLDEN["855"]()))
    codes = [check_set(each, table).code for each in (bad, good, bad, good, good, bad)]
    assert codes == ["R", "A", "R", "A", "A", "R"]
