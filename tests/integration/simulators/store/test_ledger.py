"""The store's own account of what it was asked."""

from __future__ import annotations

import json
import time
from collections.abc import Callable

import requests

from integration.simulators.store.server import StoreSimulator
from tests.integration.simulators.store.asking import TOKEN, Asker


def test_every_request_is_in_the_ledger_as_it_came_and_ended(
    ask: Asker, store: StoreSimulator, control: Callable[..., requests.Response]
) -> None:
    began = time.time()
    ask("GET", "/v2/orders", query={"min_date_modified": "2026-03-03T12:00:00+00:00", "page": ""})
    ask("PUT", "/v2/orders/1001", body={"status_id": 9})
    ask("PUT", "/v2/orders/1001", content=b"{broken \xff")
    ask("PUT", "/v2/orders/1001", body=[1])
    ask("DELETE", "/v2/orders/1001")
    ask("GET", "/v3/orders/77/metafields", headers={"X-Auth-Token": "another"})
    ask.session.get(f"{store.url}/stores/other/v2/time", timeout=10)
    ended = time.time()
    told = [{name: value for name, value in entry.items() if name != "at"} for entry in store.state.ledger]
    plain = {"query": {}, "body": {}, "fault": ""}
    assert told == [
        {
            **plain,
            "method": "GET",
            "path": "/v2/orders",
            "query": {"min_date_modified": "2026-03-03T12:00:00+00:00", "page": ""},
            "status": 400,
        },
        {**plain, "method": "PUT", "path": "/v2/orders/1001", "body": {"status_id": 9}, "status": 200},
        {**plain, "method": "PUT", "path": "/v2/orders/1001", "body": "{broken \ufffd", "status": 400},
        {**plain, "method": "PUT", "path": "/v2/orders/1001", "body": [1], "status": 400},
        {**plain, "method": "DELETE", "path": "/v2/orders/1001", "status": 405},
        {**plain, "method": "GET", "path": "/v3/orders/77/metafields", "status": 401},
        {**plain, "method": "GET", "path": "/stores/other/v2/time", "status": 404},
    ]
    when = [entry["at"] for entry in store.state.ledger]
    assert when == sorted(when)
    assert began <= when[0] <= when[-1] <= ended
    assert control("GET", "ledger").json() == store.state.ledger


def test_the_token_is_in_no_part_of_the_ledger(
    ask: Asker, store: StoreSimulator, control: Callable[..., requests.Response]
) -> None:
    ask("GET", "/v2/orders/1001")
    ask("PUT", "/v2/orders/1001", body={"status_id": 9})
    ask("GET", "/v2/orders/1001", headers={"X-Auth-Token": "a-wrong-one"})
    assert len(store.state.ledger) == 3
    for told in (json.dumps(store.state.ledger), control("GET", "ledger").text):
        assert TOKEN not in told
        assert "a-wrong-one" not in told
