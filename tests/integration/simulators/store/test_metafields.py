"""Metafields of orders, and V3's pages and refusals."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from integration.simulators.store.server import StoreSimulator
from tests.integration.simulators.store.asking import Asker

PATH = "/v3/orders/1001/metafields"
PROBLEM = "https://developer.bigcommerce.com/api-docs/getting-started/api-status-codes"
FIELDS = {"permission_set": "app_only", "namespace": "gridport", "key": "purchase_orders", "value": "1001-1"}


def add(ask: Asker, **changes: Any) -> dict[str, Any]:
    """Add a metafield and return it."""
    answer = ask("POST", PATH, body={**FIELDS, **changes})
    assert answer.status_code == 200
    told: dict[str, Any] = answer.json()
    assert told["meta"] == {}
    found: dict[str, Any] = told["data"]
    return found


def problem(status: int, title: str, **errors: str) -> dict[str, Any]:
    """A refusal of V3."""
    return {"status": status, "title": title, "type": PROBLEM, "errors": errors}


def test_a_metafield_is_kept_as_written(ask: Asker, store: StoreSimulator) -> None:
    made = add(ask, description="Where it went", secret="dropped")
    dates = {made.pop("date_created"), made.pop("date_modified")}
    assert made == {
        **FIELDS,
        "id": 1,
        "description": "Where it went",
        "resource_type": "order",
        "resource_id": 1001,
        "owner_client_id": "simulated-client",
    }
    [date] = dates
    assert datetime.fromisoformat(date).tzinfo == UTC
    assert date.endswith("+00:00")
    assert ask("GET", f"{PATH}/1").json()["data"] == store.state.metafields[1001][0]
    assert ask("GET", "/v3/orders/1002/metafields").json()["data"] == []


def test_the_same_namespace_and_key_conflict(ask: Asker, store: StoreSimulator) -> None:
    add(ask)
    answer = ask("POST", PATH, body={**FIELDS, "value": "other"})
    assert (answer.status_code, answer.json()) == (
        409,
        problem(409, "The metafield conflicts with another metafield."),
    )
    add(ask, namespace="other")
    add(ask, key="other")
    assert ask("PUT", f"{PATH}/3", body={"key": "purchase_orders"}).status_code == 409
    assert [each["value"] for each in store.state.metafields[1001]] == ["1001-1"] * 3
    assert ask("POST", "/v3/orders/1002/metafields", body=FIELDS).json()["data"]["id"] == 4


def test_a_metafield_is_changed_field_by_field(ask: Asker, store: StoreSimulator) -> None:
    made = add(ask)
    store.state.clock.advance(60)
    changed = ask("PUT", f"{PATH}/1", body={"value": "1001-2"}).json()["data"]
    assert changed == {**made, "value": "1001-2", "date_modified": changed["date_modified"]}
    assert changed["date_modified"] > made["date_modified"]
    assert ask("GET", f"{PATH}/1").json()["data"] == changed
    assert ask("PUT", f"{PATH}/1", body=FIELDS).json()["data"]["value"] == "1001-1"


def test_a_metafield_is_removed_once(ask: Asker, store: StoreSimulator) -> None:
    add(ask)
    add(ask, key="other")
    answer = ask("DELETE", f"{PATH}/1")
    assert (answer.status_code, answer.content) == (204, b"")
    assert [each["id"] for each in store.state.metafields[1001]] == [2]
    assert ask("DELETE", f"{PATH}/1").status_code == 404
    assert add(ask)["id"] == 3


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE"])
@pytest.mark.parametrize("path", [f"{PATH}/2", "/v3/orders/1002/metafields/1", "/v3/orders/77/metafields/1"])
def test_a_metafield_that_is_not_there_is_not_found(ask: Asker, method: str, path: str) -> None:
    add(ask)
    answer = ask(method, path, body={"value": "x"})
    assert (answer.status_code, answer.json()) == (404, problem(404, "The resource was not found."))


def test_an_order_that_is_not_there_takes_no_metafield(ask: Asker, store: StoreSimulator) -> None:
    answer = ask("POST", "/v3/orders/77/metafields", body=FIELDS)
    assert (answer.status_code, answer.json()) == (404, problem(404, "The resource was not found."))
    assert store.state.metafields == {}


@pytest.mark.parametrize(
    ("changes", "errors"),
    [
        ({"namespace": ""}, {"namespace": "Text of 1 to 64 characters is expected."}),
        ({"key": "k" * 65}, {"key": "Text of 1 to 64 characters is expected."}),
        ({"value": 7}, {"value": "Text is expected."}),
        ({"value": "x" * 65_536}, {"value": "Text of 1 to 65535 characters is expected."}),
        ({"description": "x" * 256}, {"description": "Text of 0 to 255 characters is expected."}),
        (
            {"permission_set": "all", "key": None},
            {
                "permission_set": "One of these is expected: app_only, read, write, read_and_sf_access,"
                " write_and_sf_access.",
                "key": "Text is expected.",
            },
        ),
    ],
)
def test_a_value_that_is_not_allowed_is_refused_by_field(
    ask: Asker, store: StoreSimulator, changes: dict[str, Any], errors: dict[str, str]
) -> None:
    answer = ask("POST", PATH, body={**FIELDS, **changes})
    assert (answer.status_code, answer.json()) == (
        422,
        problem(422, "JSON data is missing or invalid", **errors),
    )
    assert store.state.metafields == {}
    add(ask)
    answer = ask("PUT", f"{PATH}/1", body=changes)
    assert (answer.status_code, answer.json()["errors"]) == (422, errors)


def test_what_is_required_is_named(ask: Asker) -> None:
    required = "This field is required."
    answer = ask("POST", PATH, body={"key": "purchase_orders"})
    assert (answer.status_code, answer.json()) == (
        422,
        problem(
            422,
            "JSON data is missing or invalid",
            permission_set=required,
            namespace=required,
            value=required,
        ),
    )


def keys(ask: Asker, **query: Any) -> list[str]:
    """The keys of the metafields that are listed."""
    return [each["key"] for each in ask("GET", PATH, query=query).json()["data"]]


def test_metafields_are_listed_by_namespace_and_key(ask: Asker) -> None:
    for namespace, key in (("gridport", "a"), ("gridport", "b"), ("other", "a"), ("third", "c")):
        add(ask, namespace=namespace, key=key)
    assert keys(ask) == ["a", "b", "a", "c"]
    assert keys(ask, namespace="gridport") == ["a", "b"]
    assert keys(ask, namespace="other", key="a") == ["a"]
    assert keys(ask, **{"namespace:in": "other,third"}) == ["a", "c"]
    assert keys(ask, **{"key:in": "b,c", "namespace": "third"}) == ["c"]
    assert keys(ask, key="z") == []


def pagination(ask: Asker, **query: Any) -> dict[str, Any]:
    """What an answer says of its place in the whole."""
    told: dict[str, Any] = ask("GET", PATH, query=query).json()["meta"]
    assert set(told) == {"pagination"}
    found: dict[str, Any] = told["pagination"]
    return found


def test_pages_say_where_they_lie_and_link_to_their_neighbours(ask: Asker) -> None:
    assert pagination(ask) == {
        "total": 0,
        "count": 0,
        "per_page": 50,
        "current_page": 1,
        "total_pages": 1,
        "links": {"current": "?page=1&limit=50"},
    }
    for number in range(5):
        add(ask, key=f"key {number}")
    assert keys(ask, limit=2, page=3) == ["key 4"]
    assert pagination(ask, limit=2, page=2, namespace="gridport") == {
        "total": 5,
        "count": 2,
        "per_page": 2,
        "current_page": 2,
        "total_pages": 3,
        "links": {
            "previous": "?namespace=gridport&page=1&limit=2",
            "current": "?namespace=gridport&page=2&limit=2",
            "next": "?namespace=gridport&page=3&limit=2",
        },
    }
    assert set(pagination(ask, limit=2, page=3)["links"]) == {"previous", "current"}
    assert set(pagination(ask, limit=5)["links"]) == {"current"}
    behind = ask("GET", PATH, query={"limit": 2, "page": 9}).json()
    assert (behind["data"], behind["meta"]["pagination"]["count"]) == ([], 0)


def test_a_link_leads_to_the_page_that_it_names(ask: Asker) -> None:
    for number in range(3):
        add(ask, key=f"key {number}")
    link = pagination(ask, limit=2)["links"]["next"]
    assert [each["key"] for each in ask("GET", PATH + link).json()["data"]] == ["key 2"]


@pytest.mark.parametrize(
    ("name", "value", "reason"),
    [
        ("page", "0", "The smallest value is 1."),
        ("page", "two", "A whole number is expected."),
        ("limit", "", "A whole number is expected."),
        ("limit", "251", "The largest value is 250."),
    ],
)
def test_a_page_that_makes_no_sense_is_refused(ask: Asker, name: str, value: str, reason: str) -> None:
    answer = ask("GET", PATH, query={name: value})
    assert (answer.status_code, answer.json()) == (400, problem(400, "Input is invalid", **{name: reason}))


def test_an_unknown_filter_is_refused(ask: Asker) -> None:
    answer = ask("GET", PATH, query={"value": "x", "name": "y", "page": 1})
    assert (answer.status_code, answer.json()) == (
        422,
        problem(422, "The filter(s): value, name are not valid filter parameter(s)."),
    )
