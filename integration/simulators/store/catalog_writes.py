"""V3 of the API that writes products and variants: the fields of the limits alone, 10 and 50 at once."""

from __future__ import annotations

from typing import Any

from integration.simulators.store.call import Call
from integration.simulators.store.catalog import product_payload, variant_payload
from integration.simulators.store.exchange import Answer
from integration.simulators.store.inventory import PRODUCTS
from integration.simulators.store.refusals import (
    SHORT_TYPE,
    Refusal,
    hook_error,
    not_simulated,
    v3_error,
)
from integration.simulators.store.stock import ITEMS
from integration.simulators.store.v3 import PRODUCT_FIELDS, product_told
from integration.simulators.store.values import Reader, flag, nothing_or, one_of, text, whole

PRODUCTS_AT_ONCE, VARIANTS_AT_ONCE = 10, 50
OF_PRODUCTS: dict[str, Reader] = {
    "order_quantity_minimum": whole,
    "order_quantity_maximum": whole,
    "availability": one_of("available", "disabled", "preorder"),
    "availability_description": text(255),
    "preorder_release_date": nothing_or(text(40, shortest=10)),
    "preorder_message": text(255),
}
OF_VARIANTS: dict[str, Reader] = {"purchasing_disabled": flag, "purchasing_disabled_message": text(255)}
UNDESCRIBED = frozenset({"calculated_weight", "gtin", "image_url", "map_price", "mpn"})
"""Fields that the list of variants shows, as the official example does, and the answer of a write does not."""


def write_products(call: Call) -> Answer:
    """Write the fields of products that are told; the others stay."""
    rows = call.rows(PRODUCTS_AT_ONCE)
    written = [(each, _checked(call, each, OF_PRODUCTS, PRODUCTS)) for each in rows]
    with call.state.lock:
        for told, fields in written:
            call.state.product_changes.setdefault(told["id"], {}).update(fields)
        found = [
            product_payload(PRODUCTS[told["id"]], PRODUCT_FIELDS, product_told(call.state, told["id"]))
            for told in rows
        ]
    return Answer(200, {"data": found, "meta": {}})


def write_variants(call: Call) -> Answer:
    """Write the fields of variants that are told; the others stay."""
    rows = call.rows(VARIANTS_AT_ONCE)
    written = [(each, _checked(call, each, OF_VARIANTS, ITEMS)) for each in rows]
    with call.state.lock:
        for told, fields in written:
            call.state.variant_changes.setdefault(told["id"], {}).update(fields)
        payloads = [
            variant_payload(ITEMS[told["id"]], call.state.variant_changes.get(told["id"], {}))
            for told in rows
        ]
    found = [{name: value for name, value in each.items() if name not in UNDESCRIBED} for each in payloads]
    return Answer(200, {"data": found, "meta": {}})


def _checked(
    call: Call, told: dict[str, Any], readers: dict[str, Reader], known: dict[int, Any]
) -> dict[str, Any]:
    if told.get("id") not in known:
        raise hook_error(404, "The resource was not found.")
    fields = {}
    for name, value in told.items():
        if name == "id":
            continue
        if name not in readers:
            raise not_simulated(call.path, name)
        try:
            fields[name] = readers[name](value)
        except ValueError as error:
            raise _invalid(call, {name: str(error)}) from error
    return fields


def _invalid(call: Call, errors: dict[str, str]) -> Refusal:
    """Refuse a field: of variants in a list of refusals."""
    title = "JSON data is missing or invalid"
    if not call.path.endswith("variants"):
        return v3_error(422, title, errors)
    told = {"status": 422, "title": title, "type": SHORT_TYPE, "errors": errors}
    return Refusal(Answer(422, {"batch_errors": [told]}))
