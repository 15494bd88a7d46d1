"""Callbacks: who is told of what, in which words, signed how."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

import pytest

from integration.simulators.store.sample_orders import generated_orders
from integration.simulators.store.server import StoreSimulator
from integration.simulators.store.signature import signed
from tests.integration.simulators.store.asking import TOKEN, Asker
from tests.integration.simulators.store.receiver import SECRET, Receiver, until


def listen(store: StoreSimulator, receiver: Receiver, scope: str = "store/order/*", **fields: Any) -> int:
    """Have the receiver told of events; return the hook's id."""
    hook = store.webhooks.add({"scope": scope, "destination": receiver.url, **fields})
    return hook.id


def test_a_new_status_is_told_as_a_change_and_as_a_new_status(
    ask: Asker, store: StoreSimulator, receiver: Receiver
) -> None:
    listen(store, receiver)
    began = int(store.state.clock.seconds())
    ask("PUT", "/v2/orders/1001", body={"status_id": 9})
    changed, moved = receiver.wait(2)
    told = changed.told
    assert list(told) == ["scope", "store_id", "data", "hash", "created_at", "producer"]
    assert began <= told["created_at"] <= began + 5
    assert told == {
        "scope": "store/order/updated",
        "store_id": "1000001",
        "data": {"type": "order", "id": 1001},
        "hash": told["hash"],
        "created_at": told["created_at"],
        "producer": "stores/harborpine",
    }
    assert len(bytes.fromhex(told["hash"])) == 20
    assert (moved.told["scope"], moved.told["data"]) == (
        "store/order/statusUpdated",
        {"type": "order", "id": 1001, "status": {"previous_status_id": 11, "new_status_id": 9}},
    )
    assert moved.told["hash"] != told["hash"]


def happenings(ask: Asker, store: StoreSimulator) -> None:
    """Have everything happen that can happen to an order."""
    store.state.place(1001)
    ask("PUT", "/v2/orders/1001", body={"staff_notes": "x", "status_id": 11})
    ask("PUT", "/v2/orders/1001", body={"status_id": 9})
    ask("PUT", "/v2/orders/1001", body={"is_deleted": True})
    ask("PUT", "/v2/orders/1001", body={"is_deleted": True})
    fields = {"permission_set": "app_only", "namespace": "gridport", "key": "k", "value": "v"}
    ask("POST", "/v3/orders/1001/metafields", body=fields)
    ask("PUT", "/v3/orders/1001/metafields/1", body={"value": "w"})
    ask("DELETE", "/v3/orders/1001/metafields/1")


HAPPENED = [
    "store/order/created",
    "store/order/updated",
    "store/order/updated",
    "store/order/statusUpdated",
    "store/order/updated",
    "store/order/archived",
    "store/order/updated",
    "store/order/metafield/created",
    "store/order/metafield/updated",
    "store/order/metafield/deleted",
]


@pytest.mark.parametrize("scope", ["store/order/*", *dict.fromkeys(HAPPENED), "store/shipment/*"])
def test_a_hook_is_told_of_its_scope_and_nothing_else(
    ask: Asker, store: StoreSimulator, receiver: Receiver, scope: str
) -> None:
    listen(store, receiver, scope)
    happenings(ask, store)
    expected = [each for each in HAPPENED if scope in ("store/order/*", each)]
    until(lambda: store.webhooks.waiting() == 0, "The end of all deliveries")
    assert receiver.scopes() == expected


def test_a_metafield_names_its_order_by_a_text_alone(
    ask: Asker, store: StoreSimulator, receiver: Receiver
) -> None:
    listen(store, receiver, "store/order/metafield/created")
    happenings(ask, store)
    [callback] = receiver.wait(1)
    assert callback.told["data"] == {"metafield_id": 1, "resource_id": "1001"}


def test_a_refused_write_tells_nothing(ask: Asker, store: StoreSimulator, receiver: Receiver) -> None:
    listen(store, receiver)
    assert ask("PUT", "/v2/orders/1001", body={"status_id": 9, "id": 1}).status_code == 400
    assert ask("POST", "/v3/orders/1001/metafields", body={}).status_code == 422
    assert ask("DELETE", "/v3/orders/1001/metafields/9").status_code == 404
    assert (store.webhooks.waiting(), store.webhooks.ledger) == (0, [])


def test_an_incomplete_order_is_told_as_created_and_then_as_moved(receiver: Receiver) -> None:
    with StoreSimulator(generated_orders(), placed=[], store_hash="h", token=TOKEN) as store:
        listen(store, receiver)
        store.state.place(1019)
        assert store.state.order(1019)["status"] == "Incomplete"
        store.state.change(1019, {"status_id": 11}, checked=False)
        told = [callback.told for callback in receiver.wait(3)]
    assert [(each["scope"], each["data"]["id"]) for each in told] == [
        ("store/order/created", 1019),
        ("store/order/updated", 1019),
        ("store/order/statusUpdated", 1019),
    ]
    assert told[2]["data"]["status"] == {"previous_status_id": 0, "new_status_id": 11}


@pytest.mark.parametrize(
    ("name", "place"),
    [
        ("webhook_doc_order_created.json", 0),
        ("webhook_store_order_updated.json", 1),
        ("webhook_doc_order_status_updated.json", 3),
        ("webhook_store_order_archived.json", 5),
        ("webhook_doc_order_metafield.json", 7),
    ],
)
def test_a_callback_has_the_keys_and_types_of_the_official_example(
    ask: Asker, store: StoreSimulator, receiver: Receiver, shared: Path, name: str, place: int
) -> None:
    def shape(told: Any) -> Any:
        return (
            {key: shape(value) for key, value in told.items()}
            if isinstance(told, dict)
            else type(told).__name__
        )

    official = json.loads((shared / "bigcommerce" / "examples" / name).read_text(encoding="utf-8"))
    listen(store, receiver)
    happenings(ask, store)
    told = receiver.wait(10)[place].told
    assert (shape(told), told["scope"]) == (shape(official), official["scope"])


def test_what_happens_twice_in_a_second_is_told_twice_under_ids_of_their_own(
    store: StoreSimulator, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    listen(store, receiver, "store/order/updated")
    store.state.clock.advance(3600)
    still = store.state.clock.seconds()
    monkeypatch.setattr(time, "time", lambda: still - 3600)
    store.state.change(1001, {"staff_notes": "a"}, checked=False)
    store.state.change(1001, {"staff_notes": "b"}, checked=False)
    first, second = receiver.wait(2)
    assert first.content == second.content
    assert first.headers["webhook-id"] != second.headers["webhook-id"]


def test_each_hook_is_told_under_an_id_of_its_own(
    ask: Asker, store: StoreSimulator, receiver: Receiver
) -> None:
    listen(store, receiver, "store/order/updated")
    store.webhooks.add({"scope": "store/order/*", "destination": f"{receiver.url}/2?store=1"})
    ask("PUT", "/v2/orders/1001", body={"staff_notes": "x"})
    first, second = sorted(receiver.wait(2), key=lambda callback: callback.path)
    assert (first.path, second.path) == ("/callbacks", "/callbacks/2?store=1")
    assert first.content == second.content
    assert first.headers["webhook-id"] != second.headers["webhook-id"]


def test_the_headers_of_the_hook_are_sent_along_and_spoil_none_of_the_stores(
    ask: Asker, store: StoreSimulator, receiver: Receiver
) -> None:
    listen(store, receiver, headers={"X-Gridport-Secret": "s3cret", "webhook-id": "forged"})
    ask("PUT", "/v2/orders/1001", body={"staff_notes": "x"})
    [callback] = receiver.wait(1)
    until(lambda: store.webhooks.ledger, "The entry of the try")
    assert callback.headers["x-gridport-secret"] == "s3cret"
    assert callback.headers["content-type"] == "application/json"
    assert callback.headers["webhook-id"] == store.webhooks.ledger[0]["id"]
    assert callback.is_signed()


def test_a_callback_is_signed_with_the_client_secret(
    ask: Asker, store: StoreSimulator, receiver: Receiver
) -> None:
    listen(store, receiver)
    store.state.clock.advance(7200)
    ask("PUT", "/v2/orders/1001", body={"staff_notes": "x"})
    [callback] = receiver.wait(1)
    assert callback.is_signed(SECRET)
    assert not callback.is_signed("another secret")
    assert abs(int(callback.headers["webhook-timestamp"]) - store.state.clock.seconds()) < 60


def test_the_signature_is_what_openssl_makes_of_it() -> None:
    content = b'{"scope":"store/order/created"}'
    # printf '%s' '9f1c.1765000000.{"scope":...}' | openssl dgst -sha256 -hmac 'the client secret' -binary | base64
    assert signed("9f1c", 1_765_000_000, content, "the client secret") == {
        "webhook-id": "9f1c",
        "webhook-timestamp": "1765000000",
        "webhook-signature": "v1,SLLspxrP214oOZ3sNVLS5SXtRJLhjTjWgDyBFExk6+w=",
    }


def test_no_answer_of_the_api_waits_for_a_destination(
    ask: Asker, store: StoreSimulator, receiver: Receiver
) -> None:
    receiver.hold.clear()
    listen(store, receiver)
    assert ask("PUT", "/v2/orders/1001", body={"status_id": 9}).status_code == 200
    receiver.wait(1)
    assert ask("PUT", "/v2/orders/1001", body={"status_id": 11}).json()["status_id"] == 11
    assert (store.webhooks.waiting(), store.webhooks.ledger) == (4, [])
    receiver.hold.set()
    receiver.wait(4)
    assert receiver.scopes() == ["store/order/updated", "store/order/statusUpdated"] * 2


def test_a_hook_waits_for_no_other(ask: Asker, store: StoreSimulator, receiver: Receiver) -> None:
    receiver.hold.clear()
    silent = listen(store, receiver, "store/order/updated")
    gone = store.webhooks.add({"scope": "store/order/updated", "destination": "http://127.0.0.1:9/"})
    ask("PUT", "/v2/orders/1001", body={"staff_notes": "x"})
    until(lambda: store.webhooks.ledger, "The try of the other hook")
    assert [(each["hook"], each["status"]) for each in store.webhooks.ledger] == [(gone.id, 0)]
    receiver.hold.set()
    until(lambda: len(store.webhooks.ledger) == 2, "The try of the silent one")
    assert (store.webhooks.ledger[1]["hook"], store.webhooks.ledger[1]["status"]) == (silent, 200)


def test_an_inactive_a_removed_and_another_scopes_hook_are_told_nothing(
    ask: Asker, store: StoreSimulator, receiver: Receiver
) -> None:
    listen(store, receiver, is_active=False)
    removed = listen(store, receiver, "store/order/updated")
    store.webhooks.remove(removed)
    listen(store, receiver, "store/order/created")
    ask("PUT", "/v2/orders/1001", body={"status_id": 9})
    assert (store.webhooks.waiting(), store.webhooks.ledger) == (0, [])
    ask("PUT", "/v3/hooks/1", body={"is_active": True})
    ask("PUT", "/v2/orders/1001", body={"staff_notes": "x"})
    receiver.wait(1)
    assert receiver.scopes() == ["store/order/updated"]


def test_a_new_hook_may_need_a_while(
    ask: Asker, store: StoreSimulator, receiver: Receiver, control: Any
) -> None:
    control("POST", "webhooks", {"warm_up": 60})
    listen(store, receiver)
    ask("PUT", "/v2/orders/1001", body={"staff_notes": "lost"})
    store.state.clock.advance(60)
    ask("PUT", "/v2/orders/1002", body={"staff_notes": "told"})
    until(lambda: store.webhooks.ledger, "The second event")
    assert [each["data"]["id"] for each in store.webhooks.ledger] == [1002]


def test_every_try_is_in_the_ledger(
    ask: Asker, store: StoreSimulator, receiver: Receiver, control: Any
) -> None:
    hook = listen(store, receiver, "store/order/updated")
    receiver.answers = [503]
    ask("PUT", "/v2/orders/1001", body={"staff_notes": "x"})
    until(lambda: store.webhooks.ledger, "The first try")
    store.state.clock.advance(60)
    first, second = receiver.wait(2)
    until(lambda: len(store.webhooks.ledger) == 2, "The second entry")
    told = control("GET", "webhooks/deliveries").json()
    assert told == store.webhooks.ledger
    every = {
        "hook": hook,
        "id": first.headers["webhook-id"],
        "scope": "store/order/updated",
        "data": {"type": "order", "id": 1001},
        "hash": first.told["hash"],
        "fault": "",
    }
    assert [{name: value for name, value in each.items() if name != "at"} for each in told] == [
        {**every, "attempt": 1, "status": 503, "error": "the answer was 503, not 2xx"},
        {**every, "attempt": 2, "status": 200, "error": ""},
    ]
    assert second.headers["webhook-id"] == first.headers["webhook-id"]
    assert 60 <= told[1]["at"] - told[0]["at"] < 120


def test_neither_secret_nor_headers_are_in_the_ledger(
    ask: Asker, store: StoreSimulator, receiver: Receiver, control: Any
) -> None:
    listen(store, receiver, headers={"X-Gridport-Secret": "s3cret"})
    ask("PUT", "/v2/orders/1001", body={"status_id": 9})
    until(lambda: len(store.webhooks.ledger) == 2, "Both tries")
    for told in (control("GET", "webhooks/deliveries").text, control("GET", "webhooks").text):
        assert "s3cret" not in told
        assert SECRET not in told


def test_stopping_waits_for_no_destination_and_no_retry(receiver: Receiver) -> None:
    orders = generated_orders()
    receiver.answers = [500]
    began = time.monotonic()
    with StoreSimulator(orders, placed=orders, store_hash="h", token=TOKEN) as store:
        listen(store, receiver)
        store.state.change(1001, {"staff_notes": "x"}, checked=False)
        until(lambda: store.webhooks.ledger, "The first try")
        receiver.hold.clear()
        store.state.change(1001, {"staff_notes": "y"}, checked=False)
        receiver.wait(2)
    assert time.monotonic() - began < 60
    assert len(receiver.received) == 2
