from __future__ import annotations

import json
from collections.abc import Callable

import pytest

from integration.x12.checking import MAX_ERRORS, as_json, check_file
from integration.x12.syntax import segment
from tests.integration.x12.x12_documents import SMALL, order_850, written

GS = "GS*PO*SHOPTEST*5550100*20260302*0941*17*X*004010~"
SET = "ST*850*0017~BEG*00*NE*1**20260302~PO1*1*1*EA~SE*4*0017~"


def change(old: str, new: str) -> Callable[[], str]:
    assert SMALL.count(old) == 1
    return lambda: SMALL.replace(old, new)


# What is changed; TA104 and TA105; the interchange's verdict; AK901 with its codes; AK501 with its codes of each set.
CASES = {
    "nothing": (change("X*004010~", "X*004010~"), "A000", "accepted", "A", ["A"]),
    "an industry's version": (change("X*004010~", "X*004010VICS~"), "A000", "accepted", "A", ["A"]),
    "a later envelope": (change("*00401*", "*00403*"), "A000", "accepted", "A", ["A"]),
    "a letter for a terminator": (lambda: SMALL.replace("~", "A"), "R004", "rejected", None, []),
    "one separator twice": (change("*T*>~", "*T*~~"), "R027", "rejected", None, []),
    "an unknown group": (change("GS*PO", "GS*ZZ"), "A000", "rejected", "R 1", ["R 6"]),
    "an unknown version": (change("X*004010~", "X*009999~"), "A000", "rejected", "R 2", ["R 1"]),
    "an unknown set": (change("ST*850", "ST*999"), "A000", "rejected", "R", ["R 1"]),
    "no GE": (change("GE*1*17~", ""), "A000", "accepted_with_errors", "E 3", ["A"]),
    "no SE": (change("SE*4*0017~", ""), "A000", "rejected", "R", ["R 2"]),
    "no IEA": (change("IEA*1*000000042~", ""), "R023", "rejected", "A", ["A"]),
    "a wrong number of groups": (change("IEA*1*", "IEA*2*"), "R021", "rejected", "A", ["A"]),
    "no date": (change("*260302*0941*U", "*269902*0941*U"), "E014", "accepted_with_errors", "A", ["A"]),
    "an empty group": (change(SET + "GE*1", "GE*0"), "A000", "rejected", "R", []),
    "a number twice": (change("GE*1", SET + "GE*2"), "A000", "partially_accepted", "P", ["A", "R 23"]),
    "no group": (change(GS, ""), "R024", "rejected", "R 4 2", ["R 1"]),
}


@pytest.mark.parametrize("name", CASES)
def test_each_level_has_its_code_and_verdict(name: str) -> None:
    make, ta1, verdict, ak9, sets = CASES[name]
    checked = check_file([make().encode()])
    (one,) = checked.interchanges
    assert (one.ta1_code + one.ta1_note, one.verdict) == (ta1, verdict)
    assert [" ".join((group.ak9, *group.codes)) for group in one.groups] == ([] if ak9 is None else [ak9])
    assert [" ".join((each.ak5, *each.codes)) for group in one.groups for each in group.sets] == sets
    assert checked.rejected is (verdict in ("rejected", "partially_accepted"))


def test_every_fault_of_an_envelope_is_said_in_words() -> None:
    data = SMALL.replace("GE*1*17", "GE*2*18").replace("IEA*1", "IEA*2")
    problems = check_file([b"\n\n", data.encode()]).problems
    assert [(each.code, each.offset) for each in problems] == [
        ("blanks_before_isa", 0),
        ("ak9_4", 2),
        ("ak9_5", 2),
        ("ta1_021", 2),
    ]


def test_any_cutting_of_the_stream_gives_the_same() -> None:
    data = (SMALL + SMALL.replace("PO1*1*1*EA", "PO1*1*TEN*EA").replace("000000042", "000000043")).encode()
    whole = as_json(check_file([data]))
    for size in (1, 7, 100):
        assert as_json(check_file(data[at : at + size] for at in range(0, len(data), size))) == whole


def test_the_errors_of_a_hostile_file_are_bounded() -> None:
    body = [order_850()[0], *[segment("PO1", "1", "TEN", "EA")] * 900]
    checked = check_file([written("850", *[body] * 25)])
    sets = checked.interchanges[0].groups[0].sets
    assert sum(len(each.errors) for each in sets) == MAX_ERRORS
    assert {each.ak5 for each in sets} == {"R"}
    assert [each.code for each in sets[-1].warnings] == ["left_out"]
    assert len(json.dumps(as_json(checked))) < 8_000_000
