"""What the merchant set up: currencies, channels, locations, the stock setting."""

from __future__ import annotations

import pytest

from integration.simulators.store.sample_orders import generated_orders
from tests.integration.simulators.store.asking import Asker


def test_three_currencies_are_told_as_a_bare_list(ask: Asker) -> None:
    told = ask("GET", "/v2/currencies").json()
    assert [
        (
            each["id"],
            each["currency_code"],
            each["decimal_places"],
            each["is_default"],
            each["is_transactional"],
        )
        for each in told
    ] == [(1, "USD", 2, True, True), (2, "EUR", 2, False, True), (3, "JPY", 0, False, True)]
    assert [each["id"] for each in ask("GET", "/v2/currencies", query={"limit": 2, "page": 2}).json()] == [3]
    assert ask("GET", "/v2/currencies", query={"page": 2}).status_code == 204


def test_every_order_is_paid_in_a_currency_of_the_store(ask: Asker) -> None:
    codes = {each["id"]: each["currency_code"] for each in ask("GET", "/v2/currencies").json()}
    for sample in generated_orders().values():
        order = sample.order
        assert codes[order["currency_id"]] == order["currency_code"]
        assert codes[order["default_currency_id"]] == order["default_currency_code"]


def test_channels_are_told_and_found(ask: Asker) -> None:
    told = ask("GET", "/v3/channels").json()
    assert [(each["id"], each["name"], each["status"]) for each in told["data"]] == [
        (1, "Harbor & Pine", "active"),
        (1041, "Harbor & Pine Trade", "prelaunch"),
    ]
    assert told["meta"]["pagination"]["total"] == 2
    for query, found in (
        ({"status:in": "prelaunch,inactive"}, [1041]),
        ({"type:in": "storefront"}, [1, 1041]),
        ({"platform:in": "amazon"}, []),
        ({"limit": 1, "page": 2}, [1041]),
    ):
        assert [each["id"] for each in ask("GET", "/v3/channels", query=query).json()["data"]] == found


def test_locations_are_told_the_closed_one_too(ask: Asker) -> None:
    told = ask("GET", "/v3/inventory/locations").json()
    assert [(each["id"], each["code"], each["enabled"]) for each in told["data"]] == [
        (1, "DEFAULT", True),
        (2, "OLD-MILL", False),
    ]
    assert ask("GET", "/v3/inventory/locations", query={"limit": 1, "page": 2}).json()["data"][0]["id"] == 2


def test_the_stock_setting_says_when_stock_moves(ask: Asker) -> None:
    told = ask("GET", "/v3/settings/inventory").json()
    assert (told["data"]["update_stock_behavior"], told["data"]["refund_order_stock_adjustment"]) == (
        "order_placed",
        False,
    )
    assert told["meta"] == {}


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("/v3/channels", "include"),
        ("/v3/channels", "date_modified:min"),
        ("/v3/inventory/locations", "is_active"),
        ("/v3/settings/inventory", "channel_id"),
    ],
)
def test_what_is_not_simulated_is_said(ask: Asker, path: str, name: str) -> None:
    answer = ask("GET", path, query={name: "1"})
    assert (answer.status_code, answer.json()["title"]) == (
        501,
        f"The simulated store does not do '{name}'; the real one does.",
    )


@pytest.mark.parametrize(
    ("path", "name"),
    [("/v3/channels", "id"), ("/v3/inventory/locations", "code"), ("/v3/settings/inventory", "page")],
)
def test_a_parameter_that_is_not_there_is_refused(ask: Asker, path: str, name: str) -> None:
    answer = ask("GET", path, query={name: "1"})
    assert (answer.status_code, answer.json()["title"]) == (
        422,
        f"The filter(s): {name} are not valid filter parameter(s).",
    )


def test_an_order_may_be_moved_to_any_channel_of_the_store(ask: Asker) -> None:
    for channel in ask("GET", "/v3/channels").json()["data"]:
        told = ask("PUT", "/v2/orders/1001", body={"channel_id": channel["id"]}).json()
        assert told["channel_id"] == channel["id"]
    assert [each["id"] for each in ask("GET", "/v2/orders", query={"channel_id": 1041}).json()] == [1001]
