"""The quota of a window, and what an answer says of it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import requests

from integration.simulators.store.server import StoreSimulator
from tests.integration.simulators.store.asking import Asker

NAMES = (
    "X-Rate-Limit-Time-Window-Ms",
    "X-Rate-Limit-Requests-Quota",
    "X-Rate-Limit-Requests-Left",
)


def told(answer: requests.Response) -> list[str | None]:
    """Window, quota and what is left; the time to the next window is a whole number of milliseconds within it."""
    assert 0 < int(answer.headers["X-Rate-Limit-Time-Reset-Ms"]) <= 30_000
    return [answer.headers.get(name) for name in NAMES]


def test_every_answer_says_how_much_is_left(ask: Asker, store: StoreSimulator) -> None:
    store.state.quota = 150
    assert told(ask("GET", "/v2/orders")) == ["30000", "150", "149"]
    assert told(ask("GET", "/v3/orders/1001/metafields")) == ["30000", "150", "148"]
    refused = ask("GET", "/v2/orders/77", headers={"X-Auth-Token": "another"})
    assert (refused.status_code, told(refused)) == (401, ["30000", "150", "147"])
    assert told(ask("GET", "/v2/orders", query={"page": 9})) == ["30000", "150", "146"]
    assert "X-Retry-After" not in refused.headers


def test_beyond_the_quota_nothing_is_carried_out(ask: Asker, store: StoreSimulator) -> None:
    store.state.quota = 2
    assert [ask("GET", "/v2/time").status_code for _ in range(2)] == [200, 200]
    answer = ask("PUT", "/v2/orders/1001", body={"status_id": 9})
    assert (answer.status_code, answer.content) == (429, b"")
    assert told(answer) == ["30000", "2", "0"]
    assert answer.headers["X-Retry-After"] == "30"
    assert store.state.order(1001)["status_id"] == 11
    answer = ask("GET", "/v3/orders/1001/metafields")
    assert (answer.status_code, answer.json()) == (
        429,
        {
            "status": 429,
            "title": "Too many requests",
            "type": "https://developer.bigcommerce.com/api-docs/getting-started/api-status-codes",
            "errors": {},
        },
    )
    assert [entry["status"] for entry in store.state.ledger] == [200, 200, 429, 429]


def test_the_next_window_has_the_whole_quota_again(ask: Asker, store: StoreSimulator) -> None:
    store.state.quota = 1
    assert told(ask("GET", "/v2/time")) == ["30000", "1", "0"]
    store.state.clock.advance(10)
    answer = ask("GET", "/v2/time")
    assert (answer.status_code, answer.headers["X-Retry-After"]) == (429, "20")
    assert 15_000 < int(answer.headers["X-Rate-Limit-Time-Reset-Ms"]) <= 20_000
    store.state.clock.advance(20)
    assert ask("GET", "/v2/time").status_code == 200


def test_another_quota_begins_another_window(ask: Asker, store: StoreSimulator) -> None:
    for _ in range(3):
        ask("GET", "/v2/time")
    store.state.quota = 1
    assert [ask("GET", "/v2/time").status_code for _ in range(2)] == [200, 429]


def test_the_control_door_costs_nothing(
    ask: Asker, store: StoreSimulator, control: Callable[..., requests.Response]
) -> None:
    answer: Any = control("POST", "quota", {"requests": 1})
    assert answer.json() == {"quota": 1}
    assert [control("GET", "ledger").status_code for _ in range(3)] == [200, 200, 200]
    assert ask("GET", "/v2/time").status_code == 200
    assert store.state.quota == 1
