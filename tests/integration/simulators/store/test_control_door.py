"""The control door, through which tests and the demo steer a store that runs as a process."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import requests

from integration.simulators.store.sample_orders import generated_orders
from integration.simulators.store.server import StoreSimulator
from tests.integration.simulators.store.asking import TOKEN, Asker

Door = Callable[..., requests.Response]


def test_an_order_appears_when_it_is_placed() -> None:
    with StoreSimulator(generated_orders(), placed=[], store_hash="harborpine", token=TOKEN) as store:
        headers = {"X-Auth-Token": TOKEN, "Accept": "application/json"}
        order = f"{store.url}/stores/harborpine/v2/orders/1005"
        door = f"{store.url}/_simulator/orders/1005"
        assert requests.get(order, headers=headers, timeout=10).status_code == 404
        unplaced = requests.get(door, timeout=10)
        assert (unplaced.status_code, unplaced.json()) == (
            404,
            {"error": "There is no order 1005 in the store."},
        )
        told = requests.post(f"{door}/place", timeout=10).json()
        assert (told["order"]["id"], len(told["products"]), len(told["addresses"])) == (1005, 51, 1)
        assert requests.get(order, headers=headers, timeout=10).json()["id"] == 1005


def test_an_order_is_changed_without_the_apis_rules(ask: Asker, store: StoreSimulator, control: Door) -> None:
    store.state.clock.advance(60)
    told = control("POST", "orders/1001", {"items_total": 7, "payment_status": "void"}).json()
    assert (told["order"]["items_total"], told["order"]["payment_status"]) == (7, "void")
    read = ask("GET", "/v2/orders/1001").json()
    assert (read["items_total"], read["payment_status"]) == (7, "void")
    assert read["date_modified"] != read["date_created"]


def test_a_line_is_changed_and_the_order_with_it(ask: Asker, store: StoreSimulator, control: Door) -> None:
    store.state.clock.advance(60)
    told = control("POST", "orders/1001/lines/1001001", {"quantity": 9}).json()
    assert [each["quantity"] for each in told["products"]] == [9]
    assert [each["quantity"] for each in ask("GET", "/v2/orders/1001/products").json()] == [9]
    assert told["order"]["date_modified"] != told["order"]["date_created"]
    assert control("POST", "orders/1001/lines/7", {"quantity": 9}).json() == {
        "error": "Order 1001 has no line 7."
    }
    assert control("POST", "orders/1001/lines/1001001", {"color": "red"}).json() == {
        "error": "A line has no field 'color'."
    }


def test_the_doors_own_requests_are_not_in_the_ledger(ask: Asker, control: Door) -> None:
    control("GET", "orders/1001")
    ask("GET", "/v2/time")
    control("GET", "faults")
    assert [entry["path"] for entry in control("GET", "ledger").json()] == ["/v2/time"]


def test_faults_are_armed_told_and_disarmed(ask: Asker, control: Door) -> None:
    assert control(
        "POST", "faults", {"kind": "html", "method": "GET", "path": "/v2/time", "times": 3}
    ).json() == {"armed": 1}
    assert control("POST", "faults", {"kind": "delay", "delay": 1.5}).json() == {"armed": 2}
    assert ask("GET", "/v2/time").headers["Content-Type"] == "text/html"
    assert control("GET", "faults").json() == [
        {
            "method": "GET",
            "path": "/v2/time",
            "times": 2,
            "kind": "html",
            "status": None,
            "headers": True,
            "delay": 0.0,
        },
        {
            "method": "*",
            "path": "/",
            "times": 1,
            "kind": "delay",
            "status": None,
            "headers": True,
            "delay": 1.5,
        },
    ]
    assert control("DELETE", "faults").json() == {"armed": 0}
    assert ask("GET", "/v2/time").json().keys() == {"time"}


def test_the_clock_is_advanced(ask: Asker, control: Door) -> None:
    before = ask("GET", "/v2/time").json()["time"]
    assert 3600 <= control("POST", "clock", {"advance": 3600}).json()["time"] - before < 3660


FIELDS = "delay, headers, kind, method, path, status, times"


@pytest.mark.parametrize(
    ("method", "path", "fields", "status", "sentence"),
    [
        ("POST", "faults", {"knd": "html"}, 400, f"A fault has no field 'knd'. Its fields are: {FIELDS}."),
        ("POST", "faults", {"times": "2"}, 400, "A fault cannot have '2' as its times."),
        ("POST", "orders/1001", {"statusid": 9}, 400, "Order 1001 has no field 'statusid'."),
        ("POST", "orders/1001", {"status_id": 99}, 400, "There is no order status 99."),
        ("POST", "orders/1001", {"status_id": []}, 400, "There is no order status []."),
        ("POST", "orders/77", {"status_id": 9}, 404, "There is no order 77 in the store."),
        ("POST", "orders/77/place", {}, 404, "There is no order 77 to place."),
        ("GET", "orders/1001/place", {}, 404, "The control door has no GET orders/1001/place."),
        ("GET", "orders", {}, 404, "The control door has no GET orders."),
        ("POST", "ledger", {}, 404, "The control door has no POST ledger."),
        ("POST", "quota", {}, 400, "One field is expected, 'requests', a number; told were []."),
        (
            "POST",
            "quota",
            {"requests": 5, "window": 3},
            400,
            "One field is expected, 'requests', a number; told were ['requests', 'window'].",
        ),
        (
            "POST",
            "quota",
            {"requests": True},
            400,
            "One field is expected, 'requests', a number; told were ['requests'].",
        ),
        ("POST", "quota", {"requests": -1}, 400, "A quota is 0 or more requests."),
        (
            "POST",
            "clock",
            {"advance": "1"},
            400,
            "One field is expected, 'advance', a number; told were ['advance'].",
        ),
        (
            "POST",
            "clock",
            {"advance": -1},
            400,
            "The store's clock never goes back: advance it by 0 seconds or more.",
        ),
        ("POST", "clock", {"advance": 1e300}, 400, "The store's clock jumps ten years ahead at most."),
    ],
)
def test_what_is_wrong_is_refused_with_a_sentence(
    control: Door, method: str, path: str, fields: dict[str, Any], status: int, sentence: str
) -> None:
    answer = control(method, path, fields)
    assert (answer.status_code, answer.json()) == (status, {"error": sentence})


@pytest.mark.parametrize(
    ("content", "sentence"),
    [(b"{", "The body is not JSON."), (b"[1]", "The body is not a JSON object.")],
)
def test_a_body_that_is_no_object_is_refused(store: StoreSimulator, content: bytes, sentence: str) -> None:
    answer = requests.post(f"{store.url}/_simulator/faults", data=content, timeout=10)
    assert (answer.status_code, answer.json()) == (400, {"error": sentence})
    assert store.state.faults == []
