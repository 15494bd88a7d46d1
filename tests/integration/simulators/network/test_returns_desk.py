"""What a simulated returns desk says: the body of each way, and its books, which tell what it means."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest
import requests

from integration.simulators.network.control import ControlDoor
from integration.simulators.network.purchase_orders import Segments, segments_of
from integration.simulators.network.returns import (
    RETURN_WAYS,
    Desk,
    ReturnLine,
    ReturnRequest,
    read_requests,
)
from integration.simulators.network.suppliers import Network
from integration.simulators.network.x12_text import text
from integration.x12.envelope import read_interchange
from integration.x12.validate import check_group
from tests.integration.simulators.network.orders_850 import TWO_LINES

NOW = datetime(2026, 11, 25, 10, 0, tzinfo=UTC)
D = Decimal
ENVELOPE = segments_of(TWO_LINES.replace("\n", "").encode())[:2]
BODY: Segments = [
    ["ST", "180", "0001"],
    ["BGN", "13", "R-7-2", "20261124", "0930"],
    ["RDR", "CR", "DA"],
    ["PRF", "7-1", "", "", "20261120"],
    ["N9", "ZZ", "R-7"],
    ["BLI", "VN", "AC-1", "2", "EA", "UCP", "6.25", "", "BP", "SKU-1"],
    ["N9", "FJ", "3"],
    ["SE", "8", "0001"],
]


def desk() -> Desk:
    made = Desk()
    made.hold(
        ReturnRequest(
            sender=("ZZ", "GRIDPORT"), receiver=("ZZ", "ACMESUPPLY"), isa13="1", gs_sender="GRIDPORT",
            gs_receiver="ACMESUPPLY", gs06="1", st02="0001", number="R-7", date="20261124", code="180", about="7-1",
            called="R-7", wanted=[ReturnLine("1", D(2), "EA", D("6.25"), ("VN", "AC-1", "BP", "SKU-1"))],
        )
    )  # fmt: skip
    return made


def said(of: Desk, *ways: str) -> Segments:
    """The body of the last of what the desk says."""
    bodies = [each.body for way in ways for each in of.say("R-7", way, NOW)]
    return bodies[-1]


def test_a_request_is_read_with_what_it_names() -> None:
    [request] = read_requests(text([*ENVELOPE, *BODY, ["GE", "1", "1"], ["IEA", "1", "000000001"]]))
    assert (request.number, request.called, request.about, request.group) == ("R-7-2", "R-7", "7-1", "AN")
    assert request.wanted == [ReturnLine("3", D(2), "EA", D("6.25"), ("VN", "AC-1", "BP", "SKU-1"))]


def test_an_answer_in_part_says_how_many_of_which_line() -> None:
    assert said(desk(), "part") == [
        ["BGN", "11", "D000001", "20261125", "100000", "", "R-7"],
        ["RDR", "PA", "", ""],
        ["PRF", "7-1"],
        ["DTM", "036", "20261225"],
        ["N9", "RZ", "RMA00001"],
        ["N9", "ZZ", "R-7"],
        ["BLI", "VN", "AC-1", "2", "EA", "UCP", "6.25", "", "BP", "SKU-1"],
        ["N9", "FJ", "1"],
        ["RDR", "RA", "", ""],
        ["QTY", "QA", "1"],
    ]


def test_a_receipt_says_what_is_broken_and_a_credit_what_it_is_for() -> None:
    made = desk()
    assert said(made, "authorize", "receive_broken")[-2:] == [["QTY", "87", "1"], ["QTY", "74", "1"]]
    assert said(made, "credit_short") == [
        ["BCD", "20261125", "CR00001", "L", "1249", "C", "", "", "", "", "7-1", "00"],
        ["CUR", "SE", "USD"],
        ["N9", "RZ", "RMA00001"],
        ["N9", "ZZ", "R-7"],
        ["N1", "VN", "Returns desk"],
        ["CDD", "72", "C", "1", "1250", "", "", "2", "EA", "", "UCP", "6.25"],
        ["LIN", "1", "VN", "AC-1", "BP", "SKU-1"],
    ]
    assert (made.received["R-7"], made.given["R-7"]) == ({"1": D(2)}, D("12.49"))
    assert said(made, "credit_cancel")[0][2] == "CR00001"
    assert made.given["R-7"] == 0


def test_a_desk_that_contradicts_itself_means_the_last_it_says() -> None:
    made = desk()
    first, second = made.say("R-7", "contradict", NOW)
    assert (first.body[1][1], second.body[1][1]) == ("RA", "RD")
    assert made.taken["R-7"] == {"1": D(0)}
    assert made.say("R-7", "silent", NOW) == []
    with pytest.raises(ValueError, match="Ways are authorize, deny, "):
        made.say("R-7", "shrug", NOW)
    with pytest.raises(ValueError, match="No return 'R-8' was asked for"):
        made.say("R-8", "deny", NOW)


@pytest.mark.parametrize("way", sorted(set(RETURN_WAYS) - {"silent"}))
def test_all_that_a_desk_sends_holds_to_the_standard(way: str) -> None:
    made = desk()
    made.say("R-7", "authorize", NOW)
    made.say("R-7", "credit", NOW)
    groups = {"180": "AN", "812": "CD", "810": "IN"}
    for each in made.say("R-7", way, NOW):
        isa, gs = ENVELOPE
        whole: Segments = [
            isa, [gs[0], groups[each.code], *gs[2:]], ["ST", each.code, "0001"], *each.body,
            ["SE", str(len(each.body) + 2), "0001"], ["GE", "1", gs[6]], ["IEA", "1", isa[13]],
        ]  # fmt: skip
        [verdict] = check_group(read_interchange(text(whole)).groups[0])
        assert (verdict.code, [finding.sentence for finding in verdict.findings]) == ("A", [])


def test_the_door_has_the_desk_answer_by_itself_and_say_more(tmp_path: Path) -> None:
    network = Network(tmp_path)
    request = text([*ENVELOPE, *BODY, ["GE", "1", "17"], ["IEA", "1", "000000042"]])
    (network.inbox / "request.x12").write_bytes(request)
    with ControlDoor(network) as door, requests.Session() as session:

        def ask(method: str, path: str, fields: object = None) -> tuple[int, object]:
            answer = session.request(method, f"{door.url}/_simulator/{path}", json=fields, timeout=10)
            return answer.status_code, answer.json()

        chosen = {"answer": "authorize", "answers": {"R-8": "deny"}}
        assert ask("POST", "returns", chosen) == (200, chosen)
        assert ask("POST", "take") == (200, {"taken": 1})
        assert ask("POST", "return", {"number": "R-7", "way": "receive"}) == (200, {})
        assert ask("GET", "returns") == (
            200,
            {
                "R-7": {
                    "purchase_order": "7-1",
                    "rma": "RMA00001",
                    "taken": {"3": "2"},
                    "received": {"3": "2"},
                    "given": "0.00",
                }
            },
        )
        sentence = "Answers of the returns desk are authorize, deny, part, more, pending, picture, keep, silent, contradict, not"
        assert ask("POST", "returns", {"answer": "shrug"}) == (400, {"error": f"{sentence} 'shrug'."})
        refused = {"error": "All of them are to be purchase orders that one supplier has got."}
        assert ask("POST", "return", {"purchase_order": "7-1"}) == (400, refused)
    assert sorted(path.name.split(".")[2] for path in network.outbox.iterdir()) == ["180", "180", "997"]
