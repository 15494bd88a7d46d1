"""Faults: what the next requests get instead of their answer, or after it."""

from __future__ import annotations

import threading
import time
from typing import Any

import pytest
import requests

from integration.simulators.store.faults import KINDS, Fault
from integration.simulators.store.sample_orders import generated_orders
from integration.simulators.store.server import StoreSimulator
from tests.integration.simulators.store.asking import TOKEN, Asker

LIMITS = ("X-Rate-Limit-Requests-Left", "X-Rate-Limit-Time-Reset-Ms")


def write(ask: Asker) -> requests.Response:
    """Set the status of order 1001 to 9."""
    return ask("PUT", "/v2/orders/1001", body={"status_id": 9})


def arm(store: StoreSimulator, **fields: Any) -> None:
    """Arm a fault."""
    store.state.faults.append(Fault(**fields))


def test_an_error_is_in_the_words_of_its_version_and_nothing_is_carried_out(
    ask: Asker, store: StoreSimulator
) -> None:
    arm(store, kind="status", status=503, times=2)
    answer = write(ask)
    assert (answer.status_code, answer.json()) == (
        503,
        [{"status": 503, "message": "A fault that was armed."}],
    )
    assert answer.headers["X-Rate-Limit-Requests-Quota"] == "100000"
    answer = ask("GET", "/v3/catalog/variants")
    assert (answer.status_code, answer.json()["title"]) == (503, "A fault that was armed.")
    assert store.state.order(1001)["status_id"] == 11
    assert write(ask).status_code == 200


def test_an_error_without_a_status_is_a_500(ask: Asker, store: StoreSimulator) -> None:
    arm(store)
    assert write(ask).status_code == 500


def test_no_content_has_none(ask: Asker, store: StoreSimulator) -> None:
    arm(store, status=204)
    answer = write(ask)
    assert (answer.status_code, answer.content) == (204, b"")
    assert store.state.order(1001)["status_id"] == 11
    assert write(ask).status_code == 200


def test_a_429_says_when_to_come_again(ask: Asker, store: StoreSimulator) -> None:
    arm(store, status=429)
    answer = write(ask)
    assert (answer.status_code, answer.content) == (429, b"")
    assert (answer.headers["X-Rate-Limit-Requests-Left"], answer.headers["X-Retry-After"]) == ("0", "30")
    assert write(ask).status_code == 200


@pytest.mark.parametrize("path", ["/v2/orders", "/v3/catalog/variants"])
def test_a_429_may_say_nothing_at_all(ask: Asker, store: StoreSimulator, path: str) -> None:
    arm(store, status=429, headers=False)
    answer = ask("GET", path)
    assert answer.status_code == 429
    assert [name for name in (*LIMITS, "X-Retry-After") if name in answer.headers] == []


@pytest.mark.parametrize(("told", "status"), [({}, 200), ({"status": 502}, 502)])
def test_a_web_page_comes_instead_of_data(
    ask: Asker, store: StoreSimulator, told: dict[str, int], status: int
) -> None:
    arm(store, kind="html", **told)
    answer = write(ask)
    assert (answer.status_code, answer.headers["Content-Type"]) == (status, "text/html")
    assert answer.content == b"<html><body>Down for maintenance</body></html>"
    assert store.state.order(1001)["status_id"] == 11
    assert store.state.ledger[-1]["status"] == status


def test_nothing_comes_instead_of_data(ask: Asker, store: StoreSimulator) -> None:
    arm(store, kind="empty")
    answer = write(ask)
    assert (answer.status_code, answer.content, answer.headers["Content-Length"]) == (200, b"", "0")
    assert store.state.order(1001)["status_id"] == 11


def test_the_line_ends_before_the_request_is_carried_out(ask: Asker, store: StoreSimulator) -> None:
    arm(store, kind="close")
    with pytest.raises(requests.ConnectionError):
        write(ask)
    assert store.state.order(1001)["status_id"] == 11
    [entry] = store.state.ledger
    assert (entry["method"], entry["status"], entry["fault"]) == ("PUT", 0, "close")
    assert write(ask).status_code == 200


def test_the_line_ends_after_the_request_was_carried_out(ask: Asker, store: StoreSimulator) -> None:
    arm(store, kind="apply_then_close")
    with pytest.raises(requests.ConnectionError):
        write(ask)
    assert store.state.order(1001)["status_id"] == 9
    [entry] = store.state.ledger
    assert (entry["status"], entry["fault"]) == (200, "apply_then_close")


def test_a_request_that_is_refused_ends_the_line_likewise(ask: Asker, store: StoreSimulator) -> None:
    arm(store, kind="apply_then_close")
    with pytest.raises(requests.ConnectionError):
        ask("PUT", "/v2/orders/1001", body={"id": 1})
    assert store.state.ledger[-1]["status"] == 400


def test_an_answer_is_late(ask: Asker, store: StoreSimulator) -> None:
    arm(store, kind="delay", delay=0.2)
    began = time.monotonic()
    assert write(ask).status_code == 200
    assert time.monotonic() - began >= 0.2


def test_a_client_that_gives_up_leaves_the_store_in_order(
    ask: Asker, store: StoreSimulator, capfd: pytest.CaptureFixture[str]
) -> None:
    arm(store, kind="delay", delay=1.0)
    with pytest.raises(requests.Timeout):
        requests.put(
            f"{ask.base}/v2/orders/1001",
            json={"status_id": 9},
            headers={"X-Auth-Token": TOKEN, "Accept": "application/json"},
            timeout=0.05,
        )
    deadline = time.monotonic() + 60
    while not store.state.ledger and time.monotonic() < deadline:
        time.sleep(0.01)
    assert [(entry["status"], entry["fault"]) for entry in store.state.ledger] == [(200, "delay")]
    assert ask("GET", "/v2/orders/1001").json()["status_id"] == 9
    assert capfd.readouterr().err == ""


def test_stopping_waits_for_no_delay() -> None:
    orders = generated_orders()
    simulator = StoreSimulator(orders, placed=orders, store_hash="harborpine", token=TOKEN)
    with simulator:
        arm(simulator, kind="delay", delay=500)
        asked = threading.Thread(
            target=lambda: requests.get(f"{simulator.url}/stores/harborpine/v2/time", timeout=60), daemon=True
        )
        asked.start()
        deadline = time.monotonic() + 60
        while simulator.state.faults and time.monotonic() < deadline:
            time.sleep(0.01)
    asked.join(60)
    assert not asked.is_alive()
    assert [entry["fault"] for entry in simulator.state.ledger] == ["delay"]


def test_a_fault_strikes_only_what_it_is_for_and_as_often_as_said(ask: Asker, store: StoreSimulator) -> None:
    arm(store, path="/orders/1001")
    arm(store, method="PUT", path="/v2/orders/1001", times=2)
    assert ask("GET", "/v2/orders/1001").status_code == 200
    assert ask("PUT", "/v2/orders/1002", body={}).status_code == 200
    assert [write(ask).status_code for _ in range(3)] == [500, 500, 200]
    assert [fault.path for fault in store.state.faults] == ["/orders/1001"]
    assert [entry["fault"] for entry in store.state.ledger] == ["", "", "status", "status", ""]


def test_faults_strike_in_the_order_in_which_they_were_armed(ask: Asker, store: StoreSimulator) -> None:
    arm(store, status=502)
    arm(store, status=504)
    assert [ask("GET", "/v2/time").status_code for _ in range(3)] == [502, 504, 200]


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        (
            {"kind": "explode"},
            f"A fault cannot have 'explode' as its kind. Kinds are: {', '.join(KINDS)}.",
        ),
        ({"times": 0}, "A fault cannot have 0 as its times."),
        ({"times": True}, "A fault cannot have True as its times."),
        ({"status": "503"}, "A fault cannot have '503' as its status."),
        ({"status": 99}, "A fault cannot have 99 as its status."),
        ({"path": "v2/orders"}, "A fault cannot have 'v2/orders' as its path."),
        ({"method": 1}, "A fault cannot have 1 as its method."),
        ({"headers": "no"}, "A fault cannot have 'no' as its headers."),
        ({"delay": -1}, "A fault cannot have -1 as its delay."),
        ({"delay": "1"}, "A fault cannot have '1' as its delay."),
    ],
)
def test_a_fault_that_makes_no_sense_is_refused(fields: dict[str, Any], sentence: str) -> None:
    with pytest.raises(ValueError, match="A fault cannot have") as caught:
        Fault(**fields)
    assert str(caught.value) == sentence
