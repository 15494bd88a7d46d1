"""What the client asks the store, and what it makes of the answers."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest

from integration.bigcommerce.budget import InMemoryBudget
from integration.bigcommerce.client import Refused, StoreClient
from integration.bigcommerce.fields import BrokenAnswer
from integration.bigcommerce.reference import (
    Category,
    Channel,
    Location,
    Metafield,
    OrderStatus,
    StoreProfile,
    Variant,
)
from integration.errors import RetryableError
from tests.integration.bigcommerce.scripted_store import HANG_UP, Say, ScriptedStore, data
from tests.integration.bigcommerce.store_answers import (
    address_answer,
    changed_order,
    line_answer,
    order_answer,
)

SINCE = datetime(2026, 3, 4, tzinfo=UTC)
END = Say(204)


@contextmanager
def scripted(*script: Say) -> Iterator[tuple[ScriptedStore, StoreClient]]:
    with (
        ScriptedStore(*script) as store,
        StoreClient(store.url, "abc123", "t", InMemoryBudget(), sleep=lambda seconds: None) as client,
    ):
        yield store, client


def v3(found: list[Any], page: int = 1, pages: int = 1) -> Say:
    return data({"data": found, "meta": {"pagination": {"current_page": page, "total_pages": pages}}})


def metafield(number: int, key: str, value: str, namespace: str = "gridport") -> dict[str, Any]:
    return {"id": number, "namespace": namespace, "key": key, "value": value, "permission_set": "app_only"}


def test_an_order_of_more_than_two_pages_of_lines_keeps_them_all() -> None:
    lines = [line_answer(number) for number in range(1, 561)]
    with scripted(data(lines[:250]), data(lines[250:500]), data(lines[500:])) as (store, client):
        found = client.get_lines(1042)
    assert [line.id for line in found] == list(range(1, 561))
    assert [each.query for each in store.asked] == [{"page": str(n), "limit": "250"} for n in (1, 2, 3)]
    assert set(store.lines) == {"GET /stores/abc123/v2/orders/1042/products"}


def test_a_list_that_fills_its_last_page_ends_with_204() -> None:
    lines = [line_answer(number) for number in range(1, 251)]
    with scripted(data(lines), END) as (store, client):
        assert len(client.get_lines(1042)) == 250
    assert len(store.asked) == 2


def test_a_list_that_gives_the_same_page_again_is_told() -> None:
    lines = data([line_answer(number) for number in range(1, 251)])
    with scripted(lines, lines) as (_, client), pytest.raises(BrokenAnswer, match="same page again"):
        client.get_lines(1042)


def test_addresses_are_asked_for_by_their_documented_path() -> None:
    with scripted(data([address_answer(9), address_answer(10)])) as (store, client):
        assert [each.id for each in client.get_shipping_addresses(1042)] == [9, 10]
    assert store.lines == ["GET /stores/abc123/v2/orders/1042/shipping_addresses"]


def test_an_order_without_addresses_has_none() -> None:
    with scripted(END) as (_, client):
        assert client.get_shipping_addresses(1042) == []


def test_what_is_no_list_is_told() -> None:
    with scripted(data({"a": 1})) as (_, client), pytest.raises(BrokenAnswer, match="without a list"):
        client.get_lines(1042)


def test_changes_are_asked_for_by_a_date_that_is_encoded_once() -> None:
    with scripted(data([changed_order(7, SINCE)])) as (store, client):
        (order,) = client.iter_orders_modified_since(SINCE.astimezone(timezone(timedelta(hours=2))))
    assert (order.id, order.date_modified) == (7, SINCE)
    (asked,) = store.asked
    assert asked.target == (
        "/stores/abc123/v2/orders?min_date_modified=2026-03-04T00%3A00%3A00%2B00%3A00"
        "&sort=date_modified%3Aasc&page=1&limit=250"
    )
    assert asked.query["min_date_modified"] == "2026-03-04T00:00:00+00:00"


def test_changes_go_on_by_date_and_not_by_page() -> None:
    first = [changed_order(n, SINCE + timedelta(seconds=n)) for n in range(250)]
    second = [changed_order(n, SINCE + timedelta(seconds=n)) for n in range(248, 260)]
    with scripted(data(first), data(second)) as (store, client):
        found = [order.id for order in client.iter_orders_modified_since(SINCE)]
    assert found == list(range(260))
    assert [each.query["min_date_modified"] for each in store.asked] == [
        "2026-03-04T00:00:00+00:00",
        "2026-03-04T00:04:08+00:00",
    ]


def test_no_changes_are_a_204() -> None:
    with scripted(END) as (_, client):
        assert list(client.iter_orders_modified_since(SINCE)) == []


def test_a_store_that_heeds_no_date_is_told_and_none_of_its_list_used() -> None:
    answer = data([changed_order(7, SINCE + timedelta(1)), changed_order(8, SINCE - timedelta(1))])
    with (
        scripted(answer) as (_, client),
        pytest.raises(
            BrokenAnswer, match=r"lists order 8, changed 2026-03-03 00:00:00.*did not heed the date"
        ),
    ):
        next(client.iter_orders_modified_since(SINCE))


def test_one_order_that_cannot_be_read_hides_no_change() -> None:
    answers = [
        changed_order(7, SINCE),
        {**changed_order(8, SINCE), "total_inc_tax": "much"},
        changed_order(9, SINCE),
    ]
    with scripted(data(answers), data(answers)) as (_, client):
        assert [change.id for change in client.iter_changes_since(SINCE)] == [7, 8, 9]
        with pytest.raises(BrokenAnswer, match="order 8 holds 'much' where total_inc_tax belongs"):
            list(client.iter_orders_modified_since(SINCE))


def test_a_date_without_a_zone_is_a_fault_of_ours() -> None:
    with scripted() as (_, client), pytest.raises(ValueError, match="aware"):
        client.iter_orders_modified_since(datetime(2026, 3, 4))  # noqa: DTZ001 - on purpose


def test_the_status_that_is_set_comes_back() -> None:
    with scripted(data(order_answer(status_id=9))) as (_, client):
        assert client.update_status(1042, 9).status_id == 9


def test_a_new_metafield_is_looked_for_and_written_for_our_eyes_alone() -> None:
    with scripted(v3([metafield(1, "other", "x")]), v3([])) as (store, client):
        store.script[1] = data({"data": metafield(2, "purchase_orders", "PO-1"), "meta": {}})
        client.set_order_metafield(1042, "gridport", "purchase_orders", "PO-1")
    assert store.lines == [
        "GET /stores/abc123/v3/orders/1042/metafields",
        "POST /stores/abc123/v3/orders/1042/metafields",
    ]
    assert json.loads(store.asked[1].body) == {
        "namespace": "gridport",
        "key": "purchase_orders",
        "value": "PO-1",
        "permission_set": "app_only",
    }


def test_a_metafield_that_says_so_already_is_left_alone() -> None:
    with scripted(v3([metafield(2, "purchase_orders", "PO-1")])) as (store, client):
        client.set_order_metafield(1042, "gridport", "purchase_orders", "PO-1")
    assert [each.method for each in store.asked] == ["GET"]


def test_a_metafield_that_says_otherwise_is_changed() -> None:
    changed = data({"data": metafield(2, "purchase_orders", "PO-2"), "meta": {}})
    pages = (
        v3([metafield(1, "purchase_orders", "x", "theirs")], 1, 2),
        v3([metafield(2, "purchase_orders", "PO-1")], 2, 2),
    )
    with scripted(*pages, changed) as (store, client):
        client.set_order_metafield(1042, "gridport", "purchase_orders", "PO-2")
    assert store.lines[-1] == "PUT /stores/abc123/v3/orders/1042/metafields/2"
    assert json.loads(store.asked[-1].body) == {
        "namespace": "gridport",
        "key": "purchase_orders",
        "value": "PO-2",
        "permission_set": "app_only",
    }


@pytest.mark.parametrize(
    ("there", "methods"), [("PO-1", ["GET", "POST", "GET"]), ("PO-0", ["GET", "POST", "GET", "PUT"])]
)
def test_a_metafield_that_somebody_else_wrote_meanwhile_is_read_again(there: str, methods: list[str]) -> None:
    conflict = data({"status": 409, "title": "A metafield with this key exists already."}, 409)
    changed = data({"data": metafield(5, "purchase_orders", "PO-1")})
    with scripted(v3([]), conflict, v3([metafield(5, "purchase_orders", there)]), changed) as (store, client):
        client.set_order_metafield(1042, "gridport", "purchase_orders", "PO-1")
    assert [each.method for each in store.asked] == methods


def test_a_conflict_that_nobody_can_see_is_a_refusal() -> None:
    conflict = data({"status": 409, "title": "Exists already."}, 409)
    with scripted(v3([]), conflict, v3([])) as (_, client), pytest.raises(Refused, match="Exists already"):
        client.set_order_metafield(1042, "gridport", "purchase_orders", "PO-1")


def test_a_metafield_whose_answer_was_lost_is_written_once_when_tried_again() -> None:
    there = v3([metafield(5, "purchase_orders", "PO-1")])
    with scripted(v3([]), HANG_UP, there) as (store, client):
        with pytest.raises(RetryableError) as caught:
            client.set_order_metafield(1042, "gridport", "purchase_orders", "PO-1")
        assert caught.value.ambiguous is True
        client.set_order_metafield(1042, "gridport", "purchase_orders", "PO-1")
    assert [each.method for each in store.asked] == ["GET", "POST", "GET"]


def test_metafields_are_listed_by_namespace() -> None:
    found = [metafield(1, "a", "x"), metafield(2, "b", "y", "theirs")]
    with scripted(v3(found), v3(found)) as (store, client):
        assert client.list_order_metafields(1042, "gridport") == [Metafield(1, "gridport", "a", "x")]
        assert len(client.list_order_metafields(1042)) == 2
    assert store.asked[0].query == {"namespace": "gridport", "page": "1", "limit": "250"}


def test_variants_are_found_by_their_whole_sku() -> None:
    rows = [
        {
            "id": 511,
            "product_id": 301,
            "sku": "Rose-3",
            "upc": "",
            "purchasing_disabled": False,
            "price": 1.5,
        },
        {"id": 512, "product_id": 301, "sku": "ROSE-30"},
    ]
    with scripted(v3(rows)) as (store, client):
        assert client.find_variants_by_sku("ROSE-3") == [Variant(511, 301, "Rose-3", "", False)]
    assert store.asked[0].query["sku"] == "ROSE-3"


def test_pages_of_v3_end_where_their_count_says() -> None:
    with scripted(v3([{"id": 1, "name": "A"}], 1, 3), v3([{"id": 2, "name": "B"}], 2, 3), v3([], 3, 3)) as (
        store,
        client,
    ):
        assert [channel.id for channel in client.get_channels()] == [1, 2]
    assert [each.query["page"] for each in store.asked] == ["1", "2", "3"]


def test_the_store_says_who_it_is() -> None:
    answers = [
        data({"name": "Invented Roses", "domain": "roses.example", "status": "live", "currency": "USD",
              "timezone": {"name": "America/Chicago", "raw_offset": -21600}, "default_channel_id": 1}),
        data({"time": 1772582400}),
        data([{"id": 0, "name": "Incomplete", "system_label": "Incomplete", "custom_label": "Unfinished", "order": 0}]),
        v3([{"id": 1, "name": "Shop", "type": "storefront", "platform": "bigcommerce", "status": "active"}]),
        v3([{"id": 2, "code": "EAST", "label": "East", "enabled": True}]),
    ]  # fmt: skip
    with scripted(*answers) as (store, client):
        profile = client.get_store()
        assert profile == StoreProfile("Invented Roses", "roses.example", "live", "America/Chicago", "USD", 1)
        assert client.get_time() == datetime(2026, 3, 4, tzinfo=UTC)
        assert client.get_order_statuses() == [OrderStatus(0, "Incomplete", "Unfinished")]
        assert client.get_channels() == [Channel(1, "Shop", "storefront", "bigcommerce", "active")]
        assert client.get_locations() == [Location(2, "EAST", "East", True)]
    assert [line.removeprefix("GET /stores/abc123") for line in store.lines] == [
        "/v2/store",
        "/v2/time",
        "/v2/order_statuses",
        "/v3/channels",
        "/v3/inventory/locations",
    ]


@pytest.mark.parametrize(
    ("answer", "ambiguous"), [(HANG_UP, True), (Say(500), True), (Say(204), True), (Say(429), False)]
)
def test_staff_notes_are_written_once_and_not_repeated_without_reading_anew(
    answer: Say, ambiguous: bool
) -> None:
    with scripted(answer) as (store, client), pytest.raises(RetryableError) as caught:
        client.update_staff_notes(1042, "Call first\nAccepted.", 11)
    assert caught.value.ambiguous is ambiguous
    [asked] = store.asked
    assert (asked.method, asked.path) == ("PUT", "/stores/abc123/v2/orders/1042")
    assert json.loads(asked.body) == {"status_id": 11, "staff_notes": "Call first\nAccepted."}


def test_staff_notes_wait_for_no_budget_between_read_and_write() -> None:
    used_up = {"X-Rate-Limit-Requests-Left": "0", "X-Rate-Limit-Requests-Quota": "150"}
    first = Say(body=data(order_answer()).body, headers={**used_up, "X-Rate-Limit-Time-Reset-Ms": "2000"})
    with scripted(first) as (store, client):
        client.get_order(1042)
        with pytest.raises(RetryableError) as caught:
            client.update_staff_notes(1042, "Accepted.", 11)
    assert caught.value.ambiguous is False
    assert [each.method for each in store.asked] == ["GET"]


def test_staff_notes_are_read_exactly_as_they_are_to_be_written_back() -> None:
    notes = " \tA\x00B\ud83c\r\n"
    with scripted(data(order_answer(staff_notes=notes)), data(order_answer(staff_notes=notes))) as (
        store,
        client,
    ):
        client.update_staff_notes(1042, client.get_order(1042).staff_notes, 11)
    assert json.loads(store.asked[1].body)["staff_notes"] == notes


def test_categories_are_read_for_250_products_at_a_time() -> None:
    first = v3([{"id": number, "categories": [number, 7]} for number in (1, 2)])
    last = v3([{"id": 251, "categories": []}])
    with scripted(first, last) as (store, client):
        found = client.get_product_categories(range(1, 252))
    assert found == {1: (1, 7), 2: (2, 7), 251: ()}
    assert [each.query["id:in"].count(",") for each in store.asked] == [249, 0]
    assert {each.query["include_fields"] for each in store.asked} == {"categories"}


def test_no_product_is_asked_for_where_there_is_none() -> None:
    with scripted() as (store, client):
        assert client.get_product_categories([]) == {}
    assert store.asked == []


@pytest.mark.parametrize("categories", ["7", {"id": 7}, ["seven"], [[7]]])
def test_categories_that_are_none_name_the_product(categories: Any) -> None:
    with (
        scripted(v3([{"id": 12, "categories": categories}])) as (_, client),
        pytest.raises(BrokenAnswer, match=r"product 12 holds .* where categories belongs"),
    ):
        client.get_product_categories([12])


def test_the_tree_of_categories_is_read_whole() -> None:
    entries = [
        {"category_id": 3, "parent_id": 2, "name": "Lanterns", "tree_id": 1},
        {"category_id": 2, "name": "Light"},
    ]
    with scripted(v3(entries[:1], 1, 2), v3(entries[1:], 2, 2)) as (store, client):
        assert client.get_categories() == [Category(3, 2, "Lanterns"), Category(2, 0, "Light")]
    assert set(store.lines) == {"GET /stores/abc123/v3/catalog/trees/categories"}
