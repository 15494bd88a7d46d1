"""``GET /v2/orders`` and ``/orders/count``: filters, order, pages, and values that make no sense."""

from __future__ import annotations

from datetime import UTC, datetime
from email.utils import format_datetime, parsedate_to_datetime
from typing import Any

import pytest

from integration.simulators.store.payloads import build, line
from integration.simulators.store.server import StoreSimulator
from tests.integration.simulators.store.asking import Asker

ALL = list(range(1001, 1029))
DAY = datetime(2026, 3, 4, 12, tzinfo=UTC)


def ids(ask: Asker, **query: Any) -> list[int]:
    """The ids of the list in its order; none for 204."""
    answer = ask("GET", "/v2/orders", query=query)
    if answer.status_code == 204:
        assert answer.content == b""
        return []
    assert answer.status_code == 200
    return [order["id"] for order in answer.json()]


def date(store: StoreSimulator, number: int, day: int, **changes: Any) -> None:
    """Have an order changed last at noon of a day of March."""
    when = format_datetime(DAY.replace(day=day))
    store.state.change(number, {"date_modified": when, **changes}, checked=False)


def test_orders_are_listed_by_id(ask: Asker) -> None:
    assert ids(ask) == ALL


def test_an_order_in_the_list_is_the_order_as_read_alone(ask: Asker) -> None:
    listed = {order["id"]: order for order in ask("GET", "/v2/orders").json()}
    assert listed[1005] == ask("GET", "/v2/orders/1005").json()


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ({"min_id": 1026}, [1026, 1027, 1028]),
        ({"max_id": 1002}, [1001, 1002]),
        ({"min_id": 1004, "max_id": 1006}, [1004, 1005, 1006]),
        ({"status_id": 7}, [1018]),
        ({"status_id": 0}, [1019]),
        ({"customer_id": 0}, [1010]),
        ({"email": "Vera@Example.com"}, [1012]),
        ({"min_total": "1000.00"}, [1005, 1006, 1026]),
        ({"max_total": "0"}, [1003]),
        ({"payment_method": "Cash"}, []),
        ({"payment_method": "Manual", "min_id": 1028}, [1028]),
        ({"channel_id": 2}, []),
        ({"channel_id": 1, "max_id": 1001}, [1001]),
        ({"cart_id": "7e48f7ef"}, []),
        ({"status_id": 99}, []),
    ],
)
def test_a_filter_keeps_what_fits(ask: Asker, query: dict[str, Any], found: list[int]) -> None:
    assert ids(ask, **query) == found


def test_an_order_is_found_by_its_number_elsewhere(ask: Asker, store: StoreSimulator) -> None:
    store.state.change(1004, {"external_order_id": "PO 7/8+9"}, checked=False)
    assert ids(ask, external_order_id="PO 7/8+9") == [1004]


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ({"min_date_modified": "2026-03-03T12:00:00+00:00"}, [1003, 1004]),
        ({"min_date_modified": "2026-03-03T12:00:01Z"}, [1004]),
        ({"min_date_modified": "2026-03-03T07:00:00.000-05:00"}, [1003, 1004]),
        ({"min_date_modified": "Tue, 03 Mar 2026 12:00:00 +0000"}, [1003, 1004]),
        ({"min_date_modified": "2026-03-03T12:00:00"}, [1003, 1004]),
        ({"max_date_modified": "Tue, 03 Mar 2026 12:00:00 -0000"}, [1002, 1003]),
        ({"min_date_modified": "2026-03-03", "max_date_modified": "2026-03-04"}, [1003]),
    ],
)
def test_dates_are_read_in_both_forms_and_include_the_second_named(
    ask: Asker, store: StoreSimulator, query: dict[str, str], found: list[int]
) -> None:
    for number in (1002, 1003, 1004):
        date(store, number, number - 1000)
    assert ids(ask, max_id=1004, min_id=1002, **query) == found


def test_orders_are_found_by_when_they_were_placed(ask: Asker, store: StoreSimulator) -> None:
    for number in (1001, 1002):
        placed = format_datetime(DAY.replace(day=number - 1000))
        store.state.change(number, {"date_created": placed}, checked=False)
    assert ids(ask, max_date_created="2026-03-02T12:00:00Z") == [1001, 1002]
    assert ids(ask, min_date_created="2026-03-02T12:00:00Z", max_id=1003) == [1002, 1003]


@pytest.mark.parametrize(
    ("sort", "found"),
    [
        ("id:desc", [1004, 1003, 1002]),
        ("date_modified", [1004, 1002, 1003]),
        ("date_modified:asc", [1004, 1002, 1003]),
        ("date_modified:desc", [1002, 1003, 1004]),
        ("status_id:desc", [1003, 1002, 1004]),
        ("customer_id", [1002, 1003, 1004]),
        ("external_id", [1002, 1003, 1004]),
        ("date_created", [1002, 1003, 1004]),
        ("channel_id:desc", [1002, 1003, 1004]),
    ],
)
def test_the_order_is_as_asked_and_by_id_among_equals(
    ask: Asker, store: StoreSimulator, sort: str, found: list[int]
) -> None:
    date(store, 1002, 5)
    date(store, 1003, 5, status_id=12)
    date(store, 1004, 4)
    assert ids(ask, sort=sort, min_id=1002, max_id=1004) == found


def test_a_list_has_fifty_entries_unless_more_are_asked_for(ask: Asker, store: StoreSimulator) -> None:
    for number in range(3001, 3301):
        store.state.orders[number] = build(number, [line("AC-001")])
        store.state.place(number)
    assert ids(ask, min_id=3001) == list(range(3001, 3051))
    assert ids(ask, min_id=3001, page=2) == list(range(3051, 3101))
    assert ids(ask, min_id=3001, limit=250) == list(range(3001, 3251))
    assert ids(ask, min_id=3001, limit=250, page=2) == list(range(3251, 3301))
    assert ids(ask, min_id=3001, limit=7, page=43) == list(range(3295, 3301))


def test_behind_the_end_there_is_no_content(ask: Asker) -> None:
    answer = ask("GET", "/v2/orders", query={"page": 2})
    assert (answer.status_code, answer.content) == (204, b"")
    assert "Content-Type" not in answer.headers
    assert answer.headers["X-Rate-Limit-Requests-Quota"] == "100000"


@pytest.mark.parametrize("path", ["/v2/orders", "/v2/orders/1006/products"])
def test_more_than_250_entries_a_page_are_refused(ask: Asker, path: str) -> None:
    answer = ask("GET", path, query={"limit": 251})
    assert (answer.status_code, answer.json()) == (
        413,
        [
            {
                "status": 413,
                "message": "The specified limit exceeds the maximum allowed.",
                "details": {"max_limit": 250},
            }
        ],
    )


WHOLE = "A whole number is expected."
DATE = "A date is written as in RFC 2822 or ISO 8601."
SORT = (
    "One of id, customer_id, date_created, date_modified, status_id, channel_id, external_id is expected, with :asc or"
    " :desc behind it."
)


@pytest.mark.parametrize(
    ("name", "value", "reason"),
    [
        ("limit", "many", WHOLE),
        ("limit", "", WHOLE),
        ("limit", "0", "The smallest value is 1."),
        ("limit", "-5", WHOLE),
        ("limit", "٣", WHOLE),
        ("page", "0", "The smallest value is 1."),
        ("page", "1.0", WHOLE),
        ("page", "9" * 5000, WHOLE),
        ("min_id", "first", WHOLE),
        ("max_id", "1e3", WHOLE),
        ("status_id", "11,9", WHOLE),
        ("status_id", "Shipped", WHOLE),
        ("customer_id", "-1", WHOLE),
        ("channel_id", " 1", WHOLE),
        ("min_total", "1,000.00", "An amount is expected."),
        ("max_total", "NaN", "An amount is expected."),
        ("is_deleted", "yes", "true or false is expected."),
        ("min_date_modified", "yesterday", DATE),
        ("min_date_modified", "", DATE),
        ("min_date_modified", "2026-13-45", DATE),
        ("max_date_modified", "1772625600", DATE),
        ("min_date_created", "Thu, 99 Apr 2017 11:32:00 -0400", DATE),
        ("max_date_created", "Thu, 20 Apr 2017 11:32:00 -99999999999999", DATE),
        ("sort", "price", SORT),
        ("sort", "date_modified:down", SORT),
        ("sort", "date_modified asc", SORT),
        ("sort", "", SORT),
    ],
)
def test_a_value_that_makes_no_sense_is_refused(ask: Asker, name: str, value: str, reason: str) -> None:
    answer = ask("GET", "/v2/orders", query={name: value})
    assert (answer.status_code, answer.json()) == (
        400,
        [
            {
                "status": 400,
                "message": f"The field '{name}' is invalid.",
                "details": {"invalid_reason": reason},
            }
        ],
    )


def test_a_date_that_was_not_percent_encoded_is_refused(ask: Asker) -> None:
    answer = ask("GET", "/v2/orders?min_date_modified=2026-03-03T12:00:00+00:00")
    assert answer.json()[0]["message"] == "The field 'min_date_modified' is invalid."


@pytest.mark.parametrize("value", ["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00"])
def test_the_first_and_the_last_date_are_dates(ask: Asker, value: str) -> None:
    assert ids(ask, min_date_modified=value) == (ALL if value.startswith("0001") else [])
    assert ids(ask, max_date_modified=value) == (ALL if value.startswith("9999") else [])


@pytest.mark.parametrize(
    "path", ["/v2/orders", "/v2/orders/1001", "/v2/orders/1001/products", "/v2/order_statuses"]
)
def test_an_unknown_parameter_is_refused(ask: Asker, path: str) -> None:
    answer = ask("GET", path, query={"id": 1001})
    assert (answer.status_code, answer.json()) == (
        400,
        [{"status": 400, "message": "The field 'id' is not supported by this resource."}],
    )


@pytest.mark.parametrize("path", ["/v2/orders", "/v2/orders/1001"])
def test_what_the_simulator_does_not_do_is_said(ask: Asker, path: str) -> None:
    answer = ask("GET", path, query={"include": "fees"})
    assert (answer.status_code, answer.json()) == (
        501,
        [{"status": 501, "message": "The simulated store does not do 'include'; the real one does."}],
    )


def test_archived_orders_are_left_out_unless_asked_for(ask: Asker) -> None:
    assert ask("PUT", "/v2/orders/1002", body={"is_deleted": True}).json()["is_deleted"] is True
    assert ids(ask) == [number for number in ALL if number != 1002]
    assert ids(ask, is_deleted="false", max_id=1002) == [1001]
    assert ids(ask, is_deleted="true") == [1002]
    assert ask("GET", "/v2/orders/1002").json()["is_deleted"] is True
    assert ask("GET", "/v2/orders/count").json()["count"] == 27


def test_orders_are_counted_by_status(ask: Asker) -> None:
    told = ask("GET", "/v2/orders/count").json()
    assert told["count"] == 28
    assert {each["name"]: each["count"] for each in told["statuses"] if each["count"]} == {
        "Awaiting Fulfillment": 26,
        "Awaiting Payment": 1,
        "Incomplete": 1,
    }
    assert [each["sort_order"] for each in told["statuses"]] == list(range(15))
    assert ask("GET", "/v2/orders/count", query={"min_id": 1026}).json()["count"] == 3


def test_dates_are_rfc_2822_in_utc_and_whole_seconds(ask: Asker) -> None:
    order = ask("GET", "/v2/orders/1001").json()
    created = parsedate_to_datetime(order["date_created"])
    assert order["date_created"] == format_datetime(created)
    assert order["date_created"].endswith(" +0000")
    assert abs((datetime.now(UTC) - created).total_seconds()) < 60
    assert order["date_modified"] == order["date_created"]
    assert order["date_shipped"] == ""
