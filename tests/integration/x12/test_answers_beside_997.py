"""What stands beside the 997: the 999, the TA1, and text messages, written and read."""

from __future__ import annotations

from datetime import date, time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from integration.x12.acknowledgment_codes import NOTE_MEANINGS
from integration.x12.envelope import InterchangeHeader, read_interchange, write_interchange
from integration.x12.implementation_acknowledgment import build_999, read_999
from integration.x12.interchange import judge_interchange
from integration.x12.interchange_acknowledgment import (
    acknowledgment_sets,
    build_ta1,
    only_acknowledges,
    read_ta1,
)
from integration.x12.syntax import Separators, segment, serialise
from integration.x12.tables import find_table
from integration.x12.text_message import (
    Message,
    MessageContact,
    MessageDate,
    MessageParty,
    TextMessage,
    read_864,
    write_864,
)
from integration.x12.validate import check_group, check_set
from tests.integration.x12.test_acknowledgment_codes import LATER
from tests.integration.x12.x12_documents import SMALL, placed


def test_a_999_names_the_version_and_says_where_the_reason_stands() -> None:
    data = LATER.replace("ST*850*0017", "ST*850*0017*005010").replace("PO1*1*1*EA", "PO1*1**EA*5*PE*VN")
    group = read_interchange(data.encode()).groups[0]
    body = build_999(group, check_group(group))
    assert serialise(body, Separators(), "ascii").decode() == (
        "AK1*PO*17*005010~AK2*850*0017*005010~IK3*PO1*3**8~IK4*2*380*2~CTX*SITUATIONAL TRIGGER*PO1*3~"
        "IK4*7*234*2~CTX*SITUATIONAL TRIGGER*PO1*3~IK5*R*5~AK9*R*1*1*0~"
    )
    found = read_999(placed("999", body))
    assert (found.version, found.group_control_number, found.group_code) == ("005010", "17", "R")
    [only] = found.sets
    assert (only.convention, only.code, only.reasons, found.problems) == ("005010", "R", ["5"], [])
    assert sorted((each.element or 0, each.code_997) for each in only.findings) == [
        (0, "8"),
        (2, "2"),
        (7, "2"),
    ]


def test_a_999_of_a_guide_is_explained() -> None:
    body = [
        segment("AK1", "PO", "17", "005010"),
        segment("AK2", "850", "0017"),
        segment("IK3", "REF", "4", "", "I4"),
        segment("IK4", "2", "127", "I12", "X"),
        segment("IK5", "R", "I6"),
        segment("AK9", "R", "1", "1", "0"),
    ]
    found = read_999(placed("999", body))
    assert [each.sentence for each in found.sets[0].findings] == [
        "REF (segment 4): segment that the implementation guide does not use, the partner says.",
        "REF (segment 4), element 2: not of the form that the implementation guide asks for (he saw 'X'), the partner"
        " says.",
    ]
    assert found.problems == []


def test_a_version_before_005010_has_no_999() -> None:
    group = read_interchange(SMALL.encode()).groups[0]
    with pytest.raises(ValueError, match="has no 999"):
        build_999(group, check_group(group))


HEADER = InterchangeHeader(
    "12", "5550100", "ZZ", "SHOPTEST", date(2026, 3, 2), time(10, 0), control_number=7, usage_indicator="T"
)


def test_a_ta1_stands_alone_in_an_interchange_without_groups() -> None:
    reading = read_interchange(SMALL.replace("IEA*1*", "IEA*2*").encode())
    ta1 = build_ta1(reading, judge_interchange(reading))
    data = write_interchange(HEADER, [], Separators(), "ascii", interchange_acknowledgments=[ta1])
    assert data[106:] == b"TA1*000000042*260302*0941*R*021~IEA*0*000000007~"
    answer = read_interchange(data)
    assert (answer.findings, answer.groups, only_acknowledges(answer)) == ([], [], True)
    [kept] = acknowledgment_sets(answer, data)
    assert (kept.code, kept.control_number, kept.raw) == (
        "TA1",
        "000000042",
        b"TA1*000000042*260302*0941*R*021~",
    )
    said = read_ta1(kept.segments[0])
    assert (said.code, said.note, said.accepted, said.problems) == ("R", "021", False, [])
    assert said.words == "rejected: the number of groups is wrong (021)"


def test_what_a_ta1_quotes_is_cut_and_cleaned() -> None:
    reading = read_interchange(SMALL.replace("*260302*0941*U", "*26>3^2*09\x07~*U").encode())
    reading.control_number, reading.date, reading.time = "4>2", "26*302", "09\x07~9"
    written = build_ta1(reading, judge_interchange(reading))
    assert [written[number] for number in range(1, 4)] == ["0000004 2", "26 302", "09?"]


def test_strange_ta1s_are_told() -> None:
    said = read_ta1(segment("TA1", "4711", "260302", "0941", "Q", "099", "X"))
    assert said.problems == [
        "TA104 'Q' is none of A, E and R; ask the partner what it means.",
        "TA105 '099' is not a note code that we know.",
        "The TA1 has 6 elements instead of 5; the others were not read.",
    ]
    assert read_ta1(segment("TA1")).problems[0] == (
        "TA101 '' is no control number: it is not known what is acknowledged."
    )


@pytest.mark.parametrize("note", sorted(NOTE_MEANINGS))
def test_every_note_is_read_and_explained(note: str) -> None:
    said = read_ta1(segment("TA1", "000000042", "260302", "0941", "R", note))
    assert said.problems == []
    assert said.words == ("rejected" if note == "000" else f"rejected: {NOTE_MEANINGS[note]} ({note})")


TEXT = TextMessage(
    purpose="00",
    description="Stock taking",
    kind="TX",
    dates=(MessageDate("007", "20260302", "0900"),),
    parties=(
        MessageParty(
            "FR",
            "Teahouse Supply",
            "92",
            "T1",
            more_names=("Warehouse",),
            address_lines=("1 Quay", "Shed 4", "Gate B"),
            city="Northport",
            state="NY",
            postal_code="11768",
            country="US",
            references=(("PO", "4711-1"),),
            contacts=(MessageContact("IC", "Iva Dorn", (("TE", "5550100"), ("EM", "iva@tea.example"))),),
        ),
    ),
    messages=(
        Message(
            "4711-2", "Closed for a day", "080", "060", lines=("We count our stock on Friday.", "  Sorry.")
        ),
        Message("X", lines=("a" * 264,)),
    ),
)


@pytest.mark.parametrize("version", ["004010", "005010"])
def test_a_text_message_reads_as_it_was_written(version: str) -> None:
    written = placed("864", write_864(TEXT))
    verdict = check_set(written, find_table("864", version))
    assert [each.sentence for each in verdict.findings if each.severity == "error"] == []
    assert read_864(written) == TEXT
    assert TEXT.numbers() == ("4711-2", "X", "4711-1")
    assert read_864(written).problems == ()


def test_long_and_empty_lines_have_their_place() -> None:
    message = TextMessage("00", messages=(Message("1", lines=("b" * 300, "")),))
    assert [each[1] for each in write_864(message)[2:]] == ["b" * 264, "b" * 36, " "]
    assert read_864(placed("864", write_864(message))).messages[0].lines == ("b" * 264, "b" * 36, "")


def test_what_is_strange_in_a_text_message_is_said() -> None:
    body = [segment("MSG", "Hello"), segment("PER", "IC"), segment("TED", "1")]
    found = read_864(placed("864", body))
    assert found.messages == (Message("", lines=("Hello",)),)
    assert found.problems == (
        "MSG (segment 2): stands before any MIT; it was read as a message of its own.",
        "PER (segment 3): stands before any N1; it was not read.",
        "TED (segment 4): does not belong in a text message; it was not read.",
        "BMG is missing: the purpose of the message is not known.",
    )


LINES = st.text(
    st.characters(min_codepoint=32, max_codepoint=126, exclude_characters="*~>"), max_size=264
).map(str.rstrip)


@settings(max_examples=100, derandomize=True, deadline=None)
@given(st.lists(LINES, max_size=6))
def test_every_line_of_text_survives(lines: list[str]) -> None:
    message = TextMessage("00", messages=(Message("1", lines=tuple(lines)),))
    assert read_864(placed("864", write_864(message))) == message
