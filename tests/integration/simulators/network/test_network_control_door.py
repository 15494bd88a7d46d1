"""The control door, through which the demo and tests steer suppliers that run as a process."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import requests

from integration.simulators.network.answers import ANSWERS
from integration.simulators.network.control import ControlDoor
from integration.simulators.network.suppliers import Network
from tests.integration.simulators.network.orders_850 import TWO_LINES

Door = Callable[..., tuple[int, Any]]


@pytest.fixture
def network(tmp_path: Path) -> Network:
    """Suppliers who work when a test lets them, and say nothing."""
    return Network(tmp_path, "silent", pause=3600)


@pytest.fixture
def control(network: Network) -> Iterator[Door]:
    """The door: ``control("POST", "answers", {"answer": "hold"})`` gives the status and the data of the answer."""
    with ControlDoor(network) as door, requests.Session() as session:

        def ask(method: str, path: str, fields: Any = None) -> tuple[int, Any]:
            answer = session.request(method, f"{door.url}/_simulator/{path}", json=fields, timeout=10)
            assert answer.headers["Content-Type"] == "application/json"
            return answer.status_code, answer.json()

        yield ask


def take_the_order(network: Network) -> None:
    (network.inbox / "order.edi").write_bytes(TWO_LINES.encode())
    network.take_all()


def left(network: Network) -> list[str]:
    return sorted(path.name for path in network.outbox.iterdir())


def test_it_tells_how_orders_are_answered_and_what_every_answer_means(control: Door) -> None:
    status, told = control("GET", "answers")
    kinds = told.pop("kinds")
    assert (status, told) == (200, {"answer": "silent", "answers": {}, "pause": 3600})
    assert list(kinds) == list(ANSWERS)
    assert kinds["substitute"] == "the successor of the first line's item is offered"


def test_answers_are_chosen_for_all_orders_and_for_one(network: Network, control: Door) -> None:
    told = {"answer": "hold", "answers": {"1001-1": "short+no_functional", "9-1": "over"}, "pause": 1.5}
    assert control("POST", "answers", told) == (200, told)
    assert control("POST", "answers", {"answers": {"9-1": None}}) == (
        200,
        {"answer": "hold", "answers": {"1001-1": "short+no_functional"}, "pause": 1.5},
    )
    take_the_order(network)
    assert left(network) == ["ACMESUPPLY.000000001.855.x12"]


def test_an_order_is_answered_at_last_and_the_ledger_tells_it(network: Network, control: Door) -> None:
    take_the_order(network)
    assert control("POST", "send", {"purchase_order": "1001-1", "answer": "hold+no_functional"}) == (200, {})
    assert left(network) == ["ACMESUPPLY.000000001.855.x12"]
    status, ledger = control("GET", "ledger")
    assert (status, ledger) == (200, network.ledger)
    assert [each["event"] for each in ledger] == ["arrival", "answer"]


def test_what_is_late_is_released(network: Network, control: Door) -> None:
    control("POST", "answers", {"answer": "late+duplicate"})
    take_the_order(network)
    assert left(network) == ["ACMESUPPLY.000000001.997.x12"]
    assert control("POST", "release") == (200, {"released": 2})
    assert len(left(network)) == 3
    assert control("POST", "release") == (200, {"released": 0})


@pytest.mark.parametrize(
    ("method", "path", "fields", "status", "sentence"),
    [
        ("POST", "answers", {"answer": "short+maybe"}, 400, f"There is no answer 'maybe'. Answers are: {', '.join(ANSWERS)}."),
        ("POST", "answers", {"answer": "hold+short"}, 400, "The parts of 'hold+short' contradict each other: two of them set order."),
        ("POST", "answers", {"answer": None}, 400, "None cannot be the answer."),
        ("POST", "answers", {"answers": ["1001-1"]}, 400, "['1001-1'] cannot be the answers."),
        ("POST", "answers", {"answers": {"1001-1": 5}}, 400, "{'1001-1': 5} cannot be the answers."),
        ("POST", "answers", {"pause": True}, 400, "True cannot be the pause."),
        ("POST", "answers", {"pause": 86_401}, 400, "A pause is 0 to 86400 seconds."),
        ("POST", "answers", {"anwser": "hold"}, 400, "There is no field 'anwser' here. Fields are: answer, answers, pause."),
        ("POST", "answers", ["hold"], 400, "The body is not a JSON object."),
        ("POST", "send", {"purchase_order": "1001-1"}, 400, "All of these are needed: purchase_order, answer."),
        ("POST", "send", {"purchase_order": "1001-1", "answer": "hold"}, 400, "No supplier has got a purchase order '1001-1'."),
        ("POST", "release", {"all": True}, 400, "There is no field 'all' here. Fields are: none."),
        ("GET", "release", None, 404, "The control door has no GET release."),
        ("GET", "orders", None, 404, "The control door has no GET orders."),
    ],
)  # fmt: skip
def test_what_is_wrong_is_refused_with_a_sentence_and_changes_nothing(
    network: Network, control: Door, method: str, path: str, fields: Any, status: int, sentence: str
) -> None:
    assert control(method, path, fields) == (status, {"error": sentence})
    assert (network.answer, network.answers, network.pause, network.ledger) == ("silent", {}, 3600, [])


def test_a_body_that_is_no_json_and_another_address_are_refused(network: Network) -> None:
    with ControlDoor(network) as door:
        answer = requests.post(f"{door.url}/_simulator/answers", data=b"{", timeout=10)
        assert (answer.status_code, answer.json()) == (400, {"error": "The body is not JSON."})
        answer = requests.get(f"{door.url}/answers", timeout=10)
        assert (answer.status_code, answer.json()) == (
            404,
            {"error": "The control door has no GET /answers."},
        )
    with pytest.raises(requests.ConnectionError):
        requests.get(f"{door.url}/_simulator/answers", timeout=10)


def test_what_lies_in_the_inbox_is_taken_and_the_ledger_tells_what_was_said(
    network: Network, control: Door
) -> None:
    network.choose(answer="short+no_functional")
    (network.inbox / "order.edi").write_bytes(TWO_LINES.encode())
    assert control("POST", "take") == (200, {"taken": 1})
    assert control("POST", "take") == (200, {"taken": 0})
    said = [each["said"] for each in control("GET", "ledger")[1] if each["event"] == "answer"]
    assert said == [{"1": {"IA": "11", "IB": "1"}, "2": {"IA": "3"}}]


def test_the_door_tells_what_a_customer_was_told_last_and_by_how_many_855s(
    network: Network, control: Door
) -> None:
    network.choose(answer="accept")
    head = TWO_LINES[: TWO_LINES.index("ST*850")].replace("*PO*", "*PR*")
    head = head.replace("ACMESUPPLY ", "GROVERETAIL")
    for place, (purpose, status) in enumerate((("00", "IA"), ("05", "IR"))):
        body = f"ST*855*0001~BAK*{purpose}*AD*GRV-1*20260228~PO1*1*12*EA*6.25~ACK*{status}*12*EA~SE*5*0001~"
        (network.inbox / f"{place}.855.edi").write_bytes(f"{head}{body}GE*1*17~IEA*1*000000042~".encode())
        network.take_all()
    status, told = control("GET", "told")
    assert (status, told["GRV-1"]["documents"], told["GRV-1"]["purpose"]) == (200, 2, "05")
    assert told["GRV-1"]["lines"]["1"]["answers"] == [{"status": "IR", "quantity": "12", "date": ""}]
    assert left(network) == ["GROVERETAIL.000000001.997.x12", "GROVERETAIL.000000002.997.x12"]
    assert network.arrivals() == []
