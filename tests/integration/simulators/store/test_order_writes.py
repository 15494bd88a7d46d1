"""``PUT /v2/orders/{id}``: strict about fields and values, as the real store is."""

from __future__ import annotations

from email.utils import parsedate_to_datetime
from typing import Any

import pytest

from integration.simulators.store import order_fields
from integration.simulators.store.server import StoreSimulator
from tests.integration.simulators.store.asking import Asker

READ_ONLY = "The field '{}' cannot be written to. Please remove it from your request before trying again."
UNKNOWN = "The field '{}' is not supported by this resource."


def refused(ask: Asker, store: StoreSimulator, body: dict[str, Any]) -> tuple[int, list[dict[str, Any]]]:
    """What a refused write says; it has changed nothing."""
    before = store.state.order(1001)
    answer = ask("PUT", "/v2/orders/1001", body=body)
    assert store.state.order(1001) == before
    return answer.status_code, answer.json()


@pytest.mark.parametrize("name", sorted(order_fields.READ_ONLY))
def test_a_field_that_is_only_read_is_refused(ask: Asker, store: StoreSimulator, name: str) -> None:
    assert refused(ask, store, {"status_id": 9, name: 1}) == (
        400,
        [{"status": 400, "message": READ_ONLY.format(name)}],
    )


@pytest.mark.parametrize("name", ["custom_status", "statusid", "credit_card_type", "", "Status_Id"])
def test_a_field_that_does_not_exist_is_refused(ask: Asker, store: StoreSimulator, name: str) -> None:
    assert refused(ask, store, {"status_id": 9, name: "x"}) == (
        400,
        [{"status": 400, "message": UNKNOWN.format(name)}],
    )


def test_the_first_field_that_is_wrong_is_named(ask: Asker, store: StoreSimulator) -> None:
    assert refused(ask, store, {"custom_status": "x", "id": 1})[1][0]["message"] == UNKNOWN.format(
        "custom_status"
    )
    assert refused(ask, store, {"id": 1, "custom_status": "x"})[1][0]["message"] == READ_ONLY.format("id")


@pytest.mark.parametrize("name", ["consignments", "fees", "products", "shipping_addresses"])
def test_what_would_be_reckoned_anew_is_not_simulated(ask: Asker, store: StoreSimulator, name: str) -> None:
    assert refused(ask, store, {name: []}) == (
        501,
        [{"status": 501, "message": f"The simulated store does not do '{name}'; the real one does."}],
    )


STATUS = "One of these is expected: 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14."


@pytest.mark.parametrize(
    ("name", "value", "reason"),
    [
        ("status_id", 15, STATUS),
        ("status_id", -1, STATUS),
        ("status_id", "9", STATUS),
        ("status_id", True, STATUS),
        ("status_id", None, STATUS),
        ("status_id", [9], STATUS),
        ("channel_id", 2, "One of these is expected: 1, 1041."),
        ("customer_id", "41", "A whole number is expected."),
        ("customer_id", True, "A whole number is expected."),
        ("discount_amount", -1, "An amount is expected."),
        ("discount_amount", "5,00", "An amount is expected."),
        ("discount_amount", False, "An amount is expected."),
        ("staff_notes", 5, "Text is expected."),
        ("staff_notes", "x" * 65_536, "Text of 0 to 65535 characters is expected."),
        ("external_order_id", 5, "Text is expected."),
        ("order_is_digital", "true", "true or false is expected."),
        ("date_created", "2026-13-01", "A date is written as in RFC 2822 or ISO 8601."),
        ("date_created", 1772625600, "A date is expected."),
        ("payment_provider_id", True, "Text is expected."),
        ("billing_address", "here", "An object is expected."),
        ("geoip_country_iso2", "USA", "Text of 0 to 2 characters is expected."),
    ],
)
def test_a_value_of_the_wrong_kind_is_refused(
    ask: Asker, store: StoreSimulator, name: str, value: Any, reason: str
) -> None:
    assert refused(ask, store, {name: value}) == (
        400,
        [
            {
                "status": 400,
                "message": f"The field '{name}' is invalid.",
                "details": {"invalid_reason": reason},
            }
        ],
    )


@pytest.mark.parametrize(
    ("body", "missing"),
    [
        ({"total_ex_tax": "5"}, "total_inc_tax"),
        ({"subtotal_inc_tax": "5", "staff_notes": "x"}, "subtotal_ex_tax"),
    ],
)
def test_a_total_is_overridden_with_and_without_tax_or_not_at_all(
    ask: Asker, store: StoreSimulator, body: dict[str, Any], missing: str
) -> None:
    status, [error] = refused(ask, store, body)
    assert (status, error["message"]) == (400, f"The field '{missing}' is invalid.")
    pair = missing.replace("_inc_", "_ex_"), missing.replace("_ex_", "_inc_")
    assert error["details"] == {"invalid_reason": f"{pair[0]} and {pair[1]} are written together."}


@pytest.mark.parametrize(
    ("name", "value", "kept"),
    [
        ("discount_amount", 5, "5.0000"),
        ("discount_amount", 2.5, "2.5000"),
        ("base_shipping_cost", "12.34567", "12.3457"),
        ("staff_notes", "Call first", "Call first"),
        ("external_order_id", "PO-7", "PO-7"),
        ("external_order_id", None, None),
        ("customer_id", 0, 0),
        ("payment_provider_id", 77, 77),
        ("payment_provider_id", "pi_77", "pi_77"),
        ("date_created", "2026-03-04T01:02:03-05:00", "Wed, 04 Mar 2026 06:02:03 +0000"),
        ("order_is_digital", True, True),
    ],
)
def test_a_field_is_written_as_the_store_keeps_it(ask: Asker, name: str, value: Any, kept: Any) -> None:
    before = ask("GET", "/v2/orders/1001").json()
    answer = ask("PUT", "/v2/orders/1001", body={name: value})
    assert answer.status_code == 200
    after = {**before, name: kept}
    assert {**answer.json(), "date_modified": ""} == {**after, "date_modified": ""}
    assert ask("GET", "/v2/orders/1001").json() == answer.json()


def test_half_a_surrogate_pair_is_kept_and_told(ask: Asker, store: StoreSimulator) -> None:
    written = ask("PUT", "/v2/orders/1001", content=rb'{"staff_notes": "x\ud800"}')
    assert written.json()["staff_notes"] == "x\ud800"
    assert ask("GET", "/v2/orders/1001", headers={"Accept": "*/*"}).status_code == 200
    told = ask.session.get(f"{store.url}/_simulator/ledger", timeout=10).json()
    assert told[0]["body"] == {"staff_notes": "x\ud800"}


def test_both_totals_together_are_written(ask: Asker) -> None:
    told = ask("PUT", "/v2/orders/1001", body={"total_ex_tax": 10, "total_inc_tax": "10.80"}).json()
    assert (told["total_ex_tax"], told["total_inc_tax"]) == ("10.0000", "10.8000")


def test_a_status_brings_its_name_and_the_merchants_word_for_it(ask: Asker) -> None:
    told = ask("PUT", "/v2/orders/1001", body={"status_id": 9}).json()
    assert (told["status_id"], told["status"], told["custom_status"]) == (
        9,
        "Awaiting Shipment",
        "Packed, waiting for the carrier",
    )
    labels = {each["id"]: each["custom_label"] for each in ask("GET", "/v2/order_statuses").json()}
    assert labels[9] == "Packed, waiting for the carrier"


def test_a_number_equal_to_a_status_is_kept_as_the_status(ask: Asker) -> None:
    answer = ask("PUT", "/v2/orders/1001", content=b'{"status_id": 9.0}')
    assert answer.content.startswith(b'{"id": 1001')
    assert b'"status_id": 9,' in answer.content


def test_a_billing_address_is_written_field_by_field(ask: Asker) -> None:
    before = ask("GET", "/v2/orders/1001").json()["billing_address"]
    told = ask("PUT", "/v2/orders/1001", body={"billing_address": {"city": "Ames", "zip": "50010"}}).json()
    assert told["billing_address"] == {**before, "city": "Ames", "zip": "50010"}


@pytest.mark.parametrize(
    ("fields", "status", "message"),
    [
        ({"zip": "5"}, 400, "The field 'zip' is invalid."),
        ({"town": "Ames"}, 400, UNKNOWN.format("town")),
        (
            {"form_fields": []},
            501,
            "The simulated store does not do 'billing_address.form_fields'; the real one does.",
        ),
    ],
)
def test_a_wrong_field_of_a_billing_address_is_refused(
    ask: Asker, store: StoreSimulator, fields: dict[str, Any], status: int, message: str
) -> None:
    said = refused(ask, store, {"billing_address": fields})
    assert (said[0], said[1][0]["message"]) == (status, message)


def test_the_tax_provider_is_passed_over_without_a_word(ask: Asker) -> None:
    answer = ask("PUT", "/v2/orders/1001", body={"tax_provider_id": "AvaTaxProvider"})
    assert (answer.status_code, answer.json()["tax_provider_id"]) == (200, "BasicTaxProvider")


def test_a_write_moves_the_date_of_change_and_no_other_order(ask: Asker, store: StoreSimulator) -> None:
    before = ask("GET", "/v2/orders/1001").json()
    other = ask("GET", "/v2/orders/1002").json()
    store.state.clock.advance(90)
    after = ask("PUT", "/v2/orders/1001", body={"staff_notes": "x"}).json()
    moved = parsedate_to_datetime(after["date_modified"]) - parsedate_to_datetime(before["date_modified"])
    assert 90 <= moved.total_seconds() < 120
    assert after["date_created"] == before["date_created"]
    assert ask("GET", "/v2/orders/1002").json() == other


def test_an_order_that_is_not_placed_cannot_be_written(ask: Asker, store: StoreSimulator) -> None:
    answer = ask("PUT", "/v2/orders/77", body={"status_id": 9})
    assert (answer.status_code, answer.json()[0]["message"]) == (404, "The requested resource was not found.")


def test_what_is_told_of_an_order_is_a_copy(store: StoreSimulator) -> None:
    told = store.state.order(1001)
    told["billing_address"]["city"] = "Elsewhere"
    assert store.state.order(1001)["billing_address"]["city"] == "Duluth"


def test_unchecked_changes_take_whatever_a_test_wants(store: StoreSimulator) -> None:
    told = store.state.change(1001, {"items_total": 7, "date_modified": "then"}, checked=False)
    assert (told["items_total"], told["date_modified"]) == (7, "then")
