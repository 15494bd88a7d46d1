"""The simulator's answers have the keys and types of the official example payloads, but for the differences listed.

Where example and description disagree, the description and answers of real stores (``REAL_…``) decide.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from integration.simulators.store.sample_orders import generated_orders
from integration.simulators.store.server import StoreSimulator
from tests.integration.simulators.store.asking import Asker

NUMBERS = sorted(generated_orders())
FIELDS = {"permission_set": "app_only", "namespace": "gridport", "key": "k", "value": "v", "description": "d"}

Shape = dict[str, set[str]]
Difference = tuple[str, str, str]


def shape(told: Any, place: str = "") -> Shape:
    """The types found at each place of a JSON value: ``billing_address.zip``, ``fees[].id``."""
    found: Shape = {place: {type(told).__name__}} if place else {}
    parts = (
        [(f"{place}.{name}".lstrip("."), value) for name, value in told.items()]
        if isinstance(told, dict)
        else [(f"{place}[]", value) for value in told]
        if isinstance(told, list)
        else []
    )
    for name, value in parts:
        for inner, types in shape(value, name).items():
            found.setdefault(inner, set()).update(types)
    return found


def merged(several: list[Any]) -> Shape:
    """The types found at each place of several values of one kind."""
    found: Shape = {}
    for told in several:
        for place, types in shape(told).items():
            found.setdefault(place, set()).update(types)
    return found


def listed(told: Any) -> list[Any]:
    """The entries of a list, or the one thing that is told."""
    return told if isinstance(told, list) else [told]


def words(types: set[str] | None) -> str:
    """``int or str``; ``absent`` where there is nothing."""
    return " or ".join(sorted(types)) if types else "absent"


def orders(ask: Asker) -> list[Any]:
    return [ask("GET", f"/v2/orders/{number}").json() for number in NUMBERS]


def parts(name: str) -> Callable[[Asker], list[Any]]:
    def told(ask: Asker) -> list[Any]:
        answers = [ask("GET", f"/v2/orders/{number}/{name}", query={"limit": 250}) for number in NUMBERS]
        return [each for answer in answers if answer.status_code == 200 for each in answer.json()]

    return told


def metafield(ask: Asker) -> list[Any]:
    ask("POST", "/v3/orders/1001/metafields", body=FIELDS)
    ask("POST", "/v3/orders/1001/metafields", body={**FIELDS, "key": "l"})
    ask("POST", "/v3/orders/1001/metafields", body={**FIELDS, "key": "m"})
    return [ask("GET", "/v3/orders/1001/metafields", query={"limit": 1, "page": 2}).json()]


def one(path: str, **query: Any) -> Callable[[Asker], list[Any]]:
    return lambda ask: listed(ask("GET", path, query=query).json())


# What is told, the official example of it, and each difference: (ours, theirs, reason).
ANSWERS: dict[str, tuple[Callable[[Asker], list[Any]], str, dict[str, Difference]]] = {
    "order": (
        orders,
        "order.json",
        {
            "is_deleted": ("bool", "absent", "described, not in the example"),
            "billing_address.form_fields[]": ("absent", "dict", "the generated store has no form fields"),
            "billing_address.form_fields[].name": ("absent", "str", "likewise"),
            "billing_address.form_fields[].value": ("absent", "str", "likewise"),
            "fees[]": ("absent", "dict", "no generated order has fees"),
            **{
                f"fees[].{name}": ("absent", types, "likewise")
                for name, types in {
                    "id": "int",
                    "type": "str",
                    "display_name_customer": "str",
                    "display_name_merchant": "str",
                    "source": "str",
                    "base_cost": "str",
                    "cost_exc_tax": "str",
                    "cost_ex_tax": "str",
                    "cost_inc_tax": "str",
                    "cost_tax": "str",
                    "tax_class_id": "NoneType or int",
                }.items()
            },
        },
    ),
    "line": (
        parts("products"),
        "order_product.json",
        {
            "variant_id": ("int", "absent", "described; in the real answer"),
            "order_pickup_method_id": ("int", "absent", "described; in the real answer"),
            "gift_certificate_id": ("NoneType or int", "absent", "described; in the real answer"),
            "parent_order_product_id": (
                "NoneType or int",
                "NoneType",
                "the parts of a bundle name their parent",
            ),
            "fulfillment_source": ("str", "absent", "in the real answer"),
            "event_date": ("str", "NoneType", "empty text in the real answer"),
        },
    ),
    "line of a real store": (
        parts("products"),
        "REAL_order_products_issue173.json",
        {
            "gift_certificate_id": ("NoneType or int", "NoneType", "a gift certificate that was bought"),
            "parent_order_product_id": (
                "NoneType or int",
                "NoneType",
                "the parts of a bundle name their parent",
            ),
        },
    ),
    "shipping address": (
        parts("shipping_addresses"),
        "order_shipping_address.json",
        {
            "form_fields[]": ("absent", "dict", "the generated store has no form fields"),
            "form_fields[].name": ("absent", "str", "likewise"),
            "form_fields[].value": ("absent", "str", "likewise"),
        },
    ),
    "metafields": (
        metafield,
        "SYNTH_order_metafields.json",
        {
            "meta.cursor_pagination": ("absent", "dict", "pages by cursor are not simulated"),
            "meta.cursor_pagination.count": ("absent", "int", "likewise"),
            "meta.cursor_pagination.per_page": ("absent", "int", "likewise"),
            "meta.cursor_pagination.start_cursor": ("absent", "str", "likewise"),
            "meta.cursor_pagination.end_cursor": ("absent", "str", "likewise"),
            "meta.cursor_pagination.links": ("absent", "dict", "likewise"),
            "meta.cursor_pagination.links.previous": ("absent", "str", "likewise"),
            "meta.cursor_pagination.links.current": ("absent", "str", "likewise"),
            "meta.cursor_pagination.links.next": ("absent", "str", "likewise"),
        },
    ),
    "variants": (
        one("/v3/catalog/variants", sku="AC-001"),
        "product_variants.json",
        {
            "data[].price": ("float", "int", "a number: the simulated prices have cents"),
            "data[].calculated_price": ("float", "int", "likewise"),
            "data[].sale_price": ("NoneType", "int", "described as nullable; no sale"),
            "data[].retail_price": ("NoneType", "int", "likewise"),
            "data[].map_price": (
                "int",
                "dict",
                "an empty object is no price; a number in the other examples",
            ),
            "data[].fixed_cost_shipping_price": ("NoneType", "int", "described as nullable"),
            "data[].option_values[]": ("absent", "dict", "no article has options"),
            "data[].option_values[].id": ("absent", "int", "likewise"),
            "data[].option_values[].label": ("absent", "str", "likewise"),
            "data[].option_values[].option_id": ("absent", "int", "likewise"),
            "data[].option_values[].option_display_name": ("absent", "str", "likewise"),
        },
    ),
    "statuses": (one("/v2/order_statuses"), "order_statuses.json", {}),
    "count": (one("/v2/orders/count"), "orders_count.json", {}),
    "store": (one("/v2/store"), "store_information.json", {}),
    "time": (one("/v2/time"), "store_time.json", {}),
    "channels": (
        one("/v3/channels", limit=1, page=2),
        "channels_list.json",
        {"meta.pagination.links.next": ("absent", "str", "the last page")},
    ),
    "locations": (
        one("/v3/inventory/locations", limit=1, page=2),
        "SYNTH_locations.json",
        {
            "meta.pagination.links.next": ("absent", "str", "the last page"),
            "data[].address.geo_coordinates.latitude": ("float", "int", "a number"),
            "data[].address.geo_coordinates.longitude": ("float", "int", "likewise"),
            "data[].special_hours[]": ("absent", "dict", "no location has special hours"),
            **{
                f"data[].special_hours[].{name}": ("absent", types, "likewise")
                for name, types in {
                    "label": "str",
                    "date": "str",
                    "open": "bool",
                    "opening": "str",
                    "closing": "str",
                    "all_day": "bool",
                    "annual": "bool",
                }.items()
            },
        },
    ),
    "stock setting": (one("/v3/settings/inventory"), "SYNTH_settings_inventory.json", {}),
}


def load(shared: Path, name: str) -> Any:
    return json.loads((shared / "bigcommerce" / "examples" / name).read_text(encoding="utf-8"))


@pytest.mark.parametrize("what", ANSWERS)
def test_keys_and_types_are_those_of_the_official_example(ask: Asker, shared: Path, what: str) -> None:
    tell, name, expected = ANSWERS[what]
    ours, theirs = merged(tell(ask)), merged(listed(load(shared, name)))
    differences = {
        place: (words(ours.get(place)), words(theirs.get(place)))
        for place in ours.keys() | theirs.keys()
        if ours.get(place) != theirs.get(place)
    }
    assert differences == {place: (mine, other) for place, (mine, other, _) in expected.items()}


def test_a_refusal_is_word_for_word_that_of_the_real_store(ask: Asker, shared: Path) -> None:
    assert ask("PUT", "/v2/orders/1001", body={"custom_status": "x"}).json() == load(
        shared, "REAL_error_v2_unknown_field_400.json"
    )
    assert ask("GET", "/v2/orders", query={"limit": 300}).json() == load(
        shared, "REAL_error_v2_limit_413.json"
    )
    assert ask("GET", "/v3/catalog/variants", headers={"X-Auth-Token": "x"}).json() == load(
        shared, "webhook_401.json"
    )
    [ours] = ask("PUT", "/v2/orders/1001", body={"items_total": 1}).json()
    [theirs] = load(shared, "REAL_error_v2_readonly_field_400.json")
    assert ours == {**theirs, "message": theirs["message"].replace("'product_id'", "'items_total'")}


@pytest.mark.parametrize(
    ("name", "method", "path", "body"),
    [
        ("REAL_error_v3_store_suspended_503.json", "GET", "/v3/orders/77/metafields", None),
        ("webhook_create_422.json", "POST", "/v3/orders/1001/metafields", {**FIELDS, "key": ""}),
    ],
)
def test_a_refusal_of_v3_has_the_official_shape(
    ask: Asker, shared: Path, name: str, method: str, path: str, body: Any
) -> None:
    ours, theirs = shape(ask(method, path, body=body).json()), shape(load(shared, name))
    assert {place.split(".")[0]: types for place, types in ours.items() if "." not in place} == {
        place: types for place, types in theirs.items() if "." not in place
    }
    assert {words(types) for place, types in ours.items() if place.startswith("errors.")} == {
        words(types) for place, types in theirs.items() if place.startswith("errors.")
    }


def test_an_invalid_value_is_refused_in_the_shape_of_the_real_store(ask: Asker, shared: Path) -> None:
    [ours] = ask("PUT", "/v2/orders/1001", body={"status_id": 99}).json()
    [theirs] = load(shared, "REAL_error_shipment_quantity_400.json")
    assert ours["message"] == theirs["message"].replace("'quantity'", "'status_id'")
    assert set(ours["details"]) == {"invalid_reason"} <= set(theirs["details"])


def test_the_rate_limits_headers_have_the_official_names(ask: Asker, shared: Path) -> None:
    told = ask("GET", "/v2/time").headers
    assert {name for name in told if name.startswith("X-")} == set(
        load(shared, "REAL_rate_limit_headers.json")
    )


def test_the_official_metafield_is_taken(ask: Asker, shared: Path, store: StoreSimulator) -> None:
    body = load(shared, "order_metafield_create_request.json")
    told = ask("POST", "/v3/orders/1001/metafields", body=body).json()["data"]
    assert {name: told[name] for name in body} == body
