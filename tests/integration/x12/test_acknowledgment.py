from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from integration.x12.acknowledgment import build_997, expects_acknowledgment, read_997
from integration.x12.envelope import GroupReading
from integration.x12.syntax import Segment, Separators, segment, serialise
from integration.x12.tables import find_table
from integration.x12.validate import SetVerdict, check_group, check_set
from tests.integration.x12.x12_documents import (
    GOLDEN,
    functional_997,
    order_850,
    placed,
    read_group,
    rows,
    written,
)


def answered(data: bytes, separators: Separators | None = None) -> str:
    group = read_group(data)
    body = build_997(group, check_group(group), separators)
    # The answer must itself be a good 997.
    assert check_set(placed("997", body), find_table("997", "004010")).code == "A"
    return serialise(body, separators or Separators(), "ascii").decode().rstrip("~")


def spoiled(*changes: tuple[str, str]) -> bytes:
    data = written("850", order_850()).decode()
    for old, new in changes:
        assert old in data
        data = data.replace(old, new)
    return data.encode()


def test_a_good_group_is_accepted() -> None:
    data = written("850", order_850(), order_850())
    assert answered(data) == "AK1*PO*17~AK2*850*0017~AK5*A~AK2*850*0018~AK5*A~AK9*A*2*2*2"


def test_element_faults_reject_with_their_places() -> None:
    data = spoiled(("PO1*1*3*EA", "PO1*1*TEN*"), ("20260305", "20260230"), ("PO4*24*250*GR", "PO4*24*250"))
    assert answered(data) == (
        "AK1*PO*17~AK2*850*0017~"
        "AK3*DTM*6**8~AK4*2*373*8*20260230~"
        "AK3*PO1*13**8~AK4*2*330*6*TEN~"
        "AK3*PO4*17**8~AK4*3*355*2~"
        "AK5*R*5~AK9*R*1*1*0"
    )


def test_an_unknown_code_is_accepted_with_errors() -> None:
    assert answered(spoiled(("BEG*00*DS", "BEG*00*D?"))) == (
        "AK1*PO*17~AK2*850*0017~AK3*BEG*2**8~AK4*2*92*7*D?~AK5*E*5~AK9*E*1*1*1"
    )


def test_a_fault_in_a_component_names_it() -> None:
    assert answered(spoiled(("RTL*19.99*3*EA", "RTL*19.99*3*EA>1>M"))) == (
        "AK1*PO*17~AK2*850*0017~AK3*CTP*14**8~AK4*5>3*649*6*M~AK5*R*5~AK9*R*1*1*0"
    )


def test_segment_faults_have_an_ak3_each_beside_those_of_elements() -> None:
    data = spoiled(("CTT*2~", "ZZZ*1~REF*C~CTT*2~"), ("SE*21", "SE*23"))
    assert answered(data) == (
        "AK1*PO*17~AK2*850*0017~AK3*ZZZ*19**1~AK3*REF*20**7~AK3*REF*20**8~AK4*1*128*4*C~AK4*2*127*2~"
        "AK5*R*5~AK9*R*1*1*0"
    )


def test_faults_of_the_set_have_their_codes() -> None:
    assert answered(spoiled(("SE*21*0017", "SE*20*0018"))) == ("AK1*PO*17~AK2*850*0017~AK5*R*3*4~AK9*R*1*1*0")
    assert answered(spoiled(("ST*850", "ST*875"))) == "AK1*PO*17~AK2*875*0017~AK5*R*1~AK9*R*1*1*0"
    assert answered(spoiled(("GS*PO", "GS*PR"))) == "AK1*PR*17~AK2*850*0017~AK5*R*6~AK9*R*1*1*0"


def test_one_bad_set_does_not_block_the_others() -> None:
    bad = [segment("BEG", "00", "NE", "1", "", "TOMORROW"), segment("PO1", "1", "1", "EA")]
    assert answered(written("850", order_850(), bad, order_850())) == (
        "AK1*PO*17~AK2*850*0017~AK5*A~AK2*850*0018~AK3*BEG*2**8~AK4*5*373*8*TOMORROW~AK5*R*5~"
        "AK2*850*0019~AK5*A~AK9*P*3*3*2"
    )


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("GE*1*17", "GE*3*17", "AK5*A~AK9*E*3*1*1*5"),
        ("GE*1*17", "GE*1*18", "AK5*A~AK9*E*1*1*1*4"),
        ("GE*1*17~", "", "AK5*A~AK9*E*1*1*1*3"),
        ("*X*004010~", "*X*003060~", "AK5*R*1~AK9*R*1*1*0*2"),
        ("GS*PO", "GS*SW", "AK5*R*6~AK9*R*1*1*0*1"),
    ],
)
def test_faults_of_the_group(old: str, new: str, expected: str) -> None:
    answer = answered(spoiled((old, new)))
    assert answer.endswith(f"AK2*850*0017~{expected}")


def test_an_empty_group_is_rejected_with_its_counts() -> None:
    data = written("850").replace(b"GE*0*17", b"GE*2*17")
    assert answered(data) == "AK1*PO*17~AK9*R*2*0*0*5"


def test_the_copy_of_a_bad_element_is_cut_and_cleaned() -> None:
    data = written(
        "850", [*order_850()[:-2], segment("CTT", "x" * 300)], separators=Separators("|", "'", ":")
    )
    assert f"AK4*1*354*6*{'x' * 99}~AK5" in answered(data)
    data = data.replace(b"x" * 300, "1~SE*4>Ж\x07".encode())
    assert "AK4*1*354*6*1 SE 4 ??~AK5" in answered(data)
    assert "AK4|1|354|6|1~SE*4>??'AK5" in answered(data, Separators("|", "'", ":"))


def test_an_unsupported_group_accepts_nothing_whatever_the_verdicts() -> None:
    group = read_group(spoiled(("*X*004010~", "*X*003060~")))
    body = build_997(group, [SetVerdict([], None, "A")])
    assert body[-1] == segment("AK9", "R", "1", "1", "0", "2")


def test_at_most_99_element_notes_follow_a_segment() -> None:
    answer = answered(spoiled(("CTT*2~", "CTT*2" + "*x" * 130 + "~"))).split("~")
    notes = [each for each in answer if each.startswith("AK4*")]
    assert (len(notes), notes[-1]) == (99, "AK4*99**3*x")


def test_a_strange_tag_is_not_quoted() -> None:
    assert "AK3*???*19**1~" in answered(spoiled(("CTT*2~", "a b*2~CTT*2~")))


@pytest.mark.parametrize(("old", "new"), [("GS*PO", "GS*FA"), ("ST*850", "ST*997"), ("ST*850", "ST*999")])
def test_an_acknowledgment_is_never_acknowledged(old: str, new: str) -> None:
    group = read_group(spoiled((old, new)))
    assert not expects_acknowledgment(group)
    with pytest.raises(ValueError, match="not answered"):
        build_997(group, check_group(group))


def test_sets_without_a_group_cannot_be_acknowledged() -> None:
    assert not expects_acknowledgment(GroupReading("", "", "", "", "", "", "", ""))


def test_an_answer_needs_a_verdict_for_each_set() -> None:
    group = read_group(written("850", order_850()))
    with pytest.raises(ValueError, match="zip"):
        build_997(group, [])


# --- reading ---------------------------------------------------------------------------------------------------


def read(*body: Segment) -> tuple[str, ...]:
    return tuple(read_997(placed("997", body)).problems)


def test_a_997_is_read() -> None:
    found = read_997(placed("997", functional_997()))
    assert (found.group_id, found.group_control_number, found.group_code) == ("PO", "17", "E")
    assert (found.declared, found.received, found.accepted, found.reasons) == (2, 2, 2, [])
    assert found.problems == []
    first, second = found.sets
    assert (first.set_code, first.control_number, first.code, first.reasons) == ("850", "0017", "E", ["5"])
    assert (second.control_number, second.code, second.accepted, second.findings) == ("0018", "A", True, [])
    assert rows(first.findings) == [
        ("error", "segment", "PO1", 12, None, None, "8"),
        ("error", "element", "PO1", 12, 3, None, "7"),
        ("error", "element", "PO1", 12, 5, 1, "7"),
    ]
    assert [each.sentence for each in first.findings] == [
        "PO1 (segment 12): segment has element errors, the partner says.",
        "PO1 (segment 12), element 3: invalid code (he saw 'QQ'), the partner says.",
        "PO1 (segment 12), element 5, component 1: invalid code (he saw 'XX'), the partner says.",
    ]


@pytest.mark.parametrize(("tag", "quoted"), [("PO1", "Nora"), ("N1", ""), ("PER", ""), ("NTE", "")])
def test_what_it_quotes_of_people_is_left_in_its_bytes(tag: str, quoted: str) -> None:
    note = [segment("AK3", tag, "4", "", "8"), segment("AK4", "2", "93", "6", "Nora")]
    body = functional_997()
    finding = read_997(placed("997", [*body[:2], *note, *body[5:]])).sets[0].findings[1]
    assert (finding.segment_tag, finding.level, finding.value) == (tag, "element", quoted)
    assert ("Nora" in finding.sentence) == bool(quoted)


def test_what_we_build_we_read() -> None:
    bad = [segment("BEG", "00", "NE", "1", "", "TOMORROW"), segment("PO1", "1", "1", "EA")]
    group = read_group(written("850", order_850(), bad))
    verdicts = check_group(group)
    found = read_997(placed("997", build_997(group, verdicts)))
    assert [each.code for each in found.sets] == [verdict.code for verdict in verdicts] == ["A", "R"]
    assert rows(found.sets[1].findings)[1:] == rows(verdicts[1].findings)
    assert (found.group_code, found.accepted, found.problems) == ("P", 1, [])


@pytest.mark.parametrize(
    ("group_code", "expected"),
    [("A", "A"), ("E", "A"), ("P", "A"), ("R", "R"), ("M", "M"), ("W", "W"), ("X", "X"), ("Q", ""), ("", "")],
)
def test_a_group_verdict_holds_for_sets_that_are_not_listed(group_code: str, expected: str) -> None:
    found = read_997(placed("997", [segment("AK1", "PO", "17"), segment("AK9", group_code, "1", "1", "1")]))
    assert (found.sets, found.code_of("850", "0017")) == ([], expected)


def test_a_listed_set_has_its_own_verdict_unless_the_group_is_rejected() -> None:
    def code(group_code: str, number: str) -> str:
        body = [
            segment("AK1", "PO", "17"),
            segment("AK2", "850", "17"),
            segment("AK5", "R", "5"),
            segment("AK2", "850", "0018"),
            segment("AK5", "E"),
            segment("AK9", group_code, "3", "3", "2"),
        ]
        return read_997(placed("997", body)).code_of("850", number)

    assert [code("P", number) for number in ("0017", "0018", "0019")] == ["R", "E", "A"]
    assert [code("R", number) for number in ("0017", "0018", "0019")] == ["R", "R", "R"]


AK1, AK9 = segment("AK1", "PO", "17"), segment("AK9", "A", "1", "1", "1")


@pytest.mark.parametrize(
    ("body", "problems"),
    [
        ([AK1, AK9], ()),
        ([AK9], ("AK1 is missing: it is not known which group is acknowledged.",)),
        ([AK1], ("AK9 is missing: the verdict on the group is not known.",)),
        ([AK1, segment("AK2", "850", "0001"), AK9], ("AK5 is missing for set 850 0001.",)),
        (
            [AK1, segment("AK2", "850", "0001"), segment("AK5", "Q", "99"), AK9],
            (
                "AK5 (segment 4): reason code '99' is not one that we know.",
                "AK5 (segment 4): unknown acknowledgment code 'Q'; ask the partner what it means.",
            ),
        ),
        (
            [AK1, segment("AK9", "Z", "1", "1", "1")],
            ("AK9 (segment 3): unknown acknowledgment code 'Z'; ask the partner what it means.",),
        ),
        ([AK1, AK1, AK9], ("AK1 (segment 3): a second AK1; only the first was read.",)),
        ([AK1, AK9, AK9], ("AK9 (segment 4): a second AK9; only the first was read.",)),
        (
            [AK1, segment("AK3", "PO1", "1"), AK9],
            ("AK3 (segment 3): stands before any AK2; it was not read.",),
        ),
        (
            [AK1, segment("TED", "1"), AK9],
            ("TED (segment 3): does not belong in a functional acknowledgment; it was not read.",),
        ),
    ],
)
def test_what_is_strange_is_said(body: list[Segment], problems: tuple[str, ...]) -> None:
    assert read(*body) == problems


def test_counts_that_are_no_numbers_are_none() -> None:
    found = read_997(placed("997", [AK1, segment("AK9", "A", "x", "²", "1" * 12)]))
    assert (found.declared, found.received, found.accepted) == (None, None, None)


ELEMENT = st.sampled_from(["", "A", "R", "5", "850", "0001", "PO1", "5>1", ">", "²", "8", "99"]) | st.text(
    max_size=4
)
STRANGE = st.lists(
    st.builds(
        lambda tag, texts: segment(tag, *texts),
        st.sampled_from(["AK1", "AK2", "AK3", "AK4", "AK5", "AK9", "TED"]),
        st.lists(ELEMENT, max_size=6),
    ),
    max_size=10,
)


@settings(max_examples=200, derandomize=True, deadline=None)
@given(STRANGE)
def test_no_997_raises(body: list[Segment]) -> None:
    found = read_997(placed("997", body))
    assert len(found.sets) == sum(1 for each in body if each.tag == "AK2")


@settings(max_examples=100, derandomize=True, deadline=None)
@given(
    st.lists(st.tuples(st.integers(0, 18), st.integers(0, 9), st.text(max_size=6)), min_size=1, max_size=4)
)
def test_the_answer_to_any_bad_order_can_be_written_and_is_good(changes: list[tuple[int, int, str]]) -> None:
    body = order_850()
    for at, number, text in changes:
        texts = [*body[at].elements, *[""] * 10]
        texts[number] = text
        body[at] = Segment(body[at].tag, tuple(texts))
    group = read_group(written("850", order_850()))
    verdict = check_set(placed("850", body), find_table("850", "004010"))
    answer = build_997(group, [verdict])
    assert check_set(placed("997", answer), find_table("997", "004010")).code == "A"
    assert serialise(answer, Separators(), "ascii")
    assert GOLDEN["997"]()
