"""The mailbox and its suppliers: what arrives, who answers with which files and when, and what the ledger says."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import pytest

from integration.simulators.network.answers import ANSWERS
from integration.simulators.network.purchase_orders import segments_of
from integration.simulators.network.suppliers import Network
from tests.integration.simulators.network.orders_850 import OTHER_SEPARATORS, TWO_LINES

ACME_997, ACME_855 = "ACMESUPPLY.000000001.997.x12", "ACMESUPPLY.000000002.855.x12"


@pytest.fixture
def network(tmp_path: Path) -> Network:
    """Suppliers who work when a test lets them."""
    return Network(tmp_path)


def send(network: Network, text_850: str = TWO_LINES, name: str = "order.850.edi") -> None:
    (network.inbox / name).write_bytes(text_850.encode())


def left(network: Network) -> list[str]:
    """The names of the files that wait for the portal."""
    return sorted(path.name for path in network.outbox.iterdir())


def answers_of(network: Network) -> list[tuple[str, str]]:
    """What was answered: the file and the transaction set, in the order of sending."""
    return [(each["name"], each["code"]) for each in network.ledger if each["event"] == "answer"]


def segment_of(network: Network, name: str, tag: str) -> list[str]:
    data = (network.outbox / name).read_bytes()
    return next(each for each in segments_of(data) if each[0] == tag)


def test_an_order_is_taken_and_answered_and_both_stand_in_the_ledger(network: Network) -> None:
    send(network)
    assert network.take_all() == 1
    assert [path.name for path in network.taken.iterdir()] == ["000001-order.850.edi"]
    assert list(network.inbox.iterdir()) == []
    sha256 = {
        name: hashlib.sha256((network.outbox / name).read_bytes()).hexdigest() for name in left(network)
    }
    assert network.ledger == [
        {
            "event": "arrival",
            "name": "order.850.edi",
            "sha256": hashlib.sha256(TWO_LINES.encode()).hexdigest(),
            "receiver": "ZZ:ACMESUPPLY",
            "isa13": "000000042",
            "gs06": "17",
            "st02": "0001",
            "purchase_order": "1001-1",
        },
        {
            "event": "answer",
            "name": ACME_997,
            "code": "997",
            "purchase_order": "1001-1",
            "isa13": "000000001",
            "answer": "accept",
            "sha256": sha256[ACME_997],
            "said": {},
        },
        {
            "event": "answer",
            "name": ACME_855,
            "code": "855",
            "purchase_order": "1001-1",
            "isa13": "000000002",
            "answer": "accept",
            "sha256": sha256[ACME_855],
            "said": {"1": {"IA": "12"}, "2": {"IA": "3"}},
        },
    ]
    written = (network.root / "ledger.jsonl").read_text().splitlines()
    assert [json.loads(line) for line in written] == network.ledger
    assert network.arrivals() == network.arrivals("1001-1") == network.ledger[:1]
    assert network.arrivals("1002-1") == []


def test_the_receiver_of_the_850_answers(network: Network) -> None:
    send(network, OTHER_SEPARATORS)
    network.take_all()
    assert left(network) == ["123456789.000000001.997.x12", "123456789.000000002.855.x12"]
    isa = segment_of(network, "123456789.000000002.855.x12", "ISA")
    assert (isa[5:9], isa[15]) == (["01", "123456789      ", "ZZ", "GRIDPORT       "], "T")


@pytest.mark.parametrize(
    ("text", "receiver"),
    [
        (TWO_LINES.replace("ACMESUPPLY", "STRANGER  "), "ZZ:STRANGER"),
        (TWO_LINES.replace("*850*", "*997*"), "ZZ:ACMESUPPLY"),
        ("Dear Sirs", ":"),
        ("", ":"),
    ],
    ids=["for nobody here", "no 850", "not X12", "empty"],
)
def test_what_is_no_order_for_a_supplier_is_noted_and_not_answered(
    network: Network, text: str, receiver: str
) -> None:
    send(network, text)
    send(network, TWO_LINES, "then.edi")
    assert network.take_all() == 2
    assert [(each["name"], each["receiver"]) for each in network.arrivals()] == [
        ("order.850.edi", receiver),
        ("then.edi", "ZZ:ACMESUPPLY"),
    ]
    assert answers_of(network) == [(ACME_997, "997"), (ACME_855, "855")]


def test_files_that_are_still_being_sent_are_left_alone(network: Network) -> None:
    for name in (".order.edi", "order.tmp", "order.part"):
        send(network, TWO_LINES, name)
    assert network.take_all() == 0
    assert network.ledger == []


FUNCTIONAL_ALONE = {"functional_only", "reject", "functional_partial"}
OTHER_FILES: dict[str, list[str]] = {
    "silent": [],
    "late": [ACME_997],
    "no_functional": ["ACMESUPPLY.000000001.855.x12"],
    "duplicate": [ACME_997, ACME_855, "ACMESUPPLY.000000002.855.again.x12"],
    "duplicate_altered": [ACME_997, ACME_855, "ACMESUPPLY.000000002.855.again.x12"],
    "duplicate_renumbered": [ACME_997, ACME_855, "ACMESUPPLY.000000003.855.x12"],
    "functional_twice": [ACME_997, "ACMESUPPLY.000000002.997.x12", "ACMESUPPLY.000000003.855.x12"],
    "functional_last": ["ACMESUPPLY.000000001.855.x12", "ACMESUPPLY.000000002.997.x12"],
    "other_supplier": [ACME_997, "123456789.000000002.855.x12"],
    "other_isa06": [ACME_997, "123456789.000000002.855.x12"],
}


@pytest.mark.parametrize("answer", ANSWERS)
def test_each_answer_leaves_these_files_in_this_order(network: Network, answer: str) -> None:
    network.answer = answer
    send(network)
    network.take_all()
    usual = [ACME_997] if answer in FUNCTIONAL_ALONE else [ACME_997, ACME_855]
    expected = OTHER_FILES.get(answer, usual)
    assert [name for name, _ in answers_of(network)] == expected
    assert left(network) == sorted(expected)
    assert {each["answer"] for each in network.ledger if each["event"] == "answer"} <= {answer}


def test_a_duplicate_has_the_same_bytes(network: Network) -> None:
    network.answer = "duplicate"
    send(network)
    network.take_all()
    again = (network.outbox / "ACMESUPPLY.000000002.855.again.x12").read_bytes()
    assert again == (network.outbox / ACME_855).read_bytes()


def test_one_order_is_answered_otherwise_than_all_others(network: Network) -> None:
    network.answers["1002-1"] = "reject_all"
    send(network, TWO_LINES, "1.edi")
    send(network, OTHER_SEPARATORS, "2.edi")
    network.take_all()
    assert segment_of(network, ACME_855, "BAK")[2:4] == ["AD", "1001-1"]
    assert segment_of(network, "123456789.000000004.855.x12", "BAK")[2:4] == ["RD", "1002-1"]


def test_orders_of_one_group_get_one_997_and_an_855_each(network: Network) -> None:
    second = "ST*850*0002~BEG*00*SA*1003-1**20260228~PO1*7*1*EA~SE*4*0002~"
    send(network, TWO_LINES.replace("GE*1*17", f"{second}GE*2*17"))
    network.answers["1003-1"] = "reject"
    network.take_all()
    assert [each["purchase_order"] for each in network.arrivals()] == ["1001-1", "1003-1"]
    assert answers_of(network) == [(ACME_997, "997"), (ACME_855, "855")]
    assert segment_of(network, ACME_997, "AK9") == ["AK9", "P", "2", "2", "1"]
    assert segment_of(network, ACME_855, "BAK")[3] == "1001-1"


def test_orders_of_two_groups_get_a_997_for_each(network: Network) -> None:
    group = TWO_LINES[TWO_LINES.index("GS*") : TWO_LINES.index("IEA*")]
    other = group.replace("*17*X*", "*18*X*").replace("GE*1*17", "GE*1*18").replace("1001-1", "1003-1")
    send(network, TWO_LINES.replace("IEA*1", f"{other}IEA*2"))
    network.take_all()
    assert [code for _, code in answers_of(network)] == ["997", "855", "997", "855"]
    assert segment_of(network, ACME_997, "AK1") == ["AK1", "PO", "17"]
    assert segment_of(network, "ACMESUPPLY.000000003.997.x12", "AK1") == ["AK1", "PO", "18"]


# Late answers


def test_a_late_answer_waits_until_it_is_released_and_delays_no_other(network: Network) -> None:
    network.answers["1001-1"] = "late+short"
    network.pause = 3600
    send(network, TWO_LINES, "1.edi")
    send(network, OTHER_SEPARATORS, "2.edi")
    network.take_all()
    network.take_all()
    assert left(network) == [
        "123456789.000000002.997.x12",
        "123456789.000000003.855.x12",
        ACME_997,
    ]
    assert network.release() == 1
    assert segment_of(network, "ACMESUPPLY.000000004.855.x12", "BAK")[2] == "AC"
    assert network.release() == 0


def test_a_late_answer_comes_when_its_pause_is_over(network: Network) -> None:
    network.answer = "late"
    network.pause = 0.05
    send(network)
    network.take_all()
    assert left(network) == [ACME_997]
    network.wait_for(lambda: network.take_all() == 0 and len(left(network)) == 2)
    assert left(network) == [ACME_997, ACME_855]


def test_a_997_behind_a_late_855_waits_for_it(network: Network) -> None:
    network.answer = "late+functional_last+duplicate"
    network.pause = 3600
    send(network)
    network.take_all()
    assert left(network) == []
    assert network.release() == 3
    assert [code for _, code in answers_of(network)] == ["855", "855", "997"]


# Changing the mind


def test_a_silent_supplier_answers_at_last(network: Network) -> None:
    network.answer = "silent"
    send(network)
    network.take_all()
    assert left(network) == []
    network.answer_again("1001-1", "hold")
    network.answer_again("1001-1", "accept+no_functional")
    assert answers_of(network) == [
        (ACME_997, "997"),
        (ACME_855, "855"),
        ("ACMESUPPLY.000000003.855.x12", "855"),
    ]
    assert [segment_of(network, name, "BAK")[2] for name in left(network)[1:]] == ["AH", "AD"]


@pytest.mark.parametrize(
    ("purchase_order", "answer", "sentence"),
    [
        ("77-1", "accept", "No supplier has got a purchase order '77-1'."),
        ("1001-1", "maybe", "There is no answer 'maybe'."),
    ],
)
def test_what_never_came_and_what_says_nothing_is_not_answered(
    network: Network, purchase_order: str, answer: str, sentence: str
) -> None:
    network.answer = "silent"
    send(network)
    network.take_all()
    with pytest.raises(ValueError, match=sentence):
        network.answer_again(purchase_order, answer)
    assert left(network) == []


def test_answers_are_chosen_anew(network: Network) -> None:
    network.choose(answer="hold", answers={"1001-1": "short", "1002-1": "over"}, pause=2)
    assert (network.answer, network.answers, network.pause) == (
        "hold",
        {"1001-1": "short", "1002-1": "over"},
        2,
    )
    network.choose(answers={"1001-1": None, "9-1": None})
    assert (network.answer, network.answers, network.pause) == ("hold", {"1002-1": "over"}, 2)


@pytest.mark.parametrize(
    ("choice", "sentence"),
    [
        ({"answer": "maybe"}, "There is no answer 'maybe'."),
        ({"answer": "hold", "answers": {"1-1": "maybe"}}, "There is no answer 'maybe'."),
        ({"answer": "hold", "pause": -1}, "A pause is 0 to 86400 seconds."),
        ({"answer": "hold", "pause": float("nan")}, "A pause is 0 to 86400 seconds."),
    ],
)
def test_a_choice_that_makes_no_sense_changes_nothing(
    network: Network, tmp_path: Path, choice: dict[str, Any], sentence: str
) -> None:
    with pytest.raises(ValueError, match=sentence):
        network.choose(**choice)
    assert (network.answer, network.answers, network.pause) == ("accept", {}, 5.0)
    with pytest.raises(ValueError, match=sentence):
        Network(tmp_path / "other", **choice)
    assert not (tmp_path / "other").exists()


# By themselves


def test_suppliers_work_by_themselves_until_they_are_stopped(tmp_path: Path) -> None:
    with Network(tmp_path) as network:
        send(network)
        network.wait_for(lambda: len(answers_of(network)) == 2)
        network.drop("more.x12", b"ISA")
        assert left(network) == [ACME_997, ACME_855, "more.x12"]
    send(network)
    assert [path.name for path in network.inbox.iterdir()] == ["order.850.edi"]


def test_waiting_in_vain_ends_with_the_ledger(network: Network) -> None:
    send(network, "Dear Sirs")
    network.take_all()
    with pytest.raises(TimeoutError, match='"receiver": ":"'):
        network.wait_for(lambda: False, within=0)
