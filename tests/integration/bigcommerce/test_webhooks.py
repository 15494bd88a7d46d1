"""Calls of a store: what counts as signed, and what is read from them."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from integration.bigcommerce.budget import InMemoryBudget
from integration.bigcommerce.client import BrokenAnswer, Refused, ScopeMissing, StoreClient, TokenRefused
from integration.bigcommerce.reference import Currency, StockSetting
from integration.bigcommerce.webhooks import (
    SCOPE,
    Hook,
    NotSigned,
    Stamp,
    Told,
    hook_path,
    parse_hook,
    read_call,
    verified,
)
from integration.simulators.store.sample_orders import generated_orders
from integration.simulators.store.server import StoreSimulator
from integration.simulators.store.signature import signed

SECRET = "a-client-secret"
BODY = b'{"scope":"store/order/created"}'
STAMPED = 1764000000
# printf 'msg_1.1764000000.{"scope":"store/order/created"}' | openssl dgst -sha256 -hmac a-client-secret -binary | base64
SIGNATURE = "/eOfPz5ImHwAwECotEMIKxX5aV6EbRIJxxs+SiotsIc="
HEADERS = {"webhook-id": "msg_1", "webhook-timestamp": str(STAMPED), "webhook-signature": f"v1,{SIGNATURE}"}


def test_a_signed_call_has_its_identity_and_time() -> None:
    assert verified(HEADERS, BODY, [SECRET]) == Stamp("msg_1", datetime(2025, 11, 24, 16, 0, tzinfo=UTC))


def test_the_simulated_store_signs_alike() -> None:
    assert signed("msg_1", STAMPED, BODY, SECRET) == HEADERS


def test_one_right_signature_among_several_is_enough() -> None:
    several = {**HEADERS, "webhook-signature": f"v1,AAAA v1a,{SIGNATURE} v1,{SIGNATURE}"}
    assert verified(several, BODY, [SECRET]).identity == "msg_1"


@pytest.mark.parametrize("secrets", [[SECRET, "former"], ["new", SECRET]])
def test_either_of_two_secrets_is_enough(secrets: list[str]) -> None:
    assert verified(HEADERS, BODY, secrets).identity == "msg_1"


@pytest.mark.parametrize(("headers", "body", "secret", "why"), [
    ({}, BODY, SECRET, "it was not signed"),
    ({**HEADERS, "webhook-id": ""}, BODY, SECRET, "it was not signed"),
    ({**HEADERS, "webhook-id": "m" * 256}, BODY, SECRET, "it was not signed"),
    ({**HEADERS, "webhook-id": "msg\0"}, BODY, SECRET, "it was not signed"),
    ({**HEADERS, "webhook-timestamp": ""}, BODY, SECRET, "it was not signed"),
    ({**HEADERS, "webhook-timestamp": "-1764000000"}, BODY, SECRET, "it was not signed"),
    ({**HEADERS, "webhook-timestamp": "9" * 12}, BODY, SECRET, "it was not signed"),
    ({**HEADERS, "webhook-signature": ""}, BODY, SECRET, "it was not signed"),
    (HEADERS, BODY, "", "no client secret is stored to check the signature with"),
    (HEADERS, BODY + b" ", SECRET, "its signature is not of our client secret"),
    (HEADERS, BODY, "another-secret", "its signature is not of our client secret"),
    ({**HEADERS, "webhook-id": "msg_2"}, BODY, SECRET, "its signature is not of our client secret"),
    ({**HEADERS, "webhook-timestamp": "1764000001"}, BODY, SECRET, "its signature is not of our client secret"),
    ({**HEADERS, "webhook-signature": SIGNATURE}, BODY, SECRET, "its signature is not of our client secret"),
    ({**HEADERS, "webhook-signature": f"v2,{SIGNATURE}"}, BODY, SECRET, "its signature is not of our client secret"),
    ({**HEADERS, "webhook-signature": "v1,ÿ"}, BODY, SECRET, "its signature is not of our client secret"),
])  # fmt: skip
def test_a_call_that_is_not_signed_by_the_store_is_refused(
    headers: dict[str, str], body: bytes, secret: str, why: str
) -> None:
    with pytest.raises(NotSigned) as refusal:
        verified(headers, body, [secret] if secret else [])
    assert str(refusal.value) == why


@pytest.mark.parametrize(("seconds", "stale"), [(0, False), (300, False), (-300, False), (301, True), (-301, True)])  # fmt: skip
def test_a_stamp_five_minutes_off_is_stale(seconds: int, stale: bool) -> None:
    stamp = Stamp("msg_1", datetime(2026, 1, 1, tzinfo=UTC))
    assert stamp.is_stale(stamp.at + timedelta(seconds=seconds)) is stale


def call(scope: Any = "store/order/updated", data: Any = None, **changes: Any) -> bytes:
    told = {"scope": scope, "data": data or {"type": "order", "id": 250}, "producer": "stores/abc", **changes}
    return json.dumps(told).encode()


@pytest.mark.parametrize(("body", "told"), [
    (call(), Told("abc", "store/order/updated", 250)),
    (call("store/order/statusUpdated", {"type": "order", "id": 250, "status": {"new_status_id": 9}}),
     Told("abc", "store/order/statusUpdated", 250)),
    (call("store/order/transaction/created", {"type": "transaction", "order_id": "250"}),
     Told("abc", "store/order/transaction/created", 250)),
    (call("store/order/metafield/updated", {"metafield_id": 7, "resource_id": "250"}),
     Told("abc", "store/order/metafield/updated", None)),
    (call("store/shipment/created", {"type": "shipment", "id": 3, "orderId": 250}), Told("abc", "store/shipment/created", None)),
    (call("store/product/updated", {"type": "product", "id": 250}), Told("abc", "store/product/updated", None)),
    (call(data={"type": "order", "id": True}), Told("abc", "store/order/updated", None)),
    (call(data={"type": "order", "id": -1}), Told("abc", "store/order/updated", None)),
    (call(data={"type": "order", "id": 0}), Told("abc", "store/order/updated", None)),
    (call(data={"type": "order", "id": 10**18}), Told("abc", "store/order/updated", None)),
    (call(data={"type": "order", "id": 250.5}), Told("abc", "store/order/updated", None)),
    (call(data={"type": "order", "id": "٢٥٠"}), Told("abc", "store/order/updated", None)),
    (call(data=[250]), Told("abc", "store/order/updated", None)),
    (call(scope="store/order/\0"), Told("abc", "", None)),
    (call(scope="store/order/" + "x" * 100), Told("abc", "", None)),
    (call(scope=7), Told("abc", "", None)),
    (call(producer="abc"), Told("", "store/order/updated", 250)),
    (call(producer=None), Told("", "store/order/updated", 250)),
    (b"[]", Told("", "", None)),
    (b"", Told("", "", None)),
    (b"\xff\xfe", Told("", "", None)),
    (b"[" * 60_000, Told("", "", None)),
    (b'{"data": ' + b"9" * 5000 + b"}", Told("", "", None)),
])  # fmt: skip
def test_what_a_call_says_is_read_and_nothing_it_says_raises(body: bytes, told: Told) -> None:
    assert read_call(body) == told


def test_every_published_call_about_an_order_is_read(shared: Path) -> None:
    found = {}
    for file in sorted((shared / "bigcommerce" / "examples").glob("webhook_*order_*.json")):
        if json.loads(file.read_text(encoding="utf-8"))["scope"].startswith("store/order/"):
            found[file.stem] = read_call(file.read_bytes()).order
    assert found.pop("webhook_doc_order_metafield") is None
    assert list(found.values()) == [250] * 11


def test_a_hook_without_headers_has_none() -> None:
    data = {
        "id": 12,
        "scope": SCOPE,
        "destination": "https://x.example/",
        "is_active": False,
        "headers": None,
    }
    assert parse_hook(data) == Hook(12, SCOPE, "https://x.example/", {}, False)
    with pytest.raises(BrokenAnswer, match="for a hook holds 'None' where id belongs"):
        parse_hook({**data, "id": None})


def test_the_path_that_is_called_holds_the_key() -> None:
    assert hook_path("k-1") == "/hooks/bigcommerce/k-1/"


HERE = "http://127.0.0.1:9/hooks/bigcommerce/key/"


def client(simulator: StoreSimulator, token: str = "right") -> StoreClient:
    return StoreClient(simulator.url, "harborpine", token, InMemoryBudget(), sleep=lambda seconds: None)


def opened(**options: Any) -> StoreSimulator:
    return StoreSimulator(
        generated_orders(), placed=[1001, 1002], store_hash="harborpine", token="right", **options
    )


def test_a_hook_is_added_listed_and_mended() -> None:
    with opened() as simulator, client(simulator) as store:
        assert store.list_hooks() == []
        made = store.add_hook(SCOPE, HERE, {"X-Gridport-Hook": "one"})
        assert made == Hook(made.id, SCOPE, HERE, {"X-Gridport-Hook": "one"}, True)
        with pytest.raises(Refused) as refusal:
            store.add_hook(SCOPE, HERE, {"X-Gridport-Hook": "two"})
        assert refusal.value.status == 422
        simulator.webhooks.change(made.id, {"is_active": False, "headers": None})
        assert store.list_hooks() == [Hook(made.id, SCOPE, HERE, {}, False)]
        mended = store.change_hook(made.id, SCOPE, HERE, {"X-Gridport-Hook": "one"})
        assert store.list_hooks() == [mended] == [made]


def test_what_a_token_may_write_is_told_without_writing() -> None:
    with opened() as simulator, client(simulator) as store:
        before = [simulator.state.order(number) for number in (1001, 1002)]
        store.try_writing_orders()
        store.try_writing_metafields()
        assert [simulator.state.order(number) for number in (1001, 1002)] == before
        assert simulator.state.metafields == {}
        assert [(each["method"], each["path"], each["status"]) for each in simulator.state.ledger] == [
            ("PUT", "/v2/orders/0", 404),
            ("POST", "/v3/orders/0/metafields", 404),
        ]


def test_a_scope_that_is_missing_is_told_from_a_token_that_is_refused() -> None:
    with opened(scopes={"store_v2_orders_read_only"}) as simulator:
        with client(simulator) as store:
            assert store.count_orders() == 2
            for test in (
                store.try_writing_orders,
                store.try_writing_metafields,
                store.get_currencies,
                store.get_stock_setting,
            ):
                with pytest.raises(ScopeMissing, match="a scope is missing"):
                    test()
        with client(simulator, "stale") as store, pytest.raises(TokenRefused, match="refused our API token"):
            store.try_writing_orders()


def test_currencies_and_the_stock_setting_are_read() -> None:
    with opened() as simulator, client(simulator) as store:
        assert store.get_currencies() == [
            Currency("USD", "US Dollar", is_default=True, is_transactional=True, enabled=True),
            Currency("EUR", "Euro", is_default=False, is_transactional=True, enabled=True),
            Currency("JPY", "Japanese Yen", is_default=False, is_transactional=True, enabled=True),
        ]
        assert store.get_stock_setting() == StockSetting(
            "order_placed", follows_edits=True, follows_refunds=False
        )
