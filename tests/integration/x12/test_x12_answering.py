from __future__ import annotations

from integration.x12.acknowledgment import read_997
from integration.x12.answering import answer_file
from integration.x12.envelope import read_interchange
from integration.x12.implementation_acknowledgment import read_999
from tests.integration.x12.test_x12_judge import judge
from tests.integration.x12.test_x12_sets import written as written_set
from tests.integration.x12.x12_documents import SMALL, functional_997, written

ASKING = SMALL.replace("*000000042*0*T", "*000000042*1*T", 1)


def test_an_order_is_answered_with_the_parties_changed_over() -> None:
    answer = answer_file(SMALL.encode())
    assert (answer.readable, answer.notes) == (True, ())
    assert answer.data.decode().splitlines() == [
        "ISA*00*          *00*          *12*5550100        *ZZ*SHOPTEST       *260302*0941*U*00401*000000001*0*T*>~",
        "GS*FA*5550100*SHOPTEST*20260302*0941*1*X*004010~",
        "ST*997*0001~",
        "AK1*PO*17~",
        "AK2*850*0017~",
        "AK5*A~",
        "AK9*A*1*1*1~",
        "SE*6*0001~",
        "GE*1*1~",
        "IEA*1*000000001~",
    ]
    assert judge(answer.data) == (True, 0)


def test_a_ta1_stands_before_the_group_where_it_is_asked_for() -> None:
    told = answer_file(ASKING.encode()).data.decode().splitlines()
    assert told[1] == "TA1*000000042*260302*0941*A*000~"
    assert told[2].startswith("GS*FA*")
    rejected = ASKING.replace("IEA*1*000000042", "IEA*1*000000043")
    told = answer_file(rejected.encode()).data.decode().splitlines()
    assert [line[:31] for line in told[1:]] == ["TA1*000000042*260302*0941*R*001", "IEA*0*000000001~"]


def test_what_asks_for_nothing_gets_nothing() -> None:
    answer = answer_file(written("997", functional_997()))
    assert answer.data == b""
    assert len(answer.notes) == 2
    rejected = answer_file(SMALL.replace("IEA*1*000000042", "IEA*1*000000043").encode())
    assert (rejected.data, rejected.notes) == (
        b"",
        ("Interchange 000000042 is rejected, and asks for no TA1.",),
    )


def test_a_999_answers_005010_where_it_is_wanted() -> None:
    data = written_set("810", "005010").replace(b"*DI~", b"*QQ~")
    answered = read_interchange(answer_file(data, as_999=True).data)
    (each,) = answered.groups[0].sets
    assert (each.code, answered.version, answered.groups[0].version) == ("999", "00501", "005010")
    found = read_999(each.segments, answered.separators)
    assert [(one.code, len(one.findings)) for one in found.sets] == [("E", 2)]
    old = read_interchange(answer_file(SMALL.encode(), as_999=True).data)
    assert [one.code for one in old.groups[0].sets] == ["997"]


def test_each_interchange_of_a_file_is_answered_with_its_own_separators() -> None:
    other = SMALL.replace("*", "|").replace("~", "'").replace("000000042", "000000043")
    data = answer_file((SMALL + other).encode()).data
    assert data.count(b"ISA") == 2
    first, second = data.split(b"IEA*1*000000001~\n")
    assert second.startswith(b"ISA|00|")
    assert b"|000000002|" in second
    assert first.count(b"AK9*A") == second.count(b"AK9|A") == 1
    (each,) = read_interchange(second).groups[0].sets
    assert read_997(each.segments).group_code == "A"


def test_a_party_that_cannot_be_written_is_a_note() -> None:
    answer = answer_file(SMALL.replace("SHOPTEST       ", " " * 15, 1).encode())
    assert answer.readable is True
    assert answer.data == b""
    assert len(answer.notes) == 1
