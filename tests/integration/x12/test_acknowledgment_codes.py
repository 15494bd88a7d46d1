"""Every code that an acknowledgment of ours may carry, each made from a small file that calls for it.

The codes that no file of ours makes are read and explained: those of security, which X12 has inside itself and nobody
uses here, those of a partner's implementation guide (999, beginning with I), and those of a network's deliveries.
"""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from integration.x12.acknowledgment import build_997, judge_group
from integration.x12.acknowledgment_codes import (
    ELEMENT_MEANINGS,
    GROUP_MEANINGS,
    IMPLEMENTATION_ELEMENT_MEANINGS,
    IMPLEMENTATION_SEGMENT_MEANINGS,
    IMPLEMENTATION_SET_MEANINGS,
    NOTE_MEANINGS,
    SEGMENT_MEANINGS,
    SET_MEANINGS,
)
from integration.x12.envelope import read_interchange
from integration.x12.implementation_acknowledgment import build_999
from integration.x12.interchange import judge_interchange
from integration.x12.syntax import Segment, Separators, serialise
from integration.x12.tables import find_table
from integration.x12.validate import check_group, check_set
from tests.integration.x12.x12_documents import SMALL, placed

Changes = Sequence[tuple[str, str]]

# The same small order in the version that has repetition, conventions (ST03) and the 999.
LATER = (
    "ISA*00*          *00*          *ZZ*SHOPTEST       *12*5550100        *260302*0941*^*00501*000000042*0*T*>~"
    "GS*PO*SHOPTEST*5550100*20260302*0941*17*X*005010~ST*850*0017~BEG*00*NE*1**20260302~PO1*1*1*EA~"
    "SE*4*0017~GE*1*17~IEA*1*000000042~"
)


def changed(text: str, changes: Changes) -> bytes:
    for old, new in changes:
        assert old in text, old
        text = text.replace(old, new)
    return text.encode("latin-1")


def answered(data: bytes, dialect: str) -> list[str]:
    """The segments of our answer to the first group, which is itself a good document of its version."""
    group = read_interchange(data).groups[0]
    build = build_999 if dialect == "999" else build_997
    body: list[Segment] = build(group, check_group(group))
    table = find_table(dialect, group.version) or find_table(dialect, "004010")
    findings = check_set(placed(dialect, body), table).findings
    # A copy of what the partner wrote may be as short as he wrote it; nothing else of an answer may be wrong.
    assert [each for each in findings if each.code_997 != "4"] == []
    return serialise(body, Separators(), "ascii").decode().rstrip("~").split("~")


BEG, PO1 = "BEG*00*NE*1**20260302~", "PO1*1*1*EA~"

# Code → (changes, AK3 as it is answered).
SEGMENTS: dict[str, tuple[Changes, str]] = {
    "1": ([(PO1, f"{PO1}ZZZ*1~"), ("SE*4", "SE*5")], "AK3*ZZZ*4**1"),
    "2": ([(PO1, f"{PO1}LE*1~"), ("SE*4", "SE*5")], "AK3*LE*4**2"),
    "3": ([(BEG, ""), ("SE*4", "SE*3")], "AK3*BEG*2**3"),
    "4": ([(PO1, "SAC*C*D240***500~" * 26 + PO1), ("SE*4", "SE*30")], "AK3*SAC*28**4"),
    "5": ([(BEG, BEG * 2), ("SE*4", "SE*5")], "AK3*BEG*3**5"),
    "6": ([(PO1, f"{PO1}BAK*00*AC*1*20260302~"), ("SE*4", "SE*5")], "AK3*BAK*4**6"),
    "7": ([(PO1, f"{PO1}SAC*C*D240***500~REF*CO*1~"), ("SE*4", "SE*6")], "AK3*REF*5**7"),
    "8": ([("PO1*1*1*", "PO1*1*X*")], "AK3*PO1*3**8"),
}

# Code → (changes, the element's note as it is answered). All in 005010, where every code exists.
ELEMENTS: dict[str, tuple[Changes, str]] = {
    "1": ([("BEG*00*NE*1*", "BEG*00*NE**")], "3*324*1"),
    "2": ([(PO1, "PO1*1**EA~PO4**10~"), ("SE*4", "SE*5")], "3*355*2"),
    "3": ([(PO1, f"PO1*1*1*EA{'*' * 23}X~")], "26**3*X"),
    "4": ([(BEG, f"{BEG}N1*ST**92*7~"), ("SE*4", "SE*5")], "4*67*4"),
    "5": ([("*NE*1*", f"*NE*{'9' * 23}*")], f"3*324*5*{'9' * 23}"),
    "6": ([("PO1*1*1*", "PO1*1*X*")], "2*380*6*X"),
    "7": ([("*NE*1*", "*N?*1*")], "2*92*7*N?"),
    "8": ([("*20260302~PO1", "*20260230~PO1")], "5*373*8*20260230"),
    "9": ([(BEG, f"{BEG}DTM*002*20260302*2460~"), ("SE*4", "SE*5")], "3*337*9*2460"),
    "10": ([(BEG, f"{BEG}N1*ST*A~N4*A*NY***SP*CA*NY~"), ("SE*4", "SE*6")], "7*1715*10"),
    "12": ([("*NE*1*", "*NE*1^2*")], "3*324*12*1^2"),
    "13": ([(PO1, f"{PO1}CTP**RTL*1*1*EA{'>1' * 15}~"), ("SE*4", "SE*5")], "5*C001*13"),
}

# Code → (changes, AK5). 18 and 19 exist from 005010 on.
SETS: dict[str, tuple[str, Changes, str]] = {
    "1": (SMALL, [("ST*850", "ST*875")], "AK5*R*1"),
    "2": (SMALL, [("SE*4*0017~", "")], "AK5*R*2"),
    "3": (SMALL, [("SE*4*0017", "SE*4*0018")], "AK5*R*3"),
    "4": (SMALL, [("SE*4", "SE*5")], "AK5*R*4"),
    "5": (SMALL, [("PO1*1*1*", "PO1*1*X*")], "AK5*R*5"),
    "6": (SMALL, [("GS*PO", "GS*PR")], "AK5*R*6"),
    "7": (SMALL, [("ST*850*0017", "ST*850*"), ("SE*4*0017", "SE*4*")], "AK5*R*5*7"),
    "18": (LATER, [("GS*PO", "GS*PR")], "AK5*R*18"),
    "19": (LATER, [("ST*850*0017", "ST*850*0017*004010X1")], "AK5*E*19"),
    "23": (
        SMALL,
        [("GE*1", "ST*850*0017~BEG*00*NE*1**20260302~PO1*1*1*EA~SE*4*0017~GE*2")],
        "AK5*R*23",
    ),
}

GROUPS: dict[str, tuple[Changes, str]] = {
    "1": ([("GS*PO", "GS*SW")], "AK9*R*1*1*0*1"),
    "2": ([("*X*004010", "*X*003060")], "AK9*R*1*1*0*2"),
    "3": ([("GE*1*17~", "")], "AK9*E*1*1*1*3"),
    "4": ([("GE*1*17", "GE*1*18")], "AK9*E*1*1*1*4"),
    "5": ([("GE*1*17", "GE*2*17")], "AK9*E*2*1*1*5"),
    "6": ([("0941*17*X", "0941*A7*X"), ("GE*1*17", "GE*1*A7")], "AK9*E*1*1*1*6"),
}


@pytest.mark.parametrize("code", SEGMENTS)
def test_each_code_of_a_segment(code: str) -> None:
    changes, note = SEGMENTS[code]
    assert note in answered(changed(SMALL, changes), "997")
    assert note.replace("AK3", "IK3") in answered(changed(LATER, changes), "999")


@pytest.mark.parametrize("code", ELEMENTS)
def test_each_code_of_an_element(code: str) -> None:
    changes, note = ELEMENTS[code]
    data = changed(LATER, changes)
    place, number, *rest = note.split("*")
    number = number if number.isdigit() else ""
    copied = [each.replace(">", " ") for each in rest]
    wanted = "*".join([place, number, *copied])
    found = [each for each in answered(data, "997") if each.startswith("AK4*")]
    assert any(each.startswith(f"AK4*{wanted}") for each in found), found
    found = [each for each in answered(data, "999") if each.startswith("IK4*")]
    assert any(each.startswith(f"IK4*{wanted}") for each in found), found


@pytest.mark.parametrize("code", ["4", "10"])
def test_nothing_is_quoted_of_segments_that_say_who_and_where(code: str) -> None:
    """An acknowledgment stays when the person is to be forgotten; the segment and the place are enough to mend it."""
    changes, note = ELEMENTS[code]
    data = changed(LATER, changes)
    assert f"AK4*{note}" in answered(data, "997")
    assert f"IK4*{note}" in answered(data, "999")


def test_the_codes_of_repetition_do_not_exist_before_005010() -> None:
    # In 004010 the caret is text like any other, and a composite with too much in it has one code with a segment.
    assert answered(changed(SMALL, ELEMENTS["12"][0]), "997")[2] == "AK5*A"
    assert "AK4*5**3*EA" + " 1" * 15 in answered(changed(SMALL, ELEMENTS["13"][0]), "997")


def test_an_element_may_be_repeated_as_often_as_the_table_says() -> None:
    demographic = (
        "GS*IN*SHOPTEST*5550100*20260302*0941*17*X*005010~ST*810*0017~BIG*20260302*1~N1*BT*A~DMG*****{}~"
    )
    ending = "IT1*1*1*EA*1~TDS*100~SE*7*0017~GE*1*17~IEA*1*000000042~"
    start = LATER[: LATER.index("GS*")]

    def twelve(times: int) -> list[str]:
        data = (start + demographic.format("^".join(["A"] * times)) + ending).encode()
        return [each for each in answered(data, "997") if each.startswith("AK4*5**12")]

    assert (twelve(10), len(twelve(11))) == ([], 1)


@pytest.mark.parametrize("code", SETS)
def test_each_code_of_a_set(code: str) -> None:
    text, changes, verdict = SETS[code]
    assert verdict in answered(changed(text, changes), "997")
    if text is SMALL and code != "6":
        assert verdict.replace("AK5", "IK5") in answered(changed(LATER, changes), "999")
    elif text is LATER:
        assert verdict.replace("AK5", "IK5") in answered(changed(text, changes), "999")


@pytest.mark.parametrize("code", GROUPS)
def test_each_code_of_a_group(code: str) -> None:
    changes, verdict = GROUPS[code]
    assert answered(changed(SMALL, changes), "997")[-1] == verdict


def test_a_group_number_used_twice_in_an_interchange() -> None:
    group = SMALL[SMALL.index("GS*") : SMALL.index("IEA")]
    data = (SMALL.replace("IEA*1", f"{group}IEA*2")).encode()
    reading = read_interchange(data)
    judged = [judge_group(each, check_group(each)) for each in reading.groups]
    assert [(each.code, each.codes) for each in judged] == [("A", ()), ("E", ("19",))]


GOOD_SET = "ST*850*0018~BEG*00*NE*1**20260302~PO1*1*1*EA~SE*4*0018~"


@pytest.mark.parametrize(
    ("changes", "verdict"),
    [
        ([], "AK9*A*1*1*1"),
        ([("*NE*1*", "*N?*1*")], "AK9*E*1*1*1"),
        ([("PO1*1*1*", "PO1*1*X*"), ("GE*1", f"{GOOD_SET}GE*2")], "AK9*P*2*2*1"),
        ([("PO1*1*1*", "PO1*1*X*")], "AK9*R*1*1*0"),
    ],
)
def test_each_verdict_on_a_group(changes: Changes, verdict: str) -> None:
    assert answered(changed(SMALL, changes), "997")[-1] == verdict
    assert answered(changed(LATER, changes), "999")[-1] == verdict


# Note → (changes, TA104, what we know besides).
TA1: dict[str, tuple[Changes, str, dict[str, object]]] = {
    "000": ([], "A", {}),
    "001": ([("IEA*1*000000042", "IEA*1*000000043")], "R", {}),
    "003": ([("*00401*", "*00999*")], "E", {}),
    "004": ([("~", "A")], "R", {}),
    "005": ([], "R", {"senders": [("01", "SHOPTEST")]}),
    "006": ([], "R", {"senders": [("ZZ", "OTHER")]}),
    "007": ([], "R", {"receivers": [("ZZ", "5550100")]}),
    "008": ([("5550100        *", " " * 15 + "*")], "E", {}),
    "009": ([], "R", {"receivers": [("12", "5550999")]}),
    "014": ([("*260302*", "*261302*")], "E", {}),
    "015": ([("*0941*U", "*2541*U")], "E", {}),
    "017": ([("*00401*", "*ABCDE*")], "E", {}),
    "018": ([("*000000042*0", "*00000004A*0"), ("IEA*1*000000042", "IEA*1*00000004A")], "E", {}),
    "019": ([("*0*T*", "*7*T*")], "E", {}),
    "020": ([("*0*T*", "*0*X*")], "E", {}),
    "021": ([("IEA*1", "IEA*3")], "R", {}),
    "022": ([("GE*1*17~", "GE*1*17~GE*1*17~")], "R", {}),
    "023": ([("IEA*1*000000042~", "")], "R", {}),
    "024": ([("GS*PO*", "GS**")], "R", {}),
    "025": ([], "R", {"numbers_seen": {"000000042"}}),
    "026": ([("*", "\xa7")], "R", {}),
    "027": ([("*T*>~", "*T*A~")], "R", {}),
}
NOT_OURS = {"002", "010", "011", "012", "013", "016", "028", "029", "030", "031"}


@pytest.mark.parametrize("note", TA1)
def test_each_note_of_an_interchange(note: str) -> None:
    changes, code, known = TA1[note]
    reading = read_interchange(changed(SMALL, changes))
    verdict = judge_interchange(reading, **known)  # type: ignore[arg-type]
    assert (verdict.code, verdict.note, verdict.requested) == (code, note, False)
    # Whoever wrote it can be told: the header is there in every case.
    assert reading.sender_id == "SHOPTEST"


def test_a_test_where_live_data_is_taken_is_refused() -> None:
    reading = read_interchange(SMALL.encode())
    verdicts = [judge_interchange(reading, usage=usage) for usage in ("T", "P")]
    assert [(each.code, each.note) for each in verdicts] == [("A", "000"), ("R", "020")]


def test_what_is_not_known_is_not_judged() -> None:
    verdict = judge_interchange(read_interchange(SMALL.encode()))
    assert (verdict.code, verdict.note, verdict.findings) == ("A", "000", [])


def test_every_code_is_produced_or_of_security_or_of_a_guide() -> None:
    assert set(SEGMENT_MEANINGS) == set(SEGMENTS)
    assert set(ELEMENT_MEANINGS) == set(ELEMENTS)
    assert set(NOTE_MEANINGS) - set(TA1) == NOT_OURS
    security = {code for code, words in SET_MEANINGS.items() if words.startswith("security")}
    assert set(SET_MEANINGS) - security == set(SETS)
    security = {code for code, words in GROUP_MEANINGS.items() if words.startswith("security")}
    assert set(GROUP_MEANINGS) - security == {*GROUPS, "19"}
    guided = [
        IMPLEMENTATION_SEGMENT_MEANINGS.keys() - SEGMENT_MEANINGS.keys(),
        IMPLEMENTATION_ELEMENT_MEANINGS.keys() - ELEMENT_MEANINGS.keys(),
        IMPLEMENTATION_SET_MEANINGS.keys() - SET_MEANINGS.keys(),
    ]
    assert all(code.startswith("I") for codes in guided for code in codes)


@pytest.mark.parametrize("version", ["004010", "005010"])
def test_every_code_that_the_tables_allow_has_a_meaning(version: str) -> None:
    tables = {
        "997": {"720": SEGMENT_MEANINGS, "723": ELEMENT_MEANINGS, "718": SET_MEANINGS, "716": GROUP_MEANINGS},
        "999": {
            "620": IMPLEMENTATION_SEGMENT_MEANINGS,
            "621": IMPLEMENTATION_ELEMENT_MEANINGS,
            "618": IMPLEMENTATION_SET_MEANINGS,
        },
    }
    missing = {
        (number, code)
        for name, meanings in tables.items()
        if (table := find_table(name, version)) is not None
        for each in table.segments.values()
        for element in each.elements
        for number, known in meanings.items()
        if element.data_element == number
        for code in (element.codes or ())
        if code not in known
    }
    assert missing == set()


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ([("0941*17*X", "0941*A7*X"), ("GE*1*17", "GE*1*A7")], ["AK1*PO*0", "AK2*850*0017"]),
        ([("ST*850*0017", "ST*850*"), ("SE*4*0017", "SE*4*")], ["AK1*PO*17", "AK2*850*0000"]),
        ([("ST*850*", "ST**")], ["AK1*PO*17", "AK2*000*0017"]),
    ],
)
def test_what_cannot_be_named_does_not_keep_the_answer_from_being_written(
    changes: Changes, named: list[str]
) -> None:
    assert answered(changed(SMALL, changes), "997")[:2] == named
