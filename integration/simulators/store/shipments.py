"""Shipments of orders, V2: what they hold, and what they make of the order's lines and status.

From the published ``orderShipment_Post`` and ``orderShipment_Put`` schemas. ``product_id`` in an item and ``items`` in
a PUT are refused (api-specs issue 229, dev-docs issue 220); more than is left to ship is refused in the words that
``REAL_error_shipment_quantity_400`` shows. As the control panel tells merchants, the first shipment makes an order
Partially Shipped and the last one Shipped; taking one away leaves the status.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any

from integration.simulators.store import events
from integration.simulators.store.call import Call
from integration.simulators.store.dates import v2_date
from integration.simulators.store.exchange import Answer
from integration.simulators.store.paging import PAGING, v2_page
from integration.simulators.store.payloads import SampleOrder
from integration.simulators.store.refusals import invalid, read_only, unknown, v2_error
from integration.simulators.store.state import NotThere
from integration.simulators.store.values import Reader, is_whole, money, one_of, text, whole

Fields = dict[str, Any]

PROVIDERS = (
    "", "auspost", "canadapost", "carrier_1", "endicia", "usps", "fedex", "royalmail", "ups", "upsready", "shipperhq",
)  # fmt: skip
NAMES = {
    "ups": "UPS",
    "usps": "USPS",
    "fedex": "FedEx",
    "canadapost": "Canada Post",
    "auspost": "Australia Post",
}
TELLING: dict[str, Reader] = {
    "order_address_id": whole,
    "tracking_number": text(50),
    "tracking_link": text(500),
    "merchant_shipping_cost": money,
    "shipping_method": text(255),
    "shipping_provider": one_of(*PROVIDERS),
    "tracking_carrier": text(100),
    "comments": text(65_535),
}
TOLD_ONLY = frozenset(
    {
        "id", "order_id", "customer_id", "date_created", "billing_address", "shipping_address",
        "shipping_provider_display_name", "generated_tracking_link",
    }
)  # fmt: skip
SHIPPED, PARTIALLY_SHIPPED = 2, 3
MOVED_BY_SHIPPING = frozenset({1, 3, 7, 8, 9, 11, 12})
TOO_MANY = "The quantity specified is greater than the quantity of the product that is available to ship."


def list_shipments(call: Call) -> Answer:
    """Answer with a page of an order's shipments."""
    call.state.sample(call.ids[0])
    for name in call.query:
        if name not in PAGING:
            raise unknown(name)
    with call.state.lock:
        found = [dict(each) for each in call.state.shipments.get(call.ids[0], [])]
    return v2_page(found, call.query)


def count_shipments(call: Call) -> Answer:
    """Answer with the number of an order's shipments."""
    call.state.sample(call.ids[0])
    return Answer(200, {"count": len(call.state.shipments.get(call.ids[0], []))})


def read_shipment(call: Call) -> Answer:
    """Answer with one shipment."""
    return Answer(200, dict(_shipment(call)))


def add_shipment(call: Call) -> Answer:
    """Make a shipment of lines that are left to ship."""
    number, told = call.ids[0], call.body()
    state = call.state
    with state.lock:
        sample = state.sample(number)
        written = _checked(told, {"items"})
        for name in ("order_address_id", "items"):
            if name not in told:
                raise v2_error(400, f"The required field '{name}' was not supplied.")
        address = _address(sample, written["order_address_id"])
        items = _items(told["items"], sample, written["order_address_id"])
        state.last_shipment += 1
        made = _made(state.last_shipment, sample, address, items, written)
        made["date_created"] = v2_date(state.clock.seconds())
        state.shipments.setdefault(number, []).append(made)
        _ship(sample, items, 1)
        state.webhooks.announce(events.SHIPMENT_CREATED, events.shipment_data(made["id"], number))
        _move(call, number, sample)
        return Answer(201, dict(made))


def write_shipment(call: Call) -> Answer:
    """Write what is told of a shipment; its items stay."""
    told = call.body()
    with call.state.lock:
        made = _shipment(call)
        if "items" in told:
            raise v2_error(400, "The field 'items' cannot be written to. Please remove it from your request.")
        made.update(_checked(told, set()))
        made.update(_links(made))
        call.state.webhooks.announce(events.SHIPMENT_UPDATED, events.shipment_data(made["id"], call.ids[0]))
        return Answer(200, dict(made))


def remove_shipment(call: Call) -> Answer:
    """Take a shipment away; what it held is left to ship again."""
    with call.state.lock:
        made = _shipment(call)
        number = call.ids[0]
        call.state.shipments[number].remove(made)
        items = {each["order_product_id"]: each["quantity"] for each in made["items"]}
        _ship(call.state.sample(number), items, -1)
        call.state.change(number, {}, checked=False)
        call.state.webhooks.announce(events.SHIPMENT_DELETED, events.shipment_data(made["id"], number))
    return Answer(204)


def _shipment(call: Call) -> Fields:
    number, key = call.ids
    call.state.sample(number)
    for each in call.state.shipments.get(number, []):
        if each["id"] == key:
            return each
    raise NotThere(f"There is no shipment {key} of order {number}.")


def _checked(told: Mapping[str, Any], besides: set[str]) -> Fields:
    written: Fields = {}
    for name, value in told.items():
        if name in TOLD_ONLY:
            raise read_only(name)
        if name in besides:
            continue
        if name not in TELLING:
            raise unknown(name)
        try:
            written[name] = TELLING[name](value)
        except ValueError as error:
            raise invalid(name, str(error)) from error
    return written


def _address(sample: SampleOrder, key: int) -> Fields:
    for each in sample.addresses:
        if each["id"] == key:
            return each
    raise invalid("order_address_id", "The shipping address does not belong to the order.")


def _items(told: Any, sample: SampleOrder, address: int) -> Counter[int]:
    """Return how many of each line are shipped. Raises ``Refusal`` where that cannot be."""
    if not isinstance(told, list) or not told:
        raise invalid("items", "A list of items is expected.")
    lines = {each["id"]: each for each in sample.products}
    found: Counter[int] = Counter()
    for each in told:
        if not isinstance(each, dict) or set(each) - {"order_product_id", "quantity"}:
            names = (
                sorted(set(each) - {"order_product_id", "quantity"}) if isinstance(each, dict) else ["items"]
            )
            raise read_only(names[0])
        key: Any = each.get("order_product_id")
        quantity: Any = each.get("quantity")
        if key not in lines or lines[key]["order_address_id"] != address:
            raise invalid(
                "order_product_id", "The order product does not belong to the order or the address."
            )
        if not is_whole(quantity) or quantity < 1:
            raise invalid("quantity", "A whole number of 1 or more is expected.")
        found[key] += quantity
        available = lines[key]["quantity"] - lines[key]["quantity_shipped"]
        if found[key] > available:
            details = {"invalid_reason": TOO_MANY, "available_quantity": available, "order_product_id": key}
            raise v2_error(400, "The field 'quantity' is invalid.", details)
    return found


def _made(
    key: int, sample: SampleOrder, address: Fields, items: Mapping[int, int], written: Fields
) -> Fields:
    order = sample.order
    place = ("first_name", "last_name", "company", "street_1", "street_2", "city", "state", "zip", "country",
             "country_iso2", "phone", "email")  # fmt: skip
    made = {
        "id": key, "order_id": order["id"], "customer_id": order["customer_id"], "order_address_id": address["id"],
        "date_created": "", "tracking_number": "", "merchant_shipping_cost": money(0), "shipping_method": "",
        "comments": "", "shipping_provider": "custom", "tracking_carrier": "", "tracking_link": "",
        "billing_address": {name: order["billing_address"][name] for name in place},
        "shipping_address": {name: address[name] for name in place},
        "items": [
            {"order_product_id": line, "product_id": 0, "quantity": quantity} for line, quantity in items.items()
        ],
        **written,
    }  # fmt: skip
    return {**made, **_links(made)}


def _links(made: Fields) -> Fields:
    """Return what the store reckons: the provider's name, and its link where none of our own is told."""
    provider, carrier = made["shipping_provider"], made["tracking_carrier"]
    known = provider if provider in NAMES else carrier
    link = ""
    if made["tracking_number"] and known and not made["tracking_link"]:
        link = f"https://track.example/{known}/{made['tracking_number']}"
    return {"shipping_provider_display_name": NAMES.get(provider, ""), "generated_tracking_link": link}


def _ship(sample: SampleOrder, items: Mapping[int, int], sign: int) -> None:
    for line in sample.products:
        line["quantity_shipped"] += sign * items.get(line["id"], 0)
    for address in sample.addresses:
        address["items_shipped"] = sum(
            line["quantity_shipped"] for line in sample.products if line["order_address_id"] == address["id"]
        )
    sample.order["items_shipped"] = sum(line["quantity_shipped"] for line in sample.products)


def _move(call: Call, number: int, sample: SampleOrder) -> None:
    """Have the order be where its shipments bring it, and changed in any case."""
    physical = [line for line in sample.products if line["type"] == "physical"]
    whole_order = all(line["quantity_shipped"] >= line["quantity"] for line in physical)
    wanted = SHIPPED if whole_order else PARTIALLY_SHIPPED
    changes: Fields = {"date_shipped": v2_date(call.state.clock.seconds())} if whole_order else {}
    if call.state.moves_when_shipped and sample.order["status_id"] in MOVED_BY_SHIPPING:
        changes["status_id"] = wanted
    call.state.change(number, changes, checked=False)
