"""Refunds that the API quotes and makes, V3.

From the published description of ``refund_quotes`` and ``refunds``: a refund's payments are those of one of the quoted
methods, with just the quoted amounts, and refunds of one order go one after another. What is taken by number (products)
is reckoned here from the order's lines, what is taken by amount as it is told; gift wrapping is not simulated. Payments
offline are put on record alone; those online go to a provider, who may decline.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from integration.simulators.store.call import Call
from integration.simulators.store.exchange import Answer
from integration.simulators.store.refunds import number_of, record_refund
from integration.simulators.store.refusals import PROBLEM_TYPE, Refusal, not_simulated, v3_error
from integration.simulators.store.state import StoreState
from integration.simulators.store.values import is_number, is_whole

Fields = Mapping[str, Any]
BY_AMOUNT = ("SHIPPING", "HANDLING", "ORDER", "FEE")
CENT = Decimal("0.01")
DECLINED = "The provider declined the refund."


class _Wrong(ValueError):
    """What is asked cannot be refunded so; the text says why."""


def quote_refund(call: Call) -> Answer:
    """Answer with what items come to and how they can be given back; nothing changes."""
    told = call.body()
    try:
        with call.state.lock:
            _, quote = _quoted(call.state, call.ids[0], told)
    except _Wrong as wrong:
        raise v3_error(422, str(wrong)) from wrong
    return Answer(201, {"data": quote, "meta": {}})


def add_refund(call: Call) -> Answer:
    """Refund what is asked, where the payments are those of a quote; refusals stand inside ``data`` here."""
    told = call.body()
    try:
        return _added(call, told)
    except _Wrong as wrong:
        refused = {"status": 422, "title": str(wrong), "type": PROBLEM_TYPE}
        raise Refusal(Answer(422, {"data": [refused]})) from wrong


def _added(call: Call, told: Fields) -> Answer:
    state, number = call.state, call.ids[0]
    with state.lock:
        if "merchant_calculated_override" in told:
            raise not_simulated(call.path, "merchant_calculated_override")
        items, quote = _quoted(state, number, told)
        payments = told.get("payments")
        if not isinstance(payments, list) or not payments:
            raise _Wrong("The payments of a quote are required.")
        if not any(_same(payments, method) for method in quote["refund_methods"]):
            raise _Wrong("The payments are not those of a refund quote: provider and amount must match.")
        now = state.clock.seconds()
        if now < state.refunding.busy_until.get(number, 0):
            raise _Wrong("Another refund of the order is being processed.")
        state.refunding.busy_until[number] = now + state.refunding.seconds
        made = {
            "reason": "",
            "total_amount": quote["total_refund_amount"],
            "total_tax": quote["total_refund_tax_amount"],
            "uses_merchant_override_values": False,
            "items": items,
            "payments": [_payment(each, state) for each in payments],
        }
        return Answer(201, {"data": record_refund(state, number, made), "meta": {}})


def settle(state: StoreState, fields: Fields) -> Any:
    """Set ``declines`` and ``online`` (true or false), ``seconds`` that a refund of an order takes, ``keeps_back`` of quotes."""
    kinds = {"declines": bool, "online": bool, "seconds": int | float, "keeps_back": str}
    for name, value in fields.items():
        if name not in kinds or not isinstance(value, kinds[name]):
            raise ValueError(f"Fields are {', '.join(kinds)}; told was {name!r}: {value!r}.")
    with state.lock:
        for name, value in fields.items():
            setattr(state.refunding, name, Decimal(value) if name == "keeps_back" else value)
        return {name: str(getattr(state.refunding, name)) for name in kinds}


def _quoted(state: StoreState, number: int, told: Fields) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    """Return the items as a refund tells them, and the quote. Raises ``_Wrong``."""
    sample = state.sample(number)
    asked = told.get("items")
    if not isinstance(asked, list) or not asked:
        raise _Wrong("The items to be refunded are required.")
    lines = {line["id"]: line for line in sample.products}
    total = tax = order_level = Decimal(0)
    taken: dict[int, int] = {}
    items = []
    for each in asked:
        kind = each.get("item_type") if isinstance(each, dict) else None
        if kind == "PRODUCT":
            line, quantity = _pieces(each, lines, taken)
            total += quantity * Decimal(line["price_inc_tax"])
            tax += quantity * Decimal(line["price_tax"])
        elif kind in BY_AMOUNT and is_number(each.get("amount")) and each["amount"] > 0:
            amount = Decimal(str(each["amount"]))
            total += amount
            order_level += amount if kind == "ORDER" else 0
        else:
            raise _Wrong("An item has a type and, by its type, a quantity or an amount.")
        items.append(_told(each))
    total, tax = (total - state.refunding.keeps_back).quantize(CENT), tax.quantize(CENT)
    return items, {
        "order_id": number,
        "total_refund_amount": number_of(total),
        "total_refund_tax_amount": number_of(tax),
        "order_level_refund_amount": number_of(order_level),
        "rounding": 0,
        "adjustment": 0,
        "tax_inclusive": bool(sample.order["is_tax_inclusive_pricing"]),
        "refund_methods": _methods(state, sample.order, number_of(total)),
    }


def _pieces(told: Fields, lines: Mapping[int, Any], taken: dict[int, int]) -> tuple[Any, int]:
    line = lines.get(told.get("item_id", 0))
    quantity = told.get("quantity")
    if line is None or not is_whole(quantity) or quantity is None or quantity < 1:
        raise _Wrong("A product is a line of the order, and a quantity of 1 or more.")
    taken[line["id"]] = taken.get(line["id"], 0) + quantity
    if taken[line["id"]] > line["quantity"] - line["quantity_refunded"]:
        raise _Wrong("The quantity is more than is left to be refunded.")
    return line, quantity


def _told(asked: Fields) -> dict[str, Any]:
    told = {
        "item_type": asked["item_type"],
        "item_id": asked.get("item_id", 0),
        "reason": str(asked.get("reason", "")),
    }
    if "quantity" in asked:
        told["quantity"] = asked["quantity"]
    if "amount" in asked:
        told["requested_amount"] = asked["amount"]
    return told


def _methods(state: StoreState, order: Fields, total: int | float) -> list[list[dict[str, Any]]]:
    """Return the ways to give it back: as it was paid, and as store credit to those who have an account."""
    online = state.refunding.online
    paid = {
        "provider_id": "harborpay" if online else "custom",
        "provider_description": "Harbor Pay" if online else "Manual",
        "amount": total,
        "offline": not online,
        "offline_provider": not online,
        "offline_reason": "" if online else "This is an offline payment provider.",
    }
    credit = {
        "provider_id": "storecredit",
        "provider_description": "Store Credit",
        "amount": total,
        "offline": False,
        "offline_provider": False,
        "offline_reason": "",
    }
    return [[paid], [credit]] if order["customer_id"] else [[paid]]


def _same(payments: list[Any], method: list[dict[str, Any]]) -> bool:
    def said(each: Any) -> tuple[str, Decimal]:
        if not isinstance(each, dict) or not is_number(each.get("amount")):
            return "", Decimal(0)
        return str(each.get("provider_id")), Decimal(str(each["amount"])).normalize()

    return sorted(map(said, payments)) == sorted(map(said, method))


def _payment(told: Fields, state: StoreState) -> dict[str, Any]:
    declined = state.refunding.declines and not told.get("offline")
    return {
        "provider_id": told["provider_id"],
        "amount": told["amount"],
        "offline": bool(told.get("offline")),
        "is_declined": declined,
        "declined_message": DECLINED if declined else "",
    }
