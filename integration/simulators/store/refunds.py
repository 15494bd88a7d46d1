"""Refunds of orders, V3, as the store keeps them; made through the control door as a merchant makes them in his panel.

From the published ``RefundCollection_Resp``. A refund moves the order to Refunded or Partially Refunded, counts the
pieces of its lines, leaves the order's total alone, and is told to hooks. What the API asks to be refunded: ``refunding``.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from integration.simulators.store import events
from integration.simulators.store.call import Call
from integration.simulators.store.dates import v3_date
from integration.simulators.store.exchange import Answer
from integration.simulators.store.refusals import not_simulated, strange_filters
from integration.simulators.store.state import StoreState

Fields = Mapping[str, Any]

TYPES = ("PRODUCT", "GIFT_WRAPPING", "SHIPPING", "HANDLING", "ORDER", "FEE")
REFUNDED, PARTIALLY_REFUNDED = 4, 14
KNOWN = frozenset({"items", "total_amount", "total_tax", "reason", "declined", "by_merchant"})


def list_refunds(call: Call) -> Answer:
    """Answer with all refunds of an order: this list knows no pages."""
    call.state.sample(call.ids[0])
    if "transaction_id" in call.query:
        raise not_simulated(call.path, "transaction_id")
    if call.query:
        raise strange_filters(list(call.query))
    with call.state.lock:
        return Answer(200, {"data": list(call.state.refunds.get(call.ids[0], [])), "meta": {}})


def make_refund(state: StoreState, fields: Fields, number: int) -> Any:
    """Refund ``items`` of an order, as told: ``{"items": [{"item_type": "PRODUCT", "item_id": 1001001, "quantity": 1}],
    "total_amount": "10.80", "total_tax": "0.80"}``; ``declined`` payments and amounts set ``by_merchant`` as well."""
    if set(fields) - KNOWN or not {"items", "total_amount"} <= set(fields):
        raise ValueError(
            f"Fields are {', '.join(sorted(KNOWN))}; items and total_amount are needed. Told were {sorted(fields)}."
        )
    with state.lock:
        sample = state.sample(number)
        lines = {line["id"]: line for line in sample.products}
        total = number_of(fields["total_amount"])
        made = {
            "reason": str(fields.get("reason", "")),
            "total_amount": total,
            "total_tax": number_of(fields.get("total_tax", 0)),
            "uses_merchant_override_values": bool(fields.get("by_merchant")),
            "items": [_item(each, lines) for each in fields["items"]],
            "payments": [
                {
                    "provider_id": "custom",
                    "amount": total,
                    "offline": True,
                    "is_declined": bool(fields.get("declined")),
                    "declined_message": "",
                }
            ],
        }
        return record_refund(state, number, made)


def record_refund(state: StoreState, number: int, told: Fields) -> dict[str, Any]:
    """Keep a refund that is reckoned already, with all that follows from it; return it as the store tells it."""
    sample = state.sample(number)
    state.last_refund += 1
    made = {
        "id": state.last_refund,
        "order_id": number,
        "user_id": 0,
        "created": v3_date(state.clock.seconds()),
        **told,
        "payments": [
            {"id": 10 * state.last_refund + place, **each} for place, each in enumerate(told["payments"])
        ],
    }
    state.refunds.setdefault(number, []).append(made)
    lines = {line["id"]: line for line in sample.products}
    for item in made["items"]:
        if item["item_type"] == "PRODUCT":
            line = lines[item["item_id"]]
            line["quantity_refunded"] += item["quantity"]
            line["is_refunded"] = line["quantity_refunded"] >= line["quantity"]
    given = sum((Decimal(str(each["total_amount"])) for each in state.refunds[number]), Decimal(0))
    whole = given >= Decimal(sample.order["total_inc_tax"])
    state.change(number, {"status_id": REFUNDED if whole else PARTIALLY_REFUNDED}, checked=False)
    state.webhooks.announce(
        events.REFUND_CREATED, events.order_data(number, refund={"refund_id": made["id"]})
    )
    return dict(made)


def tell_refunds(state: StoreState, fields: Fields, number: int) -> Any:
    """Tell the refunds of an order."""
    with state.lock:
        state.sample(number)
        return list(state.refunds.get(number, []))


def _item(told: Any, lines: Mapping[int, Any]) -> dict[str, Any]:
    if not isinstance(told, dict) or told.get("item_type") not in TYPES:
        raise ValueError(f"An item has an item_type, one of {', '.join(TYPES)}.")
    if told["item_type"] == "PRODUCT" and (
        told.get("item_id") not in lines or not isinstance(told.get("quantity"), int)
    ):
        raise ValueError("A PRODUCT names a line of the order (item_id) and a quantity.")
    item = {"item_type": told["item_type"], "item_id": told.get("item_id", 0), "reason": ""}
    if "requested_amount" in told:
        item["requested_amount"] = number_of(told["requested_amount"])
    if "quantity" in told:
        item["quantity"] = told["quantity"]
    return item


def number_of(told: Any) -> float | int:
    """Return an amount as V3 writes it: a number. Of up to 15 digits it is told as it was given."""
    amount = Decimal(str(told))
    return int(amount) if amount == amount.to_integral_value() else float(amount)
