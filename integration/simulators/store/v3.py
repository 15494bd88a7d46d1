"""V3 of the API: metafields of orders, the catalog's variants, channels, locations, customers and the stock setting."""

from __future__ import annotations

from typing import Any

from integration.simulators.store.call import Call
from integration.simulators.store.catalog import (
    CATALOG,
    CATEGORIES,
    PRODUCT_LIMITS,
    category_payload,
    product_payload,
    variant_payload,
)
from integration.simulators.store.exchange import Answer
from integration.simulators.store.paging import PAGING, v3_page
from integration.simulators.store.refusals import not_simulated, strange_filters, v3_error
from integration.simulators.store.settings import CHANNELS, CUSTOMERS, INVENTORY, LOCATIONS
from integration.simulators.store.state import StoreState, Taken
from integration.simulators.store.values import Reader, one_of, text, whole_text

METAFIELD: dict[str, Reader] = {
    "permission_set": one_of("app_only", "read", "write", "read_and_sf_access", "write_and_sf_access"),
    "namespace": text(64, shortest=1),
    "key": text(64, shortest=1),
    "value": text(65_535, shortest=1),
    "description": text(255),
}
REQUIRED = ("permission_set", "namespace", "key", "value")
METAFIELD_FILTERS = frozenset({"namespace", "key", "namespace:in", "key:in"})
VARIANT_FILTERS = frozenset({"id", "sku", "upc", "product_id:in", "include_fields"})
PRODUCT_FILTERS = frozenset({"id", "id:in", "include_fields"})
PRODUCT_FIELDS = frozenset({"name", "sku", "type", "categories", "inventory_tracking", *PRODUCT_LIMITS})
"""Fields of a product that can be asked for here; without saying which, a product is not simulated."""
CATEGORY_FILTERS = frozenset({"category_id:in", "parent_id:in", "name"})
CHANNEL_FILTERS = frozenset({"status:in", "type:in", "platform:in"})
CHANNELS_NOT_SIMULATED = frozenset(
    {
        "include",
        "available",
        *(f"date_{what}{limit}" for what in ("created", "modified") for limit in ("", ":min", ":max")),
    }
)
CUSTOMER_FILTERS = frozenset({"id:in", "company:in", "customer_group_id:in", "email:in"})
CUSTOMERS_NOT_SIMULATED = frozenset(
    {
        "include", "sort", "after", "before", "name:in", "name:like", "phone:in", "registration_ip_address:in",
        *(f"date_{what}{limit}" for what in ("created", "modified") for limit in ("", ":min", ":max")),
    }
)  # fmt: skip
LOCATIONS_NOT_SIMULATED = frozenset(
    {
        "location_id:in", "location_code:in", "is_default", "type_id:in", "managed_by_external_source", "is_active",
        "storefront_visibility",
    }
)  # fmt: skip


def list_metafields(call: Call) -> Answer:
    """Answer with a page of an order's metafields."""
    number = call.ids[0]
    call.state.sample(number)
    wanted = _wanted(call, METAFIELD_FILTERS)
    with call.state.lock:
        found = [dict(each) for each in call.state.metafields.get(number, [])]
    return v3_page([each for each in found if _fits(each, wanted)], call.query)


def read_metafield(call: Call) -> Answer:
    """Answer with one metafield."""
    return _one(call.state.metafield(*call.ids))


def add_metafield(call: Call) -> Answer:
    """Add a metafield to an order; namespace and key of an order's metafields are unique."""
    fields = call.body()
    missing = {name: "This field is required." for name in REQUIRED if name not in fields}
    if missing:
        raise v3_error(422, "JSON data is missing or invalid", missing)
    try:
        return _one(call.state.add_metafield(call.ids[0], _checked(fields)))
    except Taken as error:
        raise _conflict() from error


def write_metafield(call: Call) -> Answer:
    """Write the fields of a metafield that are told; the others stay."""
    number, key = call.ids
    try:
        return _one(call.state.change_metafield(number, key, _checked(call.body())))
    except Taken as error:
        raise _conflict() from error


def remove_metafield(call: Call) -> Answer:
    """Remove a metafield."""
    call.state.remove_metafield(*call.ids)
    return Answer(204)


def list_variants(call: Call) -> Answer:
    """Answer with a page of the catalog's variants; a SKU is looked for whole, letters large or small."""
    wanted = _wanted(call, VARIANT_FILTERS)
    fields = wanted.pop("include_fields", frozenset())
    with call.state.lock:
        found = [
            variant_payload(item, call.state.variant_changes.get(item.variant_id, {}))
            for item in CATALOG.values()
        ]
    rows = [each for each in found if _fits(each, wanted)]
    if fields:
        rows = [{name: value for name, value in each.items() if name in fields | {"id"}} for each in rows]
    return v3_page(rows, call.query)


def list_products(call: Call) -> Answer:
    """Answer with a page of the catalog's products, with the fields that are asked for."""
    wanted = _wanted(call, PRODUCT_FILTERS)
    fields = wanted.pop("include_fields", frozenset())
    if not fields or fields - PRODUCT_FIELDS:
        raise not_simulated(call.path, "include_fields")
    with call.state.lock:
        found = [
            product_payload(item, fields, product_told(call.state, item.product_id))
            for item in CATALOG.values()
        ]
    return v3_page([each for each in found if _fits(each, wanted)], call.query)


def product_told(state: StoreState, number: int) -> dict[str, Any]:
    """Return what is told of a product that is not as at the start, and how it is tracked."""
    return {"inventory_tracking": state.stock.tracking[number], **state.product_changes.get(number, {})}


def list_categories(call: Call) -> Answer:
    """Answer with a page of the categories of all trees; there is one."""
    wanted = _wanted(call, CATEGORY_FILTERS)
    found = [category_payload(number) for number in CATEGORIES]
    return v3_page([each for each in found if _fits(each, wanted)], call.query)


def list_channels(call: Call) -> Answer:
    """Answer with a page of the sales channels."""
    wanted = _wanted(call, CHANNEL_FILTERS, CHANNELS_NOT_SIMULATED)
    return v3_page([each for each in CHANNELS if _fits(each, wanted)], call.query)


def list_customers(call: Call) -> Answer:
    """Answer with a page of the customers who have an account."""
    wanted = _wanted(call, CUSTOMER_FILTERS, CUSTOMERS_NOT_SIMULATED)
    return v3_page([each for each in CUSTOMERS if _fits(each, wanted)], call.query)


def list_locations(call: Call) -> Answer:
    """Answer with a page of the places that hold stock."""
    _wanted(call, frozenset(), LOCATIONS_NOT_SIMULATED)
    return v3_page(LOCATIONS, call.query)


def read_inventory_settings(call: Call) -> Answer:
    """Answer with when stock moves."""
    if "channel_id" in call.query:
        raise not_simulated(call.path, "channel_id")
    if call.query:
        raise strange_filters(list(call.query))
    return _one(INVENTORY)


def _one(found: dict[str, Any]) -> Answer:
    return Answer(200, {"data": found, "meta": {}})


def _conflict() -> Exception:
    return v3_error(409, "The metafield conflicts with another metafield.")


def _checked(fields: dict[str, Any]) -> dict[str, Any]:
    """Return the fields that a metafield has; others are dropped, as the description closes nothing."""
    known = {name: value for name, value in fields.items() if name in METAFIELD}
    errors = {}
    for name, value in known.items():
        try:
            METAFIELD[name](value)
        except ValueError as error:
            errors[name] = str(error)
    if errors:
        raise v3_error(422, "JSON data is missing or invalid", errors)
    return known


def _wanted(
    call: Call, filters: frozenset[str], left_out: frozenset[str] = frozenset()
) -> dict[str, frozenset[str]]:
    """Return what each field may be, in small letters; the parameters ``left_out`` are not simulated."""
    for name in call.query:
        if name in left_out:
            raise not_simulated(call.path, name)
    strange = [name for name in call.query if name not in filters | PAGING]
    if strange:
        raise strange_filters(strange)
    wanted = {}
    for name, value in call.query.items():
        if name in filters:
            field, _, several = name.partition(":")
            choices = value.split(",") if several or name == "include_fields" else [value]
            if field in ("id", "product_id", "category_id", "parent_id", "customer_group_id"):
                choices = [_whole(name, each) for each in choices]
            wanted[name] = frozenset(each.casefold() for each in choices)
    return wanted


def _whole(name: str, value: str) -> str:
    try:
        return str(whole_text(value))
    except ValueError as error:
        raise v3_error(400, "Input is invalid", {name: str(error)}) from error


def _fits(each: dict[str, Any], wanted: dict[str, frozenset[str]]) -> bool:
    return all(str(each[name.partition(":")[0]]).casefold() in choices for name, choices in wanted.items())
