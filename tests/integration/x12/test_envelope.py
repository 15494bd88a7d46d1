from __future__ import annotations

from dataclasses import replace
from datetime import date, time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from integration.x12 import reading as reading_module
from integration.x12.envelope import (
    MAX_SEGMENT_BYTES,
    EnvelopeError,
    GroupToWrite,
    InterchangeHeader,
    SetToWrite,
    is_whole,
    read_interchange,
    split_interchanges,
    write_interchange,
)
from integration.x12.syntax import Segment, Separators, UnsafeData, choose_separators, segment
from integration.x12.validate import check_group
from tests.integration.x12.x12_documents import (
    GOLDEN,
    HEADER,
    ISA,
    SMALL,
    acknowledgment_855,
    group_to_write,
    order_850,
    placed,
    read_group,
    rows,
    written,
)


def test_the_writer_makes_exact_bytes() -> None:
    body = [segment("BEG", "00", "NE", "1", "", "20260302"), segment("PO1", "1", "1", "EA")]
    assert write_interchange(HEADER, [group_to_write("850", body)], Separators(), "ascii") == SMALL.encode()


def test_line_breaks_stand_behind_each_terminator() -> None:
    body = [segment("BEG", "00", "NE", "1", "", "20260302"), segment("PO1", "1", "1", "EA")]
    data = write_interchange(HEADER, [group_to_write("850", body)], Separators(), "ascii", line_breaks=True)
    assert data == SMALL.replace("~", "~\n").encode()
    data = write_interchange(
        HEADER, [group_to_write("850", body)], Separators(segment="\n"), "ascii", line_breaks=True
    )
    assert data == SMALL.replace("~", "\n").encode()


def test_the_header_is_read_back() -> None:
    reading = read_interchange(SMALL.encode())
    assert (reading.problem, reading.findings, reading.notes) == (None, [], [])
    assert (reading.sender_qualifier, reading.sender_id) == ("ZZ", "SHOPTEST")
    assert (reading.receiver_qualifier, reading.receiver_id) == ("12", "5550100")
    assert (reading.date, reading.time, reading.version) == ("260302", "0941", "00401")
    assert (reading.control_number, reading.usage_indicator) == ("000000042", "T")
    assert reading.acknowledgment_requested is False
    assert reading.separators == Separators()
    (group,) = reading.groups
    assert (group.functional_id, group.sender, group.receiver) == ("PO", "SHOPTEST", "5550100")
    assert (group.date, group.time, group.control_number) == ("20260302", "0941", "17")
    assert (group.agency, group.version, group.declared_count) == ("X", "004010", 1)
    assert (group.trailer_control_number, group.findings) == ("17", [])
    (one,) = group.sets
    assert (one.code, one.control_number) == ("850", "0017")
    assert one.raw == SMALL.encode()[one.offset : one.offset + one.length]
    assert one.raw == b"ST*850*0017~BEG*00*NE*1**20260302~PO1*1*1*EA~SE*4*0017~"
    assert [(seg.tag, seg.position) for seg in one.segments] == [("ST", 1), ("BEG", 2), ("PO1", 3), ("SE", 4)]


def test_acknowledgment_requested_and_repetition_separator_are_carried() -> None:
    header = replace(HEADER, acknowledgment_requested=True, version="00501", usage_indicator="P")
    data = write_interchange(header, [], Separators(repetition="^"), "ascii")
    assert data == (
        b"ISA*00*          *00*          *ZZ*SHOPTEST       *12*5550100        "
        b"*260302*0941*^*00501*000000042*1*P*>~IEA*0*000000042~"
    )
    reading = read_interchange(data)
    assert (reading.acknowledgment_requested, reading.separators.repetition) == (True, "^")
    assert (reading.usage_indicator, reading.version, reading.groups) == ("P", "00501", [])


SEPARATORS = [
    Separators(),
    Separators("|", "\n", ":"),
    Separators("\x1d", "\x1c", "\x1f", "\x1e"),
    Separators("^", "'", "|"),
    Separators("*", "\r", "_"),
    Separators("\t", "\x15", "}"),
    Separators("]", "\\", "-"),
]


@pytest.mark.parametrize("separators", SEPARATORS)
@pytest.mark.parametrize("code", sorted(GOLDEN))
def test_what_is_written_is_read_back_equal_with_any_separators(code: str, separators: Separators) -> None:
    body = [
        segment(each.tag, *(text.replace("-", " ") for text in each.elements))
        if separators.component == "-"
        else each
        for each in GOLDEN[code]()
    ]
    if separators.component == "-":
        body = [each for each in body if each.tag not in ("CTP", "AK4")]
    group = read_group(written(code, body, body, separators=separators))
    assert [each.control_number for each in group.sets] == ["0017", "0018"]
    joined = [
        segment(each.tag, *(text.replace("\x1f", separators.component) for text in each.elements))
        for each in body
    ]
    assert group.sets[0].segments == placed(code, joined)
    assert [verdict.code for verdict in check_group(group)] == ["A", "A"]


TEXT = st.text(st.characters(exclude_categories=("Cs", "Cc")), min_size=1, max_size=12).filter(
    lambda text: text.strip("\r\n") == text
)
BODIES = st.lists(
    st.builds(
        lambda tag, texts: segment(tag, *texts),
        st.sampled_from(["N1", "N3", "MSG", "ZZ9", "REF"]),
        st.lists(TEXT | st.just(""), max_size=6),
    ),
    max_size=5,
)


@settings(max_examples=150, derandomize=True, deadline=None)
@given(st.lists(BODIES, min_size=1, max_size=3), st.booleans())
def test_any_data_written_is_read_back_equal(bodies: list[list[Segment]], line_breaks: bool) -> None:
    separators = choose_separators([each for body in bodies for each in body], Separators())
    data = write_interchange(
        HEADER, [group_to_write("855", *bodies)], separators, "utf-8", line_breaks=line_breaks
    )
    assert is_whole(data)
    reading = read_interchange(data)
    assert (reading.findings, reading.groups[0].findings) == ([], [])
    assert [each.segments[1:-1] for each in reading.groups[0].sets] == bodies


@pytest.mark.parametrize("hostile", ["a~SE*1*1~IEA*1*1", "a*b", "x>y", "line\nbreak", "\x00", "\x1b[2J"])
def test_hostile_data_never_breaks_out(hostile: str) -> None:
    body = [*order_850(), segment("MSG", hostile)]
    with pytest.raises(UnsafeData):
        written("850", body)


def test_hostile_printable_data_goes_out_whole_under_other_separators() -> None:
    hostile = "a~SE*1*1~GE*1*1~IEA*1*000000042~ISA|^>:"
    body = [segment("N9", "L1", "1"), segment("MSG", hostile), segment("N1", "ST", "Ирина")]
    data = written("850", body, separators=choose_separators(body, Separators()))
    assert len(split_interchanges(data).pieces) == 1
    assert [each[1] for each in read_group(data).sets[0].segments if each.tag == "MSG"] == [hostile]


@pytest.mark.parametrize("tag", ["ISA", "GS", "ST", "SE", "GE", "IEA", "TA1"])
def test_a_body_may_not_hold_envelope_segments(tag: str) -> None:
    with pytest.raises(EnvelopeError, match=f"holds {tag}, which the writer makes"):
        written("850", [segment(tag, "1")])


@pytest.mark.parametrize(
    ("header", "words"),
    [
        (replace(HEADER, sender_id="X" * 16), "ISA06: ID 'XXXXXXXXXXXXXXXX' is not 1 to 15 ASCII characters"),
        (replace(HEADER, receiver_id=""), "ISA08: ID '' is not 1 to 15"),
        (replace(HEADER, receiver_id="Müller"), "ISA08: ID 'Müller' is not 1 to 15"),
        (replace(HEADER, sender_qualifier="Z"), "ISA05: 'Z' is not exactly 2"),
        (replace(HEADER, control_number=0), "ISA13: control number 0 is not between 1 and 999999999"),
        (replace(HEADER, control_number=10**9), "ISA13: control number 1000000000 is not"),
        (replace(HEADER, usage_indicator="X"), "ISA15: usage indicator 'X' is none of P, T and I"),
        (replace(HEADER, version="4010"), "ISA12: '4010' is not exactly 5"),
    ],
)
def test_a_header_that_does_not_fit_is_refused(header: InterchangeHeader, words: str) -> None:
    with pytest.raises(EnvelopeError) as caught:
        write_interchange(header, [], Separators(), "ascii")
    assert words in str(caught.value)


def test_an_id_that_holds_a_separator_is_refused() -> None:
    with pytest.raises(UnsafeData) as caught:
        write_interchange(replace(HEADER, sender_id="A*B"), [], Separators(), "ascii")
    assert (caught.value.element, caught.value.character) == (6, "*")
    group = GroupToWrite("PO", "A>B", "5550100", date(2026, 3, 2), time(9, 41), 1, [])
    with pytest.raises(UnsafeData):
        write_interchange(HEADER, [group], Separators(), "ascii")


def test_set_numbers_have_at_least_four_digits() -> None:
    group = group_to_write("855", acknowledgment_855(), number=123456)
    data = write_interchange(HEADER, [group], Separators(), "ascii")
    assert b"ST*855*123456~" in data
    with pytest.raises(EnvelopeError, match="ST02"):
        write_interchange(HEADER, [replace(group, sets=[SetToWrite("855", 0, [])])], Separators(), "ascii")


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("IEA*1*000000042", "IEA*1*000000043", [("error", "IEA", "001")]),
        ("IEA*1*000000042", "IEA*1*42", []),
        ("IEA*1*", "IEA*2*", [("error", "IEA", "021")]),
        ("~IEA*1*000000042~", "~", [("error", "IEA", "023")]),
        ("*260302*0941*U", "*260231*0941*U", [("warning", "ISA", "014")]),
        ("*260302*0941*U", "*260302*2541*U", [("warning", "ISA", "015")]),
        ("*0*T*", "*2*X*", [("warning", "ISA", "019"), ("warning", "ISA", "020")]),
        ("*SHOPTEST       *", "*               *", [("warning", "ISA", "006")]),
        ("GE*1*17~", "GE*1*17~XX*stray~", [("error", "XX", "022")]),
        ("~GS*PO", "~ISB*1~XX*stray~GS*PO", [("error", "ISB", "022")]),
        ("~SE*4*0017~", "~SE*4*0017~SE*4*0018~", [("error", "SE", "022")]),
        ("~GE*1*17~", "~GE*1*17~GE*1*18~", [("error", "GE", "022")]),
        ("*X*004010~", "*X~", [("error", "GS", "024")]),
        (
            "GS*PO*SHOPTEST*5550100*20260302*0941*17*X*004010~",
            "",
            [("error", "ST", "024"), ("error", "IEA", "021")],
        ),
        ("~ST*850*0017", "~~\r\n~ST*850*0017", []),
    ],
)
def test_faults_of_the_interchange(old: str, new: str, expected: list[tuple[str, str, str]]) -> None:
    data = SMALL.replace(old, new)
    assert data != SMALL
    reading = read_interchange(data.encode())
    assert [(each.severity, each.segment_tag, each.code_997) for each in reading.findings] == expected
    assert all(each.level == "interchange" for each in reading.findings)


def test_a_file_cut_into_lines_of_80_characters_is_told_as_such() -> None:
    wrapped = "\r\n".join(SMALL[at : at + 80] for at in range(0, len(SMALL), 80))
    assert read_interchange(wrapped.encode()).problem == (
        "A line break stands inside the ISA (ISA10): the file was cut into lines on its way, often of 80 characters;"
        " ask the network to deliver it as it was sent."
    )


def test_words_to_the_network_are_passed_over() -> None:
    data = SMALL.replace("~GS*PO", "~ISB*1~\r\nISE*260302*0941*04~\r\nGS*PO")
    reading = read_interchange(data.encode())
    assert reading.findings == []
    assert reading.notes == ["26 bytes at 106 are words to the network (ISB, ISE, TA3) and were not read."]
    assert [group.control_number for group in reading.groups] == ["17"]


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("GE*1*17", "GE*1*18", ["4"]),
        ("GE*1*17", "GE*1*0017", []),
        ("GE*1*17", "GE*2*17", ["5"]),
        ("GE*1*17", "GE*X*17", ["5"]),
        ("GE*1*17~", "", ["3"]),
        ("*17*X*", "*A17*X*", ["6", "4"]),
    ],
)
def test_faults_of_the_group_are_warnings(old: str, new: str, expected: list[str]) -> None:
    group = read_group(SMALL.replace(old, new).encode())
    assert [(each.severity, each.level, each.code_997) for each in group.findings] == [
        ("warning", "group", code) for code in expected
    ]
    assert len(group.sets) == 1


def test_a_group_number_used_twice_is_reported_once() -> None:
    group = group_to_write("850", order_850())
    data = write_interchange(HEADER, [group, group, group_to_write("855")], Separators(), "ascii")
    reading = read_interchange(data)
    assert [[each.code_997 for each in group.findings] for group in reading.groups] == [[], ["19"], []]


def test_a_set_without_se_ends_where_the_next_begins() -> None:
    data = SMALL.replace("SE*4*0017~", "ST*850*0018~BEG*00*NE*2**20260302~PO1*1*1*EA~SE*4*0018~")
    group = read_group(data.replace("GE*1*", "GE*2*").encode())
    first, second = group.sets
    assert (len(first.segments), len(second.segments)) == (3, 4)
    one, two = check_group(group)
    assert rows(one.findings) == [("error", "set", "SE", 0, None, None, "2")]
    assert (one.code, two.code) == ("R", "A")


def test_interchange_acknowledgments_are_kept() -> None:
    data = ISA + "TA1*000000041*260302*0940*A*000~IEA*0*000000042~"
    reading = read_interchange(data.encode())
    assert [each.elements for each in reading.interchange_acknowledgments] == [
        ("000000041", "260302", "0940", "A", "000")
    ]
    assert reading.findings == []
    assert is_whole(data.encode())


def test_empty_segments_and_indentation_belong_to_nobody() -> None:
    data = SMALL.replace("~BEG", "~~\n\n   ~BEG").replace("~PO1", "~\r\n\t  PO1").encode()
    group = read_group(data)
    assert [seg.position for seg in group.sets[0].segments] == [1, 2, 3, 4]
    assert [verdict.code for verdict in check_group(group)] == ["A"]


def test_windows_lines_with_newline_as_terminator() -> None:
    data = SMALL.replace("~", "\n").replace("\n", "\r\n").encode()
    # The terminator is CR here: it stands at byte 105, the LF behind it belongs to nobody.
    assert read_interchange(data).separators.segment == "\r"
    assert [verdict.code for verdict in check_group(read_group(data))] == ["A"]


def test_text_is_utf_8_or_else_latin_1() -> None:
    data = SMALL.replace("PO1*1*1*EA~", "PO1*1*1*EA~PID*F****Grün~").replace("SE*4", "SE*5")
    for encoded in (data.encode(), data.encode("latin-1")):
        segments = read_group(encoded).sets[0].segments
        assert [seg[5] for seg in segments if seg.tag == "PID"] == ["Grün"]


def test_an_oversized_segment_is_a_finding() -> None:
    long = "x" * (MAX_SEGMENT_BYTES + 1)
    data = SMALL.replace("PO1*1*1*EA~", f"PO1*1*1*EA~PID*F****{long}~PID*F****short~").replace("SE*4", "SE*6")
    group = read_group(data.encode())
    expected = ("error", "segment", "PID", 4, None, None, "8")
    assert rows(group.sets[0].findings) == [expected]
    (verdict,) = check_group(group)
    assert (verdict.code, expected in rows(verdict.findings)) == ("R", True)


def test_a_set_over_the_limit_is_refused_with_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading_module, "MAX_SET_BYTES", 50)
    group = read_group(SMALL.encode())
    (one,) = group.sets
    assert (one.segments, one.length) == ([], 55)
    assert (
        one.problem == "The transaction set has 55 bytes, at most 50 are read; ask the partner to split it."
    )
    (verdict,) = check_group(group)
    assert (verdict.code, verdict.walk) == ("R", None)
    assert rows(verdict.findings) == [("error", "set", "ST", 0, None, None, "5")]


def test_a_flood_of_envelope_segments_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading_module, "MAX_ENVELOPE_SEGMENTS", 100)
    reading = read_interchange((ISA + "ST~" * 101).encode())
    assert reading.groups == []
    assert reading.problem == (
        "The interchange has more than 100 envelope segments; ask for smaller interchanges."
    )


def read_everything(data: bytes) -> None:
    is_whole(data)
    for piece in split_interchanges(data).pieces:
        assert data[piece.offset : piece.offset + len(piece.data)] == piece.data
        for group in read_interchange(piece.data).groups:
            check_group(group)


@settings(max_examples=200, derandomize=True, deadline=None)
@given(st.binary(max_size=200), st.booleans())
def test_garbage_never_raises(garbage: bytes, behind_isa: bool) -> None:
    read_everything(ISA.encode() + garbage if behind_isa else garbage)


@settings(max_examples=300, derandomize=True, deadline=None)
@given(
    st.integers(0, len(SMALL)),
    st.integers(0, 12),
    st.binary(max_size=6) | st.sampled_from([b"~", b"*", b"~ST*850", b"~SE", b"~GE*1*", b"~ISA*", b"~GS*PO"]),
)
def test_a_damaged_interchange_never_raises(at: int, removed: int, added: bytes) -> None:
    data = SMALL.encode()
    read_everything(data[:at] + added + data[at + removed :])


@settings(max_examples=150, derandomize=True, deadline=None)
@given(st.lists(st.sampled_from(SMALL.split("~")[:-1]), max_size=12))
def test_shuffled_envelopes_never_raise(parts: list[str]) -> None:
    read_everything(("~".join([ISA.rstrip("~"), *parts]) + "~").encode())
